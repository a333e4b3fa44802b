/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the layout of a compiled set: slots, code, nodes. Their index is program_index.c's. */
#include "rules/program.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/node.h"
#include "rules/zone.h"

enum { PROGRAM_BUCKETS = 1024 };

/* Room for one more entry behind count of *cap; arenas do not give back, so it doubles. */
static void *program_grow(struct arena *arena, void *old, uint32_t count, uint32_t *cap,
			  size_t size)
{
	uint32_t wanted = *cap > 0 ? 2 * *cap : 2;
	void *grown;

	if (count < *cap)
		return old;
	grown = arena_take(arena, wanted, size);
	if (count > 0)
		memcpy(grown, old, count * size);
	*cap = wanted;
	return grown;
}

void idlist_add(struct arena *arena, struct idlist *list, uint32_t id)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->ids[i] == id)
			return;
	}
	list->ids = program_grow(arena, list->ids, list->count, &list->cap, sizeof(*list->ids));
	list->ids[list->count++] = id;
}

static void idlist_merge(struct arena *arena, struct idlist *into, const struct idlist *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		idlist_add(arena, into, list->ids[i]);
}

void program_use_merge(struct arena *arena, struct program_use *into,
		       const struct program_use *use)
{
	idlist_merge(arena, &into->points, &use->points);
	idlist_merge(arena, &into->groups, &use->groups);
	idlist_merge(arena, &into->nodes, &use->nodes);
	idlist_merge(arena, &into->rules, &use->rules);
}

struct program *program_new(struct arena *arena, struct arena *scratch,
			    const struct point_table *points, uint32_t rule_count)
{
	struct program *program = arena_take(arena, 1, sizeof(*program));

	program->arena = arena;
	program->scratch = scratch;
	program->points = points;
	program->zone = zone_utc();
	program->point_count = (uint32_t)point_table_count(points);
	program->node_buckets = arena_take(arena, PROGRAM_BUCKETS, sizeof(uint32_t));
	program->rule_count = rule_count;
	guards_init(&program->guards, arena, scratch, program->point_count);
	/* Never NULL, even if there is nothing in them. */
	program->code =
		program_grow(scratch, NULL, 0, &program->code_cap, sizeof(struct instr));
	program->cells = program_grow(scratch, NULL, 0, &program->cell_cap, sizeof(double));
	program_text(program, "good");
	program_text(program, "uncertain");
	program_text(program, "stale");
	program_text(program, "bad");
	return program;
}

uint32_t program_cell(struct program *program, double value)
{
	program->cells = program_grow(program->scratch, program->cells, program->cell_count,
				      &program->cell_cap, sizeof(*program->cells));
	program->cells[program->cell_count] = value;
	return PROGRAM_SCRATCH + program->point_count + program->cell_count++;
}

uint32_t program_slots(const struct program *program)
{
	return PROGRAM_SCRATCH + program->point_count + program->cell_count;
}

