/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests that no few bytes of a configuration make much work or memory of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"
#include "rules/message.h"
#include "rules/rule_parse.h"
#include "rules/ruleset.h"
#include "rules_case.h"

/* head, piece n times, tail. */
static void repeat(struct str *out, const char *head, const char *piece, unsigned n,
		   const char *tail)
{
	str_init(out);
	str_adds(out, head);
	for (unsigned i = 0; i < n; i++)
		str_adds(out, piece);
	str_adds(out, tail);
}

static void assert_refused_with(const struct str *text, const char *message, const char *notes)
{
	struct rules_case c;

	rules_case_init(&c, text->s);
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 1);
	assert_string_equal(diags_get(c.conf.diags, 0)->message, message);
	if (notes != NULL)
		assert_string_equal(diags_get(c.conf.diags, 0)->notes, notes);
	rules_case_done(&c);
}

static void assert_refused(const struct str *text, const char *message)
{
	assert_refused_with(text, message, NULL);
}

static void test_fault_F7_a_million_rules_of_one_line_are_refused(void **state)
{
	struct str text;

	(void)state;
	str_init(&text);
	str_adds(&text, "rules:\n  r:\n    when: x.a > a + b + c\n    for_each: {");
	for (char name = 'a'; name < 'd'; name++) {
		str_addf(&text, "%s%c: [", name == 'a' ? "" : ", ", name);
		for (unsigned i = 0; i < 100; i++)
			str_addf(&text, "%s%u", i == 0 ? "" : ", ", i);
		str_addc(&text, ']');
	}
	str_adds(&text, "}\n");
	assert_refused(&text, "for_each makes more than 1000 rules of 'r'");
	str_done(&text);
}

/* A point whose name a pattern of stars nearly fits, in very many ways. */
static void test_fault_H4_a_pattern_of_stars_takes_no_time(void **state)
{
	struct conf_case c;
	struct point_table *points;
	struct str text, name;

	(void)state;
	repeat(&text, "rules:\n  r: {for_each: {p: '", "*a", 29, "*b'}, when: p > 1}\n");
	repeat(&name, "d.", "a", 60, "");
	conf_case_init(&c, text.s, text.len);
	points = rules_points(c.arena);
	point_table_add(points, &(struct point){.name = name.s,
						.device = "d",
						.kind = VALUE_NUMBER,
						.readable = true,
						.stale_ns = NSEC_PER_SEC});
	assert_null(ruleset_parse(c.arena, &c.root, 1, points, NULL, c.diags));
	assert_int_equal(diags_errors(c.diags), 1);
	assert_non_null(strstr(diags_get(c.diags, 0)->message, "no point matches"));
	conf_case_done(&c);
	str_done(&text);
	str_done(&name);
}

static void test_fault_H5_a_message_has_an_end(void **state)
{
	struct rules_case c;
	struct str text;

	(void)state;
	repeat(&text, "rules:\n  r:\n    when: x.a > 1\n    message: \"", "${x.a}",
	       MESSAGE_MAX_HOLES + 1, "\"\n");
	assert_refused(&text, "the message has more than 64 expressions");
	str_done(&text);
	repeat(&text, "rules:\n  r:\n    when: x.a > 1\n    message: \"", "0123456789abcdef",
	       MESSAGE_MAX_TEXT / 16, "+\"\n");
	assert_refused(&text, "the message is longer than 4096 bytes");
	str_done(&text);

	/* As many as there may be, and more text than is shown. */
	repeat(&text, "rules:\n  r:\n    when: x.a > 1\n    message: \"", "${x.a}",
	       MESSAGE_MAX_HOLES, "");
	for (unsigned i = 0; i < 2 * MESSAGE_MAX_BYTES; i++)
		str_addc(&text, 'm');
	str_adds(&text, "\"\n");
	rules_case_init(&c, text.s);
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 8);
	assert_int_equal(strspn(strchr(c.log.s, '8'), "8m"), MESSAGE_MAX_BYTES);
	rules_case_done(&c);
	str_done(&text);
}

/* What is computed at load is a number, or unknown for ever: it never takes longer. */
static void test_fault_H5_towers_of_powers_are_unknown(void **state)
{
	static const char *const towers[] = {
		"9 ^ 9 ^ 9 ^ 9 ^ 9 > x.a",
		"x.a ^ 9e307 ^ 9e307 > 5",
		"exp(exp(exp(exp(x.a)))) > 1",
		"pow(x.a, pow(x.a, pow(x.a, pow(x.a, x.a)))) > 1",
		"1e308 * 1e308 > x.a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(towers); i++) {
		struct rules_case c;

		rules_case_init_expr(&c, "when", towers[i], "");
		if (c.set == NULL) {
			/* Or it is told as what it is. */
			assert_int_equal(diags_errors(c.conf.diags), 1);
		} else {
			rules_case_start(&c);
			feed_number(&c, 1, "x.a", 9);
			assert_int_equal(rules_case_condition(&c), -1);
		}
		rules_case_done(&c);
	}
}

