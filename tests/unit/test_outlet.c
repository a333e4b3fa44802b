/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One output on a virtual clock: who has it, what waits, what is tried again, what is saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/outlet.h"
#include "rules/pack.h"

#define SECOND NSEC_PER_SEC

enum { COLD, HOT, FROST, LATE };
static const struct outlet_rule rules[] = {
	{"cold", "rule cold", 0, SEVERITY_WARNING},
	{"hot", "rule hot", 0, SEVERITY_CRITICAL},
	{"frost", "rule frost", 1, SEVERITY_INFO},
	{"late", "rule late", 0, SEVERITY_WARNING},
};
static const struct value on = {.kind = VALUE_BOOL, .flag = true};
static const struct value off = {.kind = VALUE_BOOL, .flag = false};

struct rig {
	struct point_interlock interlock;
	struct point point;
	struct outlet *outlet;
	struct boot now;
};

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->point = (struct point){.name = "boiler.burner",
				    .kind = VALUE_BOOL,
				    .writable = true,
				    .low = 1,
				    .interlock = &rig->interlock};
	rig->interlock.unknown_ns = 5 * SECOND;
	rig->now.ns = 1000 * SECOND;
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	outlet_free(rig->outlet);
	free(rig);
	return 0;
}

static void make(struct rig *rig)
{
	rig->outlet = outlet_new(&rig->point, rules, 4, rig->now);
}

static void wait(struct rig *rig, int64_t seconds)
{
	rig->now.ns += seconds * SECOND;
}

/* The next step writes value, for who; how that ends is for end(). */
static void sends(struct rig *rig, struct value value, const char *who)
{
	struct outlet_move move;

	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_WRITES);
	assert_true(value_equal(move.value, value));
	assert_string_equal(move.who, who);
}

static void ends(struct rig *rig, bool left, bool done)
{
	outlet_ended(rig->outlet, &(struct outlet_end){.left = left, .done = done}, rig->now);
}

/* The next step writes value, which is confirmed, and then nothing. */
static void rests(struct rig *rig)
{
	struct outlet_move move;

	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_RESTS);
}

static void writes(struct rig *rig, struct value value, const char *who)
{
	sends(rig, value, who);
	ends(rig, true, true);
	rests(rig);
}

/* It waits for so many seconds. */
static void waits(struct rig *rig, enum interlock_verdict why, int64_t seconds)
{
	struct outlet_move move;
	struct boot due;

	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_WAITS);
	assert_int_equal(move.verdict, why);
	assert_int_equal(move.until.ns, rig->now.ns + seconds * SECOND);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, move.until.ns);
}

static bool rule(struct rig *rig, size_t number, enum outlet_moment moment, struct value value)
{
	const char *holder;

	return outlet_rule_writes(rig->outlet, number, moment, value, rig->now, &holder);
}

static const char *holder(struct rig *rig)
{
	struct outlet_report report;

	outlet_report(rig->outlet, rig->now, &report);
	return report.holder != NULL ? report.holder : "";
}

static void test_a_write_waits_for_min_off_and_the_last_wish_wins(void **state)
{
	struct rig *rig = *state;

	rig->interlock.min_off_ns = 30 * SECOND;
	make(rig);
	assert_true(rule(rig, COLD, OUTLET_FIRES, on));
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 10);
	waits(rig, INTERLOCK_MIN_OFF, 20);
	/* off is what is there as far as is known: it goes, and the on is forgotten. */
	assert_true(rule(rig, COLD, OUTLET_CLEARS, off));
	writes(rig, off, "rule cold");
	wait(rig, 100);
	rests(rig);
	assert_true(rule(rig, COLD, OUTLET_FIRES, on));
	writes(rig, on, "rule cold");
}

static void test_a_write_that_waits_is_carried_out_when_it_may(void **state)
{
	struct rig *rig = *state;

	rig->interlock.min_on_ns = 60 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 1);
	rule(rig, COLD, OUTLET_CLEARS, off);
	waits(rig, INTERLOCK_MIN_ON, 59);
	wait(rig, 59);
	writes(rig, off, "rule cold");
}

