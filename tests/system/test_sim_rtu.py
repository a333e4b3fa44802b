#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The RTU slaves of gauge-sim against masters that are not ours: mbpoll, which is libmodbus's
client, pymodbus's serial client, and frames that are written out here."""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from pymodbus.client import ModbusSerialClient
except ImportError:
    print("SKIP: python3-pymodbus is not installed")
    sys.exit(77)
if shutil.which("mbpoll") is None:
    print("SKIP: mbpoll is not installed")
    sys.exit(77)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from simulation import LONG, Port, RtuCase, frame, read_request, wait_for  # noqa: E402


class MasterCase(RtuCase):
    def mbpoll(self, *options, device=None):
        return subprocess.run(["mbpoll", "-m", "rtu", "-b", "9600", "-P", "none", "-0", "-1",
                               "-o", "5", *options[:-1], device or self.path, *options[-1]],
                              capture_output=True, text=True, timeout=LONG, check=False)

    def values(self, *options):
        done = self.mbpoll(*options, ())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [float(v) for v in re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.M)]

    def client(self):
        client = ModbusSerialClient(self.path, baudrate=9600, parity="N", timeout=LONG, retries=0)
        self.assertTrue(client.connect())
        return client


class Healthy(MasterCase):
    def test_mbpoll_reads_both_heat_meters_in_their_word_orders(self):
        supply = self.values("-a", "1", "-t", "3:float", "-B", "-r", "4")[0]
        self.assertTrue(30 < supply < 100, supply)
        other = self.values("-a", "2", "-t", "3:float", "-r", "4")[0]
        self.assertTrue(abs(supply - other) < 5, (supply, other))
        self.assertEqual(self.values("-a", "8", "-t", "4", "-r", "40", "-c", "3"), [40, 41, 42])

    def test_mbpoll_writes_and_reads_back(self):
        done = self.mbpoll("-a", "3", "-t", "4", "-r", "1", ("800",))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.values("-a", "3", "-t", "4", "-r", "1"), [800])
        self.assertEqual(self.values("-a", "3", "-t", "4", "-r", "11"), [2296])

    def test_pymodbus_reads_and_writes_all_tables(self):
        client = self.client()
        name = client.read_holding_registers(100, 8, slave=1).registers
        text = b"".join(struct.pack(">H", word) for word in name).rstrip(b"\0")
        self.assertEqual(text, b"heat meter 1")
        volts = client.read_input_registers(0, 2, slave=4).registers
        self.assertTrue(220 < struct.unpack(">f", struct.pack(">HH", *volts))[0] < 240)
        self.assertFalse(client.write_coils(0, [True, False, True], slave=7).isError())
        self.assertEqual(client.read_discrete_inputs(0, 3, slave=7).bits[:3], [True, False, True])
        self.assertFalse(client.write_registers(20, [7, 8], slave=8).isError())
        self.assertEqual(client.read_holding_registers(20, 2, slave=8).registers, [7, 8])
        self.assertEqual(client.read_holding_registers(4, 1, slave=5).registers, [0x8000])
        self.assertEqual(client.read_holding_registers(256, 1, slave=8).exception_code, 2)
        self.assertEqual(self.sim.status()["rtu_writes"], 2)
        client.close()

    def test_the_drive_is_started_by_coil_and_by_command(self):
        port = Port(self.path)
        status = read_request(3, 10, 1)
        for write, expected in ((frame(3, 5, 0, 0, 0, 0), 1), (frame(3, 6, 0, 0, 0, 1), 3),
                                (frame(3, 6, 0, 0, 0, 0), 1), (frame(3, 5, 0, 0, 0xff, 0), 3)):
            self.assertEqual(port.ask(write, 8), write)
            self.assertEqual(port.ask(status, 7), frame(3, 3, 2, 0, expected))
        port.close()

    def test_a_broadcast_is_carried_out_by_all_and_answered_by_none(self):
        port = Port(self.path)
        port.say(frame(0, 6, 0, 50, 0x12, 0x34))
        self.assertEqual(port.ask(read_request(8, 50, 1), 7), frame(8, 3, 2, 0x12, 0x34))
        self.assertEqual(port.ask(read_request(1, 50, 1), 7), frame(1, 3, 2, 0x12, 0x34))
        port.close()

    def test_other_units_and_broken_requests_get_no_answer(self):
        port = Port(self.path)
        broken = bytearray(read_request(8, 2, 1))
        broken[-1] ^= 1
        for count, request in enumerate((read_request(9, 2, 1), bytes(broken), b"\x08\x03\x00",
                                         b"hello"), 1):
            port.say(request)
            wait_for(lambda n=count: sum(self.sim.status()[name] for name in
                                         ("rtu_frames", "rtu_bad")) == n)
        self.assertEqual(port.ask(read_request(8, 2, 1), 7), frame(8, 3, 2, 0, 2))
        status = self.sim.status()
        self.assertEqual((status["rtu_frames"], status["rtu_bad"], status["rtu_requests_8"]),
                         (2, 3, 1))
        port.close()

    def test_a_request_in_pieces_is_one_request(self):
        port = Port(self.path)
        request = read_request(8, 2, 1)
        for byte in request[:-1]:
            port.say(bytes((byte,)))
        self.assertEqual(port.ask(request[-1:], 7), frame(8, 3, 2, 0, 2))
        port.close()

    def test_an_unknown_function_gets_exception_1(self):
        port = Port(self.path)
        self.assertEqual(port.ask(frame(8, 43, 14, 1, 0), 5), frame(8, 0xab, 1))
        port.close()

    def test_pulled_it_hangs_up_and_plugged_it_is_back_at_the_same_path(self):
        port = Port(self.path)
        self.sim.do("cable rtu pull")
        self.assertFalse(os.path.lexists(self.path))

        def hung_up():
            try:
                return os.read(port.fd, 100) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
        wait_for(hung_up)
        port.close()
        self.sim.do("cable rtu plug")
        port = Port(self.path)
        self.assertEqual(port.ask(read_request(8, 2, 1), 7), frame(8, 3, 2, 0, 2))
        port.close()

    def test_noise_has_no_end_until_it_is_quiet(self):
        port = Port(self.path)
        self.sim.do("cable rtu noise")
        self.assertGreaterEqual(len(port.hear(200)), 200)
        self.sim.do("cable rtu quiet")
        while port.hear(1, 0.1):
            pass
        self.assertEqual(port.ask(read_request(8, 2, 1), 7), frame(8, 3, 2, 0, 2))
        port.close()


