/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A bus of values below /sys as it is configured. Immutable, in the configuration's arena. */
#ifndef GAUGED_INPUTS_SYSFS_CONFIG_H
#define GAUGED_INPUTS_SYSFS_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "inputs/input.h"
#include "inputs/point_entry.h"
#include "inputs/sysfs_place.h"

enum { SYSFS_DEVICES_MAX = 64, SYSFS_POINTS_MAX = 256 /* of a device */ };

struct sysfs_point {
	const char *name;
	struct sysfs_place place;
	struct point_scaling scaling;
};

struct sysfs_device {
	const char *name;
	int64_t poll_ns, stale_ns;
	uint32_t first_point; /* its local number */
	size_t point_count;
	const struct sysfs_point *points;
};

struct input_config {
	const char *name;
	const char *root;
	uint32_t point_count;
	size_t device_count;
	const struct sysfs_device *devices;
};

struct input_config *sysfs_config_parse(struct arena *arena, const struct input_source *source,
					struct point_table *points, struct diags *diags);

#endif
