/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "conf/diag.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "rules/derived.h"
#include "rules_case.h"

/* The points of rules_points(), and what is derived from them. */
static struct engine_point look(const struct rules_case *c, double at, const char *name)
{
	uint32_t id = point_table_find(c->points, name, strlen(name));
	struct engine_point seen;

	assert_int_not_equal(id, POINT_NONE);
	engine_point(c->engine, id, (struct boot){llround(at * 1e9)}, &seen);
	return seen;
}

static void assert_number(const struct rules_case *c, double at, const char *name,
			  double number)
{
	struct engine_point seen = look(c, at, name);

	assert_int_equal(seen.value.kind, VALUE_NUMBER);
	assert_true(fabs(seen.value.number - number) < 1e-9);
}

static void assert_nothing(const struct rules_case *c, double at, const char *name,
			   enum quality quality)
{
	struct engine_point seen = look(c, at, name);

	assert_int_equal(seen.value.kind, VALUE_NONE);
	assert_int_equal(seen.quality, quality);
}

static const struct point *declared(const struct rules_case *c, const char *name)
{
	return point_table_get(c->points, point_table_find(c->points, name, strlen(name)));
}

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	assert_string_equal(conf_case_said(&c->conf), "");
	assert_non_null(c->set);
	rules_case_start(c);
}

static void test_value_follows_its_inputs(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "derived:\n"
	      "  boiler.lift: {value: boiler.temp - boiler.return_temp}\n"
	      "rules:\n"
	      "  r: {when: boiler.lift > 20 K, message: '${boiler.lift} ${boiler.lift.unit}'}\n");
	assert_string_equal(declared(&c, "boiler.lift")->unit_text, "K");
	assert_nothing(&c, 0, "boiler.lift", QUALITY_BAD);
	feed_number(&c, 1, "boiler.temp", 60);
	tick(&c, 1.5);
	assert_nothing(&c, 1.5, "boiler.lift", QUALITY_BAD);
	feed_number(&c, 2, "boiler.return_temp", 45);
	tick(&c, 2.5);
	assert_number(&c, 2.5, "boiler.lift", 15);
	assert_log(&c, "");
	feed_number(&c, 3, "boiler.temp", 66);
	tick(&c, 4);
	assert_number(&c, 4, "boiler.lift", 21);
	assert_log(&c, "3.000000000 r fire ok->firing warning \"21 K\" boiler.lift=21\n");
	rules_case_done(&c);
}

static void test_readings_of_one_instant_make_one_value(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived: {d: {value: x.a - x.b}}\n"
		  "rules: {r: {when: d != 0}}\n");
	feed_both(&c, 1, 5, 5);
	feed_both(&c, 2, 9, 9);
	tick(&c, 3);
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_quality_is_that_of_the_inputs(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  sum: {value: x.a + x.b}\n"
		  "  safe: {value: x.a ?? x.b}\n"
		  "  ratio: {value: x.a / x.b}\n"
		  "rules: {r: {when: bad(sum)}}\n");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 1, "x.b", 2);
	tick(&c, 2);
	assert_int_equal(look(&c, 2, "sum").quality, QUALITY_GOOD);
	feed_bad(&c, 3, "x.a", BAD_TIMEOUT);
	tick(&c, 4);
	assert_number(&c, 4, "sum", 3);
	assert_int_equal(look(&c, 4, "sum").quality, QUALITY_UNCERTAIN);
	assert_int_equal(look(&c, 4, "sum").reason, BAD_TIMEOUT);
	/* x.a goes stale at 31; x.b is kept alive */
	feed_number(&c, 20, "x.b", 2);
	feed_number(&c, 31, "x.b", 2);
	tick(&c, 32);
	assert_nothing(&c, 32, "sum", QUALITY_BAD);
	assert_number(&c, 32, "safe", 2);
	assert_int_equal(look(&c, 32, "safe").quality, QUALITY_UNCERTAIN);
	assert_log(&c, "31.000000000 r fire ok->firing warning \"\" sum=unknown(bad)\n");
	/* all are good, and there is no result */
	feed_both(&c, 33, 1, 0);
	tick(&c, 34);
	assert_nothing(&c, 34, "ratio", QUALITY_BAD);
	assert_int_equal(look(&c, 34, "ratio").reason, BAD_RANGE);
	assert_log(&c,
		   "33.000000000 r clear firing->ok warning active=2.000000000 \"\" sum=1\n");
	/* silence of all */
	tick(&c, 100);
	assert_nothing(&c, 100, "sum", QUALITY_STALE);
	rules_case_done(&c);
}

