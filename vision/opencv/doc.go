// Package opencv looks at frames with OpenCV: it scores them for the shot
// detectors and judges, scales and encodes pictures. Its API has Go types only.
//
// It is one of the cgo leaves. OpenCV aborts the process on what it thinks is a
// wrong argument, so sizes are checked before every call, and only the engine
// executable may import the package. It opens no files.
package opencv
