#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What becomes of polls when somebody else has the processor."""
import json
import os
import re
import subprocess
import sys
import threading
import time

import lab

sys.dont_write_bytecode = True
from simulation import Simulation  # noqa: E402

DEVICES = 10
POLL_MS = 10
SPINNERS = 3
CONFIG = "buses:\n%s\ndevices:\n%s\n" % (
    "\n".join('  b%d: {modbus: "tcp://127.0.0.1:%%d", timeout: 10s}' % i for i in range(DEVICES)),
    "\n".join("  d%d: {bus: b%d, poll: %dms, points: {count: {holding: 0}, self: {holding: 1}}}"
              % (i, i, POLL_MS) for i in range(DEVICES)))


class Follower(threading.Thread):
    """Checks every reading that the daemon tells of, as it comes: the registers count requests, so
    that each answer is newer than the last one, and its device's own."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        connection = lab.UnixConnection(daemon.socket)
        connection.request("GET", "/v1/points?follow=1")
        self.answer = connection.getresponse()
        self.good = 0
        self.wrong = []
        self.last = {}
        self.start()

    def run(self):
        for line in self.answer:
            reading = json.loads(line)
            if reading.get("type") == "reading" and reading["quality"] == "good":
                self.check(reading)

    def check(self, reading):
        point, value = reading["point"], reading["value"]
        device, name = point.split(".")
        if name == "self":
            fine = value == int(device[1:]) + 1
        else:
            fine = (value, reading["time"]) > self.last.get(point, (-1, ""))
            self.last[point] = (value, reading["time"])
        self.good += 1
        if not fine:
            self.wrong.append(reading)


def totals(daemon):
    polls = missed = 0
    for device in daemon.get("/v1/devices")["devices"]:
        polls += device["counters"]["polls"]
        missed += device["counters"]["missed_polls"]
    return polls, missed


def fewer_than_due(daemon, seconds):
    """Polls of so many seconds: at most those that were due, and one for each that was late."""
    before, start = totals(daemon)[0], time.monotonic()
    time.sleep(seconds)
    polls = totals(daemon)[0] - before
    due = DEVICES * (time.monotonic() - start) * 1000 / POLL_MS
    assert polls <= due + 2 * DEVICES, "%d polls where %d were due" % (polls, due)
    return polls


def test_fault_I4_starved_it_misses_polls_and_never_makes_up_for_them():
    cpu = min(os.sched_getaffinity(0))

    def beneath():
        os.sched_setaffinity(0, {cpu})
        os.nice(15)

    sim = Simulation("--devices", str(DEVICES))
    first = int(re.search(r":(\d+)-", sim.ready["devices"]).group(1))
    daemon = lab.Gauged(CONFIG % tuple(first + i for i in range(DEVICES)), preexec_fn=beneath)
    daemon.start().ready()
    lab.wait_for("all are read", lambda: all(
        daemon.get("/v1/points/d%d.self" % i)["value"] == i + 1 for i in range(DEVICES)))
    follower = Follower(daemon)
    lab.wait_for("the follower", lambda: follower.good > 2 * DEVICES)
    spinners = [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"],
                                 preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
                for _ in range(SPINNERS)]
    try:
        _, missed = totals(daemon)
        lab.wait_for("polls are missed", lambda: totals(daemon)[1] > missed + 10 * DEVICES)
        starved = follower.good
        fewer_than_due(daemon, 1)
        lab.wait_for("it goes on", lambda: follower.good > starved)
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    # The processor is back: what was missed stays missed.
    fewer_than_due(daemon, 1)
    assert not follower.wrong, follower.wrong[:3]
    assert len(follower.last) == DEVICES, follower.last
    daemon.stop()
    sim.stop()


if __name__ == "__main__":
    lab.run(test_fault_I4_starved_it_misses_polls_and_never_makes_up_for_them)
