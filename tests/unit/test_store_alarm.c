/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* When trouble of the store is told, and how little of it. The state here is none: a few words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "daemon/state.h"
#include "daemon/store_alarm.h"
#include "io/journal.h"
#include "io/loop.h"
#include "model/event.h"

/* ---- in place of state.c */

struct state {
	bool none;
	bool fired; /* as an earlier life left it */
	struct journal_report report;
	struct state_part *part;
};

bool state_report(const struct state *state, struct journal_report *ret)
{
	*ret = state->report;
	return !state->none;
}

bool state_found(const struct state *state, const char *key, const void **ret, size_t *ret_len,
		 int64_t *ret_outage_ns)
{
	*ret = "\1";
	*ret_len = 1;
	*ret_outage_ns = -1;
	return state->fired && strcmp(key, "store") == 0;
}

void state_add(struct state *state, struct state_part *part)
{
	state->part = part;
}

/* ---- the alarm, and what it said */

struct rig {
	struct loop *loop;
	struct state state;
	struct store_alarm *alarm;
	unsigned fired, cleared;
	char message[256], reason[32];
};

static void said(void *arg, const struct event *event)
{
	struct rig *rig = arg;

	assert_string_equal(event->rule_name, STORE_ALARM_NAME);
	assert_int_equal(event->rule, UINT32_MAX);
	assert_true(event->type == EVENT_FIRE || event->type == EVENT_CLEAR);
	rig->fired += event->type == EVENT_FIRE;
	rig->cleared += event->type == EVENT_CLEAR;
	assert_true(rig->fired >= rig->cleared || rig->state.fired);
	snprintf(rig->message, sizeof(rig->message), "%s", event->message);
	snprintf(rig->reason, sizeof(rig->reason), "%s",
		 event->reason != NULL ? event->reason : "");
}

static int set_up(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	rig->loop = loop_new(NULL);
	rig->alarm = store_alarm_new(rig->loop, NSEC_PER_MSEC, said, rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	store_alarm_free(rig->alarm);
	loop_free(rig->loop);
	free(rig);
	return 0;
}

/* What a state would keep of it: so many bytes. */
static size_t kept(const struct rig *rig)
{
	struct str out;
	size_t len;

	str_init(&out);
	rig->state.part->save(rig->state.part->arg, clock_boot(), &out);
	len = out.len;
	str_done(&out);
	return len;
}

static void until_cleared(struct rig *rig, unsigned times)
{
	struct mono end = mono_add(clock_mono(), 60 * NSEC_PER_SEC);

	while (rig->cleared < times && clock_mono().ns < end.ns)
		loop_turn(rig->loop);
	assert_int_equal(rig->cleared, times);
}

static void test_trouble_fires_once_and_clears_when_it_is_over(void **state)
{
	struct rig *rig = *state;

	store_alarm_trouble(rig->alarm, "too early");
	store_alarm_start(rig->alarm, &rig->state);
	assert_int_equal(rig->fired, 0);
	assert_int_equal(kept(rig), 0);
	store_alarm_trouble(rig->alarm, "/x/journal.db cannot be written: full");
	assert_int_equal(rig->fired, 1);
	assert_non_null(strstr(rig->message, "/x/journal.db cannot be written: full"));
	assert_string_equal(rig->reason, "trouble");
	assert_int_equal(kept(rig), 1);
	/* A cause after the other is still one trouble. */
	store_alarm_trouble(rig->alarm, "/x/journal.db cannot be written: I/O error");
	assert_int_equal(rig->fired, 1);
	store_alarm_trouble(rig->alarm, NULL);
	assert_int_equal(rig->cleared, 0);
	until_cleared(rig, 1);
	assert_int_equal(rig->fired, 1);
	assert_int_equal(kept(rig), 0);
}

static void test_a_store_that_comes_and_goes_is_told_ever_less(void **state)
{
	struct rig *rig = *state;

	store_alarm_start(rig->alarm, &rig->state);
	for (int i = 0; i < 600; i++) {
		struct mono end = mono_add(clock_mono(), 2 * NSEC_PER_MSEC);

		store_alarm_trouble(rig->alarm, "full");
		store_alarm_trouble(rig->alarm, NULL);
		while (clock_mono().ns < end.ns)
			loop_turn(rig->loop);
	}
	/* Each pause is twice as long: a minute has room for 16 of them. */
	assert_true(rig->fired >= 2 && rig->fired <= 25);
}

static void test_a_store_that_is_replaced_is_told(void **state)
{
	struct rig *rig = *state;

	store_alarm_start(rig->alarm, &rig->state);
	store_alarm_rebuilt(rig->alarm, "/x/journal.db.corrupt-1");
	assert_int_equal(rig->fired, 1);
	assert_string_equal(rig->reason, "damaged");
	assert_non_null(strstr(rig->message, "/x/journal.db.corrupt-1"));
	until_cleared(rig, 1);
	store_alarm_rebuilt(rig->alarm, NULL);
	assert_int_equal(rig->fired, 2);
	assert_string_equal(rig->reason, "gone");
}

static void test_one_that_was_set_aside_at_the_start_is_told(void **state)
{
	struct rig *rig = *state;

	rig->state.report.aside = "/x/journal.db.corrupt-2";
	store_alarm_start(rig->alarm, &rig->state);
	assert_int_equal(rig->fired, 1);
	assert_non_null(strstr(rig->message, "/x/journal.db.corrupt-2"));
	until_cleared(rig, 1);
}

static void test_what_an_earlier_life_fired_is_cleared(void **state)
{
	struct rig *rig = *state;

	rig->state.fired = true;
	store_alarm_start(rig->alarm, &rig->state);
	assert_int_equal(kept(rig), 1);
	until_cleared(rig, 1);
	assert_int_equal(rig->fired, 0);
}

static void test_without_a_store_there_is_nothing_to_tell(void **state)
{
	struct rig *rig = *state;

	rig->state.none = true;
	store_alarm_start(rig->alarm, &rig->state);
	store_alarm_trouble(rig->alarm, "what");
	assert_int_equal(rig->fired, 0);
	assert_null(rig->state.part);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_trouble_fires_once_and_clears_when_it_is_over),
		CASE(test_a_store_that_comes_and_goes_is_told_ever_less),
		CASE(test_a_store_that_is_replaced_is_told),
		CASE(test_one_that_was_set_aside_at_the_start_is_told),
		CASE(test_what_an_earlier_life_fired_is_cleared),
		CASE(test_without_a_store_there_is_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
