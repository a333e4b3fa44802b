#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# Boots a small Debian with systemd in a kernel of its own (tests/kernel), with gauged installed as
# 'make install' does it: unlike a container it has GPIO lines and udev, and what the unit says of
# devices and memory is in force. Its clock is simulated. tests/boot/kernel-guest has what is looked at.
# test_boot_kernel.sh BUILDDIR     (root and mmdebstrap; 'make check-boot')
set -u
build=${1:-.}
here=$(cd "$(dirname "$0")" && pwd)

# The lines that begin with # are for who adds them up.
skip() {
	echo "SKIP: $1"
	echo "# SKIP: 1"
	exit 77
}
grep -q __asan_init "$build/gauged" && skip "AddressSanitizer does not start on User-Mode Linux"
"$here/../kernel/build-kernel" --cached >/dev/null 2>&1 ||
	skip "no kernel to boot in; tests/kernel/build-kernel builds it"
[ "$(id -u)" -eq 0 ] || skip "the tree of Debian is root's"
command -v mmdebstrap >/dev/null || skip "no mmdebstrap"
tree=$("$here/make-tree") || skip "no tree of Debian could be made"

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
make -s -C "$build" install DESTDIR="$dir/installed" >"$dir/install.log" 2>&1 || {
	tail "$dir/install.log"
	exit 1
}
mkdir "$dir/installed/boot-test"
cp "$here/facts" "$here/kernel-guest" "$dir/installed/boot-test/"
# Units that this does not need, and that take time to start.
arguments=time-travel=inf-cpu
for unit in e2scrub_reap.service getty.target modprobe@drm.service systemd-journal-flush.service \
	systemd-logind.service systemd-random-seed.service systemd-sysctl.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service; do
	arguments="$arguments systemd.mask=$unit"
done
"$here/../kernel/run-in-kernel" -m 512M -t 500 -k "$arguments" -b "$dir/installed:$tree" -- \
	/boot-test/kernel-guest >"$dir/result"
status=$?
[ $status -ne 77 ] || skip "$(sed -n 's/^SKIP: //p' "$dir/result")"
cat "$dir/result"
echo "# PASS: $(grep -c '^ok' "$dir/result")"
echo "# FAIL: $(grep -c '^FAIL' "$dir/result")"
[ $status -eq 0 ] && ! grep -q '^FAIL' "$dir/result" && grep -q '^end' "$dir/result"
