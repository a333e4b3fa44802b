/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how values below /sys are declared. */
#include "inputs/sysfs_config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "inputs/sysfs.h"

struct bus_options {
	const char *root;
};

struct device_options {
	const struct yaml_node *bus, *points;
	int64_t poll_ns, stale_ns;
};

struct point_options {
	const char *hwmon, *thermal, *iio, *w1, *file, *label, *channel, *device;
};

static const struct option bus_rows[] = {
	{.name = "sysfs",
	 OPTION(TEXT, bus_options, root),
	 .required = true,
	 .help = "The folder of the tree, /sys."},
};

static const struct option device_rows[] = {
	{.name = "bus",
	 OPTION(NODE, device_options, bus),
	 .shape = "name",
	 .help = "The bus it stands on."},
	{.name = "poll",
	 OPTION(DURATION, device_options, poll_ns),
	 .fallback = "10s",
	 .min = 0.1,
	 .max = 86400,
	 .help = "How often its points are read."},
	{.name = "stale_after",
	 OPTION(DURATION, device_options, stale_ns),
	 .min = 0.1,
	 .max = 31 * 86400,
	 .help = "How long a value counts without a new one; three polls and 5s, if absent."},
	{.name = "points",
	 OPTION(MAP, device_options, points),
	 .required = true,
	 .shape = "{name:sysfs_point}",
	 .help = "The values, by name."},
};

static const struct option point_rows[] = {
	{.name = "hwmon",
	 OPTION(TEXT, point_options, hwmon),
	 .help = "Name of a chip that watches hardware, with 'label' or 'channel'."},
	{.name = "label",
	 OPTION(TEXT, point_options, label),
	 .help = "What the chip calls the channel, such as Core 0."},
	{.name = "channel",
	 OPTION(TEXT, point_options, channel),
	 .help = "The channel of a chip (temp1, in0, fan2, power1) or of an IIO device "
		 "(in_voltage0)."},
	{.name = "device",
	 OPTION(TEXT, point_options, device),
	 .help = "Which one of several chips, zones or IIO devices of the name: its folder, or the "
		 "device behind it, such as coretemp.1 or 0-0048."},
	{.name = "thermal",
	 OPTION(TEXT, point_options, thermal),
	 .help = "Type of a thermal zone, such as cpu-thermal."},
	{.name = "iio",
	 OPTION(TEXT, point_options, iio),
	 .help = "Name of an IIO device, with 'channel'."},
	{.name = "w1",
	 OPTION(TEXT, point_options, w1),
	 .help = "A thermometer on 1-wire, such as 28-0000075c29bd."},
	{.name = "file",
	 OPTION(TEXT, point_options, file),
	 .help = "A file below the root with one number in it."},
};

const struct option_table sysfs_bus_options = {
	.section = "sysfs bus",
	.manual = "gauged.yaml(5)",
	.rows = bus_rows,
	.count = ARRAY_SIZE(bus_rows),
	.name = "sysfs_bus",
};
const struct option_table sysfs_device_options = {
	.section = "sysfs device",
	.manual = "gauged.yaml(5)",
	.rows = device_rows,
	.count = ARRAY_SIZE(device_rows),
	.name = "sysfs_device",
};
const struct option_table sysfs_point_options = {
	.section = "sysfs point",
	.manual = "gauged.yaml(5)",
	.rows = point_rows,
	.count = ARRAY_SIZE(point_rows),
	.name = "sysfs_point",
	.also = &point_entry_options,
	.one_of = "hwmon|thermal|iio|w1|file",
};

/* One name below the root, not a way out of it. */
static bool place_name(const struct yaml_node *node, const char *key, const char *text,
		       bool path, struct diags *diags)
{
	bool inside = text[0] != '\0' && text[0] != '/' && strcmp(text, ".") != 0 &&
		      strcmp(text, "..") != 0 && strncmp(text, "../", 3) != 0 &&
		      strstr(text, "/../") == NULL;
	size_t len = strlen(text);

	if (len >= 3 && strcmp(text + len - 3, "/..") == 0)
		inside = false;
	if (inside && (path || strchr(text, '/') == NULL) && len <= 200)
		return true;
	diag_error(diags, yaml_get(node, key), "'%s' is no %s below the root", text,
		   path ? "file" : "name");
	return false;
}

