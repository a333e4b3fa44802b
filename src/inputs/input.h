/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The seam between the daemon and whatever brings readings: a driver is a const table of a few
 * functions, listed in input.c. A driver never ends the daemon: it reports bad
 * readings, keeps trying, and says so in its report.
 */
#ifndef GAUGED_INPUTS_INPUT_H
#define GAUGED_INPUTS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/reading.h"
#include "model/report.h"
#include "model/value.h"

struct arena;
struct diags;
struct error;
struct input;	     /* a driver's own: one open bus */
struct input_config; /* a driver's own: one bus with its devices and points, immutable */
struct loop;
struct option_table;
struct plan_request;
struct point_table;
struct yaml_node;

/* One entry of 'devices:' that stands on the bus. */
struct input_device {
	const char *name;
	const struct yaml_node *node; /* its map; the key 'bus' is known and to be accepted */
};

/* What a driver is given to bind: the bus's map, its devices, and where its points go. */
struct input_source {
	const char *name; /* of the bus */
	const struct yaml_node *node;
	size_t device_count;
	const struct input_device *devices;
	/* what relative paths are relative to: the directory of the main configuration file */
	const char *directory;
};

/*
 * Where readings go; never called from inside open() or write(). point is the driver's local
 * number: the n-th point that its parse() added to the table has the local number n, from 0.
 * Called on the loop only; may not close the input.
 */
struct input_sink {
	void (*put)(void *arg, const struct reading *reading);
	void *arg;
};

/*
 * How a write ended. Called once for each accepted write, on the loop, perhaps at once. A write
 * is never repeated by a driver unless the device said that it was not carried out.
 */
enum write_outcome {
	WRITE_DONE,    /* the device confirmed it, and holds it, where reading back was asked */
	WRITE_REFUSED, /* the device said no, or it never left: nothing was changed */
	WRITE_UNKNOWN, /* sent, and no answer came: it may or may not have been carried out */
	WRITE_DIFFERS, /* the device confirmed it, and held another value when read back */
};
struct write_result {
	enum write_outcome outcome;
	const char *text; /* why, for people; "" when done. Borrowed for the call. */
	/* What was sent, after rounding; VALUE_NONE: what was asked for. Borrowed as well. */
	struct value value;
};
typedef void write_done(void *arg, const struct write_result *result);

/*
 * Where the state of points goes that has to outlive the program, such as totals: a few bytes
 * for a local point. The bytes are borrowed for the call.
 */
struct input_keeper {
	void (*keep)(void *arg, uint32_t point, const void *bytes, size_t len);
	void *arg;
	bool anew; /* what was told before is lost */
};

struct input_type {
	const char *key; /* the key in the bus's map that selects the driver: "modbus" */

	/*
	 * Binds the maps, adds every point to the table (in an order that depends on nothing
	 * but the maps) and returns the configuration, all in arena; opens nothing. NULL after
	 * errors were added. Runs on the configuration thread.
	 */
	struct input_config *(*parse)(struct arena *arena, const struct input_source *source,
				      struct point_table *points, struct diags *diags);
	/*
	 * Starts the bus. Everything that may be away at the moment (a device file, a host) is
	 * no error: the input reports it and retries. NULL + err only for what can never work
	 * on this system. config stays valid until close(). before: the open input of the same
	 * driver and the same bus's name that this one takes the place of, NULL if there is
	 * none; what it has learned of devices that stay the same may be taken over. It may
	 * still come otherwise: before is left as it is.
	 */
	struct input *(*open)(const struct input_config *config, struct loop *loop,
			      struct input_sink sink, const struct input *before,
			      struct error *err);
	/*
	 * A reload goes through: before, an open input of the same driver, is closed next, and
	 * what can be had only once may be taken out of it, such as lines that both have. Once
	 * for each such input, whatever the buses are called, before the loop turns. Points
	 * that go on have the same names. Totals come by restore(). NULL: there is nothing
	 * such.
	 */
	void (*adopt)(struct input *input, struct input *before);
	/*
	 * Writes value to the local point, ahead of all polls. 0: accepted, done will be called
	 * once; it may take the place of an earlier write of the point that was not sent yet,
	 * which is then done with WRITE_REFUSED. Negative errno and err: not accepted, done
	 * will not be called. NULL: the driver has nothing to write to.
	 */
	int (*write)(struct input *input, uint32_t point, struct value value, write_done *done,
		     void *arg, struct error *err);
	/* Fills *ret_bus, and ret_devices[i] for the i-th device of the source. */
	void (*report)(const struct input *input, struct report *ret_bus,
		       struct report *ret_devices);
	/*
	 * Describes the n-th request that the bus would repeat: see struct plan_request, of
	 * which possible_ns is not its to say. False behind the last. NULL: the driver only
	 * listens.
	 */
	bool (*plan)(const struct input_config *config, size_t n,
		     struct plan_request *ret_request);
	/*
	 * save tells each state that changed since it was told last, the first time and anew
	 * all that are not as after open; at any time between open and close. restore brings
	 * one back, whenever the store has it; what was counted since is added.
	 * False: these are no bytes of that point, it begins anew. Nothing in the bytes is
	 * trusted. Both NULL: the driver has no such state.
	 */
	void (*save)(struct input *input, struct input_keeper keeper);
	bool (*restore)(struct input *input, uint32_t point, const void *bytes, size_t len);
	/* Ends within this call; open writes are done with WRITE_UNKNOWN or WRITE_REFUSED. */
	void (*close)(struct input *input);

	/* What may stand in the maps of buses and devices, for the schema. */
	const struct option_table *bus_options, *device_options;
};

/* All drivers, ending in NULL. */
extern const struct input_type *const input_types[];

#endif
