#!/bin/bash
# program_test.sh ONETAKE: runs the program as a user would, with the test source, in a folder of its own.
set -uo pipefail

onetake=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
[ -x "$onetake" ] || { echo "there is no program $1"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

# expect CODE ARGS...: runs the program; its output is in out and err.
expect() {
    local wanted=$1 code=0
    shift
    "$onetake" "$@" > out 2> err < /dev/null || code=$?
    [ "$code" = "$wanted" ] || complain "exit code $code instead of $wanted: onetake $*"
}
complain() {
    echo "$1"
    sed 's/^/  out: /' out
    sed 's/^/  err: /' err
    failures=$((failures + 1))
}
check() { "$@" || complain "not so: $*"; }
expect_in() { grep -qF -- "$2" "$1" || complain "$1 lacks: $2"; }
one_line() { [ "$(wc -l < "$1")" = 1 ] || complain "$1 is not one line"; }
fits_screen() {
    [ "$(wc -l < out)" -le 24 ] || complain "help is longer than a screen"
    [ "$(wc -L < out)" -le 80 ] || complain "help is wider than a screen"
}

short=(--source test --width 320 --height 240 --fps 30 --warmup 0)

expect 0 --help
fits_screen
for command in record process encode room list check recover devices import export sidecar mux mark merge calibrate selftest models version; do
    expect 0 "$command" --help
    fits_screen
    expect_in out Example
done
expect 0 record --help-all
expect_in out --queue-size

# The documentation lists every option.
docs=$here/../../docs/cli.md
for command in record process encode room check export sidecar mux merge calibrate selftest; do
    expect 0 $command --help-all
    for option in $(sed -nE 's/^  (-[ho], )?--(\[no-\])?([a-z0-9-]+).*/\3/p' out); do
        [ "$option" = help ] || grep -qE -- "--(no-)?$option\b" "$docs" || complain "docs/cli.md lacks --$option"
    done
done

expect 0 --version
expect_in out 'onetake '
expect 0 --version --json
check jq -e '.version and (.parts | length > 0)' out > jq.out
expect 0 devices --json
check jq -e 'has("video") and has("audio")' out > jq.out
expect 0 --list-audio
expect_in out Microphones

expect 0 models --json --folder models
check jq -e 'length == 5 and all(.path == null)' out > jq.out
expect 2 models download no-such-model
expect_in err dpdfnet2_48khz_hr
expect 2 models fetch dpdfnet2
expect 1 models verify no-such-file
expect 1 --download-model dpdfnet2 --folder models --url http://127.0.0.1:1/x
expect_in err 'Check the network'

expect 2
expect 2 recrod
one_line err
expect 2 record --fps 5000
expect_in err '--fps 5000: must be a number from 0.1 to 1000'
one_line err
expect 2 record --no-such-flag
expect 2 record --source external
expect 2 record --name ../out "${short[@]}" --duration 0.2
expect 2 process
expect 2 process a --all
expect 1 process no-such-take
one_line err
expect_in err no-such-take
expect 1 import x --frames no-such-folder --frame-times no-such-file
one_line err

# Flat use; nothing but JSON on stdout, nothing on stderr that is no terminal.
expect 0 --duration 1 --name first "${short[@]}" --json
check jq -e '.name == "first" and .metrics.frames > 10' out > jq.out
check test ! -s err
check test -s "$(jq -r .mp4_path out)"
expect 1 --duration 1 --name first "${short[@]}"
expect_in err first

expect 0 record --duration 0.5 --name later --no-mp4 "${short[@]}" --quiet
check test ! -s out
check test ! -e processed_av/later.mp4
expect 0 list --json
check jq -e 'map({(.name): .state}) | add == {first: "rendered", later: "complete"}' out > jq.out
expect 0 list
expect_in out first

expect 0 process --all --json
check jq -e '.name == "later"' out > jq.out
check test -s processed_av/later.mp4
expect 0 process --all
expect_in out 'lacks its MP4'

expect 0 record --duration 0.5 --name lines --no-mp4 "${short[@]}" --quiet --progress json
expect 0 record --duration 2 --name lines2 "${short[@]}" --progress json
check jq -es 'all(.phase == "recording" or .phase == "rendering")' err > jq.out

# A camera far too fast for one encoder: done, with losses that are reported.
expect 3 record --duration 2 --name lossy --no-mp4 --source test --width 3840 --height 2160 --fps 1000 --workers 1 \
    --queue-size 1 --progressive --quiet
expect_in err 'lossy: v1 lost'
one_line err

# Video encoded at once: one part, and an MP4 of its packets, unless another encoding is asked for.
expect 0 record --duration 1 --name encoded "${short[@]}" --store libx264 --json
check jq -e '.metrics | .encoder == "libx264" and .loss_bound_s <= 1 and .frames >= 25 and .dropped == 0' out > jq.out
frames=$(jq .metrics.frames out)
played() { ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of csv=p=0 "$1"; }
for file in av_data/encoded/video/p_0001.mkv processed_av/encoded.mp4; do
    [ "$(played $file)" = "$frames" ] || complain "$file does not play $frames frames"
done
expect 0 check encoded
expect 0 process encoded --json
check jq -e '.metrics.notes == []' out > jq.out
copied=$(stat -c %s processed_av/encoded.mp4)
expect 0 process encoded --crf 45
[ "$(stat -c %s processed_av/encoded.mp4)" -lt "$copied" ] || complain "--crf does not encode anew"
expect 2 record --duration 1 --name never --store mjpeg "${short[@]}"
expect_in err '--store mjpeg: must be one of jpeg, encoded, auto, libx264'
check test ! -e av_data/never

# Markers that another process sets become chapters.
mkdir -m 700 runtime
export XDG_RUNTIME_DIR=$PWD/runtime
"$onetake" record --name marked "${short[@]}" --quiet > out 2> err < /dev/null &
program=$!
until "$onetake" mark marked "first <question>" 2> mark.err; do
    kill -0 $program || break
    sleep 0.05
done
expect 1 mark marked "$(printf '%4097s' x)"
expect_in err '4097 bytes'
expect 0 mark av_data/marked "second"
expect 1 mark first "not any more"
expect_in err 'not being recorded'
kill -INT $program
wait $program || complain "exit code $? of a take with markers"
unset XDG_RUNTIME_DIR
check test -z "$(ls runtime/onetake)"
ffprobe -v error -show_chapters -of json processed_av/marked.mp4 > out
check jq -e '[.chapters[].tags.title] == ["marked", "first <question>", "second"]' out > jq.out
expect_in processed_av/marked.markers.vtt 'first &lt;question&gt;'

# Files are joined without encoding; an existing one is kept.
expect 0 process marked --container mkv --quiet
expect 0 merge processed_av/marked.mkv processed_av/marked.mkv -o twice.mkv --json
check jq -e '.streams[0].packets > 0 and (.parts | length) == 2' out > jq.out
expect 1 merge processed_av/marked.mkv processed_av/marked.mkv -o twice.mkv
expect_in err 'is kept'
expect 1 merge runtime
expect_in err 'no finished chunks'
expect 2 merge twice.mkv
expect 2 chunk --out rig --track front=test --device 1
expect_in err 'excludes'
expect 2 chunk --out rig --track front

# A signal ends a take cleanly; so does a closed output pipe.
for signal in INT TERM HUP; do
    "$onetake" record --name "by-$signal" "${short[@]}" --json > out 2> err < /dev/null &
    program=$!
    until [ -e "av_data/by-$signal/frames/f_000005.jpg" ]; do
        kill -0 $program || break
        sleep 0.05
    done
    kill -"$signal" $program
    wait $program || complain "exit code $? after SIG$signal"
    check jq -e '.metrics.frames >= 5' out > jq.out
done
"$onetake" record --duration 0.5 --name piped "${short[@]}" 2> err | true
[ "${PIPESTATUS[0]}" = 0 ] || complain "a closed pipe fails the take"

# One during the rendering leaves no half-made file, and the take is rendered another time.
expect 0 record --duration 3 --name big --no-mp4 --source test --fps 30 --warmup 0 --quiet
"$onetake" process big --preset placebo --progress json > out 2> err < /dev/null &
program=$!
until grep -q rendering err; do
    kill -0 $program || break
    sleep 0.05
done
kill -INT $program
code=0
wait $program || code=$?
[ $code = 1 ] || complain "exit code $code after a cancelled rendering"
[ -z "$(find processed_av -name 'big*')" ] || complain "a cancelled rendering leaves a file"

# What another program left comes in with its own frames and times.
mkdir jpegs
cp av_data/first/frames/f_00000[1-5].jpg jpegs
printf '# seconds\n100.0\n100.1\n100.2\n100.35\n100.4\n' > times.txt
expect 0 import race --frames jpegs --frame-times times.txt --json
check cmp -s jpegs/f_000004.jpg av_data/race/frames/f_000004.jpg
expect 0 process race
check test -s processed_av/race.mp4
expect 2 import race2 --frames jpegs --frame-times times.txt --audio a.wav --audio-times clock.txt --audio-stamps sometimes

# Rendering reports what is missing from a take; a take that can't be rendered is an error.
cp -r av_data/race av_data/incomplete
rm av_data/incomplete/frames/f_00000[24].jpg
expect 3 process incomplete --quiet
expect_in err 'v1 lost 2 of 5 frames'
one_line err
mkdir av_data/empty
: > av_data/empty/timeline.jsonl
expect 1 process --all --quiet
expect_in err 'stopped before it began'
rm -r av_data/empty

# A take of a killed program is reported as broken, is recovered, and renders.
"$onetake" record --name killed "${short[@]}" --no-mp4 --quiet > out 2> err < /dev/null &
program=$!
until [ -e av_data/killed/frames/f_000010.jpg ]; do
    kill -0 $program || break
    sleep 0.05
done
expect 0 check killed --json
check jq -e '.state == "recording"' out > jq.out
expect 1 recover killed
expect_in err 'being recorded'
kill -KILL $program
wait $program 2> /dev/null
expect 0 process --all --quiet
check test -s processed_av/killed.mp4
rm processed_av/killed.mp4
expect 3 check killed --json
check jq -e '.state == "broken" and .frames >= 10' out > jq.out
code=0
"$onetake" recover killed --json > out 2> err || code=$?
check jq -e --argjson code $code '.state == {"0": "whole", "3": "losses"}["\($code)"] and (.steps | length) > 1' out > jq.out
code=0
"$onetake" recover killed > out 2> err || code=$?
expect_in out 'Nothing needed repair.'
expect 0 process killed --json
check test -s processed_av/killed.mp4
expect 0 check first
expect_in out 'is complete'
rm av_data/later/frames/f_000003.jpg
expect 3 check later
expect_in out '1 frame missing'
expect 1 check no-such-take --json
check jq -e '.state == "unreadable"' out > jq.out
expect 2 check ../killed
ln -s killed av_data/linked
expect 1 recover linked
expect_in err 'symbolic link'
expect 2 check

[ $failures = 0 ] && echo "the program does what docs/cli.md specifies"
exit $((failures > 0))
