package s3_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/blobtest"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// server is shared by all tests but those that stop theirs.
var server *testenv.MinIO

// buckets counts the buckets of all tests: each has its own.
var buckets atomic.Int64

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "cuepoint-minio-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	before := goleak.IgnoreCurrent()
	if server, err = testenv.StartMinIO(context.Background(), dir); err != nil {
		return 0, err
	}
	code = m.Run()
	if err := server.Stop(); err != nil {
		return 0, err
	}
	if code == 0 {
		err = goleak.Find(before)
	}
	return code, err
}

const part = 5 << 20

// configFor is a bucket of its own on a server.
func configFor(m *testenv.MinIO) s3.Config {
	return s3.Config{
		Endpoint: m.Endpoint(), Bucket: fmt.Sprintf("bucket-%d", buckets.Add(1)), Prefix: "some/where/", PathStyle: true, Create: true,
		AccessKey: m.AccessKey, SecretKey: config.NewSecret(m.SecretKey), PartSize: part,
	}
}

func open(t *testing.T, cfg s3.Config) *s3.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client speaks to the shared server past the store.
func client(t *testing.T) minio.Core {
	t.Helper()
	c, err := minio.NewCore(server.Address, &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

func unfinished(t *testing.T, bucket, key string) []string {
	t.Helper()
	var left []string
	result, err := client(t).ListMultipartUploads(t.Context(), bucket, key, "", "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, upload := range result.Uploads {
		left = append(left, upload.Key)
	}
	for object := range client(t).ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: "some/where/.growing/", Recursive: true}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		left = append(left, object.Key)
	}
	return left
}

// named is a store that knows its bucket.
type named struct {
	blob.Store
	bucket string
}

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, blobtest.Backend{
		Open: func(t *testing.T) blob.Store {
			t.Helper()
			cfg := configFor(server)
			return named{open(t, cfg), cfg.Bucket}
		},
		Unfinished: func(t *testing.T, s blob.Store, key string) []string {
			t.Helper()
			return unfinished(t, s.(named).bucket, "some/where/"+key)
		},
		Part: part,
	})
}

func TestUnfinishedUploadsAreSeenByTheseTests(t *testing.T) {
	t.Parallel()
	cfg := configFor(server)
	open(t, cfg)
	if _, err := client(t).NewMultipartUpload(t.Context(), cfg.Bucket, "some/where/a", minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if left := unfinished(t, cfg.Bucket, "some/where/a"); strings.Join(left, " ") != "some/where/a" {
		t.Errorf("unfinished: %v", left)
	}
}

func TestACacheMakesFilesOfABucket(t *testing.T) {
	t.Parallel()
	s := open(t, configFor(server))
	dir := t.TempDir()
	c, err := cache.Open(s, dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for key, size := range map[string]int64{"fits": 1 << 19, "does-not": 6 << 20} {
		data := strings.Repeat(key[:1], int(size))
		if _, err := s.Put(t.Context(), key, strings.NewReader(data), size, blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		path, release, err := c.Fetch(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != data {
			t.Errorf("%s: %d bytes, %v, want %d", key, len(got), err, size)
		}
		release()
		if _, err := os.Stat(path); (err == nil) != (key == "fits") {
			t.Errorf("%s after its use: %v", key, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
