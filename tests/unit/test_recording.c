/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests the text form of readings: what is written reads back, and what is wrong is told. */
#include "model/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/str.h"

static void test_lines_of_every_kind_are_read(void **state)
{
	static const struct {
		const char *line, *name;
		int64_t at_ns;
		enum value_kind kind;
		double number;
		const char *text;
		enum bad_reason reason;
		uint8_t code;
	} cases[] = {
		{"0.000000000 boiler.temp 81.3", "boiler.temp", 0, VALUE_NUMBER, 81.3, "",
		 BAD_NONE, 0},
		{"12 a.b -1e3", "a.b", 12000000000, VALUE_NUMBER, -1000, "", BAD_NONE, 0},
		{"\t0.1   a.b\t.5  \r", "a.b", 100000000, VALUE_NUMBER, 0.5, "", BAD_NONE, 0},
		{"9223372035.999999999 a 1", "a", 9223372035999999999, VALUE_NUMBER, 1, "",
		 BAD_NONE, 0},
		{"0.1 a.b true", "a.b", 100000000, VALUE_BOOL, 1, "", BAD_NONE, 0},
		{"0.1 a.b false", "a.b", 100000000, VALUE_BOOL, 0, "", BAD_NONE, 0},
		{"0.000000001 a.b.c \"auto\"", "a.b.c", 1, VALUE_TEXT, 0, "auto", BAD_NONE, 0},
		{"0 a \"\"", "a", 0, VALUE_TEXT, 0, "", BAD_NONE, 0},
		{"0 a \"q\\\" b\\\\ s\\/ \\t\\n\\u00e9\\ud83d\\ude00 \xc3\xa9\"", "a", 0,
		 VALUE_TEXT, 0, "q\" b\\ s/ \t\n\xc3\xa9\xf0\x9f\x98\x80 \xc3\xa9", BAD_NONE,
		 0},
		{"0.3 a.b bad:timeout", "a.b", 300000000, VALUE_NONE, 0, "", BAD_TIMEOUT, 0},
		{"0.3 a.b bad:exception:2", "a.b", 300000000, VALUE_NONE, 0, "", BAD_EXCEPTION,
		 2},
		{"0.3 a.b bad:exception", "a.b", 300000000, VALUE_NONE, 0, "", BAD_EXCEPTION,
		 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct recording_line line;
		struct error err = {0};
		int rc = recording_parse(cases[i].line, strlen(cases[i].line), &line, &err);

		assert_string_equal(err.text, "");
		assert_int_equal(rc, 1);
		assert_string_equal(line.name, cases[i].name);
		assert_true(line.reading.at.ns == cases[i].at_ns);
		assert_int_equal(line.reading.value.kind, cases[i].kind);
		assert_int_equal(line.reading.reason, cases[i].reason);
		assert_int_equal(line.reading.code, cases[i].code);
		assert_int_equal(line.reading.quality,
				 cases[i].reason == BAD_NONE ? QUALITY_GOOD : QUALITY_BAD);
		if (cases[i].kind == VALUE_NUMBER)
			assert_true(line.reading.value.number == cases[i].number);
		if (cases[i].kind == VALUE_BOOL)
			assert_true(line.reading.value.flag == (cases[i].number != 0));
		if (cases[i].kind == VALUE_TEXT)
			assert_string_equal(line.reading.value.text, cases[i].text);
	}
}

static void test_comments_and_empty_lines_hold_nothing(void **state)
{
	static const char *const lines[] = {"", "  \t", "# gauged recording 1", "  # x", "\r"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct recording_line line;

		assert_int_equal(recording_parse(lines[i], strlen(lines[i]), &line, NULL), 0);
	}
}

static void test_every_malformed_line_is_told(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"x a.b 1", "expected seconds since the start such as 12.500, got 'x'"},
		{"-1 a.b 1", "expected seconds since the start such as 12.500, got '-1'"},
		{"1. a.b 1", "expected seconds since the start such as 12.500, got '1.'"},
		{".5 a.b 1", "expected seconds since the start such as 12.500, got '.5'"},
		{"1e3 a.b 1", "expected seconds since the start such as 12.500, got '1e3'"},
		{"1.0000000001 a.b 1",
		 "expected seconds since the start such as 12.500, got '1.0000000001'"},
		{"9223372036 a.b 1",
		 "expected seconds since the start such as 12.500, got '9223372036'"},
		{"99999999999 a.b 1",
		 "expected seconds since the start such as 12.500, got '99999999999'"},
		{"\x1b[2J a.b 1",
		 "expected seconds since the start such as 12.500, got '\\x1b[2J'"},
		{"1", "expected time, point and value; the point is missing"},
		{"1 a.b", "expected time, point and value; the value is missing"},
		{"1 a.b ", "expected time, point and value; the value is missing"},
		{"1 a..b 1", "expected the name of a point such as boiler.temp, got 'a..b'"},
		{"1 .a 1", "expected the name of a point such as boiler.temp, got '.a'"},
		{"1 a. 1", "expected the name of a point such as boiler.temp, got 'a.'"},
		{"1 7a.b 1", "expected the name of a point such as boiler.temp, got '7a.b'"},
		{"1 a.b 1 2", "something behind the value: '2'"},
		{"1 a.b \"x\"y", "something behind the value: 'y'"},
		{"1 a.b nan",
		 "expected a number, true, false, \"text\" or bad:reason, got 'nan'"},
		{"1 a.b inf",
		 "expected a number, true, false, \"text\" or bad:reason, got 'inf'"},
		{"1 a.b 0x10",
		 "expected a number, true, false, \"text\" or bad:reason, got '0x10'"},
		{"1 a.b True",
		 "expected a number, true, false, \"text\" or bad:reason, got 'True'"},
		{"1 a.b bad:",
		 "expected a number, true, false, \"text\" or bad:reason, got 'bad:'"},
		{"1 a.b 1e999", "a number too large to hold: 1e999"},
		{"1 a.b bad:timeot",
		 "unknown reason 'bad:timeot'; known are init, timeout, exception, crc, parse, range and offline"},
		{"1 a.b bad:none",
		 "unknown reason 'bad:none'; known are init, timeout, exception, crc, parse, range and offline"},
		{"1 a.b bad:timeout:2",
		 "only bad:exception has a number behind it, from 1 to 255"},
		{"1 a.b bad:exception:256",
		 "only bad:exception has a number behind it, from 1 to 255"},
		{"1 a.b bad:exception:",
		 "only bad:exception has a number behind it, from 1 to 255"},
		{"1 a.b bad:exception:0",
		 "only bad:exception has a number behind it, from 1 to 255"},
		{"1 a.b \"x", "a text without the quote at its end"},
		{"1 a.b \"x\\",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\\x41\"",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\\u0000\"",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\\ud83d\"",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\\udc00\"",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\\u12g4\"",
		 "unknown escape in a text; JSON's are known, except for \\u0000"},
		{"1 a.b \"\xff\"",
		 "a text has to be UTF-8, its control characters written as \\u00XX"},
		{"1 a.b \"\t\"",
		 "a text has to be UTF-8, its control characters written as \\u00XX"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct recording_line line;
		struct error err = {0};

		assert_int_equal(
			recording_parse(cases[i].line, strlen(cases[i].line), &line, &err),
			-22);
		assert_string_equal(err.text, cases[i].message);
	}
}

