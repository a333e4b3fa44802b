/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the layouts of hwmon, thermal zones, IIO and 1-wire below /sys. */
#include "inputs/sysfs_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"

enum { PATH_ROOM = 512, TEXT_ROOM = 512 };

/* ---- files ------------------------------------------------------------------------------- */

/* The text of a file without the white space at its end; false: there is none such. */
static bool file_text(const char *directory, const char *name, char ret[TEXT_ROOM])
{
	char path[PATH_ROOM];
	int len = snprintf(path, sizeof(path), "%s/%s", directory, name), fd;
	ssize_t n;

	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	n = read(fd, ret, TEXT_ROOM - 1);
	close(fd);
	if (n < 0)
		return false;
	while (n > 0 && strchr(" \t\r\n", ret[n - 1]) != NULL)
		n--;
	ret[n] = '\0';
	return true;
}

static enum bad_reason file_number(const char *directory, const char *name, double *ret)
{
	char text[TEXT_ROOM];

	if (!file_text(directory, name, text))
		return BAD_OFFLINE;
	return str_to_number(text, ret) == 0 && isfinite(*ret) ? BAD_NONE : BAD_PARSE;
}

/* ---- directories ------------------------------------------------------------------------- */

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

/*
 * Of the directories PREFIXn below root/under the one with the lowest number in which file
 * says name. Numbers are the kernel's to give, and others after the next boot.
 */
static bool find_directory(const char *root, const char *under, const char *prefix,
			   const char *file, const char *name, char ret[PATH_ROOM])
{
	char base[PATH_ROOM], directory[PATH_ROOM], text[TEXT_ROOM];
	long best = -1;
	struct dirent *entry;
	DIR *dir;

	if ((size_t)snprintf(base, sizeof(base), "%s/%s", root, under) >= sizeof(base))
		return false;
	dir = opendir(base);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		long number = entry_number(entry->d_name, prefix);

		if (number < 0 || (best >= 0 && number > best) ||
		    (size_t)snprintf(directory, sizeof(directory), "%s/%s%ld", base, prefix,
				     number) >= sizeof(directory))
			continue;
		if (file_text(directory, file, text) && strcmp(text, name) == 0) {
			best = number;
			memcpy(ret, directory, sizeof(directory));
		}
	}
	if (dir != NULL)
		closedir(dir);
	return best >= 0;
}

/* ---- kinds ------------------------------------------------------------------------------- */

struct unit_part {
	const char *prefix; /* of the channel */
	double parts;	    /* of the unit: the kernel counts in thousandths */
};

static double parts_of(const struct unit_part *units, size_t count, const char *channel)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(channel, units[i].prefix, strlen(units[i].prefix)) == 0)
			return units[i].parts;
	return 1;
}

