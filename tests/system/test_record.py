#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl record: what a running daemon reads, as a file; gaps, names, signals."""
import os
import re
import signal
import subprocess

import lab

CONFIG = """
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}"}}}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16, scale: 0.1}}}}}}
  tank: {{bus: plc, unit: 2, poll: 1h, stale_after: 1d, points: {{level: {{holding: 1}}, gone: {{holding: 7}}}}}}
"""
READING = re.compile(r"^\d+\.\d{9} ([\w.]+) (\S+)$")


def make():
    plant = lab.Plant()
    plant.set(1, 100, 505)
    plant.set(2, 1, 7)
    plant.absent.add((2, 7))
    daemon = lab.Gauged(CONFIG.format(plant=plant.port)).start().ready()
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 50.5)
    lab.wait_for("a value", lambda: daemon.get("/v1/points/tank.level")["value"] == 7)
    lab.wait_for("a refusal", lambda: daemon.get("/v1/points/tank.gone")["reason"] == "exception")
    return plant, daemon


def record(daemon, *arguments):
    path = os.path.join(daemon.dir, "recording.txt")
    run = subprocess.Popen([lab.GAUGECTL, "--socket", daemon.socket, "record", "-o", path, *arguments],
                           stderr=subprocess.PIPE, text=True)
    return run, path


def read(path):
    with open(path) as f:
        return f.read()


def readings(text, point):
    return [m[2] for m in map(READING.match, text.splitlines()) if m and m[1] == point]


def test_recording_begins_with_what_is_known_and_ends_whole():
    plant, daemon = make()
    run, path = record(daemon)
    lab.wait_for("readings", lambda: os.path.exists(path) and len(readings(read(path), "boiler.temp")) > 5)
    plant.set(1, 100, -3)
    lab.wait_for("the new value", lambda: "-0.3" in readings(read(path), "boiler.temp"))
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=lab.PATIENCE)
    text = read(path)
    lines = text.splitlines()
    count = sum(1 for line in lines if READING.match(line))
    assert run.returncode == 0 and re.match(
        r"gaugectl: recorded %d readings of 3 points in [^,]+\n$" % count, told), told
    assert lines[0] == "# gauged recording 1", lines[0]
    assert re.match(r"^# started 2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$", lines[1]), lines[1]
    assert lines[2:5] == ["0.000000000 boiler.temp 50.5", "0.000000000 tank.level 7",
                          "0.000000000 tank.gone bad:exception:2"], lines[:6]
    assert re.match(r"^# end \d+\.\d{9}$", lines[-1]), lines[-1]
    times = [float(line.split()[0]) for line in lines if READING.match(line)]
    assert times == sorted(times) and times[-1] <= float(lines[-1].split()[2])
    daemon.stop()


def test_recording_of_some_points_that_ends_by_itself():
    _, daemon = make()
    for names in ["boiler"], ["boiler.*"], ["boiler.temp"]:
        run = daemon.ctl("record", "--for", "200ms", *names)
        assert run.returncode == 0, run
        assert readings(run.stdout, "boiler.temp") and not readings(run.stdout, "tank.level"), run
        assert re.match(r"# end \d+\.\d{9}$", run.stdout.splitlines()[-1]), run.stdout
    run = daemon.ctl("record", "boiler.tmp")
    assert run.returncode == 1 and "there is no point or device 'boiler.tmp'" in run.stderr, run
    run = daemon.ctl("record", "--for", "never")
    assert run.returncode == 2 and "not 'never'" in run.stderr, run
    run, path = record(daemon, "--for", "50ms")
    assert run.wait(lab.PATIENCE) == 0
    before = read(path)
    run, path = record(daemon, "--for", "50ms")
    assert run.wait(lab.PATIENCE) == 1 and "not overwritten" in run.communicate()[1]
    assert read(path) == before
    with open("/dev/full", "w") as full:
        run = subprocess.run([lab.GAUGECTL, "--socket", daemon.socket, "record"], stdout=full,
                             stderr=subprocess.PIPE, text=True, timeout=lab.PATIENCE)
    assert run.returncode == 1 and "cannot write to standard output: No space" in run.stderr, run
    daemon.stop()
    run = daemon.ctl("record")
    assert run.returncode == 3 and run.stdout == "", run


def test_recording_notes_that_the_daemon_was_away():
    _, daemon = make()
    run, path = record(daemon)
    lab.wait_for("readings", lambda: os.path.exists(path) and readings(read(path), "boiler.temp"))
    daemon.stop()
    size = len(read(path))
    daemon.start().ready()
    lab.wait_for("a gap", lambda: "# gap " in read(path)[size:])
    lab.wait_for("readings", lambda: readings(read(path)[size:], "boiler.temp"))
    run.send_signal(signal.SIGTERM)
    _, told = run.communicate(timeout=lab.PATIENCE)
    assert run.returncode == 0 and "gauged closed the connection" in told, told
    assert "gauged answers again" in told and ", with 1 gap of " in told, told
    gap = re.search(r"^# gap (\d+\.\d{9}) (\d+\.\d{9})$", read(path), re.M)
    assert float(gap[1]) < float(gap[2]), gap
    daemon.stop()


lab.run(test_recording_begins_with_what_is_known_and_ends_whole,
        test_recording_of_some_points_that_ends_by_itself,
        test_recording_notes_that_the_daemon_was_away)
