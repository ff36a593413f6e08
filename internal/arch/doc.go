// Package arch holds the tests that keep the house as docs/architecture.md
// draws it: which package may import which, where native code and child
// processes live, one doc comment per package, no long files. It has no code
// of its own. What concerns other people's packages is in .golangci.yml.
package arch
