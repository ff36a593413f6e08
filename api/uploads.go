package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/api/tus"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// The sizes of a page of uploads.
const (
	usualUploads = 50
	mostUploads  = 1000
)

// uploadPath is where who speaks tus sends bytes.
const uploadPath = tus.Prefix + "/"

// uploadService implements cuepoint.v1.UploadService.
type uploadService struct {
	cuepointv1.UnimplementedUploadServiceServer
	libraries Libraries
	uploads   tus.Uploads // nil where none are taken
}

func (s *uploadService) CreateUpload(ctx context.Context, req *cuepointv1.CreateUploadRequest) (*cuepointv1.Upload, error) {
	if s.uploads == nil {
		return nil, noUploads()
	}
	n, err := newUpload(req.GetUpload())
	if err != nil {
		return nil, err
	}
	var made *cuepointv1.Upload
	n.Answer = func(ctx context.Context, lib store.TxLibrary, c ingest.Created) error {
		made = createdMessage(c)
		return remember(ctx, lib, "", made)
	}
	if _, err := s.uploads.Create(ctx, access.From(ctx).Workspace, n); err != nil {
		return nil, about("upload", err)
	}
	return made, nil
}

// newUpload reads what is asked for. Whether it can be is not this one's to say.
func newUpload(asked *cuepointv1.Upload) (ingest.New, error) {
	given := asked.GetVideoSettings()
	n := ingest.New{
		Method: methodOfUpload(asked), Filename: asked.GetFilename(), ContentType: asked.GetContentType(), Length: asked.GetSize(),
		SHA256: asked.GetSha256(), Source: asked.GetSourceUri(), Delegated: asked.GetDelegated(), Origin: asked.GetCorsOrigin(),
		Lifetime: asked.GetTtl().AsDuration(),
		Video: models.UploadVideo{
			Title: given.GetTitle(), Language: given.GetLanguageCode(), Labels: given.GetLabels(),
			ExternalID: given.GetExternalId(), AllowDuplicate: given.GetAllowDuplicate(),
		},
	}
	if n.Length == 0 {
		n.Length = -1
	}
	return n, checkLanguage("upload.video_settings.language_code", n.Video.Language)
}

// methodOfUpload is the method that is asked for.
func methodOfUpload(asked *cuepointv1.Upload) models.UploadMethod {
	switch {
	case asked.GetMethod() != cuepointv1.Upload_METHOD_UNSPECIFIED:
		return models.UploadMethod(strings.ToLower(strings.TrimPrefix(asked.GetMethod().String(), "METHOD_")))
	case asked.GetSourceUri() != "":
		return models.UploadImport
	}
	return models.UploadTus
}

func (s *uploadService) GetUpload(ctx context.Context, req *cuepointv1.GetUploadRequest) (*cuepointv1.Upload, error) {
	id, err := parseUpload("name", req.GetName())
	if err != nil {
		return nil, err
	}
	up, err := libraryOf(ctx, s.libraries).Upload(ctx, id)
	if err != nil {
		return nil, err
	}
	return uploadMessage(up), nil
}

func (s *uploadService) ListUploads(ctx context.Context, req *cuepointv1.ListUploadsRequest) (*cuepointv1.ListUploadsResponse, error) {
	size, err := pageSize(req.GetPageSize(), usualUploads, mostUploads)
	if err != nil {
		return nil, err
	}
	query := store.UploadQuery{Size: size, Token: req.GetPageToken()}
	for _, state := range req.GetStates() {
		query.States = append(query.States, models.UploadState(strings.ToLower(strings.TrimPrefix(state.String(), "STATE_"))))
	}
	page, err := libraryOf(ctx, s.libraries).Uploads(ctx, query)
	if err != nil {
		return nil, about("page_token", err)
	}
	resp := &cuepointv1.ListUploadsResponse{NextPageToken: page.Next}
	for _, up := range page.Uploads {
		resp.Uploads = append(resp.Uploads, uploadMessage(up))
	}
	return resp, nil
}

func (s *uploadService) DeleteUpload(ctx context.Context, req *cuepointv1.DeleteUploadRequest) (*cuepointv1.Upload, error) {
	return s.carryOut(ctx, req.GetName(), tus.Uploads.Delete)
}

