/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of exact windows, and of what both forms promise, against a model that keeps it all. */
#include <math.h>
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
#include "window_model.h"

enum { STREAMS = 210, SAMPLES = 400 };

#define SEC	NSEC_PER_SEC
#define ALL	((1u << WINDOW_FUNCTIONS) - 1)
#define TIMED	(1u << WINDOW_TAVG | 1u << WINDOW_INTEGRAL | 1u << WINDOW_SHARE)
#define SAMPLED (ALL & ~TIMED)

static struct window *new_window(const struct window_spec *spec, int64_t now)
{
	return window_init(xmalloc(window_size(spec)), spec, now);
}

static double result(const struct window *window, enum window_function function)
{
	return window_result(window, function, 0.5);
}

static void assert_value(const struct window *window, enum window_function function,
			 double expected)
{
	double is = result(window, function);

	if (is != expected && !(isnan(is) && isnan(expected)))
		fail_msg("%s: %.17g, should be %.17g", function_names[function], is, expected);
}

/* ---- random streams ---------------------------------------------------------------------- */

struct trial {
	struct window_spec spec;
	struct window *window, *twin; /* the twin is asked to expire at any time in between */
	struct model model;
	struct stream stream;
	int64_t now;
};

static void trial_compare(struct trial *trial, int64_t now)
{
	struct model_cover cover = {.from = now - trial->spec.span_ns, .now = now};

	model_compare(&trial->model, trial->window, trial->spec.functions, cover, false);
}

/* Nothing but the time weighted moves before a deadline, and nothing at all without one. */
static void assert_still(const struct trial *trial, int64_t until)
{
	size_t size = window_size(&trial->spec);
	struct window *copy = xmalloc(size);

	memcpy(copy, trial->window, size);
	window_expire(copy, until);
	for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
		if ((SAMPLED & trial->spec.functions) >> f & 1)
			assert_value(copy, (enum window_function)f,
				     result(trial->window, (enum window_function)f));
	}
	free(copy);
}

static void trial_wait(struct trial *trial, int64_t until)
{
	int64_t deadline;

	while (window_deadline(trial->window, &deadline) && deadline <= until) {
		assert_true(deadline > trial->now);
		if (random_between(&trial->stream.random, 0, 3) == 0)
			assert_still(trial, deadline - 1);
		window_expire(trial->window, deadline);
		trial_compare(trial, deadline);
		trial->now = deadline;
	}
	assert_still(trial, until - 1);
}

static int64_t trial_pause(struct trial *trial)
{
	struct random *random = &trial->stream.random;
	int64_t interval = trial->spec.interval_ns;

	switch (random_between(random, 0, 60)) {
	case 0: /* long quiet */
		return random_between(random, 1, 3 * trial->spec.span_ns);
	case 1: /* the same instant */
		return 0;
	case 2: /* leaves exactly as it comes */
		return trial->spec.span_ns;
	default:
		return random_between(random, interval * 9 / 10, interval * 3 / 2);
	}
}

static void trial_sample(struct trial *trial)
{
	struct random *random = &trial->stream.random;
	int64_t t = trial->now + trial_pause(trial);
	double value = random_between(random, 0, 40) == 0 ? NAN : stream_next(&trial->stream);

	trial_wait(trial, t);
	for (int64_t k = random_between(random, 0, 3); k > 0 && t > trial->now; k--)
		window_expire(trial->twin, random_between(random, trial->now, t));
	trial->now = t;
	model_put(&trial->model, t, value);
	window_put(trial->window, t, value);
	window_put(trial->twin, t, value);
	trial_compare(trial, t);
	assert_memory_equal(trial->window, trial->twin, window_size(&trial->spec));
}

static void run_trial(unsigned seed, unsigned functions)
{
	struct trial trial = {.now = (int64_t)seed * 12345};
	struct random *random = &trial.stream.random;

	stream_init(&trial.stream, seed, seed);
	trial.spec = (struct window_spec){.interval_ns = random_between(random, 1, 10 * SEC),
					  .functions = functions};
	trial.spec.span_ns = trial.spec.interval_ns * random_between(random, 1, 256);
	assert_int_equal(window_form(&trial.spec), WINDOW_EXACT);
	trial.window = new_window(&trial.spec, trial.now);
	trial.twin = new_window(&trial.spec, trial.now);
	for (int i = 0; i < SAMPLES; i++)
		trial_sample(&trial);
	trial_wait(&trial, trial.now + 3 * trial.spec.span_ns);
	assert_int_equal(window_overruns(trial.window), 0);
	model_done(&trial.model);
	free(trial.window);
	free(trial.twin);
}

