/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of what people do to alarms: latched ones, acknowledging, shelving, inhibiting. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "conf/diag.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * NSEC_PER_SEC};
}

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	assert_non_null(c->set);
	rules_case_start(c);
}

/* next goes on with the rules of text from second s on. */
static void reload(struct rules_case *c, struct rules_case *next, const char *text, int64_t s)
{
	start(next, text);
	engine_adopt(next->engine, c->engine, at(s));
	rules_case_done(c);
}

static struct engine_rule rule(const struct rules_case *c, uint32_t number)
{
	struct engine_rule ret;

	engine_rule(c->engine, number, &ret);
	return ret;
}

static void test_a_latched_rule_waits_for_its_acknowledgement(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.a > 10, clear: x.a < 5, latch: true}}\n");
	assert_int_equal(engine_ack(c.engine, 0, at(1)), -ENOENT);
	feed_number(&c, 2, "x.a", 20);
	feed_number(&c, 3, "x.a", 4);
	assert_log(&c, "2.000000000 a fire ok->firing warning \"\" x.a=20\n"
		       "3.000000000 a return firing->returned warning active=1.000000000 \"\" "
		       "x.a=4\n");
	/* Between the two thresholds nothing fires that has returned. */
	feed_number(&c, 4, "x.a", 7);
	assert_log(&c, "");
	assert_int_equal(engine_ack(c.engine, 0, at(5)), 0);
	assert_log(&c, "5.000000000 a clear returned->ok warning active=3.000000000 "
		       "reason=acknowledged \"\" x.a=7\n");
	assert_int_equal(rule(&c, 0).cleared, 1);
	assert_int_equal(engine_ack(c.engine, 0, at(6)), -ENOENT);
	rules_case_done(&c);
}

static void test_an_acknowledged_alarm_repeats_no_more_and_clears_by_itself(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, latch: true, repeat: 10s}}\n");
	feed_bool(&c, 0, "x.p", true);
	tick(&c, 11);
	assert_log(&c, "0.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "10.000000000 a repeat firing->firing warning active=10.000000000 \"\" "
		       "x.p=true\n");
	assert_int_equal(engine_ack(c.engine, 0, at(12)), 0);
	assert_log(&c, "12.000000000 a ack firing->firing warning active=12.000000000 "
		       "reason=acknowledged \"\" x.p=true\n");
	assert_true(rule(&c, 0).acked);
	assert_int_equal(engine_ack(c.engine, 0, at(13)), -EALREADY);
	feed_bool(&c, 25, "x.p", true);
	assert_log(&c, "");
	feed_bool(&c, 26, "x.p", false);
	assert_log(&c, "26.000000000 a clear firing->ok warning active=26.000000000 \"\" "
		       "x.p=false\n");
	assert_false(rule(&c, 0).acked);
	rules_case_done(&c);
}

static void test_others_read_a_returned_alarm_as_firing(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  a: {when: x.p, latch: true}\n"
		  "  b: {when: \"firing('a')\"}\n");
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 2, "x.p", false);
	assert_int_equal(rule(&c, 1).state, RULE_FIRING);
	rules_case_log(&c);
	engine_ack(c.engine, 0, at(3));
	assert_log(&c, "3.000000000 a clear returned->ok warning active=2.000000000 "
		       "reason=acknowledged \"\" x.p=false\n"
		       "3.000000000 b clear firing->ok warning active=2.000000000 \"\"\n");
	rules_case_done(&c);
}

static void test_what_is_due_runs_before_an_operator_acts(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, for: 5s, latch: true}}\n");
	feed_bool(&c, 1, "x.p", true);
	assert_int_equal(engine_ack(c.engine, 0, at(5)), -ENOENT);
	assert_int_equal(engine_ack(c.engine, 0, at(7)), 0);
	assert_log(&c, "1.000000000 a pending ok->pending warning \"\" x.p=true\n"
		       "6.000000000 a fire pending->firing warning \"\" x.p=true\n"
		       "7.000000000 a ack firing->firing warning active=1.000000000 "
		       "reason=acknowledged \"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_a_shelved_rule_lives_on_and_says_what_it_came_to(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, repeat: 5s}}\n");
	engine_shelve(c.engine, 0, at(100), at(1));
	feed_bool(&c, 2, "x.p", true);
	feed_bool(&c, 20, "x.p", true);
	assert_log(&c, "2.000000000 a fire ok->firing warning held \"\" x.p=true\n");
	assert_true(rule(&c, 0).shelved);
	assert_true(rule(&c, 0).shelved_until.ns == at(100).ns);
	feed_bool(&c, 30, "x.p", false);
	feed_bool(&c, 40, "x.p", true);
	feed_bool(&c, 60, "x.p", true);
	feed_bool(&c, 80, "x.p", true);
	assert_log(&c, "30.000000000 a clear firing->ok warning active=28.000000000 held \"\" "
		       "x.p=false\n"
		       "40.000000000 a fire ok->firing warning held \"\" x.p=true\n");
	tick(&c, 101);
	assert_log(&c, "100.000000000 a fire firing->firing warning active=60.000000000 "
		       "reason=no longer held \"\" x.p=true\n");
	assert_false(rule(&c, 0).shelved);
	assert_int_equal(rule(&c, 0).fired, 2);
	rules_case_done(&c);
}

