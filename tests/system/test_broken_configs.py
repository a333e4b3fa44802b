#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Each folder of tests/broken is a configuration with errors, and expected.txt is exactly what
'gaugectl check gauged.yaml' says to it.

test_broken_configs.py [--update [NAME...]]   writes expected.txt anew: read what changed"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.environ.get("srcdir", "."))
GAUGECTL = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "gaugectl")
CASES = os.path.join(TOP, "tests", "broken")


def cases():
    return sorted(name for name in os.listdir(CASES) if os.path.isdir(os.path.join(CASES, name)))


def check(name, **environment):
    """In a copy, whose files belong to whoever runs this."""
    with tempfile.TemporaryDirectory() as folder:
        for directory, _, files in os.walk(os.path.join(CASES, name)):
            here = os.path.join(folder, os.path.relpath(directory, os.path.join(CASES, name)))
            os.makedirs(here, exist_ok=True)
            for file in files:
                shutil.copyfile(os.path.join(directory, file), os.path.join(here, file))
        result = subprocess.run([GAUGECTL, "check", "gauged.yaml"], cwd=folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **environment))
    return result.returncode, result.stdout.decode("utf-8", "backslashreplace")


class BrokenConfigs(unittest.TestCase):
    maxDiff = None

    def test_there_are_at_least_twenty(self):
        self.assertGreaterEqual(len(cases()), 20)

    def test_each_is_refused_with_exactly_its_messages(self):
        for name in cases():
            with self.subTest(name):
                status, output = check(name)
                self.assertEqual(status, 1, output)
                with open(os.path.join(CASES, name, "expected.txt"), encoding="utf-8") as file:
                    self.assertEqual(output, file.read())

    def test_a_zone_of_the_box_that_is_none_is_told(self):
        status, output = check("35-nothing", TZ="Nowhere/Else", TZDIR="/nowhere")
        self.assertEqual(status, 1, output)
        self.assertIn("gauged.yaml:1:1: warning: the zone of this box can't be read, UTC is used: there is no time "
                      "zone 'Nowhere/Else' (/nowhere/Nowhere/Else): expected a name such as Europe/Berlin, UTC, or "
                      "local; the zones come with the package tzdata", output.splitlines())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--update"]:
        for case in sys.argv[2:] or cases():
            with open(os.path.join(CASES, case, "expected.txt"), "w", encoding="utf-8") as expected:
                expected.write(check(case)[1])
    else:
        unittest.main(verbosity=2)
