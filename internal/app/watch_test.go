package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func clip(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(testenv.Clip(t, name, "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=1"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatIsFoundWhileItServesBecomesVideos(t *testing.T) {
	t.Parallel()
	server := testenv.NewMinIO(t)
	at := "path_style=true&create=true&endpoint=" + server.Endpoint()
	dir, data := t.TempDir(), t.TempDir()
	cfg := libraryIn(data)
	cfg.Blobs = "s3://videos/library?" + at
	cfg.S3AccessKey, cfg.S3SecretKey = config.NewSecret(server.AccessKey), config.NewSecret(server.SecretKey)
	a, err := app.Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	watch := app.WatchConfig{Places: []string{dir, "s3://videos/incoming?" + at}, Every: 100 * time.Millisecond, Settle: time.Millisecond}
	s := start(t, hold(t, a).Serve, app.ServeConfig{Watch: watch})

	others, err := minio.New(server.Address, &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := others.FPutObject(t.Context(), "videos", "incoming/In a bucket.mp4", testenv.Clip(t, "bucket.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=2"), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"folder.mp4.json": []byte(`{"title": "In a folder"}`), "folder.mp4": clip(t, "folder.mp4")} {
		half := filepath.Join(dir, name+".part")
		if err := os.WriteFile(half, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(half, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	titles := map[string]bool{}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(time.Minute); len(titles) < 2 && time.Now().Before(deadline); <-again.C {
		page, err := a.Store.Uploads(t.Context(), store.UploadQuery{States: []models.UploadState{models.UploadDone}})
		if err != nil {
			t.Fatal(err)
		}
		for _, up := range page.Uploads {
			v, err := a.Store.Video(t.Context(), up.VideoID)
			if err != nil {
				t.Fatal(err)
			}
			titles[v.Title] = true
		}
	}
	if !titles["In a bucket"] || !titles["In a folder"] {
		t.Errorf("there are videos of %v", titles)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestPlacesThatCannotBeWatchedAreRefused(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	data, link, file := filepath.Join(parent, "data"), filepath.Join(t.TempDir(), "link"), filepath.Join(t.TempDir(), "file")
	a, err := app.Open(t.Context(), libraryIn(data), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := os.Symlink(filepath.Join(data, "blobs"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	holder := hold(t, a)
	for _, place := range []string{
		"", file, filepath.Join(parent, "none"), "s3://", "ftp://host/dir", "s3://videos?secret_key=hunter2", "s3://me:hunter2@videos",
		data, parent, filepath.Join(data, "blobs"), link, "file://" + data,
	} {
		err := holder.Serve(t.Context(), app.ServeConfig{Watch: app.WatchConfig{Places: []string{place}}})
		if message := models.AsError(err); models.ErrorCode(err) != models.CodeInvalidArgument || !strings.Contains(message.Message, "--watch=") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestABucketsOwnPrefixIsNotWatched(t *testing.T) {
	t.Parallel()
	server := testenv.NewMinIO(t)
	at := "?path_style=true&create=true&endpoint=" + server.Endpoint()
	cfg := libraryIn(t.TempDir())
	cfg.Blobs = "s3://videos/a/library" + at
	cfg.S3AccessKey, cfg.S3SecretKey = config.NewSecret(server.AccessKey), config.NewSecret(server.SecretKey)
	a, err := app.Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	holder := hold(t, a)
	for _, place := range []string{"s3://videos", "s3://videos/a", "s3://videos/a/library", "s3://videos/a/library/sources"} {
		if err := holder.Serve(t.Context(), app.ServeConfig{Watch: app.WatchConfig{Places: []string{place + at}}}); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%s: %v", place, err)
		}
	}
}
