/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What devices refuse, and how they are read from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "inputs/modbus_lesson.h"
#include "io/modbus_pdu.h"

enum { ITEMS = 200, ADDRESSES = 1000 };

static const int64_t hour = 3600 * NSEC_PER_SEC, day = 24 * 3600 * NSEC_PER_SEC;
static const struct modbus_limits limits = {125, 2000, 16};
static const struct modbus_limits no_holes = {125, 2000, 0};

/* A device, and a bus that asks it. */
struct test {
	struct modbus_item items[ITEMS];
	size_t count;
	struct modbus_lessons *lessons;
	struct mono now;
	/* the device: */
	bool absent[ADDRESSES]; /* refused with exception 2 */
	unsigned most;		/* at once; more is refused with 'too_much', or not answered */
	uint8_t too_much;	/* 0: no answer */
	uint8_t always;		/* every request is refused with this; 0: none is */
	/* what came of it: */
	unsigned requests, refusals, news, answered[ITEMS], refused[ITEMS];
	enum modbus_lesson_kind last;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));

	t->most = 125;
	t->now.ns = 1000 * day;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	modbus_lessons_free(t->lessons);
	free(t);
	return 0;
}

static void add(struct test *t, uint16_t address, uint16_t count)
{
	t->items[t->count] = (struct modbus_item){
		.point = (uint32_t)t->count,
		.limits = &limits,
		.function = MODBUS_READ_HOLDING,
		.address = address,
		.count = count,
		.interval_ns = NSEC_PER_SEC,
	};
	t->count++;
}

static void add_row(struct test *t, uint16_t from, uint16_t to)
{
	for (uint16_t i = from; i < to; i++)
		add(t, i, 1);
}

static void learn(struct test *t)
{
	modbus_plan_sort(t->items, t->count);
	t->lessons = modbus_lessons_new(t->items, t->count, 2);
}

/* -1: no answer; 0: an answer; or an exception. */
static int device(const struct test *t, unsigned address, unsigned count)
{
	if (t->always != 0)
		return t->always;
	if (count > t->most)
		return t->too_much != 0 ? t->too_much : -1;
	for (unsigned i = address; i < address + count; i++) {
		if (t->absent[i])
			return MODBUS_ILLEGAL_ADDRESS;
	}
	return 0;
}

static const struct modbus_span *span_at(const struct test *t, size_t first)
{
	return modbus_lessons_span(t->lessons, first);
}

static unsigned spans(const struct test *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->count; i += span_at(t, i)->items)
		n++;
	return n;
}

static void told(struct test *t, const struct modbus_lesson *lesson)
{
	t->news += lesson->news;
	if (lesson->kind != MODBUS_LESSON_NONE)
		t->last = lesson->kind;
}

static void ask(struct test *t, size_t first)
{
	struct modbus_lesson lesson;
	struct modbus_span span;
	size_t items;
	int said;

	modbus_lessons_retry(t->lessons, first, t->now, &lesson);
	told(t, &lesson);
	span = *span_at(t, first);
	items = modbus_lessons_ask(t->lessons, first);
	if (items < span.items) {
		said = device(t, span.address, t->items[first].count);
		modbus_lessons_tasted(t->lessons, first, said == 0, &lesson);
	} else {
		said = device(t, span.address, span.count);
		if (said < 0)
			modbus_lessons_silent(t->lessons, first);
		else if (said == 0)
			modbus_lessons_answered(t->lessons, first, t->now, &lesson);
		else
			modbus_lessons_refused(t->lessons, first, (uint8_t)said, t->now,
					       &lesson);
	}
	told(t, &lesson);
	t->requests++;
	t->refusals += said > 0;
	for (size_t i = first; i < first + items; i++) {
		t->answered[i] += said == 0;
		t->refused[i] += said > 0;
	}
}

