// Package streaming makes what players play: the ladder of renditions, the one
// FFmpeg command that encodes it, CMAF segments with HLS playlists and a DASH
// manifest over them (RFC 8216, ISO/IEC 23000-19, ISO/IEC 23009-1), all of it
// measured and verified before it counts.
//
// FFmpeg only encodes. It writes fragmented MP4 to pipes; segments are cut, and
// playlists written, here, from what came out of them. Who may play what, and
// HTTP, is not this package's business.
package streaming
