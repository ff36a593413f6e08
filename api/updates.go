package api

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

func (s *videoService) UpdateVideo(ctx context.Context, req *cuepointv1.UpdateVideoRequest) (*cuepointv1.Video, error) {
	given := req.GetVideo()
	id, err := parseVideo("video.name", given.GetName())
	if err != nil {
		return nil, err
	}
	details, err := detailsOf(given, req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	if details.IfRevision, err = parseEtag("video.etag", given.GetEtag()); err != nil {
		return nil, err
	}
	return carryOut(ctx, s.commands, videoAnswer, func(ctx context.Context, c Commands) error {
		return about("video.labels", c.Update(ctx, id, details))
	})
}

// mostPaths is how many fields an update mask can name.
const mostPaths = 100

// detailsOf are the fields of a video that a mask names; without a mask those
// that are not empty (AIP-134). What is not the owner's to say is left out.
func detailsOf(v *cuepointv1.Video, mask *fieldmaskpb.FieldMask) (d analyzer.Details, err error) {
	paths := mask.GetPaths()
	switch {
	case len(paths) > mostPaths:
		return d, invalid("update_mask", "it names %d fields, more than %d", len(paths), mostPaths)
	case len(paths) == 0:
		v.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			paths = append(paths, string(f.Name()))
			return true
		})
	case slices.Contains(paths, "*"):
		paths = []string{"title", "language_code", "external_id", "labels"}
	}
	for _, path := range paths {
		if err := addDetail(&d, v, path); err != nil {
			return d, err
		}
	}
	return d, nil
}

// addDetail adds what a path of a mask names.
func addDetail(d *analyzer.Details, v *cuepointv1.Video, path string) error {
	field, key, within := strings.Cut(path, ".")
	switch {
	case path == "": // as the gateway says that nothing was given
	case path == "title":
		d.Title = &v.Title
	case path == "external_id":
		d.ExternalID = &v.ExternalId
	case path == "language_code":
		d.Language = &v.LanguageCode
		return checkLanguage("video.language_code", v.GetLanguageCode())
	case path == "labels":
		d.Labels = &v.Labels
	case field == "labels" && models.IsLabelKey(key):
		if d.Label == nil {
			d.Label = map[string]*string{}
		}
		d.Label[key] = nil
		if value, ok := v.GetLabels()[key]; ok {
			d.Label[key] = &value
		}
	case within || v.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(path)) == nil:
		return invalid("update_mask", "there is no field %q that could be changed; those there are: title, language_code, external_id, labels, labels.KEY", shorten(path))
	}
	return nil
}

func checkLanguage(field, tag string) error {
	if _, err := language.Parse(tag); tag != "" && err != nil {
		return invalid(field, "want a language tag (BCP 47) such as de or pt-BR, not %q", shorten(tag))
	}
	return nil
}

// Etag stands for a revision of what the owner of a video says of it (AIP-154).
func Etag(revision int64) string { return strconv.Quote(strconv.FormatInt(revision, 10)) }

// parseEtag returns the revision that an etag stands for, which stands in a
// field; nil for none.
func parseEtag(field, etag string) (*int64, error) {
	if etag == "" {
		return nil, nil
	}
	inner, err := strconv.Unquote(etag)
	if err == nil {
		if revision, err := strconv.ParseInt(inner, 10, 64); err == nil {
			return &revision, nil
		}
	}
	return nil, invalid(field, "want an etag as a video has it, quotes and all, not %q", shorten(etag))
}
