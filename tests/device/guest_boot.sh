#!/bin/bash
# Runs as process 1 of the guest, on the host's files: loads the modules, runs the command, writes its exit code to the
# shared folder, powers off. vm_run.sh puts it and .guest_env into the shared folder.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/dev/shm/home LANG=C.UTF-8 TERM=dumb
stty -onlcr < /dev/console
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for folder in /dev/shm /run; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p "$HOME" # not the host's: an ordinary user cannot read root's

. /vmshare/.guest_env
mkdir -p /lib/modules
mount --bind "$guest_modules" /lib/modules
ip link set lo up
for module in "${guest_load[@]}"; do
    # shellcheck disable=SC2086 # a module and its parameters
    modprobe $module || echo "[vm] modprobe $module failed"
done

cd "$guest_folder" || echo "[vm] no folder $guest_folder"
read -r up _ < /proc/uptime
echo "[vm] up at $up s"
"${guest_command[@]}" < /dev/null > >(tee /vmshare/log) 2>&1
code=$?
wait # for tee, which may finish after the command
read -r up _ < /proc/uptime
echo "[vm] exit code $code at $up s"
echo "$code" > /vmshare/exit_code
sync
echo 0 > /proc/sys/kernel/printk
/bin/busybox poweroff -f
