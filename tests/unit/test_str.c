/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Text buffers; numbers, durations and sizes as people write them; the nearest word. */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

static void test_buffer_grows_and_keeps_its_text(void **state)
{
	struct str str;

	(void)state;
	str_init(&str);
	for (int i = 0; i < 1000; i++)
		str_addf(&str, "%d,", i % 10);
	assert_int_equal(str.len, 2000);
	assert_int_equal(strlen(str.s), 2000);
	assert_memory_equal(str.s, "0,1,2,3,", 8);
	str_clear(&str);
	assert_int_equal(str.len, 0);
	assert_string_equal(str.s, "");
	str_add(&str, "a\0b", 3);
	str_addc(&str, 'c');
	assert_int_equal(str.len, 4);
	assert_memory_equal(str.s, "a\0bc", 5);
	str_done(&str);
	assert_null(str.s);
}

static void test_buffer_takes_formats_longer_than_its_room(void **state)
{
	struct str str;
	char *text;

	(void)state;
	str_init(&str);
	str_adds(&str, "<");
	str_addf(&str, "%1000d", 7);
	str_addf(&str, "%s", "");
	str_adds(&str, ">");
	assert_int_equal(str.len, 1002);
	assert_string_equal(str.s + 998, "  7>");
	text = str_steal(&str);
	assert_int_equal(strlen(text), 1002);
	assert_null(str.s);
	free(text);
	text = str_steal(&str);
	assert_string_equal(text, "");
	free(text);
}

static void test_fixed_buffer_cuts_and_says_so(void **state)
{
	char room[8];
	struct str str;

	(void)state;
	str_init_fixed(&str, room, sizeof(room));
	assert_string_equal(str.s, "");
	str_adds(&str, "1234567");
	assert_false(str.cut);
	str_addc(&str, '8');
	assert_true(str.cut);
	assert_string_equal(room, "1234567");
	str_clear(&str);
	assert_false(str.cut);
	str_addf(&str, "%s", "abc");
	str_addf(&str, "%0300d", 1);
	assert_true(str.cut);
	assert_string_equal(room, "abc0000");
	str_addf(&str, "%s", "more");
	assert_int_equal(str.len, 7);
	str_done(&str);
}

static void safe(const char *bytes, size_t len, const char *shown)
{
	struct str str;

	str_init(&str);
	str_add_safe(&str, bytes, len);
	assert_string_equal(str.s != NULL ? str.s : "", shown);
	str_done(&str);
}

static void test_safe_text_stays_one_line(void **state)
{
	(void)state;
	safe("plain \xc3\xa9 \xf0\x9f\x94\xa5", 13, "plain \xc3\xa9 \xf0\x9f\x94\xa5");
	safe("a\r\nb\0c\x7f", 7, "a\\x0d\\x0ab\\x00c\\x7f");
	safe("\x1b[31m", 5, "\\x1b[31m");
	safe("C:\\x0a", 6, "C:\\\\x0a");
	safe("\xc3", 1, "\\xc3");
	safe("\xc0\xaf\xff", 3, "\\xc0\\xaf\\xff");
	/* U+0085 and U+009B are control characters in two bytes */
	safe("\xc2\x85\xc2\x9b\xc2\xa0", 6, "\\xc2\\x85\\xc2\\x9b\xc2\xa0");
	safe("", 0, "");
}

static void test_utf8_takes_only_valid_characters(void **state)
{
	static const struct {
		const char *s;
		size_t len;
		size_t bytes;
	} cases[] = {
		{"a", 1, 1},
		{"", 0, 0},
		{"\0", 1, 1},
		{"\xc2\x80", 2, 2},
		{"\xc1\xbf", 2, 0},
		{"\xdf\xbf", 2, 2},
		{"\xe0\xa0\x80", 3, 3},
		{"\xe0\x9f\xbf", 3, 0},
		{"\xed\x9f\xbf", 3, 3},
		{"\xed\xa0\x80", 3, 0},
		{"\xef\xbf\xbf", 3, 3},
		{"\xf0\x90\x80\x80", 4, 4},
		{"\xf0\x8f\xbf\xbf", 4, 0},
		{"\xf4\x8f\xbf\xbf", 4, 4},
		{"\xf4\x90\x80\x80", 4, 0},
		{"\xf5\x80\x80\x80", 4, 0},
		{"\x80", 1, 0},
		{"\xe2\x82\xac", 2, 0},
		{"\xe2\x82", 3, 0},
		{"\xe2(\xac", 3, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(str_utf8(cases[i].s, cases[i].len), cases[i].bytes);
}

static void test_numbers_are_shown_as_short_as_they_read_back(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "0"},
		{0.1, "0.1"},
		{80, "80"},
		{-1.5, "-1.5"},
		{1.0 / 3, "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"},
		{123456789, "123456789"},
		{1e300, "1e+300"},
		{5e-324, "4.94066e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{NAN, "nan"},
		{-NAN, "nan"},
		{INFINITY, "inf"},
		{-INFINITY, "-inf"},
	};
	struct str str;

	(void)state;
	str_init(&str);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&str);
		str_add_number(&str, cases[i].number);
		assert_string_equal(str.s, cases[i].text);
	}
	str_done(&str);
}

