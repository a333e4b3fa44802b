/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A compiled set of expressions: three-address code over one arena of doubles, the nodes that
 * remember something between two readings, and the index of what depends on what. Built once,
 * read by every engine that runs it.
 *
 * The arena: scratch room of the expression that runs now, then one slot for each point's
 * value, then cells: constants, qualities, what nodes yield, whether a rule fires. Unknown is
 * NaN. A truth is 1 or 0. A text is the number of the text.
 */
#ifndef GAUGED_RULES_PROGRAM_H
#define GAUGED_RULES_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"
#include "rules/guard.h"

struct arena;
struct calendar_spans;
struct expr_source;
struct point_table;
struct zone;

enum { PROGRAM_SCRATCH = 640, PROGRAM_SLOTS_MAX = 1 << 24, PROGRAM_NONE = UINT32_MAX };

enum opcode {
	OP_MOVE, /* dst = a */
	OP_NOT,
	OP_AND,
	OP_OR,
	OP_NEG,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_LT,
	OP_LE,
	OP_EQ,
	OP_NE,
	OP_ELSE,  /* dst = a, or b if a is unknown */
	OP_KNOWN, /* dst = whether a is known */
	OP_IF,	  /* dst = a ? [b] : [b + 1] */
	OP_CALL	  /* dst = function b of the slots from a on */
};

/* Its slots are fewer than PROGRAM_SLOTS_MAX, which follows from what rules may be. */
struct instr {
	uint64_t op : 6, dst : 10, a : 24, b : 24;
};

/* One expression: runs code[start .. start + count) and reads the slot result. */
struct code {
	uint32_t start, count, result;
};

struct idlist {
	uint32_t *ids;
	uint32_t count, cap;
};
/* Adds id if it is not there yet. */
void idlist_add(struct arena *arena, struct idlist *list, uint32_t id);

/* What an expression reads. */
struct program_use {
	struct idlist points; /* by name */
	struct idlist groups; /* devices, as a whole */
	struct idlist nodes;
	struct idlist rules; /* whether they fire */
};
void program_use_merge(struct arena *arena, struct program_use *into,
		       const struct program_use *use);

enum node_kind {
	NODE_AGE, /* whether the point's age has reached span_ns: by timer, no reading needed */
	NODE_RISES,
	NODE_FALLS,
	NODE_CHANGED,
	NODE_DERIVED, /* the value of a derived point */
	/* those that remember: see node.h */
	NODE_WINDOW,
	NODE_HELD,
	NODE_ONCE,
	NODE_SINCE,  /* in messages: from when on, in seconds of the engine's clock */
	NODE_LASTED, /* since(c) has reached span_ns */
	NODE_EWMA,
	NODE_PREV,
	/* those that the wall clock changes: see engine_clock.c */
	NODE_SPANS, /* whether the clock shows a time in one of spans */
	NODE_WEEKDAY,
	NODE_KINDS
};

/* What NODE_SINCE yields while its operand is false: a time that does not come. */
#define NODE_NEVER_S 1e18

/* Where a window was first written, and what it is of. */
struct node_place {
	const struct expr_source *source; /* without its diags */
	uint32_t from, len;
	const char *words; /* "boiler.temp - boiler.return_temp" */
};

/* One function of a window; a window may yield several. */
struct node_output {
	uint32_t slot;
	uint8_t function; /* enum window_function */
	double parameter; /* of a quantile */
	struct node_output *next;
};

/*
 * Something between points and rules: computed from its operand, with a memory of its own.
 * Rules and nodes with a higher number read its slot.
 */
struct node {
	enum node_kind kind;
	uint32_t slot;	/* what it yields */
	uint32_t last;	/* the slot of the last operand: edges of the last known one */
	uint32_t point; /* AGE, DERIVED */
	int64_t span_ns;
	const struct calendar_spans *spans; /* SPANS */
	size_t memory;			    /* where in an engine's memory it remembers */
	enum value_kind operand;
	int64_t interval_ns;	     /* WINDOW: how often a sample is expected; 0: not known */
	struct node_output *outputs; /* WINDOW, instead of slot */
	struct code code;	     /* the operand; none of an age */
	const struct node_place *place; /* WINDOW */
	const struct program_use *use;	/* what the operand reads; NULL: it has none */
	struct idlist inputs;		/* the points that it reads, also through other nodes */
	uint32_t next;			/* the node before it in its bucket, + 1 */
	/* What it is, in words that outlive a reload: equal keys, equal nodes. */
	const char *key;
};

/* The id-th entry's ids are ids[start[id]] .. ids[start[id + 1] - 1]; start: NULL: none has
 * any. */
struct reach {
	uint32_t *start;
	uint32_t *ids;
	uint32_t count; /* of all ids together */
};

struct reached {
	const uint32_t *ids;
	uint32_t count;
};

static inline struct reached reach_of(const struct reach *reach, uint32_t id)
{
	if (reach->start == NULL)
		return (struct reached){NULL, 0};
	return (struct reached){reach->ids + reach->start[id],
				reach->start[id + 1] - reach->start[id]};
}

static inline bool reach_any(const struct reach *reach, uint32_t id)
{
	return reach->start != NULL && reach->start[id] < reach->start[id + 1];
}

/* What a point or a rule may have; NULL: none has any. */
static inline uint32_t program_asked(const uint32_t *numbers, uint32_t id)
{
	return numbers != NULL ? numbers[id] : 0;
}

struct program {
	struct arena *arena, *scratch; /* the latter until program_index() */
	const struct point_table *points;
	const struct zone *zone; /* whose local time is meant; UTC unless somebody sets it */
	uint32_t point_count;

