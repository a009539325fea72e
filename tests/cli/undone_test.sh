#!/bin/bash
# undone_test.sh ONETAKE: what was asked for and could not be done is an error that says so, also with --quiet, and JSON
# stays JSON. Runs the program as a user would, with the test source, in a folder of its own.
set -uo pipefail

onetake=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
[ -x "$onetake" ] || { echo "there is no program $1"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
. "$here/expect.sh"

short=(--source test --width 320 --height 240 --fps 30 --warmup 0 --duration 0.5 --quiet)
# A camera that opens and delivers nothing: its first frame comes after 10 s. The recorder waits 5 s for it.
slow=(--source test --width 320 --height 240 --fps 0.1 --warmup 0 --duration 0.1 --quiet)
"$onetake" encode "${slow[@]}" --output dead-file --json > encode.out 2> encode.err < /dev/null &
encode=$!
"$onetake" record "${slow[@]}" --data-dir dead-take > record.out 2> record.err < /dev/null &
record=$!

# A microphone that delivers nothing: its first block comes after 8 s.
silent=(--source test --no-video --sample-rate 8000 --blocksize 65536 --duration 0.1)
expect 1 record "${silent[@]}" --name silent --quiet
expect_in err 'silent: Nothing was recorded'
check jq -e '.outputs.failures | length == 1' av_data/silent/manifest.json
expect 1 chunk "${silent[@]}" --out silent --json
expect_in err 'No chunk was made'
so '.chunks == [] and (.failures | length) == 1'
rm -r av_data/silent

# A folder without anything to recover: in order where there are recordings, else an error that says what is there.
expect 0 record "${short[@]}" --name kept
expect 0 recover processed_av
expect_in out 'Nothing to recover in processed_av'
expect 0 recover processed_av --json
check test ! -s out
expect 1 recover av_data/ --quiet
expect_in err 'av_data/ is a folder of takes'
expect_in err 'onetake recover kept --data-dir av_data'
expect 1 recover av_data --json
so '.name == "av_data" and (.error | contains("onetake recover kept"))'
expect 0 recover kept --data-dir av_data --quiet
cp -r av_data/kept lost
rm lost/timeline.jsonl
expect 1 recover lost
expect_in err 'no timeline.jsonl'
check test ! -s out
mkdir empty
expect 1 recover empty --json
so '.error | contains(".NAME.take")'

# A signal ends the processing of several takes: also where the one at work is done, the others are not. The pipe holds
# a part of the results, so the program is at work when the signal comes.
takes=()
for ((i = 0; i < 200; ++i)); do takes+=(kept); done
mkfifo results
exec 7<> results 8< results
asked="process 200 takes, and a signal"
"$onetake" process "${takes[@]}" --no-mp4 --json > results 2> err < /dev/null 7>&- 8<&- &
program=$!
timeout 60 head -c 1 <&8 > first
kill -INT $program
exec 7>&-
cat <&8 > rest
exec 8<&-
code=0
wait $program || code=$?
cat first rest > out
[ $code = 1 ] || complain "exit code $code instead of 1"
check grep -qE 'cancelled; not processed: [0-9]+ of 200 takes, from kept on' err
check jq -es 'map(select(.metrics)) | length > 0' out
check test "$(sed -nE 's/.*not processed: ([0-9]+) of.*/\1/p' err)" = "$(jq -s 'map(select(.error)) | length' out)"

# Chunks that can't be deleted once they are merged.
expect 0 process kept --container mkv --quiet
expect 1 merge /dev/fd/3 /dev/fd/4 -o twice.mkv --remove-chunks --quiet 3< processed_av/kept.mkv 4< processed_av/kept.mkv
expect_in err '/dev/fd/4 is merged, but could not be deleted'
check test -s twice.mkv
check test -s processed_av/kept.mkv

# Who could not join a room; and a take whose audio was added to a video has other tracks that began later.
expect 1 room --track Ana:no-video=test --track Bo:no-audio=test@0.3 --track Cy=/dev/video99@0.2 --layout tracks \
    --duration 1 --keep-take --json
expect_in err 'Cy is not in the recording'
expect_in err /dev/video99
so '(.failures | length) == 1 and (.tracks | map(.participant) | unique) == ["Ana", "Bo"]'
take=$(jq -r .take out)
cp "$(jq -r .path out)" video.mp4
expect 1 mux video.mp4 --audio "$take" --delta 0 --delete-audio --json
expect_in err 'other tracks, too (v1)'
so '(.audio_deleted | not) and (.failures | length) == 1'
check test -s video_with_audio.mp4
check test -s "$take/timeline.jsonl"

# Who would join when the recording has ended.
expect 2 room --track Ana=test --track Bo=test@20 --duration 1
expect_in err 'Bo (test) joins at 20 s, when the recording has ended: its duration is 1 s'
expect 2 chunk --track Ana=test --track Bo=video.mp4@1 --duration 1 --out chunks
expect_in err 'Bo (video.mp4) joins at 1 s'
check test ! -e chunks

# A second microphone is one, too.
expect 0 record "${short[@]}" --no-video --more-audio-devices second --name pair --no-mp4
expect 1 mux video.mp4 --audio pair --delta 0 --delete-audio --quiet --force
expect_in err 'other tracks, too (a2)'
check test -s av_data/pair/timeline.jsonl

# fails PROCESS COMMAND: the command that runs in the background ends with code 1; its output is in out and err then.
fails() {
    local code=0
    asked="$2 from a camera that delivers nothing"
    wait "$1" || code=$?
    mv "$2.out" out
    mv "$2.err" err
    [ $code = 1 ] || complain "exit code $code instead of 1"
}
fails $encode encode
expect_in err 'No file was made: v1: camera test delivered no frame'
so '.path == null and .frames == 0 and (.failures | length) == 1'
fails $record record
expect_in err 'v1: camera test delivered no frame'

[ $failures = 0 ] && echo "what was not done is an error"
exit $((failures > 0))
