/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the second opinion on outputs; see the header. */
#include "model_outlet.h"

#include <stdlib.h>
#include <string.h>

void model_outlet_init(struct model_outlet *m, const struct model_outlet_says *says,
		       int64_t now)
{
	memset(m, 0, sizeof(*m));
	m->says = *says;
	m->now = m->since = m->from = now;
	m->is = m->sent = m->seen_wanted = -1;
}

static bool safe(const struct model_outlet *m, int value)
{
	return (m->says.max_on > 0 && value == 0) || value == m->says.stop ||
	       value == m->says.unknown;
}

/* Whether rule a comes before rule b, by rank alone. */
static bool before(const struct model_outlet *m, int a, int b)
{
	int pa = m->says.priority[a], pb = m->says.priority[b];

	if (pa == pb)
		return m->says.severity[a] > m->says.severity[b];
	return pa != 0 && (pb == 0 || pa < pb);
}

/* ---- who has it -------------------------------------------------------------------------- */

/* The world in which all wishes are gone through. */
struct world {
	const struct model_outlet *m;
	bool starting, operated, undecided, blind, spent;
	int64_t until, undecided_at; /* until < 0: until a rule writes */
	int operator_value, base;
	size_t base_turn;
	int held[MODEL_RULES]; /* -1: nothing */
	size_t turn[MODEL_RULES];
};

static int first(const struct world *w)
{
	int best = -1;

	for (int i = 0; i < MODEL_RULES; i++) {
		if (w->held[i] < 0)
			continue;
		if (best < 0 || before(w->m, i, best) ||
		    (!before(w->m, best, i) && w->turn[i] > w->turn[best]))
			best = i;
	}
	return best;
}

static void pass_time(struct world *w, int64_t to)
{
	if (w->operated && w->until >= 0 && to >= w->until)
		w->operated = false;
	if (w->undecided && !w->blind && w->m->says.unknown >= 0 &&
	    to >= w->undecided_at + w->m->says.unknown_after) {
		w->blind = true;
		w->operated = false;
	}
}

static void rule_writes(struct world *w, const struct model_entry *e, size_t turn)
{
	if (safe(w->m, e->value))
		w->starting = w->operated = false;
	if (w->until < 0)
		w->operated = false;
	if (e->wish == WISH_FIRE) {
		w->held[e->rule] = e->value;
		w->turn[e->rule] = turn;
		return;
	}
	if (e->wish == WISH_CLEAR) {
		w->held[e->rule] = -1;
		for (int i = 0; i < MODEL_RULES && safe(w->m, e->value); i++)
			if (before(w->m, e->rule, i))
				w->held[i] = -1;
	}
	w->base = e->value;
	w->base_turn = turn;
}

static void rule_ends(struct world *w, int rule, size_t turn)
{
	int value = w->held[rule];

	w->held[rule] = -1;
	if (value < 0 || first(w) >= 0 || w->base_turn > w->turn[rule])
		return;
	w->base = value;
	w->base_turn = turn;
}

static void operator_writes(struct world *w, const struct model_entry *e, size_t turn)
{
	int was = e->was;

	if (was < 0)
		was = w->m->says.max_on > 0  ? 0
		      : w->m->says.stop >= 0 ? w->m->says.stop
					     : w->m->says.unknown;
	if (e->time > 0 && w->base < 0 && first(w) < 0 && was >= 0) {
		w->base = was;
		w->base_turn = turn;
	}
	w->starting = false;
	w->operated = true;
	w->operator_value = e->value;
	w->until = e->time > 0 ? e->at + e->time : -1;
}

static void max_on(struct world *w, size_t turn)
{
	for (int i = 0; i < MODEL_RULES; i++)
		if (w->held[i] == 1)
			w->held[i] = -1;
	if (w->operated && w->operator_value == 1)
		w->operated = false;
	if (w->m->says.start == 1)
		w->starting = false;
	if (w->blind && w->m->says.unknown == 1)
		w->spent = true;
	w->base = 0;
	w->base_turn = turn;
}

static void see(struct world *w, const struct model_entry *e)
{
	if (w->undecided == (e->value == 0))
		return;
	w->undecided = e->value == 0;
	w->undecided_at = e->at;
	w->blind = w->spent = false;
}

