/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of a rule set as a whole: options, names, messages, loops, and what others may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/point_line.h"
#include "rules/engine.h"
#include "rules/function.h"
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

static void test_what_others_may_ask(void **state)
{
	struct rule_view view;
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  hot:\n"
			    "    severity: critical\n"
			    "    when: boiler.temp > 80 degC and pump.running\n"
			    "    message: \"${boiler.pressure} ${boiler.temp}\"\n"
			    "    on_fire: [{webhook: ops}]\n"
			    "    on_clear: [{log: it}]\n"
			    "  bell-1:\n"
			    "    on: rises(x.p) and x.q\n"
			    "    do: [{webhook: ops}]\n");
	assert_string_equal(conf_case_said(&c.conf), "");
	assert_int_equal(ruleset_count(c.set), 2);
	assert_int_equal(ruleset_find(c.set, "bell-1"), 1);
	assert_int_equal(ruleset_find(c.set, "bell"), UINT32_MAX);
	assert_int_equal(ruleset_find(c.set, "bell-12"), UINT32_MAX);
	ruleset_view(c.set, 0, &view);
	assert_string_equal(view.name, "hot");
	assert_int_equal(view.severity, SEVERITY_CRITICAL);
	assert_false(view.instant);
	assert_string_equal(view.condition, "boiler.temp > 80 degC and pump.running");
	assert_int_equal(view.on_fire->count, 1);
	assert_int_equal(view.on_clear->count, 1);
	assert_null(view.on_instant);
	assert_int_equal(view.point_count, 3);
	assert_int_equal(view.points[0], point_table_find(c.points, "boiler.temp", 11));
	assert_int_equal(view.points[1], point_table_find(c.points, "pump.running", 12));
	assert_int_equal(view.points[2], point_table_find(c.points, "boiler.pressure", 15));
	ruleset_view(c.set, 1, &view);
	assert_true(view.instant);
	assert_int_equal(view.severity, SEVERITY_WARNING);
	assert_int_equal(view.on_instant->count, 1);
	assert_int_equal(view.point_count, 2);
	assert_true(ruleset_engine_size(c.set) > 1000);
	rules_case_done(&c);
}

