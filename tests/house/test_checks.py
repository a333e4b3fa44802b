#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""Tests the house checks themselves: each is shown a small good tree, which it has to accept, and
then the same tree with one thing wrong, which it has to name."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

HOUSE = os.path.join(os.path.abspath(os.environ.get("srcdir", ".")), "tests", "house")
LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Copyright 2026 The gauged authors */\n"


def header(name, text):
    return f"#ifndef GAUGED_{name}_H\n#define GAUGED_{name}_H\n{text}#endif\n"


GOOD = {
    "src/base/text.h": header("TEXT", "int text_length(const char *s);\n"),
    "src/base/text.c": '#include "base/text.h"\n\n#include <string.h>\n\nint text_length(const char *s)\n'
                       "{\n\treturn (int)strlen(s);\n}\n",
    "src/conf/tree.h": header("TREE", "int tree_depth(const char *s);\n"),
    "src/conf/tree.c": '#include "conf/tree.h"\n\n#include "base/text.h"\n\n'
                       "int tree_depth(const char *s)\n{\n\treturn text_length(s);\n}\n",
}


class Checks(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for path, text in GOOD.items():
            self.write(path, LICENCE + text)

    def write(self, path, text):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def add(self, path, text):
        with open(os.path.join(self.top, path), "a", encoding="utf-8") as file:
            file.write(text)

    def check(self, name, *arguments):
        result = subprocess.run([os.path.join(HOUSE, name)] + list(arguments or (self.top,)),
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def accepts(self, name, *arguments):
        status, output = self.check(name, *arguments)
        self.assertEqual(status, 0, output)

    def names(self, complaint, name, *arguments):
        status, output = self.check(name, *arguments)
        self.assertEqual(status, 1, output)
        self.assertIn(complaint, output)

    # ---- check-floors

    def test_floors_accepts_includes_that_go_down(self):
        self.accepts("check-floors")

    def test_floors_fails_on_an_empty_tree(self):
        shutil.rmtree(os.path.join(self.top, "src"))
        self.names("0 files", "check-floors")

    def test_floors_names_an_include_that_goes_up(self):
        self.add("src/base/text.c", '#include "conf/tree.h"\n')
        self.names('src/base/text.c:11: base may not include "conf/tree.h"', "check-floors")

    def test_floors_names_siblings(self):
        for mine, other in (("rules", "io"), ("io", "rules"), ("inputs", "actions"),
                            ("actions", "inputs"), ("inputs", "rules"), ("actions", "rules")):
            path = f"src/{mine}/spy.c"
            self.write(path, f'{LICENCE}#include "{other}/anything.h"\n')
            self.names(f'{path}:3: {mine} may not include "{other}/anything.h"', "check-floors")
            os.unlink(os.path.join(self.top, path))

    def test_floors_names_an_unknown_floor(self):
        self.write("src/attic/old.c", LICENCE)
        self.names("src/attic/old.c:1: no floor is called 'attic'", "check-floors")

    def test_floors_names_a_library_in_the_wrong_file(self):
        self.add("src/conf/tree.c", "#include <yaml.h>\n")
        self.names("src/conf/tree.c:11: <yaml.h> belongs to conf/yaml.c", "check-floors")

    def test_floors_names_a_library_in_a_header(self):
        self.write("src/io/loop.h", LICENCE + header("LOOP", "#include <event2/event.h>\n"))
        self.names("src/io/loop.h:5: <event2/event.h> in a header", "check-floors")

    def test_floors_accepts_a_library_in_the_file_that_owns_it(self):
        self.write("src/conf/yaml.c", LICENCE + "#include <yaml.h>\n")
        self.accepts("check-floors")

    def test_floors_names_a_header_that_is_not_first(self):
        self.write("src/conf/tree.c", LICENCE + '#include <string.h>\n#include "conf/tree.h"\n')
        self.names('src/conf/tree.c:1: "conf/tree.h" has to be included first', "check-floors")

    def test_floors_names_a_header_that_needs_another(self):
        self.add("src/conf/tree.h", "size_t tree_size(void);\n")
        self.names("not self-contained: src/conf/tree.h", "check-floors")

    def test_floors_names_a_repeated_name(self):
        self.write("src/conf/text.h", LICENCE)
        self.names("src/conf/text.h:1: the name text.h is taken by src/base/text.h", "check-floors")

    # ---- check-style

    def test_style_accepts_the_good_tree(self):
        self.accepts("check-style")

    def test_style_names_a_missing_licence(self):
        self.write("tools/thing", "#!/bin/sh\n")
        self.names("tools/thing:1: no SPDX-License-Identifier line", "check-style")

    def test_style_names_a_missing_copyright(self):
        self.write("tools/thing", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")
        self.names("tools/thing:1: no 'Copyright 2026", "check-style")

    def test_style_names_conditional_code_in_a_function(self):
        self.add("src/base/text.c", "\nint text_odd(void)\n{\n#ifdef ODD\n\treturn 1;\n#endif\n\treturn 0;\n}\n")
        self.names("src/base/text.c:14: conditional code inside of text_odd()", "check-style")

    def test_style_accepts_conditional_code_between_functions(self):
        self.add("src/base/text.c", "\n#ifdef ODD\n#define EVEN\n#endif\n")
        self.accepts("check-style")

    def test_style_names_a_long_function(self):
        self.add("src/base/text.c", "\nint text_long(void)\n{\n" + "\t;\n" * 80 + "\treturn 0;\n}\n")
        self.names("text_long() has 83 lines, over 80", "check-style")

    def test_style_names_a_long_file(self):
        self.add("src/base/text.c", "/* */\n" * 600)
        self.names("src/base/text.c:1: 610 lines, over 600", "check-style")

    def test_style_names_empty_words(self):
        self.write("src/base/text_utils.c", LICENCE)
        self.names("'utils' names nothing", "check-style")

    def test_style_names_a_note_to_oneself(self):
        self.add("src/base/text.c", "/* TO" "DO: more */\n")
        self.names("src/base/text.c:11: a note to oneself", "check-style")

    def test_style_names_a_struct_typedef(self):
        self.add("src/base/text.h", "typedef struct text text_t;\n")
        self.names("a typedef of a struct", "check-style")

    def test_style_names_a_project_wide_header(self):
        self.add("src/base/text.h", "".join(f'#include "base/part{n}.h"\n' for n in range(9)))
        self.names("includes 9 headers of ours", "check-style")

    # ---- check-machine-paths

    def test_machine_paths_accepts_the_good_tree(self):
        self.add("src/base/text.c", "/* /home/you/gauged, /var/lib/gauged, framework/x, $(top)/work/ */\n")
        self.accepts("check-machine-paths")

    def test_machine_paths_names_a_checkout(self):
        for place in ("/home/" "alice/gauged", "/wo" "rk/main/x", "/ro" "ot/.cache"):
            self.write("tools/thing", f"#!/bin/sh\ncd '{place}'\n")
            self.names(f"tools/thing:2: a path of one machine: {place}", "check-machine-paths")

    # ---- check-format

    def test_format_names_what_is_out_of_form(self):
        shutil.copy(os.path.join(HOUSE, "..", "..", ".clang-format"), self.top)
        if self.check("check-format")[0] == 77:
            self.skipTest("no clang-format 14")
        self.accepts("check-format")
        self.add("src/base/text.c", "\nint  text_ugly( void );\n")
        self.names("src/base/text.c:12", "check-format")

    def test_format_skips_without_its_tool(self):
        os.environ["CLANG_FORMAT"] = "/nonexistent"
        self.addCleanup(os.environ.pop, "CLANG_FORMAT")
        status, output = self.check("check-format")
        self.assertEqual(status, 77)
        self.assertIn("SKIP: clang-format 14", output)

    # ---- check-purity, check-globals, check-size: on a build of the tree

    def build(self, *flags):
        compiler = shlex.split(os.environ.get("CC", "cc"))
        for floor in sorted(os.listdir(os.path.join(self.top, "src"))):
            folder = os.path.join(self.top, "src", floor)
            made = []
            for name in sorted(os.listdir(folder)):
                if name.endswith(".c"):
                    made.append(os.path.join(folder, name[:-2] + ".o"))
                    subprocess.run(compiler + ["-O2", "-fPIE", *flags, "-I", os.path.join(self.top, "src"), "-c",
                                               os.path.join(folder, name), "-o", made[-1]], check=True)
            library = os.path.join(self.top, f"lib{floor}.a")
            if os.path.exists(library):
                os.unlink(library)
            subprocess.run(["ar", "cr", library] + made, check=True)

    def test_purity_accepts_strings_and_the_base(self):
        self.build()
        self.accepts("check-purity")

    def test_purity_fails_without_a_build(self):
        self.names("0 objects", "check-purity")

    def test_purity_names_output_that_the_compiler_renamed(self):
        self.add("src/conf/tree.c", '#include <stdio.h>\nvoid tree_show(void)\n{\n\tprintf("\\n");\n}\n')
        self.build()
        self.names("conf/tree.o: a pure floor may not call putchar()", "check-purity")

    def test_purity_names_a_clock(self):
        self.write("src/base/clock.c", LICENCE + "#include <time.h>\nlong clock_mono(void)\n{\n"
                   "\tstruct timespec t;\n\tclock_gettime(CLOCK_MONOTONIC, &t);\n\treturn t.tv_sec;\n}\n")
        self.build()
        self.accepts("check-purity")
        self.add("src/conf/tree.c", "long clock_mono(void);\nlong tree_time(void)\n{\n\treturn clock_mono();\n}\n")
        self.build()
        self.names("conf/tree.o: a pure floor may not call clock_mono()", "check-purity")

    def test_purity_names_a_call_that_another_file_owns(self):
        self.write("src/io/own.c", LICENCE + "#include <time.h>\nlong own_time(void)\n{\n\treturn time(0);\n}\n")
        self.build()
        self.names("io/own.o: time() belongs to base/clock.o", "check-purity")

    def test_purity_names_a_call_that_waits(self):
        self.write("src/io/own.c", LICENCE + "#include <unistd.h>\nvoid own_wait(void)\n{\n\tusleep(1);\n}\n")
        self.build()
        self.names("io/own.o: usleep() waits", "check-purity")

    def test_purity_skips_what_is_instrumented(self):
        self.build("-fsanitize=address")
        self.assertEqual(self.check("check-purity")[0], 77)

    def test_globals_accepts_constants(self):
        self.add("src/conf/tree.c", 'const char *const tree_names[] = {"a", "b"};\n')
        self.build()
        self.accepts("check-globals")

    def test_globals_names_variables(self):
        self.add("src/conf/tree.c", "static int tree_count;\nint tree_next(void)\n{\n\tstatic int last = 7;\n"
                 "\treturn tree_count++ + last++;\n}\nconst char *tree_names[] = {\"a\"};\n")
        self.build()
        self.names("'tree_count' (4 bytes) can change", "check-globals")
        # gcc numbers what stands in a function, clang says in which.
        status, output = self.check("check-globals")
        self.assertEqual(status, 1, output)
        self.assertRegex(output, r"'(last\.\d+|tree_next\.last)' \(4 bytes\) can change")
        self.names("'tree_names' (8 bytes) can change", "check-globals")

    def test_size_fails_on_variables_only(self):
        self.build()
        self.accepts("check-size", self.top, self.top)
        self.add("src/conf/tree.c", "char tree_room[100000];\n")
        self.build()
        self.names("over 0", "check-size", self.top, self.top)

    # ---- check-pages

    def test_pages_names_what_does_not_format(self):
        self.write("good.1", ".TH GOOD 1\n.SH NAME\ngood \\- a page\n")
        self.write("bad.1", ".TH BAD 1\n.SH NAME\nbad \\- a page\n.Nonsense\n")
        page = os.path.join(self.top, "good.1")
        if self.check("check-pages", page)[0] == 77:
            self.skipTest("no man")
        self.accepts("check-pages", page)
        self.names("'Nonsense' not defined", "check-pages", page, os.path.join(self.top, "bad.1"))

    # ---- check-faults

    FAULTS = "| row | fault | tested in |\n|---|---|---|\n| A1 | unplug | unit/test_line.c |\n"

    def test_faults_names_rows_that_tests_do_not_bear_out(self):
        self.write("tests/unit/test_line.c", "static void test_fault_A1_unplug(void **state)")
        self.write("docs/faults.md", self.FAULTS + "| A2 | replug | not tested: no time |\n")
        self.accepts("check-faults", self.top)
        self.write("docs/faults.md", self.FAULTS + "| A2 | replug | unit/test_line.c |\n")
        self.names("A2 is tested in no file", "check-faults", self.top)
        self.write("tests/system/test_more.py", "def test_fault_A2(): def fault_A10(): ")
        self.write("docs/faults.md", self.FAULTS + "| A2 | replug | not tested: no time |\n")
        self.names("A2 has tests: system/test_more.py", "check-faults", self.top)
        self.names("row A10 is missing", "check-faults", self.top)

    # ---- check-modbus-tests

    def test_modbus_tests_names_what_does_not_run(self):
        head = "| what comes | tests |\n|---|---|\n"
        self.write("tests/unit/test_x.c", "static void test_cut(void **state)\n{\n}\n"
                   "static void test_idle(void **state)\n{\n}\ncmocka_unit_test(test_cut);\n")
        self.write("docs/modbus-tests.md", head + "| a cut | `test_cut` |\n| a file | `unit/test_x.c` |\n"
                   "| rain | not tested: it is dry here |\n")
        self.accepts("check-modbus-tests", self.top)
        self.write("docs/modbus-tests.md", head + "| idle | `test_idle` |\n| more | `unit/no.c` |\n| none | later |\n")
        self.names("modbus-tests.md:3: there is no test test_idle", "check-modbus-tests", self.top)
        self.names("modbus-tests.md:4: there is no test unit/no.c", "check-modbus-tests", self.top)
        self.names("modbus-tests.md:5: names no test and no reason", "check-modbus-tests", self.top)

    # ---- check-manual: a page of our own, and programs that list what it should hold

    PAGE = ('.TH X.YAML 5\n.SH BUSES\n.\\" options: bus\n.TP\n.B baud\nSpeed. Default\n.BR 9600 .\n'
            ".TP\n.B stop_bits\nBits.\n.SH OTHER\n.TP\n.B free\nNo option.\n")

    def manual(self, page, options="", commands="ask check watch"):
        self.write("docs/x.yaml.5", page)
        self.write("docs/gaugectl.1", ".TH X 1\n.TP\n.B ask\nA.\n.TP\n.BI check \" FILE\"\nB.\n.TP\n\\fBwatch\\fR\nC.\n")
        listing = "x.yaml(5)\tbus\tbaud\t9600\t0\nx.yaml(5)\tbus\tstop_bits\t\t0\n" + options
        self.write("lister", f"#!/bin/sh\nprintf '%s' '{listing}'\n")
        self.write("ctl", "#!/bin/sh\n" + "".join(f"echo '  {name}   does it'\n" for name in commands.split()))
        arguments = [os.path.join(self.top, name) for name in ("lister", "ctl")]
        for path in arguments:
            os.chmod(path, 0o755)
        return [self.top] + arguments

    def test_manual_accepts_a_page_that_names_all(self):
        self.accepts("check-manual", *self.manual(self.PAGE))

    def test_manual_names_an_option_that_is_missing(self):
        self.names("the option 'parity' of a bus has no paragraph", "check-manual",
                   *self.manual(self.PAGE, "x.yaml(5)\tbus\tparity\tnone\t0\n"))

    def test_manual_names_an_option_in_the_wrong_section(self):
        self.names("the option 'baud' of a device has no paragraph", "check-manual",
                   *self.manual(self.PAGE, "x.yaml(5)\tdevice\tbaud\t\t0\n"))

    def test_manual_names_a_default_that_is_not_told(self):
        self.names("'baud' of a bus does not tell its default, 9600", "check-manual",
                   *self.manual(self.PAGE.replace("9600", "19200")))

    def test_manual_names_an_option_that_is_none(self):
        self.names("'speed' is no option of a bus", "check-manual",
                   *self.manual(self.PAGE.replace("Bits.\n", "Bits.\n.TP\n.B speed\nOld.\n")))

    def test_manual_names_what_a_page_without_marks_lacks(self):
        page = self.PAGE.replace('.\\" options: bus\n', "")
        self.accepts("check-manual", *self.manual(page))
        self.names("the option 'stop_bits' of a bus is not named in bold", "check-manual",
                   *self.manual(page.replace(".B stop_bits", "stop_bits")))

    def test_manual_names_a_table_that_is_not_listed(self):
        self.add("src/conf/tree.c", "".join(f"const struct option_table tree_{n} = {{0}};\n" for n in "ab"))
        self.names("1 option tables are listed, 2 are defined: tree_a tree_b", "check-manual",
                   *self.manual(self.PAGE))

    def test_manual_names_a_subcommand_that_is_missing(self):
        self.names("gaugectl(1): the subcommand 'reload' is not named", "check-manual",
                   *self.manual(self.PAGE, commands="ask check watch reload"))

    # ---- check-tests-run

    def test_tests_run_names_the_one_that_is_not(self):
        code = "static void test_a(void **state)\n{\n}\n\nstatic void test_b(void **state)\n{\n}\n"
        self.write("tests/unit/test_word.c", LICENCE + code + "run(test_a, test_b);\n")
        self.accepts("check-tests-run")
        self.write("tests/unit/test_word.c", LICENCE + code + "run(test_a);\n")
        self.names("tests/unit/test_word.c:7: test_b is run by nobody", "check-tests-run")

    def test_tests_run_knows_runners_that_find_them_by_name(self):
        self.write("tests/system/test_x.py", "def test_a():\n    pass\n\n\nlab.run()\n")
        self.names("tests/system/test_x.py:1: test_a is run by nobody", "check-tests-run")
        self.write("tests/system/test_x.py", "def test_a():\n    pass\n\n\nlab.run(test_a)\n")
        self.accepts("check-tests-run")
        self.write("tests/system/test_y.py", "def test_b():\n    pass\n\n\nunittest.main()\n")
        self.accepts("check-tests-run")

    def test_tests_run_fails_without_any(self):
        self.names("0 tests", "check-tests-run")

    # ---- check-messages

    def messages(self, code, *expected):
        """A floor that says something, and a test that expects these texts."""
        self.write("src/rules/word.c", LICENCE + code)
        self.write("tests/unit/test_word.c", LICENCE + "".join(f'assert_said("{text}");\n' for text in expected))

    def test_messages_accepts_what_a_test_expects_as_a_whole(self):
        self.messages('diag_error(diags, node, "unknown word \'%s\' at %u", word, at);\n', "unknown word 'x' at 7")
        self.accepts("check-messages")
        self.messages('diag_error(diags, node, "unknown word \'%s\' at %u", word, at);\n',
                      "t.yaml:1:2: error: unknown word 'x' at 7\\n    1 | x\\n")
        self.accepts("check-messages")
        self.messages('expr_error(source, 0, 1, "there is no %s", "such " "thing");\nexpr_hint(source, "write x");\n',
                      "there is no such thing", "      = hint: write x")
        self.accepts("check-messages")

    def test_messages_fails_without_any(self):
        self.names("0 messages", "check-messages")

    def test_messages_names_what_no_test_expects_as_a_whole(self):
        code = 'diag_error(diags, node, "unknown word \'%s\' at %u", word, at);\n'
        for other in ("", "unknown word 'x'", "an unknown word 'x' at 7", "unknown word 'x' at y"):
            self.messages(code, other)
            self.names("src/rules/word.c:3: no test expects: unknown word '%s' at %u", "check-messages")
        # A text of the house checks' own tests is none.
        self.write("tests/house/test_word.c", LICENCE + 'assert_said("unknown word \'x\' at 7");\n')
        self.names("no test expects: unknown word", "check-messages")
        # One in a comment is none either.
        self.write("tests/unit/test_word.c", LICENCE + "/* \"unknown word 'x' at 7\" */\n")
        self.names("no test expects: unknown word", "check-messages")

    def test_messages_names_each_variant(self):
        code = 'diag_error(diags, node, "no %s here", strcmp(x, "y") == 0 ? "bus" : "device");\n'
        self.messages(code, "no bus here", "no device here")
        self.accepts("check-messages")
        self.messages(code, "no bus here")
        self.names("no test expects: no %s here  with 'device'", "check-messages")

    def test_messages_names_a_format_that_any_text_would_fit(self):
        self.messages('diag_note(diags, "%s: %s", x, y);\n', "a: b")
        self.names("this could be any text: %s: %s", "check-messages")
        self.messages('diag_note(diags, "%s", x);\ndiag_note(diags, "of x");\n', "of x")
        self.accepts("check-messages")

    def test_messages_names_parts_of_messages_and_words_in_tables(self):
        self.messages('return parser_fail(parser, "a noun");\n', "expected a noun, got the end")
        self.accepts("check-messages")
        self.messages('return parser_fail(parser, "a noun");\n', "a noun")
        self.names("no test expects: expected a noun, got %s", "check-messages")
        code = 'static const char *const hints[] = {"write it otherwise"};\n'
        self.messages(code, "hint: write it otherwise")
        self.accepts("check-messages")
        self.messages(code, "hint: write it")
        self.names("no test expects: write it otherwise", "check-messages")

    def test_messages_leaves_help_and_what_only_the_compiler_reads(self):
        self.messages('diag_error(diags, node, "no such thing");\n'
                      '{.help = "what it is for " "and why"},\n'
                      '_Static_assert(sizeof("of this") == 8, "there is room");\n', "no such thing")
        self.accepts("check-messages")

    # ---- check-unit: the real unit, and what is wrong with it when something is left out

    def unit(self, change=lambda text: text):
        with open(os.path.join(HOUSE, "..", "..", "systemd", "gauged.service.in"), encoding="utf-8") as file:
            self.write("gauged.service", change(file.read().replace("@bindir@", "/usr/bin")))
        path = os.path.join(self.top, "gauged.service")
        if self.check("check-unit", path)[0] == 77:
            self.skipTest("no systemd-analyze")
        return path

    def test_unit_accepts_ours(self):
        self.accepts("check-unit", self.unit())

    def test_unit_names_what_is_less_hard(self):
        self.names("less hardened", "check-unit",
                   self.unit(lambda text: text.replace("CapabilityBoundingSet=\n", "")))

    def test_unit_names_root(self):
        self.names("does not say User=gauged", "check-unit",
                   self.unit(lambda text: text.replace("User=gauged\n", "")))

    def test_unit_names_what_systemd_does_not_know(self):
        self.names("verify complains", "check-unit",
                   self.unit(lambda text: text.replace("[Service]\n", "[Service]\nProtectEverything=yes\n")))

    def test_unit_names_a_placeholder(self):
        self.names("not substituted", "check-unit",
                   self.unit(lambda text: text.replace("ExecStart=/usr/bin", "ExecStart=@sbindir@")))

    def test_unit_names_hidden_callers(self):
        self.names("hides the uids", "check-unit",
                   self.unit(lambda text: text.replace("User=gauged\n", "User=gauged\nPrivateUsers=yes\n")))


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1)
