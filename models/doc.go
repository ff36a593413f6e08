// Package models is Cuepoint's vocabulary: videos, media facts, stages, insights
// and errors, in the words every other package speaks. It imports only the
// standard library and does no I/O.
//
// All times are [time.Duration] from the start of the video's one timeline,
// which begins at 0 for picture, sound, captions and images alike.
package models
