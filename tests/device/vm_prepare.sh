#!/bin/bash
# vm_prepare.sh: makes what vm_run.sh boots, once: Debian's stock kernel (unpacked, not installed), the modules that act
# as cameras and microphones, and a small initramfs. Needs no root, only package lists; does nothing if all is there.
# Result: <lab>/current/{vmlinuz,initrd.gz,lib/modules}, <lab> = $ONETAKE_VM_DIR or ~/.cache/onetake-device-lab
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=${ONETAKE_VM_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/onetake-device-lab}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# The kernel of Debian 12 is built by gcc-12; elsewhere it is the release's own compiler.
compiler=$(command -v gcc-12 || echo gcc)
for program in apt-get dpkg-deb make "$compiler" cpio depmod modprobe flock strip; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" > /dev/null ||
        die "$program is missing. Run scripts/install-deps.sh test"
done
PATH=$PATH:/usr/sbin:/sbin
[ -x /bin/busybox ] || die "/bin/busybox is missing. Run scripts/install-deps.sh test"

# What was made by other versions of this recipe is made anew; a newer kernel in the archive is no reason to.
recipe=$(cat "$here/vm_prepare.sh" "$here/guest_init" | sha256sum | cut -c1-12)
mkdir -p "$lab" || die "cannot write $lab. Set ONETAKE_VM_DIR to a folder of yours"
exec 9> "$lab/lock"
flock 9 # two preparations at once: the second waits, then finds all done
if [ -e "$lab/current/vmlinuz" ] && [[ $(readlink "$lab/current") == *-"$recipe" ]]; then exit 0; fi

# All is made in a folder of its own and renamed when whole, so that an interrupted run leaves nothing to trip over.
rm -rf "$lab"/unfinished.*
work=$(mktemp -d "$lab/unfinished.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
x=$work/unpacked
mkdir -p "$work/debs" "$x"

apt_options=()
[ "$(id -u)" != 0 ] || apt_options+=(-o APT::Sandbox::User=root)

# Prints what a package depends on, first alternative, one name a line.
depends() { apt-cache "${apt_options[@]}" depends "$1" 2> /dev/null | sed -n 's/^ *|\?Depends: *\([a-z0-9][^ ]*\)$/\1/p'; }

fetch() {
    local image headers kbuild
    image=$(depends linux-image-amd64 | grep -m1 '^linux-image-[0-9].*-amd64$') || return 1
    kernel=${image#linux-image-}
    headers=linux-headers-$kernel
    kbuild=$(depends "$headers" | grep -m1 '^linux-kbuild-') || return 1
    (cd "$work/debs" && apt-get "${apt_options[@]}" download -q "$image" "$headers" \
        "linux-headers-${kernel%-amd64}-common" "$kbuild" v4l2loopback-dkms) > "$work/fetch.log" 2>&1
}

kernel=
if ! fetch; then
    # Lists that are absent or out of date: lists of our own need no root and change nothing of the machine.
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    apt_options+=(-o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache")
    apt-get "${apt_options[@]}" update -q > "$work/update.log" 2>&1 || true
    rm -f "$work"/debs/*
    fetch || {
        cat "$work"/{update,fetch}.log >&2 2> /dev/null || true
        die "cannot fetch Debian's kernel (linux-image-amd64, its headers, v4l2loopback-dkms) with apt-get download." \
            "Is this Debian, and is its archive reachable?"
    }
fi
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$x"; done

# v4l2loopback, against headers that lie where they were unpacked.
source=$(echo "$x"/usr/src/v4l2loopback-*)
sed -i "s#^include /usr/src#include $x/usr/src#" "$x/usr/src/linux-headers-$kernel/Makefile"
make -s -C "$x/usr/src/linux-headers-$kernel" M="$source" CC="$compiler" CONFIG_DEBUG_INFO_BTF_MODULES= \
    modules > "$work/make.log" 2>&1 || {
    cat "$work/make.log" >&2
    die "v4l2loopback does not build against $kernel"
}
strip -g "$source/v4l2loopback.ko"
cp "$source/v4l2loopback.ko" "$x/lib/modules/$kernel/"
depmod -b "$x" "$kernel"

# Prints the files of the modules and of those that they need.
module_files() {
    local module
    for module in "$@"; do
        modprobe -d "$x" -S "$kernel" --show-depends "$module" | awk '$1 == "insmod" {print $2}'
    done | awk '!seen[$0]++'
}

# Only what the tests load: 3 MB of 400.
mkdir -p "$work/lab/lib/modules/$kernel"
cp "$x/boot/vmlinuz-$kernel" "$work/lab/vmlinuz"
cp "$x/lib/modules/$kernel"/modules.{order,builtin,builtin.modinfo} "$work/lab/lib/modules/$kernel/"
module_files v4l2loopback vivid snd-aloop | while read -r file; do
    cp "$file" "$work/lab/lib/modules/$kernel/"
done
depmod -b "$work/lab" "$kernel"

# The initramfs: a static busybox, the modules that reach the host's files, and guest_init.
ird=$work/initramfs
mkdir -p "$ird"/{bin,m,dev,proc,sys,lower,rw,new}
cp /bin/busybox "$ird/bin/"
module_files virtio_pci 9pnet_virtio 9p overlay | while read -r file; do
    cp "$file" "$ird/m/"
    basename "$file" >> "$ird/m/list"
done
install -m 755 "$here/guest_init" "$ird/init"
(cd "$ird" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/lab/initrd.gz"

done_name=$kernel-$recipe
rm -rf "${lab:?}/$done_name"
mv "$work/lab" "$lab/$done_name"
ln -s "$done_name" "$work/current"
mv -T "$work/current" "$lab/current"
for old in "$lab"/*-amd64-*; do [ "$old" = "$lab/$done_name" ] || rm -rf "$old"; done
echo "${0##*/}: kernel $kernel in $lab ($(du -sh "$lab/$done_name" | cut -f1))"
