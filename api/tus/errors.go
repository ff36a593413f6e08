package tus

import (
	"fmt"
	"net/http"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// statusChecksumMismatch is tus' own.
const statusChecksumMismatch = 460

// statusError is an error for which tus wants another status than its code has.
type statusError struct {
	status int
	err    error
}

func with(status int, err error) error { return statusError{status, err} }

// Error implements [error].
func (e statusError) Error() string { return e.err.Error() }

// Unwrap returns what people are told.
func (e statusError) Unwrap() error { return e.err }

// HTTPStatus is what the request is answered with.
func (e statusError) HTTPStatus() int { return e.status }

// invalid says what a header has to be.
func invalid(header, format string, args ...any) error {
	return models.Errorf(models.CodeInvalidArgument, "%s: %s", header, fmt.Sprintf(format, args...))
}

// notFound is for what is not there, and in the same words for what is not for
// who asks.
func notFound() error {
	return models.Errorf(models.CodeNotFound, "there is no such upload; create one")
}

// gone is the error of an upload that nothing comes of any more; nil for others.
func gone(u models.Upload) error {
	state := u.State
	if state == models.UploadReceiving && !u.Expires.After(time.Now()) {
		state = models.UploadExpired // nobody has come to say so
	}
	switch {
	case !state.Ended() || state == models.UploadDone:
		return nil
	case state == models.UploadFailed && u.Error != nil:
		return with(http.StatusGone, u.Error)
	}
	return with(http.StatusGone, models.Errorf(models.CodeNotFound, "the upload is %s; create another", state))
}

func shuttingDown() error {
	return models.Errorf(models.CodeShuttingDown, "the server ends; ask it in a moment how far the upload is, and go on")
}
