/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the comparison of two configurations. */
#include "daemon/config_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/program.h"
#include "rules/ruleset.h"
#include "daemon/config.h"

struct differ {
	const struct config *old, *new;
	struct config_diff *diff;
	struct config_change *changes; /* with room for all that there could be */
};

/* What is compared of one noun; entries go by their numbers in each configuration. */
struct differ_noun {
	size_t (*count)(const struct config *config);
	const char *(*name)(const struct config *config, size_t i);
	/* True if it is the same; otherwise change may get its fields. */
	bool (*same)(struct differ *differ, size_t old, size_t new,
		     struct config_change *change);
};

/* ---- maps ----------------------------------------------------------------------------- */

static const char **differ_fields(struct differ *differ, struct config_change *change,
				  size_t room)
{
	const char **fields = arena_take(differ->diff->arena, room, sizeof(*fields));

	change->fields = fields;
	return fields;
}

/* Keys whose values differ, those that are only in one of the maps with them. */
static void differ_maps(struct differ *differ, const struct yaml_node *old,
			const struct yaml_node *new, const char **fields, size_t *count)
{
	for (size_t i = 0; i < new->count; i++) {
		const struct yaml_node *before = yaml_get(old, new->keys[i]->text);

		if (before == NULL || !yaml_equal(before, new->values[i]))
			fields[(*count)++] = arena_text(differ->diff->arena, new->keys[i]->text,
							new->keys[i]->len);
	}
	for (size_t i = 0; i < old->count; i++) {
		if (yaml_get(new, old->keys[i]->text) == NULL)
			fields[(*count)++] = arena_text(differ->diff->arena, old->keys[i]->text,
							old->keys[i]->len);
	}
}

static bool both_maps(const struct yaml_node *a, const struct yaml_node *b)
{
	return a != NULL && b != NULL && a->kind == YAML_MAP && b->kind == YAML_MAP;
}

/* ---- buses ---------------------------------------------------------------------------- */

bool config_bus_same(const struct config_bus *a, const struct config_bus *b)
{
	const struct input_source *old = &a->source, *new = &b->source;

	if (strcmp(old->name, new->name) != 0 || strcmp(old->directory, new->directory) != 0 ||
	    old->device_count != new->device_count || !yaml_equal(old->node, new->node))
		return false;
	for (size_t i = 0; i < old->device_count; i++) {
		if (strcmp(old->devices[i].name, new->devices[i].name) != 0 ||
		    !yaml_equal(old->devices[i].node, new->devices[i].node))
			return false;
	}
	return true;
}

static size_t bus_count(const struct config *config)
{
	return config->bus_count;
}

static const char *bus_name_of(const struct config *config, size_t i)
{
	return config->buses[i].name;
}

static const struct yaml_node *bus_device(const struct input_source *source, const char *name)
{
	for (size_t i = 0; i < source->device_count; i++) {
		if (strcmp(source->devices[i].name, name) == 0)
			return source->devices[i].node;
	}
	return NULL;
}

/* Devices of one that are not the same in other; both: those that other has not at all. */
static void bus_devices(struct differ *differ, const struct input_source *one,
			const struct input_source *other, bool missing_only,
			const char **fields, size_t *count)
{
	for (size_t i = 0; i < one->device_count; i++) {
		const struct yaml_node *node = bus_device(other, one->devices[i].name);

		if (node == NULL || (!missing_only && !yaml_equal(node, one->devices[i].node)))
			fields[(*count)++] = arena_printf(differ->diff->arena, "device %s",
							  one->devices[i].name);
	}
}

static bool bus_same(struct differ *differ, size_t i, size_t k, struct config_change *change)
{
	const struct config_bus *old = &differ->old->buses[i], *new = &differ->new->buses[k];
	const char **fields;

	if (config_bus_same(old, new))
		return true;
	fields = differ_fields(differ, change,
			       old->source.node->count + new->source.node->count +
				       old->source.device_count + new->source.device_count);
	if (both_maps(old->source.node, new->source.node))
		differ_maps(differ, old->source.node, new->source.node, fields,
			    &change->field_count);
	bus_devices(differ, &new->source, &old->source, false, fields, &change->field_count);
	bus_devices(differ, &old->source, &new->source, true, fields, &change->field_count);
	return false;
}