static void test_exact_windows_are_as_the_model_over_random_streams(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < STREAMS; seed++)
		run_trial(seed, seed % 5 != 0 ? ALL : SAMPLED);
}

static void test_each_function_is_right_on_its_own(void **state)
{
	(void)state;
	for (unsigned f = 0; f < WINDOW_FUNCTIONS; f++)
		run_trial(1000 + f * (STREAM_KINDS + 1), 1u << f);
}

/* ---- what left leaves nothing -------------------------------------------------------------
 */

static void glitch_leaves(unsigned functions, const double glitch[2], unsigned seed)
{
	struct window_spec spec = {120 * SEC, SEC, functions};
	struct window *clean = new_window(&spec, 0), *hit = new_window(&spec, 0);
	struct stream stream;

	stream_init(&stream, seed, 6);
	for (int64_t t = 1; t <= 420; t++) {
		double value = 20 + 1e-3 * stream_next(&stream), other = value;

		if (t == 200 || t == 201)
			other = glitch[t - 200];
		window_put(clean, t * SEC, value);
		window_put(hit, t * SEC, other);
		for (unsigned f = 0; f < WINDOW_FUNCTIONS && t >= 322; f++) {
			double a, b;

			if ((functions >> f & 1) == 0)
				continue;
			a = result(clean, (enum window_function)f);
			b = result(hit, (enum window_function)f);
			if (!(fabs(a - b) <= 1e-10 * fabs(a)))
				fail_msg("%s, %jd s after %g: %.17g, without %.17g",
					 function_names[f], (intmax_t)(t - 200), glitch[0], b,
					 a);
		}
	}
	free(clean);
	free(hit);
}

/*
 * Two windows see the same but for a glitch of two samples: once it is outside, they agree far
 * better than plain sums would, whichever size it had.
 */
static void test_a_glitch_leaves_no_trace_once_outside(void **state)
{
	/* With 1e-17 of it beside it, digits lie where the first alone leaves none. */
	static const double glitches[][2] = {
		{1e3, 1e-14},	    {1e5, 1e-12}, {1e9, 1e9},	 {-1e9, 1e-8},
		{1e15, 1e-2},	    {1e30, 1e13}, {1e60, -1e43}, {1e150, 1e133},
		{-1e300, 1e283},    {1.7e308, 1}, {1e9, -1e9},	 {1.7e308, 1.7e308},
		{-1.7e308, 1.7e308}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(glitches); i++) {
		glitch_leaves(ALL, glitches[i], i);
		for (unsigned f = 0; f < WINDOW_FUNCTIONS; f++)
			glitch_leaves(1u << f, glitches[i], i);
	}
}

/* Equal values have no deviation at all, whatever was in the window before. */
static void test_equal_values_deviate_by_nothing_after_a_glitch(void **state)
{
	struct window_spec spec = {60 * SEC, SEC, ALL};
	struct window *window = new_window(&spec, 0);

	(void)state;
	window_put(window, 0, 1e9);
	for (int64_t t = 1; t <= 100; t++) {
		window_put(window, t * SEC, 20.1);
		if (t < 61)
			continue;
		assert_value(window, WINDOW_STDDEV, 0);
		assert_value(window, WINDOW_SLOPE, 0);
		assert_value(window, WINDOW_AVG, 20.1);
		assert_value(window, WINDOW_TAVG, 20.1);
	}
	free(window);
}

/* ---- single cases, both forms -------------------------------------------------------------
 */

static const struct window_spec forms[] = {{60 * SEC, SEC, ALL}, {64 * SEC, 0, ALL}};

static void test_nothing_is_unknown_but_the_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 7 * SEC);
		int64_t deadline = -1;

		for (int f = 0; f < WINDOW_FUNCTIONS; f++)
			assert_value(window, (enum window_function)f,
				     f == WINDOW_COUNT ? 0 : NAN);
		assert_false(window_deadline(window, &deadline));
		assert_int_equal(deadline, -1);
		free(window);
	}
}

static void test_one_sample_has_no_rate_and_no_deviation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 0);

		window_put(window, 10 * SEC, 3);
		for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
			static const double one[WINDOW_FUNCTIONS] = {
				[WINDOW_AVG] = 3,      [WINDOW_TAVG] = 3,
				[WINDOW_SUM] = 3,      [WINDOW_COUNT] = 1,
				[WINDOW_MIN] = 3,      [WINDOW_MAX] = 3,
				[WINDOW_FIRST] = 3,    [WINDOW_SHARE] = 1,
				[WINDOW_STDDEV] = NAN, [WINDOW_RATE] = NAN,
				[WINDOW_DELTA] = NAN,  [WINDOW_SLOPE] = NAN,
				[WINDOW_QUANTILE] = 3};

			if (f == WINDOW_QUANTILE)
				assert_true(fabs(result(window, WINDOW_QUANTILE) - 3) <= 0.03);
			else
				assert_value(window, (enum window_function)f, one[f]);
		}
		free(window);
	}
}

