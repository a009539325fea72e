#!/bin/bash
# calibrate_test.sh ONETAKE LATE_TAKE AVSYNC_CHECK: a known offset is found, stored, carried by later takes, and removed from
# their MP4s, as the ffmpeg program decodes them.
set -euo pipefail
onetake=$(realpath "$1") late_take=$(realpath "$2") check=$(realpath "$3")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export XDG_CONFIG_HOME=$folder/config

# near WHAT GOT WANTED WITHIN
near() {
    echo "$1: $2 ms (wanted $3 ± $4)"
    awk -v got="$2" -v want="$3" -v within="$4" 'BEGIN { d = got - want; exit !(d <= within && d >= -within) }' || exit 1
}
mp4_mean() { "$check" "processed_av/$1.mp4" --max-ms 1000 --min-pairs 2 --json | jq .mean_ms; }

"$late_take" av_data late 83
"$onetake" calibrate --from late --json > report
near "calibrate --from, flashes in step" "$(jq .offset_ms report)" 83 1
jq -e '.stored_in and .pairs >= 10' report > jq.out
jq -e '.offsets | length == 1' config/onetake/calibration.json > jq.out

"$late_take" av_data free 83 free
"$onetake" calibrate --from free --no-store --json > report
near "calibrate --from, flashes anywhere" "$(jq .offset_ms report)" 83 "$(jq .error_ms report)"

"$onetake" process late --quiet
near "MP4 without the offset" "$(mp4_mean late)" 83 1

# The offset of the test source's "devices", as if it had been measured; its audio is in fact in time, so it comes early.
jq '.offsets[0] += {camera: "Test pattern", microphone: "Test tone", fourcc: "", width: 320, height: 240, fps: 30,
    offset_ns: 83000000}' config/onetake/calibration.json > changed
cp changed config/onetake/calibration.json
record=("$onetake" record --source test --width 320 --height 240 --duration 4 --quiet)
"${record[@]}" --name carries
near "carried by a later take" "$(mp4_mean carries)" -83 1
jq -e '.offsets == [{video: "v1", audio: "a1", offset_ns: 83000000, source: "calibration"}]' av_data/carries/manifest.json \
    > jq.out
packets() { ffmpeg -nostdin -v error -i processed_av/carries.mp4 -map 0 -c copy -f framehash -; }
packets > instant
"$onetake" process carries --quiet
packets > later
cmp instant later || { echo "rendered later, the packets differ"; exit 1; }
"$onetake" process carries --quiet --latency-offset-ms 83
near "carried, and moved by hand" "$(mp4_mean carries)" 0 1
"${record[@]}" --name without --no-calibration
near "--no-calibration" "$(mp4_mean without)" 0 1

# Refusals: nothing to measure, no screen to flash.
code=0
"$onetake" calibrate --from without --data-dir av_data 2> err || code=$?
[ $code = 1 ] && grep -q 'at least 5 are needed' err || { echo "a take of 3 flashes: exit $code"; cat err; exit 1; }
code=0
"$onetake" calibrate 2> err < /dev/null || code=$?
[ $code = 1 ] && grep -q 'needs a terminal' err || { echo "no terminal: exit $code"; cat err; exit 1; }
echo "a measured offset is found, stored, carried and taken back"
