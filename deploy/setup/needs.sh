# Sourced by deploy/setup.sh: the list of parts, how each is recognised, which
# packages bring it, and why it is there.
# shellcheck shell=bash disable=SC2154 # variables of setup.sh

missing_packages=()
missing_names=()

# need NAME WHY PACKAGES CHECK…: notes the packages unless the check succeeds.
# The checks look for the part, not for the package, so that a part installed
# some other way counts.
need() {
	local name=$1 why=$2 packages=$3
	shift 3
	if "$@" >/dev/null 2>&1; then
		return 0
	fi
	say "missing: $name, $why"
	missing_names+=("$name")
	# shellcheck disable=SC2206 # a list of words
	missing_packages+=($packages)
}

has() {
	local program
	for program; do
		command -v "$program" || return 1
	done
}

has_file() { compgen -G "$1"; }

has_node() {
	local version
	has node npm || return 1
	version=$(node --version)
	version=${version#v}
	((${version%%.*} >= 18))
}

has_python_grpc() {
	has protoc grpc_python_plugin && has_file /usr/include/google/protobuf/descriptor.proto &&
		/usr/bin/python3 -c 'import grpc, google.protobuf'
}

need_build() {
	need "certificate authorities" "without which Go and npm cannot fetch modules" \
		ca-certificates has_file /etc/ssl/certs/ca-certificates.crt
	need "C++ compiler" "for the engines that link Whisper and OpenCV" g++ has gcc g++
	need "pkg-config" "which finds the engines' libraries" pkg-config has pkg-config
	need "FFmpeg" "which decodes, encodes and packages" ffmpeg has ffmpeg ffprobe
	need "OpenCV" "which finds shots and picks thumbnails" libopencv-dev \
		pkg-config --exists opencv4
	need "Tesseract" "which reads slides" "libtesseract-dev libleptonica-dev" \
		pkg-config --exists tesseract lept
	need "Tesseract's English data" "which reads slides" "tesseract-ocr tesseract-ocr-eng" \
		has_file '/usr/share/tesseract-ocr/*/tessdata/eng.traineddata'
	need "a font" "for the slides of the sample video" fonts-dejavu-core \
		has_file '/usr/share/fonts/*/*/DejaVuSans.ttf'
	need "Node 18 or later with npm" "which builds the player page" "nodejs npm" has_node
}

need_test() {
	need "Chromium" "in which the player page is tested" chromium has chromium
	need "PostgreSQL" "the database of a cluster, which tests start for themselves" \
		postgresql has_file '/usr/lib/postgresql/*/bin/postgres'
	need "nginx" "the CDN edge, which tests start for themselves" nginx has_file '/usr/sbin/nginx'
	need "curl" "with which the README asks the REST API" curl has curl
	need "gRPC for Python" "for the example of a client in Python" \
		"python3 python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc libprotobuf-dev" has_python_grpc
	need "ShellCheck" "which checks the shell scripts" shellcheck has shellcheck
}

# install_needed installs what was noted, and stops where it does not know how.
install_needed() {
	((${#missing_names[@]} > 0)) || return 0
	if ! os_is_known; then
		local list
		list=$(printf ', %s' "${missing_names[@]}")
		die "$(os_name) is not a system this script knows (Debian 12 to 14, Ubuntu 24.04 or later)." \
			"Install these yourself, then run it again: ${list:2}."
	fi
	say "installing with apt: ${missing_packages[*]}"
	apt_install "${missing_packages[@]}" ||
		die "apt could not install them; its last words stand above (/var/log/cuepoint-setup.log)."
	missing_packages=()
	missing_names=()
}