/* One poll of all there is; pauses are over by then if 'pauses' is set. */
static void turn(struct test *t, bool pauses)
{
	t->requests = t->refusals = 0;
	memset(t->answered, 0, sizeof(t->answered));
	memset(t->refused, 0, sizeof(t->refused));
	for (size_t i = 0, next; i < t->count; i = next) {
		/* What a lesson makes of it is asked in the next turn. */
		next = i + span_at(t, i)->items;
		if (pauses || modbus_lessons_pause(t->lessons, i) == 0)
			ask(t, i);
		if (next < t->count && span_at(t, next)->items == 0)
			next = modbus_lessons_first(t->lessons, next) +
			       span_at(t, modbus_lessons_first(t->lessons, next))->items;
	}
	t->now = mono_add(t->now, NSEC_PER_SEC);
}

static void turns(struct test *t, unsigned n)
{
	while (n-- > 0)
		turn(t, false);
}

static void assert_spans(const struct test *t, const unsigned (*expected)[2], size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i += span_at(t, i)->items, n++) {
		assert_true(n < count);
		assert_int_equal(span_at(t, i)->address, expected[n][0]);
		assert_int_equal(span_at(t, i)->count, expected[n][1]);
	}
	assert_int_equal(n, count);
}
#define ASSERT_SPANS(t, ...)                                         \
	do {                                                         \
		static const unsigned expected[][2] = {__VA_ARGS__}; \
		assert_spans(t, expected, ARRAY_SIZE(expected));     \
	} while (0)

static void test_exception_2_with_a_hole_splits_once_and_is_remembered(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 3);
	add_row(t, 6, 8);
	learn(t);
	t->absent[4] = true;
	ASSERT_SPANS(t, {0, 8});
	turn(t, false);
	assert_int_equal(t->refusals, 1);
	assert_int_equal(t->last, MODBUS_LESSON_HOLES);
	ASSERT_SPANS(t, {0, 3}, {6, 2});
	for (int i = 0; i < 1000; i++) {
		turn(t, false);
		assert_int_equal(t->refusals, 0);
		assert_int_equal(t->requests, 2);
	}
	assert_int_equal(t->news, 1);
}

static void test_every_exception_of_1_to_4_takes_the_holes_out(void **state)
{
	struct test *t = *state;

	add(t, 0, 1);
	add(t, 2, 1);
	for (uint8_t exception = 1; exception <= 4; exception++) {
		struct modbus_lesson lesson;

		learn(t);
		modbus_lessons_refused(t->lessons, 0, exception, t->now, &lesson);
		assert_int_equal(lesson.kind, MODBUS_LESSON_HOLES);
		assert_true(lesson.news && lesson.first == 0 && lesson.end == 2);
		ASSERT_SPANS(t, {0, 1}, {2, 1});
		modbus_lessons_free(t->lessons);
		t->lessons = NULL;
	}
}

static void test_exceptions_5_6_10_and_11_never_split(void **state)
{
	static const uint8_t others[] = {0, 5, 6, 7, 8, 10, 11, 12, 255};
	struct test *t = *state;
	struct modbus_lesson lesson;

	add_row(t, 0, 10);
	add(t, 15, 1);
	learn(t);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		modbus_lessons_refused(t->lessons, 0, others[i], t->now, &lesson);
		assert_int_equal(lesson.kind, MODBUS_LESSON_NONE);
		ASSERT_SPANS(t, {0, 16});
	}
}

static void test_device_failure_without_a_hole_teaches_nothing(void **state)
{
	struct test *t = *state;
	struct modbus_lesson lesson;

	add_row(t, 0, 10);
	learn(t);
	modbus_lessons_refused(t->lessons, 0, MODBUS_DEVICE_FAILURE, t->now, &lesson);
	assert_int_equal(lesson.kind, MODBUS_LESSON_NONE);
	assert_int_equal(modbus_lessons_pause(t->lessons, 0), 0);
	ASSERT_SPANS(t, {0, 10});
}

