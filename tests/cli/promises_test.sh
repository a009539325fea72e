#!/bin/bash
# promises_test.sh ONETAKE MAKE_TOY_MODEL WITH_ENHANCEMENT: what was asked for is done, or an error; and no file that was
# made is lost. Runs the program as a user would, with the test source, in a folder of its own. WITH_ENHANCEMENT: 1 where
# this build has a worker for speech enhancement.
set -uo pipefail

onetake=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
make_model=$(realpath "$2")
with_enhancement=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export XDG_DATA_HOME=$folder/home  # no models of the user
. "$here/expect.sh"
one_line() { [ "$(wc -l < "$1")" = 1 ] || complain "$1 is not one line"; }
no_take() { [ ! -e "av_data/$1" ] || complain "there is a take $1"; }
tag() { ffprobe -v error -show_entries format_tags=comment -of json "$1" | jq -r '.format.tags | (.comment // .COMMENT)'; }
frames_of() { ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 "$1"; }

short=(--source test --width 320 --height 240 --fps 30 --warmup 0 --duration 0.5 --quiet)

# An encoder's setting that is given asks for encoding, also if it is the default.
video_of() { ffmpeg -v error -i "$1" -map 0:v -c copy -f md5 - < /dev/null; }
expect 0 record "${short[@]}" --name stored --store libx264
stored=$(video_of processed_av/stored.mp4)
expect 0 process stored --quiet
check [ "$(video_of processed_av/stored.mp4)" = "$stored" ]
expect 0 process --all --crf 23 --json
so '.name == "stored"'
check [ "$(video_of processed_av/stored.mp4)" != "$stored" ]

# What can't be encoded or written is an error before the take.
expect 2 record "${short[@]}" --name preset --preset hyperfast
expect_in err 'no preset "hyperfast"'
expect_in err veryfast
expect_not_in err 'x264 ['
one_line err
no_take preset
expect 1 record "${short[@]}" --name codec --codec h264_nvenc
expect_in err h264_nvenc
one_line err
no_take codec
: > a-file
expect 1 record "${short[@]}" --name folder --processed-dir a-file/out
expect_in err a-file
no_take folder
expect 2 record "${short[@]}" --name cfr --codec copy --cfr 30
no_take cfr
expect 0 record "${short[@]}" --name no-mp4 --no-mp4 --preset hyperfast

# A new take never replaces the MP4 of another one.
expect 0 record "${short[@]}" --name kept
check jq -e '.onetake == 1 and .name == "kept" and .complete and .audio == "recorded" and .settings.crf == 23' <(tag processed_av/kept.mp4)
cp processed_av/kept.mp4 kept.copy
mv av_data/kept kept.take
expect 1 record "${short[@]}" --name kept
expect_in err 'processed_av/kept.mp4'
no_take kept
expect 1 record "${short[@]}" --name kept --data-dir other_data
expect 0 record "${short[@]}" --name kept --data-dir other_data --no-mp4
expect 1 process kept --data-dir other_data --quiet
expect_in err 'was made from another take'
expect_in err '--force'
expect 0 list --data-dir other_data --json
so '.[0].state == "complete" and (.[0].problem | contains("another take"))'
check cmp processed_av/kept.mp4 kept.copy
expect 0 process kept --data-dir other_data --force --quiet
check test ! "$(tag processed_av/kept.mp4 | jq -r .take)" = "$(tag kept.copy | jq -r .take)"
expect 0 list --data-dir other_data --json
so '.[0].state == "rendered" and .[0].output.settings.preset == "veryfast" and .[0].lost.v1 == 0'
rm -r other_data
rm processed_av/kept.mp4
mv kept.take av_data/kept
mv kept.copy processed_av/kept.mp4

# A file that does not say what it was made from is kept, too; one that holds more of the take is.
cp a-file processed_av/no-mp4.mp4
expect 1 process no-mp4 --quiet
expect_in err 'does not say'
check test ! -s processed_av/no-mp4.mp4
rm processed_av/no-mp4.mp4
cp -r av_data/kept kept.take
rm av_data/kept/frames/f_00000[3-5].jpg
expect 1 process kept --quiet
expect_in err "is kept: it has $(frames_of processed_av/kept.mp4) frames"
expect 3 process kept --quiet --force
check test "$(frames_of processed_av/kept.mp4)" -lt "$(ls kept.take/frames | wc -l)"
rm -r av_data/kept
mv kept.take av_data/kept
expect 0 process kept --quiet
check test "$(frames_of processed_av/kept.mp4)" = "$(ls av_data/kept/frames | wc -l)"

