package fetch

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const longestValidator = 1 << 10

// read takes over what an answer says of the file. Which bytes it brings is
// decided here, before any is read.
func (d *Download) read(answer *http.Response, r Request) error {
	if coding := strings.TrimSpace(answer.Header.Get("Content-Encoding")); coding != "" && !strings.EqualFold(coding, "identity") {
		return never(nil, "%s comes packed, though that was not asked for; its host has to send it as it is", d.name)
	}
	d.ContentType = answer.Header.Get("Content-Type")
	switch code := answer.StatusCode; {
	case code == http.StatusOK:
		d.Length, d.Validator = answer.ContentLength, validator(answer.Header)
	case code == http.StatusPartialContent && resumes(r):
		d.Start, d.Length, d.Validator = r.Offset, r.Length, r.Validator
		if err := d.goOn(answer); err != nil {
			return passing{err: never(fmt.Errorf("%w: %w", ErrChanged, err), "%s has changed since it began to come; it has to come anew", d.name)}
		}
	case code == http.StatusRequestedRangeNotSatisfiable && resumes(r):
		// All is here where the file ends at the offset.
		if answer.Header.Get("Content-Range") != "bytes */"+strconv.FormatInt(r.Offset, 10) || r.Length > 0 && r.Length != r.Offset {
			return passing{err: never(ErrChanged, "%s is shorter than what came of it; it has to come anew", d.name)}
		}
		answer.Body.Close()
		d.body = http.NoBody
		d.Start, d.Length, d.Validator = r.Offset, r.Offset, r.Validator
	default:
		return status(d.name, answer)
	}
	d.at = d.Start
	if d.Length > d.limits.Size {
		return tooLarge(d.name, d.limits.Size)
	}
	return nil
}

// goOn holds a partial answer against what d says was asked for.
func (d *Download) goOn(answer *http.Response) error {
	first, last, total, err := contentRange(answer.Header.Get("Content-Range"))
	switch {
	case err != nil:
		return err
	case first != d.Start || last < first || last >= total:
		return fmt.Errorf("it answers bytes %d to %d of %d when asked from %d", first, last, total, d.Start)
	case answer.ContentLength >= 0 && answer.ContentLength != last-first+1:
		return fmt.Errorf("it sends %d bytes as bytes %d to %d", answer.ContentLength, first, last)
	case d.Length > 0 && total != d.Length:
		return fmt.Errorf("it has %d bytes, and had %d", total, d.Length)
	}
	d.Length = total
	field := "Last-Modified"
	if strings.HasPrefix(d.Validator, `"`) {
		field = "Etag"
	}
	if is := answer.Header.Get(field); is != "" && is != d.Validator {
		return fmt.Errorf("its %s is another", field)
	}
	return nil
}

// contentRange reads "bytes 5-9/10".
func contentRange(value string) (first, last, total int64, err error) {
	rest, ok := strings.CutPrefix(value, "bytes ")
	span, of, ok2 := strings.Cut(rest, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, 0, fmt.Errorf("its Content-Range cannot be read")
	}
	for _, part := range []struct {
		text string
		into *int64
	}{{from, &first}, {to, &last}, {of, &total}} {
		n, err := strconv.ParseUint(part.text, 10, 63)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("its Content-Range cannot be read")
		}
		*part.into = int64(n)
	}
	return first, last, total, nil
}

// validator is what If-Range may be asked with: a strong entity tag, or else a
// date of change at least a second before the answer's own (RFC 9110 §8.8.2.2
// and §13.1.5). Anything weaker could make one file of two.
func validator(h http.Header) string {
	tag, changed := h.Get("Etag"), h.Get("Last-Modified")
	switch {
	case len(tag) > longestValidator, len(changed) > longestValidator:
		return ""
	case len(tag) >= 2 && strings.HasPrefix(tag, `"`) && strings.HasSuffix(tag, `"`):
		return tag
	case tag != "":
		return ""
	}
	then, err := http.ParseTime(changed)
	if err != nil {
		return ""
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil || now.Sub(then) < time.Second {
		return ""
	}
	return changed
}

// filename is what the host calls the file, or else the last element of the
// address that was asked for.
func filename(disposition string, u *url.URL) string {
	if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if name := path.Base(u.Path); name != "." && name != "/" {
		return name
	}
	return ""
}
