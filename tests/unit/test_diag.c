/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Errors point at the right place, whatever style the scalar has, and are shown safely. */
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
#include "conf/place.h"
#include "conf/yaml.h"
#include "conf_case.h"

/* An error at the first place of word inside the scalar 'when', and how it is shown. */
static void points(const char *text, const char *word, const char *said)
{
	const struct yaml_node *when;
	struct conf_case c;
	const char *at;

	conf_case_init(&c, text, strlen(text));
	assert_string_equal(conf_case_said(&c), "");
	when = conf_case_get(&c, "when");
	at = strstr(when->text, word);
	assert_non_null(at);
	diag_error_in(c.diags, when, (size_t)(at - when->text), strlen(word), "here");
	assert_string_equal(conf_case_said(&c), said);
	conf_case_done(&c);
}

static void test_place_in_plain_scalar(void **state)
{
	(void)state;
	points("x: 1\nwhen: a > 80 and b < 3  # why\n", "b < 3",
	       "t.yaml:2:18: error: here\n"
	       "    2 | when: a > 80 and b < 3  # why\n"
	       "      |                  ^~~~~\n");
	points("when: first\n   and second\n\n   third  \n   fourth\n", "second",
	       "t.yaml:2:8: error: here\n"
	       "    2 |    and second\n"
	       "      |        ^~~~~~\n");
	points("when: first\n   and second\n\n   third  \n   fourth\n", "fourth",
	       "t.yaml:5:4: error: here\n"
	       "    5 |    fourth\n"
	       "      |    ^~~~~~\n");
	points("{when: caf\xc3\xa9 > x, y: 1}\n", "x",
	       "t.yaml:1:15: error: here\n"
	       "    1 | {when: caf\xc3\xa9 > x, y: 1}\n"
	       "      |               ^\n");
}

static void test_place_in_single_quotes(void **state)
{
	(void)state;
	points("when: 'a == ''on'' and b'\n", "b",
	       "t.yaml:1:24: error: here\n"
	       "    1 | when: 'a == ''on'' and b'\n"
	       "      |                        ^\n");
	points("when: 'a == ''on'' and b'\n", "'on'",
	       "t.yaml:1:13: error: here\n"
	       "    1 | when: 'a == ''on'' and b'\n"
	       "      |             ^~~~~~\n");
	points("when: 'one  \n\n   \n   two three'\n", "three",
	       "t.yaml:4:8: error: here\n"
	       "    4 |    two three'\n"
	       "      |        ^~~~~\n");
}

static void test_place_in_double_quotes(void **state)
{
	(void)state;
	points("when: \"boiler.temp > 80 \\x61nd boiler.pressure < 3[kg/h]\"\n", "<",
	       "t.yaml:1:48: error: here\n"
	       "    1 | when: \"boiler.temp > 80 \\x61nd boiler.pressure < 3[kg/h]\"\n"
	       "      |                                                ^\n");
	points("when: \"boiler.temp > 80 \\x61nd x\"\n", "and",
	       "t.yaml:1:25: error: here\n"
	       "    1 | when: \"boiler.temp > 80 \\x61nd x\"\n"
	       "      |                         ^~~~~~\n");
	points("when: \"\\u00e9\\t\\\"\\U0001F525 \\L\\P\\N\\_ x\"\n", "x",
	       "t.yaml:1:38: error: here\n"
	       "    1 | when: \"\\u00e9\\t\\\"\\U0001F525 \\L\\P\\N\\_ x\"\n"
	       "      |                                      ^\n");
	points("when: \"one \\\n    two\\\n\n   three\n   four\"\n", "two",
	       "t.yaml:2:5: error: here\n"
	       "    2 |     two\\\n"
	       "      |     ^~~\n");
	points("when: \"one \\\n    two\\\n\n   three\n   four\"\n", "three",
	       "t.yaml:4:4: error: here\n"
	       "    4 |    three\n"
	       "      |    ^~~~~\n");
	points("when: \"one \\\n    two\\\n\n   three\n   four\"\n", "four",
	       "t.yaml:5:4: error: here\n"
	       "    5 |    four\"\n"
	       "      |    ^~~~\n");
}

