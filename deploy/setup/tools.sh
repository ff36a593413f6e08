# Sourced by deploy/setup.sh: programs of the build that come as Go or npm
# packages. Each is built once per version, below the user's cache, and the
# tree's copy never enters go.mod: who imports our client inherits none of it.
# shellcheck shell=bash disable=SC2154 # variables of setup.sh

golangci_version=v2.15.0
minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
grpcurl_version=v1.9.4
protos_version=6.0.1 # of the npm package google-proto-files
validate_version=v1.2.0 # of the Go module github.com/bufbuild/protovalidate

tool_golangci=$tools/golangci-lint-$golangci_version
tool_minio=$tools/minio-$minio_version
tool_grpcurl=$tools/grpcurl-$grpcurl_version
tool_protos=$tools/google-proto-files-$protos_version
# buf and the protoc plug-ins change with the files that pin them.
tool_gen=$tools/gen-$(cat "$root/tools.mod" "$root/tools.sum" | sha256sum | cut -c 1-12)

# go_install DIR ARGS… builds programs into DIR, which appears when it is whole.
go_install() {
	local dir=$1 scratch
	shift
	mkdir -p "$tools"
	scratch=$(mktemp -d "$tools/making-XXXXXX")
	if ! (cd "$root" && GOBIN=$scratch nice go install -ldflags='-s -w' "$@"); then
		rm -rf "$scratch"
		return 1
	fi
	chmod 755 "$scratch"
	rm -rf "$dir"
	mv "$scratch" "$dir"
}

install_tool_golangci_lint() {
	[[ ! -d $tool_golangci ]] || return 0
	say "building golangci-lint $golangci_version, which checks the Go code (minutes, once)"
	go_install "$tool_golangci" "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_version"
}

install_tool_minio() {
	[[ ! -d $tool_minio ]] || return 0
	say "building MinIO, the S3 server that tests start for themselves (minutes, once)"
	go_install "$tool_minio" "github.com/minio/minio@$minio_version"
}

install_tool_grpcurl() {
	[[ ! -d $tool_grpcurl ]] || return 0
	say "building grpcurl, with which the README asks the gRPC API (a minute, once)"
	go_install "$tool_grpcurl" "github.com/fullstorydev/grpcurl/cmd/grpcurl@$grpcurl_version"
}

install_tool_gen() {
	[[ ! -d $tool_gen ]] || return 0
	say "building buf and the protoc plug-ins, which generate api/gen (two minutes, once)"
	go_install "$tool_gen" -modfile=tools.mod tool
}

# install_tool_protos fetches the definitions that ours import, Google's and
# those of validation rules, and lays what we use of them into api/third_party.
install_tool_protos() {
	local scratch target=$root/api/third_party/google validate=$root/api/third_party/buf/validate
	if [[ ! -d $tool_protos ]]; then
		say "fetching Google's API definitions, which our proto files import"
		mkdir -p "$tools"
		scratch=$(mktemp -d "$tools/making-XXXXXX")
		(cd "$scratch" && npm pack --silent "google-proto-files@$protos_version" >/dev/null &&
			tar -xzf ./*.tgz --strip-components=2 package/google && rm ./*.tgz)
		chmod 755 "$scratch"
		mv "$scratch" "$tool_protos"
	fi
	if [[ "$(cat "$target/version" 2>/dev/null)" == "$protos_version $validate_version" ]]; then
		return 0
	fi
	rm -rf "$target" "$validate"
	mkdir -p "$target" "$validate"
	scratch=$(cd "$root" && go mod download -json "github.com/bufbuild/protovalidate@$validate_version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
	install -m 644 "$scratch/proto/protovalidate/buf/validate/validate.proto" "$validate/"
	cp -r "$tool_protos/api" "$tool_protos/rpc" "$tool_protos/longrunning" "$target/"
	find "$target" -type f ! -name '*.proto' -delete
	find "$target" -mindepth 2 -type d -prune -exec rm -r {} +
	echo "$protos_version $validate_version" >"$target/version"
}

# export_path NAME PATHS prints a line that puts paths before those NAME has.
export_path() { printf "export %s='%s'\${%s:+:\$%s}\n" "$1" "$2" "$1" "$1"; }

# print_env prints the shell lines under which this machine builds Cuepoint.
print_env() {
	PATH=$caller_path
	export_path PATH "$prefix/go/bin:$tool_gen:$tool_golangci:$tool_minio:$tool_grpcurl"
	whisper_env
}
