/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One output that is on or off, as gauged.yaml(5), OUTPUTS, describes it: keeps everything that
 * was ever wanted of it, and finds who has it by going through all of that anew. Time is in
 * whole seconds. Shares no code with src/rules/outlet.
 */
#ifndef GAUGED_TESTS_MODEL_OUTLET_H
#define GAUGED_TESTS_MODEL_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_RULES = 4, MODEL_WISHES = 600, MODEL_CHANGES = 600 };

/* 0: no such limit; of values -1 is keep. */
struct model_outlet_says {
	int min_on, min_off, max_on, changes, per, unknown_after;
	int start, stop, unknown;
	int priority[MODEL_RULES], severity[MODEL_RULES];
};

enum model_wish {
	WISH_FIRE,
	WISH_CLEAR,
	WISH_END,
	WISH_HAPPEN,
	WISH_OPERATOR,
	WISH_LEAVES,
	WISH_SEE,
	WISH_STARTED,
	WISH_MAX_ON,
	WISH_RESTART,
};
struct model_entry {
	int64_t at;
	enum model_wish wish;
	int rule, value;
	int time; /* OPERATOR: for so long; RESTART: 1: the outage is known */
	int was;  /* OPERATOR: what it was before */
};

enum model_layer {
	MODEL_START,
	MODEL_OPERATOR,
	MODEL_UNKNOWN,
	MODEL_RULE,
	MODEL_BASE,
	MODEL_NOBODY
};

enum model_act { MODEL_RESTS, MODEL_WRITES, MODEL_WAITS, MODEL_REFUSES };

struct model_outlet {
	struct model_outlet_says says;
	int64_t now;
	int64_t lost; /* what of the time does not count for the least times and the changes */
	struct model_entry log[MODEL_WISHES];
	size_t count;
	/* What it is believed to be: -1, 0, 1. */
	int is, was;
	int64_t since, from; /* counted time; all time */
	bool forgotten;	     /* how long it has been on */
	bool unsure_off;     /* an off that may not have been carried out */
	int64_t changed[MODEL_CHANGES];
	size_t changes, changes_before;
	int64_t since_before, from_before;
	bool forgotten_before, unsure_off_before;
	/*
	 * Nothing was seen or sent since it was lost, then, or the program restarted; how long
	 * ago is known. until: in counted time, it may have gone off until then.
	 */
	bool unseen, unseen_before, unseen_known;
	int64_t unseen_at, unseen_until;
	/* It was on since then when on_start switched it off; or nobody knows since when. */
	bool interrupted, interrupted_forgotten;
	int64_t interrupted_from;
	int sent, seen_wanted;
	bool pending, own, resends, retrying; /* resends: own since a rule's write failed */
	int64_t retry_at, tried_at;
	int pause;
	bool change_under_way, doubt; /* doubt: whether the last write was carried out */
};

void model_outlet_init(struct model_outlet *m, const struct model_outlet_says *says,
		       int64_t now);
enum model_layer model_outlet_counts(const struct model_outlet *m, int *ret_value);
/* Whether the value of the wish is what counts now. */
bool model_outlet_wish(struct model_outlet *m, struct model_entry entry);
/* It has been on for max_on, or nobody knows for how long. */
bool model_outlet_is_over(const struct model_outlet *m);
void model_outlet_saw(struct model_outlet *m, int value);
enum model_act model_outlet_step(struct model_outlet *m, int *ret_value, int64_t *ret_until);
void model_outlet_ended(struct model_outlet *m, bool left, bool done);
/* It is out of reach. */
void model_outlet_lost(struct model_outlet *m);
/* now is the time after the outage. */
void model_outlet_restart(struct model_outlet *m, int64_t outage, bool known);

#endif
