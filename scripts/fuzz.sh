#!/bin/bash
# fuzz.sh SECONDS [TARGET...]: builds the fuzz targets (line journal wav part data jpeg manifest model times take track) and runs each for so long,
# $JOBS at a time, else as many as there are processors, from a corpus of real takes, made with $ONETAKE if that is set. Prints how often
# each ran; what breaks one is left in build/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
seconds=$1
shift
[ $# -gt 0 ] || set -- line journal wav part data jpeg manifest model times take track

build=${FUZZ_BUILD:-build/fuzz}
cmake --preset fuzz -B "$build" $(command -v ccache > /dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --build "$build" --parallel "$(nproc)" --target $(printf 'fuzz_%s ' "$@") $([ -n "${ONETAKE:-}" ] || echo onetake_cli)

corpus=$build/corpus found=$build/found
mkdir -p "$found"
scripts/fuzz_corpus.sh "${ONETAKE:-$build/onetake}" "$corpus"

run() { # run TARGET
    local log=$found/$1.log
    mkdir -p "$build/grown/$1"
    if "$build/tests/fuzz/fuzz_$1" "$build/grown/$1" "$corpus/$1" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
        -rss_limit_mb=2048 -artifact_prefix="$found/$1-" -print_final_stats=1 > "$log" 2>&1; then
        sed -nE "s/^Done ([0-9]+) runs in ([0-9]+) .*/$1: \1 executions in \2 s, nothing found/p" "$log"
    else
        echo "$1: BROKEN, see $log"
        return 1
    fi
}
export -f run
export build corpus found seconds
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I '{}' bash -c 'run {}'
