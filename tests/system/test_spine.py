#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The whole way of a value: a Modbus register and a serial line, a rule, a webhook, a write."""
import json
import os
import pty
import subprocess
import tty

import lab

CONFIG = """
site: plant-7
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}
  mast: {{serial: {tty}, baud: 9600, framing: {{delimiter: "\\n", max: 1KiB}}}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 20ms
    points:
      temp: {{holding: 100, type: int16, scale: 0.1, unit: degC, range: [-40, 400]}}
      burner: {{coil: 7, write: true}}
      setpoint: {{holding: 30, type: int16, scale: 0.1, unit: degC, write: true, range: [20, 90]}}
      sure: {{holding: 31, write: true, verify: true}}
  wind:
    bus: mast
    match: '^W (?<speed>[\\d.]+)'
    points:
      speed: {{field: speed, unit: m/s}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/hook", retry: {{first: 50ms, max: 100ms}}}}
rules:
  over-temp:
    severity: critical
    when: boiler.temp > 80 degC
    clear: boiler.temp < 75 degC
    message: "Boiler ${{boiler.temp:.1f}} ${{boiler.temp.unit}}"
    labels: {{area: boiler-room}}
    on_fire: [{{webhook: ops}}, {{write: {{boiler.burner: off}}}}]
    on_clear: [{{webhook: ops}}]
  storm:
    when: wind.speed > 20
    on_fire: [{{webhook: ops}}]
"""


def make(**kwargs):
    plant, sink = lab.Plant(), lab.Sink()
    master, slave = pty.openpty()
    tty.setraw(slave)
    plant.set(1, 100, 700)
    plant.coils[1, 7] = True
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, sink=sink.port, tty=os.ttyname(slave)), **kwargs)
    os.close(slave)
    return plant, sink, master, daemon


def value(daemon, name):
    point = daemon.get("/v1/points/" + name)
    return point["value"] if point["quality"] == "good" else None


def test_value_reaches_webhook_and_output():
    plant, sink, master, daemon = make()
    daemon.start().ready()
    lab.wait_for("the first reading", lambda: value(daemon, "boiler.temp") == 70)
    plant.set(1, 100, 813)
    lab.wait_for("fire", lambda: sink.of("over-temp", "fire"))
    lab.wait_for("the burner is off", lambda: (1, "coil", 7, False) in plant.writes)
    event = sink.of("over-temp", "fire")[0]
    assert event["severity"] == "critical" and event["site"] == "plant-7", event
    assert event["message"] == "Boiler 81.3 degC", event
    assert event["labels"] == {"area": "boiler-room"}, event
    assert event["id"] == event["_headers"]["webhook-id"], event
    lab.wait_for("the state", lambda: daemon.get("/v1/rules/over-temp")["state"] == "firing")
    plant.set(1, 100, 780)
    lab.wait_for("78 degrees", lambda: value(daemon, "boiler.temp") == 78)
    assert daemon.get("/v1/rules/over-temp")["state"] == "firing", "hysteresis holds at 78"
    plant.set(1, 100, 740)
    lab.wait_for("clear", lambda: sink.of("over-temp", "clear"))
    os.write(master, b"W 3.5\nW 21.25\n")
    lab.wait_for("storm", lambda: sink.of("storm", "fire"))
    assert len(sink.of("over-temp")) == 2, sink.events
    assert [e["seq"] for e in sink.events] == sorted(e["seq"] for e in sink.events)
    daemon.stop()


def test_unknown_neither_fires_nor_clears():
    plant, sink, _, daemon = make()
    plant.set(1, 100, 900)
    daemon.start().ready()
    lab.wait_for("fire", lambda: sink.of("over-temp", "fire"))
    plant.silent = True
    lab.wait_for("the value is stale", lambda: value(daemon, "boiler.temp") is None)
    lab.wait_for("unknown", lambda: daemon.get("/v1/points/boiler.temp")["quality"] != "uncertain")
    assert daemon.get("/v1/rules/over-temp")["state"] == "firing"
    assert not sink.of("over-temp", "clear")
    point = daemon.get("/v1/points/boiler.temp")
    assert point["value"] is None, point
    plant.set(1, 100, 700)
    plant.silent = False
    lab.wait_for("clear", lambda: sink.of("over-temp", "clear"))
    daemon.stop()


def test_write_by_hand_stays_within_limits():
    plant, _, _, daemon = make()
    daemon.start().ready()
    lab.wait_for("a reading", lambda: value(daemon, "boiler.temp") == 70)
    good = daemon.ctl("write", "boiler.setpoint", "55.5")
    assert good.returncode == 0, good
    assert (1, "holding", 30, 555) in plant.writes, plant.writes
    assert good.stdout == "boiler.setpoint is now 55.5 degC\n", good
    # What the device can hold is what is told.
    rounded = daemon.ctl("write", "boiler.setpoint", "55.57")
    assert rounded.stdout == "boiler.setpoint is now 55.6 degC\n", rounded
    for name, text in (("boiler.setpoint", "95"), ("boiler.temp", "20"), ("boiler.nope", "1"),
                       ("boiler.burner", "7"), ("boiler.setpoint", "warm")):
        count = len(plant.writes)
        bad = daemon.ctl("write", name, text)
        assert bad.returncode != 0, (name, text, bad)
        assert bad.stderr.strip(), (name, text, bad)
        assert len(plant.writes) == count, "nothing may leave: %s" % plant.writes
    daemon.stop()


