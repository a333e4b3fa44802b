/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the comparison of fires: an alignment of least cost, and the words for it. */
#include "ctl/replay_diff.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "ctl/look.h"

/* Cells of one alignment; what is larger is paired in order, one by one. */
enum { DIFF_CELLS = 4 << 20 };

enum step { STEP_PAIR, STEP_MISSING, STEP_NEW };

struct match {
	const struct replay_fire *before, *after;
	size_t before_count, after_count;
	int64_t near_ns;
	struct replay_pair *ret;
	size_t count;
};

static double seconds(int64_t ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

/* Nanoseconds between the two; 0 if they touch or overlap. */
static int64_t diff_apart(const struct replay_fire *a, const struct replay_fire *b)
{
	const struct replay_fire *first = a->from_ns <= b->from_ns ? a : b;
	const struct replay_fire *second = first == a ? b : a;

	return first->to_ns >= second->from_ns ? 0 : second->from_ns - first->to_ns;
}

/* What it costs to say that the two are one, as the header has it; below 0: they are not. */
static double diff_cost(const struct match *match, const struct replay_fire *a,
			const struct replay_fire *b)
{
	int64_t apart = diff_apart(a, b);
	int64_t from = a->from_ns < b->from_ns ? b->from_ns : a->from_ns;
	int64_t to = a->to_ns < b->to_ns ? a->to_ns : b->to_ns;
	int64_t first = a->from_ns < b->from_ns ? a->from_ns : b->from_ns;
	int64_t last = a->to_ns > b->to_ns ? a->to_ns : b->to_ns;

	if (apart > match->near_ns)
		return -1;
	if (a->from_ns == b->from_ns && a->to_ns == b->to_ns)
		return 0;
	if (a->from_ns == a->to_ns && b->from_ns == b->to_ns)
		return 2 * (double)apart / (double)match->near_ns;
	if (apart > 0)
		return 1 + (double)apart / (double)match->near_ns;
	return 1 - seconds(to - from) / seconds(last - first);
}

static void match_put(struct match *match, ptrdiff_t before, ptrdiff_t after)
{
	match->ret[match->count++] = (struct replay_pair){before, after};
}

/* What starts first comes first, where nothing else says in which order. */
static void match_unpaired(struct match *match, size_t i, size_t i_end, size_t j, size_t j_end)
{
	while (i < i_end || j < j_end) {
		if (j == j_end ||
		    (i < i_end && match->before[i].from_ns <= match->after[j].from_ns))
			match_put(match, (ptrdiff_t)i++, REPLAY_NONE);
		else
			match_put(match, REPLAY_NONE, (ptrdiff_t)j++);
	}
}

static void match_in_turn(struct match *match, size_t i, size_t i_end, size_t j, size_t j_end)
{
	while (i < i_end && j < j_end) {
		if (diff_cost(match, &match->before[i], &match->after[j]) >= 0)
			match_put(match, (ptrdiff_t)i++, (ptrdiff_t)j++);
		else if (match->before[i].from_ns <= match->after[j].from_ns)
			match_put(match, (ptrdiff_t)i++, REPLAY_NONE);
		else
			match_put(match, REPLAY_NONE, (ptrdiff_t)j++);
	}
	match_unpaired(match, i, i_end, j, j_end);
}

/* One row of costs from the one below it; what to do goes to steps. */
static void match_row(const struct match *match, size_t i, size_t j_from, size_t width,
		      const double *below, double *row, uint8_t *steps)
{
	row[width] = below[width] + 1;
	steps[width] = STEP_MISSING;
	for (size_t k = width; k-- > 0;) {
		double pair = diff_cost(match, &match->before[i], &match->after[j_from + k]);

		row[k] = below[k] + 1;
		steps[k] = STEP_MISSING;
		if (row[k + 1] + 1 < row[k]) {
			row[k] = row[k + 1] + 1;
			steps[k] = STEP_NEW;
		}
		if (pair >= 0 && pair + below[k + 1] <= row[k]) {
			row[k] = pair + below[k + 1];
			steps[k] = STEP_PAIR;
		}
	}
}

/* The alignment of least cost: dynamic programming from the end. */
static void match_best(struct match *match, size_t i, size_t i_end, size_t j, size_t j_end)
{
	size_t height = i_end - i, width = j_end - j;
	uint8_t *steps = xcalloc((height + 1) * (width + 1), 1);
	double *costs = xcalloc(2 * (width + 1), sizeof(*costs));
	size_t y = 0, x = 0;

	for (size_t k = 0; k <= width; k++)
		costs[height % 2 * (width + 1) + k] = (double)(width - k);
	for (size_t k = height; k-- > 0;)
		match_row(match, i + k, j, width, costs + (k + 1) % 2 * (width + 1),
			  costs + k % 2 * (width + 1), steps + k * (width + 1));
	while (y < height && x < width) {
		enum step step = (enum step)steps[y * (width + 1) + x];

		match_put(match, step != STEP_NEW ? (ptrdiff_t)(i + y) : REPLAY_NONE,
			  step != STEP_MISSING ? (ptrdiff_t)(j + x) : REPLAY_NONE);
		y += step != STEP_NEW;
		x += step != STEP_MISSING;
	}
	match_unpaired(match, i + y, i_end, j + x, j_end);
	free(steps);
	free(costs);
}

/* The fires from i and j on up to the first pause in both that no pair can reach over. */
static void match_group(const struct match *match, size_t i, size_t j, size_t *ret_i,
			size_t *ret_j)
{
	int64_t reach = INT64_MIN;

	for (;;) {
		bool first = reach == INT64_MIN;
		const struct replay_fire *next = NULL;

		if (i < match->before_count)
			next = &match->before[i];
		if (j < match->after_count &&
		    (next == NULL || match->after[j].from_ns < next->from_ns))
			next = &match->after[j];
		if (next == NULL || (!first && next->from_ns > reach))
			break;
		if (next->to_ns > INT64_MAX - match->near_ns)
			reach = INT64_MAX;
		else if (next->to_ns + match->near_ns > reach)
			reach = next->to_ns + match->near_ns;
		if (i < match->before_count && next == &match->before[i])
			i++;
		else
			j++;
	}
	*ret_i = i;
	*ret_j = j;
}

size_t replay_diff_match(const struct replay_fire *before, size_t before_count,
			 const struct replay_fire *after, size_t after_count, int64_t near_ns,
			 struct replay_pair *ret)
{
	struct match match = {before, after, before_count, after_count, near_ns, ret, 0};
	size_t i = 0, j = 0, i_end, j_end;

	while (i < before_count || j < after_count) {
		match_group(&match, i, j, &i_end, &j_end);
		if (i == i_end || j == j_end)
			match_unpaired(&match, i, i_end, j, j_end);
		else if ((i_end - i + 1) > DIFF_CELLS / (j_end - j + 1))
			match_in_turn(&match, i, i_end, j, j_end);
		else
			match_best(&match, i, i_end, j, j_end);
		i = i_end;
		j = j_end;
	}
	return match.count;
}

static void shift_count(struct replay_shift *shift, int64_t before_ns, int64_t after_ns)
{
	int64_t ns = after_ns - before_ns;

	if (ns <= -NSEC_PER_MSEC) {
		shift->earlier_least_ns = shift->earlier == 0 || -ns < shift->earlier_least_ns
						  ? -ns
						  : shift->earlier_least_ns;
		shift->earlier_most_ns =
			-ns > shift->earlier_most_ns ? -ns : shift->earlier_most_ns;
		shift->earlier++;
	} else if (ns >= NSEC_PER_MSEC) {
		shift->later_least_ns = shift->later == 0 || ns < shift->later_least_ns
						? ns
						: shift->later_least_ns;
		shift->later_most_ns = ns > shift->later_most_ns ? ns : shift->later_most_ns;
		shift->later++;
	}
}

void replay_diff_sum(const struct replay_fire *before, const struct replay_fire *after,
		     const struct replay_pair *pairs, size_t count, struct replay_diff *ret)
{
	*ret = (struct replay_diff){0};
	for (size_t i = 0; i < count; i++) {
		const struct replay_fire *old, *new;

		ret->before += pairs[i].before != REPLAY_NONE;
		ret->after += pairs[i].after != REPLAY_NONE;
		if (pairs[i].before == REPLAY_NONE || pairs[i].after == REPLAY_NONE) {
			ret->missing += pairs[i].after == REPLAY_NONE;
			ret->added += pairs[i].before == REPLAY_NONE;
			continue;
		}
		ret->pairs++;
		old = &before[pairs[i].before];
		new = &after[pairs[i].after];
		shift_count(&ret->fires, old->from_ns, new->from_ns);
		/* An instant has no clear of its own. */
		if (old->from_ns != old->to_ns || new->from_ns != new->to_ns)
			shift_count(&ret->clears, old->to_ns, new->to_ns);
	}
}

bool replay_diff_same(const struct replay_diff *diff)
{
	return diff->missing + diff->added + diff->fires.earlier + diff->fires.later +
		       diff->clears.earlier + diff->clears.later ==
	       0;
}

static void words_comma(struct str *out)
{
	if (out->len > 0)
		str_adds(out, ", ");
}

/* "2 of 7 clear 5.0 s to 1 min 2 s later" */
static void words_shift(struct str *out, size_t count, size_t of, const char *verb,
			int64_t least_ns, int64_t most_ns, const char *where)
{
	if (count == 0)
		return;
	words_comma(out);
	if (count < of)
		str_addf(out, "%zu of %zu ", count, of);
	str_adds(out, verb);
	/* One side fired to the end: nobody knows how much later it would have cleared. */
	if (most_ns > INT64_MAX / 2) {
		str_addf(out, "%s", where);
		return;
	}
	look_add_age(out, seconds(least_ns));
	if (most_ns - least_ns >= NSEC_PER_SEC / 10) {
		str_adds(out, " to ");
		look_add_age(out, seconds(most_ns));
	}
	str_addf(out, " %s", where);
}

void replay_diff_words(const struct replay_diff *diff, struct str *out)
{
	const struct replay_shift *fires = &diff->fires, *clears = &diff->clears;
	struct str words;

	str_init(&words);
	if (diff->missing > 0)
		str_addf(&words, "%zu fewer", diff->missing);
	if (diff->added > 0) {
		words_comma(&words);
		str_addf(&words, "%zu new", diff->added);
	}
	words_shift(&words, fires->earlier, diff->pairs, "", fires->earlier_least_ns,
		    fires->earlier_most_ns, "earlier");
	words_shift(&words, fires->later, diff->pairs, "", fires->later_least_ns,
		    fires->later_most_ns, "later");
	words_shift(&words, clears->earlier, diff->pairs, "clear ", clears->earlier_least_ns,
		    clears->earlier_most_ns, "earlier");
	words_shift(&words, clears->later, diff->pairs, "clear ", clears->later_least_ns,
		    clears->later_most_ns, "later");
	str_adds(out, words.len > 0 ? words.s : "as before");
	str_done(&words);
}
