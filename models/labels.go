package models

import (
	"regexp"
	"unicode/utf8"
)

// Bounds of the labels of a video.
const (
	MaxLabels     = 64
	MaxLabelValue = 1024 // bytes
)

// LabelKey is what a label's key looks like.
const LabelKey = `[a-z][a-z0-9_-]{0,62}`

var labelKey = regexp.MustCompile(`^` + LabelKey + `$`)

// IsLabelKey tells whether a label may have this key.
func IsLabelKey(key string) bool { return labelKey.MatchString(key) }

// CheckLabels tells whether a video may have these labels. INVALID_ARGUMENT.
func CheckLabels(labels map[string]string) error {
	if len(labels) > MaxLabels {
		return Errorf(CodeInvalidArgument, "%d labels are too many; a video has at most %d", len(labels), MaxLabels)
	}
	for key, value := range labels {
		switch {
		case !IsLabelKey(key):
			return Errorf(CodeInvalidArgument, "label %.80q: a key is a small letter and up to 62 small letters, digits, - and _", key)
		case len(value) > MaxLabelValue:
			return Errorf(CodeInvalidArgument, "label %s: its value has %d bytes, at most %d are kept", key, len(value), MaxLabelValue)
		case !utf8.ValidString(value):
			return Errorf(CodeInvalidArgument, "label %s: its value is no valid UTF-8", key)
		}
	}
	return nil
}
