package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// BenchmarkAPI measures how often a second the transcript of an hour of speech
// and a search are answered, over gRPC and over REST, against a bare grpc-go
// handler that holds the answer ready, and the same behind a bare grpc-gateway.
// What answers cost the client is the same: it does not read them.
func BenchmarkAPI(b *testing.B) {
	ours := newPeer(b, nil)
	ask := func(p *peer) (*cuepointv1.Transcript, *cuepointv1.SearchResponse) {
		transcript, err := cuepointv1.NewTranscriptServiceClient(p.conn).GetTranscript(b.Context(), &cuepointv1.GetTranscriptRequest{Name: hour})
		if err != nil {
			b.Fatal(err)
		}
		found, err := cuepointv1.NewSearchServiceClient(p.conn).Search(b.Context(), &cuepointv1.SearchRequest{Query: asked})
		if err != nil || len(found.GetMoments()) == 0 {
			b.Fatalf("found %v, %v", found, err)
		}
		return transcript, found
	}
	transcript, found := ask(ours)
	bare := newPeer(b, &answers{transcript: transcript, found: found})
	ask(bare)
	for _, tt := range []struct {
		name string
		call func(*peer) error
	}{
		{"transcript-grpc", func(p *peer) error {
			return p.invoke(cuepointv1.TranscriptService_GetTranscript_FullMethodName, &cuepointv1.GetTranscriptRequest{Name: hour})
		}},
		{"transcript-rest", func(p *peer) error { return p.get("/v1/" + hour) }},
		{"search-grpc", func(p *peer) error {
			return p.invoke(cuepointv1.SearchService_Search_FullMethodName, &cuepointv1.SearchRequest{Query: asked})
		}},
		{"search-rest", func(p *peer) error { return p.get("/v1/moments:search?query=" + asked) }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var took [2][]time.Duration
			for range b.N * rounds {
				for i, p := range []*peer{ours, bare} {
					took[i] = append(took[i], each(b, func() error { return tt.call(p) }))
				}
			}
			b.Logf("%-16s %.0f a second, bare %.0f", tt.name, 1/median(took[0]).Seconds(), 1/median(took[1]).Seconds())
			atMost(b, "of-bare", took[0], took[1], 2) // half its rate
		})
	}
}

const (
	hour    = "videos/hour/transcripts/-"
	asked   = "w17"
	rounds  = 9
	askers  = 4 // clients at a time
	askTime = 700 * time.Millisecond
)

// each is the time from answer to answer while several clients ask.
func each(b *testing.B, call func() error) time.Duration {
	b.Helper()
	var done sync.WaitGroup
	var mu sync.Mutex
	count, start := 0, time.Now()
	for range askers {
		done.Go(func() {
			n := 0
			for time.Since(start) < askTime {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
				n++
			}
			mu.Lock()
			defer mu.Unlock()
			count += n
		})
	}
	done.Wait()
	return time.Since(start) / time.Duration(max(count, 1))
}

// peer is a server with a client of each kind.
type peer struct {
	conn *grpc.ClientConn
	web  *http.Client
	url  string
	key  string
}

// newPeer starts Cuepoint's server, or one that has answers ready.
func newPeer(b *testing.B, ready *answers) *peer {
	b.Helper()
	p := &peer{web: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}}}
	var address string
	if ready != nil {
		address, p.url = ready.serve(b)
	} else {
		address = serveLibrary(b, p)
		p.url = "http://" + address
	}
	p.conn = dial(b, address, p.key)
	return p
}

func dial(b *testing.B, address, key string) *grpc.ClientConn {
	b.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(shown(key)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// shown is the key that a client shows, or none.
type shown string

func (s shown) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	return map[string]string{"x-api-key": string(s)}, nil
}
func (shown) RequireTransportSecurity() bool { return false }

// invoke calls a method and does not read the answer.
func (p *peer) invoke(method string, req proto.Message) error {
	return p.conn.Invoke(context.Background(), method, req, new([]byte), grpc.ForceCodecV2(unread{}))
}

// get asks by REST and does not read the answer.
func (p *peer) get(path string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+path, nil)
	if err != nil {
		return err
	}
	if p.key != "" {
		req.Header.Set("X-Api-Key", p.key)
	}
	resp, err := p.web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || n < 100) {
		err = fmt.Errorf("%s with %d bytes", resp.Status, n)
	}
	return err
}

// unread writes messages, and leaves what comes as it is.
type unread struct{}

func (unread) Name() string { return "proto" }

func (unread) Marshal(v any) (mem.BufferSlice, error) { return encoding.GetCodecV2("proto").Marshal(v) }

