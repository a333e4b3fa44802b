#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What happens at the edges of the process: descriptors, standard error, files it may not trust."""
import os
import resource
import socket
import subprocess
import time

import lab

CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}"}}
  away: {{modbus: "tcp://127.0.0.1:{away}", timeout: 50ms}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16}}}}}}
  gone: {{bus: away, unit: 1, poll: 20ms, points: {{x: {{holding: 1, type: int16}}}}}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/", retry: {{first: 50ms, max: 100ms}}}}
rules:
  hot: {{when: boiler.temp > 80, on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
"""


def make(**popen):
    plant, sink = lab.Plant(), lab.Sink()
    closed = socket.create_server(("127.0.0.1", 0))
    away = closed.getsockname()[1]
    closed.close()
    text = CONFIG.format(plant=plant.port, sink=sink.port, away=away)
    return plant, sink, lab.Gauged(text, **popen)


def polls_go_on(plant, count=50):
    before = plant.requests
    lab.wait_for("%d more polls" % count, lambda: plant.requests > before + count)


def test_fault_I1_no_descriptor_left():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    plant, sink, daemon = make(preexec_fn=few)
    daemon.start().ready()
    polls_go_on(plant)
    # As many clients as it takes: connections hold descriptors until nothing is left.
    clients = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        try:
            client.connect(daemon.socket)
            client.sendall(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        except OSError:
            pass
        clients.append(client)
    polls_go_on(plant)
    plant.set(1, 100, 90)
    polls_go_on(plant)
    assert daemon.process.poll() is None, "alive without descriptors"
    for client in clients:
        client.close()
    lab.wait_for("the webhook, once there are descriptors", lambda: sink.of("hot", "fire"))
    assert daemon.get("/v1/rules/hot")["state"] == "firing"
    daemon.stop()


def test_fault_E5_blocked_standard_error():
    read_end, write_end = os.pipe()
    plant, sink, daemon = make(stderr=write_end)
    daemon.start("--log-level", "debug").ready()
    os.set_blocking(write_end, False)
    try:
        while True:
            os.write(write_end, b"x" * 4096)
    except BlockingIOError:
        pass
    for round_ in range(5):
        plant.set(1, 100, 90)
        lab.wait_for("fire", lambda: len(sink.of("hot", "fire")) == round_ + 1)
        plant.set(1, 100, 20)
        lab.wait_for("clear", lambda: len(sink.of("hot", "clear")) == round_ + 1)
    assert daemon.ctl("reload").returncode == 0, "a reload logs, and does not wait either"
    assert daemon.metric("gauged_log_lines_dropped_total") > 0
    # And with nobody at the other end at all.
    os.close(read_end)
    os.close(write_end)
    assert daemon.ctl("reload").returncode == 0
    polls_go_on(plant)
    daemon.stop()


def test_fault_E5_closed_standard_descriptors():
    plant, sink, daemon = make()
    command = 'exec "$0" --config "$1" <&- >&- 2>&-'
    daemon.process = subprocess.Popen(["/bin/sh", "-c", command, lab.GAUGED, daemon.path])
    try:
        open(daemon.log_path, "w").close()
        daemon.ready()
        polls_go_on(plant)
        names = [os.readlink("/proc/%d/fd/%d" % (daemon.process.pid, fd)) for fd in range(3)]
        assert names == ["/dev/null"] * 3, "no socket may get the number of stderr: %s" % names
        daemon.stop()
    finally:
        daemon.kill()


def refused(daemon, path, *expected):
    done = subprocess.run([lab.GAUGED, "--config", path], capture_output=True, text=True,
                          timeout=lab.PATIENCE, stdin=subprocess.DEVNULL)
    assert done.returncode == 78, done
    for text in expected:
        assert text in done.stderr, (text, done.stderr)


def test_fault_F5_files_that_may_not_be_trusted():
    _, _, daemon = make()
    fifo = os.path.join(daemon.dir, "fifo.yaml")
    os.mkfifo(fifo)
    refused(daemon, fifo, "no regular file")
    refused(daemon, "/dev/zero", "no regular file")
    refused(daemon, daemon.dir, "no regular file")
    refused(daemon, os.path.join(daemon.dir, "nope.yaml"), "No such file")
    big = os.path.join(daemon.dir, "big.yaml")
    with open(big, "w") as f:
        f.truncate(1 << 30)
    refused(daemon, big, "1073741824 bytes", "at most 1048576")
    os.chmod(daemon.path, 0o646)
    refused(daemon, daemon.path, "everybody can write", "chmod o-w")
    if os.geteuid() == 0:
        os.chmod(daemon.path, 0o644)
        os.chown(daemon.path, 65534, 0)
        refused(daemon, daemon.path, "belongs to user 65534")
        os.chown(daemon.path, 0, 65534)
        os.chmod(daemon.path, 0o664)
        refused(daemon, daemon.path, "group 65534 can write")


def test_fault_D10_second_instance_is_refused():
    plant, _, daemon = make()
    daemon.start().ready()
    done = subprocess.run([lab.GAUGED, "--config", daemon.path], capture_output=True, text=True,
                          timeout=lab.PATIENCE, stdin=subprocess.DEVNULL)
    assert done.returncode == 75, done
    assert str(daemon.process.pid) in done.stderr, done.stderr
    polls_go_on(plant)
    daemon.stop()


def test_stop_waits_for_no_answer():
    """SIGTERM while a device owes an answer, and has a minute left for it."""
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(lab.PATIENCE)
    daemon = lab.Gauged("""
buses:
  plc: {modbus: "tcp://127.0.0.1:%d", timeout: 60s, in_flight: 4}
devices:
  slow: {bus: plc, poll: 100ms, points: {a: {holding: 1}, b: {holding: 200}, c: {holding: 400}}}
""" % silent.getsockname()[1])
    daemon.start().ready()
    connection, _ = silent.accept()
    connection.settimeout(lab.PATIENCE)
    asked = b""
    while len(asked) < 3 * 12:
        asked += connection.recv(4096)
    begun = time.monotonic()
    daemon.stop()
    assert time.monotonic() - begun < 20, "it waited for the answer"
    connection.close()
    silent.close()


lab.run(test_fault_I1_no_descriptor_left, test_fault_E5_blocked_standard_error,
        test_fault_E5_closed_standard_descriptors, test_fault_F5_files_that_may_not_be_trusted,
        test_fault_D10_second_instance_is_refused, test_stop_waits_for_no_answer)