static bool place_parse(const struct yaml_node *node, const struct point_options *options,
			struct sysfs_place *ret, struct diags *diags)
{
	static const char *const keys[] = {"hwmon", "thermal", "iio", "w1", "file"};
	const char *const names[] = {options->hwmon, options->thermal, options->iio,
				     options->w1, options->file};
	const struct yaml_node *stray;
	size_t given = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (names[i] == NULL)
			continue;
		given++;
		ret->kind = (enum sysfs_kind)i;
		ret->name = names[i];
	}
	if (given != 1) {
		diag_error(diags, node,
			   "expected one of hwmon, thermal, iio, w1 or file: what is read");
		return false;
	}
	ret->label = options->label;
	ret->channel = options->channel;
	ret->device = options->device;
	if ((ret->kind == SYSFS_HWMON && (ret->label == NULL) == (ret->channel == NULL)) ||
	    (ret->kind == SYSFS_IIO && ret->channel == NULL)) {
		diag_error(diags, yaml_key(node, keys[ret->kind]), "'%s' needs %s",
			   keys[ret->kind],
			   ret->kind == SYSFS_IIO ? "'channel'"
						  : "either 'label' or 'channel'");
		return false;
	}
	stray = ret->kind != SYSFS_HWMON ? yaml_key(node, "label") : NULL;
	if (stray == NULL && ret->kind != SYSFS_HWMON && ret->kind != SYSFS_IIO)
		stray = yaml_key(node, "channel");
	if (stray == NULL && (ret->kind == SYSFS_W1 || ret->kind == SYSFS_FILE))
		stray = yaml_key(node, "device");
	if (stray != NULL) {
		diag_error(diags, stray, "'%s' does not go with '%s'", stray->text,
			   keys[ret->kind]);
		return false;
	}
	return place_name(node, keys[ret->kind], ret->name, ret->kind == SYSFS_FILE, diags) &&
	       (ret->device == NULL || place_name(node, "device", ret->device, false, diags)) &&
	       (ret->channel == NULL ||
		place_name(node, "channel", ret->channel, false, diags));
}

static bool point_parse(struct arena *arena, const char *device, const struct yaml_node *key,
			const struct yaml_node *node, int64_t stale_ns, struct sysfs_point *ret,
			struct point_table *points, struct diags *diags)
{
	struct point_options options = {0};
	struct point_entry entry = {0};
	const struct option_binding bindings[] = {{&sysfs_point_options, &options},
						  {&point_entry_options, &entry}};

	if (!option_bind(arena, node, arena_printf(arena, "point '%s.%s'", device, key->text),
			 bindings, ARRAY_SIZE(bindings), diags))
		return false;
	ret->name = arena_printf(arena, "%s.%s", device, key->text);
	ret->scaling = point_entry_scaling(&entry);
	if (ret->scaling.kind != VALUE_NUMBER) {
		diag_error(diags, yaml_get(node, "type"), "what stands below /sys is a number");
		return false;
	}
	return place_parse(node, &options, &ret->place, diags) &&
	       point_entry_add(arena, device, key, node, &entry, stale_ns, points, diags);
}

static bool device_parse(struct arena *arena, const struct input_device *source,
			 struct input_config *config, struct sysfs_device *ret,
			 struct point_table *points, struct diags *diags)
{
	struct device_options options = {0};
	const struct option_binding binding = {&sysfs_device_options, &options};
	struct sysfs_point *list;
	bool fine = true;

	if (!option_bind(arena, source->node, arena_printf(arena, "device '%s'", source->name),
			 &binding, 1, diags))
		return false;
	if (options.points->count > SYSFS_POINTS_MAX) {
		diag_error(diags, options.points, "a device has at most %d points",
			   SYSFS_POINTS_MAX);
		return false;
	}
	if (options.stale_ns == 0)
		options.stale_ns = 3 * options.poll_ns + 5 * NSEC_PER_SEC;
	list = arena_take(arena, options.points->count, sizeof(*list));
	*ret = (struct sysfs_device){
		.name = source->name,
		.poll_ns = options.poll_ns,
		.stale_ns = options.stale_ns,
		.first_point = config->point_count,
		.point_count = options.points->count,
		.points = list,
	};
	for (size_t i = 0; i < options.points->count; i++)
		fine &= point_parse(arena, source->name, options.points->keys[i],
				    options.points->values[i], options.stale_ns, &list[i],
				    points, diags);
	config->point_count += (uint32_t)options.points->count;
	return fine;
}

struct input_config *sysfs_config_parse(struct arena *arena, const struct input_source *source,
					struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	struct sysfs_device *devices =
		arena_take(arena, source->device_count, sizeof(*devices));
	struct bus_options options = {0};
	const struct option_binding binding = {&sysfs_bus_options, &options};
	bool fine =
		option_bind(arena, source->node, arena_printf(arena, "bus '%s'", source->name),
			    &binding, 1, diags);

	if (source->device_count > SYSFS_DEVICES_MAX) {
		diag_error(diags, source->node, "such a bus has at most %d devices",
			   SYSFS_DEVICES_MAX);
		return NULL;
	}
	config->name = source->name;
	config->devices = devices;
	config->device_count = source->device_count;
	for (size_t i = 0; i < source->device_count; i++)
		fine &= device_parse(arena, &source->devices[i], config, &devices[i], points,
				     diags);
	if (!fine)
		return NULL;
	config->root = options.root[0] == '/'
			       ? options.root
			       : arena_printf(arena, "%s/%s", source->directory, options.root);
	return config;
}
