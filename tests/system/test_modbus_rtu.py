#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gauged as the master of a serial line: against the slaves of gauge-sim and of pymodbus, on real
pseudo-terminals, with what goes wrong on RS-485."""
import atexit
import os
import pty
import shutil
import socket
import subprocess
import sys
import tempfile
import termios
import time
import tty

import lab

sys.dont_write_bytecode = True
from simulation import Simulation  # noqa: E402

if shutil.which("socat") is None:
    lab.skip("socat is not installed")

# The slaves of gauge-sim: src/sim/cellar.h.
CELLAR = """
devices:
  boiler: {bus: line, unit: 1, poll: 100ms, points: {
    supply: {input: 4, type: float32, unit: degC}, power: {input: 0, type: float32},
    name: {holding: 100, type: string(8)}}}
  tank: {bus: line, unit: 2, poll: 100ms, order: CDAB, points: {
    supply: {holding: 4, type: float32, unit: degC}, name: {input: 100, type: string(8)}}}
  drive: {bus: line, unit: 3, poll: 100ms, points: {
    run: {coil: 0, write: true}, speed: {holding: 1, type: int16, scale: 0.1, unit: "%", write: true},
    status: {holding: 10, bits: {ready: 0, runs: 1, fault: 3}}}}
  mains: {bus: line, unit: 4, poll: 100ms, points: {
    hertz: {input: 14, type: float32}, energy: {input: 16, type: uint64}}}
  room: {bus: line, unit: 5, poll: 100ms, points: {
    wanted: {holding: 1, type: int16, scale: 0.1, write: true},
    second: {holding: 4, type: int16, invalid: [0x8000]}, clock: {holding: 5, type: bcd16}}}
  relays: {bus: line, unit: 7, poll: 100ms, points: {
    lamp: {coil: 2, write: true}, lamp_on: {discrete: 2}}}
  plain: {bus: line, unit: 8, poll: 50ms, points: {
    requests: {holding: 0}, two: {holding: 2}, forty: {holding: 40}, last: {input: 255}}}
"""

# Whatever is wrong on the line, no value may ever be another one's. Of the same length, so that
# a late answer to one of them looks like one to the other.
TRAP = """
devices:
  plain: {{bus: line, unit: 8, poll: 20ms, max_hole: 0, timeout: 150ms{device}, points: {{
    two: {{holding: 2}}, forty: {{holding: 40}}, eighty: {{holding: 80}}}}}}
  other: {{bus: line, unit: 9, poll: 20ms, max_hole: 0, timeout: 150ms, points: {{
    three: {{holding: 3}}, thirty: {{holding: 30}}}}}}
rules:
  wrong:
    when: plain.two != 2 or plain.forty != 40 or plain.eighty != 80 or other.three != 3 or other.thirty != 30
    on_fire: [{{log: true}}]
"""


class Line:
    """gauge-sim's slaves on a line, and gauged as its master."""

    def __init__(self, config, *options, bus="baud: 9600, parity: none, stop_bits: 1"):
        self.dir = tempfile.mkdtemp(prefix="gauged-line.")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.path = os.path.join(self.dir, "port")
        self.sim = Simulation("--rtu", self.path, *options)
        atexit.register(self.sim.process.kill)
        self.daemon = lab.Gauged("buses: {line: {modbus: 'rtu://%s', %s}}\n%s"
                                 % (self.path, bus, config))

    def start(self):
        self.daemon.start().ready()
        return self

    def point(self, name):
        return self.daemon.get("/v1/points/" + name)

    def value(self, name):
        point = self.point(name)
        return point["value"] if point["quality"] == "good" else None

    def until(self, name, expected):
        lab.wait_for("%s is %s" % (name, expected), lambda: self.value(name) == expected)

    def bus(self):
        return self.daemon.get("/v1/buses")["buses"][0]

    def device(self, name):
        return next(d for d in self.daemon.get("/v1/devices")["devices"] if d["name"] == name)

    def write(self, name, value):
        return self.daemon.ask("POST", "/v1/points/" + name, {"value": value})

    def answers(self, device):
        return self.device(device)["counters"]["answers"]

    def goes_on(self, *devices, polls=10):
        """The devices are read, so often each."""
        before = {device: self.answers(device) for device in devices}
        for device in devices:
            lab.wait_for("%s is read" % device,
                         lambda: self.answers(device) >= before[device] + polls)

    def never_wrong(self):
        rule = self.daemon.get("/v1/rules/wrong")
        assert rule["fired"] == 0, rule

    def stop(self):
        self.daemon.stop()
        code, output = self.sim.stop()
        assert code == 0, output


