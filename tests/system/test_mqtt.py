#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Events and states at an MQTT broker that is killed, gone, false or silent."""
import json
import os
import pty
import signal
import socket
import time
import tty

import broker as brokers
import lab

PAIRS = 500  # of fire and clear

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
      temp: {{holding: 100, type: int16, scale: 0.1, unit: degC}}
  line:
    bus: mast
    match: '^N (?<n>\\d+)'
    points:
      n: {{field: n}}
mqtt:
  cloud:
    broker: {broker}
    timeout: 5s
    keepalive: 5s
    retry: {{first: 50ms, max: 200ms}}
    points: {{names: [boiler.temp], every: 100ms}}
    discovery: homeassistant
    {options}
rules:
  odd:
    severity: critical
    when: line.n == 1
    on_fire: [{{mqtt: cloud}}]
    on_clear: [{{mqtt: cloud}}]
  over-temp:
    severity: critical
    when: boiler.temp > 80 degC
    on_fire: [{{mqtt: cloud}}]
    on_clear: [{{mqtt: cloud}}]
"""


class Bench:
    def __init__(self, url, options=""):
        self.plant = lab.Plant()
        self.plant.set(1, 100, 700)
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.parts = {"plant": self.plant.port, "tty": os.ttyname(slave)}
        self.daemon = lab.Gauged("site: x\n")
        self.configure(url, options)
        os.close(slave)

    def configure(self, url, options=""):
        self.daemon.write(CONFIG.format(broker=url, options=options, **self.parts))

    def line(self, number):
        os.write(self.master, b"N %d\n" % number)

    def broker(self):
        return self.daemon.get("/v1/queue")["mqtt"][0]

    def up(self):
        lab.wait_for("connected", lambda: self.broker()["state"] == "up")
        lab.wait_for("the line is open", lambda: all(
            bus["state"] == "up" for bus in self.daemon.get("/v1/buses")["buses"]))
        os.write(self.master, b"\n")  # what comes first may be half a line


def make():
    broker = brokers.Broker().start()
    bench = Bench("mqtt://127.0.0.1:%d" % broker.port)
    bench.daemon.start().ready()
    return broker, bench


STATUS, EVENTS = "gauged/plant-7/status", "gauged/plant-7/events/"


def follow(broker, bench, *options):
    """A subscriber to events that has begun."""
    bench.up()
    subscriber = broker.subscribe(STATUS, EVENTS + "#", options=options)
    lab.wait_for("it has subscribed", lambda: subscriber.last(STATUS) == "online")
    return subscriber


def check_events(events, accepted):
    """Each accepted one at least once; the first time in order; again only as itself."""
    ids, order = {}, []
    for event in events:
        if event["seq"] not in ids:
            order.append(event["seq"])
        assert ids.setdefault(event["seq"], event["id"]) == event["id"], event
    assert order == sorted(order), "out of order"
    missing = sorted(set(range(1, accepted + 1)) - set(order))
    assert not missing, "lost: %s" % missing
    assert len(order) == accepted, (len(order), accepted)
    return len(events) - len(order)


def test_no_event_is_lost_when_the_broker_is_killed():
    broker, bench = make()
    subscriber = follow(broker, bench)
    bench.line(1)
    lab.wait_for("the first event", lambda: subscriber.events(EVENTS))
    bench.line(0)
    broker.keep()
    for i in range(PAIRS):
        bench.line(1)
        time.sleep(0.002)
        bench.line(0)
        time.sleep(0.002)
        if i % 100 == 50:
            broker.kill()
        if i % 100 == 70:
            broker.start()
            bench.up()
            # Killed again before the subscriber is back, it would lose what it acknowledged.
            count = len(subscriber.seen())
            lab.wait_for("the subscriber", lambda: len(subscriber.seen()) > count)
    lab.wait_for("the queue is empty", lambda: bench.broker()["waiting"] == 0)
    counters = bench.broker()["counters"]
    accepted = counters["messages"]
    assert accepted > 1.5 * PAIRS, "only %d of %d" % (accepted, 2 * PAIRS)
    lab.wait_for("all of them", lambda: len(
        {e["seq"] for e in subscriber.events(EVENTS)}) >= accepted)
    again = check_events(subscriber.events(EVENTS), accepted)
    assert counters["connection_losses"] == 5, counters
    assert counters["dead_letters"] == counters["dropped_full"] == 0, counters
    print("%d events, %d of them twice" % (accepted, again))
    bench.daemon.stop()
    broker.stop()


def test_what_waits_outlives_gauged():
    broker, bench = make()
    subscriber = follow(broker, bench)
    bench.line(1)
    lab.wait_for("the first event", lambda: subscriber.events(EVENTS))
    broker.keep()
    broker.kill()
    for number in (0, 1, 0, 1, 0):
        before = bench.broker()["waiting"]
        bench.line(number)
        lab.wait_for("it waits", lambda: bench.broker()["waiting"] == before + 1)
    bench.daemon.stop()
    broker.start()
    bench.daemon.start().ready()
    lab.wait_for("all of them", lambda: len(
        {e["seq"] for e in subscriber.events(EVENTS)}) >= 6)
    check_events(subscriber.events(EVENTS), 6)
    bench.daemon.stop()
    broker.stop()


def test_a_late_subscriber_sees_what_fires():
    broker, bench = make()
    base = "gauged/plant-7"
    bench.up()
    bench.plant.set(1, 100, 813)
    lab.wait_for("fire", lambda: bench.daemon.get("/v1/rules/over-temp")["state"] == "firing")
    late = broker.subscribe()
    lab.wait_for("the value", lambda: json.loads(
        late.last(base + "/points/boiler.temp") or '{"value": 0}')["value"] == 81.3)
    lab.wait_for("the alarm", lambda: json.loads(
        late.last(base + "/alarms/over-temp") or '{"firing": false}')["firing"])
    lab.wait_for("the status", lambda: late.last(base + "/status") == "online")
    value = json.loads(late.last(base + "/points/boiler.temp"))
    assert value["unit"] == "degC" and value["quality"] == "good", value
    assert value["time"].endswith("Z"), value
    assert json.loads(late.last(base + "/alarms/odd"))["state"] in ("ok", "pending")
    retained = {topic for kept, topic, _ in late.seen() if kept}
    assert base + "/status" in retained and base + "/alarms/over-temp" in retained, retained
    assert not any(topic.startswith(base + "/events") for topic in retained), retained
    assert bench.daemon.ctl("ack", "over-temp").returncode == 0
    lab.wait_for("acknowledged", lambda: json.loads(
        late.last(base + "/alarms/over-temp"))["acknowledged"])
    bench.plant.set(1, 100, 700)
    lab.wait_for("the value again", lambda: json.loads(
        late.last(base + "/points/boiler.temp"))["value"] == 70)
    lab.wait_for("calm", lambda: not json.loads(
        late.last(base + "/alarms/over-temp"))["firing"])
    check_discovery(late, base)
    bench.daemon.stop()
    lab.wait_for("goodbye", lambda: late.last(base + "/status") == "offline")
    broker.stop()


def check_discovery(late, base):
    config = json.loads(late.last("homeassistant/sensor/gauged-plant-7/point_boiler_temp/config"))
    assert config["state_topic"] == base + "/points/boiler.temp", config
    assert config["unit_of_measurement"] == "°C", config
    assert config["device_class"] == "temperature", config
    assert config["availability_topic"] == base + "/status", config
    alarm = json.loads(
        late.last("homeassistant/binary_sensor/gauged-plant-7/alarm_over-temp/config"))
    assert alarm["device_class"] == "problem", alarm
    assert alarm["device"] == config["device"], alarm


def test_the_will_is_heard_when_gauged_is_killed():
    broker, bench = make()
    subscriber = broker.subscribe(STATUS)
    lab.wait_for("online", lambda: subscriber.last(STATUS) == "online")
    bench.daemon.kill()
    lab.wait_for("offline", lambda: subscriber.last(STATUS) == "offline")
    bench.daemon.start().ready()
    lab.wait_for("online", lambda: subscriber.last(STATUS) == "online")
    bench.daemon.stop()
    broker.stop()


def test_a_reload_keeps_the_connection_that_it_can():
    broker, bench = make()
    url = "mqtt://127.0.0.1:%d" % broker.port
    subscriber = broker.subscribe()
    bench.up()
    lab.wait_for("the value", lambda: subscriber.last("gauged/plant-7/points/boiler.temp"))
    bench.configure(url, "topic: 'elsewhere/${rule}'")
    assert bench.daemon.ctl("reload").returncode == 0, bench.daemon.log()
    assert bench.broker()["counters"]["connects"] == 1, bench.broker()
    bench.plant.set(1, 100, 813)
    lab.wait_for("the event", lambda: subscriber.events("elsewhere/over-temp"))
    assert subscriber.last(STATUS) == "online"
    # Another base is another will: a new connection, and what stood below the old one goes.
    bench.configure(url, "base: other")
    assert bench.daemon.ctl("reload").returncode == 0, bench.daemon.log()
    lab.wait_for("it is there", lambda: subscriber.last("other/status") == "online")
    lab.wait_for("it is gone",
                 lambda: subscriber.last("gauged/plant-7/points/boiler.temp") == "")
    lab.wait_for("it is there", lambda: subscriber.last("other/points/boiler.temp"))
    bench.daemon.stop()
    broker.stop()


def test_what_may_not_be_published_is_given_up_and_told():
    broker = brokers.Broker("acl_file {folder}/acl\n")
    with open(broker.path("acl"), "w", encoding="utf-8") as file:
        file.write("topic readwrite #\ntopic deny gauged/plant-7/events/odd\n")
    broker.start()
    bench = Bench("mqtt://127.0.0.1:%d" % broker.port)
    bench.daemon.start().ready()
    subscriber = follow(broker, bench)
    bench.line(1)
    # mosquitto 2.0.11 refuses it and, against the protocol, ends the connection as well.
    lab.wait_for("it is refused", lambda: "is refused (Not authorized)" in bench.daemon.log())
    lab.wait_for("it is given up", lambda: bench.broker()["counters"]["dead_letters"] == 1)
    assert bench.broker()["counters"]["rejections"] == 5, bench.broker()
    bench.plant.set(1, 100, 813)
    lab.wait_for("the next one goes", lambda: subscriber.events(EVENTS))
    bench.up()
    # An operator makes room for it, and sends it again.
    with open(broker.path("acl"), "w", encoding="utf-8") as file:
        file.write("topic readwrite #\n")
    broker.process.send_signal(signal.SIGHUP)
    retry = bench.daemon.ctl("queue", "retry", "mqtt:cloud", "--dead")
    assert retry.returncode == 0, retry.stderr
    lab.wait_for("it goes", lambda: [e for e in subscriber.events(EVENTS) if e["rule"] == "odd"])
    bench.daemon.stop()
    broker.stop()


TLS = """
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
require_certificate true
"""


def test_only_a_broker_that_is_vouched_for_gets_anything():
    broker = brokers.Broker(TLS)
    broker.certificates()
    broker.start()
    ours = "cert: %s, key: %s" % (broker.path("client.pem"), broker.path("client.key"))
    bench = Bench("mqtts://localhost:%d" % broker.port,
                  "tls: {ca: %s, %s}" % (broker.path("other.pem"), ours))
    bench.daemon.start().ready()
    lab.wait_for("refused", lambda: "certificate verify failed" in bench.broker()["detail"])
    assert bench.broker()["state"] != "up"
    assert bench.daemon.ctl("health").returncode != 0
    for ca, words in (("none.pem", "cannot open " + broker.path("none.pem")),
                      ("server.key", "ca: there is no certificate (PEM) in it")):
        bench.configure("mqtts://localhost:%d" % broker.port, "tls: {ca: %s, %s}" % (broker.path(ca), ours))
        done = bench.daemon.ctl("reload")
        assert done.returncode == 1 and words in done.stderr, done
    bench.configure("mqtts://localhost:%d" % broker.port,
                    "tls: {ca: %s, %s}" % (broker.path("ca.pem"), ours))
    assert bench.daemon.ctl("reload").returncode == 0, bench.daemon.log()
    subscriber = follow(broker, bench, "--cafile", broker.path("ca.pem"), "--cert",
                        broker.path("client.pem"), "--key", broker.path("client.key"))
    bench.plant.set(1, 100, 813)
    lab.wait_for("the event", lambda: subscriber.events(EVENTS))
    bench.daemon.stop()
    broker.stop()


def test_a_silent_broker_does_not_keep_the_loop():
    brokers.needed()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        for scheme in ("mqtt", "mqtts"):
            bench = Bench("%s://127.0.0.1:%d" % (scheme, hole.getsockname()[1]))
            bench.daemon.start().ready()
            lab.wait_for("silence is told",
                         lambda: "no greeting" in bench.broker()["detail"])
            requests, loop = bench.plant.requests, bench.daemon.get("/v1/status")["loop"]
            lab.wait_for("values come", lambda: bench.plant.requests > requests + 100)
            bench.plant.set(1, 100, 813)
            lab.wait_for("rules turn", lambda: bench.daemon.get(
                "/v1/rules/over-temp")["state"] == "firing")
            after = bench.daemon.get("/v1/status")["loop"]
            turns = (after["turns"] - loop["turns"]) / (bench.plant.requests - requests)
            # A loop that waits makes few turns for each request, one that spins very many.
            assert 1 <= turns < 100, turns
            assert after["lag_max_ms"] < 5000, after
            print("%s: %.1f turns for each request, at worst %.1f ms late"
                  % (scheme, turns, after["lag_max_ms"]))
            bench.daemon.stop()


if __name__ == "__main__":
    brokers.needed()
    lab.run(test_no_event_is_lost_when_the_broker_is_killed,
            test_what_waits_outlives_gauged,
            test_a_late_subscriber_sees_what_fires,
            test_the_will_is_heard_when_gauged_is_killed,
            test_a_reload_keeps_the_connection_that_it_can,
            test_what_may_not_be_published_is_given_up_and_told,
            test_only_a_broker_that_is_vouched_for_gets_anything,
            test_a_silent_broker_does_not_keep_the_loop)
