package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cuepoint/cuepoint/internal/proc"
)

// MinIO is a real S3 server that a test has for itself, or that all tests of a
// package share. Start and Stop are for one goroutine.
type MinIO struct {
	Address   string // host:port, on the loopback interface
	AccessKey string
	SecretKey string
	Dir       string // its files: data and certs

	stop func() error // of the running server; nil while there is none
}

// Endpoint is the server's URL.
func (m *MinIO) Endpoint() string { return "http://" + m.Address }

// minioStart is how long a server may take to be ready. It takes a second where
// there is nothing else to do.
const minioStart = time.Minute

// NewMinIO starts a server for a test, which it fails where MinIO is not
// installed, and stops it when the test has ended.
func NewMinIO(t testing.TB) *MinIO {
	t.Helper()
	m, err := StartMinIO(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// StartMinIO starts a server that keeps its files in dir. It is for a TestMain
// whose tests share one; its caller stops it.
func StartMinIO(ctx context.Context, dir string) (*MinIO, error) {
	m := &MinIO{AccessKey: "cuepoint-test", SecretKey: "cuepoint-secret", Dir: dir}
	for _, sub := range []string{"data", "certs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	// Between finding a port and taking it, another may take it.
	var err error
	for range 5 {
		if m.Address, err = freeAddress(ctx); err != nil {
			return nil, err
		}
		if err = m.Start(ctx); err == nil || ctx.Err() != nil {
			break
		}
		var missing *proc.MissingError
		if errors.As(err, &missing) {
			return nil, fmt.Errorf("%w (deploy/setup.sh tool minio, then eval \"$(make -s env)\")", err)
		}
	}
	return m, err
}

// freeAddress finds a loopback address that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// Start starts the server again, with the address and the files it had, and
// waits until it answers.
func (m *MinIO) Start(ctx context.Context) error {
	program, err := proc.Look("minio")
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	var output bytes.Buffer
	go func() {
		ended <- proc.Run(running, proc.Command{
			Path: program,
			Args: []string{"server", "--quiet", "--address", m.Address, "--certs-dir", filepath.Join(m.Dir, "certs"), filepath.Join(m.Dir, "data")},
			Env: []string{
				"MINIO_ROOT_USER=" + m.AccessKey, "MINIO_ROOT_PASSWORD=" + m.SecretKey,
				"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_STORAGE_CLASS_STANDARD=EC:0",
			},
			Stdout: &output,
		})
	}()
	if err := m.awaitReady(ctx, ended); err != nil {
		cancel()
		return fmt.Errorf("start MinIO: %w", err)
	}
	m.stop = func() error {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			return fmt.Errorf("MinIO ended by itself: %w: %s", err, &output)
		}
		return nil
	}
	return nil
}

// awaitReady asks until the server lists its buckets, or has ended. It calls itself
// ready before it knows whose keys are good.
func (m *MinIO) awaitReady(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, minioStart)
	defer cancel()
	client, err := minio.New(m.Address, &minio.Options{
		Creds: credentials.NewStaticV4(m.AccessKey, m.SecretKey, ""), Region: "us-east-1",
		Transport: &http.Transport{DisableKeepAlives: true}, MaxRetries: 1,
	})
	if err != nil {
		return err
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if _, err := client.ListBuckets(ctx); err == nil {
			return nil
		}
		select {
		case <-again.C:
		case err := <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Stop ends the server and waits for it. Its files stay, for Start. Stopping a
// server that does not run is nothing.
func (m *MinIO) Stop() error {
	if m.stop == nil {
		return nil
	}
	stop := m.stop
	m.stop = nil
	return stop()
}
