/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of for_each: one rule written, many made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model/point.h"
#include "rules/binding.h"
#include "rules/explain.h"
#include "rules/for_each.h"
#include "rules/rule.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static void assert_said(const char *text, const char *said)
{
	struct rules_case c;

	rules_case_init(&c, text);
	assert_string_equal(conf_case_said(&c.conf), said);
	assert_null(c.set);
	rules_case_done(&c);
}

static const char *name_of(const struct rules_case *c, uint32_t number)
{
	return ruleset_rule_get(c->set, number)->name;
}

static void test_each_element_has_a_rule_with_its_own_state(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c,
			"rules:\n"
			"  first: {when: x.p}\n"
			"  hot:\n"
			"    for_each: {p: [boiler.temp, boiler.return_temp]}\n"
			"    when: p > 80\n"
			"    clear: p < 75\n"
			"    message: \"${p.name} ${p:.1f} ${p.unit}, ${rule.name}\"\n"
			"    labels: {at: 'by ${p}', unit: '${p.unit}', name: '${p.name}'}\n"
			"  last: {when: x.q}\n");
	rules_case_start(&c);
	assert_int_equal(ruleset_count(c.set), 4);
	assert_string_equal(name_of(&c, 0), "first");
	assert_string_equal(name_of(&c, 1), "hot:boiler.temp");
	assert_string_equal(name_of(&c, 2), "hot:boiler.return_temp");
	assert_string_equal(name_of(&c, 3), "last");
	assert_int_equal(ruleset_find(c.set, "hot:boiler.return_temp"), 2);
	assert_int_equal(ruleset_find(c.set, "hot"), UINT32_MAX);
	assert_string_equal(ruleset_rule_get(c.set, 1)->more->labels[0].text, "by boiler.temp");
	assert_string_equal(ruleset_rule_get(c.set, 2)->more->labels[1].text, "degC");
	assert_string_equal(ruleset_rule_get(c.set, 2)->more->labels[2].text,
			    "boiler.return_temp");
	feed_number(&c, 1, "boiler.return_temp", 81.26);
	assert_log(&c, "1.000000000 hot:boiler.return_temp fire ok->firing warning "
		       "\"boiler.return_temp 81.3 degC, hot:boiler.return_temp\" "
		       "boiler.return_temp=81.26\n");
	feed_number(&c, 2, "boiler.temp", 78);
	assert_log(&c, "");
	feed_number(&c, 3, "boiler.return_temp", 78);
	assert_log(&c, "");
	feed_number(&c, 4, "boiler.return_temp", 74);
	assert_log(&c, "4.000000000 hot:boiler.return_temp clear firing->ok warning "
		       "active=3.000000000 "
		       "\"boiler.return_temp 74.0 degC, hot:boiler.return_temp\" "
		       "boiler.return_temp=74\n");
	rules_case_done(&c);
}

static void test_several_variables_make_all_combinations(void **state)
{
	static const char *const names[] = {"r:boiler:80:a", "r:boiler:80:b", "r:boiler:95:a",
					    "r:boiler:95:b", "r:oven:80:a",   "r:oven:80:b",
					    "r:oven:95:a",   "r:oven:95:b"};
	struct rules_case c;

	(void)state;
	rules_case_init(&c,
			"rules:\n"
			"  r:\n"
			"    for_each: {d: [boiler, oven], limit: [80, 95], w: [a, b]}\n"
			"    when: d.temp > limit and not bad(d) and 'a' == w\n"
			"    message: \"${d} ${d.name} ${limit} ${limit:.1f} ${w} ${w.name} "
			"${d.temp.unit} ${d.temp}\"\n");
	rules_case_start(&c);
	assert_int_equal(ruleset_count(c.set), ARRAY_SIZE(names));
	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(name_of(&c, i), names[i]);
	feed_number(&c, 1, "oven.temp", 90);
	assert_log(&c, "1.000000000 r:oven:80:a fire ok->firing warning "
		       "\"oven oven 80 80.0 a a degF 90\" oven.temp=90\n");
	rules_case_done(&c);
}