static void test_age_starts_anew_with_each_reading_of_an_input(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived: {d: {value: x.a + x.b}}\n"
		  "rules: {r: {when: age(d) > 10s}}\n");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 1, "x.b", 1);
	feed_number(&c, 8, "x.b", 1); /* the same value: a reading all the same */
	tick(&c, 18);
	assert_log(&c, "");
	tick(&c, 18.5);
	assert_log(&c, "18.000000001 r fire ok->firing warning \"\" d=2\n");
	feed_bad(&c, 19, "x.a", BAD_CRC);
	tick(&c, 20);
	assert_log(&c, "");
	feed_number(&c, 21, "x.a", 1);
	tick(&c, 22);
	assert_log(&c, "21.000000000 r clear firing->ok warning active=2.999999999 \"\" d=2\n");
	rules_case_done(&c);
}

static void test_derived_points_read_one_another_in_any_order(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  c: {value: b * 2}\n"
		  "  b: {value: point('a') + x.b}\n"
		  "  a: {value: x.a + 1, deadband: 0.5}\n"
		  "  high: {value: c > 20}\n"
		  "rules: {r: {when: high}}\n");
	feed_number(&c, 1, "x.b", 1);
	feed_number(&c, 1, "x.a", 7);
	tick(&c, 2);
	assert_number(&c, 2, "c", 18);
	assert_int_equal(declared(&c, "high")->kind, VALUE_BOOL);
	feed_number(&c, 3, "x.a", 7.25); /* within the deadband of a */
	tick(&c, 4);
	assert_number(&c, 4, "c", 18);
	feed_number(&c, 5, "x.a", 9);
	tick(&c, 6);
	assert_number(&c, 6, "c", 22);
	assert_log(&c, "5.000000000 r fire ok->firing warning \"\" high=true\n");
	rules_case_done(&c);
}

static void test_unit_converts_and_names(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  kw: {value: point('meter-3.power'), unit: kW}\n"
		  "  f: {value: boiler.temp, unit: degF}\n"
		  "  bare: {value: x.a * 2, unit: bar}\n"
		  "rules: {r: {when: 'bare > 300 [kPa] and kw < 3000 W and f > 175 degF'}}\n");
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "meter-3.power", 2500);
	feed_number(&c, 1, "boiler.temp", 80);
	tick(&c, 2);
	assert_number(&c, 2, "kw", 2.5);
	assert_number(&c, 2, "f", 176);
	assert_number(&c, 2, "bare", 4);
	assert_string_equal(declared(&c, "bare")->unit_text, "bar");
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);
}

static void test_prev_lets_a_total_read_itself(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  total: {value: (prev(total) ?? 0) + x.a}\n"
		  "  step: {value: x.a - prev(x.a)}\n"
		  "rules: {r: {when: total >= 6}}\n");
	feed_number(&c, 1, "x.a", 1);
	tick(&c, 1.5);
	assert_number(&c, 1.5, "total", 1);
	assert_nothing(&c, 1.5, "step", QUALITY_BAD);
	feed_number(&c, 2, "x.a", 3);
	tick(&c, 2.5);
	assert_number(&c, 2.5, "total", 4);
	assert_number(&c, 2.5, "step", 2);
	feed_number(&c, 3, "x.a", 3); /* each reading counts */
	tick(&c, 3.5);
	assert_number(&c, 3.5, "total", 7);
	assert_number(&c, 3.5, "step", 0);
	assert_log(&c, "3.000000000 r fire ok->firing warning \"\" total=7\n");
	feed_bad(&c, 4, "x.a", BAD_CRC);
	tick(&c, 5);
	assert_number(&c, 5, "total", 7);
	rules_case_done(&c);
}

/* What is said of a file. */
static void assert_said(const char *text, const char *said)
{
	struct rules_case c;

	rules_case_init(&c, text);
	assert_null(c.set);
	assert_string_equal(conf_case_said(&c.conf), said);
	rules_case_done(&c);
}

