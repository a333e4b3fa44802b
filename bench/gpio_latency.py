#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""From an edge of a real line to the first byte of its webhook, and to the change of an output, in
the kernel of tests/kernel, where a system call takes tens of microseconds and there is one
processor: beside them the same way through a pipe between two processes of no work at all."""
import os
import select
import socket
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "kernel"))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "system"))
import gpio_sim  # noqa: E402
import lab  # noqa: E402

TIMES = int(os.environ.get("TIMES", "100"))
CONFIG = """
buses: {box: {gpio: {chip: lab}, poll: 1h}}
devices: {d: {bus: box, points: {bell: {line: 1}, lamp: {line: 2, direction: output}}}}
webhooks: {ops: {url: "http://127.0.0.1:%d/"}}
rules:
  tell: {when: d.bell, on_fire: [{webhook: ops}]}
  switch: {when: d.bell, on_fire: [{write: {d.lamp: on}}], on_clear: [{write: {d.lamp: off}}]}
"""


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


def row(name, seconds):
    seconds = sorted(seconds)
    print("%-40s %9.3f %9.3f" % (name, 1000 * seconds[len(seconds) // 2],
                                 1000 * seconds[int(len(seconds) * 0.99)]))


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


def main():
    if not os.path.isdir(gpio_sim.CONFIG):
        lab.skip("no gpio-sim here")
    chip, receiver = gpio_sim.Chip("lab", 8), Receiver()
    daemon = lab.Gauged(CONFIG % receiver.port)
    daemon.start().ready()
    lab.wait_for("the lines", lambda: daemon.get("/v1/points/d.bell")["quality"] == "good")
    told, switched = [], []
    lamp = open("%s/sim_gpio2/value" % chip.sysfs)
    pull = open(chip.pull(1), "w")

    def drive(word):
        begun = time.monotonic()
        pull.seek(0)
        pull.write(word)
        pull.flush()
        return begun

    def lamp_is(value):
        while True:
            lamp.seek(0)
            if lamp.read(1) == value:
                return time.monotonic()

    for _ in range(TIMES):
        begun = drive("pull-up")
        told.append(receiver.first_byte() - begun)
        lamp_is("1")
        drive("pull-down")
        lamp_is("0")
        time.sleep(0.02)
    daemon.stop()
    # The way to the output alone, with nobody to tell.
    daemon.write((CONFIG % receiver.port).replace("  tell: {when: d.bell, on_fire: [{webhook: ops}]}\n", ""))
    daemon.start().ready()
    lab.wait_for("the lines", lambda: daemon.get("/v1/points/d.bell")["quality"] == "good")
    for _ in range(TIMES):
        begun = drive("pull-up")
        switched.append(lamp_is("1") - begun)
        drive("pull-down")
        lamp_is("0")
        time.sleep(0.02)
    daemon.stop()
    chip.remove()
    print("%-40s %9s %9s" % ("ms in the kernel of tests/kernel", "p50", "p99"))
    row("edge to the webhook's first byte", told)
    row("edge to the output's change", switched)
    row("a byte from process to process", two_processes())


main()
