// Package whisper hears words with OpenAI's Whisper models, through libwhisper
// (whisper.cpp) and its official Go binding. It is native code and can end the
// process: only the speech engine's executable imports it.
//
// Where cgo is off, only what needs no library is left of it. Splitting long
// sound and reading files are the business of transcribe.
package whisper
