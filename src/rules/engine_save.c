/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what of an engine outlives the program, in bytes. */
#include <string.h>

#include "base/str.h"
#include "model/point.h"
#include "rules/engine_core.h"
#include "rules/engine_saved.h"
#include "rules/ruleset.h"

/* ---- fingerprints ------------------------------------------------------------------------ */

static uint64_t hash_number(uint64_t hash, uint8_t number)
{
	return pack_hash(hash, &number, 1);
}

/* What a derived point is computed from, in words; NULL for one that is read. */
static const char *formula(const struct engine *engine, uint32_t point)
{
	uint32_t node = program_derived(engine->program, point);

	return node != PROGRAM_NONE ? engine->program->nodes[node].key : NULL;
}

static uint64_t hash_points(const struct engine *engine, uint64_t hash, const uint32_t *points,
			    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct point *point = point_table_get(engine->points, points[i]);

		hash = pack_hash_text(hash, point->name);
		hash = hash_number(hash, (uint8_t)point->kind);
		hash = pack_hash_text(hash, point->unit_text);
		hash = pack_hash_text(hash, formula(engine, points[i]));
	}
	return hash;
}

uint64_t engine_rule_fingerprint(const struct engine *engine, const struct rule *rule)
{
	uint64_t hash = hash_number(PACK_HASH_START, rule->instant);

	hash = hash_number(hash, (uint8_t)rule->on_unknown);
	hash = pack_hash_text(hash, rule_when_text(rule));
	hash = pack_hash_text(hash, rule_clear_text(rule));
	for (size_t i = 0; i < rule->more->bindings.count; i++) {
		hash = pack_hash_text(hash, rule->more->bindings.list[i].variable);
		hash = hash_number(hash, (uint8_t)rule->more->bindings.list[i].kind);
		hash = pack_hash_text(hash, rule->more->bindings.list[i].text);
	}
	return hash_points(engine, hash, rule->points, rule->condition_points);
}

uint64_t engine_node_fingerprint(const struct engine *engine, const struct node *node)
{
	uint64_t hash = hash_number(PACK_HASH_START, (uint8_t)node->operand);

	return hash_points(engine, hash, node->inputs.ids, node->inputs.count);
}

/* By itself or through a node. */
static bool reads_group(const struct program *program, const struct program_use *use)
{
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct node *node = &program->nodes[use->nodes.ids[i]];

		if (node->use != NULL && reads_group(program, node->use))
			return true;
	}
	return use->groups.count > 0;
}

bool engine_waits_for_points(const struct engine *engine, const struct rule *rule)
{
	return rule->condition_points > 0 || reads_group(engine->program, rule->more->use);
}

/* ---- records ----------------------------------------------------------------------------- */

struct saver {
	const struct engine *engine;
	struct boot now;
	struct str *out;
	size_t from; /* of the record that is being written */
	uint32_t count;
};

static void record_begin(struct saver *saver, enum saved_kind kind)
{
	saver->from = saver->out->len;
	str_adds(saver->out, SAVED_MARK);
	pack_add_u32(saver->out, 0);
	pack_add_u64(saver->out, 0);
	pack_add_u8(saver->out, (uint8_t)kind);
}

/* A fixed number of bytes that are there already: no room is needed for them. */
static void record_patch(struct saver *saver, size_t at, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		saver->out->s[at + i] = (char)(unsigned char)(number >> 8 * i);
}

static void record_drop(struct saver *saver)
{
	saver->out->len = saver->from;
	saver->out->s[saver->from] = '\0';
}

/* One that would not be read is not written. */
static void record_end(struct saver *saver)
{
	struct str *out = saver->out;
	size_t body = saver->from + SAVED_HEAD_BYTES, len = out->len - body;
	uint64_t hash;

	if (len > SAVED_RECORD_MAX) {
		record_drop(saver);
		return;
	}
	record_patch(saver, saver->from + 4, len, 4);
	hash = pack_hash(PACK_HASH_START, out->s + saver->from + 4, 4);
	record_patch(saver, saver->from + 8, pack_hash(hash, out->s + body, len), 8);
	saver->count++;
}

/* ---- rules ------------------------------------------------------------------------------- */

/* How long it is until the timer; -1: it has none. What is over by now has 0 left. */
static int64_t time_left(const struct saver *saver, int64_t deadline)
{
	if (deadline == INT64_MAX)
		return -1;
	return deadline > saver->now.ns ? deadline - saver->now.ns : 0;
}

static int64_t age(const struct saver *saver, struct boot t)
{
	int64_t ns = boot_diff(saver->now, t);

	return ns < 0 ? 0 : ns < PACK_AGE_MAX ? ns : PACK_AGE_MAX;
}