static void test_an_empty_set_is_a_set(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {}\n");
	rules_case_start(&c);
	assert_int_equal(ruleset_count(c.set), 0);
	feed_number(&c, 1, "x.a", 1);
	tick(&c, 100);
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_rules_come_from_several_files(void **state)
{
	static const char first[] = "rules: {a: {when: x.p}, b: {when: x.q}}\n";
	static const char second[] = "rules: {c: {when: x.p}, b: {when: x.r}}\n";
	struct conf_case one, two;
	const struct yaml_node *roots[2];
	struct arena *arena = arena_new();
	struct point_table *points = rules_points(arena);

	(void)state;
	conf_case_init(&one, first, strlen(first));
	conf_case_init(&two, second, strlen(second));
	two.source.file = "u.yaml";
	roots[0] = one.root;
	roots[1] = two.root;
	assert_null(ruleset_parse(arena, roots, 2, points, NULL, one.diags));
	assert_string_equal(conf_case_said(&one),
			    "u.yaml:1:25: error: the rule 'b' is defined twice\n"
			    "    1 | rules: {c: {when: x.p}, b: {when: x.r}}\n"
			    "      |                         ^\n"
			    "      = first: t.yaml:1:25\n");
	conf_case_done(&one);
	conf_case_done(&two);
	arena_free(arena);
}

static void test_defaults_stand_in_one_file(void **state)
{
	static const char first[] = "defaults: {rules: {for: 1s}}\n";
	static const char second[] = "defaults: {rules: {for: 2s}}\n";
	struct conf_case one, two;
	const struct yaml_node *roots[2];
	struct arena *arena = arena_new();

	(void)state;
	conf_case_init(&one, first, strlen(first));
	conf_case_init(&two, second, strlen(second));
	two.source.file = "u.yaml";
	roots[0] = one.root;
	roots[1] = two.root;
	assert_null(ruleset_parse(arena, roots, 2, rules_points(arena), NULL, one.diags));
	assert_string_equal(conf_case_said(&one),
			    "u.yaml:1:1: error: 'defaults' is defined a second time\n"
			    "    1 | defaults: {rules: {for: 2s}}\n"
			    "      | ^~~~~~~~\n"
			    "      = note: the first one stands at t.yaml:1\n");
	conf_case_done(&one);
	conf_case_done(&two);
	arena_free(arena);
}

/* What could not be bound was told when it was bound, and is not unknown as well. */
static void test_points_that_are_broken_are_not_told_again(void **state)
{
	static const char text[] = "rules:\n"
				   "  a: {when: fan.speed > 1}\n"
				   "  b: {for_each: {p: [fan.speed]}, when: p > 1}\n"
				   "  c: {when: bad('fan.speed')}\n"
				   "  d: {when: lamp.text == 'on'}\n";
	static const struct point_line line = {0};
	struct arena *arena = arena_new();
	struct point_table *points = rules_points(arena);
	struct conf_case c;

	(void)state;
	point_table_note_broken(points, "fan");
	point_table_add(points, &(struct point){.name = "lamp.text",
						.device = "lamp",
						.kind = VALUE_TEXT,
						.stale_ns = NSEC_PER_SEC,
						.line = &line});
	conf_case_init(&c, text, strlen(text));
	assert_null(ruleset_parse(arena, &c.root, 1, points, NULL, c.diags));
	assert_string_equal(
		conf_case_said(&c),
		"t.yaml:5:13: error: 'lamp.text' is written and never read: it has no value\n"
		"    5 |   d: {when: lamp.text == 'on'}\n"
		"      |             ^~~~~~~~~\n");
	conf_case_done(&c);
	arena_free(arena);
}

static void test_wrong_rules_are_told(void **state)
{
	(void)state;
	assert_said("rules: {a: {}}\n", "t.yaml:1:9: error: the rule 'a' has no condition\n"
					"    1 | rules: {a: {}}\n"
					"      |         ^\n"
					"      = hint: add 'when:' (a state), 'on:' (an "
					"instant) or 'at:' (a time)\n");
	assert_said("rules:\n  a:\n", "t.yaml:2:3: error: the rule 'a' has no condition\n"
				      "    2 |   a:\n"
				      "      |   ^\n"
				      "      = hint: add 'when:' (a state), 'on:' (an "
				      "instant) or 'at:' (a time)\n");
	assert_said("rules:\n  2b: {when: x.p}\n",
		    "t.yaml:2:3: error: '2b' is no name for a rule\n"
		    "    2 |   2b: {when: x.p}\n"
		    "      |   ^~\n"
		    "      = expected: a letter, then letters, digits, _ and -, at most 64\n");
	assert_said("rules:\n  b:\n    when: x.p\n    on: rises(x.p)\n",
		    "t.yaml:4:5: error: a rule has either 'when' or 'on'\n"
		    "    4 |     on: rises(x.p)\n"
		    "      |     ^~\n");
	assert_said(
		"rules:\n  b:\n    when: x.p\n    do: []\n",
		"t.yaml:4:5: error: 'do' belongs to 'on' and 'at'; a rule with 'when' has 'on_fire' "
		"and 'on_clear'\n"
		"    4 |     do: []\n"
		"      |     ^~\n");
	assert_said("rules:\n  b:\n    on: rises(x.p)\n    for: 1s\n",
		    "t.yaml:4:5: error: 'for' belongs to 'when'; an instant has no state\n"
		    "    4 |     for: 1s\n"
		    "      |     ^~~\n");
	assert_said("rules:\n  b:\n    when: [x.p]\n",
		    "t.yaml:3:11: error: expected an expression, got a list\n"
		    "    3 |     when: [x.p]\n"
		    "      |           ^\n");
	assert_said("rules:\n  b:\n    when: x.p\n    labels: {a: \"${x.a}\"}\n",
		    "t.yaml:4:17: error: a label is plain text\n"
		    "    4 |     labels: {a: \"${x.a}\"}\n"
		    "      |                 ^~~~~~~~\n"
		    "      = hint: expressions stand in 'message'\n");
	assert_said("rules:\n  b:\n    when: x.p\n    labels: {a: [b]}\n",
		    "t.yaml:4:17: error: expected a text, got a list\n"
		    "    4 |     labels: {a: [b]}\n"
		    "      |                 ^\n");
	assert_said("rules:\n  b:\n    when: x.p\n    message: {a: b}\n",
		    "t.yaml:4:14: error: expected a text, got a map\n"
		    "    4 |     message: {a: b}\n"
		    "      |              ^\n");
	assert_said("rules:\n  b:\n    when: x.p\n    inhibited_by: [[c]]\n",
		    "t.yaml:4:20: error: expected the name of a rule, got a list\n"
		    "    4 |     inhibited_by: [[c]]\n"
		    "      |                    ^\n");
	assert_said("rules:\n  b:\n    when: \"x.a \\x07 > 1\"\n",
		    "t.yaml:3:16: error: unexpected byte 0x07\n"
		    "    3 |     when: \"x.a \\x07 > 1\"\n"
		    "      |                ^~~~\n"
		    "      = in 'when' of rule 'b'\n");
}

/* Both conditions are looked at, whichever is wrong. */
static void test_wrong_conditions_are_told_with_their_option(void **state)
{
	(void)state;
	assert_said("rules:\n  b:\n    when: x.a >\n    clear: x.a <\n",
		    "t.yaml:3:16: error: expected an expression, got the end\n"
		    "    3 |     when: x.a >\n"
		    "      |                ^\n"
		    "      = in 'when' of rule 'b'\n"
		    "t.yaml:4:17: error: expected an expression, got the end\n"
		    "    4 |     clear: x.a <\n"
		    "      |                 ^\n"
		    "      = in 'clear' of rule 'b'\n");
	assert_said("rules:\n  b:\n    when: x.a > 1\n    clear: x.a\n",
		    "t.yaml:4:12: error: expected true or false, got a number\n"
		    "    4 |     clear: x.a\n"
		    "      |            ^~~\n"
		    "      = hint: compare it: x > 0\n");
}

/* Somebody else complains about sections that are no maps. */
static void test_sections_that_are_no_maps_hold_no_rules(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: [a]\nderived: 5\n");
	assert_non_null(c.set);
	assert_int_equal(ruleset_count(c.set), 0);
	assert_string_equal(conf_case_said(&c.conf), "");
	rules_case_done(&c);
}

/* Two that write: may both be alarms at once? */
static bool apart(const char *first, const char *second)
{
	struct rules_case c;
	char text[300];
	bool yes;

	snprintf(text, sizeof(text),
		 "rules:\n"
		 "  a: {%s, on_fire: [{write: {o: 1}}]}\n"
		 "  b: {%s, on_fire: [{log: true}, {write: {o: 2}}]}\n"
		 "  c: {when: x.a < 0}\n",
		 first, second);
	rules_case_init(&c, text);
	assert_string_equal(conf_case_said(&c.conf), "");
	yes = ruleset_apart(c.set, 0, 1);
	assert_int_equal(ruleset_apart(c.set, 1, 0), yes);
	/* Of one that writes nothing it is not known. */
	assert_false(ruleset_apart(c.set, 0, 2));
	rules_case_done(&c);
	return yes;
}

static void test_rules_that_write_are_apart_if_they_cannot_fire_together(void **state)
{
	(void)state;
	assert_true(apart("when: x.a > 5", "when: x.a < 3"));
	assert_false(apart("when: x.a > 5", "when: x.a < 8"));
	assert_false(apart("when: x.a > 5", "when: x.b < 3"));
	assert_true(apart("when: x.p", "when: not x.p"));
	/* One that has fired stays an alarm until 'clear' is true. */
	assert_false(apart("when: x.a > 5, clear: x.a < 2", "when: x.a < 3"));
	assert_true(apart("when: x.a > 5, clear: x.a < 3", "when: x.a < 2"));
}

/* An option of a later version is unknown today, never silently taken. */
static void test_options_that_are_not_there_are_unknown(void **state)
{
	static const char *const later[] = {"persist: yes", "outage: 1s", "shelve: 1h"};
	char text[120];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		struct rules_case c;

		snprintf(text, sizeof(text), "rules:\n  b:\n    when: x.p\n    %s\n", later[i]);
		rules_case_init(&c, text);
		assert_null(c.set);
		assert_int_equal(diags_errors(c.conf.diags), 1);
		assert_memory_equal(diags_get(c.conf.diags, 0)->message, "unknown option '",
				    16);
		assert_int_equal(diags_get(c.conf.diags, 0)->line, 4);
		rules_case_done(&c);
	}
}

