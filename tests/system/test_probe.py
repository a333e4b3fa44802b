#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl probe against devices that nobody has described: what it finds, what it asks for, and
that the configuration it proposes loads."""
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402
from lab import GAUGECTL, PATIENCE, SRCDIR  # noqa: E402

SIM = os.path.abspath(os.path.join(lab.BUILDDIR, "gauge-sim"))


class Device(lab.Plant):
    """A plant that refuses: what is not in holding, requests that are too long, units that are
    not there. Keeps the function codes that it was asked with."""

    def __init__(self, units, most=125, gateway=False, outside=2):
        super().__init__()
        self.units, self.most, self.gateway, self.outside = units, most, gateway, outside
        self.functions = []
        self.asked = []
        self.pending = 0
        self.overlaps = 0

    def _serve(self, peer):
        try:
            while True:
                tid, _, length, unit = struct.unpack(">HHHB", self._exactly(peer, 7))
                pdu = self._exactly(peer, length - 1)
                with self.lock:
                    self.pending += 1
                    self.overlaps += self.pending > 1
                    self.functions.append(pdu[0])
                    self.asked.append((unit,) + struct.unpack(">BHH", pdu[:5]))
                answer = self._answer(unit, pdu)
                with self.lock:
                    self.pending -= 1
                if answer is not None:
                    peer.sendall(struct.pack(">HHHB", tid, 0, len(answer) + 1, unit) + answer)
        except OSError:
            pass
        finally:
            peer.close()

    def _answer(self, unit, pdu):
        code, address, count = struct.unpack(">BHH", pdu[:5])
        if unit not in self.units:
            return struct.pack(">BB", code | 0x80, 0x0B) if self.gateway else None
        if code not in (3, 4):
            return struct.pack(">BB", code | 0x80, 1)
        if count > self.most:
            return struct.pack(">BB", code | 0x80, 3)
        if any((unit, address + i) not in self.holding for i in range(count)):
            return struct.pack(">BB", code | 0x80, self.outside)
        return super()._answer(unit, pdu)

    def fill(self, unit, first, words):
        for i, word in enumerate(words):
            self.set(unit, first + i, word)


def floats(order, *numbers):
    words = []
    for number in numbers:
        high, low = struct.unpack(">HH", struct.pack(">f", number))
        words += (high, low) if order == "ABCD" else (low, high)
    return words


SPEEDS = {getattr(termios, "B%d" % baud): baud for baud in (9600, 19200, 38400, 57600, 115200)}


def crc16(frame):
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


class Line:
    """Slaves on a pseudo terminal, which hear nothing but the baud rate that they are set to.
    fault: what comes back to a request instead of an answer."""

    def __init__(self, units, baud=None, fault=None):
        self.device = Device(units)
        self.baud, self.fault = baud, fault
        self.heard = []
        self.master, slave = os.openpty()
        self.path = os.ttyname(slave)
        tty.setraw(slave)
        self.slave = slave
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        got = b""
        while True:
            ready, _, _ = select.select([self.master], [], [], 0.02)
            if ready:
                try:
                    got += os.read(self.master, 256)
                except OSError:
                    return
            if not ready or len(got) > 64:
                got = b""
            if len(got) < 8:
                continue
            frame, got = got[:8], got[8:]
            speed = SPEEDS.get(termios.tcgetattr(self.master)[4])
            if self.baud not in (None, speed) or crc16(frame[:6]) != frame[6:]:
                continue
            self.heard.append(frame)
            answer = self.device._answer(frame[0], frame[1:6])
            if self.fault is not None:
                os.write(self.master, self.fault)
            elif answer is not None:
                answer = frame[:1] + answer
                os.write(self.master, answer + crc16(answer))

    @property
    def address(self):
        return "rtu://" + self.path


def probe(*arguments, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([GAUGECTL, "probe", *arguments], capture_output=True, text=True,
                          timeout=PATIENCE, **options)


def found(*arguments):
    # Long enough for a busy machine; whoever waits for silence says less.
    patient = () if "--timeout" in arguments else ("--timeout", "5s")
    done = probe("--json", *arguments, *patient)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def present(document):
    return [u["unit"] for u in document["units"] if u["presence"] in ("answers", "refuses")]


def guesses(document, unit, block=0):
    unit = [u for u in document["units"] if u["unit"] == unit][0]
    return {g["address"]: (g["type"], g.get("order"), g["value"])
            for g in unit["blocks"][block]["guesses"]}


def cells(document, unit, block=0):
    unit = [u for u in document["units"] if u["unit"] == unit][0]
    return {c["address"]: c for c in unit["blocks"][block]["cells"]}


def checked(yaml):
    """What gaugectl check says of the proposed configuration: it has to be good."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(yaml)
        file.flush()
        done = subprocess.run([GAUGECTL, "check", "--json", file.name], capture_output=True,
                              text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr + yaml
    return json.loads(done.stdout)


def pasted(text):
    """The configuration at the end of what people see."""
    return text[text.index("\nbuses:\n") + 1:]


def test_units_are_found_by_answers_and_refusals():
    device = Device({1, 5})
    device.set(1, 0, 7)
    document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1..6", "--holding", "0..3",
                     "--timeout", "1s")
    assert present(document) == [1, 5], document
    assert [u["presence"] for u in document["units"]] == [
        "answers", "silent", "silent", "silent", "refuses", "silent"], document
    assert document["units"][4]["exception"] == 2
    assert checked(document["yaml"])["devices"] == 1