static void test_max_on_switches_off_and_the_rule_has_to_fire_anew(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.max_on_ns = 180 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 100);
	rule(rig, HOT, OUTLET_FIRES, on); /* which makes it no longer */
	writes(rig, on, "rule hot");
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 80 * SECOND);
	wait(rig, 80);
	writes(rig, off, "max_on");
	wait(rig, 1000);
	rests(rig);
	assert_string_equal(holder(rig), "");
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
}

static void test_max_on_is_tried_again_until_it_is_off(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.max_on_ns = 10 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 10);
	for (int64_t pause = 1; pause < 100; pause *= 2) {
		sends(rig, off, "max_on");
		ends(rig, false, false);
		rests(rig);
		assert_true(outlet_deadline(rig->outlet, &due));
		assert_int_equal(due.ns, rig->now.ns + (pause < 60 ? pause : 60) * SECOND);
		rig->now = due;
	}
	writes(rig, off, "max_on");
	wait(rig, 1000);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
}

static void test_max_on_holds_for_what_others_switch(void **state)
{
	struct rig *rig = *state;

	rig->interlock.max_on_ns = 10 * SECOND;
	make(rig);
	assert_true(outlet_saw(rig->outlet, on, rig->now));
	wait(rig, 10);
	writes(rig, off, "max_on");
}

static void test_max_on_counts_an_off_that_never_left_as_none(void **state)
{
	struct rig *rig = *state;

	rig->interlock.max_on_ns = 10 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 5);
	rule(rig, COLD, OUTLET_CLEARS, off);
	sends(rig, off, "rule cold");
	ends(rig, false, false); /* the device was away */
	rests(rig);		 /* and nobody asks again */
	wait(rig, 5);
	sends(rig, off, "rule cold");
	ends(rig, true, true);
}

static void test_changes_that_are_too_many_are_refused_but_not_safe_ones(void **state)
{
	struct rig *rig = *state;
	struct outlet_move move;

	rig->interlock.changes = 2;
	rig->interlock.per_ns = 3600 * SECOND;
	rig->interlock.on_stop = off;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	rule(rig, COLD, OUTLET_FIRES, on);
	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_REFUSES);
	assert_int_equal(move.verdict, INTERLOCK_CHANGES);
	rests(rig);
	wait(rig, 3600);
	rests(rig); /* refused is refused */
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	rule(rig, HOT, OUTLET_FIRES, off);
	writes(rig, off, "rule hot");
	outlet_rule_ends(rig->outlet, HOT, rig->now);
	/* It goes back to cold by itself: nobody would ask again. */
	waits(rig, INTERLOCK_CHANGES, 3600);
}

static void test_the_rule_of_the_higher_rank_has_the_output(void **state)
{
	struct rig *rig = *state;
	const char *who;

	make(rig);
	assert_true(rule(rig, HOT, OUTLET_FIRES, off));
	writes(rig, off, "rule hot");
	assert_false(outlet_rule_writes(rig->outlet, COLD, OUTLET_FIRES, on, rig->now, &who));
	assert_string_equal(who, "rule hot");
	rests(rig);
	/* A priority comes before any severity. */
	assert_true(rule(rig, FROST, OUTLET_FIRES, on));
	writes(rig, on, "rule frost");
	assert_false(rule(rig, HOT, OUTLET_FIRES, off));
	rests(rig);
	outlet_rule_ends(rig->outlet, FROST, rig->now);
	writes(rig, off, "rule hot");
	/* Of those that wanted something meanwhile the next one has it. */
	outlet_rule_ends(rig->outlet, HOT, rig->now);
	writes(rig, on, "rule cold");
	outlet_rule_ends(rig->outlet, COLD, rig->now);
	rests(rig);
	assert_string_equal(holder(rig), "");
}

static void test_of_equals_the_later_one_has_it(void **state)
{
	struct rig *rig = *state;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	assert_true(rule(rig, LATE, OUTLET_FIRES, off));
	writes(rig, off, "rule late");
	assert_true(rule(rig, COLD, OUTLET_FIRES, on));
	writes(rig, on, "rule cold");
}

