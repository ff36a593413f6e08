package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

func TestPathsArriveAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Data  string   `default:"library" type:"path"`
		Other string   `type:"path"`
		Files []string `arg:"" type:"path"`
	}
	for name, test := range map[string]struct {
		args []string
		want line
	}{
		"not UTF-8":  {[]string{"caf\xe9.mp4", "/a,b.mp4"}, line{Data: here + "/library", Files: []string{here + "/caf\xe9.mp4", "/a,b.mp4"}}},
		"dashes":     {[]string{"--data=x", "--", "-a.mp4", "--b"}, line{Data: here + "/x", Files: []string{here + "/-a.mp4", here + "/--b"}}},
		"empty path": {[]string{"--data=", "--other", "", "a"}, line{Data: here + "/library", Files: []string{here + "/a"}}},
		"cleaned":    {[]string{"--data", "x/../y/", "./a b"}, line{Data: filepath.Join(here, "y"), Files: []string{here + "/a b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got line
			parser, err := kong.New(&got, kong.NamedMapper("path", pathMapper{}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