static void restart(struct world *w, bool known)
{
	w->starting = w->m->says.start >= 0;
	w->undecided = w->blind = w->spent = false;
	if (!known && w->until >= 0)
		w->operated = false;
}

static void apply(struct world *w, const struct model_entry *e, size_t turn)
{
	pass_time(w, e->at);
	switch (e->wish) {
	case WISH_FIRE:
	case WISH_CLEAR:
	case WISH_HAPPEN:
		rule_writes(w, e, turn);
		break;
	case WISH_END:
		rule_ends(w, e->rule, turn);
		break;
	case WISH_OPERATOR:
		operator_writes(w, e, turn);
		break;
	case WISH_LEAVES:
		w->operated = false;
		break;
	case WISH_SEE:
		see(w, e);
		break;
	case WISH_STARTED:
		w->starting = false;
		break;
	case WISH_MAX_ON:
		max_on(w, turn);
		break;
	case WISH_RESTART:
		restart(w, e->time != 0);
		break;
	}
}

/* The rule that has the better claim of all is *ret_first, or -1. */
static enum model_layer counts(const struct model_outlet *m, int *ret_value, int *ret_first)
{
	struct world w = {.m = m, .starting = m->says.start >= 0, .base = -1};
	bool unknown;

	for (int i = 0; i < MODEL_RULES; i++)
		w.held[i] = -1;
	for (size_t i = 0; i < m->count; i++)
		apply(&w, &m->log[i], i + 1);
	pass_time(&w, m->now);
	*ret_first = first(&w);
	unknown = w.blind && !w.spent;
	*ret_value = w.starting	       ? m->says.start
		     : w.operated      ? w.operator_value
		     : unknown	       ? m->says.unknown
		     : *ret_first >= 0 ? w.held[*ret_first]
				       : w.base;
	return w.starting	 ? MODEL_START
	       : w.operated	 ? MODEL_OPERATOR
	       : unknown	 ? MODEL_UNKNOWN
	       : *ret_first >= 0 ? MODEL_RULE
	       : w.base >= 0	 ? MODEL_BASE
				 : MODEL_NOBODY;
}

enum model_layer model_outlet_counts(const struct model_outlet *m, int *ret_value)
{
	int rule;

	return counts(m, ret_value, &rule);
}

/* Whether the wish that came last is the one that counts. */
static bool has_it(const struct model_outlet *m, const struct model_entry *e, int *ret_value)
{
	int rule;
	enum model_layer layer = counts(m, ret_value, &rule);

	if (e->wish == WISH_OPERATOR)
		return layer == MODEL_OPERATOR;
	if (e->wish == WISH_FIRE)
		return layer == MODEL_RULE && rule == e->rule;
	return layer == MODEL_BASE;
}

/* ---- what is written --------------------------------------------------------------------- */

/* What counts may be another: then it is to be written, unless it was sent last. */
static void turn(struct model_outlet *m)
{
	int wanted;

	model_outlet_counts(m, &wanted);
	if (wanted == m->seen_wanted)
		return;
	m->seen_wanted = wanted;
	m->pending = wanted >= 0 && wanted != m->sent;
	m->own = true;
	m->retrying = m->resends = false;
}

bool model_outlet_wish(struct model_outlet *m, struct model_entry entry)
{
	int wanted;

	turn(m);
	entry.at = m->now;
	entry.was = m->is;
	if (m->count == MODEL_WISHES)
		abort();
	m->log[m->count++] = entry;
	if (entry.wish != WISH_FIRE && entry.wish != WISH_CLEAR && entry.wish != WISH_HAPPEN &&
	    entry.wish != WISH_OPERATOR) {
		if (entry.wish == WISH_LEAVES)
			m->seen_wanted = -1;
		turn(m);
		return true;
	}
	if (!has_it(m, &entry, &wanted)) {
		turn(m);
		return wanted == entry.value;
	}
	m->seen_wanted = wanted;
	m->pending = true;
	m->own = m->resends = m->retrying = m->interrupted = false;
	return true;
}

static int64_t counted(const struct model_outlet *m)
{
	return m->now - m->lost;
}

bool model_outlet_is_over(const struct model_outlet *m)
{
	return m->says.max_on > 0 && (m->is == 1 || (m->doubt && m->unsure_off)) &&
	       (m->forgotten || m->now >= m->from + m->says.max_on);
}

