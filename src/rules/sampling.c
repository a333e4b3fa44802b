/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how often nodes take samples. Rates are per nanosecond; infinite: not known. */
#include "rules/sampling.h"

#include <math.h>

#include "base/arena.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/civil.h"
#include "rules/node.h"
#include "rules/program.h"
#include "rules/window.h"
#include "rules/window_panes.h"

struct sampling {
	const struct program *program;
	double *rates;	  /* by node: of its samples */
	uint32_t *points; /* by point: the last node that was found to read it, + 1 */
	uint32_t *nodes;  /* by node: twice that, and 1 more if not only behind prev() */
	uint32_t reader;
	double rate;
	uint32_t irregular; /* the first point without an interval, or PROGRAM_NONE */
};

static void sampling_walk(struct sampling *s, const struct program_use *use, bool before);

/* Results that are weighted with time move between samples. */
static bool sampling_is_timed(const struct window_spec *spec)
{
	return (spec->functions &
		(1u << WINDOW_TAVG | 1u << WINDOW_INTEGRAL | 1u << WINDOW_SHARE)) != 0;
}

/* How often a node yields something else with no reading at that instant. */
static double sampling_timers(const struct sampling *s, uint32_t number)
{
	const struct node *node = &s->program->nodes[number];
	double step = PANES / (double)node->span_ns;
	const double day_ns = (double)CIVIL_DAY_S * (double)NSEC_PER_SEC;
	const struct point *point;
	struct window_spec spec;

	switch ((int)node->kind) {
	case NODE_AGE:
		point = point_table_get(s->program->points, node->point);
		return node->span_ns <= point->interval_ns ? 1 / (double)point->interval_ns : 0;
	case NODE_SPANS:
		/* Where clocks are put back, an edge comes twice. */
		return 4.0 * node->spans->count / day_ns;
	case NODE_WEEKDAY:
		return 2.0 / day_ns;
	case NODE_HELD:
	case NODE_ONCE:
	case NODE_LASTED:
		/* What each sample was leads to one end at most. */
		return s->rates[number];
	case NODE_WINDOW:
		node_window_spec(node, &spec);
		if (window_form(&spec) == WINDOW_PANED)
			return step;
		return s->rates[number] + (sampling_is_timed(&spec) ? step : 0);
	default:
		return 0;
	}
}

static void sampling_node(struct sampling *s, uint32_t number, bool before)
{
	const struct node *node = &s->program->nodes[number];
	uint32_t mark = 2 * s->reader + !before;

	if (s->nodes[number] >= mark)
		return;
	s->nodes[number] = mark;
	/* What stands in a prev() counts at readings only. */
	if (!before)
		s->rate += sampling_timers(s, number);
	if (node->use != NULL)
		sampling_walk(s, node->use, before || node->kind == NODE_PREV);
}

static void sampling_point(struct sampling *s, uint32_t id, bool before)
{
	const struct point *point = point_table_get(s->program->points, id);
	uint32_t derived = program_derived(s->program, id);
	double rate = 1 / (double)point->interval_ns;

	if (derived != PROGRAM_NONE) {
		sampling_node(s, derived, before);
		return;
	}
	if (s->points[id] == s->reader)
		return;
	s->points[id] = s->reader;
	if (point->interval_ns <= 0 && s->irregular == PROGRAM_NONE)
		s->irregular = id;
	s->rate += point->stale_ns <= point->interval_ns ? 2 * rate : rate;
}

static void sampling_walk(struct sampling *s, const struct program_use *use, bool before)
{
	for (uint32_t i = 0; i < use->points.count; i++)
		sampling_point(s, use->points.ids[i], before);
	for (uint32_t i = 0; i < use->groups.count; i++) {
		for (uint32_t p = 0; p < s->program->point_count; p++) {
			if (s->program->point_groups[p] == use->groups.ids[i] + 1)
				sampling_point(s, p, before);
		}
	}
	for (uint32_t i = 0; i < use->nodes.count; i++)
		sampling_node(s, use->nodes.ids[i], before);
}

static struct sampling sampling_of(const struct program *program, struct arena *scratch)
{
	return (struct sampling){
		.program = program,
		.rates = arena_take(scratch, program->node_count, sizeof(double)),
		.points = arena_take(scratch, program->point_count, sizeof(uint32_t)),
		.nodes = arena_take(scratch, program->node_count, sizeof(uint32_t)),
		.irregular = PROGRAM_NONE,
	};
}

uint32_t sampling_irregular(const struct program *program, const struct program_use *use)
{
	struct arena *scratch = arena_new();
	struct sampling s = sampling_of(program, scratch);

	s.reader = 1;
	sampling_walk(&s, use, false);
	arena_free(scratch);
	return s.irregular;
}

/* Nodes read those of lower numbers only, but for prev(), whose timers do not count. */
void sampling_set(struct program *program)
{
	struct arena *scratch = arena_new();
	struct sampling s = sampling_of(program, scratch);

	for (uint32_t i = 0; i < program->node_count; i++) {
		struct node *node = &program->nodes[i];

		if (node->use == NULL)
			continue;
		s.reader = i + 1;
		s.rate = 0;
		sampling_walk(&s, node->use, false);
		s.rates[i] = s.rate;
		/* To the nearest: 1 / (1 / x) may be a little less than x. */
		if (program_node_samples(node->kind) && isfinite(s.rate) && s.rate > 0)
			node->interval_ns = (int64_t)nearbyint(1 / s.rate);
	}
	arena_free(scratch);
}
