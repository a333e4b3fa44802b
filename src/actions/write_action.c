/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the action that writes to points. */
#include "actions/write_action.h"

#include <stdio.h>
#include <string.h>

#include "actions/action.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"

struct write_entry {
	uint32_t point;
	struct value value;
};

struct action {
	size_t count;
	struct write_entry *entries;
};

/* The value in the kind of the point; adds an error and returns false if it does not fit. */
static bool write_value(struct arena *arena, const struct point *point,
			const struct yaml_node *node, struct value *ret, struct diags *diags)
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

static void add_range(const struct point *point, struct str *out)
{
	str_addc(out, '[');
	str_add_number(out, point->low);
	str_adds(out, ", ");
	str_add_number(out, point->high);
	str_addc(out, ']');
	if (point->unit_text != NULL)
		str_addf(out, " %s", point->unit_text);
}

static bool write_fits(const struct point *point, const struct yaml_node *node,
		       struct value value, struct diags *diags)
{
	struct str range;
	char room[96];

	if (value.kind == VALUE_TEXT && strlen(value.text) > VALUE_TEXT_MAX) {
		diag_error(diags, node, "a text to write has at most %d bytes", VALUE_TEXT_MAX);
		return false;
	}
	if (value.kind != VALUE_NUMBER || point->low > point->high ||
	    (value.number >= point->low && value.number <= point->high))
		return true;
	str_init_fixed(&range, room, sizeof(room));
	add_range(point, &range);
	diag_error(diags, node, "%s is out of the range of '%s', which is %s", node->text,
		   point->name, range.s);
	return false;
}

static bool write_entry_parse(struct arena *arena, const struct yaml_node *key,
			      const struct yaml_node *node, const struct point_table *points,
			      struct write_entry *ret, struct diags *diags)
{
	const struct point *point;

	ret->point = point_table_find(points, key->text, key->len);
	if (ret->point == POINT_NONE && point_table_is_broken(points, key->text, key->len))
		return false;
	if (ret->point == POINT_NONE) {
		diag_error(diags, key, "unknown point '%s'", key->text);
		diag_suggest(diags, key->text, point_table_names(points),
			     point_table_count(points));
		return false;
	}
	point = point_table_get(points, ret->point);
	if (!point->writable) {
		diag_error(diags, key, "the point '%s' can't be written", point->name);
		diag_note(diags, "hint: a point that may be written says 'write: true'");
		return false;
	}
	return write_value(arena, point, node, &ret->value, diags) &&
	       write_fits(point, node, ret->value, diags);
}

static struct action *write_action_parse(struct arena *arena, const struct yaml_node *entry,
					 const struct action_scope *scope, struct diags *diags)
{
	const struct yaml_node *map = yaml_get(entry, "write");
	struct action *action = arena_take(arena, 1, sizeof(*action));
	bool ok = true;

	if (map->kind != YAML_MAP || map->count == 0) {
		diag_error(diags, map, "write: expected a map of points and values, got %s",
			   map->kind == YAML_MAP ? "an empty one" : yaml_kind_words(map));
		diag_note(diags, "hint: {write: {boiler.burner: off}}");
		return NULL;
	}
	action->count = map->count;
	action->entries = arena_take(arena, map->count, sizeof(*action->entries));
	for (size_t i = 0; i < map->count; i++)
		ok = write_entry_parse(arena, map->keys[i], map->values[i], scope->points,
				       &action->entries[i], diags) &&
		     ok;
	return ok ? action : NULL;
}

/* A reminder, or a rule that cannot see or flaps, tells people; only a transition switches. */
static bool write_switches(enum event_type event)
{
	return event != EVENT_REPEAT && event_type_acts(event) && event != EVENT_BLIND;
}

static void write_action_run(const struct action *action, const struct action_host *host,
			     const struct event *event, const struct event_stamp *stamp)
{
	char why[160];

	(void)stamp;
	if (!write_switches(event->type))
		return;
	snprintf(why, sizeof(why), "rule %s, %s", event->rule_name,
		 event_type_name(event->type));
	for (size_t i = 0; i < action->count; i++)
		host->write(host->arg, action->entries[i].point, action->entries[i].value, why);
}

static void write_action_tell(const struct action *action, enum event_type event, deed_fn *told,
			      void *arg)
{
	for (size_t i = 0; i < action->count && write_switches(event); i++)
		told(arg, &(struct deed){.kind = DEED_WRITE,
					 .point = action->entries[i].point,
					 .value = action->entries[i].value});
}

const struct action_type write_action = {
	.key = "write",
	.shape = "{text}",
	.help = "Writes to points: {boiler.burner: off}.",
	.switches = true,
	.parse = write_action_parse,
	.run = write_action_run,
	.tell = write_action_tell,
};
