/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* YAML texts become trees with places, or are refused with a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "conf/yaml_syntax.h"
#include "conf_case.h"

/* What is said about a text that is refused. */
static void refuses_bytes(const char *text, size_t len, const char *said)
{
	struct conf_case c;

	conf_case_init(&c, text, len);
	assert_null(c.root);
	assert_string_equal(conf_case_said(&c), said);
	conf_case_done(&c);
}

static void refuses(const char *text, const char *said)
{
	refuses_bytes(text, strlen(text), said);
}

static void accepts(struct conf_case *c, const char *text, size_t len)
{
	conf_case_init(c, text, len);
	assert_string_equal(conf_case_said(c), "");
	assert_non_null(c->root);
}

/* fmt, count times, with the number of each: long texts for the caps. */
static void repeat(struct str *out, size_t count, const char *before, const char *after)
{
	for (size_t i = 0; i < count; i++)
		str_addf(out, "%s%zu%s", before, i, after);
}

static void test_tree_has_kinds_texts_and_places(void **state)
{
	static const char text[] = "site: plant-7 # where\n"
				   "list:\n"
				   "  - 'it''s'\n"
				   "  - {a: \"\\u00e9\", b: }\n"
				   "empty:\n";
	const struct yaml_node *node;
	struct conf_case c;

	(void)state;
	accepts(&c, text, strlen(text));
	assert_int_equal(c.root->kind, YAML_MAP);
	assert_int_equal(c.root->count, 3);
	node = conf_case_get(&c, "site");
	assert_string_equal(node->text, "plant-7");
	assert_true(node->plain);
	assert_int_equal(node->line, 1);
	assert_int_equal(node->column, 7);
	assert_int_equal(node->from, 6);
	assert_int_equal(node->to, 13);
	assert_string_equal(yaml_key(c.root, "list")->text, "list");
	assert_int_equal(yaml_key(c.root, "list")->line, 2);
	node = conf_case_get(&c, "list");
	assert_int_equal(node->kind, YAML_SEQ);
	assert_int_equal(node->count, 2);
	assert_string_equal(node->values[0]->text, "it's");
	assert_false(node->values[0]->plain);
	assert_int_equal(node->values[0]->from, 32);
	assert_int_equal(node->values[0]->to, 39);
	assert_int_equal(node->values[1]->kind, YAML_MAP);
	assert_string_equal(yaml_get(node->values[1], "a")->text, "\xc3\xa9");
	assert_true(yaml_is_null(yaml_get(node->values[1], "b")));
	/* A block ends with its last child, not where the next token is noticed. */
	assert_int_equal(node->to, strstr(text, "}") - text + 1);
	assert_true(yaml_is_null(conf_case_get(&c, "empty")));
	assert_null(yaml_get(c.root, "lis"));
	assert_null(yaml_get(node, "site"));
	assert_null(yaml_key(NULL, "site"));
	conf_case_done(&c);
}

static void test_columns_count_characters_when_text_is_not_ascii(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "k\xc3\xa9y: {\xf0\x9f\x94\xa5: a}\r\n"
				   "second: b\rthird: c\n";
	const struct yaml_node *node;
	struct conf_case c;

	(void)state;
	accepts(&c, text, strlen(text));
	node = conf_case_get(&c, "k\xc3\xa9y");
	assert_int_equal(node->column, 6);
	assert_int_equal(node->from, 3 + 6);
	node = conf_case_get(&c, "k\xc3\xa9y.\xf0\x9f\x94\xa5");
	assert_int_equal(node->column, 10);
	assert_int_equal(node->from, 3 + 13);
	assert_int_equal(conf_case_get(&c, "second")->line, 2);
	assert_int_equal(conf_case_get(&c, "second")->column, 9);
	assert_int_equal(conf_case_get(&c, "third")->line, 3);
	assert_int_equal(conf_case_get(&c, "third")->column, 8);
	conf_case_done(&c);
}

static void test_empty_texts_are_empty_maps(void **state)
{
	static const char *const texts[] = {"",	   "\n",	   "# only words\n", "---\n",
					    "~\n", "\xef\xbb\xbf", "---\n...\n"};
	struct conf_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		accepts(&c, texts[i], strlen(texts[i]));
		assert_int_equal(c.root->kind, YAML_MAP);
		assert_int_equal(c.root->count, 0);
		assert_int_equal(c.root->line, 1);
		conf_case_done(&c);
	}
}

