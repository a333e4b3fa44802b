#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl replay: what was recorded of a running daemon gives the events that it had; what two
configurations make of one recording; and recordings that are broken."""
import atexit
import json
import os
import signal
import subprocess
import tempfile

import lab
import simulation

LIVE = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{port}", timeout: 200ms}}
devices:
  boiler:
    bus: plc
    unit: 1
    poll: 50ms
    stale_after: 1s
    points:
      temp: {{holding: 150, type: int16, scale: 0.1, unit: degC, range: [-40, 150]}}
      return_temp: {{holding: 151, type: int16, scale: 0.1, unit: degC}}
      status: {{holding: 152, bits: {{ready: 0, flame: 1, fault: 3}}}}
      name: {{holding: 200, type: string(16), poll: 100ms}}
derived: {{boiler.lift: {{value: boiler.temp - boiler.return_temp}}}}
rules:
  warm: {{when: boiler.temp > 40 degC, clear: boiler.temp < 35 degC, message: "at ${{boiler.temp}}"}}
  hot: {{when: boiler.temp > 60 degC, for: 300ms, clear_for: 200ms}}
  lift: {{when: boiler.lift > 10, latch: true, repeat: 1s}}
  lost: {{when: boiler.temp > 100 degC, on_unknown: fire}}
  silent: {{when: age(boiler.temp) > 500ms}}
  flame: {{on: changed(boiler.status.flame), do: [{{log: info}}]}}
  blind: {{when: boiler.name == 'nobody', blind_after: 1s}}
"""
OFFLINE = """
buses: {{plc: {{modbus: "tcp://127.0.0.1:1"}}}}
devices:
  boiler:
    bus: plc
    unit: 1
    stale_after: 1h
    points: {{temp: {{holding: 1, unit: degC, range: [-40, {most}]}}, on: {{coil: 1}}}}
rules:
  hot: {{when: boiler.temp > {limit}, for: {delay}, clear: boiler.temp < {clear}, message: "at ${{boiler.temp}}"}}
  same: {{when: boiler.on}}
{more}
"""


def ctl(*arguments, status=0, stdin=None):
    run = subprocess.run([lab.GAUGECTL, *arguments], capture_output=True, text=True, input=stdin,
                         timeout=lab.PATIENCE, env={"PATH": "/usr/bin:/bin", "TZ": "UTC"})
    assert run.returncode == status, run
    return run.stdout, run.stderr


def documents(text, kind):
    # A line that is still being written is none.
    found = (json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines())
    return [document for document in found if document["type"] == kind]


