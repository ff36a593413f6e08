package s3_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

func put(ctx context.Context, s *s3.Store, r io.Reader) error {
	_, err := s.Put(ctx, "a/key", r, -1, blob.PutOptions{})
	return err
}

func TestAServerThatStopsIsUnavailableUntilItIsBack(t *testing.T) {
	t.Parallel()
	m := testenv.NewMinIO(t)
	s := open(t, configFor(m))
	if err := put(t.Context(), s, strings.NewReader("before")); err != nil {
		t.Fatal(err)
	}
	// It goes between two parts.
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- put(t.Context(), s, r) }()
	if _, err := w.Write(make([]byte, part+1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = w.Write(make([]byte, part)) // the reader may have gone
		w.Close()
	}()
	err := <-done
	r.Close()
	if models.ErrorCode(err) != models.CodeStorageUnavailable {
		t.Errorf("put: %v", err)
	}
	var all sync.WaitGroup
	for what, call := range map[string]func(context.Context) error{
		"stat":   func(ctx context.Context) error { _, err := s.Stat(ctx, "a/key"); return err },
		"open":   func(ctx context.Context) error { _, _, err := s.Open(ctx, "a/key", 0, -1); return err },
		"list":   func(ctx context.Context) error { _, err := s.List(ctx, "", "", 1); return err },
		"delete": func(ctx context.Context) error { return s.Delete(ctx, "a/key") },
		"below":  func(ctx context.Context) error { return s.DeletePrefix(ctx, "a/") },
		"sweep":  func(ctx context.Context) error { return s.Sweep(ctx, time.Hour, nil) },
	} {
		all.Go(func() {
			if err := call(t.Context()); models.ErrorCode(err) != models.CodeStorageUnavailable {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	all.Wait()
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	body, _, err := s.Open(t.Context(), "a/key", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, err := io.ReadAll(body); err != nil || string(text) != "before" {
		t.Errorf("holds %d bytes, %v", len(text), err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*s3.Config)
		code   models.Code
	}{
		"no bucket":         {func(c *s3.Config) { c.Create = false }, models.CodeNotFound},
		"a wrong key":       {func(c *s3.Config) { c.SecretKey = config.NewSecret("wrong") }, models.CodeStorageUnavailable},
		"no such key":       {func(c *s3.Config) { c.AccessKey = "nobody" }, models.CodeStorageUnavailable},
		"nobody there":      {func(c *s3.Config) { c.Endpoint = "http://127.0.0.1:1" }, models.CodeStorageUnavailable},
		"TLS to none":       {func(c *s3.Config) { c.Endpoint = "https://" + server.Address }, models.CodeStorageUnavailable},
		"no scheme":         {func(c *s3.Config) { c.Endpoint = server.Address }, models.CodeInvalidArgument},
		"a path":            {func(c *s3.Config) { c.Endpoint = server.Endpoint() + "/path" }, models.CodeInvalidArgument},
		"no public host":    {func(c *s3.Config) { c.Public = "s3.example.org" }, models.CodeInvalidArgument},
		"a bucket's name":   {func(c *s3.Config) { c.Bucket = "_" }, models.CodeInvalidArgument},
		"half a prefix":     {func(c *s3.Config) { c.Prefix = "half" }, models.CodeInvalidArgument},
		"small parts":       {func(c *s3.Config) { c.PartSize = 1 << 20 }, models.CodeInvalidArgument},
		"no authorities":    {func(c *s3.Config) { c.CA = "/none" }, models.CodeInvalidArgument},
		"other authorities": {func(c *s3.Config) { c.CA = "s3.go" }, models.CodeInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := configFor(server)
			c.change(&cfg)
			_, err := s3.Open(t.Context(), cfg)
			if models.ErrorCode(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
			if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, cfg), server.SecretKey) {
				t.Errorf("the secret is in %v %+v", err, cfg)
			}
		})
	}
}

// answering is a store whose server gives every request one answer, once the
// bucket was looked for.
func answering(t *testing.T, answer http.HandlerFunc) *s3.Store {
	t.Helper()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodHead || r.URL.Path != "/bucket/" {
			answer(w, r)
		}
	}))
	t.Cleanup(fake.Close)
	return open(t, s3.Config{Endpoint: fake.URL, Bucket: "bucket", AccessKey: "key", PathStyle: true})
}