static void test_nul_bytes_and_long_texts_are_told(void **state)
{
	static const char nul_name[] = "1 a\0b 1", nul_number[] = "1 a.b 1\0",
			  nul_bad[] = "1 a bad:crc\0";
	struct recording_line line;
	struct error err;
	char room[400];
	struct str text;

	assert_int_equal(recording_parse(nul_name, sizeof(nul_name) - 1, &line, &err), -22);
	assert_int_equal(recording_parse(nul_number, sizeof(nul_number) - 1, &line, &err), -22);
	assert_int_equal(recording_parse(nul_bad, sizeof(nul_bad) - 1, &line, &err), -22);
	for (int extra = 0; extra < 2; extra++) {
		str_init_fixed(&text, room, sizeof(room));
		str_addf(&text, "1 a.b \"%0*d\"", VALUE_TEXT_MAX + extra, 0);
		assert_int_equal(recording_parse(text.s, text.len, &line, &err),
				 extra ? -22 : 1);
	}
	assert_string_equal(err.text, "a text longer than 255 bytes");
	str_clear(&text);
	str_addf(&text, "1 a%0*d 1", 200, 0);
	assert_int_equal(recording_parse(text.s, text.len, &line, &err), -22);
}

/* Any reading an input can make: good of three kinds, bad of all reasons. */
static void random_reading(struct random *random, char text[VALUE_TEXT_MAX + 1],
			   struct reading *ret)
{
	struct str out;
	int64_t bits;

