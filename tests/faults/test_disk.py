#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Disks that are slow, full, read-only or not there: gauged goes on, says so, and recovers."""
import errno
import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import delivery  # noqa: E402
import lab  # noqa: E402

NO_SHIM = "     SKIP: nothing can be preloaded before a sanitizer"
NO_MOUNT = "     SKIP: no file system can be mounted here"


class Disk:
    """The numbers of disk_shim.c: how the disk fails."""

    PLACES = {"write_errno": 0, "sync_errno": 1, "short_bytes": 2, "cut": 3, "sync_ms": 4,
              "writes_failed": 5, "syncs_failed": 6, "writes_short": 7}
    shim = os.path.join(os.path.dirname(delivery.SHIM), "disk_shim.so")

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="gauged-shim.")
        self.file.write(bytes(4 * len(self.PLACES)))
        self.file.flush()
        self.page = mmap.mmap(self.file.fileno(), 4 * len(self.PLACES))
        self.env = {"LD_PRELOAD": self.shim, "DISK_SHIM": self.file.name}

    def set(self, **numbers):
        for name, number in numbers.items():
            struct.pack_into("i", self.page, 4 * self.PLACES[name], number)

    def get(self, name):
        return struct.unpack_from("i", self.page, 4 * self.PLACES[name])[0]


class Scene:
    """A feed, a receiver, and gauged between them with its state in a folder of choice."""

    def __init__(self, state=None, shim=None, failing=0.0):
        self.directory = tempfile.mkdtemp(prefix="gauged-disk.")
        self.feed = delivery.Feed()
        self.receiver = delivery.Receiver(failing=failing)
        text = delivery.config(self.feed.port, self.receiver.port, self.directory)
        if state:
            text = text.replace(self.directory + "/state", state)
        self.lives = delivery.Lives(self.directory, text, self.feed, shim)
        self.numbers, self.values = [0] * delivery.HOOKS, [0] * delivery.ALARMS
        self.random = random.Random(5)
        self.said = 0

    def start(self):
        self.lives.start()
        self.lives.wait_ready()
        lab.wait_for("the feed is heard", lambda: self.feed.peers)
        # The first line may be half of one, and a number that is the first has not changed.
        for _ in range(2):
            self.feed.say(" ".join("n%d=%d" % pair for pair in enumerate(self.numbers)))
        return self

    def say(self, count):
        self.said += delivery.feed_some(self.feed, count, self.numbers, self.values, self.random)

    def get(self, path):
        connection = lab.UnixConnection(os.path.join(self.directory, "run", "control.sock"))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            return lab.json.loads(text) if "/json" in answer.headers["Content-Type"] else text
        finally:
            connection.close()

    def metric(self, name):
        for line in self.get("/metrics").splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError("there is no metric " + name)

    def problems(self):
        return [p for p in self.get("/v1/status")["problems"] if p["what"] == "store"]

    def all_arrives(self):
        """Each line that was said changes one number."""
        def arrived():
            return sum(len({identity for identity, _ in messages})
                       for path, messages in list(self.receiver.got.items()) if path.startswith("/h")) >= self.said
        lab.wait_for("all of it arrives", arrived)

    def all_is_written(self):
        lab.wait_for("it is well again", lambda: not self.problems())
        lab.wait_for("all of it is written", lambda: self.metric("gauged_store_pending_messages") == 0)
        lab.wait_for("its log is read", lambda: len(self.lives.accepted) == len(self.lives.named))

    def end_of_story(self):
        """One more life with a receiver that takes everything, and the verdict."""
        self.receiver.failing = 0.0
        self.start()
        self.lives.drain()
        self.lives.kill()
        faults = delivery.verdict(self.lives, self.receiver)
        assert not faults, faults[:10]

    def end(self):
        if self.lives.process is not None and self.lives.process.poll() is None:
            self.lives.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class Scenes:
    """Ends what was begun, whatever happens."""

    def __init__(self, *args, **kwargs):
        self.scene = Scene(*args, **kwargs)

    def __enter__(self):
        return self.scene

    def __exit__(self, *args):
        if args[0] is not None:
            print("---- errors of gauged: " + "".join(self.scene.lives.refused[-20:]))
        self.scene.end()