static void test_exception_1_without_a_hole_is_asked_rarely_and_not_split(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 10);
	learn(t);
	t->always = MODBUS_ILLEGAL_FUNCTION;
	turn(t, false);
	assert_int_equal(t->last, MODBUS_LESSON_ABSENT);
	assert_int_equal(modbus_lessons_pause(t->lessons, 0), NSEC_PER_SEC);
	ASSERT_SPANS(t, {0, 10});
	t->always = 0;
	turn(t, true);
	assert_int_equal(t->last, MODBUS_LESSON_GIVEN);
	assert_int_equal(modbus_lessons_pause(t->lessons, 0), 0);
	assert_int_equal(t->news, 2);
}

static void test_exception_2_on_one_register_makes_only_that_one_bad(void **state)
{
	struct test *t = *state;
	unsigned steps = 0;

	add_row(t, 0, 125);
	learn(t);
	t->absent[77] = true;
	do {
		turn(t, false);
		/* What was found to be good, and two parts of what was not. */
		assert_true(t->refusals <= 1);
		steps++;
	} while (modbus_lessons_absent(t->lessons, 0) == 0);
	assert_in_range(steps, 7, 9);
	assert_int_equal(t->last, MODBUS_LESSON_ABSENT);
	ASSERT_SPANS(t, {0, 77}, {77, 1}, {78, 47});
	turns(t, 100);
	ASSERT_SPANS(t, {0, 77}, {77, 1}, {78, 47});
	assert_int_equal(t->refusals, 0);
	for (size_t i = 0; i < 125; i++)
		assert_int_equal(t->answered[i], i != 77);
	/* That it is searched, and what was found. */
	assert_int_equal(t->news, 2);
}

static void test_refused_value_is_asked_after_a_second_and_then_every_minute(void **state)
{
	struct test *t = *state;

	add(t, 5, 2);
	learn(t);
	t->absent[6] = true;
	for (int64_t pause = 1; pause < 60; pause *= 2) {
		turn(t, true);
		assert_int_equal(modbus_lessons_pause(t->lessons, 0), pause * NSEC_PER_SEC);
	}
	for (int i = 0; i < 1000; i++)
		turn(t, true);
	assert_int_equal(modbus_lessons_pause(t->lessons, 0), 60 * NSEC_PER_SEC);
	assert_int_equal(t->news, 1);
	t->absent[6] = false;
	turn(t, true);
	assert_int_equal(modbus_lessons_pause(t->lessons, 0), 0);
	assert_int_equal(t->news, 2);
}

static void test_value_that_comes_back_is_read_with_its_neighbours_again(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 20);
	learn(t);
	t->absent[7] = t->absent[8] = true;
	turns(t, 30);
	ASSERT_SPANS(t, {0, 7}, {7, 1}, {8, 1}, {9, 11});
	t->absent[7] = false;
	turn(t, true);
	ASSERT_SPANS(t, {0, 8}, {8, 1}, {9, 11});
	t->absent[8] = false;
	turn(t, true);
	ASSERT_SPANS(t, {0, 20});
	turn(t, false);
	assert_int_equal(t->requests, 1);
	assert_int_equal(t->refusals, 0);
}

static void test_value_that_comes_back_is_not_joined_with_one_that_is_absent(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 20);
	learn(t);
	t->absent[7] = t->absent[8] = true;
	turns(t, 30);
	t->absent[8] = false;
	turn(t, true);
	ASSERT_SPANS(t, {0, 7}, {7, 1}, {8, 12});
	t->absent[7] = false;
	turn(t, true);
	ASSERT_SPANS(t, {0, 20});
}

