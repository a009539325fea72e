#!/bin/bash
# run_chunked_rig.sh PROGRAM FAULTS: runs the example with chunks for three seconds, and looks into what it leaves. FAULTS:
# matroska_faults.sh
set -euo pipefail

program=$(realpath "$1")
faults=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "chunked_rig: $1"
    cat out
    exit 1
}
"$program" 3 1 > out 2>&1 || fail "exit code $?"
for chunk in recordings/rig/00001.mkv recordings/rig/00002.mkv recordings/rig/00003.mkv; do
    [ -s "$chunk" ] || fail "no $chunk"
    streams=$(ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "$chunk" | xargs)
    [ "$streams" = 'h264 h264 ass' ] || fail "$chunk has streams '$streams'"
    [ -z "$(ffmpeg -v error -i "$chunk" -map 0:v -fps_mode passthrough -enc_time_base -1 -f null - 2>&1)" ] || fail "$chunk does not decode cleanly"
done
"$faults" recordings/rig/*.mkv >> out || [ $? = 77 ] || fail "other programs find faults"
[ ! -e recordings/rig/.rig.take ] || fail "the take was not removed"
grep -q 'half time' recordings/rig/*.markers.vtt || fail "no marker"
echo "chunked_rig: $(tail -1 out)"
