#!/bin/bash
# run_sidecar_example.sh PROGRAM: runs an example that adds sound to a video of its own for two seconds, and looks into what
# it leaves. Exit code 77 where the program was not built.
set -euo pipefail

[ "$1" != missing ] || { echo "the example was not built, because there is no OpenCV: not tested"; exit 77; }
program=$(realpath "$1")
example=${program##*/}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "$example: $1"
    cat out
    exit 1
}
"$program" 2 > out 2>&1 || fail "exit code $?"
[ -z "$(ffmpeg -v error -i tracked.mp4 -map 0 -fps_mode passthrough -enc_time_base -1 -f null - 2>&1)" ] || fail "the video does not decode cleanly"
streams=$(ffprobe -v error -show_entries stream=codec_type -of csv=p=0 tracked.mp4 | sort | xargs)
[ "$streams" = "audio video" ] || fail "the video has streams '$streams'"
seconds=$(ffprobe -v error -select_streams v:0 -show_entries stream=duration -of csv=p=0 tracked.mp4)
awk "BEGIN { exit !($seconds > 1.9) }" || fail "the video lasts $seconds s"
[ -z "$(ls -A av_data)" ] || fail "the audio was not deleted"
echo "$example: $seconds s, streams $streams"
