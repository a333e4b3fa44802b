#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl webhooks and webhook test, and the control API below them."""
import base64
import hashlib
import hmac
import json
import socket
import threading

import lab
from receiver import Receiver

KEY = b"a key of just about 32 bytes....."
CONFIG = """
site: plant-7
secrets_dir: {dir}/secrets
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}}}
devices: {{boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100}}}}}}}}
webhooks:
  ops:
    url: "http://127.0.0.1:{port}/hook/${{secret:path}}"
    sign: "${{secret:key}}"
    retry: {{first: 1h, max: 1h}}
    timeout: 20s
    {more}
  idle: {{url: "http://127.0.0.1:{port}/idle"}}
rules:
  hot: {{when: boiler.temp > 80, on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
"""


def make(receiver, more=""):
    plant = lab.Plant()
    daemon = lab.Gauged("", files={"secrets/key": KEY.decode(), "secrets/path": "s3cret/path"})
    daemon.values = dict(dir=daemon.dir, plant=plant.port, port=receiver.port)
    daemon.write(CONFIG.format(more=more, **daemon.values))
    return plant, daemon.start().ready()


def webhook(daemon, name="ops"):
    return [w for w in daemon.get("/v1/webhooks")["webhooks"] if w["name"] == name][0]


def test_a_test_is_made_signed_and_sent_as_any_message():
    receiver = Receiver(judge=lambda request: (200, "thank you\n"))
    _, daemon = make(receiver)
    done = daemon.ctl("webhook", "test", "ops")
    assert done.returncode == 0, done
    assert done.stdout.startswith("webhook ops: HTTP 200, after ") and "thank you" in done.stdout, done
    request = receiver.requests[0]
    assert request.path == "/hook/s3cret/path", request.path
    event = json.loads(request.body)
    assert event["rule"] == "gauged-test" and event["type"] == "instant" and event["site"] == "plant-7", event
    assert event["id"] == request.headers["webhook-id"] and event["id"] in done.stdout, (event, done)
    assert event["message"].startswith("Test of webhook ops, asked for by "), event
    text = "%s.%s." % (event["id"], request.headers["webhook-timestamp"])
    mac = hmac.new(KEY, text.encode() + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode(), request.headers
    # What is asked for by name is told by name; the queue knows nothing of it.
    for kind, state in (("fire", "firing"), ("clear", "ok"), ("repeat", "firing")):
        assert daemon.ctl("webhook", "test", "ops", kind).returncode == 0
        event = json.loads(receiver.requests[-1].body)
        assert (event["type"], event["state"]) == (kind, state), event
    assert webhook(daemon)["delivered"] == 0 and webhook(daemon)["last_answer"] is None
    assert len({r.headers["webhook-id"] for r in receiver.requests}) == 4
    assert "s3cret" not in daemon.log()
    daemon.stop()


def test_what_the_receiver_says_is_told_and_is_the_exit_status():
    receiver = Receiver(judge=lambda request: (403, "go\x1b[31m away"))
    _, daemon = make(receiver)
    done = daemon.ctl("webhook", "test", "ops")
    assert done.returncode == 1 and done.stdout.startswith("webhook ops: HTTP 403, after "), done
    assert "\x1b" not in done.stdout and "away" in done.stdout, done
    done = daemon.ctl("--json", "webhook", "test", "ops")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["delivered"] is False and answer["status"] == 403, done
    with socket.create_server(("127.0.0.1", 0)) as free:
        daemon.values["port"] = free.getsockname()[1]
    daemon.write(CONFIG.format(more="", **daemon.values))
    assert daemon.ctl("reload").returncode == 0
    done = daemon.ctl("webhook", "test", "ops")
    assert done.returncode == 1 and "webhook ops: Connection refused" in done.stdout, done
    assert daemon.ctl("--json", "webhook", "test", "ops").stdout.count('"status":null') == 1
    for arguments, words, status in (
            (("test", "nobody"), "there is no webhook 'nobody'", 1),
            (("test", "ops", "fired"), 'expected {"type": "fire", "clear", "repeat" or "instant"}', 1),
            (("check", "ops"), "there is no 'webhook check'", 2)):
        done = daemon.ctl("webhook", *arguments)
        assert done.returncode == status and words in done.stderr, done
    for body in ('{"type": "fire", "x": 1}', "[]", '{"type": 3}', "nothing"):
        status, problem = ask_raw(daemon, body)
        assert status == 400 and problem["title"] == "Bad Request", (body, problem)
    daemon.stop()


def ask_raw(daemon, text):
    connection = lab.UnixConnection(daemon.socket)
    connection.request("POST", "/v1/webhooks/ops/test", text)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_the_list_tells_what_waits_and_when_it_is_tried_again():
    status = {"ops": 503}
    receiver = Receiver(judge=lambda request: status["ops"])
    plant, daemon = make(receiver)
    assert webhook(daemon, "idle") == {
        "name": "idle", "state": "up", "url": "http://127.0.0.1:%d" % receiver.port, "waiting": 0, "in_flight": 0,
        "dead": 0, "last_answer": None, "last_answer_age_s": None, "next_try_s": None, "delivered": 0,
        "signed": False}
    plant.set(1, 100, 90)
    one = lab.wait_for("a try", lambda: webhook(daemon)["last_answer"] and webhook(daemon))
    assert one["state"] == "backoff" and one["last_answer"] == "HTTP 503" and one["waiting"] == 1, one
    assert 0 < one["next_try_s"] <= 3600 * 1.2 and one["last_answer_age_s"] >= 0 and one["signed"], one
    # Only the origin of the URL is shown: behind it there may be a secret.
    assert one["url"] == "http://127.0.0.1:%d" % receiver.port
    shown = daemon.ctl("webhooks").stdout
    assert "HTTP 503, " in shown and "backoff" in shown and "in " in shown and "s3cret" not in shown, shown
    # A test passes the queue, which goes on waiting.
    status["ops"] = 200
    assert daemon.ctl("webhook", "test", "ops").returncode == 0
    assert webhook(daemon)["waiting"] == 1
    # Another URL is tried at once; its 410 parks, and a parked webhook is asked all the same.
    status["ops"] = 410
    daemon.write(CONFIG.format(more="", **daemon.values).replace("/hook/", "/other/"))
    assert daemon.ctl("reload").returncode == 0
    one = lab.wait_for("parking", lambda: webhook(daemon)["state"] == "parked" and webhook(daemon))
    assert one["next_try_s"] is None and one["waiting"] == 1, one
    status["ops"] = 200
    assert daemon.ctl("webhook", "test", "ops").returncode == 0
    daemon.stop()


def test_a_test_outlives_whoever_asked_a_reload_and_not_the_daemon():
    hold, begun = threading.Event(), []

    def judge(request):
        begun.append(request)
        hold.wait(30)
        return 200

    _, daemon = make(Receiver(judge))
    impatient = lab.UnixConnection(daemon.socket)
    impatient.request("POST", "/v1/webhooks/ops/test", "")
    lab.wait_for("the connection", lambda: len(begun) == 1)
    impatient.close()
    # And one that outlives a reload, by which the webhook that it began with is another.
    answers = []
    patient = threading.Thread(target=lambda: answers.append(daemon.ctl("webhook", "test", "ops")))
    patient.start()
    lab.wait_for("the connection", lambda: len(begun) == 2)
    daemon.write(CONFIG.format(more="method: PUT", **daemon.values))
    assert daemon.ctl("reload").returncode == 0
    hold.set()
    patient.join(lab.PATIENCE)
    assert answers[0].returncode == 0, answers
    # One is under way when gauged stops.
    hold.clear()
    last = lab.UnixConnection(daemon.socket)
    last.request("POST", "/v1/webhooks/ops/test", "")
    lab.wait_for("the connection", lambda: len(begun) == 3)
    daemon.stop()


lab.run(test_a_test_is_made_signed_and_sent_as_any_message,
        test_what_the_receiver_says_is_told_and_is_the_exit_status,
        test_the_list_tells_what_waits_and_when_it_is_tried_again,
        test_a_test_outlives_whoever_asked_a_reload_and_not_the_daemon)
