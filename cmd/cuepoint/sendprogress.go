package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/client"
)

// sendProgress shows how a file is sent.
type sendProgress interface {
	Tell(p client.UploadProgress)
	Close()
}

// newSendProgress draws a bar on a terminal and writes plain lines elsewhere.
func newSendProgress(w io.Writer, file string) sendProgress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return newSendBar(f, file)
	}
	return &sendLines{w: w, file: file}
}

// sendLines tells, in a line each, that a file is sent, now and then how far that
// is, and what it waits for.
type sendLines struct {
	w       io.Writer
	file    string
	last    time.Time // when a line was written
	waiting bool
}

// quietTime is how long nothing is said of what gets on.
const quietTime = 10 * time.Second

func (l *sendLines) Tell(p client.UploadProgress) {
	switch {
	case p.Waiting != nil && l.waiting:
		return
	case p.Waiting != nil:
		fmt.Fprintf(l.w, "%s: waiting: %s\n", l.file, status.Convert(p.Waiting).Message())
	case l.last.IsZero() && p.Sent == 0:
		fmt.Fprintf(l.w, "%s: sending\n", l.file)
	case l.last.IsZero(), l.waiting:
		fmt.Fprintf(l.w, "%s: going on at %s\n", l.file, share(p))
	case time.Since(l.last) >= quietTime:
		fmt.Fprintf(l.w, "%s: %s\n", l.file, share(p))
	default:
		return
	}
	l.last, l.waiting = time.Now(), p.Waiting != nil
}

// share says how much of a file is there.
func share(p client.UploadProgress) string {
	if p.Size == 0 {
		return fmt.Sprintf("%.1f", decor.SizeB1024(p.Sent))
	}
	return fmt.Sprintf("%d%%", 100*p.Sent/p.Size)
}

func (l *sendLines) Close() {}

// sendBar draws a bar: what is there, how fast it goes, and what is waited for.
type sendBar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	waiting   atomic.Pointer[string]
	told      time.Time // when the bar was moved
	begun     bool
}

func newSendBar(w io.Writer, file string) *sendBar {
	b := &sendBar{container: mpb.New(mpb.WithOutput(w), mpb.WithWidth(48), mpb.WithRefreshRate(100*time.Millisecond))}
	fmt.Fprintln(w, file)
	moving := func() bool { return b.waiting.Load() == nil }
	b.bar = b.container.AddBar(0,
		mpb.PrependDecorators(decor.CountersKibiByte("% .1f / % .1f", decor.WC{W: 22})),
		mpb.AppendDecorators(
			decor.Percentage(decor.WC{W: 5}), decor.Name("  "),
			decor.OnPredicate(decor.EwmaSpeed(decor.SizeB1024(0), "% .1f  ", 30), moving),
			decor.OnPredicate(decor.OnComplete(decor.EwmaETA(decor.ET_STYLE_GO, 30), ""), moving),
			decor.Any(func(decor.Statistics) string {
				if why := b.waiting.Load(); why != nil {
					return "waiting: " + *why
				}
				return ""
			}),
		),
	)
	return b
}

// barPace is how often the bar is moved: what comes between is one step.
const barPace = 100 * time.Millisecond

func (b *sendBar) Tell(p client.UploadProgress) {
	if p.Waiting != nil {
		why := status.Convert(p.Waiting).Message()
		b.waiting.Store(&why)
		return
	}
	b.waiting.Store(nil)
	now := time.Now()
	switch {
	case !b.begun:
		b.begun = true
		b.bar.SetTotal(p.Size, false)
		b.bar.SetCurrent(p.Sent)
		b.bar.SetRefill(p.Sent) // what an earlier run has sent
	case now.Sub(b.told) >= barPace || p.Sent == p.Size:
		b.bar.SetTotal(p.Size, false) // an import learns it later
		b.bar.EwmaSetCurrent(p.Sent, now.Sub(b.told))
	default:
		return
	}
	b.told = now
}

// Close leaves the bar as it is, and stops drawing.
func (b *sendBar) Close() {
	b.bar.Abort(false) // does nothing to a finished one
	b.container.Wait()
}
