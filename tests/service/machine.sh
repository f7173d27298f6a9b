# A machine that boots, reboots and is gone with whoever started it: what this one has on its disk, with a disk of its own
# above it, its own processes and its own network, and systemd as its first process.
# $1: an empty folder for its disk; $2: the program that is put on it.
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/written" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/written,workdir=$1/work" "$1/root"
# Nothing of this machine's services starts on that one.
rm -rf "$1/root/etc/systemd/system" "$1/root/etc/systemd/user" "$1/root/var/lib/systemd/linger"
mkdir -p "$1/root/etc/systemd/system"
echo estatus-test > "$1/root/etc/hostname"
: > "$1/root/etc/machine-id"
cp "$2" "$1/root/usr/local/bin/estatus"
for user in luz ana; do
    chroot "$1/root" id "$user" >/dev/null 2>&1 || chroot "$1/root" useradd --create-home "$user"
done
cat > "$1/boot" <<'BOOT'
set -e
cd "$1"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
    : > "dev/$name"
    mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
pivot_root . mnt
umount -l /mnt
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin "$(command -v systemd || echo /lib/systemd/systemd)" \
    --system --log-target=null --show-status=no
BOOT
while :; do
    unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup sh "$1/boot" "$1/root" 2>/dev/null || :
done
