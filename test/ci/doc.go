// Command ci reads what `go test -json` prints and says what a person and a CI
// server want to know: each package as it ends, every failure in full, the
// slowest tests, what was skipped and why, and the counts on the last line:
//
//	go test -json ./... | ci -skips test/skips.txt
//
// It exits with 1 when anything failed, and, where the environment says CI=true,
// when a test was skipped that the file of declared skips does not name: a test
// that nobody runs is not a test. It runs no tests itself.
package main
