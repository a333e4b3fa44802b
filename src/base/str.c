/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns text: buffers, and the way people write numbers, durations and sizes. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/clock.h"

void str_init(struct str *str)
{
	*str = (struct str){0};
}

void str_init_fixed(struct str *str, char *room, size_t size)
{
	*str = (struct str){.s = room, .cap = size, .fixed = true};
	room[0] = '\0';
}

void str_done(struct str *str)
{
	if (!str->fixed)
		free(str->s);
	*str = (struct str){0};
}

void str_clear(struct str *str)
{
	str->len = 0;
	str->cut = false;
	if (str->s != NULL)
		str->s[0] = '\0';
}

char *str_steal(struct str *str)
{
	char *s = str->s != NULL ? str->s : xstrdup("");

	*str = (struct str){0};
	return s;
}

/* Makes room for len more bytes and a NUL; returns how many of them fit. */
static size_t str_room(struct str *str, size_t len)
{
	size_t cap = str->cap > 0 ? str->cap : 64;

	if (str->fixed) {
		size_t left = str->cap - 1 - str->len;

		str->cut = str->cut || len > left;
		return len < left ? len : left;
	}
	while (cap < str->len + len + 1)
		cap *= 2;
	if (cap != str->cap || str->s == NULL) {
		str->s = xreallocarray(str->s, cap, 1);
		str->cap = cap;
	}
	return len;
}

void str_add(struct str *str, const char *bytes, size_t len)
{
	len = str_room(str, len);
	if (len > 0)
		memcpy(str->s + str->len, bytes, len);
	str->len += len;
	str->s[str->len] = '\0';
}

void str_adds(struct str *str, const char *s)
{
	str_add(str, s, strlen(s));
}

void str_addc(struct str *str, char c)
{
	str_add(str, &c, 1);
}

void str_vaddf(struct str *str, const char *fmt, va_list ap)
{
	char room[256];
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(room, sizeof(room), fmt, ap);
	if (len >= 0 && (size_t)len < sizeof(room)) {
		str_add(str, room, (size_t)len);
	} else if (len >= 0 && str->fixed) {
		size_t fits = str_room(str, (size_t)len);

		vsnprintf(str->s + str->len, fits + 1, fmt, again);
		str->len += fits;
	} else if (len >= 0) {
		str_room(str, (size_t)len);
		vsnprintf(str->s + str->len, (size_t)len + 1, fmt, again);
		str->len += (size_t)len;
	}
	va_end(again);
}

void str_addf(struct str *str, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(str, fmt, ap);
	va_end(ap);
}

void str_add_safe(struct str *str, const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len) {
		unsigned char c = (unsigned char)bytes[i];
		size_t n = str_utf8(bytes + i, len - i);
		/* U+0080..U+009F are control characters as well, in two bytes. */
		bool c1 = n == 2 && c == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0;

		if (c == '\\') {
			str_adds(str, "\\\\");
			i++;
		} else if (n == 0 || c < 0x20 || c == 0x7f || c1) {
			str_addf(str, "\\x%02x", c);
			i++;
		} else {
			str_add(str, bytes + i, n);
			i += n;
		}
	}
}

void str_add_utf8(struct str *str, uint32_t c)
{
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	char bytes[4];

	for (size_t i = n; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(marks[n] | c);
	str_add(str, bytes, n);
}

void str_add_number(struct str *str, double number)
{
	char room[40];
	int digits;

	if (isnan(number)) {
		str_adds(str, "nan");
		return;
	}
	if (number == 0)
		number = 0; /* no "-0" in what people read */
	for (digits = 6; digits <= 17; digits++) {
		snprintf(room, sizeof(room), "%.*g", digits, number);
		if (strtod(room, NULL) == number)
			break;
	}
	str_adds(str, room);
}

size_t str_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t n, i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len < n)
		return 0;
	c = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

int str_to_int(const char *text, int64_t *ret)
{
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	char *end;
	long long v;

	if (!isdigit((unsigned char)digits[0]))
		return -EINVAL;
	errno = 0;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o')) {
		if (digits != text || !isxdigit((unsigned char)digits[2]))
			return -EINVAL;
		v = strtoll(digits + 2, &end, digits[1] == 'x' ? 16 : 8);
	} else {
		v = strtoll(text, &end, 10);
	}
	if (*end != '\0')
		return -EINVAL;
	if (errno != 0)
		return -ERANGE;
	*ret = v;
	return 0;
}

int str_to_number(const char *text, double *ret)
{
	const char *p = text + (text[0] == '-' || text[0] == '+');
	char *end;
	double v;

	/* strtod() also takes hexadecimal floats, "infinity" and leading blanks: not ours. */
	if (!isdigit((unsigned char)p[0]) && !(p[0] == '.' && isdigit((unsigned char)p[1])))
		return -EINVAL;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		return -EINVAL;
	v = strtod(text, &end);
	if (*end != '\0')
		return -EINVAL;
	if (!isfinite(v))
		return -ERANGE;
	*ret = v;
	return 0;
}

static const struct {
	const char *name;
	int64_t ns;
} duration_units[] = {
	{"w", 7 * 86400 * NSEC_PER_SEC},
	{"d", 86400 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
	{"min", 60 * NSEC_PER_SEC},
	{"m", 60 * NSEC_PER_SEC},
	{"s", NSEC_PER_SEC},
	{"ms", NSEC_PER_MSEC},
	{"us", NSEC_PER_USEC},
	{"ns", 1},
};

static int64_t duration_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++) {
		if (strlen(duration_units[i].name) == len &&
		    strncmp(duration_units[i].name, name, len) == 0)
			return duration_units[i].ns;
	}
	return 0;
}