def test_gateway_is_believed():
    device = Device({3}, gateway=True)
    device.fill(3, 0, range(1, 101))
    document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1..20")
    assert present(document) == [3], document
    assert document["units"][0]["presence"] == "nobody"
    assert document["units"][0]["exception"] == 11
    # Nobody that the gateway denied is asked again.
    assert sum(1 for a in device.asked if a[0] != 3) == 19, device.asked


def test_only_reads_are_sent_and_one_after_another():
    device = Device({1, 2}, most=10)
    device.fill(1, 0, range(40))
    device.fill(2, 20, range(40))
    document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1..3", "--holding", "0..79",
                     "--input", "0..79", "--coil", "0..79", "--discrete", "0..79", "--timeout",
                     "2s")
    assert present(document) == [1, 2]
    assert set(device.functions) == {1, 2, 3, 4}, set(device.functions)
    assert device.writes == []
    assert device.overlaps == 0


def test_what_is_refused_is_a_hole():
    device = Device({1})
    device.fill(1, 0, range(100, 110))
    device.fill(1, 13, range(200, 240))
    done = probe("tcp://127.0.0.1:%d" % device.port, "--unit", "1", "--holding", "0..79",
                 "--timeout", "5s")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ *10\.\.12 +refused: illegal data address$", done.stdout, re.M), done.stdout
    assert re.search(r"^ *53\.\.79 +refused", done.stdout, re.M), done.stdout
    assert re.search(r"^ *9 +006D +109 ", done.stdout, re.M), done.stdout
    assert re.search(r"^ *13 +00C8 +200 ", done.stdout, re.M), done.stdout
    assert "max_hole: 0" in done.stdout
    assert checked(pasted(done.stdout))["points"] == 50


def test_device_that_gives_little_at_once():
    for outside in (2, 3):
        device = Device({1}, most=16, outside=outside)
        device.fill(1, 0, [i + 1 for i in range(250)])
        document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1", "--holding", "0..249")
        known = cells(document, 1)
        assert all(known[i].get("value") == i + 1 for i in range(250)), known
        most = document["units"][0]["blocks"][0]["most_in_one_request"]
        assert 8 <= most <= 16, most
        assert "max_regs: %d" % most in document["yaml"]
        checked(document["yaml"])
        # Learned: not every block is halved from the largest on.
        assert len(device.asked) < 45, len(device.asked)


def test_values_are_guessed_and_load():
    for order in ("ABCD", "CDAB"):
        device = Device({1})
        text = b"GAUGE-SIM 1\0"
        words = floats(order, 23.5, 229.8734, 0.0, 49.98, 1013.25, 0.937412)
        device.fill(1, 100, words + [235, 412, 0xFFC9] +
                    [int.from_bytes(text[i:i + 2], "big") for i in range(0, len(text), 2)])
        document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1", "--holding",
                         "100..120")
        guessed = guesses(document, 1)
        for i, number in enumerate((23.5, 229.8734, 0.0, 49.98, 1013.25, 0.937412)):
            kind, said, value = guessed[100 + 2 * i]
            assert (kind, said) == ("float32", order), guessed
            assert abs(value - number) < 1e-4, guessed
        assert guessed[112] == ("uint16", None, 235) and guessed[114] == ("int16", None, -55)
        assert guessed[115] == ("string(6)", None, "GAUGE-SIM 1"), guessed
        assert checked(document["yaml"])["points"] == 10


