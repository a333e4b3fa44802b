/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One value of a point: a number, a truth, a text, or none. A value that is not known is
 * VALUE_NONE and never a number.
 */
#ifndef GAUGED_MODEL_VALUE_H
#define GAUGED_MODEL_VALUE_H

#include <stdbool.h>

struct str;

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT };

enum { VALUE_TEXT_MAX = 255 }; /* bytes of a text value, without the NUL */

struct value {
	enum value_kind kind;
	union {
		double number;
		bool flag;
		const char *text; /* borrowed for the time of the call that carries it */
	};
};

static inline struct value value_number(double number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

static inline struct value value_bool(bool flag)
{
	return (struct value){.kind = VALUE_BOOL, .flag = flag};
}

static inline struct value value_text(const char *text)
{
	return (struct value){.kind = VALUE_TEXT, .text = text};
}

bool value_equal(struct value a, struct value b);
/* 81.3, true, "text" with the quotes and escapes of JSON, or unknown. */
void value_show(struct value value, struct str *out);
/* "number", "bool", "text", "nothing". */
const char *value_kind_name(enum value_kind kind);

#endif
