#!/bin/bash
# people_test.sh ONETAKE MAKE_TOY_MODEL WITH_ENHANCEMENT: what makes the program easy to use, tried as a user would, with
# the test source, in a folder of its own. WITH_ENHANCEMENT: 1 where this build has a worker for speech enhancement.
set -uo pipefail

onetake=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
make_model=$(realpath "$2")
with_enhancement=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export XDG_DATA_HOME=$folder/home XDG_CONFIG_HOME=$folder/home
. "$here/expect.sh"
no_take() { [ ! -e "av_data/$1" ] || complain "there is a take $1"; }

short=(--source test --width 320 --height 240 --fps 30 --warmup 0 --duration 0.5 --quiet)

# Mistakes are answered with what may have been meant.
expect 2 recrod
expect_in err 'did you mean record?'
expect 2 record --widht 640
expect_in err 'no option --widht; did you mean --width?'
expect 2 record --subsample 42
expect_in err 'did you mean 420?'
expect 2 record interview "${short[@]}"
expect_in err 'did you mean --name interview?'
no_take interview
expect 0 help record
expect_in out 'Usage: onetake record'
expect 0 help
expect_in out 'Usage: onetake COMMAND'
expect 2 help recrod
expect_in err 'did you mean record?'

# Durations have units.
expect 0 record "${short[@]}" --duration 0m0.4s --name units --no-mp4 --json
so '.metrics.duration_s > 0.3 and .metrics.duration_s < 60'
expect 2 record "${short[@]}" --duration 10x
expect_in err '1h30m'

# A profile: options in a file; the command line counts more; other commands' keys do no harm, unknown ones do.
cat > studio.toml <<'TOML'
# the studio
width = 640
height = 480
source = "test"
audio = false
v4l2_controls = []
crf = 30
[record]
duration = "500ms"
warmup = 0
[process]
preset = "ultrafast"
TOML
expect 0 record --config studio.toml --height 240 --name profile --json
so '.metrics | .width == 640 and .height == 240 and .audio_enabled == false and .duration_s < 60'
expect 0 list --json
so 'map(select(.name == "profile"))[0].output.settings | .crf == 30 and .preset == "veryfast"'
expect 0 process profile --config=studio.toml --quiet
expect 0 list --json
so 'map(select(.name == "profile"))[0].output.settings | .crf == 30 and .preset == "ultrafast"'
echo 'widht = 640' > typo.toml
expect 2 record --config typo.toml
expect_in err 'typo.toml'
expect_in err 'did you mean width?'
printf '[recrod]\nwidth = 640\n' > typo.toml
expect 2 record --config typo.toml
expect_in err 'did you mean record?'
echo 'audio = "loud"' > typo.toml
expect 2 record --config typo.toml
expect_in err 'must be true or false'
expect 2 record --config none.toml
expect_in err 'none.toml'

# Summaries: no sign where there is nothing, singular and plural, local times.
expect 0 record --source test --width 320 --height 240 --warmup 0 --duration 0.5 --name words
expect_in out 'off by 0 ppm'
expect_in out '  audio clock   0.0 ppm'
expect_not_in out -0
cp av_data/words/timeline.jsonl words.jsonl
sed -i 's/"created":"[^"]*"/"created":"2026-01-02T03:04:05Z"/' av_data/words/timeline.jsonl
TZ=UTC expect 0 list
expect_in out '2026-01-02 03:04:05'
TZ=Asia/Tokyo expect 0 list
expect_in out '2026-01-02 12:04:05'
mv words.jsonl av_data/words/timeline.jsonl

# A folder or take that is not there: an error, and the one that may have been meant.
for command in list 'process --all' 'check --all'; do
    expect 1 $command --data-dir av_dta
    expect_in err 'The folder av_dta does not exist; did you mean av_data?'
done
expect 1 process wrods
expect_in err 'did you mean words?'
expect 1 check wrods
expect_in err 'did you mean words?'

# process --all renders what is not rendered as asked for, several at the same time, with the progress of all.
expect 0 process --all --jobs 2 --quiet
expect 0 process --all
expect_in out 'lacks its MP4'
expect 0 process --all --crf 30 --jobs 2 --json --progress json
check test "$(jq -r .name out | paste -sd,)" = units,words
check jq -es 'map(select(.takes == 2)) | length > 0 and all(.takes_done <= 2 and .fraction <= 1)' err
expect 0 process --all --crf 30 --json
check test ! -s out
expect 0 process --all --container mkv --jobs 3 --quiet
check test -s processed_av/units.mkv
expect 0 process --all --container mkv --json
check test ! -s out

# A lesser rendering does not replace a Matroska file, whose header has no number of frames.
cp -r av_data/words words.take
rm av_data/words/frames/f_00000[3-5].jpg
expect 1 process words --container mkv --quiet
expect_in err 'frames, and the new one would have'
expect_in err "onetake process words --container mkv --force"
rm -r av_data/words
mv words.take av_data/words

# Damage inside the output file is found by decoding it.
cp processed_av/words.mp4 words.mp4
size=$(stat -c %s words.mp4)
expect 0 check words --decode
python3 - processed_av/words.mp4 <<'PYTHON'
import random, sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at = data.index(b"mdat") + 4
random.seed(1)
for i in range(at + 2000, at + 6000):
    data[i] = random.randrange(256)
open(path, "wb").write(data)
PYTHON
check test "$(stat -c %s processed_av/words.mp4)" = "$size"
expect 3 check words --decode
expect_in out 'words.mp4 is damaged'
expect_not_in err ' @ 0x'
mv words.mp4 processed_av/words.mp4

