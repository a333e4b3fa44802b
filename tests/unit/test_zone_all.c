/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of zones, slots and spans against the C library's localtime_r(), for all zones of the
 * tz database: every change of two years and of two other ones, and a clock that is watched
 * step by step for what a slot and a span have to do then.
 */
#include "rules/calendar.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "rules/calendar_text.h"
#include "rules/zone.h"

enum { ZONES_MAX = 2000, CHANGES_MAX = 64, QUARTER = 900, MINUTE = 60, LOOK_S = 6 * 3600 };
enum { SLOTS_MAX = 4, RUNS_MAX = 20000, DAY_S = 86400 };

static const char folder[] = "/usr/share/zoneinfo";

struct names {
	char *name[ZONES_MAX]; /* absolute, each file once */
	size_t count;
};

/* nftw() hands nothing through. */
static struct names *collected;

static int collect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char magic[4] = "";
	FILE *file;

	(void)st;
	(void)ftw;
	if (type != FTW_F || strncmp(path + strlen(folder), "/posix/", 7) == 0)
		return 0;
	file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	if (fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
	    memcmp(magic, "TZif", 4) == 0 && collected->count < ZONES_MAX)
		collected->name[collected->count++] = xstrdup(path);
	fclose(file);
	return 0;
}

static int setup(void **state)
{
	collected = xcalloc(1, sizeof(*collected));
	/* Without FTW_PHYS a link would be its target a second time. */
	nftw(folder, collect, 20, FTW_PHYS);
	*state = collected;
	return 0;
}

static int teardown(void **state)
{
	struct names *names = *state;

	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names);
	return 0;
}

static bool is_right(const char *path)
{
	return strncmp(path + strlen(folder), "/right/", 7) == 0;
}

static const struct zone *zone_of(struct arena *arena, const char *path, struct error *err)
{
	unsigned char bytes[ZONE_MAX_BYTES];
	FILE *file = fopen(path, "rb");
	size_t len;

	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return zone_parse(arena, path, bytes, len, err);
}

/* The C library's clock stands in that zone from now on. */
static void libc_zone(const char *path)
{
	char *tz = xasprintf(":%s", path);

	setenv("TZ", tz, 1);
	tzset();
	free(tz);
}

static struct tm libc_local(int64_t utc)
{
	time_t t = (time_t)utc;
	struct tm tm;

	assert_non_null(localtime_r(&t, &tm));
	return tm;
}

static int64_t new_year(int year)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mday = 1};

	return timegm(&tm);
}

struct change {
	int64_t at;
	long offset; /* from then on */
};

/* By looking every six hours, and halving where it differs. */
static size_t libc_changes(int64_t from, int64_t to, struct change *ret)
{
	long offset = libc_local(from).tm_gmtoff;
	size_t count = 0;

	for (int64_t utc = from + LOOK_S; utc <= to; utc += LOOK_S) {
		long then = libc_local(utc).tm_gmtoff;
		int64_t low = utc - LOOK_S, high = utc;

		while (then != offset && high - low > 1) {
			int64_t middle = low + (high - low) / 2;

			if (libc_local(middle).tm_gmtoff == offset)
				low = middle;
			else
				high = middle;
		}
		if (then != offset) {
			assert_true(count < CHANGES_MAX);
			ret[count++] = (struct change){high, then};
		}
		offset = then;
	}
	return count;
}

static size_t our_changes(const struct zone *zone, int64_t from, int64_t to, struct change *ret)
{
	int64_t next, utc = from;
	size_t count = 0;

	zone_offset(zone, utc, &next);
	while (next <= to) {
		assert_true(next > utc);
		assert_true(count < CHANGES_MAX);
		utc = next;
		ret[count].at = utc;
		ret[count++].offset = zone_offset(zone, utc, &next);
	}
	return count;
}

