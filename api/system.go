package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
)

// System is what a server knows of itself.
type System interface {
	// Version tells which program this is.
	Version() Version

	// Capabilities tells what the server works with, as it was a minute ago at
	// most, what it takes, and its limits.
	Capabilities(ctx context.Context) (Capabilities, error)

	// Stages are those of the pipeline, each after those that it needs.
	Stages() []analyzer.Spec

	// Weights are the model files that there are.
	Weights() []weights.Status
}

// Version is which program a server is.
type Version struct {
	Version  string
	Commit   string // empty where it is not known
	Go       string
	Platform string
}

// Capabilities are what a server can do.
type Capabilities struct {
	Programs        []Program
	Speech          bool // can be recognized
	SpeechModel     string
	SpeechLanguages []string // BCP 47; "mul" for many
	TextLanguages   []string
	Containers      []string
	Limits          Limits
	Uploads         UploadLimits
}

// Program is something that a server starts.
type Program struct {
	Name      string
	Purpose   string
	Required  bool
	Available bool
	Version   string
	Problem   string // for people
}

// Limits are those of a source.
type Limits struct {
	Bytes    int64
	Duration time.Duration
	Width    int
	Height   int
	Pixels   int
	Streams  int
}

// UploadLimits are how files come in.
type UploadLimits struct {
	Methods    []models.UploadMethod // that can be asked for
	Algorithms []string              // of checksums
	ingest.Limits
}

// systemService implements cuepoint.v1.SystemService.
type systemService struct {
	cuepointv1.UnimplementedSystemServiceServer
	system System
}

func (s *systemService) GetVersion(context.Context, *cuepointv1.GetVersionRequest) (*cuepointv1.Version, error) {
	v := s.system.Version()
	return &cuepointv1.Version{Version: v.Version, Commit: v.Commit, GoVersion: v.Go, Platform: v.Platform}, nil
}

func (s *systemService) GetCapabilities(ctx context.Context, _ *cuepointv1.GetCapabilitiesRequest) (*cuepointv1.Capabilities, error) {
	c, err := s.system.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	m := &cuepointv1.Capabilities{
		Speech:        &cuepointv1.SpeechCapability{Available: c.Speech, Model: valid(c.SpeechModel), Languages: c.SpeechLanguages},
		TextLanguages: c.TextLanguages,
		Containers:    c.Containers,
		Limits: &cuepointv1.Limits{
			SourceBytes: c.Limits.Bytes, Duration: durationpb.New(c.Limits.Duration), Width: int32(c.Limits.Width),
			Height: int32(c.Limits.Height), Pixels: int32(c.Limits.Pixels), Streams: int32(c.Limits.Streams),
			RequestBytes: maxBody, MessageBytes: maxMessage,
		},
		Uploads: &cuepointv1.UploadCapability{
			ChecksumAlgorithms: c.Uploads.Algorithms, QuotaBytes: c.Uploads.Quota,
			Lifetime: durationpb.New(c.Uploads.Lifetime), MaxLifetime: durationpb.New(c.Uploads.MaxLifetime),
		},
	}
	for _, method := range c.Uploads.Methods {
		m.Uploads.Methods = append(m.Uploads.Methods, enum[cuepointv1.Upload_Method](cuepointv1.Upload_Method_value, "METHOD_", string(method)))
	}
	for _, p := range c.Programs {
		m.Programs = append(m.Programs, &cuepointv1.Program{
			Name: p.Name, Purpose: p.Purpose, Required: p.Required, Available: p.Available, Version: valid(p.Version), Problem: valid(p.Problem),
		})
	}
	return m, nil
}

func (s *systemService) GetStageGraph(context.Context, *cuepointv1.GetStageGraphRequest) (*cuepointv1.StageGraph, error) {
	m := &cuepointv1.StageGraph{}
	for _, spec := range s.system.Stages() {
		m.Stages = append(m.Stages, &cuepointv1.Stage{
			Name: spec.Name, Version: int32(spec.Version), Needs: spec.Needs, Optional: spec.Optional,
			Class: enum[cuepointv1.Stage_Class](cuepointv1.Stage_Class_value, "CLASS_", string(spec.Class)),
		})
	}
	return m, nil
}

// The sizes of a page of models.
const (
	usualModels = 100
	mostModels  = 1000
)

// modelService implements cuepoint.v1.ModelService.
type modelService struct {
	cuepointv1.UnimplementedModelServiceServer
	system System
}

func (s *modelService) ListModels(_ context.Context, req *cuepointv1.ListModelsRequest) (*cuepointv1.ListModelsResponse, error) {
	asked, err := readPage(req, usualModels, mostModels)
	if err != nil {
		return nil, err
	}
	// The catalogue has no times, and does not change while the program runs.
	page, next := paged(s.system.Weights(), func(weights.Status) time.Duration { return 0 }, asked)
	resp := &cuepointv1.ListModelsResponse{NextPageToken: next}
	for _, w := range page {
		resp.Models = append(resp.Models, &cuepointv1.Model{
			Name: "models/" + w.Name, Kind: enum[cuepointv1.Model_Kind](cuepointv1.Model_Kind_value, "KIND_", string(w.Kind)),
			Bytes: w.Bytes, Sha256: w.SHA256, Available: w.Path != "", PartialBytes: w.Partial, Default: w.Default,
		})
	}
	return resp, nil
}
