#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gauge-sim against clients that are not ours: pymodbus, a tty, http.client, its own --send."""

import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

try:
    from pymodbus.client import ModbusTcpClient
except ImportError:
    print("SKIP: python3-pymodbus is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from simulation import LONG, SIM, Case, Simulation, wait_for  # noqa: E402


def client_of(sim):
    client = ModbusTcpClient("127.0.0.1", port=sim.port("modbus"), timeout=LONG, retries=0)
    assert client.connect()
    return client


def request(tid, unit, address=100, count=1):
    return struct.pack(">HHHBBHH", tid, 0, 6, unit, 3, address, count)


def receive(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            break
        data += part
    return data


class Plant(Case):
    options = ("--speed", "100", "--do", "plant thermostat stuck")

    def test_values_are_those_of_the_plant(self):
        client = client_of(self.sim)
        words = client.read_holding_registers(100, 2, slave=1).registers
        self.assertTrue(550 < words[0] < 1150, words)
        self.assertTrue(words[1] <= words[0])
        flow = client.read_input_registers(20, 2, slave=1).registers
        value = struct.unpack(">f", struct.pack(">HH", flow[1], flow[0]))[0]
        self.assertTrue(11 < value < 13, value)
        name = client.read_holding_registers(200, 8, slave=1).registers
        text = b"".join(struct.pack(">H", word) for word in name).rstrip(b"\0")
        self.assertEqual(text, b"boiler house 1")
        level, temp = client.read_holding_registers(0, 2, slave=2).registers
        self.assertTrue(500 < level < 1000 and 300 < temp < 1000)
        client.close()

    def test_the_coil_switches_the_burner_and_the_boiler_cools(self):
        client = client_of(self.sim)
        hot = wait_for(lambda: self.sim.status()["boiler"] > 75)
        self.assertTrue(hot)
        self.assertFalse(client.write_coil(7, False, slave=1).isError())
        self.assertFalse(client.read_coils(7, 1, slave=1).bits[0])
        before = self.sim.status()["boiler"]
        wait_for(lambda: self.sim.status()["boiler"] < before - 5)
        self.assertEqual(self.sim.status()["flame"], 0)
        self.assertFalse(client.write_coil(7, True, slave=1).isError())
        cold = self.sim.status()["boiler"]
        wait_for(lambda: self.sim.status()["boiler"] > cold + 5)
        self.assertEqual(self.sim.status()["burner_writes"], 2)
        client.close()

    def test_the_setpoint_is_written_and_read_back(self):
        client = client_of(self.sim)
        self.assertFalse(client.write_register(120, 555, slave=1).isError())
        self.assertEqual(client.read_holding_registers(120, 1, slave=1).registers, [555])
        self.assertEqual(self.sim.status()["setpoint"], 55.5)
        self.assertFalse(client.write_registers(120, [600], slave=1).isError())
        self.assertEqual(self.sim.status()["setpoint"], 60)
        client.close()

    def test_a_stuck_burner_ignores_the_coil(self):
        self.sim.do("plant burner-stuck on")
        client = client_of(self.sim)
        client.write_coil(7, False, slave=1)
        before = self.sim.status()["boiler"]
        wait_for(lambda: self.sim.status()["boiler"] > before + 2)
        client.close()

    def test_other_addresses_and_units_get_exceptions(self):
        client = client_of(self.sim)
        self.assertEqual(client.read_holding_registers(300, 1, slave=1).exception_code, 2)
        self.assertEqual(client.read_holding_registers(100, 1, slave=9).exception_code, 11)
        client.close()

    def test_a_write_that_lies_about_its_length_gets_exception_3(self):
        with self.sim.raw() as sock:
            pdu = struct.pack(">BHHBH", 16, 120, 1, 200, 0)
            sock.sendall(struct.pack(">HHHB", 7, 0, len(pdu) + 1, 1) + pdu)
            self.assertEqual(receive(sock, 9)[7:], bytes((0x90, 3)))
        self.assertEqual(self.sim.status()["setpoint"], 65)

    def test_what_is_no_modbus_ends_the_connection(self):
        with self.sim.raw() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(sock.recv(100), b"")


class Faults(Case):
    def test_a_silent_unit_says_nothing_and_its_neighbour_answers(self):
        self.sim.do("unit 1 silent")
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1) + request(2, 2, 0))
            self.assertEqual(receive(sock, 11)[:2], b"\0\2")
            self.assertEqual(self.sim.status()["requests_1"], 1)
            self.sim.do("unit 1 ok")
            sock.sendall(request(3, 1))
            self.assertEqual(receive(sock, 11)[:2], b"\0\3")

    def test_a_slow_unit_is_overtaken_by_its_neighbour(self):
        self.sim.do("unit 1 slow 400")
        start = time.monotonic()
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1) + request(2, 2, 0))
            answers = receive(sock, 22)
        self.assertEqual((answers[:2], answers[11:13]), (b"\0\2", b"\0\1"))
        self.assertGreaterEqual(time.monotonic() - start, 0.4)

    def test_a_dribbling_unit_sends_byte_after_byte(self):
        self.sim.do("unit 1 dribble 20")
        start = time.monotonic()
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1))
            self.assertEqual(receive(sock, 11)[:9], b"\0\1\0\0\0\5\1\3\2")
        self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_garbage_is_not_modbus(self):
        self.sim.do("unit 1 garbage")
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1))
            self.assertNotEqual(receive(sock, 11)[:9], b"\0\1\0\0\0\5\1\3\2")

    def test_an_exception_is_answered_with_its_code(self):
        self.sim.do("unit 1 exception 6")
        client = client_of(self.sim)
        self.assertEqual(client.read_holding_registers(100, 1, slave=1).exception_code, 6)
        self.assertFalse(client.read_holding_registers(0, 1, slave=2).isError())
        client.close()

    def test_a_cut_cable_is_silent_both_ways_and_answers_late(self):
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1))
            receive(sock, 11)
            self.sim.do("cable tcp cut")
            sock.sendall(request(2, 1))
            sock.settimeout(0.4)
            self.assertRaises(socket.timeout, sock.recv, 1)
            other = socket.socket()
            other.settimeout(0.4)
            self.assertRaises(socket.timeout, other.connect,
                              ("127.0.0.1", self.sim.port("modbus")))
            other.close()
            self.sim.do("cable tcp restore")
            sock.settimeout(LONG)
            self.assertEqual(receive(sock, 11)[:2], b"\0\2")
        client = client_of(self.sim)
        self.assertFalse(client.read_holding_registers(100, 1, slave=1).isError())
        client.close()

    def test_a_reset_ends_connections_and_new_ones_work(self):
        with self.sim.raw() as sock:
            sock.sendall(request(1, 1))
            receive(sock, 11)
            self.sim.do("cable tcp reset")
            self.assertRaises(ConnectionResetError, sock.recv, 1)
        client = client_of(self.sim)
        self.assertFalse(client.read_holding_registers(100, 1, slave=1).isError())
        client.close()

    def test_requests_beyond_the_room_for_answers_are_dropped_and_counted(self):
        self.sim.do("unit 1 slow 60000")
        with self.sim.raw() as sock:
            for tid in range(70):
                sock.sendall(request(tid, 1))
            wait_for(lambda: self.sim.status()["dropped"] == 6)

    def test_commands_that_make_no_sense_are_refused_with_a_hint(self):
        for command, hint in (("unit 1 slient", "did you mean 'silent'"),
                              ("unit 7 ok", "no unit 7"),
                              ("unit 1 slow", "needs a number"),
                              ("unit 1 slow 0", "needs a number"),
                              ("sink 200", "status 300..599"),
                              ("sink 500", "no sink here"),
                              ("mast silent", "no mast here"),
                              ("cable usb cut", "only tcp, gateway, rtu and mast"),
                              ("plant valve stuck", "burner-stuck or thermostat"),
                              ("unit 1", "usage: unit N"),
                              ("explode", "unknown command"),
                              ("", "empty")):
            code, answer = self.sim.send(command)
            self.assertEqual(code, 1, answer)
            self.assertTrue(answer.startswith("error: ") and hint in answer, answer)

    def test_commands_are_taken_from_standard_input_too(self):
        self.sim.process.stdin.write("unit 2 exception 4\n")
        self.sim.process.stdin.flush()
        client = client_of(self.sim)
        wait_for(lambda: client.read_holding_registers(0, 1, slave=2).isError())
        client.close()


