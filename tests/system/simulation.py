# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A running gauge-sim for the tests: in a temporary folder of its own, with its control socket;
and a tty as an RTU master has it open."""
import os
import select
import socket
import struct
import subprocess
import tempfile
import termios
import time
import tty
import unittest

SIM = os.path.join(os.environ.get("builddir", "."), "gauge-sim")
LONG = 20  # seconds that anything may take on a busy machine


def wait_for(what, seconds=LONG):
    """The first true value of what(); fails after a long time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in %d s" % seconds)


class Simulation:
    def __init__(self, *options):
        self.dir = tempfile.TemporaryDirectory(prefix="gauge-sim-test.")
        self.control = os.path.join(self.dir.name, "control")
        self.mast = os.path.join(self.dir.name, "mast")
        self.process = subprocess.Popen(
            [SIM, "--port", "0", "--control", self.control, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = []
        line = ""
        while not line.startswith("gauge-sim: ready"):
            line = self.process.stdout.readline()
            self.lines.append(line)
            if not line:
                raise AssertionError("gauge-sim did not start")
        self.ready = dict(word.split("=", 1) for word in line.split() if "=" in word)

    def port(self, name):
        return int(self.ready[name].rsplit(":", 1)[1])

    def send(self, *command):
        done = subprocess.run([SIM, "--send", self.control, *command],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    def do(self, command):
        code, answer = self.send(command)
        assert code == 0 and answer == "ok: " + command, answer

    def status(self):
        code, answer = self.send("status")
        assert code == 0 and answer.startswith("ok: "), answer
        return {name: float(value) for name, value in
                (word.split("=") for word in answer[4:].split())}

    def raw(self, name="modbus"):
        return socket.create_connection(("127.0.0.1", self.port(name)), timeout=LONG)

    def stop(self):
        self.process.terminate()
        rest, _ = self.process.communicate(timeout=LONG)
        self.dir.cleanup()
        return self.process.returncode, "".join(self.lines) + rest


class Case(unittest.TestCase):
    options = ()

    def setUp(self):
        self.sim = Simulation(*self.options)

    def tearDown(self):
        code, _ = self.sim.stop()
        self.assertEqual(code, 0)


def crc(data):
    value = 0xffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xa001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def frame(unit, *pdu):
    data = bytes((unit, *pdu))
    return data + crc(data)


def read_request(unit, address, count, function=3):
    return frame(unit, function, *struct.pack(">HH", address, count))


class Port:
    """The tty as a master has it open."""

    def __init__(self, path, baud=9600):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        mode = termios.tcgetattr(self.fd)
        mode[4] = mode[5] = getattr(termios, "B%d" % baud)
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def say(self, data):
        os.write(self.fd, data)

    def hear(self, length, seconds=LONG):
        """At least length bytes, or what came in seconds."""
        data = b""
        end = time.monotonic() + seconds
        while len(data) < length and time.monotonic() < end:
            if select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                data += os.read(self.fd, 4096)
        return data

    def ask(self, request, length):
        self.say(request)
        return self.hear(length)

    def close(self):
        os.close(self.fd)


class RtuCase(Case):
    more = ()

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="gauge-sim-rtu.")
        self.path = os.path.join(self.dir.name, "rtu")
        self.options = ("--rtu", self.path, *self.more)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.assertFalse(os.path.lexists(self.path))
        self.dir.cleanup()
