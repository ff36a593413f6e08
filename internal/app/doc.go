// Package app puts Cuepoint together: it chooses the adapters, builds the
// pipeline over them, and offers the operations that the command line and the
// server are made of. It decides nothing that another package could.
package app
