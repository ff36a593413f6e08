// Command cuepoint-speech hears words in audio, with Whisper. Cuepoint starts
// it as its speech engine; by hand it writes captions of a file.
//
// Without arguments it speaks the engine protocol that package transcribe
// describes.
package main
