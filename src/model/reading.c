/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the names of qualities and of reasons for a bad reading. */
#include "model/reading.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static const char *const quality_names[] = {"good", "uncertain", "stale", "bad"};

static const char *const bad_reason_names[] = {
	"none", "init", "timeout", "exception", "crc", "parse", "range", "offline", "lost",
};

const char *quality_name(enum quality quality)
{
	return quality_names[quality];
}

const char *bad_reason_name(enum bad_reason reason)
{
	return bad_reason_names[reason];
}

int bad_reason_parse(const char *name, enum bad_reason *ret)
{
	for (size_t i = 1; i < ARRAY_SIZE(bad_reason_names); i++) {
		if (strcmp(bad_reason_names[i], name) == 0) {
			*ret = (enum bad_reason)i;
			return 0;
		}
	}
	return -EINVAL;
}