static void test_loops_are_told_with_their_path(void **state)
{
	(void)state;
	assert_said("derived:\n"
		    "  a: {value: b + 1}\n"
		    "  b: {value: avg_c}\n"
		    "  avg_c: {value: 'if(x.p, a, x.a)'}\n"
		    "rules: {r: {when: a > 1}}\n",
		    "t.yaml:2:3: error: these derived points depend on each other in a loop: a "
		    "-> b -> avg_c -> a\n"
		    "    2 |   a: {value: b + 1}\n"
		    "      |   ^\n"
		    "      = hint: prev(x) is the value before this one, and breaks a loop\n");
	assert_said(
		"derived: {a: {value: a + 1}}\n",
		"t.yaml:1:11: error: these derived points depend on each other in a loop: a "
		"-> a\n"
		"    1 | derived: {a: {value: a + 1}}\n"
		"      |           ^\n"
		"      = hint: prev(x) is the value before this one, and breaks a loop\n");
}

static void test_depth_counts_in_whichever_order_they_stand(void **state)
{
	(void)state;
	for (unsigned rising = 0; rising < 2; rising++) {
		for (unsigned depth = DERIVED_DEPTH_MAX; depth <= DERIVED_DEPTH_MAX + 1;
		     depth++) {
			struct rules_case c;
			struct str text;

			str_init(&text);
			str_adds(&text, "derived:\n");
			for (unsigned i = 0; i < depth; i++) {
				unsigned number = rising ? i : depth - 1 - i;

				if (number == 0)
					str_adds(&text, "  n0: {value: x.a}\n");
				else
					str_addf(&text, "  n%u: {value: n%u + 1}\n", number,
						 number - 1);
			}
			str_adds(&text, "rules: {r: {when: x.a > 1}}\n");
			rules_case_init(&c, text.s);
			assert_int_equal(diags_errors(c.conf.diags), depth > DERIVED_DEPTH_MAX);
			rules_case_done(&c);
			str_done(&text);
		}
	}
}

