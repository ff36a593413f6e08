// Package ffmpeg asks FFmpeg about media and lets it decode them: container
// sniffing, ffprobe, safe input arguments, progress, and what its failures mean
// to people. Every FFmpeg process in Cuepoint is started here.
//
// It encodes nothing itself: what to make of a source is the business of
// streaming, vision and transcribe.
package ffmpeg