static void test_null_is_known_by_its_plain_forms(void **state)
{
	static const char text[] = "[~, null, Null, NULL, '', 'null', nil, {a: }]";
	static const bool null[] = {true, true, true, true, false, false, false};
	struct conf_case c;

	(void)state;
	accepts(&c, text, strlen(text));
	for (size_t i = 0; i < ARRAY_SIZE(null); i++)
		assert_int_equal(yaml_is_null(c.root->values[i]), null[i]);
	assert_false(yaml_is_null(c.root));
	conf_case_done(&c);
}

static void test_kind_words_say_what_is_there(void **state)
{
	static const char text[] = "[{}, [], '1', 1, 0x1f, 1.5e3, true, FALSE, on, ~, x, 1x]";
	static const char *const words[] = {
		"a map",	 "a list",	  "a text", "a number", "a number", "a number",
		"true or false", "true or false", "a text", "nothing",	"a text",   "a text"};
	struct conf_case c;

	(void)state;
	accepts(&c, text, strlen(text));
	assert_int_equal(c.root->count, ARRAY_SIZE(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_string_equal(yaml_kind_words(c.root->values[i]), words[i]);
	conf_case_done(&c);
}

static void test_equal_ignores_styles_and_places(void **state)
{
	static const char text[] = "a: {x: [1, two], y: |\n  line\n  }\n";
	static const char base[] = "a: {x: [1, two], y: z}\nb: 1\n";
	static const struct {
		const char *text;
		bool equal;
	} cases[] = {
		{"\n\na:\n  'x': [1, \"two\"]\n  y: z\nb:   1\n", true},
		{"a: {x: [two, 1], y: z}\nb: 1\n", false},
		{"a: {x: [1, two], z: z}\nb: 1\n", false},
		{"a: {x: [1, two], y: z}\nb: {}\n", false},
		{"a: {x: [1, two], y: z}\nb: ''\n", false},
		{"a: {x: [1], y: z}\nb: 1\n", false},
		{"b: 1\na: {x: [1, two], y: z}\n", false},
	};
	struct conf_case c, d;

	(void)state;
	(void)text;
	accepts(&c, base, strlen(base));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		accepts(&d, cases[i].text, strlen(cases[i].text));
		assert_int_equal(yaml_equal(c.root, d.root), cases[i].equal);
		conf_case_done(&d);
	}
	conf_case_done(&c);
}

static void test_syntax_errors_say_what_to_do(void **state)
{
	(void)state;
	refuses("a: \"x\nb: 1\n", "t.yaml:1:4: error: this quote is never closed\n"
				  "    1 | a: \"x\n"
				  "      |    ^\n");
	refuses("a: b: c\n",
		"t.yaml:1:5: error: a ':' cannot stand here\n"
		"    1 | a: b: c\n"
		"      |     ^\n"
		"      = hint: put a text that holds ': ' in quotes, and give the keys of one "
		"map one indentation\n");
	refuses("a: [1, 2\nb: c\n", "t.yaml:2:2: error: expected ',' or ']' in the list\n"
				    "    2 | b: c\n"
				    "      |  ^\n"
				    "      = it begins at t.yaml:1:4\n");
	refuses("a:\n  b: c\n d: 1\n",
		"t.yaml:3:2: error: expected a key here\n"
		"    3 |  d: 1\n"
		"      |  ^\n"
		"      = hint: give all keys of one map one indentation, and close quotes and "
		"brackets\n");
	refuses("a: @x\n", "t.yaml:1:4: error: a text cannot begin with '@'\n"
			   "    1 | a: @x\n"
			   "      |    ^\n"
			   "      = hint: put it in quotes\n");
	refuses("m: \"\\d\"\n",
		"t.yaml:1:5: error: unknown escape in double quotes\n"
		"    1 | m: \"\\d\"\n"
		"      |     ^\n"
		"      = hint: a backslash stands for itself in single quotes\n");
	refuses("a: 1\nb\n", "t.yaml:2:1: error: expected a ':' behind this key\n"
			     "    2 | b\n"
			     "      | ^\n");
}

/* libyaml words things in its own way: each text of its that people may run into has ours. */
static void test_every_syntax_error_has_words_of_ours(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *message;
		const char *notes; /* or NULL */
	} cases[] = {
		{"a: 'x", 1, 4, "this quote is never closed", NULL},
		{"a: 'x\n---\n", 1, 4, "this quote is never closed", NULL},
		{"a: 1\nlong word\nb: 2\n", 2, 1, "expected a ':' behind this key", NULL},
		{"a: - x\n", 1, 4, "a list's '-' cannot stand here",
		 "hint: begin the list on a line of its own"},
		{"a:\n  - x\n  y: 1\n", 3, 3, "expected another '-' of the list",
		 "hint: give all items of the list one indentation"},
		{"a: [b\n", 2, 1, "expected ',' or ']' in the list", "it begins at t.yaml:1:4"},
		{"a: {b: 1, c: [}\n", 1, 15, "expected a value here", NULL},
		{"a: {b: 'x' y}\n", 1, 12, "expected ',' or '}' in the map", NULL},
		{"a: {b:[1]}\n", 1, 6, "expected a blank behind this ':'",
		 "hint: write 'name: value', and put a text that holds a ':' in quotes"},
		{"a: \"\\xg0\"\n", 1, 7,
		 "this escape needs hexadecimal digits: \\x41, \\u00e9 or \\U0001f525", NULL},
		{"a: \"\\ud800\"\n", 1, 7, "this escape is no Unicode character", NULL},
		{"a: 'x' y\n", 1, 8, "expected a key here",
		 "hint: give all keys of one map one indentation, and close quotes and "
		 "brackets"},
		{"  a: 1\nb: 2\n", 2, 1, "expected the end of the file here",
		 "hint: give all keys of the file one indentation"},
		{"a: [b, ? c: ? d]\n", 1, 13, "expected a value here", NULL},
		{"a: ? b\n", 1, 4, "a '?' cannot stand here",
		 "hint: put a text that begins with '? ' in quotes"},
		{"a: | x\n", 1, 6, "expected the end of the line behind this '|' or '>'",
		 "hint: put a text that begins with '|' or '>' in quotes"},
		{"a: |0\n", 1, 5, "the indentation behind '|' or '>' is a digit from 1 to 9",
		 NULL},
		{"a: *.yaml\n", 1, 4, "a text cannot begin with '*'", "hint: put it in quotes"},
		{"a: &.x\n", 1, 4, "a text cannot begin with '&'", "hint: put it in quotes"},
		{"a: !<x y\n", 1, 4, "a text cannot begin with '!'", "hint: put it in quotes"},
		{"a: !x!y z\n", 1, 4, "a text cannot begin with '!'", "hint: put it in quotes"},
		{"a: `ls`\n", 1, 4, "a text cannot begin with '`'", "hint: put it in quotes"},
		{"x:\n    a: 1\n\tb: 2\n", 3, 1, "a tab cannot indent",
		 "hint: this line is indented with a tab; YAML wants spaces"},
	};
	struct conf_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct diag *diag;

		conf_case_init(&c, cases[i].text, strlen(cases[i].text));
		assert_null(c.root);
		assert_int_equal(diags_errors(c.diags), 1);
		diag = diags_get(c.diags, 0);
		assert_string_equal(diag->message, cases[i].message);
		assert_string_equal(diag->notes != NULL ? diag->notes : "",
				    cases[i].notes != NULL ? cases[i].notes : "");
		assert_int_equal(diag->line, cases[i].line);
		assert_int_equal(diag->column, cases[i].column);
		conf_case_done(&c);
	}
}

