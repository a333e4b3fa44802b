/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Windows that are saved and loaded again: the same results, and never trust in bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "rules/pack.h"
#include "rules/window.h"

static uint64_t draws;

static uint32_t draw(uint32_t below)
{
	draws = draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(draws >> 33) % below;
}

static struct window_spec some_spec(void)
{
	struct window_spec spec = {.span_ns = (1 + draw(600)) * NSEC_PER_SEC};

	spec.interval_ns = draw(2) == 0 ? 0 : 2 * NSEC_PER_SEC;
	do
		spec.functions = draw(1u << WINDOW_FUNCTIONS);
	while (spec.functions == 0);
	return spec;
}

static double some_value(void)
{
	return draw(9) == 0 ? NAN : draw(20) == 0 ? 1e9 * draw(7) : 0.1 * draw(100) - 3;
}

static void some_life(struct window **windows, size_t count, int64_t *now, int64_t shift)
{
	for (int i = 0; i < 200; i++) {
		double value = some_value();

		*now += draw(30) == 0 ? draw(700) * NSEC_PER_SEC : draw(4) * NSEC_PER_SEC;
		for (size_t k = 0; k < count; k++)
			window_put(windows[k], *now + (int64_t)k * shift, value);
	}
}

/* Within what a compensated sum may be off by, once its order of terms is another. */
static bool near(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * (1 + fabs(a));
}

static void assert_same_results(const struct window_spec *spec, struct window **windows)
{
	for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
		enum window_function function = (enum window_function)f;

		if ((spec->functions >> f & 1) != 0)
			assert_true(near(window_result(windows[0], function, 0.9),
					 window_result(windows[1], function, 0.9)));
	}
}

static bool load(void *memory, const struct window_spec *spec, const char *bytes, size_t len,
		 int64_t now)
{
	struct pack in = {.at = (const unsigned char *)bytes};

	in.end = in.at + len;
	return window_load(memory, spec, &in, now);
}

/* A saved window and the one it was, on clocks that are apart by shift. */
static void try_spec(const struct window_spec *spec)
{
	int64_t now = 0, shift = -(int64_t)(1 + draw(1000)) * 32 * 600 * NSEC_PER_SEC;
	struct window *windows[2];
	struct str bytes;

	for (int i = 0; i < 2; i++)
		windows[i] = window_init(xcalloc(1, window_size(spec)), spec, 0);
	some_life(windows, 1, &now, 0);
	str_init(&bytes);
	window_save(windows[0], now, &bytes);
	assert_true(load(windows[1], spec, bytes.s, bytes.len, now + shift));
	assert_int_equal(window_overruns(windows[0]), window_overruns(windows[1]));
	assert_same_results(spec, windows);
	some_life(windows, 2, &now, shift);
	assert_same_results(spec, windows);
	str_done(&bytes);
	for (int i = 0; i < 2; i++)
		free(windows[i]);
}

static void test_window_load_gives_the_results_of_what_was_saved(void **state)
{
	(void)state;
	for (draws = 1; draws < 400; draws++) {
		uint64_t seed = draws;
		struct window_spec spec = some_spec();

		try_spec(&spec);
		draws = seed;
	}
}

/*
 * Whatever it is, it is a window: it takes samples, yields numbers or nothing, and can be saved
 * once more.
 */
static void assert_lives(const struct window_spec *spec, struct window *window)
{
	int64_t now = 0, deadline;
	struct str bytes;

	some_life(&window, 1, &now, 0);
	for (int f = 0; f < WINDOW_FUNCTIONS; f++) {
		if ((spec->functions >> f & 1) != 0)
			assert_false(
				isinf(window_result(window, (enum window_function)f, 0.5)));
	}
	if (window_deadline(window, &deadline))
		assert_true(deadline > now);
	str_init(&bytes);
	window_save(window, now, &bytes);
	assert_true(load(window, spec, bytes.s, bytes.len, now));
	str_done(&bytes);
}