class Files:
    """Configurations and recordings in a folder of their own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="gauged-replay.")

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o640)
        return path

    def config(self, name="gauged.yaml", limit=80, delay="30s", clear=75, most=500, more=""):
        return self.write(name, OFFLINE.format(limit=limit, delay=delay, clear=clear, most=most, more=more))


# 70 degC, but for an hour at 81 at 10:00 and at 14:00, in steps of ten seconds up and down.
DAY = "# gauged recording 1\n# started 2026-11-22T06:00:00Z\n0 boiler.on false\n" + "".join(
    "%d boiler.temp %d\n" % (t, 81 if any(0 <= t - h * 3600 < 3600 for h in (4, 8)) else
                             79 if any(-40 <= t - h * 3600 < 3600 for h in (4, 8)) else 70)
    for t in range(0, 12 * 3600, 10)) + "# end 43200\n"


def test_replay_gives_the_events_that_the_daemon_had():
    plant = simulation.Simulation()
    atexit.register(plant.process.kill)
    daemon = lab.Gauged(LIVE.format(port=plant.port("modbus"))).start().ready()
    lab.wait_for("a value", lambda: daemon.get("/v1/points/boiler.temp")["value"] is not None)
    # Alarms that were there before can't be seen in a recording.
    path = os.path.join(daemon.dir, "recording.txt")
    events_path = os.path.join(daemon.dir, "events")
    for command in "set tcp 1 holding 150 200", "set tcp 1 holding 151 150":
        plant.do(command)
    lab.wait_for("a cold boiler", lambda: daemon.get("/v1/points/boiler.temp")["value"] == 20)
    if daemon.get("/v1/rules/lift")["state"] != "ok":
        daemon.ask("POST", "/v1/rules/lift/ack")
    for rule in daemon.get("/v1/rules")["rules"]:
        if not rule["instant"]:
            lab.wait_for(rule["name"] + " is ok", lambda name=rule["name"]:
                         daemon.get("/v1/rules/" + name)["state"] == "ok")
    with open(events_path, "w") as out:
        watch = subprocess.Popen([lab.GAUGECTL, "--socket", daemon.socket, "--json", "watch", "--events"], stdout=out)
    record = subprocess.Popen([lab.GAUGECTL, "--socket", daemon.socket, "record", "-o", path])
    lab.wait_for("a recording", lambda: os.path.exists(path) and open(path).read().count("\n") > 20)

    def seen(rule, event):
        with open(events_path) as f:
            return any(e["rule"] == rule and e["event"] == event for e in documents(f.read(), "event"))

    def happens(rule, event):
        lab.wait_for("%s of %s" % (event, rule), lambda: seen(rule, event))

    plant.do("set tcp 1 holding 150 450")
    happens("warm", "fire")
    happens("lift", "repeat")
    plant.do("set tcp 1 holding 152 2")
    happens("flame", "instant")
    plant.do("set tcp 1 holding 150 700")
    happens("hot", "fire")
    plant.do("fault tcp exception 4")
    happens("lost", "fire")
    happens("silent", "fire")
    happens("blind", "blind")
    plant.do("fault tcp ok")
    happens("silent", "clear")
    plant.do("set tcp 1 holding 150 200")
    happens("hot", "clear")
    happens("warm", "clear")
    happens("lift", "return")
    record.send_signal(signal.SIGINT)
    assert record.wait(lab.PATIENCE) == 0
    watch.terminate()
    watch.wait()
    with open(events_path) as f:
        live = documents(f.read(), "event")
    again, told = ctl("--json", "replay", "--config", daemon.path, path)
    assert told == "", told
    replayed = documents(again, "event")
    (end,) = documents(again, "end")
    assert end["skipped"] == 0 and end["broken_lines"] == 0 and end["gaps"] == 0, end

    def key(event):
        return event["rule"], event["event"], event["from"], event["state"], event["message"]

    with open(path) as f:
        start = next(line.split()[2] for line in f if line.startswith("# started"))
    # The recording may end a moment before or behind the last event that was watched.
    shared = min(len(live), len(replayed))
    assert shared >= len(live) - 2 and shared > 15, (len(live), len(replayed))
    assert list(map(key, live[:shared])) == list(map(key, replayed[:shared])), (live, replayed)
    offsets = [a["at_ns"] - b["at_ns"] for a, b in zip(live, replayed)]
    # One clock, and events of timers as late as the machine was: nothing runs away.
    assert max(offsets) - min(offsets) < 10e9, offsets
    assert start[:10] == live[0]["time"][:10] or start[11:13] == "23"
    daemon.stop()
    plant.stop()


def test_replay_for_people_and_for_programs():
    files = Files()
    config, tape = files.config(), files.write("day.txt", DAY)
    out, told = ctl("replay", "--config", config, tape)
    assert told == "", told
    lines = out.splitlines()
    assert lines[:4] == [
        "2026-11-22 10:00:00.000  hot                      pending (warning)  at 81",
        "2026-11-22 10:00:30.000  hot                      fire (warning)  at 81",
        "2026-11-22 11:00:00.000  hot                      clear (warning)  at 70",
        "2026-11-22 14:00:00.000  hot                      pending (warning)  at 81"], lines
    assert "hot       2  2026-11-22 10:00:30.000  1 h 59 min" in out, out
    assert "never fired: same\n" in out and lines[-1] == "4321 readings in 12 h 0 min", out
    # From standard input, without a date, up to a time.
    out, _ = ctl("--json", "replay", "--until", "4h1m", "--config", config, "-", stdin=DAY.replace("started", "then"))
    assert [(e["event"], e["at_s"], e["time"]) for e in documents(out, "event")] == [
        ("pending", 14400, None), ("fire", 14430, None)]
    assert [(r["rule"], r["fires"], r["firing_s"], r["firing"]) for r in documents(out, "rule")] == [
        ("hot", 1, 30, True), ("same", 0, 0, False)]
    (end,) = documents(out, "end")
    assert end["at_s"] == 14460 and end["readings"] == 1448, end
    # The end of the recording is what it says, not its last reading; timers run up to it.
    for end, state in ("# end 30", "fire"), ("# end 29.999", "pending"), ("", "pending"):
        out, _ = ctl("--json", "replay", "--config", config, "-", stdin="0 boiler.temp 90\n" + end)
        assert documents(out, "event")[-1]["event"] == state, out


def test_replay_ends_where_people_say():
    files = Files()
    config, tape = files.config(), files.write("day.txt", DAY)
    for until in "4h30s", "14430", "10:00:30", "2026-11-22T10:00:30Z", "2026-11-22 10:00:30", \
            "2026-11-22T12:00:30+02:00":
        out, _ = ctl("--json", "replay", "--until", until, "--config", config, tape)
        assert documents(out, "end")[0]["at_s"] == 14430, (until, out)
        assert len(documents(out, "event")) == 2, (until, out)
    # A time of day is the first one from the start on.
    out, _ = ctl("--json", "replay", "--until", "05:59", "--config", config, tape)
    assert documents(out, "end")[0]["at_s"] == 86400 - 60, out
    for until, why in ("soon", "takes a time since the start such as 1h30m"), \
            ("2026-11-22T05:00:00Z", "lies before the start of the recording"):
        _, told = ctl("replay", "--until", until, "--config", config, tape, status=2)
        assert why in told, told
    _, told = ctl("replay", "--until", "10:00", "--config", config, "-", status=2, stdin="0 boiler.temp 1\n")
    assert "does not say when it started" in told, told


def test_replay_says_how_two_configurations_differ():
    files = Files()
    new, tape = files.config(), files.write("day.txt", DAY)
    out, _ = ctl("replay", "--config", new, "--diff", files.config("same.yaml", clear=74), tape)
    assert out.splitlines() == ["hot                      as before (2 before, 2 now)",
                                "all rules fire as before", "4321 readings in 12 h 0 min"], out
    for name, old, words in [
            ("warmer.yaml", dict(limit=78), "40 s later (2 before, 2 now)"),
            ("slower.yaml", dict(delay="70s"), "40 s earlier (2 before, 2 now)"),
            ("hotter.yaml", dict(limit=90), "2 new (0 before, 2 now)"),
            ("narrow.yaml", dict(most=80.5), "2 new (0 before, 2 now)"),
            ("sticky.yaml", dict(clear=60), "1 new, clear earlier (1 before, 2 now)")]:
        out, _ = ctl("replay", "--config", new, "--diff", files.config(name, **old), tape, status=1)
        first = out.splitlines()[0]
        assert first == "hot                      " + words, out
        assert "1 rule fires otherwise than before" in out, out
    out, _ = ctl("replay", "--config", new, "--diff", files.config("slower.yaml", delay="70s"), tape, status=1)
    assert "    ~ 2026-11-22 10:01:10.000: 40 s earlier\n" in out, out
    # Rules that come and go.
    more = files.config("more.yaml", more="  cold: {when: boiler.temp < 75}\n  never: {when: boiler.temp < 7}")
    out, _ = ctl("replay", "--config", more, "--diff", new, tape, status=1)
    assert "cold                     3 new (0 before, 3 now), a new rule\n" in out and "never" not in out, out
    out, _ = ctl("replay", "--config", new, "--diff", more, tape, status=1)
    assert "cold                     3 fewer (3 before, 0 now), the rule is gone\n" in out, out
    assert "    - 2026-11-22 06:00:00.000\n" in out, out
    out, _ = ctl("--json", "replay", "--config", new, "--diff", more, tape, status=1)
    cold = next(d for d in documents(out, "difference") if d["rule"] == "cold")
    assert (cold["missing"], cold["new"], cold["same"], cold["text"]) == (3, 0, False, "3 fewer"), cold
    assert cold["fires"][0]["before"]["from_s"] == 0 and "after" not in cold["fires"][0], cold
    hot = next(d for d in documents(out, "difference") if d["rule"] == "hot")
    assert hot["same"] and hot["fires"][0]["after"]["to_s"] == 5 * 3600, hot


def test_replay_tells_what_is_broken_with_its_place():
    files = Files()
    config = files.config()
    tape = files.write("broken.txt", "# gauged recording 1\n0 boiler.temp 90\n5 tank.level 3\n6 tank.level 3\n"
                       "7 boiler.temp hot\n30 boiler.temp 90\n20 boiler.temp 10\n40\n"
                       "41 boiler.temp " + "9" * 5000 + "\n45 boiler.on 1\n50 boiler.temp 600\n")
    out, told = ctl("--json", "replay", "--config", config, tape, status=2)
    assert told.splitlines() == [
        "gaugectl: %s has no point tank.level, its readings are skipped" % config,
        "%s:5: expected a number, true, false, \"text\" or bad:reason, got 'hot'" % tape,
        "%s:7: the time goes back; expected 30.000000000 or later" % tape,
        "%s:8: expected time, point and value; the point is missing" % tape,
        "%s:9: a line of more than 4096 bytes" % tape], told
    (end,) = documents(out, "end")
    assert (end["readings"], end["skipped"], end["broken_lines"]) == (6, 2, 4), end
    assert [(e["event"], e["at_s"]) for e in documents(out, "event")] == [("pending", 0), ("fire", 30)], out
    out, told = ctl("replay", "--config", config, "-", status=2, stdin="broken\n" * 100)
    assert len(told.splitlines()) == 21 and "100 broken lines skipped" in out, (out, told)
    for arguments, why in [
            (["--config", config, os.path.join(files.folder.name, "none.txt")], "cannot read"),
            (["--config", files.config("bad.yaml", limit="eighty"), tape], "bad.yaml:"),
            (["--config", config, "--diff", files.config("bad.yaml", limit="eighty"), tape], "bad.yaml:"),
            ([tape], "replay needs --config"), (["--config", config], "usage: ")]:
        out, told = ctl("replay", *arguments, status=2)
        assert why in told and "pending" not in out, (out, told)


def test_explain_at_an_instant_of_a_recording():
    files = Files()
    where = ["--config", files.config(), "--replay", files.write("day.txt", DAY)]
    out, told = ctl("explain", "hot", *where, "--at", "10:00:15")
    assert told == "" and out.splitlines() == [
        "at 2026-11-22 10:00:15.000 of the recording",
        "hot (warning)  pending for 15 s, fires in 15 s if this stays true",
        "  when   boiler.temp > 80  true     81 degC > 80 degC",
        "           boiler.temp = 81 degC, good, 5.0 s old",
        "  fired  0, cleared 0"], out
    # What is due at the instant has happened, and so have its readings.
    for at, state in ("10:00:29.999", None), ("4h30s", "firing"), ("3h59m59.999s", "ok"), ("4h", "pending"):
        if state is None:
            _, told = ctl("explain", "hot", *where, "--at", at, status=2)
            assert "--at takes a time" in told, told
            continue
        out, _ = ctl("--json", "explain", "hot", *where, "--at", at)
        answer = json.loads(out)
        assert answer["state"] == state and answer["expressions"][0]["field"] == "when", (at, out)
    # Without an instant: the end, which is where the recording says.
    out, _ = ctl("--json", "explain", "hot", *where)
    answer = json.loads(out)
    assert (answer["state"], answer["fired"], answer["at_s"], answer["time"]) == (
        "ok", 2, 43200, "2026-11-22T18:00:00.000Z"), answer
    _, told = ctl("explain", "ht", *where, status=1)
    assert "there is no rule 'ht'; did you mean 'hot'?" in told, told
    for arguments in ["--at", "3s"], where[:2], where[2:]:
        _, told = ctl("explain", "hot", *arguments, status=2)
        assert "belong together" in told, told


def test_replay_has_the_local_time_of_the_recording():
    files = Files()
    config = files.config(more="  noon: {at: \"12:30\", do: [{log: true}]}\n"
                          "  late: {when: \"boiler.temp > 80 and between(15:00, 17:00)\"}\n")
    with open(config) as f:
        files.write("gauged.yaml", "zone: \"<+01>-1\"\n" + f.read())
    out, _ = ctl("--json", "replay", "--config", config, "-", stdin=DAY)
    events = [(e["rule"], e["event"], e["at_s"]) for e in documents(out, "event")]
    # 06:00Z is 07:00 there.
    assert ("noon", "instant", 5.5 * 3600) in events, events
    assert [e for e in events if e[0] == "late"] == [("late", "fire", 8 * 3600),
                                                     ("late", "clear", 9 * 3600)], events
    out, _ = ctl("--json", "replay", "--config", config, "-", stdin=DAY.replace("started", "then"))
    events = [e["rule"] for e in documents(out, "event")]
    assert "noon" not in events and "late" not in events, events


if __name__ == "__main__":
    lab.run(test_replay_gives_the_events_that_the_daemon_had,
            test_replay_for_people_and_for_programs,
            test_replay_ends_where_people_say,
            test_replay_says_how_two_configurations_differ,
            test_replay_tells_what_is_broken_with_its_place,
            test_explain_at_an_instant_of_a_recording,
            test_replay_has_the_local_time_of_the_recording)
