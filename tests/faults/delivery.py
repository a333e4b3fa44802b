# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""An oracle of delivery: a feed of events, receivers with moods, gauged between them, and the
verdict over all its lives.

What gauged said it had accepted (its log: the message is in the store) arrives at least once,
with the same bytes each time, in order for each webhook; and the alarms of each rule take
turns, fire and clear, whatever was cut off in between.
"""
import collections
import json
import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import lab  # noqa: E402

HOOKS = 8  # that get the instants
ALARMS = 4  # rules that fire and clear, each with a webhook of its own
# Rules whose state lasts for many lives, each with a webhook and a point of its own.
LASTING = {"latched": "latch: true", "shelved": "latch: false", "slow": "for: 3s", "nag": "repeat: 1s"}
SHIM = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "faults", "sync_shim.so"))


def config(feed, receiver, directory, more=""):
    lines = [
        "control: {socket: %s/run/control.sock}" % directory,
        "state: {dir: %s/state, max_size: 64MiB}" % directory,
        "buses: {feed: {serial: \"tcp://127.0.0.1:%d\", framing: {delimiter: \"\\n\"}}}" % feed,
        "devices:",
        "  feed:",
        "    bus: feed",
        "    keyvalue: true",
        "    stale_after: 1h",
        "    points:",
    ]
    lines += ["      n%d: {field: n%d}" % (i, i) for i in range(HOOKS)]
    lines += ["      a%d: {field: a%d}" % (i, i) for i in range(ALARMS)]
    lines += ["      %s: {field: %s}" % (name, name) for name in LASTING]
    lines += ["webhooks:"]
    lines += ["  h%d: {url: \"http://127.0.0.1:%d/h%d\", retry: {first: 50ms, max: 100ms}, "
              "body: '{\"id\":\"${id}\",\"seq\":${seq},\"n\":${values.feed.n%d}}'}" % (i, receiver, i, i)
              for i in range(HOOKS)]
    lines += ["  alarm%d: {url: \"http://127.0.0.1:%d/alarm%d\", retry: {first: 50ms, max: 100ms}}"
              % (i, receiver, i) for i in range(ALARMS)]
    lines += ["  %s: {url: \"http://127.0.0.1:%d/%s\", retry: {first: 50ms, max: 100ms}}"
              % (name, receiver, name) for name in LASTING]
    lines += ["rules:"]
    lines += ["  count%d: {on: changed(feed.n%d), message: \"${feed.n%d}\", do: [{webhook: h%d}]}" % (i, i, i, i)
              for i in range(HOOKS)]
    lines += ["  alarm%d: {when: feed.a%d > 50, on_fire: [{webhook: alarm%d}], on_clear: [{webhook: alarm%d}]}"
              % (i, i, i, i) for i in range(ALARMS)]
    lines += ["  %s: {when: feed.%s > 50, %s, on_fire: [{webhook: %s}], on_clear: [{webhook: %s}]}"
              % (name, name, option, name, name) for name, option in LASTING.items()]
    return "\n".join(lines) + "\n" + more


class Feed:
    """A serial server that everybody who connects gets all lines from."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            peer, _ = self.listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.settimeout(5)
            self.peers = [peer]

    def say(self, line):
        """False: nobody listens."""
        for peer in list(self.peers):
            try:
                peer.sendall(line.encode() + b"\n")
                return True
            except OSError:
                self.peers = []
        return False


