#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# Boots a small Debian with systemd in a container of its own, with gauged installed as 'make
# install' does it, and looks at the service as its administrator would: tests/boot/guest.
# test_boot.sh BUILDDIR     (root, systemd-nspawn and mmdebstrap; 'make check-boot')
set -u
build=${1:-.}
here=$(cd "$(dirname "$0")" && pwd)

# The lines that begin with # are for who adds them up.
skip() {
	echo "SKIP: $1"
	echo "# SKIP: 1"
	exit 77
}
[ "$(id -u)" -eq 0 ] || skip "booting a container needs root"
command -v systemd-nspawn >/dev/null || skip "no systemd-nspawn (package systemd-container)"
command -v mmdebstrap >/dev/null || skip "no mmdebstrap"
lower=$("$here/make-tree") || skip "no tree of Debian could be made"

dir=$(mktemp -d) || exit 99
cleanup() {
	umount -l "$dir/tree" 2>/dev/null
	umount -l "$dir/over" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
mkdir "$dir/over" "$dir/tree" "$dir/out"
# The container writes into memory; the tree stays as it is.
mount -t tmpfs -o mode=0755 tmpfs "$dir/over" || skip "no tmpfs can be mounted here"
mkdir "$dir/over/upper" "$dir/over/work"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/over/upper,workdir=$dir/over/work" \
	"$dir/tree" || skip "no overlay can be mounted here"

make -s -C "$build" install DESTDIR="$dir/tree" >"$dir/install.log" 2>&1 || {
	tail "$dir/install.log"
	exit 1
}
mkdir "$dir/tree/boot-test"
cp "$here/facts" "$here/guest" "$dir/tree/boot-test/"
cat >"$dir/tree/etc/systemd/system/boot-test.service" <<-END
	[Unit]
	After=multi-user.target
	[Service]
	Type=oneshot
	ExecStart=/boot-test/guest
	ExecStopPost=/usr/bin/systemctl poweroff --no-block
	TimeoutStartSec=300
END
mkdir -p "$dir/tree/etc/systemd/system/multi-user.target.wants"
ln -s ../boot-test.service "$dir/tree/etc/systemd/system/multi-user.target.wants/"
: >"$dir/tree/etc/machine-id"

timeout -k 10 400 systemd-nspawn -q -D "$dir/tree" --boot --register=no --keep-unit \
	--private-network --bind="$dir/out:/boot-out" --console=pipe </dev/null >"$dir/console" 2>&1
status=$?
# What a container leaves of control groups in a mixed tree, empty by now.
for h in systemd unified; do
	for g in payload supervisor; do
		[ -d "/sys/fs/cgroup/$h/$g" ] &&
			find "/sys/fs/cgroup/$h/$g" -depth -type d -exec rmdir {} + 2>/dev/null
	done
done

if [ ! -s "$dir/out/result" ]; then
	tail -n 40 "$dir/console"
	grep -q 'Failed to\|not permitted\|not supported' "$dir/console" && [ $status -ne 0 ] &&
		skip "no container can be booted here"
	exit 1
fi
cat "$dir/out/result"
echo "# PASS: $(grep -c '^ok' "$dir/out/result")"
echo "# FAIL: $(grep -c '^FAIL' "$dir/out/result")"
if grep -q '^FAIL' "$dir/out/result" || ! grep -q '^end' "$dir/out/result"; then
	cat "$dir/out/journal"
	exit 1
fi
