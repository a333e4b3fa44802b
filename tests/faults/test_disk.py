#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Disks that are slow, full, read-only or not there: gauged goes on, says so, and recovers."""
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



class Scene:
    """A feed, a receiver, and gauged between them with its state in a folder of choice."""

    def __init__(self, state=None, shim=None, failing=0.0):
        self.directory = tempfile.mkdtemp(prefix="gauged-disk.")
        self.feed = delivery.Feed()
        self.receiver = delivery.Receiver(failing=failing)
        text = delivery.config(self.feed.port, self.receiver.port, self.directory)
        if state:
            text = text.replace(self.directory + "/state", state)
        self.lives = delivery.Lives(self.directory, text, shim)
        self.numbers, self.values = [0] * delivery.HOOKS, [0] * delivery.ALARMS
        self.random = random.Random(5)

    def start(self):
        self.lives.start()
        self.lives.wait_ready()
        lab.wait_for("the feed is heard", lambda: self.feed.peers)
        return self

    def say(self, count):
        return delivery.feed_some(self.feed, count, self.numbers, self.values, self.random)

    def get(self, path):
        connection = lab.UnixConnection(os.path.join(self.directory, "run", "control.sock"))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            return lab.json.loads(text) if "json" in answer.headers["Content-Type"] else text
        finally:
            connection.close()

    def metric(self, name):
        for line in self.get("/metrics").splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError("there is no metric " + name)

    def problems(self):
        return [p for p in self.get("/v1/status")["problems"] if p["what"] == "store"]

    def delivered(self):
        return sum(map(len, self.receiver.got.values()))

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


def test_fault_D1_syncs_of_half_a_second_do_not_show_on_the_loop():
    if not os.path.exists(delivery.SHIM):
        print("     (not with sanitizers: nothing can be preloaded before them)")
        return
    with Scenes(shim={"LD_PRELOAD": delivery.SHIM, "SYNC_MS": "500"}) as scene:
        scene.start()
        begun = time.monotonic()
        while time.monotonic() - begun < 6:
            scene.say(5)
            time.sleep(0.02)
        said = sum(scene.numbers)
        assert said > 100, said
        # Deliveries run beside the commits, and all is committed in the end.
        lab.wait_for("all of it arrives", lambda: scene.delivered() >= said)
        lab.wait_for("all of it is written", lambda: scene.metric("gauged_store_pending_messages") == 0)
        commits = scene.metric("gauged_store_commits_total")
        assert 2 <= commits <= 2 * (time.monotonic() - begun) + 2, commits
        assert scene.metric("gauged_store_commit_max_seconds") >= 0.5
        # A sync that the loop waited for would be half a second of lateness.
        late = scene.metric("gauged_loop_lag_max_seconds")
        assert late < 0.4, late


def fill(path):
    """Until nothing fits any more."""
    with open(os.path.join(path, "filler"), "wb", buffering=0) as f:
        for size in (1 << 16, 4096, 1):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError:
                pass


def degraded_and_back(path, break_it, mend_it, words):
    """Broken while it runs: deliveries go on, it is told; mended, all is as before."""
    with Scenes(state=path + "/state") as scene:
        scene.start()
        scene.say(50)
        lab.wait_for("it arrives", lambda: scene.delivered() >= sum(scene.numbers))
        assert not scene.problems()
        break_it()
        scene.say(200)
        lab.wait_for("it arrives all the same", lambda: scene.delivered() >= sum(scene.numbers))
        problem = lab.wait_for("the status tells", scene.problems)[0]
        assert any(word in problem["detail"].lower() for word in words), problem
        scene.receiver.failing = 1.0
        scene.say(100)
        mend_it()
        lab.wait_for("it is well again", lambda: not scene.problems())
        lab.wait_for("all is written", lambda: scene.metric("gauged_store_pending_messages") == 0)
        accepted = len(scene.lives.accepted)
        assert accepted >= 20, accepted
        scene.lives.kill()
        scene.receiver.failing = 0.0
        scene.start()
        scene.lives.drain()
        faults = delivery.verdict(scene.lives, scene.receiver)
        assert not faults, faults[:10]


