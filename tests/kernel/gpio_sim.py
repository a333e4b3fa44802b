# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Chips of the kernel's gpio-sim: made, driven, looked at and taken away through configfs and sysfs.
Only as root of a kernel that has it: see run-in-kernel."""
import os
import subprocess

CONFIG = "/sys/kernel/config/gpio-sim"
EDGES = os.path.abspath(os.path.join(os.environ.get("builddir", "."), "tests", "kernel", "sim_edges"))


def write(path, text):
    with open(path, "w") as f:
        f.write(str(text))


def read(path):
    with open(path) as f:
        return f.read().strip()


class Chip:
    """One chip with its lines; names: of some of them, by number; hogs: who holds them."""

    def __init__(self, label, lines, names=None, hogs=None):
        self.config = os.path.join(CONFIG, label)
        self.bank = os.path.join(self.config, "bank0")
        os.mkdir(self.config)
        os.mkdir(self.bank)
        write(self.bank + "/num_lines", lines)
        write(self.bank + "/label", label)
        for line in sorted(set(names or {}) | set(hogs or {})):
            os.mkdir("%s/line%d" % (self.bank, line))
            if line in (names or {}):
                write("%s/line%d/name" % (self.bank, line), names[line])
            if line in (hogs or {}):
                os.mkdir("%s/line%d/hog" % (self.bank, line))
                write("%s/line%d/hog/name" % (self.bank, line), hogs[line])
                write("%s/line%d/hog/direction" % (self.bank, line), "input")
        self.plug()

    def plug(self):
        write(self.config + "/live", 1)
        self.name = read(self.bank + "/chip_name")
        self.device = "/dev/" + self.name
        self.sysfs = "/sys/devices/platform/%s/%s" % (read(self.config + "/dev_name"), self.name)

    def unplug(self):
        write(self.config + "/live", 0)

    def remove(self):
        if read(self.config + "/live") == "1":
            self.unplug()
        for line in os.listdir(self.bank):
            path = os.path.join(self.bank, line)
            if os.path.isdir(path):
                if os.path.isdir(path + "/hog"):
                    os.rmdir(path + "/hog")
                os.rmdir(path)
        os.rmdir(self.bank)
        os.rmdir(self.config)

    def pull(self, line):
        return "%s/sim_gpio%d/pull" % (self.sysfs, line)

    def drive(self, line, high):
        write(self.pull(line), "pull-up" if high else "pull-down")

    def value(self, line):
        return read("%s/sim_gpio%d/value" % (self.sysfs, line)) == "1"

    def edges(self, count, gap_us, *lines):
        """So many edges, beginning with rising ones, on lines in turn; how many a second they were."""
        result = self.edging(count, gap_us, *lines)
        output, _ = result.communicate(timeout=120)
        assert result.returncode == 0, output
        return float(output)

    def edging(self, count, gap_us, *lines):
        """The same, while the caller goes on."""
        return subprocess.Popen([EDGES, str(count), str(gap_us), *map(self.pull, lines)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
