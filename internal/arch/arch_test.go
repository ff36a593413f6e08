package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// rules are what the tree is held to, by the sentence each enforces.
var rules = map[string]func(tree) []string{
	"imports go downwards only":           checkDirections,
	"internal proc alone starts programs": checkExec,
	"native code stays in the leaves":     checkNative,
	"each package has one doc comment":    checkDocs,
	"files can be read in one go":         checkLengths,
}

func TestTheTreeKeepsToTheRules(t *testing.T) {
	t.Parallel()
	house, err := load(os.DirFS(testenv.Root(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(house.files) < 20 {
		t.Fatalf("only %d Go files found", len(house.files))
	}
	for sentence, rule := range rules {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for _, fault := range rule(house) {
				t.Error(fault)
			}
		})
	}
}

// TestThePageDrawsThePicture holds docs/architecture.md to the rules: it draws
// every name of theirs that has come to stand for a package.
func TestThePageDrawsThePicture(t *testing.T) {
	t.Parallel()
	root := testenv.Root(t)
	house, err := load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]bool{}
	for dir := range house.packages() {
		name, _ := place(dir)
		built[name] = true
	}
	var want [][]string
	for _, line := range picture {
		if line = slices.DeleteFunc(slices.Clone(line), func(name string) bool { return !built[name] }); len(line) > 0 {
			want = append(want, line)
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "Imports go downwards only")
	_, after, _ = strings.Cut(after, "```\n")
	drawn, _, _ := strings.Cut(after, "```")
	var got [][]string
	for line := range strings.Lines(drawn) {
		got = append(got, strings.Split(strings.TrimSpace(line), " · "))
	}
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("the page draws another picture than the rules (-rules +page):\n%s", diff)
	}
}

// goFile is a file with a package comment and imports of ours and of others.
func goFile(pkg, doc string, imports ...string) *fstest.MapFile {
	var text strings.Builder
	if doc != "" {
		text.WriteString("// " + doc + "\n")
	}
	text.WriteString("package " + pkg + "\n")
	for _, imported := range imports {
		text.WriteString("import _ \"" + strings.Replace(imported, "~", module, 1) + "\"\n")
	}
	return &fstest.MapFile{Data: []byte(text.String())}
}

func TestEachRuleFindsItsFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule func(tree) []string
		tree fstest.MapFS
		want []string
	}{
		{
			name: "downward imports, and any import of a test, are right",
			rule: checkDirections,
			tree: fstest.MapFS{
				"internal/app/a.go":        goFile("app", "", "~/store/sqlite", "~/api", "~/models"),
				"api/a.go":                 goFile("api", "", "~/analyzer", "~/api/gen/cuepoint/v1", "fmt"),
				"api/a_test.go":            goFile("api", "", "~/store/sqlite", "~/internal/testenv"),
				"store/storetest/s.go":     goFile("storetest", "", "~/internal/app"),
				"cmd/cuepoint-speech/m.go": goFile("main", "", "~/transcribe/whisper"),
			},
		},
		{
			name: "upward, sideways and unplaced imports are faults",
			rule: checkDirections,
			tree: fstest.MapFS{
				"models/a.go":       goFile("models", "", "~/store"),
				"store/a.go":        goFile("store", "", "~/streaming"),
				"analyzer/a.go":     goFile("analyzer", "", "~/internal/new"),
				"internal/new/a.go": goFile("new", ""),
			},
			want: []string{
				"analyzer/a.go: imports internal/new: it has no place in the picture",
				"internal/new/a.go: its package has no place in the picture",
				"models/a.go: imports store: imports go downwards",
				"store/a.go: imports streaming: they stand on one line",
			},
		},
		{
			name: "adapters, leaves and test packages have their own importers",
			rule: checkDirections,
			tree: fstest.MapFS{
				"cmd/cuepoint/a.go":        goFile("main", "", "~/store/sqlite", "~/vision/opencv"),
				"cmd/cuepoint-speech/a.go": goFile("main", "", "~/vision/ocr"),
				"api/a.go":                 goFile("api", "", "~/internal/testenv"),
			},
			want: []string{
				"api/a.go: imports internal/testenv: it is for tests only",
				"cmd/cuepoint/a.go: imports store/sqlite: internal/app alone imports adapters",
				"cmd/cuepoint/a.go: imports vision/opencv: cmd/cuepoint-vision alone imports it",
				"cmd/cuepoint-speech/a.go: imports vision/ocr: cmd/cuepoint-vision alone imports it",
			},
		},
		{
			name: "programs are started in internal/proc, by tests too",
			rule: checkExec,
			tree: fstest.MapFS{
				"internal/proc/a.go": goFile("proc", "", "os/exec"),
				"test/e2e/a_test.go": goFile("e2e", "", "os/exec"),
			},
			want: []string{"test/e2e/a_test.go: os/exec is for internal/proc alone"},
		},
		{
			name: "native code is found by cgo and by module, behind build constraints too",
			rule: checkNative,
			tree: fstest.MapFS{
				"vision/opencv/a.go": goFile("opencv", "", "C", "gocv.io/x/gocv"),
				"vision/a.go":        goFile("vision", "", "gocv.io/x/gocv"),
				"store/a.go":         {Data: []byte("//go:build cgo\n\npackage store\nimport \"C\"\n")},
			},
			want: []string{
				"store/a.go: native code is for the leaves alone",
				"vision/a.go: native code is for the leaves alone",
			},
		},
		{
			name: "a package without, with two, or with a wrong comment is a fault",
			rule: checkDocs,
			tree: fstest.MapFS{
				"a/a.go":     goFile("a", "Package a is right."),
				"a/b.go":     goFile("a", ""),
				"b/b.go":     goFile("b", ""),
				"c/a.go":     goFile("c", "Package c has two."),
				"c/b.go":     goFile("c", "Package c has two."),
				"d/d.go":     goFile("d", "Some words."),
				"cmd/e/e.go": goFile("main", "Package main is no name."),
				"gen/g.go":   {Data: []byte("// Code generated by a tool. DO NOT EDIT.\n\npackage gen\n")},
			},
			want: []string{
				"b: 0 package comments, want exactly 1",
				"c: 2 package comments, want exactly 1",
				`cmd/e/e.go: the package comment does not start with "Command e "`,
				`d/d.go: the package comment does not start with "Package d "`,
			},
		},
		{
			name: "long files are faults, generated ones are not",
			rule: checkLengths,
			tree: fstest.MapFS{
				"a/long.go":            {Data: []byte("package a\n" + strings.Repeat("\n", maxLines))},
				"a/gen.go":             {Data: []byte("// Code generated by x. DO NOT EDIT.\npackage a\n" + strings.Repeat("\n", maxLines))},
				"a/page.ts":            {Data: []byte(strings.Repeat("\n", maxLines+1))},
				"a/node_modules/it.ts": {Data: []byte(strings.Repeat("\n", maxLines+1))},
			},
			want: []string{"a/long.go: 401 lines, more than 400", "a/page.ts: 401 lines, more than 400"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			house, err := load(test.tree)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.rule(house)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