static void test_window_load_survives_any_bytes(void **state)
{
	unsigned taken = 0, refused = 0;

	(void)state;
	draws = 7;
	for (int round = 0; round < 3000; round++) {
		struct window_spec spec = some_spec();
		struct window *window = window_init(xcalloc(1, window_size(&spec)), &spec, 0);
		int64_t now = -3000 * NSEC_PER_SEC;
		struct str bytes;
		size_t len;

		some_life(&window, 1, &now, 0);
		str_init(&bytes);
		window_save(window, now, &bytes);
		len = draw(4) == 0 ? draw((uint32_t)bytes.len) : bytes.len;
		/* Behind the spec, which would not let it in. */
		for (uint32_t i = draw(5); i > 0; i--)
			bytes.s[20 + draw((uint32_t)bytes.len - 20)] ^= (char)(1 + draw(255));
		if (load(window, &spec, bytes.s, len, 0))
			taken++;
		else
			refused++;
		assert_lives(&spec, window);
		str_done(&bytes);
		free(window);
	}
	/* Both happen, so that both are tried. */
	assert_true(taken > 500 && refused > 500);
}

/* Panes that hold more than their time has, or what is of another, are merged once: too late.
 */
static void test_window_load_takes_only_what_can_be_saved_again(void **state)
{
	const struct window_spec spec = {
		.span_ns = 32 * NSEC_PER_SEC,
		.functions = 1u << WINDOW_SHARE | 1u << WINDOW_RATE,
	};
	struct window *window = window_init(xcalloc(1, window_size(&spec)), &spec, 0);
	unsigned taken = 0, refused = 0;
	struct str good;

	(void)state;
	for (int s = 0; s <= 40; s++)
		window_put(window, s * NSEC_PER_SEC, 1);
	str_init(&good);
	window_save(window, 40 * NSEC_PER_SEC, &good);
	for (size_t at = 20; at + 8 <= good.len; at++) {
		struct str bytes;
		bool takes;

		str_init(&bytes);
		str_add(&bytes, good.s, good.len);
		for (int i = 0; i < 8; i++)
			bytes.s[at + i] = (char)(spec.span_ns >> 8 * i & 0xff);
		takes = load(window, &spec, bytes.s, bytes.len, 40 * NSEC_PER_SEC);
		str_done(&bytes);
		taken += takes;
		refused += !takes;
		for (int s = 41; takes && s < 72; s++) {
			window_expire(window, s * NSEC_PER_SEC);
			str_init(&bytes);
			window_save(window, s * NSEC_PER_SEC, &bytes);
			assert_true(load(window, &spec, bytes.s, bytes.len, s * NSEC_PER_SEC));
			str_done(&bytes);
		}
	}
	assert_true(taken > 100 && refused > 100);
	str_done(&good);
	free(window);
}

static void test_window_load_refuses_another_spec_and_leaves_it_empty(void **state)
{
	struct window_spec spec = {.span_ns = 600 * NSEC_PER_SEC,
				   .functions = 1u << WINDOW_COUNT};
	struct window *window = window_init(xcalloc(1, window_size(&spec)), &spec, 0);
	struct str bytes;

	(void)state;
	window_put(window, 0, 1);
	str_init(&bytes);
	window_save(window, 0, &bytes);
	assert_true(load(window, &spec, bytes.s, bytes.len, 0));
	assert_true(window_result(window, WINDOW_COUNT, 0) == 1);
	spec.span_ns += 1;
	assert_false(load(window, &spec, bytes.s, bytes.len, 0));
	assert_true(window_result(window, WINDOW_COUNT, 0) == 0);
	str_done(&bytes);
	free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_load_gives_the_results_of_what_was_saved),
		cmocka_unit_test(test_window_load_survives_any_bytes),
		cmocka_unit_test(test_window_load_takes_only_what_can_be_saved_again),
		cmocka_unit_test(test_window_load_refuses_another_spec_and_leaves_it_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
