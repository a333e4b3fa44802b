#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Every fault that gauge-sim knows does on the wire what it says: the bytes that a client sees,
one row for each fault, over Modbus TCP, on the tty, and over the gateway and the serial server.
After each row the fault is cleared and one more answer has to be right, so that nothing more
than the expected bytes can have come."""

import os
import re
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from simulation import SIM, Port, RtuCase, Case, frame, read_request, wait_for  # noqa: E402

TID = 0x1234
# Holding 120 of the boiler is the setpoint, which nobody but a master changes: 650.
READ = struct.pack(">BHH", 3, 120, 1)
READ_10 = struct.pack(">BHH", 3, 119, 10)
VALUE = struct.pack(">BBH", 3, 2, 650)
WRITE = struct.pack(">BHH", 6, 120, 650)
WRITES = struct.pack(">BHHBH", 16, 120, 1, 2, 650)
WRITTEN = WRITES[:5]


def mbap(pdu, tid=TID, protocol=0, unit=1, length=None):
    return struct.pack(">HHHB", tid, protocol, len(pdu) + 1 if length is None else length,
                       unit) + pdu


# In what is expected a number stands for so many bytes that may be anything.
TCP_ROWS = (
    ("exception 6", READ, [mbap(b"\x83\x06")]),
    ("exception 0", READ, [mbap(b"\x83\x00")]),
    ("exception 200", WRITE, [mbap(b"\x86\xc8")]),
    ("limit 9", READ_10, [mbap(b"\x83\x03")]),
    ("limit 9", READ, [mbap(VALUE)]),
    ("hole 128", READ_10, [mbap(b"\x83\x02")]),
    ("hole 129", READ, [mbap(VALUE)]),
    ("function 4", READ, [mbap(b"\x04" + VALUE[1:])]),
    ("from 2", READ, [mbap(VALUE, unit=2)]),
    ("byte-count 3", READ, [mbap(b"\x03\x03" + VALUE[2:])]),
    ("payload 1", READ, [mbap(b"\x03\x01" + VALUE[2:3])]),
    ("payload 4", READ, [mbap(b"\x03\x04" + VALUE[2:] + b"\x55\x55")]),
    ("echo-address", WRITE, [mbap(b"\x06\x00\x79" + WRITE[3:])]),
    ("echo-address", READ, [mbap(VALUE)]),
    ("echo-value", WRITE, [mbap(WRITE[:4] + bytes((WRITE[4] ^ 1,)))]),
    ("echo-value", WRITES, [mbap(WRITTEN[:4] + bytes((WRITTEN[4] ^ 1,)))]),
    ("exception-length 1", READ, [mbap(b"\x83")]),
    ("exception-length 5", READ, [mbap(b"\x83\x02\0\0\0")]),
    ("trailing 3", READ, [mbap(VALUE + b"\xa5" * 3)]),
    ("reflect", READ, [mbap(READ)]),
    ("tid 0", READ, [mbap(VALUE, tid=0)]),
    ("tid-add 65535", READ, [mbap(VALUE, tid=TID - 1)]),
    ("protocol 9", READ, [mbap(VALUE, protocol=9)]),
    ("length 0", READ, [mbap(VALUE, length=0)]),
    ("length 65535", READ, [mbap(VALUE, length=65535)]),
    ("cut-short 2", READ, [mbap(VALUE)[:-2]]),
    ("duplicate", READ, [mbap(VALUE), mbap(VALUE)]),
    ("unsolicited 50", READ, [mbap(VALUE), mbap(VALUE, tid=TID ^ 0x4000)]),
    ("garbage", READ, [11]),
    ("garbage-before 5", READ, [5, mbap(VALUE)]),
    ("garbage-after 255", READ, [mbap(VALUE), 255]),
    ("slow 300", READ, [mbap(VALUE)]),
    ("dribble 30", READ, [mbap(VALUE)]),
    ("split 6", READ, [mbap(VALUE)]),
    ("silent", READ, []),
)

# Unit 8 has its addresses in its registers.
ASK = read_request(8, 2, 2)
ASK_10 = read_request(8, 2, 10)
SET = frame(8, 6, 0, 20, 0, 20)
ANSWER = frame(8, 3, 4, 0, 2, 0, 3)

RTU_ROWS = (
    ("exception 5", ASK, [frame(8, 0x83, 5)]),
    ("exception 6", SET, [frame(8, 0x86, 6)]),
    ("limit 9", ASK_10, [frame(8, 0x83, 3)]),
    ("hole 11", ASK_10, [frame(8, 0x83, 2)]),
    ("hole 1", ASK, [ANSWER]),
    ("function 4", ASK, [frame(8, 4, 4, 0, 2, 0, 3)]),
    ("from 7", ASK, [frame(7, 3, 4, 0, 2, 0, 3)]),
    ("byte-count 6", ASK, [frame(8, 3, 6, 0, 2, 0, 3)]),
    ("payload 3", ASK, [frame(8, 3, 3, 0, 2, 0)]),
    ("echo-address", SET, [frame(8, 6, 0, 21, 0, 20)]),
    ("echo-value", SET, [frame(8, 6, 0, 20, 0, 21)]),
    ("exception-length 3", ASK, [frame(8, 0x83, 2, 0)]),
    ("trailing 2", ASK, [frame(8, 3, 4, 0, 2, 0, 3, 0xa5, 0xa5)]),
    ("reflect", ASK, [ASK]),
    ("crc", ASK, [ANSWER[:-1], bytes((ANSWER[-1] ^ 0x10,))]),
    ("crc-swapped", ASK, [ANSWER[:-2], ANSWER[-1:], ANSWER[-2:-1]]),
    ("cut-short 3", ASK, [ANSWER[:-3]]),
    ("duplicate", ASK, [ANSWER, ANSWER]),
    ("unsolicited 50", ASK, [ANSWER, ANSWER]),
    ("garbage", ASK, [9]),
    ("garbage-before 3", ASK, [3, ANSWER]),
    ("garbage-after 4", ASK, [ANSWER, 4]),
    ("false-start 2", ASK, [b"\x08\x03\x08" * 2, ANSWER]),
    ("echo", ASK, [ASK, ANSWER]),
    ("slow 200", ASK, [ANSWER]),
    ("dribble 30", ASK, [ANSWER]),
    ("split 4", ASK, [ANSWER]),
    ("early", ASK, [ANSWER]),
    ("silent", ASK, []),
)

# How long the whole of an answer takes at least, seconds.
AT_LEAST = {"slow 300": 0.3, "slow 200": 0.2, "dribble 30": 8 * 0.03, "split 6": 0.02,
            "split 4": 0.02, "unsolicited 50": 0.05}

# What ends or changes a connection has tests of its own below.
LINK_FAULTS = {"close", "reset", "half-close", "deaf", "accept-close", "accept-reset",
               "accept-deaf", "gather", "reverse"}


def receive(sock, length):
    data = b""
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            break
        data += part
    return data


def length_of(expected):
    return sum(part if isinstance(part, int) else len(part) for part in expected)


def known_faults():
    """(TCP or RTU or both, name) as the help lists them."""
    text = subprocess.run([SIM, "--help"], capture_output=True, text=True, check=True).stdout
    lines = text[text.index("\nFaults:\n") + 9:].splitlines()
    return [tuple(line.split()[:2]) for line in lines]


def manual():
    path = os.path.join(os.environ.get("srcdir", "."), "docs", "gauge-sim.1")
    with open(path, encoding="utf-8") as page:
        return page.read().replace("\\-", "-")


class Rows:
    """For unittest classes: compares what came with a row's expectation."""

    def check(self, got, expected):
        at = 0
        for part in expected:
            if not isinstance(part, int):
                self.assertEqual(got[at:at + len(part)], part, (got.hex(), expected))
            at += part if isinstance(part, int) else len(part)
        self.assertEqual(len(got), at)

    def run_rows(self, rows, where, ask, fine):
        """where: the unit; ask(request, length) -> bytes; fine: a request and its answer."""
        counter = "requests_1" if where == "tcp 1" else where.replace(" ", "_requests_")
        for fault, request, expected in rows:
            with self.subTest(fault=fault):
                self.sim.do("fault %s %s" % (where, fault))
                before = self.sim.status()[counter]
                start = time.monotonic()
                self.check(ask(request, length_of(expected)), expected)
                # The command that clears the fault must not overtake a request without answer.
                wait_for(lambda seen=before: self.sim.status()[counter] > seen)
                self.assertGreaterEqual(time.monotonic() - start, AT_LEAST.get(fault, 0))
                self.sim.do("fault %s ok" % where)
                self.assertEqual(ask(fine[0], len(fine[1])), fine[1])


