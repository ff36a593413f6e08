package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// editors are the clients of who edits a video, tides, which says "Tides are
// pulled by the moon." from 1.5 s on, and another sentence from 40 s on.
type editors struct {
	*held
	transcripts cuepointv1.TranscriptServiceClient
	insights    cuepointv1.InsightServiceClient
	edits       cuepointv1.EditServiceClient
}

const (
	tides   = "videos/tides/transcripts/-"
	moon    = tides + "/segments/tides-said-0"
	seconds = time.Second
)

func setupEditors(t *testing.T) *editors {
	t.Helper()
	h := setupHeld(t)
	conn := h.dial(t)
	return &editors{h, cuepointv1.NewTranscriptServiceClient(conn), cuepointv1.NewInsightServiceClient(conn), cuepointv1.NewEditServiceClient(conn)}
}

// said is the transcript as text.
func (e *editors) said(t *testing.T) string {
	t.Helper()
	file, err := e.transcripts.ExportTranscript(t.Context(), &cuepointv1.ExportTranscriptRequest{Name: tides, Format: cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_TXT})
	if err != nil {
		t.Fatal(err)
	}
	return string(file.GetData())
}

func (e *editors) wantSaid(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n")+"\n", e.said(t)); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

func (e *editors) found(t *testing.T, query string) int {
	t.Helper()
	resp, err := cuepointv1.NewSearchServiceClient(e.dial(t)).Search(t.Context(), &cuepointv1.SearchRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	return len(resp.GetMoments())
}

func (e *editors) history(t *testing.T, states ...cuepointv1.Edit_State) (all []string) {
	t.Helper()
	for token := ""; ; {
		resp, err := e.edits.ListEdits(t.Context(), &cuepointv1.ListEditsRequest{Parent: "videos/tides", PageSize: 1, PageToken: token, States: states})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range resp.GetEdits() {
			all = append(all, strings.TrimPrefix(one.GetAction().String(), "ACTION_")+" "+strings.TrimPrefix(one.GetState().String(), "STATE_"))
		}
		if token = resp.GetNextPageToken(); token == "" {
			return all
		}
	}
}

func TestACorrectionIsSeenAndFoundAtOnce(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	segment, err := e.transcripts.UpdateSegment(t.Context(), &cuepointv1.UpdateSegmentRequest{
		Segment: &cuepointv1.Segment{Name: moon, Text: " Tides are drawn  by the moon. ", Speaker: "Ann"}, Etag: `"0"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	if segment.GetText() != "Tides are drawn by the moon." || segment.GetSpeaker() != "Ann" || segment.GetStartOffset().AsDuration() != 1500*time.Millisecond ||
		segment.GetName() != "videos/tides/transcripts/en/segments/tides-said-0" || segment.GetEdit() == "" || segment.GetConfidence() != 1 {
		t.Errorf("answered %v", segment)
	}
	if words := segment.GetWords(); len(words) != 6 || words[0].GetEndOffset().AsDuration() != 2*seconds {
		t.Errorf("words %v, want the first as it was", words)
	}
	e.wantSaid(t, "Tides are drawn by the moon.", "Des marées d’été.")
	if e.found(t, "drawn") != 1 || e.found(t, "pulled") != 0 {
		t.Error("search does not find what is said now")
	}
	for format, want := range map[cuepointv1.TranscriptFormat]string{
		cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_VTT: "<v Ann>Tides are drawn", cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_SRT: "drawn",
		cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_TTML: "drawn", cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_JSON: "drawn",
	} {
		file, err := e.transcripts.ExportTranscript(t.Context(), &cuepointv1.ExportTranscriptRequest{Name: tides, Format: format})
		if err != nil || !strings.Contains(string(file.GetData()), want) || strings.Contains(string(file.GetData()), "pulled") {
			t.Errorf("%v: %s, %v", format, file.GetData(), err)
		}
	}

	made, err := e.edits.GetEdit(t.Context(), &cuepointv1.GetEditRequest{Name: segment.GetEdit()})
	if err != nil || made.GetAuthor() != "keys/"+strings.Split(e.Key, "_")[1] || made.GetBefore()[0].GetText() != "Tides are pulled by the moon." ||
		made.GetAfter()[0].GetSpeaker() != "Ann" || made.GetCreateTime() == nil || made.GetKind() != "speech" {
		t.Errorf("%v, %v", made, err)
	}
	if diff := cmp.Diff([]string{"CORRECT ACTIVE"}, e.history(t)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	reverted, err := e.edits.RevertEdit(t.Context(), &cuepointv1.RevertEditRequest{Name: segment.GetEdit(), Etag: `"1"`})
	if err != nil || reverted.GetState() != cuepointv1.Edit_STATE_REVERTED {
		t.Errorf("%v, %v", reverted, err)
	}
	e.wantSaid(t, "Tides are pulled by the moon.", "Des marées d’été.")
	_, err = e.edits.RevertEdit(t.Context(), &cuepointv1.RevertEditRequest{Name: segment.GetEdit()})
	if status.Code(err) != codes.FailedPrecondition || reasonOf(status.Convert(err)) != "NOT_REVERTIBLE" {
		t.Errorf("reverted twice: %v", err)
	}
	if got := e.history(t, cuepointv1.Edit_STATE_ACTIVE); got != nil {
		t.Errorf("active are %v", got)
	}
}

func TestSegmentsAreSplitMergedAddedAndRemoved(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	split, err := e.transcripts.SplitSegment(t.Context(), &cuepointv1.SplitSegmentRequest{Name: moon, CharacterOffset: 9, Offset: durationpb.New(2 * seconds)})
	if err != nil || len(split.GetSegments()) != 2 || split.GetSegments()[0].GetEndOffset().AsDuration() != 2*seconds {
		t.Fatalf("%v, %v", split, err)
	}
	e.wantSaid(t, "Tides are", "pulled by the moon.", "Des marées d’été.")
	one, two := split.GetSegments()[0].GetName(), split.GetSegments()[1].GetName()
	merged, err := e.transcripts.MergeSegments(t.Context(), &cuepointv1.MergeSegmentsRequest{Parent: tides, Names: []string{two, one}})
	if err != nil || merged.GetText() != "Tides are pulled by the moon." || merged.GetName() != one || merged.GetEndOffset().AsDuration() != 4*seconds {
		t.Errorf("%v, %v", merged, err)
	}
	added, err := e.transcripts.CreateSegment(t.Context(), &cuepointv1.CreateSegmentRequest{Parent: "videos/tides/transcripts/en", Segment: &cuepointv1.Segment{
		Text: "And the sun.", Speaker: "Ann", StartOffset: durationpb.New(5 * seconds), EndOffset: durationpb.New(6 * seconds),
	}})
	if err != nil || added.GetSpeaker() != "Ann" || added.GetId() == "" {
		t.Errorf("%v, %v", added, err)
	}
	e.wantSaid(t, "Tides are pulled by the moon.", "And the sun.", "Des marées d’été.")
	renamed, err := e.transcripts.RenameSpeaker(t.Context(), &cuepointv1.RenameSpeakerRequest{Name: tides, Speaker: "Ann", NewSpeaker: "Anne"})
	if err != nil || renamed.GetNewSpeaker() != "Anne" || renamed.GetAction() != cuepointv1.Edit_ACTION_RENAME {
		t.Errorf("%v, %v", renamed, err)
	}
	if _, err := e.transcripts.DeleteSegment(t.Context(), &cuepointv1.DeleteSegmentRequest{Name: one}); err != nil {
		t.Error(err)
	}
	e.wantSaid(t, "And the sun.", "Des marées d’été.")
	want := []string{"REMOVE ACTIVE", "RENAME ACTIVE", "ADD SUPERSEDED", "MERGE SUPERSEDED", "SPLIT SUPERSEDED"}
	if diff := cmp.Diff(want, e.history(t)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	events, err := cuepointv1.NewEventServiceClient(e.dial(t)).ListEvents(t.Context(), &cuepointv1.ListEventsRequest{
		Types: []cuepointv1.Event_Type{cuepointv1.Event_TYPE_TRANSCRIPT_EDITED},
	})
	if err != nil || len(events.GetEvents()) != len(want) {
		t.Errorf("%d events (%v), want %d", len(events.GetEvents()), err, len(want))
	}
}

func TestEditsOverREST(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	call := func(verb, path, body string) answer { return e.ask(t, verb, "/v1/"+path, strings.NewReader(body), nil) }
	a := call(http.MethodPatch, moon+`?etag="0"`, `{"text": "Tides are drawn by the moon."}`)
	name, _ := a.JSON(t)["edit"].(string)
	if a.Code != 200 || name == "" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	for _, tt := range []struct {
		name, verb, path, body string
		code                   int
		reason, field          string
	}{
		{"an etag of before", http.MethodPatch, moon + `?etag="0"`, `{"text": "x"}`, 409, "CONFLICT", ""},
		{"no etag", http.MethodPatch, moon + "?etag=0", `{"text": "x"}`, 400, "INVALID_ARGUMENT", "etag"},
		{"nothing to change", http.MethodPatch, moon, `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"an unknown field", http.MethodPatch, moon + "?update_mask=color", `{}`, 400, "INVALID_ARGUMENT", "update_mask"},
		{"no text", http.MethodPatch, moon + "?update_mask=text", `{}`, 400, "INVALID_ARGUMENT", ""},
		{"an end before the start", http.MethodPatch, moon, `{"endOffset": "1s"}`, 400, "INVALID_ARGUMENT", ""},
		{"a time that is none", http.MethodPatch, moon, `{"startOffset": "-1s"}`, 400, "INVALID_ARGUMENT", "segment.start_offset"},
		{"a text without end", http.MethodPatch, moon, `{"text": "` + strings.Repeat("x", 5000) + `"}`, 400, "INVALID_ARGUMENT", "segment.text"},
		{"a text that a terminal obeys", http.MethodPatch, moon, `{"text": "\u001b[31mx"}`, 400, "INVALID_ARGUMENT", "segment.text"},
		{"a speaker that no captions can name", http.MethodPatch, moon, `{"speaker": "Ann\u0000"}`, 400, "INVALID_ARGUMENT", "segment.speaker"},
		{"a name that no captions can say", http.MethodPost, tides + ":renameSpeaker", `{"speaker": "A", "newSpeaker": "B\u0007"}`, 400, "INVALID_ARGUMENT", "new_speaker"},
		{"a time too short to be shown", http.MethodPatch, moon, `{"startOffset": "1.5s", "endOffset": "1.500000001s"}`, 400, "INVALID_ARGUMENT", ""},
		{"a split too near to the end", http.MethodPost, moon + ":split", `{"characterOffset": 9, "offset": "3.9999999s"}`, 400, "INVALID_ARGUMENT", ""},
		{"another language", http.MethodPatch, "videos/tides/transcripts/de/segments/tides-said-0", `{"text": "x"}`, 404, "NOT_FOUND", ""},
		{"another segment", http.MethodPatch, tides + "/segments/none", `{"text": "x"}`, 404, "NOT_FOUND", ""},
		{"another video", http.MethodDelete, "videos/none/transcripts/-/segments/x", ``, 404, "NOT_FOUND", ""},
		{"nobody", http.MethodPost, tides + ":renameSpeaker", `{"speaker": "A", "newSpeaker": "B"}`, 404, "NOT_FOUND", ""},
		{"a speaker without a name", http.MethodPost, tides + ":renameSpeaker", `{"speaker": "A"}`, 400, "INVALID_ARGUMENT", "new_speaker"},
		{"a request id that is none", http.MethodPost, tides + ":renameSpeaker", `{"speaker": "A", "newSpeaker": "B", "requestId": "x"}`, 400, "INVALID_ARGUMENT", "request_id"},
		{"one to be merged", http.MethodPost, tides + "/segments:merge", `{"names": ["` + moon + `"]}`, 400, "INVALID_ARGUMENT", "names"},
		{"a split at the end", http.MethodPost, moon + ":split", `{"characterOffset": 500}`, 400, "INVALID_ARGUMENT", ""},
		{"no edit", http.MethodPost, "videos/tides/edits/none:revert", `{}`, 404, "NOT_FOUND", ""},
		{"another video's edit", http.MethodGet, strings.Replace(name, "tides", "none", 1), ``, 404, "NOT_FOUND", ""},
		{"a page that nobody gave", http.MethodGet, "videos/tides/edits?page_token=x", ``, 400, "INVALID_ARGUMENT", "page_token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := call(tt.verb, tt.path, tt.body)
			if a.Code != tt.code {
				t.Errorf("%d %s", a.Code, a.Body)
			}
			contains(t, a.Body, `"reason":"`+tt.reason+`"`)
			if tt.field != "" {
				contains(t, a.Body, `"field":"`+tt.field+`"`)
			}
		})
	}
	if a = call(http.MethodPost, name+":revert", `{}`); a.Code != 200 || a.JSON(t)["state"] != "STATE_REVERTED" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	e.wantSaid(t, "Tides are pulled by the moon.", "Des marées d’été.")
}

func (e *editors) chapters(t *testing.T) (all []string) {
	t.Helper()
	resp, err := e.insights.ListChapters(t.Context(), &cuepointv1.ListChaptersRequest{Parent: "videos/tides"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range resp.GetChapters() {
		all = append(all, fmt.Sprintf("%v-%v %s", c.GetStartOffset().AsDuration(), c.GetEndOffset().AsDuration(), c.GetTitle()))
	}
	return all
}

func TestChaptersAreEdited(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	want := func(chapters ...string) {
		t.Helper()
		if diff := cmp.Diff(chapters, e.chapters(t)); diff != "" {
			t.Errorf("chapters (-want +got):\n%s", diff)
		}
	}
	made, err := e.insights.CreateChapter(t.Context(), &cuepointv1.CreateChapterRequest{
		Parent: "videos/tides", Chapter: &cuepointv1.Chapter{Title: "Marées", StartOffset: durationpb.New(40 * seconds)},
	})
	if err != nil || made.GetEndOffset().AsDuration() != 90*seconds || made.GetEdit() == "" {
		t.Fatalf("%v, %v", made, err)
	}
	want("0s-40s Tides", "40s-1m30s Marées")
	if e.found(t, "marées") != 2 {
		t.Error("a chapter is not found by its title")
	}
	changed, err := e.insights.UpdateChapter(t.Context(), &cuepointv1.UpdateChapterRequest{
		Chapter: &cuepointv1.Chapter{Name: made.GetName(), Title: "Summer tides", StartOffset: durationpb.New(39 * seconds)}, UpdateMask: mask("*"),
	})
	if err != nil || changed.GetName() != made.GetName() || changed.GetTitle() != "Summer tides" {
		t.Errorf("%v, %v", changed, err)
	}
	want("0s-39s Tides", "39s-1m30s Summer tides")
	if _, err := e.insights.DeleteChapter(t.Context(), &cuepointv1.DeleteChapterRequest{Name: "videos/tides/chapters/tides-chapter-0"}); err != nil {
		t.Error(err)
	}
	want("39s-1m30s Summer tides")
	for _, c := range []*cuepointv1.Chapter{
		{Title: "", StartOffset: durationpb.New(60 * seconds)}, {Title: "x"}, {Title: "x", StartOffset: durationpb.New(90 * seconds)},
		{Title: "x", StartOffset: durationpb.New(39*seconds + seconds/2)}, {Title: strings.Repeat("x", 501), StartOffset: durationpb.New(60 * seconds)},
		{Title: "a\x1b[31mb", StartOffset: durationpb.New(60 * seconds)}, {Title: "a\x00b", StartOffset: durationpb.New(50 * seconds)},
	} {
		_, err := e.insights.CreateChapter(t.Context(), &cuepointv1.CreateChapterRequest{Parent: "videos/tides", Chapter: c})
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v, want INVALID_ARGUMENT", c, err)
		}
	}
	all, err := e.edits.ListEdits(t.Context(), &cuepointv1.ListEditsRequest{Parent: "videos/tides"})
	if err != nil || len(all.GetEdits()) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, one := range all.GetEdits() {
		if _, err := e.edits.RevertEdit(t.Context(), &cuepointv1.RevertEditRequest{Name: one.GetName()}); err != nil {
			t.Error(err)
		}
	}
	want("0s-1m30s Tides")
}

func TestAPosterIsChosen(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	poster := func(want string, offset *durationpb.Duration) {
		t.Helper()
		chosen, err := e.insights.SetPoster(t.Context(), &cuepointv1.SetPosterRequest{Name: "videos/tides", Offset: offset})
		if err != nil || !strings.HasSuffix(chosen.GetUri(), want) || !chosen.GetPoster() {
			t.Errorf("%v, %v, want %s", chosen, err, want)
		}
		v, err := e.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
		if err != nil || v.GetPlayback().GetPosterUri() != chosen.GetUri() {
			t.Errorf("%v, %v, want the poster %v", v.GetPlayback(), err, chosen)
		}
	}
	poster("0002.jpg", durationpb.New(60*seconds))
	poster("0001.jpg", durationpb.New(12*seconds))
	poster("poster.jpg", durationpb.New(0))
	poster("poster.jpg", nil)

	var offsets []string
	for token := ""; ; {
		resp, err := e.insights.ListThumbnails(t.Context(), &cuepointv1.ListThumbnailsRequest{Parent: "videos/tides", PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range resp.GetThumbnails() {
			offsets = append(offsets, fmt.Sprint(one.GetOffset().AsDuration(), " ", one.GetPoster()))
		}
		if token = resp.GetNextPageToken(); token == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"0s true", "12s false", "50s false"}, offsets); diff != "" {
		t.Errorf("thumbnails (-want +got):\n%s", diff)
	}
}

func TestCaptionsAreImported(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	request := func(content, language, etag string) *cuepointv1.ImportTranscriptRequest {
		return &cuepointv1.ImportTranscriptRequest{Parent: "videos/tides", Content: []byte(content), LanguageCode: language, Etag: etag}
	}
	const captions = "WEBVTT\n\n00:01.000 --> 00:02.000\nEbb.\n"
	for _, tt := range []struct {
		name   string
		req    *cuepointv1.ImportTranscriptRequest
		code   codes.Code
		reason string
	}{
		{"no captions", request("hello", "", ""), codes.InvalidArgument, "CAPTIONS_INVALID"},
		{"those of another video", request("WEBVTT\n\n02:01.000 --> 02:02.000\nEbb.\n", "", ""), codes.InvalidArgument, "CAPTIONS_INVALID"},
		{"nothing", request("", "", ""), codes.InvalidArgument, "INVALID_ARGUMENT"},
		{"no language", request(captions, "english", ""), codes.InvalidArgument, "INVALID_ARGUMENT"},
		{"an etag of before", request(captions, "", `"7"`), codes.Aborted, "CONFLICT"},
		{"no video", &cuepointv1.ImportTranscriptRequest{Parent: "videos/none", Content: []byte(captions)}, codes.NotFound, "NOT_FOUND"},
	} {
		_, err := e.transcripts.ImportTranscript(t.Context(), tt.req)
		if s := status.Convert(err); s.Code() != tt.code || reasonOf(s) != tt.reason {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.reason)
		}
	}
	o, err := e.transcripts.ImportTranscript(t.Context(), request(captions, "de", `"0"`))
	if err != nil || o.GetDone() || !strings.HasPrefix(o.GetName(), "operations/") {
		t.Fatalf("%v, %v", o, err)
	}
	v, err := e.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
	if err != nil || v.GetState() != cuepointv1.Video_STATE_QUEUED || v.GetLanguageCode() != "de" || v.GetEtag() != `"1"` {
		t.Errorf("%v, %v", v, err)
	}
	e.wantSaid(t, "Tides are pulled by the moon.", "Des marées d’été.") // until the new one is there
}

func TestAnEditThatIsAskedForAgainIsMadeOnce(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	split := &cuepointv1.SplitSegmentRequest{Name: moon, CharacterOffset: 9, RequestId: "6f1c1c0e-7a4b-4a52-9a55-0d7f6f0b8a11"}
	first, err := e.transcripts.SplitSegment(t.Context(), split)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.transcripts.SplitSegment(t.Context(), split)
	if diff := cmp.Diff(first, again, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-first +again):\n%s", err, diff)
	}
	if got := e.history(t); len(got) != 1 {
		t.Errorf("the history is %v, want one edit", got)
	}
	split.CharacterOffset = 5
	if _, err := e.transcripts.SplitSegment(t.Context(), split); status.Code(err) != codes.InvalidArgument {
		t.Errorf("another request of that name: %v, want INVALID_ARGUMENT", err)
	}
}
