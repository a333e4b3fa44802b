/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of numbers, truths and texts out of fields. */
#include "inputs/serial_value.h"

#include <errno.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"

/* Longer than any double that people or devices write. */
enum { VALUE_NUMBER_BYTES = 64 };

static bool value_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The text of the field without blanks around it; false if it is empty or does not fit. */
static bool value_word(const struct serial_field *field, struct str *out)
{
	size_t from = 0;

	serial_field_text(field, out);
	if (out->cut)
		return false;
	while (out->len > 0 && value_blank(out->s[out->len - 1]))
		out->s[--out->len] = '\0';
	while (value_blank(out->s[from]))
		from++;
	out->s += from;
	out->len -= from;
	return out->len > 0;
}

/* How printf() and the like write what is no number. */
static bool value_not_finite(const char *s)
{
	static const char *const words[] = {"nan", "inf", "infinity"};

	s += *s == '-' || *s == '+';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(s, words[i]) == 0)
			return true;
	}
	return false;
}

static enum bad_reason value_read_number(const struct point_scaling *point,
					 const struct serial_field *field, struct value *ret)
{
	char room[VALUE_NUMBER_BYTES];
	struct str text;
	double number;
	int rc;

	str_init_fixed(&text, room, sizeof(room));
	if (!value_word(field, &text))
		return BAD_PARSE;
	rc = str_to_number(text.s, &number);
	if (rc == -ERANGE || (rc != 0 && value_not_finite(text.s)))
		return BAD_RANGE;
	if (rc != 0)
		return BAD_PARSE;
	return point_scaling_apply(point, number, ret);
}

static enum bad_reason value_read_bool(const struct serial_field *field, struct value *ret)
{
	static const char *const words[] = {"false", "true", "off", "on",
					    "no",    "yes",  "0",   "1"};
	char room[8];
	struct str text;

	str_init_fixed(&text, room, sizeof(room));
	if (!value_word(field, &text))
		return BAD_PARSE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text.s, words[i]) == 0) {
			*ret = value_bool(i % 2 == 1);
			return BAD_NONE;
		}
	}
	return BAD_PARSE;
}

enum bad_reason serial_value_read(const struct point_scaling *point,
				  const struct serial_field *field, char *room,
				  struct value *ret)
{
	struct str text;

	if (field->kind == SERIAL_FIELD_NOTHING)
		return BAD_PARSE;
	switch (point->kind) {
	case VALUE_NUMBER:
		return value_read_number(point, field, ret);
	case VALUE_BOOL:
		return value_read_bool(field, ret);
	case VALUE_NONE:
	case VALUE_TEXT:
		break;
	}
	str_init_fixed(&text, room, VALUE_TEXT_MAX + 1);
	serial_field_text(field, &text);
	if (text.cut)
		return BAD_RANGE;
	*ret = value_text(room);
	return BAD_NONE;
}
