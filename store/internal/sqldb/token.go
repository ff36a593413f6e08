package sqldb

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// Operations is a page of operations that is asked for.
type Operations struct {
	Limit int  // one row more than the page
	From  bool // that it goes on where a page ended, at:

	Created time.Time
	ID      string
}

// ListOperations reads a query. INVALID_ARGUMENT for a token that
// [Operations.Page] did not make.
func ListOperations(q store.OperationQuery) (Operations, error) {
	o := Operations{Limit: pageSize(q.Size) + 1}
	if q.Token == "" {
		return o, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Token)
	first, id, ok := strings.Cut(string(raw), " ")
	if err == nil && (!ok || id == "") {
		err = errors.New("no id in it")
	}
	var us int64
	if err == nil {
		us, err = strconv.ParseInt(first, 10, 64)
	}
	if err == nil {
		o.Created, err = microsecond(us)
	}
	if err != nil {
		return o, notOurs(err)
	}
	o.From, o.ID = true, Clean(id)
	return o, nil
}

// Page cuts the page out of the rows that were read.
func (o Operations) Page(all []models.Operation) store.OperationPage {
	if len(all) < o.Limit {
		return store.OperationPage{Operations: all}
	}
	all = all[:o.Limit-1]
	last := all[len(all)-1]
	token := fmt.Appendf(nil, "%d %s", last.Created.UnixMicro(), last.ID)
	return store.OperationPage{Operations: all, Next: base64.RawURLEncoding.EncodeToString(token)}
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
