// Package config holds what configuration is made of and judged by: secrets that
// never print, and which hosts are this machine. It reads no flags, environment
// or files.
package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password or key. It prints as a mask whatever prints it: fmt with
// any verb, slog, encoders of JSON or text, also from inside a struct, whose
// fields may be unexported. The zero Secret is empty.
type Secret struct {
	value *string // fmt follows no pointer below the top
}

const masked = "[secret]"

// NewSecret keeps a secret.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns what is kept, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Format implements [fmt.Formatter].
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, masked) }

// String implements [fmt.Stringer].
func (Secret) String() string { return masked }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]: configuration is read
// from text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