func (s *uploadService) CompleteUpload(ctx context.Context, req *cuepointv1.CompleteUploadRequest) (*cuepointv1.Upload, error) {
	return s.carryOut(ctx, req.GetName(), tus.Uploads.Complete)
}

// carryOut gives a command about an upload, and returns the answer that is made in
// its transaction, as [carryOut] does for videos.
func (s *uploadService) carryOut(ctx context.Context, name string,
	give func(to tus.Uploads, ctx context.Context, workspace, id string) (models.Upload, error),
) (made *cuepointv1.Upload, err error) {
	id, err := parseUpload("name", name)
	if err != nil {
		return nil, err
	}
	if s.uploads == nil {
		return nil, noUploads()
	}
	ctx = analyzer.WithAnswer(ctx, func(ctx context.Context, lib store.TxLibrary, id string) error {
		up, err := lib.Upload(ctx, id)
		if err != nil {
			return err
		}
		made = uploadMessage(up)
		return remember(ctx, lib, "", made)
	})
	if _, err := give(s.uploads, ctx, access.From(ctx).Workspace, id); err != nil {
		return nil, about("name", err)
	}
	return made, nil
}

func noUploads() error {
	return models.Errorf(models.CodeUnimplemented, "this process takes no uploads")
}

// uploadMessage describes an upload, without what lets somebody send its bytes.
func uploadMessage(up models.Upload) *cuepointv1.Upload {
	m := &cuepointv1.Upload{
		Name:     uploadName(up.ID),
		Method:   enum[cuepointv1.Upload_Method](cuepointv1.Upload_Method_value, "METHOD_", string(up.Method)),
		State:    enum[cuepointv1.Upload_State](cuepointv1.Upload_State_value, "STATE_", string(up.State)),
		Filename: valid(up.Filename), ContentType: valid(up.ContentType), Size: max(up.Length, 0), Offset: up.Offset, Sha256: up.SHA256,
		SourceUri: valid(up.Source), Delegated: up.TokenHash != "", CorsOrigin: up.Origin, ExpireTime: timeMessage(up.Expires),
		VideoSettings: settingsMessage(up.Video), Duplicate: up.Duplicate, Error: errorMessage(up.Error),
		CreateTime: timeMessage(up.Created), UpdateTime: timeMessage(up.Updated),
	}
	if up.VideoID != "" {
		m.Video = videoName(up.VideoID)
	}
	if up.Method == models.UploadTus && up.TokenHash == "" {
		m.UploadUri = uploadPath + up.ID
	}
	return m
}

// settingsMessage is nil where the owner said nothing.
func settingsMessage(v models.UploadVideo) *cuepointv1.VideoSettings {
	if v.Title == "" && v.Language == "" && len(v.Labels) == 0 && v.ExternalID == "" && !v.AllowDuplicate {
		return nil
	}
	return &cuepointv1.VideoSettings{
		Title: valid(v.Title), LanguageCode: valid(v.Language), Labels: v.Labels, ExternalId: valid(v.ExternalID), AllowDuplicate: v.AllowDuplicate,
	}
}

// createdMessage describes an upload with what its bytes are sent by.
func createdMessage(c ingest.Created) *cuepointv1.Upload {
	m := uploadMessage(c.Upload)
	if secret := c.Secret.Reveal(); secret != "" {
		m.UploadUri = fmt.Sprintf("%s%s.%s", uploadPath, c.ID, secret)
	}
	if c.Put != nil {
		m.Put = presignedMessage(0, c.Length, *c.Put)
	}
	for i, part := range c.Parts {
		m.Parts = append(m.Parts, presignedMessage(i+1, part.Size, part.Presigned))
	}
	return m
}

func presignedMessage(number int, size int64, p blob.Presigned) *cuepointv1.PresignedRequest {
	m := &cuepointv1.PresignedRequest{Number: int32(number), Method: p.Method, Uri: p.URL, Headers: map[string]string{}, Size: size}
	for name, values := range p.Header {
		m.Headers[name] = strings.Join(values, ",")
	}
	return m
}
