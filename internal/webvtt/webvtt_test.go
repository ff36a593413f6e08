package webvtt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/webvtt"
)

func TestTimestamp(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]time.Duration{
		"00:00:00.000":  0,
		"00:00:00.001":  500 * time.Microsecond,
		"00:00:00.999":  999499 * time.Microsecond,
		"00:01:00.000":  time.Minute - time.Microsecond,
		"01:02:03.004":  time.Hour + 2*time.Minute + 3*time.Second + 4*time.Millisecond,
		"99:59:59.999":  100*time.Hour - time.Millisecond,
		"100:00:00.000": 100 * time.Hour,
	} {
		if got := webvtt.Timestamp(at); got != want {
			t.Errorf("%v is written %s, want %s", at, got, want)
		}
	}
}

func ExampleFile() {
	var f webvtt.File
	f.Add(0, 2500*time.Millisecond, webvtt.Escape("Salt & <pepper> --> more"))
	f.Add(2500*time.Millisecond, 4*time.Second, webvtt.Escape(webvtt.Line("two\n\nlines")))
	fmt.Print(f.String())
	// Output:
	// WEBVTT
	//
	// 00:00:00.000 --> 00:00:02.500
	// Salt &amp; &lt;pepper&gt; --&gt; more
	//
	// 00:00:02.500 --> 00:00:04.000
	// two lines
}
