#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Reload: all or nothing, and what did not change does not notice."""
import os
import threading

import lab

CONFIG = """
include: [rules.d/*.yaml]
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}"}}
  other: {{modbus: "tcp://127.0.0.1:{other}"}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16}}}}}}
  tank: {{bus: other, unit: 1, poll: {poll}, points: {{level: {{holding: 1, type: int16}}}}}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/"}}
"""
RULES = """
rules:
  hot:
    when: boiler.temp > {limit}
    for: 1h
    on_fire: [{{webhook: ops}}]
  warm:
    when: boiler.temp > 50
    on_fire: [{{webhook: ops}}]
    on_clear: [{{webhook: ops}}]
"""


def make():
    plant, other, sink = lab.Plant(), lab.Plant(), lab.Sink()
    plant.set(1, 100, 90)
    text = CONFIG.format(plant=plant.port, other=other.port, sink=sink.port, poll="20ms")
    daemon = lab.Gauged(text, {"rules.d/a.yaml": RULES.format(limit=80)})
    daemon.start().ready()
    lab.wait_for("pending", lambda: daemon.get("/v1/rules/hot")["state"] == "pending")
    lab.wait_for("fire of warm", lambda: sink.of("warm", "fire"))
    return plant, other, sink, daemon


def spent(daemon, rule):
    """Seconds that the rule has been in its state, once they are more than a reload takes."""
    return lab.wait_for("a second in the state", lambda: max(
        0, daemon.get("/v1/rules/" + rule)["since_s"] - 1)) + 1


def test_fault_F1_bad_file_changes_nothing():
    plant, other, sink, daemon = make()
    before = spent(daemon, "hot")
    daemon.write(RULES.format(limit="eighty"), "rules.d/a.yaml")
    answer = daemon.ctl("reload")
    assert answer.returncode == 1, answer
    assert "rules.d/a.yaml:4:" in answer.stdout + answer.stderr, answer
    status, problem = daemon.ask("POST", "/v1/reload")
    assert status == 422 or status == 400, (status, problem)
    assert problem["errors"][0]["line"] == 4, problem
    rule = daemon.get("/v1/rules/hot")
    assert rule["state"] == "pending" and rule["since_s"] >= before, rule
    polls = plant.requests
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    assert plant.connections == 1 and other.connections == 1
    assert "rules.d/a.yaml" in str(daemon.get("/v1/status")), "status remembers the failure"
    assert len(sink.events) == 1
    daemon.stop()


def test_fault_F6_reload_keeps_what_did_not_change():
    plant, other, sink, daemon = make()
    before = spent(daemon, "hot")
    text = CONFIG.format(plant=plant.port, other=other.port, sink=sink.port, poll="30ms")
    daemon.write(text)
    answer = daemon.ctl("reload")
    assert answer.returncode == 0, answer
    lab.wait_for("the changed bus is opened anew", lambda: other.connections == 2)
    assert plant.connections == 1, "the unchanged bus stays open"
    rule = daemon.get("/v1/rules/hot")
    assert rule["state"] == "pending" and rule["since_s"] >= before, rule
    assert daemon.get("/v1/rules/warm")["state"] == "firing"
    polls = plant.requests
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    plant.set(1, 100, 20)
    lab.wait_for("clear of warm", lambda: sink.of("warm", "clear"))
    assert len(sink.events) == 2, "nothing fired twice: %s" % sink.events
    daemon.stop()


def test_rule_that_is_removed_while_firing_says_clear():
    plant, other, sink, daemon = make()
    daemon.write("rules: {quiet: {when: tank.level > 5}}\n", "rules.d/a.yaml")
    assert daemon.ctl("reload").returncode == 0
    lab.wait_for("the last clear", lambda: sink.of("warm", "clear"))
    assert sink.of("warm", "clear")[0].get("reason") == "removed", sink.events
    status, _ = daemon.ask("GET", "/v1/rules/warm")
    assert status == 404
    daemon.stop()


def test_reload_with_more_points_renumbers_open_buses():
    plant, other, sink, daemon = make()
    other.set(1, 1, 7)
    text = CONFIG.format(plant=plant.port, other=other.port, sink=sink.port, poll="20ms")
    text = text.replace("buses:\n", "buses:\n  aaa: {modbus: \"tcp://127.0.0.1:%d\"}\n" % plant.port)
    text = text.replace("devices:\n", "devices:\n  new: {bus: aaa, unit: 2, points: "
                        "{x: {holding: 5, type: int16}, y: {holding: 6, type: int16}}}\n")
    daemon.write(text)
    assert daemon.ctl("reload").returncode == 0
    plant.set(1, 100, 61)
    lab.wait_for("the value of the kept bus", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 61)
    lab.wait_for("of the other", lambda: daemon.get("/v1/points/tank.level")["value"] == 7)
    lab.wait_for("the new point", lambda: daemon.get("/v1/points/new.x")["value"] == 0)
    daemon.stop()


