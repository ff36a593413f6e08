package hotfolder_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// dropping breaks the first bodies of large objects off.
type dropping struct {
	hotfolder.Objects
	left atomic.Int64
}

func (d *dropping) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, blob.Info, error) {
	body, info, err := d.Objects.Open(ctx, name, offset)
	if err != nil || info.Size < 100<<10 || d.left.Add(-1) < 0 {
		return body, info, err
	}
	return &dropped{io.LimitReader(body, 100<<10), body}, info, nil
}

type dropped struct {
	io.Reader
	io.Closer
}

func (d *dropped) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err == io.EOF { //nolint:errorlint // as it comes from io.LimitReader
		err = models.Errorf(models.CodeStorageUnavailable, "the connection broke off")
	}
	return n, err
}

func TestTheObjectsOfABucketBecomeVideosOnce(t *testing.T) {
	t.Parallel()
	server := testenv.NewMinIO(t)
	bucket, err := s3.Open(t.Context(), s3.Config{
		Endpoint: server.Endpoint(), Bucket: "incoming", Prefix: "some/where/", PathStyle: true, Create: true,
		AccessKey: server.AccessKey, SecretKey: config.NewSecret(server.SecretKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	others, err := minio.New(server.Address, &minio.Options{Creds: credentials.NewStaticV4(server.AccessKey, server.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, content string) {
		t.Helper()
		if _, err := others.PutObject(t.Context(), "incoming", key, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	film := wav(strings.Repeat("one", 100_000))
	put("some/where/Mein Urlaub (ä).wav.json", `{"title": "Urlaub", "captions": "Wörter.vtt"}`)
	put("some/where/Wörter.vtt", vtt)
	put("some/where/Mein Urlaub (ä).wav", film)
	put("some/where/.hidden.wav", wav("hidden"))
	put("some/where/folder/", "")
	put("some/elsewhere.wav", wav("elsewhere"))
	b := setup(t)
	objects := &dropping{Objects: bucket.Objects()}
	objects.left.Store(2)
	watch := func() *watching {
		return b.watch(t, func(w *hotfolder.Watch) { w.Source = hotfolder.Bucket{Objects: objects, Endpoint: server.Endpoint()} })
	}
	w := watch()
	up := b.ended(t, 1)[0]
	v, err := b.lib.Video(t.Context(), up.VideoID)
	if err != nil || v.Title != "Urlaub" || v.Captions == nil || b.content(t, v.ID) != film {
		t.Fatalf("the video is %+v, %v", v, err)
	}
	if objects.left.Load() > 0 {
		t.Error("it was read as a whole although it broke off")
	}
	if up.Source != "s3://incoming/some/where/Mein Urlaub (ä).wav" {
		t.Errorf("it came from %s", up.Source)
	}
	w.looked(t, 2)
	w.stop()
	w = watch()
	w.looked(t, 4)
	b.ended(t, 1)
	put("some/where/Mein Urlaub (ä).wav", wav("two"))
	if up := b.ended(t, 2)[1]; b.content(t, up.VideoID) != wav("two") {
		t.Errorf("after it changed it is %+v", up)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a warning", func() bool { return b.log.has("not all files that are watched can be seen") > 0 })
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	put("some/where/next.wav", wav("three"))
	b.ended(t, 3)
}
