/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the notation of slots and spans, and of what is said about wrong ones. */
#include "rules/calendar_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf_case.h"
#include "rules/calendar.h"

enum { TEXT_MAX = 2048 };

/* "at: TEXT" becomes slots, or with spans what schedule: takes. */
struct test {
	struct conf_case conf;
	char yaml[TEXT_MAX];
	bool good;
	struct calendar slots;
	struct calendar_spans spans;
};

static void parse(struct test *t, bool spans, const char *text)
{
	const struct yaml_node *node;
	int len = snprintf(t->yaml, sizeof(t->yaml), "at: %s\n", text);

	conf_case_init(&t->conf, t->yaml, (size_t)len);
	assert_non_null(t->conf.root);
	node = conf_case_get(&t->conf, "at");
	t->slots = (struct calendar){.count = 99};
	t->spans = (struct calendar_spans){.count = 99};
	t->good = spans ? calendar_parse_spans(t->conf.arena, node, &t->spans, t->conf.diags)
			: calendar_parse_slots(t->conf.arena, node, &t->slots, t->conf.diags);
}

static void show_week(struct str *out, uint8_t weekdays)
{
	for (int i = 0; i < 7; i++)
		str_addc(out, weekdays >> i & 1 ? "mtwtfss"[i] : '-');
}

static void show_tod(struct str *out, int32_t tod)
{
	str_addf(out, "%02d:%02d:%02d ", tod / 3600, tod / 60 % 60, tod % 60);
}

static void show(const struct test *t, bool spans, struct str *out)
{
	if (!spans && t->slots.every_ns > 0) {
		str_adds(out, "every ");
		str_add_duration(out, t->slots.every_ns);
	}
	for (uint32_t i = 0; !spans && i < t->slots.count; i++) {
		const struct calendar_slot *slot = &t->slots.slots[i];

		str_adds(out, i > 0 ? "; " : "");
		show_tod(out, slot->tod);
		show_week(out, slot->weekdays);
		for (int day = 1; day <= 31; day++) {
			if (slot->monthdays >> day & 1)
				str_addf(out, " %d", day);
		}
		str_adds(out, slot->last ? " last" : "");
	}
	for (uint32_t i = 0; spans && i < t->spans.count; i++) {
		const struct calendar_span *span = &t->spans.spans[i];

		str_adds(out, i > 0 ? "; " : "");
		show_tod(out, span->from);
		str_addf(out, "%d ", span->length);
		show_week(out, span->weekdays);
	}
}

static void assert_means(bool spans, const char *text, const char *expected)
{
	struct str out;
	struct test t;

	parse(&t, spans, text);
	if (!t.good)
		fail_msg("%s", conf_case_said(&t.conf));
	assert_string_equal(conf_case_said(&t.conf), "");
	str_init(&out);
	show(&t, spans, &out);
	assert_string_equal(out.s, expected);
	str_done(&out);
	conf_case_done(&t.conf);
}

static void test_slots_and_what_they_mean(void **state)
{
	(void)state;
	assert_means(false, "06:00 mon-fri", "06:00:00 mtwtf--");
	assert_means(false, "6:00", "06:00:00 mtwtfss");
	assert_means(false, "\"02:30 daily\"", "02:30:00 mtwtfss");
	assert_means(false, "06:00,18:30 sat,sun", "06:00:00 -----ss; 18:30:00 -----ss");
	assert_means(false, "06:00:30 Mon..Wed , FRI", "06:00:30 mtw-f--");
	assert_means(false, "23:59:59 fri-mon", "23:59:59 m---fss");
	assert_means(false, "00:00 1", "00:00:00 ------- 1");
	assert_means(false, "00:00 1, 15, 28-30", "00:00:00 ------- 1 15 28 29 30");
	assert_means(false, "00:00 last", "00:00:00 ------- last");
	assert_means(false, "00:00 1,last", "00:00:00 ------- 1 last");
	assert_means(false, "06:00 mon; 07:00,08:00 1",
		     "06:00:00 m------; 07:00:00 ------- 1; 08:00:00 ------- 1");
	assert_means(false, "mon 06:00", "06:00:00 m------");
	assert_means(false, "[06:00 mon, 07:00 tue; 08:00]",
		     "06:00:00 m------; 07:00:00 -t-----; 08:00:00 mtwtfss");
	assert_means(false, "every 10m", "every 10m");
	assert_means(false, "' Every 1h30m '", "every 1h30m");
}

