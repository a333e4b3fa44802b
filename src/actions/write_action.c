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
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "model/point_value.h"

struct write_entry {
	uint32_t point;
	struct value value;
};

struct action {
	size_t count;
	struct write_entry *entries;
};

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
	return point_value_parse(arena, point, node, &ret->value, diags);
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