/* Those of a later libyaml, perhaps. */
static void test_words_that_nobody_knows_are_passed_on(void **state)
{
	const struct yaml_syntax syntax = {.problem = "found a surprise", .problem_at = 3};
	struct conf_case c;

	(void)state;
	conf_case_init(&c, "a: b\n", 5);
	yaml_syntax_error(c.diags, &c.source, &syntax);
	assert_string_equal(conf_case_said(&c),
			    "t.yaml:1:4: error: this is no YAML: found a surprise\n"
			    "    1 | a: b\n"
			    "      |    ^\n");
	conf_case_done(&c);
}

static void test_tab_is_named_when_it_indents(void **state)
{
	static const char hint[] =
		"      = hint: this line is indented with a tab; YAML wants spaces\n";
	static const char *const texts[] = {"a:\n\tb: 1\n", "x:\n    a: 1\n\tb: 2\n",
					    "a: 1\n \tb: 2\n", "a:\n  - b\n\t- c\n"};
	struct conf_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		conf_case_init(&c, texts[i], strlen(texts[i]));
		assert_null(c.root);
		assert_non_null(strstr(conf_case_said(&c), hint));
		conf_case_done(&c);
	}
	refuses("a:\n\tb: 1\n", "t.yaml:2:1: error: a tab cannot stand here\n"
				"    2 |         b: 1\n"
				"      | ^~~~~~~~\n"
				"      = hint: this line is indented with a tab; YAML wants "
				"spaces\n");
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	refuses("a: \xff\n", "t.yaml:1:4: error: byte ff is not UTF-8: save the file as UTF-8\n"
			     "    1 | a: \\xff\n"
			     "      |    ^~~~\n");
	refuses_bytes("a: b\0c\n", 7,
		      "t.yaml:1:5: error: byte 00 is a NUL byte: this is no text file\n"
		      "    1 | a: b\\x00c\n"
		      "      |     ^~~~\n");
	refuses_bytes("\xff\xfe"
		      "a\0:\0",
		      6,
		      "t.yaml:1:1: error: the file is UTF-16: save it as UTF-8\n"
		      "    1 | \\xff\\xfea\\x00:\\x00\n"
		      "      | ^~~~~~~~\n");
	refuses("a: \x1b[2J\n",
		"t.yaml:1:4: error: byte 1b is a control character: delete it, or write it as "
		"an escape in double quotes\n"
		"    1 | a: \\x1b[2J\n"
		"      |    ^~~~\n");
	refuses("a: b\xe2\x80\xa8"
		"c: d\n",
		"t.yaml:1:5: error: the character e2 80 a8 is an invisible line separator: delete it\n"
		"    1 | a: b\xe2\x80\xa8"
		"c: d\n"
		"      |     ^\n");
	refuses("a: b\xef\xbb\xbf",
		"t.yaml:1:5: error: the character ef bb bf is a byte order mark, which belongs at the "
		"start of a file only: delete it\n"
		"    1 | a: b\xef\xbb\xbf\n"
		"      |     ^\n");
	refuses("a: b\xef\xbf\xbf",
		"t.yaml:1:5: error: the character ef bf bf is no character: delete it\n"
		"    1 | a: b\xef\xbf\xbf\n"
		"      |     ^\n");
	/* cut in the middle of a character, and a surrogate */
	refuses("\xc3", "t.yaml:1:1: error: byte c3 is not UTF-8: save the file as UTF-8\n"
			"    1 | \\xc3\n"
			"      | ^~~~\n");
	refuses("\xed\xa0\x80",
		"t.yaml:1:1: error: byte ed is not UTF-8: save the file as UTF-8\n"
		"    1 | \\xed\\xa0\\x80\n"
		"      | ^~~~\n");
}

