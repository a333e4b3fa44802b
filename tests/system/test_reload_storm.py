#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Reload under load: mutated configurations one after another, half of them broken. What did not
change keeps its timers, states, windows and memories, no reading in flight is lost, and the loop
pauses for none of it.

test_reload_storm.py [COUNT [SEED]]    by default a few; 'make storm' takes 10,000"""
import atexit
import os
import random
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab  # noqa: E402
from simulation import Simulation  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 300
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20261130

# The first device of gauge-sim counts its requests in register 0 and takes 8 ms for each, so
# that nearly every reload finds a reading in flight; the second one's bus changes with the file.
KEPT = """
buses:
  kept: {{modbus: "tcp://127.0.0.1:{kept}"}}
  moved: {{modbus: "tcp://127.0.0.1:{moved}", timeout: {timeout}ms}}
{buses}devices:
{devices}  k: {{bus: kept, unit: 1, poll: 20ms, stale_after: 10m, points: {{count: {{holding: 0, type: uint16}}}}}}
  m: {{bus: moved, unit: 1, poll: {poll}ms, points: {{self: {{holding: 2, type: uint16}}}}}}
derived:
{derived}  total: {{value: "(prev(total) ?? 0) + 1 + 0 * k.count", unit: count}}
webhooks:
  ops: {{url: "http://127.0.0.1:{sink}/{path}"}}
rules:
{first}  firing: {{when: k.count >= 0, message: "${{k.count}}", on_fire: [{{webhook: ops}}]}}
  pending: {{when: k.count >= 0, for: 10h}}
  clearing: {{when: k.count < 30, clear_for: 10h}}
  returned: {{when: k.count < 30, latch: true}}
  acked: {{when: k.count >= 0, latch: true, message: "x"}}
  shelved: {{when: k.count >= 0, on_fire: [{{webhook: ops}}]}}
  inhibited: {{when: k.count >= 0, inhibited_by: [firing], on_fire: [{{webhook: ops}}]}}
  held: {{when: "held(k.count >= 0, 10h)"}}
  quiet: {{when: k.count / 2 == floor(k.count / 2), flap: {{changes: 4, in: 10m}}, on_fire: [{{webhook: ops}}]}}
  # Of these none may ever fire: no request without its reading, and no memory that is torn.
  lost: {{when: k.count - prev(k.count) != 1, latch: true}}
  torn: {{when: "count(k.count, 2h) != k.count - first(k.count, 2h) + 1", latch: true}}
  broken: {{when: "total != count(k.count, 2h)", latch: true}}
{last}"""
STATES = {"firing": "firing", "pending": "pending", "clearing": "clearing", "returned": "returned",
          "acked": "firing", "shelved": "firing", "inhibited": "firing", "held": "ok", "lost": "ok",
          "torn": "ok", "broken": "ok"}
# Each makes an error, wherever it is put into lines that are right.
WRONG_RULES = ("  x: {when: k.cuont > 1}\n", "  x: {when: k.count > }\n", "  x: {whem: k.count > 1}\n",
               "  firing: {when: k.count > 1}\n", "  x: {when: k.count > 'a'}\n", "  x: {when: count(k.count) > 1}\n",
               "  x: {when: k.count > 1, on_fire: [{webhook: nobody}]}\n", "  x: {when: rule.x.firing}\n",
               "  x: {when: k.count > 5[m] and k.count < 3s}\n", "  x: *y\n", "  x: {when: k.count, for: 3}\n",
               "  x: [" + "[" * 40 + "\n", "\tx: {when: k.count > 1}\n", "  x: {when: k.count > 1\n",
               "  x: {when: " + "(" * 100 + "k.count > 1}\n", "  x: {on: k.count > 1}\n")


class Lateness:
    """How late this process itself wakes up at most: the machine's part in any pause."""

    def __init__(self):
        self.most = 0.0
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            begun = time.monotonic()
            time.sleep(0.02)
            self.most = max(self.most, time.monotonic() - begun - 0.02)


def devices(sink):
    sim = Simulation("--devices", "2")
    atexit.register(sim.process.kill)
    first = int(sim.ready["devices"].rsplit(":", 1)[1].split("-")[0])
    return sim, {"kept": first, "moved": first + 1, "sink": sink}


