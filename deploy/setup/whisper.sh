# Sourced by deploy/setup.sh: libwhisper, which the speech engine links.
#
# Debian 14 and later package it. Debian 12 and 13 do not, and the packages of
# 14 want its newer C library. There, those packages are unpacked, not
# installed, into a private prefix together with that C library, and the speech
# engine alone is linked against them and started by their loader. The system
# stays as it is. The prefix does not move: its path is part of the engine.
# shellcheck shell=bash disable=SC2154 # variables of setup.sh

whisper_prefix=$prefix/whisper
whisper_suite=forky # Debian 14, the first with libwhisper
whisper_hint="everything but speech will be built; captions can be imported. To have speech, install\
 whisper.cpp so that pkg-config finds it (pkg-config --exists whisper), and run make setup again."

whisper_in_system() { pkg-config --exists whisper 2>/dev/null; }
whisper_in_prefix() { [[ -e $whisper_prefix/lib/libwhisper.so ]]; }

need_whisper_package() {
	if whisper_in_system || whisper_in_prefix || ! apt_has libwhisper-dev; then
		return 0
	fi
	need "libwhisper" "which turns speech into text" libwhisper-dev false
}

install_whisper() {
	if whisper_in_system; then
		make_cpu_archive
	elif ! whisper_in_prefix; then
		unpack_whisper
	fi
}

# make_cpu_archive writes an empty libggml-cpu.a: the Go binding asks for that
# library, which does not exist where ggml loads its CPU code as plug-ins.
make_cpu_archive() {
	local lib=$whisper_prefix/lib
	if [[ -e $lib/libggml-cpu.a ]] || has_library ggml-cpu; then
		return 0
	fi
	as_root mkdir -p "$lib"
	as_root ar rcs "$lib/libggml-cpu.a"
}

# has_library says whether the linker finds lib NAME.
has_library() {
	echo 'int main(void){return 0;}' |
		gcc -x c - -o /dev/null "-L$(pkg-config --variable=libdir whisper)" "-l$1" 2>/dev/null
}

# debian_mirror prints the address of the Debian archive that apt uses here.
debian_mirror() {
	apt-get indextargets --format "\$(REPO_URI)" \
		'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# private_apt runs apt-get on lists, sources and an installed-packages file of
# its own below $1, with the archive's signatures checked as ever.
private_apt() {
	local dir=$1
	shift
	apt-get -qq -o "Dir::Etc::SourceList=$dir/debian.sources" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o "Dir::State=$dir" -o "Dir::State::status=$dir/status" -o "Dir::State::Lists=$dir/lists" \
		-o "Dir::Cache=$dir" -o "Dir::Cache::archives=$dir/archives" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o Debug::NoLocking=1 \
		-o "APT::Sandbox::User=$(id -un)" -o APT::Install-Recommends=false "$@"
}

unpack_whisper() {
	local mirror work
	if [[ $(os_field ID) != debian ]]; then
		warn "$(os_name) has no package of libwhisper: $whisper_hint"
		return 0
	fi
	mirror=$(debian_mirror)
	if [[ -z $mirror ]]; then
		apt_update
		mirror=$(debian_mirror)
	fi
	if [[ -z $mirror ]]; then
		warn "apt knows no Debian archive here, so there is no libwhisper to be had: $whisper_hint"
		return 0
	fi
	say "missing: libwhisper, which turns speech into text"
	say "unpacking Debian 14's into $whisper_prefix, for the speech engine alone"
	work=$(mktemp -d)
	if download_whisper "$work" "$mirror"; then
		publish_whisper "$work"
	else
		cat "$work/log" >&2
		warn "Debian 14's libwhisper could not be fetched: $whisper_hint"
	fi
	rm -rf "$work"
}

# download_whisper fetches libwhisper-dev and whatever apt says it needs.
download_whisper() {
	local work=$1 mirror=$2
	mkdir -p "$work/lists/partial" "$work/archives/partial"
	: >"$work/status"
	cat >"$work/debian.sources" <<-EOF
		Types: deb
		URIs: $mirror
		Suites: $whisper_suite
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	EOF
	: >"$work/log"
	if ! private_apt "$work" update >"$work/log" 2>&1; then
		grep -qi 'expired' "$work/log" || return 1
		say "the mirror's list of Debian 14 is past its date; taking it as it is, this once"
		private_apt "$work" -o Acquire::Check-Valid-Until=false update >"$work/log" 2>&1 || return 1
	fi
	private_apt "$work" -y --download-only install libwhisper-dev >"$work/log" 2>&1
}

# publish_whisper arranges the packages as include/, lib/ and share/doc (their
# licences) and moves the whole into place at once.
publish_whisper() {
	local work=$1 deb libdir new
	for deb in "$work"/archives/*.deb; do
		dpkg-deb -x "$deb" "$work/root"
	done
	libdir=$(dirname "$(find "$work/root" -name libwhisper.so)")
	new=$work/whisper
	mkdir -p "$new/lib" "$new/share"
	mv "$work/root/usr/include" "$new/include"
	mv "$libdir"/*.so* "$libdir/ggml" "$new/lib/"
	mv "$work/root/usr/share/doc" "$new/share/doc"
	rm -f "$new"/lib/libparakeet*
	ar rcs "$new/lib/libggml-cpu.a"
	(cd "$work/archives" && printf '%s\n' *.deb) >"$new/packages"
	"$(whisper_loader "$new")" --library-path "$new/lib" --list "$new/lib/libwhisper.so" >"$work/log" ||
		die "the unpacked libwhisper does not load: $(cat "$work/log")"
	as_root mkdir -p "$prefix"
	as_root rm -rf "$whisper_prefix"
	as_root cp -r --preserve=mode,links --no-preserve=ownership "$new" "$whisper_prefix"
}

# whisper_loader prints the loader of the C library that lies in a prefix.
whisper_loader() { compgen -G "$1/lib/ld-linux*.so.*"; }

# whisper_env prints what compiling and linking the speech engine needs, and
# nothing where there is no libwhisper. The compiler's own variables carry the
# paths because CGO_CFLAGS and CGO_LDFLAGS would rebuild every cgo package.
whisper_env() {
	local lib=$whisper_prefix/lib flags=
	if whisper_in_system; then
		local libdir includedir
		libdir=$(pkg-config --variable=libdir whisper)
		includedir=$(pkg-config --variable=includedir whisper)
		flags="-L$libdir -Wl,-rpath,$libdir"
		# The compiler's own folder must keep its place behind the C++ one.
		[[ $includedir == /usr/include ]] || export_path C_INCLUDE_PATH "$includedir"
		export_path LIBRARY_PATH "$libdir:$lib"
	elif whisper_in_prefix; then
		flags="-L$lib -Wl,--disable-new-dtags,-rpath,$lib -Wl,-rpath-link,$lib"
		flags+=" -Wl,--dynamic-linker=$(whisper_loader "$whisper_prefix") -Wl,--allow-shlib-undefined"
		export_path C_INCLUDE_PATH "$whisper_prefix/include"
		export_path LIBRARY_PATH "$lib"
	else
		return 0
	fi
	printf "export CUEPOINT_SPEECH_LDFLAGS=\"-extldflags '%s'\"\n" "$flags"
}