	uint32_t code_count, code_cap;
	struct instr *code;

	uint32_t cell_count, cell_cap;
	double *cells; /* what the cells hold at first */
	/* Constants, which equal ones share, by hash; 0: free. */
	uint32_t constant_count, constant_room;
	uint32_t *constants;

	uint32_t node_count, node_cap;
	uint32_t *node_buckets; /* by hash of what a node is: the last such node + 1 */
	struct node *nodes;

	uint32_t text_count, text_cap;
	const char **texts; /* text literals; their number is their index */

	/* by point, see program_asked(); 0: nobody asks for it */
	uint32_t *quality_slots;
	uint32_t *bad_slots;
	uint32_t *age_slots;	/* for messages: written before one is rendered */
	uint32_t *point_groups; /* its group + 1; 0: of no device that anybody asks for */
	uint32_t *derived;	/* its node + 1; 0: the point is read */

	uint32_t group_count, group_cap;
	struct group {
		const char *device;
		uint32_t slot; /* whether all of its points are bad */
		uint32_t size;
	} * groups;

	uint32_t now_slot; /* the time in seconds, written before a message; 0: nobody asks */
	uint32_t wall_slot, tod_slot; /* the same with wall time and the time of day */
	struct guards guards;
	size_t memory_bytes; /* of all nodes, from program_index() on */

	uint32_t rule_count;
	uint32_t *rule_slots; /* whether it fires, see program_asked(); 0: nobody asks */

	/* from program_index() on */
	/* Nodes go in order of number, which is an order of evaluation. */
	struct reach point_nodes;    /* to run when the point is another */
	struct reach point_samplers; /* to run at each good reading of the point */
	struct reach point_ages;     /* the nodes that wait for the point's age */
	struct reach point_rules;    /* ranks, rising */
	struct reach point_waits;    /* ranks: read it through nodes only, see on_unknown */
	struct reach node_nodes;
	struct reach node_rules;
	struct reach rule_rules;
	/* Both NULL if the order of evaluation is that of the file. */
	uint32_t *ranks; /* by rule: its place in it */
	uint32_t *order; /* by rank: the rule */
};

static inline uint32_t program_rank(const struct program *program, uint32_t rule)
{
	return program->ranks != NULL ? program->ranks[rule] : rule;
}

static inline uint32_t program_ranked(const struct program *program, uint32_t rank)
{
	return program->order != NULL ? program->order[rank] : rank;
}

/* The numbers of the words of quality(), in order of enum quality. */
enum { PROGRAM_TEXT_GOOD, PROGRAM_TEXT_UNCERTAIN, PROGRAM_TEXT_STALE, PROGRAM_TEXT_BAD };

/* scratch: for what only those need who add to it; it may go after program_index(). */
struct program *program_new(struct arena *arena, struct arena *scratch,
			    const struct point_table *points, uint32_t rule_count);

/* Slots; each is made when it is asked for first. */
static inline uint32_t program_point(uint32_t point)
{
	return PROGRAM_SCRATCH + point;
}
uint32_t program_cell(struct program *program, double value);
uint32_t program_constant(struct program *program, double value);
uint32_t program_quality(struct program *program, uint32_t point);
uint32_t program_bad(struct program *program, uint32_t point);
uint32_t program_age(struct program *program, uint32_t point);
uint32_t program_rule(struct program *program, uint32_t rule);
uint32_t program_now(struct program *program);
uint32_t program_wall(struct program *program);
uint32_t program_tod(struct program *program);
/* Number of the group of all points of device; PROGRAM_NONE if there is no such device. */
uint32_t program_group(struct program *program, const char *device);
/* Number of a text. */
uint32_t program_text(struct program *program, const char *text);
/* Number of the new node; its slot (unless it has one) and last are made here. */
uint32_t program_node(struct program *program, const struct node *node);
/* The node of the day of the week, and that of spans, each made when it is asked for first. */
uint32_t program_weekday(struct program *program);
uint32_t program_spans(struct program *program, const struct calendar_spans *spans);
/* Whether the wall clock changes it. */
static inline bool program_node_of_clock(const struct node *node)
{
	return node->kind == NODE_SPANS || node->kind == NODE_WEEKDAY;
}
/* The slot of a function of a window, which is asked for here. */
uint32_t program_window(struct program *program, uint32_t node, uint8_t function,
			double parameter);
/* The node that is true from this age of the point on, or PROGRAM_NONE. */
uint32_t program_age_node(const struct program *program, uint32_t point, int64_t span_ns);
/* The node of that kind and key, or PROGRAM_NONE. */
uint32_t program_node_find(const struct program *program, enum node_kind kind, const char *key);
/* The node that computes a derived point; PROGRAM_NONE for one that is read. */
uint32_t program_derived(const struct program *program, uint32_t point);
/* Whether a node of the kind takes every reading, not only those that change something. */
bool program_node_samples(enum node_kind kind);
/* Adds the points that use reads, also through nodes; derived ones as themselves. */
void program_use_points(struct arena *arena, const struct program *program,
			const struct program_use *use, struct idlist *points);
uint32_t program_emit(struct program *program, struct instr instr);

/* What the rules read, once all are compiled. */
struct program_reader {
	const struct program_use *use;
	bool instant; /* wakes up for its nodes only */
};
/*
 * Builds the index. If rules depend on each other in a loop, returns one rule on it and writes
 * its successors on the loop to ret_next (by rule); otherwise PROGRAM_NONE.
 */
uint32_t program_index(struct program *program, const struct program_reader *readers,
		       uint32_t *ret_next);

uint32_t program_slots(const struct program *program);

#endif