/* From when, in counted time, a change to value may be made; and whether changes forbid it. */
static int64_t may_from(const struct model_outlet *m, int value, bool *ret_changes)
{
	int64_t from = INT64_MIN;
	size_t recent = 0;

	*ret_changes = false;
	/* "What is out of sight may be off by now, and then on is a change." */
	if (value == m->is && !m->unseen)
		return from;
	if (value == 1)
		from = (m->is == 1 ? m->unseen_until : m->since) + m->says.min_off;
	else if (m->is == 1 && !model_outlet_is_over(m))
		from = m->since + m->says.min_on;
	if (value == 0 && m->says.max_on > 0 && from > m->from + m->says.max_on - m->lost)
		from = m->from + m->says.max_on - m->lost;
	if (counted(m) < from || m->says.changes == 0 || safe(m, value))
		return from;
	for (size_t i = m->changes; i-- > 0;) {
		if (m->changed[i] + m->says.per > counted(m))
			recent++;
		if (recent < (size_t)m->says.changes)
			continue;
		*ret_changes = true;
		return m->changed[i] + m->says.per;
	}
	return from;
}

static void changed(struct model_outlet *m, int value)
{
	bool was_on = m->is == 1 || (m->doubt && m->unsure_off);

	if (!was_on) {
		m->from = m->now;
		m->forgotten = false;
	}
	m->unsure_off = was_on && value == 0;
	m->is = value;
	m->since = counted(m);
}

static bool on_for_too_long(const struct model_outlet *m, int wanted)
{
	bool no_time_left =
		m->interrupted && wanted == 1 && m->says.max_on > 0 &&
		(m->interrupted_forgotten || m->now >= m->interrupted_from + m->says.max_on);

	return (model_outlet_is_over(m) || no_time_left) && !(m->pending && wanted == 0);
}

/* "max_on goes on where on_start came in between": layer wrote value, before which it was on.
 */
static void interrupt(struct model_outlet *m, enum model_layer layer, int value, bool was_on)
{
	if (value == 1 && m->interrupted) {
		m->from = m->interrupted_from;
		m->forgotten = m->interrupted_forgotten;
	} else if (value == 1 || layer != MODEL_START) {
		m->interrupted = false;
	} else if (was_on) {
		m->interrupted = true;
		m->interrupted_from = m->from_before;
		m->interrupted_forgotten = m->forgotten_before;
	}
}

enum model_act model_outlet_step(struct model_outlet *m, int *ret_value, int64_t *ret_until)
{
	bool changes, was_on;
	enum model_layer layer;
	int64_t from;

	turn(m);
	model_outlet_counts(m, ret_value);
	if (on_for_too_long(m, *ret_value)) {
		m->log[m->count++] = (struct model_entry){.at = m->now, .wish = WISH_MAX_ON};
		m->sent = m->seen_wanted = -1;
		m->interrupted = false;
		turn(m);
		model_outlet_counts(m, ret_value);
	}
	if (!m->pending || (m->retrying && m->now < m->retry_at))
		return MODEL_RESTS;
	m->retrying = false;
	from = may_from(m, *ret_value, &changes);
	*ret_until = from + m->lost;
	if (from > counted(m) && (!changes || m->own))
		return MODEL_WAITS;
	m->pending = false;
	if (from > counted(m)) {
		if (model_outlet_counts(m, ret_value) == MODEL_START)
			model_outlet_wish(m, (struct model_entry){.wish = WISH_STARTED});
		return MODEL_REFUSES;
	}
	layer = model_outlet_counts(m, ret_value);
	was_on = m->is == 1 || (m->doubt && m->unsure_off);
	m->was = m->is;
	m->since_before = m->since;
	m->from_before = m->from;
	m->forgotten_before = m->forgotten;
	m->unseen_before = m->unseen;
	m->unsure_off_before = m->unsure_off;
	m->changes_before = m->changes;
	m->change_under_way = *ret_value != m->is || m->doubt || m->unseen;
	m->unseen = false;
	if (m->change_under_way)
		m->changed[m->changes++] = counted(m);
	if (*ret_value != m->is)
		changed(m, *ret_value);
	interrupt(m, layer, *ret_value, was_on);
	m->sent = *ret_value;
	m->tried_at = m->now;
	return MODEL_WRITES;
}

