/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the action that writes to points. */
#include "actions/write_action.h"

#include <stdio.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "model/point_value.h"

struct write_entry {
	uint32_t point;
	struct value value;		 /* with a template: how it is written, for people */
	const struct template *template; /* NULL: the value as it is */
};

struct action {
	size_t count;
	struct write_entry *entries;
};

/* With its holes filled in it has to fit as well, as far as that is known by now. */
static bool write_entry_sound(struct arena *arena, const struct template *template,
			      const struct yaml_node *node, const struct point *point,
			      struct diags *diags)
{
	struct yaml_node filled = *node;
	struct value value;
	struct str sample;

	str_init(&sample);
	template_sample(template, &sample);
	filled.text = arena_text(arena, sample.s, sample.len);
	filled.len = sample.len;
	str_done(&sample);
	return point_value_parse(arena, point, &filled, &value, diags);
}

static bool write_entry_value(struct arena *arena, const struct yaml_node *node,
			      const struct point *point, struct write_entry *ret,
			      struct diags *diags)
{
	if (point->kind != VALUE_TEXT || node->kind != YAML_SCALAR ||
	    strstr(node->text, "${") == NULL)
		return point_value_parse(arena, point, node, &ret->value, diags);
	ret->value = value_text(node->text);
	ret->template = template_parse(
		arena, node, point->line != NULL ? TEMPLATE_COMMAND : TEMPLATE_LINE, diags);
	return ret->template != NULL &&
	       write_entry_sound(arena, ret->template, node, point, diags);
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
	return write_entry_value(arena, node, point, ret, diags);
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
	/* What is written has no message id. */
	const struct event_facts facts = {event, stamp, "", event->seq};
	char why[160];

	if (!write_switches(event->type))
		return;
	snprintf(why, sizeof(why), "rule %s, %s", event->rule_name,
		 event_type_name(event->type));
	for (size_t i = 0; i < action->count; i++) {
		const struct write_entry *entry = &action->entries[i];
		struct str text;

		str_init(&text);
		if (entry->template != NULL)
			template_render(entry->template, &facts, &text);
		host->write(host->arg, entry->point,
			    entry->template == NULL ? entry->value
						    : value_text(text.s != NULL ? text.s : ""),
			    why);
		str_done(&text);
	}
}

static void write_action_tell(const struct action *action, enum event_type event, deed_fn *told,
			      void *arg)
{
	for (size_t i = 0; i < action->count && write_switches(event); i++)
		told(arg, &(struct deed){.kind = DEED_WRITE,
					 .point = action->entries[i].point,
					 .value = action->entries[i].value,
					 .template = action->entries[i].template});
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
