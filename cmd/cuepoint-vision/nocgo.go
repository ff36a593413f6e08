//go:build !cgo

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "cuepoint-vision: built without cgo, so without OpenCV; build it with `make build`")
	os.Exit(1)
}