static void test_a_pattern_stands_for_the_points_that_it_matches(void **state)
{
	static const struct {
		const char *pattern;
		const char *names[6];
	} cases[] = {
		{"'*.temp'", {"r:boiler.temp", "r:oven.temp"}},
		{"['*emp']", {"r:boiler.temp", "r:boiler.return_temp", "r:oven.temp"}},
		{"['boiler.r*', 'boiler.*temp']", {"r:boiler.return_temp", "r:boiler.temp"}},
		{"'?ven.*'", {"r:oven.temp"}},
		{"'*e*e*p*'",
		 {"r:boiler.temp", "r:boiler.return_temp", "r:oven.temp", "r:meter-3.power"}},
		{"'meter-3.*r'", {"r:meter-3.power"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;
		char text[200];
		uint32_t count = 0;

		snprintf(text, sizeof(text),
			 "rules:\n  r:\n    for_each: {p: %s}\n    when: age(p) > 90s\n",
			 cases[i].pattern);
		rules_case_init(&c, text);
		assert_string_equal(conf_case_said(&c.conf), "");
		for (; cases[i].names[count] != NULL; count++)
			assert_string_equal(name_of(&c, count), cases[i].names[count]);
		assert_int_equal(ruleset_count(c.set), count);
		rules_case_done(&c);
	}
}

static void test_others_read_such_a_rule_by_its_whole_name(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  bad:\n"
			    "    for_each: {p: [x.a, x.b]}\n"
			    "    when: p > 1\n"
			    "  low:\n"
			    "    for_each: {p: [x.a, x.b]}\n"
			    "    when: x.c > 1\n"
			    "    inhibited_by: ['bad:${p}']\n"
			    "  both:\n"
			    "    when: firing('bad:x.a') and firing('bad:x.b')\n"
			    "  same:\n"
			    "    for_each: {p: [x.a, x.b]}\n"
			    "    when: firing('bad:${p}') and x.c > 5\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.b", 2);
	assert_log(&c, "1.000000000 bad:x.b fire ok->firing warning \"\" x.b=2\n");
	feed_number(&c, 2, "x.c", 9);
	assert_log(&c, "2.000000000 low:x.a fire ok->firing warning \"\" x.c=9\n"
		       "2.000000000 low:x.b fire ok->firing warning held \"\" x.c=9\n"
		       "2.000000000 same:x.b fire ok->firing warning \"\" x.c=9\n");
	feed_number(&c, 3, "x.a", 2);
	assert_log(&c, "3.000000000 bad:x.a fire ok->firing warning \"\" x.a=2\n"
		       "3.000000000 both fire ok->firing warning \"\"\n"
		       "3.000000000 same:x.a fire ok->firing warning \"\" x.c=9\n");
	rules_case_done(&c);
}

static void test_an_empty_text_stays_one(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  none:\n"
			    "    for_each: {p: [x.s]}\n"
			    "    when: p == ''\n"
			    "    labels: {l: ''}\n");
	rules_case_start(&c);
	feed_text(&c, 1, "x.s", "a");
	feed_text(&c, 2, "x.s", "");
	assert_log(&c, "2.000000000 none:x.s fire ok->firing warning \"\" x.s=\"\"\n");
	rules_case_done(&c);
}

static void test_an_instant_may_be_made_for_each(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  bell:\n"
			    "    for_each: {p: [x.p, x.q]}\n"
			    "    on: rises(p)\n"
			    "    message: rung at ${p.name}\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.q", false);
	feed_bool(&c, 2, "x.q", true);
	assert_log(&c, "2.000000000 bell:x.q instant ok->ok warning \"rung at x.q\" "
		       "x.q=true\n");
	rules_case_done(&c);
}

/* The names are the identity: state goes on where an element stays, and only there. */
static void test_a_reload_keeps_the_state_of_the_elements_that_stay(void **state)
{
	struct rules_case c, d;
	struct engine *old;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r:\n"
			    "    for_each: {p: [x.a, x.b]}\n"
			    "    when: p > 1\n"
			    "    for: 10s\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 2, "x.b", 2);
	rules_case_log(&c);
	rules_case_init(&d, "rules:\n"
			    "  r:\n"
			    "    for_each: {p: [x.c, x.b]}\n"
			    "    when: p > 1\n"
			    "    for: 10s\n");
	rules_case_start(&d);
	old = c.engine;
	engine_adopt(d.engine, old, (struct boot){3 * NSEC_PER_SEC});
	assert_log(&d, "");
	tick(&d, 12.5);
	assert_log(&d, "12.000000000 r:x.b fire pending->firing warning \"\" x.b=2\n");
	/* The same name, another meaning: not the same rule. */
	assert_int_equal(ruleset_find(d.set, "r:x.a"), UINT32_MAX);
	rules_case_done(&d);
	rules_case_done(&c);
}