class Table(unittest.TestCase):
    def test_each_fault_has_a_row(self):
        tested = {"TCP": {row[0].split()[0] for row in TCP_ROWS} | LINK_FAULTS,
                  "RTU": {row[0].split()[0] for row in RTU_ROWS} | {"reset"}}
        self.assertGreaterEqual(len(known_faults()), 40)
        for where, name in known_faults():
            for framing in ("TCP", "RTU") if where == "both" else (where,):
                self.assertIn(name, tested[framing])


    def test_the_manual_has_each_option_command_and_fault(self):
        page = manual()
        for _, name in known_faults():
            self.assertRegex(page, r"\n\.TP\n\.BI? %s( |\n)" % name)
        text = subprocess.run([SIM, "--help"], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"--[a-z][a-z-]*", text))
        self.assertGreater(len(options), 15)
        for option in options:
            self.assertRegex(page, r"\n\.TP\n\.BI? %s( |\n)" % option)
        commands = re.findall(r"^  ([a-z]+)", text[text.index("\nCommands:\n"):
                                                  text.index("\nFaults:\n")], re.M)
        self.assertGreater(len(commands), 7)
        for command in commands:
            self.assertRegex(page, r"\n\.B[IR]? \"?%s[ \n]" % command)


class Tcp(Rows, Case):
    def test_a_unit(self):
        with self.sim.raw() as sock:
            def ask(pdu, length):
                sock.sendall(mbap(pdu))
                return receive(sock, length)
            self.run_rows(TCP_ROWS, "tcp 1", ask, (READ, mbap(VALUE)))

    def test_a_whole_bus(self):
        self.sim.do("fault tcp tid 0")
        with self.sim.raw() as sock:
            for unit in (1, 2):
                sock.sendall(mbap(READ, unit=unit))
                self.assertEqual(receive(sock, 11)[:2], b"\0\0")

    def test_a_refused_write_is_not_carried_out_and_a_silent_one_neither(self):
        with self.sim.raw() as sock:
            for fault, length in (("exception 5", 9), ("silent", 0)):
                self.sim.do("fault tcp 1 " + fault)
                before = self.sim.status()["requests_1"]
                sock.sendall(mbap(struct.pack(">BHH", 6, 120, 555)))
                receive(sock, length)
                wait_for(lambda seen=before: self.sim.status()["requests_1"] > seen)
                self.sim.do("fault tcp 1 ok")
                sock.sendall(mbap(READ))
                self.assertEqual(receive(sock, 11), mbap(VALUE))

    def test_many_answers_in_one_segment_in_order_and_reversed(self):
        answers = [mbap(VALUE, tid=tid) for tid in range(5)]
        for fault, expected in (("gather 5", answers), ("reverse 5", answers[::-1])):
            with self.sim.raw() as sock:
                self.sim.do("fault tcp 1 " + fault)
                sock.sendall(b"".join(mbap(READ, tid=tid) for tid in range(5)))
                self.assertEqual(sock.recv(4096), b"".join(expected))
                sock.sendall(mbap(READ))  # alone it comes after 100 ms
                self.assertEqual(receive(sock, 11), mbap(VALUE))
                self.sim.do("fault tcp 1 ok")

    def test_next_so_many_and_several_at_once(self):
        self.sim.do("fault tcp 1 tid 0 next 2")
        self.sim.do("fault tcp 1 from 9 next 1")
        with self.sim.raw() as sock:
            for expected in (mbap(VALUE, tid=0, unit=9), mbap(VALUE, tid=0), mbap(VALUE)):
                sock.sendall(mbap(READ))
                self.assertEqual(receive(sock, 11), expected)

    def test_closed_and_reset_after_so_many_bytes(self):
        for length in (0, 4, 11):
            self.sim.do("fault tcp 1 close %d next 1" % length)
            with self.sim.raw() as sock:
                sock.sendall(mbap(READ))
                self.assertEqual(receive(sock, 100), mbap(VALUE)[:length])
        self.sim.do("fault tcp 1 reset 4 next 1")
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            self.assertRaises(ConnectionResetError, receive, sock, 100)

    def test_half_closed_it_stays_connected_and_says_nothing_more(self):
        self.sim.do("fault tcp 1 half-close next 1")
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            self.assertEqual(receive(sock, 100), mbap(VALUE))
            sock.sendall(mbap(READ))
            wait_for(lambda: self.sim.status()["requests_1"] == 2)
            self.assertEqual(sock.recv(1), b"")
            self.assertEqual(self.sim.status()["connections"], 1)

    def deaf(self, sock):
        sock.setblocking(False)
        try:
            for _ in range(1000):
                sock.send(bytes(100000))
        except BlockingIOError:
            return True
        return False

    def test_a_deaf_one_stops_reading(self):
        self.sim.do("fault tcp 1 deaf next 1")
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            self.assertEqual(receive(sock, 11), mbap(VALUE))
            self.assertTrue(self.deaf(sock))
            self.assertEqual(self.sim.status()["requests_1"], 1)

    def test_what_happens_to_new_connections(self):
        self.sim.do("fault tcp accept-close next 1")
        with self.sim.raw() as sock:
            self.assertEqual(sock.recv(1), b"")
        self.sim.do("fault tcp accept-reset next 1")
        with self.assertRaises(ConnectionResetError), self.sim.raw() as sock:
            sock.recv(1)
        self.sim.do("fault tcp accept-deaf next 1")
        with self.sim.raw() as sock:
            self.assertTrue(self.deaf(sock))
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            self.assertEqual(receive(sock, 11), mbap(VALUE))

    def test_refused_old_connections_live_on(self):
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            receive(sock, 11)
            self.sim.do("cable tcp refuse")
            self.assertRaises(ConnectionRefusedError, self.sim.raw)
            sock.sendall(mbap(READ))
            self.assertEqual(receive(sock, 11), mbap(VALUE))
        self.sim.do("cable tcp restore")
        with self.sim.raw() as sock:
            sock.sendall(mbap(READ))
            self.assertEqual(receive(sock, 11), mbap(VALUE))

    def test_commands_that_make_no_sense_are_refused_with_a_hint(self):
        for command, hint in (("fault tcp 1 slient", "did you mean 'silent'"),
                              ("fault tcp 1 crc", "not known here"),
                              ("fault tcp 9 silent", "no unit 9"),
                              ("fault rtu crc", ""),
                              ("fault gateway tid 0", "no gateway here"),
                              ("fault modem silent", "not tcp, rtu, gateway or server"),
                              ("fault tcp 1 accept-close", "not known here"),
                              ("fault tcp 1", "which fault"),
                              ("fault tcp 1 tid", "needs a number from 0 to 65535"),
                              ("fault tcp 1 tid 0 after 3", "'next N' or 'chance PERCENT'"),
                              ("fault tcp 1 tid 0 next", "needs a number"),
                              ("fault tcp 1 tid 0 chance 101", "from 1 to 100")):
            code, answer = self.sim.send(command)
            if hint:
                self.assertEqual(code, 1, answer)
                self.assertTrue(answer.startswith("error: ") and hint in answer, answer)

    def test_at_most_16_faults_at_once(self):
        for hole in range(16):
            self.sim.do("fault tcp 1 hole %d" % hole)
        code, answer = self.sim.send("fault tcp 1 hole 16")
        self.assertEqual((code, "16 faults already" in answer), (1, True))
        self.sim.do("fault tcp 1 hole 3")


