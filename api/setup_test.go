package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/sqlite"
	"github.com/cuepoint/cuepoint/streaming/origin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a running server over a library of its own.
type bundle struct {
	Library  *library // of the default workspace
	Store    store.Store
	Gate     *access.Gate
	Commands *commands
	Uploads  *ingest.Uploads
	Server   *api.Server
	URL      string
	Data     string // the directory with the socket
	Log      *logged
	Key      string // of the default workspace, for everything; what requests show unless they say otherwise
	client   *http.Client
}

// library is a real one that can be made to fail, panic or wait.
type library struct {
	store.Library
	mu     sync.Mutex
	faults map[string]func(context.Context) error // what Video does first, by id

	provisional atomic.Int64 // how often it was asked for what is provisional
}

func (l *library) Provisional(ctx context.Context, q store.ProvisionalQuery) ([]models.Cue, error) {
	l.provisional.Add(1)
	return l.Library.Provisional(ctx, q)
}

func (l *library) Video(ctx context.Context, id string) (*models.Video, error) {
	l.mu.Lock()
	first := l.faults[id]
	l.mu.Unlock()
	if first != nil {
		if err := first(ctx); err != nil {
			return nil, err
		}
	}
	return l.Library.Video(ctx, id)
}

// libraries are real ones, that of the default workspace within a library.
type libraries struct {
	store.Store
	first *library
}

func (l libraries) In(workspace string) store.Library {
	if workspace == models.DefaultWorkspace {
		return l.first
	}
	return l.Store.In(workspace)
}

// before makes every call of Video with this id run first.
func (l *library) before(id string, first func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults[id] = first
}

// logged is what was written to the log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// media has the files of runs as folders of a directory, for every video.
type media string

func (media) Prefix(_ context.Context, _, stage, run string) (string, error) {
	return stage + "@" + run + "/", nil
}

func (m media) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	file, err := os.Open(filepath.Join(string(m), key))
	if errors.Is(err, os.ErrNotExist) {
		return nil, models.Errorf(models.CodeNotFound, "nothing published").Because(err)
	}
	return file, err
}

// secrets are what no log may hold.
var secrets = regexp.MustCompile(`ck_[0-9a-z]{16}_[0-9A-Za-z]|c[sl]_[0-9A-Za-z]{32}|us_[0-9A-Za-z]{32}`)

// uploads are real ones of which nothing is finished.
func uploads(t *testing.T, db store.Store, dir string) *ingest.Uploads {
	t.Helper()
	blobs, err := disk.OpenBlobs(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	u := ingest.Open(ingest.Config{Store: db, Blobs: blobs, Scratch: dir, Limits: ingest.Limits{Quota: 1 << 40}, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		u.Close()
		_ = blobs.Close()
	})
	return u
}

// setup starts a server; change, where given, changes how.
func setup(t *testing.T, change ...func(*api.Config, *access.Config)) *bundle {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "package@run1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package@run1", "master.m3u8"), []byte("#EXTM3U\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bundle{
		Library: &library{Library: db.In(models.DefaultWorkspace), faults: map[string]func(context.Context) error{}},
		Store:   db, Data: dir, Log: new(logged), client: &http.Client{Transport: &http.Transport{}},
	}
	b.Commands = &commands{library: b.Library, store: db, workspace: models.DefaultWorkspace}
	b.Key = b.key(t, models.DefaultWorkspace, models.ScopeAdmin)
	b.Uploads = uploads(t, db, dir)
	log := slog.New(slog.NewTextHandler(b.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	guarded := access.Config{Store: db, Streams: 10, Log: log}
	config := api.Config{
		Libraries: libraries{db, b.Library},
		Feed:      events.New(db, log),
		Pulse:     100 * time.Millisecond,
		System:    machine{},
		Uploads:   b.Uploads,
		Commands: func(workspace string) api.Commands {
			if workspace != models.DefaultWorkspace {
				return &commands{library: &library{Library: db.In(workspace)}, store: db, workspace: workspace}
			}
			return b.Commands
		},
		Media: &origin.Handler{Catalogue: media(dir), Files: media(dir), Fail: api.Problems(log), Log: log},
		Page:  http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the page at ", r.URL.Path) }),
		Hosts: []string{"videos.example"},
		Log:   log,
	}
	for _, change := range change {
		change(&config, &guarded)
	}
	b.Gate = access.NewGate(guarded)
	config.Gate = b.Gate
	b.Server, err = api.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Server.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := b.Server.ListenSocket(t.Context(), b.Data); err != nil {
		t.Fatal(err)
	}
	b.URL = "http://" + b.Server.Addr().String()
	following, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { config.Feed.Run(following) })
	served := make(chan error, 1)
	go func() { served <- b.Server.Serve() }()
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := errors.Join(b.Server.Close(ctx), <-served)
		stop()
		running.Wait()
		if err := errors.Join(err, db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
		if secret := secrets.FindString(b.Log.String()); secret != "" {
			t.Errorf("a secret was logged: %s…", secret)
		}
	})
	return b
}

// key makes a key and returns its token.
func (b *bundle) key(t *testing.T, workspace string, scopes ...models.Scope) string {
	t.Helper()
	key, token, err := access.NewKey(access.KeyRequest{Scopes: scopes}, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.In(workspace).CreateKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// dial returns a gRPC connection to the server's one address, with the key for
// everything.
func (b *bundle) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	return b.dialWith(t, b.Key)
}

// shows is the metadata that a client sends with every call.
type shows map[string]string

func (s shows) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return s, nil
}
func (shows) RequireTransportSecurity() bool { return false }

