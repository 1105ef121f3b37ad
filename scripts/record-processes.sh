#!/bin/sh
# Records what the agent reads of /proc while a Debian device lives its ordinary life, for test/agent/recorded-week.test.ts.
# It boots a Debian with systemd in namespaces of its own, over a copy of this one that is in memory, and plays
# scripts/record-processes-scene.sh there. As root on a Debian 12 with cgroup2; needs a mirror of Debian, and 1 GB of memory.
#
#   sh scripts/record-processes.sh test/agent/fixtures/debian-12-week.json.gz
set -eu
target=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
directory=$(mktemp -d)
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/cordon-record-$$
export target here directory cgroups

clean() {
  find "$cgroups" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  rmdir "$directory"
}
trap clean EXIT

unshare --mount --propagation private sh -eu <<'OUTER'
root=$directory/root
export root
mount -t tmpfs tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" "$root"

# Nothing of the machine's own devices and settings can be changed from there.
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/shm" "$root/dev/pts" "$root/dev/mqueue" "$root/dev/hugepages"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for link in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/${link#*:}" "$root/dev/${link%:*}"; done

printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
DEBIAN_FRONTEND=noninteractive chroot "$root" sh -eu <<'INSTALL'
apt-get update -qq
apt-get install -qq -y --no-install-recommends cron logrotate openssh-server openssh-client unattended-upgrades dbus \
  systemd-sysv libpam-systemd procps rsyslog sysstat man-db crun curl perl < /dev/null
mkdir /opt/packages
cd /opt/packages
apt-get download -qq -o APT::Sandbox::User=root cron logrotate rsyslog openssh-server
# Whatever else is installed here is no concern of an upgrade there.
rm -rf /var/lib/apt/lists/*
INSTALL
umount "$root/proc"
rm "$root/usr/sbin/policy-rc.d"
cp "$here/record-processes.mjs" "$here/record-processes-scene.sh" "$root/opt/"
chroot "$root" sh /opt/record-processes-scene.sh prepare

mkdir "$cgroups"
echo $$ > "$cgroups/cgroup.procs"
unshare --pid --fork --kill-child --mount --propagation private --cgroup --net --uts --ipc sh -eu <<'INNER' || true
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/sys"
mkdir -p "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
cd "$root"
mkdir -p old
pivot_root . old
cd /
umount -l /old
# The scene ends it.
exec env -i container=cordon PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd > /dev/null 2>&1 < /dev/null
INNER
cat "$root/var/log/scene.log"
cp "$root/var/lib/recording.json.gz" "$target"
OUTER
