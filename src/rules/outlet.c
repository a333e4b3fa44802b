/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns who wants what of an output, and which of that counts. */
#include "rules/outlet.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/outlet_inside.h"

static const struct point_interlock outlet_unlimited;

static const struct point_interlock *outlet_options(const struct outlet *outlet)
{
	return outlet->point->interlock != NULL ? outlet->point->interlock : &outlet_unlimited;
}

static void outlet_bind(struct outlet *outlet, const struct point *point)
{
	const struct point_interlock *options;

	outlet->point = point;
	options = outlet_options(outlet);
	outlet->limits = (struct interlock_limits){
		.low = point->low,
		.high = point->high,
		.min_on_ns = options->min_on_ns,
		.min_off_ns = options->min_off_ns,
		.max_on_ns = options->max_on_ns,
		.changes = options->changes,
		.per_ns = options->per_ns,
		/* on_stop is not on where max_on is set. */
		.safe = options->max_on_ns > 0 ? value_bool(false) : options->on_stop,
		.safe_too = options->on_unknown,
	};
}

static void outlet_room(const struct outlet *outlet, struct outlet_kept *kept)
{
	if (outlet->point->kind == VALUE_TEXT)
		kept->room = xcalloc(1, VALUE_TEXT_MAX + 1);
}

struct outlet *outlet_new(const struct point *point, const struct outlet_rule *rules,
			  size_t rule_count, struct boot now)
{
	struct outlet *outlet = xcalloc(1, sizeof(*outlet));

	outlet_bind(outlet, point);
	outlet->interlock = interlock_new(&outlet->limits, now);
	outlet->before = interlock_new(&outlet->limits, now);
	outlet->rules = rules;
	outlet->rule_count = rule_count;
	outlet->claims = xcalloc(rule_count, sizeof(*outlet->claims));
	for (size_t i = 0; i < rule_count; i++)
		outlet_room(outlet, &outlet->claims[i].kept);
	outlet_room(outlet, &outlet->operator);
	outlet_room(outlet, &outlet->base);
	outlet_room(outlet, &outlet->asked);
	outlet_room(outlet, &outlet->wanted);
	outlet->starting = outlet_options(outlet)->on_start.kind != VALUE_NONE;
	outlet->unseen = point->begins;
	outlet_turn(outlet, false);
	return outlet;
}

void outlet_free(struct outlet *outlet)
{
	if (outlet == NULL)
		return;
	for (size_t i = 0; i < outlet->rule_count; i++)
		free(outlet->claims[i].kept.room);
	free(outlet->operator.room);
	free(outlet->base.room);
	free(outlet->asked.room);
	free(outlet->wanted.room);
	interlock_free(outlet->interlock);
	interlock_free(outlet->before);
	free(outlet->claims);
	free(outlet);
}

const struct point *outlet_point(const struct outlet *outlet)
{
	return outlet->point;
}

bool outlet_is_harmless(const struct outlet *outlet, struct value value)
{
	return (value.kind == VALUE_BOOL && !value.flag) ||
	       (value.kind != VALUE_TEXT && interlock_is_safe(&outlet->limits, value));
}

void outlet_keep(struct outlet_kept *kept, struct value value)
{
	if (value.kind == VALUE_TEXT && kept->room != NULL) {
		size_t len = strnlen(value.text, VALUE_TEXT_MAX);

		memmove(kept->room, value.text, len);
		kept->room[len] = '\0';
		value.text = kept->room;
	}
	kept->value = value;
}

void outlet_say(char room[OUTLET_WHO_MAX], const char *who)
{
	struct str text;

	str_init_fixed(&text, room, OUTLET_WHO_MAX);
	str_adds(&text, who);
}

void outlet_set_base(struct outlet *outlet, struct value value, const char *who)
{
	outlet_keep(&outlet->base, value);
	outlet->base_order = ++outlet->order;
	if (who != outlet->base_who)
		outlet_say(outlet->base_who, who);
}

/* ---- rank -------------------------------------------------------------------------------- */

/* > 0: a is higher. */
static int outlet_rank(const struct outlet_rule *a, const struct outlet_rule *b)
{
	int pa = a->priority > 0 ? a->priority : INT_MAX;
	int pb = b->priority > 0 ? b->priority : INT_MAX;

	if (pa != pb)
		return pa < pb ? 1 : -1;
	return (a->severity > b->severity) - (a->severity < b->severity);
}

size_t outlet_best(const struct outlet *outlet)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < outlet->rule_count; i++) {
		const struct outlet_claim *claim = &outlet->claims[i];
		int rank;

		if (!claim->holds)
			continue;
		rank = best == SIZE_MAX ? 1
					: outlet_rank(&outlet->rules[i], &outlet->rules[best]);
		if (rank > 0 || (rank == 0 && claim->order > outlet->claims[best].order))
			best = i;
	}
	return best;
}

