//go:build cgo

package main

import (
	"fmt"
	"os"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/vision"
	"github.com/cuepoint/cuepoint/vision/opencv"
)

func main() {
	tools, err := ffmpeg.Find()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", vision.EngineName, err)
		os.Exit(1)
	}
	worker := &vision.Worker{Tools: tools, Eyes: opencv.Eyes{}}
	os.Exit(engine.Main(vision.EngineName, opencv.Version(), vision.Methods(worker)))
}
