// Package proc runs other programs: the only importer of os/exec. A child gets
// its own process group, a lower priority, limits, and an end: when its context
// ends it is asked to stop, then killed with everything it started; when the
// parent dies, so does it.
//
// It knows nothing of what it runs. What a program's exit means to people is
// for its callers to say.
package proc
