/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what a value is and how it is shown. */
#include "model/value.h"

#include <string.h>

#include "base/str.h"

bool value_equal(struct value a, struct value b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case VALUE_NONE:
		return true;
	case VALUE_NUMBER:
		return a.number == b.number;
	case VALUE_BOOL:
		return a.flag == b.flag;
	case VALUE_TEXT:
		return strcmp(a.text, b.text) == 0;
	}
	return false;
}

static void value_show_text(const char *text, struct str *out)
{
	size_t len = strlen(text), i = 0;

	str_addc(out, '"');
	while (i < len) {
		unsigned char c = (unsigned char)text[i];
		size_t n = str_utf8(text + i, len - i);

		if (c == '"' || c == '\\') {
			str_addc(out, '\\');
			str_addc(out, (char)c);
			i++;
		} else if (n == 0) {
			str_adds(out, "\xef\xbf\xbd"); /* U+FFFD: not UTF-8 */
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			str_addf(out, "\\u%04x", c);
			i++;
		} else {
			str_add(out, text + i, n);
			i += n;
		}
	}
	str_addc(out, '"');
}

void value_show(struct value value, struct str *out)
{
	switch (value.kind) {
	case VALUE_NONE:
		str_adds(out, "unknown");
		return;
	case VALUE_NUMBER:
		str_add_number(out, value.number);
		return;
	case VALUE_BOOL:
		str_adds(out, value.flag ? "true" : "false");
		return;
	case VALUE_TEXT:
		value_show_text(value.text, out);
		return;
	}
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const names[] = {"nothing", "number", "bool", "text"};

	return names[kind];
}
