package api

import (
	"context"
	"path/filepath"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Commands change the library of a workspace. Each returns when what it asks for
// is sure to happen, not when it has happened, and may be called again. An
// [analyzer.Answer] of its context is made in its transaction.
type Commands interface {
	// Create takes a source in and queues its stages. The same bytes are the same
	// video, for which what is not empty in r replaces what was set before.
	// SOURCE_UNAVAILABLE and what else can be wrong with a file; STORAGE_FULL.
	Create(ctx context.Context, r CreateRequest) error

	// Update changes what the owner of a video says of it; see [analyzer.Control.Update].
	Update(ctx context.Context, id string, d analyzer.Details) error

	// Analyze queues the stages, all where none are named, whose results are not
	// current; with force also those that are, and the stages that rest on them.
	// NOT_FOUND; INVALID_ARGUMENT for a stage there is not.
	Analyze(ctx context.Context, id string, stages []string, force bool) error

	// Cancel ends the stages that run and those that wait. NOT_FOUND; NOT_RUNNING
	// where there are none.
	Cancel(ctx context.Context, id string) error

	// Import makes captions those of a video; see [analyzer.Intake.Import].
	Import(ctx context.Context, id string, c analyzer.Captions, ifRevision *int64) error

	// Edit changes the transcript or the chapters; see [analyzer.Control.Edit].
	Edit(ctx context.Context, id string, kind models.CueKind, by analyzer.Editor, plan edits.Plan) error

	// RevertEdit takes an edit back; see [analyzer.Control.RevertEdit].
	RevertEdit(ctx context.Context, id, edit string, by analyzer.Editor) error

	// Delete deletes a video; see [analyzer.Control.Delete].
	Delete(ctx context.Context, id string, d analyzer.Deletion) error

	// Undelete brings a deleted video back; see [analyzer.Control.Undelete].
	Undelete(ctx context.Context, id string) error
}

// CreateRequest is a source and what is known of it.
type CreateRequest struct {
	Path string // absolute, on this machine; or
	Blob string // the key of a blob below [analyzer.ImportPrefix]
	analyzer.Options
}

func (s *videoService) CreateVideo(ctx context.Context, req *cuepointv1.CreateVideoRequest) (*cuepointv1.Video, error) {
	given := req.GetVideo()
	r := CreateRequest{Blob: req.GetBlob(), Options: analyzer.Options{
		Title: given.GetTitle(), Language: given.GetLanguageCode(), Labels: given.GetLabels(), ExternalID: given.GetExternalId(),
	}}
	err := checkLanguage("video.language_code", r.Language)
	if err != nil {
		return nil, err
	}
	if r.Blob == "" {
		if r.Path, err = parsePath("path", req.GetPath()); err != nil {
			return nil, err
		}
	}
	if len(req.GetCaptionsPath()) > 0 {
		if r.Captions, err = parsePath("captions_path", req.GetCaptionsPath()); err != nil {
			return nil, err
		}
	}
	caller := access.From(ctx)
	owns := caller.Local || caller.Workspace == models.DefaultWorkspace && caller.May(models.ScopeAdmin)
	if !owns && (r.Path != "" || r.Captions != "") {
		return nil, models.Errorf(models.CodePermissionDenied,
			"files of the server's machine are read for who has the scope admin in the workspace %s, and on that machine", models.DefaultWorkspace)
	}
	return carryOut(ctx, s.commands, videoAnswer, func(ctx context.Context, c Commands) error { return about("blob", c.Create(ctx, r)) })
}

func (s *videoService) AnalyzeVideo(ctx context.Context, req *cuepointv1.AnalyzeVideoRequest) (*longrunningpb.Operation, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return carryOut(ctx, s.commands, begin("AnalyzeVideo"), func(ctx context.Context, c Commands) error {
		return about("stages", c.Analyze(ctx, id, req.GetStages(), req.GetForce()))
	})
}

func (s *videoService) CancelVideo(ctx context.Context, req *cuepointv1.CancelVideoRequest) (*cuepointv1.Video, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return carryOut(ctx, s.commands, videoAnswer, func(ctx context.Context, c Commands) error { return c.Cancel(ctx, id) })
}

func (s *videoService) DeleteVideo(ctx context.Context, req *cuepointv1.DeleteVideoRequest) (*cuepointv1.Video, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	d := analyzer.Deletion{Purge: req.GetPurge(), AllowMissing: req.GetAllowMissing()}
	if d.IfRevision, err = parseEtag("etag", req.GetEtag()); err != nil {
		return nil, err
	}
	return carryOut(ctx, s.commands, deletedAnswer, func(ctx context.Context, c Commands) error { return c.Delete(ctx, id, d) })
}

func (s *videoService) UndeleteVideo(ctx context.Context, req *cuepointv1.UndeleteVideoRequest) (*cuepointv1.Video, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return carryOut(ctx, s.commands, videoAnswer, func(ctx context.Context, c Commands) error { return c.Undelete(ctx, id) })
}

// carryOut gives a command, and returns the answer that is made in its
// transaction of the video that it leaves: nobody changes that in between, and a
// request with a name has it remembered there. Every method that changes
// something of a video does it so.
func carryOut[A proto.Message](ctx context.Context, commands func(workspace string) Commands,
	answer func(ctx context.Context, lib store.TxLibrary, id string) (A, error),
	give func(ctx context.Context, to Commands) error,
) (made A, err error) {
	if commands == nil {
		return made, noCommands()
	}
	ctx = analyzer.WithAnswer(ctx, func(ctx context.Context, lib store.TxLibrary, id string) (err error) {
		if made, err = answer(ctx, lib, id); err != nil {
			return err
		}
		return remember(ctx, lib, id, made)
	})
	if err := give(ctx, commands(access.From(ctx).Workspace)); err != nil {
		var none A
		return none, err
	}
	return made, nil
}

// deletedAnswer describes a video that may be gone.
func deletedAnswer(ctx context.Context, lib store.TxLibrary, id string) (*cuepointv1.Video, error) {
	video, err := videoAnswer(ctx, lib, id)
	if models.ErrorCode(err) == models.CodeNotFound {
		return &cuepointv1.Video{Name: videoName(id), State: cuepointv1.Video_STATE_DELETED}, nil
	}
	return video, err
}

// videoAnswer describes the video of a command.
func videoAnswer(ctx context.Context, lib store.TxLibrary, id string) (*cuepointv1.Video, error) {
	video, err := lib.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	return describe(ctx, lib, video, cuepointv1.VideoView_VIDEO_VIEW_BASIC)
}

func noCommands() error {
	return models.Errorf(models.CodeUnimplemented, "this process takes no commands")
}

// parsePath returns the path of a file on this machine, which stands in a field.
// A relative one would be another file here than where it was written.
func parsePath(field string, raw []byte) (string, error) {
	path := string(raw)
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return "", invalid(field, "want an absolute path on the server's machine, not %q", shorten(path))
	}
	return path, nil
}