static void test_every_number_reads_back_as_itself(void **state)
{
	struct random random;
	struct str str;

	(void)state;
	str_init(&str);
	random_init(&random, 7);
	for (int i = 0; i < 10000; i++) {
		int64_t bits = random_between(&random, INT64_MIN, INT64_MAX);
		double number, back;

		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number))
			continue;
		str_clear(&str);
		str_add_number(&str, number);
		assert_int_equal(str_to_number(str.s, &back), 0);
		assert_true(back == number);
	}
	str_done(&str);
}

static void test_int_reads_the_forms_of_yaml_1_2(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"-7", 0, -7},
		{"+7", 0, 7},
		{"007", 0, 7},
		{"0x1F", 0, 31},
		{"0o17", 0, 15},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, 0},
		{"0x8000000000000000", -ERANGE, 0},
		{"-0x1", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0o8", -EINVAL, 0},
		{"0X1F", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"one", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t value = 77;

		assert_int_equal(str_to_int(cases[i].text, &value), cases[i].rc);
		assert_true(value == (cases[i].rc == 0 ? cases[i].value : 77));
	}
}

static void test_number_reads_all_of_the_text_or_nothing(void **state)
{
	static const struct {
		const char *text;
		int rc;
		double value;
	} cases[] = {
		{"0", 0, 0},	       {"-1.5", 0, -1.5},     {"+.5", 0, 0.5},
		{"1.", 0, 1},	       {"1e3", 0, 1000},      {"1E-3", 0, 0.001},
		{"1e-400", 0, 0},      {"1e999", -ERANGE, 0}, {"", -EINVAL, 0},
		{".", -EINVAL, 0},     {"-", -EINVAL, 0},     {"0x10", -EINVAL, 0},
		{"-0x10", -EINVAL, 0}, {"inf", -EINVAL, 0},   {".inf", -EINVAL, 0},
		{"nan", -EINVAL, 0},   {" 1", -EINVAL, 0},    {"1 ", -EINVAL, 0},
		{"1,5", -EINVAL, 0},   {"1e", -EINVAL, 0},    {"1.5.2", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double value = 77;

		assert_int_equal(str_to_number(cases[i].text, &value), cases[i].rc);
		assert_true(value == (cases[i].rc == 0 ? cases[i].value : 77));
	}
}

static void test_durations_are_read_from_large_to_small(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t ns;
	} cases[] = {
		{"250ms", 0, 250 * NSEC_PER_MSEC},
		{"10s", 0, 10 * NSEC_PER_SEC},
		{"1h30m", 0, 5400 * NSEC_PER_SEC},
		{"1h30min", 0, 5400 * NSEC_PER_SEC},
		{"1.5s", 0, 1500 * NSEC_PER_MSEC},
		{"0s", 0, 0},
		{"1w1d", 0, 8 * 86400 * NSEC_PER_SEC},
		{"1d1h1m1s1ms1us1ns", 0, 90061 * NSEC_PER_SEC + 1001001},
		{"0.5ns", 0, 1},
		{"26000d", 0, 26000 * INT64_C(86400) * NSEC_PER_SEC},
		{"90000d", -ERANGE, 0},
		{"9999999999999999999999w", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"5", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"1m1h", -EINVAL, 0},
		{"1s1s", -EINVAL, 0},
		{"1m1min", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"+1s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1y", -EINVAL, 0},
		{"0x1s", -EINVAL, 0},
		{"1..5s", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ns = 77;

		assert_int_equal(str_to_duration(cases[i].text, &ns), cases[i].rc);
		assert_true(ns == (cases[i].rc == 0 ? cases[i].ns : 77));
	}
}

static void test_sizes_are_read_in_binary_units(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t bytes;
	} cases[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"64KiB", 0, 65536},
		{"16MiB", 0, INT64_C(16) << 20},
		{"1GiB", 0, INT64_C(1) << 30},
		{"8589934591GiB", 0, INT64_C(8589934591) << 30},
		{"8589934592GiB", -ERANGE, 0},
		{"999999999999GiB", -ERANGE, 0},
		{"1234567890123", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"KiB", -EINVAL, 0},
		{"1kb", -EINVAL, 0},
		{"1K", -EINVAL, 0},
		{"1 KiB", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1.5MiB", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t bytes = 77;

		assert_int_equal(str_to_size(cases[i].text, &bytes), cases[i].rc);
		assert_true(bytes == (cases[i].rc == 0 ? cases[i].bytes : 77));
	}
}

