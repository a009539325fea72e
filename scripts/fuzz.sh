#!/bin/bash
# fuzz.sh SECONDS [TARGET...]: builds the fuzz targets and runs each (line journal wav jpeg manifest times take) for so long, from a
# corpus of real takes, made with $ONETAKE if that is set. Prints how often each ran; what breaks one is left in build/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
seconds=$1
shift
[ $# -gt 0 ] || set -- line journal wav jpeg manifest times take

command -v clang++-14 > /dev/null || { echo "${0##*/}: needs clang-14 and libclang-rt-14-dev or libclang-common-14-dev"; exit 1; }
build=${FUZZ_BUILD:-build/fuzz}
cmake --preset fuzz -B "$build" $(command -v ccache > /dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --build "$build" --parallel "$(nproc)" --target $(printf 'fuzz_%s ' "$@") $([ -n "${ONETAKE:-}" ] || echo onetake_cli)

corpus=$build/corpus found=$build/found
mkdir -p "$found"
scripts/fuzz_corpus.sh "${ONETAKE:-$build/onetake}" "$corpus"
failed=0
for target in "$@"; do
    mkdir -p "$build/grown/$target"
    log=$found/$target.log
    if "$build/tests/fuzz/fuzz_$target" "$build/grown/$target" "$corpus/$target" -max_total_time="$seconds" \
        -max_len=8192 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found/$target-" -print_final_stats=1 > "$log" 2>&1; then
        sed -nE "s/^Done ([0-9]+) runs in ([0-9]+) .*/$target: \1 executions in \2 s, nothing found/p" "$log"
    else
        echo "$target: BROKEN, see $log"
        failed=1
    fi
done
exit $failed
