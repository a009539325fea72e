#!/bin/bash
# late_proof.sh ONETAKE MAKE_TAKE AVSYNC_CHECK: renders takes whose audio stamps are late or scattered and measures picture
# against sound in the decoded MP4 at every second. Prints the worst error of each; fails above its bound. sync_proof.sh has
# the faults of sound cards.
set -euo pipefail
onetake=$1 make_take=$2 avsync=$3
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/late.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

# check NAME MAX_MS SETTINGS...
check() {
    local name=$1 most=$2 line verdict=''
    shift 2
    "$make_take" "$dir/takes" "$name" length=120 fps=5 "$@"
    "$onetake" process "$name" --data-dir "$dir/takes" --processed-dir "$dir/out" --preset ultrafast --quiet
    if ! line=$("$avsync" "$dir/out/$name.mp4" --max-ms "$most" --min-pairs 115 2>&1); then
        failed=$((failed + 1))
        verdict='   FAILED'
    fi
    printf '%-22s at most %s ms: %s%s\n' "$name" "$most" "$(tail -n 1 <<< "$line")" "$verdict"
    rm -rf "$dir/takes/$name" "$dir/out/$name.mp4"
}

check device_late_3ms 0.5 ppm=80 late_ms=3
check arrival_late_3ms 0.5 ppm=80 late_ms=3 arrival=1
check bursts_of_16 1.0 ppm=80 late_ms=0.3 burst=16 arrival=1
check bursts_unmarked 1.0 ppm=80 late_ms=0.3 burst=16
check scattered_10ms 0.4 ppm=80 jitter_ms=10 seed=3
check labelled_48_for_44.1 1.0 ppm=-81250 late_ms=1 arrival=1
[ "$failed" -eq 0 ]
