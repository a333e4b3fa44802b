/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Texts that are sent to a device as a line: what may stand in one, so that a value out of a
 * rule or from another wire never ends the line early and begins another command. Pure.
 */
#ifndef GAUGED_MODEL_POINT_LINE_H
#define GAUGED_MODEL_POINT_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { POINT_LINE_END_MAX = 8 };

struct point_line {
	const char *end; /* is sent behind the text */
	size_t end_len;	 /* 1..POINT_LINE_END_MAX bytes */
	size_t max;	 /* bytes of the text; at most VALUE_TEXT_MAX */
	/* The line has no eighth bit, without which another character may be an end. */
	bool ascii;
};

/*
 * 0, or -EINVAL and what is wrong with the text: too long, no UTF-8, a control character (of C0
 * and C1), or the end before its time.
 */
int point_line_check(const struct point_line *line, const char *text, struct error *err);

#endif