class Mast(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="gauge-sim-mast.")
        self.path = os.path.join(self.dir.name, "mast")
        self.options = ("--mast", self.path)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.assertFalse(os.path.lexists(self.path))
        self.dir.cleanup()

    def read_line(self, fd):
        line = b""
        end = time.monotonic() + LONG
        while not line.endswith(b"\n") and time.monotonic() < end:
            line += os.read(fd, 1)
        return line

    def test_sentences_carry_the_wind_and_a_right_checksum(self):
        fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        for _ in range(5):
            line = self.read_line(fd)
            self.assertRegex(line, rb"^\$WIMWV,\d+\.\d,R,\d+\.\d,M,A\*[0-9A-F]{2}\r\n$")
            total = 0
            for byte in line[1:line.index(b"*")]:
                total ^= byte
            self.assertEqual(int(line.split(b"*")[1], 16), total)
        os.close(fd)

    def test_the_terminal_is_raw_from_the_start(self):
        fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        lflag = termios.tcgetattr(fd)[3]
        self.assertEqual(lflag & (termios.ECHO | termios.ICANON), 0)
        os.close(fd)

    def test_pulled_it_hangs_up_and_plugged_it_is_back_at_the_same_path(self):
        fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        self.read_line(fd)
        self.sim.do("cable mast pull")
        self.assertFalse(os.path.lexists(self.path))

        def hung_up():
            try:
                return os.read(fd, 100) == b""
            except OSError:
                return True
        wait_for(hung_up)
        os.close(fd)
        self.sim.do("cable mast plug")
        fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        self.assertTrue(self.read_line(fd).startswith(b"$WIMWV"))
        os.close(fd)

    def test_silent_and_garbage(self):
        fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.sim.do("mast garbage")
        termios.tcflush(fd, termios.TCIFLUSH)

        def some():
            try:
                return os.read(fd, 200)
            except BlockingIOError:
                return b""
        self.assertNotIn(b"$WIMWV", wait_for(some))
        self.sim.do("mast silent")
        said = self.sim.status()["sentences"]
        time.sleep(0.6)
        self.assertEqual(self.sim.status()["sentences"], said)
        self.sim.do("mast ok")
        wait_for(lambda: self.sim.status()["sentences"] > said)
        os.close(fd)


