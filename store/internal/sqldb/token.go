package sqldb

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// pageSize is how many a page holds that asks for n.
func pageSize(n int) int {
	if n <= 0 {
		return DefaultPage
	}
	return n
}

// Newest is a page that is asked for, of a list that has its newest first.
type Newest struct {
	Limit int  // one row more than the page
	From  bool // that it goes on where a page ended, at:

	Created time.Time
	ID      string

	digest string // of what tokens are good for
}

// ListOperations reads a query. INVALID_ARGUMENT for a token that [OperationPage]
// did not make.
func ListOperations(q store.OperationQuery) (Newest, error) { return newest(q.Size, q.Token, "") }

// ListUploads reads a query of a workspace. INVALID_ARGUMENT for a token that
// [UploadPage] did not make for one like it.
func ListUploads(workspace string, q store.UploadQuery) (Newest, error) {
	states := slices.Compact(slices.Sorted(slices.Values(q.States)))
	return newest(q.Size, q.Token, digest(workspace, states))
}

// OperationPage cuts the page out of the rows that were read.
func OperationPage(n Newest, all []models.Operation) (page store.OperationPage, err error) {
	page.Operations, page.Next, err = cut(n, all, func(o models.Operation) (time.Time, string) { return o.Created, o.ID })
	return page, err
}

// UploadPage cuts the page out of the rows that were read.
func UploadPage(n Newest, all []models.Upload) (page store.UploadPage, err error) {
	page.Uploads, page.Next, err = cut(n, all, func(u models.Upload) (time.Time, string) { return u.Created, u.ID })
	return page, err
}

// newest reads what tokens of a digest say.
func newest(size int, token, digest string) (Newest, error) {
	n := Newest{Limit: pageSize(size) + 1, digest: digest}
	if token == "" {
		return n, nil
	}
	p, err := readPlace(token, digest)
	if err != nil {
		return n, err
	}
	us, err := strconv.ParseInt(p.Key, 10, 64)
	if err == nil {
		n.Created, err = microsecond(us)
	}
	if err != nil {
		return n, notOurs(err)
	}
	n.From, n.ID = true, Clean(p.ID)
	return n, nil
}

// cut is the page of the rows that were read, and the token of the next one.
func cut[T any](n Newest, all []T, at func(T) (time.Time, string)) (page []T, next string, err error) {
	if len(all) < n.Limit {
		return all, "", nil
	}
	page = all[:n.Limit-1]
	created, id := at(page[len(page)-1])
	next, err = place{n.digest, strconv.FormatInt(created.UnixMicro(), 10), id}.token()
	return page, next, err
}

// place is where a page ended: what a page token says.
type place struct {
	Digest string `json:"q"`
	Key    string `json:"k"`
	ID     string `json:"i"`
}

func (p place) token() (string, error) {
	b, err := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// readPlace reads a page token. INVALID_ARGUMENT, also where it is good for
// something else.
func readPlace(token, digest string) (place, error) {
	var p place
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	switch {
	case err != nil:
		return p, notOurs(err)
	case p.Digest != digest:
		return p, models.Errorf(models.CodeInvalidArgument,
			"page token: it was given for another filter or order; start again without it")
	}
	return p, nil
}

// digest is short for what a page token is good for.
func digest(of ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", of))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// microsecond is the time so many microseconds after 1970, if databases have it.
func microsecond(n int64) (time.Time, error) {
	t := time.UnixMicro(n).UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return t, errors.New("a time that no database has")
	}
	return t, nil
}

func notOurs(err error) error {
	return models.Errorf(models.CodeInvalidArgument, "page token: not one of ours; start again without it").Because(err)
}