static void test_place_in_literal_block(void **state)
{
	(void)state;
	points("when: |  # why\n  a > 1\n    and b\n\n  or c\n", "b",
	       "t.yaml:3:9: error: here\n"
	       "    3 |     and b\n"
	       "      |         ^\n");
	points("when: |  # why\n  a > 1\n    and b\n\n  or c\n", "or c",
	       "t.yaml:5:3: error: here\n"
	       "    5 |   or c\n"
	       "      |   ^~~~\n");
	/* the indentation is told, and the text begins with blanks and empty lines */
	points("x:\nwhen: |2-\n\n \n     a > 1\n   b\n", "a",
	       "t.yaml:5:6: error: here\n"
	       "    5 |      a > 1\n"
	       "      |      ^\n");
	points("x:\nwhen: |2-\n\n \n     a > 1\n   b\n", "b",
	       "t.yaml:6:4: error: here\n"
	       "    6 |    b\n"
	       "      |    ^\n");
	points("when: |\r\n  a\r\n  b\r\n", "b",
	       "t.yaml:3:3: error: here\n"
	       "    3 |   b\n"
	       "      |   ^\n");
}

static void test_place_in_folded_block(void **state)
{
	(void)state;
	points("when: >\n  a > 1\n  and b\n", "and b",
	       "t.yaml:3:3: error: here\n"
	       "    3 |   and b\n"
	       "      |   ^~~~~\n");
	points("when: >\n\n  one\n  two\n\n\n  three\n    four\n  five\n\n  six\n", "three",
	       "t.yaml:7:3: error: here\n"
	       "    7 |   three\n"
	       "      |   ^~~~~\n");
	points("when: >\n\n  one\n  two\n\n\n  three\n    four\n  five\n\n  six\n", "four",
	       "t.yaml:8:5: error: here\n"
	       "    8 |     four\n"
	       "      |     ^~~~\n");
	points("when: >\n\n  one\n  two\n\n\n  three\n    four\n  five\n\n  six\n", "six",
	       "t.yaml:11:3: error: here\n"
	       "   11 |   six\n"
	       "      |   ^~~\n");
}

/*
 * The walk against libyaml itself: every letter of a value has to be found as that letter in
 * the file, and the next one further down.
 */
static void test_place_agrees_with_the_decoder_for_every_letter(void **state)
{
	static const char *const texts[] = {
		"when: a b\n  c\n\n\n   d   e\n",
		"when: 'a''b  \n   \n  c\n  d''''e  f'\n",
		"when: \"a\\x2e\\u2028b\\\n \n   c\\ \\\n  d  \n\n  \\/e f\"\n",
		"when: |\n\n a\n   b\n\n\n c\td\n  \n e\n\n",
		"when: |3\n     a\n   b\n\n    c d\n",
		"when: >-\n\n\n a\n b\n   c\n   d\n\n e\n\n f\n \tg\n h\n",
		"when: >+\n   a\n    \n   b\n     \n   c\n   d\n\n\n",
		"- x\n- when: >1\n     a\n   b\n   c\n\n   d\n",
		"when: \"\\xe9 a \\e\\a \xe2\x82\xac b\"\n",
	};
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct yaml_node *when;
		size_t from, to, last = 0;
		struct conf_case c;

		conf_case_init(&c, texts[i], strlen(texts[i]));
		assert_string_equal(conf_case_said(&c), "");
		when = c.root->kind == YAML_SEQ ? yaml_get(c.root->values[1], "when")
						: yaml_get(c.root, "when");
		for (size_t j = 0; j < when->len; j++) {
			if (strchr("abcdefgh", when->text[j]) == NULL)
				continue;
			place_in_scalar(when, j, 1, &from, &to);
			assert_int_equal(to, from + 1);
			assert_int_equal(texts[i][from], when->text[j]);
			assert_true(from >= last);
			last = to;
			found++;
		}
		conf_case_done(&c);
	}
	assert_true(found > 40);
}

