/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how a plain point is declared. */
#include "inputs/point_entry.h"

#include <math.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "model/unit_text.h"

static const char *const entry_types[] = {"number", "text", "bool", NULL};
static const enum value_kind entry_kinds[] = {VALUE_NUMBER, VALUE_TEXT, VALUE_BOOL};
static const char *const entry_number_only[] = {"unit", "scale", "offset", "range", "deadband"};

static const struct option entry_rows[] = {
	{.name = "type",
	 OPTION(CHOICE, point_entry, type),
	 .fallback = "number",
	 .choices = entry_types,
	 .help = "What the value is."},
	{.name = "unit",
	 OPTION(TEXT, point_entry, unit),
	 .help = "The unit of the value after scale and offset, such as degC or L/min."},
	{.name = "scale",
	 OPTION(NUMBER, point_entry, scale),
	 .fallback = "1",
	 .help = "The number that comes is multiplied by this."},
	{.name = "offset",
	 OPTION(NUMBER, point_entry, offset),
	 .fallback = "0",
	 .help = "Added after scale."},
	{.name = "range",
	 OPTION(LIMITS, point_entry, range),
	 .help = "Values outside of it, after scale and offset, are bad."},
	{.name = "deadband",
	 OPTION(NUMBER, point_entry, deadband),
	 .fallback = "0",
	 .min = 0,
	 .max = INFINITY,
	 .help = "Changes smaller than this leave the value as it is."},
	{.name = "hold_bad",
	 OPTION(BOOL, point_entry, hold_bad),
	 .fallback = "true",
	 .help = "Whether a failed reading leaves the last good value to count until it is stale."},
};

const struct option_table point_entry_options = {
	.section = "point",
	.manual = "gauged.yaml(5)",
	.rows = entry_rows,
	.count = ARRAY_SIZE(entry_rows),
	.name = "point_entry",
};

struct point_scaling point_entry_scaling(const struct point_entry *entry)
{
	return (struct point_scaling){
		.kind = entry_kinds[entry->type],
		.scale = entry->scale,
		.offset = entry->offset,
		.limited = entry->range.set,
		.low = entry->range.low,
		.high = entry->range.high,
	};
}

enum bad_reason point_scaling_apply(const struct point_scaling *scaling, double raw,
				    struct value *ret)
{
	double number = raw * scaling->scale + scaling->offset;

	if (!isfinite(number) ||
	    (scaling->limited && (number < scaling->low || number > scaling->high)))
		return BAD_RANGE;
	*ret = value_number(number);
	return BAD_NONE;
}

static bool entry_number_options(const struct yaml_node *node, const struct point_entry *entry,
				 struct diags *diags)
{
	bool fine = true;

	for (size_t i = 0; i < ARRAY_SIZE(entry_number_only); i++) {
		const struct yaml_node *key = yaml_key(node, entry_number_only[i]);

		if (key == NULL)
			continue;
		diag_error(diags, key, "%s is for numbers; the point is of type %s",
			   entry_number_only[i], entry_types[entry->type]);
		fine = false;
	}
	return fine;
}

bool point_entry_add(struct arena *arena, const char *device, const struct yaml_node *key,
		     const struct yaml_node *node, const struct point_entry *entry,
		     int64_t stale_ns, struct point_table *points, struct diags *diags)
{
	struct point point = {
		.device = device,
		.kind = entry_kinds[entry->type],
		.unit_text = entry->unit,
		.readable = true,
		.stale_ns = stale_ns,
		.unheld = !entry->hold_bad,
		.deadband = entry->deadband,
		.low = entry->range.set ? entry->range.low : 1,
		.high = entry->range.set ? entry->range.high : 0,
		.where = key,
	};

	if (!name_valid(key->text, key->len)) {
		diag_error(diags, key,
			   "expected a name of letters, digits, _ and - that starts with a "
			   "letter");
		return false;
	}
	if (point.kind != VALUE_NUMBER && node->kind == YAML_MAP &&
	    !entry_number_options(node, entry, diags))
		return false;
	if (entry->unit != NULL && !unit_text_parse(yaml_get(node, "unit"), &point.unit, diags))
		return false;
	point.name = arena_printf(arena, "%s.%s", device, key->text);
	if (point_table_add(points, &point) != POINT_NONE)
		return true;
	diag_error(diags, key, "there is a point '%s' already", point.name);
	return false;
}