static void test_spans_and_what_they_mean(void **state)
{
	(void)state;
	assert_means(true, "mon..fri 06:00..22:00", "06:00:00 57600 mtwtf--");
	assert_means(true, "mon-fri 06:00-22:00", "06:00:00 57600 mtwtf--");
	assert_means(true, "22:00..06:00", "22:00:00 28800 mtwtfss");
	assert_means(true, "22:00 .. 06:00 fri", "22:00:00 28800 ----f--");
	assert_means(true, "sat,sun", "00:00:00 86400 -----ss");
	assert_means(true, "00:00..24:00", "00:00:00 86400 mtwtfss");
	assert_means(true, "sun..mon 12:00..24:00", "12:00:00 43200 m-----s");
	assert_means(true, "mon..fri 06:00..12:00,13:00:30..17:00; sat 08:00..12:00",
		     "06:00:00 21600 mtwtf--; 13:00:30 14370 mtwtf--; 08:00:00 14400 -----s-");
	assert_means(true, "[sat, sun 08:00..09:00]",
		     "00:00:00 86400 -----s-; 08:00:00 3600 ------s");
}

static void test_each_day_of_the_week_is_itself(void **state)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		char text[16], week[] = "-------", slot[40], span[40];

		week[i] = "mtwtfss"[i];
		snprintf(text, sizeof(text), "06:00 %s", days[i]);
		snprintf(slot, sizeof(slot), "06:00:00 %s", week);
		snprintf(span, sizeof(span), "00:00:00 86400 %s", week);
		assert_means(false, text, slot);
		assert_means(true, days[i], span);
	}
}

static void assert_said(bool spans, const char *text, const char *said)
{
	struct test t;

	parse(&t, spans, text);
	assert_false(t.good);
	assert_int_equal(t.slots.count, 99);
	assert_int_equal(t.spans.count, 99);
	assert_string_equal(conf_case_said(&t.conf), said);
	conf_case_done(&t.conf);
}

static void test_wrong_times(void **state)
{
	(void)state;
	assert_said(false, "25:00 mon",
		    "t.yaml:1:5: error: there is no such time of day\n"
		    "    1 | at: 25:00 mon\n"
		    "      |     ^~~~~\n"
		    "      = expected: 00:00 to 23:59, seconds may follow: 06:00:30\n");
	assert_said(false, "24:00",
		    "t.yaml:1:5: error: there is no such time of day\n"
		    "    1 | at: 24:00\n"
		    "      |     ^~~~~\n"
		    "      = expected: 00:00 to 23:59, seconds may follow: 06:00:30\n");
	assert_said(false, "06:00,7:5",
		    "t.yaml:1:11: error: there is no such time of day\n"
		    "    1 | at: 06:00,7:5\n"
		    "      |           ^~~\n"
		    "      = expected: 00:00 to 23:59, seconds may follow: 06:00:30\n");
	assert_said(false, "6:00pm",
		    "t.yaml:1:5: error: there is no such time of day\n"
		    "    1 | at: 6:00pm\n"
		    "      |     ^~~~~~\n"
		    "      = expected: 00:00 to 23:59, seconds may follow: 06:00:30\n");
	assert_said(false, "06:00, mon",
		    "t.yaml:1:12: error: this is no time of day\n"
		    "    1 | at: 06:00, mon\n"
		    "      |            ^~~\n"
		    "      = expected: hours and minutes such as 06:00\n");
	assert_said(false, "06:00 07:00",
		    "t.yaml:1:11: error: there are times already before these\n"
		    "    1 | at: 06:00 07:00\n"
		    "      |           ^~\n"
		    "      = expected: ',' between times, or ';' before other times with days "
		    "of their own\n");
	assert_said(false, "mon 06:00-08:00",
		    "t.yaml:1:9: error: this is a span of time, and a slot is an instant\n"
		    "    1 | at: mon 06:00-08:00\n"
		    "      |         ^~~~~~\n"
		    "      = expected: one time, or several: 06:00,18:30\n");
	assert_said(true, "mon 06:00",
		    "t.yaml:1:9: error: this span has no end\n"
		    "    1 | at: mon 06:00\n"
		    "      |         ^~~~~\n"
		    "      = expected: two times such as 06:00..22:00\n");
	assert_said(
		true, "06:00..06:00",
		"t.yaml:1:5: error: this span is empty\n"
		"    1 | at: 06:00..06:00\n"
		"      |     ^~~~~~~~~~~~\n"
		"      = expected: two different times, or 00:00..24:00 for the whole day\n");
	assert_said(true, "06:00..24:01",
		    "t.yaml:1:12: error: there is no such time of day\n"
		    "    1 | at: 06:00..24:01\n"
		    "      |            ^~~~~\n"
		    "      = expected: 00:00 to 24:00, seconds may follow: 06:00:30\n");
	assert_said(true, "25:00..26:00",
		    "t.yaml:1:5: error: there is no such time of day\n"
		    "    1 | at: 25:00..26:00\n"
		    "      |     ^~~~~\n"
		    "      = expected: 00:00 to 23:59, seconds may follow: 06:00:30\n");
}

