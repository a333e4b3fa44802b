/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of zone files and zone rules: their forms, and what is said about damaged ones. */
#include "rules/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* ---- rules ---------------------------------------------------------------------------------
 */

static void libc_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* Hour by hour, with each change to the second. */
static void assert_as_libc(const char *tz, int64_t from, int64_t to)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	const struct zone *zone = zone_from_rule(arena, tz, &err);
	int64_t next;

	if (zone == NULL)
		fail_msg("%s", err.text);
	libc_zone(tz);
	zone_offset(zone, from, &next);
	for (int64_t utc = from; utc < to; utc = utc + 3600 < next ? utc + 3600 : next) {
		const time_t times[] = {(time_t)utc, (time_t)utc - 1};

		for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
			struct tm tm;
			int64_t ignored;

			localtime_r(&times[i], &tm);
			if (zone_offset(zone, times[i], &ignored) != tm.tm_gmtoff)
				fail_msg("%s at %jd: not %ld", tz, (intmax_t)times[i],
					 tm.tm_gmtoff);
		}
		zone_offset(zone, utc, &next);
		assert_true(next > utc);
	}
	arena_free(arena);
}

static void test_rules_as_the_c_library_has_them(void **state)
{
	static const char *const rules[] = {
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"UTC0",
		"<+0330>-3:30",
		"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", /* Nuuk: version 3's hours */
		"IST-2IDT,M3.4.4/26,M10.5.0",	    /* Jerusalem */
		"AEST-10AEDT,M10.1.0,M4.1.0/3",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* Lord Howe */
		"IST-1GMT0,M10.5.0,M3.5.0/1",		/* Dublin: its summer is winter */
		"EST5EDT",				/* without dates */
		"EST+5EDT+4,J60/2:00:00,J300/2:30:15",
		"AAA-3:15:30BBB-4:45:01,59/0,364/23:59:59",
		/* Not in the first days of January, where glibc takes the wrong year. */
		"LHT-14LHDT-14:59:59,M2.1.1/0,M11.5.6/24",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		/* Two leap years among them, one of which is none. */
		assert_as_libc(rules[i], 1704067200, 1704067200 + INT64_C(86400) * 800);
		assert_as_libc(rules[i], 4102444800, 4102444800 + INT64_C(86400) * 400);
	}
}

static void assert_fixed(const char *tz, int32_t offset)
{
	struct arena *arena = arena_new();
	const struct zone *zone = zone_from_rule(arena, tz, NULL);
	int64_t next = 0;

	assert_non_null(zone);
	for (int64_t day = 0; day < 1000; day++) {
		assert_int_equal(zone_offset(zone, day * 86400, &next), offset);
		assert_int_equal(next, ZONE_NEVER);
	}
	arena_free(arena);
}

static void test_rules_that_never_change(void **state)
{
	(void)state;
	assert_fixed("XXX3EDT4,0/0,J365/23", -4 * 3600); /* RFC 9636 section 3.3.1 */
	assert_fixed("XXX3", -3 * 3600);
	assert_fixed("XXX3EDT3,M3.5.0,M10.5.0", -3 * 3600);
	assert_fixed("XXX3EDT,J60/0,J60/1", -3 * 3600); /* a summer without length */
	assert_fixed("XXX3EDT,0/-167,J365/167", -2 * 3600);
}

