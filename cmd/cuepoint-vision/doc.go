// Command cuepoint-vision is the vision engine: it finds shots and makes
// pictures with OpenCV, speaking the engine protocol on its standard input and
// output. cuepoint starts it; [engine] says how to talk to it by hand.
//
// [engine]: https://pkg.go.dev/github.com/cuepoint/cuepoint/internal/engine
package main