class Lasting:
    """The rules of LASTING over all lives: one is latched and acknowledged, one shelved, one waits
    for longer than a life lasts, one repeats itself."""

    def __init__(self, feed, lives):
        self.feed, self.lives = feed, lives
        self.values = dict.fromkeys(LASTING, 0)
        self.begun = time.monotonic()

    def _say(self):
        for _ in range(2):  # the first one may be half a line
            self.feed.say(" ".join("%s=%d" % pair for pair in self.values.items()))

    def _rule(self, name):
        return self.lives.ask("GET", "/v1/rules/" + name)

    def _is(self, name, state):
        lab.wait_for("%s is %s" % (name, state), lambda: self._rule(name)["state"] == state)

    def begin(self):
        self.values.update(latched=100, slow=100, nag=100)
        self.lives.ask("POST", "/v1/rules/shelved/shelve", {"for_s": 24 * 3600})
        self._say()
        self._is("latched", "firing")
        commits = self.lives.ask("GET", "/v1/status")["store"]["commits"]
        self.lives.ask("POST", "/v1/rules/latched/ack")
        lab.wait_for("it is in the store", lambda: self.lives.ask("GET", "/v1/status")["store"]["commits"] > commits + 1)

    def go_on(self):
        """In the next life all is as it was; that the first reading says the same changes nothing."""
        self.values["shelved"] = 100 - self.values["shelved"]
        latched, shelved = self._rule("latched"), self._rule("shelved")
        assert latched["state"] == "firing" and latched["acknowledged"], latched
        assert (shelved["shelved_s"] or 0) > 23 * 3600, shelved
        assert self._rule("slow")["state"] in ("pending", "firing") and self._rule("nag")["state"] == "firing"
        self._say()

    def end(self):
        self._say()
        self._is("slow", "firing")
        self.values = dict.fromkeys(LASTING, 0)
        self._say()
        for name in LASTING:
            self._is(name, "ok")

    def faults(self, receiver):
        faults = []
        count = {name: collections.Counter() for name in LASTING}
        for name in LASTING:
            for identity, body in dict(receiver.got["/" + name]).items():
                if identity in self.lives.accepted:
                    count[name][json.loads(body)["type"]] += 1
        elapsed = time.monotonic() - self.begun
        for name in ("latched", "slow", "nag"):
            if count[name]["fire"] > 1 or count[name]["clear"] > 1:
                faults.append("%s: %s" % (name, dict(count[name])))
            if not receiver.got["/" + name]:
                faults.append("%s: nothing came" % name)
        if receiver.got["/shelved"]:
            faults.append("shelved: something came: %s" % receiver.got["/shelved"][0][1])
        # What is committed has its time with it: not one repeat for each life.
        if not 1 <= count["nag"]["repeat"] <= elapsed + 1:
            faults.append("nag: %d repeats in %.1f s" % (count["nag"]["repeat"], elapsed))
        return faults


class Receiver:
    """HTTP/1.1 by hand, on one thread: fast enough not to be what is measured. A share of the
    answers is a failure, by turns an error and a closed connection."""

    def __init__(self, failing=0.0, seed=1, port=0, address="127.0.0.1"):
        self.got = collections.defaultdict(list)  # by path: (id, body), as they came
        self.stamps = {}  # by id: webhook-timestamp
        self.failing = failing
        self.tries = 0
        self.random = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server((address, port), backlog=64)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    peer, _ = self.listener.accept()
                    peer.setblocking(False)
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.selector.register(peer, selectors.EVENT_READ, bytearray())
                elif not self._read(key.fileobj, key.data):
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()

    def _read(self, peer, bytes_):
        try:
            piece = peer.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not piece:
            return False
        bytes_ += piece
        while True:
            end = bytes_.find(b"\r\n\r\n")
            if end < 0:
                return True
            head = bytes(bytes_[:end]).decode("latin-1")
            length = int(re.search(r"(?im)^content-length: *(\d+)", head).group(1))
            if len(bytes_) < end + 4 + length:
                return True
            body = bytes(bytes_[end + 4:end + 4 + length])
            del bytes_[:end + 4 + length]
            if not self._answer(peer, head, body):
                return False

    def _answer(self, peer, head, body):
        self.tries += 1
        mood = self.random.random()
        if mood < self.failing / 2:
            return False  # read, and nothing said: the sender can't know
        if mood < self.failing:
            status = b"503 Busy"
        else:
            status = b"200 OK"
            path = head.split(" ", 2)[1]
            identity = re.search(r"(?im)^webhook-id: *(\S+)", head).group(1)
            self.got[path].append((identity, body))
            self.stamps[identity] = int(re.search(r"(?im)^webhook-timestamp: *(\d+)", head).group(1))
        try:
            peer.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            return False
        return True