static void test_a_clear_is_held_back_while_another_fires(void **state)
{
	struct rig *rig = *state;

	make(rig);
	/* Two interlocks of one pump: it goes on again when both are over. */
	rule(rig, COLD, OUTLET_FIRES, off);
	writes(rig, off, "rule cold");
	rule(rig, HOT, OUTLET_FIRES, off);
	writes(rig, off, "rule hot");
	assert_false(rule(rig, HOT, OUTLET_CLEARS, on));
	rests(rig);
	assert_string_equal(holder(rig), "rule cold");
	/* It clears and writes nothing: what hot wanted behind it comes to its turn. */
	outlet_rule_ends(rig->outlet, COLD, rig->now);
	writes(rig, on, "rule hot");
}

static void test_a_safe_clear_ends_what_lower_rules_hold(void **state)
{
	struct rig *rig = *state;

	rig->interlock.on_stop = off;
	make(rig);
	rule(rig, HOT, OUTLET_FIRES, on); /* the pressure is right: the pump may run */
	writes(rig, on, "rule hot");
	rule(rig, COLD, OUTLET_FIRES, on);
	rests(rig);
	assert_true(rule(rig, HOT, OUTLET_CLEARS, off));
	writes(rig, off, "rule hot");
	assert_string_equal(holder(rig), "");
}

static void test_an_operator_holds_for_a_time_and_then_it_goes_back(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	outlet_operator_writes(rig->outlet, off, "uid 0", 10 * SECOND, rig->now);
	writes(rig, off, "uid 0");
	assert_string_equal(holder(rig), "uid 0");
	wait(rig, 5);
	assert_false(rule(rig, COLD, OUTLET_FIRES, on));
	rests(rig);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 5 * SECOND);
	wait(rig, 5);
	writes(rig, on, "rule cold");
}

static void test_an_operator_goes_back_to_what_was_there_or_is_safe(void **state)
{
	struct rig *rig = *state;

	rig->interlock.on_stop = off;
	make(rig);
	outlet_operator_writes(rig->outlet, on, "uid 0", 10 * SECOND, rig->now);
	writes(rig, on, "uid 0");
	wait(rig, 10);
	writes(rig, off, "what was there before");
	outlet_free(rig->outlet);
	make(rig);
	outlet_saw(rig->outlet, on, rig->now);
	outlet_operator_writes(rig->outlet, off, "uid 0", 10 * SECOND, rig->now);
	writes(rig, off, "uid 0");
	wait(rig, 10);
	writes(rig, on, "what was there before");
}

static void test_an_operator_without_a_time_has_it_until_a_rule_writes(void **state)
{
	struct rig *rig = *state;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	outlet_operator_writes(rig->outlet, off, "uid 0", 0, rig->now);
	writes(rig, off, "uid 0");
	wait(rig, 100000);
	rests(rig);
	outlet_rule_ends(rig->outlet, COLD, rig->now);
	rests(rig);
	assert_true(rule(rig, LATE, OUTLET_HAPPENS, on));
	writes(rig, on, "rule late");
}

static void test_a_safe_value_of_a_rule_ends_an_operators_hold(void **state)
{
	struct rig *rig = *state;

	rig->interlock.on_unknown = off;
	make(rig);
	outlet_operator_writes(rig->outlet, on, "uid 0", 1000 * SECOND, rig->now);
	writes(rig, on, "uid 0");
	assert_true(rule(rig, HOT, OUTLET_FIRES, off));
	writes(rig, off, "rule hot");
	wait(rig, 1000);
	rests(rig);
}

static void test_what_an_operator_is_refused_is_not_held(void **state)
{
	struct rig *rig = *state;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	outlet_operator_writes(rig->outlet, off, "uid 0", 10 * SECOND, rig->now);
	sends(rig, off, "uid 0");
	ends(rig, false, false);
	rests(rig);
	assert_string_equal(holder(rig), "rule cold");
}

static void test_fault_H7_undecided_rules_write_the_safe_value_and_come_back(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.on_unknown = off;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	assert_true(outlet_see(rig->outlet, false, rig->now));
	assert_false(outlet_see(rig->outlet, false, rig->now));
	rests(rig);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 5 * SECOND);
	wait(rig, 4);
	assert_true(outlet_see(rig->outlet, true, rig->now)); /* a break: it starts anew */
	assert_true(outlet_see(rig->outlet, false, rig->now));
	wait(rig, 4);
	rests(rig);
	wait(rig, 1);
	writes(rig, off, "on_unknown");
	assert_false(rule(rig, COLD, OUTLET_FIRES, on));
	rests(rig);
	/* A person may, who sees the plant. */
	outlet_operator_writes(rig->outlet, on, "uid 0", 10 * SECOND, rig->now);
	writes(rig, on, "uid 0");
	wait(rig, 10);
	writes(rig, off, "on_unknown");
	outlet_see(rig->outlet, true, rig->now);
	writes(rig, on, "rule cold");
}

