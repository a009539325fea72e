#!/bin/bash
# install-deps.sh [build|test|check|all]: installs the Debian packages that are missing, and is silent if none is.
#   build  what the library and the program need
#   test   the same, and what the tests, the device lab and the benchmarks need
#   check  the same, and the tools that look at the code: fuzzers, formatter, linter
#   all    the same as check (default)
set -euo pipefail

build_packages=(
    g++ cmake ninja-build pkg-config
    libturbojpeg0-dev libyuv-dev zlib1g-dev
    libavcodec-dev libavformat-dev libavutil-dev libswresample-dev
    portaudio19-dev libexpected-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev
    libcurl4-openssl-dev
    libpango1.0-dev fonts-dejavu-core  # names in composed images
    python3-dev python3-venv  # for pip install .
)
test_packages=(
    libgtest-dev libgmock-dev libbenchmark-dev
    ffmpeg jq
    clang  # checks which lock guards what (scripts/thread_safety.sh)
    python3 python3-pip  # fetch_sherpa.sh and the toy models of speech enhancement
    libopencv-videoio-dev  # for one example
    libasound2-dev libasound2-plugins alsa-utils pulseaudio pulseaudio-utils
    # The device lab: QEMU boots Debian's kernel with v4l2loopback, vivid and snd-aloop (tests/device/).
    v4l-utils qemu-system-x86 busybox-static cpio kmod iproute2 procps util-linux make libc6-dev
)
check_packages=(
    clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14  # Debian 12
    mkvtoolnix mediaconch  # other programs' judgement of Matroska files, which is left out without them
    # An RTSP server, for rtsp_input_test, which is skipped without it: 65 packages.
    gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi
)

# What goes by another name from release to release.
release=$(. /etc/os-release 2> /dev/null && echo "${VERSION_CODENAME:-}")
case $release in
    bookworm) test_packages+=(libelf1 gcc-12) ;;  # gcc-12 builds the modules of Debian 12's kernel
    *) test_packages+=(libelf1t64) ;;
esac

case ${1:-all} in
    build) wanted=("${build_packages[@]}") ;;
    test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
    check | all) wanted=("${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}") ;;
    *)
        echo "usage: ${0##*/} [build|test|check|all]" >&2
        exit 2
        ;;
esac

if ! command -v dpkg-query > /dev/null; then
    echo "${0##*/}: this is not Debian or a child of it. Install the counterparts of: ${wanted[*]}" >&2
    exit 1
fi

# dpkg-query fails if one of the names is unknown, but still prints the lines of the others.
installed=" $(dpkg-query -W -f '${Package}=${db:Status-Abbrev} ' "${wanted[@]}" 2> /dev/null || true) "
missing=()
for package in "${wanted[@]}"; do
    [[ $installed == *" $package=ii"* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=()
elif command -v sudo > /dev/null; then
    as_root=(sudo)
else
    echo "${0##*/}: neither root nor sudo here. Let an administrator run: apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "${0##*/}: installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
