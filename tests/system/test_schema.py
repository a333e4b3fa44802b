#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""'gaugectl schema' against a validator that is not ours: it is a schema of its draft; it takes every
configuration and example we give away; it refuses the broken ones whose errors are of form; and
what it refuses, of a configuration changed at random, 'gaugectl check' refuses too.

test_schema.py [--mutate SEED COUNT]"""

import copy
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing.name} is not installed")
    sys.exit(77)

TOP = os.path.abspath(os.environ.get("srcdir", "."))
GAUGECTL = os.path.join(os.path.abspath(os.environ.get("builddir", ".")), "gaugectl")
SEED, COUNT, BATCH = 20261130, 300, 50

# ---- YAML 1.2, core schema (PyYAML reads 1.1, where on, off, yes and no are booleans) -----------
CORE = ((re.compile(r"(?:|~|null|Null|NULL)"), lambda text: None),
        (re.compile(r"(?:true|True|TRUE|false|False|FALSE)"), lambda text: text.lower() == "true"),
        (re.compile(r"[-+]?[0-9]+"), int),
        (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
        (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
        (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float))


def value(node):
    if isinstance(node, yaml.MappingNode):
        return {key.value: value(child) for key, child in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value(child) for child in node.value]
    for form, convert in CORE if node is not None and node.style is None else ():
        if form.fullmatch(node.value):
            return convert(node.value)
    return node.value if node is not None else None


def load(text):
    return value(yaml.compose(text, Loader=yaml.BaseLoader))


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def schema(*options):
    return json.loads(subprocess.run([GAUGECTL, "schema", *options], check=True, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE).stdout)


def validator(whole, part=None):
    """part: of the schema, with the definitions of all of it"""
    return jsonschema.Draft202012Validator(whole if part is None else {**part, "$defs": whole["$defs"]})


def complaint(judge, data):
    error = jsonschema.exceptions.best_match(judge.iter_errors(data))
    return error and f"{error.json_path}: {error.message[:300]}"


CONFIG, TESTS = schema(), schema("--tests")

# ---- examples of the documents ------------------------------------------------------------------


def unroff(text):
    return text.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\").replace("\\&", "")


def manual_examples(page):
    """(section of the option table or None, text) of each block of the page"""
    section, block = None, None
    for line in read("docs", page).splitlines():
        if line.startswith('.\\" options: '):
            section = line.split(": ", 1)[1].strip()
        elif line.startswith((".SH", ".SS")):
            section = None
        elif line == ".nf":
            block = []
        elif line == ".fi":
            yield section, unroff("".join(f"{text}\n" for text in block))
            block = None
        elif block is not None:
            block.append(line)


def markdown_examples(page):
    return re.findall(r"^```yaml\n(.*?)^```", read(page), flags=re.M | re.S)


def documents():
    """(name, schema, data) of every file that is whole"""
    paths = glob.glob(os.path.join(TOP, "conf", "*.yaml"))
    paths += glob.glob(os.path.join(TOP, "conf", "demo", "**", "*.yaml"), recursive=True)
    paths += glob.glob(os.path.join(TOP, "conf", "recipes", "**", "*.yaml"), recursive=True)
    paths += glob.glob(os.path.join(TOP, "tests", "trials", "*.yaml"))
    texts = [(os.path.relpath(path, TOP), read(path)) for path in sorted(paths)]
    for page in ["README.md"] + [os.path.join("docs", name) for name in sorted(os.listdir(os.path.join(TOP, "docs")))]:
        if page.endswith(".md"):
            texts += [(page, text) for text in markdown_examples(page)]
        else:
            texts += [(page, text) for section, text in manual_examples(os.path.basename(page))
                      if section is None and is_document(text)]
    for name, text in texts:
        data = load(text)
        yield name, TESTS if isinstance(data, dict) and "tests" in data else CONFIG, data


def is_document(text):
    try:
        data = load(text)
    except yaml.YAMLError:
        return False
    return isinstance(data, dict) and bool(data) and set(data) <= set(CONFIG["properties"]) | set(TESTS["properties"])


def fragments():
    """(page, section, key, value): examples of single options"""
    for page in ("gauged.yaml.5", "gauged-rules.5"):
        for section, text in manual_examples(page):
            if section is None or is_document(text) or text.startswith("#"):
                continue
            # Alternatives stand line by line, with the same key.
            lines = text.splitlines()
            parts = lines if len({line.split(":")[0] for line in lines}) < len(lines) else [text]
            for part in parts:
                data = load(part)
                if isinstance(data, dict):
                    yield from ((page, section, key, item) for key, item in data.items())


# ---- a configuration with a bit of everything, to be changed at random --------------------------
EVERYTHING = r"""
site: plant-7
secrets_dir: /etc/gauged/secrets.d
state: {dir: /var/lib/gauged, max_size: 16MiB}
control: {socket: /tmp/x.sock}
metrics: {listen: "127.0.0.1:9464"}
buses:
  plc: {modbus: tcp://192.0.2.10, timeout: 300ms, in_flight: 4, serve: {listen: "127.0.0.1:1502", clients: 2}}
  meters: {modbus: rtu:///dev/ttyUSB0, baud: 9600, parity: none, stop_bits: 2, echo: off, rs485: {delay_before: 1ms}}
  mast: {serial: /dev/ttyACM0, baud: 4800, framing: {max: 256, gap: 500ms}, max_lines: 20/h}
  tape: {playback: monday.rec, speed: 60, loop: yes}
devices:
  boiler:
    bus: plc
    unit: 3
    poll: 100ms
    order: CDAB
    points:
      temp: {holding: 100, type: int16, scale: 0.1, unit: degC, range: [-40, 400], invalid: [0x7FFF, -1]}
      level: {ref: 30021, deadband: 2}
      status: {holding: "110", bits: {ready: 0, mode: 4..6}}
      burner: {coil: 7, write: true, write_function: single}
  meter: {bus: meters, retries: 2, points: {power: {input: 12, type: float32, unit: W, exclusive: true}}}
  wind: {bus: mast, nmea: {sentence: MWV}, points: {speed: {field: 3, unit: m/s}}}
  rain: {bus: mast, match: 'R=(?<mm>[0-9.]+)', stale_after: 5m, points: {mm: {range: [0, 100]}}}
  table: {bus: mast, csv: {separator: ";", columns: [time, temp]}, points: {temp: {}, time: {type: text}}}
  pairs: {bus: mast, keyvalue: true, points: {T: , H: {field: RH}}}
  tree: {bus: mast, json: {prefix: "data: "}, points: {speed: {field: wind.speed, scale: 2}}}
  panel: {bus: mast, commands: {show: {timeout: 2s, max_changes: 20/m, on_stop: "OFF"}, beep: }}
  old: {bus: tape, points: {temp: {unit: degC}, mode: {type: text}, door: {type: bool}, plain: }}
derived:
  lift: {value: boiler.temp - 20 degC, unit: K, deadband: 0.5}
  plant.full: {value: boiler.level > 5}
webhooks:
  ops:
    url: https://hooks.example.net/gauged
    headers: {X-Site: "7"}
    method: PUT
    timeout: 5s
    retry: {first: 500ms, max: 1h, for: 2d}
    body: '{"text": "${rule}"}'
rules:
  hot:
    when: boiler.temp > 80 degC
    for: 30s
    clear: boiler.temp < 75 degC
    clear_for: 10s
    on_unknown: fire
    severity: critical
    repeat: 15m
    latch: false
    message: "Boiler ${boiler.temp}"
    labels: {area: boiler-room, floor: 3}
    inhibited_by: [quiet]
    on_fire: [{webhook: ops}, {write: {boiler.burner: off}}, {log: "hot: ${message}"}]
    on_clear: [{webhook: ops}, {log: true}]
  quiet: {when: boiler.level > 5, blind_after: 1h}
  turned: {on: rises(boiler.burner), do: [{log: true}]}
"""


def whole_demo():
    """The demo with what it includes, as one file."""
    data = load(read("conf", "demo", "gauged.yaml"))
    data.pop("include")
    for path in glob.glob(os.path.join(TOP, "conf", "demo", "rules.d", "*.yaml")):
        for section, entries in load(read(path)).items():
            data.setdefault(section, {}).update(entries)
    return data


VALUES = (None, True, False, "on", "off", "No", "yes", "true", "null", 0, 1, -1, 5, 7.0, 1.5, -0.25, 1e30, 255, 256, 65535,
          65536, 100000, "5", "0x10", "0o7", "1.5", "", " ", "x", "text", "a b", "-", "9lives", "a" * 64, "a" * 65, "0s",
          "10s", "1h30m", "30m1h", "1min", "5.s", "500ms", ".5s", "10 s", "1y", "16MiB", "64KiB", "1kB", "20/h", "3/10s",
          "0/s", "5/", "20/1h30m", "1/h30m", "ABCD", "none", "fire", "critical", "4..6", "6..4", "ü", "a.b", "x|y",
          [], [1], [1, 2], [2, 1], ["a", "b"], [None], [[]], [{}], [{"log": True}], [{"log": True, "webhook": "ops"}],
          {}, {"a": 1}, {"a": None}, {"webhook": "ops"}, {"sentence": "MWV"}, {"boiler.burner": True})


def places(data, into):
    """every (map or list, key) in data"""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, child in items:
        into.append((data, key))
        if isinstance(child, (dict, list)):
            places(child, into)
    return into


def mutant(rng, base):
    """(what was done, the data)"""
    data = copy.deepcopy(base)
    spots = places(data, [])
    spot, key = rng.choice(spots)
    kind = rng.choice(("drop", "rename", "borrow", "change", "change", "change", "swap", "add"))
    if kind == "drop":
        del spot[key]
    elif kind in ("rename", "borrow") and isinstance(spot, dict):
        at = rng.randrange(len(key) + 1)
        other, name = rng.choice(spots)
        new = name if kind == "borrow" and isinstance(other, dict) else key[:at] + rng.choice("aZ_-. 0ü") + key[at:]
        spot[new] = spot.pop(key)
        return f"{kind} {key} to {new}", data
    elif kind == "swap":
        other, name = rng.choice(spots)
        spot[key] = copy.deepcopy(other[name])
    elif kind == "add" and isinstance(spot[key], dict):
        other, name = rng.choice(spots)
        spot[key][str(name)] = copy.deepcopy(rng.choice((other[name],) + VALUES))
        return f"add {name} to {key}", data
    else:
        spot[key] = copy.deepcopy(rng.choice(VALUES))
        return f"set {key} to {spot[key]!r}", data
    return f"{kind} {key}", data


def refused(datas):
    """For each, whether gaugectl check refuses it, and what it says. JSON is YAML."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"m{number}.yaml" for number in range(len(datas))]
        for name, data in zip(names, datas):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(data, file, ensure_ascii=False)
        result = subprocess.run([GAUGECTL, "check"] + names, cwd=folder, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    said = [[line for line in result.stdout.splitlines() if line.startswith(f"{name}:")] for name in names]
    return [(any(re.fullmatch(r"\S+: \d+ errors?", line) for line in lines), lines) for lines in said]


def mutate(seed, count):
    """(mutants, refused by the schema, refused by gaugectl, those that only the schema refuses)"""
    rng = random.Random(seed)
    bases = [load(EVERYTHING)] * 3 + [whole_demo(), load(read("conf", "gauged.yaml")),
                                      load(read("conf", "modbus-rtu.yaml")), load(read("conf", "gpio.yaml")),
                                      load(read("conf", "serial-display.yaml")),
                                      load(read("conf", "mqtt.yaml"))]
    judge = validator(CONFIG)
    totals, wrong = [0, 0], []
    for start in range(0, count, BATCH):
        mutants = [mutant(rng, rng.choice(bases)) for _ in range(min(BATCH, count - start))]
        for (done, data), (bad, _) in zip(mutants, refused([data for _, data in mutants])):
            said = complaint(judge, data)
            totals[0] += said is not None
            totals[1] += bad
            if said is not None and not bad:
                wrong.append(f"{done}: {said}")
    return totals[0], totals[1], wrong


# Errors of form, as gaugectl words them. Ranges of durations and sizes are not in the schema.
OF_FORM = re.compile(r"error: .*(unknown option|unknown action|\bneeds '|has no kind|has no condition|is '.*' already|"
                     r"stands in one place|is no name for|'[a-z_]+'( of .*)? must be (a|one of|true)\b|"
                     r"'[a-z_]+'( of .*)? must be (from|at least|at most) [-\d.e+]+( to [-\d.e+]+)?, not)")
SYNTAX = re.compile(r"error: .*(cannot stand here|stands twice|anchors|is not UTF-8|nested more than)")


class Schema(unittest.TestCase):
    maxDiff = None

    def test_it_is_valid_by_its_draft(self):
        for one in (CONFIG, TESTS):
            self.assertEqual(one["$schema"], jsonschema.Draft202012Validator.META_SCHEMA["$id"])
            jsonschema.Draft202012Validator.check_schema(one)

    def test_every_definition_is_there_and_used(self):
        built_in = set(CONFIG["$defs"]) & set(TESTS["$defs"])
        for one in (CONFIG, TESTS):
            named = set(re.findall(r'"#/\$defs/([^"]*)"', json.dumps(one)))
            self.assertEqual(named - set(one["$defs"]), set())
            self.assertEqual(set(one["$defs"]) - named - built_in, set())

    def test_defaults_are_taken(self):
        seen = 0
        for one in (CONFIG, TESTS):
            for name, definition in one["$defs"].items():
                for option, row in definition.get("properties", {}).items():
                    if "default" in row:
                        seen += 1
                        self.assertIsNone(complaint(validator(one, row), row["default"]), f"{name}.{option}")
        self.assertGreater(seen, 10)

    def test_it_takes_what_we_give_away(self):
        names = []
        for name, one, data in documents():
            if name in ("tests/trials/broken.yaml", "tests/trials/keys.yaml", "tests/trials/values.yaml"):
                continue
            names.append(name)
            with self.subTest(name):
                self.assertIsNone(complaint(validator(one), data))
        for name in ("README.md", "docs/gauged.yaml.5", "docs/gauged-rules.5", "conf/gauged.yaml", "tests/trials/good.yaml", "docs/rules.md",
                     "conf/recipes/tests/12-maintenance.yaml"):
            self.assertIn(name, names)

    def test_it_takes_the_examples_of_options(self):
        defs = CONFIG["$defs"]
        seen = 0
        for page, section, key, item in fragments():
            # The option of its own table; or of the one that the map stands in; or an entry by name.
            own = [one for one in defs.values() if one.get("title") == section]
            rows = [one["properties"][key] for one in own + [CONFIG] + list(defs.values())
                    if key in one.get("properties", {})]
            said = [complaint(validator(CONFIG, part), item) for part in rows + own]
            seen += 1
            with self.subTest(f"{page}, {section}, {key}: {item}"):
                self.assertIn(None, said)
        self.assertGreater(seen, 50)

    def test_it_refuses_the_broken_ones_whose_form_is_wrong(self):
        of_form, left = [], []
        for folder in sorted(glob.glob(os.path.join(TOP, "tests", "broken", "*", ""))):
            name = os.path.basename(os.path.dirname(folder))
            expected = read(folder, "expected.txt")
            if SYNTAX.search(expected):
                continue
            files = glob.glob(os.path.join(folder, "**", "*.yaml"), recursive=True)
            said = [complaint(validator(CONFIG), load(read(path))) for path in files]
            if OF_FORM.search(expected):
                of_form.append(name)
                with self.subTest(name):
                    self.assertNotEqual(set(said), {None})
            elif set(said) == {None}:
                left.append(name)
        print(f"form, seen by the schema: {' '.join(of_form)}\nleft to gaugectl check: {' '.join(left)}")
        self.assertGreaterEqual(len(of_form), 8)

    def test_it_refuses_broken_tests(self):
        for name in ("broken.yaml", "keys.yaml", "values.yaml"):
            self.assertIsNotNone(complaint(validator(TESTS), load(read("tests", "trials", name))))

    def test_the_configuration_with_everything_is_fine(self):
        data = load(EVERYTHING)
        self.assertIsNone(complaint(validator(CONFIG), data))
        [(bad, said)] = refused([data])
        self.assertFalse(bad, said)

    def test_it_refuses_nothing_that_check_takes(self):
        by_schema, by_check, wrong = mutate(SEED, COUNT)
        print(f"{COUNT} mutants: {by_check} refused by check, {by_schema} of them by the schema")
        self.assertEqual(wrong, [])
        # Were nearly all of one kind, nothing would have been tried.
        self.assertGreater(by_schema, COUNT // 5)
        self.assertLess(by_check, COUNT)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mutate"]:
        by_schema, by_check, only_schema = mutate(int(sys.argv[2]), int(sys.argv[3]))
        print(*only_schema, f"{by_schema} by the schema, {by_check} by check", sep="\n")
    else:
        unittest.main(verbosity=2)
