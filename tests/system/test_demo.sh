#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# tools/demo with the programs of this build: an alarm and its end are delivered, and whatever
# way it ends, nothing is left behind.
set -u
programs=$(cd "${builddir:-.}" && pwd)
demo=${srcdir:-.}/tools/demo
[ -x /bin/bash ] || { echo "SKIP: no bash"; exit 77; }
room=$(mktemp -d) || exit 1
trap 'rm -rf "$room"' EXIT
TMPDIR=$room
export TMPDIR
failed=0

no() {
	echo "FAILED: $1"
	failed=1
}

# Nothing in the temporary folder but our own log, and no process that was started there.
nothing_left() {
	left=$(find "$room" -mindepth 1 -maxdepth 1 ! -name output)
	[ -z "$left" ] || no "$1: left behind $left"
	for process in /proc/[0-9]*; do
		# Others' processes come and go meanwhile.
		words=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline") 2>/dev/null
		case $words in
		*"$room/gauged-demo"*) no "$1: still running: $words" ;;
		esac
	done
}

"$programs/gaugectl" check "${srcdir:-.}/conf/demo/gauged.yaml" || no "its configuration has errors"

# Three times the demo's pace: the plant needs 10 s to the first alarm's end. A machine that is
# too busy for that gets a minute.
for seconds in 16 60; do
	"$demo" --programs "$programs" --no-install --plain --speed 60 --seconds $seconds >"$room/output" 2>&1
	status=$?
	grep -q 'arrived: clear boiler-over-temp' "$room/output" && break
done
cat "$room/output"
[ "$status" -eq 0 ] || no "status $status"
for wanted in 'rule *boiler-over-temp is pending' 'rule *boiler-over-temp FIRES: Boiler at [0-9]' \
	'webhook *arrived: fire boiler-over-temp' 'plant *burner switched off over Modbus' \
	'rule *boiler-over-temp is CLEAR' 'webhook *arrived: clear boiler-over-temp' \
	'plant *burner switched on over Modbus' 'values *boiler [0-9.]* degC, burner on' \
	'heat [0-9.]* kW' 'wind [0-9.]* m/s' '^Delivered: fires [1-9][0-9]*, clears [1-9]' 'duplicates 0, bad 0'; do
	grep -q "$wanted" "$room/output" || no "did not say '$wanted'"
done
! grep -q ' gauged .*\(panic\|error\)' "$room/output" || no "gauged complained"
nothing_left "after --seconds"

for signal in TERM HUP; do
	"$demo" --programs "$programs" --no-install --plain >"$room/output" 2>&1 &
	pid=$!
	for _ in $(seq 200); do
		grep -q ' values ' "$room/output" && break
		sleep 0.1
	done
	kill -$signal $pid
	wait $pid
	status=$?
	[ "$status" -ge 129 ] || no "$signal: status $status"
	nothing_left "after $signal"
done

"$demo" --programs "$room" --plain >"$room/output" 2>&1 && no "ran without programs"
grep -q "there is no $room/gauged" "$room/output" || no "did not say that gauged is missing"
"$demo" --secnds 5 >"$room/output" 2>&1 && no "took an unknown option"
grep -q "unknown option '--secnds'" "$room/output" || no "did not name the unknown option"
nothing_left "at the end"
exit $failed