static void test_becoming_undecided_ends_an_operators_hold(void **state)
{
	struct rig *rig = *state;

	rig->interlock.on_unknown = off;
	make(rig);
	outlet_operator_writes(rig->outlet, on, "uid 0", 1000 * SECOND, rig->now);
	writes(rig, on, "uid 0");
	outlet_see(rig->outlet, false, rig->now);
	wait(rig, 5);
	writes(rig, off, "on_unknown");
}

static void test_on_start_is_written_before_any_rule_may(void **state)
{
	struct rig *rig = *state;
	const char *who;

	rig->interlock.on_start = off;
	make(rig);
	sends(rig, off, "on_start");
	ends(rig, false, false); /* the bus is not there yet */
	assert_false(outlet_rule_writes(rig->outlet, COLD, OUTLET_FIRES, on, rig->now, &who));
	assert_string_equal(who, "on_start");
	rests(rig);
	wait(rig, 1);
	sends(rig, off, "on_start");
	ends(rig, true, true);
	writes(rig, on, "rule cold");
}

static void test_a_reading_says_that_what_failed_is_there(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.on_start = off;
	make(rig);
	sends(rig, off, "on_start");
	ends(rig, true, false); /* no answer */
	rests(rig);
	assert_true(outlet_saw(rig->outlet, off, rig->now));
	wait(rig, 100);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
}

static void test_fault_B14_a_write_without_an_answer_is_not_repeated(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	sends(rig, on, "rule cold");
	ends(rig, true, false);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
	outlet_see(rig->outlet, false, rig->now);
	outlet_see(rig->outlet, true, rig->now);
	rests(rig);
	outlet_saw(rig->outlet, off, rig->now);
	rests(rig);
}

/* The burner's off that got lost on the wire: nobody else would ask for it again. */
static void test_fault_B14_an_off_of_a_rule_is_tried_until_it_is_there(void **state)
{
	struct rig *rig = *state;

	make(rig);
	rule(rig, HOT, OUTLET_FIRES, off);
	sends(rig, off, "rule hot");
	ends(rig, true, false);
	rests(rig);
	wait(rig, 1);
	sends(rig, off, "rule hot");
	ends(rig, false, false);
	rests(rig);
	wait(rig, 2);
	writes(rig, off, "rule hot");
	/* As it clears, too; and what is read ends it as well as an answer. */
	rule(rig, COLD, OUTLET_FIRES, on);
	rule(rig, HOT, OUTLET_CLEARS, off);
	rule(rig, COLD, OUTLET_CLEARS, off);
	outlet_saw(rig->outlet, on, rig->now);
	sends(rig, off, "rule cold");
	ends(rig, true, false);
	outlet_saw(rig->outlet, off, rig->now);
	wait(rig, 100);
	rests(rig);
}

static void test_fault_B14_what_never_left_is_tried_as_long_as_a_rule_holds_it(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	sends(rig, on, "rule cold");
	ends(rig, false, false);
	wait(rig, 1);
	sends(rig, on, "rule cold");
	ends(rig, false, false);
	wait(rig, 2);
	sends(rig, on, "rule cold");
	/* This one may have been carried out. */
	ends(rig, true, false);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	/* An instant was of its moment. */
	rule(rig, LATE, OUTLET_HAPPENS, on);
	sends(rig, on, "rule late");
	ends(rig, false, false);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
}

static void test_on_stop_goes_at_once_and_is_the_last(void **state)
{
	struct rig *rig = *state;
	struct outlet_move move;
	struct boot due;

	rig->interlock.on_stop = off;
	rig->interlock.min_on_ns = 1000 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	assert_true(outlet_stop(rig->outlet, rig->now, &move));
	assert_true(value_equal(move.value, off));
	ends(rig, false, false);
	rule(rig, HOT, OUTLET_FIRES, on);
	rests(rig);
	assert_false(outlet_deadline(rig->outlet, &due));
	assert_false(outlet_stop(rig->outlet, rig->now, &move));
}