def test_fault_D2_a_full_disk():
    path = mounted("tmpfs", "size=3m,mode=0700")
    if path is None:
        print("     (no file system can be mounted here)")
        return
    try:
        degraded_and_back(path, lambda: fill(path), lambda: os.unlink(path + "/filler"),
                          ["full", "space"])
    finally:
        unmounted(path)


def test_fault_D6_a_disk_that_turns_read_only():
    disk = tempfile.mkdtemp(prefix="gauged-ro.")
    image, path = disk + "/image", disk + "/mount"
    os.mkdir(path)
    try:
        with open(image, "wb") as f:
            f.truncate(32 << 20)
        try:
            subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
            subprocess.run(["mount", "-o", "loop", image, path], check=True, capture_output=True)
        except (subprocess.CalledProcessError, FileNotFoundError):
            print("     (no file system can be mounted here)")
            return

        def remount(how):
            # As the kernel does it after an error: open files do not hinder it.
            with open("/proc/mounts") as f:
                device = [line.split()[0] for line in f if line.split()[1] == path][0]
            subprocess.run(["mount", "-o", "remount," + how, device, path], check=True, capture_output=True)

        def read_only():
            fs = [line.split()[0] for line in open("/proc/mounts") if line.split()[1] == path][0]
            with open("/sys/fs/ext4/%s/trigger_fs_error" % os.path.basename(fs), "w") as f:
                f.write("test")

        subprocess.run(["mount", "-o", "remount,errors=remount-ro", path], check=True, capture_output=True)
        degraded_and_back(path, read_only, lambda: remount("rw"), ["read-only", "readonly", "input/output", "i/o"])
    finally:
        unmounted(path)
        shutil.rmtree(disk, ignore_errors=True)


def test_fault_D12_no_inodes_left():
    path = mounted("tmpfs", "size=8m,nr_inodes=2,mode=0700")
    if path is None:
        print("     (no file system can be mounted here)")
        return
    try:
        with Scenes(state=path + "/state") as scene:
            scene.start()
            scene.say(50)
            lab.wait_for("it arrives", lambda: scene.delivered() >= sum(scene.numbers))
            assert scene.problems()
            subprocess.run(["mount", "-o", "remount,nr_inodes=100", path], check=True, capture_output=True)
            lab.wait_for("it is well again", lambda: not scene.problems())
            scene.receiver.failing = 1.0
            scene.say(50)
            lab.wait_for("they are in the store", lambda: len(scene.lives.accepted) > 10)
            scene.lives.kill()
            scene.receiver.failing = 0.0
            scene.start()
            scene.lives.drain()
            faults = delivery.verdict(scene.lives, scene.receiver)
            assert not faults, faults[:10]
    finally:
        unmounted(path)


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
        lab.wait_for("the first works on", lambda: scene.delivered() >= sum(scene.numbers))


def test_fault_D8_folders_that_are_not_ours():
    outside = tempfile.mkdtemp(prefix="gauged-out.")
    try:
        with Scenes() as scene:
            os.symlink(outside, scene.directory + "/state")
            scene.start()
            scene.say(20)
            lab.wait_for("it works in memory", lambda: scene.delivered() >= sum(scene.numbers))
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


def test_fault_E2_told_to_stop_with_a_full_queue():
    with Scenes(failing=1.0) as scene:
        scene.start()
        while len(scene.lives.named) < 5000:
            scene.say(100)
        scene.lives.process.terminate()
        status = scene.lives.process.wait(lab.PATIENCE)
        assert status == 0, status
        scene.lives.reader.join(10)
        scene.receiver.failing = 0.0
        scene.lives.accepted |= set(scene.lives.named)  # a clean end loses nothing at all
        scene.start()
        scene.lives.drain()
        faults = delivery.verdict(scene.lives, scene.receiver)
        assert not faults, faults[:10]


if __name__ == "__main__":
    lab.run(test_fault_D1_syncs_of_half_a_second_do_not_show_on_the_loop,
            test_fault_D2_a_full_disk,
            test_fault_D6_a_disk_that_turns_read_only,
            test_fault_D8_folders_that_are_not_ours,
            test_fault_D10_a_second_instance_does_not_start,
            test_fault_D12_no_inodes_left,
            test_fault_E2_told_to_stop_with_a_full_queue)
