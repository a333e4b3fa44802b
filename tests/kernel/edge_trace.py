# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What a gauged asks of the kernel between an edge and the request that it causes, by strace."""
import os
import re
import subprocess


def calls_until_sent(trace):
    """Of each edge that led to a request: the system calls from its read to the request's send, both
    counted. Reading a clock is none outside of User-Mode Linux."""
    counts, count = [], None
    for line in trace.splitlines():
        call = line.split(None, 1)[-1]
        if call.startswith("clock_gettime"):
            continue
        if re.match(r"read\(\d+, .*, 12000\) += 48$", call):
            count = 0
        if count is not None:
            count += 1
            if call.startswith("sendto("):
                counts.append(count)
                count = None
    return counts


class Trace:
    """Of a daemon (lab.Gauged) that runs, until counts() is called."""

    def __init__(self, daemon):
        self.path = os.path.join(daemon.dir, "trace")
        self.strace = subprocess.Popen(["strace", "-f", "-o", self.path, "-p", str(daemon.process.pid)],
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert "attached" in self.strace.stderr.readline()

    def counts(self):
        """Of each edge that led to a request the system calls, sorted."""
        self.strace.terminate()
        self.strace.wait(60)
        with open(self.path, errors="replace") as f:
            return sorted(calls_until_sent(f.read()))
