#!/bin/bash
# fuzz_corpus.sh ONETAKE FOLDER: makes the fuzz targets' first inputs out of real takes, if they are not there yet.
set -euo pipefail
onetake=$(realpath "$1")
folder=$2
[ ! -e "$folder/done" ] || exit 0
mkdir -p "$folder"/{line,journal,wav,part,data,jpeg,manifest,model,times,take,track}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

record() { "$onetake" record --source test --fps 30 --warmup 0 --no-mp4 --quiet --data-dir "$work" "$@"; }
record --name short --width 64 --height 48 --duration 0.3
record --name two --width 64 --height 48 --duration 0.2 --channels 2 --more-video-devices second --more-audio-devices second
record --name gray --width 80 --height 64 --duration 0.1 --subsample gray --no-audio
record --name s422 --width 64 --height 64 --duration 0.1 --subsample 422 --progressive --quality 20
record --name s444 --width 64 --height 64 --duration 0.1 --subsample 444
record --name encoded --width 64 --height 48 --duration 0.3 --store libx264

for take in "$work"/*/; do
    name=$(basename "$take")
    # Small inputs run often: the journal's beginning and end, the manifest's header, each line alone.
    { head -n 9 "$take/timeline.jsonl"; tail -n 1 "$take/timeline.jsonl"; } > "$folder/journal/$name"
    cp "$folder/journal/$name" "$folder/take/$name"
    head -n 8 "$take/timeline.jsonl" | head -c -7 > "$folder/take/$name-cut"
    split -l 1 -a 3 "$take/timeline.jsonl" "$folder/line/$name-"
    head -c 6000 "$take/manifest.json" > "$folder/manifest/$name"
    [ ! -e "$take/audio.wav" ] || head -c 3000 "$take/audio.wav" > "$folder/wav/$name"
    [ ! -e "$take/frames" ] || cp "$take/frames/f_000001.jpg" "$folder/jpeg/$name"
    [ ! -e "$take/video" ] || head -c 8000 "$take/video/p_0001.mkv" > "$folder/part/$name"
    jq -r '.tracks[] | select(.frames) | .frames[] | .[1] / 1e9' "$take/manifest.json" > "$folder/times/$name"
    jq -r '.tracks[] | select(.blocks) | .blocks[] | "\(.[0]) \(.[2] / 1e9)"' "$take/manifest.json" > "$folder/times/$name-audio"
done
for rate in 16000 48000; do
    python3 tests/support/make_toy_model.py --rate "$rate" "$folder/model/$rate"
done
printf '\0\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\206\246\020\066\0\0\0\0hello' > "$folder/data/hello"
printf '%s' '{"k":"d","v":"d1","n":1,"t":5,"r":6,"s":"pushed","b":5,"o":0,"c":907060870}' > "$folder/line/data"
printf '%s' '{"k":"mark","host_ns":6,"t_ns":5,"text":"a marker"}' > "$folder/line/mark"
printf '# seconds\n1700000000.123456789\n1.7000000005e9\n' > "$folder/times/exponent"
printf 'Ada:screen=rtsp://u:p@10.0.0.5/cam?k=v@12.5-40\n# note\nBob:no-audio=sdp:a.sdp@3\nC=mic:\n' > "$folder/track/all"
touch "$folder/done"