def test_all_zero_still_makes_a_device():
    device = Device({1})
    device.fill(1, 0, [0] * 100)
    done = probe("tcp://127.0.0.1:%d" % device.port, "--unit", "1", "--timeout", "5s")
    assert re.search(r"^ *0\.\.99 +0000 +0 ", done.stdout, re.M), done.stdout
    assert checked(pasted(done.stdout))["points"] == 1


def test_device_without_holding_registers_is_asked_for_input_registers():
    class Inputs(Device):
        def _answer(self, unit, pdu):
            if pdu[0] != 4:
                return bytes([pdu[0] | 0x80, 1])
            return super()._answer(unit, pdu)

    device = Inputs({1})
    device.fill(1, 0, range(1, 101))
    document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1")
    assert cells(document, 1, 1)[41]["value"] == 42
    assert document["units"][0]["blocks"][1]["table"] == "input"
    checked(document["yaml"])


def test_device_that_ignores_the_unit_is_shown_once():
    device = Device(set(range(256)))
    for unit in range(256):
        device.fill(unit, 0, range(1, 11))
    done = probe("tcp://127.0.0.1:%d" % device.port, "--holding", "0..9", "--timeout", "5s")
    assert done.returncode == 0, done.stderr
    assert "22 units answer" in done.stdout and "All units are alike" in done.stdout, done.stdout
    assert checked(pasted(done.stdout))["devices"] == 1


def test_nobody_answers():
    device = Device(set())
    done = probe("tcp://127.0.0.1:%d" % device.port, "--unit", "1..2", "--timeout", "50ms")
    assert done.returncode == 1, done
    assert "0 units answer" in done.stdout, done.stdout
    assert "unit number" in done.stderr and "--timeout 1s" in done.stderr, done.stderr
    # Once, and once more for another table.
    assert sorted(a[:2] for a in device.asked) == [(1, 3), (1, 4), (2, 3), (2, 4)], device.asked


def test_late_answers_are_told():
    class Slow(Device):
        def _answer(self, unit, pdu):
            time.sleep(0.25)
            return super()._answer(unit, pdu)

    device = Slow({1})
    device.fill(1, 0, range(100))
    done = probe("tcp://127.0.0.1:%d" % device.port, "--unit", "1..9", "--timeout", "100ms")
    assert done.returncode == 1, done
    assert re.search(r"\d+ answers came too late: try a longer --timeout", done.stderr), done.stderr


def test_connection_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = probe("tcp://127.0.0.1:%d" % port)
    assert done.returncode == 1, done
    assert "Connection refused" in done.stderr and "nothing listens" in done.stderr, done.stderr
    assert done.stdout == ""


def test_connection_that_is_lost_is_made_again():
    class Closing(Device):
        def _answer(self, unit, pdu):
            if unit == 2:
                raise OSError
            return super()._answer(unit, pdu)

    device = Closing({1, 3})
    device.fill(1, 0, range(5))
    device.fill(3, 0, range(5))
    document = found("tcp://127.0.0.1:%d" % device.port, "--unit", "1..3", "--holding", "0..4",
                     "--timeout", "2s")
    assert present(document) == [1, 3], document
    assert device.connections > 1


