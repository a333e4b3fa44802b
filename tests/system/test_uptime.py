#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""On a box that has been up for very long, or has slept: gauged in a time namespace, where the
clocks that count from the start are moved."""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 1s}}
devices:
  b: {{bus: plc, unit: 1, poll: 50ms, stale_after: 10m, points: {{t: {{holding: 100, type: int16}}}}}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/"}}
rules:
  hot: {{when: b.t > 80, for: 6s, on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
  held: {{when: "held(b.t > 80, 6s)"}}
  mean: {{when: "avg(b.t, 6s) > 80"}}
  silent: {{when: age(b.t) > 20s}}
"""


def in_time(boottime, monotonic):
    return ("unshare", "--time", "--boottime", str(boottime), "--monotonic", str(monotonic))


def make(before):
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 90)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, sink=sink.port))
    daemon.before = before
    daemon.start().ready()
    return plant, sink, daemon


def rule(daemon, name):
    return daemon.get("/v1/rules/" + name)


def live(plant, sink, daemon):
    """'for' is over when it has to be, what is read is young, what is silent grows old."""
    pending = lab.wait_for("pending", lambda: [r for r in [rule(daemon, "hot")] if r["state"] == "pending"])[0]
    assert 0 <= pending["since_s"] and abs(pending["since_s"] + pending["deadline_s"] - 6) < 0.01, pending
    begun, last = time.monotonic() - pending["since_s"], -1
    while rule(daemon, "hot")["state"] == "pending":
        looked = rule(daemon, "hot")
        assert looked["state"] != "pending" or looked["since_s"] >= last, looked
        last = looked["since_s"] if looked["state"] == "pending" else last
        assert time.monotonic() - begun < lab.PATIENCE
        time.sleep(0.02)
    assert time.monotonic() - begun >= 5.9, time.monotonic() - begun
    lab.wait_for("the webhook", lambda: sink.of("hot", "fire"))
    for name in ("held", "mean"):
        lab.wait_for(name, lambda n=name: rule(daemon, n)["state"] == "firing")
    polls = plant.requests
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    assert rule(daemon, "silent")["fired"] == 0, rule(daemon, "silent")
    assert daemon.get("/v1/points/b.t")["quality"] == "good"


def run_over(edge):
    """It begins 3 s before its uptime reaches the edge, and 'for' lasts beyond it."""
    boot, mono = time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic()
    plant, sink, daemon = make(in_time(int(edge - boot) - 3, int(edge - mono) - 3))
    live(plant, sink, daemon)
    plant.set(1, 100, 20)
    lab.wait_for("clear", lambda: sink.of("hot", "clear"))
    assert [event["type"] for event in sink.of("hot")] == ["fire", "clear"], sink.events
    daemon.stop()


def test_fault_G5_uptime_of_49_days():
    run_over(2**32 / 1000)


def test_fault_G5_uptime_of_68_years():
    run_over(2**31)


def test_fault_G3_a_box_that_has_slept():
    """CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC by what it slept: nobody may mix them."""
    plant, sink, daemon = make(in_time(123456, 0))
    live(plant, sink, daemon)
    assert daemon.get("/v1/status")["uptime_s"] < 3600
    plant.silent = True
    lab.wait_for("silence is told", lambda: rule(daemon, "silent")["state"] == "firing")
    assert rule(daemon, "hot")["state"] == "firing"
    plant.silent = False
    lab.wait_for("it is over", lambda: rule(daemon, "silent")["state"] == "ok")
    daemon.stop()


if subprocess.run([*in_time(1, 1), "true"], capture_output=True, check=False).returncode != 0:
    lab.skip("no time namespace: it takes root and Linux 5.6")
lab.run(test_fault_G5_uptime_of_49_days, test_fault_G5_uptime_of_68_years,
        test_fault_G3_a_box_that_has_slept)
