// Command cuepoint turns videos into something to play, read, skim and search.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
)

// Exit statuses.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells say it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program as if nobody listened
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// cli is the command line.
type cli struct {
	Data        string        `help:"Directory of the library." default:"cuepoint-data" env:"CUEPOINT_DATA" placeholder:"DIR" type:"path"`
	Database    config.Secret `help:"PostgreSQL database of the library (postgres://user:password@host/name); a file in its directory unless given." env:"CUEPOINT_DATABASE_URL" placeholder:"URL"`
	Blobs       string        `help:"Store of files (file:///directory, or s3://bucket/prefix?endpoint=https://host:port with region, path_style, create, ca and public); in the directory of the library unless given." env:"CUEPOINT_BLOBS_URL" placeholder:"URL"`
	S3Access    config.Secret `help:"Access key of the bucket; AWS's variables and roles are asked unless given." env:"CUEPOINT_S3_ACCESS_KEY" placeholder:"KEY" name:"s3-access-key"`
	S3Secret    config.Secret `help:"Secret key of the bucket. Better in the environment, where fewer see it." env:"CUEPOINT_S3_SECRET_KEY" placeholder:"KEY" name:"s3-secret-key"`
	Server      string        `help:"Address of a server whose library is meant, instead of one on this machine: https://host, or http://127.0.0.1:8080." env:"CUEPOINT_SERVER" placeholder:"URL"`
	Key         config.Secret `help:"Key to show to the server. Better in the environment, where fewer see it." env:"CUEPOINT_KEY" placeholder:"ck_…"`
	Insecure    bool          `help:"Speak unencrypted with a server on another machine: whoever is on the way can read the key, and use it." env:"CUEPOINT_INSECURE"`
	ModelsDir   string        `help:"Directory with model files, for machines without the internet." env:"CUEPOINT_MODELS_DIR" placeholder:"DIR" type:"path"`
	ModelsURL   string        `help:"Mirror to download model files from." env:"CUEPOINT_MODELS_URL" placeholder:"URL" name:"models-url"`
	Model       string        `help:"Whisper model: a name that 'cuepoint models list' shows, or a file." default:"${model}" env:"CUEPOINT_MODEL"`
	KeepDeleted time.Duration `help:"How long deleted videos can be brought back; those deleted before keep the time that they were told." default:"720h" env:"CUEPOINT_KEEP_DELETED" placeholder:"TIME"`
	JSON        bool          `help:"Print JSON objects, one per line, for programs to read." name:"json"`
	Verbose     bool          `help:"Log more." short:"v"`

	Analyze  analyzeCmd  `cmd:"" help:"Package and analyze videos."`
	Upload   uploadCmd   `cmd:"" help:"Add videos of this machine, or of an address, to the library of a server: a killed upload goes on where it was. Without --server the library of this machine gets them."`
	Search   searchCmd   `cmd:"" help:"Find moments by what was said."`
	List     listCmd     `cmd:"" help:"List the library."`
	Show     showCmd     `cmd:"" help:"Show everything known of a video."`
	Export   exportCmd   `cmd:"" help:"Write captions, chapters or everything known of a video."`
	Update   updateCmd   `cmd:"" help:"Change the title, labels, external id or language of a video."`
	Cancel   cancelCmd   `cmd:"" help:"Stop working on videos."`
	Delete   deleteCmd   `cmd:"" help:"Delete videos from the library."`
	Undelete undeleteCmd `cmd:"" help:"Bring deleted videos back."`
	Fsck     fsckCmd     `cmd:"" help:"Check that the library is whole, and mend it."`
	Serve    serveCmd    `cmd:"" help:"Serve the player page and the API."`
	Keys     keysCmd     `cmd:"" help:"Manage the keys that let programs and browsers in."`
	Models   modelsCmd   `cmd:"" help:"Manage model files."`
	Sample   sampleCmd   `cmd:"" help:"Make a sample video with captions."`
	Doctor   doctorCmd   `cmd:"" help:"Check what Cuepoint needs on this machine."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// Validate is asked by kong when the command line has been read.
func (c *cli) Validate() error {
	if c.KeepDeleted <= 0 {
		return fmt.Errorf("--keep-deleted is a time such as 720h, not %v; delete with --purge what is not to be kept", c.KeepDeleted)
	}
	return nil
}

// env is what every command gets.
type env struct {
	ctx    context.Context //nolint:containedctx // the life of the one command that runs
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
	cli    *cli
}

// open opens the library; see [app.Open].
func (e *env) open(create bool) (*app.App, error) {
	return app.Open(e.ctx, e.config(), create)
}

func (e *env) config() app.Config {
	return app.Config{
		Data: e.cli.Data, Database: e.cli.Database, Blobs: e.cli.Blobs, S3AccessKey: e.cli.S3Access, S3SecretKey: e.cli.S3Secret,
		ModelsDir: e.cli.ModelsDir, ModelsURL: e.cli.ModelsURL, Model: e.cli.Model,
		Version: version(), Log: e.log, KeepDeleted: e.cli.KeepDeleted,
	}
}

// print writes v as a line of JSON where that is asked for, else the text.
func (e *env) print(v any, text string, args ...any) error {
	if e.cli.JSON {
		return json.NewEncoder(e.stdout).Encode(v)
	}
	_, err := fmt.Fprintf(e.stdout, text, args...)
	return err
}

// usageError is a wrong command line.
type usageError struct{ error }

// told is an error that has been shown already.
type told struct{ error }

// run is the whole program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("cuepoint"),
		kong.Description("Video intelligence on your own machine."),
		kong.Vars{"model": weights.DefaultSpeech, "hits": strconv.Itoa(search.DefaultLimit), "workspace": models.DefaultWorkspace,
			"rate": strconv.FormatFloat(app.UsualRate().PerSecond, 'f', -1, 64)},
		kong.NamedMapper("path", pathMapper{}),
		kong.NamedMapper("raw", pathMapper{raw: true}),
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { exited = status }),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "cuepoint:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "cuepoint: %v\nRun `cuepoint --help`, or `cuepoint COMMAND --help`, to see how it is used.\n", err)
		return exitUsage
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelDebug
	}
	e := &env{ctx: ctx, stdout: stdout, stderr: stderr, cli: &c,
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))}
	if err := e.checkServer(parsed.Command()); err != nil {
		return e.status(err)
	}
	return e.status(parsed.Run(e))
}

// here are the commands that are about this machine, whatever server is named.
var here = []string{"serve", "fsck", "sample", "models pull", "models verify", "models path"}

// checkServer refuses a command that knows nothing of servers.
func (e *env) checkServer(command string) error {
	if e.cli.Server == "" {
		return nil
	}
	for _, name := range here {
		if command == name || strings.HasPrefix(command, name+" ") {
			return usageError{fmt.Errorf("%s is for the machine that has the library; run it there, and leave --server (CUEPOINT_SERVER) out", name)}
		}
	}
	return nil
}

// status tells people about err, once, and returns the exit status for it.
func (e *env) status(err error) int {
	var usage usageError
	var shown told
	switch {
	case err == nil:
		return exitOK
	case e.ctx.Err() != nil:
		fmt.Fprintln(e.stderr, "cuepoint: interrupted; run the same command again to go on")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(e.stderr, "cuepoint:", err)
		return exitUsage
	case errors.As(err, &shown):
		return exitFailed
	}
	reason := models.AsError(err)
	if reason.Code == models.CodeInternal {
		e.log.Error("command failed", "error", err)
	}
	if e.cli.JSON {
		// That it cannot be printed is no worse than the error itself.
		_ = e.print(map[string]any{"error": errorDocument{reason.Code, reason.Message}}, "")
	}
	fmt.Fprintf(e.stderr, "cuepoint: %s: %s\n", reason.Code, reason.Message)
	return exitFailed
}