def mounted(kind, options):
    """A small file system in memory; None: not here."""
    path = tempfile.mkdtemp(prefix="gauged-fs.")
    rc = subprocess.run(["mount", "-t", kind, "-o", options, kind, path], capture_output=True).returncode
    if rc != 0:
        os.rmdir(path)
        return None
    return path


def unmounted(path):
    for _ in range(100):
        if subprocess.run(["umount", path], capture_output=True).returncode == 0:
            break
        time.sleep(0.05)
    shutil.rmtree(path, ignore_errors=True)


def no_shim():
    if os.path.exists(Disk.shim):
        return False
    print(NO_SHIM)
    return True


def test_fault_D1_syncs_of_two_seconds_do_not_show_on_the_loop():
    if no_shim():
        return
    disk = Disk()
    with Scenes(shim=disk.env) as scene:
        scene.start()
        disk.set(sync_ms=2000)
        begun, before = time.monotonic(), scene.metric("gauged_store_commits_total")
        while time.monotonic() - begun < 8:
            scene.say(5)
            time.sleep(0.02)
        assert scene.said > 100, scene.said
        # Deliveries run beside the commits: there were fewer of these than seconds.
        scene.all_arrives()
        commits = scene.metric("gauged_store_commits_total") - before
        assert 1 <= commits <= (time.monotonic() - begun) / 2 + 1, commits
        # A sync that the loop waited for would be two seconds of lateness.
        late = scene.metric("gauged_loop_lag_max_seconds")
        assert late < 1.5, late
        scene.all_is_written()
        assert scene.metric("gauged_store_commit_max_seconds") >= 2
        disk.set(sync_ms=0)


def fill(path):
    """Until nothing fits any more."""
    with open(os.path.join(path, "filler"), "wb", buffering=0) as f:
        for size in (1 << 16, 4096, 1):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError:
                pass


def degraded_and_back(scene, break_it, mend_it, words):
    """Broken while it runs: deliveries go on, it is told; mended, all is as before."""
    scene.start()
    scene.say(50)
    scene.all_arrives()
    assert not scene.problems()
    break_it()
    scene.say(200)
    scene.all_arrives()
    problem = lab.wait_for("the status tells", scene.problems)[0]
    assert any(word in problem["detail"].lower() for word in words), problem
    # What can't be delivered either waits in memory.
    scene.receiver.failing = 1.0
    scene.say(100)
    lab.wait_for("they wait in memory", lambda: scene.metric("gauged_store_pending_messages") >= 100)
    mend_it()
    scene.all_is_written()
    scene.lives.kill()
    scene.end_of_story()


def test_fault_D3_trouble_is_an_event():
    """It fires once, reaches a webhook while it lasts and the history when it is over, and clears."""
    if no_shim():
        return
    disk = Disk()
    told = "[{webhook: alarm0}]"
    with Scenes(shim=disk.env) as scene:
        scene.lives.text = scene.lives.text.replace(
            "max_size: 64MiB", "max_size: 64MiB, on_fire: %s, on_clear: %s" % (told, told))

        def events():
            bodies = [lab.json.loads(body) for _, body in list(scene.receiver.got["/alarm0"])]
            return [body for body in bodies if body["rule"] == "gauged.store"]

        scene.start()
        disk.set(write_errno=errno.EIO)
        scene.say(50)
        fire = lab.wait_for("it is told", events)[0]
        assert (fire["type"], fire["state"], fire["reason"]) == ("fire", "firing", "trouble"), fire
        assert "input/output" in fire["message"].lower(), fire
        disk.set(write_errno=errno.ENOSPC)
        failures = scene.metric("gauged_store_failures_total")
        lab.wait_for("it fails again", lambda: scene.metric("gauged_store_failures_total") > failures)
        disk.set(write_errno=0)
        lab.wait_for("its end is told", lambda: len(events()) > 1)
        assert [event["type"] for event in events()] == ["fire", "clear"], events()
        lines = [lab.json.loads(line) for line in scene.get("/v1/history?rule=gauged.store").splitlines()]
        assert [line["type"] for line in lines] == ["clear", "fire"], lines


