package tus_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// sums are the values of Upload-Checksum for some bytes, by the algorithm.
func sums(bytes string) map[string]string {
	values := map[string]string{}
	for name, algorithm := range map[string]hash.Hash{
		"sha1": sha1.New(), "sha256": sha256.New(), "sha512": sha512.New(), "md5": md5.New(), "crc32": crc32.NewIEEE(),
	} {
		algorithm.Write([]byte(bytes))
		values[name] = name + " " + base64.StdEncoding.EncodeToString(algorithm.Sum(nil))
	}
	return values
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	b := setup(t)
	second := content(size)[half:]
	right, wrong := sums(second), sums("else")
	patch := func(sum string) request {
		return request{method: http.MethodPatch, path: "PATH", headers: headers{"Upload-Offset": "500", "Upload-Checksum": sum}, body: second}
	}
	post := func(sum string) request {
		return request{method: http.MethodPost, path: "/uploads", body: content(size)[:half],
			headers: headers{"Upload-Length": "1000", "Content-Type": "application/offset+octet-stream", "Upload-Checksum": sum}}
	}
	twice := patch(right["sha1"])
	twice.twice = []string{"Upload-Checksum"}
	rows := []row{
		{rule: "of an unknown algorithm is 400", given: begun, request: patch("adler32 AAAAAA=="), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "without an algorithm is 400", given: begun, request: patch("AAAAAA=="), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "that is not base64 is 400", given: begun, request: patch("sha1 ?"), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "that is empty is 400", given: begun, request: patch("sha1 "), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "that stands there twice is 400", given: begun, request: twice, status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "is looked at before the last bytes count", given: begun, request: patch(right["sha1"]), status: 204, want: headers{"Upload-Offset": "1000", "Cuepoint-Video": "*"}},
		{rule: "is for the first bytes too", request: post(sums(content(size)[:half])["sha1"]), status: 201, want: headers{"Upload-Offset": "500"}},
		{rule: "that the first bytes lack leaves no upload", request: post(wrong["sha1"]), status: 460, reason: models.CodeChecksumMismatch, want: headers{"Location": ""}},
	}
	for _, algorithm := range ingest.Algorithms() {
		if right[algorithm] == "" {
			t.Errorf("%s is not tested", algorithm)
		}
		rows = append(rows,
			row{rule: "by " + algorithm + " that is right", given: begun, request: patch(right[algorithm]), status: 204, want: headers{"Upload-Offset": "1000"}, then: stands(size)},
			row{rule: "by " + algorithm + " that is wrong is 460, and changes nothing", given: begun, request: patch(wrong[algorithm]),
				status: 460, reason: models.CodeChecksumMismatch, then: func(t *testing.T, b *bundle, path string, a answer) {
					stands(half)(t, b, path, a)
					b.ask(t, request{method: http.MethodPatch, path: path, body: second, headers: headers{"Upload-Offset": "500", "Upload-Checksum": right[algorithm]}}).
						check(t, http.StatusNoContent, "", headers{"Upload-Offset": "1000"})
				}})
	}
	table(t, b, rows)
	offered := b.ask(t, request{method: http.MethodOptions, path: "/uploads"}).headers.Get("Tus-Checksum-Algorithm")
	if !strings.Contains(","+offered+",", ",sha1,") {
		t.Errorf("the server MUST know sha1, and offers %s", offered)
	}
}

// TestNothingIsLeftOfWhatNobodyKnowsOf: a client that is told of no upload can
// neither go on with it nor cancel it.
func TestNothingIsLeftOfWhatNobodyKnowsOf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ask(t, request{method: http.MethodPost, path: "/uploads", body: content(size), headers: headers{
		"Upload-Length": "1000", "Content-Type": "application/offset+octet-stream", "Upload-Checksum": sums("else")["sha1"],
	}}).check(t, 460, models.CodeChecksumMismatch, nil)
	kept, err := b.Store.In(models.DefaultWorkspace).Uploads(t.Context(), store.UploadQuery{States: []models.UploadState{models.UploadReceiving}})
	if err != nil || len(kept.Uploads) > 0 {
		t.Errorf("%d uploads, %v", len(kept.Uploads), err)
	}
}
