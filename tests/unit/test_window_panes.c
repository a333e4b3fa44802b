/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of paned windows against a model that keeps all samples of what they say they cover. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "window_model.h"

enum { STREAMS = 225, SAMPLES = 400, WINDOW_PANES = 32 };

#define SEC	NSEC_PER_SEC
#define ALL	((1u << WINDOW_FUNCTIONS) - 1)
#define TIMED	(1u << WINDOW_TAVG | 1u << WINDOW_INTEGRAL | 1u << WINDOW_SHARE)
#define SAMPLED (ALL & ~TIMED)

static struct window *new_window(const struct window_spec *spec, int64_t now)
{
	return window_init(xmalloc(window_size(spec)), spec, now);
}

struct trial {
	struct window_spec spec;
	struct window *window, *twin;
	struct model model;
	struct stream stream;
	int64_t now;
};

/* From 31/32 of the span before the last multiple of span/32, itself included. */
static struct model_cover panes_cover(const struct window_spec *spec, int64_t now)
{
	int64_t pane = spec->span_ns / WINDOW_PANES;

	return (struct model_cover){.from = now - now % pane - (WINDOW_PANES - 1) * pane,
				    .now = now,
				    .with_from = true};
}

static void trial_compare(struct trial *trial, int64_t now)
{
	struct model_cover cover = panes_cover(&trial->spec, now);

	assert_true(now - cover.from < trial->spec.span_ns);
	assert_true(now - cover.from >=
		    trial->spec.span_ns / WINDOW_PANES * (WINDOW_PANES - 1));
	model_compare(&trial->model, trial->window, trial->spec.functions, cover, true);
}

static void assert_still(const struct trial *trial, int64_t until)
{
	size_t size = window_size(&trial->spec);
	struct window *copy = xmalloc(size);

	memcpy(copy, trial->window, size);
	window_expire(copy, until);
	for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
		double a, b;

		if (((SAMPLED & trial->spec.functions) >> f & 1) == 0)
			continue;
		a = window_result(trial->window, (enum window_function)f, 0.5);
		b = window_result(copy, (enum window_function)f, 0.5);
		if (a != b && !(isnan(a) && isnan(b)))
			fail_msg("%s went from %.17g to %.17g before its deadline",
				 function_names[f], a, b);
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
	int64_t pane = trial->spec.span_ns / WINDOW_PANES;

	switch (random_between(random, 0, 60)) {
	case 0: /* long quiet */
		return random_between(random, 1, 5 * trial->spec.span_ns);
	case 1: /* the same instant */
		return 0;
	case 2: /* the edge of a pane */
		return pane - trial->now % pane;
	default:
		return random_between(random, 0, pane / 2);
	}
}

static void trial_sample(struct trial *trial)
{
	struct random *random = &trial->stream.random;
	int64_t t = trial->now + trial_pause(trial);
	double value = random_between(random, 0, 40) == 0 ? NAN : stream_next(&trial->stream);

	/* The twin is not called at deadlines, but at others. */
	for (int64_t k = random_between(random, 0, 3); k > 0 && t > trial->now; k--)
		window_expire(trial->twin, random_between(random, trial->now, t));
	trial_wait(trial, t);
	trial->now = t;
	model_put(&trial->model, t, value);
	window_put(trial->window, t, value);
	window_put(trial->twin, t, value);
	trial_compare(trial, t);
}

/* Bit by bit; what memory no longer in use holds is of no account. */
static void assert_twins(const struct trial *trial)
{
	for (unsigned f = 0; f < WINDOW_FUNCTIONS; f++) {
		double a, b;

		if ((trial->spec.functions >> f & 1) == 0)
			continue;
		a = window_result(trial->window, (enum window_function)f, 0.5);
		b = window_result(trial->twin, (enum window_function)f, 0.5);
		if (memcmp(&a, &b, sizeof(a)) != 0)
			fail_msg("%s is %.17g, with other calls in between %.17g",
				 function_names[f], a, b);
	}
}

static void run_trial(unsigned seed, unsigned functions)
{
	struct trial trial = {.now = (int64_t)seed * 12345};
	struct random *random = &trial.stream.random;

	stream_init(&trial.stream, seed, seed);
	trial.spec =
		(struct window_spec){.span_ns = random_between(random, WINDOW_PANES, 100 * SEC),
				     .functions = functions};
	if (seed % 4 != 0)
		trial.spec.span_ns *= random_between(random, 1, 1000);
	trial.spec.span_ns -= trial.spec.span_ns % WINDOW_PANES;
	assert_int_equal(window_form(&trial.spec), WINDOW_PANED);
	trial.window = new_window(&trial.spec, trial.now);
	trial.twin = new_window(&trial.spec, trial.now);
	for (int i = 0; i < SAMPLES; i++) {
		trial_sample(&trial);
		assert_twins(&trial);
	}
	trial_wait(&trial, trial.now + 3 * trial.spec.span_ns);
	model_done(&trial.model);
	free(trial.window);
	free(trial.twin);
}

static void test_paned_windows_are_as_the_model_of_what_they_cover(void **state)
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

/* Many samples in each pane, as those windows are made for. */
static void test_a_fast_input_is_as_the_model(void **state)
{
	struct trial trial = {.spec = {32 * SEC, SEC / 100, ALL}};

	(void)state;
	assert_int_equal(window_form(&trial.spec), WINDOW_PANED);
	for (unsigned kind = 0; kind < STREAM_KINDS; kind++) {
		/* Twelve decades of either sign are more than a sketch keeps apart. */
		trial.spec.functions = kind == 5 ? ALL & ~(1u << WINDOW_QUANTILE) : ALL;
		trial.window = new_window(&trial.spec, 0);
		trial.model = (struct model){0};
		stream_init(&trial.stream, kind, kind);
		for (int64_t i = 0; i < 8000; i++) {
			double value = stream_next(&trial.stream);

			model_put(&trial.model, i * (SEC / 100), value);
			window_put(trial.window, i * (SEC / 100), value);
			if (i % 400 == 399)
				trial_compare(&trial, i * (SEC / 100));
		}
		model_done(&trial.model);
		free(trial.window);
	}
}

/* To the bit, once the pane with the glitch is outside. */
static void test_a_glitch_leaves_no_bit_once_outside(void **state)
{
	static const double sizes[] = {1e9, -1e15, 1e150, 1.7e308};
	struct window_spec spec = {320 * SEC, 0, SAMPLED & ~(1u << WINDOW_QUANTILE)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct window *clean = new_window(&spec, 0), *hit = new_window(&spec, 0);
		struct stream stream;

		stream_init(&stream, i, 6);
		for (int64_t t = 0; t < 1500; t++) {
			double value = stream_next(&stream);

			window_put(clean, t * SEC, value);
			window_put(hit, t * SEC, t == 500 ? sizes[i] : value);
			for (int f = 0; f < WINDOW_FUNCTIONS && t >= 820; f++) {
				double a, b;

				if ((spec.functions >> f & 1) == 0)
					continue;
				a = window_result(clean, (enum window_function)f, 0);
				b = window_result(hit, (enum window_function)f, 0);
				assert_memory_equal(&a, &b, sizeof(a));
			}
		}
		free(clean);
		free(hit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paned_windows_are_as_the_model_of_what_they_cover),
		cmocka_unit_test(test_each_function_is_right_on_its_own),
		cmocka_unit_test(test_a_fast_input_is_as_the_model),
		cmocka_unit_test(test_a_glitch_leaves_no_bit_once_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