func (unread) Unmarshal(data mem.BufferSlice, v any) error {
	if *v.(*[]byte) = data.Materialize(); len(*v.(*[]byte)) < 100 {
		return fmt.Errorf("an answer of %d bytes", data.Len())
	}
	return nil
}

// answers is a server that has them ready.
type answers struct {
	cuepointv1.UnimplementedTranscriptServiceServer
	cuepointv1.UnimplementedSearchServiceServer

	transcript *cuepointv1.Transcript
	found      *cuepointv1.SearchResponse
}

func (a *answers) GetTranscript(context.Context, *cuepointv1.GetTranscriptRequest) (*cuepointv1.Transcript, error) {
	return a.transcript, nil
}

func (a *answers) Search(context.Context, *cuepointv1.SearchRequest) (*cuepointv1.SearchResponse, error) {
	return a.found, nil
}

// serve returns the address of gRPC and the URL of REST.
func (a *answers) serve(b *testing.B) (address, url string) {
	b.Helper()
	g := grpc.NewServer()
	cuepointv1.RegisterTranscriptServiceServer(g, a)
	cuepointv1.RegisterSearchServiceServer(g, a)
	calls := listen(b)
	go func() { _ = g.Serve(calls) }()
	b.Cleanup(g.Stop)
	address = calls.Addr().String()

	mux := runtime.NewServeMux()
	conn := dial(b, address, "")
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		cuepointv1.RegisterTranscriptServiceHandler, cuepointv1.RegisterSearchServiceHandler,
	} {
		if err := register(b.Context(), mux, conn); err != nil {
			b.Fatal(err)
		}
	}
	requests := listen(b)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = web.Serve(requests) }()
	b.Cleanup(func() { _ = web.Close() })
	return address, "http://" + requests.Addr().String()
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return listener
}

// serveLibrary starts our server over a library with an hour of speech, and
// gives p a key.
func serveLibrary(b *testing.B, p *peer) (address string) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "cuepoint.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	library := db.In(models.DefaultWorkspace)
	addSpeech(b, library, "hour", time.Hour)
	for n := range 20 {
		addSpeech(b, library, fmt.Sprintf("other-%d", n), 10*time.Minute)
	}
	key, token, err := access.NewKey(access.KeyRequest{Scopes: []models.Scope{models.ScopeRead}}, time.Now().UTC())
	if err == nil {
		err = library.CreateKey(b.Context(), key)
	}
	if err != nil {
		b.Fatal(err)
	}
	p.key = token.Reveal()
	server, err := api.New(api.Config{
		Libraries: db, Feed: events.New(db, quiet()), Gate: access.NewGate(access.Config{Store: db, Streams: askers, Log: quiet()}), Log: quiet(),
	})
	if err == nil {
		err = server.Listen(b.Context(), "127.0.0.1:0")
	}
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve() }()
	b.Cleanup(func() { _ = server.Close(context.WithoutCancel(b.Context())) })
	return server.Addr().String()
}

// addSpeech adds a video in which somebody talks all the time, ten words in
// four seconds.
func addSpeech(b *testing.B, library store.Library, id string, length time.Duration) {
	b.Helper()
	const words = 10
	t := models.Transcript{Language: "en", Source: models.SourceRecognized, Model: "base"}
	for start := time.Duration(0); start < length; start += 4 * time.Second {
		s := models.Segment{Start: start, End: start + 4*time.Second, Confidence: 0.9}
		var said []string
		for i := range words {
			word := fmt.Sprintf("w%d", (int(start/time.Second)*words+i*7)%(1000+len(id)))
			at := start + time.Duration(i)*400*time.Millisecond
			said = append(said, word)
			s.Words = append(s.Words, models.Word{Text: word, Start: at, End: at + 350*time.Millisecond, Confidence: 0.8})
		}
		s.Text = strings.Join(said, " ")
		t.Segments = append(t.Segments, s)
	}
	video := &models.Video{ID: id, Title: id, State: models.VideoReady, SHA256: id, Created: time.Now().UTC(), Updated: time.Now().UTC()}
	result := store.Commit{VideoID: id, Run: models.StageRun{Stage: "speech", Status: models.StageDone}, Cues: t.Cues()}
	for i := range result.Cues {
		cue := &result.Cues[i]
		cue.ID = models.NewUUID()
		result.Postings = append(result.Postings, models.Posting{CueID: cue.ID, Terms: text.Terms(cue.Text)})
	}
	if err := library.CreateVideo(b.Context(), video); err != nil {
		b.Fatal(err)
	}
	if err := library.Commit(b.Context(), result); err != nil {
		b.Fatal(err)
	}
}
