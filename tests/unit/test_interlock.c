/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Interlocks on a virtual clock, each limit by itself and all against a model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/str.h"
#include "rules/interlock.h"
#include "rules/pack.h"

#define SECOND NSEC_PER_SEC

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * SECOND};
}

static void may(const struct interlock *interlock, struct value value, int64_t now)
{
	struct boot until = {77};

	assert_int_equal(interlock_ask(interlock, value, at(now), &until), INTERLOCK_GO);
	assert_int_equal(until.ns, 77);
}

static void may_not(const struct interlock *interlock, struct value value, int64_t now,
		    enum interlock_verdict why, int64_t until)
{
	struct boot told;

	assert_int_equal(interlock_ask(interlock, value, at(now), &told), why);
	assert_int_equal(told.ns, until < 0 ? INT64_MAX : until * SECOND);
}

static const struct value on = {.kind = VALUE_BOOL, .flag = true};
static const struct value off = {.kind = VALUE_BOOL, .flag = false};

/* Saved at the time at which the next one begins, less the outage; both on their own clocks. */
static struct interlock *again(const struct interlock *old,
			       const struct interlock_limits *limits, int64_t now,
			       int64_t outage)
{
	struct interlock *interlock = interlock_new(limits, at(now));
	struct str bytes;
	struct pack in;

	str_init(&bytes);
	interlock_save(old, at(now), &bytes);
	in = (struct pack){.at = (unsigned char *)bytes.s,
			   .end = (unsigned char *)bytes.s + bytes.len};
	assert_true(interlock_restore(interlock, &in, at(now), outage * SECOND));
	assert_ptr_equal(in.at, in.end);
	str_done(&bytes);
	return interlock;
}

static void test_without_limits_all_may_be_written(void **state)
{
	struct interlock_limits limits = {.low = 1};
	struct interlock *interlock = interlock_new(&limits, at(0));
	struct boot due;

	(void)state;
	for (int i = 0; i < 100; i++) {
		may(interlock, on, 0);
		interlock_wrote(interlock, on, at(0));
		may(interlock, off, 0);
		interlock_wrote(interlock, off, at(0));
	}
	may(interlock, value_number(-1e300), 0);
	may(interlock, value_text("auto"), 0);
	assert_false(interlock_deadline(interlock, &due));
	interlock_free(interlock);
}

static void test_range_holds_for_ever_and_not_numbers_never_go(void **state)
{
	struct interlock_limits limits = {.low = 20, .high = 90};
	struct interlock *interlock = interlock_new(&limits, at(0));

	(void)state;
	may(interlock, value_number(20), 0);
	may(interlock, value_number(90), 0);
	may_not(interlock, value_number(19.999), 0, INTERLOCK_RANGE, -1);
	may_not(interlock, value_number(90.001), 0, INTERLOCK_RANGE, -1);
	may_not(interlock, value_number(NAN), 0, INTERLOCK_RANGE, -1);
	may_not(interlock, value_number(INFINITY), 0, INTERLOCK_RANGE, -1);
	may_not(interlock, (struct value){.kind = VALUE_NONE}, 0, INTERLOCK_RANGE, -1);
	interlock_free(interlock);
}

static void test_min_off_runs_from_the_start_and_from_each_off(void **state)
{
	struct interlock_limits limits = {.low = 1, .min_off_ns = 30 * SECOND};
	struct interlock *interlock = interlock_new(&limits, at(100));

	(void)state;
	may_not(interlock, on, 129, INTERLOCK_MIN_OFF, 130);
	may(interlock, off, 100);
	may(interlock, on, 130);
	interlock_wrote(interlock, on, at(130));
	may(interlock, off, 130);
	interlock_wrote(interlock, off, at(140));
	may_not(interlock, on, 169, INTERLOCK_MIN_OFF, 170);
	/* Off again is no change, and does not start the time anew. */
	may(interlock, off, 150);
	interlock_wrote(interlock, off, at(150));
	may(interlock, on, 170);
	interlock_free(interlock);
}

static void test_min_on_holds_the_safe_value_back_as_well(void **state)
{
	struct interlock_limits limits = {
		.low = 1, .min_on_ns = 60 * SECOND, .safe = {.kind = VALUE_BOOL}};
	struct interlock *interlock = interlock_new(&limits, at(0));

	(void)state;
	/* What is not known to be on may be switched off. */
	may(interlock, off, 0);
	interlock_wrote(interlock, on, at(10));
	may(interlock, on, 20);
	may_not(interlock, off, 69, INTERLOCK_MIN_ON, 70);
	may(interlock, off, 70);
	interlock_free(interlock);
}

