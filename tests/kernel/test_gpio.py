#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gauged on real lines of a real kernel: gpio-sim, in a User-Mode Linux of the tests' own (see
run-in-kernel). It has one processor, and a system call takes long: what is counted is right, how
fast it was says nothing."""
import os
import re
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "system"))
import edge_trace  # noqa: E402
import gpio_sim  # noqa: E402
import lab  # noqa: E402
from gpio_bus import Bus  # noqa: E402

# The process that holds a line of /dev/gpiochipN until its input ends: HOLD DEVICE LINE NAME
HOLD = r"""
import fcntl, os, struct, sys
device, line, name = sys.argv[1:]
request = bytearray(struct.pack('64I32sQI5I240xII5Ii', int(line), *[0] * 63, name.encode(), 4, 0,
                                *[0] * 5, 1, 0, *[0] * 5, 0))
assert len(request) == 592
fcntl.ioctl(os.open(device, os.O_RDWR), 0xC250B407, request)
print('held', flush=True)
sys.stdin.read()
"""


def test_fault_A14_ten_thousand_edges_a_second_are_counted_or_told():
    with Bus(8, ["n: {line: 1, count: both}"]) as bus:
        rate = bus.chip.edges(2000, 100, 1)
        lab.wait_for("2000 edges", lambda: bus.counter("edges") + bus.counter("edges_lost") == 2000)
        # Those that were lost are known by number, so that the total is right in any case.
        bus.until("n", 2000)
        print("  2000 edges at %.0f a second: %d came, %d lost" % (
            rate, bus.counter("edges"), bus.counter("edges_lost")))


def test_fault_A14_more_than_the_kernel_keeps_is_lost_and_told():
    """While the daemon stands still, 1500 edges come: the kernel keeps 1024."""
    with Bus(8, ["n: {line: 1, count: rising, hold_bad: false}", "l: {line: 2}"]) as bus:
        os.kill(bus.daemon.process.pid, 19)
        bus.chip.edges(3000, 0, 1)
        bus.chip.drive(2, True)
        os.kill(bus.daemon.process.pid, 18)
        bus.until("n", 1500)
        # The line 2 has the last edge, and there is room for 1023 before it.
        assert bus.counter("edges") == 1024, bus.report()
        assert bus.counter("edges_lost") == 1501 - 1024, bus.report()
        assert bus.device_counter("edges_lost") == 1501 - 1024, bus.report()
        assert bus.counter("gaps") == 1
        assert bus.value("l") is True
        assert "d.n: 477 edges were lost, counted all the same" in bus.daemon.log()
        assert bus.report()["bad_readings"] == 1, bus.report()
        bus.chip.edges(200, 500, 1)
        bus.until("n", 1600)
        assert bus.counter("edges_lost") == 477


def test_edges_are_debounced_as_the_kernel_does_it():
    with Bus(8, ["n: {line: 1, count: both, debounce: 20ms}", "raw: {line: 2, count: both}"]) as bus:
        for _ in range(5):
            # 11 edges within 3 ms, ending high; then the same, ending low.
            bus.chip.edges(11, 300, 1)
            time.sleep(0.2)
            bus.chip.edges(11, 300, 2)
            bus.chip.drive(1, False)
            time.sleep(0.2)
            bus.chip.drive(2, False)
        bus.until("raw", 60)
        bus.until("n", 10)


def test_fault_A15_a_line_of_another_process_is_busy_and_named():
    with Bus(8, ["a: {line: 1}", "b: {line: 2}", "c: {line: 3}"], names={2: "RELAY"},
             hogs={3: "thermostat"}) as bus:
        bus.daemon.stop()
        holder = subprocess.Popen([sys.executable, "-c", HOLD, bus.chip.device, "2", "other-program"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdout.readline() == b"held\n"
        bus.daemon.start().ready()
        lab.wait_for("partial", lambda: bus.report()["state"] == "partial")
        report = bus.report()
        assert "line 2 (RELAY) is in use by 'other-program'" in report["detail"], report
        assert bus.point("a")["quality"] == "good"
        assert bus.point("b")["quality"] == "bad" and bus.point("c")["quality"] == "bad"
        assert "in use by 'other-program'" in bus.daemon.ctl("buses").stdout
        holder.stdin.close()
        holder.wait(60)
        lab.wait_for("b", lambda: bus.point("b")["quality"] == "good")
        assert "is in use by 'thermostat'" in bus.report()["detail"], bus.report()


def test_fault_A15_unplugged_under_load_and_back_with_another_number():
    with Bus(8, ["n: {line: FLOW, count: rising, hold_bad: false}", "o: {line: 5, direction: output}"],
             names={1: "FLOW"}, bus=", poll: 1h") as bus:
        before = bus.chip.name
        load = bus.chip.edging(1000000, 200, 1)
        lab.wait_for("edges", lambda: (bus.value("n") or 0) > 100)
        assert bus.daemon.ctl("write", "d.o", "on").returncode == 0
        # Noticed though nothing is polled.
        bus.chip.unplug()
        lab.wait_for("offline", lambda: bus.report()["state"] == "offline")
        load.kill()
        load.wait()
        assert bus.point("n")["quality"] == "bad" and bus.point("n")["reason"] == "offline", bus.point("n")
        refused = bus.daemon.ctl("write", "d.o", "on")
        assert refused.returncode != 0 and "not there" in refused.stdout + refused.stderr, refused
        # The number that it had is another chip's when it comes back.
        other = gpio_sim.Chip("other", 4)
        try:
            bus.chip.plug()
            assert bus.chip.name != before, bus.chip.name
            lab.wait_for("up", lambda: bus.report()["state"] == "up")
            assert bus.chip.name in bus.report()["detail"], bus.report()
            counted = bus.value("n")
            assert counted > 100
            bus.chip.edges(10, 1000, 1)
            bus.until("n", counted + 5)
            # A chip that was away begins as it says, not with what was written before.
            assert bus.value("o") is False and not bus.chip.value(5)
            assert bus.counter("disconnects") == 1 and bus.counter("opens") == 2
        finally:
            other.remove()


def test_fault_A15_absent_at_the_start():
    bus = Bus(8, ["a: {line: 1}"])
    bus.chip.unplug()
    bus.daemon.start().ready()
    assert bus.report()["state"] == "offline"
    assert bus.point("a")["quality"] == "bad"
    bus.chip.plug()
    lab.wait_for("good", lambda: bus.point("a")["quality"] == "good")
    bus.__exit__(None)


def test_fault_A16_chatter_is_held_to_its_rate():
    rules = "rules:\n  chat: {'on': rises(d.l), do: [{webhook: ops}]}\n"
    with Bus(8, ["l: {line: 1}"], device="    max_readings: 10/s\n", rules=rules) as bus:
        begun = time.monotonic()
        bus.chip.edges(2001, 100, 1)
        bus.until("l", True)
        lab.wait_for("2001 edges", lambda: bus.counter("edges") + bus.counter("edges_lost") == 2001)
        most = 12 + 10 * (time.monotonic() - begun)
        lab.wait_for("the first", lambda: bus.sink.of("chat"))
        assert len(bus.sink.of("chat")) <= most, (len(bus.sink.of("chat")), most)
        assert bus.device_counter("edges_skipped") + bus.device_counter("readings_held") > 1000, bus.report()


def test_instants_run_their_rules_each_time():
    """Beside a bus that brings the rules a reading each millisecond: no edge may be too old for them."""
    rules = ("rules:\n  bell: {'on': rises(d.bell), do: [{webhook: ops}]}\n"
             "  door: {'on': falls(d.door), do: [{webhook: ops}]}\n")
    tape = "# gauged recording 1\n" + "".join("%.3f n.x %d\n" % (i / 1000, i) for i in range(100))
    beside = ("  tape: {playback: noise.rec, loop: true}\n", "  n: {bus: tape, points: {x: {}}}\n")
    with Bus(8, ["bell: {line: 1, edge: rising}", "door: {line: 2, active: low}"], rules=rules,
             beside=beside, files={"noise.rec": tape}) as bus:
        lab.wait_for("noise", lambda: bus.daemon.metric("gauged_readings_total") > 1000)
        for i in range(20):
            bus.chip.edges(2, 3000, 1)
            bus.chip.drive(2, i % 2 == 0)
        lab.wait_for("20 of the bell", lambda: len(bus.sink.of("bell")) == 20)
        lab.wait_for("10 of the door", lambda: len(bus.sink.of("door")) == 10)
        time.sleep(0.3)
        assert len(bus.sink.of("bell")) == 20 and len(bus.sink.of("door")) == 10
        assert bus.daemon.metric("gauged_readings_late_total") == 0


def test_a_hundred_and_twenty_lines():
    points = ["p%d: {line: %d, %s}" % (i, i, "count: both" if i % 3 == 0 else
                                       "direction: output" if i % 3 == 1 else
                                       "active: low, debounce: 10ms") for i in range(120)]
    with Bus(120, points) as bus:
        lab.wait_for("up", lambda: bus.report()["state"] == "up")
        assert "120 of 120 lines" in bus.report()["detail"], bus.report()
        for line in range(0, 120, 3):
            bus.chip.edges(line // 3 + 1, 0, line)
        for line in range(1, 120, 15):
            assert bus.daemon.ctl("write", "d.p%d" % line, "on").returncode == 0
        for line in range(0, 120, 3):
            bus.until("p%d" % line, line // 3 + 1)
        for line in range(1, 120, 3):
            assert bus.chip.value(line) == ((line - 1) % 15 == 0), line
        assert bus.value("p119") is True
        bus.chip.drive(119, True)
        bus.until("p119", False)


def test_outputs_are_written_and_read_back():
    with Bus(8, ["o: {line: 1, direction: output, verify: true}", "low: {line: 2, direction: output, active: low}",
                 "begun: {line: 3, direction: output, on_start: on}"]) as bus:
        assert not bus.chip.value(1) and bus.chip.value(2) and bus.chip.value(3)
        for value in ("on", "off", "on"):
            for name, line in (("o", 1), ("low", 2)):
                said = bus.daemon.ctl("write", "d." + name, value)
                assert said.returncode == 0, said
                bus.until(name, value == "on")
                assert bus.chip.value(line) == ((value == "on") != (name == "low"))


def test_a_reload_takes_lines_totals_and_outputs_over():
    with Bus(8, ["n: {line: 1, count: rising}", "o: {line: 5, direction: output, on_start: off}"]) as bus:
        bus.chip.edges(20, 500, 1)
        bus.until("n", 10)
        assert bus.daemon.ctl("write", "d.o", "on").returncode == 0
        with open(bus.daemon.path) as f:
            text = f.read().split("\n", 2)[2]
        bus.daemon.write(text.replace("      n: {", "      more: {line: 2}\n      n: {"))
        assert bus.daemon.ctl("reload").returncode == 0
        lab.wait_for("up", lambda: "3 of 3 lines" in bus.report()["detail"])
        # Nobody was in its own way.
        assert bus.counter("busy_tries") == 0, bus.report()
        bus.until("n", 10)
        bus.until("o", True)
        assert bus.chip.value(5)
        bus.chip.edges(2, 500, 1)
        bus.until("n", 11)


def test_output_begins_with_what_it_has():
    """A line of gpio-sim that nobody has falls back to its pull: that is what it is then."""
    with Bus(8, ["o: {line: 1, direction: output}", "low: {line: 2, direction: output, active: low}"]) as bus:
        for high in (True, False, True):
            bus.daemon.stop()
            bus.chip.drive(1, high)
            bus.chip.drive(2, high)
            bus.daemon.start().ready()
            bus.until("o", high)
            bus.until("low", not high)
            assert bus.chip.value(1) == bus.chip.value(2) == high
        assert bus.daemon.ctl("write", "d.o", "off").returncode == 0
        assert not bus.chip.value(1)


def rewrite(bus, change):
    """A reload with the text that change makes of the configuration."""
    with open(bus.daemon.path) as f:
        bus.daemon.write(change(f.read().split("\n", 2)[2]))
    said = bus.daemon.ctl("reload")
    assert said.returncode == 0, said


def test_reloads_under_load_miss_no_edge():
    """The lines that stay keep their requests, while lines beside them come and go."""
    with Bus(8, ["n: {line: 1, count: both}", "pos: {quadrature: [4, 5]}"]) as bus:
        for i in range(6):
            load = [bus.chip.edging(400, 1500, 1), bus.chip.edging(200, 3000, 4, 5)]
            for j in range(2):
                rewrite(bus, lambda text: text.replace("      n: {", "      x: {line: %d}\n      n: {" % (2 + i % 2))
                        if "      x: {" not in text else re.sub(r"      x: .*\n", "", text))
            assert [process.wait(120) for process in load] == [0, 0]
        bus.until("n", 2400)
        bus.until("pos", 1200)
        assert bus.counter("edges_lost") == 0 and bus.device_counter("unwatched") == 0, bus.report()
        assert "not watched" not in bus.daemon.log()


def test_an_output_does_not_fall_off_for_a_reload():
    """A line of gpio-sim that nobody has is low: it would show."""
    with Bus(8, ["o: {line: 5, direction: output}", "a: {line: 1}", "b: {line: 2}"]) as bus:
        assert bus.daemon.ctl("write", "d.o", "on").returncode == 0
        seen, over = [], threading.Event()

        def look():
            while not over.is_set():
                seen.append(bus.chip.value(5))

        looker = threading.Thread(target=look)
        looker.start()
        try:
            rewrite(bus, lambda text: re.sub(r"      a: .*\n", "", text))
            rewrite(bus, lambda text: text.replace("      b: {", "      c: {line: 3, direction: output}\n      b: {"))
            rewrite(bus, lambda text: text.replace("direction: output}", "direction: output, max_on: 1h}"))
        finally:
            over.set()
            looker.join()
        bus.until("o", True)
        assert len(seen) > 10 and all(seen), (len(seen), seen.count(False))


def test_a_line_that_is_taken_anew_says_so():
    with Bus(8, ["n: {line: 1, count: rising, hold_bad: false}", "a: {line: 2}"]) as bus:
        bus.chip.edges(20, 500, 1)
        bus.until("n", 10)
        rewrite(bus, lambda text: re.sub(r"      a: .*\n", "", text))
        lab.wait_for("told", lambda: bus.device_counter("unwatched") == 1)
        bus.until("n", 10)
        assert re.search(r"1 point was not watched for .*, as a reload took the lines anew", bus.daemon.log())
        bus.chip.edges(2, 500, 1)
        bus.until("n", 11)


def test_totals_belong_to_the_names_of_points():
    with Bus(8, ["n: {line: 1, count: rising}", "a: {line: 2}"]) as bus:
        bus.chip.edges(20, 500, 1)
        bus.until("n", 10)
        # Another name for the bus: the line is not even let go of.
        rewrite(bus, lambda text: text.replace("  box: {", "  crate: {").replace("bus: box", "bus: crate"))
        bus.until("n", 10)
        assert bus.device_counter("unwatched") == 0
        bus.chip.edges(2, 500, 1)
        bus.until("n", 11)
        # Away and back, with a restart in between.
        line = "      n: {line: 1, count: rising}\n"
        rewrite(bus, lambda text: text.replace(line, ""))
        bus.daemon.stop()
        bus.daemon.start().ready()
        rewrite(bus, lambda text: text.replace("      a: {line: 2}\n", line + "      a: {line: 2}\n"))
        bus.until("n", 11)


def test_outputs_have_their_limits():
    with Bus(8, ["o: {line: 1, direction: output, max_on: 300ms}", "begun: {line: 2, direction: output, on_start: on}",
                 "low: {line: 3, direction: output, active: low, on_start: off}"]) as bus:
        bus.until("begun", True)
        assert bus.chip.value(2) and bus.chip.value(3)
        assert bus.daemon.ctl("write", "d.o", "on").returncode == 0
        # The line itself: the point says what it was until the write has had its turn.
        lab.wait_for("off by itself", lambda: not bus.chip.value(1))
        bus.until("o", False)
        # Over an unplugging it begins with on_start, and what counts is written behind it.
        assert bus.daemon.ctl("write", "d.low", "on").returncode == 0
        assert not bus.chip.value(3)
        bus.chip.unplug()
        lab.wait_for("offline", lambda: bus.report()["state"] == "offline")
        bus.chip.plug()
        lab.wait_for("up", lambda: bus.report()["state"] == "up")
        bus.until("begun", True)
        assert bus.chip.value(2)
        bus.until("low", True)
        assert not bus.chip.value(3)


def test_totals_outlive_the_program():
    with Bus(8, ["n: {line: 1, count: rising, per: 10, unit: L}", "pos: {quadrature: [4, 5]}"]) as bus:
        bus.chip.edges(50, 500, 1)
        bus.chip.edges(7, 1000, 4, 5)
        bus.until("n", 2.5)
        bus.until("pos", 7)
        bus.daemon.stop()
        # Nobody counts these.
        bus.chip.edges(10, 500, 1)
        bus.daemon.start().ready()
        bus.until("n", 2.5)
        bus.until("pos", 7)
        bus.chip.edges(10, 500, 1)
        bus.until("n", 3)


def test_measured_lines():
    with Bus(8, ["hz: {line: 1, measure: frequency, over: 10s}", "ms: {line: 2, measure: width, unit: ms}",
                 "flow: {line: 3, count: rising, per: 50, unit: L, rate: {unit: L/min, over: 10s}}",
                 "pos: {quadrature: [4, 5]}"]) as bus:
        # A hundred a second, or fewer on a machine that has no time for it.
        rising = bus.chip.edging(1000000, 5000, 1)
        lab.wait_for("the frequency", lambda: 5 < (bus.value("hz") or 0) < 150)
        rising.kill()
        rising.wait()
        bus.chip.edges(2, 500000, 2)
        lab.wait_for("the width", lambda: (bus.value("ms") or 0) > 100)
        bus.chip.edges(200, 1000, 3)
        bus.until("flow", 2)
        assert bus.value("flow.rate") > 0
        bus.chip.edges(40, 1000, 4, 5)
        bus.until("pos", 40)
        assert bus.counter("edges_lost") == 0


def test_an_edge_is_few_system_calls_from_its_webhook():
    rules = "rules:\n  bell: {'on': rises(d.bell), do: [{webhook: ops}]}\n"
    with Bus(8, ["bell: {line: 1, edge: rising}"], rules=rules, bus=", poll: 1h") as bus:
        trace = edge_trace.Trace(bus.daemon)
        for i in range(12):
            bus.chip.edges(2, 1000, 1)
            lab.wait_for("the webhook", lambda: len(bus.sink.of("bell")) == i + 1)
            # Its answer as well, so that the connection is free again.
            lab.wait_for("delivered", lambda: bus.daemon.metric("gauged_webhook_waiting") == 0)
            time.sleep(0.1)
        counts = trace.counts()
        print("  system calls from an edge to its request: %s" % counts)
        assert len(counts) >= 6, counts
        # The median: a timer of the loop may come in between.
        assert counts[len(counts) // 2] <= 6, counts


def main():
    if not os.path.isdir(gpio_sim.CONFIG):
        lab.skip("no gpio-sim here; 'make check-kernel' runs this in a kernel that has it")
    names = sys.argv[1:]
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    lab.run(*[test for test in tests if not names or test.__name__ in names])


main()
