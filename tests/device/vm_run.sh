#!/bin/bash
# vm_run.sh [-s SHARE] [-m "MODULE OPTION=VALUE"]... [-M icount|warp|real] [-t SECONDS] -- COMMAND [ARGUMENT]...
# Boots a virtual machine on this machine's own files (read-only, writes go to its memory), loads modules, runs the
# command as root in the current folder, prints its output and exits with its exit code; 124: timeout, 125: the machine
# failed. What the command writes to /vmshare is in SHARE afterwards; nothing else of the host can change.
#   icount  the guest's clock counts its instructions, one a nanosecond; when idle it follows the host's. A busy host
#           slows it down, and may delay it as much as the host is late (default)
#   warp    the same, and idle time is skipped: exact whatever the load of the host, and faster than real time. But the
#           clock keeps running while the guest waits for the host's files: read programs ahead, write to tmpfs
#   real    two CPUs on the host's clock: fastest boot, but timing suffers when the host is busy
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=$(readlink -f "${ONETAKE_VM_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/onetake-device-lab}/current")
share=
modules=()
mode=icount
seconds=300
while getopts s:m:M:t: option; do
    case $option in
        s) share=$OPTARG ;;
        m) modules+=("$OPTARG") ;;
        M) mode=$OPTARG ;;
        t) seconds=$OPTARG ;;
        *) sed -n '2s/^# /usage: /p' "$0" >&2 && exit 2 ;;
    esac
done
shift $((OPTIND - 1))
case $mode in
    icount) accelerator=(-accel tcg,tb-size=512 -icount shift=0 -smp 1) ;;
    warp) accelerator=(-accel tcg,tb-size=512 -icount shift=0,sleep=off -smp 1) ;;
    real) accelerator=(-accel tcg,thread=multi,tb-size=512 -smp 2) ;;
    *) echo "${0##*/}: no mode $mode; there are icount, warp and real" >&2 && exit 2 ;;
esac
command -v qemu-system-x86_64 > /dev/null ||
    { echo "${0##*/}: no qemu-system-x86_64. Run scripts/install-deps.sh test" >&2 && exit 125; }
[ -e "$lab/vmlinuz" ] || { echo "${0##*/}: no kernel in $lab. Run tests/device/vm_prepare.sh" >&2 && exit 125; }

machine=
own_share=
cleanup() {
    [ -z "$machine" ] || kill "$machine" 2> /dev/null || true
    [ -z "$own_share" ] || rm -rf "$own_share"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
[ -n "$share" ] || { own_share=$(mktemp -d "${TMPDIR:-/tmp}/onetake-vm.XXXXXX") && share=$own_share; }
mkdir -p "$share"
rm -f "$share/exit_code"
cp "$here/guest_boot.sh" "$share/.guest_boot.sh"
{
    printf 'guest_modules=%q\nguest_folder=%q\n' "$lab/lib/modules" "$PWD"
    echo "guest_load=(${modules[*]+$(printf '%q ' "${modules[@]}")})"
    echo "guest_command=($(printf '%q ' "$@"))"
} > "$share/.guest_env"

# --pdeathsig: the machine must not outlive this script.
setpriv --pdeathsig TERM timeout -k 5 "$seconds" setpriv --pdeathsig KILL \
    qemu-system-x86_64 "${accelerator[@]}" -cpu max -m 2048 -nodefaults -display none -no-reboot -serial stdio \
    -kernel "$lab/vmlinuz" -initrd "$lab/initrd.gz" \
    -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr tsc=reliable random.trust_cpu=on" \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=host \
    -fsdev local,id=share,path="$share",security_model=none -device virtio-9p-pci,fsdev=share,mount_tag=share \
    -device virtio-rng-pci < /dev/null &
machine=$!
code=0
wait "$machine" || code=$?
machine=
[ "$code" != 124 ] || exit 124
[ -f "$share/exit_code" ] || exit 125
exit "$(cat "$share/exit_code")"
