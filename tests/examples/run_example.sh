#!/bin/bash
# run_example.sh PROGRAM [MAKE_TOY_MODEL]: runs an example without devices for about two seconds, on a small model where
# the script that makes one is given, and looks into what it leaves.
set -euo pipefail

program=$(realpath "$1")
make_model=${2:+$(realpath "$2")}
example=${program##*/}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "$example: $1"
    cat out
    exit 1
}

if [ "$example" = stop_on_signal ]; then
    "$program" > out 2>&1 &
    pid=$!
    until compgen -G 'av_data/*/frames/f_000030.jpg' > found; do
        kill -0 $pid || fail "ended by itself"
        sleep 0.05
    done
    kill -TERM $pid
    wait $pid || fail "exit code $?"
else
    model=()
    [ -z "$make_model" ] || { "$make_model" toy.onnx && model=(toy.onnx); }
    "$program" "${model[@]}" 2 > out 2>&1 || fail "exit code $?"
fi

[ "$example" != listen_live ] || grep -q 'captured .* s ago' out || fail "no enhanced audio arrived"

folder_of_mp4=processed_av
case $example in record_session | two_person_room | uploading_recorder) folder_of_mp4=recordings ;; esac
mp4s=("$folder_of_mp4"/*.mp4)
[ ${#mp4s[@]} = 1 ] && [ -s "${mp4s[0]}" ] || fail "no MP4"
# Times as they are: at a constant rate, frames that a busy machine took late would share one.
[ -z "$(ffmpeg -v error -i "${mp4s[0]}" -map 0 -fps_mode passthrough -enc_time_base -1 -f null - 2>&1)" ] || fail "the MP4 does not decode cleanly"

streams=$(ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "${mp4s[0]}" | sort | xargs)
case $example in
    two_cameras) wanted='audio video video' ;;
    record_session) wanted='video' ;;
    *) wanted='audio video' ;;
esac
[ "$streams" = "$wanted" ] || fail "the MP4 has streams '$streams', not '$wanted'"

if [ "$example" = record_session ]; then
    grep -Eq " 50 frames by (libx264|h264_nvenc)" out && [ "$(ls -A recordings | wc -l)" = 1 ] || fail "not one file of 50 frames"
    echo "$example: $(tail -1 out)"
    exit 0
fi

if [ "$folder_of_mp4" = recordings ]; then
    [ "$(ls -A recordings | wc -l)" = 1 ] || fail "the take is still there"
    [ "$example" != uploading_recorder ] || [ "$(stat -c %s uploads/track_1.s16)" = 64000 ] || fail "not all was uploaded"
    echo "$example: $(tail -1 out)"
    exit 0
fi

# No frame is lost: the MP4 has as many as the take has JPEGs.
packets=$(ffprobe -v error -count_packets -select_streams v:0 -show_entries stream=nb_read_packets -of csv=p=0 \
    "${mp4s[0]}")
stored=$(find av_data/*/frames -name 'f_*.jpg' | wc -l)
[ "$packets" = "$stored" ] && [ "$stored" -ge 25 ] || fail "$stored JPEGs, but $packets frames in the MP4"
echo "$example: $stored frames, streams $streams"
