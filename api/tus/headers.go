package tus

import (
	"encoding/base64"
	"math"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cuepoint/cuepoint/internal/ingest"
)

// one returns the value of a header that stands in a request at most once, empty
// where it does not.
func one(r *http.Request, name string) (string, error) {
	switch values := r.Header.Values(name); len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", invalid(name, "want it once")
}

var digits = regexp.MustCompile(`^[0-9]{1,100}$`)

// number reads a header with a number of bytes; of more than there can be it
// makes the most. -1 where there is none.
func number(r *http.Request, name string) (int64, error) {
	text, err := one(r, name)
	if err != nil || text == "" && r.Header.Values(name) == nil {
		return -1, err
	}
	if !digits.MatchString(text) {
		return -1, invalid(name, "want a number of bytes, not %.40q", text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64, nil //nolint:nilerr // it has too many digits
	}
	return n, nil
}

// announced reads how long an upload is to be, -1 where that is to be said later.
func announced(r *http.Request) (int64, error) {
	length, err := number(r, "Upload-Length")
	if err != nil {
		return length, err
	}
	deferred, err := one(r, "Upload-Defer-Length")
	switch {
	case err != nil:
		return length, err
	case deferred != "" && deferred != "1":
		return length, invalid("Upload-Defer-Length", "want 1, not %.40q", deferred)
	case (deferred == "1") == (length >= 0):
		return length, invalid("Upload-Length", "want either this or Upload-Defer-Length: 1")
	}
	return length, nil
}

// isContent tells whether the body of a request is bytes of an upload.
func isContent(r *http.Request) bool {
	values := r.Header.Values("Content-Type")
	if len(values) != 1 {
		return false
	}
	media, _, err := mime.ParseMediaType(values[0])
	return err == nil && media == contentType
}

// checksum reads what the body of a request is to hash to; nil where that is not
// said.
func checksum(r *http.Request) (*ingest.Checksum, error) {
	const name = "Upload-Checksum"
	text, err := one(r, name)
	if err != nil || r.Header.Values(name) == nil {
		return nil, err
	}
	algorithm, encoded, _ := strings.Cut(text, " ")
	sum, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(sum) == 0 || !slices.Contains(ingest.Algorithms(), algorithm) {
		return nil, invalid(name, "want one of %s, a blank and the sum in base64, not %.40q", strings.Join(ingest.Algorithms(), ", "), text)
	}
	return &ingest.Checksum{Algorithm: algorithm, Sum: sum}, nil
}

// metadata reads an Upload-Metadata: what is said of the file, by key.
func metadata(text string) (map[string]string, error) {
	const name = "Upload-Metadata"
	said := map[string]string{}
	if text == "" {
		return said, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, encoded, _ := strings.Cut(strings.Trim(pair, " \t"), " ")
		if !isKey(key) {
			return nil, invalid(name, "%.40q is no key: want ASCII without blanks and commas", key)
		}
		if _, twice := said[key]; twice {
			return nil, invalid(name, "the key %.40q stands there twice", key)
		}
		value, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, invalid(name, "the value of %.40q is not base64", key)
		}
		said[key] = string(value)
	}
	return said, nil
}

func isKey(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' })
}
