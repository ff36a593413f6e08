// Package access finds out who asks and how often they may: by API keys, by the
// sessions of browsers that signed in, and by one-time links to sign in with.
// What a method needs is not its business, nor how a protocol carries a key:
// package api asks it once for every call, at the edge.
package access
