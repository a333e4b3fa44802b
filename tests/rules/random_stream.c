/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what happens to random rules: the points, their readings, silence, and people. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/point.h"
#include "random_rules.h"

/* Readings are from + k * step, or a little more; those of different scales never meet exactly.
 */
static const struct row {
	const char *name, *device, *unit;
	enum value_kind kind;
	double from, step, deadband;
	int64_t stale_ticks;
} rows[] = {
	{"a.n", "a", NULL, VALUE_NUMBER, -2, 0.5, 0, 13},
	{"b.n", "b", NULL, VALUE_NUMBER, -2, 0.5, 0, 24},
	{"c.n", "c", NULL, VALUE_NUMBER, -1, 1, 0, 60},
	{"c.m", "c", NULL, VALUE_NUMBER, -2, 0.5, 1, 17},
	{"a.p", "a", NULL, VALUE_BOOL, 0, 1, 0, 16},
	{"b.p", "b", NULL, VALUE_BOOL, 0, 1, 0, 24},
	{"c.q", "c", NULL, VALUE_BOOL, 0, 1, 0, 90},
	{"a.s", "a", NULL, VALUE_TEXT, 0, 1, 0, 20},
	{"b.s", "b", NULL, VALUE_TEXT, 0, 1, 0, 30},
	{"a.temp", "a", "degC", VALUE_NUMBER, 78, 0.5, 0, 18},
	{"b.temp", "b", "degC", VALUE_NUMBER, 77, 0.5, 0, 25},
	{"c.temp", "c", "degF", VALUE_NUMBER, 174.07, 0.5, 0, 40},
	{"a.level", "a", "m", VALUE_NUMBER, 4, 0.125, 0, 22},
	{"b.level", "b", "cm", VALUE_NUMBER, 400.07, 12.5, 0, 31},
	{"a.fill", "a", "%", VALUE_NUMBER, 48, 0.5, 0, 33},
};

static const char *const words[] = {"auto", "off", "night", "party", "good", "stale"};

struct point_table *random_rules_points(struct arena *arena)
{
	struct point_table *table = point_table_new(arena);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct point point = {
			.name = rows[i].name,
			.device = rows[i].device,
			.kind = rows[i].kind,
			.unit_text = rows[i].unit,
			.readable = true,
			/* So seldom that windows of all points at once are exact. */
			.interval_ns = 1200 * NSEC_PER_MSEC,
			.stale_ns = rows[i].stale_ticks * RANDOM_TICK,
			.deadband = rows[i].deadband,
			.unheld = strcmp(rows[i].name, "b.n") == 0,
		};
		size_t bad, bad_len;

		if (point.unit_text != NULL)
			assert_int_equal(unit_parse(point.unit_text, strlen(point.unit_text),
						    &point.unit, &bad, &bad_len),
					 0);
		point_table_add(table, &point);
	}
	return table;
}

static void some_reading(struct chance *chance, struct reading *ret)
{
	const struct row *row;
	int64_t k = chance_between(chance, 0, 8);
	double at = (double)k;

	*ret = (struct reading){
		.point = (uint32_t)chance_between(chance, 0, ARRAY_SIZE(rows) - 1)};
	row = &rows[ret->point];
	if (chance_one_in(chance, 7)) {
		ret->quality = QUALITY_BAD;
		ret->reason = BAD_TIMEOUT;
		return;
	}
	switch (row->kind) {
	case VALUE_NUMBER:
		/* Mostly within one cell of the grid, between all thresholds. */
		if (!chance_one_in(chance, 3))
			at = 4 + (double)(k % 3 + 1) / 16;
		ret->value = value_number(
			chance_one_in(chance, 60) ? NAN : row->from + at * row->step);
		break;
	case VALUE_BOOL:
		ret->value = value_bool(k % 2 == 1);
		break;
	case VALUE_TEXT:
		ret->value = value_text(words[k % (int64_t)ARRAY_SIZE(words)]);
		break;
	case VALUE_NONE:
		break;
	}
}

/* Short ones, some of about five minutes, and long ones; of the program, or of the machine. */
static void some_outage(struct chance *chance, struct random_life *life,
			struct random_step *ret)
{
	int64_t wall;

	static const int64_t most[] = {40, 40, 590, 602, 2400};
	int64_t choice = chance_between(chance, 0, ARRAY_SIZE(most) - 1);

	ret->outage_ns =
		chance_between(chance, choice == 3 ? 598 : 0, most[choice]) * RANDOM_TICK;
	ret->timed = !chance_one_in(chance, 4);
	life->now += ret->outage_ns;
	wall = life->now + life->ahead_ns;
	if (chance_one_in(chance, 2))
		life->now = chance_between(chance, 0, 40) * RANDOM_TICK;
	life->ahead_ns = wall - life->now;
	life->clock = false;
	ret->now_ns = life->now;
}

