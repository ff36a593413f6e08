package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/cuepoint/cuepoint"

// file is a Go file as far as the rules look into it.
type file struct {
	path      string // slash-separated, below the tree's root
	pkg       string // its package clause
	doc       string // its package comment
	imports   []string
	test      bool
	generated bool
	lines     int
}

// dir is the file's package as a path below the module.
func (f file) dir() string { return path.Dir(f.path) }

// source is a file that is written by hand in some language.
type source struct {
	path  string
	lines int
}

// tree is what the rules are about.
type tree struct {
	files   []file
	sources []source
}

// skippedDirs hold what is not ours or not source.
var skippedDirs = []string{".git", "node_modules", "dist", "testdata", "third_party", "bin", "build"}

// handWritten are the endings of files whose length is limited.
var handWritten = []string{".go", ".ts", ".mjs", ".css", ".sh", ".proto", ".sql"}

// load reads a tree without running the Go command, so that files behind build
// constraints are seen on every machine.
func load(fsys fs.FS) (tree, error) {
	var t tree
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := name != "." && strings.HasPrefix(entry.Name(), ".")
			if hidden || slices.Contains(skippedDirs, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(handWritten, path.Ext(name)) {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		return t.add(name, text)
	})
	return t, err
}

func (t *tree) add(name string, text []byte) error {
	lines := strings.Count(string(text), "\n")
	if path.Ext(name) != ".go" {
		t.sources = append(t.sources, source{name, lines})
		return nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	f := file{
		path:      name,
		pkg:       parsed.Name.Name,
		doc:       parsed.Doc.Text(),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed),
		lines:     lines,
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		f.imports = append(f.imports, imported)
	}
	t.files = append(t.files, f)
	if !f.generated {
		t.sources = append(t.sources, source{name, lines})
	}
	return nil
}

// packages groups the files by folder.
func (t *tree) packages() map[string][]file {
	packages := map[string][]file{}
	for _, f := range t.files {
		packages[f.dir()] = append(packages[f.dir()], f)
	}
	return packages
}