class Chance(Case):
    options = ("--seed", "7", "--do", "fault tcp 1 tid 0 chance 50")

    def run_of(self, sim):
        with sim.raw() as sock:
            run = []
            for _ in range(40):
                sock.sendall(mbap(READ))
                run.append(receive(sock, 11)[:2] == b"\0\0")
        return run

    def test_the_same_seed_gives_the_same_run(self):
        run = self.run_of(self.sim)
        self.assertEqual(set(run), {True, False})
        self.tearDown()
        self.setUp()
        self.assertEqual(self.run_of(self.sim), run)


class Rtu(Rows, RtuCase):
    def test_a_unit(self):
        port = Port(self.path)
        self.run_rows(RTU_ROWS, "rtu 8", port.ask, (ASK, ANSWER))
        port.close()

    def test_a_whole_line(self):
        port = Port(self.path)
        self.sim.do("fault rtu echo")
        for unit in (8, 1):
            request = read_request(unit, 2, 2)
            self.assertEqual(port.ask(request, 17)[:8], request)
        port.close()

    def test_several_at_once_in_the_order_of_the_commands(self):
        port = Port(self.path)
        self.sim.do("fault rtu 8 crc next 1")
        self.sim.do("fault rtu 8 garbage-before 2 next 1")
        got = port.ask(ASK, 11)
        self.check(got, [2, ANSWER[:-1], 1])
        self.assertNotEqual(got[-1], ANSWER[-1])
        port.close()

    def test_a_late_answer_comes_before_the_next_one(self):
        port = Port(self.path)
        self.sim.do("fault rtu 8 slow 200 next 1")
        port.say(ASK)
        wait_for(lambda: self.sim.status()["rtu_requests_8"] == 1)
        port.say(read_request(8, 4, 2))
        self.assertEqual(port.hear(18), ANSWER + frame(8, 3, 4, 0, 4, 0, 5))
        port.close()

    def test_reset_hangs_up_and_the_terminal_comes_back(self):
        port = Port(self.path)
        self.sim.do("fault rtu 8 reset 4 next 1")
        port.say(ASK)

        def hung_up():
            try:
                return os.read(port.fd, 100) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
        wait_for(hung_up)
        port.close()
        wait_for(lambda: os.path.exists(self.path))
        port = Port(self.path)
        self.assertEqual(port.ask(ASK, 9), ANSWER)
        port.close()