static void assert_shown(const struct zone *zone, int64_t utc)
{
	struct tm tm = libc_local(utc);
	struct civil civil;
	int64_t next;

	zone_local(zone, utc, &civil);
	assert_int_equal(zone_offset(zone, utc, &next), tm.tm_gmtoff);
	assert_int_equal(civil.year, tm.tm_year + 1900);
	assert_int_equal(civil.month, tm.tm_mon + 1);
	assert_int_equal(civil.day, tm.tm_mday);
	assert_int_equal(civil.weekday % 7, tm.tm_wday);
	assert_int_equal(civil.tod, tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
	assert_int_equal(calendar_tod(zone, (struct wall){utc * NSEC_PER_SEC + 5}), civil.tod);
}

static void compare_changes(const char *path, const struct zone *zone, int year, int years)
{
	int64_t from = new_year(year), to = new_year(year + years);
	struct change ours[CHANGES_MAX], libc[CHANGES_MAX];
	size_t count = our_changes(zone, from, to, ours);

	if (count != libc_changes(from, to, libc))
		fail_msg("%s: %zu changes from %d on, localtime_r() has others", path, count,
			 year);
	assert_shown(zone, from);
	for (size_t i = 0; i < count; i++) {
		if (ours[i].at != libc[i].at || ours[i].offset != libc[i].offset)
			fail_msg("%s: to %ld at %jd, localtime_r() to %ld at %jd", path,
				 ours[i].offset, (intmax_t)ours[i].at, libc[i].offset,
				 (intmax_t)libc[i].at);
		assert_shown(zone, ours[i].at - 1);
		assert_shown(zone, ours[i].at);
	}
}

static void test_every_change_of_every_zone(void **state)
{
	const struct names *names = *state;
	size_t changes = 0, right = 0;
	struct error err;

	if (names->count == 0)
		skip();
	for (size_t i = 0; i < names->count; i++) {
		struct arena *arena = arena_new();
		const struct zone *zone = zone_of(arena, names->name[i], &err);
		struct change some[CHANGES_MAX];

		if (is_right(names->name[i])) {
			/* Those of 1970 are as good as none: a few old zones have no more. */
			right += zone == NULL;
			assert_true(zone != NULL || strstr(err.text, "leap seconds") != NULL);
		} else {
			if (zone == NULL)
				fail_msg("%s: %s", names->name[i], err.text);
			libc_zone(names->name[i]);
			compare_changes(names->name[i], zone, 2011, 1);
			compare_changes(names->name[i], zone, 2026, 2);
			/* Behind the last change that is listed: the rule of the footer. */
			compare_changes(names->name[i], zone, 2040, 1);
			changes += our_changes(zone, new_year(2026), new_year(2028), some);
		}
		arena_free(arena);
	}
	printf("%zu files, %zu of them refused for leap seconds, %zu changes in 2026 and 2027\n",
	       names->count, right, changes);
	assert_true(changes > 0);
}

/* ---- slots: what rules.md says, done by somebody who watches the clock ---------------------
 */

struct model_slot {
	int hour, minute;
	bool (*on)(const struct tm *tm);
};

static bool on_any(const struct tm *tm)
{
	(void)tm;
	return true;
}

static bool on_workday(const struct tm *tm)
{
	return tm->tm_wday >= 1 && tm->tm_wday <= 5;
}

static bool on_friday_to_monday(const struct tm *tm)
{
	return tm->tm_wday >= 5 || tm->tm_wday <= 1;
}

static bool on_sunday(const struct tm *tm)
{
	return tm->tm_wday == 0;
}

static bool on_1_15_31(const struct tm *tm)
{
	return tm->tm_mday == 1 || tm->tm_mday == 15 || tm->tm_mday == 31;
}

static bool on_last(const struct tm *tm)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = tm->tm_year + 1900;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return tm->tm_mday == days[tm->tm_mon] + (tm->tm_mon == 1 && leap);
}

struct model {
	const char *text;
	struct model_slot slots[SLOTS_MAX];
};

static const struct model quarters[] = {
	{"02:30", {{2, 30, on_any}}},
	{"00:00 mon-fri; 23:45 fri-mon", {{0, 0, on_workday}, {23, 45, on_friday_to_monday}}},
	{"02:00,03:00; 01:15 sun", {{2, 0, on_any}, {3, 0, on_any}, {1, 15, on_sunday}}},
	{"02:15 1,15,31; 23:30 last", {{2, 15, on_1_15_31}, {23, 30, on_last}}},
};

static const struct model minutes[] = {
	{"02:31,02:59; 01:59 mon-fri", {{2, 31, on_any}, {2, 59, on_any}, {1, 59, on_workday}}},
	{"00:01; 23:59 last", {{0, 1, on_any}, {23, 59, on_last}}},
};

