package blob

import (
	"regexp"
	"strings"

	"github.com/cuepoint/cuepoint/models"
)

// maxKey bounds a key, in bytes: with room for a bucket's own prefix, S3 takes 1,024.
const maxKey = 512

// key is one or more elements that no file system, URL or shell reads as
// anything else: no dot files, no "..", nothing to escape.
var key = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._@-]{0,199})*$`)

// CheckKey returns INVALID_ARGUMENT unless s may name a blob: elements of
// letters, digits and "._@-", up to 200 bytes each and not starting with one of
// ".@-", joined by single slashes, 512 bytes in all. A key that is the
// directory of another is for nobody to use: stores may refuse the later one.
func CheckKey(s string) error {
	if len(s) > maxKey || !key.MatchString(s) {
		return models.Errorf(models.CodeInvalidArgument,
			"%.80q is no blob's key; use letters, digits and ._@- between single slashes, %d bytes at most", s, maxKey)
	}
	return nil
}

// CheckPrefix returns INVALID_ARGUMENT unless s is empty, for all blobs, or a
// key followed by a slash.
func CheckPrefix(s string) error {
	dir, ok := strings.CutSuffix(s, "/")
	if s != "" && !ok {
		return models.Errorf(models.CodeInvalidArgument, "the prefix %.80q must end with a slash", s)
	}
	if s == "" {
		return nil
	}
	return CheckKey(dir)
}

// CheckList is what List checks of its arguments.
func CheckList(prefix, after string, limit int) error {
	if limit < 1 {
		return models.Errorf(models.CodeInvalidArgument, "a page of %d blobs; ask for 1 at least", limit)
	}
	if after != "" {
		if err := CheckKey(after); err != nil {
			return err
		}
	}
	return CheckPrefix(prefix)
}

// CheckDelete is what DeletePrefix checks of its argument.
func CheckDelete(prefix string) error {
	if prefix == "" {
		return models.Errorf(models.CodeInvalidArgument, "an empty prefix would delete all blobs; name one")
	}
	return CheckPrefix(prefix)
}

// CheckRange is what Open checks of its arguments.
func CheckRange(key string, offset int64) error {
	if offset < 0 {
		return models.Errorf(models.CodeInvalidArgument, "no blob has an offset of %d", offset)
	}
	return CheckKey(key)
}