def edited(rng, ports):
    """A configuration that is right, and in which what is kept is as it was."""
    extra = ["  e%d: {when: m.self %s %d, for: %ds%s}\n" %
             (i, rng.choice("<>"), rng.randrange(5), rng.randrange(100),
              rng.choice(("", ", latch: true", ", severity: info", ", on_clear: [{webhook: ops}]")))
             for i in rng.sample(range(40), rng.randrange(12))]
    cut = rng.randrange(len(extra) + 1)
    new = rng.random() < 0.3
    return KEPT.format(
        timeout=rng.choice((500, 500, 500, 700)), poll=rng.choice((50, 50, 50, 50, 70)),
        buses='  aaa: {modbus: "tcp://127.0.0.1:%d"}\n' % ports["moved"] if new else "",
        devices="  a: {bus: aaa, unit: 1, poll: 1s, points: {x: {holding: 5}, y: {holding: 9}}}\n" if new else "",
        derived="  d%d: {value: m.self + %d}\n" % (rng.randrange(3), rng.randrange(3)) if rng.random() < 0.3 else "",
        path=rng.choice(("", "", "a")), first="".join(extra[:cut]), last="".join(extra[cut:]), **ports)


def broken(rng, ports):
    text = edited(rng, ports).encode()
    at = rng.randrange(len(text))
    kind = rng.randrange(5)
    if kind == 0:
        return text[:at] + rng.choice((b"\0", b"\xff", b"\x07")) + text[at + rng.randrange(2):]
    if kind == 1:
        return text[:at] + b"\n? [{"
    if kind == 2:
        return text.replace(b"rules:\n", b"rules:\n" + rng.choice(WRONG_RULES).encode())
    if kind == 3:
        return text.replace(b"webhooks:\n", rng.choice((
            b"webhooks:\n  w: {url: 'ftp://x'}\n", b"nothing: 1\nwebhooks:\n", b"webhooks:\n  ops: {url: 'http://h/'}\n",
            b"webhooks:\n  w: {url: 'http://h/', headers: {A: '${secret:nobody}'}}\n")))
    return text + rng.choice(WRONG_RULES).encode()


def put(daemon, content, rng):
    """As an editor writes: another file in its place, or the same one again."""
    general = "control: {socket: %s}\nstate: {dir: %s/state}\n" % (daemon.socket, daemon.dir)
    content = general.encode() + (content if isinstance(content, bytes) else content.encode())
    path = daemon.path + rng.choice((".new", ""))
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o640)
    if path != daemon.path:
        os.rename(path, daemon.path)


