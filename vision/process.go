package vision

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// EngineName is the executable that [Process] starts unless told otherwise.
const EngineName = "cuepoint-vision"

const (
	methodShots  = "shots"
	methodThumbs = "thumbs"
)

// Limits of an engine. They hold for the engine and for its FFmpeg, each.
const (
	engineWall     = time.Minute // and four times the video's duration
	engineProgress = time.Minute
	engineMemory   = 4 << 30 // address space
	engineFile     = 1 << 30 // bytes of a file it writes
	engineNice     = 5
)

// Process is an [Engine] in a process of its own, one for each call.
type Process struct {
	Path string // of the executable; empty: [EngineName] beside our own or on PATH
}

// Shots implements [Engine].
func (p Process) Shots(ctx context.Context, r ShotsRequest, progress func(float64)) (*ShotsResult, error) {
	return call[ShotsResult](ctx, p, methodShots, r, r.Duration, progress)
}

// Thumbs implements [Engine].
func (p Process) Thumbs(ctx context.Context, r ThumbsRequest, progress func(float64)) (*ThumbsResult, error) {
	return call[ThumbsResult](ctx, p, methodThumbs, r, r.Duration, progress)
}

func call[R any](ctx context.Context, p Process, method string, params any, duration time.Duration, progress func(float64)) (*R, error) {
	wall := engineWall + 4*duration
	client := engine.Client{Name: EngineName, Path: p.Path, Limits: proc.Limits{
		Wall: wall, CPU: wall * time.Duration(runtime.NumCPU()), Progress: engineProgress,
		Memory: engineMemory, FileSize: engineFile, Nice: engineNice,
	}}
	var result R
	if err := client.Call(ctx, method, params, &result, engine.Handler{Progress: progress}); err != nil {
		return nil, err
	}
	return &result, nil
}

// Methods are the protocol methods of an executable whose work e does.
func Methods(e Engine) map[string]engine.Method {
	return map[string]engine.Method{
		methodShots:  answer(methodShots, e.Shots),
		methodThumbs: answer(methodThumbs, e.Thumbs),
	}
}

func answer[P, R any](name string, work func(context.Context, P, func(float64)) (R, error)) engine.Method {
	return func(ctx context.Context, params json.RawMessage, reply engine.Reply) (any, error) {
		var p P
		if err := json.Unmarshal(params, &p); err != nil {
			return nil, models.Errorf(models.CodeInvalidArgument, "parameters of %s cannot be read", name).Because(err)
		}
		return work(ctx, p, reply.Progress)
	}
}
