/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the interlocks of a point are declared. */
#include "inputs/write_entry.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/point_value.h"

enum { CHANGES_MAX = 1000 };

/* clang-format 14 crashes on rows of unequal length. */
/* clang-format off */
#define INTERLOCK_SECONDS .min = 0.001, .max = 31 * 86400

static const struct option write_rows[] = {
	{.name = "min_on",
	 OPTION(DURATION, write_entry, min_on_ns),
	 INTERLOCK_SECONDS,
	 .help = "Once on it stays on for so long: an earlier off waits until then."},
	{.name = "min_off",
	 OPTION(DURATION, write_entry, min_off_ns),
	 INTERLOCK_SECONDS,
	 .help = "Once off it stays off for so long: an earlier on waits until then."},
	{.name = "max_on",
	 OPTION(DURATION, write_entry, max_on_ns),
	 INTERLOCK_SECONDS,
	 .help = "Once on for so long it is switched off."},
	{.name = "max_changes",
	 OPTION(RATE, write_entry, max_changes),
	 .help = "How often it may be changed in any span of that length, such as 20/h; more is "
		 "refused, but never a safe value."},
	{.name = "on_stop",
	 OPTION(TEXT, write_entry, on_stop),
	 .fallback = "keep",
	 .help = "What is written when gauged stops; or keep. A safe value."},
	{.name = "on_unknown",
	 OPTION(TEXT, write_entry, on_unknown),
	 .fallback = "keep",
	 .help = "What is written while a rule that writes to it cannot be decided; or keep. A "
		 "safe value."},
	{.name = "unknown_after",
	 OPTION(DURATION, write_entry, unknown_after_ns),
	 .fallback = "5s",
	 .min = 0,
	 .max = 31 * 86400,
	 .help = "How long such a rule has to be undecided before on_unknown is written."},
};

static const struct option start_rows[] = {
	{.name = "on_start",
	 OPTION(TEXT, write_entry, on_start),
	 .fallback = "keep",
	 .help = "What is written when gauged starts, before rules may write; or keep."},
};
/* clang-format on */

const struct option_table write_entry_options = {
	.section = "point that is written",
	.manual = "gauged.yaml(5)",
	.rows = write_rows,
	.count = ARRAY_SIZE(write_rows),
	.name = "write_entry",
};

const struct option_table write_start_options = {
	.section = "point that is written",
	.manual = "gauged.yaml(5)",
	.rows = start_rows,
	.count = ARRAY_SIZE(start_rows),
	.name = "write_start",
	.also = &write_entry_options,
};

static bool write_entry_refuse(struct diags *diags, const struct yaml_node *node,
			       const char *name, const char *why)
{
	diag_error(diags, yaml_key(node, name), "'%s' is for points %s only", name, why);
	return false;
}

/* Keys that mean nothing for this point. */
static bool write_entry_keys(const struct yaml_node *node, const struct write_entry *entry,
			     const struct point *point, struct diags *diags)
{
	static const char *const times[] = {"min_on", "min_off", "max_on"};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(write_rows) && !point->writable; i++)
		if (yaml_key(node, write_rows[i].name) != NULL)
			ok = write_entry_refuse(diags, node, write_rows[i].name, entry->of);
	if (!point->writable && entry->on_start != NULL &&
	    yaml_key(node, start_rows[0].name) != NULL)
		ok = write_entry_refuse(diags, node, start_rows[0].name, entry->of);
	for (size_t i = 0;
	     i < ARRAY_SIZE(times) && point->writable && point->kind != VALUE_BOOL; i++)
		if (yaml_key(node, times[i]) != NULL)
			ok = write_entry_refuse(diags, node, times[i],
						"that are true or false");
	return ok;
}

static bool write_entry_value(struct arena *arena, const struct yaml_node *node,
			      const char *name, const char *text, const struct point *point,
			      struct value *ret, struct diags *diags)
{
	return text == NULL || strcmp(text, "keep") == 0 ||
	       point_value_parse(arena, point, yaml_get(node, name), ret, diags);
}

static bool write_entry_sound(const struct yaml_node *node,
			      const struct point_interlock *interlock, struct diags *diags)
{
	if (interlock->changes > CHANGES_MAX) {
		diag_error(diags, yaml_get(node, "max_changes"),
			   "'max_changes' counts up to %d changes", CHANGES_MAX);
		return false;
	}
	if (interlock->max_on_ns == 0)
		return true;
	if (interlock->max_on_ns < interlock->min_on_ns) {
		diag_error(diags, yaml_get(node, "max_on"), "'max_on' is less than 'min_on'");
		return false;
	}
	if (interlock->on_stop.kind == VALUE_BOOL && interlock->on_stop.flag) {
		diag_error(diags, yaml_get(node, "on_stop"),
			   "'on_stop' leaves it on, and nobody is there for 'max_on' to switch "
			   "it off");
		return false;
	}
	return true;
}

bool write_entry_apply(struct arena *arena, const struct yaml_node *node,
		       const struct write_entry *entry, struct point *point,
		       struct diags *diags)
{
	struct point_interlock *interlock = arena_take(arena, 1, sizeof(*interlock));
	bool ok = write_entry_keys(node, entry, point, diags);

	point->interlock = NULL;
	if (!ok || !point->writable)
		return ok;
	*interlock = (struct point_interlock){
		.min_on_ns = entry->min_on_ns,
		.min_off_ns = entry->min_off_ns,
		.max_on_ns = entry->max_on_ns,
		.changes = entry->max_changes.count,
		.per_ns = entry->max_changes.per_ns,
		.unknown_ns = entry->unknown_after_ns,
	};
	ok = write_entry_value(arena, node, "on_start", entry->on_start, point,
			       &interlock->on_start, diags);
	ok &= write_entry_value(arena, node, "on_stop", entry->on_stop, point,
				&interlock->on_stop, diags);
	ok &= write_entry_value(arena, node, "on_unknown", entry->on_unknown, point,
				&interlock->on_unknown, diags);
	ok &= write_entry_sound(node, interlock, diags);
	point->interlock = interlock;
	return ok;
}
