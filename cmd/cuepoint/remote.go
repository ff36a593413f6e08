package main

import (
	"context"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/models"
)

// connectTimeout is how long the process that holds a library may take to
// answer for the first time. It takes the lock a moment before it listens.
const connectTimeout = 15 * time.Second

// errHolderGone is the cause of the error that a command ends with when the
// process it was given to ended first. Whether it was carried out is not known;
// it may be given again, to whoever holds the library then.
var errHolderGone = errors.New("the process that holds the library is gone")

// dialHolder connects to the process that holds the library in a data directory.
// DATA_IN_USE where none answers in time: who holds the lock then takes no
// commands. What was published lies where place says.
func dialHolder(ctx context.Context, data string, place func(context.Context, string) string) (*library, error) {
	conn, err := grpc.NewClient("passthrough:///cuepoint",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return api.DialSocket(ctx, data) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(client.MaxAnswer)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, MaxDelay: connectTimeout / 30},
			MinConnectTimeout: connectTimeout,
		}),
	)
	if err != nil {
		return nil, err
	}
	l := &library{Client: client.New(conn), place: place, explain: explainHolder, close: conn.Close}
	first, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	answer, err := l.Health.Check(first, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
	if ctx.Err() != nil {
		conn.Close()
		return nil, ctx.Err()
	}
	if err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		conn.Close()
		return nil, models.Errorf(models.CodeDataInUse,
			"another cuepoint works in %s and takes no commands now; wait until it has ended, or choose another directory with --data", data).Because(err)
	}
	return l, nil
}

// ended waits until the process that a library is reached by ends, or begins to,
// and then returns nil; or until ctx ends.
func (l *library) ended(ctx context.Context) error {
	watch, err := l.Health.Watch(ctx, &healthpb.HealthCheckRequest{})
	for err == nil {
		var now *healthpb.HealthCheckResponse
		if now, err = watch.Recv(); err == nil && now.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			return nil
		}
	}
	return ctx.Err()
}

// explainHolder is the error that the holder of a library answered with, or what
// came instead of an answer.
func explainHolder(err error) error {
	err = explain(err)
	if code := models.ErrorCode(err); code == models.CodeShuttingDown || status.Code(err) == codes.Unavailable {
		return models.Errorf(models.CodeDataInUse, "the cuepoint that worked in this library has ended; run the same command again").
			Because(errors.Join(errHolderGone, err))
	}
	if status.Code(err) == codes.Unimplemented {
		return models.Errorf(models.CodeUnimplemented,
			"the cuepoint that works in this library is of another version; end it, or use its own program").Because(err)
	}
	return err
}
