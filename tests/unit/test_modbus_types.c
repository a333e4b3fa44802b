/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Every type in every order, against vectors and against libmodbus's own reading of them. */
#include <errno.h>
#include <math.h>
#include <modbus/modbus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "inputs/modbus_types.h"

enum { ORDERS = 4 };

static struct modbus_format format_of(const char *type, enum modbus_order order)
{
	struct modbus_format format = {.order = order, .scale = 1};

	assert_int_equal(modbus_type_parse(type, &format), 0);
	return format;
}

static double decode(const struct modbus_format *format, const void *wire)
{
	char room[VALUE_TEXT_MAX + 1];
	struct value value;

	assert_int_equal(modbus_decode(format, wire, room, &value), BAD_NONE);
	assert_int_equal(value.kind, VALUE_NUMBER);
	return value.number;
}

static enum bad_reason verdict(const struct modbus_format *format, const void *wire)
{
	char room[VALUE_TEXT_MAX + 1];
	struct value value = value_number(1);
	enum bad_reason reason = modbus_decode(format, wire, room, &value);

	if (reason != BAD_NONE)
		assert_int_equal(value.kind, VALUE_NONE);
	return reason;
}

static void test_decode_32_bits_in_every_order(void **state)
{
	static const struct {
		enum modbus_order order;
		uint8_t wire[4];
	} vectors[] = {
		{MODBUS_ABCD, {0x47, 0xf1, 0x20, 0x00}},
		{MODBUS_CDAB, {0x20, 0x00, 0x47, 0xf1}},
		{MODBUS_BADC, {0xf1, 0x47, 0x00, 0x20}},
		{MODBUS_DCBA, {0x00, 0x20, 0xf1, 0x47}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct modbus_format real = format_of("float32", vectors[i].order);
		struct modbus_format whole = format_of("uint32", vectors[i].order);

		assert_true(decode(&real, vectors[i].wire) == 123456.0);
		assert_true(decode(&whole, vectors[i].wire) == 0x47f12000);
	}
}

static void test_decode_64_bits_in_every_order(void **state)
{
	static const struct {
		enum modbus_order order;
		uint8_t wire[8];
	} vectors[] = {
		{MODBUS_ABCD, {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xc0, 0x00}},
		{MODBUS_CDAB, {0xc0, 0x00, 0x89, 0xab, 0x45, 0x67, 0x01, 0x23}},
		{MODBUS_BADC, {0x23, 0x01, 0x67, 0x45, 0xab, 0x89, 0x00, 0xc0}},
		{MODBUS_DCBA, {0x00, 0xc0, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct modbus_format whole = format_of("uint64", vectors[i].order);
		struct modbus_format sign = format_of("int64", vectors[i].order);
		struct modbus_format real = format_of("float64", vectors[i].order);
		uint64_t bits = 0x0123456789abc000;
		double expected;

		memcpy(&expected, &bits, sizeof(bits));
		assert_true(decode(&whole, vectors[i].wire) == (double)bits);
		assert_true(decode(&sign, vectors[i].wire) == (double)bits);
		assert_true(decode(&real, vectors[i].wire) == expected);
	}
}

static void test_decode_floats_as_libmodbus_does(void **state)
{
	float (*const theirs[ORDERS])(const uint16_t *) = {
		modbus_get_float_abcd,
		modbus_get_float_cdab,
		modbus_get_float_badc,
		modbus_get_float_dcba,
	};
	struct random random;

	random_init(&random, 7);
	for (int i = 0; i < 4000; i++) {
		enum modbus_order order = (enum modbus_order)(i % ORDERS);
		struct modbus_format format = format_of("float32", order);
		uint8_t wire[4];
		uint16_t words[2];
		float expected;

		for (size_t k = 0; k < sizeof(wire); k++)
			wire[k] = (uint8_t)random_between(&random, 0, 255);
		words[0] = (uint16_t)(wire[0] << 8 | wire[1]);
		words[1] = (uint16_t)(wire[2] << 8 | wire[3]);
		expected = theirs[order](words);
		if (isfinite(expected))
			assert_true(decode(&format, wire) == expected);
		else
			assert_int_equal(verdict(&format, wire), BAD_RANGE);
	}
}

static void test_decode_signs(void **state)
{
	static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t low[8] = {0x80};
	static const struct {
		const char *type;
		double ones, low;
	} rows[] = {
		{"int16", -1, -32768},	      {"uint16", 65535, 32768},
		{"int32", -1, -2147483648.0}, {"uint32", 4294967295.0, 2147483648.0},
		{"int64", -1, -0x1p63},	      {"uint64", 18446744073709551615.0, 0x1p63},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_format format = format_of(rows[i].type, MODBUS_ABCD);

		assert_true(decode(&format, ones) == rows[i].ones);
		assert_true(decode(&format, low) == rows[i].low);
	}
}

static void test_decode_bcd(void **state)
{
	struct modbus_format two = format_of("bcd16", MODBUS_ABCD);
	struct modbus_format four = format_of("bcd32", MODBUS_CDAB);

	assert_true(decode(&two, "\x99\x99") == 9999);
	assert_true(decode(&two, "\x00\x00") == 0);
	assert_true(decode(&four, "\x56\x78\x12\x34") == 12345678);
	assert_int_equal(verdict(&two, "\x00\xa0"), BAD_PARSE);
	assert_int_equal(verdict(&four, "\x00\x00\xf0\x00"), BAD_PARSE);
}

static void test_fault_A13_no_number_is_bad(void **state)
{
	struct modbus_format narrow = format_of("float32", MODBUS_ABCD);
	struct modbus_format wide = format_of("float64", MODBUS_ABCD);

	assert_int_equal(verdict(&narrow, "\x7f\xc0\x00\x00"), BAD_RANGE); /* NaN */
	assert_int_equal(verdict(&narrow, "\x7f\x80\x00\x00"), BAD_RANGE); /* inf */
	assert_int_equal(verdict(&narrow, "\xff\x80\x00\x00"), BAD_RANGE);
	assert_int_equal(verdict(&wide, "\x7f\xf8\x00\x00\x00\x00\x00\x00"), BAD_RANGE);
	assert_int_equal(verdict(&narrow, "\x80\x00\x00\x00"), BAD_NONE); /* -0 */
	assert_int_equal(verdict(&narrow, "\x00\x00\x00\x01"), BAD_NONE); /* denormal */
	/* Finite as read, and not any more when scaled. */
	wide.scale = 1e300;
	assert_int_equal(verdict(&wide, "\x7f\xe0\x00\x00\x00\x00\x00\x00"), BAD_RANGE);
}

static void test_decode_outside_of_the_range_is_bad(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.scale = 0.5;
	format.limited = true;
	format.low = -40;
	format.high = 400;
	assert_int_equal(verdict(&format, "\xff\xb0"), BAD_NONE); /* -40 */
	assert_int_equal(verdict(&format, "\xff\xaf"), BAD_RANGE);
	assert_int_equal(verdict(&format, "\x03\x20"), BAD_NONE); /* 400 */
	assert_int_equal(verdict(&format, "\x03\x21"), BAD_RANGE);
}

static void test_decode_sentinel_is_bad(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_BADC);
	struct modbus_invalid invalid[2];

	assert_int_equal(modbus_invalid_parse("0x7FFF", &format, &invalid[0]), 0);
	assert_int_equal(modbus_invalid_parse("-1", &format, &invalid[1]), 0);
	format.invalid = invalid;
	format.invalid_count = 2;
	assert_int_equal(verdict(&format, "\xff\x7f"), BAD_RANGE);
	assert_int_equal(verdict(&format, "\xff\xff"), BAD_RANGE);
	assert_int_equal(verdict(&format, "\xfe\x7f"), BAD_NONE);
	format = format_of("float32", MODBUS_ABCD);
	assert_int_equal(modbus_invalid_parse("-9999", &format, &invalid[0]), 0);
	format.invalid = invalid;
	format.invalid_count = 1;
	assert_int_equal(verdict(&format, "\xc6\x1c\x3c\x00"), BAD_RANGE);
	format = format_of("uint64", MODBUS_ABCD);
	assert_int_equal(modbus_invalid_parse("0xFFFFFFFFFFFFFFFF", &format, &invalid[0]), 0);
	format.invalid = invalid;
	format.invalid_count = 1;
	assert_int_equal(verdict(&format, "\xff\xff\xff\xff\xff\xff\xff\xff"), BAD_RANGE);
	assert_int_equal(verdict(&format, "\xff\xff\xff\xff\xff\xff\xff\xfe"), BAD_NONE);
}

static void test_sentinel_wider_than_its_type_is_refused(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);
	struct modbus_invalid invalid;

	assert_int_equal(modbus_invalid_parse("0x10000", &format, &invalid), -ERANGE);
	assert_int_equal(modbus_invalid_parse("seven", &format, &invalid), -EINVAL);
	assert_int_equal(modbus_invalid_parse("0xzz", &format, &invalid), -EINVAL);
	assert_int_equal(modbus_invalid_parse("", &format, &invalid), -EINVAL);
}

static void test_decode_bits_of_a_register(void **state)
{
	struct modbus_format format = format_of("uint16", MODBUS_ABCD);
	char room[VALUE_TEXT_MAX + 1];
	struct value value;

	for (uint8_t bit = 0; bit < 16; bit++) {
		uint16_t word = (uint16_t)(1u << bit);
		uint8_t wire[2] = {(uint8_t)(word >> 8), (uint8_t)word};

		format.flag = true;
		format.width = 1;
		for (uint8_t asked = 0; asked < 16; asked++) {
			format.shift = asked;
			assert_int_equal(modbus_decode(&format, wire, room, &value), BAD_NONE);
			assert_int_equal(value.kind, VALUE_BOOL);
			assert_int_equal(value.flag, asked == bit);
		}
	}
	format.flag = false;
	format.shift = 4;
	format.width = 3;
	assert_true(decode(&format, "\x12\xdc") == 5);
}

static void test_decode_texts(void **state)
{
	static const struct {
		const char *type, *wire, *text;
		enum modbus_order order;
	} rows[] = {
		{"string(3)", "AB\0CDE", "AB", MODBUS_ABCD},
		{"string(3)", "ABCDEF", "ABCDEF", MODBUS_ABCD},
		{"string(3)", "BADCFE", "ABCDEF", MODBUS_BADC},
		{"string(3)", "ABCDEF", "ABCDEF", MODBUS_CDAB},
		{"string(3)", "ABC\0\0\0", "ABC", MODBUS_ABCD}, /* an odd length */
		{"string(3)", "BA\0C\0\0", "ABC", MODBUS_BADC},
		{"string(3)", "V1    ", "V1", MODBUS_ABCD},
		{"string(1)", "\xc3\xa4", "\xc3\xa4", MODBUS_ABCD},
		{"string(1)",
		 "\xe4"
		 "b",
		 "\xc3\xa4"
		 "b",
		 MODBUS_ABCD},
		{"string(1)", "\0\0", "", MODBUS_ABCD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_format format = format_of(rows[i].type, rows[i].order);
		char room[VALUE_TEXT_MAX + 1];
		struct value value;

		assert_int_equal(
			modbus_decode(&format, (const uint8_t *)rows[i].wire, room, &value),
			BAD_NONE);
		assert_int_equal(value.kind, VALUE_TEXT);
		assert_string_equal(value.text, rows[i].text);
	}
}

static void test_decode_longest_text_of_latin_1_fits(void **state)
{
	struct modbus_format format = format_of("string(123)", MODBUS_ABCD);
	uint8_t wire[246];
	char room[VALUE_TEXT_MAX + 1];
	struct value value;

	memset(wire, 0xe4, sizeof(wire));
	assert_int_equal(modbus_decode(&format, wire, room, &value), BAD_NONE);
	assert_true(strlen(value.text) <= VALUE_TEXT_MAX);
	assert_true(strlen(value.text) >= VALUE_TEXT_MAX - 1);
}

/* Writes value, reads it back, and returns what came. */
static double round_trip(const struct modbus_format *format, double value)
{
	uint8_t wire[8] = {0};
	struct error err;

	assert_int_equal(modbus_encode(format, value_number(value), wire, &err), 0);
	return decode(format, wire);
}

static void test_round_trip_of_every_type_in_every_order(void **state)
{
	static const struct {
		const char *type;
		double values[8];
	} rows[] = {
		{"int16", {0, 1, -1, 32767, -32768, 1234, -4321, 256}},
		{"uint16", {0, 1, 65535, 32768, 1234, 255, 256, 4660}},
		{"int32", {0, 1, -1, 2147483647.0, -2147483648.0, 65536, -65537, 305419896}},
		{"uint32", {0, 1, 4294967295.0, 2147483648.0, 65536, 305419896, 7, 8}},
		{"int64",
		 {0, 1, -1, -0x1p63, 9007199254740992.0, -9007199254740991.0, 65536, 7}},
		{"uint64", {0, 1, 0x1p63, 9007199254740992.0, 65536, 4294967296.0, 7, 8}},
		{"float32", {0, 1.5, -2.25, 123456, 1e30, -1e-30, 0x1p-149, 3.0e38}},
		{"float64", {0, 0.1, -2.25, 123456.789, 1e300, -1e-300, 0x1p-1074, 1.7e308}},
		{"bcd16", {0, 1, 9999, 10, 99, 1234, 8765, 5}},
		{"bcd32", {0, 1, 99999999, 10, 12345678, 1234, 8765, 5}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int order = 0; order < ORDERS; order++) {
			struct modbus_format format =
				format_of(rows[i].type, (enum modbus_order)order);

			for (size_t k = 0; k < 8; k++) {
				double value = rows[i].values[k];
				bool narrow = format.type == MODBUS_TYPE_FLOAT32;

				assert_true(round_trip(&format, value) ==
					    (narrow ? (double)(float)value : value));
			}
		}
	}
}

static void test_round_trip_with_scale(void **state)
{
	static const struct {
		double scale, parts;
	} rows[] = {{0.1, 10}, {0.01, 100}, {0.001, 1000}, {1e-5, 1e5}, {0.25, 4}, {0.05, 20}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_format format = format_of("int16", MODBUS_ABCD);

		format.scale = rows[i].scale;
		for (int raw = -32768; raw <= 32767; raw++) {
			uint8_t wire[2] = {(uint8_t)(raw >> 8 & 0xff), (uint8_t)raw};
			double value = raw / rows[i].parts;

			/* The number that stands in a rule: 0.3, and not 3 * 0.1. */
			assert_true(decode(&format, wire) == value);
			assert_true(round_trip(&format, value) == value);
		}
	}
}

static void test_round_trip_with_offset_and_any_scale(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.scale = 0.3;
	format.offset = -5;
	for (int raw = -32768; raw <= 32767; raw++) {
		double value = raw * 0.3 - 5;

		assert_true(round_trip(&format, value) == value);
	}
}

static void test_ends_of_the_range_are_in_it(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.limited = true;
	for (int raw = -3000; raw <= 3000; raw++) {
		uint8_t wire[2] = {(uint8_t)(raw >> 8 & 0xff), (uint8_t)raw};
		uint8_t above[2] = {(uint8_t)((raw + 1) >> 8 & 0xff), (uint8_t)(raw + 1)};

		format.scale = 0.1;
		format.low = format.high = raw / 10.0;
		assert_true(decode(&format, wire) == format.low);
		assert_int_equal(verdict(&format, above), BAD_RANGE);
	}
}

static void test_encode_rounds_half_away_from_zero(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.scale = 2;
	assert_true(round_trip(&format, 5) == 6);
	assert_true(round_trip(&format, -5) == -6);
	assert_true(round_trip(&format, 4.9) == 4);
}

static void assert_refused(const struct modbus_format *format, struct value value, int code)
{
	uint8_t wire[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t before[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct error err = {0};

	assert_int_equal(modbus_encode(format, value, wire, &err), -code);
	assert_true(strlen(err.text) > 0);
	assert_memory_equal(wire, before, sizeof(wire));
}

static void test_encode_what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *type;
		double low, high;
	} rows[] = {
		{"int16", -32768.6, 32767.6},
		{"uint16", -0.6, 65535.6},
		{"int32", -2147483648.6, 2147483647.6},
		{"uint32", -0.6, 4294967295.6},
		{"int64", -0x1.1p63, 0x1p63},
		{"uint64", -1, 0x1p64},
		{"float32", -1e39, 1e39},
		{"bcd16", -1, 10000},
		{"bcd32", -1, 100000000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_format format = format_of(rows[i].type, MODBUS_ABCD);

		assert_refused(&format, value_number(rows[i].low), ERANGE);
		assert_refused(&format, value_number(rows[i].high), ERANGE);
		assert_refused(&format, value_number(NAN), ERANGE);
		assert_refused(&format, value_number(INFINITY), ERANGE);
		assert_refused(&format, value_bool(true), EINVAL);
		assert_refused(&format, value_text("1"), EINVAL);
		assert_refused(&format, (struct value){0}, EINVAL);
	}
}

static void test_encode_outside_of_the_range_is_refused_not_clamped(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.scale = 0.1;
	format.limited = true;
	format.low = 20;
	format.high = 90;
	assert_refused(&format, value_number(19.99), ERANGE);
	assert_refused(&format, value_number(90.01), ERANGE);
	assert_true(fabs(round_trip(&format, 90) - 90) < 1e-9);
}

static void test_encode_bools_and_texts(void **state)
{
	struct modbus_format coil = {.type = MODBUS_TYPE_BOOL, .scale = 1};
	struct modbus_format text = format_of("string(2)", MODBUS_BADC);
	uint8_t wire[8] = {0xff};
	struct error err;

	assert_int_equal(modbus_encode(&coil, value_bool(false), wire, &err), 0);
	assert_int_equal(wire[0], 0);
	assert_int_equal(modbus_encode(&coil, value_number(1), wire, &err), 0);
	assert_int_equal(wire[0], 1);
	assert_refused(&coil, value_number(2), EINVAL);
	assert_int_equal(modbus_encode(&text, value_text("abc"), wire, &err), 0);
	assert_memory_equal(wire, "ba\0c", 4);
	assert_refused(&text, value_text("abcde"), ERANGE);
}

static void assert_field(const struct modbus_format *format, struct value value,
			 const char *bits, const char *mask, size_t len)
{
	uint8_t wire[8], ones[8];
	struct error err;

	assert_int_equal(modbus_encode(format, value, wire, &err), 0);
	assert_memory_equal(wire, bits, len);
	modbus_field_mask(format, ones);
	assert_memory_equal(ones, mask, len);
}

static void test_encode_bits_and_their_mask(void **state)
{
	struct modbus_format flag = format_of("uint16", MODBUS_ABCD);
	struct modbus_format field = format_of("uint16", MODBUS_ABCD);
	struct modbus_format across = format_of("uint32", MODBUS_CDAB);
	struct modbus_format all = format_of("uint64", MODBUS_ABCD);

	flag.flag = true;
	flag.width = 1;
	assert_field(&flag, value_bool(true), "\x00\x01", "\x00\x01", 2);
	assert_field(&flag, value_bool(false), "\x00\x00", "\x00\x01", 2);
	assert_field(&flag, value_number(1), "\x00\x01", "\x00\x01", 2);
	flag.shift = 15;
	assert_field(&flag, value_bool(true), "\x80\x00", "\x80\x00", 2);
	flag.order = MODBUS_BADC;
	assert_field(&flag, value_bool(true), "\x00\x80", "\x00\x80", 2);
	field.shift = 4;
	field.width = 3;
	assert_field(&field, value_number(5), "\x00\x50", "\x00\x70", 2);
	field.scale = 10;
	assert_field(&field, value_number(70), "\x00\x70", "\x00\x70", 2);
	across.shift = 12;
	across.width = 8;
	assert_field(&across, value_number(0xa5), "\x50\x00\x00\x0a", "\xf0\x00\x00\x0f", 4);
	all.width = 64;
	assert_field(&all, value_number(1), "\0\0\0\0\0\0\0\1",
		     "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

/* Whatever stands around it: the field is what was written, and the rest is as it was. */
static void test_random_fields_leave_the_other_bits_alone(void **state)
{
	static const char *const types[] = {"int16",  "uint16", "int32",
					    "uint32", "int64",	"uint64"};
	struct random random;

	random_init(&random, 11);
	for (int i = 0; i < 20000; i++) {
		struct modbus_format format =
			format_of(types[random_between(&random, 0, 5)],
				  (enum modbus_order)random_between(&random, 0, ORDERS - 1));
		unsigned all = 16u * format.registers, wide = all < 53 ? all : 53;
		uint8_t before[8], after[8] = {0}, bits[8] = {0}, mask[8] = {0};
		bool sign = types[0][0] == modbus_type_names[format.type][0];
		double low, value;
		struct error err;
		unsigned ones = 0;

		format.width = (uint8_t)random_between(&random, 1, wide);
		format.shift = (uint8_t)random_between(&random, 0, all - format.width);
		low = sign ? -ldexp(1, format.width - 1) : 0;
		value = low + (double)random_between(&random, 0, (1LL << format.width) - 1);
		assert_int_equal(modbus_encode(&format, value_number(value), bits, &err), 0);
		modbus_field_mask(&format, mask);
		for (unsigned k = 0; k < 2u * format.registers; k++) {
			before[k] = (uint8_t)random_between(&random, 0, 255);
			assert_int_equal(bits[k] & ~mask[k], 0);
			after[k] = (uint8_t)((before[k] & ~mask[k]) | bits[k]);
			ones += (unsigned)__builtin_popcount(mask[k]);
		}
		assert_int_equal(ones, format.width);
		assert_true(decode(&format, after) == value);
		/* One beyond it on either side is refused. */
		assert_refused(&format, value_number(low - 1), ERANGE);
		assert_refused(&format, value_number(low + ldexp(1, format.width)), ERANGE);
	}
}

static void test_field_of_a_signed_register_has_a_sign(void **state)
{
	struct modbus_format format = format_of("int16", MODBUS_ABCD);

	format.shift = 4;
	format.width = 4;
	assert_true(decode(&format, "\x0f\x7f") == 7);
	assert_true(decode(&format, "\xf0\x8f") == -8);
	assert_true(decode(&format, "\x00\xf0") == -1);
	assert_field(&format, value_number(-1), "\x00\xf0", "\x00\xf0", 2);
	assert_field(&format, value_number(-8), "\x00\x80", "\x00\xf0", 2);
	for (int value = -8; value <= 7; value++)
		assert_true(round_trip(&format, value) == value);
}

static void test_encode_of_bits_that_do_not_fit_is_refused(void **state)
{
	struct modbus_format format = format_of("uint16", MODBUS_ABCD);
	struct modbus_format sign = format_of("int32", MODBUS_ABCD);

	format.shift = 4;
	format.width = 3;
	assert_refused(&format, value_number(8), ERANGE);
	assert_refused(&format, value_number(-1), ERANGE);
	assert_refused(&format, value_number(NAN), ERANGE);
	assert_refused(&format, value_bool(true), EINVAL);
	sign.width = 5;
	assert_refused(&sign, value_number(16), ERANGE);
	assert_refused(&sign, value_number(-17), ERANGE);
	format.flag = true;
	format.width = 1;
	assert_refused(&format, value_number(2), EINVAL);
	assert_refused(&format, value_text("on"), EINVAL);
}

static void test_sentinel_of_a_field_is_of_the_whole_register(void **state)
{
	struct modbus_format format = format_of("uint16", MODBUS_ABCD);
	struct modbus_invalid invalid[2];

	assert_int_equal(modbus_invalid_parse("0xFFFF", &format, &invalid[0]), 0);
	assert_int_equal(modbus_invalid_parse("32768", &format, &invalid[1]), 0);
	format.invalid = invalid;
	format.invalid_count = 2;
	format.width = 4;
	assert_int_equal(verdict(&format, "\xff\xff"), BAD_RANGE);
	assert_int_equal(verdict(&format, "\x80\x00"), BAD_RANGE);
	assert_true(decode(&format, "\x00\x0f") == 15);
}

/* Numbers are doubles: 53 bits are exact, what is longer is the nearest that has 53. */
static void test_64_bits_beyond_53_are_rounded_to_the_nearest_number(void **state)
{
	struct modbus_format format = format_of("uint64", MODBUS_ABCD);
	struct modbus_format sign = format_of("int64", MODBUS_ABCD);

	assert_true(decode(&format, "\0\x1f\xff\xff\xff\xff\xff\xff") == 0x1p53 - 1);
	assert_true(decode(&format, "\0\x20\0\0\0\0\0\0") == 0x1p53);
	assert_true(decode(&format, "\0\x20\0\0\0\0\0\1") == 0x1p53);
	assert_true(decode(&format, "\0\x20\0\0\0\0\0\3") == 0x1p53 + 4);
	assert_true(decode(&sign, "\xff\xe0\0\0\0\0\0\0") == -0x1p53);
	assert_true(decode(&sign, "\xff\xdf\xff\xff\xff\xff\xff\xff") == -0x1p53);
	/* What is written is what was given, to the last bit. */
	assert_field(
		&(struct modbus_format){
			.type = MODBUS_TYPE_UINT64, .registers = 4, .width = 64, .scale = 1},
		value_number(0x1p63 + 0x1p11), "\x80\0\0\0\0\0\x08\0",
		"\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_true(round_trip(&sign, -0x1p63) == -0x1p63);
}

static void test_zero_has_no_sign_and_small_numbers_stay(void **state)
{
	struct modbus_format narrow = format_of("float32", MODBUS_ABCD);
	struct modbus_format wide = format_of("float64", MODBUS_ABCD);
	uint8_t wire[8] = {1};
	struct error err;

	assert_true(decode(&narrow, "\x80\x00\x00\x00") == 0);
	assert_true(signbit(decode(&narrow, "\x80\x00\x00\x00")) == 0);
	assert_int_equal(modbus_encode(&narrow, value_number(-0.0), wire, &err), 0);
	assert_memory_equal(wire, "\0\0\0\0", 4);
	assert_true(decode(&narrow, "\x00\x00\x00\x01") == 0x1p-149);
	assert_true(decode(&wide, "\x80\0\0\0\0\0\0\x01") == -0x1p-1074);
}

static void test_type_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",	     "int",   "int8",	  "string",	"string()",
		"string(x)", "INT16", "string(8", "string(1)x", "string(11111111111)"};
	struct modbus_format format = {0};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(modbus_type_parse(wrong[i], &format), -EINVAL);
	assert_int_equal(modbus_type_parse("string(0)", &format), -ERANGE);
	assert_int_equal(modbus_type_parse("string(124)", &format), -ERANGE);
	assert_int_equal(modbus_type_parse("string(123)", &format), 0);
	assert_int_equal(format.registers, 123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_32_bits_in_every_order),
		cmocka_unit_test(test_decode_64_bits_in_every_order),
		cmocka_unit_test(test_decode_floats_as_libmodbus_does),
		cmocka_unit_test(test_decode_signs),
		cmocka_unit_test(test_decode_bcd),
		cmocka_unit_test(test_fault_A13_no_number_is_bad),
		cmocka_unit_test(test_decode_outside_of_the_range_is_bad),
		cmocka_unit_test(test_decode_sentinel_is_bad),
		cmocka_unit_test(test_sentinel_wider_than_its_type_is_refused),
		cmocka_unit_test(test_decode_bits_of_a_register),
		cmocka_unit_test(test_decode_texts),
		cmocka_unit_test(test_decode_longest_text_of_latin_1_fits),
		cmocka_unit_test(test_round_trip_of_every_type_in_every_order),
		cmocka_unit_test(test_round_trip_with_scale),
		cmocka_unit_test(test_round_trip_with_offset_and_any_scale),
		cmocka_unit_test(test_ends_of_the_range_are_in_it),
		cmocka_unit_test(test_encode_rounds_half_away_from_zero),
		cmocka_unit_test(test_encode_what_does_not_fit_is_refused),
		cmocka_unit_test(test_encode_outside_of_the_range_is_refused_not_clamped),
		cmocka_unit_test(test_encode_bools_and_texts),
		cmocka_unit_test(test_encode_bits_and_their_mask),
		cmocka_unit_test(test_random_fields_leave_the_other_bits_alone),
		cmocka_unit_test(test_field_of_a_signed_register_has_a_sign),
		cmocka_unit_test(test_encode_of_bits_that_do_not_fit_is_refused),
		cmocka_unit_test(test_sentinel_of_a_field_is_of_the_whole_register),
		cmocka_unit_test(test_64_bits_beyond_53_are_rounded_to_the_nearest_number),
		cmocka_unit_test(test_zero_has_no_sign_and_small_numbers_stay),
		cmocka_unit_test(test_type_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