/* All -1 at first. Whether there is anything to keep. */
static bool rule_fields(const struct saver *saver, uint32_t number, int64_t *fields)
{
	const struct rule *rule = ruleset_rule_get(saver->engine->set, number);
	const struct rule_run *run = &saver->engine->runs[number];
	const struct rule_machine *machine = &run->machine;
	const struct timers *timers = &saver->engine->timers;
	bool alarm = engine_is_alarm(machine->state), blind = run->blind;
	bool looked = run->looked && !engine_waits_for_points(saver->engine, rule);

	fields[SAVED_SHELF_LEFT] = time_left(saver, saver->engine->shelves[number]);
	if (rule->instant)
		return fields[SAVED_SHELF_LEFT] >= 0;
	if (rule->more->blind_ns > 0 && run->condition == CONDITION_UNKNOWN) {
		fields[SAVED_BLIND_AFTER] = rule->more->blind_ns;
		fields[SAVED_BLIND_LEFT] = time_left(
			saver, timers_get(timers, engine_blind_owner(saver->engine, rule)));
	}
	fields[SAVED_STATE] = machine->state;
	fields[SAVED_SEVERITY] = rule->severity;
	fields[SAVED_PRIORITY] = rule->more->priority;
	fields[SAVED_FLAGS] = (machine->acked ? SAVED_ACKED : 0) |
			      (run->held ? SAVED_HELD : 0) | (run->told ? SAVED_TOLD : 0) |
			      (run->missed ? SAVED_MISSED : 0) | (blind ? SAVED_BLIND : 0) |
			      (looked ? SAVED_LOOKED : 0);
	if (machine->state != RULE_OK) {
		fields[SAVED_SINCE] = age(saver, machine->since);
		fields[SAVED_ACTIVE] = age(saver, machine->active);
		fields[SAVED_SPENT] = rule_machine_spent(machine, saver->now);
	}
	if (alarm) {
		fields[SAVED_FIRED] = age(saver, machine->fired);
		fields[SAVED_REPEAT] = rule->more->repeat_ns;
		if (rule->more->repeat_ns > 0)
			fields[SAVED_REPEAT_LEFT] = time_left(
				saver,
				timers_get(timers, engine_repeat_owner(saver->engine, rule)));
	}
	return machine->state != RULE_OK || run->told || blind || looked ||
	       fields[SAVED_SHELF_LEFT] >= 0 || fields[SAVED_BLIND_LEFT] >= 0;
}

static void save_rule(struct saver *saver, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(saver->engine->set, number);
	int64_t fields[SAVED_FIELDS];
	uint8_t count = 0;

	memset(fields, 0xff, sizeof(fields));
	if (!rule_fields(saver, number, fields))
		return;
	record_begin(saver, SAVED_RULE);
	pack_add_text(saver->out, rule->name);
	pack_add_u64(saver->out, engine_rule_fingerprint(saver->engine, rule));
	for (int i = 0; i < SAVED_FIELDS; i++)
		count += fields[i] >= 0;
	pack_add_u8(saver->out, count);
	for (int i = 0; i < SAVED_FIELDS; i++) {
		if (fields[i] < 0)
			continue;
		pack_add_u8(saver->out, (uint8_t)i);
		pack_add_u64(saver->out, (uint64_t)fields[i]);
	}
	record_end(saver);
}

static void save_quiet(struct saver *saver, uint32_t number)
{
	const struct quiet *quiet = engine_quiet(saver->engine, number);

	if (quiet == NULL)
		return;
	record_begin(saver, SAVED_QUIET);
	pack_add_text(saver->out, ruleset_rule_get(saver->engine->set, number)->name);
	quiet_save(quiet, saver->now, saver->out);
	record_end(saver);
}

static void save_plan(struct saver *saver, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(saver->engine->set, number);

	if (rule->more->at == NULL)
		return;
	record_begin(saver, SAVED_PLAN);
	pack_add_text(saver->out, rule->name);
	pack_add_u64(saver->out, engine_rule_fingerprint(saver->engine, rule));
	if (engine_clock_save(saver->engine, number, saver->now, saver->out))
		record_end(saver);
	else
		record_drop(saver);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void save_node(struct saver *saver, uint32_t number)
{
	const struct node_run run = engine_node(saver->engine, number);

	if (!node_outlives(run.node))
		return;
	record_begin(saver, SAVED_NODE);
	pack_add_text(saver->out, node_kind_name(run.node->kind));
	pack_add_text(saver->out, run.node->key);
	pack_add_u64(saver->out, engine_node_fingerprint(saver->engine, run.node));
	node_save(&run, saver->now.ns, saver->out);
	record_end(saver);
}

static void save(const struct engine *engine, unsigned parts, struct boot now, struct wall wall,
		 struct str *out)
{
	struct saver saver = {.engine = engine, .now = now, .out = out};

	if (now.ns < engine->now.ns)
		saver.now = engine->now;
	record_begin(&saver, SAVED_HEAD);
	pack_add_u64(out, (uint64_t)wall.ns);
	pack_add_u64(out, engine->seq);
	record_end(&saver);
	for (uint32_t i = 0; (parts & ENGINE_RULES) != 0 && i < engine->rule_count; i++)
		save_rule(&saver, i);
	for (uint32_t i = 0; (parts & ENGINE_RULES) != 0 && i < engine->rule_count; i++)
		save_quiet(&saver, i);
	for (uint32_t i = 0; (parts & ENGINE_RULES) != 0 && i < engine->rule_count; i++)
		save_plan(&saver, i);
	for (uint32_t i = 0; (parts & ENGINE_NODES) != 0 && i < engine->program->node_count;
	     i++)
		save_node(&saver, i);
	record_begin(&saver, SAVED_END);
	pack_add_u32(out, saver.count);
	record_end(&saver);
}

void engine_save(const struct engine *engine, struct boot now, struct wall wall,
		 struct str *out)
{
	save(engine, ENGINE_RULES | ENGINE_NODES, now, wall, out);
}

void engine_save_part(const struct engine *engine, enum engine_part part, struct boot now,
		      struct wall wall, struct str *out)
{
	save(engine, part, now, wall, out);
}
