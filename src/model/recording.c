/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the text form of readings: one line to a struct and back. */
#include "model/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/json_string.h"
#include "base/str.h"
#include "model/name.h"

/* What is left of a line. */
struct recording_cursor {
	const char *p, *end;
};

static bool recording_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void recording_skip(struct recording_cursor *cursor)
{
	while (cursor->p < cursor->end && recording_blank(*cursor->p))
		cursor->p++;
}

static size_t recording_word(const struct recording_cursor *cursor)
{
	size_t len = 0;

	while (cursor->p + len < cursor->end && !recording_blank(cursor->p[len]))
		len++;
	return len;
}

/* A piece of the line for an error: short, and safe to show. */
struct recording_quote {
	char text[64];
};

static struct recording_quote recording_quote(const char *s, size_t len)
{
	struct recording_quote quote;
	struct str out;

	str_init_fixed(&out, quote.text, sizeof(quote.text));
	str_add_safe(&out, s, len < 40 ? len : 40);
	return quote;
}

/* Decimal seconds without going through a double, so that 0.1 is 100000000 ns everywhere. */
int recording_seconds(const char *s, size_t len, struct boot *ret, struct error *err)
{
	int64_t ns = 0, seconds = 0;
	size_t i = 0, digits = 0;

	for (; i < len && s[i] >= '0' && s[i] <= '9' && i < 10; i++)
		seconds = 10 * seconds + (s[i] - '0');
	if (i > 0 && i < len && s[i] == '.') {
		for (i++; i < len && s[i] >= '0' && s[i] <= '9' && digits < 9; i++, digits++)
			ns = 10 * ns + (s[i] - '0');
		if (digits == 0)
			i = 0;
	}
	if (i == 0 || i < len || seconds > INT64_MAX / NSEC_PER_SEC - 1)
		return error_set(err, EINVAL,
				 "expected seconds since the start such as 12.500, got '%s'",
				 recording_quote(s, len).text);
	for (; digits < 9; digits++)
		ns *= 10;
	*ret = (struct boot){seconds * NSEC_PER_SEC + ns};
	return 0;
}

/* Names of devices and points joined by dots. */
static int recording_name(const char *s, size_t len, char *ret, size_t size, struct error *err)
{
	size_t from = 0, parts = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '.')
			continue;
		if (!name_valid(s + from, i - from)) {
			parts = 0;
			break;
		}
		from = i + 1;
		parts++;
	}
	if (parts == 0 || len >= size)
		return error_set(err, EINVAL,
				 "expected the name of a point such as boiler.temp, got '%s'",
				 recording_quote(s, len).text);
	memcpy(ret, s, len);
	ret[len] = '\0';
	return 0;
}

static int recording_bad(const char *s, size_t len, struct reading *ret, struct error *err)
{
	char word[32];
	char *code;
	int64_t number = 0;

	if (len >= sizeof(word))
		goto unknown;
	memcpy(word, s, len);
	word[len] = '\0';
	code = strchr(word, ':');
	if (code != NULL)
		*code++ = '\0';
	if (memchr(s, '\0', len) != NULL || bad_reason_parse(word, &ret->reason) != 0)
		goto unknown;
	if (code != NULL && (ret->reason != BAD_EXCEPTION || str_to_int(code, &number) != 0 ||
			     number < 1 || number > 255))
		return error_set(err, EINVAL,
				 "only bad:exception has a number behind it, from 1 to 255");
	ret->quality = QUALITY_BAD;
	ret->code = (uint8_t)number;
	return 0;
unknown:
	return error_set(err, EINVAL,
			 "unknown reason 'bad:%s'; known are init, timeout, exception, crc, "
			 "parse, range and offline",
			 recording_quote(s, len).text);
}

/* A text as JSON writes it; cursor stands behind the opening quote. */
static int recording_text(struct recording_cursor *cursor, char *room, size_t size,
			  struct error *err)
{
	bool escaped;
	ssize_t len = json_string_scan(cursor->p, (size_t)(cursor->end - cursor->p), &escaped);
	struct str out;