/* Where the constant is, or where it may go: the table has free places. */
static uint32_t *program_constant_place(const struct program *program, double value)
{
	uint32_t first = PROGRAM_SCRATCH + program->point_count, i;
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	i = (uint32_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
	for (;; i++) {
		uint32_t *place = &program->constants[i & (program->constant_room - 1)];

		if (*place == 0 ||
		    memcmp(&program->cells[*place - first], &value, sizeof(value)) == 0)
			return place;
	}
}

static void program_constants_grow(struct program *program)
{
	uint32_t room = program->constant_room, *constants = program->constants;
	uint32_t first = PROGRAM_SCRATCH + program->point_count;

	program->constant_room = room > 0 ? 2 * room : 64;
	program->constants =
		arena_take(program->scratch, program->constant_room, sizeof(*constants));
	for (uint32_t i = 0; i < room; i++) {
		if (constants[i] > 0)
			*program_constant_place(program, program->cells[constants[i] - first]) =
				constants[i];
	}
}

uint32_t program_constant(struct program *program, double value)
{
	uint32_t *place;

	if (2 * program->constant_count >= program->constant_room)
		program_constants_grow(program);
	place = program_constant_place(program, value);
	if (*place == 0) {
		*place = program_cell(program, value);
		program->constant_count++;
	}
	return *place;
}

static uint32_t program_cell_once(struct program *program, uint32_t *slot, double value)
{
	if (*slot == 0)
		*slot = program_cell(program, value);
	return *slot;
}

/* The same where points or rules, count of them, have one each if somebody asks. */
static uint32_t program_cell_of(struct program *program, uint32_t **slots, uint32_t count,
				uint32_t id, double value)
{
	if (*slots == NULL)
		*slots = arena_take(program->arena, count, sizeof(**slots));
	return program_cell_once(program, &(*slots)[id], value);
}

uint32_t program_quality(struct program *program, uint32_t point)
{
	return program_cell_of(program, &program->quality_slots, program->point_count, point,
			       PROGRAM_TEXT_BAD);
}

uint32_t program_bad(struct program *program, uint32_t point)
{
	return program_cell_of(program, &program->bad_slots, program->point_count, point, 0);
}

uint32_t program_rule(struct program *program, uint32_t rule)
{
	return program_cell_of(program, &program->rule_slots, program->rule_count, rule, 0);
}

uint32_t program_now(struct program *program)
{
	return program_cell_once(program, &program->now_slot, 0);
}

uint32_t program_wall(struct program *program)
{
	return program_cell_once(program, &program->wall_slot, NAN);
}

uint32_t program_tod(struct program *program)
{
	return program_cell_once(program, &program->tod_slot, NAN);
}

uint32_t program_age(struct program *program, uint32_t point)
{
	return program_cell_of(program, &program->age_slots, program->point_count, point, 0);
}

uint32_t program_group(struct program *program, const char *device)
{
	struct group *group;
	uint32_t size = 0;

	for (uint32_t i = 0; i < program->group_count; i++) {
		if (strcmp(program->groups[i].device, device) == 0)
			return i;
	}
	if (program->point_groups == NULL)
		program->point_groups =
			arena_take(program->arena, program->point_count, sizeof(uint32_t));
	for (uint32_t i = 0; i < program->point_count; i++) {
		const char *of = point_table_get(program->points, i)->device;

		if (of != NULL && strcmp(of, device) == 0) {
			program->point_groups[i] = program->group_count + 1;
			size++;
		}
	}
	if (size == 0)
		return PROGRAM_NONE;
	program->groups = program_grow(program->arena, program->groups, program->group_count,
				       &program->group_cap, sizeof(*program->groups));
	group = &program->groups[program->group_count];
	group->device = arena_text(program->arena, device, strlen(device));
	group->slot = program_cell(program, 0);
	group->size = size;
	return program->group_count++;
}

uint32_t program_text(struct program *program, const char *text)
{
	for (uint32_t i = 0; i < program->text_count; i++) {
		if (strcmp(program->texts[i], text) == 0)
			return i;
	}
	program->texts = program_grow(program->arena, program->texts, program->text_count,
				      &program->text_cap, sizeof(*program->texts));
	program->texts[program->text_count] = arena_text(program->arena, text, strlen(text));
	return program->text_count++;
}

/* FNV-1a of the key, begun with a number; an age has no key, and its point for a number. */
static uint32_t program_hash(uint32_t number, const char *key)
{
	uint32_t hash = 2166136261u ^ number;

	for (; key != NULL && *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return (hash ^ hash >> 16) & (PROGRAM_BUCKETS - 1);
}

static void program_link(struct program *program, struct node *node)
{
	bool age = node->kind == NODE_AGE;
	uint32_t *bucket = &program->node_buckets[program_hash(
		age ? node->point : (uint32_t)node->kind, age ? NULL : node->key)];

	node->next = *bucket;
	*bucket = program->node_count + 1;
}

uint32_t program_node(struct program *program, const struct node *node)
{
	bool edge = node->kind >= NODE_RISES && node->kind <= NODE_CHANGED;
	struct node *added;

	program->nodes = program_grow(program->arena, program->nodes, program->node_count,
				      &program->node_cap, sizeof(*program->nodes));
	added = &program->nodes[program->node_count];
	*added = *node;
	program_link(program, added);
	if (node->kind == NODE_DERIVED) {
		added->slot = program_point(node->point);
		if (program->derived == NULL)
			program->derived = arena_take(program->arena, program->point_count,
						      sizeof(uint32_t));
		program->derived[node->point] = program->node_count + 1;
		return program->node_count++;
	}
	added->slot = program_cell(program, edge || node->kind == NODE_AGE ? 0 : NAN);
	if (node->kind != NODE_AGE && !program_node_of_clock(node))
		added->last = program_cell(program, NAN);
	return program->node_count++;
}

uint32_t program_weekday(struct program *program)
{
	const struct node node = {.kind = NODE_WEEKDAY, .key = "weekday"};
	uint32_t number = program_node_find(program, node.kind, node.key);

	return number != PROGRAM_NONE ? number : program_node(program, &node);
}

/* What is parsed may be gone sooner than the program. */
static const struct calendar_spans *program_keep_spans(struct arena *arena,
						       const struct calendar_spans *spans)
{
	struct calendar_span *copy = arena_take(arena, spans->count, sizeof(*copy));
	struct calendar_spans *kept = arena_take(arena, 1, sizeof(*kept));

	for (uint32_t i = 0; i < spans->count; i++)
		copy[i] = spans->spans[i];
	*kept = (struct calendar_spans){spans->count, copy};
	return kept;
}

uint32_t program_spans(struct program *program, const struct calendar_spans *spans)
{
	struct node node = {.kind = NODE_SPANS};
	uint32_t number;
	char *key = arena_text(program->arena, "", 0);

	for (uint32_t i = 0; i < spans->count; i++)
		key = arena_printf(program->arena, "%s%d+%d/%x ", key, spans->spans[i].from,
				   spans->spans[i].length, spans->spans[i].weekdays);
	node.key = key;
	number = program_node_find(program, node.kind, node.key);
	if (number != PROGRAM_NONE)
		return number;
	node.spans = program_keep_spans(program->arena, spans);
	return program_node(program, &node);
}

uint32_t program_window(struct program *program, uint32_t number, uint8_t function,
			double parameter)
{
	struct node_output **end = &program->nodes[number].outputs;

	for (; *end != NULL; end = &(*end)->next) {
		if ((*end)->function == function && (*end)->parameter == parameter)
			return (*end)->slot;
	}
	*end = arena_take(program->arena, 1, sizeof(**end));
	**end = (struct node_output){
		.slot = program_cell(program, NAN),
		.function = function,
		.parameter = parameter,
	};
	return (*end)->slot;
}

static bool program_is_node(const struct node *node, enum node_kind kind, const char *key)
{
	return node->kind == kind && node->key != NULL && strcmp(node->key, key) == 0;
}

uint32_t program_node_find(const struct program *program, enum node_kind kind, const char *key)
{
	uint32_t i = program->node_buckets[program_hash(kind, key)];

	while (i > 0 && !program_is_node(&program->nodes[i - 1], kind, key))
		i = program->nodes[i - 1].next;
	return i > 0 ? i - 1 : PROGRAM_NONE;
}

uint32_t program_age_node(const struct program *program, uint32_t point, int64_t span_ns)
{
	uint32_t i = program->node_buckets[program_hash(point, NULL)];

	for (; i > 0; i = program->nodes[i - 1].next) {
		const struct node *node = &program->nodes[i - 1];

		if (node->kind == NODE_AGE && node->point == point && node->span_ns == span_ns)
			return i - 1;
	}
	return PROGRAM_NONE;
}

uint32_t program_derived(const struct program *program, uint32_t point)
{
	uint32_t node = program_asked(program->derived, point);

	return node > 0 ? node - 1 : PROGRAM_NONE;
}

bool program_node_samples(enum node_kind kind)
{
	return kind == NODE_DERIVED || kind == NODE_WINDOW || kind == NODE_EWMA ||
	       kind == NODE_PREV;
}

uint32_t program_emit(struct program *program, struct instr instr)
{
	program->code = program_grow(program->scratch, program->code, program->code_count,
				     &program->code_cap, sizeof(*program->code));
	program->code[program->code_count] = instr;
	return program->code_count++;
}
