#!/bin/bash
# check_includes.sh [ROOT]: prints every #include that goes against the direction of the layers, and fails if
# there is one.
#
#   base <- media <- {capture <- {v4l2, portaudio}, codec <- {encode, mix}, container, take, enhance} <- inspect
#        <- input, reader, sink, render, sync <- record <- apps, examples
#
# The folders in braces must not include each other; each folder's own list is below. Programs and public headers may include only <onetake/...>.
# libav is included by codec and container only.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

declare -A may_include=(
    [base]="base"
    [media]="base media"
    [capture]="base media capture"
    [v4l2]="base media capture v4l2"
    [portaudio]="base media capture portaudio"
    [codec]="base media codec"
    [container]="base media container"
    [input]="base media capture codec container input"
    [encode]="base media codec encode"
    [mix]="base media codec mix"
    [take]="base media take"
    [inspect]="base media codec container take inspect"
    [reader]="base media codec take reader"
    [enhance]="base media enhance"
    [sink]="base media codec encode take sink"
    [render]="base media codec container encode mix take inspect enhance render"
    [sync]="base media portaudio codec container take sync"
    [record]="base media capture v4l2 portaudio codec container encode take inspect reader enhance sink render sync mix input record"
)
problems=0
problem() {
    echo "$1"
    problems=$((problems + 1))
}

# Prints "file:line:included" for every include, quotes and angle brackets kept, of the C++ files under the folders given.
includes() {
    find "$@" -type f \( -name '*.h' -o -name '*.cpp' \) -print0 | sort -z |
        xargs -0 -r grep -nHE '^[[:space:]]*#[[:space:]]*include' |
        sed -E 's/^([^:]*:[0-9]+):[^"<]*(["<][^">]*[">]).*/\1 \2/'
}

for folder in src/*/; do
    folder=$(basename "$folder")
    [ -n "${may_include[$folder]:-}" ] || problem "src/$folder: no layer; give it one in scripts/check_includes.sh"
done

while read -r where what; do
    folder=${where#src/}
    folder=${folder%%/*}
    case $what in
        \"*/*)
            target=${what#\"}
            target=${target%%/*}
            [[ " ${may_include[$folder]:-} " == *" $target "* ]] || problem "$where: $folder must not include $what"
            ;;
        \"*) problem "$where: include it with its folder: $what" ;;
        \<libav*\> | \<libsw*\>)
            [[ $folder == codec || $folder == container ]] || problem "$where: only codec and container know $what"
            ;;
    esac
done < <(includes src)

while read -r where what; do
    case $what in
        \<onetake/* | \<tl/expected.hpp\>) ;;
        \<*/*) problem "$where: a public header must not need $what" ;;
        \"*) problem "$where: a public header includes <onetake/...>, not $what" ;;
    esac
done < <(includes include)

while read -r where what; do
    case $what in
        \"*/*) problem "$where: programs see the public headers only, not $what" ;;
        \"*)
            file=${what//\"/}
            [ -e "$(dirname "$where")/$file" ] || problem "$where: programs see the public headers only, not $what"
            ;;
        \<libav* | \<libsw*) problem "$where: only codec and container know $what" ;;
    esac
done < <(includes apps examples)

[ $problems = 0 ] && echo "every include goes in the layers' direction"
exit $((problems > 0))