def test_write_that_is_not_kept_is_told_and_not_repeated():
    plant, _, _, daemon = make()
    daemon.start().ready()
    lab.wait_for("a reading", lambda: value(daemon, "boiler.temp") == 70)
    assert daemon.ctl("write", "boiler.sure", "8").returncode == 0
    plant.most[1, 31] = 12
    kept = daemon.ctl("write", "boiler.sure", "77")
    assert kept.returncode == 1, kept
    assert "the device confirmed it, but holds 12" in kept.stderr, kept
    lab.wait_for("what it holds", lambda: value(daemon, "boiler.sure") == 12)
    assert [write[3] for write in plant.writes] == [8, 77], plant.writes
    writes = daemon.get("/v1/status")["writes"]
    assert (writes["done"], writes["differs"]) == (1, 1), writes
    assert "1 not kept" in daemon.ctl("status").stdout
    daemon.stop()


def test_webhook_down_and_up_keeps_order():
    plant, sink, _, daemon = make()
    sink.status = 500
    daemon.start().ready()
    for round_ in range(3):
        plant.set(1, 100, 850)
        lab.wait_for("firing", lambda: daemon.get("/v1/rules/over-temp")["state"] == "firing")
        plant.set(1, 100, 700)
        lab.wait_for("ok", lambda: daemon.get("/v1/rules/over-temp")["state"] == "ok")
    assert not sink.events
    sink.status = 200
    lab.wait_for("six events", lambda: len(sink.events) == 6)
    assert [e["type"] for e in sink.events] == ["fire", "clear"] * 3, sink.events
    assert len({e["id"] for e in sink.events}) == 6
    daemon.stop()


def test_points_of_one_answer_are_seen_together():
    plant, sink = lab.Plant(), lab.Sink()
    daemon = lab.Gauged("""
buses: {plc: {modbus: "tcp://127.0.0.1:%d"}}
devices:
  burner:
    bus: plc
    unit: 1
    poll: 5ms
    points: {mode: {holding: 1, type: uint16}, flame: {holding: 2, type: uint16}}
webhooks: {ops: {url: "http://127.0.0.1:%d/"}}
rules:
  torn: {when: burner.mode != burner.flame, on_fire: [{webhook: ops}]}
  seen: {on: changed(burner.mode), do: [{webhook: ops}]}
""" % (plant.port, sink.port))
    daemon.start().ready()
    lab.wait_for("a reading", lambda: value(daemon, "burner.mode") is not None)
    for turn in range(1, 40):
        with plant.lock:
            plant.holding[1, 1] = plant.holding[1, 2] = turn
        lab.wait_for("the change", lambda: len(sink.of("seen")) >= turn)
    assert not sink.of("torn"), "a rule saw one point of an answer without the other"
    daemon.stop()


def stopped_with_one_message():
    """SIGTERM was sent, and the receiver does not take the message that waits. There is no
    store that would keep it."""
    plant, sink, _, daemon = make(keeps_state=False)
    sink.status = 500
    daemon.start().ready()
    plant.set(1, 100, 850)
    lab.wait_for("firing", lambda: daemon.get("/v1/rules/over-temp")["state"] == "firing")
    daemon.process.terminate()
    lab.wait_for("stopping", lambda: "stopping, once 1 message is" in daemon.log())
    return sink, daemon


def test_stop_lets_waiting_messages_out():
    sink, daemon = stopped_with_one_message()
    sink.status = 200
    assert daemon.process.wait(lab.PATIENCE) == 0
    assert len(sink.of("over-temp", "fire")) == 1, sink.events


def test_stop_asked_twice_waits_for_nobody():
    sink, daemon = stopped_with_one_message()
    daemon.process.terminate()
    assert daemon.process.wait(lab.PATIENCE) == 0
    assert "asked twice" in daemon.log() and not sink.events, daemon.log()


def test_derived_points_can_be_watched():
    plant = lab.Plant()
    daemon = lab.Gauged("""
buses: {plc: {modbus: 'tcp://127.0.0.1:%d'}}
devices: {a: {bus: plc, poll: 20ms, points: {t: {holding: 1}, u: {holding: 2}}}}
derived: {sum: {value: a.t + a.u}}
""" % plant.port)
    daemon.start().ready()
    with open(daemon.dir + "/seen", "w") as out:
        watch = subprocess.Popen([lab.GAUGECTL, "--socket", daemon.socket, "--json", "watch", "sum"], stdout=out)

    def seen():
        with open(daemon.dir + "/seen") as lines:
            return [(line["value"], line["quality"]) for line in map(json.loads, lines)]

    try:
        for t, u, total in ((3, 4, 7), (10, 4, 14)):
            plant.set(1, 1, t)
            plant.set(1, 2, u)
            lab.wait_for("the sum is %d" % total, lambda: seen()[-1:] == [(total, "good")])
        plant.absent.add((1, 2))
        lab.wait_for("the sum is not known", lambda: seen()[-1:] == [(None, "bad")])
        assert all(one != other for one, other in zip(seen(), seen()[1:])), seen()
    finally:
        watch.kill()
        watch.wait()
    daemon.stop()


lab.run(test_stop_lets_waiting_messages_out, test_stop_asked_twice_waits_for_nobody,
        test_points_of_one_answer_are_seen_together, test_value_reaches_webhook_and_output, test_unknown_neither_fires_nor_clears,
        test_write_by_hand_stays_within_limits,
        test_write_that_is_not_kept_is_told_and_not_repeated, test_derived_points_can_be_watched, test_webhook_down_and_up_keeps_order)