static void test_defaults_are_what_a_rule_does_not_say_itself(void **state)
{
	static const char text[] = "defaults:\n"
				   "  rules:\n"
				   "    severity: critical\n"
				   "    for: 10s\n"
				   "    on_unknown: fire\n"
				   "    labels: {plant: north, area: yard}\n"
				   "    on_fire: [{log: it}]\n"
				   "    inhibited_by: [down]\n"
				   "rules:\n"
				   "  all: {when: x.p}\n"
				   "  none:\n"
				   "    when: x.p\n"
				   "    severity: info\n"
				   "    for: 0s\n"
				   "    on_unknown: hold\n"
				   "    labels: {area: hall, line: 3}\n"
				   "    on_fire: []\n"
				   "    inhibited_by: []\n"
				   "  bell: {on: rises(x.q), labels: {plant: south}}\n"
				   "  down: {when: x.r}\n"
				   "  each: {for_each: {p: [x.p, x.q]}, when: p}\n";
	static const struct {
		int severity, on_unknown;
		int64_t for_s;
		const char *labels;
		size_t on_fire;
		uint32_t inhibitors;
	} wanted[] = {
		{SEVERITY_CRITICAL, ON_UNKNOWN_FIRE, 10, "plant=north area=yard ", 1, 1},
		{SEVERITY_INFO, ON_UNKNOWN_HOLD, 0, "area=hall line=3 plant=north ", 0, 0},
		{SEVERITY_CRITICAL, ON_UNKNOWN_HOLD, 0, "plant=south area=yard ", 0, 1},
		{SEVERITY_CRITICAL, ON_UNKNOWN_FIRE, 10, "plant=north area=yard ", 1, 0},
		{SEVERITY_CRITICAL, ON_UNKNOWN_FIRE, 10, "plant=north area=yard ", 1, 1},
		{SEVERITY_CRITICAL, ON_UNKNOWN_FIRE, 10, "plant=north area=yard ", 1, 1},
	};
	struct rules_case c;

	(void)state;
	rules_case_init(&c, text);
	assert_string_equal(conf_case_said(&c.conf), "");
	assert_int_equal(ruleset_count(c.set), ARRAY_SIZE(wanted));
	for (uint32_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct rule *rule = ruleset_rule_get(c.set, i);
		struct rule_view view;
		struct str labels;

		str_init(&labels);
		for (uint32_t k = 0; k < rule->more->label_count; k++)
			str_addf(&labels, "%s=%s ", rule->more->labels[k].name,
				 rule->more->labels[k].text);
		ruleset_view(c.set, i, &view);
		assert_int_equal(rule->severity, wanted[i].severity);
		assert_int_equal(rule->on_unknown, wanted[i].on_unknown);
		assert_int_equal(rule->more->for_ns, wanted[i].for_s * NSEC_PER_SEC);
		assert_string_equal(labels.s, wanted[i].labels);
		assert_int_equal(view.on_fire != NULL ? view.on_fire->count : 0,
				 wanted[i].on_fire);
		assert_int_equal(rule->more->inhibitor_count, wanted[i].inhibitors);
		str_done(&labels);
	}
	rules_case_done(&c);
}

