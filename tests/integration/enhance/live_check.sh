#!/bin/bash
# live_check.sh ONETAKE MAKE_TOY_MODEL [--long]: records the test source with speech enhancement, as a user would, and
# looks at what a Ctrl-C leaves; once as it is, once with the worker stopped for a while, once with the worker killed.
# Prints how long after Ctrl-C the MP4 was complete. --long: 60 s takes, the worker stopped for 10 s.
set -uo pipefail

onetake=$(realpath "$1")
make_model=$(realpath "$2")
length=4 pause=2
[ "${3:-}" != --long ] || { length=60 pause=10; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
"$make_model" toy.onnx || exit 1
failures=0

complain() {
    echo "$name: $1"
    sed 's/^/  /' "$name.json" "$name.err"
    failures=$((failures + 1))
}
# begin NAME: starts a take; its process is $recorder.
begin() {
    name=$1
    "$onetake" record --source test --denoise --denoise-model toy.onnx --name "$name" --json \
        > "$name.json" 2> "$name.err" < /dev/null &
    recorder=$!
}
# until_recorded SECONDS: waits until that many seconds of audio are on the disk.
until_recorded() {
    local size=0
    while [ "$size" -lt $(($1 * 96000)) ]; do
        kill -0 $recorder 2> kill.err || { complain "ended by itself"; exit 1; }
        sleep 0.02
        size=$(stat -c %s "av_data/$name/audio.wav" 2> stat.err || echo 0)
    done
}
worker() { cat /proc/$recorder/task/*/children | tr -d ' '; }  # its only child
milliseconds() { date +%s%3N; }
# end [CODE]: ends the take; the program is to end with this code (0).
end() {
    local from code=0
    from=$(milliseconds)
    kill -INT $recorder
    wait $recorder || code=$?
    took=$(($(milliseconds) - from))
    [ $code = "${1:-0}" ] || complain "exit code $code"
}
# so FILTER: jq's word on the result.
so() { jq -e "$1" "$name.json" > jq.out || complain "not so: $1"; }
complete='.metrics.audio_xruns == 0 and (.metrics.books | length == 2 and all(.written > 0 and .written == .expected))'
counts='.metrics.books | map({(.track): {written, lost: (.expected - .written)}}) | add'
output_rate() { ffprobe -v error -select_streams a -show_entries stream=sample_rate -of csv=p=0 "processed_av/$name.mp4"; }

begin plain
until_recorded $length
end
so "$complete"
so '.metrics.denoise_enabled and .metrics.notes == []'
[ "$(output_rate)" = 16000 ] || complain "the MP4 has no enhanced audio"
echo "MP4 with enhanced audio of $(jq .metrics.duration_s plain.json) s: $took ms after Ctrl-C"

begin stopped
until_recorded 1
stopped=$(worker)
kill -STOP "$stopped" || complain "there is no worker"
until_recorded $((1 + pause))
kill -CONT "$stopped"
until_recorded $((2 + pause))
end
so "$complete"
so '.metrics.denoise_enabled'
[ "$(output_rate)" = 16000 ] || complain "the MP4 has no enhanced audio"
echo "worker stopped for $pause s: $(jq -c "($counts), .metrics.notes" stopped.json | xargs), MP4 $took ms after Ctrl-C"

begin killed
until_recorded 1
kill -KILL "$(worker)" || complain "there is no worker"
until_recorded 2
end 1
so "$complete"
so '.enhanced_wav_path == null and (.metrics.notes | any(contains("signal 9")))'
[ "$(output_rate)" = 48000 ] || complain "the MP4 has no raw audio"
echo "worker killed: $(jq -c .metrics.notes killed.json), MP4 $took ms after Ctrl-C"

exit $((failures > 0))
