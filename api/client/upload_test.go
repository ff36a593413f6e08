package client_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// noise is some bytes that are no others.
func noise(n int) []byte {
	content := make([]byte, n)
	random := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	return content
}

func noiseFile(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "noise.mp4")
	if err := os.WriteFile(path, noise(n), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// reasonOf is what programs decide by.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func TestAnUploadOutlastsWhatTheNetworkDoes(t *testing.T) {
	t.Parallel()
	s, content := takeUploads(t), noise(1<<20)
	s.away = 1
	s.cut = func(n int) int64 {
		if n < 10 {
			return 1 + rand.Int64N(64<<10)
		}
		return 0
	}
	s.head = func(n int) *refusal {
		return map[int]*refusal{2: {status: http.StatusBadGateway}, 3: {status: http.StatusGatewayTimeout}}[n]
	}
	s.patch = func(n int) *refusal {
		return map[int]*refusal{
			3: {status: http.StatusServiceUnavailable, reason: "SHUTTING_DOWN"}, 4: {status: http.StatusTooManyRequests, reason: "RATE_LIMITED"},
			5: {status: http.StatusConflict, reason: "CONFLICT"}, 6: {status: 499, reason: "CANCELED"},
		}[n]
	}
	var sent int64
	waits := 0
	up, err := dial(t, s.address, client.WithKey("ck_key")).Upload(t.Context(), bytes.NewReader(content), client.UploadOptions{
		Filename: "caf\xe9.mp4", Video: &cuepointv1.VideoSettings{Title: "Tides"},
		Progress: func(p client.UploadProgress) {
			if p.Waiting != nil {
				waits++
			}
			if sent = p.Sent; p.Size != int64(len(content)) || sent > p.Size {
				t.Errorf("%+v", p)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if up.GetVideo() != "videos/v1" || up.GetDuplicate() || up.GetFilename() != "caf\uFFFD.mp4" || up.GetVideoSettings().GetTitle() != "Tides" {
		t.Errorf("%v", up)
	}
	if !bytes.Equal(s.content[up.GetName()], content) {
		t.Error("other bytes arrived")
	}
	if len(s.uploads) != 1 || len(s.patches) < 11 || !slices.IsSorted(s.patches) || waits < 10 || sent != int64(len(content)) {
		t.Errorf("%d uploads, bytes sent from %v, waited %d times, told of %d", len(s.uploads), s.patches, waits, sent)
	}
	if len(s.keys) != 1 || !s.keys["Bearer ck_key"] {
		t.Errorf("shown: %v", s.keys)
	}
}

func TestAnUploadIsGoneOnWithByWhoAsksNext(t *testing.T) {
	t.Parallel()
	s, path := takeUploads(t), noiseFile(t, 300<<10)
	c := dial(t, s.address)
	upload := func(ctx context.Context, o client.UploadOptions) (*cuepointv1.Upload, error) {
		return c.UploadFile(ctx, path, o)
	}
	// The first is interrupted.
	ctx, interrupt := context.WithCancel(t.Context())
	s.cut = func(int) int64 { return 100 << 10 }
	stop := func(p client.UploadProgress) {
		if p.Waiting != nil {
			interrupt()
		}
	}
	if _, err := upload(ctx, client.UploadOptions{Progress: stop}); status.Code(err) != codes.Canceled {
		t.Fatalf("interrupted: %v", err)
	}
	s.cut = func(int) int64 { return 0 }
	up, err := upload(t.Context(), client.UploadOptions{})
	if err != nil || up.GetName() != "uploads/u1" || up.GetFilename() != "noise.mp4" || up.GetDuplicate() {
		t.Fatalf("gone on: %v, %v", up, err)
	}
	if want := []int64{0, 100 << 10}; !slices.Equal(s.patches, want) || !bytes.Equal(s.content["uploads/u1"], noise(300<<10)) {
		t.Errorf("sent from %v, want %v", s.patches, want)
	}
	// One that is done is not sent again, unless that is wanted.
	if up, err = upload(t.Context(), client.UploadOptions{}); err != nil || up.GetName() != "uploads/u1" || !up.GetDuplicate() || len(s.patches) != 2 {
		t.Errorf("again: %v, %v", up, err)
	}
	twice := client.UploadOptions{Video: &cuepointv1.VideoSettings{AllowDuplicate: true}}
	for _, want := range []string{"uploads/u2", "uploads/u3"} {
		if up, err = upload(t.Context(), twice); err != nil || up.GetName() != want || up.GetDuplicate() {
			t.Errorf("twice: %v, %v", up, err)
		}
	}
	// Those that came to nothing are begun anew, and so are those of other settings.
	s.deleted["videos/v1"] = true
	if up, err = upload(t.Context(), client.UploadOptions{}); err != nil || up.GetName() != "uploads/u4" {
		t.Errorf("after its video was deleted: %v, %v", up, err)
	}
	for _, state := range []cuepointv1.Upload_State{cuepointv1.Upload_STATE_FAILED, cuepointv1.Upload_STATE_CANCELED, cuepointv1.Upload_STATE_EXPIRED} {
		before := len(s.uploads)
		s.end(state)
		if _, err = upload(t.Context(), client.UploadOptions{}); err != nil || len(s.uploads) != before+1 {
			t.Errorf("after one that is %v: %d uploads, %v", state, len(s.uploads)-before, err)
		}
	}
	if up, err = upload(t.Context(), client.UploadOptions{Video: &cuepointv1.VideoSettings{Title: "Other"}}); err != nil || up.GetVideoSettings().GetTitle() != "Other" {
		t.Errorf("with another title: %v, %v", up, err)
	}
}

func TestSomebodyElseSendsTheSame(t *testing.T) {
	t.Parallel()
	s, content := takeUploads(t), noise(200<<10)
	s.patch = func(int) *refusal {
		up := s.uploads[0]
		s.take(up, bytes.NewReader(content), 0)
		return &refusal{status: http.StatusConflict, reason: "CONFLICT"}
	}
	up, err := dial(t, s.address).Upload(t.Context(), bytes.NewReader(content), client.UploadOptions{})
	if err != nil || up.GetVideo() != "videos/v1" || s.deleted["videos/v1"] {
		t.Errorf("%v, %v", up, err)
	}
}

func TestAFileThatChangesWhileItIsSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"touched":   func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
		"truncated": func(path string) error { return os.Truncate(path, 100<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := takeUploads(t), noiseFile(t, 300<<10)
			s.patch = func(n int) *refusal {
				if n == 0 {
					if err := change(path); err != nil {
						t.Error(err)
					}
				}
				return nil
			}
			up, err := dial(t, s.address).UploadFile(t.Context(), path, client.UploadOptions{})
			if reasonOf(err) != "SOURCE_UNAVAILABLE" || up.GetState() != cuepointv1.Upload_STATE_CANCELED || s.uploads[0].GetState() != up.GetState() {
				t.Errorf("%v, %v", up, err)
			}
		})
	}
}

func TestOtherBytesThanWereSent(t *testing.T) {
	t.Parallel()
	for _, duplicate := range []bool{false, true} {
		s := takeUploads(t)
		s.became = func(up *cuepointv1.Upload) { up.Sha256, up.Duplicate = strings.Repeat("0", 64), duplicate }
		_, err := dial(t, s.address).Upload(t.Context(), strings.NewReader("bytes"), client.UploadOptions{})
		if reasonOf(err) != "CHECKSUM_MISMATCH" || s.deleted["videos/v1"] == duplicate {
			t.Errorf("duplicate %v: %v, deleted %v", duplicate, err, s.deleted)
		}
	}
}

func TestWhatEndsAnUpload(t *testing.T) {
	t.Parallel()
	failed := status.New(codes.InvalidArgument, "no")
	failed, err := failed.WithDetails(&errdetails.ErrorInfo{Reason: "NO_MEDIA", Domain: "cuepoint.dev"})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		patch, head *refusal
		ended       cuepointv1.Upload_State // while it is sent
		code        codes.Code
		reason      string
	}{
		"a refused file":   {patch: &refusal{status: 415, reason: "CONTAINER_NOT_ALLOWED", detail: "no"}, code: codes.InvalidArgument, reason: "CONTAINER_NOT_ALLOWED"},
		"a full quota":     {patch: &refusal{status: 429, reason: "QUOTA_EXCEEDED", detail: "no"}, code: codes.ResourceExhausted, reason: "QUOTA_EXCEEDED"},
		"a full disk":      {patch: &refusal{status: 507, reason: "STORAGE_FULL", detail: "no"}, code: codes.ResourceExhausted, reason: "STORAGE_FULL"},
		"a taken name":     {patch: &refusal{status: 409, reason: "ALREADY_EXISTS", detail: "no"}, code: codes.Aborted, reason: "ALREADY_EXISTS"},
		"a revoked key":    {head: &refusal{status: 401}, code: codes.Unauthenticated, reason: "UNAUTHENTICATED"},
		"a proxy's limit":  {patch: &refusal{status: 413}, code: codes.InvalidArgument, reason: "REQUEST_TOO_LARGE"},
		"a way elsewhere":  {head: &refusal{status: 302, header: map[string]string{"Location": "http://192.0.2.1/"}}, code: codes.FailedPrecondition, reason: "INTERNAL"},
		"its failure":      {head: &refusal{status: 410}, ended: cuepointv1.Upload_STATE_FAILED, code: codes.InvalidArgument, reason: "NO_MEDIA"},
		"its cancellation": {head: &refusal{status: 410}, ended: cuepointv1.Upload_STATE_CANCELED, code: codes.FailedPrecondition, reason: "NOT_RUNNING"},
		"its end":          {head: &refusal{status: 410}, ended: cuepointv1.Upload_STATE_EXPIRED, code: codes.NotFound, reason: "NOT_FOUND"},
		"no patience":      {patch: &refusal{status: 503}, code: codes.Unavailable, reason: "SERVER_UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := takeUploads(t)
			s.patch = func(int) *refusal { return test.patch }
			s.head = func(int) *refusal {
				if test.ended > 0 {
					s.uploads[0].State, s.uploads[0].Error = test.ended, failed.Proto()
				}
				return test.head
			}
			_, err := dial(t, s.address, client.WithPatience(0)).Upload(t.Context(), strings.NewReader("bytes"), client.UploadOptions{})
			if status.Code(err) != test.code || reasonOf(err) != test.reason || len(s.patches) > 1 {
				t.Errorf("%v, want %v and %s; %d PATCHes", err, test.code, test.reason, len(s.patches))
			}
		})
	}
}

