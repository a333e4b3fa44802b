#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What the service manager hears from gauged: ready, reloading, stopping, and the watchdog that
stops when the process or the writer of its store hangs; and a storm of SIGHUP."""
import os
import re
import select
import shutil
import signal
import socket
import tempfile
import time

import lab

CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}"}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 100ms, points: {{temp: {{holding: 100, type: int16}}}}}}
"""
RULES = """rules: {{hot: {{when: boiler.temp > 80}}}}
"""
HANGUPS = 1000


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self):
        self.name = "@gauged-test-%d-%d" % (os.getpid(), time.monotonic_ns())
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0", 1))
        self.heard = []

    def listen(self, patience):
        """Hears what comes within patience seconds, and whether anything did."""
        if not select.select([self.socket], [], [], patience)[0]:
            return False
        while select.select([self.socket], [], [], 0)[0]:
            self.heard.append(self.socket.recv(4096).decode())
        return True

    def wait_for(self, text):
        def said():
            self.listen(0.05)
            return [line for line in self.heard if line.startswith(text)]
        return lab.wait_for(text, said)


def make(rules="", **env):
    plant, manager = lab.Plant(), Manager()
    daemon = lab.Gauged((CONFIG + rules).format(plant=plant.port))
    daemon.start(env={"NOTIFY_SOCKET": manager.name, **env}).ready()
    return plant, manager, daemon


def test_manager_is_told_of_every_stage():
    plant, manager, daemon = make()
    manager.wait_for("READY=1")
    manager.wait_for("STATUS=")
    assert not [line for line in manager.heard if line.startswith("RELOADING")]
    begun = time.monotonic_ns() // 1000
    assert daemon.ctl("reload").returncode == 0
    reloading = manager.wait_for("RELOADING=1\n")[0]
    stamp = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", reloading).group(1))
    assert begun <= stamp <= time.monotonic_ns() // 1000, (begun, stamp)
    lab.wait_for("ready again", lambda: manager.listen(0.05) or True and
                 manager.heard.count("READY=1") == 2)
    daemon.stop()
    manager.wait_for("STOPPING=1")
    # Nobody asked for a watchdog.
    assert "WATCHDOG=1" not in manager.heard


def test_fault_E3_watchdog_is_silent_while_the_process_hangs():
    plant, manager, daemon = make(WATCHDOG_USEC="400000")
    for _ in range(3):
        manager.heard.clear()
        manager.wait_for("WATCHDOG=1")
    daemon.process.send_signal(signal.SIGSTOP)
    lab.wait_for("it stands", lambda: open("/proc/%d/stat" % daemon.process.pid).read().split()[2] == "T")
    while manager.listen(0):
        pass
    # Five times the pause after which it is fed, and not a word: systemd would abort it now.
    assert not manager.listen(1.0), manager.heard
    manager.heard.clear()
    daemon.process.send_signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG=1")
    # It does not make up for what it missed.
    assert manager.heard.count("WATCHDOG=1") <= 2, manager.heard
    daemon.stop()


def test_fault_E6_watchdog_is_silent_when_the_writer_hangs():
    shim = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "slow_disk.so"))
    if not os.path.exists(shim):
        print("     SKIP: slow_disk.so is not built: a sanitizer has to be first")
        return
    folder = tempfile.mkdtemp(prefix="gauged-test.")
    slow = os.path.join(folder, "slow")
    plant, manager, daemon = make(RULES, WATCHDOG_USEC="1000000", LD_PRELOAD=shim, SLOW_DISK=slow)
    open(slow, "w").close()
    plant.set(1, 100, 90)
    lab.wait_for("the rule fires", lambda: daemon.get("/v1/status")["counts"]["rules_firing"] == 1)
    manager.heard.clear()

    def missed():
        manager.listen(0.05)
        return "watchdog: the writer of the store makes no progress" in daemon.log()

    lab.wait_for("the writer is missed", missed)
    # A disk that takes a few seconds is no reason to be killed: two a second, for 20 seconds.
    assert manager.heard.count("WATCHDOG=1") >= 10, manager.heard
    while manager.listen(0):
        pass
    assert not manager.listen(3.0), manager.heard
    # Everything else goes on, and says so.
    store = daemon.get("/v1/status")["store"]
    assert store["state"] == "degraded" and "20 s" in store["problem"], store
    assert daemon.ctl("health").returncode == 1
    manager.heard.clear()
    os.unlink(slow)
    manager.wait_for("WATCHDOG=1")
    assert "watchdog: the writer of the store goes on" in daemon.log()
    daemon.stop()
    shutil.rmtree(folder)


def test_fault_E3_watchdog_of_another_process_is_not_fed():
    plant, manager, daemon = make(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    manager.wait_for("READY=1")
    manager.listen(0.5)
    manager.listen(0.5)
    assert "WATCHDOG=1" not in manager.heard
    daemon.stop()


def resident(daemon):
    with open("/proc/%d/status" % daemon.process.pid) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def test_fault_E7_storm_of_hangups_is_a_few_reloads():
    # AddressSanitizer would keep what is freed, and look as if it leaked.
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
    plant, manager, daemon = make(ASAN_OPTIONS=options)
    assert daemon.ctl("reload").returncode == 0
    before, fds = daemon.metric("gauged_reloads_total"), len(os.listdir("/proc/%d/fd" % daemon.process.pid))
    memory = resident(daemon)
    polls = plant.requests
    for _ in range(HANGUPS):
        os.kill(daemon.process.pid, signal.SIGHUP)
    # One that came last is not lost: what is in the file by then is in force in the end.
    daemon.write("site: after-the-storm\n" + CONFIG.format(plant=plant.port))
    daemon.process.send_signal(signal.SIGHUP)
    lab.wait_for("the last one counts", lambda: daemon.get("/v1/status")["site"] == "after-the-storm")
    lab.wait_for("rest", lambda: not daemon.get("/v1/status")["reload"]["running"])
    reloads = daemon.metric("gauged_reloads_total") - before
    assert 1 <= reloads < HANGUPS, reloads
    assert daemon.metric("gauged_reloads_failed_total") == 0
    manager.listen(0)
    starts = [line.split("=")[0] for line in manager.heard if line[:9] in ("RELOADING", "READY=1")]
    # One at a time: every RELOADING has its READY before the next.
    for one, next_one in zip(starts, starts[1:]):
        assert not (one == next_one == "RELOADING"), starts
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    assert plant.connections == 1, "the bus did not notice"
    assert len(os.listdir("/proc/%d/fd" % daemon.process.pid)) <= fds + 1
    assert resident(daemon) - memory < 8192, (memory, resident(daemon))
    print("     %d hangups, %d reloads, %d KiB more" % (HANGUPS + 1, reloads, resident(daemon) - memory))
    daemon.stop()


lab.run(test_manager_is_told_of_every_stage, test_fault_E3_watchdog_is_silent_while_the_process_hangs,
        test_fault_E6_watchdog_is_silent_when_the_writer_hangs,
        test_fault_E3_watchdog_of_another_process_is_not_fed, test_fault_E7_storm_of_hangups_is_a_few_reloads)
