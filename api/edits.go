package api

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// editService implements cuepoint.v1.EditService.
type editService struct {
	cuepointv1.UnimplementedEditServiceServer
	libraries Libraries
	commands  func(workspace string) Commands
}

func (s *editService) GetEdit(ctx context.Context, req *cuepointv1.GetEditRequest) (*cuepointv1.Edit, error) {
	video, id, err := parseEdit("name", req.GetName())
	if err != nil {
		return nil, err
	}
	e, err := libraryOf(ctx, s.libraries).Edit(ctx, id)
	if err == nil && e.VideoID != video {
		err = models.Errorf(models.CodeNotFound, "video %s has no edit %s", video, id)
	}
	if err != nil {
		return nil, err
	}
	return editMessage(e), nil
}

func (s *editService) ListEdits(ctx context.Context, req *cuepointv1.ListEditsRequest) (*cuepointv1.ListEditsResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	query := store.EditQuery{VideoID: id}
	if query.Size, err = pageSize(req.GetPageSize(), usualInsights, mostInsights); err != nil {
		return nil, err
	}
	question := questionOf(req)
	if query.Token, err = cutQuestion(question, req.GetPageToken()); err != nil {
		return nil, err
	}
	for _, state := range req.GetStates() {
		query.States = append(query.States, models.EditState(strings.ToLower(strings.TrimPrefix(state.String(), "STATE_"))))
	}
	library := libraryOf(ctx, s.libraries)
	if _, err := library.Video(ctx, id); err != nil {
		return nil, err
	}
	page, err := library.Edits(ctx, query)
	if err != nil {
		return nil, about("page_token", err)
	}
	resp := &cuepointv1.ListEditsResponse{}
	if page.Next != "" {
		resp.NextPageToken = question + page.Next
	}
	for _, e := range page.Edits {
		resp.Edits = append(resp.Edits, editMessage(e))
	}
	return resp, nil
}

func (s *editService) RevertEdit(ctx context.Context, req *cuepointv1.RevertEditRequest) (*cuepointv1.Edit, error) {
	video, id, err := parseEdit("name", req.GetName())
	if err != nil {
		return nil, err
	}
	by, err := editorOf(ctx, req.GetEtag())
	if err != nil {
		return nil, err
	}
	reverted := func(ctx context.Context, lib store.TxLibrary, _ string) (*cuepointv1.Edit, error) {
		e, err := lib.Edit(ctx, id)
		return editMessage(e), err
	}
	return carryOut(ctx, s.commands, reverted, func(ctx context.Context, c Commands) error {
		return c.RevertEdit(ctx, video, id, by)
	})
}

// editorOf is who asks, who edits what an etag stands for.
func editorOf(ctx context.Context, etag string) (by analyzer.Editor, err error) {
	caller := access.From(ctx)
	switch {
	case caller.Local:
		by.Author = models.AuthorLocal
	case caller.Person != "":
		by.Author = models.AuthorPerson + caller.Person
	default:
		by.Author = caller.Key
	}
	by.IfRevision, err = parseEtag("etag", etag)
	return by, err
}

// edit carries an edit out, and returns what is answered of it: nobody else
// edits in between.
func edit[A proto.Message](ctx context.Context, commands func(workspace string) Commands, video, etag string, kind models.CueKind, plan edits.Plan,
	answer func(models.Edit) (A, error),
) (made A, err error) {
	by, err := editorOf(ctx, etag)
	if err != nil {
		return made, err
	}
	newest := func(ctx context.Context, lib store.TxLibrary, id string) (A, error) {
		page, err := lib.Edits(ctx, store.EditQuery{VideoID: id, Size: 1})
		if err != nil || len(page.Edits) == 0 {
			var none A
			return none, err
		}
		return answer(page.Edits[0])
	}
	return carryOut(ctx, commands, newest, func(ctx context.Context, c Commands) error {
		return c.Edit(ctx, video, kind, by, plan)
	})
}

// leftNothing answers an edit that takes something away.
func leftNothing(models.Edit) (*emptypb.Empty, error) { return &emptypb.Empty{}, nil }

// fieldsOf are those of the fields of a message that a mask names, or else those
// that are not empty (AIP-134). What cannot be changed is left out.
func fieldsOf(m proto.Message, mask *fieldmaskpb.FieldMask, changeable ...string) (fields []string, err error) {
	known := m.ProtoReflect().Descriptor().Fields()
	for _, path := range mask.GetPaths() {
		switch {
		case path == "*":
			return changeable, nil
		case known.ByName(protoreflect.Name(path)) == nil:
			return nil, invalid("update_mask", "there is no field %q that could be changed; those there are: %v", shorten(path), changeable)
		case slices.Contains(changeable, path):
			fields = append(fields, path)
		}
	}
	if len(mask.GetPaths()) == 0 {
		for _, field := range changeable {
			if m.ProtoReflect().Has(known.ByName(protoreflect.Name(field))) {
				fields = append(fields, field)
			}
		}
	}
	if len(fields) == 0 {
		return nil, invalid("update_mask", "it names nothing that could be changed; want one of %v", changeable)
	}
	return fields, nil
}

func editMessage(e models.Edit) *cuepointv1.Edit {
	m := &cuepointv1.Edit{
		Name:       editName(e.VideoID, e.ID),
		Kind:       string(e.Kind),
		Action:     enum[cuepointv1.Edit_Action](cuepointv1.Edit_Action_value, "ACTION_", string(e.Change.Action)),
		State:      enum[cuepointv1.Edit_State](cuepointv1.Edit_State_value, "STATE_", string(e.State)),
		Author:     valid(e.Author),
		CreateTime: timeMessage(e.Created),
		Before:     editedMessages(e.Change.Before),
		After:      editedMessages(e.Change.After),
		Speaker:    valid(e.Change.From),
		NewSpeaker: valid(e.Change.To),
	}
	if e.Author != "" && e.Author != models.AuthorLocal && !strings.HasPrefix(e.Author, models.AuthorPerson) {
		m.Author = "keys/" + e.Author
	}
	return m
}

func editedMessages(cues []models.Cue) []*cuepointv1.EditedCue {
	var all []*cuepointv1.EditedCue
	for _, c := range cues {
		m := &cuepointv1.EditedCue{
			Id: c.ID, StartOffset: durationpb.New(c.Start), EndOffset: durationpb.New(c.End), Text: valid(c.Text),
		}
		if said, err := c.Speech(); err == nil && c.Kind == models.CueSpeech {
			m.Speaker = valid(said.Speaker)
		}
		all = append(all, m)
	}
	return all
}
