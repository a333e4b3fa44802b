/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the layouts of hwmon, thermal zones, IIO and 1-wire below /sys. */
#include "inputs/sysfs_place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "inputs/sysfs_find.h"

enum { CHANNEL_ROOM = 208, FILE_ROOM = 224 };

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

/* Whether the folder has CHANNEL_PART. */
static bool channel_has(const char *directory, const char *channel, const char *part)
{
	char path[SYSFS_PATH_ROOM];

	return (size_t)snprintf(path, sizeof(path), "%s/%s_%s", directory, channel, part) <
		       sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* ---- hwmon ------------------------------------------------------------------------------- */

/* How many channels have a label file that says label; the last one of them in ret. */
static size_t hwmon_channels(const char *directory, const char *label, char ret[CHANNEL_ROOM],
			     struct str *names)
{
	char text[SYSFS_TEXT_ROOM];
	struct dirent *entry;
	DIR *dir = opendir(directory);
	size_t found = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *end = strstr(entry->d_name, "_label");

		if (end == NULL || end[strlen("_label")] != '\0' ||
		    end - entry->d_name >= CHANNEL_ROOM ||
		    sysfs_text(directory, entry->d_name, text) != 0 || strcmp(text, label) != 0)
			continue;
		*end = '\0';
		strcpy(ret, entry->d_name);
		if (names != NULL)
			str_addf(names, "%s %s", found > 0 ? "," : "", ret);
		found++;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool hwmon_fits(const char *directory, const struct sysfs_place *place)
{
	char channel[CHANNEL_ROOM];

	if (place->label != NULL)
		return hwmon_channels(directory, place->label, channel, NULL) > 0;
	return channel_has(directory, place->channel, "input");
}

/* The chip says itself that what it measures is worth nothing: an open sensor, a fan that is
 * not there. */
static bool hwmon_fault(const char *directory, const char *channel)
{
	char text[SYSFS_TEXT_ROOM], file[FILE_ROOM];

	snprintf(file, sizeof(file), "%s_fault", channel);
	return sysfs_text(directory, file, text) == 0 && strcmp(text, "1") == 0;
}

static enum bad_reason hwmon_read(const char *root, const struct sysfs_place *place,
				  double *ret, struct str *why)
{
	static const struct sysfs_layout layout = {"chip", "class/hwmon", "hwmon",
						   "name", true,	  hwmon_fits};
	static const struct unit_part units[] = {
		{"temp", 1e3},	{"in", 1e3},	 {"curr", 1e3},
		{"power", 1e6}, {"energy", 1e6}, {"humidity", 1e3},
	};
	char directory[SYSFS_PATH_ROOM], channel[CHANNEL_ROOM], file[FILE_ROOM], room[160];
	struct str names;
	enum bad_reason reason;

	if (!sysfs_find(root, &layout, place, directory, why))
		return BAD_OFFLINE;
	str_init_fixed(&names, room, sizeof(room));
	if (place->label != NULL &&
	    hwmon_channels(directory, place->label, channel, &names) != 1) {
		str_addf(why, "several channels have the label '%s', choose with 'channel':%s",
			 place->label, room);
		return BAD_OFFLINE;
	}
	if (place->label == NULL)
		snprintf(channel, sizeof(channel), "%s", place->channel);
	if (hwmon_fault(directory, channel)) {
		str_addf(why, "%s/%s_fault says that the sensor is at fault", directory,
			 channel);
		return BAD_OFFLINE;
	}
	snprintf(file, sizeof(file), "%s_input", channel);
	reason = sysfs_number(directory, file, ret, why);
	*ret /= parts_of(units, ARRAY_SIZE(units), file);
	return reason;
}

/* ---- thermal zones ----------------------------------------------------------------------- */

static enum bad_reason thermal_read(const char *root, const struct sysfs_place *place,
				    double *ret, struct str *why)
{
	static const struct sysfs_layout layout = {
		"thermal zone", "class/thermal", "thermal_zone", "type", false, NULL};
	char directory[SYSFS_PATH_ROOM];
	enum bad_reason reason;

	if (!sysfs_find(root, &layout, place, directory, why))
		return BAD_OFFLINE;
	reason = sysfs_number(directory, "temp", ret, why);
	*ret /= 1e3;
	return reason;
}

/* ---- IIO --------------------------------------------------------------------------------- */

static bool iio_fits(const char *directory, const struct sysfs_place *place)
{
	return channel_has(directory, place->channel, "input") ||
	       channel_has(directory, place->channel, "raw");
}

/* Without the numbers: those of a kind share a file. */
static void iio_kind(const char *channel, char ret[FILE_ROOM])
{
	size_t at = 0;

	for (; *channel != '\0' && at < FILE_ROOM - 1; channel++)
		if (!isdigit((unsigned char)*channel))
			ret[at++] = *channel;
	ret[at] = '\0';
}

/* The direction and what is measured: "in_accel" of "in_accel_x". */
static void iio_type(const char *kind, char ret[FILE_ROOM])
{
	size_t direction = strcspn(kind, "_");
	size_t len = direction + (kind[direction] != '\0');

	len += strcspn(kind + len, "_");
	snprintf(ret, FILE_ROOM, "%.*s", (int)len, kind);
}

/*
 * A part of the channel: of its own, such as in_voltage0_scale; of its kind, in_voltage_scale;
 * of all that is measured so, in_accel_scale for in_accel_x; or of all inputs
 * (drivers/iio/industrialio-core.c). *ret stays as it is without one.
 */
static enum bad_reason iio_part(const char *directory, const char *channel, const char *part,
				double *ret, struct str *why)
{
	char kind[FILE_ROOM], type[FILE_ROOM], file[FILE_ROOM + 16];
	const char *const owners[] = {channel, kind, type, "in"};

	iio_kind(channel, kind);
	iio_type(kind, type);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		if (!channel_has(directory, owners[i], part))
			continue;
		snprintf(file, sizeof(file), "%s_%s", owners[i], part);
		return sysfs_number(directory, file, ret, why);
	}
	return BAD_NONE;
}

static enum bad_reason iio_raw(const char *directory, const char *channel, double *ret,
			       struct str *why)
{
	double offset = 0, scale = 1;
	char file[FILE_ROOM];
	enum bad_reason reason;

	snprintf(file, sizeof(file), "%s_raw", channel);
	reason = sysfs_number(directory, file, ret, why);
	if (reason == BAD_NONE)
		reason = iio_part(directory, channel, "offset", &offset, why);
	if (reason == BAD_NONE)
		reason = iio_part(directory, channel, "scale", &scale, why);
	*ret = (*ret + offset) * scale;
	return reason;
}

static enum bad_reason iio_read(const char *root, const struct sysfs_place *place, double *ret,
				struct str *why)
{
	static const struct sysfs_layout layout = {
		"IIO device", "bus/iio/devices", "iio:device", "name", true, iio_fits};
	static const struct unit_part units[] = {
		{"in_voltage", 1e3},	      {"in_current", 1e3}, {"in_temp", 1e3},
		{"in_humidityrelative", 1e3}, {"in_power", 1e3},
	};
	char directory[SYSFS_PATH_ROOM], file[FILE_ROOM];
	enum bad_reason reason;

	if (!sysfs_find(root, &layout, place, directory, why))
		return BAD_OFFLINE;
	snprintf(file, sizeof(file), "%s_input", place->channel);
	reason = channel_has(directory, place->channel, "input")
			 ? sysfs_number(directory, file, ret, why)
			 : iio_raw(directory, place->channel, ret, why);
	*ret /= parts_of(units, ARRAY_SIZE(units), place->channel);
	return reason;
}

/* ---- 1-wire ------------------------------------------------------------------------------ */

/* "... : crc=4b YES" on the first line, "t=23125" on the second. */
static enum bad_reason w1_slave(char *text, double *ret, struct str *why)
{
	char *line = strchr(text, '\n');
	const char *value = line != NULL ? strstr(line + 1, "t=") : NULL;

	if (line != NULL)
		*line = '\0';
	if (line != NULL && strstr(text, "YES") == NULL) {
		str_adds(why, "the checksum is wrong");
		return BAD_CRC;
	}
	if (value != NULL && str_to_number(value + 2, ret) == 0)
		return BAD_NONE;
	str_adds(why, "w1_slave does not say a temperature");
	return BAD_PARSE;
}

static enum bad_reason w1_read(const char *root, const struct sysfs_place *place, double *ret,
			       struct str *why)
{
	char directory[SYSFS_PATH_ROOM], text[SYSFS_TEXT_ROOM];
	enum bad_reason reason;
	int rc;

	if ((size_t)snprintf(directory, sizeof(directory), "%s/bus/w1/devices/%s", root,
			     place->name) >= sizeof(directory)) {
		str_adds(why, "the path of the root is too long");
		return BAD_OFFLINE;
	}
	/* The first tells a wrong checksum, the second exists since Linux 5.8 and does not. */
	rc = sysfs_text(directory, "w1_slave", text);
	reason = rc == 0 ? w1_slave(text, ret, why)
			 : sysfs_number(directory, "temperature", ret, why);
	*ret /= 1e3;
	return reason;
}

/* ---- any file ---------------------------------------------------------------------------- */

static enum bad_reason plain_read(const char *root, const struct sysfs_place *place,
				  double *ret, struct str *why)
{
	return sysfs_number(root, place->name, ret, why);
}

enum bad_reason sysfs_place_read(const char *root, const struct sysfs_place *place, double *ret,
				 struct str *why)
{
	static enum bad_reason (*const readers[])(const char *, const struct sysfs_place *,
						  double *, struct str *) = {
		[SYSFS_HWMON] = hwmon_read, [SYSFS_THERMAL] = thermal_read,
		[SYSFS_IIO] = iio_read,	    [SYSFS_W1] = w1_read,
		[SYSFS_FILE] = plain_read,
	};
	double number = 0;
	enum bad_reason reason = readers[place->kind](root, place, &number, why);

	if (reason == BAD_NONE)
		*ret = number;
	return reason;
}
