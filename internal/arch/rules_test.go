package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// picture is the house from the roof down. A package imports what stands on
// lower lines; those on one line do not import each other. A name stands for
// the packages below it too, unless they have a place of their own.
var picture = [][]string{
	{"cmd/cuepoint", "cmd/cuepoint-speech", "cmd/cuepoint-vision"},
	{"internal/app"},
	append(adapters, append(leaves, "internal/sample")...),
	{"api", "internal/hotfolder"},
	{"analyzer/stages", "internal/search", "internal/fsck", "internal/ingest"},
	{"analyzer"},
	{"internal/events"},
	{
		"store", "store/vector", "store/blob", "transcribe", "vision", "streaming",
		"analyzer/embed", "analyzer/chapters", "analyzer/edits", "models/weights",
	},
	{"internal/ffmpeg", "internal/engine", "internal/fetch"},
	{"internal/proc", "internal/obs", "internal/config", "internal/datadir", "internal/webvtt", "analyzer/text"},
	{"models"},
}

// adapters connect an interface of ours to a database, a queue or files.
// internal/app alone chooses among them.
var adapters = []string{
	"store/sqlite", "store/postgres", "store/vector/embedded", "store/vector/qdrant",
	"store/blob/disk", "store/blob/s3", "analyzer/riverq", "streaming/player",
}

// leaves hold the native code, each with the engine that alone links it.
var leaves = []string{"transcribe/whisper", "vision/opencv", "vision/ocr"}

var engineOf = map[string]string{
	"transcribe/whisper": "cmd/cuepoint-speech",
	"vision/opencv":      "cmd/cuepoint-vision",
	"vision/ocr":         "cmd/cuepoint-vision",
}

// testOnly packages serve tests: any of ours may be imported by them, and only
// tests import them.
var testOnly = []string{
	"test", "internal/testenv", "internal/arch", "store/storetest", "store/vector/vectortest",
	"store/blob/blobtest", "analyzer/analyzertest",
}

// nativeModules bring C code with them.
var nativeModules = []string{
	"gocv.io/x/gocv", "github.com/otiai10/gosseract", "github.com/ggerganov/whisper.cpp",
}

const maxLines = 400

// within says whether a package is dir or stands below it.
func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// place finds the longest name of the picture that stands for a package, and
// its line, or "" and -1.
func place(pkg string) (string, int) {
	best, at := "", -1
	for i, line := range picture {
		for _, name := range line {
			if within(pkg, name) && len(name) > len(best) {
				best, at = name, i
			}
		}
	}
	return best, at
}

func isTestOnly(pkg string) bool {
	return slices.ContainsFunc(testOnly, func(dir string) bool { return within(pkg, dir) })
}

// ours cuts the module's path off an import, or says that it is not ours.
func ours(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// checkDirections reports imports that go up or sideways. Tests may import
// what they like: nobody ships them.
func checkDirections(t tree) []string {
	var faults []string
	for _, f := range t.files {
		if f.test || isTestOnly(f.dir()) {
			continue
		}
		from, fromLine := place(f.dir())
		if fromLine < 0 {
			faults = append(faults, fmt.Sprintf("%s: its package has no place in the picture", f.path))
			continue
		}
		for _, imported := range f.imports {
			pkg, ok := ours(imported)
			if !ok {
				continue
			}
			if fault := checkImport(from, fromLine, pkg); fault != "" {
				faults = append(faults, fmt.Sprintf("%s: imports %s: %s", f.path, pkg, fault))
			}
		}
	}
	return faults
}

// checkImport says what is wrong with an import, or nothing.
func checkImport(from string, fromLine int, pkg string) string {
	if isTestOnly(pkg) {
		return "it is for tests only"
	}
	to, toLine := place(pkg)
	switch {
	case toLine < 0:
		return "it has no place in the picture"
	case to == from:
		return ""
	case toLine == fromLine:
		return "they stand on one line"
	case toLine < fromLine:
		return "imports go downwards"
	case slices.Contains(adapters, to) && from != "internal/app":
		return "internal/app alone imports adapters"
	case slices.Contains(leaves, to) && from != engineOf[to]:
		return engineOf[to] + " alone imports it"
	}
	return ""
}

// checkExec reports files that start programs elsewhere than in internal/proc.
func checkExec(t tree) []string {
	return importsOutside(t, []string{"internal/proc"}, "os/exec is for internal/proc alone",
		func(imported string) bool { return imported == "os/exec" })
}

// checkNative reports native code outside of its leaves.
func checkNative(t tree) []string {
	return importsOutside(t, leaves, "native code is for the leaves alone", func(imported string) bool {
		return imported == "C" || slices.ContainsFunc(nativeModules, func(m string) bool { return within(imported, m) })
	})
}

func importsOutside(t tree, dirs []string, fault string, match func(string) bool) []string {
	var faults []string
	for _, f := range t.files {
		inside := slices.ContainsFunc(dirs, func(dir string) bool { return within(f.dir(), dir) })
		if !inside && slices.ContainsFunc(f.imports, match) {
			faults = append(faults, f.path+": "+fault)
		}
	}
	return faults
}

// checkDocs reports packages without exactly one doc comment that says what
// they are for. Generated packages are described by what they come from.
func checkDocs(t tree) []string {
	var faults []string
	for dir, files := range t.packages() {
		var docs []file
		written, name := 0, ""
		for _, f := range files {
			if f.test || f.generated {
				continue
			}
			written++
			name = f.pkg
			if f.doc != "" {
				docs = append(docs, f)
			}
		}
		if written == 0 {
			continue
		}
		if len(docs) != 1 {
			faults = append(faults, fmt.Sprintf("%s: %d package comments, want exactly 1", dir, len(docs)))
			continue
		}
		start := "Package " + name + " "
		if name == "main" {
			start = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(docs[0].doc, start) {
			faults = append(faults, fmt.Sprintf("%s: the package comment does not start with %q", docs[0].path, start))
		}
	}
	slices.Sort(faults)
	return faults
}

// checkLengths reports files that have grown too long to be read in one go.
func checkLengths(t tree) []string {
	var faults []string
	for _, s := range t.sources {
		if s.lines > maxLines {
			faults = append(faults, fmt.Sprintf("%s: %d lines, more than %d", s.path, s.lines, maxLines))
		}
	}
	return faults
}