/* Once, and at their own place: not for every rule that they would go to. */
static void test_wrong_defaults_are_told_once(void **state)
{
	(void)state;
	assert_said(
		"defaults:\n"
		"  rules: {for: soon, when: x.p}\n"
		"rules:\n"
		"  a: {when: x.p}\n"
		"  b: {when: x.q}\n",
		"t.yaml:2:16: error: 'for' of defaults of rules must be a duration from 0s "
		"to 366d, not 'soon'\n"
		"    2 |   rules: {for: soon, when: x.p}\n"
		"      |                ^~~~\n"
		"t.yaml:2:22: error: unknown option 'when' in defaults of rules\n"
		"    2 |   rules: {for: soon, when: x.p}\n"
		"      |                      ^~~~\n"
		"      = known: for, clear_for, on_unknown, schedule, blind_after, latch, "
		"inhibited_by, repeat, min_interval, flap, max_rate, priority, severity, labels, "
		"on_fire, on_clear\n"
		"      = see: gauged-rules(5)\n");
	assert_said("defaults: {rules: {labels: {a: '${x.p}'}}}\n"
		    "rules: {a: {when: x.p}, b: {when: x.q}}\n",
		    "t.yaml:1:32: error: a default label is plain text\n"
		    "    1 | defaults: {rules: {labels: {a: '${x.p}'}}}\n"
		    "      |                                ^~~~~~~~\n");
	assert_said("defaults: {rules: {inhibited_by: [dow]}}\n"
		    "rules: {a: {when: x.p}, b: {when: x.q}, down: {when: x.r}}\n",
		    "t.yaml:1:35: error: there is no rule 'dow'\n"
		    "    1 | defaults: {rules: {inhibited_by: [dow]}}\n"
		    "      |                                   ^~~\n"
		    "      = hint: did you mean 'down'?\n");
	assert_said("defaults: {points: {}}\nrules: {a: {when: x.p}}\n",
		    "t.yaml:1:12: error: unknown option 'points' in defaults\n"
		    "    1 | defaults: {points: {}}\n"
		    "      |            ^~~~~~\n"
		    "      = known: rules\n"
		    "      = see: gauged-rules(5)\n");
}