// dialWith returns a gRPC connection that shows a key, or nothing.
func (b *bundle) dialWith(t *testing.T, key string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	md := shows{}
	if key != "" {
		md["authorization"] = "Bearer " + key
	}
	conn, err := grpc.NewClient(b.Server.Addr().String(), append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(md))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// dialSocket returns a gRPC connection to the socket in the data directory.
func (b *bundle) dialSocket(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///cuepoint", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return api.DialSocket(ctx, b.Data) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// add puts a video with everything in it into the library.
func (b *bundle) add(t *testing.T, id string) {
	t.Helper()
	stage := func(name string, cues []models.Cue, artifacts ...models.Artifact) store.Commit {
		for i := range cues {
			cues[i].VideoID, cues[i].Stage = id, name
		}
		for i := range artifacts {
			artifacts[i].VideoID, artifacts[i].Stage, artifacts[i].Run = id, name, "run1"
		}
		return store.Commit{VideoID: id, Cues: cues, Artifacts: artifacts, Run: models.StageRun{
			ID: "run1", Stage: name, Status: models.StageDone, Attempt: 1, Started: created, Finished: created.Add(time.Second),
		}}
	}
	probe := stage("probe", nil)
	probe.Media = &models.MediaInfo{
		Container: "mov", Duration: 90 * time.Second, BitRate: 2_000_000, Tags: models.Tags{"title": "caf\xe9"},
		Chapters: []models.MediaMark{{Start: 0, End: time.Minute, Title: "One"}},
		Streams: []models.Stream{{
			Kind: models.StreamVideo, Codec: "h264", Width: 640, Height: 360, Rotation: 90, Language: "en",
			FrameRate: models.Ratio{Num: 30000, Den: 1001}, SampleRatio: models.Ratio{Num: 4, Den: 3}, Color: models.Color{Space: "bt709"},
		}},
	}
	transcript := models.Transcript{Language: "en", Source: models.SourceRecognized, Model: "base-q5_1", Segments: []models.Segment{
		{Start: 1500 * time.Millisecond, End: 4 * time.Second, Text: "Tides are pulled by the moon.", Confidence: 0.9,
			Words: []models.Word{{Text: "Tides", Start: 1500 * time.Millisecond, End: 2 * time.Second, Confidence: 0.8}}},
		{Start: 40 * time.Second, End: 44 * time.Second, Text: "Des marées d’été.", Confidence: 0.7},
	}}
	speech := stage("speech", transcript.Cues(),
		models.Artifact{Kind: models.ArtifactCaptions, Path: "captions.en.vtt", Type: "text/vtt", Language: "en"},
		models.Artifact{Kind: models.ArtifactCaptions, Path: "captions.en.srt", Type: "application/x-subrip", Language: "en"})
	var postings []models.Posting
	for i := range speech.Cues {
		speech.Cues[i].ID = id + "-said-" + string(rune('0'+i))
		postings = append(postings, models.Posting{CueID: speech.Cues[i].ID, Terms: text.Terms(speech.Cues[i].Text)})
	}
	shots := stage("shots", []models.Cue{
		models.Shot{Start: 0, End: 30 * time.Second, Transition: models.TransitionCut, Confidence: 1}.Cue(),
		models.Shot{Start: 30 * time.Second, End: 90 * time.Second, Transition: models.TransitionDissolve, Confidence: 0.5}.Cue(),
	})
	shots.Cues[0].ID, shots.Cues[1].ID = id+"-shot-0", id+"-shot-1"
	chapters := stage("chapters", []models.Cue{models.Chapter{End: 90 * time.Second, Title: "Tides", Confidence: 0.75}.Cue()},
		models.Artifact{Kind: models.ArtifactChapters, Path: "chapters.vtt", Type: "text/vtt"})
	chapters.Cues[0].ID = id + "-chapter-0"
	index := stage("index", nil)
	index.Postings = postings
	index.Run.Status, index.Run.Error = models.StageSkipped, models.Errorf(models.CodeNotApplicable, "nothing to do")

	video := &models.Video{
		ID: id, Title: "Tides", Source: "/videos/tides\xff.mp4", State: models.VideoPartial, SHA256: id, Size: 1, Language: "en",
		Error: models.Errorf(models.CodeTruncatedMedia, "the file ends early"), Created: created, Updated: created,
	}
	if err := b.Library.CreateVideo(t.Context(), video); err != nil {
		t.Fatal(err)
	}
	for _, c := range []store.Commit{
		probe,
		stage("package", nil,
			models.Artifact{Kind: models.ArtifactHLS, Path: "master.m3u8", Type: "application/vnd.apple.mpegurl", Data: json.RawMessage(
				`{"duration":90000000000,"renditions":[{"name":"360p","kind":"video","width":360,"height":640,"frame_rate":30,"bitrate":800000,"average":700000,"codecs":"avc1.64001e"}]}`)},
			models.Artifact{Kind: models.ArtifactDASH, Path: "manifest.mpd", Type: "application/dash+xml"},
			models.Artifact{Kind: models.ArtifactSpeech, Path: "speech.flac", Type: "audio/flac"}),
		speech, shots,
		stage("thumbs", nil,
			models.Artifact{Kind: models.ArtifactPoster, Path: "poster.jpg", Type: "image/jpeg"},
			models.Artifact{Kind: models.ArtifactStoryboard, Path: "storyboard.vtt", Type: "text/vtt"},
			models.Artifact{Kind: models.ArtifactThumbnail, Path: "0001.jpg", Type: "image/jpeg", Time: 12 * time.Second},
			models.Artifact{Kind: models.ArtifactThumbnail, Path: "0002.jpg", Type: "image/jpeg", Time: 50 * time.Second}),
		chapters, index,
	} {
		if err := b.Library.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}