static void test_a_reload_keeps_who_has_it_and_what_runs(void **state)
{
	static const struct outlet_rule after[] = {{"hot", "rule hot", 0, SEVERITY_CRITICAL}};
	struct rig *rig = *state;
	struct outlet *next;

	rig->interlock.min_off_ns = 30 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 10);
	next = outlet_new(&rig->point, after, 1, rig->now);
	outlet_adopt(next, rig->outlet, rig->now);
	outlet_free(rig->outlet);
	rig->outlet = next;
	/* cold is gone, and what it wanted stays. */
	waits(rig, INTERLOCK_MIN_OFF, 20);
	rule(rig, 0, OUTLET_FIRES, off);
	writes(rig, off, "rule hot");
}

/* ---- restart ----------------------------------------------------------------------------- */

static void restart(struct rig *rig, int64_t outage, bool known)
{
	struct str bytes;
	struct pack in;

	str_init(&bytes);
	outlet_save(rig->outlet, rig->now, &bytes);
	outlet_free(rig->outlet);
	/* Another boot: the clock of before is nothing. */
	rig->now.ns = 7 * SECOND;
	make(rig);
	in = (struct pack){(unsigned char *)bytes.s, (unsigned char *)bytes.s + bytes.len,
			   false};
	assert_true(outlet_restore(rig->outlet, &in, rig->now, known ? outage * SECOND : -1));
	str_done(&bytes);
}

/* A line that the driver took gets a value of the driver's, whatever a rule holds. */
static void test_what_counts_is_written_to_a_line_that_begins_anew(void **state)
{
	struct rig *rig = *state;

	rig->point.begins = true;
	rig->interlock.min_off_ns = 30 * SECOND;
	make(rig);
	assert_true(outlet_saw(rig->outlet, off, rig->now)); /* nobody wants anything yet */
	rests(rig);
	wait(rig, 30);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 60);
	/* Somebody else switched it, and may. */
	outlet_saw(rig->outlet, off, rig->now);
	rests(rig);
	outlet_lost(rig->outlet, rig->now);
	outlet_saw(rig->outlet, off, rig->now);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 30);
	writes(rig, on, "rule cold");
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	outlet_lost(rig->outlet, rig->now);
	outlet_saw(rig->outlet, on, rig->now);
	sends(rig, off, "rule cold");
	ends(rig, false, false); /* it is tried again, for nobody asks */
	rests(rig);
	wait(rig, 1);
	writes(rig, off, "rule cold");
	restart(rig, 5, true);
	outlet_saw(rig->outlet, on, rig->now);
	writes(rig, off, "rule cold");
	/* What is no such line is as it was left. */
	rig->point.begins = false;
	outlet_lost(rig->outlet, rig->now);
	outlet_saw(rig->outlet, on, rig->now);
	rests(rig);
}

static void test_an_off_without_an_answer_is_written_after_a_restart(void **state)
{
	struct rig *rig = *state;

	make(rig);
	rule(rig, HOT, OUTLET_FIRES, off);
	sends(rig, off, "rule hot");
	ends(rig, true, false);
	restart(rig, 5, true);
	writes(rig, off, "rule hot");
	restart(rig, 5, true);
	rests(rig);
	rule(rig, FROST, OUTLET_FIRES, on);
	sends(rig, on, "rule frost");
	ends(rig, true, false);
	restart(rig, 5, true);
	rests(rig);
}

/* Without a memory a crash loop would be one long on. */
static void test_what_nobody_remembers_goes_off_first_where_max_on_is(void **state)
{
	struct rig *rig = *state;

	rig->interlock.max_on_ns = 60 * SECOND;
	rig->interlock.on_start = on;
	make(rig);
	outlet_forgotten(rig->outlet);
	assert_false(rule(rig, COLD, OUTLET_FIRES, on));
	assert_string_equal(holder(rig), "max_on");
	sends(rig, off, "max_on");
	ends(rig, false, false); /* the bus is not there yet */
	rests(rig);
	wait(rig, 1);
	sends(rig, off, "max_on");
	ends(rig, true, true);
	writes(rig, on, "rule cold");
	wait(rig, 60);
	writes(rig, off, "max_on");
}