static void test_functions_that_are_not_there_are_unknown(void **state)
{
	static const char *const later[] = {"zscore", "seasonal", "anomaly"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		struct rules_case c;
		char expr[60], message[60];

		snprintf(expr, sizeof(expr), "%s(x.a) > 1", later[i]);
		snprintf(message, sizeof(message), "unknown function '%s'", later[i]);
		rules_case_init_expr(&c, "when", expr, "");
		assert_null(c.set);
		assert_string_equal(diags_get(c.conf.diags, 0)->message, message);
		rules_case_done(&c);
	}
}

static void test_fault_F7_rules_in_a_loop_are_told_with_their_path(void **state)
{
	(void)state;
	assert_said(
		"rules:\n"
		"  a: {when: rule.c.firing or x.p}\n"
		"  b: {when: rule.a.firing}\n"
		"  c: {when: x.q and firing('b')}\n"
		"  d: {when: rule.a.firing}\n",
		"t.yaml:2:3: error: these rules depend on each other in a loop: a -> c -> b "
		"-> a\n"
		"    2 |   a: {when: rule.c.firing or x.p}\n"
		"      |   ^\n"
		"      = hint: a rule may not read, over others, whether it fires itself\n");
	assert_said(
		"rules:\n"
		"  a: {when: x.p or rule.a.firing}\n",
		"t.yaml:2:3: error: these rules depend on each other in a loop: a -> a\n"
		"    2 |   a: {when: x.p or rule.a.firing}\n"
		"      |   ^\n"
		"      = hint: a rule may not read, over others, whether it fires itself\n");
}

static void test_fault_F7_ten_thousand_rules_load_and_more_do_not(void **state)
{
	struct rules_case c;
	struct str text;

	(void)state;
	str_init(&text);
	str_adds(&text, "rules:\n");
	for (int i = 0; i < RULESET_MAX; i++)
		str_addf(&text, "  r%d: {when: rule.r%d.firing or x.p}\n", i,
			 i + 1 < RULESET_MAX ? i + 1 : 0);
	rules_case_init(&c, text.s);
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 1);
	assert_memory_equal(diags_get(c.conf.diags, 0)->message,
			    "these rules depend on each other in a loop: r0 -> r1 -> r2", 58);
	rules_case_done(&c);
	str_clear(&text);
	str_adds(&text, "rules:\n");
	for (int i = 0; i <= RULESET_MAX; i++)
		str_addf(&text, "  r%d: {when: x.p}\n", i);
	rules_case_init(&c, text.s);
	assert_null(c.set);
	assert_string_equal(diags_get(c.conf.diags, 0)->message,
			    "there are more than 10000 rules");
	rules_case_done(&c);
	str_done(&text);
}

