#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gauged is killed again and again in the middle of its work: nothing that it accepted is lost.

    test_kill.py [EVENTS KILLS [SEED]]    (otherwise 3,000 and 6)
"""
import os
import random
import re
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import delivery  # noqa: E402
import lab  # noqa: E402  (delivery knows where it is)

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1


def test_fault_E1_killed_at_any_time_nothing_accepted_is_lost():
    rng = random.Random(SEED)
    directory = tempfile.mkdtemp(prefix="gauged-kill.")
    feed, receiver = delivery.Feed(), delivery.Receiver(failing=0.2, seed=SEED)
    lives = delivery.Lives(directory, delivery.config(feed.port, receiver.port, directory), feed)
    numbers, values = [0] * delivery.HOOKS, [0] * delivery.ALARMS
    lasting = delivery.Lasting(feed, lives)
    said = looked = kills = 0
    try:
        lives.start()
        lives.wait_ready()
        lab.wait_for("the feed is heard", lambda: feed.peers)
        lasting.begin()
        while len(lives.accepted) < EVENTS or kills < KILLS:
            said += delivery.feed_some(feed, 20, numbers, values, rng)
            time.sleep(0.005)  # what is over the rate of a bus is dropped there
            # No faster than the receivers, or queues overflow, which is another test.
            if said >= looked + 1000:
                looked = said
                lab.wait_for("some of it is delivered", lambda: (lives.waiting() or 0) < 5000)
            if kills < KILLS and rng.random() < 20 * KILLS / EVENTS:
                time.sleep(rng.random() * 0.05)
                lives.kill()
                kills += 1
                lives.start()
                lives.wait_ready()
                lab.wait_for("the feed is heard", lambda: feed.peers)
                lasting.go_on()
        receiver.failing = 0
        lasting.end()
        lives.drain()
        lives.kill()
        faults = delivery.verdict(lives, receiver) + lasting.faults(receiver)
        deliveries = sum(map(len, receiver.got.values()))
        print("%d lines said, %d events named, %d accepted, %d delivered in %d tries, %d kills"
              % (said, len(lives.named), len(lives.accepted), deliveries, receiver.tries, kills))
        assert not faults, "\n".join(faults[:20])
        assert len(lives.accepted) >= EVENTS
    finally:
        if lives.process is not None and lives.process.poll() is None:
            lives.kill()
        shutil.rmtree(directory, ignore_errors=True)


def writable_kib(process):
    """What RLIMIT_DATA counts."""
    with open("/proc/%d/status" % process.pid) as f:
        return int(re.search(r"VmData:\s+(\d+)", f.read()).group(1))


def test_fault_I3_a_full_queue_does_not_fill_the_memory():
    """A kill for lack of memory is a kill as above. The next life must not end in the same way
    because of all that waits: here it may have three quarters of the room that this would take."""
    if not os.path.exists(delivery.SHIM):
        print("     SKIP: a sanitizer takes memory of its own")
        return
    directory = tempfile.mkdtemp(prefix="gauged-kill.")
    feed, receiver = delivery.Feed(), delivery.Receiver(failing=1.0)
    pad = "x" * 16000
    text = delivery.config(feed.port, receiver.port, directory).replace("body: '{", "body: '{\"pad\":\"%s\"," % pad)
    lives = delivery.Lives(directory, text, feed)
    numbers, values = [0] * delivery.HOOKS, [0] * delivery.ALARMS
    try:
        lives.start()
        lives.wait_ready()
        lab.wait_for("the feed is heard", lambda: feed.peers)
        empty = writable_kib(lives.process)
        while len(lives.accepted) < 2500:
            delivery.feed_some(feed, 100, numbers, values, random.Random(len(lives.accepted)))
            # More at once than the store keeps in memory would be dropped, and told as a gap.
            named = -1
            while named < len(lives.named):
                named = len(lives.named)
                time.sleep(0.1)
            lab.wait_for("it is written", lambda: lives.ask("GET", "/v1/status")["store"]["pending_bytes"] < 1 << 20)
        lives.kill()
        waits = len(pad) * len(lives.accepted) // 1024
        lives.before = ("prlimit", "--data=%d" % ((empty + waits * 3 // 4) * 1024))
        lives.start()
        lives.wait_ready()
        receiver.failing = 0.0
        lives.drain()
        print("     %d KiB waited; %d KiB with an empty queue, %d KiB now"
              % (waits, empty, writable_kib(lives.process)))
        lives.kill()
        faults = delivery.verdict(lives, receiver)
        assert not faults, [fault[:200] for fault in faults[:10]]
    finally:
        if lives.process is not None and lives.process.poll() is None:
            lives.kill()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    tests = [test_fault_E1_killed_at_any_time_nothing_accepted_is_lost]
    if len(sys.argv) == 1:
        tests.append(test_fault_I3_a_full_queue_does_not_fill_the_memory)
    lab.run(*tests)
