// Package origin serves published files to players over HTTP: playlists,
// segments, captions, pictures. It serves nothing that a stage did not publish,
// decides nothing about who may watch, and makes no files.
package origin