static void test_value_that_goes_again_at_once_is_joined_when_it_stays(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 20);
	learn(t);
	t->absent[7] = true;
	turns(t, 30);
	t->absent[7] = false;
	turn(t, true);
	ASSERT_SPANS(t, {0, 20});
	/* It was only joined on trial: no search is needed to know which it is. */
	t->absent[7] = true;
	turn(t, true);
	ASSERT_SPANS(t, {0, 7}, {7, 1}, {8, 12});
	turn(t, true);
	assert_int_equal(t->refusals, 1);
	t->absent[7] = false;
	turn(t, true);
	turn(t, true);
	ASSERT_SPANS(t, {0, 20});
}

static void test_what_a_search_joins_and_is_refused_is_parted_where_it_was(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 40);
	learn(t);
	t->absent[5] = true;
	t->most = 30;
	t->too_much = MODBUS_ILLEGAL_ADDRESS;
	while (modbus_lessons_absent(t->lessons, 0) == 0)
		turn(t, false);
	ASSERT_SPANS(t, {0, 5}, {5, 1}, {6, 34});
	turn(t, false);
	assert_int_equal(t->last, MODBUS_LESSON_PARTS);
	turn(t, false);
	assert_int_equal(t->refusals, 0);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(t->answered[i], i != 5);
}

static void test_device_that_starts_refuses_all_and_is_read_at_once_in_the_end(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 60);
	learn(t);
	t->always = MODBUS_ILLEGAL_ADDRESS;
	turns(t, 100);
	assert_int_equal(spans(t), 60);
	assert_int_equal(modbus_lessons_absent(t->lessons, 0), 60);
	t->always = 0;
	turn(t, true);
	turn(t, true);
	ASSERT_SPANS(t, {0, 60});
	assert_int_equal(modbus_lessons_absent(t->lessons, 0), 0);
}

static void test_exception_3_halves_what_is_asked_for_at_once(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 120);
	add(t, 300, 2);
	learn(t);
	t->most = 32;
	t->too_much = MODBUS_ILLEGAL_VALUE;
	turn(t, false);
	assert_int_equal(t->last, MODBUS_LESSON_COUNT);
	ASSERT_SPANS(t, {0, 60}, {60, 60}, {300, 2});
	turn(t, false);
	ASSERT_SPANS(t, {0, 30}, {30, 30}, {60, 30}, {90, 30}, {300, 2});
	turns(t, 100);
	assert_int_equal(t->refusals, 0);
	ASSERT_SPANS(t, {0, 30}, {30, 30}, {60, 30}, {90, 30}, {300, 2});
	assert_int_equal(t->news, 2);
}

static void test_exception_3_lowers_to_what_was_answered_before(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 60);
	add_row(t, 200, 300);
	learn(t);
	t->most = 70;
	t->too_much = MODBUS_ILLEGAL_VALUE;
	turn(t, false);
	ASSERT_SPANS(t, {0, 60}, {200, 60}, {260, 40});
	turn(t, false);
	assert_int_equal(t->refusals, 0);
}

static void test_what_a_device_takes_is_known_for_each_function(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 40);
	add_row(t, 0, 40);
	for (size_t i = 40; i < 80; i++)
		t->items[i].function = MODBUS_READ_INPUT;
	learn(t);
	t->most = 20;
	t->too_much = MODBUS_ILLEGAL_VALUE;
	ask(t, 0);
	ASSERT_SPANS(t, {0, 20}, {20, 20}, {0, 40});
}

/* Some say 3 where 2 is meant: then what was answered before shows that it is not too much. */
static void test_exception_3_on_what_was_answered_before_is_searched(void **state)
{
	struct test *t = *state;
	struct modbus_lesson lesson;

	add_row(t, 0, 100);
	learn(t);
	turn(t, false);
	modbus_lessons_refused(t->lessons, 0, MODBUS_ILLEGAL_VALUE, t->now, &lesson);
	assert_int_equal(lesson.kind, MODBUS_LESSON_SEARCH);
	ASSERT_SPANS(t, {0, 50}, {50, 50});
	assert_true(modbus_lessons_open(t->lessons, 0) && modbus_lessons_open(t->lessons, 50));
}