/* Each reads the one before it twice: 2^15 parts, were they written out. */
static void test_fault_H5_derived_points_share_what_they_read(void **state)
{
	struct engine_point seen;
	struct rules_case c;
	struct str text;

	(void)state;
	str_init(&text);
	str_adds(&text, "derived:\n  d.n0: {value: x.a}\n");
	for (unsigned i = 1; i < 16; i++)
		str_addf(&text, "  d.n%u: {value: d.n%u + d.n%u}\n", i, i - 1, i - 1);
	str_adds(&text, "rules:\n  r: {when: d.n15 > 1}\n");
	rules_case_init(&c, text.s);
	rules_case_start(&c);
	assert_true(ruleset_engine_size(c.set) < 65536);
	feed_number(&c, 1, "x.a", 1);
	engine_point(c.engine, point_table_find(c.points, "d.n15", 5), (struct boot){1}, &seen);
	assert_true(seen.value.number == 1 << 15);
	rules_case_done(&c);
	str_clear(&text);
	str_adds(&text, "derived:\n  d.n0: {value: x.a}\n");
	for (unsigned i = 1; i < 18; i++)
		str_addf(&text, "  d.n%u: {value: d.n%u + 1}\n", i, i - 1);
	str_adds(&text, "rules:\n  r: {when: d.n17 > 1}\n");
	rules_case_init(&c, text.s);
	assert_null(c.set);
	assert_string_equal(diags_get(c.conf.diags, 0)->message,
			    "'d.n16' stands more than 16 derived points deep");
	rules_case_done(&c);
	str_clear(&text);
	str_adds(&text, "derived:\n");
	for (unsigned i = 17; i > 0; i--)
		str_addf(&text, "  d.n%u: {value: d.n%u + 1}\n", i, i - 1);
	str_adds(&text, "  d.n0: {value: x.a}\nrules:\n  r: {when: x.a > 1}\n");
	rules_case_init(&c, text.s);
	assert_null(c.set);
	assert_string_equal(diags_get(c.conf.diags, 0)->message,
			    "'d.n1' stands more than 16 derived points deep");
	rules_case_done(&c);
	str_done(&text);
}

/* Of a thousand rules each has its own. */
static void test_fault_H5_labels_have_an_end(void **state)
{
	struct str text;

	(void)state;
	repeat(&text,
	       "rules:\n  r:\n    for_each: {a: [1000000000]}\n    when: x.a > a\n"
	       "    labels: {l: '",
	       "${a}", 103, "'}\n");
	assert_refused(&text, "the label is longer than 1024 bytes");
	str_done(&text);
	str_init(&text);
	str_adds(&text, "rules:\n  r:\n    when: x.a > 1\n    labels:\n");
	for (unsigned i = 0; i <= RULE_LABELS_MAX; i++)
		str_addf(&text, "      l%u: x\n", i);
	assert_refused(&text, "a rule has at most 64 labels");
	str_done(&text);
}

/* Ten rules of a thousand elements each; in their condition stands piece i end 80 times. */
static void thousands(struct str *text, const char *piece, const char *end)
{
	str_init(text);
	str_adds(text, "rules:\n");
	for (unsigned r = 0; r < 10; r++) {
		str_addf(text, "  r%u:\n    for_each: {n: [", r);
		for (unsigned i = 0; i < 1000; i++)
			str_addf(text, "%s%u", i > 0 ? "," : "", 1000 * r + i);
		str_adds(text, "]}\n    when: ");
		for (unsigned i = 0; i < 80; i++)
			str_addf(text, "%s%s%u%s", i > 0 ? " or " : "", piece, i + 1, end);
		str_addc(text, '\n');
	}
}

/* 63 KB that were 800,000 nodes, a gigabyte and half a minute. */
static void test_fault_H5_all_rules_together_have_an_end(void **state)
{
	struct str text;

	(void)state;
	thousands(&text, "held(x.a>n,", "s)");
	assert_true(text.len < 65536);
	assert_refused_with(
		&text, "up to this rule there are more than 100000 nodes in all",
		"note: windows, held(), changed() and whatever else remembers are nodes\n"
		"hint: for_each writes all of a rule again for each element; what does not depend "
		"on it can be a derived point");
	str_done(&text);
	thousands(&text, "x.a*n>", "");
	assert_true(text.len < 65536);
	assert_refused_with(
		&text, "up to this rule there are more than 1000000 steps in all",
		"note: a comparison is a step, and so is each 'and', '+' and call\n"
		"hint: for_each writes all of a rule again for each element; what does not depend "
		"on it can be a derived point");
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_F7_a_million_rules_of_one_line_are_refused),
		cmocka_unit_test(test_fault_H4_a_pattern_of_stars_takes_no_time),
		cmocka_unit_test(test_fault_H5_a_message_has_an_end),
		cmocka_unit_test(test_fault_H5_towers_of_powers_are_unknown),
		cmocka_unit_test(test_fault_H5_derived_points_share_what_they_read),
		cmocka_unit_test(test_fault_H5_labels_have_an_end),
		cmocka_unit_test(test_fault_H5_all_rules_together_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
