/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests what a recording says of itself: dates there and back, gaps, and comments of people. */
#include "model/recording_remark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "model/recording.h"

static bool parse(const char *line, struct recording_remark *ret)
{
	return recording_remark_parse(line, strlen(line), ret);
}

/* The C library's calendar is the other opinion. */
static void test_dates_of_300_years_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 106000; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		char shown[40], line[80];
		struct recording_remark remark = {.kind = REMARK_STARTED,
						  .started = {seconds * NSEC_PER_SEC + day}};
		struct recording_remark back;
		struct str out;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(shown, sizeof(shown), "# started %Y-%m-%dT%H:%M:%S.", &tm);
		str_init_fixed(&out, line, sizeof(line));
		recording_remark_add(&out, &remark);
		assert_memory_equal(line, shown, strlen(shown));
		assert_true(recording_remark_parse(line, out.len - 1, &back));
		assert_int_equal(back.kind, REMARK_STARTED);
		assert_true(back.started.ns == remark.started.ns);
	}
}

static void test_wall_times_in_every_form(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.5Z", 500000000},
		{"1970-01-01T00:00:00.000000001Z", 1},
		{"1970-01-01T02:00:01+01:30", 1801 * NSEC_PER_SEC},
		{"1970-01-01T00:00:00-00:01", 60 * NSEC_PER_SEC},
		{"2000-02-29T12:00:00Z", 951825600 * NSEC_PER_SEC},
	};
	static const char *const broken[] = {
		"",
		"2000-02-29",
		"2000-02-29T12:00:00",
		"2001-02-29T12:00:00Z",
		"2000-00-01T12:00:00Z",
		"2000-13-01T12:00:00Z",
		"2000-04-31T12:00:00Z",
		"2000-04-00T12:00:00Z",
		"2000-04-30T24:00:00Z",
		"2000-04-30T12:60:00Z",
		"2000-04-30T12:00:60Z",
		"1969-12-31T23:59:59Z",
		"2262-01-01T00:00:00Z",
		"2000-04-30 12:00:00Z",
		"2000-04-30T12:00:00.Z",
		"2000-04-30T12:00:00.1234567890Z",
		"2000-04-30T12:00:00z",
		"2000-04-30T12:00:00ZZ",
		"2000-04-30T12:00:00+1:00",
		"2000-04-30T12:00:00+01:60",
		"2000-04-30T12:00:00+24:00",
		"noon",
	};
	struct wall at;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(recording_wall_parse(cases[i].text, strlen(cases[i].text), &at));
		assert_true(at.ns == cases[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_false(recording_wall_parse(broken[i], strlen(broken[i]), &at));
}

static void test_gaps_and_ends_read_back(void **state)
{
	const struct recording_remark remarks[] = {
		{.kind = REMARK_GAP, .from = {1500000000}, .to = {INT64_C(86400000000001)}},
		{.kind = REMARK_GAP},
		{.kind = REMARK_END, .to = {INT64_C(60000000000)}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++) {
		struct recording_remark back;
		struct recording_line line;
		struct str out;

		str_init(&out);
		recording_remark_add(&out, &remarks[i]);
		assert_true(recording_remark_parse(out.s, out.len - 1, &back));
		assert_int_equal(back.kind, remarks[i].kind);
		assert_true(back.from.ns == remarks[i].from.ns);
		assert_true(back.to.ns == remarks[i].to.ns);
		/* Whoever knows no remarks reads a comment. */
		assert_int_equal(recording_parse(out.s, out.len - 1, &line, NULL), 0);
		str_done(&out);
	}
	assert_true(parse("\t#  end   5\r", &(struct recording_remark){0}));
}

static void test_comments_of_people_are_no_remarks(void **state)
{
	static const char *const lines[] = {
		"",	      "#",
		"# ",	      "# end",
		"# end soon", "# end 1 2",
		"# gap 1",    "# gap 2 1",
		"# gap 1 x",  "# gap 1 2 3",
		"# started",  "# started at 9",
		"# begun 1",  "end 1",
		"#end 1",     "1 end 1",
		"# gap -1 2", "# gauged recording 1",
	};
	struct recording_remark remark = {.kind = REMARK_END, .to = {7}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(parse(lines[i], &remark));
	assert_true(remark.to.ns == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_of_300_years_are_those_of_the_c_library),
		cmocka_unit_test(test_wall_times_in_every_form),
		cmocka_unit_test(test_gaps_and_ends_read_back),
		cmocka_unit_test(test_comments_of_people_are_no_remarks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
