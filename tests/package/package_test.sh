#!/bin/bash
# package_test.sh CMAKE BUILD_DIR COMPILER VERSION: installs the build and uses it from outside the source tree.
set -euo pipefail

cmake=$1 build=$2 compiler=$3 version=$4
consumer=$(realpath "$(dirname "$0")/consumer")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

expect() {
    [ "$2" = "$3" ] && return
    echo "$1: '$3' instead of '$2'"
    exit 1
}

"$cmake" --install "$build" --prefix "$folder/prefix" > install.log
libdir=$(dirname "$(find prefix -name libonetake.so)")

"$cmake" -S "$consumer" -B by-cmake -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_COMPILER="$compiler" > cmake.log
"$cmake" --build by-cmake > build.log
expect "a program found it by find_package" "$version" "$(by-cmake/consumer)"

export PKG_CONFIG_PATH=$folder/$libdir/pkgconfig
read -ra flags <<< "$(pkg-config --cflags --libs onetake)"
"$compiler" "$consumer/main.cpp" "${flags[@]}" -o by-pkg-config
expect "a program found it by pkg-config" "$version" "$(LD_LIBRARY_PATH=$folder/$libdir ./by-pkg-config)"

# Each public header stands on its own.
for header in prefix/include/onetake/*.h; do
    echo "#include <onetake/$(basename "$header")>" | "$compiler" -std=c++20 -fsyntax-only -Iprefix/include -x c++ -
done

# Nothing but the public interface is visible.
foreign=$(nm -DC --defined-only "$libdir/libonetake.so" | awk '$2 ~ /[TDB]/' | grep -v ' onetake::' || true)
expect "symbols that are not onetake's" "" "$foreign"

# Everything that the headers declare is there.
symbols=$(nm -DC --defined-only "$libdir/libonetake.so")
for name in $(sed -nE 's/.*ONETAKE_API.*[ &*]([a-z_]+)\(.*/\1/p; s/^class ONETAKE_API ([A-Za-z]+).*/\1::/p' prefix/include/onetake/*.h | grep -v __ |
    sort -u); do
    grep -qE "onetake::([A-Za-z]+::)?$name" <<< "$symbols" || { echo "no symbol for $name"; exit 1; }
done

# The installed program finds its library without help.
expect "the installed program" "onetake $version" "$(env -u LD_LIBRARY_PATH prefix/bin/onetake --version | head -n 1)"
test -s prefix/share/man/man1/onetake.1
bash -c 'source prefix/share/bash-completion/completions/onetake && PATH=$PWD/prefix/bin:$PATH &&
    COMP_WORDS=(onetake record --queue) COMP_CWORD=2 && _onetake && [ "${COMPREPLY[*]}" = --queue-size ]'
echo "installed, found by find_package and by pkg-config"
