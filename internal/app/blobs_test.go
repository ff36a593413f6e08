package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

func TestBlobAddresses(t *testing.T) {
	t.Parallel()
	bucket := func(change func(*s3.Config)) blobsAt {
		cfg := &s3.Config{Endpoint: "https://s3.amazonaws.com", Bucket: "videos"}
		change(cfg)
		return blobsAt{bucket: cfg}
	}
	tests := []struct {
		url  string
		want blobsAt
	}{
		{"", blobsAt{}},
		{"file:///srv/blobs", blobsAt{dir: "/srv/blobs"}},
		{"file:///srv/my%20blobs/", blobsAt{dir: "/srv/my blobs/"}},
		{"s3://videos", bucket(func(*s3.Config) {})},
		{"s3://videos/", bucket(func(*s3.Config) {})},
		{"s3://videos/some/where?region=eu-central-1", bucket(func(c *s3.Config) { c.Prefix, c.Region = "some/where/", "eu-central-1" })},
		{"s3://videos?endpoint=http://127.0.0.1:9000&path_style=true&create=false&ca=/etc/ca.pem&public=https://cdn.example", bucket(func(c *s3.Config) {
			c.Endpoint, c.PathStyle, c.CA, c.Public = "http://127.0.0.1:9000", true, "/etc/ca.pem", "https://cdn.example"
		})},
		{"s3://videos?create=true", bucket(func(c *s3.Config) { c.Create = true })},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			got, err := parseBlobs(Config{Blobs: tt.url})
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(blobsAt{}), cmpopts.EquateComparable(config.Secret{})); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// hidden must be in no error.
const hidden = "hunter2"

func TestWrongBlobAddressesSayWhatToWrite(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"/srv/blobs", "blobs", "file://blobs", "file:blobs", "file:///srv?create=true", "http://host/bucket", "S4://bucket", "gs://bucket",
		"s3:videos", "s3:///prefix", "s3://", "s3://videos#part", "s3://videos?acl=public", "s3://videos?secret_key=" + hidden,
		"s3://videos?region=a&region=b", "s3://videos?region=", "s3://videos?path_style=yes", "s3://videos?create", "s3://videos?a=%zz" + hidden,
		"s3://videos?endpoint=host:9000", "s3://videos?endpoint=//host", "s3://videos?public=ftp://host", "s3://videos?endpoint=https://key:" + hidden + "@host",
		"s3://key:" + hidden + "@videos", "s3://key:" + hidden + "/x@videos", "s3://key:%" + hidden + "@videos", "file://me:" + hidden + "@/srv",
		"s3://UPPER", "s3://videos/../x", "s3://videos/a//b", "s3://videos:9000/x",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			_, err := openBlobs(t.Context(), Config{Blobs: url}, t.TempDir())
			if models.ErrorCode(err) != models.CodeInvalidArgument {
				t.Fatalf("error %v", err)
			}
			if message := fmt.Sprintf("%v %+v", err, err) + models.AsError(err).Message; strings.Contains(message, hidden) {
				t.Errorf("it shows a key: %s", message)
			} else if strings.Contains(url, hidden) && !strings.Contains(message, "--blobs") {
				t.Errorf("it does not say what to write: %s", message)
			}
		})
	}
	for _, cfg := range []Config{
		{Blobs: "s3://videos", S3AccessKey: config.NewSecret("a")}, {Blobs: "s3://videos", S3SecretKey: config.NewSecret(hidden)},
	} {
		if _, err := openBlobs(t.Context(), cfg, ""); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("half of the keys: %v", err)
		}
	}
}

func TestBlobsInADirectory(t *testing.T) {
	t.Parallel()
	usual, other := filepath.Join(t.TempDir(), "blobs"), filepath.Join(t.TempDir(), "other place")
	artifact := models.Artifact{VideoID: "v1", Stage: "thumbs", Run: "r1", Path: "0001.jpg"}
	for url, dir := range map[string]string{"": usual, "file://" + other: other} {
		a := &App{Blobs: openFor(t, Config{Blobs: url}, usual)}
		if place := a.place(t.Context(), artifact.Key()); place != "" {
			t.Errorf("nothing is there, but at %s", place)
		}
		put(t, a.Blobs, artifact.Key(), "picture")
		if got, want := a.place(t.Context(), artifact.Key()), filepath.Join(dir, "videos/v1/thumbs@r1/0001.jpg"); got != want {
			t.Errorf("%q: it is at %s, want %s", url, got, want)
		}
		if body, err := a.read(t.Context(), artifact.Key()); err != nil || string(body) != "picture" {
			t.Errorf("%q: read %q, %v", url, body, err)
		}
		if parts := blobParts(t.Context(), Config{Blobs: url}); len(parts) > 0 {
			t.Errorf("the doctor has to look at nothing, but: %v", parts)
		}
	}
}

func TestBlobsInABucket(t *testing.T) {
	t.Parallel()
	server := testenv.NewMinIO(t)
	cfg := Config{
		Blobs:       "s3://videos/some/where?path_style=true&create=true&endpoint=" + server.Endpoint(),
		S3AccessKey: config.NewSecret(server.AccessKey), S3SecretKey: config.NewSecret(server.SecretKey),
	}
	found := func(cfg Config) Part {
		t.Helper()
		parts := blobParts(t.Context(), cfg)
		if len(parts) != 1 || parts[0].Found == (parts[0].Problem != "") || strings.Contains(fmt.Sprint(parts), server.SecretKey) {
			t.Fatalf("%+v", parts)
		}
		return parts[0]
	}
	absent := cfg
	absent.Blobs = strings.Replace(cfg.Blobs, "&create=true", "", 1)
	if part := found(absent); part.Found {
		t.Errorf("found a bucket that is not there: %+v", part)
	}
	if part := found(cfg); !part.Found || !strings.Contains(part.Path, "made when") {
		t.Errorf("a bucket that may be made: %+v", part)
	}
	if part := found(absent); part.Found {
		t.Errorf("the doctor has made it: %+v", part)
	}

	a := &App{Blobs: openFor(t, cfg, "")}
	artifact := models.Artifact{VideoID: "v1", Stage: "package", Run: "r1", Path: "master.m3u8"}
	put(t, a.Blobs, artifact.Key(), "#EXTM3U")
	if got, want := a.place(t.Context(), artifact.Key()), "s3://videos/some/where/videos/v1/package@r1/master.m3u8"; got != want {
		t.Errorf("it is at %s, want %s", got, want)
	}
	if body, err := a.read(t.Context(), artifact.Key()); err != nil || string(body) != "#EXTM3U" {
		t.Errorf("read %q, %v", body, err)
	}
	if part := found(absent); !part.Found || strings.Contains(part.Path, "made when") {
		t.Errorf("the bucket: %+v", part)
	}
	wrong := cfg
	wrong.S3SecretKey = config.NewSecret("not " + server.SecretKey)
	if part := found(wrong); part.Found || !strings.Contains(part.Problem, "credentials") {
		t.Errorf("with the wrong key: %+v", part)
	}
}

func openFor(t *testing.T, cfg Config, dir string) blob.Store {
	t.Helper()
	blobs, err := openBlobs(t.Context(), cfg, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return blobs
}

func put(t *testing.T, blobs blob.Store, key, text string) {
	t.Helper()
	if _, err := blobs.Put(t.Context(), key, strings.NewReader(text), -1, blob.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}
