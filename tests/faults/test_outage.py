#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The receiver can't be reached for days, over a kill, while the clocks do what they want: what
waits keeps its order and its age, and goes soon after the network is back."""
import collections
import http.server
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import delivery  # noqa: E402
import lab  # noqa: E402

FAKE_CLOCK = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "fake_clock.so"))
ADDRESS = "10.77.0.1"  # of a link in a network of the test's own
OUTAGE_S = 72 * 3600
DAY_S = 24 * 3600
PAIRS = 15  # of fire and clear, for each rule
SLOW = "retry: {first: 1h, max: 1h}"


class Patient:
    """A receiver that takes its time, and sees how many come at once."""

    def __init__(self):
        self.order = collections.defaultdict(list)  # by path: seq
        self.busy = collections.Counter()
        self.most = collections.Counter()
        self.lock = threading.Lock()
        receiver = self

        class Request(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                with receiver.lock:
                    receiver.busy[self.path] += 1
                    receiver.most[self.path] = max(receiver.most[self.path], receiver.busy[self.path])
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(0.02)
                with receiver.lock:
                    receiver.busy[self.path] -= 1
                    receiver.order[self.path].append((event["seq"], event["type"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Request)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def ip(*commands):
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True, capture_output=True)


def make_network():
    """With a link that is down."""
    ip("link set lo up", "link add outside type veth peer name peer", "link set peer up")


def bring_up_network():
    ip("link set outside up", "address add %s/24 dev outside" % ADDRESS)


def figures(lives, name):
    """Of a metric, by queue."""
    connection = lab.UnixConnection(os.path.join(lives.directory, "run", "control.sock"))
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line.startswith(name + "{")}


def say_alarms(feed, lives, pairs):
    """They fire and clear in turns, and all of it is in the store."""
    lab.wait_for("the feed is heard", lambda: feed.peers)
    wanted = len(lives.named) + 2 * pairs * delivery.ALARMS
    feed.say("")  # what comes first may be half a line
    for _ in range(pairs):
        for value in (100, 0):
            feed.say(" ".join("a%d=%d" % (i, value) for i in range(delivery.ALARMS)))
    lab.wait_for("all of it is queued", lambda: len(lives.named) == wanted)
    lab.wait_for("all of it is in the store", lambda: len(lives.accepted) == wanted)


def test_fault_C8_no_network_for_three_days():
    directory = tempfile.mkdtemp(prefix="gauged-outage.")
    feed, receiver = delivery.Feed(), Patient()
    text = delivery.config(feed.port, receiver.port, directory)
    text = text.replace("http://127.0.0.1", "http://" + ADDRESS)
    text = text.replace("retry: {first: 50ms, max: 100ms}", SLOW)
    # Of one queue nobody wants anything that is older than a day: it knows how old it is.
    text = text.replace("alarm3\", " + SLOW, "alarm3\", " + SLOW.replace("}", ", for: 1d}"))
    lives = delivery.Lives(directory, text, feed)
    try:
        lives.start()
        lives.wait_ready()
        say_alarms(feed, lives, PAIRS)
        lives.kill()
        lives.before = ("unshare", "--time", "--boottime", str(OUTAGE_S), "--monotonic", str(OUTAGE_S))
        lives.start()
        lives.wait_ready()
        ages = figures(lives, "gauged_queue_oldest_seconds")
        assert all(OUTAGE_S <= ages["alarm%d" % i] < OUTAGE_S + DAY_S for i in range(3)), ages
        lab.wait_for("what is too old is given up", lambda:
                     figures(lives, "gauged_queue_dead_letters")["alarm3"] == 2 * PAIRS)
        say_alarms(feed, lives, 1)
        assert not receiver.order
        bring_up_network()
        # By itself a queue would look again within an hour, at a time chosen by lot.
        lab.wait_for("all of it arrives", lambda: lives.waiting() == 0)
        for i in range(delivery.ALARMS):
            path, pairs = "/alarm%d" % i, 1 if i == 3 else PAIRS + 1
            assert [kind for _, kind in receiver.order[path]] == ["fire", "clear"] * pairs, receiver.order[path]
            numbers = [number for number, _ in receiver.order[path]]
            assert numbers == sorted(set(numbers)), numbers
            assert receiver.most[path] == 1, "%d at once" % receiver.most[path]
        print("     %d messages in order, one at a time for each of %d receivers"
              % (sum(map(len, receiver.order.values())), len(receiver.order)))
    finally:
        if lives.process is not None and lives.process.poll() is None:
            lives.kill()
        shutil.rmtree(directory, ignore_errors=True)


class Clock:
    """What gauged takes for the wall clock: so many years ahead of the real one, or 1970."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "clock")
        os.mkfifo(self.path + ".set")
        with open(self.path, "wb") as f:
            f.write(bytes(16))
        self.set_ahead(0)

    def set_ahead(self, seconds):
        with open(self.path, "r+b") as f:
            f.write(struct.pack("qq", int(seconds) * 10**9, 0))
        with os.fdopen(os.open(self.path + ".set", os.O_RDWR), "wb") as f:
            f.write(b"x")


