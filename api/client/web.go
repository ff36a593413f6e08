package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// web sends bytes to a server by tus 1.0.0 (https://tus.io). Its errors are
// statuses with an ErrorInfo, as those of gRPC are.
type web struct {
	http *http.Client
	base string // what paths are put behind
	key  config.Secret
}

// answerTimeout is how long a server may take for an answer to what has no body:
// it waits ten seconds for another writer.
const answerTimeout = 30 * time.Second

func newWeb(at place, o *options) *web {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // on which a cut of the connection is that of one upload
	return &web{base: at.base, key: o.key, http: &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSClientConfig:       o.tls.Clone(),
			TLSHandshakeTimeout:   15 * time.Second,
			ExpectContinueTimeout: 2 * time.Second, // a server that refuses does so before the bytes are on their way
			IdleConnTimeout:       time.Minute,
			WriteBufferSize:       64 << 10,
			Protocols:             protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a key is for one server
	}}
}

// offset asks how far an upload is.
func (w *web) offset(ctx context.Context, uri string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := w.request(ctx, http.MethodHead, uri, nil)
	if err != nil {
		return 0, err
	}
	return w.ask(req)
}

// send adds a body to an upload, at an offset, and returns how far it is then.
func (w *web) send(ctx context.Context, uri string, at int64, b *body) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(fmt.Errorf("nothing has moved for %v", silence)) })
	defer quiet.Stop()
	b.moved = func() { quiet.Reset(silence) }
	req, err := w.request(ctx, http.MethodPatch, uri, b)
	if err != nil {
		return 0, err
	}
	req.ContentLength = b.rest()
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.Header.Set("Upload-Offset", strconv.FormatInt(at, 10))
	req.Header.Set("Expect", "100-continue")
	defer b.Close() // who sends it may not have noticed the end
	return w.ask(req)
}

// request makes a request for an upload, which a server names by its path.
func (w *web) request(ctx context.Context, method, uri string, b io.Reader) (*http.Request, error) {
	if !strings.HasPrefix(uri, "/") {
		return nil, refuse(codes.Unimplemented, models.CodeUnimplemented, "the server wants the bytes somewhere else than it is itself")
	}
	req, err := http.NewRequestWithContext(ctx, method, w.base+uri, b)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("User-Agent", userAgent)
	if key := w.key.Reveal(); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return req, nil
}

// ask makes a request, and returns the offset that its answer names.
func (w *web) ask(req *http.Request) (int64, error) {
	resp, err := w.http.Do(req)
	if err != nil {
		return 0, unreachable(req.Context(), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return 0, problemOf(resp)
	}
	offset, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return 0, refuse(codes.Unimplemented, models.CodeUnimplemented, "what answers there speaks no tus: it says nothing of the offset")
	}
	return offset, nil
}

// unreachable is the error of a request without an answer.
func unreachable(ctx context.Context, err error) error {
	var inside *url.Error // says the method and the address too
	if errors.As(err, &inside) {
		err = inside.Err
	}
	var network *net.OpError // says both ends, twice where it was writing
	for errors.As(err, &network) && network.Op != "dial" {
		err = network.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return refuse(codes.Unavailable, models.CodeServerUnavailable, err.Error())
}

// meaning is what a status of HTTP says to who knows gRPC, where nobody gave a
// reason: answers to HEAD have no body, and those of proxies are their own.
type meaning struct {
	code   codes.Code
	reason models.Code
}

var meanings = map[int]meaning{
	http.StatusBadRequest:            {codes.InvalidArgument, models.CodeInvalidArgument},
	http.StatusUnauthorized:          {codes.Unauthenticated, models.CodeUnauthenticated},
	http.StatusForbidden:             {codes.PermissionDenied, models.CodePermissionDenied},
	http.StatusNotFound:              {codes.NotFound, models.CodeNotFound},
	http.StatusRequestTimeout:        {codes.Unavailable, models.CodeServerUnavailable},
	http.StatusConflict:              {codes.Aborted, models.CodeConflict},
	http.StatusGone:                  {codes.NotFound, models.CodeNotFound},
	http.StatusRequestEntityTooLarge: {codes.InvalidArgument, models.CodeRequestTooLarge},
	http.StatusUnsupportedMediaType:  {codes.InvalidArgument, models.CodeInvalidArgument},
	http.StatusLocked:                {codes.Aborted, models.CodeConflict},
	http.StatusTooManyRequests:       {codes.ResourceExhausted, models.CodeRateLimited},
	http.StatusInternalServerError:   {codes.Internal, models.CodeInternal},
	http.StatusBadGateway:            {codes.Unavailable, models.CodeServerUnavailable},
	http.StatusServiceUnavailable:    {codes.Unavailable, models.CodeServerUnavailable},
	http.StatusGatewayTimeout:        {codes.Unavailable, models.CodeServerUnavailable},
	http.StatusInsufficientStorage:   {codes.ResourceExhausted, models.CodeStorageFull},
}

// problemOf is the error that a server answered with, or whoever stands before it.
func problemOf(resp *http.Response) error {
	var problem struct {
		Detail string
		Reason models.Code
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil {
		_ = json.Unmarshal(content, &problem) // what is no problem says nothing
	}
	said, ok := meanings[resp.StatusCode]
	if !ok {
		said = meaning{codes.FailedPrecondition, models.CodeInternal}
	}
	return refuse(said.code, cmp.Or(problem.Reason, said.reason), cmp.Or(problem.Detail, "the answer was "+resp.Status))
}

// refuse is an error as the server's are.
func refuse(code codes.Code, reason models.Code, message string) error {
	s := status.New(code, message)
	detailed, err := s.WithDetails(&errdetails.ErrorInfo{Reason: string(reason), Domain: domain})
	if err != nil {
		return s.Err()
	}
	return detailed.Err()
}

// domain is that of every ErrorInfo.
const domain = "cuepoint.dev"

// passing are the reasons of what may work again by itself.
var passing = []models.Code{
	models.CodeConflict, models.CodeCanceled, models.CodeRateLimited, models.CodeShuttingDown,
	models.CodeServerUnavailable, models.CodeDatabaseUnavailable, models.CodeStorageUnavailable,
}

// passes tells whether what failed with err may work again by itself.
func passes(err error) bool {
	if reason := reasonOf(err); reason != "" {
		return slices.Contains(passing, reason)
	}
	return status.Code(err) == codes.Unavailable
}

// reasonOf is the reason of an error of the server's, empty for others.
func reasonOf(err error) models.Code {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == domain {
			return models.Code(info.GetReason())
		}
	}
	return ""
}
