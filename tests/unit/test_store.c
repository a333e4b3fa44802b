/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of what is known of points: values, deadbands, qualities, texts, over a reload as well.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"
#include "rules/store.h"

enum { LEVEL, MODE, WANTED, FLAG, POINTS };

struct fixture {
	struct arena *arena;
	struct program *program;
	struct store store;
	double *slots;
	void *memory;
};

static void fixture_init(struct fixture *f, int64_t stale_s)
{
	static const struct {
		const char *name;
		enum value_kind kind;
	} rows[POINTS] = {
		{"tank.level", VALUE_NUMBER},
		{"boiler.mode", VALUE_TEXT},
		{"boiler.wanted", VALUE_TEXT},
		{"pump.flag", VALUE_BOOL},
	};
	struct room room = {0};
	struct point_table *points;

	f->arena = arena_new();
	points = point_table_new(f->arena);
	for (size_t i = 0; i < POINTS; i++) {
		struct point point = {.name = rows[i].name,
				      .device = "d",
				      .kind = rows[i].kind,
				      .stale_ns = stale_s * NSEC_PER_SEC,
				      .deadband = i == LEVEL ? 0.5 : 0};

		point_table_add(points, &point);
	}
	f->program = program_new(f->arena, f->arena, points, 0);
	program_text(f->program, "auto");
	program_quality(f->program, LEVEL);
	program_bad(f->program, LEVEL);
	f->slots = xcalloc(program_slots(f->program), sizeof(double));
	store_place(&f->store, f->program, f->slots, &room);
	f->memory = xcalloc(1, room.used);
	room = (struct room){.base = f->memory};
	store_place(&f->store, f->program, f->slots, &room);
	store_init(&f->store, (struct boot){0});
}

static void fixture_done(struct fixture *f)
{
	free(f->memory);
	free(f->slots);
	arena_free(f->arena);
}

static unsigned put(struct fixture *f, uint32_t point, double at, struct value value)
{
	struct reading reading = {.point = point, .value = value, .at = {(int64_t)(at * 1e9)}};

	return store_put(&f->store, &reading);
}

static unsigned put_bad(struct fixture *f, uint32_t point, double at, enum bad_reason reason,
			uint8_t code)
{
	struct reading reading = {.point = point,
				  .quality = QUALITY_BAD,
				  .reason = reason,
				  .code = code,
				  .at = {(int64_t)(at * 1e9)}};

	return store_put(&f->store, &reading);
}

static struct engine_point seen(const struct fixture *f, uint32_t point, double now)
{
	struct engine_point ret;

	store_point(&f->store, point, (struct boot){(int64_t)(now * 1e9)}, &ret);
	return ret;
}

static double slot(const struct fixture *f, uint32_t point)
{
	return f->slots[program_point(point)];
}

static void test_a_point_begins_unknown_and_bad(void **state)
{
	struct fixture f;
	struct engine_point point;

	(void)state;
	fixture_init(&f, 10);
	point = seen(&f, LEVEL, 1);
	assert_int_equal(point.value.kind, VALUE_NONE);
	assert_int_equal(point.last.kind, VALUE_NONE);
	assert_int_equal(point.quality, QUALITY_BAD);
	assert_int_equal(point.reason, BAD_INIT);
	assert_false(point.ever);
	assert_true(isnan(slot(&f, LEVEL)));
	assert_int_equal(seen(&f, LEVEL, 10).quality, QUALITY_STALE);
	fixture_done(&f);
}

static void test_a_change_below_the_deadband_renews_only_the_age(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 10);
	assert_true(put(&f, LEVEL, 1, value_number(5)) & STORE_VALUE);
	assert_int_equal(put(&f, LEVEL, 2, value_number(5.4)), STORE_GOOD);
	assert_true(slot(&f, LEVEL) == 5);
	assert_true(seen(&f, LEVEL, 2).at.ns == 2 * NSEC_PER_SEC);
	/* Measured from the value that is kept: it can't creep. */
	assert_int_equal(put(&f, LEVEL, 3, value_number(4.6)), STORE_GOOD);
	assert_int_equal(put(&f, LEVEL, 4, value_number(5.5)), STORE_GOOD | STORE_VALUE);
	assert_true(slot(&f, LEVEL) == 5.5);
	/* After a gap the first value counts, however near. */
	store_expire(&f.store, LEVEL);
	assert_true(isnan(slot(&f, LEVEL)));
	assert_true(put(&f, LEVEL, 20, value_number(5.6)) & STORE_VALUE);
	assert_true(slot(&f, LEVEL) == 5.6);
	fixture_done(&f);
}

