#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# The completion knows every command of gaugectl and asks the daemon for names; the manual page
# names every command and option.
set -eu
srcdir=${srcdir:-.}
builddir=${builddir:-.}
command -v bash >/dev/null || { echo "SKIP: no bash"; exit 77; }
dir=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || :; rm -rf "$dir"' EXIT
pid=
"$builddir/tests/unit/fake_gauged" "$dir/sock" >"$dir/out" 2>"$dir/log" &
pid=$!
tries=0
until grep -q ready "$dir/out"; do
	tries=$((tries + 1))
	[ $tries -lt 600 ] || { cat "$dir/log"; exit 1; }
	sleep 0.1
done
ln -s "$(cd "$builddir" && pwd)/gaugectl" "$dir/gaugectl"

complete_words() { # words of the line, the last one is being typed
	PATH="$dir:$PATH" GAUGED_SOCKET="$dir/sock" bash -c '
		. "$1"; shift
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gaugectl
		echo "${COMPREPLY[*]}"' bash "$srcdir/conf/completions/gaugectl" "$@"
}
expect() { # expected, words...
	want=$1
	shift
	got=$(complete_words "$@")
	[ "$got" = "$want" ] || { echo "$*: '$got' instead of '$want'"; exit 1; }
}

begin_with() { # those of the words behind the first that begin with it
	begin=$1
	shift
	for word; do
		case $word in "$begin"*) echo "$word" ;; esac
	done | xargs
}

commands=$("$dir/gaugectl" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ]
for command in $commands; do
	expect "$(begin_with "$command" $commands)" gaugectl "$command"
	grep -Eq "^\.B[A-Z]* \"? ?$command" "$srcdir/docs/gaugectl.1" || { echo "gaugectl.1 does not name $command"; exit 1; }
done
for option in $("$dir/gaugectl" --help; "$dir/gaugectl" watch --help; "$dir/gaugectl" probe --help;
	"$dir/gaugectl" test --help; "$dir/gaugectl" schema --help; "$dir/gaugectl" record --help; "$dir/gaugectl" replay --help; "$dir/gaugectl" check --help; "$dir/gaugectl" explain --help; "$dir/gaugectl" reload --help;
	"$dir/gaugectl" queue --help; "$dir/gaugectl" history --help); do
	case $option in
	--[a-z]*)
		option=$(printf %s "${option#--}" | tr -dc a-z- | sed 's/-/\\-/g')
		grep -qF -e "\\-\\-$option" "$srcdir/docs/gaugectl.1" || { echo "gaugectl.1 does not name --$option"; exit 1; }
		;;
	esac
done
expect "boiler.temp" gaugectl points boiler.t
expect "boiler-over-temp" gaugectl --socket "$dir/sock" rules boi
expect "boiler-over-temp" gaugectl explain boi
expect "" gaugectl explain boiler-over-temp ""
expect "boiler.setpoint" gaugectl write boiler.s
expect "on off" gaugectl write boiler.burner ""
expect "test" gaugectl webhook ""
expect "ops" gaugectl webhook test o
expect "fire" gaugectl webhook test ops f
expect "--events" gaugectl watch --e
expect "" gaugectl status ""
expect "--holding" gaugectl probe --ho
expect "--diff" gaugectl replay --d
expect "--output" gaugectl record --o
expect "boiler.temp" gaugectl record boiler.t
expect "--junit" gaugectl test --ju
expect "--cost" gaugectl check --co
expect "--tests" gaugectl schema --te
expect "none" gaugectl probe --parity n
expect "tcp://" gaugectl probe t
expect "pager" gaugectl queue p
expect "retry" gaugectl queue re
expect "ops" gaugectl queue drop o
expect "" gaugectl queue drop ops ""
expect "--dead" gaugectl queue ops --de
expect "doorbell" gaugectl history d
expect "--verbose" gaugectl history --verb
kill "$pid"
wait "$pid"
expect "" gaugectl points boiler.t
