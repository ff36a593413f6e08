package torture

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// remote is what a cluster depends on, to be taken away from it.
type remote struct {
	database *testenv.PostgresServer
	bucket   *testenv.MinIO
}

// newRemote starts a database and a bucket, and makes a library in them.
func newRemote(t *testing.T) (*remote, *library) {
	t.Helper()
	r := &remote{testenv.NewPostgres(t), testenv.NewMinIO(t)}
	l := newLibrary(t, r.database.URL())
	_, model := talk(t)
	l.env = []string{
		"CUEPOINT_MODEL=" + model, "CUEPOINT_S3_ACCESS_KEY=" + r.bucket.AccessKey, "CUEPOINT_S3_SECRET_KEY=" + r.bucket.SecretKey,
		"CUEPOINT_BLOBS_URL=s3://cuepoint?path_style=true&create=true&endpoint=" + url.QueryEscape(r.bucket.Endpoint()),
	}
	return r, l
}

// blobs opens the bucket.
func (r *remote) blobs(t *testing.T) blob.Store {
	t.Helper()
	files, err := s3.Open(t.Context(), s3.Config{
		Endpoint: r.bucket.Endpoint(), Bucket: "cuepoint", PathStyle: true,
		AccessKey: r.bucket.AccessKey, SecretKey: config.NewSecret(r.bucket.SecretKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	return files
}

// outage is a way in which a cluster loses what it depends on.
type outage struct {
	check string // of readiness, that tells of it
	away  time.Duration
	stop  func(r *remote) error
	start func(t *testing.T, r *remote) error
}

func outages() map[string]outage {
	stop := func(r *remote) error { return r.database.Stop() }
	start := func(_ *testing.T, r *remote) error { return r.database.Start() }
	long := time.Duration(of(5, 30)) * time.Second
	return map[string]outage{
		"PostgreSQL is restarted": {"database", 0, stop, start},
		"PostgreSQL is away":      {"database", long, stop, start},
		"MinIO is down": {
			"blobs", long, func(r *remote) error { return r.bucket.Stop() },
			func(t *testing.T, r *remote) error { return r.bucket.Start(t.Context()) },
		},
	}
}

// wait lets an outage last.
func (o outage) wait(t *testing.T, admin string) {
	t.Helper()
	timer := time.NewTimer(o.away)
	defer timer.Stop()
	<-timer.C
	if o.away == 0 {
		return
	}
	eventually(t, "it says that it is not ready", patience, func() bool { return ready(t, admin) == http.StatusServiceUnavailable })
}

// ready asks a process whether it is ready.
func ready(t *testing.T, admin string) (status int) {
	t.Helper()
	status, _ = get(t, "http://"+admin+"/readyz")
	return status
}

// get asks a server.
func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestAClusterOutlivesWhatItDependsOn(t *testing.T) {
	t.Parallel()
	for name, o := range outages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, l := newRemote(t)
			admin, n := freeAddress(t), of(3, 10)
			all := l.cuepoint(t, "serve", "--listen=127.0.0.1:0", "--admin="+admin)
			all.Await(t, &all.Stdout, "{", patience)
			beside := l.worker(t, t.TempDir())
			if status, _, stderr := l.answer(t, append([]string{"analyze", "--no-wait", "--language=en"}, seconds(t, n)...)...); status != 0 {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			db := l.db(t)
			for range of(1, 3) {
				awaitWork(t, db)
				if err := o.stop(r); err != nil {
					t.Fatal(err)
				}
				o.wait(t, admin)
				if err := o.start(t, r); err != nil {
					t.Fatal(err)
				}
				eventually(t, "it says that it is ready again", patience, func() bool { return ready(t, admin) == http.StatusOK })
			}
			awaitEnd(t, db)
			wantEnd(t, all)
			wantEnd(t, beside)
			wantReady(t, db, n)
			wantNoLooseBlob(t, db, r.blobs(t))
		})
	}
}

func TestAnalyzeOutlivesWhatItDependsOn(t *testing.T) {
	t.Parallel()
	for name, o := range outages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, l := newRemote(t)
			n := of(2, 6)
			analyze := l.cuepoint(t, append([]string{"analyze", "--language=en"}, seconds(t, n)...)...)
			db := l.db(t)
			awaitWork(t, db)
			if err := o.stop(r); err != nil {
				t.Fatal(err)
			}
			spared(analyze, o.away)
			if err := o.start(t, r); err != nil {
				t.Fatal(err)
			}
			if status := analyze.Wait(t, patience); status != 0 {
				t.Errorf("status %d\n%s", status, analyze.Stderr.String())
			}
			wantReady(t, db, n)
			wantNoLooseBlob(t, db, r.blobs(t))
		})
	}
}

// awaitWork waits until stages are running, or nothing is left to be done.
func awaitWork(t *testing.T, db store.Store) {
	t.Helper()
	eventually(t, "stages run", patience, func() bool {
		running, err := tryCount(t, db, "SELECT count(*) FROM stage_runs WHERE status = 'running'")
		ended, failed := tryCount(t, db, "SELECT count(*) FROM videos WHERE state = 'ready'")
		left, unknown := tryCount(t, db, unfinished)
		return err == nil && failed == nil && unknown == nil && (running > 0 || ended > 0 && left == 0)
	})
}

// awaitEnd waits until nothing is to be done any more.
func awaitEnd(t *testing.T, db store.Store) {
	t.Helper()
	eventually(t, "all videos are done", 2*patience, func() bool {
		n, err := tryCount(t, db, unfinished)
		return err == nil && n == 0
	})
}

// wantReady holds n videos to having been done once, after any reasonable
// number of attempts.
func wantReady(t *testing.T, db store.Store, n int) {
	t.Helper()
	all := videos(t, db)
	if len(all) != n {
		t.Errorf("%d videos, want %d", len(all), n)
	}
	for _, v := range all {
		if v.State != models.VideoReady {
			t.Errorf("%s is %s: %v", v.ID, v.State, v.Error)
		}
		for _, run := range v.Runs {
			if run.Attempt > 10 || run.Failures+run.Crashes > 0 {
				t.Errorf("%s: %d attempts, %d failed, %d crashed, %d lost", run.Stage, run.Attempt, run.Failures, run.Crashes, run.Losses)
			}
		}
	}
	wantOnce(t, db)
}
