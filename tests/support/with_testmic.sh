#!/bin/sh
# Runs a command on a machine whose only microphones are test microphones (tests/device/testmic.c):
#
#   with_testmic.sh --plugin FILE [--mic NAME FIELDS]... -- command...
#
#   with_testmic.sh --plugin $BUILD/tests/support/libasound_module_pcm_testmic.so \
#       --mic mic "freq 440 ppm 200" --mic second "beep 1" -- onetake devices
#
# The first is the default microphone; without --mic there is one, "mic", that beeps at each full second of
# CLOCK_MONOTONIC. FIELDS: see testmic.c; {dir} in them stands for the command's own temporary folder, TESTMIC_DIR in
# its environment. No daemon, no root, nothing left behind.
set -eu
plugin=
mics=
dir=$(mktemp -d "${TMPDIR:-/tmp}/testmic.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
add_mic() {
    fields=$(printf '%s' "$2" | sed "s|{dir}|$dir|g")
    mics="$mics
pcm.$1 { type testmic $fields }"
}
while [ $# -gt 0 ]; do
    case $1 in
        --plugin) plugin=$2; shift 2 ;;
        --mic) add_mic "$2" "$3"; shift 3 ;;
        --) shift; break ;;
        *) echo "with_testmic.sh: unknown option $1" >&2; exit 2 ;;
    esac
done
[ -n "$mics" ] || add_mic mic "beep 1"
if [ ! -f "$plugin" ] || [ $# -eq 0 ]; then
    echo "usage: with_testmic.sh --plugin FILE [--mic NAME FIELDS]... -- command..." >&2
    exit 2
fi
# PortAudio 19.6 fails an assertion where every device can be opened, so there is one that can't.
mics="$mics
pcm.absent { type hw card 31 }"
printf 'pcm_type.testmic { lib "%s" }%s\n' "$plugin" "$mics" > "$dir/asound.conf"
ALSA_CONFIG_PATH=$dir/asound.conf TESTMIC_DIR=$dir "$@"
