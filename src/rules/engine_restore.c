/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what an engine takes over from a program that ran before (rules.md section 8). */
#include <string.h>

#include "model/event.h"
#include "rules/engine_core.h"
#include "rules/engine_saved.h"
#include "rules/ruleset.h"

/* ---- records ----------------------------------------------------------------------------- */

struct records {
	const unsigned char *at, *end;
	uint32_t corrupt;
};

static bool record_at(const unsigned char *at, const unsigned char *end, struct pack *ret)
{
	struct pack head = {.at = at, .end = end};
	uint64_t sum, hash;
	uint32_t len;

	if (end - at < SAVED_HEAD_BYTES || memcmp(at, SAVED_MARK, strlen(SAVED_MARK)) != 0)
		return false;
	head.at += strlen(SAVED_MARK);
	len = pack_take_u32(&head);
	sum = pack_take_u64(&head);
	if (len > SAVED_RECORD_MAX || len > end - head.at)
		return false;
	hash = pack_hash(PACK_HASH_START, at + strlen(SAVED_MARK), sizeof(len));
	if (pack_hash(hash, head.at, len) != sum)
		return false;
	*ret = (struct pack){.at = head.at, .end = head.at + len};
	return true;
}

static struct records records_of(const void *bytes, size_t len)
{
	const unsigned char *at = len > 0 ? bytes : (const void *)"";

	return (struct records){.at = at, .end = at + len};
}

/* The next record, wherever it is. */
static bool records_next(struct records *records, struct pack *ret)
{
	while (records->at < records->end) {
		size_t left = (size_t)(records->end - records->at - 1);

		if (record_at(records->at, records->end, ret)) {
			records->at = ret->end;
			return true;
		}
		if (++records->corrupt > SAVED_CORRUPT_MAX)
			return false;
		records->at = memmem(records->at + 1, left, SAVED_MARK, strlen(SAVED_MARK));
		if (records->at == NULL)
			records->at = records->end;
	}
	return false;
}

bool engine_saved_at(const void *bytes, size_t len, struct wall *ret)
{
	struct records records = records_of(bytes, len);
	struct pack in;

	while (records_next(&records, &in)) {
		if (pack_take_u8(&in) != SAVED_HEAD)
			continue;
		*ret = (struct wall){(int64_t)pack_take_u64(&in)};
		return !in.bad;
	}
	return false;
}

/* ---- rules ------------------------------------------------------------------------------- */

struct restore {
	struct engine *engine;
	int64_t outage_ns; /* < 0: not known */
	int64_t gap_ns;	   /* the same, or 0 */
	struct engine_restored *report;
	uint32_t next_node; /* they come in the order in which they probably are */
	uint32_t records;
	bool late; /* the engine has run for a while */
};

struct saved_rule {
	char name[SAVED_NAME_MAX + 1];
	uint64_t fingerprint;
	int64_t fields[SAVED_FIELDS];
};

static bool take_text(struct pack *in, char *room, size_t size)
{
	size_t len;
	const char *text = pack_take_text(in, &len);

	if (len >= size)
		return false;
	memcpy(room, text, len);
	room[len] = '\0';
	return true;
}

static bool saved_rule_fits(const struct saved_rule *saved)
{
	const int64_t *fields = saved->fields;

	if (fields[SAVED_STATE] > RULE_RETURNED || fields[SAVED_SEVERITY] > SEVERITY_CRITICAL ||
	    fields[SAVED_PRIORITY] > INT32_MAX)
		return false;
	if (fields[SAVED_STATE] < 0 || fields[SAVED_STATE] == RULE_OK)
		return true;
	if (fields[SAVED_SINCE] < 0 || fields[SAVED_ACTIVE] < 0 || fields[SAVED_SPENT] < 0)
		return false;
	return fields[SAVED_STATE] == RULE_PENDING || fields[SAVED_FIRED] >= 0;
}

