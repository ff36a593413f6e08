package blob_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestMoreThanTheLimitIsAFault(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("x"), 100)
	if err := iotest.TestReader(blob.Limit(bytes.NewReader(data), 100), data); err != nil {
		t.Error(err)
	}
	for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
		got, err := io.ReadAll(blob.Limit(r, 99))
		if models.ErrorCode(err) != models.CodeSourceTooLarge || len(got) > 99 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}