def test_fault_F2_empty_file_changes_nothing():
    plant, other, sink, daemon = make()
    for text in ("", "# nothing but a remark\n"):
        with open(daemon.path, "w") as f:
            f.write(text)
        answer = daemon.ctl("reload")
        assert answer.returncode == 1 and "is empty" in answer.stderr, answer
    polls = plant.requests
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    assert daemon.get("/v1/rules/warm")["state"] == "firing"
    daemon.stop()


def test_fault_F2_what_editors_leave_behind():
    """Half a file is refused, whatever stood in it; a link that is turned round is read anew; what
    editors put beside a file is none of ours."""
    plant, other, sink, daemon = make()
    path = os.path.join(daemon.dir, "rules.d", "a.yaml")
    whole = RULES.format(limit=80)
    for cut in (len(whole) // 2, whole.index("warm") + 2, whole.rindex("[") + 3):
        with open(path, "w") as f:
            f.write(whole[:cut])
        answer = daemon.ctl("reload")
        assert answer.returncode == 1 and "rules.d/a.yaml:" in answer.stderr, (whole[:cut], answer)
    for beside in (".a.yaml.swp", "a.yaml~", "#a.yaml#", ".#a.yaml", "4913"):
        with open(os.path.join(daemon.dir, "rules.d", beside), "w") as f:
            f.write("b0VIM: {[\0")
    # vim: the old one becomes the backup, a new one is written; emacs, Kubernetes: links.
    os.rename(path, path + "~")
    daemon.write(whole, "rules.d/a.yaml")
    before = spent(daemon, "hot")
    assert daemon.ctl("reload").returncode == 0
    assert daemon.get("/v1/rules/hot")["since_s"] >= before
    for number, limit in enumerate((70, 60)):
        daemon.write(RULES.format(limit=limit), "v%d/a.yaml" % number)
        os.symlink("../v%d/a.yaml" % number, path + ".new")
        os.rename(path + ".new", path)
        assert daemon.ctl("reload").returncode == 0
        assert daemon.get("/v1/rules/hot")["when"] == "boiler.temp > %d" % limit
    assert len(sink.events) == 1
    daemon.stop()


def test_fault_F5_what_is_no_file_any_more_holds_nobody_up():
    plant, other, sink, daemon = make()
    path = os.path.join(daemon.dir, "rules.d", "a.yaml")
    for replace in (lambda: os.mkfifo(path), lambda: os.symlink("/dev/zero", path), lambda: os.mkdir(path),
                    lambda: os.symlink("nowhere", path), lambda: os.symlink("a.yaml", path)):
        if os.path.isdir(path):
            os.rmdir(path)
        else:
            os.unlink(path)
        replace()
        answer = daemon.ctl("reload")
        assert answer.returncode == 1 and "a.yaml" in answer.stderr, answer
    polls = plant.requests
    lab.wait_for("polls go on", lambda: plant.requests > polls + 10)
    assert daemon.get("/v1/rules/warm")["state"] == "firing"
    daemon.stop()


def test_failing_open_changes_nothing():
    plant, other, sink, daemon = make()
    text = CONFIG.format(plant=plant.port, other=other.port, sink=sink.port, poll="30ms")
    text += "  more: {url: \"http://127.0.0.1:1/\", headers: {X-Key: \"${secret:nothing}\"}}\n"
    daemon.write(text)
    answer = daemon.ctl("reload")
    assert answer.returncode == 1 and "nothing" in answer.stdout + answer.stderr, answer
    before = other.requests
    lab.wait_for("polls go on", lambda: other.requests > before + 10)
    assert plant.connections == 1 and other.connections == 1
    daemon.stop()


def test_what_a_device_taught_outlives_a_reload_of_its_bus():
    plant, other, sink, daemon = make()
    plant.absent.add((1, 98))
    more = CONFIG.replace("points: {{temp:", "points: {{low: {{holding: 95}}, temp:")
    daemon.write(more.format(plant=plant.port, other=other.port, sink=sink.port, poll="20ms"))
    assert daemon.ctl("reload").returncode == 0
    lab.wait_for("both values", lambda: daemon.get("/v1/points/boiler.low")["value"] == 0)
    assert plant.refusals == 1, plant.refusals
    # The bus changes, the device does not.
    more = more.replace("plc: {{modbus", "plc: {{timeout: 2s, modbus")
    daemon.write(more.format(plant=plant.port, other=other.port, sink=sink.port, poll="20ms"))
    connections, polls = plant.connections, plant.requests
    assert daemon.ctl("reload").returncode == 0
    lab.wait_for("the bus is opened anew", lambda: plant.connections == connections + 1)
    lab.wait_for("polls go on", lambda: plant.requests > polls + 20)
    plant.set(1, 95, 7)
    lab.wait_for("the value", lambda: daemon.get("/v1/points/boiler.low")["value"] == 7)
    assert plant.refusals == 1, plant.refusals
    # The device changes: what it takes has to be found out.
    more = more.replace("low: {{holding: 95}}", "low: {{holding: 96}}")
    daemon.write(more.format(plant=plant.port, other=other.port, sink=sink.port, poll="20ms"))
    assert daemon.ctl("reload").returncode == 0
    lab.wait_for("a refusal", lambda: plant.refusals == 2)
    daemon.stop()


def test_many_reloads_leak_no_descriptor():
    plant, other, sink, daemon = make()
    fds = "/proc/%d/fd" % daemon.process.pid
    assert daemon.ctl("reload").returncode == 0
    before = len(os.listdir(fds))
    for turn in range(25):
        text = CONFIG.format(plant=plant.port, other=other.port, sink=sink.port,
                             poll="%dms" % (20 + turn % 2))
        daemon.write(text)
        assert daemon.ctl("reload").returncode == 0
    lab.wait_for("old descriptors are closed", lambda: len(os.listdir(fds)) <= before + 1)
    assert plant.connections == 1
    daemon.stop()


def wide(plant, other, sink, hot="", poll="20ms", more=""):
    """The configuration of make(), with something otherwise."""
    return CONFIG.format(plant=plant.port, other=other.port, sink=sink.port, poll=poll) + more, \
        RULES.format(limit=80).replace("for: 1h", "for: 1h" + hot)


def changes(answer):
    return {(c["what"], c["name"]): (c["change"], c.get("fields"), c.get("keeps")) for c in answer["changes"]}


def test_dry_run_says_what_a_reload_would_change_and_changes_nothing():
    plant, other, sink, daemon = make()
    before = spent(daemon, "hot")
    status = daemon.get("/v1/status")
    same = daemon.ctl("reload", "--dry-run")
    assert same.returncode == 0 and same.stdout == (
        "a reload would do: buses 2 kept, 0 opened, 0 closed; rules 2 kept, 0 changed, 0 added, 0 removed; "
        "points 0 added, 0 removed\n"), same
    general, rules = wide(plant, other, sink, hot="\n    message: now with words", poll="30ms")
    rules = rules.replace("boiler.temp > 50", "boiler.temp > 51").replace("  warm:", "  warm:\n    severity: info")
    rules += "  new: {when: tank.high > 3}\n"
    daemon.write(general.replace("level: {holding: 1,", "high: {holding: 2}, level: {holding: 1, unit: m,"))
    daemon.write(rules, "rules.d/a.yaml")
    expected = {
        ("bus", "other"): ("changed", ["device tank"], None),
        ("point", "tank.high"): ("added", None, None),
        ("point", "tank.level"): ("changed", ["unit", "stale_after"], None),
        ("rule", "hot"): ("changed", ["message"], "everything"),
        ("rule", "warm"): ("changed", ["severity", "when"], "state"),
        ("rule", "new"): ("added", None, None)}
    code, answer = daemon.ask("POST", "/v1/reload?dry_run=1")
    assert code == 200 and answer["dry_run"] is True and changes(answer) == expected, answer
    assert answer["buses"] == {"kept": 1, "opened": 1, "closed": 1}, answer
    assert answer["rules"] == {"kept": 0, "changed": 2, "added": 1, "removed": 0}, answer
    shown = daemon.ctl("reload", "--dry-run")
    assert shown.returncode == 0 and shown.stdout.splitlines()[1:] == [
        "WHAT   NAME        CHANGE   OF                 THEN",
        "bus    other       changed  device tank        opened anew",
        "point  tank.high   added",
        "point  tank.level  changed  unit, stale_after",
        "rule   hot         changed  message            keeps its state and its timers",
        "rule   warm        changed  severity, when     keeps its state, its time starts anew",
        "rule   new         added"], shown.stdout
    # Nothing has changed.
    assert plant.connections == 1 and other.connections == 1 and len(sink.events) == 1
    after = daemon.get("/v1/status")
    assert {k: v for k, v in after.items() if "reload" in k} == {k: v for k, v in status.items() if "reload" in k}, after
    assert daemon.ask("GET", "/v1/rules/new")[0] == 404
    assert daemon.get("/v1/rules/hot")["since_s"] >= before
    # And it comes as it was said.
    code, answer = daemon.ask("POST", "/v1/reload")
    assert code == 200 and answer["dry_run"] is False and changes(answer) == expected, answer
    rule = daemon.get("/v1/rules/hot")
    assert rule["state"] == "pending" and rule["since_s"] >= before, rule
    assert daemon.get("/v1/rules/warm")["state"] == "firing"
    # Points that are computed.
    daemon.write(rules + "derived: {tank.twice: {value: tank.level * 2}}\n", "rules.d/a.yaml")
    code, answer = daemon.ask("POST", "/v1/reload")
    assert code == 200 and changes(answer) == {("point", "tank.twice"): ("added", None, None)}, answer
    daemon.write(rules + "derived: {tank.twice: {value: tank.level + tank.level}}\n", "rules.d/a.yaml")
    code, answer = daemon.ask("POST", "/v1/reload?dry_run=1")
    assert code == 200 and changes(answer) == {("point", "tank.twice"): ("changed", ["value"], None)}, answer
    daemon.write("rules: {hot: {on: rises(boiler.temp > 80), do: [{log: info}]}}", "rules.d/a.yaml")
    daemon.write(general.split("  tank:")[0] + "webhooks: {}\n" if "  tank:" in general else general)
    code, answer = daemon.ask("POST", "/v1/reload?dry_run")
    found = changes(answer)
    assert code == 200 and found["rule", "hot"][0] == "changed" and found["rule", "hot"][2] == "nothing", answer
    assert found["rule", "warm"] == found["rule", "new"] == found["webhook", "ops"] == ("removed", None, None), answer
    assert found["bus", "other"] == ("changed", ["device tank"], None), answer
    daemon.stop()


def test_dry_run_finds_what_a_reload_would_find():
    plant, other, sink, daemon = make()
    general, _ = wide(plant, other, sink)
    for text, rules, why in [
            (general, RULES.format(limit="eighty"), "rules.d/a.yaml:4:"),
            (general + "  more: {url: \"http://127.0.0.1:1/\", headers: {X-Key: \"${secret:nothing}\"}}\n",
             RULES.format(limit=80), "nothing")]:
        daemon.write(text)
        daemon.write(rules, "rules.d/a.yaml")
        answer = daemon.ctl("reload", "--dry-run")
        assert answer.returncode == 1 and why in answer.stderr, answer
        assert "gaugectl: not ready for a reload: 1 error; a reload would be refused" in answer.stderr, answer
        assert daemon.ask("POST", "/v1/reload?dry_run=1")[0] == 422
    status = daemon.get("/v1/status")
    assert "a.yaml" not in str(status), status
    daemon.stop()


def test_dry_runs_and_reloads_at_once_do_not_disturb_each_other():
    plant, other, sink, daemon = make()
    answers = []

    def ask(path, turn):
        answers.append((path, turn, daemon.ask("POST", path)))

    for turn in range(10):
        general, rules = wide(plant, other, sink, poll="%dms" % (20 + turn % 2))
        daemon.write(general)
        threads = [threading.Thread(target=ask, args=("/v1/reload" + "?dry_run=1" * (n % 2), turn))
                   for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(lab.PATIENCE)
    assert len(answers) == 60 and all(code == 200 for _, _, (code, _) in answers), answers
    assert all(answer["dry_run"] == ("dry_run" in path) for path, _, (_, answer) in answers), answers
    # A dry run before the first reload of its turn finds what is new, one behind it nothing.
    for turn in range(1, 10):
        told = [[c["what"] for c in answer["changes"]] for path, t, (_, answer) in answers
                if t == turn and path == "/v1/reload"]
        assert ["bus", "point"] in told and all(what in ([], ["bus", "point"]) for what in told), told
    assert daemon.log().count("1 bus kept, 1 opened, 1 closed") == 9
    assert plant.connections == 1 and daemon.get("/v1/rules/hot")["state"] == "pending"
    daemon.stop()


lab.run(test_dry_run_says_what_a_reload_would_change_and_changes_nothing,
        test_dry_run_finds_what_a_reload_would_find,
        test_dry_runs_and_reloads_at_once_do_not_disturb_each_other,
        test_fault_F1_bad_file_changes_nothing, test_fault_F6_reload_keeps_what_did_not_change,
        test_rule_that_is_removed_while_firing_says_clear,
        test_reload_with_more_points_renumbers_open_buses, test_failing_open_changes_nothing,
        test_fault_F2_empty_file_changes_nothing, test_fault_F2_what_editors_leave_behind,
        test_fault_F5_what_is_no_file_any_more_holds_nobody_up,
        test_what_a_device_taught_outlives_a_reload_of_its_bus,
        test_many_reloads_leak_no_descriptor)
