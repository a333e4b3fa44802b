#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# tools/install-packages against a dpkg, an apt and an id that only pretend.
set -u
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
status=0

fail() {
	echo "FAIL: $*"
	status=1
}

pretend() {
	printf '#!/bin/sh\n%s\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}

# uid, then arguments of the tool; output in $dir/out, apt's calls in $dir/apt
run() {
	uid=$1
	shift
	: >"$dir/apt"
	pretend id "echo $uid"
	PATH="$dir:/usr/bin:/bin" sh "$top/tools/install-packages" "$@" >"$dir/out" 2>&1 </dev/null
}

pretend apt-get "echo \"\$*\" >>'$dir/apt'"
pretend sudo 'exit 1'

pretend dpkg-query 'printf installed'
run 0 || fail "everything is there, and it did not exit 0"
[ -s "$dir/out" ] && fail "everything is there, and it said something"
[ -s "$dir/apt" ] && fail "everything is there, and it called apt-get"

pretend dpkg-query 'case "$*" in *libyaml-dev|*socat) exit 1 ;; *) printf installed ;; esac'
run 0 || fail "as root it did not exit 0"
grep -q 'libyaml-dev  *configuration files' "$dir/out" || fail "it did not say what and why"
sed -n 1p "$dir/apt" | grep -q ' update$' || fail "no apt-get update first"
sed -n 2p "$dir/apt" | grep -q -- '--no-install-recommends libyaml-dev socat$' ||
	fail "it did not install just what is missing: $(cat "$dir/apt")"

run 0 build || fail "build alone did not exit 0"
sed -n 2p "$dir/apt" | grep -q -- '--no-install-recommends libyaml-dev$' ||
	fail "'build' took more than what building needs: $(cat "$dir/apt")"

run 1000 && fail "without root or sudo it exited 0"
grep -q 'apt-get install --no-install-recommends libyaml-dev socat' "$dir/out" ||
	fail "without root it did not print the command"
[ -s "$dir/apt" ] && fail "without root it called apt-get"

run 0 nonsense && fail "an unknown kind was accepted"

[ $status -eq 0 ] || cat "$dir/out"
exit $status
