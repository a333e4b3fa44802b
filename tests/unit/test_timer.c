/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the heap of deadlines against a plain search over all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "rules/timer.h"

enum { OWNERS = 200 };

struct fixture {
	struct timers timers;
	struct timer_entry heap[OWNERS];
	uint32_t places[OWNERS];
	int64_t deadlines[OWNERS];
};

/* Of the owners, some in the middle are lazy; or all, or none. */
static void fixture_init(struct fixture *f, uint32_t lazy_from, uint32_t lazy_count)
{
	f->timers = (struct timers){
		.heap = f->heap, .places = f->places, .deadlines = f->deadlines};
	timers_init(&f->timers, OWNERS, lazy_from, lazy_count);
}

static bool search(const int64_t *deadlines, int64_t *ret_deadline, uint32_t *ret_owner)
{
	bool found = false;

	for (uint32_t i = 0; i < OWNERS; i++) {
		if (deadlines[i] == INT64_MAX || (found && deadlines[i] >= *ret_deadline))
			continue;
		*ret_deadline = deadlines[i];
		*ret_owner = i;
		found = true;
	}
	return found;
}

static void test_nothing_is_first_of_nothing(void **state)
{
	struct fixture f;
	int64_t deadline;
	uint32_t owner;

	(void)state;
	fixture_init(&f, 60, 80);
	assert_false(timers_first(&f.timers, &deadline, &owner));
	assert_false(timers_maybe_due(&f.timers, INT64_MAX));
	timers_set(&f.timers, 3, INT64_MAX);
	assert_false(timers_first(&f.timers, &deadline, &owner));
}

static void test_equal_deadlines_come_in_order_of_owner(void **state)
{
	static const uint32_t order[] = {7, 3, 150, 0, 21};
	static const uint32_t sorted[] = {0, 3, 7, 21, 150};
	struct fixture f;
	int64_t deadline;
	uint32_t owner;

	(void)state;
	fixture_init(&f, 60, 80);
	for (int i = 0; i < 5; i++)
		timers_set(&f.timers, order[i], 42);
	for (int i = 0; i < 5; i++) {
		assert_true(timers_first(&f.timers, &deadline, &owner));
		assert_int_equal(owner, sorted[i]);
		timers_clear(&f.timers, owner);
	}
	assert_false(timers_first(&f.timers, &deadline, &owner));
}

/* Later, earlier, none, again: the first is always the first. */
static void move_them(uint32_t lazy_from, uint32_t lazy_count)
{
	int64_t truth[OWNERS], expected = 0, deadline;
	uint32_t expected_owner = 0, owner;
	struct random random;
	struct fixture f;
	int found = 0;

	random_init(&random, 11);
	fixture_init(&f, lazy_from, lazy_count);
	for (int i = 0; i < OWNERS; i++)
		truth[i] = INT64_MAX;
	for (int step = 0; step < 200000; step++) {
		uint32_t one = (uint32_t)random_between(&random, 0, OWNERS - 1);

		truth[one] = random_between(&random, 0, 5) == 0
				     ? INT64_MAX
				     : random_between(&random, 0, 500);
		if (truth[one] == INT64_MAX)
			timers_clear(&f.timers, one);
		else
			timers_set(&f.timers, one, truth[one]);
		assert_int_equal(timers_get(&f.timers, one), truth[one]);
		if (step % 3 != 0)
			continue;
		assert_int_equal(timers_first(&f.timers, &deadline, &owner),
				 search(truth, &expected, &expected_owner));
		if (!search(truth, &expected, &expected_owner))
			continue;
		assert_int_equal(deadline, expected);
		assert_int_equal(owner, expected_owner);
		assert_true(timers_maybe_due(&f.timers, deadline + 1));
		if (step % 2 == 0) {
			timers_clear(&f.timers, owner);
			truth[owner] = INT64_MAX;
		}
		found++;
	}
	assert_true(found > 50000);
}

static void test_the_first_is_the_first_whatever_is_moved(void **state)
{
	(void)state;
	move_them(60, 80);
	move_them(0, OWNERS);
	move_them(0, 0);
}

static void test_a_deadline_is_brought_forward_and_never_back(void **state)
{
	struct fixture f;
	int64_t deadline;
	uint32_t owner;

	(void)state;
	fixture_init(&f, 60, 80);
	timers_bring(&f.timers, 3, 50);
	timers_bring(&f.timers, 3, 70);
	assert_int_equal(timers_get(&f.timers, 3), 50);
	timers_bring(&f.timers, 3, 20);
	assert_true(timers_first(&f.timers, &deadline, &owner));
	assert_int_equal(deadline, 20);
	timers_bring(&f.timers, 4, INT64_MAX);
	timers_clear(&f.timers, 3);
	assert_false(timers_first(&f.timers, &deadline, &owner));
	assert_false(timers_maybe_due(&f.timers, INT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_first_of_nothing),
		cmocka_unit_test(test_equal_deadlines_come_in_order_of_owner),
		cmocka_unit_test(test_the_first_is_the_first_whatever_is_moved),
		cmocka_unit_test(test_a_deadline_is_brought_forward_and_never_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
