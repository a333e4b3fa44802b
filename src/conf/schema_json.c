/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the writing of JSON, as far as a schema needs it. */
#include "conf/schema_json.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

void schema_add_inside(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			str_addc(out, '\\');
		if (c < 0x20)
			str_addf(out, "\\u%04x", c);
		else
			str_addc(out, (char)c);
	}
}

void schema_add_quoted(struct str *out, const char *text, size_t len)
{
	str_addc(out, '"');
	schema_add_inside(out, text, len);
	str_addc(out, '"');
}

void schema_add_key(struct str *out, const char *key)
{
	if (out->s[out->len - 1] != '{')
		str_addc(out, ',');
	schema_add_quoted(out, key, strlen(key));
	str_addc(out, ':');
}

void schema_add_comma(struct str *out)
{
	if (out->s[out->len - 1] != '[')
		str_addc(out, ',');
}

void schema_add_text(struct str *out, const char *key, const char *text)
{
	schema_add_key(out, key);
	schema_add_quoted(out, text, strlen(text));
}

void schema_add_number(struct str *out, const char *key, double number)
{
	schema_add_key(out, key);
	if (fabs(number) < 1e15 && number == floor(number))
		str_addf(out, "%.0f", number);
	else
		str_add_number(out, number);
}
