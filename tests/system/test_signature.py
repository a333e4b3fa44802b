#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Signed messages, verified by those who did not sign them: Python's hmac, and the library
'standardwebhooks' of npm where a registry can be reached."""
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile

import lab
from receiver import Receiver

NEW = bytes(range(100, 132))
OLD = b"an old key of more than 24 bytes"
VERSION = "1.1.1"

CONFIG = """
site: plant-7
secrets_dir: {dir}/secrets
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}}}
devices: {{boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100}}}}}}}}
webhooks:
  ops:
    url: "http://127.0.0.1:{port}/hook"
    retry: {{first: 50ms, max: 100ms}}
    sign: {sign}
    {more}
rules:
  hot: {{when: boiler.temp > 80, message: "h\\u00f6t \\"${{boiler.temp}}\\"", on_fire: [{{webhook: ops}}], on_clear: [{{webhook: ops}}]}}
"""


def signed(key, request, body=None):
    """What Standard Webhooks says that the signature is."""
    text = "%s.%s." % (request.headers["webhook-id"], request.headers["webhook-timestamp"])
    mac = hmac.new(key, text.encode() + (request.body if body is None else body), hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def make(receiver, sign, more=""):
    plant = lab.Plant()
    daemon = lab.Gauged("", files={
        "secrets/new": "whsec_" + base64.b64encode(NEW).decode() + "\n",
        "secrets/old": OLD.decode(),
        "secrets/short": "whsec_c2hvcnQ=",
    })
    daemon.values = dict(dir=daemon.dir, plant=plant.port, port=receiver.port, more=more)
    daemon.write(CONFIG.format(sign=sign, **daemon.values))
    return plant, daemon


def fire(plant, daemon, receiver):
    """One more fire and clear; the requests that came by it."""
    count = len(receiver.requests)
    for value in (90, 20):
        plant.set(1, 100, value)
        count += 1
        lab.wait_for("message %d" % count, lambda: len(receiver.requests) >= count)
    return receiver.requests[-2:]


def test_each_message_is_signed_as_it_is_sent():
    receiver = Receiver()
    plant, daemon = make(receiver, '"${secret:new}"')
    daemon.start().ready()
    for request in fire(plant, daemon, receiver):
        assert request.headers["webhook-signature"] == signed(NEW, request), request.headers
        assert json.loads(request.body)["id"] == request.headers["webhook-id"]
    assert receiver.requests[0].headers["webhook-signature"] != \
        receiver.requests[1].headers["webhook-signature"]
    daemon.stop()


def test_keys_are_exchanged_by_a_reload():
    receiver = Receiver()
    plant, daemon = make(receiver, '["${secret:new}", "${secret:old}"]')
    daemon.start().ready()
    for request in fire(plant, daemon, receiver):
        both = signed(NEW, request) + " " + signed(OLD, request)
        assert request.headers["webhook-signature"] == both, request.headers
    # The same file, and other keys in it.
    daemon.write(base64.b64encode(OLD).decode().join(["whsec_", ""]), "secrets/new")
    daemon.write(CONFIG.format(sign='"${secret:new}"', **daemon.values))
    assert daemon.ctl("reload").returncode == 0
    for request in fire(plant, daemon, receiver):
        assert request.headers["webhook-signature"] == signed(OLD, request), request.headers
    # A key that is none changes nothing, and is not shown.
    daemon.write(CONFIG.format(sign='"${secret:short}"', **daemon.values))
    refused = daemon.ctl("reload")
    assert refused.returncode == 1, refused
    assert "the secret 'short': it has to be a key of 24 to 64 bytes" in refused.stderr, refused
    for request in fire(plant, daemon, receiver):
        assert request.headers["webhook-signature"] == signed(OLD, request), request.headers
    for secret in ("c2hvcnQ", base64.b64encode(NEW).decode(), OLD.decode()):
        assert secret not in daemon.log() and secret not in refused.stderr
    daemon.stop()


def test_a_repeated_try_keeps_the_id_and_signs_the_time_of_its_own():
    receiver = Receiver()
    answers = [503, 503, 200, 200]
    receiver.judge = lambda request: answers[min(len(receiver.requests), 3)]
    plant, daemon = make(receiver, '"${secret:new}"')
    daemon.start().ready()
    plant.set(1, 100, 90)
    lab.wait_for("three tries", lambda: len(receiver.requests) >= 3)
    assert len({r.headers["webhook-id"] for r in receiver.requests}) == 1
    assert len({r.body for r in receiver.requests}) == 1
    for request in receiver.requests:
        assert request.headers["webhook-signature"] == signed(NEW, request), request.headers
    daemon.stop()


def test_fault_G2_a_box_without_the_time_signs_and_sends_all_the_same():
    receiver = Receiver()
    plant, daemon = make(receiver, '"${secret:new}"')
    env = lab.clock_in(1970, daemon.dir)
    if env is None:
        print("SKIP: with sanitizers nothing can stand before them to set the clock")
        return
    daemon.start(env=env).ready()
    for request in fire(plant, daemon, receiver):
        assert int(request.headers["webhook-timestamp"]) < 10 ** 6, request.headers
        assert request.headers["webhook-signature"] == signed(NEW, request), request.headers
    daemon.stop()


VERIFY = """
const { Webhook } = require("standardwebhooks");
const lines = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean);
for (const line of lines) {
    const { secret, format, headers, body } = JSON.parse(line);
    let verdict = "good";
    try {
        new Webhook(secret, format ? { format } : undefined).verify(body, headers);
    } catch (why) {
        verdict = why.message;
    }
    console.log(verdict);
}
"""


def npm_library():
    """A folder in which node finds the library; None, and why on standard output."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("SKIP: no npm here, standardwebhooks does not verify")
        return None
    folder = tempfile.mkdtemp(prefix="gauged-npm.")
    lab.atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                               "--prefix", folder, "standardwebhooks@" + VERSION],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        print("SKIP: npm can't reach a registry within two minutes")
        return None
    if done.returncode != 0:
        print("SKIP: npm can't install standardwebhooks: " + done.stderr.strip().split("\n")[0])
        return None
    return folder


