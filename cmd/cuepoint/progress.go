package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/cuepoint/cuepoint/models"
)

// progress shows how an input gets on.
type progress interface {
	// Begin names the stages, in order. It is called before the others, and
	// perhaps again.
	Begin(stages []string)
	StageProgress(stage string, fraction float64)
	StageEnded(run models.StageRun)
	// StageAgain tells of an attempt without a result: another is due.
	StageAgain(run models.StageRun)
	Close()
}

// newProgress draws a bar per stage on a terminal and writes plain lines elsewhere.
func newProgress(w io.Writer, file string) progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return newBars(f, file)
	}
	return &lines{w: w, file: file}
}

// lines tells of every stage's end, with the reason where it has one.
type lines struct {
	mu   sync.Mutex
	w    io.Writer
	file string
}

func (l *lines) Begin([]string)                {}
func (l *lines) StageProgress(string, float64) {}
func (l *lines) Close()                        {}

func (l *lines) StageAgain(run models.StageRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s: %s is tried again: %s: %s\n", l.file, run.Stage, run.Error.Code, run.Error.Message)
}

func (l *lines) StageEnded(run models.StageRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s: %s %s", l.file, run.Stage, run.Status)
	if took := run.Elapsed(); took > 0 {
		fmt.Fprintf(l.w, " in %.1f s", took.Seconds())
	}
	switch {
	case run.Error == nil:
	case run.Status == models.StageCanceled:
		fmt.Fprintf(l.w, ": %s", run.Error.Message)
	default:
		fmt.Fprintf(l.w, ": %s: %s", run.Error.Code, run.Error.Message)
	}
	fmt.Fprintln(l.w)
}

// barScale is what a finished stage counts as: mpb counts in whole numbers.
const barScale = 1000

// bars draws one bar per stage, and below them the reasons of those that failed
// or were skipped.
type bars struct {
	container *mpb.Progress
	bars      map[string]*mpb.Bar
	reasons   lines
	mu        sync.Mutex
	without   []models.StageRun
}

func newBars(w io.Writer, file string) *bars {
	b := &bars{
		container: mpb.New(mpb.WithOutput(w), mpb.WithWidth(48), mpb.WithRefreshRate(100*time.Millisecond)),
		bars:      map[string]*mpb.Bar{},
		reasons:   lines{w: w, file: file},
	}
	fmt.Fprintln(w, file)
	return b
}

func (b *bars) Begin(stages []string) {
	for _, stage := range stages {
		if b.bars[stage] != nil {
			continue
		}
		b.bars[stage] = b.container.AddBar(barScale,
			mpb.PrependDecorators(decor.Name(stage, decor.WC{W: 10, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Name(" "), decor.Elapsed(decor.ET_STYLE_GO)),
		)
	}
}

func (b *bars) StageProgress(stage string, fraction float64) {
	if bar := b.bars[stage]; bar != nil { // else it is a stage of another program
		bar.SetCurrent(int64(fraction * (barScale - 1))) // one short of the end: only StageEnded ends a bar
	}
}

func (b *bars) StageAgain(run models.StageRun) { b.StageProgress(run.Stage, 0) }

func (b *bars) StageEnded(run models.StageRun) {
	bar := b.bars[run.Stage]
	if bar == nil {
		return
	}
	if run.Status == models.StageDone {
		bar.SetCurrent(barScale)
		return
	}
	bar.Abort(false)
	if run.Status == models.StageCanceled {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.without = append(b.without, run)
}

// Close leaves the bars as they are, stops drawing, and gives the reasons.
func (b *bars) Close() {
	for _, bar := range b.bars {
		bar.Abort(false) // does nothing to a finished one
	}
	b.container.Wait()
	for _, run := range b.without {
		b.reasons.StageEnded(run)
	}
}
