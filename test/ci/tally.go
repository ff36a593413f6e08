package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// result is how one test ended.
type result struct {
	name    string
	seconds float64
	reason  string // of a skip
}

// tally collects the events of a run and prints each package when it ends.
type tally struct {
	out      io.Writer
	packages map[string]*packageRun
	builds   map[string][]string // compiler output by import path

	passed, failed, skipped []result
}

// packageRun is what is known of a package that has not ended.
type packageRun struct {
	running  map[string][]string // output by test
	output   []string            // what no test printed
	failures []string            // output of failed tests
	failed   int
	passed   int
	skipped  int
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, packages: map[string]*packageRun{}, builds: map[string][]string{}}
}

// read takes events until in ends. Lines that are not events, as a program that
// writes past the test runner leaves them, are passed on.
func (t *tally) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprint(t.out, string(line))
			} else {
				t.take(e)
			}
		}
		if err == io.EOF {
			return t.endUnfinished()
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

func (t *tally) take(e event) {
	switch e.Action {
	case "build-output":
		t.builds[e.ImportPath] = append(t.builds[e.ImportPath], e.Output)
		return
	case "build-fail":
		return
	}
	p := t.packages[e.Package]
	if p == nil {
		p = &packageRun{running: map[string][]string{}}
		t.packages[e.Package] = p
	}
	if e.Test == "" {
		t.takePackage(p, e)
		return
	}
	switch e.Action {
	case "run":
		p.running[e.Test] = nil
	case "output":
		p.running[e.Test] = append(p.running[e.Test], e.Output)
	case "pass":
		t.passed = append(t.passed, result{name: name(e.Package, e.Test), seconds: e.Elapsed})
		p.passed++
		delete(p.running, e.Test)
	case "skip":
		t.skipped = append(t.skipped, result{name(e.Package, e.Test), e.Elapsed, skipReason(p.running[e.Test])})
		p.skipped++
		delete(p.running, e.Test)
	case "fail":
		t.fail(p, e)
	}
}

func (t *tally) fail(p *packageRun, e event) {
	t.failed = append(t.failed, result{name: name(e.Package, e.Test), seconds: e.Elapsed})
	p.failed++
	for _, text := range p.running[e.Test] {
		if !isProgress(text) {
			p.failures = append(p.failures, text)
		}
	}
	delete(p.running, e.Test)
}

func (t *tally) takePackage(p *packageRun, e event) {
	switch e.Action {
	case "output":
		p.output = append(p.output, e.Output)
	case "pass", "skip":
		delete(t.packages, e.Package)
		if p.passed+p.skipped > 0 {
			t.line("ok  ", e, fmt.Sprintf("%d passed, %d skipped", p.passed, p.skipped))
		}
	case "fail":
		t.failPackage(p, e)
	}
}

// failPackage reports a package that failed: its failed tests, the tests that
// it left without an end, as a panic or a time limit does, or its compiler.
func (t *tally) failPackage(p *packageRun, e event) {
	delete(t.packages, e.Package)
	for _, test := range sortedKeys(p.running) {
		t.fail(p, event{Package: e.Package, Test: test})
	}
	if p.failed == 0 {
		t.failed = append(t.failed, result{name: name(e.Package, "(the package itself)")})
	}
	for _, text := range p.failures {
		fmt.Fprint(t.out, text)
	}
	for _, text := range p.output {
		fmt.Fprint(t.out, text)
	}
	for _, text := range t.builds[e.FailedBuild] {
		fmt.Fprint(t.out, text)
	}
	t.line("FAIL", e, "")
}

func (t *tally) line(verdict string, e event, counts string) {
	pkg := strings.TrimPrefix(e.Package, modulePath)
	fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf("%s %7.1fs  %s  %s", verdict, e.Elapsed, pkg, counts), " "))
}

// endUnfinished fails the packages whose end never came: the runner was killed.
func (t *tally) endUnfinished() error {
	for _, pkg := range sortedKeys(t.packages) {
		t.failPackage(t.packages[pkg], event{Package: pkg})
	}
	return nil
}

// skipReason picks what t.Skip was told out of a skipped test's output:
// "    file_test.go:12: needs nginx".
func skipReason(output []string) string {
	for _, text := range output {
		text = strings.TrimSpace(text)
		if isProgress(text) || strings.HasPrefix(text, "---") {
			continue
		}
		if _, after, found := strings.Cut(text, ": "); found {
			return after
		}
	}
	return "no reason given"
}

// isProgress says whether a line is the test runner's own about what it does.
func isProgress(text string) bool { return strings.HasPrefix(text, "=== ") }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
