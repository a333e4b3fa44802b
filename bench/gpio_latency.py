#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""From an edge of a real line to the first byte of its webhook, and to the change of an output, in
the kernel of tests/kernel. There a system call takes tens of microseconds and there is one
processor: beside them stands the same way through a pipe between two processes of no work at all,
and how many system calls the daemon makes on it.

On the simulated clock (time-travel=inf-cpu) what is computed takes no time, so that what is left of
each figure is deliberate waiting. Each look at a clock lets it go on by half a microsecond, which is
all there is in the first rows; this program looks every microsecond there. To be seen are

  edge to ...             0.02 and 0.01 ms, some forty and twenty looks: nothing waits, no timer, no
                          tick of the loop, no batch, no commit of the store
  end of 'debounce: 20ms' 0 to 10 ms behind it: the kernel counts in ticks of 10 ms, and from the
                          one after the edge
  end of 'for: 1s'        0.01 ms: the loop's timers are as exact as the kernel's, and the daemon's
                          own tick of 100 ms has no part in them
  end of 'max_on: 1s'     the same of an output's own time

and anything else would be a wait that nobody has asked for."""
import os
import select
import shutil
import socket
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "kernel"))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "system"))
import edge_trace  # noqa: E402
import gpio_sim  # noqa: E402
import lab  # noqa: E402

TIMES = int(os.environ.get("TIMES", "100"))
# Of those that take a second each.
FEW = max(1, TIMES // 5)
# What is waited for is not looked for until so shortly before it.
EARLY = 0.0002
with open("/proc/cmdline") as cmdline:
    SIMULATED = "time-travel=inf-cpu" in cmdline.read()
CONFIG = """
buses: {box: {gpio: {chip: lab}, poll: 1h}}
devices:
  d:
    bus: box
    stale_after: 2h
    points:
      bell: {line: 1}
      lamp: {line: 2, direction: output%s}
      slow: {line: 3, debounce: 20ms}
webhooks: {ops: {url: "http://127.0.0.1:%d/"}}
rules:
"""
TELL = "  tell: {when: d.bell, on_fire: [{webhook: ops}]}\n"
SWITCH = "  %s: {when: %s, on_fire: [{write: {d.lamp: on}}], on_clear: [{write: {d.lamp: off}}]}\n"


class Receiver:
    """Notes when the first byte of a request is there, and answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peer = None

    def first_byte(self):
        if self.peer is None:
            self.peer, _ = self.listener.accept()
        select.select([self.peer], [], [])
        at = time.monotonic()
        request = b""
        while b"\r\n\r\n" not in request or not request.rstrip().endswith(b"}"):
            request += self.peer.recv(65536)
        self.peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return at


class Box:
    """The chip, and gauged with some rules on it."""

    def __init__(self):
        self.chip, self.receiver = gpio_sim.Chip("lab", 8), Receiver()
        self.daemon = lab.Gauged("{}")
        self.lamp = open("%s/sim_gpio2/value" % self.chip.sysfs)
        self.pulls = {line: open(self.chip.pull(line), "w") for line in (1, 3)}

    def begin(self, rules, lamp=""):
        self.daemon.write(CONFIG % (lamp, self.receiver.port) + rules)
        self.receiver.peer = None
        self.daemon.start().ready()
        lab.wait_for("the lines", lambda: self.daemon.get("/v1/points/d.bell")["quality"] == "good")

    def drive(self, line, high):
        """When it began."""
        begun = time.monotonic()
        self.pulls[line].seek(0)
        self.pulls[line].write("pull-up" if high else "pull-down")
        self.pulls[line].flush()
        return begun

    def lamp_is(self, value, after=0):
        """When it was, to a microsecond where the clock stands still while one looks. after: not
        before so many seconds."""
        time.sleep(max(0, after - EARLY))
        while True:
            self.lamp.seek(0)
            if self.lamp.read(1) == value:
                return time.monotonic()
            if SIMULATED:
                time.sleep(0.000001)

    def switches(self, line, times, after):
        """From an edge of the line to the lamp, so many times, beyond the seconds that it has to take."""
        taken = []
        for i in range(times):
            # Not always at the same distance from the kernel's ticks.
            time.sleep(0.02 + i * 0.0007 % 0.01)
            begun = self.drive(line, True)
            taken.append(self.lamp_is("1", after) - begun - after)
            self.drive(line, False)
            time.sleep(0.05)
            self.lamp_is("0")
        return taken


def told(box):
    box.begin(TELL + SWITCH % ("switch", "d.bell"))
    taken = []
    for _ in range(TIMES):
        begun = box.drive(1, True)
        taken.append(box.receiver.first_byte() - begun)
        box.lamp_is("1")
        box.drive(1, False)
        box.lamp_is("0")
        time.sleep(0.02)
    box.daemon.stop()
    return taken


def switched(box, line, condition, times, after=0):
    """With nobody to tell."""
    box.begin(SWITCH % ("switch", condition))
    taken = box.switches(line, times, after)
    box.daemon.stop()
    return taken


def ended(box):
    """An output's own end, from its beginning."""
    box.begin(SWITCH % ("switch", "d.bell"), ", max_on: 1s")
    taken = []
    for _ in range(FEW):
        box.drive(1, True)
        begun = box.lamp_is("1")
        taken.append(box.lamp_is("0", 1) - begun - 1)
        box.drive(1, False)
        time.sleep(0.1)
    box.daemon.stop()
    return taken


def calls(box):
    box.begin(TELL)
    trace = edge_trace.Trace(box.daemon)
    for _ in range(20):
        box.drive(1, True)
        box.receiver.first_byte()
        time.sleep(0.1)
        box.drive(1, False)
        time.sleep(0.1)
    counts = trace.counts()
    box.daemon.stop()
    return counts[len(counts) // 2]


def two_processes():
    """A byte to another process and back, half of it."""
    there, here = os.pipe(), os.pipe()
    if os.fork() == 0:
        while os.read(there[0], 1):
            os.write(here[1], b"x")
        os._exit(0)
    taken = []
    for _ in range(TIMES):
        begun = time.monotonic()
        os.write(there[1], b"x")
        os.read(here[0], 1)
        taken.append((time.monotonic() - begun) / 2)
    return taken


def row(name, seconds):
    seconds = sorted(seconds)
    print("%-40s %9.3f %9.3f" % (name, 1000 * seconds[len(seconds) // 2],
                                 1000 * seconds[int(len(seconds) * 0.99)]))


def main():
    if not os.path.isdir(gpio_sim.CONFIG):
        lab.skip("no gpio-sim here")
    box = Box()
    # Otherwise a sleep of a microsecond takes 50 more.
    with open("/proc/self/timerslack_ns", "w") as slack:
        slack.write("1")
    print("%-40s %9s %9s" % ("ms on the simulated clock" if SIMULATED else "ms in the kernel of tests/kernel",
                             "p50", "p99"))
    row("edge to the webhook's first byte", told(box))
    row("edge to the output's change", switched(box, 1, "d.bell", TIMES))
    row("end of 'debounce: 20ms' to the output", switched(box, 3, "d.slow", FEW, 0.02))
    row("end of 'for: 1s' to the output", switched(box, 1, "d.bell, for: 1s", FEW, 1))
    row("end of 'max_on: 1s' to the output", ended(box))
    if not SIMULATED:
        row("a byte from process to process", two_processes())
        if shutil.which("strace"):
            print("%-40s %9d" % ("system calls from the edge to send()", calls(box)))
    box.chip.remove()


main()
