//go:build !cgo

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "cuepoint-speech: built without cgo, so without Whisper; build it with `make build`")
	os.Exit(1)
}
