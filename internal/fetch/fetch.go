package fetch

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

const (
	userAgent   = "Cuepoint"
	longestURL  = 8 << 10
	longestName = 512
)

// Limits bound what a host may do. Those that are zero have the default.
type Limits struct {
	Size      int64         // of a file in bytes; 20 GiB
	Redirects int           // 10
	Answer    time.Duration // until the head of the answer that has the file; 1 min
	Idle      time.Duration // without a byte of it; 30 s
	Rate      int64         // bytes a second at least, over each Window of waiting; 1 KiB
	Window    time.Duration // 1 min
	Total     time.Duration // for one Get, to its last byte; 12 h
}

func (l Limits) orDefault() Limits {
	return Limits{
		Size:      cmp.Or(l.Size, 20<<30),
		Redirects: cmp.Or(l.Redirects, 10),
		Answer:    cmp.Or(l.Answer, time.Minute),
		Idle:      cmp.Or(l.Idle, 30*time.Second),
		Rate:      cmp.Or(l.Rate, 1<<10),
		Window:    cmp.Or(l.Window, time.Minute),
		Total:     cmp.Or(l.Total, 12*time.Hour),
	}
}

// Client downloads files. The zero Client is ready to use, by several at once.
type Client struct {
	Guard  Guard
	Limits Limits
}

// Request asks for a file from an offset on.
type Request struct {
	URL string
	// Offset is how much of it is here already. Without a Validator it is as if
	// nothing were.
	Offset    int64
	Length    int64  // of the whole file, as an earlier Download told it; -1 or 0 where it did not
	Validator string // as an earlier Download told it
}

// Get asks for a file and returns it with its first byte still to be read. Its
// errors, and those of Read, name the file by [Show] and tell nothing of where
// its host is or what it sent. INVALID_ARGUMENT for what is no address,
// SOURCE_BLOCKED, SOURCE_TOO_LARGE, SOURCE_UNAVAILABLE ([MayPass] says whether
// for now only), with [ErrChanged] inside where the file cannot be gone on with;
// and what ends ctx.
func (c Client) Get(ctx context.Context, r Request) (*Download, error) {
	u, err := parse(r.URL)
	if err != nil {
		return nil, err
	}
	limits, name := c.Limits.orDefault(), Show(r.URL)
	timed, stop := context.WithTimeoutCause(ctx, limits.Total, errLong)
	inner, cancel := context.WithCancelCause(timed)
	end := func(cause error) { cancel(cause); stop() }
	mute := time.AfterFunc(limits.Answer, func() { cancel(errMute) })
	answer, err := c.follow(inner, u, r, limits.Redirects)
	mute.Stop()
	if err != nil {
		err = explain(err, context.Cause(inner), name)
		end(nil)
		return nil, err
	}
	d := &Download{name: name, limits: limits, body: answer.Body, end: end, cause: func() error { return context.Cause(inner) }}
	if err := d.read(answer, r); err != nil {
		d.Close()
		return nil, err
	}
	d.Filename = filename(answer.Header.Get("Content-Disposition"), u)
	d.idle = time.AfterFunc(limits.Idle, func() { cancel(errIdle) })
	d.idle.Stop()
	return d, nil
}

func parse(raw string) (*url.URL, error) {
	if len(raw) > longestURL {
		return nil, models.Errorf(models.CodeInvalidArgument, "the address is longer than %d bytes; give a shorter one", longestURL)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" { // the error quotes the address
		return nil, models.Errorf(models.CodeInvalidArgument, "this is not an address; write it like https://example.org/film.mp4")
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	if u.Hostname() == "" {
		return nil, models.Errorf(models.CodeInvalidArgument, "the address names no host; write it like https://example.org/film.mp4")
	}
	return u, nil
}

// Check says whether an address is one that Get would try. INVALID_ARGUMENT,
// SOURCE_BLOCKED. It looks nothing up.
func Check(raw string) error {
	_, err := parse(raw)
	return err
}

// Show is an address for people and logs: without what follows its path, and
// without a user name and password, which may be secrets; and not all of a long
// one. Empty for what is no address.
func Show(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	name := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	if len(name) > longestName {
		return name[:longestName] + "…" // it is ASCII
	}
	return name
}

// follow asks for a file where it is and, as often as allowed, where its host
// says that it is. Doing so here rather than in http.Client tells nobody where it
// was found before, and puts no address into an error.
func (c Client) follow(ctx context.Context, u *url.URL, r Request, redirects int) (*http.Response, error) {
	transport, name := c.Guard.Transport(), Show(r.URL)
	for {
		answer, err := ask(ctx, transport, u, r)
		if err != nil || !redirected(answer) {
			return answer, err
		}
		answer.Body.Close()
		if redirects--; redirects < 0 {
			return nil, never(nil, "%s leads on too often; name the address where it ends", name)
		}
		next, err := answer.Location()
		if err != nil {
			return nil, never(errors.New("its Location is no address"), "%s leads to what is no address; name the file itself", name)
		}
		if u.Scheme == "https" && next.Scheme == "http" {
			return nil, never(nil, "%s leads from https to http; name the file itself", name)
		}
		u = next
	}
}

func redirected(answer *http.Response) bool {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func ask(ctx context.Context, transport http.RoundTripper, u *url.URL, r Request) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("it is no address")
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "*/*")
	request.Header.Set("Accept-Encoding", "identity")
	if resumes(r) {
		request.Header.Set("Range", "bytes="+strconv.FormatInt(r.Offset, 10)+"-")
		request.Header.Set("If-Range", r.Validator)
	}
	return transport.RoundTrip(request)
}

// resumes says whether anything but the whole file is asked for.
func resumes(r Request) bool { return r.Offset > 0 && r.Validator != "" }
