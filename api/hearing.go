package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// heardAtOnce is how many provisional segments are read at a time.
const heardAtOnce = 100

func (s *transcriptService) StreamTranscript(req *cuepointv1.StreamTranscriptRequest, stream grpc.ServerStreamingServer[cuepointv1.StreamTranscriptResponse]) error {
	ctx := stream.Context()
	id, language, err := parseTranscript("name", req.GetName())
	if err != nil {
		return err
	}
	told, err := readTold("cursor", req.GetCursor())
	if err != nil {
		return err
	}
	filter, err := eventFilter(ctx, videoName(id), nil)
	if err != nil {
		return err
	}
	subscription, err := s.feed.Subscribe(ctx, events.Now, filter)
	if err != nil {
		return err
	}
	h := &hearing{
		transcripts: s, library: libraryOf(ctx, s.libraries), events: subscription, send: stream.Send,
		video: id, language: language, told: told,
	}
	return h.run(ctx)
}

// hearing tells one caller what is said in one video. It holds no more of it
// than a page of provisional segments, or the transcript, at a time.
type hearing struct {
	transcripts *transcriptService
	library     store.Library
	events      *events.Subscription
	send        func(*cuepointv1.StreamTranscriptResponse) error

	video, language string

	told  told
	spoke time.Time // when something was sent last
}

// run looks when something has happened to the video, and every second while
// somebody listens to it: what was heard comes without an event.
func (h *hearing) run(ctx context.Context) error {
	for first := true; ; first = false {
		rest, done, err := h.look(ctx)
		if !first && away(err) {
			rest, done, err = lookEvery, false, nil // it is read later
		}
		if done || err != nil {
			return err
		}
		if time.Since(h.spoke) >= h.transcripts.pulse {
			if err := h.tell(&cuepointv1.StreamTranscriptResponse{}); err != nil {
				return err
			}
		}
		if _, _, err := h.events.NextWithin(ctx, min(rest, h.transcripts.pulse)); err != nil {
			return err
		}
	}
}

// away says whether an error will go when the database comes back.
func away(err error) bool {
	code := models.ErrorCode(err)
	return code == models.CodeDatabaseUnavailable || code == models.CodeDataInUse
}

// look tells what there is to tell, and returns when to look again.
func (h *hearing) look(ctx context.Context) (rest time.Duration, done bool, err error) {
	video, err := h.library.Video(ctx, h.video)
	if err != nil {
		return 0, false, err
	}
	run := video.Run("speech")
	switch {
	case h.told.whole, ended(video.State), run != nil && run.Status != models.StagePending && run.Status != models.StageRunning:
		return 0, true, h.tellWhole(ctx, video)
	case run != nil && run.Status == models.StageRunning:
		return lookEvery, false, h.tellProvisional(ctx, run.ID)
	}
	return h.transcripts.pulse, false, h.turn(told{})
}

// tellProvisional tells what a run has heard that was not told yet.
func (h *hearing) tellProvisional(ctx context.Context, run string) error {
	if err := h.turn(told{version: run}); err != nil {
		return err
	}
	for {
		cues, err := h.library.Provisional(ctx, store.ProvisionalQuery{
			VideoID: h.video, Stage: "speech", Run: run, After: h.told.count, Limit: heardAtOnce,
		})
		if err != nil {
			return err
		}
		t, err := models.TranscriptOf(cues)
		if err != nil {
			return err
		}
		for i, s := range t.Segments {
			m := segmentMessage(h.video, t.Language, cues[i], s)
			m.Provisional, m.Name = true, ""
			if err := h.tellSegment(m); err != nil {
				return err
			}
		}
		if len(cues) < heardAtOnce {
			return nil
		}
	}
}

// tellWhole tells the transcript from where the caller has come to.
func (h *hearing) tellWhole(ctx context.Context, video *models.Video) error {
	said, t, err := h.transcripts.transcriptOf(ctx, video, h.language)
	if err != nil {
		return err
	}
	m := transcriptMessage(video, said, t)
	if err := h.turn(told{version: versionOf(m), whole: true}); err != nil {
		return err
	}
	segments := m.GetSegments()
	m.Segments = nil
	if h.told.count > len(segments) {
		return nil // the end was told too
	}
	for _, s := range segments[h.told.count:] {
		if err := h.tellSegment(s); err != nil {
			return err
		}
	}
	h.told.count++
	return h.tell(&cuepointv1.StreamTranscriptResponse{Update: &cuepointv1.StreamTranscriptResponse_Transcript{Transcript: m}})
}

// turn has the caller forget what it was told, if it was told another version.
func (h *hearing) turn(to told) error {
	if h.told.version == to.version {
		return nil
	}
	before := h.told
	h.told = to
	if before.count == 0 {
		return nil
	}
	return h.tell(&cuepointv1.StreamTranscriptResponse{Update: &cuepointv1.StreamTranscriptResponse_Restart_{Restart: &cuepointv1.StreamTranscriptResponse_Restart{}}})
}

func (h *hearing) tellSegment(m *cuepointv1.Segment) error {
	h.told.count++
	return h.tell(&cuepointv1.StreamTranscriptResponse{Update: &cuepointv1.StreamTranscriptResponse_Segment{Segment: m}})
}

func (h *hearing) tell(resp *cuepointv1.StreamTranscriptResponse) error {
	h.spoke = time.Now()
	resp.Cursor = h.told.String()
	return h.send(resp)
}

// told is how far a caller has come: it knows so many segments of a version of
// a transcript. Handed out as a cursor it grants nothing.
type told struct {
	version string // a run's id, or what versionOf returned; empty before there was one
	whole   bool   // it is a transcript's, not a run's
	count   int    // one more than there are segments when the end was told as well
}

// versionOf tells transcripts apart, other segments being another transcript.
func versionOf(m *cuepointv1.Transcript) string {
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil { // all of its texts are valid
		return "?"
	}
	hash := fnv.New64a()
	hash.Write(wire)
	return strconv.FormatUint(hash.Sum64(), 16)
}

// The first byte of a cursor that was handed out.
const (
	toldProvisional = 2
	toldWhole       = 3
)

func (t told) String() string {
	kind := byte(toldProvisional)
	if t.whole {
		kind = toldWhole
	}
	b := binary.AppendUvarint([]byte{kind}, uint64(t.count))
	return base64.RawURLEncoding.EncodeToString(append(b, t.version...))
}

// readTold reads a cursor that stands in a field; an empty one is the beginning.
func readTold(field, text string) (told, error) {
	if text == "" {
		return told{}, nil
	}
	wrong := invalid(field, "not one of ours; start again without it")
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 2 || b[0] != toldProvisional && b[0] != toldWhole {
		return told{}, wrong
	}
	count, n := binary.Uvarint(b[1:])
	if n <= 0 || count > 1<<30 {
		return told{}, wrong
	}
	return told{version: string(b[1+n:]), whole: b[0] == toldWhole, count: int(count)}, nil
}
