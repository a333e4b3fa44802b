#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Other masters beside gauged: mbpoll and pymodbus read what it reads, from a device that takes
one master only, and may not write."""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402
from simulation import Simulation  # noqa: E402

CONFIG = """
buses:
  plc:
    modbus: "tcp://127.0.0.1:{plant}"
    timeout: 300ms
    reconnect_max: 1s
    serve: {{listen: 127.0.0.1:{port}{options}}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 20ms
    points:
      temp: {{holding: 100, type: int16, scale: 0.1, unit: degC}}
      flow: {{holding: 104, type: float32}}
      level: {{input: 100}}
      burner: {{coil: 7, write: true}}
      door: {{discrete: 9}}
  pump: {{bus: plc, unit: 2, poll: 20ms, points: {{speed: {{holding: 100}}}}}}
{more}
"""


def make(plant, options="", more="", port=0):
    return CONFIG.format(plant=plant.port, options=options, more=more, port=port)


def bus(daemon):
    return daemon.get("/v1/buses")["buses"][0]


def serving(daemon):
    """The port, once it listens."""
    def up():
        serve = bus(daemon)["serve"]
        return serve["listen"] if serve["state"] == "up" else None
    return int(lab.wait_for("the listener", up).rsplit(":", 1)[1])


def start(options="", more=""):
    plant = lab.Plant()
    for i in range(6):
        plant.set(1, 100 + i, 700 + i)
    plant.set(2, 100, 1450)
    plant.coils[1, 7] = plant.coils[1, 9] = True
    daemon = lab.Gauged(make(plant, options, more)).start().ready()
    port = serving(daemon)
    lab.wait_for("everything was read", lambda: all(
        point["quality"] == "good" for point in daemon.get("/v1/points")["points"]))
    return plant, daemon, port


def count(daemon, name):
    return bus(daemon)["counters"]["serve_" + name]


class Master:
    """A client with a socket of its own, for what the real ones would not do."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=lab.PATIENCE)
        self.id = 0

    def exactly(self, length):
        got = b""
        while len(got) < length:
            piece = self.socket.recv(length - len(got))
            if not piece:
                raise ConnectionError("closed")
            got += piece
        return got

    def send(self, unit, pdu):
        self.id += 1
        self.socket.sendall(struct.pack(">HHHB", self.id, 0, len(pdu) + 1, unit) + pdu)

    def answer(self):
        ident, _, length, _ = struct.unpack(">HHHB", self.exactly(7))
        return ident, self.exactly(length - 1)

    def read(self, unit, function, address, words):
        """A list of registers, or the number of the exception."""
        self.send(unit, struct.pack(">BHH", function, address, words))
        ident, pdu = self.answer()
        assert ident == self.id, (ident, self.id)
        if pdu[0] & 0x80:
            return pdu[1]
        return list(struct.unpack(">%dH" % words, pdu[2:]))


    def coil(self, unit, address):
        """0, 1, or the number of the exception."""
        self.send(unit, struct.pack(">BHH", 1, address, 1))
        _, pdu = self.answer()
        return pdu[1] if pdu[0] & 0x80 else pdu[2]


def mbpoll(port, *arguments):
    return subprocess.run(["mbpoll", "-m", "tcp", "-p", str(port), "-0", "-1", *arguments, "127.0.0.1"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=lab.PATIENCE)


def mbpoll_values(result):
    return [int(value) for value in re.findall(r"^\[\d+\]:\s+(\d+)", result.stdout, flags=re.M)]


def test_mbpoll_reads_and_may_not_write():
    if shutil.which("mbpoll") is None:
        print("     mbpoll is not installed here: left out")
        return
    plant, daemon, port = start()
    result = mbpoll(port, "-a", "1", "-t", "4", "-r", "100", "-c", "6")
    assert mbpoll_values(result) == [700, 701, 702, 703, 704, 705], result
    assert mbpoll_values(mbpoll(port, "-a", "1", "-t", "3", "-r", "100")) == [700], "input register"
    assert mbpoll_values(mbpoll(port, "-a", "1", "-t", "0", "-r", "7")) == [1], "coil"
    assert mbpoll_values(mbpoll(port, "-a", "1", "-t", "1", "-r", "9")) == [1], "discrete input"
    assert mbpoll_values(mbpoll(port, "-a", "2", "-t", "4", "-r", "100")) == [1450], "second unit"
    result = mbpoll(port, "-a", "1", "-t", "4", "-r", "99")
    assert "Illegal data address" in result.stderr, result
    result = mbpoll(port, "-a", "3", "-t", "4", "-r", "100")
    assert "path unavailable" in result.stderr, result
    result = subprocess.run(["mbpoll", "-m", "tcp", "-p", str(port), "-0", "-a", "1", "-t", "4", "-r", "100",
                             "127.0.0.1", "5"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=lab.PATIENCE)
    assert "Illegal function" in result.stderr, result
    assert not plant.writes, plant.writes
    daemon.stop()


def test_pymodbus_reads_and_may_not_write():
    try:
        from pymodbus.client import ModbusTcpClient
    except ImportError:
        try:
            from pymodbus.client.sync import ModbusTcpClient
        except ImportError:
            print("     pymodbus is not installed here: left out")
            return
    plant, daemon, port = start()
    client = ModbusTcpClient("127.0.0.1", port=port)
    assert client.connect()
    for _ in range(50):
        assert client.read_holding_registers(100, 6, 1).registers == [700, 701, 702, 703, 704, 705]
    assert client.read_input_registers(100, 1, 1).registers == [700]
    assert client.read_coils(7, 1, 1).bits[0] is True
    assert client.read_discrete_inputs(9, 1, 1).bits[0] is True
    for answer, exception in ((client.write_register(100, 1, 1), 1), (client.write_coil(7, False, 1), 1),
                              (client.write_registers(100, [1, 2], 1), 1),
                              (client.read_holding_registers(100, 7, 1), 2),
                              (client.read_holding_registers(100, 1, 77), 10)):
        assert answer.isError() and answer.exception_code == exception, (answer, exception)
    client.close()
    assert not plant.writes, plant.writes
    assert plant.connections == 1, "the device has one master"
    daemon.stop()


def test_clients_cost_the_device_nothing():
    plant, daemon, port = start()
    masters = [Master(port) for _ in range(4)]
    before = plant.requests, bus(daemon)["counters"]["polls"]
    for _ in range(500):
        for master in masters:
            assert master.read(1, 3, 100, 6) == [700, 701, 702, 703, 704, 705]
    asked = plant.requests - before[0]
    # One request may have been under way.
    assert asked <= bus(daemon)["counters"]["polls"] - before[1] + 1, asked
    assert count(daemon, "requests") == 2000
    assert daemon.metric("gauged_bus_serve_requests_total") == 2000
    assert daemon.metric("gauged_bus_serve_clients") == 4
    assert daemon.metric("gauged_bus_serve_up") == 1
    shown = daemon.ctl("buses").stdout
    assert re.search(r"serve 127\.0\.0\.1:%d\s+up\s+4 of 8 clients" % port, shown), shown
    daemon.stop()


def test_old_numbers_are_never_given():
    plant, daemon, port = start()
    master = Master(port)
    plant.silent = True
    lab.wait_for("exception 11", lambda: master.read(1, 3, 100, 1) == 11)
    # What the device says now has nothing to do with what it said then.
    plant.set(1, 100, 42)
    for _ in range(20):
        assert master.read(1, 3, 100, 1) == 11
    plant.silent = False
    assert lab.wait_for("a value", lambda: isinstance(got := master.read(1, 3, 100, 1), list) and got) == [42]
    daemon.stop()


def test_a_flood_does_not_hold_up_the_polls():
    plant, daemon, port = start()
    masters = [Master(port) for _ in range(8)]
    request = b"".join(struct.pack(">HHHBBHH", i, 0, 6, 1, 3, 100, 6) for i in range(500))
    for master in masters:
        master.socket.setblocking(False)
        master.rest = b""
    before = bus(daemon)["counters"]
    begin = time.monotonic()
    answered = 0
    while time.monotonic() - begin < 3:
        for master in masters:
            try:
                master.rest = master.rest or request
                master.rest = master.rest[master.socket.send(master.rest):]
            except BlockingIOError:
                pass
            try:
                answered += len(master.socket.recv(1 << 16))
            except BlockingIOError:
                pass
    after = bus(daemon)["counters"]
    took = time.monotonic() - begin
    polls, missed = (after[name] - before[name] for name in ("polls", "missed_polls"))
    print("     %.0f answers/s to 8 clients, %.1f polls/s of 250, %d missed"
          % (answered / 21 / took, polls / took, missed))
    assert answered / 21 > polls, "it was no flood"
    # Five blocks each 20 ms. Who serves a client until it has nothing more to ask comes to none;
    # the bound is wide, because machines are shared.
    assert polls > 0.1 * 250 * took, (polls, took)
    daemon.stop()


def test_too_many_clients_and_strangers_are_closed():
    plant, daemon, port = start(", clients: 2")
    first, second = Master(port), Master(port)
    assert first.read(1, 3, 100, 1) == [700] and second.read(1, 3, 100, 1) == [700]
    third = Master(port)
    try:
        third.read(1, 3, 100, 1)
        raise AssertionError("a third client was taken")
    except ConnectionError:
        pass
    assert count(daemon, "clients_refused") == 1
    assert first.read(1, 3, 100, 1) == [700] and second.read(1, 3, 100, 1) == [700]
    assert "no place for 127.0.0.1" in daemon.log()
    daemon.write(make(plant, ", allow: [192.0.2.7, 10.0.0.0/8]"))
    assert daemon.ctl("reload").returncode == 0
    port = serving(daemon)
    try:
        Master(port).read(1, 3, 100, 1)
        raise AssertionError("a stranger was let in")
    except ConnectionError:
        pass
    assert count(daemon, "clients_forbidden") == 1
    assert "may not read from 127.0.0.1" in daemon.log()
    daemon.stop()


def test_a_reload_keeps_clients_of_an_unchanged_bus():
    plant, daemon, port = start()
    master = Master(port)
    assert master.read(1, 3, 100, 1) == [700]
    daemon.write(make(plant, more="rules: {hot: {when: boiler.temp > 900 degC}}"))
    result = daemon.ctl("reload")
    assert result.returncode == 0, result
    assert master.read(1, 3, 100, 1) == [700]
    assert serving(daemon) == port and count(daemon, "clients") == 1
    # A change of the bus closes them, and the same port is there again at once.
    daemon.write(make(plant, ", clients: 3", port=port))
    assert daemon.ctl("reload").returncode == 0
    assert serving(daemon) == port
    try:
        master.read(1, 3, 100, 1)
        raise AssertionError("the old connection still answers")
    except ConnectionError:
        pass
    daemon.write(make(plant, ", clients: 4", port=port))
    assert daemon.ctl("reload").returncode == 0
    assert serving(daemon) == port
    assert count(daemon, "listens_failed") == 0, "the old listener left the port in time"
    again = Master(port)
    lab.wait_for("the value", lambda: again.read(1, 3, 100, 1) == [700])
    # A configuration with a mistake changes nothing.
    daemon.write(make(plant, ", clients: 0", port=port))
    assert daemon.ctl("reload").returncode != 0
    assert again.read(1, 3, 100, 1) == [700]
    daemon.stop()


def test_a_port_that_is_taken_ends_nothing():
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    plant = lab.Plant()
    plant.set(1, 100, 700)
    daemon = lab.Gauged(make(plant, port=port)).start().ready()
    lab.wait_for("it is told", lambda: bus(daemon)["serve"]["state"] == "backoff")
    lab.wait_for("the device is read", lambda: daemon.get("/v1/points/boiler.temp")["quality"] == "good")
    assert "cannot listen on 127.0.0.1:%d: Address already in use" % port in daemon.log()
    health = daemon.ctl("health")
    assert health.returncode == 1 and "serve" in health.stdout + health.stderr, health
    assert daemon.metric("gauged_bus_serve_up") == 0
    taken.close()
    assert serving(daemon) == port
    master = Master(port)
    assert master.read(1, 3, 100, 1) == [700]
    assert "listening on 127.0.0.1:%d at last" % port in daemon.log()
    daemon.stop()


LINE = """
buses:
  line:
    modbus: rtu://{tty}
    baud: 9600
    parity: none
    timeout: 200ms
    serve: {{listen: 127.0.0.1:0}}
devices:
  plain: {{bus: line, unit: 8, poll: 100ms, points: {{a: {{holding: 40}}, b: {{holding: 44}}}}}}
  relays: {{bus: line, unit: 7, poll: 100ms, points: {{first: {{coil: 0}}}}}}
"""


def test_a_serial_line_gets_a_second_master():
    with tempfile.TemporaryDirectory(prefix="gauge-sim-serve.") as room:
        tty = os.path.join(room, "tty")
        sim = Simulation("--rtu", tty)
        daemon = lab.Gauged(LINE.format(tty=tty)).start().ready()
        master = Master(serving(daemon))
        numbers = [40, 41, 42, 43, 44]
        lab.wait_for("the line is read", lambda: master.read(8, 3, 40, 5) == numbers)
        lab.wait_for("all of it", lambda: master.coil(7, 0) == 0)
        sim.do("fault rtu 8 silent")
        lab.wait_for("the unit is silent", lambda: master.read(8, 3, 40, 5) == 11)
        # Its neighbour is asked less often for a while, and never takes its place.
        lab.wait_for("the neighbour answers", lambda: master.coil(7, 0) == 0)
        assert master.read(8, 3, 40, 5) == 11
        sim.do("fault rtu 8 ok")
        lab.wait_for("the unit is back", lambda: master.read(8, 3, 40, 5) == numbers)
        sim.do("cable rtu pull")
        lab.wait_for("the adapter is gone", lambda: (master.read(8, 3, 40, 5), master.coil(7, 0)) == (11, 11))
        sim.do("cable rtu plug")
        lab.wait_for("all is back", lambda: (master.read(8, 3, 40, 5), master.coil(7, 0)) == (numbers, 0))
        assert sim.status()["rtu_writes"] == 0
        daemon.stop()
        code, _ = sim.stop()
        assert code == 0


lab.run(test_mbpoll_reads_and_may_not_write, test_pymodbus_reads_and_may_not_write,
        test_clients_cost_the_device_nothing, test_old_numbers_are_never_given,
        test_a_flood_does_not_hold_up_the_polls, test_too_many_clients_and_strangers_are_closed,
        test_a_reload_keeps_clients_of_an_unchanged_bus, test_a_port_that_is_taken_ends_nothing,
        test_a_serial_line_gets_a_second_master)
