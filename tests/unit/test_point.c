/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The table of points: numbers for names, at any size, and names that are known to be broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"

static uint32_t add(struct point_table *table, const char *name)
{
	struct point point = {.name = name, .kind = VALUE_NUMBER, .stale_ns = 1};

	return point_table_add(table, &point);
}

static uint32_t find(const struct point_table *table, const char *name)
{
	return point_table_find(table, name, strlen(name));
}

static void test_find_when_table_is_empty(void **state)
{
	struct arena *arena = arena_new();

	assert_int_equal(find(point_table_new(arena), "boiler.temp"), POINT_NONE);
	arena_free(arena);
}

static void test_numbers_stay_when_table_grows(void **state)
{
	struct arena *arena = arena_new();
	struct point_table *table = point_table_new(arena);

	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(add(table, arena_printf(arena, "device-%u.value", i)), i);
	assert_int_equal(point_table_count(table), 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		char *name = arena_printf(arena, "device-%u.value", i);

		assert_int_equal(find(table, name), i);
		assert_string_equal(point_table_get(table, i)->name, name);
		assert_string_equal(point_table_names(table)[i], name);
	}
	assert_int_equal(find(table, "device-5000.value"), POINT_NONE);
	arena_free(arena);
}

static void test_add_when_name_is_taken(void **state)
{
	struct arena *arena = arena_new();
	struct point_table *table = point_table_new(arena);

	assert_int_equal(add(table, "a.b"), 0);
	assert_int_equal(add(table, "a.b"), POINT_NONE);
	assert_int_equal(add(table, "a.bc"), 1);
	assert_int_equal(point_table_count(table), 2);
	assert_int_equal(point_table_find(table, "a.bcd", 3), 0);
	arena_free(arena);
}

static void test_broken_name_covers_what_continues_it(void **state)
{
	struct arena *arena = arena_new();
	struct point_table *table = point_table_new(arena);

	point_table_note_broken(table, "boiler.status");
	point_table_note_broken(table, "wind");
	assert_true(point_table_is_broken(table, "boiler.status", 13));
	assert_true(point_table_is_broken(table, "boiler.status.ready", 19));
	assert_false(point_table_is_broken(table, "boiler.statusbar", 16));
	assert_false(point_table_is_broken(table, "boiler.temp", 11));
	assert_true(point_table_is_broken(table, "wind.speed", 10));
	assert_false(point_table_is_broken(table, "windy.speed", 11));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_when_table_is_empty),
		cmocka_unit_test(test_numbers_stay_when_table_grows),
		cmocka_unit_test(test_add_when_name_is_taken),
		cmocka_unit_test(test_broken_name_covers_what_continues_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
