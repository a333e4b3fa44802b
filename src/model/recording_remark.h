/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What a recording (recording.h) says of itself, in comments of its own form: whoever only
 * wants the readings need not know them, and any other comment is no remark. Pure.
 *
 *   # started 2026-11-22T17:08:47.123456789Z     the wall time of second 0
 *   # gap 12.500000000 14.000000000              what was read in between is missing
 *   # end 60.000000000                           it was recorded up to here
 */
#ifndef GAUGED_MODEL_RECORDING_REMARK_H
#define GAUGED_MODEL_RECORDING_REMARK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct str;

enum remark_kind { REMARK_STARTED, REMARK_GAP, REMARK_END };

struct recording_remark {
	enum remark_kind kind;
	struct wall started;  /* REMARK_STARTED */
	struct boot from, to; /* of a gap, from <= to; the end stands in to */
};

/* False: the line, without its newline, is none of the remarks. */
bool recording_remark_parse(const char *line, size_t len, struct recording_remark *ret);
/* With the newline. */
void recording_remark_add(struct str *out, const struct recording_remark *remark);

/*
 * "2026-11-22T17:08:47.123456789Z": RFC 3339 section 5.6, years 1970 to 2261, no leap second; a
 * fraction of up to nine digits may stand there, and an offset such as +01:00 for Z.
 */
bool recording_wall_parse(const char *text, size_t len, struct wall *ret);

#endif