static void test_escaped_nul_is_kept_in_values_and_refused_in_keys(void **state)
{
	static const char text[] = "a: \"x\\0y\"\n";
	struct conf_case c;

	(void)state;
	accepts(&c, text, strlen(text));
	assert_int_equal(conf_case_get(&c, "a")->len, 3);
	assert_memory_equal(conf_case_get(&c, "a")->text, "x\0y", 4);
	conf_case_done(&c);
	refuses("\"a\\0\": 1\n", "t.yaml:1:1: error: a key cannot hold a NUL character\n"
				 "    1 | \"a\\0\": 1\n"
				 "      | ^~~~~\n");
}

static void test_what_is_not_used_here_is_refused(void **state)
{
	(void)state;
	refuses("a: !!str 1\n%: 2\n",
		"t.yaml:2:1: error: a line cannot begin with '%'\n"
		"    2 | %: 2\n"
		"      | ^\n"
		"      = hint: YAML directives are not used here; indent the line or put the "
		"text in quotes on one line\n");
	refuses("a: !!str 1\nb: !x {}\n",
		"t.yaml:1:4: error: tags, which begin with '!', are not used here\n"
		"    1 | a: !!str 1\n"
		"      |    ^\n"
		"      = hint: put a text that begins with '!' in quotes\n"
		"t.yaml:2:4: error: tags, which begin with '!', are not used here\n"
		"    2 | b: !x {}\n"
		"      |    ^\n"
		"      = hint: put a text that begins with '!' in quotes\n");
	refuses("a: 1\n---\nb: 1\n",
		"t.yaml:2:1: error: a second document begins here, and a file holds only one\n"
		"    2 | ---\n"
		"      | ^~~\n"
		"      = hint: delete the '---', or put the rest in a file of its own\n");
	refuses("url: {{ address }}\n",
		"t.yaml:1:7: error: a key must be a text, not a map\n"
		"    1 | url: {{ address }}\n"
		"      |       ^\n"
		"      = hint: put a text that begins with '{' in quotes\n");
	refuses("? [a, b]\n: 1\n", "t.yaml:1:3: error: a key must be a text, not a list\n"
				   "    1 | ? [a, b]\n"
				   "      |   ^\n"
				   "      = hint: put a text that begins with '[' in quotes\n");
	refuses("'': 1\n", "t.yaml:1:1: error: expected a key before the ':'\n"
			   "    1 | '': 1\n"
			   "      | ^~\n");
}