size_t outlet_find_rule(const struct outlet *outlet, const char *name)
{
	for (size_t i = 0; i < outlet->rule_count; i++)
		if (strcmp(outlet->rules[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

bool outlet_rule_holds(const struct outlet *outlet, size_t rule)
{
	return rule < outlet->rule_count && outlet->claims[rule].holds;
}

/* ---- layers ------------------------------------------------------------------------------ */

enum outlet_layer outlet_layer(const struct outlet *outlet, struct value *ret,
			       const char **ret_who)
{
	const struct point_interlock *options = outlet_options(outlet);
	size_t best = outlet_best(outlet);

	if (outlet->starting) {
		*ret = outlet->forgotten ? value_bool(false) : options->on_start;
		*ret_who = outlet->forgotten ? "max_on" : "on_start";
		return OUTLET_START;
	}
	if (outlet->operated) {
		*ret = outlet->operator.value;
		*ret_who = outlet->operator_who;
		return OUTLET_OPERATOR;
	}
	if (outlet->blind && !outlet->spent) {
		*ret = options->on_unknown;
		*ret_who = "on_unknown";
		return OUTLET_UNKNOWN;
	}
	if (best != SIZE_MAX) {
		*ret = outlet->claims[best].kept.value;
		*ret_who = outlet->rules[best].who;
		return OUTLET_RULE;
	}
	*ret = outlet->base.value;
	*ret_who = ret->kind != VALUE_NONE ? outlet->base_who : NULL;
	return ret->kind != VALUE_NONE ? OUTLET_BASE : OUTLET_NOBODY;
}

void outlet_turn(struct outlet *outlet, bool asked)
{
	struct value wanted;
	const char *who;

	outlet_layer(outlet, &wanted, &who);
	if (!asked && value_equal(wanted, outlet->wanted.value))
		return;
	outlet_keep(&outlet->wanted, wanted);
	outlet->own = !asked;
	outlet->resends = false;
	/* Who wants it on anew gets a time of their own. */
	if (asked)
		outlet->resumes = false;
	outlet->dirty = asked || (wanted.kind != VALUE_NONE &&
				  !value_equal(wanted, outlet->asked.value));
	outlet->retries = outlet->waits = false;
}

/* ---- wants ------------------------------------------------------------------------------- */

/* A rule writes: what of the layers above that ends. */
static void outlet_give_way(struct outlet *outlet, struct value value)
{
	bool safe = interlock_is_safe(&outlet->limits, value);

	if (safe)
		outlet->starting = false;
	if (safe || outlet->hold_until.ns == BOOT_NEVER.ns)
		outlet->operated = false;
}

/* What is safe when a rule clears was not safe while it fired: lower ones have to fire anew. */
static void outlet_drop_lower(struct outlet *outlet, size_t rule)
{
	for (size_t i = 0; i < outlet->rule_count; i++)
		if (outlet_rank(&outlet->rules[rule], &outlet->rules[i]) > 0)
			outlet->claims[i].holds = false;
}

static void outlet_clear(struct outlet *outlet, size_t rule, struct value value)
{
	char who[OUTLET_WHO_MAX];

	if (rule >= outlet->rule_count) {
		outlet_set_base(outlet, value, "a rule that is gone");
		return;
	}
	outlet->claims[rule].holds = false;
	if (interlock_is_safe(&outlet->limits, value))
		outlet_drop_lower(outlet, rule);
	outlet_say(who, outlet->rules[rule].who);
	outlet_set_base(outlet, value, who);
}

bool outlet_rule_writes(struct outlet *outlet, size_t rule, enum outlet_moment moment,
			struct value value, struct boot now, const char **ret_holder)
{
	enum outlet_layer layer;
	struct value wanted;
	bool counts;

	(void)now;
	outlet_give_way(outlet, value);
	switch (moment) {
	case OUTLET_FIRES:
		assert(rule < outlet->rule_count);
		outlet_keep(&outlet->claims[rule].kept, value);
		outlet->claims[rule].holds = true;
		outlet->claims[rule].order = ++outlet->order;
		break;
	case OUTLET_CLEARS:
		outlet_clear(outlet, rule, value);
		break;
	case OUTLET_HAPPENS:
		assert(rule < outlet->rule_count);
		outlet_set_base(outlet, value, outlet->rules[rule].who);
		break;
	}
	layer = outlet_layer(outlet, &wanted, ret_holder);
	counts = moment == OUTLET_FIRES ? layer == OUTLET_RULE && outlet_best(outlet) == rule
					: layer == OUTLET_BASE;
	outlet_turn(outlet, counts);
	return counts || value_equal(wanted, value);
}

void outlet_rule_ends(struct outlet *outlet, size_t rule, struct boot now)
{
	struct outlet_claim *claim;

	(void)now;
	if (!outlet_rule_holds(outlet, rule))
		return;
	claim = &outlet->claims[rule];
	claim->holds = false;
	/* What was wanted behind it, and was held back, comes to its turn. */
	if (outlet_best(outlet) == SIZE_MAX && outlet->base_order < claim->order)
		outlet_set_base(outlet, claim->kept.value, outlet->rules[rule].who);
	outlet_turn(outlet, false);
}

void outlet_operator_writes(struct outlet *outlet, struct value value, const char *who,
			    int64_t for_ns, struct boot now)
{
	struct boot since;
	struct value was = interlock_value(outlet->interlock, &since);

	if (was.kind == VALUE_NONE)
		was = outlet->limits.safe.kind != VALUE_NONE ? outlet->limits.safe
							     : outlet->limits.safe_too;
	/* For when the time is over, and nobody else wants anything. */
	if (for_ns > 0 && outlet->base.value.kind == VALUE_NONE && was.kind != VALUE_NONE &&
	    outlet_best(outlet) == SIZE_MAX)
		outlet_set_base(outlet, was, "what was there before");
	outlet->starting = false;
	outlet->operated = true;
	outlet->hold_until = for_ns > 0 ? boot_add(now, for_ns) : BOOT_NEVER;
	outlet_keep(&outlet->operator, value);
	outlet_say(outlet->operator_who, who);
	outlet_turn(outlet, true);
}

void outlet_operator_leaves(struct outlet *outlet)
{
	outlet->operated = false;
	/* What counts now was not refused, even where it is the same. */
	outlet->wanted.value = (struct value){0};
	outlet_turn(outlet, false);
}

bool outlet_see(struct outlet *outlet, bool decided, struct boot now)
{
	if (decided == !outlet->undecided)
		return false;
	outlet->undecided = !decided;
	outlet->undecided_since = now;
	outlet->spent = outlet->blind = false;
	outlet_turn(outlet, false);
	return true;
}

void outlet_forgotten(struct outlet *outlet)
{
	if (outlet->limits.max_on_ns <= 0)
		return;
	outlet->starting = outlet->forgotten = true;
	outlet_turn(outlet, false);
}

/* ---- reload ------------------------------------------------------------------------------ */

static void outlet_adopt_claims(struct outlet *outlet, const struct outlet *old)
{
	size_t best = outlet_best(old);

	for (size_t i = 0; i < old->rule_count; i++) {
		const struct outlet_claim *claim = &old->claims[i];
		size_t rule = outlet_find_rule(outlet, old->rules[i].name);

		if (!claim->holds || rule == SIZE_MAX)
			continue;
		outlet->claims[rule].holds = true;
		outlet->claims[rule].order = claim->order;
		outlet_keep(&outlet->claims[rule].kept, claim->kept.value);
	}
	/* The rule that had it is gone: as if it had ended. */
	if (best == SIZE_MAX || outlet_best(outlet) != SIZE_MAX ||
	    old->base_order > old->claims[best].order)
		return;
	outlet_keep(&outlet->base, old->claims[best].kept.value);
	outlet->base_order = old->claims[best].order;
	outlet_say(outlet->base_who, old->rules[best].who);
}

void outlet_adopt(struct outlet *outlet, const struct outlet *old, struct boot now)
{
	const struct point_interlock *options = outlet_options(outlet);
	bool blind = old->blind && options->on_unknown.kind != VALUE_NONE;

	(void)now;
	interlock_adopt(outlet->interlock, old->interlock);
	interlock_adopt(outlet->before, old->before);
	outlet->order = old->order;
	outlet->forgotten = old->forgotten && outlet->limits.max_on_ns > 0;
	outlet->starting =
		old->starting && (outlet->forgotten || options->on_start.kind != VALUE_NONE);
	outlet->stopped = old->stopped;
	outlet->unseen = old->unseen;
	outlet->resumes = old->resumes;
	outlet->resumes_from = old->resumes_from;
	outlet->operated = old->operated;
	outlet->hold_until = old->hold_until;
	outlet_keep(&outlet->operator, old->operator.value);
	outlet_say(outlet->operator_who, old->operator_who);
	outlet->undecided = old->undecided;
	outlet->undecided_since = old->undecided_since;
	outlet->blind = blind;
	outlet->spent = old->spent && blind;
	outlet_keep(&outlet->base, old->base.value);
	outlet->base_order = old->base_order;
	outlet_say(outlet->base_who, old->base_who);
	outlet_adopt_claims(outlet, old);
	outlet_keep(&outlet->asked, old->asked.value);
	outlet_keep(&outlet->wanted, old->wanted.value);
	outlet->dirty = old->dirty;
	outlet->own = old->own;
	outlet->resends = old->resends;
	outlet->retries = old->retries;
	outlet->tried_at = old->tried_at;
	outlet->retry_at = old->retry_at;
	outlet->backoff_ns = old->backoff_ns;
	outlet->open = old->open;
	outlet->left = old->left;
	outlet->set = old->set;
	outlet->set_at = old->set_at;
	outlet_say(outlet->set_by, old->set_by);
	outlet_turn(outlet, false);
}
