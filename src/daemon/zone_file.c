/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns where the bytes of a time zone are found. */
#include "daemon/zone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "rules/zone.h"

static const char zone_local_path[] = "/etc/localtime";
static const char zone_folder[] = "/usr/share/zoneinfo";

/* -errno; *ret_bytes has one byte more than a zone may have, so that larger ones are seen. */
static ssize_t zone_file_bytes(struct arena *arena, const char *path, unsigned char **ret_bytes)
{
	/* O_NONBLOCK: a FIFO must not hold us until somebody writes. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	size_t len = 0, room = ZONE_MAX_BYTES + 1;
	unsigned char *bytes;
	struct stat st;
	ssize_t n;
	int rc;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	if (st.st_size < ZONE_MAX_BYTES)
		room = (size_t)st.st_size + 1;
	bytes = arena_take(arena, room, 1);
	do {
		n = read(fd, bytes + len, room - len);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < room) || (n < 0 && errno == EINTR));
	rc = -errno;
	close(fd);
	if (n < 0)
		return rc;
	*ret_bytes = bytes;
	return (ssize_t)len;
}

static const struct zone *zone_file_open(struct arena *arena, const char *name,
					 const char *path, int *ret_rc, struct error *err)
{
	unsigned char *bytes = NULL;
	ssize_t len = zone_file_bytes(arena, path, &bytes);

	*ret_rc = len < 0 ? (int)len : 0;
	if (len == -EINVAL)
		error_set(err, EINVAL, "%s is no regular file: expected a zone file", path);
	else if (len < 0)
		error_errno(err, (int)-len, "cannot read the zone file %s", path);
	return len < 0 ? NULL : zone_parse(arena, name, bytes, (size_t)len, err);
}

/* A name that stays below the folder it is looked for in. */
static bool zone_name_good(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strstr(name, "/.") == NULL &&
	       strstr(name, "//") == NULL && strlen(name) <= NAME_MAX;
}

static const struct zone *zone_file_named(struct arena *arena, const char *name,
					  struct error *err)
{
	const char *folder = getenv("TZDIR"), *path = name;
	const struct zone *zone = NULL;
	int rc = -ENOENT;

	if (strcmp(name, "UTC") == 0)
		return zone_utc();
	if (name[0] != '/')
		path = arena_printf(arena, "%s/%s",
				    folder != NULL && *folder != '\0' ? folder : zone_folder,
				    name);
	if (name[0] == '/' || zone_name_good(name))
		zone = zone_file_open(arena, name, path, &rc, err);
	if (zone != NULL || name[0] == '/' || (rc != -ENOENT && rc != -ENOTDIR))
		return zone;
	zone = zone_from_rule(arena, name, NULL);
	if (zone == NULL)
		error_set(err, ENOENT,
			  "there is no time zone '%s' (%s): expected a name such as "
			  "Europe/Berlin, UTC, or local; the zones come with the package "
			  "tzdata",
			  name, path);
	return zone;
}

/* "Europe/Berlin", where /etc/localtime is a link to it. */
static const char *zone_local_name(struct arena *arena)
{
	static const char mark[] = "zoneinfo/";
	char target[PATH_MAX];
	ssize_t len = readlink(zone_local_path, target, sizeof(target) - 1);
	const char *name;

	if (len <= 0)
		return zone_local_path;
	target[len] = '\0';
	name = strstr(target, mark);
	return name != NULL
		       ? arena_text(arena, name + strlen(mark), strlen(name) - strlen(mark))
		       : zone_local_path;
}

static const struct zone *zone_file_local(struct arena *arena, struct error *err)
{
	const char *given = getenv("TZ");
	const struct zone *zone;
	int rc;

	if (given != NULL && *given == ':')
		given++;
	if (given != NULL)
		return *given != '\0' ? zone_file_named(arena, given, err) : zone_utc();
	zone = zone_file_open(arena, zone_local_name(arena), zone_local_path, &rc, err);
	return zone == NULL && rc == -ENOENT ? zone_utc() : zone;
}

const struct zone *zone_file_read(struct arena *arena, const char *name, struct error *err)
{
	if (name == NULL || strcmp(name, "local") == 0)
		return zone_file_local(arena, err);
	return zone_file_named(arena, name, err);
}
