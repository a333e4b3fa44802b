/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the building of a configuration out of its files. Opens nothing but those. */
#include "daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "daemon/config_actions.h"
#include "daemon/config_file.h"
#include "daemon/config_options.h"
#include "daemon/config_outputs.h"
#include "daemon/config_receivers.h"
#include "daemon/zone_file.h"
#include "model/name.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "rules/zone.h"
#include "inputs/plan.h"

enum {
	CONFIG_MAX_BUSES = 1000,
	CONFIG_MAX_DEVICES = 20000,
	CONFIG_MAX_WEBHOOKS = 200,
	CONFIG_MAX_MQTT = 8
};

/* What is common to the building steps. */
struct config_build {
	struct config *config;
	struct arena *arena;
	struct diags *diags;
	bool strict;
	struct config_sections files[CONFIG_FILE_MAX_FILES];
	size_t file_count;
};

static bool config_read_file(struct config_build *build, const char *path,
			     const struct yaml_node *where)
{
	struct config_sections *file = &build->files[build->file_count];
	const struct diag_source *source;
	struct option_binding binding = {&config_file_options, file};

	source = config_file_read(build->arena, path, build->strict, where, build->diags);
	if (source == NULL)
		return false;
	file->root = yaml_parse(build->arena, source, build->diags);
	if (file->root == NULL)
		return false;
	if (!option_bind(build->arena, file->root, NULL, &binding, 1, build->diags))
		return false;
	if (file->include != NULL && build->file_count > 0) {
		diag_error(build->diags, yaml_key(file->root, "include"),
			   "'include' may stand in the main file only");
		diag_note(build->diags, "hint: it takes a list of files and patterns");
		return false;
	}
	build->file_count++;
	return true;
}

static bool config_read_files(struct config_build *build, const char *path)
{
	const char *paths[CONFIG_FILE_MAX_FILES];
	const struct yaml_node *include;
	const char **files;
	bool ok;
	int count;

	if (!config_read_file(build, path, NULL))
		return false;
	/* Nothing at all is an editor that was interrupted, not a wish to watch nothing. */
	if (build->files[0].root->count == 0)
		diag_error(build->diags, build->files[0].root,
			   "%s is empty: expected sections such as 'buses:' and 'devices:'",
			   path);
	include = build->files[0].include;
	count = include == NULL
			? 0
			: config_file_glob(build->arena, include, build->config->directory,
					   paths, CONFIG_FILE_MAX_FILES - 1, build->diags);
	ok = count >= 0;
	for (int i = 0; i < count; i++)
		ok = config_read_file(build, paths[i], include) && ok;
	files = arena_take(build->arena, build->file_count, sizeof(*files));
	for (size_t i = 0; i < build->file_count; i++)
		files[i] = build->files[i].root->source->file;
	build->config->files = files;
	build->config->file_count = build->file_count;
	return ok;
}

/* The one file that has the section at offset in struct config_sections; a second one is an
 * error.
 */
static const struct yaml_node *config_only(struct config_build *build, const char *section,
					   size_t offset)
{
	const struct yaml_node *found = NULL;

	for (size_t i = 0; i < build->file_count; i++) {
		const struct yaml_node *node;

		memcpy(&node, (const char *)&build->files[i] + offset, sizeof(node));
		if (node != NULL && found != NULL) {
			diag_error(build->diags, yaml_key(build->files[i].root, section),
				   "'%s' is defined a second time", section);
			diag_note(build->diags, "note: the first one stands at %s:%u",
				  found->source->file, found->line);
		} else if (node != NULL) {
			found = node;
		}
	}
	return found;
}

static const char *config_text(struct config_build *build, const char *section, size_t offset,
			       const struct option *row)
{
	const struct yaml_node *node = config_only(build, section, offset);
	const char *text = row->fallback;

	if (node != NULL)
		option_parse(build->arena, row, node, &text, build->diags);
	return text;
}

/* The rules need one in any case; only a name that is written down has to be right. */
static void config_read_zone(struct config_build *build)
{
	size_t offset = offsetof(struct config_sections, zone);
	const struct yaml_node *node = NULL;
	const char *name = config_text(build, "zone", offset, &config_text_options.rows[2]);
	struct error err;

	for (size_t i = 0; i < build->file_count && node == NULL; i++)
		node = build->files[i].zone;
	build->config->zone = zone_file_read(build->arena, name, &err);
	if (build->config->zone != NULL)
		return;
	build->config->zone = zone_utc();
	if (node != NULL)
		diag_error(build->diags, node, "%s", err.text);
	else
		diag_warning(build->diags, build->files[0].root,
			     "the zone of this box can't be read, UTC is used: %s", err.text);
}