/* ---- webhooks, brokers ---------------------------------------------------------------- */

static size_t webhook_count(const struct config *config)
{
	return config->webhook_count;
}

static const char *webhook_name_of(const struct config *config, size_t i)
{
	return config->webhooks[i].name;
}

static bool nodes_same(struct differ *differ, const struct yaml_node *old,
		       const struct yaml_node *new, struct config_change *change)
{
	if (yaml_equal(old, new))
		return true;
	if (both_maps(old, new))
		differ_maps(differ, old, new,
			    differ_fields(differ, change, old->count + new->count),
			    &change->field_count);
	return false;
}

static bool webhook_same(struct differ *differ, size_t i, size_t k,
			 struct config_change *change)
{
	return nodes_same(differ, differ->old->webhooks[i].node, differ->new->webhooks[k].node,
			  change);
}

static size_t mqtt_count(const struct config *config)
{
	return config->mqtt_count;
}

static const char *mqtt_name_of(const struct config *config, size_t i)
{
	return config->mqtts[i].name;
}

static bool mqtt_same(struct differ *differ, size_t i, size_t k, struct config_change *change)
{
	return nodes_same(differ, differ->old->mqtts[i].node, differ->new->mqtts[k].node,
			  change);
}

/* ---- points --------------------------------------------------------------------------- */

static size_t point_count(const struct config *config)
{
	return point_table_count(config->points);
}

static const char *point_name_of(const struct config *config, size_t i)
{
	return point_table_get(config->points, (uint32_t)i)->name;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What it is computed from; NULL for one that is read. */
static const char *point_formula(const struct config *config, size_t i)
{
	const struct program *program = ruleset_program(config->rules);
	uint32_t node = program_derived(program, (uint32_t)i);

	return node != PROGRAM_NONE ? program->nodes[node].key : NULL;
}

/* As rules see it; how it is read is its bus's. */
static bool point_same(struct differ *differ, size_t i, size_t k, struct config_change *change)
{
	const struct point *old = point_table_get(differ->old->points, (uint32_t)i);
	const struct point *new = point_table_get(differ->new->points, (uint32_t)k);
	const struct {
		const char *name;
		bool same;
	} fields[] = {
		{"type", old->kind == new->kind},
		{"value",
		 same_text(point_formula(differ->old, i), point_formula(differ->new, k))},
		{"unit", same_text(old->unit_text, new->unit_text)},
		{"stale_after", old->stale_ns == new->stale_ns},
		{"deadband", old->deadband <= new->deadband && old->deadband >= new->deadband},
		{"write", old->writable == new->writable},
		{"range", (old->low > old->high && new->low > new->high) ||
				  (old->low <= new->low && old->low >= new->low &&
				   old->high <= new->high && old->high >= new->high)},
	};
	const char **changed = NULL;

	for (size_t n = 0; n < ARRAY_SIZE(fields); n++) {
		if (fields[n].same)
			continue;
		if (changed == NULL)
			changed = differ_fields(differ, change, ARRAY_SIZE(fields));
		changed[change->field_count++] = fields[n].name;
	}
	return change->field_count == 0;
}

/* ---- rules ---------------------------------------------------------------------------- */

static size_t rule_count(const struct config *config)
{
	return ruleset_count(config->rules);
}

static const char *rule_name_of(const struct config *config, size_t i)
{
	struct rule_view view;

	ruleset_view(config->rules, (uint32_t)i, &view);
	return view.name;
}

static bool rule_same(struct differ *differ, size_t i, size_t k, struct config_change *change)
{
	struct rule_view old, new;

	ruleset_view(differ->old->rules, (uint32_t)i, &old);
	ruleset_view(differ->new->rules, (uint32_t)k, &new);
	change->keep = engine_keeps(differ->new->rules, differ->new->points, (uint32_t)k,
				    differ->old->rules, differ->old->points, (uint32_t)i);
	if (!yaml_equal(old.node, new.node) && both_maps(old.node, new.node))
		differ_maps(differ, old.node, new.node,
			    differ_fields(differ, change, old.node->count + new.node->count),
			    &change->field_count);
	return change->keep == ENGINE_KEEPS_ALL && yaml_equal(old.node, new.node);
}

/* ---- all ------------------------------------------------------------------------------ */

static const struct differ_noun differ_nouns[] = {
	[CONFIG_BUS] = {bus_count, bus_name_of, bus_same},
	[CONFIG_WEBHOOK] = {webhook_count, webhook_name_of, webhook_same},
	[CONFIG_MQTT] = {mqtt_count, mqtt_name_of, mqtt_same},
	[CONFIG_POINT] = {point_count, point_name_of, point_same},
	[CONFIG_RULE] = {rule_count, rule_name_of, rule_same},
};

/* The number of the name, or the count; tables that can look it up do. */
static size_t differ_find(const struct config *config, enum config_noun noun, const char *name)
{
	size_t count = differ_nouns[noun].count(config);

	if (noun == CONFIG_POINT) {
		uint32_t id = point_table_find(config->points, name, strlen(name));

		return id != POINT_NONE ? id : count;
	}
	if (noun == CONFIG_RULE) {
		uint32_t id = ruleset_find(config->rules, name);

		return id != UINT32_MAX ? id : count;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(differ_nouns[noun].name(config, i), name) == 0)
			return i;
	}
	return count;
}