static void test_wrong_days(void **state)
{
	(void)state;
	assert_said(false, "06:00 1-x2",
		    "t.yaml:1:13: error: unknown day 'x2'\n"
		    "    1 | at: 06:00 1-x2\n"
		    "      |             ^~\n"
		    "      = expected: mon tue wed thu fri sat sun, a range such as mon-fri, "
		    "daily, 1 to 31, or last\n");
	assert_said(false, "06:00 1-32",
		    "t.yaml:1:13: error: there is no such day of a month\n"
		    "    1 | at: 06:00 1-32\n"
		    "      |             ^~\n"
		    "      = expected: 1 to 31, or last\n");
	assert_said(false, "06:00 mon-fry",
		    "t.yaml:1:15: error: unknown day 'fry'\n"
		    "    1 | at: 06:00 mon-fry\n"
		    "      |               ^~~\n"
		    "      = expected: mon tue wed thu fri sat sun, a range such as mon-fri, "
		    "daily, 1 to 31, or last\n"
		    "      = hint: did you mean 'fri'?\n");
	assert_said(
		true, "monday 06:00..07:00",
		"t.yaml:1:5: error: unknown day 'monday'\n"
		"    1 | at: monday 06:00..07:00\n"
		"      |     ^~~~~~\n"
		"      = expected: mon tue wed thu fri sat sun, a range such as mon..fri, or "
		"daily\n"
		"      = hint: did you mean 'mon'?\n");
	assert_said(false, "06:00 32",
		    "t.yaml:1:11: error: there is no such day of a month\n"
		    "    1 | at: 06:00 32\n"
		    "      |           ^~\n"
		    "      = expected: 1 to 31, or last\n");
	assert_said(false, "06:00 15-1",
		    "t.yaml:1:11: error: these days run backwards\n"
		    "    1 | at: 06:00 15-1\n"
		    "      |           ^~~~\n"
		    "      = expected: the smaller one first, such as 1-7\n");
	assert_said(false, "06:00 mon 1",
		    "t.yaml:1:15: error: there are days already before these\n"
		    "    1 | at: 06:00 mon 1\n"
		    "      |               ^\n"
		    "      = expected: ',' between days of one kind; days of the week and of "
		    "the month apart, with ';' between them\n");
	assert_said(
		true, "1-5 06:00..22:00",
		"t.yaml:1:5: error: a span has no days of the month\n"
		"    1 | at: 1-5 06:00..22:00\n"
		"      |     ^\n"
		"      = expected: mon tue wed thu fri sat sun, a range such as mon..fri, or "
		"daily\n");
	assert_said(false, "06:00 mon,",
		    "t.yaml:1:15: error: a day is missing here\n"
		    "    1 | at: 06:00 mon,\n"
		    "      |               ^\n"
		    "      = expected: a day such as mon or mon-fri\n");
	assert_said(false, "mon-fri",
		    "t.yaml:1:5: error: these days have no time\n"
		    "    1 | at: mon-fri\n"
		    "      |     ^~~~~~~\n"
		    "      = expected: a time before them, such as 06:00 mon-fri\n");
}