class Gateway(MasterCase):
    more = ("--gateway", "0", "--gateway-timeout", "200")

    def tcp(self, unit):
        return subprocess.run(["mbpoll", "-m", "tcp", "-p", str(self.sim.port("gateway")), "-0",
                               "-1", "-o", "5", "-a", unit, "-t", "4", "-r", "2", "-c", "2",
                               "127.0.0.1"],
                              capture_output=True, text=True, timeout=LONG, check=False)

    def test_mbpoll_reads_through_it_and_is_told_who_does_not_answer(self):
        done = self.tcp("8")
        self.assertEqual(re.findall(r"^\[\d+\]:\s+(\d+)", done.stdout, re.M), ["2", "3"], done)
        self.sim.do("fault rtu 8 silent")
        self.assertIn("Target device failed to respond", self.tcp("8").stderr)
        self.assertIn("Gateway path unavailable", self.tcp("9").stderr)

    def test_the_tty_and_the_gateway_show_the_same_units(self):
        port = Port(self.path)
        self.assertEqual(port.ask(frame(8, 6, 0, 30, 1, 2), 8), frame(8, 6, 0, 30, 1, 2))
        port.close()
        with self.sim.raw("gateway") as sock:
            sock.sendall(bytes((0, 1, 0, 0, 0, 6, 8, 3, 0, 30, 0, 1)))
            self.assertEqual(sock.recv(100), bytes((0, 1, 0, 0, 0, 5, 8, 3, 2, 1, 2)))


