/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Where a value stands in a tree such as /sys, and how it is read. Reading waits for the
 * hardware, a sensor on 1-wire for most of a second: it is not for the loop.
 */
#ifndef GAUGED_INPUTS_SYSFS_PLACE_H
#define GAUGED_INPUTS_SYSFS_PLACE_H

#include "model/reading.h"

struct str;

/* In the order of the names that select them. */
enum sysfs_kind { SYSFS_HWMON, SYSFS_THERMAL, SYSFS_IIO, SYSFS_W1, SYSFS_FILE };

/* Texts are borrowed. */
struct sysfs_place {
	enum sysfs_kind kind;
	const char *name;    /* of the chip, zone, device; the path of a file */
	const char *label;   /* HWMON: what a label file says, or NULL: */
	const char *channel; /* HWMON: "temp1"; IIO: "in_voltage0" */
	/* HWMON, THERMAL, IIO: of several of the name; "hwmon3" or "coretemp.0". NULL: any */
	const char *device;
};

/*
 * The value at place below root, in the unit that people use: degC, V, A, W, J, %, rpm;
 * what the kernel documents in thousandths or millionths is converted
 * (Documentation/hwmon/sysfs-interface, Documentation/ABI/testing/sysfs-bus-iio). BAD_NONE and
 * *ret; BAD_OFFLINE: it is not there, could not be read, or may be one of several; BAD_CRC;
 * BAD_PARSE. What is bad adds why, for people.
 */
enum bad_reason sysfs_place_read(const char *root, const struct sysfs_place *place, double *ret,
				 struct str *why);

#endif
