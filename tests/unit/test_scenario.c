/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the notation of samples, and of what is said about wrong ones. */
#include "rules/scenario.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"

struct test {
	struct arena *arena;
	struct diags *diags;
	struct point point;
	struct diag_source source;
	struct scenario_series series;
	bool good;
};

static void parse(struct test *t, enum value_kind kind, const char *samples)
{
	const struct yaml_node *root;

	*t = (struct test){
		.arena = arena_new(),
		.diags = diags_new(10),
		.point = {.name = "p", .kind = kind, .low = -40, .high = 400},
		.source = {.file = "t.yaml", .text = samples, .len = strlen(samples)},
	};
	root = yaml_parse(t->arena, &t->source, t->diags);
	assert_non_null(root);
	t->good = scenario_series_parse(t->arena, &t->point, yaml_get(root, "p"), &t->series,
					t->diags);
}

static void done(struct test *t)
{
	diags_free(t->diags);
	arena_free(t->arena);
}

/* All samples as text: "81 81 _ timeout exception(2)". */
static void assert_samples(enum value_kind kind, const char *samples, const char *expected)
{
	struct reading reading;
	struct str text;
	struct test t;

	parse(&t, kind, samples);
	assert_true(t.good);
	str_init(&text);
	for (uint64_t k = 0; k < t.series.count; k++) {
		if (k > 0)
			str_addc(&text, ' ');
		if (!scenario_series_at(&t.series, &t.point, k, &reading)) {
			str_addc(&text, '_');
		} else if (reading.quality == QUALITY_GOOD) {
			assert_int_equal(reading.reason, BAD_NONE);
			value_show(reading.value, &text);
		} else {
			assert_int_equal(reading.quality, QUALITY_BAD);
			assert_int_equal(reading.value.kind, VALUE_NONE);
			str_addf(&text, "%s", bad_reason_name(reading.reason));
			if (reading.code != 0)
				str_addf(&text, "(%d)", reading.code);
		}
	}
	assert_string_equal(text.s, expected);
	/* Behind the last one nothing arrives. */
	assert_false(scenario_series_at(&t.series, &t.point, t.series.count, &reading));
	str_done(&text);
	done(&t);
}

static void test_samples_of_numbers(void **state)
{
	assert_samples(VALUE_NUMBER, "p: 70*3 81", "70 70 70 81");
	assert_samples(VALUE_NUMBER, "p: 99..91*9", "99 98 97 96 95 94 93 92 91");
	assert_samples(VALUE_NUMBER, "p: -1.5..1.5*2 0.1..0.4*4",
		       "-1.5 1.5 0.1 0.2 0.30000000000000004 0.4");
	assert_samples(VALUE_NUMBER, "p: _*2 timeout crc*2 exc2 offline parse range",
		       "_ _ timeout crc crc exception(2) offline parse range");
	assert_samples(VALUE_NUMBER, "p: 5", "5");
	assert_samples(VALUE_NUMBER, "p: >\n  1\n  2\n", "1 2");
}

static void test_a_number_out_of_range_fails_as_it_would_from_a_device(void **state)
{
	assert_samples(VALUE_NUMBER, "p: 400 401 -40 -41", "400 range -40 range");
}

static void test_samples_of_truths_and_texts(void **state)
{
	assert_samples(VALUE_BOOL, "p: on*2 off true FALSE _", "true true false true false _");
	assert_samples(VALUE_TEXT, "p: auto*2 timeout manual",
		       "\"auto\" \"auto\" timeout \"manual\"");
	assert_samples(VALUE_TEXT, "p: \"'eco mode'*2 '_' 'timeout' 'a*b'\"",
		       "\"eco mode\" \"eco mode\" \"_\" \"timeout\" \"a*b\"");
}

static void test_many_samples_take_no_room(void **state)
{
	struct reading reading;
	struct test t;

	parse(&t, VALUE_NUMBER, "p: 1*4000000 2*4000000 3..5*2000000");
	assert_true(t.good);
	assert_int_equal(t.series.count, SCENARIO_SAMPLES_MAX);
	assert_int_equal(t.series.run_count, 3);
	assert_true(scenario_series_at(&t.series, &t.point, 3999999, &reading));
	assert_true(reading.value.number == 1);
	assert_true(scenario_series_at(&t.series, &t.point, 4000000, &reading));
	assert_true(reading.value.number == 2);
	assert_true(scenario_series_at(&t.series, &t.point, 9999999, &reading));
	assert_true(reading.value.number == 5);
	done(&t);
}

