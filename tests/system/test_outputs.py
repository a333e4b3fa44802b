#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Outputs of a running gauged: the peer keeps what was written to it and when, and judges that by the
limits; who has an output, what people write for a time, what happens at the start and at the end."""

import os
import random
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402

CONFIG = """
buses: {plc: {modbus: 'tcp://127.0.0.1:%(port)d', timeout: 500ms}}
devices:
  a:
    bus: plc
    poll: 20ms
    points:
      t: {holding: 1, type: int16, hold_bad: false}
      pump: {coil: 1, write: true%(pump)s}
rules:
%(rules)s
"""
HOT = """
  hot: {when: a.t > 50, on_fire: [{write: {a.pump: on}}], on_clear: [{write: {a.pump: off}}]}
"""


def make(pump="", rules=HOT, on=False, **keeps):
    plant = lab.Plant()
    plant.coils[1, 1] = on
    daemon = lab.Gauged(CONFIG % {"port": plant.port, "pump": ", " + pump if pump else "", "rules": rules},
                        **keeps)
    return plant, daemon


def pump_writes(plant):
    with plant.lock:
        return [(at, write[3]) for at, write in zip(plant.write_times, plant.writes)
                if write[1:3] == ("coil", 1)]


def written(plant, *values):
    """The values that the pump was told, all of them, are these."""
    lab.wait_for("the pump was told %s" % (values,), lambda: len(pump_writes(plant)) >= len(values))
    assert tuple(value for _, value in pump_writes(plant)) == values, pump_writes(plant)


def output(daemon):
    return daemon.get("/v1/outputs")["outputs"][0]


def test_fault_E2_on_start_is_the_first_write_and_on_stop_the_last():
    plant, daemon = make("on_start: off, on_stop: off", on=True)
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, False, True)
    started = time.monotonic()
    daemon.stop()
    written(plant, False, True, False)
    assert time.monotonic() - started < 30


def test_stopping_does_not_wait_for_a_device_that_is_silent():
    plant, daemon = make("on_stop: off")
    daemon.start().ready()
    lab.wait_for("a reading", lambda: daemon.get("/v1/points/a.t")["quality"] == "good")
    plant.silent = True
    daemon.stop()
    assert pump_writes(plant) == []


def test_min_off_is_waited_for_and_the_write_not_lost():
    plant, daemon = make("min_off: 1500ms")
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, True)
    plant.set(1, 1, 0)
    written(plant, True, False)
    plant.set(1, 1, 99)
    lab.wait_for("it waits", lambda: output(daemon)["waits_s"] is not None)
    assert output(daemon)["waits_for"] == "it has been off for less than min_off", output(daemon)
    assert "waits" in daemon.ctl("outputs").stdout
    written(plant, True, False, True)
    times = [at for at, _ in pump_writes(plant)]
    assert times[2] - times[1] >= 1.5, times
    assert "write waits: a.pump = true for rule hot: it has been off for less than min_off" in daemon.log()
    assert daemon.metric("gauged_writes_delayed_total") >= 1


def test_max_on_switches_off_by_itself():
    plant, daemon = make("max_on: 1s")
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, True)
    assert 0 <= output(daemon)["off_s"] <= 1
    written(plant, True, False)
    times = [at for at, _ in pump_writes(plant)]
    assert 0.5 <= times[1] - times[0] < 20, times
    assert output(daemon)["set_by"] == "max_on"
    assert daemon.get("/v1/rules/hot")["state"] == "firing"


def test_fault_E1_max_on_holds_over_a_kill():
    """A siren: killed while it howls, it still howls no longer than it may, and not again."""
    plant, daemon = make("max_on: 4s")
    daemon.start().ready()
    plant.set(1, 1, 99)
    written(plant, True)
    lab.wait_for("it is in the store", lambda: daemon.metric("gauged_store_commits_total") >= 1)
    time.sleep(1)
    daemon.kill()
    daemon.start().ready()
    assert daemon.get("/v1/rules/hot")["state"] == "firing"
    written(plant, True, False)
    (on, _), (off, _) = pump_writes(plant)
    assert 3 < off - on < 40, off - on
    before = plant.requests
    lab.wait_for("polls", lambda: plant.requests > before + 50)
    written(plant, True, False)
    daemon.stop()


def test_fault_E1_min_off_holds_over_a_kill():
    plant, daemon = make("min_off: 4s", on=True)
    plant.set(1, 1, 99)
    daemon.start().ready()
    lab.wait_for("it is on", lambda: plant.coils[1, 1] and daemon.get("/v1/rules/hot")["state"] == "firing")
    plant.set(1, 1, 0)
    lab.wait_for("it is off", lambda: not plant.coils[1, 1])
    lab.wait_for("nothing waits", lambda: daemon.metric("gauged_store_pending_messages") == 0)
    time.sleep(0.5)
    daemon.kill()
    plant.set(1, 1, 99)
    daemon.start().ready()
    lab.wait_for("it is on again", lambda: plant.coils[1, 1])
    writes = pump_writes(plant)
    off = max(at for at, value in writes if not value)
    on = min(at for at, value in writes if value and at > off)
    assert on - off > 3, writes
    daemon.stop()


def test_fault_E1_what_a_power_cut_ended_has_its_min_off():
    """A compressor: the cut ended it a moment ago, whatever was saved of it."""
    never = "  never: {when: a.t > 1000}"
    plant, daemon = make("min_off: 3s, on_start: on", rules=never)
    daemon.start().ready()
    written(plant, True)
    lab.wait_for("it is in the store", lambda: output(daemon)["layer"] != "start")
    time.sleep(1)
    daemon.kill()
    plant.coils[1, 1] = False
    begun = time.monotonic()
    daemon.start().ready()
    written(plant, True, True)
    assert pump_writes(plant)[1][0] - begun > 2.9, (begun, pump_writes(plant))
    daemon.stop()
    # What is still on has no reason to wait.
    plant, daemon = make("min_off: 1h, on_start: on", rules=never, on=True)
    daemon.start().ready()
    written(plant, True)
    time.sleep(1)
    daemon.kill()
    daemon.start().ready()
    written(plant, True, True)
    daemon.stop()


def test_fault_E1_without_a_memory_max_on_begins_with_off():
    """Otherwise a loop of crashes would be one long on."""
    plant, daemon = make("max_on: 1h", keeps_state=False, on=True)
    plant.set(1, 1, 99)
    for life in range(1, 4):
        daemon.start().ready()
        written(plant, *[False, True] * life)
        daemon.kill()
    # What is read as off was switched off by somebody.
    plant.coils[1, 1] = False
    daemon.start().ready()
    lab.wait_for("it is on", lambda: plant.coils[1, 1])
    daemon.stop()


def test_fault_E1_who_has_it_and_what_waits_outlive_a_kill():
    plant, daemon = make("min_off: 1h, on_start: off", on=True)
    daemon.start().ready()
    written(plant, False)
    plant.set(1, 1, 99)
    lab.wait_for("it waits", lambda: output(daemon)["waits_s"] is not None)
    lab.wait_for("nothing waits", lambda: daemon.metric("gauged_store_pending_messages") == 0)
    time.sleep(1)
    daemon.kill()
    daemon.start().ready()
    lab.wait_for("it waits again", lambda: output(daemon)["waits_s"] is not None)
    held = output(daemon)
    assert held["holder"] == "rule hot" and 3000 < held["waits_s"] < 3600, held
    assert True not in [value for _, value in pump_writes(plant)]
    daemon.stop()


def test_fault_H7_no_forged_values_break_a_limit():
    plant, daemon = make("min_on: 200ms, min_off: 300ms, max_on: 700ms, max_changes: 6/3s")
    daemon.start().ready()
    chance = random.Random(7)
    end = time.monotonic() + 8
    while time.monotonic() < end:
        plant.set(1, 1, chance.choice((0, 99)))
        time.sleep(chance.uniform(0.01, 0.4))
    log = pump_writes(plant)
    assert len(log) > 4, log
    judge(log, min_on=0.2, min_off=0.3, most=6, span=3)
    assert "max_changes" in daemon.log() or daemon.metric("gauged_writes_delayed_total") > 0


def judge(log, min_on, min_off, most, span):
    changes = []
    for at, value in log:
        if changes and changes[-1][1] == value:
            continue
        if changes:
            least = min_on if changes[-1][1] else min_off
            assert at - changes[-1][0] >= least, (changes[-1], (at, value))
        recent = [c for c in changes if at - c[0] < span]
        # An off is safe where there is a max_on.
        assert not value or len(recent) < most, (recent, at)
        changes.append((at, value))


def test_fault_B14_an_off_that_was_refused_is_written_when_the_device_takes_it():
    """The burner's: the rule asks once, and nobody asks again."""
    plant, daemon = make(on=True)
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, True)
    plant.failing = 2
    plant.set(1, 1, 0)
    written(plant, True, False)
    assert not plant.failing and not plant.coils[1, 1]
    assert "unknown: a.pump = false for rule hot: device failure; it is tried again" in daemon.log()
    # A person hears of it, and decides.
    plant.failing = 1
    done = daemon.ctl("write", "a.pump", "on")
    assert done.returncode != 0 and "failure" in done.stderr, done
    before = plant.requests
    lab.wait_for("polls", lambda: plant.requests > before + 100)
    written(plant, True, False)
    daemon.stop()


