// Package engine is the protocol between cuepoint and its engines: executables
// of their own, because native code over untrusted bytes may crash, leak or
// hang. Both ends are here: [Client] for who starts an engine, [Main] for who
// is one. Any executable that speaks the protocol is an engine.
//
// # Protocol, version 1
//
// Messages are JSON objects, one per line, UTF-8. The engine reads requests on
// its standard input and answers on its standard output; its standard error is
// for logs. First of all it says who it is:
//
//	{"hello":{"protocol":1,"engine":"cuepoint-speech","version":"1.9.5"}}
//
// Requests carry an id, a method and its parameters (times in nanoseconds, as
// in [time.Duration]; files as absolute paths):
//
//	{"id":1,"method":"transcribe","params":{"audio":"/data/speech.flac"}}
//
// Each is answered by any number of progress lines (0 to 1) and events, whose
// shape is the method's own, then by one result or one error with a code of
// the models package, a message for people and a cause for the log:
//
//	{"id":1,"progress":0.5}
//	{"id":1,"event":{…}}
//	{"id":1,"result":{…}}
//	{"id":1,"error":{"code":"MODEL_CORRUPT","message":"…","cause":"…"}}
//
// Requests are answered one after another. An engine ends with status 0 when
// its input ends. SIGTERM cancels what it is doing.
//
// The package knows no method: transcribe and vision define theirs.
package engine
