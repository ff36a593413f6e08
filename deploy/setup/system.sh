# Sourced by deploy/setup.sh: speaking to the person, becoming root, and apt.
# shellcheck shell=bash disable=SC2154 # variables of setup.sh

say() { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }
die() {
	warn "$*"
	exit 1
}

# as_root runs a command as root, through sudo where the user is another.
as_root() {
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: $*. Run make setup as root, or install sudo."
	fi
}

# os_field prints a field of os-release, or nothing.
os_field() {
	local file=/etc/os-release
	[[ -r $file ]] || return 0
	# shellcheck disable=SC1090
	(source "$file" && printf '%s' "${!1:-}")
}

os_name() {
	local name
	name=$(os_field PRETTY_NAME)
	printf '%s' "${name:-this system}"
}

# os_is_known says whether we know how packages are called here. Debian testing
# and unstable have no version, only a code name.
os_is_known() {
	local id version
	id=$(os_field ID)
	version=$(os_field VERSION_ID)
	case $id in
	debian) [[ -z $version || ${version%%.*} -ge 12 ]] ;;
	ubuntu) [[ -n $version && ${version%%.*} -ge 24 ]] ;;
	*) return 1 ;;
	esac
}

# apt_has says whether apt could install a package.
apt_has() {
	command -v apt-cache >/dev/null && [[ $(apt-cache policy "$1" 2>/dev/null) =~ Candidate:\ [0-9] ]]
}

apt_updated=
apt_update() {
	[[ -z $apt_updated ]] || return 0
	apt_updated=yes
	say "reading the package lists (apt-get update)"
	as_root apt-get -qq update ||
		warn "apt-get update had an error; going on with the lists that are there."
}

# apt_install installs packages without starting the services they contain:
# a machine that builds and tests Cuepoint needs none of them running.
apt_install() {
	apt_update
	as_root bash -s -- "$@" <<'ROOT'
set -euo pipefail
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/cuepoint-setup.conf
made=()
clean() { ((${#made[@]} == 0)) || rm -f "${made[@]}"; }
trap clean EXIT
if [[ ! -e $policy ]]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	made+=("$policy")
fi
if [[ " $* " == *" postgresql "* ]]; then
	mkdir -p "${cluster%/*}"
	echo 'create_main_cluster = false' >"$cluster"
	made+=("$cluster")
fi
DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
	install --no-install-recommends "$@" </dev/null >/var/log/cuepoint-setup.log 2>&1 || {
	tail -n 20 /var/log/cuepoint-setup.log >&2
	exit 1
}
ROOT
}