static void test_elements_are_the_same_if_all_of_them_is(void **state)
{
	struct binding a = {.variable = "p", .kind = BINDING_TEXT, .text = "x.a"}, b = a;
	struct bindings one = {1, &a}, other = {1, &b}, none = {0};

	(void)state;
	assert_true(bindings_equal(&one, &other));
	assert_true(bindings_equal(&none, &none));
	assert_false(bindings_equal(&one, &none));
	b.variable = "q";
	assert_false(bindings_equal(&one, &other));
	b = a;
	b.kind = BINDING_DEVICE;
	assert_false(bindings_equal(&one, &other));
	b = a;
	b.text = "x.b";
	assert_false(bindings_equal(&one, &other));
}

/* In a message a device's point is an expression, its name a text. */
static void test_a_message_shows_what_a_variable_stands_for(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(
		&c, "rules:\n"
		    "  r:\n"
		    "    for_each: {d: [boiler], p: [x.a], n: [5]}\n"
		    "    when: p > 1\n"
		    "    message: \"${d} ${d.name} ${d.temp} ${p.name} ${p.unit}. ${n}\"\n");
	rules_case_start(&c);
	feed_number(&c, 1, "boiler.temp", 80);
	feed_number(&c, 2, "x.a", 2);
	assert_log(
		&c,
		"2.000000000 r:boiler:x.a:5 fire ok->firing warning \"boiler boiler 80 x.a . "
		"5\" x.a=2 boiler.temp=80\n");
	rules_case_done(&c);
}

static void test_an_explanation_shows_the_element(void **state)
{
	struct rules_case c;
	struct explain explain;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r:\n"
			    "    for_each: {p: [x.a, x.b], limit: [3]}\n"
			    "    when: p > limit\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.b", 4);
	explain_rule(c.conf.arena, c.set, c.engine, 1, (struct boot){2 * NSEC_PER_SEC},
		     &explain);
	assert_int_equal(explain.condition, 1);
	assert_string_equal(explain.parts[0].tree->compared, "4 > 3");
	assert_int_equal(explain.parts[0].tree->kids->point,
			 point_table_find(c.points, "x.b", 3));
	rules_case_done(&c);
}

static void test_errors_name_the_rule_of_the_element(void **state)
{
	(void)state;
	assert_said(
		"rules:\n"
		"  r:\n"
		"    for_each: {p: [boiler.temp, boiler.pressure]}\n"
		"    when: p > 80 degC\n",
		"t.yaml:4:13: error: cannot compare pressure [bar] with temperature [degC]\n"
		"    4 |     when: p > 80 degC\n"
		"      |             ^\n"
		"      = in 'when' of rule 'r:boiler.pressure'\n");
	assert_said("rules:\n"
		    "  r:\n"
		    "    for_each: {p: [x.a, x.b]}\n"
		    "    when: p > 1\n"
		    "    message: \"${p.nam} and ${q}\"\n",
		    "t.yaml:5:17: error: unknown point 'x.a.nam'\n"
		    "    5 |     message: \"${p.nam} and ${q}\"\n"
		    "      |                 ^~~~~\n"
		    "      = in 'message' of rule 'r:x.a'\n"
		    "t.yaml:5:30: error: unknown point 'q'\n"
		    "    5 |     message: \"${p.nam} and ${q}\"\n"
		    "      |                              ^\n"
		    "      = in 'message' of rule 'r:x.a'\n");
	assert_said("rules:\n"
		    "  r:\n"
		    "    for_each: {w: [a, 7]}\n"
		    "    when: w.temp > 1 or x.p\n",
		    "t.yaml:4:11: error: 'a' is no device: it has no 'temp'\n"
		    "    4 |     when: w.temp > 1 or x.p\n"
		    "      |           ^~~~~~\n"
		    "      = in 'when' of rule 'r:a'\n");
	assert_said("rules:\n"
		    "  r:\n"
		    "    for_each: {p: [x.a]}\n"
		    "    when: p > 1 and firing('o:${q}')\n",
		    "t.yaml:4:31: error: only a variable of 'for_each' can stand here\n"
		    "    4 |     when: p > 1 and firing('o:${q}')\n"
		    "      |                               ^~~~\n"
		    "      = in 'when' of rule 'r:x.a'\n");
	assert_said("rules:\n"
		    "  r:\n"
		    "    for_each: {p: [x.a]}\n"
		    "    when: p > 1\n"
		    "    labels: {a: \"b ${p > 1}\"}\n",
		    "t.yaml:5:20: error: only a variable of 'for_each' can stand here\n"
		    "    5 |     labels: {a: \"b ${p > 1}\"}\n"
		    "      |                    ^~~~~~~~\n");
	assert_said("rules:\n"
		    "  r:\n"
		    "    for_each: {p: [x.a]}\n"
		    "    when: p > 1\n"
		    "    labels: {a: \"${p.colour}\"}\n",
		    "t.yaml:5:18: error: only a variable of 'for_each' can stand here\n"
		    "    5 |     labels: {a: \"${p.colour}\"}\n"
		    "      |                  ^~~~~~~~~~~\n");
}

