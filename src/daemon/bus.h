/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One open bus of the daemon: an input, the configuration that it was opened with, and the
 * map from its local points to the numbers of the configuration in force. A reload that does
 * not touch the bus only renews the map.
 */
#ifndef GAUGED_DAEMON_BUS_H
#define GAUGED_DAEMON_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inputs/input.h"

struct bus;
struct config;
struct config_bus;
struct loop;

/*
 * NULL + err when the driver says it can never work here. Holds a reference to config. before:
 * the open bus of the same name and driver that this one takes the place of, or NULL.
 */
struct bus *bus_open(struct config *config, const struct config_bus *entry, struct loop *loop,
		     struct input_sink sink, const struct bus *before, struct error *err);
/* bus was opened for a reload that goes through, and before is closed by it: see adopt() there.
 */
void bus_adopt(struct bus *bus, struct bus *before);
void bus_close(struct bus *bus);

const char *bus_name(const struct bus *bus);
const char *bus_type(const struct bus *bus);
size_t bus_device_count(const struct bus *bus);
const char *bus_device_name(const struct bus *bus, size_t i);
/* The bus and its devices; ret_devices has bus_device_count() entries. */
void bus_report(const struct bus *bus, struct report *ret_bus, struct report *ret_devices);
/* Readings that came up from the bus, and how many of them were bad. */
void bus_readings(const struct bus *bus, uint64_t *ret_all, uint64_t *ret_bad);
/* Whether entry (of a new configuration) says the same as what the bus was opened with. */
bool bus_unchanged(const struct bus *bus, const struct config_bus *entry);
/* From now on readings carry the numbers of entry. */
void bus_renumber(struct bus *bus, const struct config_bus *entry);
/* point is a number of the configuration in force. */
bool bus_owns(const struct bus *bus, uint32_t point);
/*
 * What has to outlive the program of points, see struct input_type; point as above, and owned
 * by the bus.
 */
void bus_save(struct bus *bus, struct input_keeper keeper);
bool bus_restore(struct bus *bus, uint32_t point, const void *bytes, size_t len);
int bus_write(struct bus *bus, uint32_t point, struct value value, write_done *done, void *arg,
	      struct error *err);

#endif
