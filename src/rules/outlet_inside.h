/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of an output, for the files that own it together: outlet (who wants what),
 * outlet_step (what is written when) and outlet_save (bytes).
 */
#ifndef GAUGED_RULES_OUTLET_INSIDE_H
#define GAUGED_RULES_OUTLET_INSIDE_H

#include "rules/outlet.h"

/* A value of its own: a text is copied to room, which only outlets of texts have. */
struct outlet_kept {
	struct value value;
	char *room;
};

struct outlet_claim {
	bool holds;
	struct outlet_kept kept;
	uint64_t order; /* of all wants, by which the latest of equals is known */
};

/* In the order in which they count. */
enum outlet_layer {
	OUTLET_START,
	OUTLET_OPERATOR,
	OUTLET_UNKNOWN,
	OUTLET_RULE,
	OUTLET_BASE,
	OUTLET_NOBODY,
};

struct outlet {
	const struct point *point;
	struct interlock_limits limits;
	struct interlock *interlock;
	struct interlock *before; /* of the open writes: if none of them was carried out */
	size_t rule_count;
	const struct outlet_rule *rules;
	struct outlet_claim *claims;
	uint64_t order;

	bool starting, stopped;
	bool forgotten; /* what starts it is an off, for max_on */
	bool unseen;	/* what it began with, or begins with again */
	bool resumes;	/* went off by a start or a stop; was on from then on: */
	struct boot resumes_from;
	bool operated;		/* the operator's layer is there */
	struct boot hold_until; /* BOOT_NEVER: until a rule writes */
	struct outlet_kept operator;
	char operator_who[OUTLET_WHO_MAX];
	bool undecided, blind;
	bool spent; /* on_unknown is on, and was on for max_on */
	struct boot undecided_since;
	struct outlet_kept base;
	uint64_t base_order;
	char base_who[OUTLET_WHO_MAX];

	struct outlet_kept wanted; /* what counted when that changed last */
	struct outlet_kept asked;  /* what was sent last, unless it failed */
	bool dirty;		   /* what counts is not written yet */
	bool own;		   /* that changed by itself: nobody will ask again */
	bool resends;		   /* or because what a rule asked for failed */
	bool waits;		   /* an interlock holds it back: */
	enum interlock_verdict verdict;
	struct boot wait_until;
	bool retries; /* it failed, and is tried again then: */
	struct boot tried_at, retry_at;
	int64_t backoff_ns;

	size_t open; /* writes */
	bool left;   /* one of them may have been carried out */
	bool set;
	char set_by[OUTLET_WHO_MAX];
	struct boot set_at;
};

/* Which layer counts, what it wants and who it is; *ret_who is NULL for OUTLET_NOBODY. */
enum outlet_layer outlet_layer(const struct outlet *outlet, struct value *ret,
			       const char **ret_who);
/* The claim that counts among the rules'; SIZE_MAX: there is none. */
size_t outlet_best(const struct outlet *outlet);
/* An off, or a safe value: to write it once more does no harm. */
bool outlet_is_harmless(const struct outlet *outlet, struct value value);
void outlet_keep(struct outlet_kept *kept, struct value value);
void outlet_say(char room[OUTLET_WHO_MAX], const char *who);
void outlet_set_base(struct outlet *outlet, struct value value, const char *who);
/*
 * The layers may be others: if what counts is, it is to be written, unless it was sent last.
 * asked: in any case, as somebody wants it now.
 */
void outlet_turn(struct outlet *outlet, bool asked);

#endif
