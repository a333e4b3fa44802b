/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The options of every point that is written, whatever its driver: what holds writes back, and
 * what is written when gauged starts, stops, or does not know what to do. Pure.
 */
#ifndef GAUGED_INPUTS_WRITE_ENTRY_H
#define GAUGED_INPUTS_WRITE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/option.h"

struct arena;
struct diags;
struct point;
struct yaml_node;

/*
 * Bind write_entry_options to it, and write_start_options unless the driver has an on_start of
 * its own, beside the driver's table, whose 'also' they are.
 */
struct write_entry {
	const char *of; /* the points that these options are for: "with 'write: true'" */
	int64_t min_on_ns, min_off_ns, max_on_ns, unknown_after_ns;
	struct option_rate max_changes;
	const char *on_start; /* NULL: not bound */
	const char *on_stop, *on_unknown;
};

extern const struct option_table write_entry_options, write_start_options;

/*
 * Sets point->interlock, whose name, kind, limits and writable are known, from entry and from
 * the map node that it was bound to; NULL for a point that is not written. False after errors
 * were added.
 */
bool write_entry_apply(struct arena *arena, const struct yaml_node *node,
		       const struct write_entry *entry, struct point *point,
		       struct diags *diags);

#endif
