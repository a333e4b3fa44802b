# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A chip of gpio-sim with gauged on it. Whoever imports this has tests/system in its path."""
import gpio_sim
import lab


class Bus:
    """A chip of gpio-sim, and gauged with its points below the device d."""

    def __init__(self, lines, points, beside=("", ""), files=None, rules="", bus="", device="", **chip):
        self.chip = gpio_sim.Chip("lab", lines, **chip)
        self.sink = lab.Sink()
        self.daemon = lab.Gauged(
            "buses:\n  box: {gpio: {chip: lab}%s}\n%s"
            "devices:\n%s  d:\n    bus: box\n%s    points:\n%s\n"
            "webhooks:\n  ops: {url: 'http://127.0.0.1:%d/'}\n%s"
            % (bus, beside[0], beside[1], device, "".join("      %s\n" % p for p in points),
               self.sink.port, rules), files)

    def __enter__(self):
        self.daemon.start().ready()
        lab.wait_for("the lines are there", lambda: self.report()["state"] != "offline")
        return self

    def __exit__(self, *why):
        try:
            if why[0] is None:
                self.daemon.stop()
            self.daemon.kill()
        finally:
            self.chip.remove()

    def report(self):
        return [b for b in self.daemon.get("/v1/buses")["buses"] if b["name"] == "box"][0]

    def counter(self, name):
        return self.report()["counters"][name]

    def device_counter(self, name):
        return self.daemon.get("/v1/devices")["devices"][0]["counters"][name]

    def point(self, name):
        return self.daemon.get("/v1/points/d." + name)

    def value(self, name):
        return self.point(name)["value"]

    def until(self, name, value):
        lab.wait_for("d.%s is %s" % (name, value), lambda: self.value(name) == value)
