#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
# 'gaugectl check' has nothing to say against the configurations that are installed as examples.
set -eu
srcdir=${srcdir:-.}
builddir=${builddir:-.}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/rules.d"
count=0
for example in "$srcdir"/conf/*.yaml; do
	# A copy that belongs to whoever runs this, and that nobody else can write.
	install -m 600 "$example" "$dir/gauged.yaml"
	"$builddir/gaugectl" check "$dir/gauged.yaml" >"$dir/out" 2>&1 || {
		echo "$example is refused:"; cat "$dir/out"; exit 1
	}
	! grep -i warning "$dir/out" || { echo "$example brings warnings"; exit 1; }
	count=$((count + 1))
done
[ "$count" -ge 2 ] || { echo "only $count examples were found"; exit 1; }
echo "$count examples are fine"
