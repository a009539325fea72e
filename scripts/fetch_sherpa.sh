#!/bin/bash
# fetch_sherpa.sh: puts sherpa-onnx, which speech enhancement runs on, where the build looks for it: headers and libraries
# of one exact version, from its Python wheel. Optional: a build without it works, and reports it. Does nothing where the
# version is there already. Where the wheel comes from is pip's own configuration.
#
#   ONETAKE_SHERPA_DIR      where to; default build/deps/sherpa-onnx-<version> in the source tree
#   ONETAKE_WITHOUT_SHERPA  set to 1: fetch nothing
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.13.8
declare -A checksums=(
    [x86_64]=4da90acf435373d7b2ba9cc0be806e7e274d28f63f5780880b5dea6721626e36
    [aarch64]=a51a03d55c376c32e15dd63ea852236042ba91a5cd73e253bbf7cf21f6582ba9
)
target=${ONETAKE_SHERPA_DIR:-$PWD/build/deps/sherpa-onnx-$version}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

[ "${ONETAKE_WITHOUT_SHERPA:-}" != 1 ] || exit 0
[ "$(cat "$target/VERSION" 2> /dev/null)" != $version ] || exit 0

machine=$(uname -m)
checksum=${checksums[$machine]:-}
[ -n "$checksum" ] || die "sherpa-onnx $version has no wheel for $machine; speech enhancement is left out of this build"
python3 -m pip --version > /dev/null 2>&1 || die "python3 with pip is needed: scripts/install-deps.sh test"

mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "${0##*/}: fetching sherpa-onnx $version"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$work" "sherpa-onnx-core==$version" ||
    die "sherpa-onnx $version could not be downloaded. Without it: ONETAKE_WITHOUT_SHERPA=1"
wheel=$(echo "$work"/*.whl)
echo "$checksum  $wheel" | sha256sum --check --quiet - ||
    die "the wheel of sherpa-onnx $version is not the one that was tested; it was thrown away"

python3 -m zipfile -e "$wheel" "$work/unpacked"
rm "$wheel"
mv "$work/unpacked/sherpa_onnx/include" "$work/unpacked/sherpa_onnx/lib" "$work"
rm -r "$work/unpacked"
# Uses the C++ ABI of before 2011; nothing here links it.
rm -f "$work/lib/libsherpa-onnx-cxx-api.so"
chmod 755 "$work"
echo $version > "$work/VERSION"
rm -rf "$target"
mv "$work" "$target"
trap - EXIT
echo "${0##*/}: sherpa-onnx $version is in $target"
