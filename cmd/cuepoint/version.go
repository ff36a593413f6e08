package main

import "runtime/debug"

type versionCmd struct{}

// Run prints the version that the Go toolchain stamped, and the commit.
func (versionCmd) Run(e *env) error {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return e.print(map[string]string{"version": version(), "commit": commit}, "cuepoint %s %s\n", version(), commit)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