static void test_durations_are_shown_in_two_units(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "1ns"},
		{999, "999ns"},
		{1500, "1us"},
		{250 * NSEC_PER_MSEC, "250ms"},
		{NSEC_PER_SEC - 1, "999ms"},
		{NSEC_PER_SEC, "1s"},
		{1500 * NSEC_PER_MSEC, "1.5s"},
		{90 * NSEC_PER_SEC, "1m30s"},
		{3600 * NSEC_PER_SEC, "1h"},
		{3601 * NSEC_PER_SEC, "1h"},
		{5400 * NSEC_PER_SEC, "1h30m"},
		{90061 * NSEC_PER_SEC, "1d1h"},
		{-90 * NSEC_PER_SEC, "-1m30s"},
		{INT64_MAX, "106751d23h"},
		{INT64_MIN, "-106751d23h"},
	};
	struct str str;

	(void)state;
	str_init(&str);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&str);
		str_add_duration(&str, cases[i].ns);
		assert_string_equal(str.s, cases[i].text);
	}
	str_done(&str);
}

static void test_durations_are_read_again_when_shown_exactly(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "1ns"},
		{1500, "1us500ns"},
		{90500 * NSEC_PER_MSEC, "1m30s500ms"},
		{4490 * NSEC_PER_SEC, "1h14m50s"},
		{503 * 3600 * NSEC_PER_SEC, "503h"},
		{86399 * NSEC_PER_SEC + 999999999, "23h59m59s999ms999us999ns"},
	};
	struct str str;
	int64_t ns;

	(void)state;
	str_init(&str);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&str);
		str_add_duration_exact(&str, cases[i].ns);
		assert_string_equal(str.s, cases[i].text);
		assert_int_equal(str_to_duration(str.s, &ns), 0);
		assert_true(ns == cases[i].ns);
	}
	str_done(&str);
}

static void test_sizes_are_shown_in_whole_units(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "1"},
		{1000, "1000"},
		{1024, "1KiB"},
		{1536, "1536"},
		{1 << 20, "1MiB"},
		{INT64_C(3) << 30, "3GiB"},
		{INT64_C(1) << 40, "1024GiB"},
	};
	struct str str;

	(void)state;
	str_init(&str);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&str);
		str_add_size(&str, cases[i].bytes);
		assert_string_equal(str.s, cases[i].text);
	}
	str_done(&str);
}