static void config_bind_general(struct config_build *build)
{
	struct config *config = build->config;
	struct config_state state = {0};
	struct config_control control = {0};
	struct config_metrics metrics = {0};
	struct {
		const char *section;
		size_t offset;
		struct option_binding binding;
	} sections[] = {
		{"state",
		 offsetof(struct config_sections, state),
		 {&config_state_options, &state}},
		{"control",
		 offsetof(struct config_sections, control),
		 {&config_control_options, &control}},
		{"metrics",
		 offsetof(struct config_sections, metrics),
		 {&config_metrics_options, &metrics}},
	};

	config->site = config_text(build, "site", offsetof(struct config_sections, site),
				   &config_text_options.rows[0]);
	config->secrets_dir =
		config_text(build, "secrets_dir", offsetof(struct config_sections, secrets_dir),
			    &config_text_options.rows[1]);
	config_read_zone(build);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct yaml_node *node =
			config_only(build, sections[i].section, sections[i].offset);

		/* An absent section gives its defaults; 'metrics' has none. */
		if (node != NULL || sections[i].binding.table != &config_metrics_options)
			option_bind(build->arena, node, NULL, &sections[i].binding, 1,
				    build->diags);
	}
	config->state_dir = state.dir;
	config->state_max_bytes = state.max_bytes;
	config->control_socket = control.socket;
	config->metrics_listen = metrics.listen;
}

static bool config_entry_check(struct config_build *build, const char *what,
			       const struct config_entry *entry)
{
	if (!name_valid(entry->name, entry->key->len)) {
		diag_error(
			build->diags, entry->key,
			"'%s' is no name for a %s: expected a letter, then letters, digits, '_' "
			"and '-', at most %d",
			entry->name, what, NAME_MAX_BYTES);
		return false;
	}
	if (entry->node->kind != YAML_MAP) {
		diag_error(build->diags, entry->node, "%s '%s' must be a map, not %s", what,
			   entry->name, yaml_kind_words(entry->node));
		return false;
	}
	return true;
}

static int config_entry_compare(const void *a, const void *b)
{
	const struct config_entry *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	/* Equal names: in order of definition, which is the order of the array they lie in. */
	return order != 0 ? order : (*x > *y) - (*x < *y);
}

static void config_entries_unique(struct config_build *build, const char *what,
				  const struct config_entry *entries, size_t count)
{
	const struct config_entry **sorted = arena_take(build->arena, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &entries[i];
	qsort(sorted, count, sizeof(*sorted), config_entry_compare);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0)
			continue;
		diag_error(build->diags, sorted[i]->key, "%s '%s' is defined a second time",
			   what, sorted[i]->name);
		diag_note(build->diags, "note: the first one stands at %s:%u",
			  sorted[i - 1]->key->source->file, sorted[i - 1]->key->line);
	}
}

/* All entries of a section, file after file. Wrong ones are told and left out. */
static size_t config_entries(struct config_build *build, const char *what, size_t offset,
			     size_t max, struct config_entry **ret)
{
	struct config_entry *entries = NULL;
	size_t total = 0, count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1)
			entries = arena_take(build->arena, total, sizeof(*entries));
		for (size_t i = 0; i < build->file_count; i++) {
			const struct yaml_node *map;

			memcpy(&map, (const char *)&build->files[i] + offset, sizeof(map));
			for (size_t k = 0; map != NULL && k < map->count; k++) {
				if (pass == 0) {
					total++;
					continue;
				}
				entries[count] = (struct config_entry){
					map->keys[k]->text, map->keys[k], map->values[k]};
				if (config_entry_check(build, what, &entries[count]))
					count++;
			}
		}
	}
	if (count > max) {
		diag_error(build->diags, entries[max].key,
			   "more than %zu of one kind: %s '%s' is too many", max, what,
			   entries[max].name);
		count = max;
	}
	config_entries_unique(build, what, entries, count);
	*ret = entries;
	return count;
}