struct watch {
	const struct model *model;
	int64_t from, to, step;
	int64_t base; /* local time of ran[0] */
	bool *ran;    /* by local time, one for each step */
	int64_t *runs;
	size_t run_count; /* instants */
	size_t slots_ran;
	int64_t before; /* what the clock showed at the last look */
};

static bool model_meant(const struct model *model, int64_t local)
{
	time_t t = (time_t)local;
	struct tm tm;

	gmtime_r(&t, &tm);
	for (size_t i = 0; i < SLOTS_MAX && model->slots[i].on != NULL; i++) {
		if (tm.tm_hour == model->slots[i].hour && tm.tm_min == model->slots[i].minute &&
		    model->slots[i].on(&tm))
			return true;
	}
	return false;
}

/* The time that a slot was for; the run is at utc. Never twice for the same time. */
static void watch_run(struct watch *w, int64_t local, int64_t utc)
{
	bool *ran = &w->ran[(local - w->base) / w->step];

	if (*ran)
		return;
	*ran = true;
	w->slots_ran++;
	if (w->run_count > 0 && w->runs[w->run_count - 1] == utc)
		return;
	assert_true(w->run_count < RUNS_MAX);
	w->runs[w->run_count++] = utc;
}

static bool watch_shows(const struct watch *w, const struct tm *tm)
{
	for (size_t i = 0; i < SLOTS_MAX && w->model->slots[i].on != NULL; i++) {
		const struct model_slot *slot = &w->model->slots[i];

		if (tm->tm_hour == slot->hour && tm->tm_min == slot->minute && slot->on(tm))
			return true;
	}
	return false;
}

static void watch_look(struct watch *w, int64_t utc, const struct tm *tm, int64_t local)
{
	assert_int_equal((local - w->base) % w->step, 0);
	/* The clock was put forward: what it never showed runs now. */
	for (int64_t t = w->before + w->step; t < local; t += w->step) {
		if (model_meant(w->model, t))
			watch_run(w, t, utc);
	}
	if (watch_shows(w, tm))
		watch_run(w, local, utc);
	w->before = local;
}

static void watch_init(struct watch *w, const struct model *model, int64_t from, int64_t to,
		       int64_t step)
{
	int64_t before = from - step + libc_local(from - step).tm_gmtoff;

	*w = (struct watch){.model = model, .from = from, .to = to, .step = step};
	w->base = before - 2 * DAY_S;
	w->before = before;
	w->ran = xcalloc((size_t)((to - from + 6 * DAY_S) / step), sizeof(bool));
	w->runs = xcalloc(RUNS_MAX, sizeof(int64_t));
}

static struct calendar calendar_of(struct arena *arena, const char *text)
{
	struct diag_source source = {.file = "t", .text = text, .len = strlen(text)};
	struct diags *diags = diags_new(5);
	const struct yaml_node *node = yaml_parse(arena, &source, diags);
	struct calendar calendar;

	assert_non_null(node);
	assert_true(calendar_parse_slots(arena, node, &calendar, diags));
	diags_free(diags);
	return calendar;
}

/* Each slot of each day between the first look and the last one ran, and nothing else did. */
static void judge_once(const struct watch *w, const char *path)
{
	int64_t first = w->from + libc_local(w->from).tm_gmtoff, at;
	size_t ran = 0, missed = 0;

	for (int64_t day = first - first % DAY_S; day <= w->before; day += DAY_S) {
		time_t noon = (time_t)day + DAY_S / 2;
		struct tm tm;

		gmtime_r(&noon, &tm);
		for (size_t i = 0; i < SLOTS_MAX && w->model->slots[i].on != NULL; i++) {
			at = day + w->model->slots[i].hour * 3600 +
			     w->model->slots[i].minute * 60;
			if (at < first || at > w->before || !w->model->slots[i].on(&tm))
				continue;
			missed += !w->ran[(at - w->base) / w->step];
			ran++;
		}
	}
	if (missed > 0 || ran != w->slots_ran)
		fail_msg("%s: '%s': %zu slots did not run", path, w->model->text, missed);
}

