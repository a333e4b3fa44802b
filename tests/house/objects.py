# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The compiled objects of a build directory as the house checks see them: the members of the
floors' libraries, what each defines, what it needs, and how large its sections are."""

import os
import re
import shlex
import subprocess

FLOORS = ("base", "conf", "model", "rules", "io", "inputs", "actions", "daemon")
MUTABLE = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss)(\..*)?$|^\*COM\*$")


class Object:
    def __init__(self, floor, name):
        self.floor, self.name = floor, name
        self.defined, self.needed, self.mutable, self.sections = set(), set(), {}, {}

    def __str__(self):
        return f"{self.floor}/{self.name}"


def _run(tool, *arguments):
    command = shlex.split(os.environ.get(tool.upper(), tool)) + list(arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def objects(build):
    """Every member of every floor's library that was built, and the objects of the programs."""
    found = []
    for floor in FLOORS:
        library = os.path.join(build, f"lib{floor}.a")
        if os.path.exists(library) and _run("ar", "t", library).strip():
            found += _read(floor, library)
    for floor in ("daemon", "ctl", "sim"):
        directory = os.path.join(build, "src", floor)
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            if name.endswith(".o") and (floor != "daemon" or name == "main.o"):
                found += _read(floor, os.path.join(directory, name))
    return found


def _read(floor, path):
    members = {}

    def member(name):
        return members.setdefault(name, Object(floor, name))

    alone = os.path.basename(path) if path.endswith(".o") else None
    for line in _run("nm", "-A", "-P", path).splitlines():
        where, symbol, kind = line.split()[:3]
        name = alone or re.search(r"\[(.*)\]:$", where).group(1)
        if kind in "Uwv":
            member(name).needed.add(symbol)
        elif kind.isupper():
            member(name).defined.add(symbol)
    # nm calls a const table of pointers 'd' like a variable: only the section tells them apart.
    name = alone
    for line in _run("objdump", "-t", path).splitlines():
        match = re.match(r"(\S+\.o):\s+file format", line)
        if match:
            name = alone or match.group(1)
        match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
        if match and MUTABLE.match(match.group(2)) and "d" not in match.group(1)[5:6]:
            member(name).mutable[match.group(4)] = int(match.group(3), 16)
    for name, sizes in _sections(path).items():
        member(alone or name).sections = sizes
    return list(members.values())


def sections(path):
    """Section to bytes of one program."""
    return next(iter(_sections(path).values()))


def _sections(path):
    found, name = {}, None
    for line in _run("size", "-A", path).splitlines():
        head = re.match(r"(\S+) .*:$|(\S+)  :$", line)
        if head:
            name = head.group(1) or head.group(2)
        size = re.match(r"(\.\S+)\s+(\d+)\s+\d+$", line)
        if size:
            found.setdefault(name, {})[size.group(1)] = int(size.group(2))
    return found


def instrumented(found):
    """Sanitizers and coverage add symbols and variables of their own: nothing can be judged."""
    needed = set().union(*(o.needed for o in found)) if found else set()
    return any(s.startswith(("__asan_", "__ubsan_", "__gcov_", "__sanitizer_", "__llvm_prof")) for s in needed)
