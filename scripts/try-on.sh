#!/bin/bash
# try-on.sh RELEASE [COMMAND]: makes a bare system of a release, clones this repository's HEAD into it, and runs the
# command there as root. RELEASE: bookworm, trixie (Debian 12, 13), noble (Ubuntu 24.04), or another that debootstrap
# knows. COMMAND: default "make demo && make check". Needs root and debootstrap; some 3 GB below TRY_ON_FOLDER.
#
#   TRY_ON_FOLDER   where the systems are made; default /var/tmp/onetake-try-on. A system made before is used again
#                   with all that is installed in it; delete its folder for a bare one
#   TRY_ON_MIRROR   where Debian's packages come from; default: where this machine gets its own
#   TRY_ON_COMMIT   what is cloned; default HEAD
#   TRY_ON_KEYRING  the keys that Ubuntu's archive is signed with; default: where the package ubuntu-keyring puts them
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

release=${1:-}
command=${2:-make demo && make check}
[ -n "$release" ] || die "which release? For example: ${0##*/} trixie"
[ "$(id -u)" = 0 ] || die "needs root: debootstrap and chroot do"
for program in debootstrap git unshare; do
    command -v $program > /dev/null || die "$program is missing: apt-get install debootstrap git util-linux"
done

folder=${TRY_ON_FOLDER:-/var/tmp/onetake-try-on}
system=$folder/$release
mirror=${TRY_ON_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Codename: *' 2> /dev/null | grep -m1 '/debian/\?$' || true)}
packages=git,make,ca-certificates

if [ ! -e "$system/.ready" ]; then
    rm -rf --one-file-system "$system"
    mkdir -p "$system"
    case $release in
        noble | jammy)
            keyring=${TRY_ON_KEYRING:-/usr/share/keyrings/ubuntu-archive-keyring.gpg}
            [ -e "$keyring" ] || die "Ubuntu's keyring is missing: install ubuntu-keyring (Debian 13), or set TRY_ON_KEYRING"
            # A debootstrap older than the release lacks its script; that of all Ubuntus serves.
            scripts=/usr/share/debootstrap/scripts
            [ -e $scripts/"$release" ] || [ -n "${TRY_ON_MIRROR:-}" ] || die "set TRY_ON_MIRROR to an archive of Ubuntu's"
            debootstrap --variant=minbase --components=main,universe --keyring="$keyring" --include=$packages \
                "$release" "$system" ${TRY_ON_MIRROR:+"$TRY_ON_MIRROR" $scripts/gutsy}
            ;;
        *) debootstrap --variant=minbase --include=$packages "$release" "$system" ${mirror:+"$mirror"} ;;
    esac
    # What this machine needs to reach its package archives, the new system needs too.
    for file in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [ ! -e $file ] || cp --dereference $file "$system$file"
    done
    touch "$system/.ready"
fi

rm -rf --one-file-system "$system/root/onetake"
git clone --quiet --no-hardlinks . "$system/root/onetake"
git -C "$system/root/onetake" checkout --quiet --detach "$(git rev-parse "${TRY_ON_COMMIT:-HEAD}")"

echo "${0##*/}: $release: $command"
export system command
# Mounts and processes of its own: whatever the command leaves behind goes with it.
exec unshare --mount --pid --fork --kill-child bash -c '
    mount --bind "$system" "$system"
    mount -t proc proc "$system/proc"
    mount --rbind /dev "$system/dev"
    exec env -u CI -u PIP_CERT -u PIP_FIND_LINKS chroot "$system" bash -lc "cd /root/onetake && $command"
'