static void test_max_on_ends_with_a_deadline(void **state)
{
	struct interlock_limits limits = {.low = 1, .max_on_ns = 180 * SECOND};
	struct interlock *interlock = interlock_new(&limits, at(0));
	struct boot due;

	(void)state;
	assert_false(interlock_deadline(interlock, &due));
	interlock_wrote(interlock, on, at(10));
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(190).ns);
	/* On again does not lengthen it. */
	interlock_wrote(interlock, on, at(100));
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(190).ns);
	interlock_wrote(interlock, off, at(190));
	assert_false(interlock_deadline(interlock, &due));
	/* Somebody switched it on by hand. */
	interlock_saw(interlock, on, at(200));
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(380).ns);
	interlock_free(interlock);
}

static void test_max_changes_counts_in_any_span_and_lets_safety_through(void **state)
{
	struct interlock_limits limits = {
		.low = 1, .changes = 3, .per_ns = 60 * SECOND, .safe = {.kind = VALUE_BOOL}};
	struct interlock *interlock = interlock_new(&limits, at(0));

	(void)state;
	interlock_wrote(interlock, on, at(0));
	interlock_wrote(interlock, off, at(10));
	interlock_wrote(interlock, on, at(20));
	may(interlock, off, 30);
	interlock_wrote(interlock, off, at(30));
	/* Changes at 10, 20 and 30 are the last three. */
	may_not(interlock, on, 69, INTERLOCK_CHANGES, 70);
	may(interlock, on, 70);
	interlock_wrote(interlock, on, at(70));
	may(interlock, on, 71);
	may(interlock, off, 71);
	interlock_free(interlock);
}

static void test_numbers_count_as_changes_too(void **state)
{
	struct interlock_limits limits = {.low = 1, .changes = 2, .per_ns = 3600 * SECOND};
	struct interlock *interlock = interlock_new(&limits, at(0));

	(void)state;
	interlock_wrote(interlock, value_number(50), at(0));
	interlock_wrote(interlock, value_number(50), at(1));
	interlock_wrote(interlock, value_number(51), at(2));
	may(interlock, value_number(51), 3);
	may_not(interlock, value_number(52), 3, INTERLOCK_CHANGES, 3600);
	interlock_free(interlock);
}

static void test_what_others_switch_moves_the_times_but_not_the_count(void **state)
{
	struct interlock_limits limits = {
		.low = 1, .min_off_ns = 30 * SECOND, .changes = 1, .per_ns = 600 * SECOND};
	struct interlock *interlock = interlock_new(&limits, at(0));

	(void)state;
	interlock_saw(interlock, on, at(40));
	interlock_saw(interlock, off, at(50));
	interlock_saw(interlock, (struct value){.kind = VALUE_NONE}, at(55));
	may_not(interlock, on, 79, INTERLOCK_MIN_OFF, 80);
	may(interlock, on, 80);
	interlock_wrote(interlock, on, at(80));
	may_not(interlock, off, 90, INTERLOCK_CHANGES, 680);
	interlock_free(interlock);
}

static void test_a_reload_keeps_times_and_counts(void **state)
{
	struct interlock_limits before = {.low = 1, .changes = 4, .per_ns = 100 * SECOND};
	struct interlock_limits after = {.low = 1,
					 .min_off_ns = 30 * SECOND,
					 .max_on_ns = 60 * SECOND,
					 .changes = 2,
					 .per_ns = 100 * SECOND};
	struct interlock *old = interlock_new(&before, at(0));
	struct interlock *interlock = interlock_new(&after, at(50));
	struct boot due;

	(void)state;
	interlock_wrote(old, on, at(10));
	interlock_wrote(old, off, at(20));
	interlock_wrote(old, on, at(40));
	interlock_adopt(interlock, old);
	interlock_free(old);
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(100).ns);
	/* The last two changes were at 20 and 40. */
	may_not(interlock, off, 50, INTERLOCK_CHANGES, 120);
	interlock_free(interlock);
}

/* A power cut: what was on may be off since a moment ago. */
static void test_what_was_on_before_a_restart_is_seen_first_or_rests(void **state)
{
	struct interlock_limits limits = {.low = 1, .min_off_ns = 30 * SECOND};
	struct interlock *old = interlock_new(&limits, at(0)), *interlock;

	(void)state;
	interlock_wrote(old, on, at(100));
	interlock = again(old, &limits, 200, 20);
	may(interlock, off, 200);
	may_not(interlock, on, 229, INTERLOCK_MIN_OFF, 230);
	assert_true(interlock_saw(interlock, on, at(210)));
	may(interlock, on, 210);
	assert_false(interlock_wrote(interlock, on, at(210)));
	interlock_free(interlock);

	interlock = again(old, &limits, 200, 20);
	assert_true(interlock_saw(interlock, off, at(210)));
	may_not(interlock, on, 239, INTERLOCK_MIN_OFF, 240);
	interlock_free(interlock);

	/* Nobody can see it: then from the start. */
	interlock = again(old, &limits, 200, 20);
	may(interlock, on, 230);
	assert_true(interlock_wrote(interlock, on, at(230)));
	interlock_free(interlock);
	interlock_free(old);
}

