// Package access finds out who asks and what they may: API keys, the sessions
// of browsers that signed in with one, and how often anybody may ask. What a
// method needs is not its business, nor how a protocol carries a key: package
// api asks it at the edge, once for every call.
package access
