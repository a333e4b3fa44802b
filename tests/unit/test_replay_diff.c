/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests which fires of two replays are taken for the same alarm, and the words for the rest. */
#include "ctl/replay_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"

enum { MOST = 64 };

#define NEAR_NS (60 * NSEC_PER_SEC)

struct run {
	size_t count;
	struct replay_fire fires[MOST];
};

/* "10-20 30 40-" in seconds: from and to, an instant, one that fires to the end. */
static struct run run_of(const char *text)
{
	struct run run = {0};

	while (*text != '\0') {
		struct replay_fire *fire = &run.fires[run.count++];
		char *end;

		fire->from_ns = fire->to_ns = strtoll(text, &end, 10) * NSEC_PER_SEC;
		text = end;
		if (*text == '-' && text[1] >= '0' && text[1] <= '9') {
			fire->to_ns = strtoll(text + 1, &end, 10) * NSEC_PER_SEC;
			text = end;
		} else if (*text == '-') {
			fire->to_ns = INT64_MAX;
			text++;
		}
		text += *text == ' ';
	}
	return run;
}

static const char *words(const char *before, const char *after)
{
	static char room[400];
	struct run old = run_of(before), new = run_of(after);
	struct replay_pair pairs[2 * MOST];
	size_t count =
		replay_diff_match(old.fires, old.count, new.fires, new.count, NEAR_NS, pairs);
	struct replay_diff diff;
	struct str out;

	replay_diff_sum(old.fires, new.fires, pairs, count, &diff);
	assert_int_equal(diff.before, old.count);
	assert_int_equal(diff.after, new.count);
	str_init_fixed(&out, room, sizeof(room));
	replay_diff_words(&diff, &out);
	assert_int_equal(replay_diff_same(&diff), strcmp(room, "as before") == 0);
	return room;
}