static void test_timeout_does_not_split(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 100);
	learn(t);
	turn(t, false);
	t->most = 0;
	for (int i = 0; i < 100; i++) {
		turn(t, false);
		ASSERT_SPANS(t, {0, 100});
		assert_int_equal(modbus_lessons_ask(t->lessons, 0), 100);
	}
	t->most = 125;
	turn(t, false);
	assert_int_equal(t->answered[99], 1);
	assert_int_equal(t->news, 0);
}

static void test_device_that_was_never_there_is_not_split(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 100);
	learn(t);
	t->most = 0;
	turns(t, 101);
	ASSERT_SPANS(t, {0, 100});
	t->most = 125;
	turns(t, 2);
	assert_int_equal(t->answered[99], 1);
	ASSERT_SPANS(t, {0, 100});
}

static void test_first_read_without_an_answer_is_halved_when_its_first_value_answers(
	void **state)
{
	struct test *t = *state;

	add_row(t, 0, 100);
	learn(t);
	t->most = 60;
	turns(t, 3);
	/* One disturbance is none. */
	ASSERT_SPANS(t, {0, 100});
	turns(t, 1);
	ASSERT_SPANS(t, {0, 50}, {50, 50});
	assert_int_equal(t->last, MODBUS_LESSON_COUNT);
	turns(t, 50);
	ASSERT_SPANS(t, {0, 50}, {50, 50});
	assert_int_equal(t->answered[0] + t->answered[99], 2);
	assert_int_equal(t->news, 1);
}

static void test_hole_is_tried_again_after_a_day_each_for_itself(void **state)
{
	struct test *t = *state;

	add(t, 0, 1);
	add(t, 5, 1);
	add(t, 9, 1);
	learn(t);
	t->absent[7] = true;
	turns(t, 10);
	ASSERT_SPANS(t, {0, 1}, {5, 1}, {9, 1});
	t->now = mono_add(t->now, day - 20 * NSEC_PER_SEC);
	turns(t, 1);
	ASSERT_SPANS(t, {0, 1}, {5, 1}, {9, 1});
	assert_int_equal(t->news, 1);
	t->now = mono_add(t->now, 20 * NSEC_PER_SEC);
	turns(t, 10);
	/* The first was innocent; the second is refused once more, without a word. */
	ASSERT_SPANS(t, {0, 6}, {9, 1});
	assert_int_equal(t->news, 2);
	t->absent[7] = false;
	turns(t, 1000);
	ASSERT_SPANS(t, {0, 6}, {9, 1});
	t->now = mono_add(t->now, day);
	turns(t, 1);
	ASSERT_SPANS(t, {0, 10});
	assert_int_equal(t->news, 3);
}

static void test_hole_is_tried_at_a_reconnect_but_once_an_hour(void **state)
{
	struct test *t = *state;

	add(t, 0, 1);
	add(t, 5, 1);
	learn(t);
	t->absent[2] = true;
	turn(t, false);
	/* Some devices close after every answer. */
	for (int i = 0; i < 3000; i++) {
		modbus_lessons_reconnected(t->lessons, t->now);
		turn(t, false);
		assert_int_equal(t->refusals, 0);
	}
	t->now = mono_add(t->now, hour);
	modbus_lessons_reconnected(t->lessons, t->now);
	turn(t, false);
	assert_int_equal(t->refusals, 1);
	for (int i = 0; i < 3000; i++) {
		modbus_lessons_reconnected(t->lessons, t->now);
		turn(t, false);
		assert_int_equal(t->refusals, 0);
	}
	assert_int_equal(t->news, 1);
}

