/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of TZif (RFC 9636 section 3) and the offsets of a zone. */
#include "rules/zone.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

struct zone {
	const char *name;
	int32_t first; /* before the first change */
	bool has_rule; /* from the last change on */
	struct zone_rule rule;
	size_t count;
	const int64_t *at;	/* ascending */
	const int32_t *offsets; /* from at[i] on */
};

enum {
	TZIF_HEADER = 44,
	TZIF_VERSION_AT = 4,
	TZIF_COUNTS_AT = 20,
	TZIF_TYPE = 6,
	TZIF_TYPES_MAX = 256,
	TZIF_NAMES_MAX = 2048,
	TZIF_TIME_1 = 4, /* bytes of a time in the block of version 1, and in the other */
	TZIF_TIME_2 = 8,
};

struct tzif {
	const unsigned char *at;
	size_t left;
	const char *name;
	struct error *err;
	/* from the header, in its order */
	uint32_t isut_count, isstd_count, leap_count, time_count, type_count, char_count;
};

static int tzif_fail(const struct tzif *tzif, const char *why)
{
	return error_set(tzif->err, EINVAL, "the zone file '%s' is damaged: %s", tzif->name,
			 why);
}

static uint32_t read_32(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t read_time(const unsigned char *b, size_t width)
{
	if (width == TZIF_TIME_1)
		return (int32_t)read_32(b);
	return (int64_t)((uint64_t)read_32(b) << 32 | read_32(b + 4));
}

static void tzif_skip(struct tzif *tzif, size_t bytes)
{
	tzif->at += bytes;
	tzif->left -= bytes;
}

static int tzif_header(struct tzif *tzif, char *ret_version)
{
	uint32_t *const counts[] = {&tzif->isut_count, &tzif->isstd_count, &tzif->leap_count,
				    &tzif->time_count, &tzif->type_count,  &tzif->char_count};

	if (tzif->left < TZIF_HEADER)
		return tzif_fail(tzif, "it is cut off in a header");
	if (memcmp(tzif->at, "TZif", 4) != 0)
		return tzif_fail(tzif, "it does not begin with TZif");
	*ret_version = (char)tzif->at[TZIF_VERSION_AT];
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i] = read_32(tzif->at + TZIF_COUNTS_AT + 4 * i);
	tzif_skip(tzif, TZIF_HEADER);
	return 0;
}

static uint64_t tzif_block(const struct tzif *tzif, size_t width)
{
	return (uint64_t)tzif->time_count * (width + 1) +
	       (uint64_t)tzif->type_count * TZIF_TYPE + tzif->char_count +
	       (uint64_t)tzif->leap_count * (width + 4) + tzif->isstd_count + tzif->isut_count;
}

static int tzif_judge(const struct tzif *tzif)
{
	if (tzif->leap_count > 0)
		return error_set(tzif->err, EINVAL,
				 "the zone file '%s' counts leap seconds, which the clock of "
				 "the system does not: expected one without",
				 tzif->name);
	if (tzif->time_count > ZONE_MAX_CHANGES)
		return tzif_fail(tzif, "it has more than 2000 changes");
	if (tzif->type_count == 0 || tzif->type_count > TZIF_TYPES_MAX)
		return tzif_fail(tzif, "it has not 1 to 256 types of local time");
	if (tzif->char_count == 0 || tzif->char_count > TZIF_NAMES_MAX)
		return tzif_fail(tzif, "its names have not 1 to 2048 bytes");
	if ((tzif->isut_count != 0 && tzif->isut_count != tzif->type_count) ||
	    (tzif->isstd_count != 0 && tzif->isstd_count != tzif->type_count))
		return tzif_fail(tzif, "its counts contradict each other");
	return 0;
}

static int tzif_types(const struct tzif *tzif, const unsigned char *types, int32_t *ret)
{
	const unsigned char *names = types + (size_t)tzif->type_count * TZIF_TYPE;

	if (names[tzif->char_count - 1] != '\0')
		return tzif_fail(tzif, "its names do not end");
	for (size_t i = 0; i < tzif->type_count; i++) {
		const unsigned char *type = types + i * TZIF_TYPE;

		ret[i] = (int32_t)read_32(type);
		if (ret[i] < ZONE_OFFSET_MIN || ret[i] > ZONE_OFFSET_MAX)
			return tzif_fail(tzif, "an offset is more than a day");
		if (type[4] > 1 || type[5] >= tzif->char_count)
			return tzif_fail(tzif, "a type of local time makes no sense");
	}
	return 0;
}

static int tzif_changes(struct arena *arena, const struct tzif *tzif, size_t width,
			struct zone *zone)
{
	const unsigned char *which = tzif->at + tzif->time_count * width;
	int32_t types[TZIF_TYPES_MAX], *offsets;
	int64_t *at;
	int rc = tzif_types(tzif, which + tzif->time_count, types);