def test_fault_D3_writes_that_fail():
    for number, words in ((errno.EIO, ["input/output"]), (errno.EROFS, ["read-only"])):
        if no_shim():
            return
        disk = Disk()
        with Scenes(shim=disk.env) as scene:
            degraded_and_back(scene, lambda: disk.set(write_errno=number), lambda: disk.set(write_errno=0), words)
            assert disk.get("writes_failed") > 0


def test_fault_D4_syncs_that_fail_lose_what_they_were_for():
    """As Linux does it: the failed sync leaves pages that look written, and the next one is
    glad. Then the power goes, and what was accepted has to be on the disk."""
    if no_shim():
        return
    disk = Disk()
    with Scenes(shim=disk.env) as scene:
        scene.start()
        scene.receiver.failing = 1.0
        scene.say(100)
        lab.wait_for("some is written", lambda: len(scene.lives.accepted) > 50)
        for _ in range(3):
            disk.set(sync_errno=errno.EIO)
            failed = disk.get("syncs_failed")
            scene.say(50)
            problem = lab.wait_for("the status tells", scene.problems)[0]
            assert "I/O error" in problem["detail"], problem
            assert disk.get("syncs_failed") > failed
            disk.set(sync_errno=0)
            scene.all_is_written()
        scene.say(50)
        scene.all_is_written()
        disk.set(cut=1)
        scene.say(1)
        assert scene.lives.process.wait(lab.PATIENCE) == -signal.SIGKILL
        scene.lives.reader.join(10)
        assert len(scene.lives.accepted) >= 300, len(scene.lives.accepted)
        disk.set(cut=0)
        scene.end_of_story()


def test_a_disk_that_loses_what_it_synced_is_found_out():
    """The test before this one can find losses: here all syncs fail and nobody is told."""
    if no_shim():
        return
    disk = Disk()
    with Scenes(shim=disk.env) as scene:
        scene.start()
        scene.receiver.failing = 1.0
        disk.set(sync_errno=-1)
        scene.say(100)
        lab.wait_for("some is written", lambda: len(scene.lives.accepted) > 50)
        disk.set(cut=1)
        scene.say(1)
        scene.lives.process.wait(lab.PATIENCE)
        scene.lives.reader.join(10)
        disk.set(cut=0, sync_errno=0)
        scene.receiver.failing = 0.0
        scene.start()
        scene.lives.drain()
        scene.lives.kill()
        assert "never came" in str(delivery.verdict(scene.lives, scene.receiver))


def test_fault_D5_writes_that_are_short():
    if no_shim():
        return
    disk = Disk()
    with Scenes(shim=disk.env) as scene:
        disk.set(short_bytes=96)
        scene.start()
        scene.receiver.failing = 1.0
        scene.say(100)
        scene.all_is_written()
        assert disk.get("writes_short") > 100
        assert scene.metric("gauged_store_failures_total") == 0
        scene.lives.kill()
        scene.end_of_story()


def test_fault_D2_a_full_disk():
    path = mounted("tmpfs", "size=3m,mode=0700")
    if path is None:
        print(NO_MOUNT)
        return
    try:
        with Scenes(state=path + "/state") as scene:
            degraded_and_back(scene, lambda: fill(path), lambda: os.unlink(path + "/filler"), ["full", "space"])
    finally:
        unmounted(path)