static void test_what_is_forgotten_without_max_on_begins_as_ever(void **state)
{
	struct rig *rig = *state;

	make(rig);
	outlet_forgotten(rig->outlet);
	rests(rig);
	assert_true(rule(rig, COLD, OUTLET_FIRES, on));
	writes(rig, on, "rule cold");
}

/* A power cut: the compressor stands still since a moment ago, whatever was saved of it. */
static void test_on_again_after_a_restart_is_seen_first_or_waits(void **state)
{
	struct rig *rig = *state;

	rig->interlock.min_off_ns = 30 * SECOND;
	make(rig);
	wait(rig, 30);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	restart(rig, 5, true);
	rule(rig, LATE, OUTLET_FIRES, on);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 2);
	outlet_saw(rig->outlet, off, rig->now);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 30);
	writes(rig, on, "rule late");
	restart(rig, 5, true);
	rule(rig, LATE, OUTLET_FIRES, on);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	assert_true(outlet_saw(rig->outlet, on, rig->now));
	writes(rig, on, "rule late");
}

static void test_min_off_goes_on_after_a_restart(void **state)
{
	struct rig *rig = *state;

	rig->interlock.min_off_ns = 100 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, off);
	writes(rig, off, "rule cold");
	wait(rig, 10);
	rule(rig, COLD, OUTLET_FIRES, on);
	waits(rig, INTERLOCK_MIN_OFF, 90);
	restart(rig, 30, true);
	waits(rig, INTERLOCK_MIN_OFF, 60); /* what waited waits on, and is carried out */
	assert_string_equal(holder(rig), "rule cold");
	wait(rig, 60);
	writes(rig, on, "rule cold");
}

static void test_an_outage_of_unknown_length_counts_against_the_output(void **state)
{
	struct rig *rig = *state;

	rig->interlock.min_off_ns = 100 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, off);
	writes(rig, off, "rule cold");
	wait(rig, 10);
	restart(rig, 0, false);
	rule(rig, COLD, OUTLET_FIRES, on);
	waits(rig, INTERLOCK_MIN_OFF, 90);
}

static void test_fault_E1_max_on_holds_over_a_kill(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.max_on_ns = 180 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 100);
	restart(rig, 30, true);
	rests(rig);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 50 * SECOND);
	restart(rig, 0, false); /* nobody knows how long it was: off */
	writes(rig, off, "max_on");
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	restart(rig, 100000, true);
	writes(rig, off, "max_on");
}

/* The kill came before the store had that it was on, or somebody else switched it. */
static void test_fault_E1_max_on_counts_an_outage_in_which_it_came_on(void **state)
{
	struct rig *rig = *state;
	struct boot due;

	rig->interlock.max_on_ns = 180 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	restart(rig, 100, true);
	assert_true(outlet_saw(rig->outlet, on, rig->now));
	rests(rig);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 80 * SECOND);
	outlet_saw(rig->outlet, off, rig->now);
	restart(rig, 0, false);
	outlet_saw(rig->outlet, on, rig->now);
	writes(rig, off, "rule cold");
	/* Once it was seen, what is switched comes on now. */
	restart(rig, 100, true);
	outlet_saw(rig->outlet, off, rig->now);
	wait(rig, 10);
	outlet_saw(rig->outlet, on, rig->now);
	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + 180 * SECOND);
}

static void assert_off_in(struct rig *rig, int64_t seconds)
{
	struct boot due;

	assert_true(outlet_deadline(rig->outlet, &due));
	assert_int_equal(due.ns, rig->now.ns + seconds * SECOND);
}