static void test_what_is_out_of_reach_may_be_off_or_on(void **state)
{
	struct interlock_limits limits = {
		.low = 1, .min_off_ns = 30 * SECOND, .max_on_ns = 60 * SECOND};
	struct interlock *interlock = interlock_new(&limits, at(0));
	struct boot due;

	(void)state;
	interlock_wrote(interlock, on, at(100));
	assert_true(interlock_lost(interlock, at(110)));
	assert_false(interlock_lost(interlock, at(120)));
	may_not(interlock, on, 149, INTERLOCK_MIN_OFF, 150);
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(160).ns);
	interlock_saw(interlock, off, at(130));
	interlock_lost(interlock, at(140));
	interlock_lost(interlock, at(150));
	/* Who knows since when. */
	interlock_saw(interlock, on, at(170));
	assert_true(interlock_deadline(interlock, &due));
	assert_int_equal(due.ns, at(200).ns);
	interlock_free(interlock);
}

static void test_two_restarts_without_a_look_count_together(void **state)
{
	struct interlock_limits limits = {.low = 1, .max_on_ns = 600 * SECOND};
	struct interlock *first = interlock_new(&limits, at(0)), *second, *third;
	struct boot due;

	(void)state;
	interlock_wrote(first, off, at(100));
	second = again(first, &limits, 1000, 100);
	third = again(second, &limits, 1200, 50);
	/* Last known to be off as it was first saved: 100 s, a life of 200 s and 50 s ago. */
	interlock_saw(third, on, at(1200));
	assert_true(interlock_deadline(third, &due));
	assert_int_equal(due.ns, at(1200 - 350 + 600).ns);
	interlock_free(first);
	interlock_free(second);
	interlock_free(third);
}

/*
 * Switching by chance: whatever is asked, what goes through never breaks a limit, and what is
 * held back may go at the instant that was told, not before.
 */
static void test_no_sequence_breaks_a_limit(void **state)
{
	struct interlock_limits limits = {.low = 1,
					  .min_on_ns = 5 * SECOND,
					  .min_off_ns = 7 * SECOND,
					  .changes = 6,
					  .per_ns = 100 * SECOND};
	struct random random;

	(void)state;
	random_init(&random, 3);
	for (int round = 0; round < 50; round++) {
		struct interlock *interlock = interlock_new(&limits, at(0));
		int64_t times[400] = {0}, now = 0, since = 0;
		size_t count = 0;
		bool is = false;

		for (int step = 0; step < 400; step++) {
			bool want = random_between(&random, 0, 1) == 1;
			struct boot until;

			now += random_between(&random, 0, 4);
			if (interlock_ask(interlock, value_bool(want), at(now), &until) !=
			    INTERLOCK_GO) {
				assert_true(until.ns > at(now).ns);
				assert_int_not_equal(interlock_ask(interlock, value_bool(want),
								   boot_add(until, -1), &until),
						     INTERLOCK_GO);
				continue;
			}
			interlock_wrote(interlock, value_bool(want), at(now));
			if (want == is && count > 0)
				continue;
			if (want != is)
				assert_true(now - since >= (is ? 5 : 7));
			times[count++] = now;
			if (count > 6)
				assert_true(now - times[count - 7] >= 100);
			is = want;
			since = now;
		}
		assert_true(count > 10);
		interlock_free(interlock);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_limits_all_may_be_written),
		cmocka_unit_test(test_range_holds_for_ever_and_not_numbers_never_go),
		cmocka_unit_test(test_min_off_runs_from_the_start_and_from_each_off),
		cmocka_unit_test(test_min_on_holds_the_safe_value_back_as_well),
		cmocka_unit_test(test_max_on_ends_with_a_deadline),
		cmocka_unit_test(test_max_changes_counts_in_any_span_and_lets_safety_through),
		cmocka_unit_test(test_numbers_count_as_changes_too),
		cmocka_unit_test(test_what_others_switch_moves_the_times_but_not_the_count),
		cmocka_unit_test(test_a_reload_keeps_times_and_counts),
		cmocka_unit_test(test_what_was_on_before_a_restart_is_seen_first_or_rests),
		cmocka_unit_test(test_what_is_out_of_reach_may_be_off_or_on),
		cmocka_unit_test(test_two_restarts_without_a_look_count_together),
		cmocka_unit_test(test_no_sequence_breaks_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