/* The channel whose label file says label. */
static bool hwmon_channel(const char *directory, const char *label, char ret[64])
{
	char text[TEXT_ROOM];
	struct dirent *entry;
	DIR *dir = opendir(directory);
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		char *end = strstr(entry->d_name, "_label");

		if (end == NULL || end[strlen("_label")] != '\0' || end - entry->d_name >= 64)
			continue;
		found = file_text(directory, entry->d_name, text) && strcmp(text, label) == 0;
		*end = '\0';
		if (found)
			strcpy(ret, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static enum bad_reason hwmon_read(const char *root, const struct sysfs_place *place,
				  double *ret)
{
	static const struct unit_part units[] = {
		{"temp", 1e3},	{"in", 1e3},	 {"curr", 1e3},
		{"power", 1e6}, {"energy", 1e6}, {"humidity", 1e3},
	};
	char directory[PATH_ROOM], channel[64], file[80];
	enum bad_reason reason;

	if (!find_directory(root, "class/hwmon", "hwmon", "name", place->name, directory))
		return BAD_OFFLINE;
	if (place->label != NULL && !hwmon_channel(directory, place->label, channel))
		return BAD_OFFLINE;
	snprintf(file, sizeof(file), "%s_input",
		 place->label != NULL ? channel : place->channel);
	reason = file_number(directory, file, ret);
	*ret /= parts_of(units, ARRAY_SIZE(units), file);
	return reason;
}

static enum bad_reason thermal_read(const char *root, const struct sysfs_place *place,
				    double *ret)
{
	char directory[PATH_ROOM];
	enum bad_reason reason;

	if (!find_directory(root, "class/thermal", "thermal_zone", "type", place->name,
			    directory))
		return BAD_OFFLINE;
	reason = file_number(directory, "temp", ret);
	*ret /= 1e3;
	return reason;
}

/* One of its own, such as in_voltage0_scale, or that of its kind, in_voltage_scale. */
static double iio_part(const char *directory, const char *channel, const char *part,
		       double otherwise)
{
	char file[96];
	double number;

	snprintf(file, sizeof(file), "%s_%s", channel, part);
	if (file_number(directory, file, &number) == BAD_NONE)
		return number;
	snprintf(file, sizeof(file), "%.*s_%s", (int)strcspn(channel, "0123456789"), channel,
		 part);
	return file_number(directory, file, &number) == BAD_NONE ? number : otherwise;
}

static enum bad_reason iio_read(const char *root, const struct sysfs_place *place, double *ret)
{
	static const struct unit_part units[] = {
		{"in_voltage", 1e3},	      {"in_current", 1e3}, {"in_temp", 1e3},
		{"in_humidityrelative", 1e3}, {"in_power", 1e3},
	};
	char directory[PATH_ROOM], file[96];
	enum bad_reason reason;

	if (!find_directory(root, "bus/iio/devices", "iio:device", "name", place->name,
			    directory))
		return BAD_OFFLINE;
	snprintf(file, sizeof(file), "%s_input", place->channel);
	reason = file_number(directory, file, ret);
	if (reason == BAD_OFFLINE) {
		snprintf(file, sizeof(file), "%s_raw", place->channel);
		reason = file_number(directory, file, ret);
		*ret += iio_part(directory, place->channel, "offset", 0);
		*ret *= iio_part(directory, place->channel, "scale", 1);
	}
	*ret /= parts_of(units, ARRAY_SIZE(units), place->channel);
	return reason;
}

/* "... : crc=4b YES" on the first line, "t=23125" on the second. */
static enum bad_reason w1_slave(const char *directory, double *ret)
{
	char text[TEXT_ROOM];
	const char *value;
	char *line;

	if (!file_text(directory, "w1_slave", text))
		return BAD_OFFLINE;
	line = strchr(text, '\n');
	if (line == NULL)
		return BAD_PARSE;
	*line = '\0';
	if (strstr(text, "YES") == NULL)
		return BAD_CRC;
	value = strstr(line + 1, "t=");
	return value != NULL && str_to_number(value + 2, ret) == 0 ? BAD_NONE : BAD_PARSE;
}

static enum bad_reason w1_read(const char *root, const struct sysfs_place *place, double *ret)
{
	char directory[PATH_ROOM];
	enum bad_reason reason;

	if ((size_t)snprintf(directory, sizeof(directory), "%s/bus/w1/devices/%s", root,
			     place->name) >= sizeof(directory))
		return BAD_OFFLINE;
	/* The first tells a wrong checksum, the second exists since Linux 5.8 and does not. */
	reason = w1_slave(directory, ret);
	if (reason == BAD_OFFLINE)
		reason = file_number(directory, "temperature", ret);
	*ret /= 1e3;
	return reason;
}

static enum bad_reason plain_read(const char *root, const struct sysfs_place *place,
				  double *ret)
{
	return file_number(root, place->name, ret);
}

enum bad_reason sysfs_place_read(const char *root, const struct sysfs_place *place, double *ret)
{
	static enum bad_reason (*const readers[])(const char *, const struct sysfs_place *,
						  double *) = {
		[SYSFS_HWMON] = hwmon_read, [SYSFS_THERMAL] = thermal_read,
		[SYSFS_IIO] = iio_read,	    [SYSFS_W1] = w1_read,
		[SYSFS_FILE] = plain_read,
	};
	double number = 0;
	enum bad_reason reason = readers[place->kind](root, place, &number);

	if (reason == BAD_NONE)
		*ret = number;
	return reason;
}