/* "An off, or a safe value, of a rule, and what it holds and was not sent." */
static bool tried_again(const struct model_outlet *m, bool left)
{
	bool itself = m->own && !m->resends;
	int wanted;
	enum model_layer layer = model_outlet_counts(m, &wanted);

	switch (layer) {
	case MODEL_RULE:
		return itself || !left || wanted == 0 || safe(m, wanted);
	case MODEL_BASE:
		return itself || wanted == 0 || safe(m, wanted);
	case MODEL_START:
	case MODEL_OPERATOR:
	case MODEL_UNKNOWN:
	case MODEL_NOBODY:
		break;
	}
	return itself;
}

void model_outlet_ended(struct model_outlet *m, bool left, bool done)
{
	int wanted;

	if (left)
		m->doubt = !done;
	if (done)
		m->unsure_off = false;
	if (!left) {
		m->is = m->was;
		m->since = m->since_before;
		m->from = m->from_before;
		m->forgotten = m->forgotten_before;
		m->unseen = m->unseen_before;
		m->unsure_off = m->unsure_off_before;
		m->changes = m->changes_before;
	} else if (m->change_under_way) {
		m->since = counted(m);
	}
	if (done) {
		m->own = m->resends = false;
		m->pause = 0;
		if (model_outlet_counts(m, &wanted) == MODEL_START)
			model_outlet_wish(m, (struct model_entry){.wish = WISH_STARTED});
		return;
	}
	m->sent = left ? -1 : m->is;
	if (!m->own && !left && model_outlet_counts(m, &wanted) == MODEL_OPERATOR)
		model_outlet_wish(m, (struct model_entry){.wish = WISH_LEAVES});
	if (m->pending || !tried_again(m, left))
		return;
	m->resends = m->resends || !m->own;
	m->own = true;
	m->pause = m->pause == 0 ? 1 : m->pause >= 32 ? 60 : 2 * m->pause;
	m->pending = m->retrying = true;
	m->retry_at = m->now + m->pause;
}

void model_outlet_saw(struct model_outlet *m, int value)
{
	bool was_on = m->is == 1 || (m->doubt && m->unsure_off);
	int wanted;

	if (value != m->is)
		changed(m, value);
	else if (m->doubt)
		m->since = counted(m);
	/* "The time while gauged did not run counts, also of what was off before". */
	if (value == 1 && m->unseen && !was_on) {
		m->from = m->unseen_at;
		m->forgotten = !m->unseen_known;
	}
	if (was_on && value == 0)
		m->interrupted = false;
	m->unseen = false;
	m->doubt = m->unsure_off = false;
	if (!m->retrying)
		return;
	model_outlet_counts(m, &wanted);
	if (wanted == value) {
		m->sent = value;
		m->pending = m->retrying = m->own = m->resends = false;
		m->pause = 0;
		if (model_outlet_counts(m, &wanted) == MODEL_START)
			model_outlet_wish(m, (struct model_entry){.wish = WISH_STARTED});
	} else if (m->retry_at > m->tried_at + 1) {
		m->retry_at = m->tried_at + 1;
	}
}

void model_outlet_lost(struct model_outlet *m)
{
	if (!m->unseen) {
		m->unseen = m->unseen_known = true;
		m->unseen_at = m->now;
	}
	m->unseen_until = counted(m);
}

void model_outlet_restart(struct model_outlet *m, int64_t outage, bool known)
{
	int wanted;

	m->now += outage;
	if (!known) {
		m->lost += outage;
		m->forgotten = m->interrupted_forgotten = true;
	}
	/* Of two restarts without a look at it in between both count. */
	m->unseen_known = known && (!m->unseen || m->unseen_known);
	if (!m->unseen)
		m->unseen_at = m->now - outage;
	m->unseen = true;
	m->unseen_until = counted(m);
	/* During the outage nobody sees anything. */
	m->log[m->count++] = (struct model_entry){
		.at = m->now - outage, .wish = WISH_RESTART, .time = known};
	/* on_start is written in any case, and an off of which nobody knows whether it arrived.
	 */
	model_outlet_counts(m, &wanted);
	m->sent = m->is;
	if (m->says.start >= 0 || (m->doubt && (wanted == 0 || safe(m, wanted))))
		m->sent = -1;
	m->seen_wanted = -1;
	m->pending = m->retrying = false;
	m->pause = 0;
	turn(m);
}
