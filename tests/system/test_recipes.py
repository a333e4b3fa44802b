#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""The recipes of docs/rules.md: each is a configuration without errors and warnings, and passes its tests; what
the page shows of them, and what it says that gaugectl prints, is what stands in the files and what it prints; and
the tests notice when a rule never fires, lacks one of its options or actions, or reads a derived point that is
unknown, so each line of a recipe is there for a reason that can be seen."""

import glob
import json
import os
import re
import subprocess
import tempfile
import unittest

TOP = os.path.abspath(os.environ.get("srcdir", "."))
GAUGECTL = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "gaugectl")
FOLDER = os.path.join(TOP, "conf", "recipes")
COUNT = 12

# What makes a condition never true, and a derived point unknown while {1}: what it reads is known.
NEVER = {"when": "false and ({0})", "on": "false and ({0})", "value": "if(1 / if({1}, 0, 1) > 0, {0}, {0})"}
# What says nothing about what a rule does.
SPEECH = {"message", "severity", "labels", "priority", "unit", "deadband"}


# What the page warns of: (recipe, what stands there, what comes to mind first, the test that sees the difference).
NAIVE = (
    ("01", "    clear: boiler.temp < 75 degC\n", "", "fires after 30 s above 80"),
    ("02", "held(tank.closed, 30m) and tank.trend < -1.5", "tank.closed and tank.trend < -1.5", "what is drawn is no leak"),
    ("02", "clear: held(tank.closed, 30m) and ", "clear: ", "filling it up does not end the alarm"),
    ("03", "between(22:00, 06:00)", "tod() >= 22:00 and tod() < 06:00", "a gate that was left open before 22:00"),
    ("03", "    when: gate.open and site.night\n", "    when: gate.open\n    schedule: 22:00..06:00\n",
     "the morning does not end the alarm"),
    ("03", "    clear: not gate.open\n", "", "the morning does not end the alarm"),
    ("04", "    for: 10m\n", "", "after the start one sample says nothing"),
    ("04", "known(pump.pressure) and ", "", "silence is no value that stands still"),
    ("04", "pump.running and ", "", "a pump that stands still"),
    ("05", "kiln.a > 1100 and kiln.b > 1100 or kiln.a > 1100 and kiln.c > 1100 or kiln.b > 1100 and kiln.c > 1100",
     '"if(kiln.a > 1100, 1, 0) + if(kiln.b > 1100, 1, 0) + if(kiln.c > 1100, 1, 0) >= 2"', "with one sensor gone"),
    ("06", "room.wall - room.dew_point < 1 K", "room.humidity > 70", "the fan runs from 10 min below 1 K"),
    ("07", '(prev(pump.total) ?? 0) + max(0, pump.week - (prev(pump.week) ?? 0))',
     "(prev(pump.total) ?? 0) + if(pump.running or pump.serviced, 10 s, 0 s)", "hours count while it runs"),
    ("07", "integral(if(pump.running, 100 %, 0 %), 24h)", "share(pump.running, 24h) * 24h", "after 500 h the service is due"),
    ("08", "    on_fire:  [{webhook: ops}]", "    on_fire:  [{webhook: ops}, {write: {cellar.pump: on}}]", "waves are told"),
    ("09", "changes(plc.beat, 30s) == 0", "age(plc.beat) > 30s", "a counter that stands is told"),
    ("10", "    when: site.night\n    on_fire:", "    at: 22:00\n    do:", "what was missed is made up for"),
    ("11", "sum(water.new, 1h)", "increase(meter.pulses, 1h) * 10 [L]", "pulses are litres"),
    ("12", "    inhibited_by: [press-in-maintenance]\n", "", "while the key is turned"),
    ("12", "    when: press.oil < 80\n", "    when: press.oil < 80 and not press.key\n", "while the key is turned"),
)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(*arguments, folder=TOP):
    return subprocess.run([GAUGECTL, *arguments], cwd=folder, stdin=subprocess.DEVNULL, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def recipes():
    return sorted(os.path.basename(path) for path in glob.glob(os.path.join(FOLDER, "*.yaml")))


def entries(text):
    """(line number, name of the rule or derived point, option, its text) of what stands in lines of its own"""
    section = name = None
    for number, line in enumerate(text.splitlines()):
        if match := re.fullmatch(r"(\w+):", line):
            section = match[1]
        elif section not in ("rules", "derived"):
            continue
        elif match := re.fullmatch(r"  ([\w.-]+):\s*(?:\{value: (.*?)(, unit: [^,]*)?\})?", line):
            name = match[1]
            if match[2]:
                yield number, name, "value", match[2]
        elif match := re.fullmatch(r"    (\w+):\s*(.*)", line):
            yield number, name, match[1], match[2]
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"line {number + 1}: a recipe has each option in one line: {line}")


def unquoted(text):
    return text[1:-1] if text[:1] == text[-1:] == '"' else text


def mutants(text):
    """(what was changed, whether something is never so then, the text)"""
    lines = text.splitlines()
    for number, name, option, old in entries(text):
        if option in SPEECH:
            continue
        changed = list(lines)
        if option in NEVER:
            others = [point for point in re.findall(r"[a-z]\w*\.[a-z]\w*", old) if point != name]
            # What reads no point reads the clock.
            new = NEVER[option].format(unquoted(old), f"known({others[0]})" if others else "weekday() > 0")
            changed[number] = lines[number].replace(old, f'"{new}"')
        else:
            del changed[number]
        yield f"{name}: {option}", option in NEVER, "\n".join(changed) + "\n"


def outcomes(folder, files):
    """{file: {test: whether it passed}, or what is wrong with the file}"""
    found = {}
    for line in run("test", "--json", *files, folder=folder).stdout.splitlines():
        result = json.loads(line)
        if "test" in result:
            found.setdefault(result["file"], {})[result["test"]] = result["good"]
        else:
            found[result["file"]] = result["text"]
    return found


class Recipes(unittest.TestCase):
    maxDiff = None

    def test_each_is_fine_and_passes_its_tests(self):
        self.assertEqual(len(recipes()), COUNT)
        self.assertEqual(recipes(), sorted(os.listdir(os.path.join(FOLDER, "tests"))))
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name in recipes():
                # A copy that nobody else can write, as one of the user would be.
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
                    file.write(read(os.path.join(FOLDER, name)))
                paths.append(path)
            checked = run("check", *paths)
            self.assertEqual(checked.returncode, 0, checked.stdout)
            self.assertNotIn("warning", checked.stdout.lower())
            for path, said in zip(paths, re.split(r"^\S+: good: .*$", checked.stdout, flags=re.M)[1:]):
                for operand in re.findall(r"^  window \S+ of (.*) over ", said, flags=re.M):
                    self.assertIn(operand, read(path))
        tested = run("test", "--coverage", *[os.path.join("tests", name) for name in recipes()], folder=FOLDER)
        self.assertEqual(tested.returncode, 0, tested.stdout)
        self.assertNotIn("never", tested.stdout)

    def test_the_page_shows_what_stands_in_the_files(self):
        page = read(os.path.join(TOP, "docs", "rules.md"))
        files = {name: read(os.path.join(FOLDER, name)) for name in recipes()}
        tests = [read(os.path.join(FOLDER, "tests", name)) for name in recipes()]
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.M | re.S)
        shown = set()
        for kind, block in blocks:
            if kind == "yaml":
                # Whole lines: a part that begins and ends where lines do.
                self.assertTrue(any(f"\n{block}" in text for text in [*files.values(), *tests]), block)
                shown.update(name for name, text in files.items() if f"\n{block}" in text)
            elif kind == "console":
                command, output = block.split("\n", 1)
                program, *arguments = command.removeprefix("$ ").split()
                self.assertEqual(program, "gaugectl")
                self.assertEqual(run(*arguments).stdout, output)
        self.assertEqual(shown, set(recipes()))
        for name, text in files.items():
            self.assertIn(f"conf/recipes/{name}", page)
            rules = text[text.index("\nrules:\n") + 1:]
            self.assertTrue(any(rules in block for _, block in blocks), f"the rules of {name} are not on the page")

    def test_what_comes_to_mind_first_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "tests"))
            for start, old, new, test in NAIVE:
                [name] = [one for one in recipes() if one.startswith(start)]
                text = read(os.path.join(FOLDER, name))
                tests = os.path.join("tests", name)
                for path, content in ((name, text.replace(old, new)), (tests, read(os.path.join(FOLDER, tests)))):
                    with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                        file.write(content)
                with self.subTest(f"{name}: {new or 'without ' + old}"):
                    self.assertIn(old, text)
                    found = outcomes(folder, [tests])[tests]
                    self.assertIsInstance(found, dict, found)
                    [good] = [passed for one, passed in found.items() if one.startswith(test)]
                    self.assertFalse(good)

    def test_each_line_is_there_for_a_reason_that_a_test_sees(self):
        total = 0
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for name in recipes():
                for what, never, text in mutants(read(os.path.join(FOLDER, name))):
                    place = os.path.join(str(total), "tests")
                    os.makedirs(os.path.join(folder, place))
                    with open(os.path.join(folder, str(total), name), "w", encoding="utf-8") as file:
                        file.write(text)
                    path = os.path.join(place, name)
                    with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                        file.write(read(os.path.join(FOLDER, "tests", name)))
                    files[path] = (name, what, never)
                    total += 1
            found = outcomes(folder, files)
        seen = {name: set() for name in recipes()}
        for path, (name, what, never) in files.items():
            with self.subTest(f"{name}, {what}"):
                self.assertIsInstance(found[path], dict, found[path])
                failed = {test for test, good in found[path].items() if not good}
                self.assertTrue(failed, "no test notices it")
            if never and isinstance(found[path], dict):
                seen[name] |= failed
        for name in recipes():
            with self.subTest(name):
                idle = {test for test, _ in re.findall(r"^  - name: (.*?)()$", read(os.path.join(FOLDER, "tests", name)),
                                                       flags=re.M)} - seen[name]
                self.assertEqual(idle, set(), "these pass also where nothing is ever so")
        print(f"{total} changes, each noticed")
        self.assertGreater(total, 5 * COUNT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
