#!/bin/bash
# chunk_files_check.sh PROGRAM FAULTS: what programs of others find wrong with the files of a recording in chunks that
# was killed: those that were finished, those that `recover` makes, and the merged one. FAULTS: matroska_faults.sh
set -uo pipefail

onetake=$(realpath "$1")
faults=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
    echo "chunk_files_check: $1"
    exit 1
}
echo 'no Matroska file' > text.mkv
"$faults" text.mkv > out
case $? in
    0) fail "a text passes as a Matroska file" ;;
    77)
        cat out
        exit 77
        ;;
esac

# Without audio, whose clock delays chunks; killed when the third is finished.
"$onetake" chunk --source test --width 160 --height 120 --fps 15 --no-audio --codec libx264 --out rig --chunk-length 0.5 --quiet < /dev/null &
recorder=$!
until [ -e rig/00003.mkv ]; do
    kill -0 $recorder 2> /dev/null || fail "the recorder ended"
    sleep 0.05
done
kill -KILL $recorder
wait $recorder 2> /dev/null
finished=(rig/*.mkv)
[ -e rig/.rig.take ] || fail "the kill left nothing to recover"
"$onetake" recover rig --quiet || fail "recover failed"
all=(rig/*.mkv)
# One with audio that is recovered as a whole, and one that ends by itself.
"$onetake" chunk --source test --width 160 --height 120 --fps 15 --codec libx264 --out sound --chunk-length 0.5 --quiet < /dev/null &
recorder=$!
until grep -qs '"k":"a"' sound/.sound.take/timeline.jsonl; do
    kill -0 $recorder 2> /dev/null || fail "the recorder ended"
    sleep 0.05
done
sleep 0.5
kill -KILL $recorder
wait $recorder 2> /dev/null
"$onetake" recover sound --quiet || fail "recover failed"
"$onetake" chunk --source test --width 160 --height 120 --fps 15 --codec ffv1 --audio-codec aac --out ended --chunk-length 0.5 --duration 1.2 --quiet ||
    fail "recording failed"
for name in rig sound ended; do
    "$onetake" merge "$name" -o "$name.mkv" --quiet || fail "merge failed"
done
"$faults" rig/*.mkv sound/*.mkv ended/*.mkv ./rig.mkv sound.mkv ended.mkv || exit 1
echo "nothing wrong with ${#finished[@]} finished chunks, $((${#all[@]} - ${#finished[@]})) recovered ones, others with audio, and merged files"
