// Package signin lets people in whom an OpenID Connect provider knows: it says
// where their browser goes to be asked who they are, checks what it comes back
// with, and finds what they may do here by the operator's rules. It knows no
// cookies and keeps no sessions: package api and package access do.
package signin