	*ret = (struct reading){.at = {random_between(random, 0, INT64_C(1) << 62)}};
	switch (random_between(random, 0, 3)) {
	case 0:
		do {
			bits = random_between(random, INT64_MIN / 2, INT64_MAX / 2);
			memcpy(&ret->value.number, &bits, sizeof(bits));
		} while (!__builtin_isfinite(ret->value.number));
		ret->value.kind = VALUE_NUMBER;
		break;
	case 1:
		ret->value = value_bool(random_between(random, 0, 1) != 0);
		break;
	case 2:
		str_init_fixed(&out, text, VALUE_TEXT_MAX + 1);
		for (int64_t n = random_between(random, 0, 60); n > 0; n--) {
			int64_t c = random_between(random, 1, n % 3 != 0 ? 0x7f : 0x10ffff);

			if (c < 0xd800 || c > 0xdfff)
				str_add_utf8(&out, (uint32_t)c);
		}
		ret->value = value_text(text);
		break;
	default:
		ret->quality = QUALITY_BAD;
		ret->reason = (enum bad_reason)random_between(random, BAD_INIT, BAD_OFFLINE);
		if (ret->reason == BAD_EXCEPTION)
			ret->code = (uint8_t)random_between(random, 0, 255);
	}
}

static void test_random_readings_survive_a_round_trip(void **state)
{
	struct random random;
	struct str out;

	random_init(&random, 20260101);
	str_init(&out);
	for (int i = 0; i < 20000; i++) {
		char text[VALUE_TEXT_MAX + 1];
		struct reading reading;
		struct recording_line line;
		struct error err = {0};

		random_reading(&random, text, &reading);
		str_clear(&out);
		recording_add(&out, reading.at, "boiler.temp", &reading);
		assert_int_equal(out.s[out.len - 1], '\n');
		assert_ptr_equal(memchr(out.s, '\n', out.len), out.s + out.len - 1);
		if (recording_parse(out.s, out.len - 1, &line, &err) != 1)
			fail_msg("%s: %s", out.s, err.text);
		assert_string_equal(line.name, "boiler.temp");
		assert_true(line.reading.at.ns == reading.at.ns);
		assert_int_equal(line.reading.quality, reading.quality);
		assert_int_equal(line.reading.reason, reading.reason);
		assert_int_equal(line.reading.code, reading.code);
		assert_true(value_equal(line.reading.value, reading.value));
	}
	str_done(&out);
}

static void test_random_bytes_never_break_the_parser(void **state)
{
	static const char alphabet[] = "0123456789. ab\"\\u:tfe-\t\xc3\xa9\xff#bad:true";
	struct random random;

	random_init(&random, 7);
	for (int i = 0; i < 50000; i++) {
		char line[48];
		size_t len = (size_t)random_between(&random, 0, sizeof(line));
		struct recording_line ret;
		struct error err;
		int rc;

		for (size_t j = 0; j < len; j++)
			line[j] = alphabet[random_between(&random, 0, sizeof(alphabet) - 1)];
		rc = recording_parse(line, len, &ret, &err);
		assert_true(rc == 0 || rc == 1 || rc == -22);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_of_every_kind_are_read),
		cmocka_unit_test(test_comments_and_empty_lines_hold_nothing),
		cmocka_unit_test(test_every_malformed_line_is_told),
		cmocka_unit_test(test_nul_bytes_and_long_texts_are_told),
		cmocka_unit_test(test_random_readings_survive_a_round_trip),
		cmocka_unit_test(test_random_bytes_never_break_the_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
