/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What a sample costs a window, by function and form: put, next deadline, and the result. A
 * hundred windows take turns, so that few of them are in the nearest cache.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "rules/window.h"

enum { WINDOWS = 100, EACH = 300, VALUES = 8192, ROUNDS = 50 };

static const struct {
	const char *name;
	unsigned functions;
	enum window_function asked;
} cases[] = {
	{"avg", 1u << WINDOW_AVG, WINDOW_AVG},
	{"tavg", 1u << WINDOW_TAVG, WINDOW_TAVG},
	{"sum", 1u << WINDOW_SUM, WINDOW_SUM},
	{"count", 1u << WINDOW_COUNT, WINDOW_COUNT},
	{"min", 1u << WINDOW_MIN, WINDOW_MIN},
	{"max", 1u << WINDOW_MAX, WINDOW_MAX},
	{"spread", 1u << WINDOW_SPREAD, WINDOW_SPREAD},
	{"stddev", 1u << WINDOW_STDDEV, WINDOW_STDDEV},
	{"rate", 1u << WINDOW_RATE, WINDOW_RATE},
	{"delta", 1u << WINDOW_DELTA, WINDOW_DELTA},
	{"slope", 1u << WINDOW_SLOPE, WINDOW_SLOPE},
	{"first", 1u << WINDOW_FIRST, WINDOW_FIRST},
	{"changes", 1u << WINDOW_CHANGES, WINDOW_CHANGES},
	{"increase", 1u << WINDOW_INCREASE, WINDOW_INCREASE},
	{"integral", 1u << WINDOW_INTEGRAL, WINDOW_INTEGRAL},
	{"share", 1u << WINDOW_SHARE, WINDOW_SHARE},
	{"quantile", 1u << WINDOW_QUANTILE, WINDOW_QUANTILE},
};

static double bench_once(const struct window_spec *spec, enum window_function function,
			 const double *values, double *ret_sum)
{
	size_t size = window_size(spec);
	char *memory = aligned_alloc(WINDOW_ALIGN, size * WINDOWS);
	int64_t t = 0, deadline = 0;
	struct mono start;

	if (memory == NULL)
		abort();
	for (int i = 0; i < WINDOWS; i++)
		window_init(memory + size * (size_t)i, spec, 0);
	start = clock_mono();
	for (int k = 0; k < EACH; k++) {
		t += NSEC_PER_SEC;
		for (int i = 0; i < WINDOWS; i++) {
			struct window *window = (struct window *)(memory + size * (size_t)i);

			window_put(window, t, values[(k * 31 + i) & (VALUES - 1)]);
			if (window_deadline(window, &deadline))
				*ret_sum += (double)deadline;
			*ret_sum += window_result(window, function, 0.5);
		}
	}
	free(memory);
	return (double)mono_diff(clock_mono(), start) / ((double)WINDOWS * EACH);
}

static double bench(const struct window_spec *spec, enum window_function function,
		    const double *values)
{
	double best = INFINITY, sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double one = bench_once(spec, function, values, &sum);

		best = one < best ? one : best;
	}
	if (sum == 0)
		printf("nothing was computed\n");
	return best;
}

int main(void)
{
	double *values = xcalloc(VALUES, sizeof(*values));
	struct random random;

	random_init(&random, 1);
	for (int i = 0; i < VALUES; i++)
		values[i] = (double)random_between(&random, 1900, 2100) / 100;
	printf("Best of %d rounds; ns a sample. Exact: 2 min of a sample each second; paned: 1 h.\n\n",
	       ROUNDS);
	printf("function |     exact   bytes |     paned   bytes\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct window_spec exact = {120 * NSEC_PER_SEC, NSEC_PER_SEC,
					    cases[i].functions};
		struct window_spec paned = {3600 * NSEC_PER_SEC, NSEC_PER_SEC,
					    cases[i].functions};

		printf("%-8s | %9.1f %7zu | %9.1f %7zu\n", cases[i].name,
		       bench(&exact, cases[i].asked, values), window_size(&exact),
		       bench(&paned, cases[i].asked, values), window_size(&paned));
	}
	free(values);
	return 0;
}
