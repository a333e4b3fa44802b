/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of JSON's strings. */
#include "base/json_string.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static const char json_letters[] = "\"\\/bfnrt", json_meant[] = "\"\\/\b\f\n\r\t";

static int json_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "\uXXXX" at s; -1 if it is not one. */
static int json_unit(const char *s, size_t len)
{
	int unit = 0;

	if (len < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (json_digit(s[i]) < 0)
			return -1;
		unit = unit << 4 | json_digit(s[i]);
	}
	return unit;
}

/* The escape at s: its length, 0 if it is none; the character it means. */
static size_t json_escape(const char *s, size_t len, uint32_t *ret)
{
	const char *found = len > 1 && s[1] != '\0' ? strchr(json_letters, s[1]) : NULL;
	int unit, low;

	if (found != NULL) {
		*ret = (unsigned char)json_meant[found - json_letters];
		return 2;
	}
	unit = json_unit(s, len);
	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return 0;
	if (unit < 0xd800 || unit > 0xdfff) {
		*ret = (uint32_t)unit;
		return 6;
	}
	low = json_unit(s + 6, len - 6);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	return 12;
}

ssize_t json_string_scan(const char *s, size_t len, bool *ret_escaped)
{
	bool escaped = false;
	uint32_t c;
	size_t i = 0;

	while (i < len && s[i] != '"') {
		size_t n;

		if (s[i] == '\\') {
			n = json_escape(s + i, len - i, &c);
			if (n == 0)
				return -EINVAL;
			escaped = true;
		} else {
			n = str_utf8(s + i, len - i);
			if (n == 0 || (unsigned char)s[i] < 0x20)
				return -EILSEQ;
		}
		i += n;
	}
	if (i == len)
		return -ENODATA;
	*ret_escaped = escaped;
	return (ssize_t)i;
}

void json_string_add(struct str *out, const char *s, size_t len)
{
	while (len > 0) {
		const char *slash = memchr(s, '\\', len);
		size_t plain = slash != NULL ? (size_t)(slash - s) : len, n;
		uint32_t c = 0;

		str_add(out, s, plain);
		s += plain;
		len -= plain;
		n = len > 0 ? json_escape(s, len, &c) : 0;
		if (n == 0)
			return;
		str_add_utf8(out, c);
		s += n;
		len -= n;
	}
}
