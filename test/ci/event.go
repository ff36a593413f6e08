package main

import "strings"

// event is one line of `go test -json`, as `go doc test2json` describes it.
// Build events carry ImportPath instead of Package.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// modulePath is cut off package names: it is the same on every line.
const modulePath = "github.com/cuepoint/cuepoint/"

// name is how a test is called in reports and in the file of declared skips.
func name(pkg, test string) string {
	return strings.TrimPrefix(pkg, modulePath) + "." + test
}