/* Nobody was awake for hours, somebody sets it, or sets it right again. */
static void some_wall(struct chance *chance, struct random_life *life, struct random_step *ret)
{
	static const int64_t most[] = {0, 0, 5, 600, 4000, 90000, 500000};
	int64_t off_s = most[chance_between(chance, 0, ARRAY_SIZE(most) - 1)];

	ret->slept_ns = life->now;
	if (chance_one_in(chance, 25))
		life->now += chance_between(chance, 0, 16000) * RANDOM_TICK;
	off_s = chance_between(chance, -off_s, off_s);
	/* by exactly so much that a slot is late, but still runs, or no more is */
	if (chance_one_in(chance, 10))
		off_s = chance_between(chance, -1, 1) * 3600;
	ret->kind = RANDOM_WALL;
	ret->at = life->now;
	ret->wall_ns = life->now + life->ahead_ns + off_s * NSEC_PER_SEC;
	ret->valid = !chance_one_in(chance, 8);
	life->clock = life->clock || ret->valid;
}

/* The process is stopped for a while. */
static void some_stall(struct chance *chance, struct random_life *life, struct random_step *ret)
{
	ret->slept_ns = life->now;
	life->now += chance_between(chance, 0, 150) * RANDOM_TICK;
	ret->at = life->now;
}

void random_rules_step(struct chance *chance, struct random_life *life, struct random_step *ret)
{
	static const enum random_step_kind rare[] = {
		RANDOM_TICKS,  RANDOM_TICKS,   RANDOM_ACK,  RANDOM_SHELVE, RANDOM_UNSHELVE,
		RANDOM_RELOAD, RANDOM_RESTART, RANDOM_WALL, RANDOM_STALL};
	int64_t *now = &life->now;

	*ret = (struct random_step){0};
	if (!life->clock && !chance_one_in(chance, 4)) {
		some_wall(chance, life, ret);
		return;
	}
	if (!chance_one_in(chance, 3))
		*now += chance_between(chance, 1, 3) * RANDOM_TICK;
	if (chance_one_in(chance, 30))
		*now += chance_between(chance, 1, 80) * RANDOM_TICK;
	if (chance_one_in(chance, 200))
		*now += chance_between(chance, 1, 700) * RANDOM_TICK;
	*ret = (struct random_step){.kind = RANDOM_READING, .at = *now};
	if (chance_one_in(chance, 15))
		ret->kind = RANDOM_SETTLE;
	else if (chance_one_in(chance, 5))
		ret->kind = rare[chance_between(chance, 0, ARRAY_SIZE(rare) - 1)];
	some_reading(chance, &ret->reading);
	ret->reading.at.ns = *now;
	/* Late by so much that it is late however often the engine woke up. */
	if (chance_one_in(chance, 50))
		ret->reading.at.ns = -RANDOM_TICK;
	ret->settle = !chance_one_in(chance, 3);
	ret->rule = (uint32_t)chance_between(chance, 0, 1000);
	ret->until = *now + chance_between(chance, 1, 40) * RANDOM_TICK;
	if (ret->kind == RANDOM_RESTART)
		some_outage(chance, life, ret);
	else if (ret->kind == RANDOM_WALL)
		some_wall(chance, life, ret);
	else if (ret->kind == RANDOM_STALL)
		some_stall(chance, life, ret);
}

void random_step_write(const struct random_step *step, const struct point_table *points,
		       struct str *out)
{
	static const char *const names[] = {"reading",	"settle", "tick",    "ack",  "shelve",
					    "unshelve", "reload", "restart", "wall", "stall"};

	str_addf(out, "%.1f %s", (double)step->at / 1e9, names[step->kind]);
	if (step->kind == RANDOM_READING) {
		str_addf(out, " %s at %.1f ",
			 point_table_get(points, step->reading.point)->name,
			 (double)step->reading.at.ns / 1e9);
		value_show(step->reading.value, out);
		str_adds(out, step->settle ? " settled" : "");
	} else if (step->kind >= RANDOM_ACK && step->kind <= RANDOM_UNSHELVE) {
		str_addf(out, " %u until %.1f", step->rule, (double)step->until / 1e9);
	} else if (step->kind == RANDOM_RESTART) {
		str_addf(out, " %.1f s%s, now %.1f", (double)step->outage_ns / 1e9,
			 step->timed ? "" : " (unknown)", (double)step->now_ns / 1e9);
	} else if (step->kind == RANDOM_WALL) {
		time_t at = (time_t)(step->wall_ns / NSEC_PER_SEC);
		char text[40];
		struct tm tm;

		strftime(text, sizeof(text), "%F %T%z %a", localtime_r(&at, &tm));
		str_addf(out, " %s %03jd%s", text,
			 (intmax_t)(step->wall_ns / NSEC_PER_MSEC % 1000),
			 step->valid ? "" : " (not set)");
	}
	str_addc(out, '\n');
}