def test_a_rule_that_is_undecided_brings_on_unknown_and_goes_on_afterwards():
    plant, daemon = make("on_unknown: off, unknown_after: 3s")
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, True)
    plant.absent.add((1, 1))
    written(plant, True, False)
    assert output(daemon)["layer"] == "unknown"
    assert output(daemon)["holder"] == "on_unknown"
    with plant.lock:
        plant.absent.clear()
    written(plant, True, False, True)


RANKED = """
  cold: {when: a.t < 50, on_fire: [{write: {a.pump: on}}]}
  locked: {when: a.t < 20, severity: critical, on_fire: [{write: {a.pump: off}}]}
"""


def test_the_rule_of_higher_rank_has_the_output():
    plant, daemon = make(rules=RANKED)
    plant.set(1, 1, 30)
    daemon.start().ready()
    written(plant, True)
    plant.set(1, 1, 10)
    written(plant, True, False)
    plant.set(1, 1, 60)
    lab.wait_for("both clear", lambda: output(daemon)["holder"] is None)
    plant.set(1, 1, 10)
    lab.wait_for("locked has it", lambda: output(daemon)["holder"] == "rule locked")
    said = daemon.ctl("explain", "locked").stdout
    assert re.search(r"output +a\.pump is off, held by rule locked", said), said
    lab.wait_for("the other one is told", lambda: daemon.get("/v1/rules/cold")["state"] == "firing")
    # Back above 20: cold still fires, and has it.
    plant.set(1, 1, 30)
    lab.wait_for("cold has it", lambda: output(daemon)["holder"] == "rule cold")
    lab.wait_for("the pump is on", lambda: pump_writes(plant)[-1][1])