static void test_place_at_the_end_is_behind_the_last_character(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{"when: a >\n", 9},	     {"when: 'a >'\n", 10},
		{"when: \"a \\x3e\"\n", 13}, {"when: |\n  a >\n\n", 13},
		{"when: >\n  a >\n", 13},    {"when: ''\n", 6},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct yaml_node *when;
		struct conf_case c;
		size_t from, to;

		conf_case_init(&c, cases[i].text, strlen(cases[i].text));
		when = conf_case_get(&c, "when");
		place_in_scalar(when, when->len, 1, &from, &to);
		assert_int_equal(from, cases[i].at);
		/* far behind is the same */
		place_in_scalar(when, when->len + 1000, 1000, &from, &to);
		assert_int_equal(from, cases[i].at);
		/* and a length that is too long ends with the text */
		place_in_scalar(when, 0, SIZE_MAX, &from, &to);
		assert_true(to <= when->to);
		conf_case_done(&c);
	}
}

static void shows(const char *text, size_t from, size_t len, const char *said)
{
	struct conf_case c;

	conf_case_init(&c, "", 0);
	c.source.text = text;
	c.source.len = strlen(text);
	diag_error_at(c.diags, &c.source, from, len, "here");
	assert_string_equal(conf_case_said(&c), said);
	conf_case_done(&c);
}

static void test_excerpt_shows_tabs_as_blanks(void **state)
{
	(void)state;
	shows("\ta:\tb\n", 4, 1,
	      "t.yaml:1:5: error: here\n"
	      "    1 |         a:      b\n"
	      "      |                 ^\n");
}

static void test_excerpt_counts_cells_when_characters_are_wide_or_none(void **state)
{
	(void)state;
	shows("\xe6\xb8\xa9\xe5\xba\xa6: x\n", 8, 1,
	      "t.yaml:1:5: error: here\n"
	      "    1 | \xe6\xb8\xa9\xe5\xba\xa6: x\n"
	      "      |       ^\n");
	shows("e\xcc\x81: x\n", 5, 1,
	      "t.yaml:1:5: error: here\n"
	      "    1 | e\xcc\x81: x\n"
	      "      |    ^\n");
	/* what turns the direction of text is shown, not done */
	shows("a\xe2\x80\xae: x\n", 6, 1,
	      "t.yaml:1:5: error: here\n"
	      "    1 | a\\xe2\\x80\\xae: x\n"
	      "      |                ^\n");
}

static void test_excerpt_cuts_long_lines_around_the_place(void **state)
{
	static const char ten[] = "0123456789";
	struct str line;

	(void)state;
	str_init(&line);
	for (int i = 0; i < 20; i++)
		str_adds(&line, ten);
	shows(line.s, 3, 200,
	      "t.yaml:1:4: error: here\n"
	      "    1 | 0123456789012345678901234567890123456789012345678901234567890123456789"
	      "012345678901234...\n"
	      "      |    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"
	      "~~~~~~~~~~~~~~~~~\n");
	shows(line.s, 100, 5,
	      "t.yaml:1:101: error: here\n"
	      "    1 | ...3456789012345678901234567890123456789012345678901234567890123456789"
	      "012345678901234...\n"
	      "      |                                         ^~~~~\n");
	shows(line.s, 198, 1,
	      "t.yaml:1:199: error: here\n"
	      "    1 | ...5678901234567890123456789012345678901234567890123456789012345678901"
	      "234567890123456789\n"
	      "      |                                                                       "
	      "                ^\n");
	/* a megabyte in one line costs no more than what is shown of it */
	while (line.len < 1 << 20)
		str_adds(&line, ten);
	shows(line.s, 500000, 1,
	      "t.yaml:1:500001: error: here\n"
	      "    1 | ...3456789012345678901234567890123456789012345678901234567890123456789"
	      "012345678901234...\n"
	      "      |                                         ^\n");
	str_done(&line);
}

