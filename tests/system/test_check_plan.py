#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl check says which requests a configuration makes, and where a line has no time for them."""
import json
import os
import subprocess
import tempfile
import unittest

GAUGECTL = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "gaugectl")

CONFIG = """buses:
  meters: {modbus: rtu:///dev/ttyUSB0, baud: 9600, parity: even}
  roof: {modbus: rtu:///dev/ttyUSB1, baud: 1200, parity: none, stop_bits: 1}
  plc: {modbus: tcp://192.0.2.10}
devices:
  meter-1: {bus: meters, unit: 1, poll: 1s, points: {power: {input: 12, type: float32}, energy: {input: 20, type: float32}}}
  meter-2: {bus: meters, unit: 2, poll: 500ms, points: {power: {input: 12, type: float32, poll: 1m}}}
  meter-3: {bus: roof, unit: 3, poll: 1s, points: {name: {input: 0, type: string(60)}, power: {input: 342, type: float32}}}
  boiler: {bus: plc, poll: 100ms, points: {temp: {holding: 100}, flow: {input: 20, type: float32}, alarm: {discrete: 3}}}
"""

WARNING = """gauged.yaml:3:3: warning: bus 'roof' needs 139 % of its time: slowest possible poll of meter-3 is 1.4 s, not 1 s
    3 |   roof: {modbus: rtu:///dev/ttyUSB1, baud: 1200, parity: none, stop_bits: 1}
      |   ^~~~
      = hint: 'gaugectl check --plan' shows what takes how long; a longer 'poll', a higher 'baud' or points side by side take less
"""
SUMMARY = """  bus meters: 2 requests for 3 points, 1.02 a second, 6 % of its time when all units answer
  bus roof: 2 requests for 2 points, 2.00 a second, 139 % of its time when all units answer
  bus plc: 3 requests for 3 points, 30 a second
"""
PLAN = """  bus meters: 2 requests for 3 points, 1.02 a second, 6 % of its time when all units answer
  DEVICE   UNIT  READS         POINTS  UNASKED  EVERY  TAKES  SHARE  POSSIBLE
  meter-1     1  input 12..21       2        6    1 s  56 ms  5.6 %       1 s
  meter-2     2  input 12..13       1        0   60 s  37 ms  0.1 %      60 s
  UNASKED: no point asks for them, but reading along takes less than another request (max_hole)
  bus roof: 2 requests for 2 points, 2.00 a second, 139 % of its time when all units answer
  DEVICE   UNIT  READS           POINTS  UNASKED  EVERY   TAKES    SHARE  POSSIBLE
  meter-3     3  input 0..59          1        0    1 s   1.2 s  117.7 %     1.4 s
  meter-3     3  input 342..343       1        0    1 s  210 ms   21.0 %     1.4 s
  bus plc: 3 requests for 3 points, 30 a second
  DEVICE  UNIT  READS         POINTS  UNASKED   EVERY
  boiler     1  discrete 3         1        0  100 ms
  boiler     1  holding 100        1        0  100 ms
  boiler     1  input 20..21       1        0  100 ms
"""


class CheckPlan(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def check(self, *options, config=CONFIG):
        with open(os.path.join(self.folder, "gauged.yaml"), "w", encoding="utf-8") as file:
            file.write(config)
        done = subprocess.run([GAUGECTL, "check", *options, "gauged.yaml"], cwd=self.folder, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def text(self, *options):
        """The warning, the line that counts (whose memory is left out), and the plan."""
        said = self.check(*options)
        self.assertTrue(said.startswith(WARNING), said)
        good, rest = said[len(WARNING):].split("\n", 1)
        self.assertTrue(good.startswith("gauged.yaml: good: 3 buses, 4 devices, 8 points, "), good)
        self.assertTrue(good.endswith("; 1 warning"), good)
        memory, rest = rest.split("\n", 1)
        self.assertTrue(memory.startswith("  memory: "), memory)
        return rest

    def test_summary_says_what_each_bus_is_asked(self):
        self.assertEqual(self.text(), SUMMARY)

    def test_plan_lists_the_requests(self):
        self.assertEqual(self.text("--plan"), PLAN)

    def test_json_has_the_same(self):
        short = json.loads(self.check("--json"))
        self.assertEqual([bus["bus"] for bus in short["plan"]], ["meters", "roof", "plc"])
        self.assertNotIn("reads", short["plan"][0])
        long = json.loads(self.check("--json", "--plan"))["plan"]
        self.assertAlmostEqual(long[1]["use"], 1.387, places=3)
        self.assertNotIn("use", long[2])
        first, second = long[1]["reads"]
        self.assertEqual((first["device"], first["unit"], first["table"], first["function"]), ("meter-3", 3, "input", 4))
        self.assertEqual((first["address"], first["count"], first["points"], first["unasked"]), (0, 60, 1, 0))
        self.assertEqual((first["interval"], second["address"]), (1.0, 342))
        self.assertAlmostEqual(first["possible"], 1.387, places=3)
        self.assertNotIn("takes", long[2]["reads"][0])
        self.assertIn("needs 139 % of its time", json.loads(self.check("--json"))["messages"][0]["message"])

    def test_hole_of_the_configuration_counts(self):
        wide = self.check("--plan", config=CONFIG.replace("unit: 1,", "unit: 1, max_hole: 5,"))
        self.assertIn("  bus meters: 3 requests for 3 points", wide)
        self.assertNotIn("UNASKED:", wide)

    def test_limit_of_the_configuration_counts(self):
        short = self.check(config=CONFIG.replace("poll: 1s, points: {power", "max_regs: 9, points: {power"))
        self.assertIn("  bus meters: 3 requests for 3 points", short)

    def test_lines_of_a_chip_are_read_together(self):
        lines = self.check("--plan", config="buses: {header: {gpio: {chip: lab}, poll: 5s}}\n"
                           "devices: {d: {bus: header, points: {a: {line: 17}, b: {line: FLOW, count: both, rate: {}}}}}\n")
        self.assertIn("  bus header: 1 request for 3 points, 0.20 a second\n"
                      "  DEVICE  UNIT  READS          POINTS  UNASKED  EVERY\n"
                      "  lab        -  lines 17 FLOW       3        0    5 s\n", lines)


if __name__ == "__main__":
    unittest.main()
