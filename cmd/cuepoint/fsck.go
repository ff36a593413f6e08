package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/internal/fsck"
)

type fsckCmd struct {
	Repair bool `help:"Mend what is wrong: run stages again whose results are damaged, delete files that nobody refers to."`
	Quick  bool `help:"Look only which files are there, and read none."`
}

// Run holds the library's database against its files. It fails unless all is
// well, or is made so.
func (c *fsckCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	show := &findings{env: e}
	if f, ok := e.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		show.terminal = f
	}
	report, err := a.Fsck(e.ctx, app.FsckConfig{Repair: c.Repair, Quick: c.Quick, Found: show.found, Looked: show.looked})
	show.clear()
	if err = errors.Join(err, show.err); err != nil {
		return err
	}
	if err := e.print(map[string]fsck.Report{"report": report}, "%s\n", describeReport(report)); err != nil {
		return err
	}
	if !report.Sound() {
		return told{errors.New("not all is well")}
	}
	return nil
}

// findings shows what a check finds, and how far it is.
type findings struct {
	*env
	terminal io.Writer // nil where there is none
	err      error     // of printing
}

func (f *findings) found(finding fsck.Finding) {
	f.clear()
	f.err = errors.Join(f.err, f.print(map[string]fsck.Finding{"finding": finding}, "%s", describeFinding(finding)))
}

// looked counts the videos in a line that goes again.
func (f *findings) looked(videos int) {
	if f.terminal != nil {
		fmt.Fprintf(f.terminal, "\r%d videos checked", videos)
	}
}

func (f *findings) clear() {
	if f.terminal != nil {
		fmt.Fprint(f.terminal, "\r\x1b[K")
	}
}

func describeFinding(f fsck.Finding) string {
	verdict := "wrong "
	switch {
	case f.Kind.Remark():
		verdict = "note  "
	case f.Mended:
		verdict = "mended"
	}
	parts := []string{strings.TrimSpace(f.Video + " " + f.Stage), f.Message, f.Key}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return fmt.Sprintf("%s %s\n       %s\n", verdict, strings.Join(parts, ": "), f.Advice)
}

func describeReport(r fsck.Report) string {
	s := fmt.Sprintf("%d videos, %d files: ", r.Videos, r.Blobs)
	switch {
	case r.Wrong == 0:
		return s + "all is well"
	case r.Mended == 0:
		return s + fmt.Sprintf("%d wrong", r.Wrong)
	}
	return s + fmt.Sprintf("%d wrong, %d of them mended", r.Wrong, r.Mended)
}
