package main

import (
	"runtime/debug"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

type versionCmd struct{}

// Run prints the version that the Go toolchain stamped, and the commit: of this
// program, or of the server that is named.
func (versionCmd) Run(e *env) error {
	if e.cli.Server != "" {
		return e.ask(false, func(l *library) error {
			v, err := l.System.GetVersion(e.ctx, &cuepointv1.GetVersionRequest{})
			if err != nil {
				return err
			}
			return e.printVersion(v.GetVersion(), v.GetCommit())
		})
	}
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return e.printVersion(version(), commit)
}

func (e *env) printVersion(version, commit string) error {
	return e.print(map[string]string{"version": version, "commit": commit}, "cuepoint %s %s\n", version, commit)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