/* From anywhere between two runs, the second is the next one; all steps where clocks change. */
static void judge_between(const struct watch *w, const struct calendar *calendar,
			  const struct zone *zone, struct wall before, struct wall run)
{
	int64_t from = before.ns / NSEC_PER_SEC, to = run.ns / NSEC_PER_SEC;

	assert_int_equal(calendar_next(calendar, zone, (struct wall){run.ns - 1}).ns, run.ns);
	if (libc_local(from).tm_gmtoff == libc_local(to).tm_gmtoff)
		return;
	for (int64_t utc = from; utc < to; utc += w->step)
		assert_int_equal(
			calendar_next(calendar, zone, (struct wall){utc * NSEC_PER_SEC}).ns,
			run.ns);
}

/* Ours against what was seen: the same instants. */
static void watch_judge(const struct watch *w, const char *path, const struct zone *zone)
{
	struct arena *arena = arena_new();
	struct calendar calendar = calendar_of(arena, w->model->text);
	struct wall at = {w->from * NSEC_PER_SEC - 1}, before = at;
	size_t k = 0;

	judge_once(w, path);
	for (at = calendar_next(&calendar, zone, at); at.ns < w->to * NSEC_PER_SEC; k++) {
		if (k >= w->run_count || at.ns != w->runs[k] * NSEC_PER_SEC)
			fail_msg("%s: '%s': run %zu is at %jd, expected %jd", path,
				 w->model->text, k, (intmax_t)(at.ns / NSEC_PER_SEC),
				 k < w->run_count ? (intmax_t)w->runs[k] : -1);
		judge_between(w, &calendar, zone, before, at);
		before = at;
		at = calendar_next(&calendar, zone, at);
	}
	if (k != w->run_count)
		fail_msg("%s: '%s': %zu runs, expected %zu", path, w->model->text, k,
			 w->run_count);
	arena_free(arena);
}

/* ---- spans and dates ------------------------------------------------------------------------
 */

static int minute_of(const struct tm *tm)
{
	return tm->tm_hour * 60 + tm->tm_min;
}

static bool in_night(const struct tm *tm)
{
	return tm->tm_hour >= 1 && tm->tm_hour < 3;
}

static bool in_shift(const struct tm *tm)
{
	return on_workday(tm) && tm->tm_hour >= 6 && tm->tm_hour < 22;
}

/* fri..mon 21:45..02:30: what begins on one of them. */
static bool in_weekend_nights(const struct tm *tm)
{
	struct tm yesterday = {.tm_wday = (tm->tm_wday + 6) % 7};

	return (minute_of(tm) >= 21 * 60 + 45 && on_friday_to_monday(tm)) ||
	       (minute_of(tm) < 2 * 60 + 30 && on_friday_to_monday(&yesterday));
}

static bool in_days(const struct tm *tm)
{
	return tm->tm_wday == 6 || tm->tm_wday == 0 || (tm->tm_wday == 3 && tm->tm_hour >= 12);
}

static const struct {
	const char *text;
	bool (*in)(const struct tm *tm);
} levels[] = {
	{"01:00..03:00", in_night},
	{"mon..fri 06:00..22:00", in_shift},
	{"fri..mon 21:45..02:30", in_weekend_nights},
	{"sat,sun; wed 12:00..24:00", in_days},
};

static struct calendar_spans spans_of(struct arena *arena, const char *text)
{
	struct diag_source source = {.file = "t", .text = text, .len = strlen(text)};
	struct diags *diags = diags_new(5);
	const struct yaml_node *node = yaml_parse(arena, &source, diags);
	struct calendar_spans spans;

	assert_non_null(node);
	assert_true(calendar_parse_spans(arena, node, &spans, diags));
	diags_free(diags);
	return spans;
}

/* The levels and the weekday as their edges tell them: asked for at edges only. */
struct level {
	struct calendar_spans spans;
	bool holds;
	struct wall edge;
};

static void level_look(struct level *level, size_t i, const char *path, const struct zone *zone,
		       struct wall now, const struct tm *tm)
{
	bool before = level->holds, first = level->edge.ns == INT64_MIN;

	if (level->edge.ns <= now.ns) {
		level->holds = calendar_contains(&level->spans, zone, now, &level->edge);
		assert_true(first || level->holds != before);
		assert_true(level->edge.ns > now.ns);
	}
	if (level->holds != levels[i].in(tm))
		fail_msg("%s: '%s' at %jd", path, levels[i].text,
			 (intmax_t)(now.ns / NSEC_PER_SEC));
}

