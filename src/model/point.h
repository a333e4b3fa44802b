/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Points: the named values of devices, and the table that gives each a number. A number is
 * valid within one configuration; the name is the identity across reloads.
 */
#ifndef GAUGED_MODEL_POINT_H
#define GAUGED_MODEL_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/unit.h"
#include "model/value.h"

struct arena;
struct point_line;
struct yaml_node;

enum { POINT_NONE = UINT32_MAX };

/*
 * What holds the writes of a point back, and what is written by itself. 0, VALUE_NONE: no such
 * limit, and nothing is written. The times are those of a point that is true or false.
 */
struct point_interlock {
	int64_t min_on_ns, min_off_ns, max_on_ns;
	int64_t changes, per_ns; /* at most so many in any span of that length */
	int64_t unknown_ns;	 /* undecided for so long, and on_unknown is written */
	struct value on_start, on_stop, on_unknown;
};

struct point {
	const char *name;      /* device.point, or device.point.bit */
	const char *device;    /* NULL for a derived point */
	enum value_kind kind;  /* NONE: a derived one that is wrong, or not compiled yet */
	const char *unit_text; /* as written, or NULL */
	struct unit unit;
	bool readable;
	bool writable;
	bool begins;	  /* an output: its driver gives it a value as it takes it, and takes it
			     again */
	int64_t stale_ns; /* the last good value counts so long without a new one; > 0 */
	bool unheld;	  /* a failed reading makes it unknown at once, not when it is stale */
	int64_t interval_ns; /* how often it is read; 0: when the device likes */
	double deadband;     /* changes smaller than this leave the value as it is */
	/* what may be written, in the point's unit; low > high: no limit was given */
	double low, high;
	const struct point_interlock *interlock; /* NULL: none; not of what only is read */
	const struct point_line
		*line; /* what may be written is sent as a line; NULL: no line */
	const struct yaml_node *where; /* for messages */
};

struct point_table;

struct point_table *point_table_new(struct arena *arena);
/*
 * Copies *point (name and texts are borrowed and must live as long as the arena) and returns
 * its number: 0, 1, 2 ... POINT_NONE if the name is there already.
 */
uint32_t point_table_add(struct point_table *table, const struct point *point);
size_t point_table_count(const struct point_table *table);
const struct point *point_table_get(const struct point_table *table, uint32_t id);
/* POINT_NONE if there is none. */
uint32_t point_table_find(const struct point_table *table, const char *name, size_t len);
/*
 * A point that is meant to be there but could not be bound, which was told: whoever looks for
 * it in vain need not complain again. Its name, or one that continues it after a '.', is
 * broken. The text is borrowed as long as the arena lives.
 */
void point_table_note_broken(struct point_table *table, const char *name);
bool point_table_is_broken(const struct point_table *table, const char *name, size_t len);
/* Says what a point is that was added without a kind. The texts live as long as the arena. */
void point_table_define(struct point_table *table, uint32_t id, enum value_kind kind,
			const struct unit *unit, const char *unit_text, double deadband);
/* All names, in order of number, for suggestions. */
const char *const *point_table_names(const struct point_table *table);

#endif
