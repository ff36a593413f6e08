package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"

	"github.com/alecthomas/kong"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// input is what is to be analyzed: a file, or a video that is in the library.
type input struct {
	path   string // absolute, on the machine of who works on the library
	id     string // of a video; empty for a file
	ours   bool   // the path is of this machine
	exists bool   // there is such a file on this machine
}

// String is the input as people know it.
func (in input) String() string {
	if in.id != "" {
		return in.id
	}
	return analyzer.DisplayText(in.path)
}

// idPattern matches the ids that videos get.
var idPattern = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)

// input reads an argument. What looks like an id is one, unless there is such a file.
func (e *env) input(given string, isID bool) (input, error) {
	_, err := os.Lstat(given)
	if isID || err != nil && idPattern.MatchString(given) {
		return input{id: given}, nil
	}
	path, err := e.path(given)
	if err != nil {
		return input{}, err
	}
	_, err = os.Stat(path)
	return input{path: path, ours: e.cli.Server == "", exists: err == nil}, nil
}

// path reads the path of a file that a server, if one is named, is to read: a
// relative one would be another file there.
func (e *env) path(given string) (string, error) {
	if e.cli.Server == "" || filepath.IsAbs(given) || e.serverIsHere() {
		return kong.ExpandPath(given), nil
	}
	return "", usageError{fmt.Errorf("%q is a file of this machine, and --server reads its own: send it with `cuepoint upload`, give the id of a video, "+
		"or copy it there (scp, rsync) and give its whole path on that machine, beginning with /", given)}
}

// serverIsHere tells whether the server that was named is on this machine.
func (e *env) serverIsHere() bool {
	u, err := url.Parse(e.cli.Server)
	return err == nil && config.IsLoopback(u.Hostname())
}

// explain says, where a server has no such file and this machine has, what to do.
func (in input) explain(err error) error {
	var e *models.Error
	if in.ours || !in.exists || !errors.As(err, &e) || e.Code != models.CodeSourceUnavailable {
		return err
	}
	return models.Errorf(e.Code, "%s; it is on this machine, and the server reads its own files: send it with `cuepoint upload`, "+
		"or copy it there (scp, rsync) and give its whole path on that machine", e.Message).Because(err)
}
