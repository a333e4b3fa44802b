/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the lines that the oracle writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/point.h"
#include "oracle.h"
#include "oracle_set.h"
#include "rules/engine.h"

double oracle_shown(double number)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.9g", number);
	return strtod(digits, NULL);
}

static void show_point(const struct oracle *oracle, uint32_t number, struct event_point *ret)
{
	const struct point *point = point_table_get(oracle->world.table, number);
	const struct oracle_point *is = &oracle->world.points[number];

	*ret = (struct event_point){.name = point->name, .quality = oracle_quality(is)};
	if (!is->known)
		return;
	ret->value = point->kind == VALUE_NUMBER
			     ? value_number(is->formula != NULL ? oracle_shown(is->x) : is->x)
		     : point->kind == VALUE_BOOL ? value_bool(is->x != 0)
						 : value_text(is->text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct event_point *)a)->name,
		      ((const struct event_point *)b)->name);
}

void oracle_write_line(const struct oracle_rule *rule, const struct model_event *told,
		       bool bare)
{
	const struct oracle *oracle = rule->oracle;
	struct event_point points[ORACLE_LIST];
	struct event event = {
		.type = told->type,
		.rule_name = rule->name,
		.severity = rule->severity,
		.from = told->from,
		.to = told->to,
		.at = {told->at},
		.active_ns = told->active_ns,
		.reason = told->reason,
		.held = told->held,
		.message = "",
		.points = points,
	};

	for (uint32_t i = 0; i < oracle->world.point_count && !bare; i++) {
		if (oracle_list_has(&rule->reads.points, i) ||
		    oracle_list_has(&rule->reads.inner, i))
			show_point(oracle, i, &points[event.point_count++]);
	}
	qsort(points, event.point_count, sizeof(*points), by_name);
	engine_log_line(&event, oracle->log);
}