/* ---- the clock ------------------------------------------------------------------------------
 */

struct clock {
	const char *path;
	const struct zone *zone;
	struct watch watches[ARRAY_SIZE(quarters)];
	size_t watch_count;
	struct level levels[ARRAY_SIZE(levels)];
	int weekday;
	struct wall date;
};

static void clock_look(struct clock *clock, int64_t utc)
{
	struct tm tm = libc_local(utc);
	struct wall now = {utc * NSEC_PER_SEC};

	for (size_t i = 0; i < clock->watch_count; i++)
		watch_look(&clock->watches[i], utc, &tm, utc + tm.tm_gmtoff);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		level_look(&clock->levels[i], i, clock->path, clock->zone, now, &tm);
	if (clock->date.ns <= now.ns)
		clock->weekday = calendar_weekday(clock->zone, now, &clock->date);
	assert_int_equal(clock->weekday % 7, tm.tm_wday);
}

/* Watches the zone's clock for two years; returns how many runs it saw. */
static size_t watch_zone(const char *path, const struct model *models, size_t count, int year,
			 int64_t step)
{
	int64_t from = new_year(year), to = new_year(year + 2);
	struct arena *arena = arena_new();
	struct error err;
	struct clock clock = {.path = path,
			      .zone = zone_of(arena, path, &err),
			      .watch_count = count,
			      .date = {INT64_MIN}};
	size_t runs = 0;

	assert_non_null(clock.zone);
	assert_true(count <= ARRAY_SIZE(clock.watches));
	libc_zone(path);
	for (size_t i = 0; i < count; i++)
		watch_init(&clock.watches[i], &models[i], from, to, step);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		clock.levels[i] = (struct level){.spans = spans_of(arena, levels[i].text),
						 .edge = {INT64_MIN}};
	for (int64_t utc = from; utc < to; utc += step)
		clock_look(&clock, utc);
	for (size_t i = 0; i < count; i++) {
		watch_judge(&clock.watches[i], path, clock.zone);
		runs += clock.watches[i].run_count;
		free(clock.watches[i].ran);
		free(clock.watches[i].runs);
	}
	arena_free(arena);
	return runs;
}

/* G4: each slot exactly once, whatever zone the box stands in. */
static void test_slots_and_spans_of_every_zone(void **state)
{
	const struct names *names = *state;
	size_t runs = 0, zones = 0;

	if (names->count == 0)
		skip();
	for (size_t i = 0; i < names->count; i++) {
		if (is_right(names->name[i]))
			continue;
		runs += watch_zone(names->name[i], quarters, ARRAY_SIZE(quarters), 2026,
				   QUARTER);
		zones++;
	}
	printf("%zu zones, %zu runs\n", zones, runs);
	assert_true(zones > 0 && runs > 0);
}

static void test_slots_and_spans_of_odd_zones_minute_by_minute(void **state)
{
	static const struct {
		const char *name;
		int year; /* and the next */
	} odd[] = {
		{"Europe/Berlin", 2026},     {"Australia/Lord_Howe", 2026}, /* half an hour */
		{"Africa/Casablanca", 2026}, /* winter time in Ramadan */
		{"Pacific/Apia", 2011},	     /* no 2011-12-30 */
		{"America/Nuuk", 2026},	     /* at 22:00 the day before */
		{"Asia/Beirut", 2026},	     /* at midnight */
		{"Europe/Dublin", 2040},     /* winter is the exception */
		{"Antarctica/Troll", 2026},  /* two hours */
	};
	const struct names *names = *state;

	if (names->count == 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		char *path = xasprintf("%s/%s", folder, odd[i].name);

		assert_true(watch_zone(path, minutes, ARRAY_SIZE(minutes), odd[i].year,
				       MINUTE) > 0);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_change_of_every_zone),
		cmocka_unit_test(test_slots_and_spans_of_every_zone),
		cmocka_unit_test(test_slots_and_spans_of_odd_zones_minute_by_minute),
	};

	return cmocka_run_group_tests_name("zone_all", tests, setup, teardown);
}