def test_the_library_standardwebhooks_of_npm_verifies_them():
    folder = npm_library()
    if folder is None:
        return
    receiver = Receiver()
    plant, daemon = make(receiver, '["${secret:new}", "${secret:old}"]')
    daemon.start().ready()
    fire(plant, daemon, receiver)
    daemon.stop()
    new = "whsec_" + base64.b64encode(NEW).decode()
    cases = []
    for request in receiver.requests:
        headers = {name: request.headers[name] for name in
                   ("webhook-id", "webhook-timestamp", "webhook-signature")}
        body = request.body.decode()
        cases.append(dict(secret=new, headers=headers, body=body))
        cases.append(dict(secret=OLD.decode(), format="raw", headers=headers, body=body))
        # And what is not ours is told apart.
        cases.append(dict(secret=new, headers=headers, body=body + " "))
        cases.append(dict(secret=new, headers=dict(headers, **{"webhook-id": "msg_1"}), body=body))
        cases.append(dict(secret="0" * 32, format="raw", headers=headers, body=body))
    done = subprocess.run(["node", "-e", VERIFY], input="\n".join(json.dumps(c) for c in cases),
                          cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    verdicts = done.stdout.split("\n")[:-1]
    bad = "No matching signature found"
    assert verdicts == ["good", "good", bad, bad, bad] * 2, verdicts


lab.run(test_each_message_is_signed_as_it_is_sent, test_keys_are_exchanged_by_a_reload,
        test_a_repeated_try_keeps_the_id_and_signs_the_time_of_its_own,
        test_fault_G2_a_box_without_the_time_signs_and_sends_all_the_same,
        test_the_library_standardwebhooks_of_npm_verifies_them)