static void test_a_clear_that_was_held_back_is_made_up_for(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p}}\n");
	feed_bool(&c, 1, "x.p", true);
	engine_shelve(c.engine, 0, at(100), at(2));
	feed_bool(&c, 3, "x.p", false);
	rules_case_log(&c);
	assert_int_equal(engine_unshelve(c.engine, 0, at(4)), 0);
	assert_log(&c, "4.000000000 a clear ok->ok warning reason=no longer held \"\" "
		       "x.p=false\n");
	assert_int_equal(engine_unshelve(c.engine, 0, at(5)), -EALREADY);
	/* Nothing is made up for where nothing was missed. */
	engine_shelve(c.engine, 0, at(100), at(6));
	feed_bool(&c, 7, "x.p", true);
	feed_bool(&c, 8, "x.p", false);
	rules_case_log(&c);
	engine_unshelve(c.engine, 0, at(9));
	assert_log(&c, "");
	rules_case_done(&c);
}

/* Its clear let go of what it had switched off, and the burner may be on by now. */
static void test_what_came_again_while_it_was_held_switches_again(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  a: {when: x.p}\n"
		  "  b: {when: x.p, inhibited_by: [c]}\n"
		  "  c: {when: x.q}\n");
	feed_bool(&c, 1, "x.p", true);
	engine_shelve(c.engine, 0, at(100), at(2));
	feed_bool(&c, 3, "x.q", true);
	feed_bool(&c, 4, "x.p", false);
	feed_bool(&c, 5, "x.p", true);
	rules_case_log(&c);
	/* The log says held of what is muted; a webhook does not run for it, a write does. */
	assert_int_equal(engine_unshelve(c.engine, 0, at(6)), 0);
	assert_log(&c, "6.000000000 a fire firing->firing warning active=1.000000000 "
		       "reason=no longer held held \"\" x.p=true\n");
	feed_bool(&c, 7, "x.q", false);
	assert_log(&c, "7.000000000 c clear firing->ok warning active=4.000000000 \"\" "
		       "x.q=false\n"
		       "7.000000000 b fire firing->firing warning active=2.000000000 "
		       "reason=no longer held held \"\" x.p=true\n");
	/* Once, and not where it lasted all the time. */
	engine_shelve(c.engine, 0, at(100), at(8));
	engine_unshelve(c.engine, 0, at(9));
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_an_inhibited_rule_is_a_mere_consequence(void **state)
{
	struct rules_case c;

	(void)state;
	/* The cause stands behind the consequence, and is evaluated before it all the same. */
	start(&c, "rules:\n"
		  "  hot: {when: x.a > 10, inhibited_by: [off]}\n"
		  "  ring: {on: rises(x.q), inhibited_by: [off]}\n"
		  "  off: {when: x.p}\n");
	feed_number(&c, 1, "x.a", 5);
	feed_bool(&c, 1, "x.q", false);
	feed_bool(&c, 2, "x.p", true);
	feed_number(&c, 2, "x.a", 20);
	feed_bool(&c, 3, "x.q", true);
	engine_settle(c.engine);
	assert_log(&c, "2.000000000 off fire ok->firing warning \"\" x.p=true\n"
		       "2.000000000 hot fire ok->firing warning held \"\" x.a=20\n"
		       "3.000000000 ring instant ok->ok warning held \"\" x.q=true\n");
	assert_int_equal(rule(&c, 0).inhibitor, 2);
	feed_bool(&c, 4, "x.p", false);
	engine_settle(c.engine);
	assert_log(&c, "4.000000000 off clear firing->ok warning active=2.000000000 \"\" "
		       "x.p=false\n"
		       "4.000000000 hot fire firing->firing warning active=2.000000000 "
		       "reason=no longer held \"\" x.a=20\n");
	assert_int_equal(rule(&c, 0).inhibitor, UINT32_MAX);
	rules_case_done(&c);
}