static void test_what_is_only_taken_in_parts_stays_in_parts(void **state)
{
	struct test *t = *state;

	add_row(t, 0, 40);
	learn(t);
	t->most = 30;
	t->too_much = MODBUS_ILLEGAL_ADDRESS;
	turns(t, 3);
	ASSERT_SPANS(t, {0, 20}, {20, 20});
	assert_int_equal(t->last, MODBUS_LESSON_PARTS);
	turns(t, 1000);
	ASSERT_SPANS(t, {0, 20}, {20, 20});
	t->now = mono_add(t->now, day);
	turn(t, false);
	assert_int_equal(t->refusals, 1);
	turns(t, 5);
	ASSERT_SPANS(t, {0, 20}, {20, 20});
	/* The search, and its end. */
	assert_int_equal(t->news, 2);
}

static void test_values_are_not_cut_and_equal_places_stay_together(void **state)
{
	struct test *t = *state;

	for (uint16_t i = 0; i < 8; i++) {
		add(t, (uint16_t)(4 * i), 4);
		add(t, (uint16_t)(4 * i), 4);
		add(t, (uint16_t)(4 * i), 4);
	}
	learn(t);
	t->absent[14] = true;
	turns(t, 20);
	ASSERT_SPANS(t, {0, 12}, {12, 4}, {16, 16});
	assert_int_equal(modbus_lessons_first(t->lessons, 11), 9);
}

static void test_overlapping_values_with_one_refused(void **state)
{
	struct test *t = *state;

	add(t, 0, 1);
	add(t, 1, 1);
	add(t, 1, 2);
	add(t, 3, 1);
	learn(t);
	t->absent[2] = true;
	turns(t, 20);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(t->answered[i], i != 2);
	assert_int_equal(modbus_lessons_absent(t->lessons, 0), 1);
}

/* The same items, in another bus: what a reload makes. */
static struct modbus_lessons *reloaded(const struct test *t, struct modbus_item *room,
				       uint32_t device)
{
	memcpy(room, t->items, t->count * sizeof(*room));
	for (size_t i = 0; i < t->count; i++)
		room[i].device = device;
	return modbus_lessons_new(room, t->count, 2);
}

static void test_lessons_are_remembered_over_a_reload(void **state)
{
	struct test *t = *state;
	struct modbus_item room[ITEMS];
	struct modbus_lessons *next;

	add_row(t, 0, 50);
	add(t, 55, 1);
	learn(t);
	t->absent[52] = t->absent[20] = true;
	turns(t, 30);
	ASSERT_SPANS(t, {0, 20}, {20, 1}, {21, 29}, {55, 1});
	/* Another device stands before it now. */
	next = reloaded(t, room, 1);
	assert_true(modbus_lessons_adopt(next, 1, t->lessons, 0));
	modbus_lessons_free(t->lessons);
	t->lessons = next;
	memcpy(t->items, room, sizeof(room));
	ASSERT_SPANS(t, {0, 20}, {20, 1}, {21, 29}, {55, 1});
	assert_int_equal(span_at(t, 0)->device, 1);
	turn(t, false);
	assert_int_equal(t->refusals, 0);
	assert_int_equal(t->requests, 3);
	assert_int_equal(modbus_lessons_absent(t->lessons, 1), 1);
}

static void test_learned_plan_is_dropped_when_the_configuration_changes(void **state)
{
	struct test *t = *state;
	struct modbus_item room[ITEMS];

	add_row(t, 0, 50);
	learn(t);
	t->absent[20] = true;
	turns(t, 30);
	for (int change = 0; change < 6; change++) {
		struct modbus_lessons *next;

		memcpy(room, t->items, sizeof(room));
		if (change == 0)
			room[49].address = 60;
		else if (change == 1)
			room[49].count = 2;
		else if (change == 2)
			room[49].interval_ns *= 2;
		else if (change == 3)
			room[49].limits = &no_holes;
		next = modbus_lessons_new(room, t->count - (change == 4), 1);
		assert_int_equal(modbus_lessons_adopt(next, 0, t->lessons, 0), change == 5);
		assert_int_equal(modbus_lessons_absent(next, 0), change == 5);
		modbus_lessons_free(next);
	}
}

