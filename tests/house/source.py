# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The C files of a tree as the house checks see them: where they are, what they include, which
functions they hold. No parser of C: it leans on the form that clang-format gives to the code."""

import os
import re
import subprocess

AREAS = ("src", "tests", "bench")


class Function:
    def __init__(self, name, first, last):
        self.name, self.first, self.last = name, first, last

    @property
    def lines(self):
        return self.last - self.first + 1


class Source:
    """One file. path is relative to the top; floor is 'base' for src/base/..., otherwise ''."""

    def __init__(self, top, path):
        self.path = path
        with open(os.path.join(top, path), encoding="utf-8") as file:
            self.text = file.read()
        self.lines = self.text.splitlines()
        self.code = _without_comments(self.text).splitlines()
        parts = path.split("/")
        self.floor = parts[1] if parts[0] == "src" and len(parts) > 2 else ""
        self.name = path[len("src/"):] if path.startswith("src/") else path

    def includes(self):
        """(line number, True for <...>, what stands between the marks)"""
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(1) == "<", match.group(2)

    def functions(self):
        """Bodies begin with '{' in the first column and end with '}' in it."""
        first = None
        for number, line in enumerate(self.code, 1):
            if line.startswith("{"):
                first = number
            elif line.startswith("}") and first is not None:
                yield Function(self._name_above(first), first, number)
                first = None

    def _name_above(self, line):
        head = []
        for number in range(line - 2, -1, -1):
            text = self.code[number]
            if not text.strip() or text.startswith(("}", "#")) or text.rstrip().endswith(";"):
                break
            head.insert(0, text)
        match = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", " ".join(head)))
        return match.group(1) if match else "?"


def _without_comments(text):
    """Comments become blanks and the insides of literals x, so that lines and columns stay."""

    def blank(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + "x" * (len(token) - 2) + token[-1]

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def paths(top, areas=AREAS, suffixes=(".c", ".h")):
    """Relative paths of all files with one of the suffixes, sorted."""
    found = []
    for area in areas:
        for directory, folders, files in os.walk(os.path.join(top, area)):
            folders[:] = [f for f in folders if not f.startswith((".", "build-"))]
            for name in files:
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(directory, name), top))
    return sorted(found)


def sources(top, areas=AREAS):
    return [Source(top, path) for path in paths(top, areas)]


GENERATED = {"Makefile.in", "aclocal.m4", "configure", "config.h.in", "configure~"}


def tree(top):
    """Relative paths of every file that belongs to the project, sorted: what git tracks, or, in an
    unpacked tarball, whatever autotools did not put there."""
    git = ["git", "-c", "safe.directory=*", "-C", top]
    try:
        listing = subprocess.run(git + ["ls-files", "-z"], capture_output=True)
        inside = subprocess.run(git + ["rev-parse", "--show-prefix"], capture_output=True)
    except FileNotFoundError:
        inside = None
    if inside and listing.returncode == 0 and inside.returncode == 0 and inside.stdout == b"\n":
        names = listing.stdout.decode().split("\0")
        return sorted(n for n in names if n and os.path.isfile(os.path.join(top, n)))
    found = []
    for directory, folders, files in os.walk(top):
        folders[:] = [f for f in folders if f not in (".git", "autom4te.cache", "build-aux")
                      and not f.startswith(("build-", "_build"))]
        for name in files:
            path = os.path.relpath(os.path.join(directory, name), top)
            if path not in GENERATED and name != ".git":
                found.append(path)
    return sorted(found)
