#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""What conf/webhooks.d/ and 'body: cloudevents' send, held against what the receivers' own
documentation says (receivers/*.json), for each kind of event and with hostile texts."""
import glob
import json
import os
import re

import lab
from receiver import Receiver

try:
    import jsonschema
except ImportError:
    lab.skip("python3-jsonschema is not installed")

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, "..", "..", "conf", "webhooks.d")
SECRETS = {
    "slack_path": "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "teams_path": "webhookb2/0-1@2/IncomingWebhook/3/4",
    "pagerduty_key": "0123456789abcdef0123456789abcdef",
    "ntfy_topic": "gauged-plant-7",
    "homeassistant_id": "gauged-plant-7-id",
}
PATHS = {
    "slack": "/services/" + SECRETS["slack_path"],
    "teams": "/" + SECRETS["teams_path"],
    "pagerduty": "/v2/enqueue",
    "ntfy": "/",
    "alertmanager": "/api/v2/alerts",
    "homeassistant": "/api/webhook/" + SECRETS["homeassistant_id"],
}

CONFIG = """
{site}
secrets_dir: {dir}/secrets
include: [webhooks.d/*.yaml]
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, unit: degC}}, door: {{holding: 101}}, name: {{holding: 110, type: string(16)}}}}}}
webhooks:
  events:
    url: "http://127.0.0.1:{port}/cloudevents"
    body: cloudevents
rules:
  over-temp:
    severity: critical
    when: boiler.temp > 80 degC
    repeat: 1s
    message: "${{boiler.name}} at ${{boiler.temp}}"
    labels: {{area: "boiler room", "odd-name.1": "x"}}
    on_fire: [{actions}]
    on_clear: [{actions}]
  mute:
    when: boiler.temp > 90 degC
    on_fire: [{actions}]
    on_clear: [{actions}]
  door:
    on: rises(boiler.door > 0)
    message: "somebody is there"
    do: [{actions}]
"""


def schema(name):
    with open(os.path.join(HERE, "receivers", name + ".json")) as f:
        return json.load(f)


class World:
    """All templates as they are given away, but for where they send to."""

    def __init__(self, site="site: 'plant \"7\" <!channel> &'"):
        self.receiver = Receiver()
        self.plant = lab.Plant()
        self.set_name("Boiler 7")
        files = {"secrets/" + name: text + "\n" for name, text in SECRETS.items()}
        self.names = []
        for path in sorted(glob.glob(os.path.join(TEMPLATES, "*.yaml"))):
            name = os.path.basename(path)[:-5]
            self.names.append(name)
            with open(path) as f:
                text, count = re.subn(r"https?://[^/\"]+/", "http://127.0.0.1:%d/%s/" % (self.receiver.port, name),
                                      "".join(line for line in f if not line.startswith("#")), count=1)
            assert count == 1, path
            files["webhooks.d/" + name + ".yaml"] = text
        assert self.names == sorted(PATHS), self.names
        self.daemon = lab.Gauged("", files=files)
        actions = ", ".join("{webhook: %s}" % name for name in self.names + ["events"])
        self.daemon.write(CONFIG.format(dir=self.daemon.dir, plant=self.plant.port, port=self.receiver.port,
                                        site=site, actions=actions))
        self.daemon.start().ready()

    def set_name(self, text):
        raw = text.encode().ljust(16, b"\0")[:16]
        for i in range(8):
            self.plant.set(1, 110 + i, raw[2 * i] << 8 | raw[2 * i + 1])

    def bodies(self, name):
        """What this receiver got; everything fits its schema, and goes to its path."""
        got = []
        path = "/" + name + PATHS[name] if name in PATHS else "/" + name
        for request in list(self.receiver.requests):
            if not request.path.startswith("/" + name):
                continue
            assert request.path == path, request.path
            body = json.loads(request.body)
            jsonschema.validate(body, schema(name), format_checker=jsonschema.FormatChecker())
            kind = "application/cloudevents+json" if name == "cloudevents" else "application/json"
            assert request.headers["Content-Type"] == kind, request.headers
            got.append(body)
        return got

    def wait(self, count):
        for name in self.names + ["cloudevents"]:
            lab.wait_for("message %d of %s" % (count, name), lambda: len(self.bodies(name)) >= count)


def life(world):
    """over-temp fires and is repeated, clears; the door opens."""
    world.plant.set(1, 100, 85)
    world.wait(2)
    world.plant.set(1, 100, 20)
    lab.wait_for("clear", lambda: any(e["type"] == "gauged.clear" for e in world.bodies("cloudevents")))
    world.plant.set(1, 101, 1)
    lab.wait_for("the door", lambda: any(e["type"] == "gauged.instant" for e in world.bodies("cloudevents")))
    count = len(world.bodies("cloudevents"))
    world.wait(count)
    return [e["data"] for e in world.bodies("cloudevents")]


def test_each_receiver_gets_what_it_documents_and_knows_the_end_of_an_alarm():
    world = World("site: plant-7")
    events = life(world)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "fire" and "repeat" in kinds and "clear" in kinds and kinds[-1] == "instant", kinds
    ids = {(e["id"], e["source"], e["subject"]) for e in world.bodies("cloudevents")}
    assert len(ids) == len(events) and all(source == "/gauged/plant-7" for _, source, _ in ids), ids
    firing = [event["type"] != "clear" for event in events]

    pages = world.bodies("pagerduty")
    assert [p["event_action"] for p in pages] == ["trigger" if f else "resolve" for f in firing], pages
    keys = {p["dedup_key"] for p, e in zip(pages, events) if e["rule"] == "over-temp"}
    assert keys == {"gauged/plant-7/over-temp"}, keys
    assert pages[0]["payload"]["custom_details"]["values"]["boiler.temp"]["value"] == 85
    assert pages[0]["payload"]["custom_details"]["labels"]["odd-name.1"] == "x"
    assert pages[0]["routing_key"] == SECRETS["pagerduty_key"]

    alerts = [a for body in world.bodies("alertmanager") for a in body]
    own = [(a, e) for a, e in zip(alerts, events) if e["rule"] == "over-temp"]
    assert len({json.dumps(a["labels"], sort_keys=True) for a, _ in own}) == 1, own
    for alert, event in own:
        now = event["times"]["wall"]
        if event["type"] == "clear":
            assert alert["startsAt"] < alert["endsAt"] == now, alert
        else:
            assert alert["startsAt"] <= now < alert["endsAt"], alert
    assert own[0][0]["startsAt"] == own[0][1]["times"]["wall"]

    assert [h["margin"] for h, e in zip(world.bodies("homeassistant"), events) if e["type"] == "fire"] == [5]
    assert world.bodies("homeassistant")[-1]["margin"] is None, "an instant has none"
    assert [h["firing"] for h in world.bodies("homeassistant")] == firing
    notes = world.bodies("ntfy")
    assert notes[0]["priority"] == 5 and notes[0]["topic"] == SECRETS["ntfy_topic"], notes[0]
    assert [n["tags"] for n in notes] == [["rotating_light" if f else "white_check_mark"] for f in firing]
    assert "over-temp resolved" in notes[kinds.index("clear")]["title"], notes
    assert world.bodies("slack")[0]["blocks"][0]["text"]["text"].endswith("Boiler 7 at 85"), world.bodies("slack")[0]
    color = world.bodies("teams")[kinds.index("clear")]["attachments"][0]["content"]["body"][0]["inlines"][0]["color"]
    assert color == "Good", color
    log = world.daemon.log()
    assert not [text for text in SECRETS.values() if text in log]
    world.daemon.stop()


def test_fault_C13_hostile_texts_stay_texts_at_every_receiver():
    for text in ('"}],"x":[{"', "<!channel>", "\\u0000\\", "${secret:x}", "\r\n\x01\x02\x7f", "\xff\xfe", "@here *b* [l]"):
        world = World()
        world.set_name(text)
        lab.wait_for("the name", lambda: world.daemon.get("/v1/points/boiler.name")["quality"] == "good")
        life(world)
        page = world.bodies("pagerduty")[0]
        assert page["dedup_key"].startswith('gauged/plant "7" <!channel> &/'), page
        assert world.bodies("cloudevents")[0]["source"] == "/gauged/plant%20%227%22%20%3C%21channel%3E%20%26"
        for message in world.bodies("slack"):
            # Nowhere but in plain text, which Slack does not interpret.
            assert "<" not in message["text"], message
        world.daemon.stop()


def test_rules_without_a_message_and_plants_without_a_name_still_say_something():
    world = World("")
    world.plant.set(1, 100, 95)
    lab.wait_for("mute", lambda: any(e["data"]["rule"] == "mute" for e in world.bodies("cloudevents")))
    world.wait(2)
    assert "mute: fire" in [p["payload"]["summary"] for p in world.bodies("pagerduty")], world.bodies("pagerduty")
    assert {p["payload"]["source"] for p in world.bodies("pagerduty")} == {"gauged"}
    assert {e["source"] for e in world.bodies("cloudevents")} == {"/gauged"}
    world.daemon.stop()


lab.run(test_each_receiver_gets_what_it_documents_and_knows_the_end_of_an_alarm,
        test_fault_C13_hostile_texts_stay_texts_at_every_receiver,
        test_rules_without_a_message_and_plants_without_a_name_still_say_something)
