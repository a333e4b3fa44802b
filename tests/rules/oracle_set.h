/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The rules of the oracle: what they say and what they read, for oracle.c. */
#ifndef GAUGED_TESTS_ORACLE_SET_H
#define GAUGED_TESTS_ORACLE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"
#include "model_rule.h"
#include "oracle_clock.h"
#include "oracle_world.h"

struct yaml_node;

enum { ORACLE_LIST = 64 };

/* Numbers, each once, in the order of adding. */
struct oracle_list {
	uint32_t ids[ORACLE_LIST];
	uint32_t count;
};

bool oracle_list_has(const struct oracle_list *list, uint32_t id);

/* What an expression reads. */
struct oracle_reads {
	struct oracle_list points;	  /* by themselves, or their age or quality */
	struct oracle_list inner;	  /* in the arguments of what remembers */
	struct oracle_list inner_devices; /* devices in them */
	struct oracle_list memories, ages, rules;
	struct oracle_list deep;    /* what derived points are computed from */
	struct oracle_list devices; /* the points of the devices it reads as a whole */
};

struct oracle_rule {
	struct oracle *oracle;
	const char *name, *when_text, *clear_text;
	enum severity severity;
	bool instant;
	struct oracle_expr *when, *clear, *schedule; /* NULL without */
	struct oracle_slots slots;		     /* of 'at'; no times: of something else */
	struct model_says says;
	struct oracle_reads reads;
	struct oracle_list inhibitors;
	struct model_rule life;
	bool looked; /* at: something that it reads has spoken */
};

struct oracle {
	struct arena *arena;
	struct str *log;
	struct oracle_world world;
	struct oracle_reads *memory_reads; /* by memory: what its argument reads */
	uint32_t count;
	struct oracle_rule *rules;
	uint32_t *order;
	bool *seen; /* points that were read since the last pass */
};

/* Fills count, rules, order and the world's memories and ages. */
void oracle_set_read(struct oracle *oracle, const struct yaml_node *rules);
/* UINT32_MAX: there is none such. */
uint32_t oracle_set_find(const struct oracle *oracle, const char *name);

/* Whether a derived point of reads, not one behind it, is computed otherwise than in old. */
bool oracle_reads_differ(const struct oracle *oracle, const struct oracle *old,
			 const struct oracle_reads *reads);
/* The memory of old that says the same of the same points; NULL: there is none. */
const struct oracle_memory *oracle_memory_before(const struct oracle *oracle,
						 const struct oracle *old,
						 const struct oracle_memory *memory);

/* A line of the log; bare: without the points. */
void oracle_write_line(const struct oracle_rule *rule, const struct model_event *told,
		       bool bare);
/* Something that goes by the clock, by itself or inside of what remembers. */
bool oracle_reads_clock(const struct oracle *oracle, const struct oracle_reads *reads);
/* All that remembers, and all rules. */
void oracle_pass(struct oracle *oracle);
/* That memory yields something else: its readers have a turn. */
void oracle_wake(struct oracle *oracle, uint32_t number);
/* Every rule, in order. */
void oracle_look_at_all(struct oracle *oracle);
/* Whether any point of reads was read or fell silent, or reached an age. */
bool oracle_any_spoke(const struct oracle *oracle, const struct oracle_reads *reads);
/* The same of points in the arguments of what remembers, but for ages. */
bool oracle_any_inner_spoke(const struct oracle *oracle, const struct oracle_reads *reads);

#endif