class Lives:
    """gauged over all its lives, in one folder, and what it said about messages."""

    LINE = re.compile(rb"webhook (\S+): (msg_\w+) (is number|goes with mark) (\d+)")
    MARK = re.compile(rb"the store has all up to mark (\d+)")

    def __init__(self, directory, text, feed, shim=None):
        self.before = ()  # a program that runs it, with its arguments
        self.feed = feed
        self.directory = directory
        self.text = text
        self.shim = shim
        self.named = {}  # id: (webhook, seq)
        self.accepted = set()
        self.starts = self.ready = 0
        self.refused = []  # lines of errors
        self.process = None

    def start(self):
        path = os.path.join(self.directory, "gauged.yaml")
        with open(path, "w") as f:
            f.write(self.text)
        os.chmod(path, 0o600)
        self.starts += 1
        self.feed.peers = []  # the one that it had may not be known to be dead yet
        environment = {"PATH": "/usr/bin:/bin"}
        environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        environment.update(self.shim or {})
        self.process = subprocess.Popen([*self.before, lab.GAUGED, "--config", path, "--log-level", "debug"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, env=environment)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()

    def _read(self, pipe):
        marks = []  # (mark, id) of this life, in order
        for line in pipe:
            match = self.LINE.search(line)
            mark = self.MARK.search(line)
            if match and match.group(3) == b"is number":
                self.named[match.group(2).decode()] = (match.group(1).decode(), int(match.group(4)))
            elif match:
                marks.append((int(match.group(4)), match.group(2).decode()))
            elif mark:
                done = int(mark.group(1))
                self.accepted.update(identity for at, identity in marks if at <= done)
                marks = [(at, identity) for at, identity in marks if at > done]
            elif b"running " in line:
                self.ready += 1
            elif line.startswith(b"<3>"):
                self.refused.append(line.decode(errors="replace"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.join(10)

    def freeze(self):
        """It does nothing any more, and all that it has said was read."""
        self.process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open("/proc/%d/stat" % self.process.pid) as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "T":
                    break
            time.sleep(0.001)
        before = -1
        while before != len(self.accepted):
            before = len(self.accepted)
            time.sleep(0.02)

    def wait_ready(self):
        def is_ready():
            assert self.process.poll() is None, "gauged ended with %s: %s" % (
                self.process.returncode, self.refused[-5:])
            return self.ready == self.starts

        lab.wait_for("gauged runs", is_ready)

    def ask(self, method, path, body=None):
        connection = lab.UnixConnection(os.path.join(self.directory, "run", "control.sock"))
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, "%s %s: %d %s" % (method, path, answer.status, text)
            return json.loads(text)
        finally:
            connection.close()

    def waiting(self):
        try:
            return sum(webhook["waiting"] for webhook in self.ask("GET", "/v1/queue")["webhooks"])
        except OSError:
            return None

    def drain(self, patience=300):
        lab.wait_for("all that waits is delivered", lambda: self.waiting() == 0, patience)


def feed_some(feed, count, numbers, values, rng):
    """So many lines; returns how many were heard."""
    heard = 0
    for _ in range(count):
        i = rng.randrange(HOOKS)
        fields = ["n%d=%d" % (i, numbers[i] + 1)]
        if rng.random() < 0.2:
            k = rng.randrange(ALARMS)
            values[k] = 100 - values[k]
            fields.append("a%d=%d" % (k, values[k]))
        if not feed.say(" ".join(fields)):
            time.sleep(0.002)
            continue
        numbers[i] += 1
        heard += 1
    return heard


def verdict(lives, receiver):
    """Faults found, as sentences; none: all promises were kept."""
    faults = []
    bodies, first = {}, collections.defaultdict(list)
    for path, messages in receiver.got.items():
        for identity, body in messages:
            if identity not in bodies:
                bodies[identity] = body
                first[path[1:]].append(identity)
            elif bodies[identity] != body:
                faults.append("%s came with other bytes: %r, %r" % (identity, bodies[identity], body))
    lost = [identity for identity in lives.accepted if identity not in bodies]
    for identity in lost[:5]:
        faults.append("%s (%s) was accepted and never came" % (identity, lives.named.get(identity)))
    if len(lost) > 5:
        faults.append("... %d in all were accepted and never came" % len(lost))
    for hook, identities in first.items():
        last = 0
        for identity in identities:
            if identity not in lives.accepted:
                continue  # sent beside its commit, which may never have been
            number = json.loads(bodies[identity])["seq"]
            if number <= last:
                faults.append("%s: number %d came after %d" % (hook, number, last))
            last = number
        if hook.startswith("alarm") or hook in LASTING:
            faults += turns(hook, identities, bodies, lives.accepted)
    return faults


def turns(hook, identities, bodies, accepted):
    """Fire and clear take turns. What was sent beside its commit in the moment of a kill may
    have been committed or not: both are right, so all that it can have come to is followed."""
    possible, course = {"clear"}, []
    for identity in identities:
        kind = json.loads(bodies[identity])["type"]
        if kind == "repeat":
            continue
        other = "clear" if kind == "fire" else "fire"
        course.append(kind if identity in accepted else kind + "?")
        if identity not in accepted:
            possible = possible | ({kind} if other in possible else set())
        elif other in possible:
            possible = {kind}
        else:
            return ["%s: no turns: %s" % (hook, " ".join(course[-6:]))]
    return []