	if (rc < 0)
		return rc;
	at = arena_take(arena, tzif->time_count, sizeof(*at));
	offsets = arena_take(arena, tzif->time_count, sizeof(*offsets));
	for (size_t i = 0; i < tzif->time_count; i++) {
		at[i] = read_time(tzif->at + i * width, width);
		if (i > 0 && at[i] <= at[i - 1])
			return tzif_fail(tzif, "its changes are not in order");
		if (which[i] >= tzif->type_count)
			return tzif_fail(tzif, "a change leads to a type that is not there");
		offsets[i] = types[which[i]];
	}
	zone->first = types[0];
	zone->count = tzif->time_count;
	zone->at = at;
	zone->offsets = offsets;
	return 0;
}

static int tzif_footer(struct tzif *tzif, struct zone *zone)
{
	const char *text = (const char *)tzif->at + 1;
	const char *end;
	int rc;

	if (tzif->left < 2 || tzif->at[0] != '\n')
		return tzif_fail(tzif, "its footer is missing");
	end = memchr(text, '\n', tzif->left - 1);
	if (end == NULL)
		return tzif_fail(tzif, "its footer does not end");
	if (end == text)
		return 0;
	rc = zone_rule_parse(text, (size_t)(end - text), &zone->rule, tzif->err);
	if (rc == 0)
		zone->has_rule = true;
	return rc;
}

static int tzif_read(struct arena *arena, struct tzif *tzif, struct zone *zone)
{
	size_t width = TZIF_TIME_1;
	char version;
	int rc = tzif_header(tzif, &version);

	if (rc == 0 && version >= '2') {
		/* Version 1's times end in 2038; what follows has them all. */
		if (tzif_block(tzif, width) > tzif->left)
			return tzif_fail(tzif, "it is cut off");
		tzif_skip(tzif, (size_t)tzif_block(tzif, width));
		width = TZIF_TIME_2;
		rc = tzif_header(tzif, &version);
	}
	if (rc == 0)
		rc = tzif_judge(tzif);
	if (rc < 0)
		return rc;
	if (tzif_block(tzif, width) > tzif->left)
		return tzif_fail(tzif, "it is cut off");
	rc = tzif_changes(arena, tzif, width, zone);
	if (rc < 0 || width == TZIF_TIME_1)
		return rc;
	tzif_skip(tzif, (size_t)tzif_block(tzif, width));
	return tzif_footer(tzif, zone);
}

const struct zone *zone_parse(struct arena *arena, const char *name, const void *bytes,
			      size_t len, struct error *err)
{
	struct tzif tzif = {.at = bytes, .left = len, .name = name, .err = err};
	struct zone *zone = arena_take(arena, 1, sizeof(*zone));

	if (len > ZONE_MAX_BYTES) {
		error_set(err, EINVAL, "the zone file '%s' has %zu bytes, expected at most %d",
			  name, len, ZONE_MAX_BYTES);
		return NULL;
	}
	if (tzif_read(arena, &tzif, zone) < 0)
		return NULL;
	zone->name = arena_text(arena, name, strlen(name));
	return zone;
}

const struct zone *zone_from_rule(struct arena *arena, const char *text, struct error *err)
{
	struct zone *zone = arena_take(arena, 1, sizeof(*zone));

	if (zone_rule_parse(text, strlen(text), &zone->rule, err) < 0)
		return NULL;
	zone->has_rule = true;
	zone->name = arena_text(arena, text, strlen(text));
	return zone;
}

const struct zone *zone_utc(void)
{
	static const struct zone utc = {.name = "UTC"};

	return &utc;
}

const char *zone_name(const struct zone *zone)
{
	return zone->name;
}

/* How many changes there are at or before utc. */
static size_t zone_passed(const struct zone *zone, int64_t utc)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->at[middle] <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t zone_offset(const struct zone *zone, int64_t utc, int64_t *ret_next)
{
	size_t i = zone_passed(zone, utc);
	int32_t offset = i > 0 ? zone->offsets[i - 1] : zone->first, then;

	if (i == zone->count && zone->has_rule)
		return zone_rule_offset(&zone->rule, utc, ret_next);
	*ret_next = ZONE_NEVER;
	/* Changes of the name alone are none here. */
	for (; i < zone->count; i++) {
		int64_t later = ZONE_NEVER;

		then = zone->offsets[i];
		if (i + 1 == zone->count && zone->has_rule)
			then = zone_rule_offset(&zone->rule, zone->at[i], &later);
		*ret_next = then != offset ? zone->at[i] : later;
		if (then != offset)
			break;
	}
	return offset;
}

void zone_local(const struct zone *zone, int64_t utc, struct civil *ret)
{
	int64_t next;

	civil_from(utc + zone_offset(zone, utc, &next), ret);
}