# A rendering of a take that was not closed does not count once there is more of it.
cp -r av_data/kept av_data/unclosed
sed -i '$d' av_data/unclosed/timeline.jsonl
rm av_data/unclosed/manifest.json
expect 0 process unclosed --quiet
expect 0 recover unclosed --quiet
expect 0 list --json
so 'map(select(.name == "unclosed"))[0] | .state == "complete" and (.problem | contains("before the take was complete"))'
expect 0 process --all --quiet
expect 0 list --json
so 'map(select(.name == "unclosed"))[0].state == "rendered"'

# check reads the output file to its end, and several takes at once.
expect 0 check kept
size=$(stat -c %s processed_av/kept.mp4)
cp processed_av/kept.mp4 kept.copy
truncate -s $((size * 3 / 4)) processed_av/kept.mp4
expect 3 check kept
expect_in out 'processed_av/kept.mp4'
expect 3 check --all --json
check test "$(jq -s length out)" = "$(ls av_data | wc -l)"
cp kept.copy processed_av/kept.mp4
expect 0 check kept no-mp4 --json
check test "$(wc -l < out)" = 2
expect 1 check kept nothing
expect 2 check kept --all

# Drops are in the journal with the times of the frames, and don't count as a slow camera.
code=0
"$onetake" record --source test --width 1920 --height 1080 --fps 200 --warmup 0 --duration 1.5 --workers 1 \
    --queue-size 1 --progressive --no-mp4 --name drops --json > out 2> err < /dev/null || code=$?
check test $code = 3
if [ "$(jq .metrics.books[0].dropped_queue out)" -gt 0 ]; then
    so '(.metrics.camera_fps_label_error_ppm | fabs) < 20000'
    check jq -es 'map(select(.k == "drop")) | length > 0 and all(.from_ns > 0 and .from_ns <= .to_ns and .to_ns <= .host_ns)' av_data/drops/timeline.jsonl
    first=$(jq -s 'map(select(.k == "drop" and .cause == "queue"))[0].from_ns - map(select(.k == "take"))[0].start_ns' av_data/drops/timeline.jsonl)
    expect 3 check drops --json
    check jq -e --argjson first "$first" '.losses | map(select(.cause == "queue"))[0].at_s * 1e9 - $first | fabs < 1000' out
else
    complain "the machine dropped nothing at 200 frames of 1080p a second"
fi

# What is unknown is null; what was granted and made is reported.
expect 0 record "${short[@]}" --name facts --json
so '.metrics | .width == 320 and .height == 240 and .nominal_fps == 30 and .jpeg_kb_mean > 0.5 and .fourcc == null'
so '.mp4_codec == "h264" and .mp4_audio == "recorded" and .failures == []'
check test "$(jq .mp4_bytes out)" = "$(stat -c %s processed_av/facts.mp4)"
check jq -e '.outputs.mp4_codec == "h264" and .outputs.mp4_audio == "recorded"' av_data/facts/manifest.json
check cmp <(jq -S .metrics out) <(jq -S .metrics av_data/facts/manifest.json)
expect 0 check facts
expect 0 record "${short[@]}" --name silent --no-audio --json
so '.metrics | .soundcard_drift_ppm == null and .projected_av_skew_ms_per_hour == null'
so '.mp4_audio == "none"'
expect 0 process facts
expect_in out 'output file'
expect_not_in out 'to disk in'

# Unnamed takes never collide, numbered ones count, and a path names a take.
for i in 1 2 3 4; do "$onetake" record "${short[@]}" --data-dir unnamed --no-mp4 < /dev/null > out.$i 2>&1 & done
wait
asked="four unnamed takes"
check test "$(ls unnamed | wc -l)" = 4
expect 0 record "${short[@]}" --name 'P01-{n}' --json
so '.name == "P01-1"'
rm -r av_data/P01-1
expect 0 record "${short[@]}" --name 'P01-{n}' --json
so '.name == "P01-2"'
expect 0 record "${short[@]}" --name 'P01-{n}' --json
so '.name == "P01-3"'
expect 0 process av_data/kept/ --quiet
(cd av_data && expect 0 process kept/ --quiet --processed-dir ../processed_av && exit $failures) || failures=$((failures + 1))
expect 0 check ./av_data/kept
expect 2 process av_data/none --quiet