static void test_samples_of_one_instant_have_no_rate_and_no_slope(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 0);

		window_put(window, 10 * SEC, 3);
		window_put(window, 10 * SEC, 5);
		assert_value(window, WINDOW_RATE, NAN);
		assert_value(window, WINDOW_SLOPE, NAN);
		assert_value(window, WINDOW_DELTA, 2);
		assert_value(window, WINDOW_COUNT, 2);
		assert_value(window, WINDOW_TAVG, 5);
		free(window);
	}
}

static void test_a_counter_that_drops_started_again_from_0(void **state)
{
	static const double counts[] = {10, 15, 15, 3, 4, 0, -2, 6};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 0);

		for (int64_t t = 0; t < (int64_t)ARRAY_SIZE(counts); t++)
			window_put(window, t * SEC, counts[t]);
		/* 5, 0, 3 after a reset, 1, 0, 0, 8 */
		assert_value(window, WINDOW_INCREASE, 17);
		assert_value(window, WINDOW_DELTA, -4);
		assert_value(window, WINDOW_CHANGES, 6);
		free(window);
	}
}

static void test_unknown_is_skipped_by_samples_and_a_gap_in_time(void **state)
{
	static const double unknown[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(unknown); k++) {
			struct window *window = new_window(&forms[i], 0);

			window_put(window, 0, unknown[k]);
			assert_value(window, WINDOW_COUNT, 0);
			assert_value(window, WINDOW_TAVG, NAN);
			window_put(window, 1 * SEC, 4);
			window_put(window, 3 * SEC, unknown[k]);
			window_put(window, 9 * SEC, 0);
			window_expire(window, 11 * SEC);
			assert_value(window, WINDOW_COUNT, 2);
			assert_value(window, WINDOW_AVG, 2);
			assert_value(window, WINDOW_CHANGES, 1);
			assert_value(window, WINDOW_TAVG, 2);
			assert_value(window, WINDOW_SHARE, 0.5);
			assert_value(window, WINDOW_INTEGRAL, 8);
			free(window);
		}
	}
}

static void test_a_value_carried_in_counts_for_time_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 0);
		int64_t deadline, last = 0;

		window_put(window, 0, 8);
		while (window_deadline(window, &deadline))
			window_expire(window, last = deadline);
		assert_int_equal(last, forms[i].span_ns);
		assert_value(window, WINDOW_COUNT, 0);
		assert_value(window, WINDOW_AVG, NAN);
		assert_value(window, WINDOW_TAVG, 8);
		assert_value(window, WINDOW_SHARE, 1);
		window_put(window, 1000 * SEC, NAN);
		window_expire(window, 2000 * SEC);
		assert_value(window, WINDOW_TAVG, NAN);
		assert_value(window, WINDOW_INTEGRAL, NAN);
		free(window);
	}
}

static void test_more_samples_than_expected_push_the_oldest_out(void **state)
{
	struct window_spec spec = {10 * SEC, SEC, ALL};
	struct window *window = new_window(&spec, 0);
	double room;

	(void)state;
	for (int i = 0; i < 100; i++)
		window_put(window, i, i);
	room = result(window, WINDOW_COUNT);
	assert_true(room >= 10);
	assert_int_equal(window_overruns(window), 100 - (int)room);
	assert_value(window, WINDOW_FIRST, 100 - room);
	assert_value(window, WINDOW_MAX, 99);
	assert_value(window, WINDOW_DELTA, room - 1);
	free(window);
}

static void test_huge_spans_do_not_overflow(void **state)
{
	static const struct window_spec huge[] = {{INT64_MAX, INT64_MAX / 200, ALL},
						  {INT64_MAX, 0, ALL},
						  {1, 1, ALL},
						  {5, 0, ALL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		struct window *window = new_window(&huge[i], 0);
		int64_t deadline;

		for (int64_t t = 0; t < 50; t++)
			window_put(window, t * (INT64_MAX / 128), 1);
		assert_value(window, WINDOW_COUNT, huge[i].span_ns == INT64_MAX ? 50 : 1);
		assert_value(window, WINDOW_TAVG, 1);
		if (window_deadline(window, &deadline))
			assert_true(deadline > 49 * (INT64_MAX / 128));
		free(window);
	}
}

static void test_time_that_goes_back_counts_as_the_last(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window *window = new_window(&forms[i], 0);

		window_put(window, 10 * SEC, 1);
		window_put(window, 5 * SEC, 2);
		window_expire(window, 2 * SEC);
		assert_value(window, WINDOW_COUNT, 2);
		assert_value(window, WINDOW_RATE, NAN);
		free(window);
	}
}