static void test_wrong_messages_are_told(void **state)
{
	static const struct {
		const char *message;
		unsigned column;
		const char *said, *notes;
	} cases[] = {
		{"${boiler.tmp}", 17, "unknown point 'boiler.tmp'",
		 "hint: did you mean 'boiler.temp'?"},
		{"at ${boiler.temp:.1x}", 20, "unknown format '.1x'",
		 "hint: .1f is one digit behind the point; .3e and .3g are known too"},
		{"${x.p:.1f}", 17, "the format '.1f' is for numbers only",
		 "hint: .1f is one digit behind the point; .3e and .3g are known too"},
		{"${rises(x.p)}", 17, "'rises' has no meaning in a message",
		 "in 'message' of rule 'b'"},
		{"${x.a +}", 22, "expected an expression, got the end",
		 "in 'message' of rule 'b'"},
		{"${x.a", 15, "this '${' has no closing '}'",
		 "hint: write '$$' for a dollar sign"},
		{"${rule.colour}", 17, "unknown property 'rule.colour' of a rule",
		 "hint: write rule.NAME.firing, or firing('NAME') for a name with '-' in it"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;
		const struct diag *diag;

		snprintf(text, sizeof(text),
			 "rules:\n  b:\n    when: x.p\n    message: \"%s\"\n",
			 cases[i].message);
		rules_case_init(&c, text);
		assert_null(c.set);
		diag = diags_get(c.conf.diags, 0);
		assert_string_equal(diag->message, cases[i].said);
		assert_string_equal(diag->notes, cases[i].notes);
		assert_int_equal(diag->column, cases[i].column);
		rules_case_done(&c);
	}
}

static void test_messages_show_values_as_people_read_them(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(
		&c, "rules:\n"
		    "  b:\n"
		    "    severity: info\n"
		    "    when: x.p\n"
		    "    message: \"${rule.name}/${rule.severity} ${x.a} ${x.a:.2f} ${x.a:.1e} "
		    "${x.a:.3g} ${x.p} ${x.q} ${x.s} ${x.a > 1} ${boiler.temp.unit} "
		    "${boiler.temp.name} ${point('meter-3.power').unit} ${x.a.unit}| "
		    "${age(x.a)} ${quality(x.c)} ${x.a / 0} ${x.b ?"
		    "? 'none' == 'x'} $$5 "
		    "${90m} ${0 - x.b}\"\n");
	assert_null(c.set); /* x.b ?? 'none': a number and a text */
	rules_case_done(&c);
	rules_case_init(
		&c, "rules:\n"
		    "  b:\n"
		    "    severity: info\n"
		    "    when: x.p\n"
		    "    message: \"${rule.name}/${rule.severity} ${x.a} ${x.a:.2f} ${x.a:.1e} "
		    "${x.a:.3g} ${x.p} ${x.q} ${x.s} ${x.a > 1} ${boiler.temp.unit} "
		    "${boiler.temp.name} ${point('meter-3.power').unit} [${x.a.unit}] "
		    "${age(x.a)} ${quality(x.c)} ${x.a / x.b} $$5 ${90m} ${0 - x.b}\"\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 813 * 0.1);
	feed_number(&c, 1, "x.b", 0);
	feed_text(&c, 1, "x.s", "aus\xff\xc3\xbc");
	feed_bool(&c, 3.5, "x.p", true);
	assert_log(&c,
		   "3.500000000 b fire ok->firing info \"b/info 81.3 81.30 8.1e+01 81.3 true "
		   "unknown aus\xef\xbf\xbd\xc3\xbc true degC boiler.temp W [] 2.5s bad "
		   "unknown $5 1h30m 0\" x.p=true x.a=81.30000000000001 x.q=unknown(bad) "
		   "x.s=\"aus\xef\xbf\xbd\xc3\xbc\" x.c=unknown(bad) x.b=0\n");
	rules_case_done(&c);
}

static void test_a_long_message_is_cut_between_two_characters(void **state)
{
	struct rules_case c;
	struct str text;
	const char *log;

	(void)state;
	for (int shift = 0; shift < 4; shift++) {
		str_init(&text);
		str_addf(&text, "rules:\n  b:\n    when: x.p\n    message: \"%.*s", shift,
			 "abc");
		for (int i = 0; i < 600; i++)
			str_adds(&text, "\xe2\x82\xac");
		str_adds(&text, "\"\n");
		rules_case_init(&c, text.s);
		rules_case_start(&c);
		feed_bool(&c, 1, "x.p", true);
		log = rules_case_log(&c);
		/* value_show() would show half a character as U+FFFD. */
		assert_null(strstr(log, "\xef\xbf\xbd"));
		assert_true(strlen(log) > 1000 && strlen(log) < 1100);
		rules_case_done(&c);
		str_done(&text);
	}
}

/* docs/gauged-rules.5 with font changes and escapes taken out. */
static char *read_manual(void)
{
	const char *top = getenv("srcdir");
	char path[512];
	struct str text;
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s/docs/gauged-rules.5", top != NULL ? top : ".");
	file = fopen(path, "re");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	str_init(&text);
	while ((c = fgetc(file)) != EOF) {
		if (c != '\\')
			str_addc(&text, (char)c);
	}
	fclose(file);
	return str_steal(&text);
}

static void test_the_manual_names_every_option_and_function(void **state)
{
	char *manual = read_manual();
	char wanted[64];

	(void)state;
	for (const struct option_table *table = &ruleset_option_table; table != NULL;
	     table = table->also) {
		for (size_t i = 0; i < table->count; i++) {
			snprintf(wanted, sizeof(wanted), "\n.BI %s: ", table->rows[i].name);
			if (strstr(manual, wanted) == NULL)
				fail_msg("option '%s' is missing", table->rows[i].name);
		}
	}
	for (size_t i = 0; i < function_count(); i++) {
		bool named = false;

		snprintf(wanted, sizeof(wanted), "%s(", function_get(i)->name);
		for (const char *at = strstr(manual, "\n.\" functions"); at != NULL && !named;
		     at = strchr(at + 1, '\n'))
			named = strncmp(at, "\n.B", 3) == 0 && strstr(at, wanted) != NULL &&
				strstr(at, wanted) < strchr(at + 1, '\n');
		if (!named)
			fail_msg("function '%s' is missing", function_get(i)->name);
	}
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_others_may_ask),
		cmocka_unit_test(test_an_empty_set_is_a_set),
		cmocka_unit_test(test_rules_come_from_several_files),
		cmocka_unit_test(test_defaults_stand_in_one_file),
		cmocka_unit_test(test_points_that_are_broken_are_not_told_again),
		cmocka_unit_test(test_wrong_rules_are_told),
		cmocka_unit_test(test_wrong_conditions_are_told_with_their_option),
		cmocka_unit_test(test_sections_that_are_no_maps_hold_no_rules),
		cmocka_unit_test(test_rules_that_write_are_apart_if_they_cannot_fire_together),
		cmocka_unit_test(test_options_that_are_not_there_are_unknown),
		cmocka_unit_test(test_defaults_are_what_a_rule_does_not_say_itself),
		cmocka_unit_test(test_wrong_defaults_are_told_once),
		cmocka_unit_test(test_functions_that_are_not_there_are_unknown),
		cmocka_unit_test(test_fault_F7_rules_in_a_loop_are_told_with_their_path),
		cmocka_unit_test(test_fault_F7_ten_thousand_rules_load_and_more_do_not),
		cmocka_unit_test(test_wrong_messages_are_told),
		cmocka_unit_test(test_messages_show_values_as_people_read_them),
		cmocka_unit_test(test_a_long_message_is_cut_between_two_characters),
		cmocka_unit_test(test_the_manual_names_every_option_and_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