static void test_wrong_entries(void **state)
{
	(void)state;
	assert_said(false, "''",
		    "t.yaml:1:5: error: an entry is missing here\n"
		    "    1 | at: ''\n"
		    "      |     ^~\n"
		    "      = expected: a time and days such as 06:00 mon-fri\n");
	assert_said(true, "mon 06:00..07:00;",
		    "t.yaml:1:22: error: an entry is missing here\n"
		    "    1 | at: mon 06:00..07:00;\n"
		    "      |                      ^\n"
		    "      = expected: days and times such as mon..fri 06:00..22:00\n");
	assert_said(false, "",
		    "t.yaml:1:4: error: expected slots such as 06:00 mon-fri, or every 10m, "
		    "got nothing\n"
		    "    1 | at:\n"
		    "      |    ^\n");
	assert_said(false, "every 10",
		    "t.yaml:1:11: error: this is no interval\n"
		    "    1 | at: every 10\n"
		    "      |           ^~\n"
		    "      = expected: a duration from 1s to 366d, such as every 10m\n");
	assert_said(false, "every 10ms",
		    "t.yaml:1:11: error: this is no interval\n"
		    "    1 | at: every 10ms\n"
		    "      |           ^~~~\n"
		    "      = expected: a duration from 1s to 366d, such as every 10m\n");
	/* Each wrong item of a list is told. */
	assert_said(false, "[6:00 xyz, {a: b}]",
		    "t.yaml:1:11: error: unknown day 'xyz'\n"
		    "    1 | at: [6:00 xyz, {a: b}]\n"
		    "      |           ^~~\n"
		    "      = expected: mon tue wed thu fri sat sun, a range such as mon-fri, "
		    "daily, 1 to 31, or last\n"
		    "t.yaml:1:16: error: expected slots such as 06:00 mon-fri, or every 10m, "
		    "got a map\n"
		    "    1 | at: [6:00 xyz, {a: b}]\n"
		    "      |                ^\n");
	assert_said(
		true, "[]",
		"t.yaml:1:5: error: expected spans such as mon..fri 06:00..22:00, got an empty "
		"list\n"
		"    1 | at: []\n"
		"      |     ^\n");
	assert_said(
		false, "[]",
		"t.yaml:1:5: error: expected slots such as 06:00 mon-fri, or every 10m, got an "
		"empty list\n"
		"    1 | at: []\n"
		"      |     ^\n");
	assert_said(
		true, "{mon: fri}",
		"t.yaml:1:5: error: expected spans such as mon..fri 06:00..22:00, got a map\n"
		"    1 | at: {mon: fri}\n"
		"      |     ^\n");
}

static void test_more_times_than_there_may_be(void **state)
{
	struct str text;
	struct test t;

	(void)state;
	str_init(&text);
	for (int i = 0; i < CALENDAR_MAX_ENTRIES; i++)
		str_addf(&text, "%s00:00:%02d", i > 0 ? "," : "", i % 60);
	parse(&t, false, text.s);
	assert_true(t.good);
	assert_int_equal(t.slots.count, CALENDAR_MAX_ENTRIES);
	conf_case_done(&t.conf);
	str_adds(&text, ",12:00");
	parse(&t, false, text.s);
	assert_false(t.good);
	assert_string_equal(diags_get(t.conf.diags, 0)->message, "there are too many times");
	assert_string_equal(diags_get(t.conf.diags, 0)->notes, "expected: at most 64");
	conf_case_done(&t.conf);
	/* Days without times are spans, too: the first one too many is pointed at. */
	str_clear(&text);
	for (int i = 0; i <= CALENDAR_MAX_ENTRIES; i++)
		str_addf(&text, "%smon", i > 0 ? ";" : "");
	parse(&t, true, text.s);
	assert_false(t.good);
	assert_string_equal(diags_get(t.conf.diags, 0)->message, "there are too many times");
	assert_int_equal(diags_get(t.conf.diags, 0)->column, 5 + 4 * CALENDAR_MAX_ENTRIES);
	conf_case_done(&t.conf);
	str_done(&text);
}

static void test_times_at_the_start_of_a_text(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int32_t tod;
	} rows[] = {
		{"22:00, 06:00)", 5, 79200},
		{"6:00", 4, 21600},
		{"24:00", 5, 86400},
		{"23:59:59..", 8, 86399},
		{"24:00:01", 8, -1},
		{"12:60", 5, -1},
		{"012:00", 6, -1},
		{"12:000", 6, -1},
		{"12:", 3, -1},
		{"12:00:", 6, -1},
		{"12:00:00:00", 11, -1},
		{"12", 0, 7},
		{"12.5", 0, 7},
		{":30", 0, 7},
		{"", 0, 7},
		{"1234:00", 0, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int32_t tod = 7;

		assert_int_equal(calendar_time(rows[i].text, strlen(rows[i].text), &tod),
				 rows[i].len);
		assert_int_equal(tod, rows[i].tod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_and_what_they_mean),
		cmocka_unit_test(test_spans_and_what_they_mean),
		cmocka_unit_test(test_each_day_of_the_week_is_itself),
		cmocka_unit_test(test_wrong_times),
		cmocka_unit_test(test_wrong_days),
		cmocka_unit_test(test_wrong_entries),
		cmocka_unit_test(test_more_times_than_there_may_be),
		cmocka_unit_test(test_times_at_the_start_of_a_text),
	};

	return cmocka_run_group_tests_name("calendar_text", tests, NULL, NULL);
}
