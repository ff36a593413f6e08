package transcribe_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/transcribe"
)

func ExampleReadCaptions() {
	dir, err := os.MkdirTemp("", "captions")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "talk.de.srt")
	if err := os.WriteFile(path, []byte("1\n00:00:01,000 --> 00:00:02,500\nGuten <i>Tag</i>.\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	language := transcribe.LanguageOf(path)
	segments, err := transcribe.ReadCaptions(path, language, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	t := &models.Transcript{Language: language, Source: models.SourceImported, Segments: segments}
	vtt, err := transcribe.FormatOf("vtt")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := vtt.Write(os.Stdout, t); err != nil {
		fmt.Println(err)
	}
	// Output:
	// WEBVTT
	//
	// 00:00:01.000 --> 00:00:02.500
	// Guten Tag.
}
