package testenv

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// Patch writes a copy of a file that change may alter as it likes, and returns
// its path.
func Patch(t testing.TB, path string, change func([]byte) []byte) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	patched := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(patched, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return patched
}

// Rotate returns a copy of an MP4 file whose picture is to be turned clockwise
// for display, by 90, 180 or 270 degrees, as phones write it (ISO/IEC 14496-12,
// 8.3.2).
func Rotate(t testing.TB, path string, degrees int) string {
	t.Helper()
	a, b := int32(0), int32(0) // cosine and sine
	switch degrees {
	case 90:
		b = 1 << 16
	case 180:
		a = -1 << 16
	case 270:
		b = -1 << 16
	}
	return Patch(t, path, func(data []byte) []byte {
		payload := Box(t, data, "tkhd")
		matrix := payload[40:76]
		for i, v := range []int32{a, b, 0, -b, a, 0, 0, 0, 1 << 30} {
			binary.BigEndian.PutUint32(matrix[4*i:], uint32(v))
		}
		return data
	})
}

// Box returns the payload of the first MP4 box of a kind, for changing it.
func Box(t testing.TB, data []byte, kind string) []byte {
	t.Helper()
	i := bytes.Index(data, []byte(kind))
	if i < 4 {
		t.Fatalf("no %s box", kind)
	}
	size := int(binary.BigEndian.Uint32(data[i-4:]))
	return data[i+4 : min(i-4+size, len(data))]
}
