package client_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// taker is a server that takes uploads, as far as a client can tell.
type taker struct {
	cuepointv1.UnimplementedUploadServiceServer
	cuepointv1.UnimplementedVideoServiceServer
	address string

	// head and patch may refuse the nth HEAD and PATCH.
	head, patch func(n int) *refusal
	// cut is after how many bytes the nth PATCH is cut off; 0 for not at all.
	cut func(n int) int64
	// became is asked what a whole upload has become.
	became func(*cuepointv1.Upload)

	mu      sync.Mutex
	uploads []*cuepointv1.Upload
	content map[string][]byte
	named   map[string]*cuepointv1.Upload // answers, by the request's id
	deleted map[string]bool               // videos
	heads   int
	patches []int64 // their offsets
	keys    map[string]bool
	created int // CreateUploads that were asked
	away    int // so many of them fail
}

// refusal is an answer that is none of success.
type refusal struct {
	status         int
	reason, detail string
	header         map[string]string
}

// takeUploads starts one.
func takeUploads(t testing.TB) *taker {
	t.Helper()
	s, stop := startTaker()
	t.Cleanup(stop)
	return s
}

func startTaker() (_ *taker, stop func()) {
	s := &taker{
		content: map[string][]byte{}, named: map[string]*cuepointv1.Upload{}, deleted: map[string]bool{}, keys: map[string]bool{},
		head: func(int) *refusal { return nil }, patch: func(int) *refusal { return nil }, cut: func(int) int64 { return 0 },
		became: func(*cuepointv1.Upload) {},
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	g := grpc.NewServer()
	cuepointv1.RegisterUploadServiceServer(g, s)
	cuepointv1.RegisterVideoServiceServer(g, s)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	web := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			g.ServeHTTP(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = web.Serve(listener) })
	s.address = listener.Addr().String()
	return s, func() {
		web.Close()
		g.Stop()
		serving.Wait()
	}
}

func (s *taker) CreateUpload(_ context.Context, req *cuepointv1.CreateUploadRequest) (*cuepointv1.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.created++; s.created <= s.away {
		return nil, status.Error(codes.Unavailable, "the server starts")
	}
	if known := s.named[req.GetRequestId()]; known != nil {
		return known, nil
	}
	up := proto.CloneOf(req.GetUpload())
	up.Name = "uploads/u" + strconv.Itoa(len(s.uploads)+1)
	up.State, up.UploadUri = cuepointv1.Upload_STATE_RECEIVING, "/"+up.GetName()
	s.uploads = append(s.uploads, up)
	s.named[req.GetRequestId()] = proto.CloneOf(up)
	return proto.CloneOf(up), nil
}

func (s *taker) GetUpload(_ context.Context, req *cuepointv1.GetUploadRequest) (*cuepointv1.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if up := s.find(req.GetName()); up != nil {
		return proto.CloneOf(up), nil
	}
	return nil, status.Error(codes.NotFound, "no such upload")
}

func (s *taker) DeleteUpload(_ context.Context, req *cuepointv1.DeleteUploadRequest) (*cuepointv1.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	up := s.find(req.GetName())
	up.State = cuepointv1.Upload_STATE_CANCELED
	return proto.CloneOf(up), nil
}

func (s *taker) GetVideo(_ context.Context, req *cuepointv1.GetVideoRequest) (*cuepointv1.Video, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &cuepointv1.Video{Name: req.GetName()}
	if s.deleted[req.GetName()] {
		v.DeleteTime = timestamppb.Now()
	}
	return v, nil
}

func (s *taker) DeleteVideo(_ context.Context, req *cuepointv1.DeleteVideoRequest) (*cuepointv1.Video, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[req.GetName()] = true
	return &cuepointv1.Video{}, nil
}

func (s *taker) find(name string) *cuepointv1.Upload {
	for _, up := range s.uploads {
		if up.GetName() == name {
			return up
		}
	}
	return nil
}

// end ends the newest upload as an owner or time would.
func (s *taker) end(state cuepointv1.Upload_State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads[len(s.uploads)-1].State = state
}

func (s *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[r.Header.Get("Authorization")] = true
	up := s.find(strings.TrimPrefix(r.URL.Path, "/"))
	refused := s.patch
	n := len(s.patches)
	if r.Method == http.MethodHead {
		refused, n = s.head, s.heads
		s.heads++
	} else {
		at, _ := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
		s.patches = append(s.patches, at)
	}
	if no := refused(n); no != nil {
		no.write(w)
		return
	}
	switch {
	case r.Header.Get("Tus-Resumable") != "1.0.0":
		(&refusal{status: http.StatusPreconditionFailed}).write(w)
		return
	case up == nil || up.GetState() > cuepointv1.Upload_STATE_DONE:
		(&refusal{status: http.StatusGone, reason: "NOT_FOUND"}).write(w)
		return
	case r.Method == http.MethodPatch && s.patches[n] != up.GetOffset():
		(&refusal{status: http.StatusConflict, reason: "CONFLICT"}).write(w)
		return
	}
	if r.Method == http.MethodPatch {
		s.take(up, r.Body, s.cut(n))
	}
	w.Header().Set("Upload-Offset", strconv.FormatInt(up.GetOffset(), 10))
	w.WriteHeader(http.StatusNoContent)
}

// take adds what r holds to an upload, and cuts the connection after some bytes.
func (s *taker) take(up *cuepointv1.Upload, r io.Reader, cut int64) {
	more, err := io.ReadAll(io.LimitReader(r, cmp.Or(cut, up.GetSize())))
	s.content[up.GetName()] = append(s.content[up.GetName()], more...)
	up.Offset += int64(len(more))
	if up.GetOffset() == up.GetSize() {
		sum := sha256.Sum256(s.content[up.GetName()])
		up.State, up.Video, up.Sha256 = cuepointv1.Upload_STATE_DONE, "videos/v"+strings.TrimPrefix(up.GetName(), "uploads/u"), hex.EncodeToString(sum[:])
		s.became(up)
	}
	if cut > 0 || err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (no *refusal) write(w http.ResponseWriter) {
	for name, value := range no.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(no.status)
	if no.reason != "" {
		_ = json.NewEncoder(w).Encode(map[string]any{"reason": no.reason, "detail": no.detail})
	}
}