static void test_errors_say_which_point_and_once(void **state)
{
	(void)state;
	/* the rule that reads it does not complain as well */
	assert_said(
		"derived: {d: {value: boiler.temp > 3 bar}}\n"
		"rules: {r: {when: d}}\n",
		"t.yaml:1:34: error: cannot compare temperature [degC] with pressure [bar]\n"
		"    1 | derived: {d: {value: boiler.temp > 3 bar}}\n"
		"      |                                  ^\n"
		"      = in 'value' of derived point 'd'\n");
	assert_said("derived: {d: {value: boiler.mode}}\n",
		    "t.yaml:1:22: error: a derived point is a number or true or false, not a "
		    "text\n"
		    "    1 | derived: {d: {value: boiler.mode}}\n"
		    "      |                      ^~~~~~~~~~~\n"
		    "      = in 'value' of derived point 'd'\n");
	assert_said(
		"derived: {d: {value: boiler.temp, unit: bar}}\n",
		"t.yaml:1:22: error: the value is temperature [degC], the unit of the point "
		"pressure [bar]\n"
		"    1 | derived: {d: {value: boiler.temp, unit: bar}}\n"
		"      |                      ^~~~~~~~~~~\n"
		"      = in 'value' of derived point 'd'\n");
	assert_said("derived: {x.a: {value: x.b}, -d: {value: x.b}, e: {value: 5}}\n",
		    "t.yaml:1:11: error: there is a point 'x.a' already\n"
		    "    1 | derived: {x.a: {value: x.b}, -d: {value: x.b}, e: {value: 5}}\n"
		    "      |           ^~~\n"
		    "t.yaml:1:30: error: '-d' is no name for a derived point\n"
		    "    1 | derived: {x.a: {value: x.b}, -d: {value: x.b}, e: {value: 5}}\n"
		    "      |                              ^~\n"
		    "      = expected: names joined by dots, such as boiler.lift, at most 64 "
		    "characters\n"
		    "t.yaml:1:59: error: this never changes: it reads no point\n"
		    "    1 | derived: {x.a: {value: x.b}, -d: {value: x.b}, e: {value: 5}}\n"
		    "      |                                                           ^\n"
		    "      = in 'value' of derived point 'e'\n");
	assert_said(
		"derived: {d: {value: rises(x.p)}}\n",
		"t.yaml:1:22: error: 'rises' is an instant, and a derived point has a value "
		"at all times\n"
		"    1 | derived: {d: {value: rises(x.p)}}\n"
		"      |                      ^~~~~\n"
		"      = in 'value' of derived point 'd'\n");
	assert_said("derived: {d: {value: firing('r')}}\nrules: {r: {when: x.p}}\n",
		    "t.yaml:1:22: error: the state of a rule cannot stand in a derived point\n"
		    "    1 | derived: {d: {value: firing('r')}}\n"
		    "      |                      ^~~~~~\n"
		    "      = hint: a rule can be inhibited_by others\n");
	assert_said("derived: {d: {value: (prev(d) ?? 0) + tank.level}}\n",
		    "t.yaml:1:11: error: prev() reads 'd' in a loop: that needs its unit said\n"
		    "    1 | derived: {d: {value: (prev(d) ?? 0) + tank.level}}\n"
		    "      |           ^\n"
		    "      = hint: unit: m\n");
	/* 'd' is a text there, not the point of that name. */
	assert_said("derived: {d: {value: x.s == 'd' and x.a}}\n",
		    "t.yaml:1:37: error: expected true or false, got a number\n"
		    "    1 | derived: {d: {value: x.s == 'd' and x.a}}\n"
		    "      |                                     ^~~\n"
		    "      = hint: compare it: x > 0\n");
	assert_said("derived: {d: {value: prev(d) > 0}}\n",
		    "t.yaml:1:11: error: prev() reads 'd' in a loop: that has to be a number\n"
		    "    1 | derived: {d: {value: prev(d) > 0}}\n"
		    "      |           ^\n"
		    "      = hint: if(condition, 1, 0) makes a number of a condition\n");
	assert_said("derived: {d: {unit: bar}}\n",
		    "t.yaml:1:14: error: derived point 'd' needs 'value'\n"
		    "    1 | derived: {d: {unit: bar}}\n"
		    "      |              ^\n"
		    "      = value: the expression that is the point's value\n");
	assert_said("derived: {d: {value: x.a >}}\nrules: {r: {when: age(d) > 1s}}\n",
		    "t.yaml:1:27: error: expected an expression, got the end\n"
		    "    1 | derived: {d: {value: x.a >}}\n"
		    "      |                           ^\n"
		    "      = in 'value' of derived point 'd'\n");
}

static void test_values_and_units_of_the_wrong_form_are_told(void **state)
{
	(void)state;
	assert_said(
		"derived: {d: {value: [x.a]}}\n",
		"t.yaml:1:22: error: expected an expression as the value of derived point 'd', "
		"got a list\n"
		"    1 | derived: {d: {value: [x.a]}}\n"
		"      |                      ^\n");
	assert_said(
		"derived: {d: {value: ~}}\n",
		"t.yaml:1:22: error: expected an expression as the value of derived point 'd', "
		"got nothing\n"
		"    1 | derived: {d: {value: ~}}\n"
		"      |                      ^\n");
	assert_said("derived: {d: {value: x.a, unit: [bar]}}\n",
		    "t.yaml:1:33: error: expected a unit such as bar, got a list\n"
		    "    1 | derived: {d: {value: x.a, unit: [bar]}}\n"
		    "      |                                 ^\n");
	assert_said("derived: {d: {value: x.a, unit: ~}}\n",
		    "t.yaml:1:33: error: expected a unit such as bar, got nothing\n"
		    "    1 | derived: {d: {value: x.a, unit: ~}}\n"
		    "      |                                 ^\n");
	assert_said("derived: {d: {value: x.a, unit: barr}}\n",
		    "t.yaml:1:33: error: 'barr' is no unit of measurement\n"
		    "    1 | derived: {d: {value: x.a, unit: barr}}\n"
		    "      |                                 ^~~~\n"
		    "      = hint: did you mean 'bar'?\n");
	assert_said("derived: {d: {value: x.p, unit: bar}}\n",
		    "t.yaml:1:22: error: true and false have no unit\n"
		    "    1 | derived: {d: {value: x.p, unit: bar}}\n"
		    "      |                      ^~~\n"
		    "      = hint: leave 'unit' out\n");
}