static void test_nearest_word_is_one_that_was_meant(void **state)
{
	static const char *const words[] = {"min",	   "max",  "timeout",
					    "stale_after", "temp", "boiler.return_temp"};
	static const struct {
		const char *word;
		const char *nearest;
	} cases[] = {
		{"meen", "min"},
		{"tiemout", "timeout"},
		{"Timeout", "timeout"},
		{"stale-after", "stale_after"},
		{"boiler.return_tmp", "boiler.return_temp"},
		{"mni", "min"},
		{"xyzzy", NULL},
		{"baudrate", NULL},
		{"", NULL},
		{"q", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};

	static const char *const two[] = {"long_begin_one", "long_begin_two"};
	char lengthy[2][160] = {{0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = str_nearest(cases[i].word, words, ARRAY_SIZE(words));

		if (cases[i].nearest == NULL)
			assert_null(found);
		else
			assert_string_equal(found, cases[i].nearest);
	}
	assert_null(str_nearest("", (const char *const[]){"%", "m"}, 2));
	/* far by distance, and begun the same */
	assert_string_equal(str_nearest("boiler", words, ARRAY_SIZE(words)),
			    "boiler.return_temp");
	assert_string_equal(str_nearest("Sta", words, ARRAY_SIZE(words)), "stale_after");
	assert_null(str_nearest("st", words, ARRAY_SIZE(words)));
	assert_null(str_nearest("long_be", two, ARRAY_SIZE(two)));
	assert_null(str_nearest("min", words, 0));
	/* too long to be compared is not near, however long the word is */
	memset(lengthy[0], 'a', 159);
	memset(lengthy[1], 'b', 159);
	assert_null(str_nearest(lengthy[0], (const char *const[]){lengthy[1]}, 1));
	/* of two that are as near, the first */
	assert_string_equal(str_nearest("mxn", words, 2), "min");
}

static void test_plural_is_for_all_counts_but_one(void **state)
{
	(void)state;
	assert_string_equal(str_plural(0, "bus", "buses"), "buses");
	assert_string_equal(str_plural(1, "bus", "buses"), "bus");
	assert_string_equal(str_plural(2, "bus", "buses"), "buses");
}

static void test_arena_gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_new();
	char *text;

	(void)state;
	for (size_t size = 1; size < 10000; size = size * 3 / 2 + 1) {
		unsigned char *p = arena_take(arena, 1, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_non_null(arena_take(arena, 0, 8));
	text = arena_text(arena, "abcd", 3);
	assert_string_equal(text, "abc");
	assert_string_equal(arena_printf(arena, "%s-%05d", text, 42), "abc-00042");
	assert_true(arena_size(arena) > 20000);
	arena_reset(arena);
	assert_true(arena_size(arena) < 5000);
	text = arena_take(arena, 1, 4000);
	for (size_t i = 0; i < 4000; i++)
		assert_int_equal(text[i], 0);
	arena_reset(arena);
	arena_take(arena, 1, 3000);
	assert_true(arena_size(arena) < 5000);
	arena_free(arena);
	arena_free(NULL);
}

static void test_error_keeps_code_and_text(void **state)
{
	struct error err;
	char longer[600];

	(void)state;
	assert_int_equal(error_set(&err, EINVAL, "cannot read '%s'", "x"), -EINVAL);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.text, "cannot read 'x'");
	assert_int_equal(error_errno(&err, ENOENT, "cannot open '%s'", "/y"), -ENOENT);
	assert_string_equal(err.text, "cannot open '/y': No such file or directory");
	assert_int_equal(error_set(NULL, EIO, "nobody listens"), -EIO);
	assert_int_equal(error_errno(NULL, EIO, "nobody listens"), -EIO);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_errno(&err, EIO, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_random_repeats_from_a_seed_and_keeps_its_range(void **state)
{
	struct random a, b, c;
	bool low = false, high = false, differs = false;

	(void)state;
	random_init(&a, 1);
	random_init(&b, 1);
	random_init(&c, 0);
	for (int i = 0; i < 1000; i++) {
		int64_t n = random_between(&a, -2, 2);

		assert_true(n >= -2 && n <= 2);
		assert_true(n == random_between(&b, -2, 2));
		low = low || n == -2;
		high = high || n == 2;
		differs = differs || random_between(&c, -2, 2) != n;
	}
	assert_true(low && high && differs);
	assert_int_equal(random_between(&a, 5, 5), 5);
	random_between(&a, INT64_MIN, INT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer_grows_and_keeps_its_text),
		cmocka_unit_test(test_buffer_takes_formats_longer_than_its_room),
		cmocka_unit_test(test_fixed_buffer_cuts_and_says_so),
		cmocka_unit_test(test_safe_text_stays_one_line),
		cmocka_unit_test(test_utf8_takes_only_valid_characters),
		cmocka_unit_test(test_numbers_are_shown_as_short_as_they_read_back),
		cmocka_unit_test(test_every_number_reads_back_as_itself),
		cmocka_unit_test(test_int_reads_the_forms_of_yaml_1_2),
		cmocka_unit_test(test_number_reads_all_of_the_text_or_nothing),
		cmocka_unit_test(test_durations_are_read_from_large_to_small),
		cmocka_unit_test(test_sizes_are_read_in_binary_units),
		cmocka_unit_test(test_durations_are_shown_in_two_units),
		cmocka_unit_test(test_durations_are_read_again_when_shown_exactly),
		cmocka_unit_test(test_sizes_are_shown_in_whole_units),
		cmocka_unit_test(test_nearest_word_is_one_that_was_meant),
		cmocka_unit_test(test_plural_is_for_all_counts_but_one),
		cmocka_unit_test(test_arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(test_error_keeps_code_and_text),
		cmocka_unit_test(test_random_repeats_from_a_seed_and_keeps_its_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
