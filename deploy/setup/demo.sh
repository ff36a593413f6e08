#!/usr/bin/env bash
# Shows Cuepoint at work: takes a video, or makes one, analyzes it, and serves
# the page that plays and searches it, until Ctrl-C.
#
#   deploy/setup/demo.sh DATA [VIDEO]        (make demo)
#
# Captions that lie beside the video (name.vtt, name.srt) are used: that needs
# no model. CUEPOINT_DEMO_ARGS is passed to `cuepoint serve`.
set -euo pipefail

cuepoint=bin/cuepoint
sample='build/demo/Six small wonders.mp4'
data=$1
video=${2:-}

say() { printf 'demo: %s\n' "$*"; }

# make_sample makes the sample video and its captions, once per build.
make_sample() {
	if [[ -s $sample && -s ${sample%.mp4}.vtt && ! $cuepoint -nt $sample ]]; then
		return 0
	fi
	say "no VIDEO=file given: making a sample with FFmpeg"
	mkdir -p "${sample%/*}"
	"$cuepoint" sample "$sample"
	touch "$sample"
}

# captions_of prints the file of captions beside a video, or nothing.
captions_of() {
	local file
	for file in "${1%.*}.vtt" "${1%.*}.srt"; do
		if [[ -f $file ]]; then
			printf '%s' "$file"
			return 0
		fi
	done
}

# analyze stops the demo where there is nothing to show: what was found is on
# the command's standard output, whatever else went wrong.
analyze() {
	local args=(--data "$data") captions found status=0
	if [[ $1 == "$sample" ]]; then
		args+=(--language en)
	fi
	captions=$(captions_of "$1")
	if [[ -n $captions ]]; then
		say "taking the captions from $captions"
		if ! "$cuepoint" --data "$data" models path >/dev/null 2>&1; then
			say "no Whisper model is here to listen with; to get one: $cuepoint --data $data models pull"
		fi
		args+=(--captions "$captions")
	fi
	found=$("$cuepoint" analyze "${args[@]}" "$1") || status=$?
	if [[ -z $found ]]; then
		say "there is nothing to show; the reason stands above" >&2
		return $((status > 0 ? status : 1))
	fi
	printf '%s\n' "$found"
	if ((status > 0)); then
		say "some of the analysis failed, as said above; showing what was found"
	fi
}

if [[ -z $video ]]; then
	make_sample
	video=$sample
elif [[ ! -f $video ]]; then
	say "there is no file $video" >&2
	exit 1
fi
analyze "$video"
# shellcheck disable=SC2086 # a list of words
exec "$cuepoint" serve --data "$data" ${CUEPOINT_DEMO_ARGS:-}