# recover removes what a killed rendering left.
: > processed_av/words.mp4.99999-0.part
expect 0 recover words
expect_in out 'words.mp4.99999-0.part'
check test ! -e processed_av/words.mp4.99999-0.part
expect 0 recover words
expect_in out 'Nothing needed repair'

# Hints repeat the folders in use.
mkdir elsewhere
cp -r av_data/words 'elsewhere/two words'
: > 'processed_av/two words.mp4'
expect 1 process 'two words' --data-dir elsewhere
expect_in err "onetake process 'two words' --data-dir elsewhere --force"
rm 'processed_av/two words.mp4'

# What is unknown is null.
expect 0 record "${short[@]}" --no-video --name voice --no-mp4 --json
so '.metrics | .encoder == null and .stamp_source == null and .denoise_model == null and .denoise_out_sr == null'

# Each run of drops is in the journal with the times of its frames: nothing was stored between them.
code=0
"$onetake" record --source test --width 1920 --height 1080 --fps 200 --warmup 0 --duration 1 --workers 1 --queue-size 1 \
    --progressive --no-mp4 --name drops --json > out 2> err < /dev/null || code=$?
asked="record with drops"
check test $code = 3
check jq -es '(map(select(.k == "f") | .t)) as $stored | map(select(.k == "drop" and .cause == "queue")) | length > 0
    and all(. as $d | $stored | all(. < $d.from_ns or . > $d.to_ns))' av_data/drops/timeline.jsonl
check jq -es '(map(select(.k == "drop") | .count) | add) as $lost | $lost > 0' av_data/drops/timeline.jsonl

# A model is found by its variant's name; --denoise alone takes the one that is there.
expect 1 record "${short[@]}" --name no-model --denoise-model dpdfnet2
expect_in err 'onetake models download dpdfnet2'
no_take no-model
if [ "$with_enhancement" = 1 ]; then
    mkdir -p home/onetake/models
    "$make_model" home/onetake/models/dpdfnet2.onnx || exit 1
    expect 0 record "${short[@]}" --name by-variant --denoise-model dpdfnet2 --no-mp4 --json
    so '.metrics.denoise_model == "dpdfnet2.onnx"'
    expect 0 record "${short[@]}" --name by-default --denoise --no-mp4 --json
    so '.metrics.denoise_model == "dpdfnet2.onnx"'
    # What an interrupted download left goes when the model is there.
    for leftover in part part.lock part.version; do : > home/onetake/models/dpdfnet2.onnx.$leftover; done
    expect 0 models download dpdfnet2 --quiet
    check test "$(ls home/onetake/models)" = dpdfnet2.onnx
fi

# Tables of a take: every frame, block and event, with exact times, wall time and file.
expect 0 export drops --csv --json
check test "$(jq -r '.files | length' out)" = 3
check test "$(tail -n +2 processed_av/drops_csv/frames.csv | cut -d, -f3)" = \
    "$(jq 'select(.k == "f") | .t' av_data/drops/timeline.jsonl)"
check test -s "av_data/drops/$(sed -n 2p processed_av/drops_csv/frames.csv | cut -d, -f10)"
check test "$(sed -n 2p processed_av/drops_csv/frames.csv | cut -d, -f5 | cut -c1-13)" = "$(jq -r 'select(.k == "take").created' av_data/drops/timeline.jsonl | cut -c1-13)"
check test "$(grep -c ^drop processed_av/drops_csv/events.csv)" = "$(grep -c '"k":"drop"' av_data/drops/timeline.jsonl)"
check test "$(tail -n +2 processed_av/drops_csv/blocks.csv | cut -d, -f4)" = \
    "$(jq 'select(.k == "a") | .t' av_data/drops/timeline.jsonl)"
expect 1 export drops --csv
expect_in err frames.csv
expect 0 export drops --csv --force --quiet
expect 1 export dropz --csv
expect_in err 'did you mean drops?'

# A measured offset is written into takes there are, of the same devices in the same format.
expect 0 record --source test --width 320 --height 240 --warmup 0 --duration 6.5 --name flashes --no-mp4 --quiet
jq -c 'if .k == "a" then .t += 40000000 | .r += 40000000 else . end' av_data/flashes/timeline.jsonl > late.jsonl
mv late.jsonl av_data/flashes/timeline.jsonl
stamps() { jq -c 'select(.k == "f" or .k == "a")' av_data/words/timeline.jsonl | md5sum; }
before=$(stamps)
expect 0 calibrate --from flashes --no-store --apply words --json
check jq -e '.offset_ms > 35 and .offset_ms < 45' out
for again in 1 2; do
    expect 0 calibrate --from flashes --no-store --apply words
    expect_in out 'Applied to words'
    check jq -es 'map(select(.k == "offset")) | length == 1 and .[0].source == "calibration" and .[0].offset_ns > 35000000' \
        av_data/words/timeline.jsonl
done
check test "$(stamps)" = "$before"
expect 0 check words
check jq -e '.offsets | length == 1' av_data/words/manifest.json
expect 0 process words --quiet
expect 1 calibrate --from flashes --no-store --apply drops
expect_in err 'other devices, or in another format'
expect 1 calibrate --from flashes --no-store --apply wrods
expect_in err 'did you mean words?'
expect 2 calibrate --apply words

[ $failures = 0 ] && echo "the program says what a person needs"
exit $((failures > 0))