def steps(name, clocks, restarts):
    """A queue that fills under one clock after the other: nothing of it is given up, its order is
    the one in which it came, and what is sent bears the time at which it is."""
    if not os.path.exists(FAKE_CLOCK):
        print("     SKIP: nothing can be preloaded before a sanitizer")
        return
    directory = tempfile.mkdtemp(prefix="gauged-outage.")
    feed, receiver = delivery.Feed(), delivery.Receiver(failing=1.0)
    text = delivery.config(feed.port, receiver.port, directory)
    text = text.replace("retry: {first: 50ms, max: 100ms}", "retry: {first: 50ms, max: 100ms, for: 1d}")
    clock = Clock(directory)
    lives = delivery.Lives(directory, text, feed, {"LD_PRELOAD": FAKE_CLOCK, "FAKE_CLOCK": clock.path})
    try:
        for i, ahead in enumerate(clocks):
            clock.set_ahead(ahead)
            if i == 0 or restarts:
                if i > 0:
                    lives.kill()
                lives.start()
                lives.wait_ready()
            say_alarms(feed, lives, 3)
            ages = figures(lives, "gauged_queue_oldest_seconds")
            assert all(age < DAY_S / 2 for age in ages.values()), ages
        assert lives.waiting() == 6 * delivery.ALARMS * len(clocks), lives.waiting()
        assert not any(figures(lives, "gauged_queue_dead_letters").values())
        receiver.failing = 0.0
        lives.drain()
        lives.kill()
        faults = delivery.verdict(lives, receiver)
        assert not faults, faults[:10]
        now = time.time() + clocks[-1]
        assert all(abs(stamp - now) < DAY_S for stamp in receiver.stamps.values()), (name, now, receiver.stamps)
    finally:
        if lives.process is not None and lives.process.poll() is None:
            lives.kill()
        shutil.rmtree(directory, ignore_errors=True)


def test_fault_G1_a_queue_over_steps_of_ten_years():
    steps("running", [0, 3652 * DAY_S, 0, -3652 * DAY_S], restarts=False)
    steps("restarted", [0, 3652 * DAY_S, -3652 * DAY_S], restarts=True)


def test_fault_G2_a_queue_over_a_start_in_1970():
    in_1970 = 10 - int(time.time())
    steps("1970", [0, in_1970, 0], restarts=True)


def alone():
    """In a network and with clocks of its own; None: it can't be had."""
    if os.environ.get("OUTAGE_ALONE"):
        return True
    tried = subprocess.run(["unshare", "--net", "--time", "--boottime", "1", "sh", "-c",
                            "ip link add outside type veth peer name peer"], capture_output=True)
    if tried.returncode != 0:
        return False
    os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "OUTAGE_ALONE": "1"})
    return None


if __name__ == "__main__":
    tests = [test_fault_G1_a_queue_over_steps_of_ten_years, test_fault_G2_a_queue_over_a_start_in_1970]
    if alone():
        make_network()
        tests.insert(0, test_fault_C8_no_network_for_three_days)
    else:
        print("     SKIP: no network and clocks of one's own: it takes root")
    lab.run(*tests)