static void test_excerpt_cuts_between_characters(void **state)
{
	struct str line, said;

	(void)state;
	str_init(&said);
	/* 400 signs of three bytes and two cells: what is looked at begins within one */
	str_init(&line);
	for (int i = 0; i < 400; i++)
		str_adds(&line, "\xe6\xb8\xa9");
	str_adds(&line, "\tx  ");
	str_adds(&said, "t.yaml:1:402: error: here\n    1 | ...");
	for (int i = 0; i < 38; i++)
		str_adds(&said, "\xe6\xb8\xa9");
	str_addf(&said, "      x\n      | %*s^\n", 85, "");
	shows(line.s, 1201, 1, said.s);
	str_done(&said);
	str_done(&line);
}

static void test_excerpt_is_left_out_when_the_line_is_empty(void **state)
{
	(void)state;
	shows("", 0, 0, "t.yaml:1:1: error: here\n");
	shows("a\n\nb", 2, 1, "t.yaml:2:1: error: here\n");
	shows("a\n", 99, 1, "t.yaml:2:1: error: here\n");
	shows("ab", 1, 99,
	      "t.yaml:1:2: error: here\n"
	      "    1 | ab\n"
	      "      |  ^\n");
}

static void test_entries_are_sorted_by_file_line_and_column(void **state)
{
	static const struct diag_source a = {"a.yaml", "one\ntwo\n", 8};
	static const struct diag_source b = {"b.yaml", "x y\n", 4};
	struct diags *diags = diags_new(10);
	struct str out;

	(void)state;
	diag_error_at(diags, &b, 2, 1, "third");
	diag_note(diags, "hint: %s", "one note");
	diag_note(diags, "and another");
	diag_error_at(diags, &a, 4, 3, "first");
	diag_error_at(diags, &b, 0, 1, "second");
	diag_error_at(diags, &b, 2, 1, "third again");
	diag_warning(diags, NULL, "has no place");
	str_init(&out);
	diags_render(diags, &out);
	assert_string_equal(out.s, "warning: has no place\n"
				   "a.yaml:2:1: error: first\n"
				   "    2 | two\n"
				   "      | ^~~\n"
				   "b.yaml:1:1: error: second\n"
				   "    1 | x y\n"
				   "      | ^\n"
				   "b.yaml:1:3: error: third\n"
				   "    1 | x y\n"
				   "      |   ^\n"
				   "      = hint: one note\n"
				   "      = and another\n"
				   "b.yaml:1:3: error: third again\n"
				   "    1 | x y\n"
				   "      |   ^\n");
	assert_int_equal(diags_errors(diags), 4);
	assert_int_equal(diags_warnings(diags), 1);
	assert_int_equal(diags_count(diags), 5);
	assert_string_equal(diags_get(diags, 3)->notes, "hint: one note\nand another");
	assert_null(diags_get(diags, 0)->file);
	assert_int_equal(diags_get(diags, 0)->line, 0);
	str_done(&out);
	diags_free(diags);
}

static void test_entries_past_the_cap_are_counted(void **state)
{
	struct diags *diags = diags_new(2);
	struct str out;

	(void)state;
	str_init(&out);
	for (int i = 0; i < 3; i++)
		diag_error(diags, NULL, "number %d", i);
	diag_note(diags, "a note of what is not kept belongs nowhere");
	diags_render(diags, &out);
	assert_string_equal(out.s, "error: number 0\nerror: number 1\n"
				   "1 more problem is not shown\n");
	diag_warning(diags, NULL, "one more");
	str_clear(&out);
	diags_render(diags, &out);
	assert_string_equal(out.s, "error: number 0\nerror: number 1\n"
				   "2 more problems are not shown\n");
	assert_int_equal(diags_errors(diags), 3);
	assert_int_equal(diags_warnings(diags), 1);
	assert_int_equal(diags_count(diags), 2);
	str_done(&out);
	diags_free(diags);
	diags_free(NULL);
}

