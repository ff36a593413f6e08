// Package sample makes the video that `make demo` and tests analyse: a slide
// show of six topics with a narrator, cuts, one dissolve, one fade through
// black, and captions beside it, all by FFmpeg alone. What is in it is returned
// as [Truth], so that what analyzers find can be compared with what is there.
//
// It is no general slide maker.
package sample