# import sorts as people count.
mkdir pages
cp av_data/kept/frames/f_000001.jpg pages/frame2.jpg
cp av_data/kept/frames/f_000009.jpg pages/frame10.jpg
printf '1\n2\n' > times.txt
expect 0 import pages --frames pages --frame-times times.txt --quiet
check cmp pages/frame2.jpg av_data/pages/frames/f_000001.jpg

# Enhancement that was asked for: a model alone asks for it.
expect 1 record "${short[@]}" --name no-model --denoise-model none.onnx
one_line err
no_take no-model
expect 2 record "${short[@]}" --name no-model --denoise
no_take no-model
expect 0 record "${short[@]}" --name no-model --denoise-model none.onnx --no-denoise --no-mp4
expect 2 record "${short[@]}" --name no-sound --no-audio --denoise
expect 2 record "${short[@]}" --name no-sound --require-enhance --no-denoise
expect 1 process kept --denoise-model none.onnx --quiet
one_line err
if [ "$with_enhancement" = 1 ]; then
    "$make_model" toy.onnx || exit 1
    expect_in err none.onnx
    expect 0 record "${short[@]}" --name enhanced --denoise-model toy.onnx --json
    so '.metrics.denoise_enabled and .metrics.denoise_model == "toy.onnx" and .mp4_audio == "enhanced"'
    check jq -e '.metrics.denoise_enabled and .outputs.mp4_audio == "enhanced"' av_data/enhanced/manifest.json
    check jq -e '.audio == "enhanced" and .model == "toy.onnx"' <(tag processed_av/enhanced.mp4)
    expect 0 check enhanced

    # A provider that is not there is reported.
    expect 0 record --source test --width 320 --height 240 --warmup 0 --duration 0.5 --name cuda --json --progress json \
        --denoise-model toy.onnx --denoise-provider cuda
    so '.metrics.notes | map(select(contains("runs on cpu"))) | length == 1'
    check jq -es 'map(select(.event == "fallback" and (.text | contains("runs on cpu")))) | length == 1' err

    # Enhancement that fails on the way: exit code 1, a line also with --quiet, the audio as it was recorded.
    cat > dies <<'WORKER'
#!/bin/sh
[ ! -e av_data/halfway ] || exit 7
exec "$REAL_WORKER" "$@"
WORKER
    chmod +x dies
    REAL_WORKER=$ONETAKE_ENHANCE_WORKER ONETAKE_ENHANCE_WORKER=$PWD/dies \
        expect 1 record "${short[@]}" --name halfway --denoise-model toy.onnx
    one_line err
    expect_in err 'without speech enhancement'
    check jq -e '.outputs.failures | length == 1' av_data/halfway/manifest.json
    check test -s processed_av/halfway.mp4
    sed -i 's|av_data/halfway|av_data/required|' dies
    REAL_WORKER=$ONETAKE_ENHANCE_WORKER ONETAKE_ENHANCE_WORKER=$PWD/dies \
        expect 1 record "${short[@]}" --name required --denoise-model toy.onnx --require-enhance
    check test -e av_data/required/manifest.json
    check test ! -e processed_av/required.mp4

    # A damaged enhanced file: found by check, not used, and no reason to lose the good MP4.
    truncate -s -2000 av_data/enhanced/audio_enhanced.wav
    cp processed_av/enhanced.mp4 enhanced.copy
    expect 3 check enhanced
    expect_in out audio_enhanced.wav
    expect 1 process enhanced --quiet
    expect_in err 'its audio is enhanced'
    check cmp processed_av/enhanced.mp4 enhanced.copy
    expect 0 process enhanced --force --json
    so '.mp4_audio == "recorded" and (.metrics.notes | any(contains("audio_enhanced.wav")))'
fi

[ $failures = 0 ] && echo "what was asked for is done or reported, and nothing made was lost"
exit $((failures > 0))
