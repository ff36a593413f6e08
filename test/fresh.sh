#!/usr/bin/env bash
# Proves the claim of the README's first lines: in a bare Debian 12, from a
# clean clone of HEAD, `make demo` shows the page and `make test` passes. Prints
# what each took. Root only; needs mmdebstrap and some 8 GB below TMPDIR.
#
#   test/fresh.sh              demo, then test               (make fresh)
#   test/fresh.sh TARGET…      other targets of the Makefile, in one such root
#   SUITE=trixie, KEEP=1       take another Debian; leave the root behind
#
# The machine's own ways to packages (apt's mirror and options, CA bundle,
# npm's configuration, Go's proxy, folders of clips and models) are passed in.
set -euo pipefail
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=${SUITE:-bookworm}
ca=/etc/cuepoint-host-ca.crt
demo_limit=2400 # seconds until the page must answer
root=
serving= # the process of make demo
times=()

say() { printf 'fresh: %s\n' "$*"; }
die() {
	say "$*" >&2
	exit 1
}

# clean removes the root. What was mounted in it was mounted in a namespace that
# ended with the command; the check keeps rm from ever following a mount.
clean() {
	stop_serving
	[[ -n $root && -d $root ]] || return 0
	if grep -qF " $root/" /proc/self/mounts; then
		say "something is still mounted below $root: left in place" >&2
	elif [[ -n ${KEEP:-} ]]; then
		say "left in place: $root"
	else
		rm -rf "$root"
	fi
}

stop_serving() {
	[[ -n $serving ]] || return 0
	kill -KILL "$serving" 2>/dev/null || true
	wait "$serving" 2>/dev/null || true
	serving=
}

# timed NAME COMMAND… runs a command and notes how long it took.
timed() {
	local name=$1 start=$SECONDS
	shift
	"$@"
	times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
	say "$name took $((SECONDS - start)) s"
}

# apt_sources prints the machine's Debian mirrors as sources of the suite.
apt_sources() {
	apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' |
		sort -u | while read -r label uri; do
		case $label in
		Debian)
			echo "deb $uri $suite main"
			echo "deb $uri $suite-updates main"
			;;
		Debian-Security) echo "deb $uri $suite-security main" ;;
		esac
	done
}

# apt_options prints the machine's options about reaching a mirror.
apt_options() {
	apt-config dump Acquire | grep -E '::(Proxy|Proxy-Auto-Detect|CaInfo|Check-[A-Za-z-]+) ' || true
}

make_root() {
	local sources
	sources=$(apt_sources)
	[[ -n $sources ]] || die "apt knows no Debian mirror here (apt-get update first)."
	root=$(mktemp -d "${TMPDIR:-/var/tmp}/cuepoint-fresh-XXXXXX")
	chmod 755 "$root"
	apt_options >"$root.apt"
	mmdebstrap --quiet --variant=minbase --aptopt="$root.apt" "$suite" "$root" - <<<"$sources"
	rm "$root.apt"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root$ca"
	pass_npm_configuration
	git clone --quiet "$here" "$root/root/cuepoint"
	say "cloned $(git -C "$root/root/cuepoint" log -1 --format='%h (%s)')"
}

pass_npm_configuration() {
	local file
	command -v npm >/dev/null || return 0
	for file in "$(npm config get globalconfig)" "$(npm config get userconfig)"; do
		if [[ -r $file ]]; then
			cat "$file" >>"$root/root/.npmrc"
		fi
	done 2>/dev/null
}

# passed prints the environment of commands in the root, one per line.
passed() {
	local name
	echo PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	echo HOME=/root
	echo LANG=C.UTF-8
	echo "TERM=${TERM:-dumb}"
	for name in SSL_CERT_FILE NODE_EXTRA_CA_CERTS NPM_CONFIG_CAFILE GIT_SSL_CAINFO CURL_CA_BUNDLE; do
		echo "$name=$ca"
	done
	if command -v go >/dev/null; then
		for name in GOPROXY GOSUMDB GONOSUMDB GOPRIVATE; do
			echo "$name=$(go env "$name")"
		done
	fi
	for name in http_proxy https_proxy no_proxy CI CUEPOINT_TEST_MEDIA CUEPOINT_MODELS_DIR; do
		if [[ -n ${!name:-} ]]; then
			echo "$name=${!name}"
		fi
	done
}

# inside COMMAND runs a shell command in the clone, in the root, with processes
# and mounts of its own: whatever it leaves running or mounted ends with it.
inside() { (enter "$1"); }

# enter is inside in place of the shell that calls it. When it is killed, so is
# everything that it started.
enter() {
	local environment
	mapfile -t environment < <(passed)
	# shellcheck disable=SC2016 # expanded by the inner shells
	exec unshare --mount --pid --fork --kill-child bash -euc '
		root=$1 command=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --rbind /sys "$root/sys"
		for folder in "${CUEPOINT_TEST_MEDIA:-}" "${CUEPOINT_MODELS_DIR:-}"; do
			if [[ -n $folder ]]; then
				mkdir -p "$root$folder"
				mount --bind -o ro "$folder" "$root$folder"
			fi
		done
		exec chroot "$root" /usr/bin/env -i "$@" bash -euc "cd /root/cuepoint && $command"
	' bash "$root" "$1" "${environment[@]}"
}

# answers ADDRESS says whether a page is served at http://host:port/….
answers() {
	local host port
	host=${1#http://}
	host=${host%%/*}
	port=${host##*:}
	host=${host%:*}
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout 5 bash -c '
		exec 3<>"/dev/tcp/$1/$2"
		printf "GET / HTTP/1.0\r\nHost: %s:%s\r\n\r\n" "$1" "$2" >&3
		head -n 1 <&3 | grep -q " 200 "
	' bash "$host" "$port" 2>/dev/null
}

# demo runs make demo until its page answers, on a port that is free: the root
# shares the machine's network.
demo() {
	local log=$root/root/demo.log address deadline=$((SECONDS + demo_limit))
	: >"$log"
	enter "CUEPOINT_DEMO_ARGS='--listen 127.0.0.1:0' make demo" >"$log" 2>&1 &
	serving=$!
	tail -f --pid="$serving" "$log" &
	while ((SECONDS < deadline)); do
		address=$(grep -aoE 'http://[0-9A-Za-z.]+:[0-9]+' "$log" | tail -n 1) || true
		if [[ -n $address ]] && answers "$address"; then
			say "the page answers at $address"
			stop_serving
			return 0
		fi
		kill -0 "$serving" 2>/dev/null || die "make demo ended before its page answered."
		sleep 1
	done
	die "the page did not answer within $demo_limit s."
}

[[ $(id -u) -eq 0 ]] || die "a root of one's own needs root."
command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt-get install -y mmdebstrap"
trap clean EXIT
targets=("$@")
((${#targets[@]} > 0)) || targets=(demo test)
timed "bare Debian ($suite) and a clean clone" make_root
timed "apt-get install -y make git" \
	inside "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y make git >/dev/null"
for target in "${targets[@]}"; do
	case $target in
	demo) timed "make demo, until the page answers" demo ;;
	*) timed "make $target" inside "make $target" ;;
	esac
done
say "done:"
printf '%s\n' "${times[@]}"