func TestAnswersHaveTheirCodes(t *testing.T) {
	t.Parallel()
	for answer, code := range map[string]models.Code{
		"404 NoSuchKey":                      models.CodeNotFound,
		"404 NoSuchBucket":                   models.CodeStorageUnavailable,
		"507 XMinioStorageFull":              models.CodeStorageFull,
		"400 XMinioAdminBucketQuotaExceeded": models.CodeStorageFull,
		"400 BadDigest":                      models.CodeChecksumMismatch,
		"400 XAmzContentSHA256Mismatch":      models.CodeChecksumMismatch,
		"400 EntityTooLarge":                 models.CodeSourceTooLarge,
		"400 XMinioParentIsObject":           models.CodeInvalidArgument,
		"403 AccessDenied":                   models.CodeStorageUnavailable,
		"503 SlowDown":                       models.CodeStorageUnavailable,
		"502 SomethingElse":                  models.CodeStorageUnavailable,
		"400 NobodyKnows":                    models.CodeInternal,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				var status int
				var name string
				if _, err := fmt.Sscan(answer, &status, &name); err != nil {
					t.Error(err)
				}
				w.WriteHeader(status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", name)
			})
			if err := put(t.Context(), s, strings.NewReader("x")); models.ErrorCode(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		})
	}
}

func TestABodyThatBreaksOffIsNoEnd(t *testing.T) {
	t.Parallel()
	s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Write([]byte("half"))
	})
	body, _, err := s.Open(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadAll(body); models.ErrorCode(err) != models.CodeStorageUnavailable {
		t.Errorf("read: %v", err)
	}
}

// MinIO lists no uploads below a prefix. Amazon does, as this server.
func TestASweepAbortsOldUploads(t *testing.T) {
	t.Parallel()
	var aborted []string
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			aborted = append(aborted, r.URL.Path+" "+r.URL.Query().Get("uploadId"))
			w.WriteHeader(http.StatusNoContent)
			return
		}
		upload := "<Upload><Key>%s</Key><UploadId>1</UploadId><Initiated>%s</Initiated></Upload>"
		old := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
		fmt.Fprintf(w, "<ListMultipartUploadsResult>"+upload+upload+upload+"</ListMultipartUploadsResult>",
			"old", old, "grows", old, "new", time.Now().UTC().Format(time.RFC3339))
	})
	keep := func(_ context.Context, key string) (bool, error) { return key == "grows", nil }
	if err := s.Sweep(t.Context(), time.Hour, keep); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/bucket/old 1"}, aborted); diff != "" {
		t.Errorf("aborted (-want +got):\n%s", diff)
	}
}

func TestPresignedRequestsGoToThePublicEndpoint(t *testing.T) {
	t.Parallel()
	cfg := configFor(server)
	cfg.Public = "https://media.example.org"
	s := open(t, cfg)
	p, err := s.PresignGet(t.Context(), "a", time.Minute)
	if err != nil || !strings.HasPrefix(p.URL, "https://media.example.org/"+cfg.Bucket+"/some/where/a?") {
		t.Errorf("%s, %v", p.URL, err)
	}
}

func TestAuthoritiesOfOnesOwnAreTrusted(t *testing.T) {
	t.Parallel()
	fake := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fake.Config.ErrorLog = log.New(io.Discard, "", 0) // of the strangers
	fake.StartTLS()
	t.Cleanup(fake.Close)
	cfg := s3.Config{Endpoint: fake.URL, Bucket: "bucket", AccessKey: "key", PathStyle: true}
	_, err := s3.Open(t.Context(), cfg)
	var untrusted *tls.CertificateVerificationError
	if models.ErrorCode(err) != models.CodeStorageUnavailable || !errors.As(err, &untrusted) {
		t.Errorf("a stranger: %v", err)
	}
	cfg.CA = filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: fake.Certificate().Raw})
	if err := os.WriteFile(cfg.CA, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, cfg)
}

func TestCredentialsMayComeFromTheEnvironment(t *testing.T) {
	cfg := configFor(server)
	t.Setenv("AWS_ACCESS_KEY_ID", cfg.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", cfg.SecretKey.Reveal())
	cfg.AccessKey, cfg.SecretKey = "", config.Secret{}
	s := open(t, cfg)
	if err := put(t.Context(), s, bytes.NewReader(nil)); err != nil {
		t.Error(err)
	}
}