static void test_qualities_follow_the_readings(void **state)
{
	struct fixture f;
	double *quality, *bad;

	(void)state;
	fixture_init(&f, 10);
	quality = &f.slots[program_quality(f.program, LEVEL)];
	bad = &f.slots[program_bad(f.program, LEVEL)];
	put(&f, LEVEL, 1, value_number(5));
	assert_true(*quality == PROGRAM_TEXT_GOOD && *bad == 0);
	assert_true(put_bad(&f, LEVEL, 2, BAD_EXCEPTION, 4) & STORE_QUALITY);
	assert_true(*quality == PROGRAM_TEXT_UNCERTAIN && *bad == 1);
	assert_int_equal(seen(&f, LEVEL, 2).quality, QUALITY_UNCERTAIN);
	assert_int_equal(seen(&f, LEVEL, 2).reason, BAD_EXCEPTION);
	assert_int_equal(seen(&f, LEVEL, 2).code, 4);
	assert_true(seen(&f, LEVEL, 2).value.number == 5);
	store_expire(&f.store, LEVEL);
	assert_true(*quality == PROGRAM_TEXT_BAD && *bad == 1);
	assert_int_equal(seen(&f, LEVEL, 12).quality, QUALITY_BAD);
	put(&f, LEVEL, 13, value_number(6));
	assert_true(*quality == PROGRAM_TEXT_GOOD && *bad == 0);
	assert_int_equal(seen(&f, LEVEL, 13).code, 0);
	store_expire(&f.store, LEVEL);
	assert_true(*quality == PROGRAM_TEXT_STALE && *bad == 1);
	assert_true(seen(&f, LEVEL, 30).last.number == 6);
	fixture_done(&f);
}

static void test_a_bad_first_reading_tells_why(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 10);
	put_bad(&f, LEVEL, 1, BAD_TIMEOUT, 0);
	assert_int_equal(seen(&f, LEVEL, 1).quality, QUALITY_BAD);
	assert_int_equal(seen(&f, LEVEL, 1).reason, BAD_TIMEOUT);
	assert_true(put(&f, LEVEL, 1, value_bool(true)) & STORE_BAD);
	assert_int_equal(seen(&f, LEVEL, 1).reason, BAD_PARSE);
	fixture_done(&f);
}

static void test_texts_share_numbers_and_make_room(void **state)
{
	struct fixture f;
	char text[300];

	(void)state;
	fixture_init(&f, 10);
	put(&f, MODE, 1, value_text("auto"));
	assert_true(slot(&f, MODE) == 4); /* behind the four words of quality() */
	put(&f, WANTED, 1, value_text("auto"));
	assert_true(slot(&f, MODE) == slot(&f, WANTED));
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		assert_true(put(&f, MODE, 2, value_text(text)) & STORE_VALUE);
		assert_true(slot(&f, MODE) != slot(&f, WANTED));
		assert_true(put(&f, WANTED, 2, value_text(text)) & STORE_VALUE);
		assert_true(slot(&f, MODE) == slot(&f, WANTED));
		assert_int_equal(put(&f, MODE, 2, value_text(text)), STORE_GOOD);
	}
	assert_string_equal(store_text(&f.store, slot(&f, MODE)), "text 499");
	/* Longer than a text may be: cut, not past the room. */
	memset(text, 'x', sizeof(text));
	text[299] = '\0';
	put(&f, MODE, 3, value_text(text));
	assert_int_equal(strlen(seen(&f, MODE, 3).value.text), VALUE_TEXT_MAX);
	fixture_done(&f);
}

static void test_a_reload_keeps_values_and_the_time_that_is_left(void **state)
{
	struct fixture before, after;

	(void)state;
	fixture_init(&before, 10);
	put(&before, LEVEL, 5, value_number(5));
	put(&before, MODE, 5, value_text("odd"));
	put(&before, FLAG, 5, value_bool(true));
	store_expire(&before.store, FLAG);
	store_expire(&before.store, WANTED);
	fixture_init(&after, 60);
	for (uint32_t i = 0; i < POINTS; i++)
		store_adopt(&after.store, i, &before.store, i,
			    (struct boot){20 * NSEC_PER_SEC});
	fixture_done(&before);
	assert_true(slot(&after, LEVEL) == 5);
	assert_string_equal(seen(&after, MODE, 20).value.text, "odd");
	assert_true(seen(&after, LEVEL, 20).at.ns == 5 * NSEC_PER_SEC);
	/* A longer stale_after brings a value back that had been given up. */
	assert_true(slot(&after, FLAG) == 1);
	assert_int_equal(seen(&after, FLAG, 20).quality, QUALITY_GOOD);
	/* It never gave one: that stays known, and it is not held. */
	assert_int_equal(seen(&after, WANTED, 20).quality, QUALITY_STALE);
	assert_true(after.store.points[WANTED].expired);
	assert_false(after.store.points[WANTED].ever);
	assert_int_equal(seen(&after, LEVEL, 65).quality, QUALITY_STALE);
	fixture_done(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_point_begins_unknown_and_bad),
		cmocka_unit_test(test_a_change_below_the_deadband_renews_only_the_age),
		cmocka_unit_test(test_qualities_follow_the_readings),
		cmocka_unit_test(test_a_bad_first_reading_tells_why),
		cmocka_unit_test(test_texts_share_numbers_and_make_room),
		cmocka_unit_test(test_a_reload_keeps_values_and_the_time_that_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
