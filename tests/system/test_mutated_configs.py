#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""No configuration, however mutated, crashes 'gaugectl check': 2,000 mutants of our own
configurations and of the broken ones (bytes flipped, lines dropped, doubled and swapped, pieces
moved, the end cut off) are each accepted, or refused with at least one error that has a place.

test_mutated_configs.py [SEED [COUNT]]    a mutant that fails is kept and its place told"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.environ.get("srcdir", "."))
GAUGECTL = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "gaugectl")
BATCH = 25
SEED, COUNT = 20261122, 2000


def bases():
    """Lists of (relative path, bytes): each one configuration with what it includes."""
    found = []
    folders = [os.path.join(TOP, "conf", "demo")]
    folders += [entry.path for entry in sorted(os.scandir(os.path.join(TOP, "tests", "broken")),
                                               key=lambda entry: entry.name) if entry.is_dir()]
    for folder in folders:
        files = []
        for directory, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(".yaml"):
                    path = os.path.join(directory, name)
                    with open(path, "rb") as file:
                        files.append((os.path.relpath(path, folder), file.read()))
        found.append(files)
    # The demo is the only one that is whole: as many mutants of it as of all others.
    return [found[0]] * len(found) + found[1:]


def flip(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << rng.randrange(8))]) + text[at + 1:]


def insert(rng, text):
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(ODD) + text[at:]


def lines_changed(change):
    def mutate(rng, text):
        lines = text.splitlines(keepends=True)
        change(rng, lines)
        return b"".join(lines)

    return mutate


def drop(rng, lines):
    del lines[rng.randrange(len(lines))]


def double(rng, lines):
    at = rng.randrange(len(lines))
    lines.insert(at, lines[at])


def swap(rng, lines):
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]


def indent(rng, lines):
    at = rng.randrange(len(lines))
    lines[at] = b" " * rng.randrange(1, 5) + lines[at] if rng.random() < 0.5 else lines[at].lstrip()


def cut(rng, text):
    return text[:rng.randrange(len(text))]


def move(rng, text):
    a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[a:min(b, a + 200)] + text[at:]


ODD = (b"\0", b"\xff", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\t", b"\r", b"\r\n", b"&a ", b"*a ", b"!!int ", b"---\n",
       b"...\n", b"? ", b"- ", b": ", b"#", b"{", b"}", b"[", b"]", b",", b"'", b'"', b"|\n", b">-\n", b"%YAML 9.9\n",
       b"${", b"}", b"$$", b"(", b")", b"1e999", b"-0", b"0x7FFFFFFFFFFFFFFF", b"99999999999999999999", b".nan", b"~",
       b" " * 300, b"[" * 40, b"(" * 300, b"not " * 200, b"\\", b"\xc2", b"include: gauged.yaml\n")
MUTATIONS = (flip, flip, insert, insert, cut, move) + tuple(map(lines_changed, (drop, double, swap, indent)))


def mutant(rng, files, folder):
    chosen = rng.randrange(len(files))
    for number, (path, text) in enumerate(files):
        if number == chosen:
            for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
                if text:
                    text = rng.choice(MUTATIONS)(rng, text)
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text)


def run(folder, names):
    """What is wrong with the answer to these mutants, or None; and how many were refused."""
    # A sanitizer's report has the status 1 unless told otherwise, and that is an answer here.
    environment = dict(os.environ)
    for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        environment[variable] = environment.get(variable, "") + ":exitcode=99"
    result = subprocess.run([GAUGECTL, "check"] + [f"{name}/gauged.yaml" for name in names], cwd=folder,
                            env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    output = (result.stdout + result.stderr).decode("utf-8", "backslashreplace")
    refused = 0
    for name in names:
        placed = re.search(rf"^{name}/[^\n:]*:\d+:\d+: error: \S", output, flags=re.M)
        if re.search(rf"^{name}/gauged\.yaml: \d+ errors?$", output, flags=re.M):
            refused += 1
            if not placed:
                return f"{name}: refused without an error that has a place", refused
        elif placed:
            return f"{name}: an error, and not refused", refused
    if result.returncode != (1 if refused else 0):
        return f"exit status {result.returncode}, {refused} refused\n{output[-3000:]}", refused
    return None, refused


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    rng = random.Random(seed)
    sources = bases()
    refused = 0
    folder = tempfile.mkdtemp(prefix="mutants-")
    for start in range(0, count, BATCH):
        names = [f"m{number}" for number in range(start, min(start + BATCH, count))]
        for name in names:
            mutant(rng, rng.choice(sources), os.path.join(folder, name))
        wrong, part = run(folder, names)
        if wrong:
            alone = [name for name in names if run(folder, [name])[0]]
            print(f"FAIL: seed {seed}: {wrong}\nkept in {folder}: {' '.join(alone or names)}")
            return 1
        refused += part
        for name in names:
            shutil.rmtree(os.path.join(folder, name))
    os.rmdir(folder)
    print(f"{count} mutants, {refused} refused")
    # Were nearly all of one kind, nothing would have been tried.
    return 0 if count // 20 < refused < count else 1


sys.exit(main())
