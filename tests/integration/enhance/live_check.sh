#!/bin/bash
# live_check.sh ONETAKE MAKE_TOY_MODEL [--long]: records the test source with speech enhancement, as a user would, and
# looks at what a Ctrl-C leaves; once as it is, once with the worker stopped for a while, once with the worker killed.
# Prints how long the film took from the Ctrl-C. --long: 60 s takes, the worker stopped for 10 s.
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
# until_recorded SECONDS: waits until so much sound is on the disk.
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
end() {
    local from code=0
    from=$(milliseconds)
    kill -INT $recorder
    wait $recorder || code=$?
    took=$(($(milliseconds) - from))
    [ $code = 0 ] || complain "exit code $code"
}
# so FILTER: jq's word on the result.
so() { jq -e "$1" "$name.json" > jq.out || complain "not so: $1"; }
whole='.metrics.audio_xruns == 0 and (.metrics.books | length == 2 and all(.written > 0 and .written == .expected))'
books='.metrics.books | map({(.track): {written, lost: (.expected - .written)}}) | add'
film_rate() { ffprobe -v error -select_streams a -show_entries stream=sample_rate -of csv=p=0 "processed_av/$name.mp4"; }

begin plain
until_recorded $length
end
so "$whole"
so '.metrics.denoise_enabled and .metrics.notes == []'
[ "$(film_rate)" = 16000 ] || complain "the film has no enhanced sound"
echo "film with enhanced sound of $(jq .metrics.duration_s plain.json) s: $took ms after Ctrl-C"

begin stopped
until_recorded 1
stopped=$(worker)
kill -STOP "$stopped" || complain "there is no worker"
until_recorded $((1 + pause))
kill -CONT "$stopped"
until_recorded $((2 + pause))
end
so "$whole"
so '.metrics.denoise_enabled'
[ "$(film_rate)" = 16000 ] || complain "the film has no enhanced sound"
echo "worker stopped for $pause s: $(jq -c "($books), .metrics.notes" stopped.json | xargs), film $took ms after Ctrl-C"

begin killed
until_recorded 1
kill -KILL "$(worker)" || complain "there is no worker"
until_recorded 2
end
so "$whole"
so '.enhanced_wav_path == null and (.metrics.notes | any(contains("signal 9")))'
[ "$(film_rate)" = 48000 ] || complain "the film has no raw sound"
echo "worker killed: $(jq -c .metrics.notes killed.json), film $took ms after Ctrl-C"

exit $((failures > 0))