def test_a_rule_that_came_again_while_it_was_shelved_has_the_output_again():
    plant, daemon = make(rules=RANKED)
    plant.set(1, 1, 10)
    daemon.start().ready()
    lab.wait_for("locked has it", lambda: output(daemon)["holder"] == "rule locked")
    assert daemon.ctl("shelve", "locked", "1h").returncode == 0
    plant.set(1, 1, 30)
    lab.wait_for("cold has it", lambda: output(daemon)["holder"] == "rule cold")
    plant.set(1, 1, 10)
    lab.wait_for("locked fires", lambda: daemon.get("/v1/rules/locked")["state"] == "firing")
    assert output(daemon)["holder"] == "rule cold"
    assert daemon.ctl("unshelve", "locked").returncode == 0
    lab.wait_for("locked has it again", lambda: output(daemon)["holder"] == "rule locked")
    lab.wait_for("the pump is off", lambda: not pump_writes(plant)[-1][1])


def test_check_warns_of_rules_that_contradict_each_other():
    _, daemon = make(rules=RANKED)
    assert "warning" not in daemon.ctl("check", daemon.path).stderr
    _, daemon = make(rules=RANKED.replace("severity: critical, ", ""))
    check = daemon.ctl("check", daemon.path)
    assert check.returncode == 0, check
    assert "rule 'locked' writes false to 'a.pump' as it fires, and rule 'cold' writes true" in \
        check.stdout + check.stderr, check