int str_to_duration(const char *text, int64_t *ret_ns)
{
	int64_t last = INT64_MAX;
	double total = 0;
	const char *p = text;

	if (*p == '\0')
		return -EINVAL;
	while (*p != '\0') {
		char *end;
		double count;
		int64_t unit;
		size_t len;

		if (!isdigit((unsigned char)*p))
			return -EINVAL;
		len = strspn(p, "0123456789");
		if (p[len] == '.')
			len += 1 + strspn(p + len + 1, "0123456789");
		count = strtod(p, &end);
		/* strtod() would read "1e3" whole; the unit starts where the digits end. */
		end = (char *)p + len;
		len = strspn(end, "abcdefghijklmnopqrstuvwxyz");
		unit = duration_unit(end, len);
		if (unit == 0 || unit >= last)
			return -EINVAL;
		total += count * (double)unit;
		last = unit;
		p = end + len;
	}
	if (total > (double)(INT64_MAX / 4))
		return -ERANGE;
	*ret_ns = (int64_t)(total + 0.5);
	return 0;
}

static const char *const size_units[] = {"", "KiB", "MiB", "GiB"};

int str_to_size(const char *text, int64_t *ret_bytes)
{
	size_t len = strspn(text, "0123456789");
	char *end;
	long long v;

	if (len == 0 || len > 12)
		return -EINVAL;
	v = strtoll(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
		if (strcmp(end, size_units[i]) == 0) {
			if (v > INT64_MAX >> (10 * i))
				return -ERANGE;
			*ret_bytes = v << (10 * i);
			return 0;
		}
	}
	return -EINVAL;
}

void str_add_size(struct str *str, int64_t bytes)
{
	size_t unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(size_units)) {
		bytes /= 1024;
		unit++;
	}
	str_addf(str, "%jd%s", (intmax_t)bytes, size_units[unit]);
}

void str_add_duration(struct str *str, int64_t ns)
{
	static const char *const shown[] = {"d", "h", "m", "s"};
	static const int64_t seconds[] = {86400, 3600, 60, 1};
	int64_t s = ns / NSEC_PER_SEC;
	int parts = 0;

	if (ns < 0) {
		str_addc(str, '-');
		str_add_duration(str, ns > INT64_MIN ? -ns : INT64_MAX);
		return;
	}
	if (ns < NSEC_PER_USEC) {
		str_addf(str, "%jd%s", (intmax_t)ns, ns == 0 ? "s" : "ns");
		return;
	}
	if (ns < NSEC_PER_MSEC) {
		str_addf(str, "%jdus", (intmax_t)(ns / NSEC_PER_USEC));
		return;
	}
	if (ns < NSEC_PER_SEC) {
		str_addf(str, "%jdms", (intmax_t)(ns / NSEC_PER_MSEC));
		return;
	}
	if (s < 10 && ns % NSEC_PER_SEC >= 100 * NSEC_PER_MSEC) {
		str_addf(str, "%.1fs", (double)(ns / (100 * NSEC_PER_MSEC)) / 10);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shown) && parts < 2; i++) {
		int64_t n = s / seconds[i];

		if (n == 0 && parts == 0)
			continue;
		if (n > 0)
			str_addf(str, "%jd%s", (intmax_t)n, shown[i]);
		s %= seconds[i];
		parts++;
	}
}

void str_add_duration_exact(struct str *str, int64_t ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} parts[] = {
		{"h", 3600 * NSEC_PER_SEC}, {"m", 60 * NSEC_PER_SEC}, {"s", NSEC_PER_SEC},
		{"ms", NSEC_PER_MSEC},	    {"us", NSEC_PER_USEC},    {"ns", 1},
	};

	if (ns == 0)
		str_adds(str, "0s");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (ns >= parts[i].ns)
			str_addf(str, "%jd%s", (intmax_t)(ns / parts[i].ns), parts[i].name);
		ns %= parts[i].ns;
	}
}

/* Damerau-Levenshtein with adjacent transpositions; both words at most STR_WORD long. */
enum { STR_WORD = 48 };

static int str_distance(const char *a, const char *b)
{
	int rows[3][STR_WORD + 1];
	int la = (int)strlen(a), lb = (int)strlen(b);

	if (la > STR_WORD || lb > STR_WORD)
		return INT_MAX;
	for (int j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= la; i++) {
		int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = i;
		for (int j = 1; j <= lb; j++) {
			int same = tolower((unsigned char)a[i - 1]) ==
				   tolower((unsigned char)b[j - 1]);
			int best = last[j - 1] + !same;

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[la % 3][lb];
}

/* The one word that begins with what was written, such as "critical" for "crit". */
static const char *str_begun(const char *word, const char *const *words, size_t count)
{
	size_t len = strlen(word);
	const char *begun = NULL;

	for (size_t i = 0; len >= 3 && i < count; i++) {
		if (strncasecmp(words[i], word, len) != 0)
			continue;
		if (begun != NULL && strcmp(begun, words[i]) != 0)
			return NULL;
		begun = words[i];
	}
	return begun;
}

const char *str_nearest(const char *word, const char *const *words, size_t count)
{
	size_t len = strlen(word);
	int best = (int)(len <= 2 ? 1 : len <= 4 ? 2 : len / 3 + 1);
	const char *nearest = NULL;

	if (len == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]);
		int distance;

		/* It takes as many edits at least: spares nearly all of a long list. */
		if ((len > other ? len - other : other - len) > (size_t)best)
			continue;
		distance = str_distance(word, words[i]);
		if (distance < best || (distance == best && nearest == NULL)) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest != NULL ? nearest : str_begun(word, words, count);
}

const char *str_plural(size_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}
