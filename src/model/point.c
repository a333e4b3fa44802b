/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table of points: numbers for names, names for numbers. */
#include "model/point.h"

#include <string.h>

#include "base/arena.h"

/* Only a configuration with errors has any: a list is enough. */
struct point_broken {
	struct point_broken *next;
	const char *name;
};

struct point_table {
	struct arena *arena;
	struct point *points;
	const char **names;
	size_t count, cap;
	uint32_t *slots; /* open addressing; number + 1, 0 = empty */
	size_t slot_count;
	struct point_broken *broken;
};

struct point_table *point_table_new(struct arena *arena)
{
	struct point_table *table = arena_take(arena, 1, sizeof(*table));

	table->arena = arena;
	return table;
}

/* FNV-1a, 32 bit. */
static uint32_t point_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

static uint32_t *point_slot(const struct point_table *table, const char *name, size_t len)
{
	size_t i = point_hash(name, len) & (table->slot_count - 1);

	while (table->slots[i] != 0) {
		const char *there = table->names[table->slots[i] - 1];

		if (strncmp(there, name, len) == 0 && there[len] == '\0')
			break;
		i = (i + 1) & (table->slot_count - 1);
	}
	return &table->slots[i];
}

static void point_table_grow(struct point_table *table)
{
	size_t cap = table->cap > 0 ? 2 * table->cap : 32;
	struct point *points = arena_take(table->arena, cap, sizeof(*points));
	const char **names = arena_take(table->arena, cap, sizeof(*names));

	if (table->count > 0) {
		memcpy(points, table->points, table->count * sizeof(*points));
		memcpy(names, table->names, table->count * sizeof(*names));
	}
	table->points = points;
	table->names = names;
	table->cap = cap;
	table->slot_count = 2 * cap;
	table->slots = arena_take(table->arena, table->slot_count, sizeof(*table->slots));
	for (uint32_t i = 0; i < table->count; i++)
		*point_slot(table, names[i], strlen(names[i])) = i + 1;
}

uint32_t point_table_add(struct point_table *table, const struct point *point)
{
	uint32_t *slot;

	if (table->count == table->cap)
		point_table_grow(table);
	slot = point_slot(table, point->name, strlen(point->name));
	if (*slot != 0)
		return POINT_NONE;
	table->points[table->count] = *point;
	table->names[table->count] = point->name;
	*slot = (uint32_t)++table->count;
	return *slot - 1;
}

void point_table_define(struct point_table *table, uint32_t id, enum value_kind kind,
			const struct unit *unit, const char *unit_text, double deadband)
{
	struct point *point = &table->points[id];

	point->kind = kind;
	point->unit = *unit;
	point->unit_text = unit_text;
	point->deadband = deadband;
}

size_t point_table_count(const struct point_table *table)
{
	return table->count;
}

const struct point *point_table_get(const struct point_table *table, uint32_t id)
{
	return &table->points[id];
}

uint32_t point_table_find(const struct point_table *table, const char *name, size_t len)
{
	return table->count > 0 ? *point_slot(table, name, len) - 1 : POINT_NONE;
}

const char *const *point_table_names(const struct point_table *table)
{
	return table->names;
}

void point_table_note_broken(struct point_table *table, const char *name)
{
	struct point_broken *broken = arena_take(table->arena, 1, sizeof(*broken));

	broken->name = name;
	broken->next = table->broken;
	table->broken = broken;
}

bool point_table_is_broken(const struct point_table *table, const char *name, size_t len)
{
	for (const struct point_broken *b = table->broken; b != NULL; b = b->next) {
		size_t own = strlen(b->name);

		if (own <= len && strncmp(b->name, name, own) == 0 &&
		    (own == len || name[own] == '.'))
			return true;
	}
	return false;
}