def test_a_person_writes_for_a_time_and_it_goes_back():
    plant, daemon = make()
    plant.set(1, 1, 99)
    daemon.start().ready()
    written(plant, True)
    run = daemon.ctl("write", "a.pump", "off", "--for", "1s", "--reason", "filter change")
    assert (run.returncode, run.stdout) == (0, "a.pump is now off, for 1s\n"), run
    assert re.search(r'control: uid %d \(pid \d+\) writes false to a\.pump for 1s, reason: "filter change"'
                     % os.getuid(), daemon.log()), daemon.log()
    held = output(daemon)
    assert re.match(r"uid \d+ \(pid \d+\): filter change$", held["holder"]), held
    assert 0 <= held["hold_s"] <= 1
    written(plant, True, False, True)
    times = [at for at, _ in pump_writes(plant)]
    assert times[2] - times[1] >= 0.9, times
    assert output(daemon)["holder"] == "rule hot"


def test_fault_B13_a_write_that_is_too_often_is_refused_and_not_on_the_wire():
    plant, daemon = make("max_changes: 1/h", rules="  none: {when: a.t > 1000, message: x}")
    daemon.start().ready()
    lab.wait_for("a reading", lambda: daemon.get("/v1/points/a.t")["quality"] == "good")
    assert daemon.ctl("write", "a.pump", "on").returncode == 0
    run = daemon.ctl("write", "a.pump", "off")
    assert run.returncode == 1 and "as often as max_changes allows" in run.stderr, run
    assert daemon.ctl("write", "a.pump", "off", "--for", "never").returncode == 2
    written(plant, True)
    assert output(daemon)["changes_left"] == 0


def test_a_write_of_a_person_that_waits_is_said_and_done_later():
    plant, daemon = make("min_on: 1s", rules="  none: {when: a.t > 1000, message: x}")
    daemon.start().ready()
    lab.wait_for("a reading", lambda: daemon.get("/v1/points/a.t")["quality"] == "good")
    assert daemon.ctl("write", "a.pump", "on").returncode == 0
    run = daemon.ctl("write", "a.pump", "off")
    assert run.returncode == 0 and run.stdout.startswith("it waits: a.pump = false"), run
    written(plant, True, False)


def test_a_reload_keeps_holders_and_times():
    plant, daemon = make("min_off: 1h, on_start: off", on=True)
    daemon.start().ready()
    written(plant, False)
    plant.set(1, 1, 99)
    lab.wait_for("it waits", lambda: output(daemon)["waits_s"] is not None)
    daemon.process.send_signal(signal.SIGHUP)
    lab.wait_for("a reload", lambda: daemon.get("/v1/status")["reload"]["done"] == 1)
    held = output(daemon)
    assert held["holder"] == "rule hot" and held["waits_s"] > 3000, held
    written(plant, False)


lab.run(
    test_fault_E1_max_on_holds_over_a_kill,
    test_fault_E1_min_off_holds_over_a_kill,
    test_fault_E1_what_a_power_cut_ended_has_its_min_off, test_fault_E1_without_a_memory_max_on_begins_with_off,
        test_fault_E1_who_has_it_and_what_waits_outlive_a_kill,
    test_fault_E2_on_start_is_the_first_write_and_on_stop_the_last,
    test_stopping_does_not_wait_for_a_device_that_is_silent,
    test_min_off_is_waited_for_and_the_write_not_lost,
    test_max_on_switches_off_by_itself,
    test_fault_B14_an_off_that_was_refused_is_written_when_the_device_takes_it,
    test_fault_H7_no_forged_values_break_a_limit,
    test_a_rule_that_is_undecided_brings_on_unknown_and_goes_on_afterwards,
    test_the_rule_of_higher_rank_has_the_output,
    test_a_rule_that_came_again_while_it_was_shelved_has_the_output_again,
    test_check_warns_of_rules_that_contradict_each_other,
    test_a_person_writes_for_a_time_and_it_goes_back,
    test_fault_B13_a_write_that_is_too_often_is_refused_and_not_on_the_wire,
    test_a_write_of_a_person_that_waits_is_said_and_done_later,
    test_a_reload_keeps_holders_and_times,
)
