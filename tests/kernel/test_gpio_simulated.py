#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gauged on real lines, on a simulated clock: what is computed takes no time, and while everybody
waits the clock jumps to what is next. Hours pass in a second, and how long something takes is exact
on any machine, up to the kernel's tick where that is what counts. Needs run-in-kernel with -k
time-travel=inf-cpu. Nothing here may wait by looking at the clock again and again: it stands still then."""
import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "system"))
import gpio_sim  # noqa: E402
import lab  # noqa: E402
from gpio_bus import Bus  # noqa: E402

TICK = 0.01
# Between two looks of this program.
LOOK = 0.001
# What the work of a few processes adds up to: each look at the clock lets it go on by half a microsecond.
WORK = 0.002


def sleep_until(instant):
    time.sleep(max(0, instant - time.monotonic()))


def happens_at(predicate, first, slack):
    """It is not so a moment before first, and is within slack of it."""
    sleep_until(first - 2 * LOOK)
    assert not predicate(), "too early: %.4f s to go" % (first - time.monotonic())
    while not predicate():
        late = time.monotonic() - first
        assert late < slack, "not there %.4f s late" % late
        time.sleep(LOOK)
    return time.monotonic() - first


def test_a_siren_howls_for_ten_minutes():
    with Bus(4, ["siren: {line: 1, direction: output, max_on: 10min, on_stop: off}"], bus=", poll: 1h",
             device="    stale_after: 2h\n") as bus:
        began = time.monotonic()
        assert bus.daemon.ctl("write", "d.siren", "on").returncode == 0
        assert bus.chip.value(1)
        written = time.monotonic()
        # Another on in the meantime does not make it longer.
        sleep_until(began + 300)
        assert bus.daemon.ctl("write", "d.siren", "on").returncode == 0
        happens_at(lambda: not bus.chip.value(1), began + 600, written - began + WORK + LOOK)
        time.sleep(90)
        assert not bus.chip.value(1)


def test_fault_E1_a_siren_howls_for_ten_minutes_over_a_kill():
    with Bus(4, ["siren: {line: 1, direction: output, max_on: 10min, on_stop: off}"], bus=", poll: 1h",
             device="    stale_after: 2h\n") as bus:
        began = time.monotonic()
        assert bus.daemon.ctl("write", "d.siren", "on").returncode == 0
        written = time.monotonic()
        # Until the store has it.
        sleep_until(began + 100)
        bus.daemon.kill()
        sleep_until(began + 400)
        bus.daemon.start().ready()
        lab.wait_for("on again", lambda: bus.chip.value(1))
        # The store has milliseconds.
        happens_at(lambda: not bus.chip.value(1), began + 600, written - began + TICK)
        time.sleep(90)
        assert not bus.chip.value(1)


def test_an_hour_is_an_hour():
    rules = ("rules:\n  left-open: {when: d.door, for: 1h, on_fire: [{webhook: ops}, {write: {d.lamp: on}}], "
             "on_clear: [{write: {d.lamp: off}}]}\n")
    with Bus(4, ["door: {line: 1}", "lamp: {line: 2, direction: output}"], rules=rules) as bus:
        # Closed in time.
        bus.chip.drive(1, True)
        time.sleep(600)
        bus.chip.drive(1, False)
        time.sleep(10)
        assert not bus.sink.of("left-open") and not bus.chip.value(2)
        bus.chip.drive(1, True)
        opened = time.monotonic()
        late = happens_at(lambda: bus.chip.value(2), opened + 3600, WORK + LOOK)
        lab.wait_for("the webhook", lambda: bus.sink.of("left-open"))
        told = time.monotonic() - opened - 3600
        assert told < TICK, told
        print("  after an hour: the output %.4f s late, the webhook %.4f s" % (late, told))
        bus.chip.drive(1, False)
        lab.wait_for("off", lambda: not bus.chip.value(2))


def test_debouncing_takes_what_it_says_and_a_tick():
    with Bus(4, ["l: {line: 1, debounce: 50ms}"], bus=", poll: 1h", device="    stale_after: 2h\n") as bus:
        for high in (True, False, True):
            bus.chip.drive(1, high)
            at = time.monotonic()
            happens_at(lambda: bus.value("l") is high, at + 0.05, 2 * TICK + WORK + LOOK)
            time.sleep(1)


def test_fault_A14_two_thousand_edges_at_ten_kilohertz():
    """At that rate on any machine; test_gpio has them as fast as the machine gives them."""
    with Bus(4, ["flow: {line: 1, count: both}"]) as bus:
        start = time.monotonic()
        with open(bus.chip.pull(1), "w") as pull:
            for i in range(2000):
                pull.write("pull-up" if i % 2 == 0 else "pull-down")
                pull.flush()
                sleep_until(start + (i + 1) * 0.0001)
        took = time.monotonic() - start
        assert took < 0.2 + WORK, took
        lab.wait_for("all of them", lambda: bus.value("flow") == 2000)
        time.sleep(1)
        assert bus.value("flow") == 2000, bus.value("flow")
        print("  2000 edges in %.4f s: all came" % took)


def test_what_is_measured_is_exact():
    with Bus(4, ["hz: {line: 1, measure: frequency, over: 10s}", "ms: {line: 2, measure: width, unit: ms}",
                 "flow: {line: 3, count: rising, per: 50, unit: L, rate: {unit: L/min, over: 60s}}"]) as bus:
        start = time.monotonic()
        for i in range(1, 601):
            # 10 Hz, pulses of 30 ms, and 5 a second.
            for line in (1, 2, 3) if i % 2 else (1, 2):
                bus.chip.drive(line, True)
            sleep_until(start + i * 0.1 - 0.07)
            for line in (1, 2, 3):
                bus.chip.drive(line, False)
            sleep_until(start + i * 0.1)
        seen = {name: bus.value(name) for name in ("hz", "ms", "flow", "flow.rate")}
        print("  %s" % seen)
        assert abs(seen["hz"] - 10) < 0.01, seen
        assert abs(seen["ms"] - 30) < 1000 * WORK, seen
        assert seen["flow"] == 6, seen
        assert abs(seen["flow.rate"] - 6) < 0.01, seen


def main():
    with open("/proc/cmdline") as f:
        if "time-travel=inf-cpu" not in f.read() or not os.path.isdir(gpio_sim.CONFIG):
            lab.skip("no simulated clock here; 'make check-kernel' runs this in a kernel that has one")
    names = sys.argv[1:]
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    lab.run(*[test for test in tests if not names or test.__name__ in names])


main()
