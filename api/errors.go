package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// Domain is the domain of every ErrorInfo (AIP-193): its reasons are the codes
// of the models package.
const Domain = "cuepoint.dev"

// statusRequestCanceled is what HTTP says of a client that did not wait.
const statusRequestCanceled = 499

// answer is how the two protocols say one code.
type answer struct {
	grpc codes.Code
	http int
}

// answers is the one table of errors at the edge.
var answers = map[models.Code]answer{
	models.CodeEmptyFile:           {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeNoMedia:             {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeContainerNotAllowed: {codes.InvalidArgument, http.StatusUnsupportedMediaType},
	models.CodeCodecUnsupported:    {codes.InvalidArgument, http.StatusUnsupportedMediaType},
	models.CodeEncryptedMedia:      {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeTruncatedMedia:      {codes.DataLoss, http.StatusUnprocessableEntity},
	models.CodeDurationExceeded:    {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeDimensionsExceeded:  {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeTooManyStreams:      {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodeSourceTooLarge:      {codes.InvalidArgument, http.StatusRequestEntityTooLarge},
	models.CodeSourceBlocked:       {codes.PermissionDenied, http.StatusForbidden},
	models.CodeSourceUnavailable:   {codes.FailedPrecondition, http.StatusUnprocessableEntity},
	models.CodeChecksumMismatch:    {codes.DataLoss, http.StatusUnprocessableEntity},
	models.CodeCaptionsInvalid:     {codes.InvalidArgument, http.StatusUnprocessableEntity},
	models.CodePoisonInput:         {codes.FailedPrecondition, http.StatusUnprocessableEntity},

	models.CodeResourceLimit:      {codes.ResourceExhausted, http.StatusUnprocessableEntity},
	models.CodeStageTimeout:       {codes.DeadlineExceeded, http.StatusGatewayTimeout},
	models.CodeStorageFull:        {codes.ResourceExhausted, http.StatusInsufficientStorage},
	models.CodeStorageUnavailable: {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeModelMissing:       {codes.FailedPrecondition, http.StatusServiceUnavailable},
	models.CodeModelCorrupt:       {codes.FailedPrecondition, http.StatusServiceUnavailable},
	models.CodeEngineMissing:      {codes.FailedPrecondition, http.StatusServiceUnavailable},
	models.CodeEngineCrashed:      {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeWorkerLost:         {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeDataInUse:          {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeDataCorrupt:        {codes.DataLoss, http.StatusServiceUnavailable},

	models.CodeDatabaseUnavailable: {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeSignInUnavailable:   {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeServerUnavailable:   {codes.Unavailable, http.StatusServiceUnavailable},

	models.CodeInvalidArgument:  {codes.InvalidArgument, http.StatusBadRequest},
	models.CodeNotFound:         {codes.NotFound, http.StatusNotFound},
	models.CodeAlreadyExists:    {codes.AlreadyExists, http.StatusConflict},
	models.CodeConflict:         {codes.Aborted, http.StatusConflict},
	models.CodeQuotaExceeded:    {codes.ResourceExhausted, http.StatusTooManyRequests},
	models.CodeRateLimited:      {codes.ResourceExhausted, http.StatusTooManyRequests},
	models.CodeUnauthenticated:  {codes.Unauthenticated, http.StatusUnauthorized},
	models.CodeRequestTooLarge:  {codes.ResourceExhausted, http.StatusRequestEntityTooLarge},
	models.CodeUnimplemented:    {codes.Unimplemented, http.StatusMethodNotAllowed},
	models.CodeHostNotAllowed:   {codes.PermissionDenied, http.StatusMisdirectedRequest},
	models.CodePermissionDenied: {codes.PermissionDenied, http.StatusForbidden},
	models.CodeNotRunning:       {codes.FailedPrecondition, http.StatusConflict},
	models.CodeNotRevertible:    {codes.FailedPrecondition, http.StatusConflict},
	models.CodeCursorExpired:    {codes.OutOfRange, http.StatusGone},
	models.CodeShuttingDown:     {codes.Unavailable, http.StatusServiceUnavailable},
	models.CodeCanceled:         {codes.Canceled, statusRequestCanceled},

	models.CodeNotApplicable: {codes.FailedPrecondition, http.StatusUnprocessableEntity},
	models.CodeInternal:      {codes.Internal, http.StatusInternalServerError},
}

// argumentError is an INVALID_ARGUMENT that knows which field it is about.
type argumentError struct {
	Field string
	Err   *models.Error
}

func (e *argumentError) Error() string { return e.Field + ": " + e.Err.Error() }
func (e *argumentError) Unwrap() error { return e.Err }

// argumentErrors are what is wrong with the fields of one request, at least one.
type argumentErrors []*argumentError

func (e argumentErrors) Error() string { return e[0].Error() }
func (e argumentErrors) Unwrap() error { return e[0] }

// invalid returns the error of a field that says what it has to be.
func invalid(field, format string, args ...any) error { return fieldError(field, format, args...) }

func fieldError(field, format string, args ...any) *argumentError {
	return &argumentError{field, models.Errorf(models.CodeInvalidArgument, "%s: %s", field, fmt.Sprintf(format, args...))}
}

// about names the field that an INVALID_ARGUMENT from below is about, and
// leaves other errors alone.
func about(field string, err error) error {
	if e := models.AsError(err); e != nil && e.Code == models.CodeInvalidArgument {
		return &argumentError{field, e}
	}
	return err
}

// visible is what people outside may know of an error. The text of an internal
// one is nobody's business, whoever wrote it.
func visible(err error) *models.Error {
	e := models.AsError(err)
	if _, known := answers[e.Code]; !known || e.Code == models.CodeInternal {
		return models.Errorf(models.CodeInternal, "internal error")
	}
	return e
}

// statusOf translates an error to gRPC, with the details that AIP-193 asks for.
func statusOf(err error) *status.Status {
	e := visible(err)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(e.Code), Domain: Domain}}
	var arguments argumentErrors
	var argument *argumentError
	if !errors.As(err, &arguments) && errors.As(err, &argument) {
		arguments = argumentErrors{argument}
	}
	if len(arguments) > 0 {
		request := &errdetails.BadRequest{}
		for _, a := range arguments {
			request.FieldViolations = append(request.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: a.Field, Description: a.Err.Message, Reason: string(a.Err.Code),
			})
		}
		details = append(details, request)
	}
	var limited *access.LimitedError
	if errors.As(err, &limited) {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(limited.After)})
	}
	plain := status.New(answers[e.Code].grpc, valid(e.Message))
	if detailed, err := plain.WithDetails(details...); err == nil {
		return detailed
	}
	return plain
}

// retryAfter is the time in a status' RetryInfo, or 0.
func retryAfter(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// writeHints writes what HTTP has headers for: how to show who one is, and when
// to ask again.
func writeHints(w http.ResponseWriter, code models.Code, after time.Duration) {
	if code == models.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer realm="cuepoint"`)
	}
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
}

// ErrorOf returns the error that a server of ours answered a call with, as far
// as it told: its code and message. Other errors it returns as they are.
func ErrorOf(err error) error {
	s, ok := status.FromError(err)
	if !ok || reason(s) == "" {
		return err
	}
	return models.Errorf(reason(s), "%s", s.Message())
}
