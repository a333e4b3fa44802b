#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Lines to serial devices: what a rule and a person write arrives as exactly those bytes, no value makes two
commands of one, and a line that takes nothing, or is not there, holds up nobody."""
import os
import pty
import subprocess
import termios
import time
import tty

import lab

CONFIG = """
buses:
  plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 500ms}}
  panel: {{serial: {panel}, framing: {{delimiter: "\\r\\n"}}}}
  paper: {{serial: {paper}}}
devices:
  boiler: {{bus: plc, poll: 20ms, points: {{temp: {{holding: 1, type: int16, scale: 0.1, unit: degC}}}}}}
  scanner: {{bus: paper, json: true, points: {{code: {{type: text}}}}}}
  display: {{bus: panel, commands: {{show: {{timeout: 1s}}, beep: }}}}
  printer: {{bus: paper, commands: {{print: }}}}
rules:
  hot:
    severity: critical
    when: boiler.temp > 80 degC
    message: "Boiler ${{boiler.temp:.1f}}"
    labels: {{area: cellar}}
    on_fire:
      - write: {{display.show: "ALARM ${{rule}} ${{values.boiler.temp:.1f}} ${{labels.area}} ${{severity|critical:!!}}"}}
      - write: {{printer.print: "${{message}} $$1"}}
    on_clear: [{{write: {{display.show: OK}}}}]
  scanned:
    on: changed(scanner.code)
    do: [{{write: {{display.beep: "CODE ${{values.scanner.code}}"}}}}]
"""


class Line:
    """A pseudo-terminal: gauged has its end, the device is this one."""

    def __init__(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(slave)
        # Stays open: so the line can be blocked while gauged has it for itself.
        self.slave = slave
        os.set_blocking(slave, False)
        self.got = b""

    def read(self):
        try:
            self.got += os.read(self.master, 65536)
        except OSError:
            pass
        return self.got

    def expect(self, expected):
        lab.wait_for("%r, not %r" % (expected, self.read()), lambda: len(self.read()) >= len(expected))
        assert self.got == expected, self.got
        self.got = b""

    def block(self):
        """It takes nothing from now on, as by flow control."""
        termios.tcflow(self.slave, termios.TCOOFF)

    def unblock(self):
        termios.tcflow(self.slave, termios.TCOON)

    def unplug(self):
        os.close(self.master)
        os.close(self.slave)


def make():
    plant, panel, paper = lab.Plant(), Line(), Line()
    plant.set(1, 1, 200)
    daemon = lab.Gauged(CONFIG.format(plant=plant.port, panel=panel.path, paper=paper.path))
    daemon.start().ready()
    lab.wait_for("all buses", lambda: daemon.get("/v1/status")["counts"]["buses_up"] == 3)
    lab.wait_for("a reading", lambda: daemon.get("/v1/points/boiler.temp")["quality"] == "good")
    return plant, panel, paper, daemon


def test_a_rule_and_a_person_write_lines():
    plant, panel, paper, daemon = make()
    plant.set(1, 1, 815)
    panel.expect(b"ALARM hot 81.5 cellar !!\r\n")
    paper.expect(b"Boiler 81.5 $1\n")
    plant.set(1, 1, 700)
    panel.expect(b"OK\r\n")
    done = daemon.ctl("write", "display.show", "RESET")
    assert done.returncode == 0, done
    panel.expect(b"RESET\r\n")
    # Twice the same is twice a command.
    assert daemon.ctl("write", "display.show", "RESET").returncode == 0
    panel.expect(b"RESET\r\n")
    counts = daemon.get("/v1/status")["counts"]
    assert counts["points"] == 2, counts
    assert 'gauged_points{quality="good"} 1' in daemon.get("/metrics")
    line = [line for line in daemon.ctl("points").stdout.splitlines() if line.startswith("display.show")]
    assert line and line[0].split()[2:] == ["not", "read", "never", "writable"], line
    log = daemon.log()
    assert 'wrote display.show = "ALARM hot 81.5 cellar !!" for rule hot' in log, log
    daemon.stop()


def test_fault_C13_no_value_begins_a_second_command():
    _, panel, paper, daemon = make()
    # The first line on a line that was just opened may be half of one.
    os.write(paper.master, b"\n" + rb'{"code": "A1"}' + b"\n")
    lab.wait_for("a code", lambda: daemon.get("/v1/points/scanner.code")["value"] == "A1")
    os.write(paper.master, rb'{"code": "A\r\nRESET"}' + b"\n")
    lab.wait_for("the refusal", lambda: "write refused for rule scanned: display.beep: byte 7 of its line is a "
                 "control character" in daemon.log())
    os.write(paper.master, rb'{"code": "B2"}' + b"\n")
    lab.wait_for("B2", lambda: b"CODE B2\r\n" in panel.read())
    assert b"RESET" not in panel.got, panel.got
    panel.got = b""
    for text in ("A\nRESET", "A\x1b[2J", "x" * 256):
        done = daemon.ctl("write", "display.show", text)
        assert done.returncode != 0 and ("of its line is a control character" in done.stderr or
                                         "at most 255 bytes" in done.stderr), done
    assert daemon.ctl("write", "display.show", "OK").returncode == 0
    panel.expect(b"OK\r\n")
    daemon.stop()


def test_fault_A11_a_blocked_line_delays_no_other():
    plant, panel, paper, daemon = make()
    panel.block()
    plant.set(1, 1, 900)
    paper.expect(b"Boiler 90.0 $1\n")
    began = time.monotonic()
    done = daemon.ctl("write", "printer.print", "NEXT")
    assert done.returncode == 0, done
    paper.expect(b"NEXT\n")
    # Meanwhile the other write waits, or has ended: it has not gone out.
    lab.wait_for("its end", lambda: "its output is blocked" in daemon.log())
    assert "write refused: display.show = " in daemon.log(), daemon.log()
    done = daemon.ctl("write", "display.show", "LATE")
    assert done.returncode != 0 and "blocked" in done.stderr, done
    assert time.monotonic() - began < lab.PATIENCE
    # The line takes characters again: what was refused stays away.
    panel.unblock()
    lab.wait_for("a line", lambda: daemon.ctl("write", "display.beep", "BEEP").returncode == 0)
    lab.wait_for("the beep", lambda: panel.read().endswith(b"BEEP\r\n"))
    # When the person's is refused the rule's counts again, and nobody would ask for it.
    assert panel.got in (b"BEEP\r\n", b"ALARM hot 90.0 cellar !!\r\nBEEP\r\n"), panel.got
    daemon.stop()


def test_fault_A1_an_unplugged_line_is_told():
    plant, panel, paper, daemon = make()
    panel.unplug()
    lab.wait_for("the bus is down", lambda: daemon.get("/v1/status")["counts"]["buses_up"] == 2)
    done = daemon.ctl("write", "display.show", "RESET")
    assert done.returncode != 0 and "bus panel is not open" in done.stderr, done
    plant.set(1, 1, 900)
    paper.expect(b"Boiler 90.0 $1\n")
    lab.wait_for("the log", lambda: "for rule hot: display.show: bus panel is not open" in daemon.log())
    daemon.stop()


def test_on_start_and_on_stop_are_lines():
    panel = Line()
    daemon = lab.Gauged("buses: {panel: {serial: %s}}\n"
                        "devices: {display: {bus: panel, commands: {show: {on_start: HELLO, on_stop: BYE}}}}\n"
                        % panel.path)
    daemon.start().ready()
    panel.expect(b"HELLO\n")
    daemon.stop()
    panel.expect(b"BYE\n")


TRIAL = """
config: gauged.yaml
tests:
  - name: the display shows the value
    step: 10s
    inputs: {boiler.temp: 20 81.5*2 20}
    actions:
      - {at: 10s, write: {display.show: "ALARM hot %s cellar !!"}}
      - {at: 10s, write: {printer.print: "Boiler 81.5 $1"}}
      - {at: 30s, write: {display.show: OK}}
