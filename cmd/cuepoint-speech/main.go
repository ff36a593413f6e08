//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/transcribe"
	"github.com/cuepoint/cuepoint/transcribe/whisper"
)

// Exit statuses.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells say it
)

// cli is the command line for people.
type cli struct {
	Audio    string `arg:"" optional:"" help:"Audio or video file to listen to." placeholder:"FILE" type:"path"`
	Model    string `help:"Whisper model file ('cuepoint models path NAME' names one)." short:"m" placeholder:"FILE" type:"path"`
	VAD      string `name:"vad" help:"Silero voice activity model file: keeps words from being invented over music and noise." placeholder:"FILE" type:"path"`
	Language string `help:"Language spoken (en, de, …); detected unless given." short:"l" placeholder:"CODE"`
	Format   string `help:"What to write: ${enum}." short:"f" enum:"vtt,srt,txt,json" default:"vtt"`
	Threads  int    `help:"Threads to use; one per core unless given." short:"t" placeholder:"N"`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	if len(os.Args) == 1 && !term.IsTerminal(int(os.Stdin.Fd())) {
		os.Exit(serve())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// serve is the engine.
func serve() int {
	return engine.Main(transcribe.EngineName, whisper.Version(), transcribe.Methods(listener{}))
}

// listener finds FFmpeg when it is asked to listen, not before: an engine says
// hello on a machine that lacks it.
type listener struct{}

func (listener) Transcribe(ctx context.Context, r transcribe.Request, on transcribe.Handler) (*models.Transcript, error) {
	tools, err := ffmpeg.Find()
	if err != nil {
		return nil, err
	}
	load := func(r transcribe.Request) (transcribe.Recognizer, error) {
		return whisper.Load(whisper.Options{Model: r.Model, VAD: r.VAD, Threads: r.Threads})
	}
	return transcribe.Listener{FFmpeg: tools, Load: load}.Transcribe(ctx, r, on)
}

// run is the program for people. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name(transcribe.EngineName),
		kong.Description("Writes captions of what is said in a file. With a pipe for standard input and no arguments "+
			"it speaks the engine protocol instead."),
		kong.Vars{"version": transcribe.EngineName + ", libwhisper " + whisper.Version()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { exited = status }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "cuepoint-speech:", err)
		return exitFailed
	}
	_, err = parser.Parse(args)
	switch {
	case exited >= 0: // --help, --version
		return exited
	case err == nil && c.Audio == "":
		err = errors.New("name a file to listen to")
	case err == nil && c.Model == "":
		err = errors.New("name a model with --model; `cuepoint models pull` fetches one, `cuepoint models path` tells where it is")
	}
	if err != nil {
		fmt.Fprintf(stderr, "cuepoint-speech: %v\nRun `cuepoint-speech --help` to see how it is used.\n", err)
		return exitUsage
	}
	switch err := c.write(ctx, stdout); {
	case ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(stderr, "cuepoint-speech: %s: %s\n", models.ErrorCode(err), models.AsError(err).Message)
		return exitFailed
	}
	return 0
}

func (c cli) write(ctx context.Context, stdout io.Writer) error {
	format, err := transcribe.FormatOf(c.Format)
	if err != nil {
		return err
	}
	t, err := listener{}.Transcribe(ctx, transcribe.Request{
		Audio: c.Audio, Model: c.Model, VAD: c.VAD, Language: c.Language, Threads: c.Threads,
	}, transcribe.Handler{})
	if err != nil {
		return err
	}
	return format.Write(stdout, t)
}