class Image:
    """An ext4 in a file, mounted."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gauged-ro.")
        self.image, self.path = self.folder + "/image", self.folder + "/mount"
        os.mkdir(self.path)
        with open(self.image, "wb") as f:
            f.truncate(32 << 20)

    def mount(self):
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", self.image, self.path], check=True,
                       capture_output=True)

    def make(self):
        """False: not here."""
        try:
            subprocess.run(["mkfs.ext4", "-q", self.image], check=True, capture_output=True)
            self.mount()
            return True
        except (subprocess.CalledProcessError, FileNotFoundError):
            return False

    def device(self):
        found = subprocess.run(["findmnt", "-no", "SOURCE", self.path], check=True, capture_output=True, text=True)
        return found.stdout.strip()

    def trigger(self):
        return "/sys/fs/ext4/%s/trigger_fs_error" % os.path.basename(self.device())

    def turn_read_only(self):
        # As after an error on the disk: open files do not hinder it.
        with open(self.trigger(), "w") as f:
            f.write("a test")

    def unmount(self):
        for _ in range(100):
            if subprocess.run(["umount", self.path], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)

    def remove(self):
        if os.path.ismount(self.path):
            self.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_fault_D6_a_disk_that_turns_read_only():
    """It can't be made writable again under a program that has files on it; that it would go on
    by itself if it could is seen with D3."""
    image = Image()
    try:
        if not image.make() or not os.path.exists(image.trigger()):
            print(NO_MOUNT)
            return
        with Scenes(state=image.path + "/state") as scene:
            scene.start()
            scene.receiver.failing = 1.0
            scene.say(50)
            scene.all_is_written()
            kept = len(scene.lives.accepted)
            assert kept >= 50, kept
            image.turn_read_only()
            scene.receiver.failing = 0.0
            scene.say(200)
            scene.all_arrives()
            problem = lab.wait_for("the status tells", scene.problems)[0]
            assert "read-only" in problem["detail"].lower(), problem
            assert scene.metric("gauged_store_good") == 0
            scene.lives.process.terminate()
            assert scene.lives.process.wait(lab.PATIENCE) == 0
            scene.lives.reader.join(10)
            image.unmount()
            image.mount()
            # What was delivered meanwhile comes again: it could not be noted.
            scene.end_of_story()
    finally:
        image.remove()


def test_fault_D12_no_inodes_left():
    path = mounted("tmpfs", "size=8m,nr_inodes=2,mode=0700")
    if path is None:
        print(NO_MOUNT)
        return
    try:
        with Scenes(state=path + "/state") as scene:
            scene.start()
            scene.say(50)
            scene.all_arrives()
            assert scene.problems()
            subprocess.run(["mount", "-o", "remount,nr_inodes=100", path], check=True, capture_output=True)
            scene.all_is_written()
            scene.receiver.failing = 1.0
            scene.say(50)
            scene.all_is_written()
            scene.lives.kill()
            scene.end_of_story()
    finally:
        unmounted(path)


def test_fault_D12_no_quota_left():
    if no_shim():
        return
    disk = Disk()
    with Scenes(shim=disk.env) as scene:
        degraded_and_back(scene, lambda: disk.set(write_errno=errno.EDQUOT), lambda: disk.set(write_errno=0), ["quota"])


def test_fault_D10_a_second_instance_does_not_start():
    with Scenes() as scene:
        scene.start()
        path = os.path.join(scene.directory, "second.yaml")
        with open(path, "w") as f:
            f.write("control: {socket: %s/second/control.sock}\nstate: {dir: %s/state}\n"
                    % (scene.directory, scene.directory))
        os.chmod(path, 0o600)
        second = subprocess.run([lab.GAUGED, "--config", path], capture_output=True, text=True,
                                timeout=lab.PATIENCE)
        assert second.returncode == 75, second
        assert str(scene.lives.process.pid) in second.stderr, second.stderr
        scene.say(10)
        scene.all_arrives()


def test_fault_D8_folders_that_are_not_ours():
    outside = tempfile.mkdtemp(prefix="gauged-out.")
    try:
        with Scenes() as scene:
            os.symlink(outside, scene.directory + "/state")
            scene.start()
            scene.say(20)
            scene.all_arrives()
            assert "symbolic link" in scene.problems()[0]["detail"], scene.problems()
            assert not os.listdir(outside), os.listdir(outside)
        with Scenes() as scene:
            os.mkdir(scene.directory + "/state")
            os.chmod(scene.directory + "/state", 0o777)
            scene.start()
            assert scene.problems(), "a folder that all can write to was taken"
            assert not os.listdir(scene.directory + "/state")
    finally:
        shutil.rmtree(outside, ignore_errors=True)


LATE = """
buses: {plc: {modbus: 'tcp://127.0.0.1:%d', timeout: 500ms}}
devices: {a: {bus: plc, poll: 50ms, points: {t: {holding: 1, type: int16}, u: {holding: 2, type: int16}}}}
rules:
  latched: {when: a.t > 50, latch: true}
  firing: {when: a.u > 50, repeat: 1h}
  over: {when: a.u > 90}
  shelved: {when: a.u > 10}
