/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* How figures look to Prometheus: families, and samples with labels. */
#ifndef GAUGED_DAEMON_METRICS_TEXT_H
#define GAUGED_DAEMON_METRICS_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct str;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* Lists of them end with a name of NULL. Texts may be anything: they are escaped. */
struct metrics_label {
	const char *name;
	const char *text;
};

/* A family that has one sample, without labels. */
struct metrics_count {
	const char *name, *help;
	uint64_t count;
	enum metric_type type;
};

/* What its samples follow. */
void metrics_family(struct str *out, const char *name, enum metric_type type, const char *help);
/* labels may be NULL. */
void metrics_sample_count(struct str *out, const char *name, const struct metrics_label *labels,
			  uint64_t count);
void metrics_sample_number(struct str *out, const char *name,
			   const struct metrics_label *labels, double number);

/* Families of one sample each. */
void metrics_single(struct str *out, const char *name, enum metric_type type, const char *help,
		    double number);
void metrics_counts(struct str *out, const struct metrics_count *rows, size_t count);

#endif
