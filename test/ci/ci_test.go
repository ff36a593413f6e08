package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pkg = modulePath + "models"

// events builds lines as go test prints them: action, test, elapsed, output.
func events(lines ...string) string {
	return strings.Join(lines, "\n") + "\n"
}

func line(action, test, rest string) string {
	text := `{"Action":"` + action + `","Package":"` + pkg + `"`
	if test != "" {
		text += `,"Test":"` + test + `"`
	}
	return text + rest + "}"
}

func output(test, text string) string {
	return line("output", test, `,"Output":"`+text+`\n"`)
}

var passing = []string{
	line("run", "TestA", ""), output("TestA", "quiet words"), line("pass", "TestA", `,"Elapsed":0.25`),
	line("pass", "", `,"Elapsed":0.5`),
}

var skipping = []string{
	line("run", "TestB", ""), output("TestB", "=== RUN   TestB"), output("TestB", "    b_test.go:3: needs nginx"),
	output("TestB", "--- SKIP: TestB (0.00s)"), line("skip", "TestB", ""), line("run", "TestA", ""),
	line("pass", "TestA", ""), line("pass", "", ""),
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		in       string
		skips    string
		strict   bool
		ok       bool
		last     string
		want     []string
		unwanted []string
	}{
		{
			name: "passing tests are counted and stay quiet",
			in:   events(passing...), ok: true, last: "1 passed, 0 failed, 0 skipped",
			want: []string{"ok       0.5s  models  1 passed", "0.25s  models.TestA"}, unwanted: []string{"quiet words"},
		},
		{
			name: "a failure prints what its test said",
			in: events(line("run", "TestC", ""), output("TestC", "c_test.go:9: want 1, got 2"),
				line("fail", "TestC", `,"Elapsed":1.5`), line("fail", "", "")),
			last: "0 passed, 1 failed, 0 skipped", want: []string{"want 1, got 2", "FAIL", "models.TestC"},
		},
		{
			name: "a test that never ended has failed",
			in:   events(line("run", "TestD", ""), output("TestD", "panic: oh"), line("fail", "", "")),
			last: "0 passed, 1 failed, 0 skipped", want: []string{"panic: oh", "models.TestD"},
		},
		{
			name: "a package that does not compile has failed, with the compiler's words",
			in: events(`{"ImportPath":"x [x.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}`,
				`{"ImportPath":"x [x.test]","Action":"build-fail"}`, line("start", "", ""),
				line("fail", "", `,"FailedBuild":"x [x.test]"`)),
			last: "0 passed, 1 failed, 0 skipped", want: []string{"undefined: y", "models.(the package itself)"},
		},
		{
			name: "a package that fails outside of its tests has failed",
			in:   events(line("run", "TestA", ""), line("pass", "TestA", ""), output("", "exit status 3"), line("fail", "", "")),
			last: "1 passed, 1 failed, 0 skipped", want: []string{"exit status 3"},
		},
		{
			name: "a run cut short has failed",
			in:   events(line("start", "", ""), line("run", "TestA", "")),
			last: "0 passed, 1 failed, 0 skipped",
		},
		{
			name: "no test at all is not a pass",
			in:   events(line("start", "", ""), output("", "[no test files]"), line("skip", "", "")),
			last: "0 passed, 0 failed, 0 skipped", want: []string{"No test ran."},
		},
		{
			name: "lines that are not events are passed on",
			in:   "FFmpeg says hello\n" + events(passing...), ok: true,
			last: "1 passed, 0 failed, 0 skipped", want: []string{"FFmpeg says hello"},
		},
		{
			name: "an undeclared skip is listed with its reason",
			in:   events(skipping...), ok: true, last: "1 passed, 0 failed, 1 skipped",
			want: []string{"models.TestB: needs nginx (not declared)"},
		},
		{
			name: "an undeclared skip fails a strict run",
			in:   events(skipping...), strict: true, last: "1 passed, 0 failed, 1 skipped",
			want: []string{"not declared in test/skips.txt"},
		},
		{
			name: "a declared skip does not",
			in:   events(skipping...), strict: true, skips: "# words\n\nmodels.TestB  the edge has its own test\n", ok: true,
			last: "1 passed, 0 failed, 1 skipped", want: []string{"(declared: the edge has its own test)"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "skips.txt")
			if err := os.WriteFile(file, []byte(test.skips), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			ok, err := run(strings.NewReader(test.in), &out, file, 20, test.strict)
			if err != nil {
				t.Fatal(err)
			}
			if ok != test.ok {
				t.Errorf("passed = %v, want %v", ok, test.ok)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if last := lines[len(lines)-1]; last != test.last {
				t.Errorf("last line %q, want %q", last, test.last)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("report lacks %q", want)
				}
			}
			for _, unwanted := range test.unwanted {
				if strings.Contains(out.String(), unwanted) {
					t.Errorf("report holds %q", unwanted)
				}
			}
			if t.Failed() {
				t.Log(out.String())
			}
		})
	}
}

func TestSlowestTestsComeFirstAndAreLimited(t *testing.T) {
	t.Parallel()
	in := events(
		line("run", "TestFast", ""), line("pass", "TestFast", `,"Elapsed":0.1`),
		line("run", "TestSlow", ""), line("pass", "TestSlow", `,"Elapsed":9`),
		line("run", "TestMiddle", ""), line("pass", "TestMiddle", `,"Elapsed":3`),
		line("pass", "", ""))
	var out strings.Builder
	if _, err := run(strings.NewReader(in), &out, "", 2, true); err != nil {
		t.Fatal(err)
	}
	slow, middle := strings.Index(out.String(), "TestSlow"), strings.Index(out.String(), "TestMiddle")
	if slow < 0 || middle < slow || strings.Contains(out.String(), "TestFast") {
		t.Errorf("slowest tests:\n%s", out.String())
	}
}

func TestADeclarationNeedsAReason(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "skips.txt")
	if err := os.WriteFile(file, []byte("models.TestB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := run(strings.NewReader(""), &strings.Builder{}, file, 20, true)
	if err == nil || !strings.Contains(err.Error(), "skips.txt:1: models.TestB is declared without a reason") {
		t.Errorf("error = %v", err)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"a.TestB", "a.TestB", true},
		{"a.TestB", "a.TestBC", false},
		{"a.TestB*", "a.TestB/with_words", true},
		{"*/opencv.TestCuts/*", "vision/opencv.TestCuts/bikes", true},
		{"*/opencv.TestCuts/*", "vision/opencv.TestCuts", false},
		{"a.*Chromium*", "a.TestInChromium", true},
		{"a*a", "a", false},
	}
	for _, test := range tests {
		if got := matches(test.pattern, test.name); got != test.want {
			t.Errorf("matches(%q, %q) = %v", test.pattern, test.name, got)
		}
	}
}