static void test_wrong_rules(void **state)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{"",
		 "the zone rule '' is wrong at byte 1: expected a name of three or more letters, or of letters, digits, '+' and '-' in '<' and '>'"},
		{"CE-1",
		 "the zone rule 'CE-1' is wrong at byte 3: expected a name of three or more letters, or of letters, digits, '+' and '-' in '<' and '>'"},
		{"<+01-1",
		 "the zone rule '<+01-1' is wrong at byte 7: expected a name of three or more letters, or of letters, digits, '+' and '-' in '<' and '>'"},
		{"CET",
		 "the zone rule 'CET' is wrong at byte 4: expected an offset from -24 to 24 hours"},
		{"CET-25",
		 "the zone rule 'CET-25' is wrong at byte 5: expected an offset from -24 to 24 hours"},
		{"CET-1:60",
		 "the zone rule 'CET-1:60' is wrong at byte 7: expected minutes from 0 to 59"},
		{"CET-1:00:99",
		 "the zone rule 'CET-1:00:99' is wrong at byte 10: expected seconds from 0 to 59"},
		{"CET-1CEST;",
		 "the zone rule 'CET-1CEST;' is wrong at byte 10: expected an offset from -24 to 24 hours"},
		{"CET-1CEST-2;",
		 "the zone rule 'CET-1CEST-2;' is wrong at byte 12: expected ',' and the day on which summer time begins"},
		{"CET-1CEST,",
		 "the zone rule 'CET-1CEST,' is wrong at byte 11: expected a day such as M3.5.0, J60 or 59"},
		{"CET-1CEST,M13.1.0,",
		 "the zone rule 'CET-1CEST,M13.1.0,' is wrong at byte 12: expected a month from 1 to 12"},
		{"CET-1CEST,M3,",
		 "the zone rule 'CET-1CEST,M3,' is wrong at byte 13: expected '.' and a week from 1 to 5"},
		{"CET-1CEST,M3.6.0,",
		 "the zone rule 'CET-1CEST,M3.6.0,' is wrong at byte 14: expected a week from 1 to 5"},
		{"CET-1CEST,M3.5,",
		 "the zone rule 'CET-1CEST,M3.5,' is wrong at byte 15: expected '.' and a day of the week from 0 to 6"},
		{"CET-1CEST,M3.5.7,",
		 "the zone rule 'CET-1CEST,M3.5.7,' is wrong at byte 16: expected a day of the week from 0 to 6"},
		{"CET-1CEST,M3.5.0",
		 "the zone rule 'CET-1CEST,M3.5.0' is wrong at byte 17: expected ',' and the day on which summer time ends"},
		{"CET-1CEST,J0,",
		 "the zone rule 'CET-1CEST,J0,' is wrong at byte 12: expected a day from 1 to 365"},
		{"CET-1CEST,366,",
		 "the zone rule 'CET-1CEST,366,' is wrong at byte 11: expected a day such as M3.5.0, J60 or 59"},
		{"CET-1CEST,M3.5.0/168,",
		 "the zone rule 'CET-1CEST,M3.5.0/168,' is wrong at byte 18: expected a time from -167 to 167 hours"},
		{"CET-1CEST,M3.5.0,M10.5.0x",
		 "the zone rule 'CET-1CEST,M3.5.0,M10.5.0x' is wrong at byte 25: expected nothing behind the rule"},
		{"CET-99999999999999999999",
		 "the zone rule 'CET-99999999999999999999' is wrong at byte 5: expected an offset from -24 to 24 hours"},
		{"\x1b[2J",
		 "the zone rule '\\x1b[2J' is wrong at byte 1: expected a name of three or more letters, or of letters, digits, '+' and '-' in '<' and '>'"},
	};
	struct error err;
	char longer[ZONE_RULE_MAX_BYTES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct zone_rule rule = {.standard = 77};

		err = (struct error){0};
		assert_int_equal(
			zone_rule_parse(wrong[i].text, strlen(wrong[i].text), &rule, &err),
			-22);
		assert_int_equal(rule.standard, 77);
		assert_string_equal(err.text, wrong[i].said);
	}
	memset(longer, 'A', sizeof(longer));
	assert_int_equal(zone_rule_parse(longer, sizeof(longer), &(struct zone_rule){0}, &err),
			 -22);
	assert_string_equal(err.text, "the zone rule has 257 bytes, expected at most 255");
}

/* ---- files ---------------------------------------------------------------------------------
 */

struct file {
	unsigned char b[4096];
	size_t len;
};

static void put(struct file *file, int64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		file->b[file->len++] = (unsigned char)(i < 8 ? (uint64_t)number >> (8 * i) : 0);
}

static void put_text(struct file *file, const char *text, size_t len)
{
	memcpy(file->b + file->len, text, len);
	file->len += len;
}

struct spec {
	uint32_t times, types, leaps, chars;
	int64_t at[4];
	int which[4];
	int32_t offset[4];
};

static void put_block(struct file *file, char version, int width, const struct spec *spec)
{
	put_text(file, "TZif", 4);
	put(file, version, 1);
	for (int i = 0; i < 15; i++)
		put(file, 0, 1);
	put(file, 0, 4);
	put(file, 0, 4);
	put(file, spec->leaps, 4);
	put(file, spec->times, 4);
	put(file, spec->types, 4);
	put(file, spec->chars, 4);
	for (uint32_t i = 0; i < spec->times; i++)
		put(file, spec->at[i], width);
	for (uint32_t i = 0; i < spec->times; i++)
		put(file, spec->which[i], 1);
	for (uint32_t i = 0; i < spec->types; i++) {
		put(file, spec->offset[i], 4);
		put(file, 0, 2);
	}
	put_text(file, "LMT\0CET\0", spec->chars);
	for (uint32_t i = 0; i < spec->leaps; i++)
		put(file, i + 1, width + 4);
}

