#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Whatever goes wrong on the way, what gauged reads as good is what stood in the register: its
readings against the book that gauge-sim keeps, over all ways to its units, while one answer of
four is late, damaged, doubled or another's."""

import bisect
import datetime
import json
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402
from simulation import Simulation  # noqa: E402

# Register 0 of unit 8 counts the requests, the others hold their own address. The blocks are of
# the same length, so that an answer which is taken for another one's shows.
DEVICES = """devices:
  plain:
    bus: line
    unit: 8
    poll: 50ms
    points:
      count: {holding: 0, type: uint16}
      first: {holding: 50, type: uint16}
      second: {holding: 100, type: uint16}
      third: {holding: 150, type: uint16}
"""
PLACES = {"plain.count": 0, "plain.first": 50, "plain.second": 100, "plain.third": 150}
# An RTU answer has no identifier: one of the right shape that comes while another is waited for,
# and that nobody asked for, can't be told from it. So "unsolicited" is no fault of this list.
RTU_FAULTS = ("slow 300", "slow 150", "crc", "cut-short 2", "garbage-before 3", "garbage-after 5",
              "duplicate", "from 7", "function 4", "exception 4", "false-start 2")
# Through a serial server no silence is kept that would swallow a second copy: one that comes in a
# segment of its own may come while the next answer is waited for, and is "unsolicited" then.
SERVER_FAULTS = tuple(fault for fault in RTU_FAULTS if fault != "duplicate")
TCP_FAULTS = ("slow 300", "slow 150", "tid-add 1", "tid-add 65535", "duplicate", "from 7",
              "dribble 5", "unsolicited 20", "trailing 2", "byte-count 4", "reset 9", "garbage")
# gauged tells milliseconds; what it reads it asked for not long before.
ROUNDED_NS, ASKED_NS = 10**6, 5 * 10**9
READINGS = 300


def book(path):
    """{address: ([ns], [value])} of the holding registers of unit 8"""
    stood = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            at, rack, unit, table, address, value = line.split()
            if (rack, unit, table) == ("rtu", "8", "holding"):
                times, values = stood.setdefault(int(address), ([], []))
                times.append(int(at))
                values.append(int(value))
    return stood


def stood(times, values, begin_ns, end_ns):
    """What stood there from begin to end."""
    first = max(bisect.bisect_right(times, begin_ns) - 1, 0)
    return set(values[first:bisect.bisect_right(times, end_ns)])


def nanoseconds(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(at.timestamp() * 1000) * 10**6


def follow(gauged):
    """Readings until there are enough good ones."""
    connection = lab.UnixConnection(gauged.socket)
    connection.request("GET", "/v1/points?follow=1")
    answer = connection.getresponse()
    readings, good = [], 0
    end = time.monotonic() + lab.PATIENCE
    while good < READINGS:
        assert time.monotonic() < end, "only %d good readings" % good
        reading = json.loads(answer.readline())
        if reading.get("point") in PLACES and "time" in reading:
            readings.append(reading)
            good += reading["quality"] == "good"
    answer.close()
    connection.close()
    return readings


def check(bus, where, faults):
    """bus: options of gauged's bus, with the ports of the simulation."""
    with tempfile.NamedTemporaryFile(prefix="gauge-sim-truth.") as truth, \
            tempfile.TemporaryDirectory(prefix="gauge-sim-truth.") as room:
        tty = os.path.join(room, "tty")
        sim = Simulation("--rtu", tty, "--gateway", "0", "--serial-server", "0",
                         "--truth", truth.name, "--seed", "11")
        for fault in faults:
            sim.do("fault %s %s chance 2" % (where, fault))
        ports = {"gateway": sim.port("gateway"), "server": sim.port("server"), "tty": tty}
        gauged = lab.Gauged("site: truth\nbuses:\n  line: {%s}\n" % (bus % ports) +
                            DEVICES).start().ready()
        readings = follow(gauged)
        gauged.stop()
        code, _ = sim.stop()
        assert code == 0
        compare(readings, book(truth.name))


def compare(readings, truth):
    last, wrong = -1, []
    good = [reading for reading in readings if reading["quality"] == "good"]
    for reading in good:
        times, values = truth[PLACES[reading["point"]]]
        at = nanoseconds(reading["time"])
        if reading["value"] not in stood(times, values, at - ASKED_NS, at + ROUNDED_NS):
            wrong.append(reading)
        # Each request counts: what does not rise is the answer to another request.
        if reading["point"] == "plain.count":
            if reading["value"] <= last:
                wrong.append(reading)
            last = reading["value"]
    print("%d readings, %d good ones, %d wrong" % (len(readings), len(good), len(wrong)))
    assert not wrong, wrong[:10]
    assert len(good) < len(readings), "no fault was seen"


def test_a_wrong_reading_would_be_found():
    truth = {0: ([10**15, 2 * 10**15], [1, 2]), 50: ([0], [50])}
    bad = {"point": "plain.count", "time": "1970-01-13T00:00:00.000Z", "quality": "bad"}

    def good(point, value, time_text):
        return {"point": point, "value": value, "time": time_text, "quality": "good"}
    right = [good("plain.count", 1, "1970-01-24T03:33:19.000Z"), bad,
             good("plain.count", 2, "1970-01-24T03:33:20.000Z"),
             good("plain.first", 50, "1970-01-24T03:33:21.000Z")]
    compare(right, truth)
    for wrong in (good("plain.first", 100, "1970-01-24T03:33:21.000Z"),
                  good("plain.count", 2, "1970-01-24T03:33:10.000Z"),
                  good("plain.count", 1, "1970-01-24T03:33:30.000Z"),
                  good("plain.count", 2, "1970-01-24T03:33:21.000Z")):
        try:
            compare(right + [wrong], truth)
        except AssertionError:
            continue
        raise AssertionError("not found: %s" % wrong)


def test_readings_over_a_gateway_are_true():
    check("modbus: tcp://127.0.0.1:%(gateway)d, timeout: 200ms", "gateway", TCP_FAULTS)


def test_readings_on_a_tty_are_true():
    check('modbus: "rtu://%(tty)s", baud: 115200, parity: none, timeout: 200ms', "rtu 8",
          RTU_FAULTS)


def test_readings_over_a_serial_server_are_true():
    check("modbus: rtu+tcp://127.0.0.1:%(server)d, timeout: 200ms", "rtu 8", SERVER_FAULTS)


lab.run(test_a_wrong_reading_would_be_found, test_readings_over_a_gateway_are_true,
        test_readings_on_a_tty_are_true, test_readings_over_a_serial_server_are_true)
