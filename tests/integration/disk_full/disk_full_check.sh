#!/bin/bash
# disk_full_check.sh ONETAKE AVSYNC_CHECK: records until a small disk is full, or its folder is deleted, and checks what is left.
# The disk is a tmpfs in a mount namespace of its own; exit code 77 where the system allows none.
set -uo pipefail

if [ "${IN_NAMESPACE:-0}" = 0 ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(-r)
    unshare "${user[@]}" -m true 2> /dev/null || { echo "no mount namespace can be had here: not tested"; exit 77; }
    IN_NAMESPACE=1 exec unshare "${user[@]}" -m "$0" "$(realpath "$1")" "$(realpath "$2")"
fi
onetake=$1
avsync=$2
folder=$(mktemp -d)
trap 'umount "$folder/disk" 2> /dev/null; rm -rf "$folder"' EXIT
mkdir "$folder/disk"
mount -t tmpfs -o size=44m onetake-test "$folder/disk" || { echo "no tmpfs can be mounted here: not tested"; exit 77; }
cd "$folder" || exit 1
failures=0
complain() {
    echo "$1"
    for file in out err check; do [ ! -e $file ] || sed "s/^/  $file: /" $file | head -40; done
    failures=$((failures + 1))
}
expect() {
    local wanted=$1 code=0
    shift
    "$onetake" "$@" > out 2> err < /dev/null || code=$?
    [ $code = "$wanted" ] || complain "exit code $code instead of $wanted: onetake $*"
}
check() { "$@" || complain "not so: $*"; }
scene=(--source test --width 1280 --height 720 --fps 30 --quality 95 --warmup 0)

# A disk that fills up.
before=$SECONDS
expect 4 record "${scene[@]}" --duration 240 --name full --data-dir disk --no-mp4 --json
check [ $((SECONDS - before)) -lt 230 ]
check grep -q 'ended early' err
check jq -e '.metrics.ended_early != "" and .metrics.frames > 50 and .metrics.books_balance' out > jq.out
check jq -e '.metrics.notes | any(test("disk will be full in [0-9.]+ minutes"))' out > jq.out
check [ -s disk/full/manifest.json ]
check [ ! -e disk/full/.reserve ]
jq -r '"full disk: \(.metrics.frames) frames, \(.metrics.duration_s) s, \(.metrics.video_mb) MB stored; \(.metrics.books[0].dropped_disk) frames lost"' out
code=0
"$onetake" check full --data-dir disk --json > check || code=$?
[ $code = 0 ] || [ $code = 3 ] || complain "check ends with $code"
check jq -e '.closed and (.needs_recovery | not) and (.losses | all(.cause == "disk"))' check > jq.out
if [ $code = 3 ]; then expect 3 process full --data-dir disk --processed-dir rendered; else expect 0 process full --data-dir disk --processed-dir rendered; fi
check "$avsync" rendered/full.mp4 --min-pairs 2
# Nothing more fits, and that is reported before the take starts.
expect 1 record "${scene[@]}" --duration 1 --name more --data-dir disk --no-mp4
check grep -q 'Free space' err
check [ ! -e disk/more ]
rm -rf disk/full

# The MP4 goes to the same disk: the take comes first.
dd if=/dev/zero of=disk/filler bs=1M count=20 status=none
expect 4 record "${scene[@]}" --duration 240 --name both --data-dir disk --processed-dir disk/rendered --json
check [ -s disk/both/manifest.json ]
code=0
"$onetake" check both --data-dir disk --json > check || code=$?
[ $code = 0 ] || [ $code = 3 ] || complain "check ends with $code"
rm -rf disk/both disk/rendered disk/filler

# A room of files, on the same disk as its file: what was stored stays, and its file is made when there is space again.
ffmpeg -v error -f lavfi -i "color=gray:s=640x360:r=30,noise=alls=100:allf=t" -f lavfi -i sine -t 5 -c:v mjpeg -q:v 8 \
    -c:a pcm_s16le noise.mkv < /dev/null || complain "no noise can be made"
dd if=/dev/zero of=disk/filler bs=1M count=24 status=none
expect 1 room --track a=noise.mkv --track b=noise.mkv --layout tracks --out disk/rooms --json
check jq -e '.failures | any(test("ended early"))' out > jq.out
check jq -e '.tracks | length == 4 and all(.delivered == .written + .dropped + .refused + .lost)' out > jq.out
check jq -e '[.tracks[] | select(.media == "video")] | all(.written > 10 and .lost > 0)' out > jq.out
check jq -e '.path == null and .take != null' out > jq.out
written=$(jq '[.tracks[] | select(.media == "video") | .written] | add' out)
rm disk/filler
expect 0 recover disk/rooms
check [ "$(find disk/rooms -name '.*.take' | wc -l)" = 0 ]
in_file=0
for stream in v:0 v:1; do
    frames=$(ffprobe -v error -count_frames -select_streams $stream -show_entries stream=nb_read_frames -of csv=p=0 disk/rooms/room_*.mp4)
    in_file=$((in_file + ${frames:-0}))
done
check [ "$in_file" = "$written" ]
echo "room on a full disk: $written frames stored, $in_file in the file that was made later"
rm -rf disk/rooms

# begin NAME: a recording in the background, once it has ten frames.
begin() {
    "$onetake" record "${scene[@]}" --duration 240 --name "$1" --data-dir disk --no-mp4 --json > out 2> err < /dev/null &
    program=$!
    until [ -e "disk/$1/frames/f_000010.jpg" ]; do
        kill -0 $program 2> /dev/null || break
        sleep 0.05
    done
}

# A folder that is deleted.
begin deleted
rm -rf disk/deleted
code=0
wait $program || code=$?
[ $code = 1 ] || complain "exit code $code after its folder was deleted"
check grep -q 'was deleted' err

# A file of it that is deleted.
begin holed
rm disk/holed/audio.wav
code=0
wait $program || code=$?
[ $code = 4 ] || complain "exit code $code after its audio was deleted"
check grep -q 'audio.wav was deleted' err
code=0
"$onetake" check holed --data-dir disk > check || code=$?
[ $code = 3 ] || complain "check ends with $code where the audio is missing"

[ $failures = 0 ] && echo "a full disk costs what comes after, and nothing that was there"
exit $((failures > 0))
