package api

import (
	"context"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func (s *transcriptService) ImportTranscript(ctx context.Context, req *cuepointv1.ImportTranscriptRequest) (*longrunningpb.Operation, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	if err := checkLanguage("language_code", req.GetLanguageCode()); err != nil {
		return nil, err
	}
	revision, err := parseEtag("etag", req.GetEtag())
	if err != nil {
		return nil, err
	}
	captions := analyzer.Captions{Content: req.GetContent(), Language: req.GetLanguageCode()}
	return carryOut(ctx, s.commands, begin("ImportTranscript"), func(ctx context.Context, c Commands) error {
		return c.Import(ctx, id, captions, revision)
	})
}
