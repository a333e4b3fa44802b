/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns an open input and the numbers that its points have at the moment. */
#include "daemon/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "daemon/config.h"
#include "daemon/config_diff.h"

struct bus {
	struct config *config; /* the one it was opened with; keeps entry alive */
	const struct config_bus *entry;
	struct input *input;
	struct input_sink sink;
	uint32_t first_point; /* in the configuration in force */
	uint64_t readings, bad;
};

static void bus_put(void *arg, const struct reading *reading)
{
	struct bus *bus = arg;
	struct reading renumbered = *reading;

	assert(reading->point < bus->entry->point_count);
	bus->readings++;
	bus->bad += reading->quality != QUALITY_GOOD;
	renumbered.point += bus->first_point;
	bus->sink.put(bus->sink.arg, &renumbered);
}

struct bus *bus_open(struct config *config, const struct config_bus *entry, struct loop *loop,
		     struct input_sink sink, const struct bus *before, struct error *err)
{
	struct bus *bus = xcalloc(1, sizeof(*bus));

	bus->entry = entry;
	bus->sink = sink;
	bus->first_point = entry->first_point;
	bus->input = entry->type->open(entry->input, loop, (struct input_sink){bus_put, bus},
				       before != NULL ? before->input : NULL, err);
	if (bus->input == NULL) {
		free(bus);
		return NULL;
	}
	bus->config = config_ref(config);
	return bus;
}

void bus_adopt(struct bus *bus, struct bus *before)
{
	if (bus->entry->type == before->entry->type && bus->entry->type->adopt != NULL)
		bus->entry->type->adopt(bus->input, before->input);
}

void bus_close(struct bus *bus)
{
	if (bus == NULL)
		return;
	bus->entry->type->close(bus->input);
	config_unref(bus->config);
	free(bus);
}

const char *bus_name(const struct bus *bus)
{
	return bus->entry->name;
}

const char *bus_type(const struct bus *bus)
{
	return bus->entry->type->key;
}

size_t bus_device_count(const struct bus *bus)
{
	return bus->entry->source.device_count;
}

const char *bus_device_name(const struct bus *bus, size_t i)
{
	return bus->entry->source.devices[i].name;
}

void bus_report(const struct bus *bus, struct report *ret_bus, struct report *ret_devices)
{
	memset(ret_bus, 0, sizeof(*ret_bus));
	memset(ret_devices, 0, bus_device_count(bus) * sizeof(*ret_devices));
	bus->entry->type->report(bus->input, ret_bus, ret_devices);
}

void bus_readings(const struct bus *bus, uint64_t *ret_all, uint64_t *ret_bad)
{
	*ret_all = bus->readings;
	*ret_bad = bus->bad;
}

bool bus_unchanged(const struct bus *bus, const struct config_bus *entry)
{
	return config_bus_same(bus->entry, entry);
}

void bus_renumber(struct bus *bus, const struct config_bus *entry)
{
	bus->first_point = entry->first_point;
}

bool bus_owns(const struct bus *bus, uint32_t point)
{
	return point >= bus->first_point && point - bus->first_point < bus->entry->point_count;
}

struct bus_keeper {
	const struct bus *bus;
	struct input_keeper keeper;
};

static void bus_keep(void *arg, uint32_t point, const void *bytes, size_t len)
{
	const struct bus_keeper *keeper = arg;

	keeper->keeper.keep(keeper->keeper.arg, point + keeper->bus->first_point, bytes, len);
}

void bus_save(struct bus *bus, struct input_keeper keeper)
{
	struct bus_keeper renumbered = {bus, keeper};

	if (bus->entry->type->save != NULL)
		bus->entry->type->save(
			bus->input, (struct input_keeper){bus_keep, &renumbered, keeper.anew});
}

bool bus_restore(struct bus *bus, uint32_t point, const void *bytes, size_t len)
{
	return bus->entry->type->restore != NULL &&
	       bus->entry->type->restore(bus->input, point - bus->first_point, bytes, len);
}

int bus_write(struct bus *bus, uint32_t point, struct value value, write_done *done, void *arg,
	      struct error *err)
{
	if (bus->entry->type->write == NULL)
		return error_set(err, ENOTSUP, "bus '%s' takes no writes", bus_name(bus));
	return bus->entry->type->write(bus->input, point - bus->first_point, value, done, arg,
				       err);
}
