/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Files and folders of a tree such as /sys: reads the one, and finds the other by what a file
 * in them says, for their numbers are the kernel's to give, and others after the next boot.
 * Where several say the same, none is taken for another: it has to be told which is meant.
 */
#ifndef GAUGED_INPUTS_SYSFS_FIND_H
#define GAUGED_INPUTS_SYSFS_FIND_H

#include <stdbool.h>

#include "inputs/sysfs_place.h"

enum { SYSFS_PATH_ROOM = 512, SYSFS_TEXT_ROOM = 512 };

struct str;

/* Where folders of a kind stand. */
struct sysfs_layout {
	const char *what;   /* for people: "chip" */
	const char *under;  /* the root: "class/hwmon" */
	const char *prefix; /* of its folders: "hwmon", and a number */
	const char *file;   /* says the name */
	bool has_device;    /* whose name says more than the number */
	/* Whether the folder has what the place asks for beside the name; NULL: all have. */
	bool (*fits)(const char *directory, const struct sysfs_place *place);
};

/* The text of a file without the white space at its end. 0, or a negative errno. */
int sysfs_text(const char *directory, const char *name, char ret[SYSFS_TEXT_ROOM]);
/* BAD_NONE and *ret; BAD_OFFLINE, BAD_PARSE: why is added. */
enum bad_reason sysfs_number(const char *directory, const char *name, double *ret,
			     struct str *why);
/* The one folder that is meant; false: there is none, or several, and why is added. */
bool sysfs_find(const char *root, const struct sysfs_layout *layout,
		const struct sysfs_place *place, char ret[SYSFS_PATH_ROOM], struct str *why);

#endif
