#!/bin/sh
# Runs a command with a PulseAudio server of its own, whose null sink "mic" is the machine's only, and so default,
# microphone, which records what is played to it:
#
#   with_pulse.sh command...
#
# As root and as any user; the server ends with the command. PULSE_PID and PULSE_DIR are in the command's environment.
# Exit code 77 ("skipped") where there is no PulseAudio or it does not start here.
set -eu
command -v pulseaudio > /dev/null && command -v pactl > /dev/null || exit 77
PULSE_DIR=$(mktemp -d "${TMPDIR:-/tmp}/pulse.XXXXXX")
export PULSE_DIR HOME="$PULSE_DIR" XDG_RUNTIME_DIR="$PULSE_DIR" PULSE_RUNTIME_PATH="$PULSE_DIR/run"
export PULSE_SERVER="unix:$PULSE_DIR/native" ALSA_CONFIG_PATH="$PULSE_DIR/asound.conf"
mkdir -m 700 "$PULSE_RUNTIME_PATH"
PULSE_PID=
# A test may have stopped the server; a stopped process does not end.
clean() {
    if [ -n "$PULSE_PID" ]; then
        kill -CONT "$PULSE_PID" 2> /dev/null || true
        kill "$PULSE_PID" 2> /dev/null || true
        wait "$PULSE_PID" 2> /dev/null || true
    fi
    rm -rf "$PULSE_DIR"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# Without norewinds the sink's first audio comes 1.5 s late.
pulseaudio -n --daemonize=no --exit-idle-time=-1 --realtime=no --high-priority=no --log-target="file:$PULSE_DIR/log" \
    -L "module-native-protocol-unix socket=$PULSE_DIR/native" \
    -L "module-null-sink sink_name=mic norewinds=1 rate=48000 channels=2 format=s16le" > "$PULSE_DIR/out" 2>&1 &
PULSE_PID=$!
export PULSE_PID
tries=0
until pactl info > /dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 "$PULSE_PID" 2> /dev/null; then
        cat "$PULSE_DIR/out" "$PULSE_DIR/log" >&2 2> /dev/null || true
        exit 77
    fi
    sleep 0.1
done
pactl set-default-sink mic
pactl set-default-source mic.monitor
printf 'pcm.default { type pulse }\nctl.default { type pulse }\n' > "$ALSA_CONFIG_PATH"
"$@"
