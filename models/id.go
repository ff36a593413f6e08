package models

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a random name for a video or a run: 16 characters of
// Crockford's lower-case base 32, 80 bits.
func NewID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return idEncoding.EncodeToString(b[:])
}

// NewUUID returns a random UUID (RFC 9562, version 4). Cues are named by UUIDs
// because vector stores accept nothing else.
func NewUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// RandomText returns n random letters and digits, almost 6 bits each: for secrets.
func RandomText(n int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, 0, n)
	for len(text) < n {
		var random [64]byte
		rand.Read(random[:]) // never fails (crypto/rand)
		for _, b := range random {
			if b = b & 63; int(b) < len(digits) && len(text) < n {
				text = append(text, digits[b])
			}
		}
	}
	return string(text)
}
