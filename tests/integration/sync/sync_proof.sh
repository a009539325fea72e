#!/bin/bash
# sync_proof.sh ONETAKE MAKE_TAKE AVSYNC_CHECK [--long]: renders takes of faulty sound cards and measures video against audio in
# the decoded MP4 at every second. Prints the worst error of each; fails above 1 ms. --long adds the 8 h take.
set -euo pipefail
onetake=$1 make_take=$2 avsync=$3 long=${4:-}
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/sync.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0 passed=0
reference=system

# check NAME PAIRS SETTINGS...: PAIRS flashes with beeps at least must be there.
check() {
    local name=$1 pairs=$2 line
    shift 2
    "$make_take" "$dir/takes" "$name" fps=5 "$@"
    "$onetake" process "$name" --data-dir "$dir/takes" --processed-dir "$dir/rendered" --preset ultrafast \
        --sync-reference "$reference" --quiet
    if line=$("$avsync" "$dir/rendered/$name.mp4" --max-ms 1.0 --min-pairs "$pairs" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    printf '%-24s %s\n' "$name" "$(tail -n 1 <<< "$line")"
    [ "$reference" = system ] || check_samples "$name"
    rm -rf "$dir/takes/$name" "$dir/rendered/$name.mp4"
}

# The audio that a decoder finds in the file is as long as the WAV, to the encoder's block; drift would be seen.
check_samples() {
    local kept stored
    kept=$(ffmpeg -v error -i "$dir/rendered/$1.mp4" -map 0:a -f s16le - | wc -c)
    stored=$(ffmpeg -v error -i "$dir/takes/$1/audio.wav" -f s16le - | wc -c)
    if [ $((kept - stored)) -lt 0 ] || [ $((kept - stored)) -gt 2048 ]; then
        echo "$1: the file has $((kept / 2)) samples of the take's $((stored / 2))"
        failed=$((failed + 1))
    fi
}

check exact 55 length=60
check fast_300ppm 190 length=200 ppm=300 jitter_ms=10
check slow_300ppm 95 length=100 ppm=-300 jitter_ms=10
check right_but_jittering 95 length=100 jitter_ms=10 seed=2
check stall_400ms 90 length=100 jitter_ms=2 stall_at=60.2
check loss_500ms_flagged 90 length=100 jitter_ms=2 loss_at=60.3 loss=0.5 flagged=1
check loss_500ms_unflagged 90 length=100 jitter_ms=2 loss_at=60.3 loss=0.5
check twenty_losses_20ms 140 length=180 jitter_ms=2 loss_at=20.3 loss=0.02 losses=20
check audio_0.4s_late 80 length=100 audio_from=0.4 ppm=50
reference=audio
check audio_is_reference 95 length=100 ppm=300 jitter_ms=2
check reference_changes_pace 190 length=200 rate=44100 ppm=-100 ppm2=-130
reference=system
if [ "$long" = --long ]; then
    check eight_hours 28700 length=28800 rate=16000 ppm=100 ppm2=130 jitter_ms=5
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
