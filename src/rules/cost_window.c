/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is said about windows, and their limit. */
#include "rules/cost_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "rules/lexer.h"
#include "rules/node.h"
#include "rules/program.h"
#include "rules/sampling.h"

enum { LARGEST = 5 };

static const char *const window_names[WINDOW_FUNCTIONS] = {
	[WINDOW_AVG] = "avg",		[WINDOW_TAVG] = "tavg",
	[WINDOW_SUM] = "sum",		[WINDOW_COUNT] = "count",
	[WINDOW_MIN] = "min",		[WINDOW_MAX] = "max",
	[WINDOW_SPREAD] = "spread",	[WINDOW_STDDEV] = "stddev",
	[WINDOW_RATE] = "rate",		[WINDOW_DELTA] = "delta",
	[WINDOW_SLOPE] = "slope",	[WINDOW_FIRST] = "first",
	[WINDOW_CHANGES] = "changes",	[WINDOW_INCREASE] = "increase",
	[WINDOW_INTEGRAL] = "integral", [WINDOW_SHARE] = "share",
	[WINDOW_QUANTILE] = "quantile",
};

/* "avg, quantile 95 % of a.b over 5m" */
static void window_add_words(struct str *out, const struct node *node)
{
	for (const struct node_output *output = node->outputs; output != NULL;
	     output = output->next) {
		if (output != node->outputs)
			str_adds(out, ", ");
		if (output->function != WINDOW_QUANTILE)
			str_adds(out, window_names[output->function]);
		else if (output->parameter == 0.5)
			str_adds(out, "median");
		else
			str_addf(out, "quantile %.10g %%", 100 * output->parameter);
	}
	str_addf(out, " of %s over ", node->place->words);
	str_add_duration(out, node->span_ns);
}

void cost_window_describe(struct arena *arena, const struct program *program, uint32_t number,
			  struct cost_window *ret)
{
	const struct node *node = &program->nodes[number];
	uint32_t irregular =
		node->interval_ns > 0 ? PROGRAM_NONE : sampling_irregular(program, node->use);
	struct window_spec spec;
	struct str words;

	node_window_spec(node, &spec);
	str_init(&words);
	window_add_words(&words, node);
	*ret = (struct cost_window){
		.node = number,
		.words = arena_text(arena, words.s, words.len),
		.bytes = window_size(&spec),
		.exact = window_form(&spec) == WINDOW_EXACT,
		.irregular = irregular != PROGRAM_NONE
				     ? point_table_get(program->points, irregular)->name
				     : NULL,
	};
	ret->sketched = !ret->exact && (spec.functions & (1u << WINDOW_QUANTILE)) != 0;
	window_describe(&spec, ret->form);
	str_done(&words);
}

static int window_order(const void *pa, const void *pb)
{
	const struct cost_window *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static void window_tell_limit(const struct program *program, uint32_t at, size_t total,
			      struct diags *diags)
{
	struct arena *scratch = arena_new();
	struct cost_window *list = arena_take(scratch, program->node_count, sizeof(*list));
	const struct node_place *place = program->nodes[at].place;
	struct expr_source source = *place->source;
	uint32_t count = 0;

	source.diags = diags;
	expr_error(&source, place->from, place->len,
		   "all windows together take %.1f MiB, more than the %d MiB they may",
		   (double)total / (1 << 20), COST_WINDOWS_MAX >> 20);
	for (uint32_t i = 0; i < program->node_count; i++) {
		list[count] = (struct cost_window){.node = i};
		if (program->nodes[i].kind == NODE_WINDOW)
			list[count++].bytes = node_memory(&program->nodes[i]);
	}
	qsort(list, count, sizeof(*list), window_order);
	for (uint32_t i = 0; i < count && i < LARGEST; i++) {
		const struct expr_source *of = program->nodes[list[i].node].place->source;

		cost_window_describe(scratch, program, list[i].node, &list[i]);
		diag_note(diags, "%s%s (%s), in '%s' of %s '%s'",
			  i == 0 ? "the largest: " : "then: ", list[i].words, list[i].form,
			  of->field, of->what != NULL ? of->what : "rule", of->rule);
	}
	expr_hint(&source, "a shorter time, fewer functions over it, or one that rules share "
			   "take less; a quantile of more than 256 samples takes 73 KiB");
	arena_free(scratch);
}

bool cost_check_windows(const struct program *program, struct diags *diags)
{
	uint32_t at = PROGRAM_NONE;
	size_t total = 0;

	for (uint32_t i = 0; i < program->node_count; i++) {
		if (program->nodes[i].kind != NODE_WINDOW)
			continue;
		total += node_memory(&program->nodes[i]);
		if (total > COST_WINDOWS_MAX && at == PROGRAM_NONE)
			at = i;
	}
	if (at != PROGRAM_NONE)
		window_tell_limit(program, at, total, diags);
	return at == PROGRAM_NONE;
}
