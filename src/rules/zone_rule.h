/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The rule by which a zone's offset changes every year, as the texts of TZ and the footers of
 * zone files have it: "CET-1CEST,M3.5.0,M10.5.0/3". Pure.
 *
 * POSIX.1-2024, Base Definitions 8.3 (TZ, second form), and RFC 9636 section 3.3.1, which lets
 * the hours of a change run from -167 to 167. A zone with a summer time but no dates changes as
 * the United States do since 2007 (",M3.2.0,M11.1.0"), as everywhere else (tzcode, glibc,
 * musl).
 */
#ifndef GAUGED_RULES_ZONE_RULE_H
#define GAUGED_RULES_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { ZONE_RULE_MAX_BYTES = 255 };

/* No further change. */
#define ZONE_NEVER INT64_MAX

enum zone_day_kind {
	ZONE_DAY_JULIAN,  /* J1..J365: February 29 never counts */
	ZONE_DAY_ORDINAL, /* 0..365: it does */
	ZONE_DAY_MONTH	  /* Mm.w.d */
};

struct zone_day {
	enum zone_day_kind kind;
	int number;	 /* JULIAN, ORDINAL */
	int month, week; /* 1..12; 1..5, 5 is the last */
	int weekday;	 /* 0 is Sunday, as in the text */
	int32_t seconds; /* of the clock that is in force until then; may be < 0 */
};

struct zone_rule {
	int32_t standard;      /* seconds to add to UTC */
	bool changes;	       /* false: the same all year, what follows means nothing */
	int32_t summer;	       /* may be less than standard (Ireland's winter) */
	struct zone_day begin; /* of summer */
	struct zone_day end;
};

/* All of text has to be the rule; -EINVAL and why otherwise, *ret untouched. */
int zone_rule_parse(const char *text, size_t len, struct zone_rule *ret, struct error *err);

/*
 * Seconds to add to UTC at utc (seconds since 1970), and the next instant at which they are
 * others, or ZONE_NEVER. The offset beyond +-CIVIL_MAX_S is the one at that bound.
 */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t utc, int64_t *ret_next);

#endif
