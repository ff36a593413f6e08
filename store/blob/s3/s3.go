// Package s3 keeps blobs in a bucket of Amazon S3, or of anything that speaks
// its protocol: MinIO, Ceph, R2, Google Cloud Storage with HMAC keys.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Config says where a bucket is and how to get at it.
type Config struct {
	Endpoint string // https://host[:port], or http:// for a server without TLS
	// Public is the endpoint in presigned requests, where others reach the server
	// by another name than we do; empty for Endpoint.
	Public string
	Region string // empty for us-east-1, which is MinIO's
	Bucket string
	Prefix string // of all keys, ending with a slash; empty for the whole bucket
	// PathStyle addresses the bucket as endpoint/bucket and not as a host of its
	// own: servers without wildcard names need it. Without it Amazon's and
	// Google's buckets are hosts, others paths.
	PathStyle bool
	Create    bool // make the bucket if there is none

	// AccessKey and SecretKey may be empty: then they come from the AWS_…
	// variables, or from the machine's or container's role.
	AccessKey string
	SecretKey config.Secret
	CA        string // PEM file of authorities to trust beside the system's; empty for none

	PartSize int64 // of multipart uploads, in bytes; 0 for 16 MiB, at least 5 MiB
}

// What S3 allows: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html.
const (
	minPart  = 5 << 20
	maxPart  = 5 << 30
	maxParts = 10_000
)

const defaultPart = 16 << 20

// tries is how often a request is sent. With the pauses of minio-go an
// unreachable store is said to be one after a second or two: the pipeline has
// retries of its own, over a longer time.
const tries = 4

// Store is an open bucket. It implements [blob.Store].
type Store struct {
	core      minio.Core
	public    *minio.Client // signs requests, sends none
	transport *http.Transport
	bucket    string
	prefix    string
	part      int64
	blocks    blockPool // of what grows
}

// Open opens a bucket. NOT_FOUND where there is none and Create is not set,
// INVALID_ARGUMENT for a configuration that cannot work, STORAGE_UNAVAILABLE.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{bucket: cfg.Bucket, prefix: cfg.Prefix, part: cfg.PartSize}
	if err := blob.CheckPrefix(cfg.Prefix); err != nil {
		return nil, err
	}
	if err := s3utils.CheckValidBucketNameStrict(cfg.Bucket); err != nil {
		return nil, models.Errorf(models.CodeInvalidArgument, "%q cannot be a bucket's name; use 3 to 63 small letters, digits, dots and dashes", cfg.Bucket).Because(err)
	}
	if s.part == 0 {
		s.part = defaultPart
	}
	if s.part < minPart {
		return nil, models.Errorf(models.CodeInvalidArgument, "parts of %d bytes: S3 takes no less than %d", s.part, minPart)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	var err error
	if s.transport, err = newTransport(cfg.CA); err != nil {
		return nil, err
	}
	if s.core.Client, err = newClient(cfg, cfg.Endpoint, s.transport); err != nil {
		return nil, err
	}
	s.public = s.core.Client
	if cfg.Public != "" {
		if s.public, err = newClient(cfg, cfg.Public, s.transport); err != nil {
			return nil, err
		}
	}
	if err := s.ensure(ctx, cfg); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ensure finds the bucket, or makes it.
func (s *Store) ensure(ctx context.Context, cfg Config) error {
	found, err := s.core.BucketExists(ctx, cfg.Bucket)
	if err == nil && !found && cfg.Create {
		err = s.core.MakeBucket(ctx, cfg.Bucket, minio.MakeBucketOptions{Region: cfg.Region})
		var answer minio.ErrorResponse
		found = err == nil || errors.As(err, &answer) && answer.Code == minio.BucketAlreadyOwnedByYou // by another process, just now
		if found {
			err = nil
		}
	}
	switch {
	case err != nil:
		return explain(ctx, fmt.Errorf("open bucket %s at %s: %w", cfg.Bucket, cfg.Endpoint, err))
	case !found:
		return models.Errorf(models.CodeNotFound, "there is no bucket %s at %s; make it, or name another", cfg.Bucket, cfg.Endpoint)
	}
	return nil
}

func newClient(cfg Config, endpoint string, transport http.RoundTripper) (*minio.Client, error) {
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" || strings.Trim(address.Path, "/") != "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, models.Errorf(models.CodeInvalidArgument, "%q is no endpoint; give it as https://host:port", endpoint).Because(err)
	}
	lookup := minio.BucketLookupAuto
	if cfg.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(address.Host, &minio.Options{
		Creds: newCredentials(cfg, transport), Secure: address.Scheme == "https", Transport: transport,
		Region: cfg.Region, BucketLookup: lookup, MaxRetries: tries,
	})
	if err != nil {
		return nil, models.Errorf(models.CodeInvalidArgument, "%q cannot be used as an endpoint", endpoint).Because(err)
	}
	return client, nil
}

