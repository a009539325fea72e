#!/bin/bash
# sidecar_program_test.sh ONETAKE: `onetake sidecar` as another program would start it, with the test source, and `onetake mux`.
set -uo pipefail

onetake=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0
complain() {
    echo "$1"
    for file in out err; do [ ! -e $file ] || sed "s/^/  $file: /" $file | head -20; done
    failures=$((failures + 1))
}
check() { "$@" || complain "not so: $*"; }
expect() {
    local wanted=$1 code=0
    shift
    "$onetake" "$@" > out 2> err < /dev/null || code=$?
    [ $code = "$wanted" ] || complain "exit code $code instead of $wanted: onetake $*"
}
# wait_for FILE: until it has a line, or the process in $program has ended.
wait_for() {
    until [ -s "$1" ]; do
        kill -0 "$program" 2> /dev/null || break
        read -rt 0.02 < <(sleep 1) || true
    done
}

ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=d=2:r=25:s=160x120 -c:v libx264 video.mp4 || exit 1

# Ctrl-C and SIGTERM end it; the command that it prints adds the audio.
for signal in INT TERM; do
    printed=printed.$signal
    "$onetake" sidecar "cam $signal" --source test > $printed 2> err < /dev/null &
    program=$!
    wait_for $printed
    check jq -e '.audio_start > 0 and .audio_start_unix > 1e9' $printed > jq.out
    wav=$(jq -r .wav $printed)
    check [ -s "$wav" ]
    start=$(jq -r .audio_start $printed)
    kill -$signal $program
    wait $program || complain "exit code $? after SIG$signal"
    command=$(tail -n 1 $printed)
    cp video.mp4 copy.mp4
    command=${command/#onetake/\"\$onetake\"}
    command=${command/VIDEO /copy.mp4 }
    command=${command/VIDEO_START/$start}
    eval "$command" > out 2> err || complain "this failed: $command"
    check [ "$(ffprobe -v error -show_entries stream=codec_type -of csv=p=0 copy.mp4 | xargs)" = "video audio" ]
    check [ -s "$wav" ]
done

# Its parent is killed: the take is closed.
mkfifo alive
bash -c '"$1" sidecar orphan --source test --quiet > orphan.out 2> err < /dev/null 9> alive & wait' - "$onetake" &
program=$!
exec 8< alive
wait_for orphan.out
kill -KILL $program
wait $program 2> /dev/null
cat <&8 > /dev/null # returns when the sidecar has ended
take=$(jq -r .take orphan.out)
check [ -s "$take/manifest.json" ]
expect 0 check "$(basename "$take")" --json
check jq -e '.closed and (.needs_recovery | not)' out > jq.out
expect 0 mux video.mp4 --audio "$take.wav" --delta 0 -o by_wav.mkv --json
expect 0 mux video.mp4 --audio "$(basename "$take")" --delta 0 --shortest --delete-audio --json
check jq -e '.path == "video_with_audio.mp4" and .audio_deleted' out > jq.out
check [ ! -e "$take" ]
check [ ! -L "$take.wav" ]

# Hooks are short-lived: the process to follow is given.
sleep 1000 &
tracker=$!
program=$tracker
"$onetake" sidecar hooked --source test --parent $tracker --quiet > hooked.out 2> err < /dev/null 9> alive &
exec 8< alive
wait_for hooked.out
kill -KILL $tracker
wait $tracker 2> /dev/null
cat <&8 > /dev/null
check [ -s "$(jq -r .take hooked.out)/manifest.json" ]

# What fails says so and leaves no take.
expect 2 sidecar a/b --source test
expect 2 sidecar cam --source external
expect 1 sidecar cam --source test --parent 4194303
rm -rf absent
expect 1 sidecar cam --audio-device no-such-microphone --data-dir absent
check grep -q no-such-microphone err
check [ -z "$(find absent -type f 2> /dev/null)" ]
expect 2 mux video.mp4
expect 2 mux video.mp4 --audio "$take" --delta 0 --video-start 1
expect 1 mux video.mp4 --audio nothing.wav --delta 0 -o new.mp4
check grep -q nothing.wav err

[ $failures = 0 ] && echo "the sidecar ends with its program and closes its take"
exit $((failures > 0))