static bool take_rule(struct pack *in, struct saved_rule *ret)
{
	uint8_t count;

	memset(ret->fields, 0xff, sizeof(ret->fields));
	if (!take_text(in, ret->name, sizeof(ret->name)))
		return false;
	ret->fingerprint = pack_take_u64(in);
	count = pack_take_u8(in);
	for (unsigned i = 0; i < count; i++) {
		uint8_t field = pack_take_u8(in);
		uint64_t value = pack_take_u64(in);

		if (field >= SAVED_FIELDS)
			continue;
		if (value > PACK_AGE_MAX)
			return false;
		ret->fields[field] = (int64_t)value;
	}
	return !in->bad && saved_rule_fits(ret);
}

static enum rule_state saved_state(const struct saved_rule *saved)
{
	return saved->fields[SAVED_STATE] > 0 ? (enum rule_state)saved->fields[SAVED_STATE]
					      : RULE_OK;
}

static bool saved_flag(const struct saved_rule *saved, enum saved_flag flag)
{
	return saved->fields[SAVED_FLAGS] > 0 && (saved->fields[SAVED_FLAGS] & flag) != 0;
}

static struct boot ago(const struct restore *restore, int64_t ns)
{
	return (struct boot){restore->engine->now.ns - ns};
}

/* There is no such rule any more: if it fired, that is over. */
static void restore_removed(struct restore *restore, const struct saved_rule *saved)
{
	struct engine *engine = restore->engine;
	struct event event = {
		.type = EVENT_CLEAR,
		.rule = UINT32_MAX,
		.rule_name = saved->name,
		.from = saved_state(saved),
		.to = RULE_OK,
		.at = engine->now,
		.reason = "removed",
		.held = !saved_flag(saved, SAVED_TOLD),
		.message = "",
	};

	if (!engine_is_alarm(event.from)) {
		restore->report->unknown++;
		return;
	}
	restore->report->removed++;
	if (saved->fields[SAVED_SEVERITY] > 0)
		event.severity = (enum severity)saved->fields[SAVED_SEVERITY];
	if (saved->fields[SAVED_PRIORITY] > 0)
		event.priority = (int)saved->fields[SAVED_PRIORITY];
	event.active_ns = saved->fields[SAVED_FIRED] + restore->gap_ns;
	event.seq = ++engine->seq;
	engine->counters.events++;
	engine->sink.event(engine->sink.arg, &event);
}

/* An alarm lasts while nobody looks; what waits for 'for' or 'clear_for' does not go on. */
static void restore_machine(const struct restore *restore, const struct saved_rule *saved,
			    const struct rule *rule, struct rule_machine *machine)
{
	const int64_t *fields = saved->fields;
	struct boot now = restore->engine->now;
	int64_t spent = fields[SAVED_SPENT];
	bool waits;

	rule_machine_init(machine, now);
	machine->state = saved_state(saved);
	if (machine->state == RULE_OK)
		return;
	waits = machine->state == RULE_PENDING || machine->state == RULE_CLEARING;
	machine->since = ago(restore, fields[SAVED_SINCE] + (waits ? 0 : restore->gap_ns));
	machine->active = ago(restore, fields[SAVED_ACTIVE] + restore->gap_ns);
	if (engine_is_alarm(machine->state))
		machine->fired = ago(restore, fields[SAVED_FIRED] + restore->gap_ns);
	machine->acked = saved_flag(saved, SAVED_ACKED);
	if (machine->state == RULE_PENDING &&
	    (restore->outage_ns < 0 || restore->outage_ns > NODE_OUTAGE_NS)) {
		machine->since = machine->active = now;
		spent = 0;
	}
	if (saved->fingerprint != engine_rule_fingerprint(restore->engine, rule)) {
		rule_machine_restart(machine, rule, now);
		spent = 0;
	}
	rule_machine_rest(machine, spent, now);
}