class Watch:
    """What has to go on, look after look."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.since = dict.fromkeys(STATES, -1.0)
        self.before = self.look()

    def look(self):
        rules = {rule["name"]: rule for rule in self.daemon.get("/v1/rules")["rules"]}
        for name, state in STATES.items():
            rule = rules[name]
            assert rule["state"] == state, rule
            assert rule["since_s"] >= self.since[name], (rule, self.since[name])
            self.since[name] = rule["since_s"]
        assert abs(rules["pending"]["since_s"] + rules["pending"]["deadline_s"] - 36000) < 0.01
        assert abs(rules["clearing"]["since_s"] + rules["clearing"]["deadline_s"] - 36000) < 0.01
        assert rules["acked"]["acknowledged"] and rules["inhibited"]["inhibited_by"] == "firing"
        assert 30000 < rules["shelved"]["shelved_s"] <= 36000 - self.since["shelved"] + 60
        assert rules["quiet"]["quiet"] == "flapping", rules["quiet"]
        return rules

    def again(self):
        rules = self.look()
        for name in STATES:
            assert rules[name]["fired"] == self.before[name]["fired"], rules[name]
            assert rules[name]["cleared"] == self.before[name]["cleared"], rules[name]
        assert rules["quiet"]["left_out"] >= self.before["quiet"]["left_out"], rules["quiet"]
        self.before = rules


def readings_of(daemon, bus):
    counts = dict.fromkeys(("good", "bad"), 0)
    for line in daemon.get("/metrics").splitlines():
        for quality in counts:
            if line.startswith('gauged_readings_by_bus_total{bus="%s",quality="%s"}' % (bus, quality)):
                counts[quality] = int(line.rsplit(" ", 1)[1])
    return counts


def settle(daemon):
    """All that is to go on through the storm has come to where it stays."""
    lab.wait_for("requests", lambda: (daemon.get("/v1/points/k.count")["value"] or 0) > 40)
    assert daemon.ctl("ack", "acked").returncode == 0
    assert daemon.ctl("shelve", "shelved", "10h").returncode == 0
    for name, state in list(STATES.items()) + [("quiet", None)]:
        lab.wait_for(name, lambda n=name, s=state: s is None or daemon.get("/v1/rules/" + n)["state"] == s)
    lab.wait_for("it flaps", lambda: daemon.get("/v1/rules/quiet")["quiet"] == "flapping")


def one_round(daemon, watch, rng, ports, wrong):
    before = daemon.get("/v1/status")["reload"]
    put(daemon, broken(rng, ports) if wrong else edited(rng, ports), rng)
    answer = daemon.ctl("reload")
    assert answer.returncode == (1 if wrong else 0), answer
    after = daemon.get("/v1/status")["reload"]
    assert after["done"] == before["done"] + (0 if wrong else 1), (before, after)
    assert after["failed"] == before["failed"] + (1 if wrong else 0), (before, after)
    watch.again()


def blow(count, seed):
    """One daemon and so many reloads: (refused, readings, the loop's lateness, this process's)."""
    rng = random.Random(seed)
    sink, lateness = lab.Sink(), Lateness()
    sim, ports = devices(sink.port)
    sim.do("unit 1 slow 8")
    daemon = lab.Gauged(edited(rng, ports)).start().ready()
    settle(daemon)
    lab.wait_for("what was to be told", lambda: sink.of("firing") and sink.of("shelved"))
    watch = Watch(daemon)
    for number in range(count):
        one_round(daemon, watch, rng, ports, number % 2 == 1)
    status, requests = daemon.get("/v1/status"), daemon.get("/v1/points/k.count")["value"]
    told = [len(sink.of(rule)) for rule in ("firing", "shelved", "inhibited")]
    assert told == [1, 1, 0], told
    # No request is without its reading: 'lost' has looked at each, and the counts agree.
    lab.wait_for("more requests", lambda: daemon.get("/v1/points/k.count")["value"] > requests + 5)
    counts, seen = readings_of(daemon, "kept"), daemon.get("/v1/points/k.count")["value"]
    assert counts["bad"] == 0 and seen - 1 <= counts["good"] <= seen, (counts, seen)
    assert status["engine"]["late_readings"] == 0, status["engine"]
    lag = status["loop"]["lag_max_ms"] / 1000
    assert lag < 0.5 + 5 * lateness.most, (lag, lateness.most)
    # Were one lost, it would be seen.
    sim.do("unit 1 silent")
    lab.wait_for("a request in vain", lambda: readings_of(daemon, "kept")["bad"] > 0)
    sim.do("unit 1 ok")
    lab.wait_for("'lost' to fire", lambda: daemon.get("/v1/rules/lost")["fired"] > 0)
    daemon.stop()
    code, _ = sim.stop()
    assert code == 0
    return status["reload"]["failed"], counts["good"], lag, lateness.most


def test_fault_F6_a_storm_of_reloads_loses_nothing():
    begun, refused, readings, lags = time.monotonic(), 0, 0, [0]
    # The device's counter has 16 bits: it has to last for one blow.
    for first in range(0, COUNT, 2000):
        count = min(2000, COUNT - first)
        failed, good, lag, late = blow(count, SEED + first)
        refused, readings, lags = refused + failed, readings + good, lags + [lag]
        print("%d reloads, %d of them refused, after %.0f s; %d readings, none lost; the loop was late by "
              "%.1f ms at most, this test by %.1f ms" % (first + count, refused, time.monotonic() - begun,
                                                         readings, 1000 * max(lags), 1000 * late), flush=True)
    assert refused == COUNT // 2


def test_the_loop_does_not_wait_for_the_parser():
    """A file that takes long to read: the loop pauses for the swap only."""
    lateness = Lateness()
    sim, ports = devices(9)
    many = "".join("  n%d: {when: m.self > %d and k.count >= %d, for: 5s, message: \"${m.self} is $"
                   "{m.self / 3:.1f}\"}\n" % (i, i, i % 7) for i in range(6000))
    text = KEPT.format(timeout=500, poll=50, buses="", devices="", derived="", path="", first="", last=many, **ports)
    daemon = lab.Gauged(text).start().ready()
    lab.wait_for("requests", lambda: daemon.get("/v1/points/k.count")["value"])
    shortest = lab.PATIENCE
    for turn in range(8):
        daemon.write(text.replace("poll: 50ms", "poll: %dms" % (50 + turn)))
        begun = time.monotonic()
        assert daemon.ctl("reload").returncode == 0
        shortest = min(shortest, time.monotonic() - begun)
    lag = daemon.get("/v1/status")["loop"]["lag_max_ms"] / 1000
    lost = daemon.get("/v1/rules/lost")
    print("6,000 rules: a reload took %.0f ms at least, the loop was late by %.1f ms at most, this test "
          "by %.1f ms" % (1000 * shortest, 1000 * lag, 1000 * lateness.most))
    assert lost["state"] == "ok" and lost["fired"] == 0, lost
    assert lag < shortest + 5 * lateness.most, (lag, shortest, lateness.most)
    daemon.stop()
    sim.stop()


lab.run(test_fault_F6_a_storm_of_reloads_loses_nothing, test_the_loop_does_not_wait_for_the_parser)