"""


def test_gaugectl_test_shows_the_text():
    folder = lab.Gauged(CONFIG.format(plant=502, panel="/dev/ttyS7", paper="/dev/ttyS8")).dir
    for value, status in (("81.5", 0), ("82", 1)):
        tests = os.path.join(folder, "tests.yaml")
        with open(tests, "w", encoding="utf-8") as file:
            file.write(TRIAL % value)
        done = subprocess.run([lab.GAUGECTL, "test", tests], capture_output=True, text=True, timeout=lab.PATIENCE)
        assert done.returncode == status, done
        if status:
            assert 'write display.show: "ALARM hot 81.5 cellar !!"' in done.stdout + done.stderr, done


REFUSED = """
buses: {plc: {modbus: "tcp://127.0.0.1:502"}, panel: {serial: /dev/ttyS7, framing: {max: 8}}}
devices:
  boiler: {bus: plc, points: {temp: {holding: 1, unit: degC}}}
  display: {bus: panel, commands: {show: }}
rules:
  hot: {when: boiler.temp > 80 degC, on_fire: [{write: {display.show: "T ${values.boiler.temp:.1f}"}}]}
"""
REFUSED_TRIAL = """
config: gauged.yaml
tests:
  - {name: short enough, step: 10s, inputs: {boiler.temp: 20 9999*2}, actions: [{at: 10s, write: {display.show: T 9999.0}}]}
  - {name: too long, step: 10s, inputs: {boiler.temp: 20 10000*2}, actions: []}
"""


def test_gaugectl_test_writes_no_text_that_is_refused():
    folder = lab.Gauged(REFUSED, files={"tests.yaml": REFUSED_TRIAL}).dir
    done = subprocess.run([lab.GAUGECTL, "test", os.path.join(folder, "tests.yaml")],
                          capture_output=True, text=True, timeout=lab.PATIENCE)
    assert done.returncode == 0, done


lab.run(test_a_rule_and_a_person_write_lines,
        test_fault_C13_no_value_begins_a_second_command,
        test_fault_A11_a_blocked_line_delays_no_other,
        test_fault_A1_an_unplugged_line_is_told,
        test_on_start_and_on_stop_are_lines,
        test_gaugectl_test_shows_the_text,
        test_gaugectl_test_writes_no_text_that_is_refused)