static const struct input_type *config_bus_type(struct config_build *build,
						const struct config_entry *entry)
{
	const struct input_type *type = NULL;
	const char *keys[32];
	size_t count = 0;

	for (size_t i = 0; input_types[i] != NULL && count < ARRAY_SIZE(keys); i++) {
		const struct yaml_node *key = yaml_key(entry->node, input_types[i]->key);

		keys[count++] = input_types[i]->key;
		if (key != NULL && type != NULL) {
			diag_error(build->diags, key,
				   "bus '%s' is '%s' already: it cannot be '%s' as well",
				   entry->name, type->key, input_types[i]->key);
			return NULL;
		}
		if (key != NULL)
			type = input_types[i];
	}
	if (type == NULL) {
		char list[256] = "";

		for (size_t i = 0; i < count; i++)
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
				 i == 0		  ? ""
				 : i == count - 1 ? " or "
						  : ", ",
				 keys[i]);
		diag_error(build->diags, entry->key,
			   "bus '%s' has no kind: expected the key %s in it", entry->name,
			   list);
		for (size_t i = 0; i < entry->node->count; i++) {
			if (diag_suggest(build->diags, entry->node->keys[i]->text, keys, count))
				break;
		}
	}
	return type;
}

/* The bus that the device says it stands on; SIZE_MAX after an error. */
static size_t config_device_bus(struct config_build *build, const struct config_entry *device,
				const struct config_entry *buses, size_t bus_count)
{
	const struct yaml_node *node = yaml_get(device->node, "bus");
	const char **names;

	if (node == NULL) {
		diag_error(build->diags, device->key,
			   "device '%s' needs 'bus': the name of a bus", device->name);
		return SIZE_MAX;
	}
	if (node->kind != YAML_SCALAR) {
		diag_error(build->diags, node,
			   "'bus' of device '%s' must be the name of a bus, not %s",
			   device->name, yaml_kind_words(node));
		return SIZE_MAX;
	}
	for (size_t i = 0; i < bus_count; i++) {
		if (strcmp(buses[i].name, node->text) == 0)
			return i;
	}
	diag_error(build->diags, node, "unknown bus '%s' in device '%s'", node->text,
		   device->name);
	names = arena_take(build->arena, bus_count, sizeof(*names));
	for (size_t i = 0; i < bus_count; i++)
		names[i] = buses[i].name;
	diag_suggest(build->diags, node->text, names, bus_count);
	return SIZE_MAX;
}

/*
 * A device that could not be bound has left points out: the rules that name them are not
 * wrong. A device without a map of points may have meant any.
 */
static void config_note_broken(struct config_build *build, const char *device,
			       const struct yaml_node *node)
{
	struct point_table *table = build->config->points;
	const struct yaml_node *points = yaml_get(node, "points");

	if (points == NULL || points->kind != YAML_MAP) {
		point_table_note_broken(table, device);
		return;
	}
	for (size_t i = 0; i < points->count; i++) {
		char *name = arena_printf(build->arena, "%s.%s", device, points->keys[i]->text);

		if (point_table_find(table, name, strlen(name)) == POINT_NONE)
			point_table_note_broken(table, name);
	}
}

/* A line that has too little time for what is asked of it is known before it is late. */
static void config_check_time(struct config_build *build, const struct config_entry *entry,
			      const struct config_bus *bus)
{
	struct plan *plan = plan_new(bus->type, bus->input);
	struct str text;

	str_init(&text);
	if (plan != NULL && plan->slowest != NULL) {
		str_addf(&text,
			 "bus '%s' needs %.0f %% of its time: slowest possible poll of %s is ",
			 bus->name, 100 * plan->use, plan->slowest->device);
		plan_add_time(&text, plan->slowest->possible_ns);
		str_adds(&text, ", not ");
		plan_add_time(&text, plan->slowest->interval_ns);
		diag_warning(build->diags, entry->key, "%s", text.s);
		diag_note(build->diags,
			  "hint: 'gaugectl check --plan' shows what takes how long; a longer "
			  "'poll', a higher 'baud' or points side by side take less");
	}
	plan_free(plan);
	str_done(&text);
}

static void config_build_bus(struct config_build *build, const struct config_entry *entry,
			     struct config_bus *bus)
{
	struct point_table *points = build->config->points;

