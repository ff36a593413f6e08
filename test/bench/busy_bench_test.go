package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// BenchmarkBusy measures how long callers wait for an answer of a server that
// packages two videos at the same time: over gRPC and over REST, one call every
// ten milliseconds. Nobody promises a limit here; the goal is 50 ms for 99 of
// a hundred.
func BenchmarkBusy(b *testing.B) {
	data, program := b.TempDir(), testenv.Program(b, "cuepoint")
	server := testenv.Start(b, data, nil, program, "serve", "--json", "--data", data, "--listen=127.0.0.1:0", "--admin=", "--rate=0", "--heavy=2", "--cpu=1", "--grace=0s")
	var said struct{ Address, Key string }
	if err := json.Unmarshal([]byte(server.Await(b, &server.Stdout, "{", time.Minute)), &said); err != nil {
		b.Fatal(err)
	}
	p := &peer{web: &http.Client{Transport: &http.Transport{}}, url: said.Address, key: said.Key}
	p.conn = dial(b, strings.TrimPrefix(said.Address, "http://"), said.Key)
	videos := cuepointv1.NewVideoServiceClient(p.conn)
	for b.Loop() {
		for i := range 2 {
			command(b, program, "analyze", "--data", data, "--no-wait", busy(b, i))
		}
		var calls, requests []time.Duration
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
			<-time.After(10 * time.Millisecond)
			start := time.Now()
			_, err := videos.ListVideos(b.Context(), &cuepointv1.ListVideosRequest{})
			calls = append(calls, time.Since(start))
			if status.Code(err) != codes.OK {
				b.Fatal(err)
			}
			start = time.Now()
			if err := p.get("/v1/videos"); err != nil {
				b.Fatal(err)
			}
			requests = append(requests, time.Since(start))
		}
		resp, err := videos.ListVideos(b.Context(), &cuepointv1.ListVideosRequest{})
		if err != nil {
			b.Fatal(err)
		}
		running := 0
		for _, v := range resp.GetVideos() {
			for _, run := range v.GetStages() {
				if run.GetStage() == "package" && run.GetStatus() == cuepointv1.StageRun_STATUS_RUNNING {
					running++
				}
			}
		}
		if running != 2 {
			b.Errorf("%d videos are packaged at the end, want 2", running)
		}
		for _, v := range resp.GetVideos() {
			command(b, program, "cancel", "--data", data, strings.TrimPrefix(v.GetName(), "videos/"))
		}
		for name, took := range map[string][]time.Duration{"grpc": calls, "rest": requests} {
			for _, p := range []int{50, 99} {
				b.ReportMetric(float64(percentile(took, p).Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, p))
			}
		}
	}
}

// busy is a video that takes longer to package than is measured.
func busy(b *testing.B, i int) string {
	b.Helper()
	return testenv.Clip(b, fmt.Sprintf("busy-%d.mp4", i),
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=1920x1080:r=30,hue=h=%d", i*40), "-f", "lavfi", "-i", "sine",
		"-t", "180", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
}

func command(b *testing.B, program string, args ...string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	if err := proc.Run(ctx, proc.Command{Path: program, Args: args, Dir: filepath.Dir(program)}); err != nil {
		b.Fatalf("%v: %v", args, err)
	}
}
