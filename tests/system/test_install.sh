#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# 'make install DESTDIR=': what is put where and with which mode; that a configuration of the
# user's survives an upgrade and an uninstall; that nothing else does.
set -u
source=$(cd "${srcdir:-.}" && pwd)
build=$(cd "${builddir:-.}" && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
umask 022
status=0

fail() {
	echo "FAIL: $*"
	status=1
}

# make TARGET with the places that a Debian package would give.
made() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$build" "$1" DESTDIR="$dir/root" prefix=/usr \
		sysconfdir=/etc systemdsystemunitdir=/lib/systemd/system >"$dir/log" 2>&1 || {
		tail -n 20 "$dir/log"
		fail "make $1"
	}
}

has() {
	mode=$(stat -c %a "$dir/root$2" 2>/dev/null) || {
		fail "$2 was not installed"
		return
	}
	[ "$mode" = "$1" ] || fail "$2 has mode $mode, not $1"
}

made install
has 755 /usr/bin/gauged
has 755 /usr/bin/gaugectl
has 755 /usr/bin/gauge-sim
has 644 /lib/systemd/system/gauged.service
has 644 /usr/lib/sysusers.d/gauged.conf
has 644 /usr/lib/tmpfiles.d/gauged.conf
has 644 /usr/lib/udev/rules.d/60-gauged.rules
has 644 /etc/gauged/gauged.yaml
has 755 /etc/gauged/rules.d
has 700 /etc/gauged/secrets.d
has 644 /usr/share/doc/gauged/examples/gauged.yaml
has 644 /usr/share/doc/gauged/examples/gpio.yaml
has 644 /usr/share/doc/gauged/examples/modbus-rtu.yaml
has 644 /usr/share/doc/gauged/examples/serial-display.yaml
has 644 /usr/share/doc/gauged/examples/mqtt.yaml
has 644 /usr/share/doc/gauged/rules.md
for recipe in "$source"/conf/recipes/*.yaml; do
	has 644 "/usr/share/doc/gauged/recipes/${recipe##*/}"
	has 644 "/usr/share/doc/gauged/recipes/tests/${recipe##*/}"
done
for page in "$source"/docs/*.[1-8]; do
	page=${page##*/}
	has 644 "/usr/share/man/man${page##*.}/$page"
done

unexpected=$(cd "$dir/root" && find . ! -type d | grep -vE '^\./(usr/bin/(gauged|gaugectl|gauge-sim)|'\
'lib/systemd/system/gauged\.service|usr/lib/(sysusers|tmpfiles)\.d/gauged\.conf|usr/lib/udev/rules\.d/60-gauged\.rules|etc/gauged/gauged\.yaml|'\
'usr/share/(doc/gauged|man|bash-completion|gauged)/.*)$')
[ -z "$unexpected" ] || fail "nobody expects these: $unexpected"
loose=$(find "$dir/root" -perm /022 ! -type l)
[ -z "$loose" ] || fail "others can write: $loose"

if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers --dry-run "$dir/root/usr/lib/sysusers.d/gauged.conf" >"$dir/log" 2>&1 || {
		cat "$dir/log"
		fail "systemd-sysusers refuses the file"
	}
fi

echo 'site: mine' >"$dir/root/etc/gauged/gauged.yaml"
echo 'rules: {}' >"$dir/root/etc/gauged/rules.d/mine.yaml"
made install
grep -qx 'site: mine' "$dir/root/etc/gauged/gauged.yaml" || fail "an upgrade wrote over the configuration"
made uninstall
grep -qx 'site: mine' "$dir/root/etc/gauged/gauged.yaml" || fail "an uninstall took the configuration away"
[ -e "$dir/root/etc/gauged/rules.d/mine.yaml" ] || fail "an uninstall took a rule file away"

rm -r "$dir/root"
made install
made uninstall
left=$(find "$dir/root" ! -type d)
[ -z "$left" ] || fail "an uninstall left: $left"
[ ! -e "$dir/root/etc/gauged" ] || fail "an uninstall left /etc/gauged"
exit $status
