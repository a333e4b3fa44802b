/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A time zone: how far its clocks are from UTC at any instant. Read from the bytes of a zone
 * file, or from a rule as TZ has it; never changes afterwards. Pure: knows no file, no
 * environment, and nothing of the zone of the process.
 *
 * TZif versions 1 to 4 (RFC 9636, before it RFC 8536). Before the first change its local time
 * type 0 holds, from the last change on the footer's rule, without one the last type for ever.
 * Files that count leap seconds ("right/...") are refused: the system's clock does not.
 */
#ifndef GAUGED_RULES_ZONE_H
#define GAUGED_RULES_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "rules/civil.h"
#include "rules/zone_rule.h"

struct arena;
struct error;
struct zone;

/* Of a file; the largest of the tz database has 3.5 KB and 236 changes. */
enum { ZONE_MAX_BYTES = 128 * 1024, ZONE_MAX_CHANGES = 2000 };

/* What no offset is beyond, in seconds (RFC 9636 section 3.2). */
enum { ZONE_OFFSET_MIN = -89999, ZONE_OFFSET_MAX = 93599 };

/* A zone, in arena, whose name is copied; NULL after -EINVAL was told. */
const struct zone *zone_parse(struct arena *arena, const char *name, const void *bytes,
			      size_t len, struct error *err);
/* From a rule alone: "CET-1CEST,M3.5.0,M10.5.0/3" (zone_rule.h); the text is its name. */
const struct zone *zone_from_rule(struct arena *arena, const char *text, struct error *err);
/* "UTC": always there. */
const struct zone *zone_utc(void);

const char *zone_name(const struct zone *zone);

/*
 * Seconds to add to UTC at utc (whole seconds since 1970), and the first instant behind utc at
 * which they are others, or ZONE_NEVER. Any utc will do.
 */
int32_t zone_offset(const struct zone *zone, int64_t utc, int64_t *ret_next);
/* What the zone's clocks show at utc, which is within +-CIVIL_MAX_S less two days. */
void zone_local(const struct zone *zone, int64_t utc, struct civil *ret);

#endif
