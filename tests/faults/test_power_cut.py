#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The power is cut: gauged stops dead, and only what was synced is on the disk.

The state is on a file system in a file. gauged is stopped, the file is copied as it is, and
gauged begins anew on the copy: what was in caches only is really gone. With a disk that lies
about syncing the same test has to find losses, or it could not find any.

    test_power_cut.py [CUTS [SEED]]    (otherwise 6)
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import delivery  # noqa: E402
import lab  # noqa: E402

CUTS = int(sys.argv[1]) if len(sys.argv) > 1 else 6
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def command(*arguments):
    subprocess.run(arguments, check=True, capture_output=True)


class Disk:
    """A file system in a file, mounted, and its copy as a cut of the power leaves it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="gauged-power.")
        self.image = os.path.join(self.directory, "image")
        self.mount = os.path.join(self.directory, "mount")
        self.mounted = False
        os.mkdir(self.mount)

    def make(self):
        with open(self.image, "wb") as f:
            f.truncate(48 << 20)
        command("mkfs.ext4", "-q", "-b", "4096", self.image)
        self.attach()

    def attach(self):
        command("mount", "-o", "loop", self.image, self.mount)
        self.mounted = True

    def cut(self, lives):
        """gauged is frozen; from here on there is only what the disk had."""
        copy = self.image + ".cut"
        command("cp", "--sparse=always", self.image, copy)
        lives.kill()
        self.detach()
        os.replace(copy, self.image)
        self.attach()

    def detach(self):
        if self.mounted:
            for _ in range(100):
                if subprocess.run(["umount", self.mount], capture_output=True).returncode == 0:
                    break
                time.sleep(0.05)
            self.mounted = False

    def remove(self):
        self.detach()
        shutil.rmtree(self.directory, ignore_errors=True)


def cuts(count, seed, shim=None):
    """Faults found over so many cuts of one life after the other. Rules that last are looked at on
    a disk that does not lie: nothing else has to keep them."""
    rng = random.Random(seed)
    disk = Disk()
    run = tempfile.mkdtemp(prefix="gauged-cut.")
    feed, receiver = delivery.Feed(), delivery.Receiver(failing=0.2, seed=seed)
    text = delivery.config(feed.port, receiver.port, run).replace(run + "/state", disk.mount + "/state")
    lives = delivery.Lives(run, text, feed, shim)
    lasting = delivery.Lasting(feed, lives) if shim is None else None
    numbers, values = [0] * delivery.HOOKS, [0] * delivery.ALARMS
    try:
        disk.make()
        lives.start()
        lives.wait_ready()
        lab.wait_for("the feed is heard", lambda: feed.peers)
        if lasting:
            lasting.begin()
        for _ in range(count):
            end = time.monotonic() + 0.1 + rng.random() * 0.5
            while time.monotonic() < end:
                delivery.feed_some(feed, 5, numbers, values, rng)
                time.sleep(0.002)
            lives.freeze()
            disk.cut(lives)
            lives.start()
            lives.wait_ready()
            lab.wait_for("the feed is heard", lambda: feed.peers)
            if lasting:
                lasting.go_on()
        receiver.failing = 0
        if lasting:
            lasting.end()
        lives.drain()
        lives.kill()
        print("%d cuts: %d messages named, %d accepted, %d delivered"
              % (count, len(lives.named), len(lives.accepted), sum(map(len, receiver.got.values()))))
        aside = [name for name in os.listdir(disk.mount + "/state") if "corrupt" in name]
        faults = delivery.verdict(lives, receiver) + (lasting.faults(receiver) if lasting else [])
        return faults, aside, len(lives.accepted)
    finally:
        if lives.process is not None and lives.process.poll() is None:
            lives.kill()
        disk.remove()
        shutil.rmtree(run, ignore_errors=True)


def test_fault_D9_the_power_is_cut_at_any_time():
    faults, aside, accepted = cuts(CUTS, SEED)
    assert not faults, "\n".join(faults[:20])
    assert not aside, "stores that could not be read: %s" % aside
    assert accepted > 20 * CUTS, "too little was accepted to say anything: %d" % accepted


def found_out(shim, what):
    for attempt in range(5):
        faults, aside, _ = cuts(max(3, min(CUTS, 25)), SEED + 1000 + attempt, {"LD_PRELOAD": shim})
        if faults or aside:
            print("as it has to be: %s" % (faults or aside)[0])
            return
    raise AssertionError("nothing was lost %s: this test can't find losses" % what)


def test_a_disk_that_lies_is_found_out():
    found_out(delivery.SHIM, "without any sync")


def test_a_store_that_syncs_no_commits_is_found_out():
    found_out(delivery.SHIM.replace("sync_shim", "normal_shim"), "with synchronous=NORMAL")


def can_mount():
    if os.geteuid() != 0:
        return "mounting a file system needs root"
    disk = Disk()
    try:
        disk.make()
        return None
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        return "no file system in a file can be mounted here: %s" % error
    finally:
        disk.remove()


if __name__ == "__main__":
    problem = can_mount()
    if problem:
        lab.skip(problem)
    tests = [test_fault_D9_the_power_is_cut_at_any_time]
    if "asan" not in os.environ.get("ASAN_OPTIONS", "") and os.path.exists(delivery.SHIM):
        tests += [test_a_disk_that_lies_is_found_out, test_a_store_that_syncs_no_commits_is_found_out]
    lab.run(*tests)
