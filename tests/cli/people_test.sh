#!/bin/bash
# people_test.sh ONETAKE MAKE_TOY_MODEL WITH_ENHANCEMENT: what makes the program easy to use, tried as a user would, with
# the test source, in a folder of its own. WITH_ENHANCEMENT: 1 where this build has a worker for speech enhancement.
set -uo pipefail

onetake=$(realpath "$1")
make_model=$(realpath "$2")
with_enhancement=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export XDG_DATA_HOME=$folder/home XDG_CONFIG_HOME=$folder/home
failures=0

# expect CODE ARGS...: runs the program; its output is in out and err.
expect() {
    local wanted=$1 code=0
    shift
    asked=$*
    "$onetake" "$@" > out 2> err < /dev/null || code=$?
    [ "$code" = "$wanted" ] || complain "exit code $code instead of $wanted"
}
complain() {
    echo "onetake $asked: $1"
    sed 's/^/  out: /' out | head -40
    sed 's/^/  err: /' err | head -20
    failures=$((failures + 1))
}
check() { "$@" > check.out 2>&1 || complain "not so: $*"; }
expect_in() { grep -qF -- "$2" "$1" || complain "$1 lacks: $2"; }
expect_not_in() { ! grep -qF -- "$2" "$1" || complain "$1 has: $2"; }
so() { jq -e "$1" out > check.out 2>&1 || complain "not so: $1"; }
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
sed -i 's/"created":"[^"]*"/"created":"2026-01-02T03:04:05Z"/' av_data/words/timeline.jsonl
TZ=UTC expect 0 list
expect_in out '2026-01-02 03:04:05'
TZ=Asia/Tokyo expect 0 list
expect_in out '2026-01-02 12:04:05'

[ $failures = 0 ] && echo "the program says what a person needs"
exit $((failures > 0))