	bus->name = entry->name;
	bus->source.name = entry->name;
	bus->source.node = entry->node;
	bus->source.directory = build->config->directory;
	bus->first_point = (uint32_t)point_table_count(points);
	bus->type = config_bus_type(build, entry);
	if (bus->type != NULL)
		bus->input = bus->type->parse(build->arena, &bus->source, points, build->diags);
	for (size_t i = 0; bus->input == NULL && i < bus->source.device_count; i++)
		config_note_broken(build, bus->source.devices[i].name,
				   bus->source.devices[i].node);
	bus->point_count = (uint32_t)point_table_count(points) - bus->first_point;
	if (bus->source.device_count == 0)
		diag_warning(build->diags, entry->key, "bus '%s' has no devices", entry->name);
	else if (bus->input != NULL)
		config_check_time(build, entry, bus);
}

static void config_build_buses(struct config_build *build)
{
	struct config_entry *buses, *devices;
	struct config_bus *built;
	size_t bus_count, device_count;
	size_t *bus_of;

	bus_count = config_entries(build, "bus", offsetof(struct config_sections, buses),
				   CONFIG_MAX_BUSES, &buses);
	device_count =
		config_entries(build, "device", offsetof(struct config_sections, devices),
			       CONFIG_MAX_DEVICES, &devices);
	bus_of = arena_take(build->arena, device_count, sizeof(*bus_of));
	built = arena_take(build->arena, bus_count, sizeof(*built));
	for (size_t i = 0; i < device_count; i++) {
		bus_of[i] = config_device_bus(build, &devices[i], buses, bus_count);
		if (bus_of[i] != SIZE_MAX)
			built[bus_of[i]].source.device_count++;
		else
			config_note_broken(build, devices[i].name, devices[i].node);
	}
	for (size_t b = 0; b < bus_count; b++) {
		struct input_device *on_bus =
			arena_take(build->arena, built[b].source.device_count, sizeof(*on_bus));
		size_t n = 0;

		for (size_t i = 0; i < device_count; i++) {
			if (bus_of[i] == b)
				on_bus[n++] =
					(struct input_device){devices[i].name, devices[i].node};
		}
		built[b].source.devices = on_bus;
		config_build_bus(build, &buses[b], &built[b]);
	}
	build->config->buses = built;
	build->config->bus_count = bus_count;
}

static void config_build_receivers(struct config_build *build)
{
	struct config_entry *entries;
	size_t count;

	count = config_entries(build, "webhook", offsetof(struct config_sections, webhooks),
			       CONFIG_MAX_WEBHOOKS, &entries);
	config_build_webhooks(build->config, entries, count, build->diags);
	count = config_entries(build, "mqtt", offsetof(struct config_sections, mqtt),
			       CONFIG_MAX_MQTT, &entries);
	config_build_mqtt(build->config, entries, count, build->diags);
}

static void config_build_rules(struct config_build *build)
{
	struct config *config = build->config;
	const struct yaml_node *roots[CONFIG_FILE_MAX_FILES];

	for (size_t i = 0; i < build->file_count; i++)
		roots[i] = build->files[i].root;
	config->rules = (config_tells_margins(config) ? ruleset_parse_margins : ruleset_parse)(
		build->arena, roots, build->file_count, config->points, config->zone,
		build->diags);
	config_actions_bind(config, roots, build->file_count, build->diags);
	config_outputs_bind(config, build->diags);
}

static const char *config_directory(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_text(arena, path, (size_t)(slash - path));
}

struct config *config_load(const char *path, bool strict, struct diags *diags)
{
	struct arena *arena = arena_new();
	struct config_build *build = arena_take(arena, 1, sizeof(*build));
	struct config *config = arena_take(arena, 1, sizeof(*config));
	size_t before = diags_errors(diags);

	build->config = config;
	build->arena = config->arena = arena;
	build->diags = diags;
	build->strict = strict;
	config->references = 1;
	config->path = arena_text(arena, path, strlen(path));
	config->directory = config_directory(arena, config->path);
	config->points = point_table_new(arena);
	/* Every step runs even after errors of another, so that one run tells all of them. */
	config_read_files(build, config->path);
	if (build->file_count > 0) {
		config_bind_general(build);
		config_build_buses(build);
		config_build_receivers(build);
		config_build_rules(build);
		config_build_mqtt_points(config, diags);
	}
	if (diags_errors(diags) > before) {
		diags_own(diags, arena);
		return NULL;
	}
	return config;
}

struct config *config_ref(struct config *config)
{
	config->references++;
	return config;
}

void config_unref(struct config *config)
{
	if (config != NULL && --config->references == 0)
		arena_free(config->arena);
}
