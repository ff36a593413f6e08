package fetch

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// ErrChanged is in the error of a request from an offset where the host has
// another file by now, or answers with other bytes than were asked for. Nothing
// that came before can be gone on with: ask for all again.
var ErrChanged = errors.New("it is not the file that it was")

// The causes that end a download's context.
var (
	errMute = errors.New("no answer in time")
	errIdle = errors.New("no byte in time")
	errLong = errors.New("not all came in time")
)

const longestWait = time.Hour

// passing is an error that may be gone later.
type passing struct {
	err   error
	after time.Duration
}

func (p passing) Error() string { return p.err.Error() }
func (p passing) Unwrap() error { return p.err }

// MayPass says whether trying again may help after an error of this package's,
// and how long the host wants not to be asked, an hour at most.
func MayPass(err error) (after time.Duration, ok bool) {
	var p passing
	if !errors.As(err, &p) {
		return 0, false
	}
	return p.after, true
}

// later is a SOURCE_UNAVAILABLE that may pass.
func later(cause error, format string, args ...any) error {
	return passing{err: never(cause, format, args...)}
}

// never is a SOURCE_UNAVAILABLE that stays.
func never(cause error, format string, args ...any) error {
	return models.Errorf(models.CodeSourceUnavailable, format, args...).Because(cause)
}

// status is the error of an answer that is not a file.
func status(name string, answer *http.Response) error {
	code := answer.StatusCode
	text := strconv.Itoa(code)
	if words := http.StatusText(code); words != "" {
		text += " " + words
	}
	switch {
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
		return passing{
			err:   never(nil, "%s cannot be had now: the host answered %s; try again later", name, text),
			after: retryAfter(answer.Header.Get("Retry-After"), time.Now()),
		}
	case code == http.StatusNotFound, code == http.StatusGone:
		return never(nil, "there is nothing at %s: the host answered %s; look at the address", name, text)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return never(nil, "%s is not for us: the host answered %s; an address with a signature may have expired", name, text)
	}
	return never(nil, "%s cannot be had: the host answered %s, and no file", name, text)
}

// retryAfter reads seconds or a date.
func retryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}

// explain says what is wrong where a host could not be asked or stopped
// answering. cause is why the download's context ended, if it did.
func explain(err, cause error, name string) error {
	var ours *models.Error
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	var network net.Error
	switch {
	case errors.Is(cause, errMute):
		return later(cause, "the host of %s does not answer in time; try again later", name)
	case errors.Is(cause, errIdle):
		return later(cause, "%s stopped coming; try again later", name)
	case errors.Is(cause, errLong):
		return never(cause, "%s takes too long to come; fetch it another way and upload it", name)
	case cause != nil:
		return cause
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &certificate):
		return never(err, "the host of %s does not prove who it is; its certificate has to be mended", name)
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return never(err, "there is no host of %s; look at the address", name)
	case errors.As(err, &network) && network.Timeout():
		return later(err, "the host of %s does not answer in time; try again later", name)
	}
	return later(err, "%s cannot be fetched: the connection failed; try again later", name)
}
