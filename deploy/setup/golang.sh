# Sourced by deploy/setup.sh: a Go at least as new as go.mod asks for.
# shellcheck shell=bash disable=SC2154 # variables of setup.sh

# go_wanted prints go.mod's version, such as 1.26.8.
go_wanted() { sed -n 's/^go //p' "$root/go.mod"; }

# go_is_new_enough asks in the project's folder, where a Go that fetches newer
# toolchains by itself answers with the one it would use.
go_is_new_enough() {
	local have
	have=$(cd "$root" && go env GOVERSION 2>/dev/null) || return 1
	have=${have#go}
	[[ -n $have ]] && printf '%s\n' "$(go_wanted)" "${have%% *}" | sort -VC
}

# need_go_package notes the system's Go: too old as it may be, it is able to
# fetch the right one as a module.
need_go_package() {
	need "Go" "which everything is written in" golang-go has go
}

# install_go fetches the toolchain module into the prefix, with the proxy and
# the checksum database that the machine's Go is configured to use. A module
# has no executable bits, and its go.mod files carry another name.
install_go() {
	if go_is_new_enough; then
		return 0
	fi
	local version module dir work
	version=$(go_wanted)
	module=golang.org/toolchain@v0.0.1-go$version.linux-$(go env GOARCH)
	say "Go is older than go.mod's $version: fetching that one into $prefix/go"
	work=$(mktemp -d)
	dir=$(cd "$work" && export GOPATH=$work GOFLAGS=-modcacherw GO111MODULE=on GOTOOLCHAIN=local &&
		go mod download -json "$module" | sed -n 's/^\t*"Dir": "\(.*\)",*$/\1/p') || true
	[[ -n ${dir:-} && -x ${dir%/*} ]] || die "Go's module proxy did not answer with $module."
	chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
	find "$dir/src" -name _go.mod -execdir cp _go.mod go.mod ';'
	as_root mkdir -p "$prefix"
	as_root rm -rf "$prefix/go"
	as_root cp -r --no-preserve=ownership "$dir" "$prefix/go"
	rm -rf "$work"
	hash -r
	go_is_new_enough || die "the Go in $prefix/go does not run."
}