class Early(RtuCase):
    more = ("--baud", "300")

    def test_the_answer_comes_before_the_request_can_have_ended(self):
        port = Port(self.path, 300)
        request = frame(8, 16, *struct.pack(">HHB", 10, 100, 200), *bytes(200))
        whole = len(request) * 11 / 300  # 7.7 s
        self.sim.do("fault rtu 8 early next 1")
        start = time.monotonic()
        self.assertEqual(port.ask(request, 8), frame(8, 16, 0, 10, 0, 100))
        self.assertLess(time.monotonic() - start, whole)
        port.close()


class Gateway(Rows, RtuCase):
    more = ("--gateway", "0", "--gateway-timeout", "400", "--serial-server", "0")

    def ask(self, sock, pdu, length, unit=8, tid=TID):
        sock.sendall(mbap(pdu, unit=unit, tid=tid))
        return receive(sock, length)

    READ_8 = struct.pack(">BHH", 3, 2, 2)
    VALUE_8 = bytes((3, 4, 0, 2, 0, 3))

    def test_it_asks_the_units_and_knows_who_is_not_there(self):
        with self.sim.raw("gateway") as sock:
            self.assertEqual(self.ask(sock, self.READ_8, 13), mbap(self.VALUE_8, unit=8))
            self.assertEqual(self.ask(sock, self.READ_8, 9, unit=20), mbap(b"\x83\x0a", unit=20))
            self.sim.do("fault rtu 8 silent")
            self.assertEqual(self.ask(sock, self.READ_8, 9), mbap(b"\x83\x0b", unit=8))
            self.assertEqual(self.ask(sock, b"\x03\0\0\0\x01", 11, unit=3)[6:9], b"\x03\x03\x02")
            self.sim.do("fault rtu 8 ok")
            self.assertEqual(self.ask(sock, self.READ_8, 13), mbap(self.VALUE_8, unit=8))
        self.assertEqual(self.sim.status()["gateway_timeouts"], 1)

    def test_what_is_wrong_on_the_line_is_no_answer(self):
        with self.sim.raw("gateway") as sock:
            for fault in ("crc", "from 7", "cut-short 3", "garbage-before 3", "slow 2000"):
                self.sim.do("fault rtu 8 " + fault + " next 1")
                self.assertEqual(self.ask(sock, self.READ_8, 9), mbap(b"\x83\x0b", unit=8), fault)
            wait_for(lambda: self.ask(sock, self.READ_8, 9)[7] == 3 and sock.recv(4))

    def test_requests_wait_for_each_other_and_are_answered_in_order(self):
        with self.sim.raw("gateway") as one, self.sim.raw("gateway") as two:
            self.sim.do("fault rtu 8 slow 100 next 1")
            for tid in range(20):
                (one, two)[tid % 2].sendall(mbap(self.READ_8, unit=8, tid=tid))
            for sock, first in ((one, 0), (two, 1)):
                expected = [mbap(self.VALUE_8, unit=8, tid=tid) for tid in range(first, 20, 2)]
                self.assertEqual(receive(sock, 130), b"".join(expected))

    def test_more_than_it_can_queue_is_refused_as_busy(self):
        self.sim.do("fault rtu 8 silent next 1")
        with self.sim.raw("gateway") as sock:
            sock.sendall(b"".join(mbap(self.READ_8, unit=8, tid=tid) for tid in range(65)))
            self.assertEqual(receive(sock, 9), mbap(b"\x83\x06", unit=8, tid=64))

    def test_a_master_that_leaves_takes_its_answer_along(self):
        self.sim.do("fault rtu 8 slow 100 next 1")
        with self.sim.raw("gateway") as sock:
            sock.sendall(mbap(self.READ_8, unit=8))
            wait_for(lambda: self.sim.status()["rtu_requests_8"] == 1)
        with self.sim.raw("gateway") as sock:
            self.assertEqual(self.ask(sock, self.READ_8, 13), mbap(self.VALUE_8, unit=8))

    def test_a_broadcast_has_no_answer(self):
        with self.sim.raw("gateway") as sock:
            sock.sendall(mbap(bytes((6, 0, 50, 1, 2)), unit=0))
            self.assertEqual(self.ask(sock, bytes((3, 0, 50, 0, 1)), 11),
                             mbap(bytes((3, 2, 1, 2)), unit=8))

    def test_faults_of_its_tcp_side(self):
        with self.sim.raw("gateway") as sock:
            for fault, expected in (("tid 0", mbap(self.VALUE_8, unit=8, tid=0)),
                                    ("exception 10", mbap(b"\x83\x0a", unit=8)),
                                    ("exception 11", mbap(b"\x83\x0b", unit=8)),
                                    ("slow 50", mbap(self.VALUE_8, unit=8))):
                self.sim.do("fault gateway " + fault + " next 1")
                self.assertEqual(self.ask(sock, self.READ_8, len(expected)), expected)
        self.sim.do("cable gateway refuse")
        self.assertRaises(ConnectionRefusedError, self.sim.raw, "gateway")
        code, answer = self.sim.send("fault gateway 8 silent")
        self.assertEqual((code, "as rtu 8" in answer), (1, True))

    def test_the_serial_server_carries_rtu_frames_and_their_faults(self):
        with self.sim.raw("server") as sock:
            def ask(request, length):
                sock.sendall(request)
                return receive(sock, length)
            self.run_rows(RTU_ROWS, "rtu 8", ask, (ASK, ANSWER))
            self.assertEqual(self.sim.status()["server_connections"], 1)

    def test_the_serial_server_ends_connections(self):
        for fault, data in (("close 4", ANSWER[:4]), ("half-close", ANSWER)):
            self.sim.do("fault server %s next 1" % fault)
            with self.sim.raw("server") as sock:
                sock.sendall(ASK)
                self.assertEqual(receive(sock, 100), data)
        self.sim.do("fault server reset 4 next 1")
        with self.sim.raw("server") as sock:
            sock.sendall(ASK)
            self.assertRaises(ConnectionResetError, receive, sock, 100)
        self.sim.do("fault server accept-close next 1")
        with self.sim.raw("server") as sock:
            self.assertEqual(sock.recv(1), b"")
        self.sim.do("fault server deaf next 1")
        with self.sim.raw("server") as sock:
            sock.sendall(ASK)
            self.assertEqual(receive(sock, 9), ANSWER)
            frames = self.sim.status()["server_frames"]
            sock.sendall(ASK)
            self.sim.do("fault server ok")
            self.assertEqual(self.sim.status()["server_frames"], frames)


if __name__ == "__main__":
    unittest.main()
