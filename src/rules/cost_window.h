/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What windows take: in words, in which form, in bytes, and who reads them. Building only. */
#ifndef GAUGED_RULES_COST_WINDOW_H
#define GAUGED_RULES_COST_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/window.h"

struct arena;
struct diags;
struct node;
struct program;

/* All windows of a configuration together. */
enum { COST_WINDOWS_MAX = 16 << 20 };

struct cost_window {
	uint32_t node;
	const char *words; /* "avg, max of boiler.temp over 5m" */
	char form[WINDOW_DESCRIBED];
	size_t bytes;
	bool exact;
	bool sketched;		 /* keeps a sketch for its quantiles: 73 KiB */
	const char *irregular;	 /* a point that is read when its device likes; NULL: all have
				    an interval */
	uint32_t rule_count;	 /* rules that read it, also in their messages */
	const uint32_t *rules;	 /* in file order */
	uint32_t derived_count;	 /* derived points that read it */
	const uint32_t *derived; /* the points */
};

/* Everything but who reads it. */
void cost_window_describe(struct arena *arena, const struct program *program, uint32_t node,
			  struct cost_window *ret);
/*
 * False after an error if all windows take more than COST_WINDOWS_MAX: at the expression with
 * which they pass it, with the largest ones. After program_index().
 */
bool cost_check_windows(const struct program *program, struct diags *diags);

#endif