static void test_there_is_an_end_to_derived_points(void **state)
{
	struct rules_case c;
	struct str text;

	(void)state;
	for (unsigned count = DERIVED_MAX; count <= DERIVED_MAX + 1; count++) {
		str_init(&text);
		str_adds(&text, "derived:\n");
		for (unsigned i = 0; i < count; i++)
			str_addf(&text, "  n%u: {value: x.a}\n", i);
		rules_case_init(&c, text.s);
		if (count > DERIVED_MAX) {
			assert_int_equal(diags_errors(c.conf.diags), 1);
			assert_string_equal(conf_case_said(&c.conf),
					    "t.yaml:2:3: error: there are more than 10000 "
					    "derived points\n"
					    "    2 |   n0: {value: x.a}\n"
					    "      |   ^\n");
		} else {
			assert_string_equal(conf_case_said(&c.conf), "");
		}
		rules_case_done(&c);
		str_done(&text);
	}
}

static void reload(struct rules_case *c, struct rules_case *next, const char *text, double at)
{
	rules_case_init(next, text);
	assert_string_equal(conf_case_said(&next->conf), "");
	rules_case_start(next);
	engine_adopt(next->engine, c->engine, (struct boot){llround(at * 1e9)});
}

static void test_reload_keeps_values_and_what_prev_knows(void **state)
{
	static const char text[] = "derived:\n"
				   "  total: {value: (prev(total) ?? 0) + x.a}\n"
				   "rules: {r: {when: total >= 6}}\n";
	struct rules_case c, next, other;

	(void)state;
	start(&c, text);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 2, "x.a", 2);
	tick(&c, 3);
	reload(&c, &next, text, 4);
	assert_number(&next, 4, "total", 4);
	feed_number(&next, 5, "x.a", 3);
	tick(&next, 6);
	assert_number(&next, 6, "total", 7);
	assert_log(&next, "5.000000000 r fire ok->firing warning \"\" total=7\n");
	/* another formula: another point, computed at once from what is there */
	reload(&next, &other,
	       "derived: {total: {value: x.a * 10}}\n"
	       "rules: {r: {when: total >= 6}}\n",
	       7);
	assert_number(&other, 7, "total", 30);
	assert_int_equal(rules_case_state(&other), RULE_FIRING);
	rules_case_done(&c);
	rules_case_done(&next);
	rules_case_done(&other);
}

