// Package transcribe turns the sound of a video into words with times, and
// reads and writes captions. It decodes audio, splits it at quiet spots into
// windows that an engine can bear, stitches what was heard together again, and
// knows the caption formats. What recognizes the words in a window is behind
// [Recognizer]; native recognizers live in packages below and run in an
// executable of their own, behind [Process].
//
// It does not choose models or languages and stores nothing.
//
// # Engine protocol
//
// A speech engine is an executable that speaks the protocol of internal/engine
// and has the method "transcribe". Its parameters are a [Request]: paths are
// absolute, times are nanoseconds.
//
//	{"id":1,"method":"transcribe","params":{"audio":"/data/speech.flac",
//	  "model":"/models/ggml-base-q5_1.bin","vad":"/models/ggml-silero-v6.2.0.bin",
//	  "language":"de","duration":93000000000,"threads":4}}
//
// While it works the engine tells its progress, and each segment as an event:
//
//	{"id":1,"progress":0.25}
//	{"id":1,"event":{"segment":{"start":1200000000,"end":2900000000,"text":"Hello there.",
//	  "confidence":0.91,"words":[{"text":"Hello","start":1200000000,"end":1700000000,"confidence":0.93},…]}}}
//
// The result is the whole transcript, whose segments are those of the events:
//
//	{"id":1,"result":{"language":"de","source":"recognized","model":"ggml-base-q5_1","segments":[…]}}
//
// The engine decodes the audio itself and must need no more memory for a long
// file than for a short one. It is cancelled by killing it.
package transcribe
