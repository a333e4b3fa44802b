/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What windows should say: all samples kept, each result computed from the definition over the
 * samples inside, in long double. And streams of samples to try it with.
 */
#ifndef GAUGED_TESTS_WINDOW_MODEL_H
#define GAUGED_TESTS_WINDOW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "rules/window.h"

struct model_sample {
	int64_t t;
	double value;
};

struct model {
	struct model_sample *samples;
	size_t count;
};

/* What is covered: time from `from` to now; a sample at `from` itself only if so said. */
struct model_cover {
	int64_t from, now;
	bool with_from;
};

void model_put(struct model *model, int64_t t, double value);
void model_done(struct model *model);
double model_result(const struct model *model, enum window_function function, double q,
		    struct model_cover cover);
/* The greatest magnitude of a value that is covered, the carried one included. */
double model_scale(const struct model *model, struct model_cover cover);
/*
 * Fails the test if a result of the window is further from the model's than 1e-9 of it and what
 * the digits of the values allow; quantiles that are sketched: than 1 % of the values.
 */
void model_compare(const struct model *model, const struct window *window, unsigned functions,
		   struct model_cover cover, bool sketched);

/* One of several kinds of values, by number. */
struct stream {
	struct random random;
	unsigned kind;
	double value;
};

enum { STREAM_KINDS = 9 };

void stream_init(struct stream *stream, uint64_t seed, unsigned kind);
double stream_next(struct stream *stream);

extern const char *const function_names[WINDOW_FUNCTIONS];

#endif
