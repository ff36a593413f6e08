package sqlite_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// FuzzPageTokens: whatever is shown as a token, also one that begins as ours do,
// the database answers with a page, or it is INVALID_ARGUMENT.
func FuzzPageTokens(f *testing.F) {
	db, err := sqlite.Open(f.Context(), filepath.Join(f.TempDir(), "library.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	library := db.In(models.DefaultWorkspace)
	for i := range 3 {
		v := &models.Video{ID: fmt.Sprint(i), Title: fmt.Sprint("Title ", i), SHA256: fmt.Sprint(i), Created: time.Unix(int64(i), 0)}
		if err := library.CreateVideo(f.Context(), v); err != nil {
			f.Fatal(err)
		}
	}
	var queries []store.VideoQuery
	var digests []string
	for _, by := range []store.Field{store.FieldCreateTime, store.FieldUpdateTime, store.FieldTitle, store.FieldDuration} {
		q := store.VideoQuery{Size: 1, Order: store.Order{By: by, Descending: by == store.FieldTitle}}
		page, err := library.Videos(f.Context(), q)
		if err != nil || page.Next == "" {
			f.Fatalf("token %q, error %v", page.Next, err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(page.Next)
		if err != nil {
			f.Fatal(err)
		}
		var place struct{ Q, K, I string }
		if err := json.Unmarshal(raw, &place); err != nil {
			f.Fatal(err)
		}
		queries, digests = append(queries, q), append(digests, place.Q)
		f.Add(page.Next, place.K, place.I)
	}
	for _, key := range []string{"", "-1", "9223372036854775807", "-9223372036854775808", "1e9", "NaN", "a\x00b", "caf\xe9", "' OR 1=1; --", "253402300800000000"} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(key+" 1")), key, key)
	}
	f.Fuzz(func(t *testing.T, token, key, id string) {
		for i, q := range queries {
			like, err := json.Marshal(map[string]string{"q": digests[i], "k": key, "i": id})
			if err != nil {
				t.Fatal(err)
			}
			for _, q.Token = range []string{token, base64.RawURLEncoding.EncodeToString(like)} {
				page, err := library.Videos(t.Context(), q)
				if code := models.ErrorCode(err); err != nil && (code != models.CodeInvalidArgument || page.Videos != nil) {
					t.Fatalf("%v, page %v", err, page)
				}
			}
		}
		for _, token := range []string{token, base64.RawURLEncoding.EncodeToString([]byte(key + " " + id))} {
			if _, err := library.Operations(t.Context(), store.OperationQuery{Size: 1, Token: token}); err != nil && models.ErrorCode(err) != models.CodeInvalidArgument {
				t.Fatal(err)
			}
		}
	})
}
