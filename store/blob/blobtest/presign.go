package blobtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// presigns says whether a store can presign. One that cannot says so.
func presigns(t *testing.T, s blob.Store) bool {
	t.Helper()
	if s.Features().Presign {
		return true
	}
	_, err := s.PresignGet(t.Context(), "a", time.Minute)
	fails(t, "presign get", err, models.CodeUnimplemented)
	_, err = s.PresignPut(t.Context(), "a", time.Minute, blob.PutWant{Size: 1})
	fails(t, "presign put", err, models.CodeUnimplemented)
	_, _, err = s.PresignParts(t.Context(), "a", 1, time.Minute)
	fails(t, "presign parts", err, models.CodeUnimplemented)
	return false
}

// send sends a presigned request as somebody would who knows nothing of S3.
func send(t *testing.T, p blob.Presigned, body []byte, change func(*http.Request)) (int, []byte, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), p.Method, p.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = p.Header.Clone()
	if change != nil {
		change(request)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, got, response.Header
}

func testPresign(t *testing.T, _ Backend, s blob.Store) {
	if !presigns(t, s) {
		return
	}
	data := content(1, 1000)
	write, err := s.PresignPut(t.Context(), "a/key", time.Minute, blob.PutWant{Size: 1000, ContentType: "video/mp4", SHA256: hash(data)})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer, _ := send(t, write, data, nil); status != http.StatusOK {
		t.Fatalf("put: %d %s", status, answer)
	}
	holds(t, s, "a/key", data)
	if info, err := s.Stat(t.Context(), "a/key"); err != nil || info.SHA256 != hash(data) {
		t.Errorf("stat %+v, %v, want the hash that was signed", info, err)
	}
	read, err := s.PresignGet(t.Context(), "a/key", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, got, header := send(t, read, nil, nil)
	if status != http.StatusOK || !bytes.Equal(got, data) || header.Get("Content-Type") != "video/mp4" {
		t.Errorf("get: %d, %d bytes, %v", status, len(got), header)
	}
	status, got, _ = send(t, read, nil, func(r *http.Request) { r.Header.Set("Range", "bytes=10-19") })
	if status != http.StatusPartialContent || !bytes.Equal(got, data[10:20]) {
		t.Errorf("get range: %d, %x", status, got)
	}
}

func testPresignLimits(t *testing.T, b Backend, s blob.Store) {
	if !presigns(t, s) {
		return
	}
	for _, ttl := range []time.Duration{-1, 0, blob.MaxTTL + time.Second} {
		_, err := s.PresignGet(t.Context(), "a", ttl)
		fails(t, "for "+ttl.String(), err, models.CodeInvalidArgument)
	}
	_, err := s.PresignPut(t.Context(), "a", time.Minute, blob.PutWant{Size: -1})
	fails(t, "of any size", err, models.CodeInvalidArgument)
	data := content(1, 1000)
	write, err := s.PresignPut(t.Context(), "a", time.Minute, blob.PutWant{Size: 1000, ContentType: "video/mp4", SHA256: hash(data)})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"another type": func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		"no type":      func(r *http.Request) { r.Header.Del("Content-Type") },
		"fewer bytes": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data[1:])), 999
		},
		"more bytes": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(append(data, 0))), 1001
		},
		"other bytes":  func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader(content(2, 1000))) },
		"no hash":      func(r *http.Request) { r.Header.Del("X-Amz-Checksum-Sha256") },
		"another key":  func(r *http.Request) { r.URL.Path += "b" },
		"another verb": func(r *http.Request) { r.Method = http.MethodDelete },
	} {
		if status, answer, _ := send(t, write, data, change); status < 400 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	clean(t, b, s, "a")

	put(t, s, "a", data)
	read, err := s.PresignGet(t.Context(), "a", 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(read.Expires); left < 0 || left > 2*time.Second {
		t.Errorf("expires in %s", left)
	}
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for status := http.StatusOK; status != http.StatusForbidden; <-again.C {
		status, _, _ = send(t, read, nil, nil) // until it has expired, or the test's time has
		if status == http.StatusOK && time.Now().After(read.Expires.Add(3*time.Second)) {
			t.Fatal("good for longer than it says")
		}
	}
}

func testPresignParts(t *testing.T, b Backend, s blob.Store) {
	if !presigns(t, s) {
		return
	}
	data := content(1, 2*b.Part+1000)
	g, parts, err := s.PresignParts(t.Context(), "a/key", int64(len(data)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for rest := data; len(parts) > len(bodies); rest = rest[parts[len(bodies)-1].Size:] {
		bodies = append(bodies, rest[:parts[len(bodies)].Size])
	}
	if len(parts) != 3 || parts[0].Size != b.Part || parts[1].Size != b.Part || parts[2].Size != 1000 {
		t.Fatalf("%d parts: %+v", len(parts), parts)
	}
	up := &sender{Store: s, data: data}
	if up.row, err = json.Marshal(g); err != nil {
		t.Fatal(err)
	}
	finish := func(want string) {
		t.Helper()
		_, err := s.Finish(t.Context(), up.saved(t), int64(len(data)), hash(data))
		fails(t, "finish", err, models.CodeChecksumMismatch)
		if err != nil && !strings.Contains(models.AsError(err).Message, want) {
			t.Errorf("finish: %v, want %s", err, want)
		}
	}
	for _, n := range []int{2, 0} { // in any order
		if status, answer, _ := send(t, parts[n].Presigned, bodies[n], nil); status != http.StatusOK {
			t.Fatalf("part %d: %d %s", n+1, status, answer)
		}
	}
	finish("part 2 ")
	if status, answer, _ := send(t, parts[1].Presigned, bodies[2], nil); status < 400 {
		t.Errorf("a part of another size: %d %s", status, answer)
	}
	finish("part 2 ")
	if infos, err := s.List(t.Context(), "", "", 10); err != nil || len(infos) > 0 {
		t.Errorf("seen before its end: %v, %v", infos, err)
	}
	for range 2 { // as often as one likes
		if status, answer, _ := send(t, parts[1].Presigned, bodies[1], nil); status != http.StatusOK {
			t.Fatalf("part 2: %d %s", status, answer)
		}
	}
	_, err = s.Grow(t.Context(), g, bytes.NewReader(data), up.save)
	fails(t, "grow", err, models.CodeInvalidArgument)
	for range 2 {
		if info, err := s.Finish(t.Context(), up.saved(t), int64(len(data)), ""); err != nil || info.Size != int64(len(data)) {
			t.Fatal(info, err)
		}
	}
	holds(t, s, "a/key", data)
	if err := errors.Join(s.Abandon(t.Context(), g), s.Delete(t.Context(), "a/key")); err != nil {
		t.Error(err)
	}
	_, err = s.Finish(t.Context(), g, int64(len(data)), "")
	fails(t, "finish what is gone", err, models.CodeNotFound)

	g, _, err = s.PresignParts(t.Context(), "a/key", 1, time.Minute)
	if err := errors.Join(err, s.Abandon(t.Context(), g)); err != nil {
		t.Error(err)
	}
	clean(t, b, s, "a/key")
	for _, size := range []int64{-1, 0} {
		_, _, err = s.PresignParts(t.Context(), "a/key", size, time.Minute)
		fails(t, "of no size", err, models.CodeInvalidArgument)
	}
	_, _, err = s.PresignParts(t.Context(), "a/key", 1<<63-1, time.Minute)
	fails(t, "of all sizes", err, models.CodeSourceTooLarge)
	_, _, err = s.PresignParts(t.Context(), "a/key", 1, blob.MaxTTL+time.Second)
	fails(t, "for ever", err, models.CodeInvalidArgument)
	clean(t, b, s, "a/key")
}