/* Bytes elsewhere, another window of the same spec, and another zero of the clock. */
static void test_contents_can_be_moved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window_spec other = forms[i];
		struct window *window = new_window(&forms[i], 0),
			      *to = new_window(&forms[i], 5);
		struct window *no, *shifted = new_window(&forms[i], 0);
		const int64_t by = -123456789;
		struct stream stream;

		other.functions &= ~1u;
		no = new_window(&other, 0);
		stream_init(&stream, i, 6);
		for (int64_t t = 0; t < 200; t++)
			window_put(window, t * SEC, stream_next(&stream));
		assert_false(window_adopt(no, window));
		assert_value(no, WINDOW_COUNT, 0);
		assert_true(window_adopt(to, window));
		assert_true(window_adopt(shifted, window));
		window_shift(shifted, by);
		for (int64_t t = 200; t < 400; t++) {
			double value = stream_next(&stream);

			window_put(window, t * SEC, value);
			window_put(to, t * SEC, value);
			window_put(shifted, t * SEC + by, value);
			assert_memory_equal(to, window, window_size(&forms[i]));
			for (int f = 0; f < WINDOW_FUNCTIONS; f++)
				assert_value(shifted, (enum window_function)f,
					     result(window, (enum window_function)f));
		}
		free(window);
		free(to);
		free(no);
		free(shifted);
	}
}

static void test_the_form_follows_from_the_samples_expected(void **state)
{
	char text[WINDOW_DESCRIBED], expected[WINDOW_DESCRIBED];
	struct window_spec spec = {256 * SEC, SEC, 1u << WINDOW_AVG};

	(void)state;
	assert_int_equal(window_form(&spec), WINDOW_EXACT);
	snprintf(expected, sizeof(expected), "exact, 256 samples, %.1f KiB",
		 (double)window_size(&spec) / 1024);
	assert_string_equal(window_describe(&spec, text), expected);
	spec.span_ns++;
	assert_int_equal(window_form(&spec), WINDOW_PANED);
	snprintf(expected, sizeof(expected), "32 panes, %.1f KiB",
		 (double)window_size(&spec) / 1024);
	assert_string_equal(window_describe(&spec, text), expected);
	spec.interval_ns = 0;
	assert_int_equal(window_form(&spec), WINDOW_PANED);
}

/* Whatever is asked for, no function makes a window smaller, and none but quantiles large. */
static void test_sizes_are_what_the_functions_need(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct window_spec spec = forms[i];
		size_t least, all;

		spec.functions = 1u << WINDOW_COUNT;
		least = window_size(&spec);
		spec.functions = ALL & ~(1u << WINDOW_QUANTILE);
		all = window_size(&spec);
		assert_true(all < 6144);
		for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
			spec.functions = 1u << f;
			assert_int_equal(window_size(&spec) % WINDOW_ALIGN, 0);
			assert_true(window_size(&spec) >= least);
			assert_true(f == WINDOW_QUANTILE || window_size(&spec) <= all);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_windows_are_as_the_model_over_random_streams),
		cmocka_unit_test(test_each_function_is_right_on_its_own),
		cmocka_unit_test(test_a_glitch_leaves_no_trace_once_outside),
		cmocka_unit_test(test_equal_values_deviate_by_nothing_after_a_glitch),
		cmocka_unit_test(test_nothing_is_unknown_but_the_count),
		cmocka_unit_test(test_one_sample_has_no_rate_and_no_deviation),
		cmocka_unit_test(test_samples_of_one_instant_have_no_rate_and_no_slope),
		cmocka_unit_test(test_a_counter_that_drops_started_again_from_0),
		cmocka_unit_test(test_unknown_is_skipped_by_samples_and_a_gap_in_time),
		cmocka_unit_test(test_a_value_carried_in_counts_for_time_only),
		cmocka_unit_test(test_more_samples_than_expected_push_the_oldest_out),
		cmocka_unit_test(test_huge_spans_do_not_overflow),
		cmocka_unit_test(test_time_that_goes_back_counts_as_the_last),
		cmocka_unit_test(test_contents_can_be_moved),
		cmocka_unit_test(test_the_form_follows_from_the_samples_expected),
		cmocka_unit_test(test_sizes_are_what_the_functions_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
