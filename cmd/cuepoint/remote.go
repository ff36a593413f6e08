package main

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// connectTimeout is how long the process that holds a library may take to
// answer for the first time. It takes the lock a moment before it listens.
const connectTimeout = 15 * time.Second

// errHolderGone is the cause of the error that a command ends with when the
// process it was given to ended first. Whether it was carried out is not known;
// it may be given again, to whoever holds the library then.
var errHolderGone = errors.New("the process that holds the library is gone")

// remote gives commands to the process that holds a library. It is the
// [api.Commands] of that process, with the same errors.
type remote struct {
	conn   *grpc.ClientConn
	videos cuepointv1.VideoServiceClient
	health healthpb.HealthClient
}

var _ api.Commands = (*remote)(nil)

// dial connects to the process that holds the library in a data directory.
// DATA_IN_USE where none answers in time: who holds the lock then takes no commands.
func dial(ctx context.Context, data string) (*remote, error) {
	conn, err := grpc.NewClient("passthrough:///cuepoint",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return api.DialSocket(ctx, data) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, MaxDelay: connectTimeout / 30},
			MinConnectTimeout: connectTimeout,
		}),
	)
	if err != nil {
		return nil, err
	}
	r := &remote{conn, cuepointv1.NewVideoServiceClient(conn), healthpb.NewHealthClient(conn)}
	first, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	answer, err := r.health.Check(first, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
	if ctx.Err() != nil {
		conn.Close()
		return nil, ctx.Err()
	}
	if err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		conn.Close()
		return nil, models.Errorf(models.CodeDataInUse,
			"another cuepoint works in %s and takes no commands now; wait until it has ended, or choose another directory with --data", data).Because(err)
	}
	return r, nil
}

// Close gives the connection up. What was commanded goes on.
func (r *remote) Close() error { return r.conn.Close() }

// Ended waits until the other process ends, or begins to, and then returns nil;
// or until ctx ends.
func (r *remote) Ended(ctx context.Context) error {
	watch, err := r.health.Watch(ctx, &healthpb.HealthCheckRequest{})
	for err == nil {
		var now *healthpb.HealthCheckResponse
		if now, err = watch.Recv(); err == nil && now.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			return nil
		}
	}
	return ctx.Err()
}

// Create implements [api.Commands].
func (r *remote) Create(ctx context.Context, c api.CreateRequest) (*models.Video, error) {
	return received(r.videos.CreateVideo(ctx, &cuepointv1.CreateVideoRequest{
		Source:       &cuepointv1.CreateVideoRequest_Path{Path: []byte(c.Path)},
		CaptionsPath: []byte(c.Captions),
		Video: &cuepointv1.Video{
			Title: strings.ToValidUTF8(c.Title, "\uFFFD"), LanguageCode: strings.ToValidUTF8(c.Language, "\uFFFD"),
		},
	}))
}

// Update implements [api.Commands].
func (r *remote) Update(ctx context.Context, id string, d analyzer.Details) (*models.Video, error) {
	return received(r.videos.UpdateVideo(ctx, updateRequest(id, d)))
}

// updateRequest says what an update is to set.
func updateRequest(id string, d analyzer.Details) *cuepointv1.UpdateVideoRequest {
	v := &cuepointv1.Video{Name: "videos/" + id, Labels: map[string]string{}}
	req := &cuepointv1.UpdateVideoRequest{Video: v, UpdateMask: &fieldmaskpb.FieldMask{}}
	names := func(path string) { req.UpdateMask.Paths = append(req.GetUpdateMask().GetPaths(), path) }
	for _, text := range []struct {
		path string
		from *string
		to   *string
	}{
		{"title", d.Title, &v.Title}, {"language_code", d.Language, &v.LanguageCode}, {"external_id", d.ExternalID, &v.ExternalId},
	} {
		if text.from != nil {
			*text.to = strings.ToValidUTF8(*text.from, "\uFFFD")
			names(text.path)
		}
	}
	if d.Labels != nil {
		maps.Copy(v.Labels, *d.Labels)
		names("labels")
	}
	for key, value := range d.Label {
		if value != nil {
			v.Labels[key] = strings.ToValidUTF8(*value, "\uFFFD")
		}
		names("labels." + key)
	}
	if d.IfRevision != nil {
		v.Etag = api.Etag(*d.IfRevision)
	}
	return req
}

// Analyze implements [api.Commands].
func (r *remote) Analyze(ctx context.Context, id string, stages []string, force bool) (*models.Video, error) {
	return received(r.videos.AnalyzeVideo(ctx, &cuepointv1.AnalyzeVideoRequest{Name: "videos/" + id, Stages: stages, Force: force}))
}

// Cancel implements [api.Commands].
func (r *remote) Cancel(ctx context.Context, id string) (*models.Video, error) {
	return received(r.videos.CancelVideo(ctx, &cuepointv1.CancelVideoRequest{Name: "videos/" + id}))
}

// Delete implements [api.Commands].
func (r *remote) Delete(ctx context.Context, id string) error {
	_, err := r.videos.DeleteVideo(ctx, &cuepointv1.DeleteVideoRequest{Name: "videos/" + id, Purge: true})
	return ofHolder(err)
}

// received is the video in an answer, as far as a command line tells of it: the
// rest is in the library, which anyone may read.
func received(v *cuepointv1.Video, err error) (*models.Video, error) {
	if err != nil {
		return nil, ofHolder(err)
	}
	return &models.Video{
		ID:       strings.TrimPrefix(v.GetName(), "videos/"),
		Title:    v.GetTitle(),
		Source:   v.GetSource(),
		State:    models.VideoState(strings.ToLower(strings.TrimPrefix(v.GetState().String(), "STATE_"))),
		Error:    models.AsError(api.ErrorOf(status.ErrorProto(v.GetError()))),
		Language: v.GetLanguageCode(),

		Labels:     v.GetLabels(),
		ExternalID: v.GetExternalId(),

		Created: v.GetCreateTime().AsTime(),
		Updated: v.GetUpdateTime().AsTime(),
	}, nil
}

// ofHolder is the error that the other process answered with, or what came
// instead of an answer.
func ofHolder(err error) error {
	var answered *models.Error
	if e := api.ErrorOf(err); errors.As(e, &answered) {
		return answered
	}
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Canceled:
		return context.Canceled
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	case codes.Unavailable:
		return models.Errorf(models.CodeDataInUse, "the cuepoint that worked in this library has ended; run the same command again").
			Because(errors.Join(errHolderGone, err))
	case codes.Unimplemented:
		return models.Errorf(models.CodeUnimplemented,
			"the cuepoint that works in this library is of another version; end it, or use its own program").Because(err)
	default:
		return err
	}
}
