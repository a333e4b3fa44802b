/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A recording: readings as lines of text, for the playback input, the replay tests and
 * gaugectl. Pure: one line at a time, to a struct and back.
 *
 *   # gauged recording 1
 *   0.000000000 boiler.temp 81.3
 *   0.100000000 boiler.alarm true
 *   0.200000000 boiler.mode "auto"
 *   0.300000000 boiler.temp bad:timeout
 *   0.400000000 boiler.temp bad:exception:2
 *
 * The first column is seconds since the start of the recording, never going back.
 */
#ifndef GAUGED_MODEL_RECORDING_H
#define GAUGED_MODEL_RECORDING_H

#include <stddef.h>

#include "model/reading.h"

struct error;
struct str;

struct recording_line {
	char name[160];
	char text[VALUE_TEXT_MAX + 1]; /* room that reading.value.text points to */
	struct reading reading;	       /* at = time since the start; point is not set */
};

/*
 * 1: *ret holds a reading. 0: an empty line or a comment. -EINVAL: err says what is wrong
 * with the line (without its number, which the caller knows). line has no newline. Unless 1
 * is returned, *ret is undefined: it is room, not a result.
 */
int recording_parse(const char *line, size_t len, struct recording_line *ret,
		    struct error *err);
/*
 * One line with its newline; at is the time since the start, >= 0. Bytes of a text that are not
 * UTF-8 become U+FFFD.
 */
void recording_add(struct str *out, struct boot at, const char *name,
		   const struct reading *reading);

/* The first column alone: "12.5", at most nine decimals. -EINVAL and err otherwise. */
int recording_seconds(const char *text, size_t len, struct boot *ret, struct error *err);

#endif