func newCredentials(cfg Config, transport http.RoundTripper) *credentials.Credentials {
	if cfg.AccessKey != "" {
		return credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey.Reveal(), "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.IAM{Client: &http.Client{Transport: transport}},
	})
}

// newTransport is one whose waits all end, but for those on a body.
func newTransport(ca string) (*http.Transport, error) {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute, // completing an upload of many parts takes its time
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   16,
		DisableCompression:    true,
	}
	if ca == "" {
		return transport, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, models.Errorf(models.CodeInvalidArgument, "the file of authorities %s cannot be read", ca).Because(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, models.Errorf(models.CodeInvalidArgument, "there is no certificate in %s", ca)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// Close implements [blob.Store].
func (s *Store) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// URL names a blob as the command lines of S3 do: s3://bucket/key.
func (s *Store) URL(key string) string { return "s3://" + s.bucket + "/" + s.prefix + key }

// Features implements [blob.Store].
func (s *Store) Features() blob.Features { return blob.Features{Presign: true} }

// Open implements [blob.Store].
func (s *Store) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	if err := blob.CheckRange(key, offset); err != nil {
		return nil, blob.Info{}, err
	}
	return s.open(ctx, key, offset, length)
}

// open is Open for any name.
func (s *Store) open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	opt := minio.GetObjectOptions{Checksum: true}
	switch {
	case length == 0:
		return s.empty(ctx, key)
	case length > 0 && offset+length > 0: // else the end is past any blob's
		_ = opt.SetRange(offset, offset+length-1) // it refuses what cannot be here
	case offset > 0:
		_ = opt.SetRange(offset, 0)
	}
	body, object, header, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, opt)
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return s.empty(ctx, key)
	}
	if err != nil {
		return nil, blob.Info{}, explain(ctx, fmt.Errorf("open %s: %w", key, err))
	}
	info := describe(key, object)
	if _, total, ok := parseContentRange(header.Get("Content-Range")); ok {
		info.Size = total
	}
	explained := func(err error) error { return explain(ctx, fmt.Errorf("read %s: %w", key, err)) }
	return &reader{body, explained}, info, nil
}

// empty is the answer to a range that holds nothing, if there is such a blob.
func (s *Store) empty(ctx context.Context, key string) (io.ReadCloser, blob.Info, error) {
	info, err := s.stat(ctx, key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	return http.NoBody, info, nil
}

// reader gives the errors of a body their codes.
type reader struct {
	io.ReadCloser
	explain func(error) error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // io.EOF itself is the end; what wraps it is not
		err = r.explain(err)
	}
	return n, err
}

// Stat implements [blob.Store].
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	return s.stat(ctx, key)
}

// stat is Stat for any name.
func (s *Store) stat(ctx context.Context, key string) (blob.Info, error) {
	object, err := s.core.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return blob.Info{}, explain(ctx, fmt.Errorf("look for %s: %w", key, err))
	}
	return describe(key, object), nil
}