static void test_a_bare_name_is_told_what_to_write(void **state)
{
	(void)state;
	assert_said("rules:\n"
		    "  s:\n"
		    "    for_each: {p: [x.a, x.b]}\n"
		    "    when: p > 1\n"
		    "  r: {when: rule.s.firing}\n"
		    "  q: {when: x.p, inhibited_by: [s]}\n",
		    "t.yaml:5:13: error: 's' is as many rules as its for_each has elements\n"
		    "    5 |   r: {when: rule.s.firing}\n"
		    "      |             ^~~~~~~~~~~~~\n"
		    "      = hint: name one of them: firing('s:x.a')\n"
		    "t.yaml:6:33: error: 's' is as many rules as its for_each has elements\n"
		    "    6 |   q: {when: x.p, inhibited_by: [s]}\n"
		    "      |                                 ^\n"
		    "      = hint: name one of them: 's:x.a'\n");
}

static void test_wrong_elements_are_told(void **state)
{
	static const struct {
		const char *each;
		unsigned column;
		const char *message, *notes;
	} cases[] = {
		{"[]", 15, "expected a map of variables and elements, got a list",
		 "hint: for_each: {p: [freezer.temp, cellar.temp]}"},
		{"{}", 15, "expected a map of variables and elements, got an empty one",
		 "hint: for_each: {p: [freezer.temp, cellar.temp]}"},
		{"{p: []}", 19, "expected a list of elements for 'p', got an empty one", NULL},
		{"{p: {}}", 19, "expected a list of elements for 'p', got a map", NULL},
		{"{p: [[x.a]]}", 20,
		 "expected a point, a device, a word or a number, got a list", NULL},
		{"{p: ~}", 19, "expected a point, a device, a word or a number, got nothing",
		 NULL},
		{"{p: [boiler.tmp]}", 20, "unknown point 'boiler.tmp'",
		 "hint: did you mean 'boiler.temp'?"},
		{"{p: [no.such]}", 20, "unknown point 'no.such'", "in 'for_each' of rule 'r'"},
		{"{p: '*.nothing'}", 19, "no point matches '*.nothing'",
		 "in 'for_each' of rule 'r'"},
		{"{p: [x.a, x.a]}", 25, "'x.a' stands here twice", NULL},
		{"{p: [a b]}", 20, "'a b' cannot be part of a rule's name",
		 "expected: letters, digits, _ . + and -, at most 64"},
		{"{p: ['a:b']}", 20, "'a:b' cannot be part of a rule's name",
		 "expected: letters, digits, _ . + and -, at most 64"},
		{"{and: [x.a]}", 16, "'and' is no name for a variable",
		 "expected: a letter, then letters, digits and _, at most 64; not and, or, "
		 "not, in, true, false, rule"},
		{"{p-q: [x.a]}", 16, "'p-q' is no name for a variable",
		 "expected: a letter, then letters, digits and _, at most 64; not and, or, "
		 "not, in, true, false, rule"},
		{"{boiler: [x.a]}", 16,
		 "the variable 'boiler' would hide the point 'boiler.temp' in rule 'r'",
		 "hint: give the variable another name"},
		{"{a: [1], b: [1], c: [1], d: [1], e: [1], f: [1], g: [1], h: [1], i: [1]}", 80,
		 "a rule has at most 8 variables", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;
		const struct diag *diag;
		char text[300];

		snprintf(text, sizeof(text),
			 "rules:\n  r:\n    for_each: %s\n    when: p > 1\n", cases[i].each);
		rules_case_init(&c, text);
		assert_null(c.set);
		diag = diags_get(c.conf.diags, 0);
		assert_string_equal(diag->message, cases[i].message);
		assert_int_equal(diag->column, cases[i].column);
		if (cases[i].notes != NULL)
			assert_string_equal(diag->notes, cases[i].notes);
		else
			assert_null(diag->notes);
		/* The expressions are not blamed for it. */
		assert_int_equal(diags_errors(c.conf.diags), 1);
		rules_case_done(&c);
	}
}

static void numbers(struct str *text, unsigned count)
{
	str_addc(text, '[');
	for (unsigned i = 0; i < count; i++)
		str_addf(text, "%s%u", i == 0 ? "" : ", ", i);
	str_addc(text, ']');
}

static void test_there_is_an_end_to_the_rules_of_one(void **state)
{
	struct rules_case c;
	struct str text;

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		str_init(&text);
		str_adds(&text, "rules:\n  r:\n    for_each: {a: ");
		numbers(&text, 40);
		str_adds(&text, ", b: ");
		numbers(&text, FOR_EACH_MAX / 40 + more);
		str_adds(&text, "}\n    when: x.a * a > b\n");
		rules_case_init(&c, text.s);
		if (more == 0) {
			assert_string_equal(conf_case_said(&c.conf), "");
			assert_int_equal(ruleset_count(c.set), FOR_EACH_MAX);
			assert_string_equal(name_of(&c, FOR_EACH_MAX - 1), "r:39:24");
		} else {
			assert_null(c.set);
			assert_string_equal(diags_get(c.conf.diags, 0)->message,
					    "for_each makes more than 1000 rules of 'r'");
		}
		rules_case_done(&c);
		str_done(&text);
	}
}

