#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl buses, live: how busy a bus is, how long answers take, and why a device is away."""
import fcntl
import os
import pty
import struct
import subprocess
import termios

import lab

CONFIG = """
buses: {{plc: {{modbus: "tcp://127.0.0.1:{plant}", timeout: 50ms}}}}
devices:
  boiler: {{bus: plc, unit: 1, poll: 20ms, points: {{temp: {{holding: 100, type: int16}}}}}}
  tank: {{bus: plc, unit: 2, poll: 20ms, points: {{level: {{holding: 1}}}}}}
  gone: {{bus: plc, unit: 3, poll: 20ms, points: {{level: {{holding: 1}}, temp: {{holding: 2}}}}}}
"""


class HalfPlant(lab.Plant):
    """Unit 3 cannot be reached: the gateway says so."""

    def _answer(self, unit, pdu):
        return bytes([pdu[0] | 0x80, 11]) if unit == 3 else super()._answer(unit, pdu)


def devices(daemon):
    return {device["name"]: device for device in daemon.get("/v1/devices")["devices"]}


def test_buses_show_what_was_measured_and_why_a_device_is_away():
    plant = HalfPlant()
    plant.absent.add((2, 1))
    daemon = lab.Gauged(CONFIG.format(plant=plant.port)).start().ready()
    lab.wait_for("the unit is given up", lambda: devices(daemon)["gone"]["state"] == "offline")
    lab.wait_for("the refusal is known", lambda: "refuses" in devices(daemon)["tank"]["detail"])
    lab.wait_for("some answers", lambda: devices(daemon)["boiler"]["counters"]["answers"] > 20)
    bus, = daemon.get("/v1/buses")["buses"]
    assert 0 < bus["use"] <= 1, bus
    found = devices(daemon)
    trip = found["boiler"]["round_trip"]
    assert 0 < trip["p50_s"] <= trip["p99_s"], trip
    assert found["boiler"]["state"] == "up" and found["boiler"]["detail"] == "", found["boiler"]
    assert found["tank"]["detail"] == "refuses 1 request", found["tank"]
    assert found["gone"]["detail"].startswith("gateway target did not respond for "), found["gone"]
    assert ", asked again in " in found["gone"]["detail"], found["gone"]
    text = daemon.ctl("buses").stdout
    lines = {line.split()[0]: line for line in text.splitlines()}
    assert "USE" in lines["BUS"] and "P99" in lines["BUS"], text
    assert " % " in lines["plc"] and " ms " in lines["boiler"], text
    assert "gateway target did not respond" in lines["gone"], text
    assert daemon.metric("gauged_bus_use_ratio") > 0
    assert daemon.metric("gauged_device_round_trip_seconds") > 0
    daemon.stop()


def on_terminal(daemon, columns, *command):
    """What gaugectl prints on a terminal of so many columns, line by line."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([lab.GAUGECTL, "--socket", daemon.socket, *command], stdout=slave,
                             env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"})
    os.close(slave)
    said = b""
    try:
        while piece := os.read(master, 65536):
            said += piece
    except OSError:  # the terminal's way to say that nobody writes any more
        pass
    os.close(master)
    assert child.wait() == 0, said
    return said.decode().replace("\r", "").splitlines()


def test_buses_say_why_on_a_narrow_terminal():
    plant = HalfPlant()
    daemon = lab.Gauged(CONFIG.format(plant=plant.port)).start().ready()
    lab.wait_for("the unit is given up", lambda: devices(daemon)["gone"]["state"] == "offline")
    lab.wait_for("some answers", lambda: "round_trip" in devices(daemon)["boiler"])
    lines = on_terminal(daemon, 80, "buses")
    assert max(len(line) for line in lines) <= 80, lines
    assert lines[0].split()[0] == "BUS" and "WHY" not in lines[0], lines
    below = lines[[line.split()[0] for line in lines].index("gone") + 1]
    assert below.startswith("    gateway target did not respond for "), lines
    assert "TYPE" not in on_terminal(daemon, 60, "buses")[0]
    lines = on_terminal(daemon, 200, "buses")
    assert "TYPE" in lines[0] and lines[0].endswith("WHY"), lines
    daemon.stop()


def test_buses_leave_out_columns_in_which_nothing_stands():
    plant = lab.Plant()
    daemon = lab.Gauged(CONFIG.format(plant=plant.port).replace("  gone", "  #")).start().ready()
    lab.wait_for("both are read", lambda: all(d["counters"]["answers"] > 3 for d in devices(daemon).values()))
    head = daemon.ctl("buses").stdout.splitlines()[0].split()
    assert head == ["BUS", "TYPE", "STATE", "USE", "P50", "P99", "TIMEOUTS", "LATE", "READINGS", "BAD"], head
    daemon.stop()


def test_buses_say_that_the_bus_is_down():
    plant = lab.Plant()
    port = plant.port
    plant.listener.close()
    daemon = lab.Gauged(CONFIG.format(plant=port)).start().ready()
    lab.wait_for("a connect fails", lambda: daemon.get("/v1/buses")["buses"][0]["state"] == "backoff")
    assert devices(daemon)["boiler"]["detail"] == "the bus is down"
    assert "round_trip" not in devices(daemon)["boiler"]
    daemon.stop()


if __name__ == "__main__":
    lab.run(test_buses_show_what_was_measured_and_why_a_device_is_away,
            test_buses_say_why_on_a_narrow_terminal, test_buses_leave_out_columns_in_which_nothing_stands,
            test_buses_say_that_the_bus_is_down)
