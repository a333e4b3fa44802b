/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how a value to write stands in the configuration. */
#include "model/point_value.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/point_line.h"

/* The value in the kind of the point; adds an error and returns false if it does not fit. */
static bool point_value_in_kind(struct arena *arena, const struct point *point,
				const struct yaml_node *node, struct value *ret,
				struct diags *diags)
{
	static const enum option_type types[] = {
		[VALUE_NONE] = OPTION_TEXT,
		[VALUE_NUMBER] = OPTION_NUMBER,
		[VALUE_BOOL] = OPTION_BOOL,
		[VALUE_TEXT] = OPTION_TEXT,
	};
	struct option row = {.name = point->name, .type = types[point->kind]};
	union {
		bool flag;
		double number;
		const char *text;
	} value;

	if (!option_parse(arena, &row, node, &value, diags))
		return false;
	switch (point->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		*ret = value_bool(value.flag);
		return true;
	case VALUE_NUMBER:
		*ret = value_number(value.number);
		return true;
	case VALUE_TEXT:
		*ret = value_text(value.text);
		return true;
	}
	return false;
}

static void point_add_range(const struct point *point, struct str *out)
{
	str_addc(out, '[');
	str_add_number(out, point->low);
	str_adds(out, ", ");
	str_add_number(out, point->high);
	str_addc(out, ']');
	if (point->unit_text != NULL)
		str_addf(out, " %s", point->unit_text);
}

static bool point_value_fits(const struct point *point, const struct yaml_node *node,
			     struct value value, struct diags *diags)
{
	struct error err;
	struct str range;
	char room[96];

	if (value.kind == VALUE_TEXT && strlen(value.text) > VALUE_TEXT_MAX) {
		diag_error(diags, node, "a text to write has at most %d bytes", VALUE_TEXT_MAX);
		return false;
	}
	if (value.kind == VALUE_TEXT && point->line != NULL &&
	    point_line_check(point->line, value.text, &err) != 0) {
		diag_error(diags, node, "'%s' does not take this text: %s", point->name,
			   err.text);
		return false;
	}
	if (value.kind != VALUE_NUMBER || point->low > point->high ||
	    (value.number >= point->low && value.number <= point->high))
		return true;
	str_init_fixed(&range, room, sizeof(room));
	point_add_range(point, &range);
	diag_error(diags, node, "%s is out of the range of '%s', which is %s", node->text,
		   point->name, range.s);
	return false;
}

bool point_value_parse(struct arena *arena, const struct point *point,
		       const struct yaml_node *node, struct value *ret, struct diags *diags)
{
	struct value value = {0};

	if (!point_value_in_kind(arena, point, node, &value, diags) ||
	    !point_value_fits(point, node, value, diags))
		return false;
	*ret = value;
	return true;
}
