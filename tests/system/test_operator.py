#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What operators do to alarms of a running daemon: acknowledge, shelve, unshelve; and one alarm
that holds another one back."""
import lab

CONFIG = """
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}"}}}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 20ms
    points:
      temp: {{holding: 100, type: int16}}
      fault: {{holding: 101, type: int16}}
      burner: {{holding: 102, type: int16, write: true}}
webhooks: {{ops: {{url: "http://127.0.0.1:{sink}/"}}}}
rules:
  hot:
    when: boiler.temp > 80
    latch: true
    on_fire: [{{webhook: ops}}, {{write: {{boiler.burner: 0}}}}]
    on_clear: [{{webhook: ops}}, {{write: {{boiler.burner: 1}}}}]
  cold:
    when: boiler.temp < 10
    inhibited_by: [fault]
    on_fire: [{{webhook: ops}}]
    on_clear: [{{webhook: ops}}]
  fault:
    when: boiler.fault == 1
    on_fire: [{{webhook: ops}}]
"""


def make():
    plant, sink = lab.Plant(), lab.Sink()
    for address, value in (100, 50), (101, 0), (102, 1):
        plant.set(1, address, value)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, sink=sink.port)).start().ready()
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 50)
    return plant, sink, daemon


def state(daemon, rule):
    return daemon.get("/v1/rules/" + rule)["state"]


def ctl(daemon, status, *arguments):
    answer = daemon.ctl(*arguments)
    assert answer.returncode == status, answer
    return answer.stdout + answer.stderr


def burner(daemon):
    return daemon.get("/v1/points/boiler.burner")["value"]


def test_latched_alarm_keeps_the_burner_off_until_it_is_acknowledged():
    plant, sink, daemon = make()
    assert "nothing to acknowledge" in ctl(daemon, 1, "ack", "hot")
    plant.set(1, 100, 90)
    lab.wait_for("fire", lambda: sink.of("hot", "fire"))
    lab.wait_for("burner off", lambda: burner(daemon) == 0)
    plant.set(1, 100, 50)
    lab.wait_for("return", lambda: state(daemon, "hot") == "returned")
    assert "to be acknowledged" in ctl(daemon, 0, "rules")
    assert burner(daemon) == 0 and not sink.of("hot", "clear")
    assert ctl(daemon, 0, "ack", "hot", "valve replaced") == "hot is acknowledged and over\n"
    lab.wait_for("clear", lambda: sink.of("hot", "clear"))
    lab.wait_for("burner on", lambda: burner(daemon) == 1)
    assert sink.of("hot", "clear")[0]["reason"] == "acknowledged"
    assert 'acknowledges rule hot, reason: "valve replaced"' in daemon.log()
    daemon.stop()


def test_shelved_rule_sends_and_writes_nothing_until_it_is_unshelved():
    plant, sink, daemon = make()
    ctl(daemon, 0, "shelve", "hot", "8h", "boiler is open")
    plant.set(1, 100, 90)
    lab.wait_for("it lives on", lambda: state(daemon, "hot") == "firing")
    plant.set(1, 101, 1)
    # What comes later has gone out: what was held back would have, too.
    lab.wait_for("another alarm", lambda: sink.of("fault", "fire"))
    assert not sink.of("hot") and burner(daemon) == 1
    assert "shelved for" in ctl(daemon, 0, "rules", "hot")
    ctl(daemon, 0, "reload")
    assert daemon.get("/v1/rules/hot")["shelved_s"] > 8 * 3600 - 600
    assert not sink.of("hot")
    ctl(daemon, 0, "unshelve", "hot")
    lab.wait_for("fire", lambda: sink.of("hot", "fire"))
    lab.wait_for("burner off", lambda: burner(daemon) == 0)
    assert len(sink.of("hot")) == 1
    assert "is not shelved" in ctl(daemon, 1, "unshelve", "hot")
    daemon.stop()


def test_inhibited_alarm_is_sent_when_its_cause_is_over():
    plant, sink, daemon = make()
    plant.set(1, 101, 1)
    lab.wait_for("the cause", lambda: sink.of("fault", "fire"))
    plant.set(1, 100, 5)
    lab.wait_for("the consequence", lambda: state(daemon, "cold") == "firing")
    assert daemon.get("/v1/rules/cold")["inhibited_by"] == "fault"
    assert "inhibited by fault" in ctl(daemon, 0, "rules")
    ctl(daemon, 0, "reload")
    assert not sink.of("cold")
    plant.set(1, 101, 0)
    lab.wait_for("fire", lambda: sink.of("cold", "fire"))
    assert daemon.get("/v1/rules/cold")["inhibited_by"] is None
    daemon.stop()


if __name__ == "__main__":
    lab.run(
        test_latched_alarm_keeps_the_burner_off_until_it_is_acknowledged,
        test_shelved_rule_sends_and_writes_nothing_until_it_is_unshelved,
        test_inhibited_alarm_is_sent_when_its_cause_is_over)