"""


def test_fault_D8_a_folder_that_is_ours_late_brings_its_alarms():
    """Latched, acknowledged, shelved: what the store knew is not forgotten because it came late."""
    plant = lab.Plant()
    daemon = lab.Gauged(LATE % plant.port)
    folder = daemon.dir + "/state"

    def rule(name):
        return daemon.get("/v1/rules/" + name)

    def is_in(name, state):
        lab.wait_for("%s is %s" % (name, state), lambda: rule(name)["state"] == state)

    plant.set(1, 1, 60)
    plant.set(1, 2, 99)
    daemon.start().ready()
    is_in("latched", "firing")
    is_in("over", "firing")
    assert daemon.ctl("ack", "firing").returncode == 0
    assert daemon.ctl("shelve", "shelved", "1h").returncode == 0
    plant.set(1, 1, 0)
    is_in("latched", "returned")
    begun = time.monotonic() - rule("firing")["since_s"]
    daemon.stop()
    os.chmod(folder, 0o777)
    plant.set(1, 2, 60)
    daemon.start().ready()
    assert "store" in [p["what"] for p in daemon.get("/v1/status")["problems"]]
    is_in("firing", "firing")
    is_in("latched", "ok")
    assert rule("over")["state"] == "ok" and not rule("firing")["acknowledged"]
    os.chmod(folder, 0o700)
    is_in("latched", "returned")
    same = rule("firing")
    assert same["acknowledged"], same
    assert abs(time.monotonic() - same["since_s"] - begun) < 2, (same, begun)
    assert rule("shelved")["shelved_s"] > 3000, rule("shelved")
    # It fired before, and does no more: somebody was told the one, and is told the other.
    past = lambda: re.findall('"type": ?"([a-z]+)"', daemon.ctl("history", "over", "--json").stdout)
    lab.wait_for("the end is told", lambda: sorted(past()) == ["clear", "fire"])
    assert "taken over from before, late: 4 alarms" in daemon.log()
    daemon.stop()
    daemon.start().ready()
    assert rule("latched")["state"] == "returned"
    daemon.stop()


def test_fault_E2_told_to_stop_with_a_full_queue():
    with Scenes(failing=1.0) as scene:
        scene.start()
        while len(scene.lives.named) < 5000:
            scene.say(100)
        scene.lives.process.terminate()
        status = scene.lives.process.wait(lab.PATIENCE)
        assert status == 0, status
        scene.lives.reader.join(10)
        scene.lives.accepted |= set(scene.lives.named)  # a clean end loses nothing at all
        scene.end_of_story()


def test_fault_E6_no_thread_for_the_writer():
    if no_shim():
        return
    scene = Scene(shim={"LD_PRELOAD": Disk.shim, "THREADS_REFUSED": "1"})
    try:
        scene.lives.start()
        assert scene.lives.process.wait(lab.PATIENCE) == 71
        scene.lives.reader.join(10)
        assert "no thread can be started for the journal" in scene.lives.refused[-1], scene.lives.refused
    finally:
        scene.end()


if __name__ == "__main__":
    lab.run(test_fault_D1_syncs_of_two_seconds_do_not_show_on_the_loop,
            test_fault_D2_a_full_disk,
            test_fault_D3_trouble_is_an_event,
            test_fault_D3_writes_that_fail,
            test_fault_D4_syncs_that_fail_lose_what_they_were_for,
            test_a_disk_that_loses_what_it_synced_is_found_out,
            test_fault_D5_writes_that_are_short,
            test_fault_D6_a_disk_that_turns_read_only,
            test_fault_D8_folders_that_are_not_ours,
            test_fault_D10_a_second_instance_does_not_start,
            test_fault_D12_no_inodes_left,
            test_fault_D12_no_quota_left,
            test_fault_D8_a_folder_that_is_ours_late_brings_its_alarms,
            test_fault_E2_told_to_stop_with_a_full_queue,
            test_fault_E6_no_thread_for_the_writer)
