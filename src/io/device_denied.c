/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is said of a device that may not be opened. */
#include "io/device_denied.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

/*
 * The class of a device as DeviceAllow= has it, systemd.resource-control(5): the name without
 * its number, of the device that a link leads to. room: PATH_MAX bytes.
 */
static const char *device_class(const char *path, char *room)
{
	char *name, *end;

	if (realpath(path, room) == NULL)
		return NULL;
	name = strrchr(room, '/') + 1;
	end = name + strcspn(name, "0123456789");
	if (*end == '\0' || end == name)
		return NULL;
	*end = '\0';
	return name;
}

static int denied_by_unit(const char *path, int code, struct error *err)
{
	char room[PATH_MAX];
	const char *class = device_class(path, room);

	return error_errno(err, code,
			   "cannot open %s (hint: the unit needs DeviceAllow=%s%s rw, and a "
			   "restart if the driver came later)",
			   path, class != NULL ? "char-" : "", class != NULL ? class : path);
}

int device_denied(const char *path, int code, const char *group, struct error *err)
{
	char room[1024];
	struct group found, *owner = NULL;
	struct stat st;
	bool there;

	if (code == EPERM)
		return denied_by_unit(path, code, err);
	there = stat(path, &st) == 0;
	if (there && st.st_gid == 0 && (st.st_mode & S_IRWXO) == 0)
		return error_errno(
			err, code,
			"cannot open %s (hint: it is for root alone, a rule of udev has to "
			"give it to the group %s)",
			path, group);
	if (there && st.st_gid != 0)
		(void)getgrgid_r(st.st_gid, &found, room, sizeof(room), &owner);
	return error_errno(err, code,
			   "cannot open %s (hint: the user of gauged has to be in the group "
			   "that owns it, %s)",
			   path, owner != NULL ? owner->gr_name : group);
}