static void test_a_reload_keeps_what_operators_did(void **state)
{
	static const char text[] = "rules:\n"
				   "  a: {when: x.p, latch: true}\n"
				   "  b: {when: x.q, latch: true}\n"
				   "  e: {on: changed(x.a)}\n";
	struct rules_case c, next, last;

	(void)state;
	start(&c, text);
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 1, "x.q", true);
	feed_number(&c, 1, "x.a", 1);
	engine_ack(c.engine, 0, at(2));
	engine_shelve(c.engine, 1, at(50), at(2));
	engine_shelve(c.engine, 2, at(50), at(2));
	reload(&c, &next, text, 3);
	assert_log(&next, "");
	assert_true(rule(&next, 0).acked);
	assert_true(rule(&next, 1).shelved && rule(&next, 2).shelved);
	feed_bool(&next, 4, "x.p", false);
	feed_bool(&next, 4, "x.q", false);
	feed_number(&next, 4, "x.a", 2);
	engine_settle(next.engine);
	assert_log(&next,
		   "4.000000000 a clear firing->ok warning active=3.000000000 \"\" x.p=false\n"
		   "4.000000000 b return firing->returned warning active=3.000000000 held \"\" "
		   "x.q=false\n"
		   "4.000000000 e instant ok->ok warning held \"\" x.a=2\n");
	/* A latch that is taken away leaves nobody to wait for. */
	reload(&next, &last, "rules: {b: {when: x.q}}\n", 5);
	assert_log(&last,
		   "5.000000000 b clear returned->ok warning active=4.000000000 held \"\" "
		   "x.q=false\n");
	/* It was told that b fires: the clear is still due. */
	tick(&last, 51);
	assert_log(&last, "50.000000000 b clear ok->ok warning reason=no longer held \"\" "
			  "x.q=unknown(stale)\n");
	rules_case_done(&last);
}

static void test_a_removed_rule_clears_only_what_was_told(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules:\n"
		  "  a: {when: x.p, latch: true}\n"
		  "  b: {when: x.q}\n");
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 2, "x.p", false);
	engine_shelve(c.engine, 1, at(50), at(2));
	feed_bool(&c, 3, "x.q", true);
	reload(&c, &next, "rules: {z: {when: x.r}}\n", 4);
	assert_log(&next, "4.000000000 a clear returned->ok warning active=3.000000000 "
			  "reason=removed \"\"\n"
			  "4.000000000 b clear firing->ok warning active=1.000000000 "
			  "reason=removed held \"\"\n");
	rules_case_done(&next);
}

static void assert_said(const char *text, const char *said)
{
	struct rules_case c;
	struct str out;

	rules_case_init(&c, text);
	assert_null(c.set);
	str_init(&out);
	diags_render(c.conf.diags, &out);
	assert_string_equal(out.s, said);
	str_done(&out);
	rules_case_done(&c);
}

static void test_inhibited_by_names_rules_that_last(void **state)
{
	(void)state;
	assert_said("rules:\n"
		    "  a: {when: x.p, inhibited_by: [plc-offlin]}\n"
		    "  plc-offline: {when: x.q}\n",
		    "t.yaml:2:33: error: there is no rule 'plc-offlin'\n"
		    "    2 |   a: {when: x.p, inhibited_by: [plc-offlin]}\n"
		    "      |                                 ^~~~~~~~~~\n"
		    "      = hint: did you mean 'plc-offline'?\n");
	assert_said("rules:\n"
		    "  a: {when: x.p, inhibited_by: [b]}\n"
		    "  b: {on: rises(x.q)}\n",
		    "t.yaml:2:33: error: the rule 'b' is an instant: it never lasts\n"
		    "    2 |   a: {when: x.p, inhibited_by: [b]}\n"
		    "      |                                 ^\n"
		    "      = expected: a rule with 'when'\n");
	assert_said(
		"rules: {a: {when: x.p, inhibited_by: [a]}}\n",
		"t.yaml:1:9: error: these rules depend on each other in a loop: a -> a\n"
		"    1 | rules: {a: {when: x.p, inhibited_by: [a]}}\n"
		"      |         ^\n"
		"      = hint: a rule may not read, over others, whether it fires itself\n");
	assert_said("rules: {a: {on: rises(x.p), latch: true}}\n",
		    "t.yaml:1:29: error: 'latch' belongs to 'when'; an instant has no state\n"
		    "    1 | rules: {a: {on: rises(x.p), latch: true}}\n"
		    "      |                             ^~~~~\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_latched_rule_waits_for_its_acknowledgement),
		cmocka_unit_test(
			test_an_acknowledged_alarm_repeats_no_more_and_clears_by_itself),
		cmocka_unit_test(test_others_read_a_returned_alarm_as_firing),
		cmocka_unit_test(test_what_is_due_runs_before_an_operator_acts),
		cmocka_unit_test(test_a_shelved_rule_lives_on_and_says_what_it_came_to),
		cmocka_unit_test(test_a_clear_that_was_held_back_is_made_up_for),
		cmocka_unit_test(test_what_came_again_while_it_was_held_switches_again),
		cmocka_unit_test(test_an_inhibited_rule_is_a_mere_consequence),
		cmocka_unit_test(test_a_reload_keeps_what_operators_did),
		cmocka_unit_test(test_a_removed_rule_clears_only_what_was_told),
		cmocka_unit_test(test_inhibited_by_names_rules_that_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