func TestWhatIsNoFileToSend(t *testing.T) {
	t.Parallel()
	s := takeUploads(t)
	c := dial(t, s.address)
	if _, err := c.Upload(t.Context(), strings.NewReader(""), client.UploadOptions{}); reasonOf(err) != "EMPTY_FILE" {
		t.Errorf("an empty one: %v", err)
	}
	if _, err := c.UploadFile(t.Context(), t.TempDir(), client.UploadOptions{}); reasonOf(err) != "SOURCE_UNAVAILABLE" {
		t.Errorf("a directory: %v", err)
	}
	if _, err := c.UploadFile(t.Context(), filepath.Join(t.TempDir(), "none"), client.UploadOptions{}); !os.IsNotExist(err) {
		t.Errorf("none: %v", err)
	}
	if _, err := client.New(nil).Upload(t.Context(), strings.NewReader("bytes"), client.UploadOptions{}); reasonOf(err) != "UNIMPLEMENTED" {
		t.Errorf("over a connection: %v", err)
	}
	if len(s.uploads) > 0 {
		t.Errorf("begun: %v", s.uploads)
	}
}

func TestAnImportIsFollowed(t *testing.T) {
	t.Parallel()
	s := takeUploads(t)
	c := dial(t, s.address)
	var told []client.UploadProgress
	o := client.UploadOptions{Resume: "import", Progress: func(p client.UploadProgress) {
		told = append(told, p)
		s.mu.Lock()
		defer s.mu.Unlock()
		up := s.uploads[len(s.uploads)-1]
		switch len(told) {
		case 1:
			up.Offset, up.Size, up.Error = 5, 10, status.New(codes.Unavailable, "no answer").Proto()
		case 2:
			up.State, up.Video = cuepointv1.Upload_STATE_DONE, "videos/v1"
		default:
			up.State, up.Error = cuepointv1.Upload_STATE_FAILED, status.New(codes.PermissionDenied, "blocked").Proto()
		}
	}}
	up, err := c.Import(t.Context(), "https://example.org/a.mp4", o)
	if err != nil || up.GetVideo() != "videos/v1" || up.GetSourceUri() != "https://example.org/a.mp4" || up.GetMethod() != cuepointv1.Upload_METHOD_IMPORT {
		t.Errorf("%v, %v", up, err)
	}
	if len(told) != 2 || told[0] != (client.UploadProgress{}) || told[1].Sent != 5 || told[1].Size != 10 || status.Convert(told[1].Waiting).Message() != "no answer" {
		t.Errorf("told: %+v", told)
	}
	// Something else may be there by now.
	if up, err = c.Import(t.Context(), "https://example.org/a.mp4", o); status.Code(err) != codes.PermissionDenied || up.GetName() != "uploads/u2" {
		t.Errorf("again: %v, %v", up, err)
	}
}