/* The same rhythm, without the beats of the outage. */
static void restore_repeat(const struct restore *restore, const struct saved_rule *saved,
			   const struct rule *rule, uint32_t number)
{
	struct engine *engine = restore->engine;
	uint32_t owner = engine_repeat_owner(engine, rule);
	int64_t left = saved->fields[SAVED_REPEAT_LEFT];

	if (rule->more->repeat_ns == 0)
		return;
	timers_clear(&engine->timers, owner);
	if (!engine_is_alarm(engine->runs[number].machine.state))
		return;
	if (left < 0 || saved->fields[SAVED_REPEAT] != rule->more->repeat_ns) {
		engine_plan_repeat(engine, number);
		return;
	}
	left -= restore->gap_ns;
	if (left < 0)
		left += (-left - 1) / rule->more->repeat_ns * rule->more->repeat_ns +
			rule->more->repeat_ns;
	timers_set(&engine->timers, owner, boot_add(engine->now, left).ns);
}

/* Told once it is not told again, and the outage makes nobody blind any sooner. */
static void restore_blind(const struct restore *restore, const struct saved_rule *saved,
			  const struct rule *rule, uint32_t number)
{
	struct engine *engine = restore->engine;
	uint32_t owner = engine_blind_owner(engine, rule);
	int64_t left = saved->fields[SAVED_BLIND_LEFT];
	int64_t length = saved->fields[SAVED_BLIND_AFTER];

	if (rule->more->blind_ns == 0 ||
	    saved->fingerprint != engine_rule_fingerprint(engine, rule))
		return;
	engine->runs[number].blind = saved_flag(saved, SAVED_BLIND);
	if (engine->runs[number].blind)
		timers_clear(&engine->timers, owner);
	if (left < 0 || engine->runs[number].blind)
		return;
	/* It has been unknown for so long, whatever is long enough now. */
	left += length < 0 ? 0 : rule->more->blind_ns - length;
	timers_set(&engine->timers, owner, boot_add(engine->now, left > 0 ? left : 0).ns);
}

/* Until when it is shelved was said in hours of the day. */
static void restore_shelf(const struct restore *restore, const struct saved_rule *saved,
			  uint32_t number)
{
	struct engine *engine = restore->engine;
	int64_t left = saved->fields[SAVED_SHELF_LEFT];

	if (left < 0)
		return;
	left -= restore->gap_ns < left ? restore->gap_ns : left;
	engine_set_shelf(engine, number, boot_add(engine->now, left).ns);
}

/* Rules that read only others, or the time: there is no reading to wait for. */
static void restore_wake(struct engine *engine, uint32_t number, bool looked)
{
	bool alarm = engine_is_alarm(engine->runs[number].machine.state);
	struct reached readers = reach_of(&engine->program->rule_rules, number);
	uint32_t slot = program_asked(engine->program->rule_slots, number);

	if (looked && !engine_waits_for_points(engine, ruleset_rule_get(engine->set, number)))
		agenda_add(&engine->ranks, program_rank(engine->program, number), PASS_CHANGE);
	if (slot == 0)
		return;
	engine->slots[slot] = alarm;
	for (uint32_t i = 0; alarm && i < readers.count; i++) {
		uint32_t reader = program_ranked(engine->program, readers.ids[i]);

		if (!engine_waits_for_points(engine, ruleset_rule_get(engine->set, reader)))
			agenda_add(&engine->ranks, readers.ids[i], PASS_CHANGE);
	}
}

static void restore_run(const struct restore *restore, const struct saved_rule *saved,
			const struct rule *rule, uint32_t number)
{
	struct rule_run *run = &restore->engine->runs[number];

	restore_machine(restore, saved, rule, &run->machine);
	run->held = saved_flag(saved, SAVED_HELD);
	run->told = saved_flag(saved, SAVED_TOLD);
	run->missed = saved_flag(saved, SAVED_MISSED);
	restore_repeat(restore, saved, rule, number);
	restore_blind(restore, saved, rule, number);
}

/* It fires, and did before: that is one alarm. */
static void restore_joined(const struct restore *restore, const struct saved_rule *saved,
			   const struct rule *rule, uint32_t number)
{
	struct engine *engine = restore->engine;
	struct rule_machine *machine = &engine->runs[number].machine;

	if (machine->state == saved_state(saved))
		machine->since = ago(restore, saved->fields[SAVED_SINCE] + restore->gap_ns);
	machine->active = ago(restore, saved->fields[SAVED_ACTIVE] + restore->gap_ns);
	machine->fired = ago(restore, saved->fields[SAVED_FIRED] + restore->gap_ns);
	if (!saved_flag(saved, SAVED_ACKED) || machine->acked)
		return;
	machine->acked = true;
	if (rule->more->repeat_ns > 0)
		timers_clear(&engine->timers, engine_repeat_owner(engine, rule));
}

