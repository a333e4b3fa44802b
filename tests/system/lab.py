# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What the system tests share: a Modbus TCP plant, a webhook sink, and gauged between them.

Everything lives in a temporary folder of the test's own and on loopback. A log is shown only
when the test failed. A test that can't run here ends with skip(why), status 77.
"""
import atexit
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SRCDIR = os.environ.get("srcdir", os.path.join(os.path.dirname(__file__), "..", ".."))
BUILDDIR = os.environ.get("builddir", ".")
GAUGED = os.path.abspath(os.path.join(BUILDDIR, "gauged"))
GAUGECTL = os.path.abspath(os.path.join(BUILDDIR, "gaugectl"))
# Nothing here measures time: a wait ends as soon as what it waits for is there.
PATIENCE = 60.0


def skip(why):
    print("SKIP: " + why)
    sys.exit(77)


def wait_for(what, predicate, patience=PATIENCE):
    """Returns predicate()'s first true value; fails loudly when it never becomes true."""
    end = time.monotonic() + patience
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s in vain for: %s" % (patience, what))
        time.sleep(0.005)


class Plant:
    """A Modbus TCP server of one's own: holding registers and coils for each unit."""

    def __init__(self):
        self.holding = {}
        self.coils = {}
        self.absent = set()  # (unit, address) of registers that are refused
        self.refusals = 0
        self.requests = 0
        self.connections = 0
        self.writes = []
        self.write_times = []  # of each, on the monotonic clock
        self.most = {}  # by unit and address: what a holding register does not exceed
        self.silent = False
        self.failing = 0  # so many writes of coils fail: exception 4
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, unit, address, value):
        with self.lock:
            self.holding[unit, address] = value

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    @staticmethod
    def _exactly(peer, count):
        got = b""
        while len(got) < count:
            piece = peer.recv(count - len(got))
            if not piece:
                raise ConnectionError
            got += piece
        return got

    def _serve(self, peer):
        try:
            while True:
                tid, _, length, unit = struct.unpack(">HHHB", self._exactly(peer, 7))
                pdu = self._exactly(peer, length - 1)
                self.requests += 1
                if self.silent:
                    continue
                answer = self._answer(unit, pdu)
                peer.sendall(struct.pack(">HHHB", tid, 0, len(answer) + 1, unit) + answer)
        except OSError:
            pass
        finally:
            peer.close()

    def _answer(self, unit, pdu):
        code, address, count = struct.unpack(">BHH", pdu[:5])
        with self.lock:
            if code in (3, 4) and any((unit, address + i) in self.absent for i in range(count)):
                self.refusals += 1
                return struct.pack(">BB", code | 0x80, 2)
            if code in (3, 4):
                values = [self.holding.get((unit, address + i), 0) for i in range(count)]
                return struct.pack(">BB%dH" % count, code, 2 * count,
                                   *[v & 0xFFFF for v in values])
            if code in (1, 2):
                out = bytearray((count + 7) // 8)
                for i in range(count):
                    if self.coils.get((unit, address + i)):
                        out[i // 8] |= 1 << (i % 8)
                return struct.pack(">BB", code, len(out)) + bytes(out)
            if code == 5 and self.failing > 0:
                self.failing -= 1
                return struct.pack(">BB", code | 0x80, 4)
            if code == 5:
                self.coils[unit, address] = count == 0xFF00
                self.writes.append((unit, "coil", address, count == 0xFF00))
                self.write_times.append(time.monotonic())
                return pdu
            if code == 6:
                self.holding[unit, address] = min(count, self.most.get((unit, address), count))
                self.writes.append((unit, "holding", address, count))
                self.write_times.append(time.monotonic())
                return pdu
        return struct.pack(">BB", code | 0x80, 1)


class Sink:
    """A real HTTP server that keeps what it was given; status is what it answers."""

    def __init__(self):
        self.events = []
        self.status = 200
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink.status
                if status == 200:
                    event = json.loads(body)
                    event["_headers"] = dict(self.headers.items())
                    sink.events.append(event)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, rule, kind=None):
        return [e for e in self.events if e["rule"] == rule and kind in (None, e["type"])]


def clock_in(year, folder):
    """The environment of a daemon that lives in another year, unsynchronised; None: it can't be."""
    shim = os.path.abspath(os.path.join(BUILDDIR, "tests", "system", "fake_clock.so"))
    if not os.path.exists(shim):
        return None
    path = os.path.join(folder, "clock-%d" % year)
    ahead = (year - 1970) * 31556952 + 3600 - time.time()
    with open(path, "wb") as f:
        f.write(struct.pack("qq", int(ahead * 1e9), 0))
    os.mkfifo(path + ".set")
    return {"LD_PRELOAD": shim, "FAKE_CLOCK": path}


def set_clock(env):
    """The clock of such a daemon is right from now on, and it is told."""
    with open(env["FAKE_CLOCK"], "r+b") as f:
        f.write(struct.pack("qq", 0, 1))
    with open(env["FAKE_CLOCK"] + ".set", "wb") as f:
        f.write(b"x")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Gauged:
    """The daemon under test, with a configuration and a socket in a folder of its own."""

    def __init__(self, config, files=None, keeps_state=True, **popen):
        self.dir = tempfile.mkdtemp(prefix="gauged-test.")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.path = os.path.join(self.dir, "gauged.yaml")
        self.socket = os.path.join(self.dir, "run", "control.sock")
        self.log_path = os.path.join(self.dir, "log")
        self.process = None
        self.popen = popen
        self.keeps_state = keeps_state
        self.before = ()  # a program that runs it, with its arguments
        for name, text in (files or {}).items():
            self.write(text, name)
        self.write(config)

    def write(self, text, name="gauged.yaml"):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        general = ""
        if name == "gauged.yaml":
            general = "control: {socket: %s}\n" % self.socket
            if self.keeps_state:
                general += "state: {dir: %s/state}\n" % self.dir
        with open(path + ".new", "w") as f:
            f.write(general + text)
        os.chmod(path + ".new", 0o640)
        os.rename(path + ".new", path)

    def start(self, *arguments, env=None):
        log = open(self.log_path, "ab")
        kwargs = dict(stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        kwargs.update(self.popen)
        environment = {"PATH": "/usr/bin:/bin"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment.update(env or {})
        self.process = subprocess.Popen([*self.before, GAUGED, "--config", self.path, *arguments],
                                        env=environment, **kwargs)
        atexit.register(self.kill)
        return self

    def ready(self):
        def answers():
            if self.process.poll() is not None:
                raise AssertionError("gauged ended with %d" % self.process.returncode)
            try:
                return self.get("/v1/status")
            except OSError:
                return None

        wait_for("the control socket answers", answers)
        return self

    def ask(self, method, path, body=None):
        connection = UnixConnection(self.socket)
        try:
            text = json.dumps(body) if body is not None else None
            headers = {"Content-Type": "application/json"} if text is not None else {}
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, json.loads(content) if "json" in kind else content.decode()

    def get(self, path):
        status, content = self.ask("GET", path)
        assert status == 200, "GET %s: %d %s" % (path, status, content)
        return content

    def ctl(self, *arguments):
        return subprocess.run([GAUGECTL, "--socket", self.socket, *arguments],
                              capture_output=True, text=True, timeout=PATIENCE)

    def metric(self, name):
        """The sum of all samples of a metric, or None where there is none."""
        total = None
        for line in self.get("/metrics").splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total = (total or 0) + float(line.rsplit(" ", 1)[1])
        return total

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self):
        """SIGTERM; the exit status has to be 0: with sanitizers that also says: no leak."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        assert status == 0, "gauged ended with %d" % status

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(*tests, daemons=()):
    """Runs the tests one after another; shows the daemons' logs of the one that failed."""
    failed = 0
    for test in tests:
        started = []
        original = Gauged.start

        def start(self, *args, _original=original, _started=started, **kwargs):
            _started.append(self)
            return _original(self, *args, **kwargs)

        Gauged.start = start
        try:
            test()
            print("ok   " + test.__name__)
        except Exception:
            failed += 1
            print("FAIL " + test.__name__)
            traceback.print_exc(file=sys.stdout)
            for daemon in started:
                print("---- log of gauged:\n" + daemon.log())
        finally:
            Gauged.start = original
            for daemon in started:
                daemon.kill()
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