static void test_owned_texts_live_as_long_as_the_entries(void **state)
{
	struct diags *diags = diags_new(2);
	struct arena *arena = arena_new();
	struct diag_source *source = arena_take(arena, 1, sizeof(*source));
	struct str out;

	(void)state;
	*source = (struct diag_source){"t.yaml", arena_text(arena, "text", 4), 4};
	diag_error_at(diags, source, 0, 4, "here");
	diags_own(diags, arena);
	diags_own(diags, arena_new());
	str_init(&out);
	diags_render(diags, &out);
	assert_string_equal(out.s, "t.yaml:1:1: error: here\n"
				   "    1 | text\n"
				   "      | ^~~~\n");
	str_done(&out);
	diags_free(diags);
}

static void test_messages_stay_one_line_and_end(void **state)
{
	struct diags *diags = diags_new(2);
	char *text = xmalloc(5000);
	const struct diag *diag;

	(void)state;
	diag_error(diags, NULL, "'%s'", "a\nb\x1b[0m\xff\\d");
	assert_string_equal(diags_get(diags, 0)->message, "'a\\x0ab\\x1b[0m\\xff\\d'");
	memset(text, 'x', 4999);
	text[4999] = '\0';
	diag_error(diags, NULL, "%s", text);
	diag = diags_get(diags, 1);
	assert_int_equal(strlen(diag->message), 1023 + 3);
	assert_string_equal(diag->message + 1023, "...");
	free(text);
	diags_free(diags);
}

static void test_suggest_adds_a_hint_when_a_word_is_near(void **state)
{
	static const char *const words[] = {"timeout", "poll"};
	struct diags *diags = diags_new(2);

	(void)state;
	diag_error(diags, NULL, "unknown");
	assert_false(diag_suggest(diags, "baud", words, 2));
	assert_null(diags_get(diags, 0)->notes);
	assert_true(diag_suggest(diags, "tiemout", words, 2));
	assert_string_equal(diags_get(diags, 0)->notes, "hint: did you mean 'timeout'?");
	/* nothing is looked for when the entry is not kept */
	diag_error(diags, NULL, "second");
	diag_error(diags, NULL, "third, over the cap");
	assert_false(diag_suggest(diags, "tiemout", words, 2));
	diags_free(diags);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_in_plain_scalar),
		cmocka_unit_test(test_place_in_single_quotes),
		cmocka_unit_test(test_place_in_double_quotes),
		cmocka_unit_test(test_place_in_literal_block),
		cmocka_unit_test(test_place_in_folded_block),
		cmocka_unit_test(test_place_agrees_with_the_decoder_for_every_letter),
		cmocka_unit_test(test_place_at_the_end_is_behind_the_last_character),
		cmocka_unit_test(test_excerpt_shows_tabs_as_blanks),
		cmocka_unit_test(test_excerpt_counts_cells_when_characters_are_wide_or_none),
		cmocka_unit_test(test_excerpt_cuts_long_lines_around_the_place),
		cmocka_unit_test(test_excerpt_cuts_between_characters),
		cmocka_unit_test(test_excerpt_is_left_out_when_the_line_is_empty),
		cmocka_unit_test(test_entries_are_sorted_by_file_line_and_column),
		cmocka_unit_test(test_entries_past_the_cap_are_counted),
		cmocka_unit_test(test_owned_texts_live_as_long_as_the_entries),
		cmocka_unit_test(test_messages_stay_one_line_and_end),
		cmocka_unit_test(test_suggest_adds_a_hint_when_a_word_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
