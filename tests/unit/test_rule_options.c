/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What is said of each option of rules, their defaults and derived points when its value is
 * none. An option without a row here fails.
 */
#include "rules/rule_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "rules/derived.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static const struct option_table *const tables[] = {
	&ruleset_option_table,	&rule_defaults_option_table, &flap_option_table,
	&defaults_option_table, &derived_option_table,
};

/* A line of the map, what stands before it there, and what the first error is. */
struct wrong_option {
	const char *table; /* its name in the schema */
	const char *before;
	const char *option, *value;
	const char *message;
	const char *notes; /* or NULL */
};

#define RULE   "rules:\n  r:\n    when: x.p\n    "
#define ON     "rules:\n  r:\n    on: rises(x.p)\n    "
#define FLAP   "rules:\n  r:\n    when: x.p\n    flap: {changes: 6, in: 1h, "
#define NO_IN  "rules:\n  r:\n    when: x.p\n    flap: {changes: 6, "
#define NO_ONE "rules:\n  r:\n    "

/* clang-format off */
static const struct wrong_option rows[] = {
	{"rule", NO_ONE, "when", "[x.p]", "expected an expression, got a list", NULL},
	{"rule", RULE, "clear", "{a: b}", "expected an expression, got a map", NULL},
	{"rule", RULE, "for_each", "5", "expected a map of variables and elements, got a number",
	 "hint: for_each: {p: [freezer.temp, cellar.temp]}"},
	{"rule", NO_ONE, "on", "~", "expected an expression, got nothing", NULL},
	{"rule", NO_ONE, "at", "25:00", "there is no such time of day",
	 "expected: 00:00 to 23:59, seconds may follow: 06:00:30"},
	{"rule", ON, "do", "log", "'do' of rule 'r' must be a list, not 'log'", "hint: a list of one is [log]"},
	{"rule", RULE, "message", "[a]", "expected a text, got a list", NULL},
	{"rule_defaults", RULE, "for", "soon", "'for' of rule 'r' must be a duration from 0s to 366d, not 'soon'", NULL},
	{"rule_defaults", RULE, "for", "367d", "'for' of rule 'r' must be from 0s to 366d, not '367d'", NULL},
	{"rule_defaults", RULE, "clear_for", "5", "'clear_for' of rule 'r' must be a duration from 0s to 366d, not 5",
	 "hint: a number alone has no unit; write 5s or 5ms"},
	{"rule_defaults", RULE, "on_unknown", "fyre",
	 "'on_unknown' of rule 'r' must be one of hold, clear or fire, not 'fyre'", "hint: did you mean 'fire'?"},
	{"rule_defaults", RULE, "schedule", "mon..fry", "unknown day 'fry'",
	 "expected: mon tue wed thu fri sat sun, a range such as mon..fri, or daily\nhint: did you mean 'fri'?"},
	{"rule_defaults", RULE, "blind_after", "-1s",
	 "'blind_after' of rule 'r' must be a duration from 0s to 366d, not '-1s'", NULL},
	{"rule_defaults", RULE, "latch", "maybe",
	 "'latch' of rule 'r' must be true or false (on and off, yes and no will do), not 'maybe'", NULL},
	{"rule_defaults", RULE, "inhibited_by", "other", "'inhibited_by' of rule 'r' must be a list, not 'other'",
	 "hint: a list of one is [other]"},
	{"rule_defaults", RULE, "inhibited_by", "[s]", "there is no rule 's'", "hint: did you mean 'r'?"},
	{"rule_defaults", RULE, "repeat", "0s", "'repeat' of rule 'r' must be from 1s to 366d, not '0s'", NULL},
	{"rule_defaults", RULE, "min_interval", "1y",
	 "'min_interval' of rule 'r' must be a duration from 0s to 366d, not '1y'",
	 "hint: the units are ns us ms s m h d w, without a blank"},
	{"rule_defaults", RULE, "flap", "often", "'flap' of rule 'r' must be a map, not 'often'", NULL},
	{"rule_defaults", RULE, "max_rate", "5", "'max_rate' of rule 'r' must be a rate such as 20/h or 3/10s, not 5", NULL},
	{"rule_defaults", RULE, "max_rate", "1001/h", "a 'max_rate' counts up to 1000", NULL},
	{"rule_defaults", RULE, "priority", "urgent",
	 "expected high, normal, low or a number from 1 (the most urgent) to 999 for 'priority'", NULL},
	{"rule_defaults", RULE, "priority", "1000",
	 "expected high, normal, low or a number from 1 (the most urgent) to 999 for 'priority'", NULL},
	{"rule_defaults", RULE, "severity", "fatal",
	 "'severity' of rule 'r' must be one of info, warning or critical, not 'fatal'", NULL},
	{"rule_defaults", RULE, "labels", "[a]", "'labels' of rule 'r' must be a map, not a list", NULL},
	{"rule_defaults", RULE, "on_fire", "log", "'on_fire' of rule 'r' must be a list, not 'log'",
	 "hint: a list of one is [log]"},
	{"rule_defaults", RULE, "on_clear", "{log: true}", "'on_clear' of rule 'r' must be a list, not a map", NULL},
	{"flap", RULE "flap: {in: 1h, ", "changes", "1}", "'changes' of flap must be from 2 to 1000, not 1", NULL},
	{"flap", NO_IN, "in", "0s}", "'in' of flap must be from 1s to 366d, not '0s'", NULL},
	{"flap", RULE, "flap", "{changes: 6}", "flap needs 'in'",
	 "in: within what time it comes and goes so often"},
	{"flap", RULE, "flap", "{in: 1h}", "flap needs 'changes'",
	 "changes: how often the alarm comes or goes until it is muted"},
	{"flap", FLAP, "of", "2}", "unknown option 'of' in flap", "known: changes, in\nsee: gauged-rules(5)"},
	{"defaults", "defaults:\n  ", "rules", "[a]", "'rules' of defaults must be a map, not a list", NULL},
	{"defaults", "defaults:\n  ", "rulez", "{}", "unknown option 'rulez' in defaults",
	 "hint: did you mean 'rules'?\nsee: gauged-rules(5)"},
	{"defaults", "defaults:\n  rules:\n    ", "for", "soon",
	 "'for' of defaults of rules must be a duration from 0s to 366d, not 'soon'", NULL},
	{"defaults", "defaults:\n  rules:\n    ", "labels", "{a: [b]}", "a default label is plain text", NULL},
	{"derived", "derived:\n  d:\n    ", "value", "{a: b}",
	 "expected an expression as the value of derived point 'd', got a map", NULL},
	{"derived", "derived:\n  d:\n    value: x.a\n    ", "unit", "parsec", "'parsec' is no unit of measurement", NULL},
	{"derived", "derived:\n  d:\n    value: x.a\n    ", "deadband", "-1",
	 "'deadband' of derived point 'd' must be at least 0, not -1", NULL},
	{"derived", "derived:\n  d:\n    value: x.a\n    ", "deadband", "wide",
	 "'deadband' of derived point 'd' must be a number at least 0, not 'wide'", NULL},
	{"derived", "derived:\n  d:\n    value: x.a\n    ", "for", "1s",
	 "unknown option 'for' in derived point 'd'", "known: value, unit, deadband\nsee: gauged-rules(5)"},
};
/* clang-format on */

static void assert_told(const struct wrong_option *row)
{
	struct arena *arena = arena_new();
	struct rules_case c;
	const struct diag *diag;

	rules_case_init(
		&c, arena_printf(arena, "%s%s: %s\n", row->before, row->option, row->value));
	assert_null(c.set);
	diag = diags_get(c.conf.diags, 0);
	if (strcmp(diag->message, row->message) != 0)
		print_error("%s", conf_case_said(&c.conf));
	assert_string_equal(diag->message, row->message);
	assert_string_equal(diag->notes != NULL ? diag->notes : "",
			    row->notes != NULL ? row->notes : "");
	rules_case_done(&c);
	arena_free(arena);
}

static void test_values_that_are_none_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_told(&rows[i]);
}

static bool has_row(const struct option_table *table, const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].table, table->name) == 0 &&
		    strcmp(rows[i].option, option) == 0)
			return true;
	}
	return false;
}

static void test_no_option_is_without_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (size_t k = 0; k < tables[i]->count; k++) {
			if (!has_row(tables[i], tables[i]->rows[k].name))
				fail_msg("'%s' of '%s' has no row", tables[i]->rows[k].name,
					 tables[i]->name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_that_are_none_are_told),
		cmocka_unit_test(test_no_option_is_without_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
