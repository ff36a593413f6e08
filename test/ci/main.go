package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
)

func main() {
	skipsFile := flag.String("skips", "", "file of declared skips")
	slowest := flag.Int("slowest", 20, "how many of the slowest tests to list")
	flag.Parse()
	strict, _ := strconv.ParseBool(os.Getenv("CI"))
	ok, err := run(os.Stdin, os.Stdout, *skipsFile, *slowest, strict)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ci:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reads events until in ends and prints the report to out. It answers
// whether the run counts as passed; an error means that it could not tell.
func run(in io.Reader, out io.Writer, skipsFile string, slowest int, strict bool) (bool, error) {
	var declared []declaredSkip
	if skipsFile != "" {
		var err error
		if declared, err = readSkips(skipsFile); err != nil {
			return false, err
		}
	}
	tally := newTally(out)
	if err := tally.read(in); err != nil {
		return false, err
	}
	return tally.report(declared, slowest, strict), nil
}
