// Package browser tests the player page where people use it: in Chromium,
// served by the real program, playing what the real program analyzed. The Go
// tests make the library and know the truth; the scripts beside them drive the
// browser.
package browser
