#!/bin/bash
# thread_safety.sh BUILD_FOLDER: lets clang check the annotations of base/mutex.h in every source file of src/ that holds a
# lock. First it proves that the check can fail. Exit code 77 where there is no clang.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?the build folder, with compile_commands.json}

clang=$(command -v clang++-14 || command -v clang++ || true)
[ -n "$clang" ] || { echo "there is no clang++ here: scripts/install-deps.sh test installs it"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check=("$clang" -std=c++20 -fsyntax-only -Wthread-safety -Werror=thread-safety -Isrc -Iinclude)

cat > "$work/unguarded.cpp" << 'CODE'
#include "base/mutex.h"
struct Counter {
    int get() { return count; }
    onetake::Mutex mutex;
    int count ONETAKE_GUARDED_BY(mutex) = 0;
};
int count(Counter& c) { return c.get(); }
CODE
if "${check[@]}" "$work/unguarded.cpp" 2> /dev/null; then
    echo "a guarded member was read without its lock, and nothing was reported: the check does not work"
    exit 1
fi

# A lock that clang can't see is not checked (fork_guard.cpp says why it needs one).
if grep -rnE 'std::(recursive_|shared_|timed_)?mutex|std::(lock_guard|unique_lock|scoped_lock)' src --include=*.h --include=*.cpp |
    grep -vE '^src/base/(mutex.h|fork_guard.cpp):'; then
    echo "use Mutex and MutexLock of base/mutex.h in these places"
    exit 1
fi

# The flags of each file are those that its folder is built with, less the gcc-only ones. (Of sources that are compiled
# together, the build folder knows no flags of their own.)
# In CI, where $CI is set, a third of them, another third each day.
failed=0 checked=0 number=0
while read -r file; do
    number=$((number + 1))
    [ -z "${CI:-}" ] || [ $(((number + $(date +%s) / 86400) % 3)) = 0 ] || continue
    grep -qE 'Mutex|_mutex|mutex_|BoundedQueue|InFlightLimit' "$file" "${file%.cpp}.h" 2> /dev/null || continue
    flags=$(jq -r --arg folder "/${file%/*}/" 'first(.[] | select(.file | contains($folder)) | .command)' \
        "$build/compile_commands.json" | grep -oE -- '(-I ?|-isystem ?|-D)[^ ]+' | sed 's/\\"/"/g' | tr '\n' ' ')
    [ -n "$flags" ] || continue
    checked=$((checked + 1))
    # shellcheck disable=SC2086
    "${check[@]}" $flags "$file" || failed=$((failed + 1))
done < <(find src -name '*.cpp' | sort)
echo "$checked files that hold locks checked by $("$clang" --version | head -n 1), $failed with findings"
[ $checked -gt 0 ] && [ $failed = 0 ]
