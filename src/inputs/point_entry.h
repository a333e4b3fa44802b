/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A point as the configuration declares it under a device: its name, its unit and its place in
 * the table, with the messages for what is wrong with them. For drivers whose points are plain
 * values. Pure.
 */
#ifndef GAUGED_INPUTS_POINT_ENTRY_H
#define GAUGED_INPUTS_POINT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/option.h"
#include "model/reading.h"

struct arena;
struct diags;
struct point_table;
struct yaml_node;

/* The options that all such points have; bind point_entry_options to it. */
struct point_entry {
	int type; /* of the choices number, text, bool: see point_entry_scaling() */
	const char *unit;
	double scale, offset; /* value = raw * scale + offset */
	struct option_limits range;
	double deadband;
	bool hold_bad;
};

extern const struct option_table point_entry_options;

/* What becomes of a value that comes in: the part of the entry that counts from then on. */
struct point_scaling {
	enum value_kind kind;
	double scale, offset;
	bool limited;
	double low, high; /* after scale and offset */
};

struct point_scaling point_entry_scaling(const struct point_entry *entry);
/* BAD_NONE and *ret, or BAD_RANGE for what is outside of the range or not finite. */
enum bad_reason point_scaling_apply(const struct point_scaling *scaling, double raw,
				    struct value *ret);

/*
 * Adds device.KEY to the table. node is the point's map, or a null. False after errors were
 * added: a bad name, an unknown unit, options that only numbers have, a point that is there.
 */
bool point_entry_add(struct arena *arena, const char *device, const struct yaml_node *key,
		     const struct yaml_node *node, const struct point_entry *entry,
		     int64_t stale_ns, struct point_table *points, struct diags *diags);

#endif
