package app

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Part is something outside of cuepoint that it works with.
type Part struct {
	Name     string `json:"name"`
	Purpose  string `json:"purpose"`
	Required bool   `json:"required"` // nothing works without it
	Found    bool   `json:"found"`
	Version  string `json:"version"`
	Path     string `json:"path"`
	Problem  string `json:"problem,omitempty"` // what is wrong, where it is not found or not usable
	Install  string `json:"install,omitempty"` // the command that mends it
}

// doctorLimits bound each program that is asked for its version.
var doctorLimits = proc.Limits{Wall: 20 * time.Second}

// Doctor looks for every part on this machine.
func Doctor(ctx context.Context, cfg Config) []Part {
	return slices.Concat(programParts(ctx), databaseParts(ctx, cfg.Database), blobParts(ctx, cfg), modelParts(cfg))
}

// programParts look for the programs that are started.
func programParts(ctx context.Context) []Part {
	return []Part{
		ffmpegPart(ctx, "ffmpeg", "packages videos and decodes them for the analyzers", "libx264", "aac", "flac"),
		ffmpegPart(ctx, "ffprobe", "tells what a file holds"),
		enginePart(ctx, "cuepoint-vision", "finds shots and picks thumbnails with OpenCV", "make setup build", true),
		enginePart(ctx, speechEngine, "transcribes speech with Whisper; where the system has no libwhisper, "+
			"install whisper.cpp so that pkg-config finds it", "make setup build", false),
	}
}

// speechEngine is the program that hears.
const speechEngine = "cuepoint-speech"

var versionLine = regexp.MustCompile(`version (\S+)`)

// ffmpegPart looks for one of FFmpeg's programs, and for encoders in it.
func ffmpegPart(ctx context.Context, name, purpose string, encoders ...string) Part {
	p := Part{Name: name, Purpose: purpose, Required: true, Install: "apt-get install -y ffmpeg"}
	path, err := proc.Look(name)
	if err != nil {
		p.Problem = "not installed"
		return p
	}
	p.Path = path
	out, err := proc.Output(ctx, proc.Command{Path: path, Args: []string{"-version"}, Limits: doctorLimits})
	if m := versionLine.FindSubmatch(out); err == nil && m != nil {
		p.Version = string(m[1])
	} else {
		p.Problem = "does not tell its version"
		return p
	}
	if len(encoders) > 0 {
		listed, err := proc.Output(ctx, proc.Command{Path: path, Args: []string{"-hide_banner", "-encoders"}, Limits: doctorLimits})
		if err != nil {
			p.Problem = "does not list its encoders"
			return p
		}
		for _, encoder := range encoders {
			if !strings.Contains(string(listed), " "+encoder+" ") {
				p.Problem = "was built without the encoder " + encoder + "; install a build that has it"
				return p
			}
		}
	}
	p.Found, p.Install = true, ""
	return p
}

// enginePart asks an engine who it is.
func enginePart(ctx context.Context, name, purpose, install string, required bool) Part {
	p := Part{Name: name, Purpose: purpose, Required: required, Install: install}
	id, err := engine.Client{Name: name, Limits: doctorLimits}.Identify(ctx)
	if err != nil {
		p.Problem = models.AsError(err).Message
		if models.ErrorCode(err) == models.CodeEngineMissing {
			p.Problem = "not installed beside cuepoint or on PATH"
		}
		return p
	}
	p.Found, p.Version, p.Path, p.Install = true, id.Version, id.Path, ""
	return p
}

// Healthy tells whether every required part is there.
func Healthy(parts []Part) bool {
	return !slices.ContainsFunc(parts, func(p Part) bool { return p.Required && !p.Found })
}