/* A line is let go by a kill, and begins with off: who wanted it on does not want it anew. */
static void test_fault_E1_max_on_goes_on_with_a_line_that_begins_anew(void **state)
{
	struct rig *rig = *state;

	rig->point.begins = true;
	rig->interlock.max_on_ns = 180 * SECOND;
	make(rig);
	outlet_saw(rig->outlet, off, rig->now);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 100);
	restart(rig, 30, true);
	outlet_saw(rig->outlet, off, rig->now);
	/* Another kill before it is on again, and a chip that comes and goes. */
	restart(rig, 5, true);
	outlet_saw(rig->outlet, off, rig->now);
	writes(rig, on, "rule cold");
	assert_off_in(rig, 45);
	wait(rig, 5);
	outlet_lost(rig->outlet, rig->now);
	outlet_saw(rig->outlet, off, rig->now);
	writes(rig, on, "rule cold");
	assert_off_in(rig, 40);
	/* Wanted anew, it has a time of its own. */
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	assert_off_in(rig, 180);
	/* Nothing is left: it does not even begin. */
	restart(rig, 200, true);
	outlet_saw(rig->outlet, off, rig->now);
	writes(rig, off, "rule cold");
}

static void test_fault_E1_max_on_goes_on_behind_on_start(void **state)
{
	struct rig *rig = *state;
	struct outlet_move move;

	rig->interlock.max_on_ns = 180 * SECOND;
	rig->interlock.min_off_ns = 30 * SECOND;
	rig->interlock.on_start = off;
	rig->interlock.on_stop = off;
	make(rig);
	writes(rig, off, "on_start");
	wait(rig, 30);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	wait(rig, 100);
	restart(rig, 10, true);
	sends(rig, off, "on_start");
	ends(rig, true, true);
	waits(rig, INTERLOCK_MIN_OFF, 30);
	wait(rig, 30);
	writes(rig, on, "rule cold");
	assert_off_in(rig, 40);
	wait(rig, 20);
	assert_true(outlet_stop(rig->outlet, rig->now, &move));
	outlet_ended(rig->outlet, &(struct outlet_end){true, true, move.changes, off},
		     rig->now);
	restart(rig, 10, true);
	sends(rig, off, "on_start");
	ends(rig, true, true);
	/* min_off is longer than what is left of it. */
	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_WAITS);
	assert_off_in(rig, 10);
	wait(rig, 10);
	writes(rig, off, "max_on");
}

static void test_on_start_is_written_after_a_restart_as_well(void **state)
{
	struct rig *rig = *state;

	rig->interlock.on_start = off;
	make(rig);
	writes(rig, off, "on_start");
	rule(rig, COLD, OUTLET_FIRES, off);
	writes(rig, off, "rule cold");
	restart(rig, 1, true);
	writes(rig, off, "on_start");
	assert_string_equal(holder(rig), "rule cold");
}

static void test_what_a_rule_wrote_that_is_gone_after_a_restart_stays(void **state)
{
	static const struct outlet_rule others[] = {{"hot", "rule hot", 0, SEVERITY_CRITICAL}};
	struct rig *rig = *state;
	struct str bytes;
	struct pack in;

	make(rig);
	rule(rig, COLD, OUTLET_CLEARS, off);
	writes(rig, off, "rule cold");
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	str_init(&bytes);
	outlet_save(rig->outlet, rig->now, &bytes);
	outlet_free(rig->outlet);
	rig->outlet = outlet_new(&rig->point, others, 1, rig->now);
	in = (struct pack){(unsigned char *)bytes.s, (unsigned char *)bytes.s + bytes.len,
			   false};
	assert_true(outlet_restore(rig->outlet, &in, rig->now, 0));
	str_done(&bytes);
	rests(rig);
	assert_string_equal(holder(rig), "");
}

static void test_changes_and_holds_go_on_after_a_restart(void **state)
{
	struct rig *rig = *state;
	struct outlet_move move;

	rig->interlock.changes = 2;
	rig->interlock.per_ns = 100 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	outlet_operator_writes(rig->outlet, off, "uid 7", 50 * SECOND, rig->now);
	writes(rig, off, "uid 7");
	restart(rig, 20, true);
	assert_string_equal(holder(rig), "uid 7");
	rests(rig);
	outlet_operator_writes(rig->outlet, on, "uid 8", 0, rig->now);
	assert_int_equal(outlet_step(rig->outlet, rig->now, &move), OUTLET_REFUSES);
	outlet_operator_leaves(rig->outlet);
	waits(rig, INTERLOCK_CHANGES, 80);
}