/* Where the counts stand in a header, and how long it is: RFC 9636 section 3.1. */
enum { ISUT = 20, HEADER = 44 };

static void put_count(struct file *file, size_t at, uint32_t count)
{
	file->len = at;
	put(file, count, 4);
	file->len = sizeof(file->b);
}

/* A header only, of a file that is as long as there is room. */
static void make_header(struct file *file, const struct spec *spec)
{
	struct spec none = {0};

	memset(file, 0, sizeof(*file));
	put_block(file, '\0', 4, &none);
	put_count(file, HEADER - 12, spec->times);
	put_count(file, HEADER - 8, spec->types);
	put_count(file, HEADER - 4, spec->chars);
}

static const struct spec good = {2, 3, 0, 8, {-1000, 1000}, {1, 2}, {-1800, 3600, 7200}};

static void make(struct file *file, char version, const struct spec *spec, const char *footer)
{
	static const struct spec small = {.types = 1, .chars = 4};

	file->len = 0;
	if (version == '\0') {
		put_block(file, version, 4, spec);
		return;
	}
	put_block(file, version, 4, &small);
	put_block(file, version, 8, spec);
	put_text(file, footer, strlen(footer));
}

static void test_files_of_all_versions(void **state)
{
	static const char versions[] = {'\0', '2', '3', '4'};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const struct zone *zone;
		struct file file;
		int64_t next;

		make(&file, versions[i], &good, "\n\n");
		zone = zone_parse(arena, "Here", file.b, file.len, NULL);
		assert_non_null(zone);
		assert_string_equal(zone_name(zone), "Here");
		assert_int_equal(zone_offset(zone, INT64_MIN, &next), -1800);
		assert_int_equal(next, -1000);
		assert_int_equal(zone_offset(zone, -1000, &next), 3600);
		assert_int_equal(next, 1000);
		assert_int_equal(zone_offset(zone, 1000, &next), 7200);
		assert_int_equal(next, ZONE_NEVER);
		assert_int_equal(zone_offset(zone, INT64_MAX, &next), 7200);
	}
	arena_free(arena);
}

static void test_footer_rules_from_the_last_change_on(void **state)
{
	struct arena *arena = arena_new();
	struct spec spec = good;
	const struct zone *zone;
	struct file file;
	int64_t next;

	(void)state;
	/* Names change, offsets do not; then summer, which only the rule knows to end. */
	spec.at[1] = 1774746000; /* 2026-03-29 01:00 UTC */
	spec.offset[1] = -1800;
	make(&file, '2', &spec, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	zone = zone_parse(arena, "Here", file.b, file.len, NULL);
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, -5000, &next), -1800);
	assert_int_equal(next, spec.at[1]);
	assert_int_equal(zone_offset(zone, next, &next), 7200);
	assert_int_equal(next, 1792890000); /* 2026-10-25 01:00 UTC */
	assert_int_equal(zone_offset(zone, next, &next), 3600);
	/* The rule goes on as long as there are years to ask for. */
	assert_in_range(zone_offset(zone, INT64_MAX, &next), 3600, 7200);
	assert_int_equal(next, ZONE_NEVER);
	arena_free(arena);
}

/* said NULL: whatever it is. */
static void assert_damaged(const struct file *file, size_t len, const char *said)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	/* Exactly as large as it is, so that a read behind its end is noticed. */
	unsigned char *copy = xmalloc(len + (len == 0));

	memcpy(copy, file->b, len);
	assert_null(zone_parse(arena, "Here", copy, len, &err));
	assert_int_equal(err.code, 22);
	if (said != NULL)
		assert_string_equal(err.text, said);
	free(copy);
	arena_free(arena);
}

static void assert_damaged_spec(const struct spec *spec, const char *said)
{
	struct file file;

	make(&file, '2', spec, "\n\n");
	assert_damaged(&file, file.len, said);
	make(&file, '\0', spec, "");
	assert_damaged(&file, file.len, said);
}