	if (len == -EINVAL)
		return error_set(err, EINVAL,
				 "unknown escape in a text; JSON's are known, except for "
				 "\\u0000");
	if (len == -EILSEQ)
		return error_set(err, EINVAL,
				 "a text has to be UTF-8, its control characters written as "
				 "\\u00XX");
	if (len < 0)
		return error_set(err, EINVAL, "a text without the quote at its end");
	str_init_fixed(&out, room, size);
	json_string_add(&out, cursor->p, (size_t)len);
	if (out.cut)
		return error_set(err, EINVAL, "a text longer than %d bytes", VALUE_TEXT_MAX);
	cursor->p += len + 1;
	return 0;
}

static int recording_number(const char *s, size_t len, struct value *ret, struct error *err)
{
	char room[400];
	double number = 0;
	int rc = -EINVAL;

	if (len < sizeof(room) && memchr(s, '\0', len) == NULL) {
		memcpy(room, s, len);
		room[len] = '\0';
		rc = str_to_number(room, &number);
	}
	if (rc == -ERANGE)
		return error_set(err, EINVAL, "a number too large to hold: %s",
				 recording_quote(s, len).text);
	if (rc != 0)
		return error_set(err, EINVAL,
				 "expected a number, true, false, \"text\" or bad:reason, "
				 "got '%s'",
				 recording_quote(s, len).text);
	*ret = value_number(number);
	return 0;
}

static int recording_value(struct recording_cursor *cursor, struct recording_line *ret,
			   struct error *err)
{
	struct reading *reading = &ret->reading;
	size_t len = recording_word(cursor);
	const char *s = cursor->p;

	if (*s == '"') {
		cursor->p++;
		reading->value = value_text(ret->text);
		return recording_text(cursor, ret->text, sizeof(ret->text), err);
	}
	cursor->p += len;
	if (len > 4 && memcmp(s, "bad:", 4) == 0)
		return recording_bad(s + 4, len - 4, reading, err);
	if ((len == 4 && memcmp(s, "true", 4) == 0) ||
	    (len == 5 && memcmp(s, "false", 5) == 0)) {
		reading->value = value_bool(len == 4);
		return 0;
	}
	return recording_number(s, len, &reading->value, err);
}

int recording_parse(const char *line, size_t len, struct recording_line *ret, struct error *err)
{
	struct recording_cursor cursor = {line, line + len};
	struct boot at = {0};
	size_t word;

	recording_skip(&cursor);
	if (cursor.p == cursor.end || *cursor.p == '#')
		return 0;
	word = recording_word(&cursor);
	if (recording_seconds(cursor.p, word, &at, err) != 0)
		return -EINVAL;
	ret->reading = (struct reading){.at = at};
	cursor.p += word;
	recording_skip(&cursor);
	if (cursor.p == cursor.end)
		return error_set(err, EINVAL,
				 "expected time, point and value; the point is "
				 "missing");
	word = recording_word(&cursor);
	if (recording_name(cursor.p, word, ret->name, sizeof(ret->name), err) != 0)
		return -EINVAL;
	cursor.p += word;
	recording_skip(&cursor);
	if (cursor.p == cursor.end)
		return error_set(err, EINVAL,
				 "expected time, point and value; the value is "
				 "missing");
	if (recording_value(&cursor, ret, err) != 0)
		return -EINVAL;
	recording_skip(&cursor);
	if (cursor.p < cursor.end)
		return error_set(
			err, EINVAL, "something behind the value: '%s'",
			recording_quote(cursor.p, (size_t)(cursor.end - cursor.p)).text);
	return 1;
}

void recording_add(struct str *out, struct boot at, const char *name,
		   const struct reading *reading)
{
	str_addf(out, "%" PRId64 ".%09" PRId64 " %s ", at.ns / NSEC_PER_SEC,
		 at.ns % NSEC_PER_SEC, name);
	if (reading->quality == QUALITY_GOOD) {
		value_show(reading->value, out);
	} else {
		str_addf(out, "bad:%s", bad_reason_name(reading->reason));
		if (reading->code != 0)
			str_addf(out, ":%u", reading->code);
	}
	str_addc(out, '\n');
}
