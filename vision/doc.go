// Package vision finds out what a video looks like over time: where its shots
// begin, which frame stands for each of them, and a storyboard to skim it by.
//
// Frames come from FFmpeg on a fixed time grid ([ReadFrames]). A [Scorer] turns
// each into numbers; the detectors that make shots of the numbers are plain Go
// and are pushed one frame at a time ([Detector]). Score, threshold and filter
// stay apart, and the numbers can be written as CSV to be plotted.
//
// The package holds both ends of the vision engine's methods: [Engine] asks,
// [Methods] answers inside cuepoint-vision. OpenCV itself is in vision/opencv
// alone. Text in pictures is not its business.
package vision
