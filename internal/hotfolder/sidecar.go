package hotfolder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/transcribe"
)

// maxSidecar bounds a sidecar, in bytes: the most that can be said fits.
const maxSidecar = 64 << 10

// sidecar is what stands beside a file: `film.mp4.json` says more of `film.mp4`.
type sidecar struct {
	models.UploadVideo
	captions string // name of a captions file in the same directory; empty for none
}

// parseSidecar reads a sidecar strictly: INVALID_ARGUMENT names what is wrong.
func parseSidecar(content []byte) (sidecar, error) {
	var s sidecar
	fields := map[string]any{
		"title": &s.Title, "language": &s.Language, "labels": &s.Labels, "external_id": &s.ExternalID,
		"allow_duplicate": &s.AllowDuplicate, "captions": &s.captions,
	}
	var given map[string]json.RawMessage
	content = bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF")) // as some editors begin a file
	if err := json.Unmarshal(content, &given); err != nil || given == nil {
		return s, models.Errorf(models.CodeInvalidArgument, "it is no JSON object; write it as {\"title\": \"…\"}").Because(err)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		to, known := fields[name]
		if !known {
			return s, models.Errorf(models.CodeInvalidArgument, "there is no field %.80q; the fields are %s", name,
				strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		if err := json.Unmarshal(given[name], to); err != nil {
			return s, models.Errorf(models.CodeInvalidArgument, "%s: this is no value for it; see what the field is for", name).Because(err)
		}
	}
	return s, s.check()
}

// check refuses values that cannot be, by the names of their fields.
func (s sidecar) check() error {
	for _, field := range []struct {
		name  string
		alone models.UploadVideo
	}{
		{"title", models.UploadVideo{Title: s.Title}}, {"language", models.UploadVideo{Language: s.Language}},
		{"labels", models.UploadVideo{Labels: s.Labels}}, {"external_id", models.UploadVideo{ExternalID: s.ExternalID}},
	} {
		if err := ingest.CheckVideo(field.alone); err != nil {
			return about(field.name, err)
		}
	}
	if name := s.captions; name != "" && (isHidden(name) || strings.ContainsAny(name, `/\`+"\x00") || len(name) > 255) {
		return models.Errorf(models.CodeInvalidArgument, "captions: %.80q is no name of a file beside this one; give a name without a directory", name)
	}
	return nil
}

// about is an error that begins with what it is about.
func about(what string, err error) error {
	e := models.AsError(err)
	return models.Errorf(e.Code, "%s: %s", what, e.Message).Because(e.Err)
}

// said is what stands beside a file.
type said struct {
	version string // of the sidecar; empty without one
	video   models.UploadVideo
}

// readSidecar reads what stands beside a file, and stores its captions.
func (w *Watch) readSidecar(ctx context.Context, name string) (said, error) {
	content, file, err := w.readAll(ctx, sidecarOf(name), maxSidecar)
	if models.ErrorCode(err) == models.CodeNotFound {
		return said{}, nil
	}
	found := said{version: file.Version}
	if err != nil {
		return found, about(path.Base(sidecarOf(name)), err)
	}
	s, err := parseSidecar(content)
	if err == nil && s.captions != "" {
		s.Captions, err = w.readCaptions(ctx, path.Join(path.Dir(name), s.captions), s.Language)
	}
	if err != nil {
		return found, about(path.Base(sidecarOf(name)), err)
	}
	found.video = s.UploadVideo
	return found, nil
}

// readCaptions stores a captions file for the video that is to have it.
func (w *Watch) readCaptions(ctx context.Context, name, language string) (*models.Sidecar, error) {
	content, _, err := w.readAll(ctx, name, transcribe.MaxCaptions)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, models.Errorf(models.CodeInvalidArgument, "captions: there is no file %.80q; put it there, and write this one again", path.Base(name))
	}
	if err != nil {
		return nil, about("captions", err)
	}
	kept, err := w.Intake.Keep(ctx, w.Workspace, path.Base(name), analyzer.Captions{Content: content, Language: language}, keepCaptions)
	if err != nil {
		return nil, about("captions", err)
	}
	return kept, nil
}

// readAll reads a file of at most as many bytes. INVALID_ARGUMENT for a larger one.
func (w *Watch) readAll(ctx context.Context, name string, limit int64) ([]byte, File, error) {
	body, file, err := w.Source.Open(ctx, name, 0)
	if err != nil {
		return nil, file, err
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = models.Errorf(models.CodeInvalidArgument, "it has more than %d bytes", limit)
	}
	if err != nil && models.ErrorCode(err) == models.CodeInternal && !errors.Is(err, context.Canceled) {
		err = models.Errorf(models.CodeSourceUnavailable, "it cannot be read; check the disk it is on").Because(err)
	}
	return content, file, err
}
