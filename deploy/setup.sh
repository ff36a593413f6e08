#!/usr/bin/env bash
# Prepares a machine for Cuepoint: says for each thing that is missing what it
# is for, installs it, and leaves alone what is already there.
#
#   deploy/setup.sh        what building and running need        (make setup)
#   deploy/setup.sh test   besides, what only the tests need     (make test)
#   deploy/setup.sh env    prints shell lines that put it to use (make env)
#
# Debian 12, 13, 14 and Ubuntu, as root or as a user with sudo. Packages come
# from wherever apt, Go and npm are configured to fetch them: no registry is
# named here. Our own things go to /opt/cuepoint and to the user's cache.
set -euo pipefail
umask 022
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=/opt/cuepoint
tools=${XDG_CACHE_HOME:-$HOME/.cache}/cuepoint/tools
caller_path=$PATH
PATH=$prefix/go/bin:$PATH

# shellcheck source-path=SCRIPTDIR
source "$root/deploy/setup/system.sh"
# shellcheck source-path=SCRIPTDIR
source "$root/deploy/setup/needs.sh"
# shellcheck source-path=SCRIPTDIR
source "$root/deploy/setup/golang.sh"
# shellcheck source-path=SCRIPTDIR
source "$root/deploy/setup/whisper.sh"
# shellcheck source-path=SCRIPTDIR
source "$root/deploy/setup/tools.sh"

# setup_build provides what building and running need.
setup_build() {
	need_build
	need_whisper_package
	if ! go_is_new_enough; then
		need_go_package
	fi
	install_needed
	install_go
	install_whisper
}

# setup_test provides what only the tests need. They skip, by name, what could
# not be had.
setup_test() {
	need_test
	install_needed
	install_tool_minio || warn "MinIO could not be built: tests against S3 will be skipped."
	install_tool_grpcurl || warn "grpcurl could not be built: the README's commands will not be tested."
}

case ${1:-build} in
build) setup_build ;;
test) setup_test ;;
env) print_env ;;
tool) "install_tool_${2//-/_}" ;;
*)
	echo "usage: deploy/setup.sh [build|test|env|tool NAME]" >&2
	exit 2
	;;
esac
