#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A process that was stopped and goes on: what became due meanwhile."""
import os
import signal
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
  hot: {{when: b.t > 80, repeat: 1s, on_fire: [{{webhook: ops}}]}}
  beat: {{at: every 1s, do: [{{webhook: ops}}]}}
  late: {{when: b.t > 80, for: 12s, on_fire: [{{webhook: ops}}]}}
"""
STOPPED_S = 8


def test_fault_E4_overdue_timers_fire_once():
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 90)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, sink=sink.port))
    daemon.start().ready()
    lab.wait_for("beats", lambda: len(sink.of("hot", "repeat")) > 1 and len(sink.of("beat")) > 1)
    daemon.process.send_signal(signal.SIGSTOP)
    lab.wait_for("it stands",
                 lambda: open("/proc/%d/stat" % daemon.process.pid).read().split()[2] == "T")
    time.sleep(0.5)  # what it had sent before
    before = {name: len(sink.of(name)) for name in ("hot", "beat", "late")}
    time.sleep(STOPPED_S)
    went_on = time.monotonic()
    daemon.process.send_signal(signal.SIGCONT)
    lab.wait_for("it goes on", lambda: all(len(sink.of(name)) > before[name] + 1
                                           for name in ("hot", "beat")))
    for name in ("hot", "beat"):
        came = len(sink.of(name)) - before[name]
        # One that was overdue, one each second since, and one on either edge of that.
        assert came <= 3 + time.monotonic() - went_on, (name, came)
    lab.wait_for("one that was due once", lambda: sink.of("late", "fire"))
    assert len(sink.of("late", "fire")) == 1
    daemon.stop()


if __name__ == "__main__":
    lab.run(test_fault_E4_overdue_timers_fire_once)