static void test_texts_are_kept_and_saved(void **state)
{
	struct rig *rig = *state;
	char text[] = "heat";

	rig->point.kind = VALUE_TEXT;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, value_text(text));
	writes(rig, value_text("heat"), "rule cold");
	strcpy(text, "cool");
	rule(rig, HOT, OUTLET_FIRES, value_text(text));
	writes(rig, value_text("cool"), "rule hot");
	restart(rig, 1, true);
	rests(rig);
	outlet_rule_ends(rig->outlet, HOT, rig->now);
	writes(rig, value_text("heat"), "rule cold");
}

static void test_foreign_bytes_change_nothing(void **state)
{
	struct rig *rig = *state;
	struct str bytes;

	rig->interlock.max_on_ns = 180 * SECOND;
	make(rig);
	rule(rig, COLD, OUTLET_FIRES, on);
	writes(rig, on, "rule cold");
	str_init(&bytes);
	outlet_save(rig->outlet, rig->now, &bytes);
	outlet_free(rig->outlet);
	for (size_t len = 0; len < bytes.len; len++) {
		unsigned char *at = malloc(len + 1);
		struct pack in = {at, at + len, false};

		memcpy(at, bytes.s, len);
		make(rig);
		assert_false(outlet_restore(rig->outlet, &in, rig->now, 0));
		rests(rig);
		outlet_free(rig->outlet);
		free(at);
	}
	rig->outlet = NULL;
	str_done(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_write_waits_for_min_off_and_the_last_wish_wins),
		TEST(test_a_write_that_waits_is_carried_out_when_it_may),
		TEST(test_max_on_switches_off_and_the_rule_has_to_fire_anew),
		TEST(test_max_on_is_tried_again_until_it_is_off),
		TEST(test_max_on_holds_for_what_others_switch),
		TEST(test_max_on_counts_an_off_that_never_left_as_none),
		TEST(test_changes_that_are_too_many_are_refused_but_not_safe_ones),
		TEST(test_the_rule_of_the_higher_rank_has_the_output),
		TEST(test_of_equals_the_later_one_has_it),
		TEST(test_a_clear_is_held_back_while_another_fires),
		TEST(test_a_safe_clear_ends_what_lower_rules_hold),
		TEST(test_an_operator_holds_for_a_time_and_then_it_goes_back),
		TEST(test_an_operator_goes_back_to_what_was_there_or_is_safe),
		TEST(test_an_operator_without_a_time_has_it_until_a_rule_writes),
		TEST(test_a_safe_value_of_a_rule_ends_an_operators_hold),
		TEST(test_what_an_operator_is_refused_is_not_held),
		TEST(test_fault_H7_undecided_rules_write_the_safe_value_and_come_back),
		TEST(test_becoming_undecided_ends_an_operators_hold),
		TEST(test_on_start_is_written_before_any_rule_may),
		TEST(test_a_reading_says_that_what_failed_is_there),
		TEST(test_fault_B14_a_write_without_an_answer_is_not_repeated),
		TEST(test_fault_B14_an_off_of_a_rule_is_tried_until_it_is_there),
		TEST(test_fault_B14_what_never_left_is_tried_as_long_as_a_rule_holds_it),
		TEST(test_on_stop_goes_at_once_and_is_the_last),
		TEST(test_a_reload_keeps_who_has_it_and_what_runs),
		TEST(test_what_counts_is_written_to_a_line_that_begins_anew),
		TEST(test_an_off_without_an_answer_is_written_after_a_restart),
		TEST(test_what_nobody_remembers_goes_off_first_where_max_on_is),
		TEST(test_what_is_forgotten_without_max_on_begins_as_ever),
		TEST(test_on_again_after_a_restart_is_seen_first_or_waits),
		TEST(test_min_off_goes_on_after_a_restart),
		TEST(test_an_outage_of_unknown_length_counts_against_the_output),
		TEST(test_fault_E1_max_on_holds_over_a_kill),
		TEST(test_fault_E1_max_on_counts_an_outage_in_which_it_came_on),
		TEST(test_fault_E1_max_on_goes_on_with_a_line_that_begins_anew),
		TEST(test_fault_E1_max_on_goes_on_behind_on_start),
		TEST(test_on_start_is_written_after_a_restart_as_well),
		TEST(test_what_a_rule_wrote_that_is_gone_after_a_restart_stays),
		TEST(test_changes_and_holds_go_on_after_a_restart),
		TEST(test_texts_are_kept_and_saved),
		TEST(test_foreign_bytes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