/* Whatever devices are like, they are read whole but for what they have not. */
static void test_random_devices_are_read_whole_and_with_few_refusals(void **state)
{
	struct random random;

	random_init(&random, 11);
	for (int round = 0; round < 300; round++) {
		struct test *t;
		unsigned asked = 0, refusals = 0;
		bool there[ITEMS];

		setup((void **)&t);
		for (unsigned address = 0; address < 900 && t->count < 150;) {
			uint16_t count = (uint16_t)random_between(&random, 1, 4);

			add(t, (uint16_t)address, count);
			address += (unsigned)random_between(&random, 0, 6);
		}
		if (random_between(&random, 0, 1) == 0)
			t->most = (unsigned)random_between(&random, 4, 125);
		t->too_much = (uint8_t)random_between(&random, 2, 3);
		for (int64_t i = random_between(&random, 0, 12); i > 0; i--)
			t->absent[random_between(&random, 0, 900)] = true;
		learn(t);
		for (size_t i = 0; i < t->count; i++)
			there[i] = device(t, t->items[i].address, t->items[i].count) == 0;
		for (int i = 0; i < 400; i++) {
			turn(t, false);
			asked += t->requests;
			refusals += t->refusals;
		}
		turn(t, false);
		assert_int_equal(t->refusals, 0);
		for (size_t i = 0; i < t->count; i++)
			assert_int_equal(t->answered[i], there[i]);
		/* A search for each of what is absent, and for each request that is too big. */
		assert_true(refusals < 400);
		assert_true(asked > refusals);
		teardown((void **)&t);
	}
}

#define LESSON_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LESSON_TEST(test_exception_2_with_a_hole_splits_once_and_is_remembered),
		LESSON_TEST(test_every_exception_of_1_to_4_takes_the_holes_out),
		LESSON_TEST(test_exceptions_5_6_10_and_11_never_split),
		LESSON_TEST(test_device_failure_without_a_hole_teaches_nothing),
		LESSON_TEST(test_exception_1_without_a_hole_is_asked_rarely_and_not_split),
		LESSON_TEST(test_exception_2_on_one_register_makes_only_that_one_bad),
		LESSON_TEST(test_refused_value_is_asked_after_a_second_and_then_every_minute),
		LESSON_TEST(test_value_that_comes_back_is_read_with_its_neighbours_again),
		LESSON_TEST(test_value_that_comes_back_is_not_joined_with_one_that_is_absent),
		LESSON_TEST(test_value_that_goes_again_at_once_is_joined_when_it_stays),
		LESSON_TEST(test_what_a_search_joins_and_is_refused_is_parted_where_it_was),
		LESSON_TEST(test_exception_3_lowers_to_what_was_answered_before),
		LESSON_TEST(test_device_that_starts_refuses_all_and_is_read_at_once_in_the_end),
		LESSON_TEST(test_exception_3_halves_what_is_asked_for_at_once),
		LESSON_TEST(test_what_a_device_takes_is_known_for_each_function),
		LESSON_TEST(test_exception_3_on_what_was_answered_before_is_searched),
		LESSON_TEST(test_timeout_does_not_split),
		LESSON_TEST(test_device_that_was_never_there_is_not_split),
		LESSON_TEST(
			test_first_read_without_an_answer_is_halved_when_its_first_value_answers),
		LESSON_TEST(test_hole_is_tried_again_after_a_day_each_for_itself),
		LESSON_TEST(test_hole_is_tried_at_a_reconnect_but_once_an_hour),
		LESSON_TEST(test_what_is_only_taken_in_parts_stays_in_parts),
		LESSON_TEST(test_values_are_not_cut_and_equal_places_stay_together),
		LESSON_TEST(test_overlapping_values_with_one_refused),
		LESSON_TEST(test_lessons_are_remembered_over_a_reload),
		LESSON_TEST(test_learned_plan_is_dropped_when_the_configuration_changes),
		cmocka_unit_test(test_random_devices_are_read_whole_and_with_few_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
