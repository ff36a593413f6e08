package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// openBlobs opens the store of files that cfg.Blobs names:
//
//	file:///directory
//	s3://bucket/prefix?endpoint=https://host:port&region=R&path_style=true&create=true&ca=FILE&public=https://host
//
// of which the prefix and each parameter may be left out; without an endpoint
// it is Amazon's. An empty URL names the directory dir. INVALID_ARGUMENT says
// what to write; else the errors of the backends.
func openBlobs(ctx context.Context, cfg Config, dir string) (blob.Store, error) {
	at, err := parseBlobs(cfg)
	if err != nil {
		return nil, err
	}
	if at.bucket != nil {
		bucket, err := s3.Open(ctx, *at.bucket)
		if err != nil {
			return nil, err
		}
		return bucket, nil
	}
	if at.dir != "" {
		dir = at.dir
	}
	files, err := disk.OpenBlobs(dir)
	if err != nil {
		return nil, err
	}
	return files, nil
}

// blobsAt is a bucket, or a directory, or neither for the usual one.
type blobsAt struct {
	dir    string
	bucket *s3.Config
}

// parseBlobs reads cfg.Blobs. Its errors show nothing of what was written,
// except for names: people put keys where they do not belong.
func parseBlobs(cfg Config) (blobsAt, error) {
	if cfg.Blobs == "" {
		return blobsAt{}, nil
	}
	at, err := parseAddress(cfg.Blobs, cfg.S3AccessKey, cfg.S3SecretKey)
	if err != nil {
		return blobsAt{}, models.Errorf(models.CodeInvalidArgument,
			"the store of files cannot be at this address: %s; write --blobs=file:///directory or --blobs='"+bucketForm+"'", err)
	}
	return at, nil
}

// bucketForm is how the address of a bucket is written.
const bucketForm = "s3://bucket/prefix?endpoint=https://host:port&region=…&path_style=true&create=true&ca=FILE&public=https://host"

// parseAddress reads a file:// or s3:// URL. Its error says for people what is
// wrong with it, and shows nothing of it but names.
func parseAddress(address string, accessKey, secretKey config.Secret) (blobsAt, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Opaque != "", u.Fragment != "":
		return blobsAt{}, errors.New("it is no URL") // whose cause would show it
	case u.User != nil:
		return blobsAt{}, errKeysInURL()
	case u.Scheme == "s3":
		bucket, err := parseBucket(u, accessKey, secretKey)
		return blobsAt{bucket: bucket}, err
	case u.Scheme != "file":
		return blobsAt{}, errors.New("it starts with neither file:// nor s3://")
	case u.Host != "" || u.RawQuery != "" || !path.IsAbs(u.Path):
		return blobsAt{}, errors.New("after file:// a directory's whole path follows, and nothing else")
	}
	return blobsAt{dir: u.Path}, nil
}

// amazon is the endpoint that is meant unless one is named.
const amazon = "https://s3.amazonaws.com"

// parseBucket reads an s3:// URL.
func parseBucket(u *url.URL, accessKey, secretKey config.Secret) (*s3.Config, error) {
	cfg := &s3.Config{Endpoint: amazon, Bucket: u.Host, AccessKey: accessKey.Reveal(), SecretKey: secretKey}
	if (cfg.AccessKey == "") != (cfg.SecretKey.Reveal() == "") {
		return nil, errors.New("an S3 access key goes with a secret key; set both of " + keyVariables + ", or neither")
	}
	if cfg.Bucket == "" {
		return nil, errors.New("after s3:// the name of a bucket follows")
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		cfg.Prefix = prefix + "/"
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("what follows the ? cannot be read")
	}
	parameters := map[string]func(value string) error{
		"endpoint":   endpoint(&cfg.Endpoint),
		"public":     endpoint(&cfg.Public),
		"region":     text(&cfg.Region),
		"ca":         text(&cfg.CA),
		"path_style": boolean(&cfg.PathStyle),
		"create":     boolean(&cfg.Create),
	}
	for name, values := range query {
		set := parameters[name]
		if set == nil {
			return nil, fmt.Errorf("it has no parameter %.40q", name)
		}
		if len(values) > 1 || values[0] == "" {
			return nil, fmt.Errorf("%s is given twice, or without a value", name)
		}
		if err := set(values[0]); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func endpoint(to *string) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		switch {
		case err != nil, u.Host == "", !slices.Contains([]string{"http", "https"}, u.Scheme), u.RawQuery != "":
			return errors.New("an endpoint is given as https://host:port")
		case u.User != nil:
			return errKeysInURL()
		}
		*to = value
		return nil
	}
}

func text(to *string) func(string) error {
	return func(value string) error {
		*to = value
		return nil
	}
}

func boolean(to *bool) func(string) error {
	return func(value string) error {
		*to = value == "true"
		if value != "true" && value != "false" {
			return errors.New("path_style and create are true or false")
		}
		return nil
	}
}

// keyVariables hold the keys of a bucket.
const keyVariables = "CUEPOINT_S3_ACCESS_KEY and CUEPOINT_S3_SECRET_KEY"

func errKeysInURL() error {
	return errors.New("keys do not belong into it, where anyone on this machine can see them: set " + keyVariables)
}

// place is where people find a blob: the path of its file, or the s3:// URL of
// its object. Empty where there is no such file any more.
func (a *App) place(ctx context.Context, key string) string {
	switch blobs := a.Blobs.(type) {
	case blob.Local:
		file, err := blobs.Path(ctx, key)
		if err != nil {
			return ""
		}
		return file
	case interface{ URL(key string) string }:
		return blobs.URL(key)
	}
	return key
}

// read returns the bytes of a blob. NOT_FOUND.
func (a *App) read(ctx context.Context, key string) ([]byte, error) {
	body, _, err := a.Blobs.Open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// blobsPatience is how long the doctor waits for a bucket.
const blobsPatience = 10 * time.Second

// blobParts asks the bucket that is configured, where one is. It makes none.
func blobParts(ctx context.Context, cfg Config) []Part {
	at, err := parseBlobs(cfg)
	if err == nil && at.bucket == nil {
		return nil
	}
	p := Part{Name: "s3", Purpose: "keeps videos and what is made of them", Required: true}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, blobsPatience)
		defer cancel()
		p.Path, err = askBucket(ctx, *at.bucket)
	}
	if err != nil {
		p.Problem, p.Install = models.AsError(err).Message, "cuepoint doctor --blobs='s3://bucket?endpoint=https://host:port', with the keys as CUEPOINT_S3_ACCESS_KEY and CUEPOINT_S3_SECRET_KEY"
		return []Part{p}
	}
	p.Found = true
	return []Part{p}
}

// askBucket says where a bucket is, if it can be used.
func askBucket(ctx context.Context, cfg s3.Config) (string, error) {
	at := "the bucket " + cfg.Bucket + " at " + cfg.Endpoint
	create := cfg.Create
	cfg.Create = false
	bucket, err := s3.Open(ctx, cfg)
	if create && models.ErrorCode(err) == models.CodeNotFound {
		return at + ", which is made when it is first needed", nil
	}
	if err != nil {
		return "", err
	}
	return at, bucket.Close()
}