static void restore_rule_late(struct restore *restore, const struct saved_rule *saved,
			      const struct rule *rule, uint32_t number)
{
	struct engine *engine = restore->engine;
	struct rule_run *run = &engine->runs[number];

	if (engine->shelves[number] == INT64_MAX)
		restore_shelf(restore, saved, number);
	if (rule->instant || !engine_is_alarm(saved_state(saved)))
		return;
	restore->report->rules++;
	if (engine_is_alarm(run->machine.state)) {
		restore_joined(restore, saved, rule, number);
		return;
	}
	restore_run(restore, saved, rule, number);
	engine_plan_state(engine, number, run->machine.deadline.ns);
	restore_wake(engine, number, true);
	agenda_add(&engine->ranks, program_rank(engine->program, number), PASS_CHANGE);
}

static void restore_rule(struct restore *restore, struct pack *in)
{
	struct engine *engine = restore->engine;
	const struct rule *rule;
	struct saved_rule saved;
	uint32_t number;

	if (!take_rule(in, &saved)) {
		restore->report->corrupt++;
		return;
	}
	number = ruleset_find(engine->set, saved.name);
	rule = number != UINT32_MAX ? ruleset_rule_get(engine->set, number) : NULL;
	if (rule == NULL || (rule->instant && saved_state(&saved) != RULE_OK)) {
		restore_removed(restore, &saved);
		return;
	}
	if (restore->late) {
		restore_rule_late(restore, &saved, rule, number);
		return;
	}
	restore_shelf(restore, &saved, number);
	if (saved.fingerprint == engine_rule_fingerprint(engine, rule))
		restore->report->rules++;
	else
		restore->report->changed++;
	if (rule->instant)
		return;
	restore_run(restore, &saved, rule, number);
	restore_wake(engine, number,
		     saved_flag(&saved, SAVED_LOOKED) ||
			     engine->runs[number].machine.state != RULE_OK);
}

/* Times are those of the day: who was quiet for long enough may speak, once all is there. */
static void restore_quiet(struct restore *restore, struct pack *in)
{
	struct engine *engine = restore->engine;
	char name[SAVED_NAME_MAX + 1];
	struct quiet *quiet = NULL;
	uint32_t number = UINT32_MAX;

	if (take_text(in, name, sizeof(name)))
		number = ruleset_find(engine->set, name);
	if (number != UINT32_MAX)
		quiet = engine_quiet(engine, number);
	if (quiet == NULL)
		return;
	quiet_init(quiet, quiet->limits, quiet->changes.times);
	if (!quiet_load(quiet, in, ago(restore, restore->gap_ns)))
		restore->report->corrupt++;
	timers_set(&engine->timers,
		   engine->first_quiet + ruleset_rule_get(engine->set, number)->more->quiet,
		   engine->now.ns);
}

/* Slots that passed meanwhile take place late, as for a box that slept. */
static void restore_plan(struct restore *restore, struct pack *in)
{
	struct engine *engine = restore->engine;
	char name[SAVED_NAME_MAX + 1];
	uint32_t number = UINT32_MAX;
	const struct rule *rule;

	if (take_text(in, name, sizeof(name)))
		number = ruleset_find(engine->set, name);
	if (number == UINT32_MAX)
		return;
	rule = ruleset_rule_get(engine->set, number);
	if (rule->more->at == NULL ||
	    pack_take_u64(in) != engine_rule_fingerprint(engine, rule))
		return;
	if (!engine_clock_restore(engine, number, in, restore->gap_ns))
		restore->report->corrupt++;
}