class Truth(MasterCase):
    def setUp(self):
        self.book = tempfile.NamedTemporaryFile(prefix="gauge-sim-truth.")
        self.more = ("--truth", self.book.name, "--speed", "200")
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.book.close()

    def stood(self, where, begin_ns, end_ns):
        """The values that a register had from begin to end, by the book."""
        values = [0]
        with open(self.book.name, encoding="ascii") as book:
            for line in book:
                at, rest = line.rstrip().split(" ", 1)
                if not rest.startswith(where + " "):
                    continue
                if int(at) < begin_ns:
                    values.clear()
                if int(at) <= end_ns:
                    values.append(int(rest.rsplit(" ", 1)[1]))
        return values

    def test_what_was_read_is_what_stood_there(self):
        client = self.client()
        seen = set()
        for _ in range(30):
            begin = time.time_ns()
            power, seconds = (client.read_input_registers(address, 2, slave=1).registers[1]
                              for address in (0, 20))
            self.assertIn(power, self.stood("rtu 1 input 1", begin, time.time_ns()))
            self.assertIn(seconds, self.stood("rtu 1 input 21", begin, time.time_ns()))
            seen.add(seconds)
            time.sleep(0.01)
        self.assertGreater(len(seen), 5)
        client.close()

    def test_writes_stand_in_the_book_and_refused_ones_do_not(self):
        client = self.client()
        client.write_register(30, 1234, slave=8)
        self.sim.do("fault rtu 8 exception 4 next 1")
        client.write_register(30, 99, slave=8)
        client.write_coil(4, True, slave=7)
        now = time.time_ns()
        self.assertEqual(self.stood("rtu 8 holding 30", 0, now)[-2:], [30, 1234])
        self.assertEqual(self.stood("rtu 7 coil 4", 0, now), [0, 1])
        self.assertEqual(self.stood("rtu 7 discrete 4", 0, now), [0])
        client.read_discrete_inputs(4, 1, slave=7)
        self.assertEqual(self.stood("rtu 7 discrete 4", 0, time.time_ns()), [0, 1])
        client.close()

    def test_registers_are_looked_at_and_set_by_command(self):
        self.sim.do("set rtu 8 holding 40 65535")
        self.sim.do("set tcp 1 coil 7 0")
        self.assertEqual(self.sim.send("get rtu 8 holding 39 3"), (0, "ok: 39 65535 41"))
        self.assertEqual(self.sim.status()["burner"], 0)
        client = self.client()
        self.assertEqual(client.read_holding_registers(40, 1, slave=8).registers, [65535])
        client.close()
        self.assertEqual(self.stood("rtu 8 holding 40", 0, time.time_ns()), [0, 40, 65535])
        for command, hint in (("get rtu 8 holding 256", "no address from 0 to 255"),
                              ("get rtu 8 holding 250 7", "no count from 1 to 6"),
                              ("get rtu 8 register 2", "not coil, discrete, holding or input"),
                              ("get rtu 9 holding 2", "no unit 9"),
                              ("get rtu 8 holding", "usage"),
                              ("set rtu 8 coil 64 1", "no address from 0 to 63"),
                              ("set rtu 8 input 2 65536", "no value from 0 to 65535")):
            code, answer = self.sim.send(command)
            self.assertEqual((code, hint in answer), (1, True), answer)


class Timed(RtuCase):
    more = ("--baud", "1200", "--turnaround", "30", "--units", "12")

    def test_request_turnaround_and_answer_take_their_time(self):
        port = Port(self.path, 1200)
        start = time.monotonic()
        answer = port.ask(read_request(12, 2, 10), 25)
        seconds = time.monotonic() - start
        self.assertEqual(answer, frame(12, 3, 20, *struct.pack(">10H", *range(2, 12))))
        self.assertGreaterEqual(seconds, (8 + 25) * 11 / 1200 + 0.03)
        port.close()

    def test_an_answer_comes_in_pieces_as_from_a_uart(self):
        port = Port(self.path, 1200)
        port.say(read_request(12, 2, 10))
        first = port.hear(1)
        self.assertLess(len(first), 25)
        self.assertEqual(len(first + port.hear(25 - len(first))), 25)
        port.close()

    def test_another_baud_rate_is_not_understood(self):
        port = Port(self.path, 9600)
        port.say(read_request(12, 2, 1))
        self.assertEqual(port.hear(1, 0.3), b"")
        self.assertEqual(self.sim.status()["rtu_misheard"], 1)
        port.close()

    def test_requests_that_run_into_each_other_and_silences_are_counted(self):
        port = Port(self.path, 1200)
        request = read_request(12, 2, 1)
        port.ask(request, 7)
        time.sleep(0.05)
        port.ask(request, 7)
        status = self.sim.status()
        self.assertGreaterEqual(status["rtu_gap_min_us"], 50000)
        self.assertEqual(status["rtu_overlaps"], 0)
        port.say(request + request)
        port.hear(14)
        self.assertEqual(self.sim.status()["rtu_overlaps"], 1)
        port.close()


if __name__ == "__main__":
    unittest.main()
