#!/bin/sh
# Files with a known distance between flash and beep, made by ffmpeg alone, must measure as such.
# Usage: avsync_check_test.sh AVSYNC_CHECK
set -eu
check=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# make_file NAME AUDIO_LATE_MS FPS CODEC...: a flash of 100 ms and a beep of 50 ms in each second.
make_file() {
    name=$1 late=$2 fps=$3
    shift 3
    ffmpeg -nostdin -v error -y \
        -f lavfi -i "color=black:s=160x120:r=$fps:d=12,drawbox=c=white:t=fill:enable='lt(mod(t+0.0005,1),0.1)'" \
        -f lavfi -i "aevalsrc=exprs='if(between(mod(t-$late/1000+1,1),0,0.05),0.5*sin(2*PI*1000*mod(t-$late/1000+1,1)),0)':s=48000:d=12" \
        "$@" "$folder/$name"
}

# expect NAME MS [PAIRS]: the mean offset must be MS, no pair further from it than 0.3 ms.
expect() {
    "$check" "$folder/$1" --json >"$folder/report" || true
    awk -v want="$2" -v pairs="${3:-10}" -v name="$1" '
        function field(key) { match($0, "\"" key "\":[-0-9.e]+"); return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 }
        {
            if (field("pairs") < pairs || field("min_ms") < want - 0.3 || field("max_ms") > want + 0.3) {
                print name ": expected " want " ms, got " $0
                exit 1
            }
        }' "$folder/report"
}

lossless="-c:v ffv1 -c:a pcm_s16le"
lossy="-c:v mpeg4 -q:v 5 -c:a aac -b:a 128k"

make_file exact.mkv 0 30 $lossless
expect exact.mkv 0
make_file late.mkv 83 30 $lossless
expect late.mkv 83
make_file early.mkv -40 25 $lossless
expect early.mkv -40
make_file exact.mp4 0 30 $lossy
expect exact.mp4 0
make_file late.mp4 83 25 $lossy -movflags +faststart
expect late.mp4 83

# The same audio, begun later by the container alone: an edit list in MP4 (which counts in movie_timescale), plain times
# in MKV.
make_file base.mp4 0 30 $lossy
for kind in mp4 mkv; do
    fine=
    [ $kind = mkv ] || fine="-movie_timescale 48000"
    ffmpeg -nostdin -v error -y -i "$folder/base.mp4" -itsoffset 0.25 -i "$folder/base.mp4" -map 0:v -map 1:a -c copy \
        $fine "$folder/shifted.$kind"
    expect shifted.$kind 250
done

# answer CODE ARGUMENT...: avsync_check must end with this code.
answer() {
    code=$1
    shift
    got=0
    "$check" "$@" >/dev/null 2>&1 || got=$?
    [ $got -eq $code ] || { echo "avsync_check $*: exit $got, not $code"; exit 1; }
}
ffmpeg -nostdin -v error -y -f lavfi -i "testsrc=d=3" -f lavfi -i "sine=440:d=3" $lossless "$folder/plain.mkv"
answer 0 "$folder/exact.mkv" --max-ms 1
answer 1 "$folder/late.mkv" --max-ms 1
answer 1 "$folder/missing.mkv"
answer 1 "$folder/plain.mkv"
answer 2 --nonsense
echo "avsync_check measures what ffmpeg made"
