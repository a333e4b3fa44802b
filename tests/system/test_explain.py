#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Why rules of a running daemon stand where they stand: gaugectl explain, and what it is made of."""
import re

import lab

CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}"}}
  nowhere: {{modbus: "tcp://127.0.0.1:1"}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 20ms
    stale_after: 1h
    points:
      temp: {{holding: 100, type: int16, unit: degC}}
      fault: {{holding: 101, type: int16}}
      burner: {{holding: 102, type: int16}}
  far: {{bus: nowhere, unit: 1, poll: 1h, stale_after: 1d, points: {{level: {{holding: 0, type: int16, unit: m}}}}}}
rules:
  hot:
    severity: critical
    when: boiler.temp > 80 degC and boiler.burner == 1
    for: 1h
    latch: true
    inhibited_by: [fault]
  fault: {{when: boiler.fault == 1}}
  hysteresis: {{when: boiler.temp > 80, clear: boiler.temp < 75 and not rule.fault.firing}}
  silent: {{when: age(boiler.temp) > 1h or far.level < 2}}
  overflow: {{when: boiler.burner * 2 + 1 in 0 .. 100 and (far.level ?? 9) > 5}}
  fallback: {{when: (far.level ?? 9) > 5}}
  step: {{on: rises(boiler.fault == 1), do: [{{log: info}}]}}
"""


def make():
    plant = lab.Plant()
    for address, value in (100, 50), (101, 0), (102, 1):
        plant.set(1, address, value)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port)).start().ready()
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.burner")["value"] == 1)
    return plant, daemon


def text(daemon, rule):
    """What is printed, with every time in it as T, and WHY for why far.level is bad."""
    answer = daemon.ctl("explain", rule)
    assert answer.returncode == 0 and answer.stderr == "", answer
    out = re.sub(r"bad \(\w+\)", "bad (WHY)", answer.stdout)
    return re.sub(r"\d+(\.\d+)?(e-?\d+)? (s|min|h)( \d+ (s|min))?\b|\b\d+h\d+m\b|\b\d+m\d+s\b", "T",
                  out)


def state(daemon, rule):
    return daemon.get("/v1/rules/" + rule)["state"]


def test_explain_draws_the_tree_and_names_what_decides():
    plant, daemon = make()
    assert text(daemon, "hot") == """\
hot (critical)  ok for T
  when   boiler.temp > 80 degC and boiler.burner == 1  false
         |- boiler.temp > 80 degC                      false    50 degC > 80 degC
         |    boiler.temp = 50 degC, good, T old
         `- boiler.burner == 1                         true     1 == 1
              boiler.burner = 1, good, T old
         decided by boiler.temp > 80 degC
  latch  an alarm until somebody acknowledges it
  fired  0, cleared 0
""", text(daemon, "hot")
    plant.set(1, 100, 90)
    plant.set(1, 101, 1)
    lab.wait_for("hot", lambda: state(daemon, "hot") == "pending" and state(daemon, "fault") == "firing")
    assert text(daemon, "hot") == """\
hot (critical)  pending for T, fires in T if this stays true
  when   boiler.temp > 80 degC and boiler.burner == 1  true
         |- boiler.temp > 80 degC                      true     90 degC > 80 degC
         |    boiler.temp = 90 degC, good, T old
         `- boiler.burner == 1                         true     1 == 1
              boiler.burner = 1, good, T old
         decided by boiler.temp > 80 degC, boiler.burner == 1
  held   inhibited by fault
  latch  an alarm until somebody acknowledges it
  fired  0, cleared 0
""", text(daemon, "hot")
    daemon.stop()


def test_explain_shows_what_would_clear_a_firing_rule():
    plant, daemon = make()
    plant.set(1, 100, 90)
    lab.wait_for("fire", lambda: state(daemon, "hysteresis") == "firing")
    plant.set(1, 100, 78)
    lab.wait_for("less", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 78)
    assert text(daemon, "hysteresis") == """\
hysteresis (warning)  firing for T
  when   boiler.temp > 80  false    78 degC > 80 degC
           boiler.temp = 78 degC, good, T old
  clear  boiler.temp < 75 and not rule.fault.firing  false
         |- boiler.temp < 75                         false    78 degC < 75 degC
         |    boiler.temp = 78 degC, good, T old
         `- not rule.fault.firing                    true
            `- rule.fault.firing                     false
         decided by boiler.temp < 75
  fired  1, cleared 0
""", text(daemon, "hysteresis")
    daemon.stop()


def test_explain_of_ages_unknowns_computations_and_instants():
    plant, daemon = make()
    plant.set(1, 100, 30)
    lab.wait_for("value", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 30)
    # The first read of the other device has failed: its rules are looked at.
    lab.wait_for("fallback", lambda: state(daemon, "fallback") == "firing")
    assert text(daemon, "silent") == """\
silent (warning)  ok for T
  when   age(boiler.temp) > 1h or far.level < 2  unknown
         |- age(boiler.temp) > 1h                false    T > 1h, changes in T
         |    boiler.temp = 30 degC, good, T old
         `- far.level < 2                        unknown  unknown < 2 m
              far.level = unknown, bad (WHY), never read
         decided by far.level
  fired  0, cleared 0
""", text(daemon, "silent")
    assert text(daemon, "overflow") == """\
overflow (warning)  firing for T
  when   boiler.burner * 2 + 1 in 0 .. 100 and (far.level ?? 9) > 5  true
         |- boiler.burner * 2 + 1 in 0 .. 100  true     3 in 0 .. 100
         |  `- boiler.burner * 2 + 1           3
         |     `- boiler.burner * 2            2
         |          boiler.burner = 1, good, T old
         `- (far.level ?? 9) > 5               true     9 m > 5 m
            `- far.level ?? 9                  9 m
                 far.level = unknown, bad (WHY), never read
         decided by boiler.burner * 2 + 1 in 0 .. 100, (far.level ?? 9) > 5
  fired  1, cleared 0
""", text(daemon, "overflow")
    assert text(daemon, "fallback") == """\
fallback (warning)  firing for T
  when   (far.level ?? 9) > 5  true     9 m > 5 m
         `- far.level ?? 9     9 m
              far.level = unknown, bad (WHY), never read
  fired  1, cleared 0
""", text(daemon, "fallback")
    assert text(daemon, "step") == """\
step (warning)  instant
  on     rises(boiler.fault == 1)  false
         `- boiler.fault == 1      false    0 == 1
              boiler.fault = 0, good, T old
""", text(daemon, "step")
    daemon.stop()


def test_explain_as_data_says_the_same():
    _, daemon = make()
    answer = daemon.get("/v1/rules/silent/explain")
    assert (answer["name"], answer["state"], answer["condition"], answer["seen"]) == ("silent", "ok", None, None)
    (part,) = answer["expressions"]
    assert part["decided_by"] == ["far.level"] and part["field"] == "when" and part["value"] is None
    age, level = part["tree"]["operands"]
    assert age["value"] is False and not age["decides"] and 3500 < age["changes_s"] <= 3600, age
    assert age["operands"][0]["unit"] == "s" and age["operands"][0]["point"]["name"] == "boiler.temp"
    assert level["value"] is None and level["decides"] and level["changes_s"] is None
    assert answer["latch"] is False and answer["frozen"] is False
    run = daemon.ctl("--json", "explain", "silent")
    assert run.returncode == 0 and '"decided_by":["far.level"]' in run.stdout, run
    run = daemon.ctl("explain", "silnt")
    assert run.returncode == 1 and "did you mean 'silent'?" in run.stderr, run
    daemon.stop()


if __name__ == "__main__":
    lab.run(
        test_explain_draws_the_tree_and_names_what_decides,
        test_explain_shows_what_would_clear_a_firing_rule,
        test_explain_of_ages_unknowns_computations_and_instants,
        test_explain_as_data_says_the_same)