static void test_there_is_an_end_to_the_rules_of_all(void **state)
{
	struct rules_case c;
	struct str text;

	(void)state;
	str_init(&text);
	str_adds(&text, "rules:\n");
	for (unsigned i = 0; i <= RULESET_MAX / FOR_EACH_MAX; i++) {
		str_addf(&text, "  r%u:\n    for_each: {a: ", i);
		numbers(&text, FOR_EACH_MAX);
		str_adds(&text, "}\n    when: x.a > a\n");
	}
	rules_case_init(&c, text.s);
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 1);
	assert_string_equal(diags_get(c.conf.diags, 0)->message,
			    "there are more than 10000 rules");
	rules_case_done(&c);
	str_done(&text);
}

static void test_a_name_that_would_be_too_long_is_told(void **state)
{
	char word[3][65], text[600];
	struct rules_case c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(word[i], 'a' + i, 64);
		word[i][64] = '\0';
	}
	snprintf(text, sizeof(text),
		 "rules:\n  long:\n    for_each: {a: [%s], b: [%s], c: [%s]}\n    when: x.p\n",
		 word[0], word[1], word[2]);
	rules_case_init(&c, text);
	assert_string_equal(conf_case_said(&c.conf), "");
	assert_int_equal(strlen(name_of(&c, 0)), 4 + 3 * 65);
	rules_case_done(&c);
	snprintf(
		text, sizeof(text),
		"rules:\n  longer:\n    for_each: {a: [%s], b: [%s], c: [%s]}\n    when: x.p\n",
		word[0], word[1], word[2]);
	rules_case_init(&c, text);
	assert_null(c.set);
	assert_string_equal(diags_get(c.conf.diags, 0)->message,
			    "the names of the rules that for_each makes of 'longer' have more "
			    "than 200 characters");
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_element_has_a_rule_with_its_own_state),
		cmocka_unit_test(test_several_variables_make_all_combinations),
		cmocka_unit_test(test_a_pattern_stands_for_the_points_that_it_matches),
		cmocka_unit_test(test_others_read_such_a_rule_by_its_whole_name),
		cmocka_unit_test(test_an_empty_text_stays_one),
		cmocka_unit_test(test_an_instant_may_be_made_for_each),
		cmocka_unit_test(test_a_reload_keeps_the_state_of_the_elements_that_stay),
		cmocka_unit_test(test_elements_are_the_same_if_all_of_them_is),
		cmocka_unit_test(test_a_message_shows_what_a_variable_stands_for),
		cmocka_unit_test(test_an_explanation_shows_the_element),
		cmocka_unit_test(test_errors_name_the_rule_of_the_element),
		cmocka_unit_test(test_a_bare_name_is_told_what_to_write),
		cmocka_unit_test(test_wrong_elements_are_told),
		cmocka_unit_test(test_there_is_an_end_to_the_rules_of_one),
		cmocka_unit_test(test_there_is_an_end_to_the_rules_of_all),
		cmocka_unit_test(test_a_name_that_would_be_too_long_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
