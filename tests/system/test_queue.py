#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What people see of the store: messages that wait over a crash, dead letters, queues whose
webhook is gone, the history, and a store that does not work."""
import json
import os
import shutil
import signal
import sqlite3
import tempfile

import lab

OPS = "    on_fire: [{{webhook: ops}}]\n"
CONFIG = """
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}"}}}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16, unit: degC}}}}}}
%srules:
  hot:
    when: boiler.temp > 80 degC
    severity: critical
    message: "Boiler at ${{boiler.temp}}"
%s  warm:
    when: boiler.temp > 70 degC
%s  mild:
    when: boiler.temp > 60 degC
    severity: info
%s"""
WITH = CONFIG % ("webhooks: {{ops: {{url: \"http://127.0.0.1:{sink}/\", retry: {{first: 1h, max: 1h}}}}}}\n",
                 OPS, OPS, OPS)
WITHOUT = CONFIG % ("", "", "", "")


def kill_hard(daemon):
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait(lab.PATIENCE)


def again(daemon, **kwargs):
    kill_hard(daemon)
    daemon.start(**kwargs).ready()


def make(status, text=WITH, **kwargs):
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 50)
    sink.status = status
    daemon = lab.Gauged(text.format(plant=plant.port, sink=sink.port)).start(**kwargs).ready()
    return plant, sink, daemon


def ctl(daemon, status, *arguments):
    answer = daemon.ctl(*arguments)
    assert answer.returncode == status, (arguments, answer)
    return answer.stdout + answer.stderr


def rows(daemon, query=""):
    return daemon.get("/v1/queue/ops" + query)["rows"]


def ids(daemon, query=""):
    return [row["id"] for row in rows(daemon, query)]


def on_disk(daemon, question):
    """What a crash would leave behind: of a copy, because nobody else may open the store."""
    copy = tempfile.mkdtemp(prefix="gauged-test.")
    try:
        for name in "journal.db", "journal.db-wal":
            shutil.copy(os.path.join(daemon.dir, "state", name), copy)
        store = sqlite3.connect(os.path.join(copy, "journal.db"))
        answer = store.execute(question).fetchall()
        store.close()
        return answer
    except (FileNotFoundError, sqlite3.Error):  # it is being written
        return None
    finally:
        shutil.rmtree(copy)


def stored(daemon, question, answer):
    lab.wait_for("%s is %s" % (question, answer), lambda: on_disk(daemon, question) == answer)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def fire_all(plant, daemon):
    """Three alarms at once, which wait; returns their ids when a crash would not take them."""
    plant.set(1, 100, 90)
    lab.wait_for("three messages in the store", lambda: len(rows(daemon)) == 3 and
                 all(row["durable"] for row in rows(daemon)))
    return ids(daemon)


def test_fault_E1_what_waits_is_there_after_a_kill():
    plant, sink, daemon = make(503)
    before = fire_all(plant, daemon)
    # Alarms first, whatever came first.
    assert [row["lane"] for row in rows(daemon)] == ["alarm", "alarm", "telemetry"], rows(daemon)
    lab.wait_for("a try", lambda: rows(daemon)[0]["status"] == 503)
    assert "backoff" in ctl(daemon, 0, "queue"), ctl(daemon, 0, "queue")
    kill_hard(daemon)
    sink.status = 500
    daemon.start().ready()
    assert ids(daemon) == before, (ids(daemon), before)
    assert all(row["durable"] for row in rows(daemon))
    listed = ctl(daemon, 0, "queue", "ops")
    for row in rows(daemon):
        assert row["id"] in listed and row["what"] in listed, listed
    assert "fire critical hot: Boiler at 90" in listed, listed

    exported = lines(ctl(daemon, 0, "queue", "export", "ops"))
    assert [line["id"] for line in exported] == before
    for line in exported:
        body = json.loads(line["body"])
        assert body["id"] == line["id"] and body["values"]["boiler.temp"]["value"] == 90, line

    # Nothing goes without being asked twice.
    assert "--yes" in ctl(daemon, 2, "queue", "drop", "ops", before[1])
    assert ids(daemon) == before
    assert ctl(daemon, 0, "queue", "drop", "ops", before[1], "--yes") == "1 message dropped\n"
    assert "no such message" in ctl(daemon, 1, "queue", "drop", "ops", before[1], "--yes")
    assert "drops message %s of queue ops" % before[1] in daemon.log(), "it is not in the log"
    stored(daemon, "SELECT count(*) FROM message", [(2,)])
    again(daemon)
    assert ids(daemon) == [before[0], before[2]]

    sink.status = 200
    assert "tried again now" in ctl(daemon, 0, "queue", "retry", "ops")
    lab.wait_for("both arrive", lambda: len(sink.events) == 2)
    assert [event["id"] for event in sink.events] == [before[0], before[2]]
    lab.wait_for("nothing waits", lambda: not rows(daemon))
    assert ctl(daemon, 0, "queue", "ops") == "nothing waits\n"
    daemon.stop()


def test_fault_C11_dead_letters_are_kept_and_can_be_retried():
    plant, sink, daemon = make(404)
    before = fire_all(plant, daemon)

    def all_dead():
        ctl(daemon, 0, "queue", "retry", "ops")
        return len(ids(daemon, "?dead=1")) == 3

    lab.wait_for("all are given up", all_dead)
    assert sorted(ids(daemon, "?dead=1")) == sorted(before)
    assert rows(daemon, "?dead=1")[0]["tries"] == 5
    assert daemon.metric("gauged_queue_dead_letters") == 3
    stored(daemon, "SELECT count(*) FROM message WHERE dead", [(3,)])
    again(daemon)
    assert sorted(ids(daemon, "?dead=1")) == sorted(before)
    assert not ids(daemon)
    listed = ctl(daemon, 0, "queue", "ops", "--dead")
    assert listed.count("dead: rejected") == 3, listed
    sink.status = 200
    assert ctl(daemon, 0, "queue", "retry", "ops", before[0]).startswith("1 message ")
    lab.wait_for("it arrives", lambda: [e["id"] for e in sink.events if e["id"] in before] == [before[0]])
    assert ctl(daemon, 0, "queue", "retry", "ops", "--dead") == "2 messages wait again\n"
    lab.wait_for("all arrive", lambda: len([e for e in sink.events if e["id"] in before]) == 3)
    assert ctl(daemon, 0, "queue", "ops", "--dead") == "no dead letters\n"
    daemon.stop()


def test_history_is_there_after_a_kill():
    plant, sink, daemon = make(200)
    plant.set(1, 100, 90)
    lab.wait_for("three alarms", lambda: len(sink.events) == 3)
    plant.set(1, 100, 50)
    lab.wait_for("all clear", lambda: daemon.get("/v1/status")["counts"]["rules_firing"] == 0)

    def history(*arguments):
        return lines(ctl(daemon, 0, "history", "--json", *arguments))

    lab.wait_for("it is told", lambda: len(history()) == 6)
    assert [(line["rule"], line["type"]) for line in history("hot")] == [("hot", "clear"), ("hot", "fire")]
    fire = history("hot")[1]
    assert fire["values"]["boiler.temp"]["value"] == 90 and fire["severity"] == "critical", fire
    assert len(history("-n", "2")) == 2
    stored(daemon, "SELECT count(*) FROM history", [(6,)])
    again(daemon)
    assert len(history()) == 6
    assert history("hot")[1] == fire
    table = ctl(daemon, 0, "history", "hot", "-v").splitlines()
    assert table[0].split() == ["TIME", "RULE", "EVENT", "STATE", "SEVERITY", "MESSAGE", "VALUES"], table
    assert "clear" in table[1] and "boiler.temp = 50 degC" in table[1], table
    assert "fire" in table[2] and "Boiler at 90" in table[2] and "boiler.temp = 90 degC" in table[2], table
    assert "did you mean 'mild'" in ctl(daemon, 1, "history", "mildd")
    daemon.stop()


def test_queue_of_a_removed_webhook_waits_until_it_is_dropped():
    plant, sink, daemon = make(503)
    before = fire_all(plant, daemon)
    daemon.write(WITHOUT.format(plant=plant.port))
    ctl(daemon, 0, "reload")
    for restart in False, True:
        if restart:
            again(daemon)
        answer = daemon.get("/v1/queue")
        assert not answer["webhooks"] and [q["name"] for q in answer["orphans"]] == ["ops"], answer
        assert answer["orphans"][0]["waiting"] == 3
        assert "no such receiver is configured" in ctl(daemon, 0, "queue")
        assert ids(daemon) == before
    # It is nobody's fault.
    lab.wait_for("it is healthy", lambda: daemon.ctl("health").returncode == 0)
    # Configured again, it goes on where it was.
    daemon.write(WITH.format(plant=plant.port, sink=sink.port))
    sink.status = 200
    ctl(daemon, 0, "reload")
    lab.wait_for("all arrive", lambda: len(sink.events) == 3)
    assert [event["id"] for event in sink.events] == before

    sink.status = 503
    plant.set(1, 100, 50)
    lab.wait_for("all clear", lambda: daemon.get("/v1/status")["counts"]["rules_firing"] == 0)
    fire_all(plant, daemon)
    daemon.write(WITHOUT.format(plant=plant.port))
    ctl(daemon, 0, "reload")
    assert ctl(daemon, 0, "queue", "drop", "ops", "--all", "--yes") == "3 messages dropped\n"
    assert not daemon.get("/v1/queue")["orphans"]
    stored(daemon, "SELECT count(*) FROM box", [(0,)])
    again(daemon)
    assert not daemon.get("/v1/queue")["orphans"]
    daemon.stop()


def test_fault_D8_a_store_that_cannot_be_is_told_and_comes_back():
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 50)
    daemon = lab.Gauged(WITH.format(plant=plant.port, sink=sink.port))
    folder = os.path.join(daemon.dir, "state")
    os.mkdir(os.path.join(daemon.dir, "elsewhere"))
    os.symlink("elsewhere", folder)
    daemon.start().ready()
    store = daemon.get("/v1/status")["store"]
    assert store["state"] == "degraded" and "link" in store["problem"], store
    assert store["problem_s"] is not None
    told = ctl(daemon, 1, "health")
    assert "store" in told and "degraded" in told, told
    assert "degraded for " in ctl(daemon, 0, "status")
    assert daemon.metric("gauged_store_good") == 0
    assert "can't be read now" in ctl(daemon, 3, "history")
    # Alarms go out meanwhile.
    plant.set(1, 100, 90)
    lab.wait_for("three alarms", lambda: len(sink.events) == 3)
    assert not os.listdir(os.path.join(daemon.dir, "elsewhere"))
    os.unlink(folder)
    lab.wait_for("it is good", lambda: daemon.get("/v1/status")["store"]["state"] == "good")
    lab.wait_for("it is healthy", lambda: daemon.ctl("health").returncode == 0)
    assert daemon.metric("gauged_store_good") == 1
    daemon.stop()


def test_without_a_state_folder_nothing_is_kept_and_that_is_said():
    plant, sink = lab.Plant(), lab.Sink()
    plant.set(1, 100, 50)
    sink.status = 503
    daemon = lab.Gauged(WITH.format(plant=plant.port, sink=sink.port))
    with open(daemon.path) as f:
        text = f.read()
    with open(daemon.path, "w") as f:
        f.write("".join(line for line in text.splitlines(True) if not line.startswith("state:")))
    daemon.start().ready()
    assert daemon.get("/v1/status")["store"] == {"state": "none"}
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 50)
    assert "end with the program" in ctl(daemon, 0, "status")
    lab.wait_for("it is healthy", lambda: daemon.ctl("health").returncode == 0)
    assert "no state folder is configured" in ctl(daemon, 1, "history")
    assert daemon.metric("gauged_store_good") is None
    plant.set(1, 100, 90)
    lab.wait_for("three messages", lambda: len(rows(daemon)) == 3)
    assert not any(row["durable"] for row in rows(daemon))
    assert "STORED" in ctl(daemon, 0, "queue", "ops")
    assert len(lines(ctl(daemon, 0, "queue", "export", "ops"))) == 3
    kill_hard(daemon)


def test_fault_D1_a_slow_disk_is_waited_for_elsewhere():
    shim = os.path.abspath(os.path.join(lab.BUILDDIR, "tests", "system", "slow_disk.so"))
    if not os.path.exists(shim):
        print("     SKIP: slow_disk.so is not built: a sanitizer has to be first")
        return
    folder = tempfile.mkdtemp(prefix="gauged-test.")
    slow = os.path.join(folder, "slow")
    plant, sink, daemon = make(200, env={"LD_PRELOAD": shim, "SLOW_DISK": slow})
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 50)
    open(slow, "w").close()
    plant.set(1, 100, 90)
    lab.wait_for("alarms go out before they are stored", lambda: len(sink.events) == 3)
    store = daemon.get("/v1/status")["store"]
    assert store["state"] == "good", store
    worst = daemon.get("/v1/status")["loop"]["lag_max_ms"]
    os.unlink(slow)
    lab.wait_for("a commit", lambda: daemon.get("/v1/status")["store"]["commits"] > store["commits"])
    print("     the loop was at worst %.1f ms late" % worst)
    daemon.stop()
    shutil.rmtree(folder)


lab.run(test_fault_E1_what_waits_is_there_after_a_kill, test_fault_C11_dead_letters_are_kept_and_can_be_retried,
        test_history_is_there_after_a_kill, test_queue_of_a_removed_webhook_waits_until_it_is_dropped,
        test_fault_D8_a_store_that_cannot_be_is_told_and_comes_back,
        test_without_a_state_folder_nothing_is_kept_and_that_is_said,
        test_fault_D1_a_slow_disk_is_waited_for_elsewhere)