static void differ_put(struct differ *differ, struct config_change change,
		       enum config_verb verb, size_t *counter)
{
	change.verb = verb;
	change.name = arena_text(differ->diff->arena, change.name, strlen(change.name));
	differ->changes[differ->diff->count++] = change;
	(*counter)++;
}

static void differ_noun(struct differ *differ, enum config_noun noun)
{
	const struct differ_noun *what = &differ_nouns[noun];
	struct config_diff *diff = differ->diff;
	size_t old_count = what->count(differ->old), new_count = what->count(differ->new);

	for (size_t k = 0; k < new_count; k++) {
		struct config_change change = {.noun = noun,
					       .name = what->name(differ->new, k)};
		size_t i = differ_find(differ->old, noun, change.name);

		if (i == old_count)
			differ_put(differ, change, CONFIG_ADDED, &diff->added[noun]);
		else if (what->same(differ, i, k, &change))
			diff->kept[noun]++;
		else
			differ_put(differ, change, CONFIG_CHANGED, &diff->changed[noun]);
	}
	for (size_t i = 0; i < old_count; i++) {
		struct config_change change = {.noun = noun,
					       .name = what->name(differ->old, i)};

		if (differ_find(differ->new, noun, change.name) == new_count)
			differ_put(differ, change, CONFIG_REMOVED, &diff->removed[noun]);
	}
}

struct config_diff *config_diff_new(const struct config *old, const struct config *new)
{
	struct config_diff *diff = xcalloc(1, sizeof(*diff));
	struct differ differ = {.old = old, .new = new, .diff = diff};
	size_t most = 1;

	diff->arena = arena_new();
	for (int noun = 0; noun < CONFIG_NOUNS; noun++)
		most += differ_nouns[noun].count(old) + differ_nouns[noun].count(new);
	differ.changes = xcalloc(most, sizeof(*differ.changes));
	for (int noun = 0; noun < CONFIG_NOUNS; noun++)
		differ_noun(&differ, (enum config_noun)noun);
	diff->changes = differ.changes;
	return diff;
}

void config_diff_free(struct config_diff *diff)
{
	if (diff == NULL)
		return;
	arena_free(diff->arena);
	free((void *)diff->changes);
	free(diff);
}