static void test_damaged_files(void **state)
{
	struct file file;
	struct spec spec;

	(void)state;
	spec = good;
	spec.at[1] = spec.at[0];
	assert_damaged_spec(&spec,
			    "the zone file \'Here\' is damaged: its changes are not in order");
	spec = good;
	spec.which[1] = 3;
	assert_damaged_spec(
		&spec,
		"the zone file \'Here\' is damaged: a change leads to a type that is not there");
	spec = good;
	spec.offset[2] = 93600;
	assert_damaged_spec(&spec,
			    "the zone file \'Here\' is damaged: an offset is more than a day");
	spec = good;
	spec.offset[0] = INT32_MIN;
	assert_damaged_spec(&spec,
			    "the zone file \'Here\' is damaged: an offset is more than a day");
	spec = good;
	spec.types = 0;
	assert_damaged_spec(
		&spec,
		"the zone file \'Here\' is damaged: it has not 1 to 256 types of local time");
	spec = good;
	spec.chars = 0;
	assert_damaged_spec(
		&spec, "the zone file \'Here\' is damaged: its names have not 1 to 2048 bytes");
	spec = good;
	spec.chars = 7;
	assert_damaged_spec(&spec, "the zone file \'Here\' is damaged: its names do not end");
	spec = good;
	spec.leaps = 2;
	assert_damaged_spec(&spec, "the zone file 'Here' counts leap seconds, which the clock "
				   "of the system does not: expected one without");
	make(&file, '2', &good, "");
	assert_damaged(&file, file.len,
		       "the zone file \'Here\' is damaged: its footer is missing");
	make(&file, '2', &good, "\nUTC0");
	assert_damaged(&file, file.len,
		       "the zone file \'Here\' is damaged: its footer does not end");
	make(&file, '2', &good, "\nUTC\n");
	assert_damaged(&file, file.len,
		       "the zone rule 'UTC' is wrong at byte 4: expected an "
		       "offset from -24 to 24 hours");
	spec = good;
	spec.times = ZONE_MAX_CHANGES + 1;
	make_header(&file, &spec);
	assert_damaged(&file, file.len,
		       "the zone file 'Here' is damaged: it has more than 2000 changes");
	make(&file, '\0', &good, "");
	put_count(&file, ISUT, 2);
	assert_damaged(&file, file.len,
		       "the zone file 'Here' is damaged: its counts contradict each other");
	make(&file, '\0', &good, "");
	/* The second byte behind the offset says which name; the first whether it is summer. */
	file.b[HEADER + 2 * 4 + 2 + 4] = 2;
	assert_damaged(&file, file.len,
		       "the zone file 'Here' is damaged: a type of local time makes no sense");
	make(&file, '2', &good, "\n\n");
	assert_damaged(&file, HEADER - 1,
		       "the zone file 'Here' is damaged: it is cut off in a header");
	assert_damaged(&file, HEADER + 3, "the zone file 'Here' is damaged: it is cut off");
	file.b[0] = 't';
	assert_damaged(&file, file.len,
		       "the zone file \'Here\' is damaged: it does not begin with TZif");
}

/* Cut anywhere, and with any byte of its headers at its largest. */
static void test_files_cut_off_and_counts_that_lie(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	struct file file;
	size_t whole;

	(void)state;
	make(&file, '3', &good, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	whole = file.len;
	for (size_t len = 0; len < whole; len++)
		assert_damaged(&file, len, NULL);
	for (size_t i = 0; i < whole; i++) {
		unsigned char old = file.b[i];
		int64_t next;

		file.b[i] = 0xff;
		const struct zone *zone = zone_parse(arena, "Here", file.b, whole, NULL);

		if (zone != NULL)
			assert_in_range(zone_offset(zone, 0, &next) - ZONE_OFFSET_MIN, 0,
					ZONE_OFFSET_MAX - ZONE_OFFSET_MIN);
		file.b[i] = old;
	}
	assert_null(zone_parse(arena, "Here", file.b, ZONE_MAX_BYTES + 1, &err));
	assert_string_equal(err.text,
			    "the zone file 'Here' has 131073 bytes, expected at most 131072");
	arena_free(arena);
}

static void test_utc_is_always_there(void **state)
{
	struct civil civil;
	int64_t next;

	(void)state;
	assert_string_equal(zone_name(zone_utc()), "UTC");
	assert_int_equal(zone_offset(zone_utc(), 1774746000, &next), 0);
	assert_int_equal(next, ZONE_NEVER);
	zone_local(zone_utc(), 1774746000, &civil);
	assert_int_equal(civil.year, 2026);
	assert_int_equal(civil.month, 3);
	assert_int_equal(civil.day, 29);
	assert_int_equal(civil.weekday, 7);
	assert_int_equal(civil.tod, 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_as_the_c_library_has_them),
		cmocka_unit_test(test_rules_that_never_change),
		cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_files_of_all_versions),
		cmocka_unit_test(test_footer_rules_from_the_last_change_on),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_files_cut_off_and_counts_that_lie),
		cmocka_unit_test(test_utc_is_always_there),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