class Sink(Case):
    options = ("--sink", "0")

    def setUp(self):
        super().setUp()
        self.http = http.client.HTTPConnection("127.0.0.1", self.sim.port("sink"),
                                               timeout=LONG)

    def tearDown(self):
        self.http.close()
        super().tearDown()

    def event(self, seq, kind, **changes):
        return {"id": "msg_%d" % seq, "seq": seq, "type": kind, "site": "s", "rule": "hot",
                "severity": "critical", "state": "firing", "message": "m", "labels": {},
                "values": {}, "times": {}, **changes}

    def post(self, body, path="/hook"):
        self.http.request("POST", path, body if isinstance(body, str) else json.dumps(body))
        answer = self.http.getresponse()
        return answer.status, answer.read().decode()

    def test_good_deliveries_over_one_connection(self):
        self.http.connect()
        first = self.http.sock
        self.assertEqual(self.post(self.event(1, "fire")), (204, ""))
        self.assertEqual(self.post(self.event(2, "clear")), (204, ""))
        self.assertIs(self.http.sock, first)
        self.assertEqual(self.post(self.event(2, "clear"))[0], 204)
        status = self.sim.status()
        self.assertEqual((status["webhooks"], status["fires"], status["clears"],
                          status["duplicates"], status["bad"]), (2, 1, 1, 1, 0))

    def test_each_path_is_a_webhook_of_its_own(self):
        self.assertEqual(self.post(self.event(1, "fire"), "/a")[0], 204)
        self.assertEqual(self.post(self.event(1, "fire"), "/b")[0], 204)
        self.assertEqual(self.sim.status()["fires"], 2)

    def test_bad_bodies_are_refused_with_the_reason(self):
        for body, reason in (("{", "no JSON"), ("[]", "not an object"), ("{}", "id is missing"),
                             (self.event(1, "fire", labels=1), "labels is of another type"),
                             (self.event(1, "clear"), "clear without a fire")):
            status, text = self.post(body)
            self.assertEqual(status, 400)
            self.assertIn(reason, text)
        self.assertEqual(self.sim.status()["bad"], 5)

    def test_order_of_seq_is_checked(self):
        self.assertEqual(self.post(self.event(5, "fire"))[0], 204)
        self.assertEqual(self.post(self.event(4, "clear"))[0], 400)

    def test_a_status_can_be_asked_for_and_ends(self):
        self.sim.do("sink 503")
        self.assertEqual(self.post(self.event(1, "fire"))[0], 503)
        self.sim.do("sink ok")
        self.assertEqual(self.post(self.event(1, "fire"))[0], 204)
        status = self.sim.status()
        self.assertEqual((status["refused"], status["fires"]), (1, 1))

    def test_a_timeout_keeps_the_sender_waiting(self):
        self.sim.do("sink timeout")
        self.http.timeout = 0.4
        self.assertRaises(socket.timeout, self.post, self.event(1, "fire"))
        self.assertEqual(self.sim.status()["refused"], 1)

    def test_other_methods_lengths_and_sizes_are_refused(self):
        for head, status in ((b"GET / HTTP/1.1\r\n\r\n", b"405"),
                             (b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"413"),
                             (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
                             (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
                             (b"POST / HTTP/1.1\r\nX: " + 17000 * b"x", b"431"),
                             (b"nonsense\r\n\r\n", b"400")):
            with socket.create_connection(("127.0.0.1", self.sim.port("sink")),
                                          timeout=LONG) as sock:
                sock.sendall(head)
                self.assertEqual(sock.recv(100).split()[1], status, head[:40])

    def test_each_delivery_is_one_line_whatever_it_holds(self):
        self.assertEqual(self.post(self.event(1, "fire", message="a\nb\x1b[31m"))[0], 204)
        _, output = self.sim.stop()
        lines = [line for line in output.splitlines() if " webhook " in line]
        self.assertEqual(len(lines), 1)
        self.assertIn("fire hot: a\\x0Ab\\x1B[31m".lower(), lines[0].lower())
        self.sim = Simulation()


class Fleet(Case):
    options = ("--devices", "50")

    def test_each_device_answers_on_its_port(self):
        base, last = map(int, self.sim.ready["devices"].rsplit(":", 1)[1].split("-"))
        self.assertEqual(last - base, 49)
        for number in (1, 2, 50):
            client = ModbusTcpClient("127.0.0.1", port=base + number - 1, timeout=LONG)
            self.assertTrue(client.connect())
            self.assertEqual(client.read_holding_registers(0, 4, slave=17).registers,
                             [1, number, 2, 3])
            client.close()
        self.sim.do("unit 2 exception 4")
        client = ModbusTcpClient("127.0.0.1", port=base + 1, timeout=LONG)
        self.assertEqual(client.read_holding_registers(0, 1, slave=1).exception_code, 4)
        client.close()
        self.assertEqual(self.sim.status()["requests"], 4)


class Ends(unittest.TestCase):
    def test_seconds_end_it(self):
        done = subprocess.run([SIM, "--port", "0", "--seconds", "1"], timeout=LONG,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0)

    def test_a_taken_port_and_wrong_options_are_said(self):
        sim = Simulation()
        for options, text in ((["--port", str(sim.port("modbus"))], "can't listen on"),
                              (["--port", "70000"], "expected a whole number"),
                              (["--speed", "0"], "expected a factor"),
                              (["--do", "unit 9 ok", "--port", "0"], "no unit 9"),
                              (["extra"], "unexpected 'extra'")):
            done = subprocess.run([SIM, *options], stdin=subprocess.DEVNULL, timeout=LONG,
                                  capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stderr)
        sim.stop()

    def test_nobody_there_is_said(self):
        done = subprocess.run([SIM, "--send", "/nonexistent/x", "status"], timeout=LONG,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("can't reach", done.stderr)


if __name__ == "__main__":
    unittest.main()
