#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""gaugectl check says what rules and windows cost, and refuses windows that take too much."""
import json
import os
import re
import subprocess
import tempfile
import unittest

BUILD = os.path.abspath(os.environ.get("builddir", "."))
GAUGECTL = os.path.join(BUILD, "gaugectl")

CONFIG = """buses:
  plc: {modbus: tcp://192.0.2.10}
  wire: {serial: /dev/ttyUSB0}
devices:
  boiler: {bus: plc, poll: 1s, points: {temp: {holding: 1, unit: degC}, back: {holding: 2, unit: degC}, flow: {input: 3}}}
  gate: {bus: wire, keyvalue: true, points: {T: {unit: degC}}}
derived:
  smooth: {value: 'avg(boiler.temp, 5m)'}
rules:
  flow-low: {when: boiler.flow < 3 or boiler.flow > 90, for: 30s}
  hot: {when: boiler.temp > 80, message: '${max(boiler.temp, 5m)}'}
  lift-low: {when: 'median(boiler.temp - boiler.back, 1h) < 5 K and smooth > 3'}
  odd: {when: 'avg(gate.T, 1m) > 30 and rule.hot.firing'}
  up: {when: 'rate(boiler.temp, 90s) > 1 [K/min]'}
"""

FORM = r"(exact, \d+ samples|32 panes), \d+\.\d KiB"
LINES = [
    r"  memory: rules and index [\d.]+ KiB, code and values [\d.]+ KiB, windows [\d.]+ KiB, "
    r"configuration [\d.]+ KiB, total [\d.]+ KiB \(fixed: it does not grow at run time\)",
    r"  evaluation: a reading of boiler\.temp takes most: 4 evaluations of rules and 4 of nodes, 13 steps, at each reading",
    r"  window median of boiler\.temp - boiler\.back over 1h: 32 panes, \d+\.\d KiB; rule 'lift-low'",
    r"  window avg, max of boiler\.temp over 5m: 32 panes, \d+\.\d KiB; rule 'hot'; derived point 'smooth'",
    r"  window rate of boiler\.temp over 1m30s: exact, 90 samples, \d+\.\d KiB; rule 'up'",
    r"  window avg of gate\.T over 1m: 32 panes, \d+\.\d KiB; rule 'odd'",
    r"  hint: 1 window is not exact because nobody knows how often a device speaks, such as that of gate\.T",
    r"  hint: 1 window has a median or quantile of more samples than are kept exactly and takes \d+\.\d KiB",
]


class CheckCost(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_check(self, *options, config=CONFIG):
        with open(os.path.join(self.folder, "gauged.yaml"), "w", encoding="utf-8") as file:
            file.write(config)
        return subprocess.run([GAUGECTL, "check", *options, "gauged.yaml"], cwd=self.folder, capture_output=True,
                              text=True, timeout=60, check=False)

    def check(self, *options, config=CONFIG):
        done = self.run_check(*options, config=config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def cost(self, *options, config=CONFIG):
        return json.loads(self.check("--json", *options, config=config))["cost"]

    def test_check_says_what_is_taken_and_for_what(self):
        lines = self.check().splitlines()[1:]
        self.assertEqual(lines.pop(), "  bus plc: 2 requests for 3 points, 2.00 a second")
        windows = [line for line in lines if line.startswith("  window ")]
        self.assertEqual(len(windows), 4)
        for line in windows:
            self.assertRegex(line, FORM)
        for pattern in LINES:
            self.assertTrue(any(re.fullmatch(pattern, line) for line in lines), (pattern, lines))
        self.assertEqual(len(lines), len(LINES))

    def test_windows_stand_in_order_of_size(self):
        sizes = [window["bytes"] for window in self.cost()["windows"]]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertEqual(sum(sizes), self.cost()["memory"]["windows"])

    def test_cost_lists_rules_and_points(self):
        text = self.check("--cost")
        rows = [line.split() for line in text.splitlines()]
        heads = [i for i, row in enumerate(rows) if row[0] in ("RULE", "READING")]
        self.assertEqual(rows[heads[0]], "RULE POINTS NODES STEPS THRESHOLDS MESSAGE OWN REMEMBERED".split())
        rules = rows[heads[0] + 1:heads[1]]
        cost = self.cost("--cost")
        steps = {rule["rule"]: rule["steps"] for rule in cost["rules"]}
        self.assertEqual({row[0]: int(row[3]) for row in rules}, steps)
        self.assertEqual([row[0] for row in rules][0], max(steps, key=steps.get))
        by_name = {row[0]: row for row in rules}
        self.assertEqual(by_name["flow-low"][:6], ["flow-low", "1", "0", "3", "2", "0"])
        self.assertEqual(by_name["hot"][4], "-")
        points = {row[0]: row[1:] for row in rows[heads[1] + 1:]}
        self.assertEqual(points["boiler.flow"], ["1", "0", "3", "2"])
        self.assertEqual(points["boiler.temp"], ["4", "4", "13", "-"])

    def test_json_has_the_tables_when_asked(self):
        self.assertNotIn("rules", self.cost())
        cost = self.cost("--cost")
        self.assertEqual(cost["worst"]["point"], "boiler.temp")
        self.assertEqual(max(point["steps"] for point in cost["points"]), cost["worst"]["steps"])
        rules = {rule["rule"]: rule for rule in cost["rules"]}
        self.assertEqual((rules["flow-low"]["guarded"], rules["flow-low"]["thresholds"]), (True, 2))
        self.assertFalse(rules["up"]["guarded"])
        windows = {window["window"]: window for window in cost["windows"]}
        self.assertEqual(windows["avg of gate.T over 1m"]["irregular"], "gate.T")
        shared = windows["avg, max of boiler.temp over 5m"]
        self.assertEqual((shared["rules"], shared["derived"]), (["hot"], ["smooth"]))
        self.assertTrue(windows["median of boiler.temp - boiler.back over 1h"]["sketched"])
        both = json.loads(self.check("--json"))
        self.assertEqual(both["memory_bytes"], both["cost"]["memory"]["total"])

    def test_no_rules_take_no_evaluation(self):
        config = CONFIG[:CONFIG.index("derived:")]
        self.assertNotIn("evaluation:", self.check("--cost", config=config))
        self.assertNotIn("worst", self.cost("--cost", config=config))

    def test_too_many_windows_are_an_error_at_the_one_that_is_too_much(self):
        each = self.cost()["windows"][0]["bytes"]
        fit = 2 ** 24 // each
        head = CONFIG[:CONFIG.index("derived:")] + "rules:\n"
        rule = "  r{0}: {{when: 'median(boiler.temp, {1}m) > 1'}}\n"
        good = head + "".join(rule.format(i, 10 + i) for i in range(fit))
        self.assertIn("window median of boiler.temp over 10m: 32 panes", self.check(config=good))
        done = self.run_check(config=good + rule.format(fit, 10 + fit))
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        self.assertEqual(lines[0], f"gauged.yaml:{good.count(chr(10)) + 1}:{len(f'  r{fit}: {{when: ') + 2}: error: all windows "
                         f"together take {(fit + 1) * each / 2 ** 20:.1f} MiB, more than the 16 MiB they may")
        self.assertEqual(sum("median of boiler.temp over" in line for line in lines), 5)


if __name__ == "__main__":
    unittest.main()