static void fault_F4_alias_bomb_is_refused_unexpanded(void **state)
{
	static const char bomb[] = "a: &a [x, x]\n"
				   "b: &b [*a, *a]\n";

	(void)state;
	refuses(bomb,
		"t.yaml:1:4: error: anchors such as '&a' are not used here\n"
		"    1 | a: &a [x, x]\n"
		"      |    ^\n"
		"      = hint: write the value out, or put a text that begins with '&' in "
		"quotes\n"
		"t.yaml:2:4: error: anchors such as '&b' are not used here\n"
		"    2 | b: &b [*a, *a]\n"
		"      |    ^\n"
		"      = hint: write the value out, or put a text that begins with '&' in "
		"quotes\n"
		"t.yaml:2:8: error: aliases such as '*a' are not used here\n"
		"    2 | b: &b [*a, *a]\n"
		"      |        ^~\n"
		"      = hint: write the value out, or put a text that begins with '*' in "
		"quotes\n"
		"t.yaml:2:12: error: aliases such as '*a' are not used here\n"
		"    2 | b: &b [*a, *a]\n"
		"      |            ^~\n"
		"      = hint: write the value out, or put a text that begins with '*' in "
		"quotes\n");
}

static void fault_F4_cyclic_alias_is_refused(void **state)
{
	struct conf_case c;

	(void)state;
	conf_case_init(&c, "a: &a {b: *a}\n", 14);
	assert_null(c.root);
	assert_int_equal(diags_errors(c.diags), 2);
	assert_string_equal(diags_get(c.diags, 1)->message,
			    "aliases such as '*a' are not used here");
	conf_case_done(&c);
}

static void fault_F4_duplicate_keys_name_both_places(void **state)
{
	(void)state;
	refuses("a: 1\nb: {x: 1, y: 2, 'x': 3}\n\"a\": 2\na: 3\n",
		"t.yaml:2:17: error: 'x' stands twice in this map\n"
		"    2 | b: {x: 1, y: 2, 'x': 3}\n"
		"      |                 ^~~\n"
		"      = first at t.yaml:2:5\n"
		"t.yaml:3:1: error: 'a' stands twice in this map\n"
		"    3 | \"a\": 2\n"
		"      | ^~~\n"
		"      = first at t.yaml:1:1\n"
		"t.yaml:4:1: error: 'a' stands twice in this map\n"
		"    4 | a: 3\n"
		"      | ^\n"
		"      = first at t.yaml:1:1\n");
}

static void fault_F4_depth_is_kept_at_32(void **state)
{
	char text[YAML_MAX_DEPTH * 2 + 3];
	struct conf_case c;

	(void)state;
	memset(text, '[', YAML_MAX_DEPTH);
	memset(text + YAML_MAX_DEPTH, ']', YAML_MAX_DEPTH);
	accepts(&c, text, 2 * YAML_MAX_DEPTH);
	conf_case_done(&c);
	memset(text, '[', YAML_MAX_DEPTH + 1);
	memset(text + YAML_MAX_DEPTH + 1, ']', YAML_MAX_DEPTH + 1);
	conf_case_init(&c, text, 2 * YAML_MAX_DEPTH + 2);
	assert_null(c.root);
	assert_int_equal(diags_count(c.diags), 1);
	assert_string_equal(diags_get(c.diags, 0)->message,
			    "maps and lists are nested more than 32 deep");
	assert_int_equal(diags_get(c.diags, 0)->column, 33);
	conf_case_done(&c);
}

