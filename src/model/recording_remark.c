/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the comments that a recording makes about itself, and their dates. */
#include "model/recording_remark.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "model/recording.h"

static const struct {
	const char *word;
	size_t times; /* seconds that stand behind it */
} remark_forms[] = {
	[REMARK_STARTED] = {"started", 0},
	[REMARK_GAP] = {"gap", 2},
	[REMARK_END] = {"end", 1},
};

/* ---- dates ---------------------------------------------------------------------------- */

/* Days since 1970-01-01 in the proleptic Gregorian calendar: Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", days_from_civil. */
static int64_t wall_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The way back, civil_from_days. */
static void wall_date(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
	int64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365 + era * 400;
	int64_t of_year = of_era - (365 * (year - era * 400) + (year - era * 400) / 4 -
				    (year - era * 400) / 100);
	int64_t month = (5 * of_year + 2) / 153;

	*ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year + (*ret_month <= 2));
}

/* count digits at *at, which moves on; negative if there are none such. */
static int wall_digits(const char **at, const char *end, int count)
{
	int number = 0;

	if (end - *at < count)
		return -1;
	for (int i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		number = 10 * number + (**at - '0');
	}
	return number;
}

/* The fields as form has them: digits where it has digits, the same character elsewhere. */
static bool wall_fields(const char **at, const char *end, const char *form, int *fields)
{
	for (; *form != '\0'; form++) {
		if (*form >= '1' && *form <= '9') {
			*fields = wall_digits(at, end, *form - '0');
			if (*fields++ < 0)
				return false;
		} else if (*at == end || *(*at)++ != *form) {
			return false;
		}
	}
	return true;
}

static bool wall_fraction(const char **at, const char *end, int64_t *ret_ns)
{
	int64_t unit = NSEC_PER_SEC / 10;

	*ret_ns = 0;
	if (*at == end || **at != '.')
		return true;
	for ((*at)++; *at < end && **at >= '0' && **at <= '9' && unit > 0; (*at)++, unit /= 10)
		*ret_ns += (**at - '0') * unit;
	return unit < NSEC_PER_SEC / 10;
}

static bool wall_offset(const char *at, const char *end, int64_t *ret_s)
{
	int fields[2];
	int sign = at < end && *at == '-' ? -1 : 1;

	*ret_s = 0;
	if (at < end && *at == 'Z')
		return at + 1 == end;
	if (at == end || (*at != '+' && *at != '-'))
		return false;
	at++;
	if (!wall_fields(&at, end, "2:2", fields) || at != end || fields[0] > 23 ||
	    fields[1] > 59)
		return false;
	*ret_s = sign * (fields[0] * 3600 + fields[1] * 60);
	return true;
}

bool recording_wall_parse(const char *text, size_t len, struct wall *ret)
{
	const char *at = text, *end = text + len;
	int f[6], year, month, day;
	int64_t ns, offset_s, days;

	if (!wall_fields(&at, end, "4-2-2T2:2:2", f) || !wall_fraction(&at, end, &ns) ||
	    !wall_offset(at, end, &offset_s))
		return false;
	if (f[0] < 1970 || f[0] > 2261 || f[1] < 1 || f[1] > 12 || f[3] > 23 || f[4] > 59 ||
	    f[5] > 59)
		return false;
	days = wall_days(f[0], f[1], f[2]);
	wall_date(days, &year, &month, &day);
	if (f[2] < 1 || month != f[1] || day != f[2])
		return false;
	ret->ns =
		(days * 86400 + f[3] * 3600 + f[4] * 60 + f[5] - offset_s) * NSEC_PER_SEC + ns;
	return true;
}

static void wall_add(struct str *out, struct wall at)
{
	int64_t seconds = at.ns / NSEC_PER_SEC, days = seconds / 86400;
	int year, month, day;

	wall_date(days, &year, &month, &day);
	seconds -= days * 86400;
	str_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%09" PRId64 "Z", year, month, day,
		 (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60),
		 at.ns % NSEC_PER_SEC);
}

/* ---- remarks -------------------------------------------------------------------------- */

/* The next word; false at the end of the line. */
static bool remark_word(const char **at, const char *end, const char **ret, size_t *ret_len)
{
	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
		(*at)++;
	*ret = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		(*at)++;
	*ret_len = (size_t)(*at - *ret);
	return *ret_len > 0;
}

static bool remark_rest(enum remark_kind kind, const char *at, const char *end,
			struct recording_remark *ret)
{
	struct recording_remark remark = {.kind = kind};
	const char *word;
	size_t len;

	if (kind == REMARK_STARTED) {
		if (!remark_word(&at, end, &word, &len) ||
		    !recording_wall_parse(word, len, &remark.started))
			return false;
	}
	for (size_t i = 0; i < remark_forms[kind].times; i++) {
		remark.from = remark.to;
		if (!remark_word(&at, end, &word, &len) ||
		    recording_seconds(word, len, &remark.to, NULL) != 0)
			return false;
	}
	if (remark_word(&at, end, &word, &len) || remark.to.ns < remark.from.ns)
		return false;
	*ret = remark;
	return true;
}

bool recording_remark_parse(const char *line, size_t len, struct recording_remark *ret)
{
	const char *at = line, *end = line + len, *word;
	size_t word_len;

	if (!remark_word(&at, end, &word, &word_len) || word_len != 1 || *word != '#' ||
	    !remark_word(&at, end, &word, &word_len))
		return false;
	for (int kind = REMARK_STARTED; kind <= REMARK_END; kind++) {
		if (strlen(remark_forms[kind].word) == word_len &&
		    memcmp(remark_forms[kind].word, word, word_len) == 0)
			return remark_rest((enum remark_kind)kind, at, end, ret);
	}
	return false;
}

static void remark_add_time(struct str *out, struct boot at)
{
	str_addf(out, " %" PRId64 ".%09" PRId64, at.ns / NSEC_PER_SEC, at.ns % NSEC_PER_SEC);
}

void recording_remark_add(struct str *out, const struct recording_remark *remark)
{
	str_addf(out, "# %s", remark_forms[remark->kind].word);
	switch (remark->kind) {
	case REMARK_STARTED:
		str_addc(out, ' ');
		wall_add(out, remark->started);
		break;
	case REMARK_GAP:
		remark_add_time(out, remark->from);
		remark_add_time(out, remark->to);
		break;
	case REMARK_END:
		remark_add_time(out, remark->to);
		break;
	}
	str_addc(out, '\n');
}
