package sqldb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// EditColumns are what an edit does and what it covers, as JSON.
func EditColumns(e models.Edit) (change, covers string, err error) {
	one, err := json.Marshal(e.Change)
	if err != nil {
		return "", "", err
	}
	two, err := json.Marshal(e.Covers)
	return string(one), string(two), err
}

// EditFrom is the reverse of [EditColumns].
func EditFrom(e *models.Edit, change, covers []byte) error {
	if err := json.Unmarshal(change, &e.Change); err != nil {
		return fmt.Errorf("change of edit %s: %w", e.ID, err)
	}
	if err := json.Unmarshal(covers, &e.Covers); err != nil {
		return fmt.Errorf("covers of edit %s: %w", e.ID, err)
	}
	return nil
}

// EditList is a page of edits that is asked for.
type EditList struct {
	Limit  int   // one row more than the page
	Before int64 // the n of its edits is lower
}

// ListEdits reads a query. INVALID_ARGUMENT for a token that [EditList.Page] did
// not make.
func ListEdits(q store.EditQuery) (EditList, error) {
	e := EditList{Limit: pageSize(q.Size) + 1, Before: 1<<63 - 1}
	if q.Token == "" {
		return e, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Token)
	if err == nil {
		e.Before, err = strconv.ParseInt(string(raw), 10, 64)
	}
	if err != nil {
		return e, notOurs(err)
	}
	return e, nil
}

// NumberedEdit is an edit with its n.
type NumberedEdit struct {
	N    int64
	Edit models.Edit
}

// Page cuts the page out of the rows that were read.
func (e EditList) Page(rows []NumberedEdit) store.EditPage {
	var page store.EditPage
	if len(rows) == e.Limit {
		rows = rows[:e.Limit-1]
		page.Next = base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, rows[len(rows)-1].N, 10))
	}
	page.Edits = EditsOf(rows)
	return page
}

// EditsOf returns the edits without their numbers.
func EditsOf(rows []NumberedEdit) []models.Edit {
	var all []models.Edit
	for _, row := range rows {
		all = append(all, row.Edit)
	}
	return all
}