def test_values_of_a_line_are_right():
    line = Line(CELLAR).start()
    line.until("plain.two", 2)
    line.until("plain.forty", 40)
    line.until("plain.last", 255)
    line.until("boiler.name", "heat meter 1")
    line.until("tank.name", "heat meter 2")
    lab.wait_for("the mains", lambda: line.value("mains.hertz"))
    assert 49.9 < line.value("mains.hertz") < 50.1, line.value("mains.hertz")
    line.until("drive.status.ready", True)
    line.until("drive.status.fault", False)
    lab.wait_for("both supplies", lambda: line.value("boiler.supply") and line.value("tank.supply"))
    boiler, tank = line.value("boiler.supply"), line.value("tank.supply")
    assert 30 < boiler < 100 and abs(boiler - tank) < 5, (boiler, tank)
    lab.wait_for("the clock", lambda: line.value("room.clock") is not None)
    clock = line.value("room.clock")
    assert 0 <= clock < 2400 and clock % 100 < 60, clock
    second = line.point("room.second")
    assert second["quality"] == "bad" and second["value"] is None, second
    status = line.sim.status()
    assert status["rtu_bad"] == 0 and status["rtu_overlaps"] == 0, status
    line.stop()


def test_writes_reach_the_units():
    line = Line(CELLAR).start()
    line.until("relays.lamp_on", False)
    status, content = line.write("relays.lamp", True)
    assert status == 200, (status, content)
    line.until("relays.lamp_on", True)
    line.until("relays.lamp", True)
    status, content = line.write("drive.speed", 55.5)
    assert status == 200, (status, content)
    line.until("drive.speed", 55.5)
    assert line.write("drive.run", True)[0] == 200
    line.until("drive.status.runs", True)
    line.stop()


def test_it_keeps_the_silences_of_the_standard():
    """3.5 characters before each request at 1200 baud are 32 ms; the slaves measure them."""
    line = Line(CELLAR, "--baud", "1200", "--turnaround", "5",
                bus="baud: 1200, parity: even, timeout: 2s").start()
    line.until("plain.two", 2)
    line.until("plain.last", 255)
    line.goes_on("plain", polls=5)
    status = line.sim.status()
    assert status["rtu_overlaps"] == 0 and status["rtu_bad"] == 0, status
    assert status["rtu_misheard"] == 0, status
    assert status["rtu_gap_min_us"] >= 32000, status
    line.stop()


def test_a_line_of_another_rate_is_not_understood():
    line = Line(CELLAR, "--baud", "19200", bus="baud: 14400, timeout: 100ms").start()
    lab.wait_for("requests that nobody understands",
                 lambda: line.sim.status()["rtu_misheard"] >= 3)
    lab.wait_for("no answer", lambda: line.point("plain.two")["reason"] in ("timeout", "offline"))
    assert line.point("plain.two")["value"] is None, line.point("plain.two")
    line.stop()


PYMODBUS = """
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer
from pymodbus.transaction import ModbusRtuFramer


def block(of):
    return ModbusSequentialDataBlock(0, [of(i) for i in range(200)])


units = {unit: ModbusSlaveContext(
    di=block(lambda i: i % 2 == 1), co=block(lambda i: i % 3 == 0), zero_mode=True,
    hr=block(lambda i, unit=unit: 1000 * unit + i), ir=block(lambda i, unit=unit: 2000 * unit + i))
    for unit in (1, 2)}
# No parity: pyserial can't set it on a pseudo-terminal.
StartSerialServer(context=ModbusServerContext(slaves=units, single=False), framer=ModbusRtuFramer,
                  port=sys.argv[1], baudrate=19200, parity="N", timeout=0.005)
"""


