package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// edited is what a video's owner says of it.
type edited struct {
	Title, Language, ExternalID, Etag string
	Labels                            map[string]string
}

func editedOf(v *cuepointv1.Video) edited {
	return edited{v.GetTitle(), v.GetLanguageCode(), v.GetExternalId(), v.GetEtag(), v.GetLabels()}
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestUpdatesChangeWhatTheirMaskNames(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	all := &cuepointv1.Video{Name: "videos/tides", Title: "Ebb", LanguageCode: "de", ExternalId: "x1", Labels: map[string]string{"a": "1", "b": "2"}}
	for _, tt := range []struct {
		name  string
		video *cuepointv1.Video
		paths []string
		want  edited
	}{
		{"without a mask all that is set", all, nil, edited{"Ebb", "de", "x1", `"1"`, map[string]string{"a": "1", "b": "2"}}},
		{"what was so before is no change", all, []string{"*"}, edited{"Ebb", "de", "x1", `"1"`, map[string]string{"a": "1", "b": "2"}}},
		{"one label", &cuepointv1.Video{Labels: map[string]string{"b": "3", "c": "4"}}, []string{"labels.b"}, edited{"Ebb", "de", "x1", `"2"`, map[string]string{"a": "1", "b": "3"}}},
		{"one label less", &cuepointv1.Video{}, []string{"labels.a", "labels.z"}, edited{"Ebb", "de", "x1", `"3"`, map[string]string{"b": "3"}}},
		{"all labels", &cuepointv1.Video{Labels: map[string]string{"c": "4"}}, []string{"labels"}, edited{"Ebb", "de", "x1", `"4"`, map[string]string{"c": "4"}}},
		{"what is not the owner's", &cuepointv1.Video{State: 8, Source: "x"}, []string{"state", "source", "name", "etag", "stages"}, edited{"Ebb", "de", "x1", `"4"`, map[string]string{"c": "4"}}},
		{"all, to nothing", &cuepointv1.Video{}, []string{"*"}, edited{"tides\uFFFD", "", "", `"5"`, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.video.Name = "videos/tides"
			v, err := h.Videos.UpdateVideo(t.Context(), &cuepointv1.UpdateVideoRequest{Video: tt.video, UpdateMask: mask(tt.paths...)})
			if diff := cmp.Diff(tt.want, editedOf(v)); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			got, err := h.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides", View: cuepointv1.VideoView_VIDEO_VIEW_BASIC})
			if diff := cmp.Diff(v, got, protocmp.Transform()); err != nil || diff != "" {
				t.Errorf("read again, %v (-answered +got):\n%s", err, diff)
			}
		})
	}
}

func TestUpdatesOverREST(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	patch := func(path, body string) answer {
		return h.ask(t, http.MethodPatch, "/v1/videos/tides"+path, strings.NewReader(body), nil)
	}
	a := patch("", `{"title": "Ebb", "labels": {"course": "physics"}}`)
	if v := a.JSON(t); a.Code != 200 || v["title"] != "Ebb" || v["labels"].(map[string]any)["course"] != "physics" || v["languageCode"] != "en" || v["etag"] != `"1"` {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	a = patch("?update_mask=title,labels.term", `{"labels": {"term": "1", "course": "no"}, "etag": "\"1\""}`)
	if v := a.JSON(t); a.Code != 200 || v["title"] != "tides\uFFFD" || fmt.Sprint(v["labels"]) != "map[course:physics term:1]" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	for _, tt := range []struct {
		name, path, body string
		code             int
		reason, field    string
	}{
		{"an earlier etag", "", `{"title": "Flow", "etag": "\"1\""}`, 409, "CONFLICT", ""},
		{"an etag of nobody's", "", `{"title": "Flow", "etag": "W/\"1\""}`, 400, "INVALID_ARGUMENT", "video.etag"},
		{"a field there is not", "?update_mask=nice", `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"a part of a field", "?update_mask=title.x", `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"a label that cannot be", "?update_mask=labels.UP", `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"a huge mask", "?update_mask=" + strings.Repeat("title,", 5000), `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"a title of two lines", "", `{"title": "a\nb"}`, 400, "INVALID_ARGUMENT", "video.title"},
		{"a title too long", "", `{"title": "` + strings.Repeat("a", 1025) + `"}`, 400, "INVALID_ARGUMENT", "video.title"},
		{"a language there is not", "", `{"languageCode": "deutsch"}`, 400, "INVALID_ARGUMENT", "video.language_code"},
		{"a key that cannot be", "", `{"labels": {"Über": "1"}}`, 400, "INVALID_ARGUMENT", `video.labels["Über"]`},
		{"an external id of two lines", "", `{"externalId": "a\u0000"}`, 400, "INVALID_ARGUMENT", "video.external_id"},
		{"no JSON", "", `{"title": NaN}`, 400, "INVALID_ARGUMENT", ""},
		{"deep JSON", "", strings.Repeat(`{"labels":`, 100_000), 400, "INVALID_ARGUMENT", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := patch(tt.path, tt.body)
			reason, field := details(t, a)
			if a.Code != tt.code || reason != tt.reason || field != tt.field {
				t.Errorf("%d, reason %q about %q: %.500s", a.Code, reason, field, a.Body)
			}
		})
	}
}

func TestUpdatesThatCannotBe(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	h.add(t, "other")
	update := func(v *cuepointv1.Video, paths ...string) error {
		_, err := h.Videos.UpdateVideo(t.Context(), &cuepointv1.UpdateVideoRequest{Video: v, UpdateMask: mask(paths...)})
		return err
	}
	if err := update(&cuepointv1.Video{Name: "videos/other", ExternalId: "x1", Labels: map[string]string{"a": ""}}); err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for i := range 64 {
		many[fmt.Sprintf("k%d", i)] = ""
	}
	if err := update(&cuepointv1.Video{Name: "videos/other", Labels: many}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		err    error
		code   codes.Code
		reason models.Code
	}{
		"another's external id": {update(&cuepointv1.Video{Name: "videos/tides", ExternalId: "x1"}), codes.AlreadyExists, models.CodeAlreadyExists},
		"no video":              {update(&cuepointv1.Video{Name: "videos/nope", Title: "x"}), codes.NotFound, models.CodeNotFound},
		"a 65th label":          {update(&cuepointv1.Video{Name: "videos/other", Labels: map[string]string{"one": ""}}, "labels.one"), codes.InvalidArgument, models.CodeInvalidArgument},
		"two etags at once":     {update(&cuepointv1.Video{Name: "videos/tides", Title: "x", Etag: `"1""1"`}), codes.InvalidArgument, models.CodeInvalidArgument},
		"an etag of the future": {update(&cuepointv1.Video{Name: "videos/tides", Title: "x", Etag: `"99"`}), codes.Aborted, models.CodeConflict},
	} {
		if s := status.Convert(tt.err); s.Code() != tt.code || reasonOf(s) != string(tt.reason) {
			t.Errorf("%s: %v", name, s)
		}
	}
	v, err := h.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
	if err != nil || v.GetEtag() != `"0"` || v.GetTitle() != "Tides" {
		t.Errorf("after what was refused: %v, %v", v, err)
	}
}
