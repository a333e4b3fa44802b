/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the files and folders below /sys. */
#include "inputs/sysfs_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* Of one name: more are not listed, nor needed to know that there are several. */
enum { NUMBERS_MAX = 16 };

/* ---- files ------------------------------------------------------------------------------- */

int sysfs_text(const char *directory, const char *name, char ret[SYSFS_TEXT_ROOM])
{
	char path[SYSFS_PATH_ROOM];
	int len = snprintf(path, sizeof(path), "%s/%s", directory, name), fd, rc;
	ssize_t n;

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = read(fd, ret, SYSFS_TEXT_ROOM - 1);
	rc = n < 0 ? -errno : 0;
	close(fd);
	if (rc != 0)
		return rc;
	while (n > 0 && strchr(" \t\r\n", ret[n - 1]) != NULL)
		n--;
	ret[n] = '\0';
	return 0;
}

enum bad_reason sysfs_number(const char *directory, const char *name, double *ret,
			     struct str *why)
{
	char text[SYSFS_TEXT_ROOM];
	int rc = sysfs_text(directory, name, text);

	if (rc != 0) {
		str_addf(why, "cannot read %s/%s: %s", directory, name, strerrordesc_np(-rc));
		return BAD_OFFLINE;
	}
	if (str_to_number(text, ret) == 0 && isfinite(*ret))
		return BAD_NONE;
	str_addf(why, "%s/%s does not say a number", directory, name);
	return BAD_PARSE;
}

/* ---- folders ----------------------------------------------------------------------------- */

/* "hwmon12" with the prefix "hwmon" is 12; -1: it is another name. */
static long entry_number(const char *entry, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;
	long number;

	if (strncmp(entry, prefix, len) != 0 || strspn(entry + len, "0123456789") == 0)
		return -1;
	number = strtol(entry + len, &end, 10);
	return *end == '\0' ? number : -1;
}

/* What follows the last '/' of path, which is cut off there; "" without one. */
static const char *path_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return "";
	*slash = '\0';
	return slash + 1;
}

/* The device that the folder is of: where its link leads to, or where it stands itself. */
static void folder_device(const char *directory, char ret[SYSFS_PATH_ROOM])
{
	char path[SYSFS_PATH_ROOM], link[SYSFS_PATH_ROOM];
	ssize_t n = -1;

	ret[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/device", directory) < sizeof(path))
		n = readlink(path, link, sizeof(link) - 1);
	if (n < 0) {
		n = readlink(directory, link, sizeof(link) - 1);
		if (n >= 0)
			link[n] = '\0';
		if (n < 0 || path_last(link)[0] == '\0')
			return;
	} else {
		link[n] = '\0';
	}
	strcpy(ret, path_last(link));
}

static int compare_numbers(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct finder {
	const struct sysfs_layout *layout;
	const struct sysfs_place *place;
	char base[SYSFS_PATH_ROOM];
	long numbers[NUMBERS_MAX];
	size_t named, count; /* that have the name; those that have all else as well */
};

static bool finder_path(const struct finder *finder, long number, char ret[SYSFS_PATH_ROOM])
{
	struct str path;

	str_init_fixed(&path, ret, SYSFS_PATH_ROOM);
	str_addf(&path, "%s/%s%ld", finder->base, finder->layout->prefix, number);
	return !path.cut;
}

static bool finder_wanted(const struct finder *finder, const char *directory)
{
	const char *device = finder->place->device;
	char own[SYSFS_PATH_ROOM], text[SYSFS_PATH_ROOM];

	if (device != NULL) {
		strcpy(own, directory);
		folder_device(directory, text);
		if (strcmp(path_last(own), device) != 0 && strcmp(text, device) != 0)
			return false;
	}
	return finder->layout->fits == NULL || finder->layout->fits(directory, finder->place);
}

static void finder_look(struct finder *finder, const char *name)
{
	long number = entry_number(name, finder->layout->prefix);
	char directory[SYSFS_PATH_ROOM], text[SYSFS_TEXT_ROOM];

	if (number < 0 || finder->count == NUMBERS_MAX ||
	    !finder_path(finder, number, directory) ||
	    sysfs_text(directory, finder->layout->file, text) != 0 ||
	    strcmp(text, finder->place->name) != 0)
		return;
	finder->named++;
	if (finder_wanted(finder, directory))
		finder->numbers[finder->count++] = number;
}

static void finder_none(const struct finder *finder, struct str *why)
{
	const struct sysfs_place *place = finder->place;

	str_addf(why, "there is no %s '%s'", finder->layout->what, place->name);
	if (finder->named == 0)
		return;
	if (place->device != NULL)
		str_addf(why, " of device '%s'", place->device);
	if (place->label != NULL)
		str_addf(why, " with a label '%s'", place->label);
	else if (place->channel != NULL)
		str_addf(why, " with a channel %s", place->channel);
}

static void finder_several(const struct finder *finder, struct str *why)
{
	char directory[SYSFS_PATH_ROOM], device[SYSFS_PATH_ROOM];

	str_addf(why, "there are %zu called '%s', choose with 'device':", finder->count,
		 finder->place->name);
	for (size_t i = 0; i < finder->count; i++) {
		str_addf(why, "%s %s%ld", i > 0 ? "," : "", finder->layout->prefix,
			 finder->numbers[i]);
		(void)finder_path(finder, finder->numbers[i], directory);
		folder_device(directory, device);
		if (finder->layout->has_device && device[0] != '\0')
			str_addf(why, " (%s)", device);
	}
}

bool sysfs_find(const char *root, const struct sysfs_layout *layout,
		const struct sysfs_place *place, char ret[SYSFS_PATH_ROOM], struct str *why)
{
	struct finder finder = {.layout = layout, .place = place};
	struct dirent *entry;
	DIR *dir;

	if ((size_t)snprintf(finder.base, sizeof(finder.base), "%s/%s", root, layout->under) >=
	    sizeof(finder.base)) {
		str_adds(why, "the path of the root is too long");
		return false;
	}
	dir = opendir(finder.base);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		finder_look(&finder, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	qsort(finder.numbers, finder.count, sizeof(finder.numbers[0]), compare_numbers);
	if (finder.count == 1)
		return finder_path(&finder, finder.numbers[0], ret);
	if (finder.count == 0)
		finder_none(&finder, why);
	else
		finder_several(&finder, why);
	return false;
}