def test_pymodbus_is_read_and_written():
    try:
        import pymodbus.server  # noqa: F401
        import serial_asyncio  # noqa: F401
    except ImportError as error:
        print("without pymodbus: %s" % error)
        return
    folder = tempfile.mkdtemp(prefix="gauged-line.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ours, theirs = os.path.join(folder, "ours"), os.path.join(folder, "theirs")
    wire = subprocess.Popen(["socat", "pty,raw,echo=0,link=" + ours,
                             "pty,raw,echo=0,link=" + theirs], stderr=subprocess.DEVNULL)
    atexit.register(wire.kill)
    lab.wait_for("the wire", lambda: os.path.exists(ours) and os.path.exists(theirs))
    server = subprocess.Popen([sys.executable, "-c", PYMODBUS, theirs])
    atexit.register(server.kill)
    daemon = lab.Gauged("""
buses: {line: {modbus: "rtu://%s"}}
devices:
  a: {bus: line, unit: 1, poll: 100ms, points: {h: {holding: 5, write: true}, i: {input: 120},
      c: {coil: 3, write: true}, d: {discrete: 4}, long: {holding: 10, type: uint32}}}
  b: {bus: line, unit: 2, poll: 100ms, points: {h: {holding: 5}, i: {input: 0}}}
  gone: {bus: line, unit: 7, poll: 100ms, timeout: 100ms, points: {h: {holding: 5}}}
""" % ours).start().ready()

    def until(name, value):
        lab.wait_for("%s is %s" % (name, value),
                     lambda: daemon.get("/v1/points/" + name)["value"] == value)

    until("a.h", 1005)
    until("a.i", 2120)
    until("a.c", True)
    until("a.d", False)
    until("a.long", 1010 << 16 | 1011)
    until("b.h", 2005)
    until("b.i", 4000)
    assert daemon.ask("POST", "/v1/points/a.h", {"value": 4711})[0] == 200
    assert daemon.ask("POST", "/v1/points/a.c", {"value": False})[0] == 200
    until("a.h", 4711)
    until("a.c", False)
    lab.wait_for("nobody answers", lambda: daemon.get("/v1/points/gone.h")["quality"] == "bad")
    assert daemon.get("/v1/points/gone.h")["value"] is None
    daemon.stop()
    for process in (server, wire):
        process.kill()
        process.wait()


def test_a_serial_server_passes_rtu_on():
    """rtu+tcp: the bytes of the line through TCP, as a serial server of that mode does."""
    line = Line(CELLAR)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(["socat", "TCP-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork" % port,
                               line.path + ",raw,echo=0"], stderr=subprocess.DEVNULL)
    atexit.register(server.kill)
    line.daemon.write("buses: {line: {modbus: 'rtu+tcp://127.0.0.1:%d', timeout: 200ms, reconnect_max: 1s}}\n%s"
                      % (port, CELLAR))
    line.start()
    line.until("plain.two", 2)
    line.until("boiler.name", "heat meter 1")
    # A unit that is silent for a while ends nothing for good.
    line.sim.do("fault rtu 8 silent next 3")
    line.goes_on("plain", "boiler")
    assert line.write("relays.lamp", True)[0] == 200
    line.until("relays.lamp_on", True)
    line.daemon.stop()
    server.kill()
    server.wait()
    assert line.sim.stop()[0] == 0


def test_fault_A1_A2_pulled_and_plugged_it_is_found_by_its_path():
    line = Line(CELLAR, bus="baud: 9600, reconnect_max: 1s").start()
    line.until("plain.two", 2)
    line.sim.do("cable rtu pull")
    lab.wait_for("the bus is down", lambda: line.bus()["state"] != "up")
    lab.wait_for("its values are bad", lambda: line.point("plain.two")["quality"] != "good")
    lab.wait_for("why", lambda: "is not there" in line.bus()["detail"])
    line.sim.do("cable rtu plug")
    line.until("plain.two", 2)
    line.goes_on("plain", "boiler")
    line.stop()


HOLDER = """
import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(1000)
"""


def test_fault_A10_who_holds_the_port_is_named():
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    atexit.register(holder.kill)
    assert holder.stdout.readline() == b"held\n"
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    before = termios.tcgetattr(fd)
    os.close(fd)
    daemon = lab.Gauged("""
buses: {line: {modbus: "rtu://%s", baud: 1200, parity: odd, reconnect_max: 500ms}}
devices: {a: {bus: line, unit: 1, poll: 100ms, points: {x: {holding: 0}}}}
""" % path).start().ready()

    def detail():
        return daemon.get("/v1/buses")["buses"][0]["detail"]

    lab.wait_for("the holder's name", lambda: "(process %d)" % holder.pid in detail())
    assert "is in use by python3" in detail(), detail()
    assert "(process %d)" % holder.pid in daemon.ctl("buses").stdout
    # It did not touch what somebody else has set up, and sent nothing.
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    assert termios.tcgetattr(fd) == before, "the settings were changed"
    os.close(fd)
    os.set_blocking(master, False)
    try:
        assert os.read(master, 100) == b""
    except BlockingIOError:
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    lab.wait_for("a request on the line", lambda: readable(master))
    daemon.stop()
    os.close(master)


def readable(fd):
    try:
        return os.read(fd, 256)
    except OSError:
        return b""


def test_fault_B4_noise_and_broken_frames_are_never_values():
    line = Line(TRAP.format(device=", offline_after: 100"), "--units", "9",
                bus="baud: 19200, parity: even, timeout: 150ms").start()
    line.goes_on("plain", "other")
    for fault in ("crc chance 40", "crc-swapped chance 40", "garbage chance 40",
                  "garbage-before 3 chance 60", "garbage-after 5 chance 60",
                  "false-start 2 chance 60", "cut-short 2 chance 40", "trailing 2 chance 40",
                  "duplicate chance 60", "split 3 chance 60", "dribble 1 chance 60",
                  "byte-count 4 chance 40", "payload 4 chance 40", "from 9 chance 40",
                  "function 4 chance 40", "reflect chance 40",
                  "early chance 60", "exception-length 3 chance 40"):
        line.sim.do("fault rtu 8 " + fault)
        line.goes_on("plain", polls=4)
        line.sim.do("fault rtu 8 ok")
        line.goes_on("plain", "other", polls=4)
        line.never_wrong()
    # An answer that comes again by itself, while the same is asked of another register, can't be
    # told from that one's: a frame has neither number nor address. So "unsolicited" is left out.
    line.sim.do("cable rtu noise")
    time.sleep(1)
    line.sim.do("cable rtu quiet")
    line.goes_on("plain", "other")
    line.never_wrong()
    line.stop()


def test_fault_B4_an_echo_is_never_an_answer():
    for option in ("echo: true", "echo: false"):
        line = Line(TRAP.format(device=""), "--units", "9",
                    bus="baud: 19200, timeout: 150ms, " + option)
        line.sim.do("fault rtu echo")
        line.start()
        # Told of the echo or not: a read's answer is not to be taken for it.
        line.goes_on("plain", "other")
        line.never_wrong()
        line.stop()


def test_fault_B1_a_late_answer_is_never_the_next_ones():
    line = Line(TRAP.format(device=", offline_after: 100"), "--units", "9",
                bus="baud: 19200, timeout: 150ms").start()
    line.goes_on("plain", "other")
    for late_ms, chance in ((160, 50), (200, 50), (250, 50), (300, 30), (400, 20), (700, 10), (1500, 5)):
        line.sim.do("fault rtu 8 slow %d chance %d" % (late_ms, chance))
        line.goes_on("plain", "other", polls=5)
        line.sim.do("fault rtu 8 ok")
        line.never_wrong()
    line.goes_on("plain", "other")
    line.never_wrong()
    line.stop()


def test_fault_B5_exceptions_concern_the_unit_that_gives_them():
    line = Line(CELLAR).start()
    line.until("plain.two", 2)
    for code in (1, 2, 3, 4):
        line.sim.do("fault rtu 8 exception %d" % code)
        lab.wait_for("exception %d" % code,
                     lambda: line.point("plain.two")["quality"] != "good")
        line.goes_on("boiler", "tank", "drive", "mains", "relays")
        line.sim.do("fault rtu 8 ok")
        line.until("plain.two", 2)
    line.stop()


def test_fault_B6_a_busy_unit_holds_nobody_up():
    line = Line(CELLAR, bus="baud: 9600, timeout: 200ms").start()
    line.until("plain.two", 2)
    for code in (5, 6, 10, 11):
        line.sim.do("fault rtu 8 exception %d" % code)
        line.goes_on("boiler", "tank", "drive", "mains", "relays", polls=5)
        line.sim.do("fault rtu 8 ok")
        line.until("plain.two", 2)
    line.stop()


def test_fault_B10_a_dribble_does_not_move_the_deadline():
    line = Line(CELLAR, bus="baud: 9600, timeout: 200ms, idle: 900ms").start()
    line.until("plain.two", 2)
    line.sim.do("fault rtu 8 dribble 100")
    lab.wait_for("it is given up", lambda: line.point("plain.two")["quality"] != "good")
    line.goes_on("boiler", "tank", polls=3)
    line.sim.do("fault rtu 8 ok")
    line.until("plain.two", 2)
    line.stop()


def units(count, poll):
    return "devices:\n" + "".join(
        "  u%d: {bus: line, unit: %d, poll: %s, points: {self: {holding: 1}}}\n" % (i, i, poll)
        for i in range(8, 8 + count))


def share(line, names, seconds):
    """Of the polls that were due, those that brought values; at most 1."""
    def counts():
        counters = [line.device(name)["counters"] for name in names]
        due = sum(c["polls"] + c["missed_polls"] for c in counters)
        return due, sum(c["answers"] for c in counters)

    due, good = counts()
    time.sleep(seconds)
    now, better = counts()
    return (better - good) / (now - due)


def test_fault_B11_two_silent_of_eight_cost_the_others_little():
    line = Line(units(8, "200ms"), "--units", "15", "--baud", "19200", "--turnaround", "4",
                bus="baud: 19200, timeout: 150ms").start()
    healthy = ["u%d" % i for i in range(8, 14)]
    for i in range(8, 16):
        line.until("u%d.self" % i, i)
    alive = share(line, healthy, 4)
    for i in (14, 15):
        line.sim.do("fault rtu %d silent" % i)
        lab.wait_for("u%d is offline" % i, lambda: line.device("u%d" % i)["state"] == "offline")
    with_dead = share(line, healthy, 4)
    assert with_dead >= 0.9 * alive, (with_dead, alive)
    for i in (14, 15):
        assert line.point("u%d.self" % i)["quality"] != "good"
        line.sim.do("fault rtu %d ok" % i)
    for i in (14, 15):
        line.until("u%d.self" % i, i)
    line.stop()


def test_fault_B13_what_may_not_be_written_is_not():
    line = Line(CELLAR).start()
    line.until("plain.two", 2)
    assert line.write("plain.two", 5)[0] >= 400
    assert line.write("room.wanted", 1e9)[0] >= 400
    line.goes_on("plain")
    line.until("plain.two", 2)
    assert line.sim.status()["rtu_writes"] == 0, line.sim.status()
    assert line.write("room.wanted", 21.5)[0] == 200
    assert line.sim.status()["rtu_writes"] == 1, line.sim.status()
    line.stop()


def test_fault_B14_a_write_without_an_answer_is_unknown_and_sent_once():
    line = Line("""
devices:
  relays: {bus: line, unit: 7, poll: 1h, points: {lamp: {coil: 2, write: true}}}
""", bus="baud: 9600, timeout: 150ms").start()
    line.until("relays.lamp", False)
    before = line.sim.status()["rtu_requests_7"]
    line.sim.do("fault rtu 7 crc next 1")
    status, content = line.write("relays.lamp", True)
    assert status == 504 and "it is not known whether" in content["detail"], (status, content)
    # Read back at once: it was carried out, and what happened is seen.
    line.until("relays.lamp", True)
    asked = line.sim.status()["rtu_requests_7"] - before
    assert 2 <= asked <= 3, "the write, a probe, and its reading back: %d" % asked
    line.stop()


if __name__ == "__main__":
    lab.run(*[test for name, test in sorted(globals().items()) if name.startswith("test_")])