/* ---- nodes ------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b, size_t len)
{
	return a != NULL && strlen(a) == len && memcmp(a, b, len) == 0;
}

/* PROGRAM_NONE: nobody asks for it any more. */
static uint32_t find_node(struct restore *restore, struct pack *in)
{
	const struct program *program = restore->engine->program;
	size_t kind_len, key_len;
	const char *kind = pack_take_text(in, &kind_len), *key = pack_take_text(in, &key_len);
	uint64_t fingerprint = pack_take_u64(in);

	for (uint32_t i = 0; i < program->node_count; i++) {
		uint32_t number = (restore->next_node + i) % program->node_count;
		const struct node *node = &program->nodes[number];

		if (!node_outlives(node) ||
		    !same_text(node_kind_name(node->kind), kind, kind_len) ||
		    !same_text(node->key, key, key_len))
			continue;
		restore->next_node = number + 1;
		return fingerprint == engine_node_fingerprint(restore->engine, node)
			       ? number
			       : PROGRAM_NONE;
	}
	return PROGRAM_NONE;
}

static void restore_node(struct restore *restore, struct pack *in)
{
	struct engine *engine = restore->engine;
	uint32_t number = find_node(restore, in);
	struct node_run run;

	if (number == PROGRAM_NONE) {
		restore->report->dropped++;
		return;
	}
	run = engine_node(engine, number);
	if (node_load(&run, in, engine->now.ns, restore->outage_ns))
		restore->report->nodes++;
	else
		restore->report->dropped++;
	engine_plan_node(engine, number);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void restore_record(struct restore *restore, struct pack *in)
{
	uint64_t seq;

	switch (pack_take_u8(in)) {
	case SAVED_HEAD:
		pack_take_u64(in);
		seq = pack_take_u64(in);
		if (seq > restore->engine->seq && seq < UINT64_MAX / 2)
			restore->engine->seq = seq;
		break;
	case SAVED_RULE:
		restore_rule(restore, in);
		break;
	case SAVED_QUIET:
		if (!restore->late)
			restore_quiet(restore, in);
		break;
	case SAVED_PLAN:
		if (!restore->late)
			restore_plan(restore, in);
		break;
	case SAVED_NODE:
		if (!restore->late)
			restore_node(restore, in);
		break;
	case SAVED_END:
		restore->report->whole = pack_take_u32(in) == restore->records && !in->bad;
		break;
	}
	restore->records++;
}

static void restore_part(struct restore *restore, const struct engine_saved *part)
{
	struct records records = records_of(part->bytes, part->len);
	bool whole = restore->report->whole;
	struct pack in;

	restore->outage_ns = part->outage_ns < PACK_AGE_MAX ? part->outage_ns : PACK_AGE_MAX;
	restore->gap_ns = part->outage_ns > 0 ? restore->outage_ns : 0;
	restore->records = 0;
	restore->report->whole = false;
	while (records_next(&records, &in))
		restore_record(restore, &in);
	restore->report->whole &= whole;
	restore->report->corrupt += records.corrupt;
}

void engine_restore_parts(struct engine *engine, const struct engine_saved *parts, size_t count,
			  struct boot now, struct engine_restored *ret)
{
	struct restore restore = {.engine = engine, .report = ret};

	if (now.ns > engine->now.ns)
		engine->now = now;
	*ret = (struct engine_restored){.whole = true};
	for (size_t i = 0; i < count; i++)
		restore_part(&restore, &parts[i]);
	engine_look_all(engine);
}

void engine_restore(struct engine *engine, const void *bytes, size_t len, struct boot now,
		    int64_t outage_ns, struct engine_restored *ret)
{
	const struct engine_saved whole = {bytes, len, outage_ns};

	engine_restore_parts(engine, &whole, 1, now, ret);
}

void engine_restore_late(struct engine *engine, const struct engine_saved *rules,
			 struct boot now, struct engine_restored *ret)
{
	struct restore restore = {.engine = engine, .report = ret, .late = true};

	engine_settle(engine);
	engine_tick(engine, now);
	if (now.ns > engine->now.ns)
		engine->now = now;
	*ret = (struct engine_restored){.whole = true};
	restore_part(&restore, rules);
	engine_look_all(engine);
	engine_settle(engine);
}