static void test_fires_are_told_as_people_would(void **state)
{
	static const struct {
		const char *before, *after, *words;
	} cases[] = {
		{"", "", "as before"},
		{"10-20 30 40-", "10-20 30 40-", "as before"},
		{"", "5 900-901", "2 new"},
		{"5 900-901", "", "2 fewer"},
		/* A threshold that is reached sooner. */
		{"100-200 500-600", "60-200 460-600", "40 s earlier"},
		{"100-200 500-600", "60-200 490-600", "10 s to 40 s earlier"},
		{"100-200 500-600", "100-200 490-600", "1 of 2 10 s earlier"},
		{"100-200 500-600", "110-200 490-600",
		 "1 of 2 10 s earlier, 1 of 2 10 s later"},
		/* A clear that takes longer, or never comes. */
		{"100-200", "100-230", "clear 30 s later"},
		{"100-200", "100-", "clear later"},
		{"100-", "100-200", "clear earlier"},
		/* Long alarms are the same, however much later they fire. */
		{"100-9000", "4000-9000", "1 h 5 min later"},
		/* One that became two, and two that became one: the larger half is the same. */
		{"100-200", "100-110 120-200", "1 new, 20 s later"},
		{"100-190 195-200", "100-200", "1 fewer, clear 10 s later"},
		/* Apart, but near; and too far. */
		{"100-101", "60-61", "40 s earlier, clear 40 s earlier"},
		{"100-101", "38-39", "1 fewer, 1 new"},
		{"100", "40", "1 min 0 s earlier"},
		{"100", "39", "1 fewer, 1 new"},
		/* A row of instants that is moved as a whole stays a row. */
		{"100 110 120 130", "108 118 128 138", "8.0 s later"},
		{"100 110 120 130", "100 110 130", "1 fewer"},
		{"10 300-400 500 800 900", "260-400 700 800",
		 "3 fewer, 1 new, 1 of 2 40 s earlier"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(words(cases[i].before, cases[i].after), cases[i].words);
}

/* A list of fires without overlaps, close enough together that much of it could be paired. */
static struct run any_run(struct random *random)
{
	struct run run = {.count = (size_t)random_between(random, 0, 7)};
	int64_t at = 0;

	for (size_t i = 0; i < run.count; i++) {
		at += random_between(random, 0, 50) * NSEC_PER_SEC;
		run.fires[i].from_ns = at;
		at += random_between(random, 0, 2) * random_between(random, 0, 40) *
		      NSEC_PER_SEC;
		run.fires[i].to_ns = at;
	}
	return run;
}

/* The words of the header once more; 1000: no pair. */
static double pair_cost(const struct replay_fire *a, const struct replay_fire *b)
{
	double from = (double)(a->from_ns > b->from_ns ? a->from_ns : b->from_ns);
	double to = (double)(a->to_ns < b->to_ns ? a->to_ns : b->to_ns);
	double first = (double)(a->from_ns < b->from_ns ? a->from_ns : b->from_ns);
	double last = (double)(a->to_ns > b->to_ns ? a->to_ns : b->to_ns);
	bool instants = a->from_ns == a->to_ns && b->from_ns == b->to_ns;

	if (from - to > (double)NEAR_NS)
		return 1000;
	if (a->from_ns == b->from_ns && a->to_ns == b->to_ns)
		return 0;
	if (instants || from > to)
		return (instants ? 0 : 1) + (from - to) / (double)NEAR_NS * (instants ? 2 : 1);
	return 1 - (to - from) / (last - first);
}

/* The least that there can be, by trying everything. */
static double least_cost(const struct run *old, size_t i, const struct run *new, size_t j)
{
	double missing, added, pair;

	if (i == old->count || j == new->count)
		return (double)(old->count - i + new->count - j);
	missing = 1 + least_cost(old, i + 1, new, j);
	added = 1 + least_cost(old, i, new, j + 1);
	pair = pair_cost(&old->fires[i], &new->fires[j]) + least_cost(old, i + 1, new, j + 1);
	missing = missing < added ? missing : added;
	return pair < missing ? pair : missing;
}

static void test_pairs_are_in_order_and_whole_and_cost_least(void **state)
{
	struct random random;
	size_t all = 0;

	(void)state;
	random_init(&random, 4);
	for (int round = 0; round < 3000; round++) {
		struct run old = any_run(&random), new = any_run(&random);
		struct replay_pair pairs[2 * MOST];
		size_t count = replay_diff_match(old.fires, old.count, new.fires, new.count,
						 NEAR_NS, pairs);
		ptrdiff_t i = 0, j = 0;
		double cost = 0;

		for (size_t k = 0; k < count; k++) {
			bool missing = pairs[k].after == REPLAY_NONE;
			bool added = pairs[k].before == REPLAY_NONE;

			assert_false(missing && added);
			if (!added)
				assert_int_equal(pairs[k].before, i++);
			if (!missing)
				assert_int_equal(pairs[k].after, j++);
			all += !missing && !added;
			cost += missing || added
					? 1
					: pair_cost(&old.fires[i - 1], &new.fires[j - 1]);
		}
		assert_int_equal(i, old.count);
		assert_int_equal(j, new.count);
		assert_float_equal(cost, least_cost(&old, 0, &new, 0), 1e-9);
	}
	assert_true(all > 3000);
}

/* More than one alignment has room for: paired in turn, and nothing is lost. */
static void test_very_many_fires_are_paired_as_well(void **state)
{
	enum { MANY = 20000 };
	struct replay_fire *fires = xcalloc(MANY, sizeof(*fires));
	struct replay_pair *pairs = xcalloc(2 * MANY, sizeof(*pairs));
	struct replay_diff diff;
	size_t count;

	(void)state;
	for (int i = 0; i < MANY; i++)
		fires[i] = (struct replay_fire){i * NSEC_PER_SEC, i * NSEC_PER_SEC};
	count = replay_diff_match(fires, MANY, fires, MANY, NEAR_NS, pairs);
	replay_diff_sum(fires, fires, pairs, count, &diff);
	assert_int_equal(count, MANY);
	assert_true(replay_diff_same(&diff));
	count = replay_diff_match(fires, MANY, fires, MANY - 7, NEAR_NS, pairs);
	replay_diff_sum(fires, fires, pairs, count, &diff);
	assert_int_equal(diff.missing, 7);
	assert_int_equal(diff.pairs, MANY - 7);
	free(fires);
	free(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fires_are_told_as_people_would),
		cmocka_unit_test(test_pairs_are_in_order_and_whole_and_cost_least),
		cmocka_unit_test(test_very_many_fires_are_paired_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
