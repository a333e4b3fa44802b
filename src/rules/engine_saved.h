/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The bytes of a saved engine, for engine_save.c and engine_restore.c. Records, each
 *
 *   mark     4 bytes, "gsv1": the last one is the version
 *   length   u32, of what is behind the sum
 *   sum      u64, pack_hash() of length and rest
 *   kind     u8, enum saved_kind
 *
 * so that a reader who finds no record looks for the next mark. A feature more is a field of
 * the rule, or a kind of record; readers skip those that they do not know.
 */
#ifndef GAUGED_RULES_ENGINE_SAVED_H
#define GAUGED_RULES_ENGINE_SAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/pack.h"

struct engine;
struct node;
struct rule;

#define SAVED_MARK "gsv1"
enum {
	SAVED_HEAD_BYTES = 4 + 4 + 8,
	SAVED_RECORD_MAX = 256 * 1024,
	SAVED_NAME_MAX = 1024,
	/* So many stretches that are no record, and the rest is not looked at. */
	SAVED_CORRUPT_MAX = 1000,
};

enum saved_kind {
	SAVED_HEAD = 'h',  /* wall u64, seq u64 */
	SAVED_RULE = 'r',  /* name, fingerprint u64, count u8, so often: field u8, value u64 */
	SAVED_QUIET = 'q', /* name of the rule, see quiet_save() */
	SAVED_PLAN = 'p',  /* name of the rule, fingerprint u64, see engine_clock_save() */
	SAVED_NODE = 'n',  /* name of the kind, key, fingerprint u64, see node_save() */
	SAVED_END = 'e',   /* count u32 of the records before */
};

/*
 * Their numbers are for ever, and so are those of enum rule_state and enum severity. Times are
 * ages or rests, >= 0; what is not there is -1.
 */
enum saved_field {
	SAVED_STATE,
	SAVED_SEVERITY,
	SAVED_SINCE,
	SAVED_ACTIVE,
	SAVED_FIRED,
	SAVED_SPENT,	   /* of for or clear_for */
	SAVED_REPEAT,	   /* its length */
	SAVED_REPEAT_LEFT, /* until the next beat */
	SAVED_SHELF_LEFT,
	SAVED_BLIND_LEFT,
	SAVED_FLAGS, /* enum saved_flag */
	SAVED_PRIORITY,
	SAVED_BLIND_AFTER, /* its length */
	SAVED_FIELDS
};

enum saved_flag {
	SAVED_ACKED = 1,
	SAVED_HELD = 2,
	SAVED_TOLD = 4,
	SAVED_BLIND = 8,
	/* It reads no points, and was evaluated: no reading will say when to do so again. */
	SAVED_LOOKED = 16,
	SAVED_MISSED = 32
};

/* What makes the condition of the rule this one: its words, and what its points are. */
uint64_t engine_rule_fingerprint(const struct engine *engine, const struct rule *rule);
uint64_t engine_node_fingerprint(const struct engine *engine, const struct node *node);
/* Its condition is not looked at before a reading says something. */
bool engine_waits_for_points(const struct engine *engine, const struct rule *rule);

#endif