static void test_reload_before_any_reading_derives_nothing(void **state)
{
	static const char text[] = "derived: {d: {value: x.a ?? 1}}\n"
				   "rules: {r: {on: changed(d)}}\n";
	struct rules_case c, next;
	struct engine_point is;

	(void)state;
	start(&c, text);
	reload(&c, &next, text, 1);
	engine_point(next.engine, point_table_find(next.points, "d", 1), (struct boot){0}, &is);
	assert_int_equal(is.value.kind, VALUE_NONE);
	feed_bad(&next, 2, "x.a", BAD_CRC);
	tick(&next, 3);
	assert_number(&next, 3, "d", 1);
	feed_number(&next, 4, "x.a", 3);
	tick(&next, 5);
	assert_log(&next, "4.000000000 r instant ok->ok warning \"\" d=3\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_reload_derives_what_reads_a_device_that_has_spoken(void **state)
{
	static const char text[] = "rules: {q: {when: bad(x)}}";
	struct rules_case c, next;

	(void)state;
	start(&c, text);
	feed_number(&c, 1, "x.a", 2);
	reload(&c, &next,
	       "derived: {d: {value: bad(x)}}\n"
	       "rules: {q: {when: bad(x)}, r: {when: not d}}\n",
	       2);
	assert_log(&next, "2.000000000 r fire ok->firing warning \"\" d=false\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_reload_tells_when_something_behind_a_point_is_computed_otherwise(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "derived: {d: {value: x.a + 1}, e: {value: d * 2}}\n"
		  "rules: {r: {on: changed(e)}, s: {when: 'count(e, 1m) > 0', for: 9s}}\n");
	feed_number(&c, 1, "x.a", 2);
	rules_case_log(&c);
	reload(&c, &next,
	       "derived: {d: {value: x.a + 2}, e: {value: d * 2}}\n"
	       "rules: {r: {on: changed(e)}, s: {when: 'count(e, 1m) > 0', for: 9s}}\n",
	       5);
	assert_number(&next, 5, "e", 8);
	/* What it was before has nothing to do with it: no instant, and no sample. */
	feed_number(&next, 6, "x.a", 2);
	tick(&next, 7);
	assert_log(&next, "5.000000000 s calm pending->ok warning \"\" e=8\n"
			  "6.000000000 s pending ok->pending warning \"\" e=8\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

/* It has a value because an input fell silent: no reading has given it one. */
static void test_reload_keeps_a_value_that_nobody_has_read(void **state)
{
	static const char text[] = "derived:\n"
				   "  d: {value: 'if(bad(x.b), 1.2, 1)', deadband: 0.5}\n"
				   "rules: {r: {when: d > 1}}\n";
	struct rules_case c, next;

	(void)state;
	start(&c, text);
	feed_number(&c, 29, "x.c", 1);
	tick(&c, 31);
	assert_number(&c, 31, "d", 1.2);
	feed_number(&c, 32, "x.b", 1);
	tick(&c, 33);
	assert_number(&c, 33, "d", 1.2);
	reload(&c, &next, text, 34);
	assert_number(&next, 34, "d", 1.2);
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_rules_hear_when_what_is_behind_a_derived_point_speaks_or_is_silent(
	void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived: {d: {value: x.a + x.b}, e: {value: d + 1}}\n"
		  "rules:\n"
		  "  r: {when: not known(e), for: 1s}\n"
		  "  s: {when: e > 3, on_unknown: fire}\n"
		  "  t: {when: 'avg(e, 5s) > 3', on_unknown: fire}\n");
	feed_bad(&c, 2, "x.b", BAD_CRC);
	tick(&c, 29);
	assert_log(&c, "2.000000000 r pending ok->pending warning \"\" e=unknown(bad)\n"
		       "3.000000000 r fire pending->firing warning \"\" e=unknown(bad)\n");
	tick(&c, 31);
	assert_log(&c, "30.000000000 s fire ok->firing warning \"\" e=unknown(bad)\n"
		       "30.000000000 t fire ok->firing warning \"\" e=unknown(bad)\n");
	rules_case_done(&c);
	start(&c, "derived: {d: {value: ln(x.a)}}\n"
		  "rules: {r: {when: d > 3, for: 4s, on_unknown: fire}}\n");
	tick(&c, 31);
	assert_log(&c, "30.000000000 r pending ok->pending warning \"\" d=unknown(stale)\n");
	/* No silence any more, and no result either. */
	feed_number(&c, 32, "x.a", -1);
	tick(&c, 60);
	assert_log(&c, "");
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_follows_its_inputs),
		cmocka_unit_test(test_readings_of_one_instant_make_one_value),
		cmocka_unit_test(test_quality_is_that_of_the_inputs),
		cmocka_unit_test(test_age_starts_anew_with_each_reading_of_an_input),
		cmocka_unit_test(test_derived_points_read_one_another_in_any_order),
		cmocka_unit_test(test_unit_converts_and_names),
		cmocka_unit_test(test_prev_lets_a_total_read_itself),
		cmocka_unit_test(test_loops_are_told_with_their_path),
		cmocka_unit_test(test_depth_counts_in_whichever_order_they_stand),
		cmocka_unit_test(test_errors_say_which_point_and_once),
		cmocka_unit_test(test_values_and_units_of_the_wrong_form_are_told),
		cmocka_unit_test(test_there_is_an_end_to_derived_points),
		cmocka_unit_test(test_reload_keeps_values_and_what_prev_knows),
		cmocka_unit_test(test_reload_before_any_reading_derives_nothing),
		cmocka_unit_test(test_reload_keeps_a_value_that_nobody_has_read),
		cmocka_unit_test(test_reload_derives_what_reads_a_device_that_has_spoken),
		cmocka_unit_test(
			test_reload_tells_when_something_behind_a_point_is_computed_otherwise),
		cmocka_unit_test(
			test_rules_hear_when_what_is_behind_a_derived_point_speaks_or_is_silent),
	};

	return cmocka_run_group_tests_name("derived", tests, NULL, NULL);
}
