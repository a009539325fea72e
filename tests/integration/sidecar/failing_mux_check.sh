#!/bin/bash
# failing_mux_check.sh ONETAKE: a mux that fails keeps both files, byte for byte, and gives the reason. The full and the
# read-only disk are a tmpfs in a mount namespace of its own; exit code 77 where the system allows none.
set -uo pipefail

if [ "${IN_NAMESPACE:-0}" = 0 ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(-r)
    unshare "${user[@]}" -m true 2> /dev/null || { echo "no mount namespace can be had here: not tested"; exit 77; }
    IN_NAMESPACE=1 exec unshare "${user[@]}" -m "$0" "$(realpath "$1")"
fi
onetake=$1
folder=$(mktemp -d)
trap 'umount "$folder/disk" 2> /dev/null; rm -rf "$folder"' EXIT
mkdir "$folder/disk"
mount -t tmpfs -o size=8m onetake-test "$folder/disk" || { echo "no tmpfs can be mounted here: not tested"; exit 77; }
cd "$folder/disk" || exit 1
failures=0
complain() {
    echo "$1"
    [ ! -e ../err ] || sed "s/^/  err: /" ../err
    failures=$((failures + 1))
}

ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=d=4:r=25:s=320x240 -c:v libx264 video.mp4 &&
    ffmpeg -nostdin -v error -y -f lavfi -i sine=d=4:r=48000 -ac 1 -c:a pcm_s16le audio.wav || exit 1
seq 0 0.04 3.0 > stamps.txt
head -c 50000 /dev/urandom > garbage.mp4
head -c 30000 video.mp4 > cut.mp4

# fails CODE REASON ARGS...: the mux ends with CODE and a line with REASON, and nothing has changed.
fails() {
    local wanted=$1 reason=$2 code=0 before
    shift 2
    before=$(md5sum ./*)
    "$onetake" mux "$@" > ../out 2> ../err < /dev/null || code=$?
    [ $code = "$wanted" ] || complain "exit code $code instead of $wanted: mux $*"
    grep -q -- "$reason" ../err || complain "the error lacks '$reason': mux $*"
    [ "$(wc -l < ../err)" = 1 ] || complain "the error is not one line: mux $*"
    [ "$(md5sum ./*)" = "$before" ] || complain "files have changed: mux $*"
}
audio=(--audio audio.wav --delta 0.1)
fails 1 'garbage.mp4' garbage.mp4 "${audio[@]}" --in-place --delete-audio
fails 1 'cut.mp4' cut.mp4 "${audio[@]}" --in-place --delete-audio
fails 2 'has 76 times, but video.mp4 has 100 frames' video.mp4 "${audio[@]}" --video-timestamps stamps.txt --in-place --delete-audio
fails 1 'garbage.mp4' video.mp4 --audio garbage.mp4 --delta 0 --in-place --delete-audio
fails 1 'no/such' video.mp4 "${audio[@]}" -o no/such/folder.mp4

# A full disk: what is left is less than the result.
before=$(md5sum video.mp4 audio.wav)
dd if=/dev/zero of=filler bs=4k status=none 2> /dev/null
truncate -s -40960 filler
fails 1 'full\|space' video.mp4 "${audio[@]}" --in-place --delete-audio
rm filler

# A disk that can't be written.
mount -o remount,ro . || exit 1
fails 1 'ead-only' video.mp4 "${audio[@]}" --in-place --delete-audio
mount -o remount,rw . || exit 1
[ "$(md5sum video.mp4 audio.wav)" = "$before" ] || complain "the files have changed"

"$onetake" mux video.mp4 "${audio[@]}" --in-place --delete-audio > ../out 2> ../err || complain "it still fails"
[ ! -e audio.wav ] || complain "the audio was not deleted"
cd ..
[ $failures = 0 ] && echo "a failing mux keeps both files and says why"
exit $((failures > 0))
