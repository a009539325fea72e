#!/bin/bash
# format.sh [--check]: formats every C++ file of the repository, or lists those that are not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

formatter=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$formatter" ]; then
    echo "format.sh: there is no clang-format-14; install the package of that name" >&2
    exit 1
fi
case ${1:-} in
    "") mode=(-i) ;;
    --check) mode=(--dry-run --Werror) ;;
    *)
        echo "usage: ${0##*/} [--check]" >&2
        exit 2
        ;;
esac
git ls-files -z '*.cpp' '*.h' | xargs -0 -r "$formatter" "${mode[@]}"