/* The longest that a reading may have, and one byte more. */
static void test_a_text_of_a_sample_has_an_end(void **state)
{
	char samples[VALUE_TEXT_MAX + 8] = "p: ";
	struct reading reading;
	struct test t;

	(void)state;
	memset(samples + 3, 'a', VALUE_TEXT_MAX);
	parse(&t, VALUE_TEXT, samples);
	assert_true(t.good);
	assert_true(scenario_series_at(&t.series, &t.point, 0, &reading));
	assert_int_equal(strlen(reading.value.text), VALUE_TEXT_MAX);
	done(&t);
	samples[3 + VALUE_TEXT_MAX] = 'a';
	parse(&t, VALUE_TEXT, samples);
	assert_false(t.good);
	assert_string_equal(diags_get(t.diags, 0)->message, "this text is too long");
	assert_string_equal(diags_get(t.diags, 0)->notes, "expected: at most 255 bytes");
	assert_int_equal(diags_get(t.diags, 0)->column, 4);
	done(&t);
}

static void test_what_is_said_about_wrong_samples(void **state)
{
	static const struct {
		enum value_kind kind;
		const char *samples, *said;
	} rows[] = {
		{VALUE_NUMBER, "p: 70 hot 81",
		 "t.yaml:1:7: error: this is no sample\n"
		 "    1 | p: 70 hot 81\n"
		 "      |       ^~~\n"
		 "      = expected: a number such as 81.5, a ramp such as 20..90*8, _ for "
		 "nothing, or timeout, crc, parse, range, offline, exc2\n"},
		{VALUE_NUMBER, "p: 70*0",
		 "t.yaml:1:4: error: this is no count of samples\n"
		 "    1 | p: 70*0\n"
		 "      |    ^~~~\n"
		 "      = expected: a whole number from 1 to 10000000 behind the '*'\n"},
		{VALUE_NUMBER, "p: 1..5",
		 "t.yaml:1:4: error: a ramp has at least two samples\n"
		 "    1 | p: 1..5\n"
		 "      |    ^~~~\n"
		 "      = expected: how many there are, such as 20..90*8\n"},
		{VALUE_NUMBER, "p: 1..x*3",
		 "t.yaml:1:4: error: this is no ramp\n"
		 "    1 | p: 1..x*3\n"
		 "      |    ^~~~~~\n"
		 "      = expected: two numbers with '..' between them, such as 20..90*8\n"},
		{VALUE_NUMBER, "p: 1*9000000 2*2000000",
		 "t.yaml:1:14: error: there are too many samples\n"
		 "    1 | p: 1*9000000 2*2000000\n"
		 "      |              ^~~~~~~~~\n"
		 "      = expected: at most 10000000 for a point\n"},
		{VALUE_BOOL, "p: on maybe",
		 "t.yaml:1:7: error: this is no sample\n"
		 "    1 | p: on maybe\n"
		 "      |       ^~~~~\n"
		 "      = expected: on or off, _ for nothing, or timeout, crc, parse, range, "
		 "offline, exc2\n"},
		{VALUE_BOOL, "p: exc0",
		 "t.yaml:1:4: error: this is no sample\n"
		 "    1 | p: exc0\n"
		 "      |    ^~~~\n"
		 "      = expected: on or off, _ for nothing, or timeout, crc, parse, range, "
		 "offline, exc2\n"},
		{VALUE_TEXT, "p: \"'eco\"",
		 "t.yaml:1:5: error: this text does not end\n"
		 "    1 | p: \"'eco\"\n"
		 "      |     ^~~~\n"
		 "      = expected: the same quote at its end\n"},
		{VALUE_NUMBER, "p: [1, 2]",
		 "t.yaml:1:4: error: expected samples such as 70*3 81, got a list\n"
		 "    1 | p: [1, 2]\n"
		 "      |    ^\n"},
		{VALUE_NUMBER, "p:",
		 "t.yaml:1:3: error: expected samples such as 70*3 81, got nothing\n"
		 "    1 | p:\n"
		 "      |   ^\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct str out;
		struct test t;

		parse(&t, rows[i].kind, rows[i].samples);
		assert_false(t.good);
		str_init(&out);
		diags_render(t.diags, &out);
		assert_string_equal(out.s, rows[i].said);
		str_done(&out);
		done(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_of_numbers),
		cmocka_unit_test(test_a_number_out_of_range_fails_as_it_would_from_a_device),
		cmocka_unit_test(test_samples_of_truths_and_texts),
		cmocka_unit_test(test_many_samples_take_no_room),
		cmocka_unit_test(test_a_text_of_a_sample_has_an_end),
		cmocka_unit_test(test_what_is_said_about_wrong_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
