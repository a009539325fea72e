#!/bin/bash
# selftest_test.sh ONETAKE: the self test passes here, prints what it measured, fails where it must, and removes its files.
set -uo pipefail
onetake=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
mkdir work
die() {
    echo "$1"
    cat out err
    exit 1
}

"$onetake" selftest --duration 5 --folder work --json > out 2> err || die "exit code $?"
jq -e '.passed and .pairs >= 3 and .lost == 0 and (.parts | length > 0)' out > jq.out || die "not passed"
jq -r '"worst \(.worst_ms) ms, mean \(.mean_ms) ms, \(.pairs) pairs, frame times within \(.worst_frame_us) us"' out
[ -z "$(ls -A work)" ] || die "it left something"

code=0
"$onetake" selftest --duration 3 --folder work --limit-ms 0.001 > out 2> err || code=$?
[ $code = 1 ] || die "exit code $code with a limit that nothing meets"
grep -q 'FAIL' out && grep -q 'self test: sync' err || die "the failed check is not named"

"$onetake" selftest --duration 60 --folder work > out 2> err &
program=$!
until [ -n "$(ls -A work)" ] || ! kill -0 $program 2> jq.out; do sleep 0.05; done
kill -INT $program
code=0
wait $program || code=$?
[ $code = 1 ] && grep -q cancelled err || die "exit code $code after Ctrl-C"
[ -z "$(ls -A work)" ] || die "it left something after Ctrl-C"

code=0
"$onetake" selftest --folder no-such-folder > out 2> err || code=$?
[ $code = 1 ] && grep -q no-such-folder err || die "exit code $code without a folder"
"$onetake" selftest --duration 1 > out 2> err
[ $? = 2 ] || die "a duration that is no use is wrong usage"
echo "the self test passes, fails and cleans up"