static void fault_F4_nodes_are_kept_at_100000(void **state)
{
	struct conf_case c;
	struct str text;

	(void)state;
	/* the map itself, 49,999 keys with values, and one more scalar in a list */
	str_init(&text);
	repeat(&text, YAML_MAX_NODES / 2 - 1, "k", ": 1\n");
	accepts(&c, text.s, text.len);
	assert_int_equal(c.root->count, YAML_MAX_NODES / 2 - 1);
	conf_case_done(&c);
	str_clear(&text);
	repeat(&text, YAML_MAX_NODES - 1, "- ", "\n");
	accepts(&c, text.s, text.len);
	conf_case_done(&c);
	str_adds(&text, "- x\n");
	conf_case_init(&c, text.s, text.len);
	assert_null(c.root);
	assert_int_equal(diags_count(c.diags), 1);
	assert_string_equal(diags_get(c.diags, 0)->message,
			    "the file has more than 100000 keys and values");
	assert_int_equal(diags_get(c.diags, 0)->line, YAML_MAX_NODES);
	conf_case_done(&c);
	str_done(&text);
}

static void fault_F4_size_is_kept_at_a_mebibyte(void **state)
{
	char *text = xmalloc(YAML_MAX_BYTES + 1);
	struct conf_case c;

	(void)state;
	memset(text, '#', YAML_MAX_BYTES + 1);
	accepts(&c, text, YAML_MAX_BYTES);
	conf_case_done(&c);
	conf_case_init(&c, text, YAML_MAX_BYTES + 1);
	assert_null(c.root);
	assert_string_equal(diags_get(c.diags, 0)->message,
			    "the file has 1048577 bytes, and more than 1048576 are not read");
	conf_case_done(&c);
	free(text);
}

/*
 * Texts that libyaml takes seconds to minutes for. The time is not asserted (machines are
 * shared); a run that takes minutes is seen by whoever waits for it.
 */
static void fault_F4_bombs_end_at_once(void **state)
{
	static const char *const units[] = {
		"[",	"{",	"- ",  "? ",  "[[],", "%TAG !a! x\n", "a: 1\n...\n%TAG !a! x\n",
		"{a: ", "- - ", "? [", "&a ", "!a "};
	char *text = xmalloc(YAML_MAX_BYTES);
	struct conf_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t unit = strlen(units[i]), len = 0;

		for (; len + unit <= YAML_MAX_BYTES; len += unit)
			memcpy(text + len, units[i], unit);
		conf_case_init(&c, text, len);
		assert_null(c.root);
		assert_in_range(diags_errors(c.diags), 1, 2);
		conf_case_done(&c);
	}
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_has_kinds_texts_and_places),
		cmocka_unit_test(test_columns_count_characters_when_text_is_not_ascii),
		cmocka_unit_test(test_empty_texts_are_empty_maps),
		cmocka_unit_test(test_null_is_known_by_its_plain_forms),
		cmocka_unit_test(test_kind_words_say_what_is_there),
		cmocka_unit_test(test_equal_ignores_styles_and_places),
		cmocka_unit_test(test_syntax_errors_say_what_to_do),
		cmocka_unit_test(test_every_syntax_error_has_words_of_ours),
		cmocka_unit_test(test_words_that_nobody_knows_are_passed_on),
		cmocka_unit_test(test_tab_is_named_when_it_indents),
		cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
		cmocka_unit_test(test_escaped_nul_is_kept_in_values_and_refused_in_keys),
		cmocka_unit_test(test_what_is_not_used_here_is_refused),
		cmocka_unit_test(fault_F4_alias_bomb_is_refused_unexpanded),
		cmocka_unit_test(fault_F4_cyclic_alias_is_refused),
		cmocka_unit_test(fault_F4_duplicate_keys_name_both_places),
		cmocka_unit_test(fault_F4_depth_is_kept_at_32),
		cmocka_unit_test(fault_F4_nodes_are_kept_at_100000),
		cmocka_unit_test(fault_F4_size_is_kept_at_a_mebibyte),
		cmocka_unit_test(fault_F4_bombs_end_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
