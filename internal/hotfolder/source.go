package hotfolder

import (
	"context"
	"io"
	"path"
	"strings"
)

// Source is where files are found: a [Folder] or a [Bucket]. It is only read.
type Source interface {
	// Name is the same for all who look at the same place.
	Name() string

	// Place is where people find a file.
	Place(name string) string

	// Each hands all files to f, some at a time and in any order, until f returns
	// an error. What cannot be looked at is passed over, and told at the end.
	Each(ctx context.Context, f func(files []File) error) error

	// Find tells about one file. NOT_FOUND; SOURCE_UNAVAILABLE where it is there
	// and cannot be read, STORAGE_UNAVAILABLE.
	Find(ctx context.Context, name string) (File, error)

	// Open reads a file from an offset on; the File is the one that is read. Errors
	// as those of Find. A file that changes meanwhile breaks off before its end, with
	// an error.
	Open(ctx context.Context, name string, offset int64) (io.ReadCloser, File, error)
}

// File is what a source knows of a file without reading it.
type File struct {
	Name    string // elements between single slashes; any bytes else
	Size    int64  // in bytes
	Version string // another one whenever the content may be another
	Busy    bool   // somebody has it open to write; never set by Each, and where it cannot be told
}

// page is how many files are looked at together.
const page = 1000

// sidecarOf is the file that says more about another.
func sidecarOf(name string) string { return name + ".json" }

// unfinished ends the names of files that are still being written.
var unfinished = []string{".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", "~"}

// beside ends the names of files that say something about others.
var beside = []string{".json", ".vtt", ".srt", ".ttml", ".dfxp"}

// isMedia tells whether a name may be that of a video.
func isMedia(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if isHidden(element) {
			return false
		}
	}
	lower := strings.ToLower(path.Base(name))
	for _, end := range unfinished {
		if strings.HasSuffix(lower, end) {
			return false
		}
	}
	for _, end := range beside {
		if strings.HasSuffix(lower, end) {
			return false
		}
	}
	return true
}

func isHidden(element string) bool { return element == "" || element[0] == '.' }