def test_wrong_usage_is_said():
    for arguments, words in (
            (("nonsense",), "address"),
            (("tcp://127.0.0.1:99999",), "address"),
            (("tcp://127.0.0.1", "--unit", "1..256"), "0 to 255"),
            (("tcp://127.0.0.1", "--unit", "5..1"), "0 to 255"),
            (("rtu:///dev/null", "--unit", "0..5"), "begins at 1"),
            (("tcp://127.0.0.1", "--holding", "0..65536"), "at most 65535"),
            (("tcp://127.0.0.1", "--coil", "x"), "zero-based"),
            (("tcp://127.0.0.1", "--baud", "9600"), "serial line"),
            (("rtu:///dev/null", "--baud", "fast"), "--baud"),
            (("rtu:///dev/null", "--parity", "maybe"), "none, even or odd"),
            (("tcp://127.0.0.1", "--timeout", "1h"), "--timeout"),
            (("tcp://127.0.0.1", "--unit"), "needs a value"),
            (("tcp://127.0.0.1", "--events"), "usage"),
            ((), "usage")):
        done = probe(*arguments)
        assert done.returncode == 2, (arguments, done)
        assert words in done.stderr, (arguments, done.stderr)


def test_interrupt_ends_it_cleanly():
    device = Device({1})
    device.fill(1, 0, range(100))
    process = subprocess.Popen(
        [GAUGECTL, "probe", "tcp://127.0.0.1:%d" % device.port, "--unit", "1..200", "--timeout",
         "5s"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lab.wait_for("the search goes on", lambda: len(device.asked) >= 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, (process.returncode, err)
    assert "1 unit answers" in out and "gives holding 0" in out, out
    assert re.search(r"^2\.\.200 +not asked", out, re.M), out
    assert "stopped" in err, err
    assert "at most" in err and "Ctrl-C" in err, err


def test_pymodbus_server():
    peer = subprocess.Popen(
        ["/usr/bin/python3", os.path.join(SRCDIR, "tests", "modbus", "pymodbus_server")] +
        ["%04x" % word for word in floats("ABCD", 123456.0, 50.25, 229.8734)] + ["0011", "ffec"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = peer.stdout.readline().strip()
        if port.startswith("skip"):
            print("without pymodbus: " + port)
            return
        lab.wait_for("pymodbus listens", lambda: listens(int(port)))
        document = found("tcp://127.0.0.1:" + port, "--unit", "1", "--holding", "0..30",
                         "--input", "0..30", "--coil", "0..19", "--timeout", "5s")
        guessed = guesses(document, 1)
        assert guessed[0] == ("float32", "ABCD", 123456.0), guessed
        assert guessed[2] == ("float32", "ABCD", 50.25), guessed
        assert guessed[7] == ("int16", None, -20), guessed
        assert cells(document, 1)[8] == {"address": 8, "error": "refused", "exception": 2}
        assert [cells(document, 1, 2)[i]["value"] for i in range(4)] == [1, 0, 0, 1]
        checked(document["yaml"])
    finally:
        peer.stdin.close()
        peer.wait(PATIENCE)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Sim:
    """gauge-sim: slaves that libmodbus answers for."""

    def __init__(self, *options):
        self.dir = tempfile.TemporaryDirectory(prefix="gauged-test.")
        self.process = subprocess.Popen(
            [SIM, "--port", "0", "--control", os.path.join(self.dir.name, "control"), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = ""
        while not line.startswith("gauge-sim: ready"):
            line = self.process.stdout.readline()
            assert line, "gauge-sim did not start"
        self.ready = dict(word.split("=", 1) for word in line.split() if "=" in word)

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        while line and command not in line:
            line = self.process.stdout.readline()
        assert line, "gauge-sim did not carry out: " + command

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()
        self.dir.cleanup()


def test_libmodbus_server_and_the_daemon_with_what_was_found():
    sim = Sim()
    try:
        address = "tcp://" + sim.ready["modbus"]
        document = found(address, "--unit", "1..5", "--timeout", "2s")
        assert len(present(document)) >= 1, document
        assert checked(document["yaml"])["points"] >= 1
        gauged = lab.Gauged(document["yaml"]).start().ready()
        lab.wait_for("what was proposed is read", lambda: all(
            p["quality"] == "good" for p in gauged.get("/v1/points")["points"]))
        gauged.stop()
    finally:
        sim.end()


def test_serial_line_is_read_with_read_functions_only():
    line = Line({2, 3})
    line.device.fill(2, 0, floats("CDAB", 23.5, 229.8734) + [5])
    line.device.fill(3, 10, [1, 2, 3])
    document = found(line.address, "--unit", "1..4", "--holding", "0..14", "--input", "0..3",
                     "--baud", "9600", "--parity", "even", "--timeout", "1s")
    assert present(document) == [2, 3], document
    assert document["line"] == {"baud": 9600, "parity": "even"}, document["line"]
    assert guesses(document, 2)[2][:2] == ("float32", "CDAB"), document
    assert cells(document, 3)[11] == {"address": 11, "value": 2}, document
    assert cells(document, 3)[13]["error"] == "refused", document
    assert {frame[1] for frame in line.heard} == {3, 4}, line.heard
    assert checked(document["yaml"])["devices"] == 2
    assert "baud: 9600, parity: even" in document["yaml"]


def test_baud_rate_is_searched():
    line = Line({2, 5}, baud=19200)
    line.device.fill(2, 0, range(1, 101))
    line.device.fill(5, 0, range(1, 101))
    done = probe(line.address, "--unit", "1..5", "--timeout", "300ms", "--json")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert re.search("Asking 5 units at [0-9]+ settings of the line.*: at most .*Ctrl-C",
                     done.stderr), done.stderr
    document = json.loads(done.stdout)
    assert document["line"]["baud"] == 19200, document["line"]
    assert 2 in present(document), document
    assert cells(document, 2)[41]["value"] == 42
    assert {frame[1] for frame in line.heard} == {3}, line.heard
    checked(document["yaml"])


def test_unit_that_is_not_among_the_first_is_found_at_its_baud_rate():
    line = Line({9}, baud=38400)
    line.device.fill(9, 0, [7])
    document = found(line.address, "--unit", "7..9", "--holding", "0", "--timeout", "200ms")
    assert document["line"]["baud"] == 38400 and present(document) == [9], document


def test_silent_line_is_told_from_a_noisy_one():
    line = Line(set())
    done = probe(line.address, "--unit", "1..2", "--baud", "9600", "--parity", "none", "--timeout",
                 "50ms")
    assert done.returncode == 1, done
    assert "Not one byte came back" in done.stderr and "A and B swapped" in done.stderr, done.stderr
    line = Line({1}, fault=b"\x00\xfe\x81\x13\x00\x7f")
    done = probe(line.address, "--unit", "1..2", "--baud", "9600", "--parity", "none", "--timeout",
                 "50ms")
    assert done.returncode == 1, done
    assert re.search("[0-9]+ bytes came back, and no proper answer", done.stderr), done.stderr
    assert "termination" in done.stderr, done.stderr


def test_line_that_is_in_use_says_by_whom():
    line = Line({1})
    fcntl.flock(line.slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
    done = probe(line.address, "--unit", "1", "--baud", "9600", "--parity", "none")
    assert done.returncode == 1, done
    assert "is in use by" in done.stderr and "(process %d)" % os.getpid() in done.stderr, done.stderr
    assert "one master at a time" in done.stderr, done.stderr
    assert line.heard == []


def test_line_that_gauged_uses_says_so():
    line = Line({1})
    line.device.fill(1, 0, [5])
    gauged = lab.Gauged("buses: {line: {modbus: '%s'}}\n"
                        "devices: {d: {bus: line, points: {p: {holding: 0}}}}\n" % line.address)
    gauged.start().ready()
    lab.wait_for("gauged reads the line", lambda: gauged.get("/v1/points")["points"][0]["quality"]
                 == "good")
    done = probe(line.address, "--unit", "1", "--baud", "9600", "--parity", "none")
    assert done.returncode == 1, done
    assert "in use by gauged (process %d)" % gauged.process.pid in done.stderr, done.stderr
    assert "systemctl stop gauged" in done.stderr, done.stderr
    gauged.stop()
    assert present(found(line.address, "--unit", "1", "--baud", "9600", "--parity", "none")) == [1]


def test_proper_frames_of_others_tell_the_baud_rate():
    frame = b"\x4d\x03\x02\x12\x34"
    line = Line(set(), baud=19200, fault=frame + crc16(frame))
    done = probe(line.address, "--unit", "1..4", "--timeout", "200ms", "--parity", "none")
    assert done.returncode == 1, done
    assert "another master" in done.stderr, done.stderr
    assert "The line is right: 19200 baud, parity none" in done.stderr, done.stderr


def test_slow_unit_is_told():
    with tempfile.TemporaryDirectory(prefix="gauged-test.") as folder:
        sim = Sim("--rtu", os.path.join(folder, "tty"), "--baud", "19200", "--units", "3", "--do",
                  "fault rtu 1 slow 600")
        try:
            done = probe("rtu://" + sim.ready["rtu"], "--unit", "1,100..102", "--timeout",
                         "250ms", "--baud", "19200", "--parity", "even")
            assert done.returncode == 1 and "came too late" in done.stderr, (
                done.stdout, done.stderr)
        finally:
            sim.end()


def test_line_that_is_not_there():
    done = probe("rtu:///dev/nonexistent", "--unit", "1")
    assert done.returncode == 1, done
    assert "is not there" in done.stderr and "/dev/serial/by-id" in done.stderr, done.stderr


def test_search_for_a_baud_rate_is_interrupted():
    line = Line(set())
    process = subprocess.Popen([GAUGECTL, "probe", line.address], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lab.wait_for("the search goes on", lambda: len(line.heard) >= 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, (process.returncode, err)
    assert "stopped" in err and "0 units answer" in out, (out, err)


def test_simulated_line_serial_server_and_gateway():
    with tempfile.TemporaryDirectory(prefix="gauged-test.") as folder:
        sim = Sim("--rtu", os.path.join(folder, "tty"), "--baud", "19200", "--units", "9",
                  "--gateway", "0", "--gateway-timeout", "1000", "--serial-server", "0")
        # Units from 8 on hold what they are told: what moves may look like something else.
        for unit, order in (8, "ABCD"), (9, "CDAB"):
            for address, value in enumerate(floats(order, 23.5, 229.8734, 49.98)):
                sim.tell("set rtu %d holding %d %d" % (unit, 10 + address, value))
        try:
            for address, units in (("rtu://" + sim.ready["rtu"], "1..3,8..10"),
                                   ("rtu+tcp://" + sim.ready["server"], "1..3,8..10"),
                                   ("tcp://" + sim.ready["gateway"], "1..3,8..20")):
                document = found(address, "--unit", units, "--timeout", "2s", "--holding", "10..15")
                assert present(document) == [1, 2, 3, 8, 9], (address, document)
                for unit, order in (8, "ABCD"), (9, "CDAB"):
                    assert guesses(document, unit) == {
                        10: ("float32", order, 23.5), 12: ("float32", order, 229.8734),
                        14: ("float32", order, 49.98)}, (address, guesses(document, unit))
                checked(document["yaml"])
                if "line" in document:
                    assert document["line"]["baud"] == 19200, document["line"]
            done = probe("rtu://" + sim.ready["rtu"], "--baud", "9600", "--parity", "none", "--unit",
                         "1", "--timeout", "200ms")
            assert done.returncode == 1, done
        finally:
            sim.end()


lab.run(
    test_units_are_found_by_answers_and_refusals,
    test_gateway_is_believed,
    test_only_reads_are_sent_and_one_after_another,
    test_what_is_refused_is_a_hole,
    test_device_that_gives_little_at_once,
    test_values_are_guessed_and_load,
    test_all_zero_still_makes_a_device,
    test_device_without_holding_registers_is_asked_for_input_registers,
    test_device_that_ignores_the_unit_is_shown_once,
    test_nobody_answers,
    test_late_answers_are_told,
    test_connection_is_refused,
    test_connection_that_is_lost_is_made_again,
    test_wrong_usage_is_said,
    test_interrupt_ends_it_cleanly,
    test_pymodbus_server,
    test_libmodbus_server_and_the_daemon_with_what_was_found,
    test_serial_line_is_read_with_read_functions_only,
    test_baud_rate_is_searched,
    test_unit_that_is_not_among_the_first_is_found_at_its_baud_rate,
    test_silent_line_is_told_from_a_noisy_one,
    test_line_that_is_in_use_says_by_whom,
    test_line_that_gauged_uses_says_so,
    test_proper_frames_of_others_tell_the_baud_rate,
    test_slow_unit_is_told,
    test_line_that_is_not_there,
    test_search_for_a_baud_rate_is_interrupted,
    test_simulated_line_serial_server_and_gateway)
