#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The running daemon and its wall clock: set by years, in 1970, in another zone. The clock is a
preloaded one that the test sets."""
import calendar
import mmap
import os
import struct
import tempfile
import time

import lab

SHIM = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "fake_clock.so"))
CONFIG = """
zone: "{zone}"
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}"}}}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16}}}}}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/"}}
rules:
  report: {{at: "06:00", do: [{{webhook: ops}}]}}
  night: {{when: 'boiler.temp > 5 and between(22:00, 06:00)', on_fire: [{{webhook: ops}}]}}
  day: {{when: boiler.temp > 5, schedule: '06:00..22:00', on_fire: [{{webhook: ops}}]}}
  long: {{when: boiler.temp > 5, for: 1h}}
"""
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


class Clock:
    """What the daemon takes for the wall clock."""

    def __init__(self, text, synchronised=False):
        self.folder = tempfile.TemporaryDirectory(prefix="gauged-clock.")
        self.path = os.path.join(self.folder.name, "clock")
        with open(self.path, "wb") as f:
            f.write(bytes(16))
        os.mkfifo(self.path + ".set")
        with open(self.path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 16)
        self.show(text, synchronised)

    def show(self, text, synchronised=False):
        """UTC; nobody is told."""
        wanted = calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
        ahead = wanted * 10**9 - time.clock_gettime_ns(time.CLOCK_REALTIME)
        self.page[:16] = struct.pack("qq", ahead, synchronised)

    def set(self, text):
        self.show(text)
        with open(self.path + ".set", "wb") as f:
            f.write(b"x")


def start(clock, zone=BERLIN):
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 10)
    config = CONFIG.format(zone=zone, plant=plant.port, sink=sink.port)
    daemon = lab.Gauged(config)
    daemon.start(env={"LD_PRELOAD": SHIM, "FAKE_CLOCK": clock.path}).ready()
    lab.wait_for("a reading", lambda: daemon.get("/v1/points/boiler.temp")["value"])
    return daemon, sink


def rule(daemon, name):
    return daemon.get("/v1/rules/" + name)


def test_fault_G1_a_clock_that_is_set_by_ten_years():
    clock = Clock("2026-06-12 10:00:00")
    daemon, sink = start(clock)
    lab.wait_for("the day", lambda: rule(daemon, "day")["state"] == "firing")
    pending = rule(daemon, "long")["deadline_s"]
    assert rule(daemon, "report")["planned_at"] == "2026-06-13 06:00:00"
    assert rule(daemon, "night")["condition"] is False
    # Ten years on, at half past midnight: not one of 3,653 reports.
    clock.set("2036-06-12 22:30:00")
    lab.wait_for("the night", lambda: rule(daemon, "night")["state"] == "firing")
    lab.wait_for("the end of the day", lambda: rule(daemon, "day")["inactive"])
    assert rule(daemon, "report")["planned_at"] == "2036-06-13 06:00:00"
    assert rule(daemon, "day")["state"] == "ok"
    answer = daemon.ctl("explain", "day").stdout
    assert "inactive until 2036-06-13 06:00:00" in answer, answer
    answer = daemon.ctl("explain", "night").stdout
    assert "between(22:00, 06:00)" in answer and "changes in 5 h 29 min" in answer, answer
    answer = daemon.ctl("explain", "report").stdout
    assert "instant, next 2036-06-13 06:00:00" in answer and "at     06:00" in answer, answer
    # To ten minutes behind six in the morning: late, and once.
    clock.set("2036-06-13 04:10:00")
    lab.wait_for("the report", lambda: sink.of("report"))
    # And back by ten years.
    clock.set("2026-06-12 03:59:58")
    lab.wait_for("the second report", lambda: len(sink.of("report")) == 2)
    assert 0 < rule(daemon, "long")["deadline_s"] <= pending
    assert rule(daemon, "long")["state"] == "pending"
    assert len(sink.of("report")) == 2
    daemon.stop()


def test_fault_G2_a_box_that_starts_in_1970():
    clock = Clock("1970-01-01 05:00:10")
    daemon, sink = start(clock)
    assert rule(daemon, "report")["planned_at"] is None
    assert rule(daemon, "night")["condition"] is None
    # Active while nobody knows better.
    lab.wait_for("the day", lambda: rule(daemon, "day")["state"] == "firing")
    clock.set("2026-06-12 22:30:00")
    lab.wait_for("the night", lambda: rule(daemon, "night")["state"] == "firing")
    lab.wait_for("the end of the day", lambda: rule(daemon, "day")["inactive"])
    assert rule(daemon, "report")["planned_at"] == "2026-06-13 06:00:00"
    assert not sink.of("report")
    daemon.stop()


def test_fault_G4_another_zone_with_a_reload():
    clock = Clock("2026-03-29 00:30:00")
    daemon, sink = start(clock)
    # 01:30 in Berlin, half an hour before 02:00 becomes 03:00.
    left = rule(daemon, "report")["planned_s"]
    assert 3 * 3600 < left <= 3.5 * 3600, left
    text = open(daemon.path).read()
    text = text[text.index("zone:"):].replace(BERLIN, "EST5EDT,M3.2.0,M11.1.0")
    daemon.write(text)
    assert daemon.ctl("reload").returncode == 0
    # 20:30 in New York.
    left = rule(daemon, "report")["planned_s"]
    assert 9 * 3600 < left <= 9.5 * 3600, left
    lab.wait_for("the day", lambda: rule(daemon, "day")["state"] == "firing")
    daemon.write(text.replace("EST5EDT,M3.2.0,M11.1.0", "Mars/Olympus"))
    refused = daemon.ctl("reload")
    assert refused.returncode != 0 and "there is no time zone 'Mars/Olympus'" in refused.stdout + \
        refused.stderr, refused
    assert not sink.of("report")
    daemon.stop()


if not os.path.exists(SHIM):
    lab.skip("fake_clock.so is not built: with sanitizers nothing can stand before them")
lab.run(test_fault_G1_a_clock_that_is_set_by_ten_years, test_fault_G2_a_box_that_starts_in_1970,
        test_fault_G4_another_zone_with_a_reload)
