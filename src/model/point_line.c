/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what may stand in a line that is sent to a device. */
#include "model/point_line.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "model/value.h"

static bool is_control(const char *s)
{
	unsigned char c = (unsigned char)s[0];

	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

/* Behind the text, and not before: the text's last bytes may begin it, too. */
static bool ends_in_time(const struct point_line *line, const char *text, size_t len)
{
	char whole[VALUE_TEXT_MAX + POINT_LINE_END_MAX];

	memcpy(whole, text, len);
	memcpy(whole + len, line->end, line->end_len);
	return memmem(whole, len + line->end_len, line->end, line->end_len) == whole + len;
}

int point_line_check(const struct point_line *line, const char *text, struct error *err)
{
	size_t len = strlen(text), n;

	assert(line->max <= VALUE_TEXT_MAX && line->end_len <= POINT_LINE_END_MAX);
	if (len > line->max)
		return error_set(err, EINVAL, "its line has %zu bytes, %zu are allowed", len,
				 line->max);
	for (size_t i = 0; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0)
			return error_set(err, EINVAL, "byte %zu of its line is no UTF-8",
					 i + 1);
		if (is_control(text + i))
			return error_set(err, EINVAL,
					 "byte %zu of its line is a control character", i + 1);
		if (line->ascii && n > 1)
			return error_set(err, EINVAL,
					 "byte %zu of its line is not ASCII, and the bus has "
					 "less than 8 data bits",
					 i + 1);
	}
	if (!ends_in_time(line, text, len))
		return error_set(err, EINVAL,
				 "what ends a line of the bus stands in the text itself");
	return 0;
}
