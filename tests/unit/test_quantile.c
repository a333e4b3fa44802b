/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of quantiles: of values in order, and of sketches within 1 %. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "rules/quantile.h"
#include "rules/sketch.h"

enum { VALUES = 4000 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- in order ---------------------------------------------------------------------------- */

static void test_values_stay_in_order_as_they_come_and_go(void **state)
{
	double sorted[50], came[50], expected[50];
	struct random random;
	uint32_t count = 0;

	(void)state;
	random_init(&random, 1);
	for (int i = 0; i < 5000; i++) {
		bool comes = count == 0 || (count < 50 && random_between(&random, 0, 1) != 0);

		if (comes) {
			/* few different ones, so that many are equal */
			came[count] = (double)random_between(&random, -8, 8) / 4;
			quantile_insert(sorted, count, came[count]);
			count++;
		} else {
			uint32_t goes = (uint32_t)random_between(&random, 0, count - 1);

			quantile_remove(sorted, count, came[goes]);
			came[goes] = came[--count];
		}
		memcpy(expected, came, count * sizeof(*came));
		qsort(expected, count, sizeof(*expected), by_value);
		for (uint32_t k = 0; k < count; k++)
			assert_true(sorted[k] == expected[k]);
	}
}

/* Hyndman and Fan's definition 7: x[0] + (n-1)q places between neighbours. */
static void test_a_quantile_lies_between_its_neighbours(void **state)
{
	static const double values[] = {1, 2, 4, 8};

	(void)state;
	assert_true(quantile_of(values, 4, 0) == 1);
	assert_true(quantile_of(values, 4, 1) == 8);
	assert_true(quantile_of(values, 4, 0.5) == 3);
	assert_true(quantile_of(values, 4, 0.25) == 1.75);
	assert_true(quantile_of(values, 3, 0.5) == 2);
	assert_true(quantile_of(values, 1, 0.7) == 1);
}

static void test_a_quantile_of_nothing_or_outside_0_to_1_is_unknown(void **state)
{
	static const double bad[] = {-0.01, 1.01, NAN, INFINITY};
	struct sketch *sketch = xcalloc(1, sizeof(*sketch));
	double one = 1;

	(void)state;
	assert_true(isnan(quantile_of(&one, 0, 0.5)));
	assert_true(isnan(sketch_quantile(sketch, 0.5)));
	sketch_put(sketch, 0, 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(isnan(quantile_of(&one, 1, bad[i])));
		assert_true(isnan(sketch_quantile(sketch, bad[i])));
	}
	free(sketch);
}

/* ---- sketches ---------------------------------------------------------------------------- */

static void assert_near(const struct sketch *sketch, const double *sorted, uint32_t count,
			double floor)
{
	for (int i = 0; i <= 100; i++) {
		double q = i / 100.0, part, is = sketch_quantile(sketch, q);
		uint64_t low = quantile_rank(count, q, &part);
		double may = (1 - part) * fabs(sorted[low]) +
			     (part > 0 ? part * fabs(sorted[low + 1]) : 0);

		if (!(fabs(is - quantile_of(sorted, count, q)) <= 0.01 * may + floor))
			fail_msg("quantile %g of %u: %.9g, should be %.9g", q, count, is,
				 quantile_of(sorted, count, q));
	}
}

/* Each value on its own, over all powers of two of either sign. */
static void test_a_sketched_value_is_within_1_percent(void **state)
{
	struct sketch *sketch = xcalloc(1, sizeof(*sketch));
	struct random random;

	(void)state;
	random_init(&random, 2);
	for (int exponent = -1022; exponent < 1024; exponent++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			double fraction = (double)random_between(&random, 0, 999999) / 1e6;
			double value = sign * ldexp(1 + fraction, exponent);

			assert_int_equal(sketch_put(sketch, 3, value), 0);
			assert_near(sketch, &value, 1, 0);
			sketch_drop(sketch, 3);
			assert_int_equal(sketch->bucket_count, 0);
		}
	}
	free(sketch);
}

static void test_sketches_are_within_1_percent_as_panes_come_and_go(void **state)
{
	struct sketch *sketch = xcalloc(1, sizeof(*sketch));
	double values[SKETCH_PANES][200],
		*sorted = xcalloc(SKETCH_PANES * 200, sizeof(*sorted));
	uint32_t counts[SKETCH_PANES] = {0};
	struct random random;

	(void)state;
	random_init(&random, 3);
	for (int turn = 0; turn < 200; turn++) {
		unsigned pane = (unsigned)turn % SKETCH_PANES;
		uint32_t count = 0;
		double level = (double)random_between(&random, -50, 50);

		sketch_drop(sketch, pane);
		counts[pane] = (uint32_t)random_between(&random, 0, 200);
		for (uint32_t i = 0; i < counts[pane]; i++) {
			double value = level + (double)random_between(&random, -40, 40) / 8;

			values[pane][i] = value;
			assert_int_equal(sketch_put(sketch, pane, value), 0);
		}
		for (unsigned k = 0; k < SKETCH_PANES; k++) {
			memcpy(sorted + count, values[k], counts[k] * sizeof(*sorted));
			count += counts[k];
		}
		qsort(sorted, count, sizeof(*sorted), by_value);
		if (count > 0)
			assert_near(sketch, sorted, count, 0);
	}
	free(sketch);
	free(sorted);
}

/* Twelve decades do not fit: small ones count as 0, the others keep their 1 %, none gets lost.
 */
static void test_small_values_count_as_0_when_there_are_too_many_buckets(void **state)
{
	struct sketch *sketch = xcalloc(1, sizeof(*sketch));
	double values[VALUES], sorted[VALUES], floor = INFINITY;
	unsigned collapsed = 0;
	struct random random;

	(void)state;
	random_init(&random, 4);
	for (int i = 0; i < VALUES; i++) {
		values[i] = pow(10, (double)random_between(&random, -6000, 6000) / 1000);
		values[i] = i % 3 == 0 ? -values[i] : values[i];
		collapsed += sketch_put(sketch, (unsigned)i % SKETCH_PANES, values[i]);
		assert_true(sketch->bucket_count <= SKETCH_BUCKETS);
	}
	assert_true(collapsed > 0);
	assert_int_equal(sketch->count, VALUES);
	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, VALUES, sizeof(*sorted), by_value);
	/* 512 buckets of either sign together: two decades of each at the least. */
	floor = 1e6 / 100;
	assert_near(sketch, sorted, VALUES, floor);
	assert_true(fabs(sketch_quantile(sketch, 1) / sorted[VALUES - 1] - 1) <= 0.01);
	assert_true(fabs(sketch_quantile(sketch, 0) / sorted[0] - 1) <= 0.01);
	for (unsigned pane = 0; pane < SKETCH_PANES; pane++)
		sketch_drop(sketch, pane);
	assert_int_equal(sketch->count, 0);
	assert_int_equal(sketch->bucket_count, 0);
	for (unsigned pane = 0; pane < SKETCH_PANES; pane++) {
		for (unsigned slot = 0; slot < SKETCH_BUCKETS; slot++)
			assert_int_equal(sketch->counts[pane][slot], 0);
	}
	free(sketch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_stay_in_order_as_they_come_and_go),
		cmocka_unit_test(test_a_quantile_lies_between_its_neighbours),
		cmocka_unit_test(test_a_quantile_of_nothing_or_outside_0_to_1_is_unknown),
		cmocka_unit_test(test_a_sketched_value_is_within_1_percent),
		cmocka_unit_test(test_sketches_are_within_1_percent_as_panes_come_and_go),
		cmocka_unit_test(test_small_values_count_as_0_when_there_are_too_many_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
