/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What registers of an unknown device may mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "ctl/probe_guess.h"

enum { CELLS = 200, WIDEST = 123 };

static struct probe_cell cells[CELLS];
static struct probe_guess guesses[CELLS];

static void guess(const uint16_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cells[i] = (struct probe_cell){PROBE_VALUE, 0, words[i]};
	probe_guess(cells, count, WIDEST, guesses);
}

#define GUESS(...)                                      \
	do {                                            \
		const uint16_t words[] = {__VA_ARGS__}; \
		guess(words, ARRAY_SIZE(words));        \
	} while (0)

static void assert_guess(size_t at, enum modbus_type type, uint16_t registers)
{
	if (guesses[at].type != type || guesses[at].registers != registers)
		fail_msg("register %zu: %s of %u instead of %s of %u", at,
			 modbus_type_names[guesses[at].type], guesses[at].registers,
			 modbus_type_names[type], registers);
}

static void assert_float(size_t at, enum modbus_order order)
{
	assert_guess(at, MODBUS_TYPE_FLOAT32, 2);
	assert_int_equal(guesses[at].order, order);
	assert_int_equal(guesses[at + 1].registers, 0);
}

/* The registers of a float32 in the given order. */
static void put_float(uint16_t *words, float number, enum modbus_order order)
{
	bool swap = order == MODBUS_BADC || order == MODBUS_DCBA;
	bool turn = order == MODBUS_CDAB || order == MODBUS_DCBA;
	uint32_t bits;

	memcpy(&bits, &number, sizeof(bits));
	for (size_t i = 0; i < 2; i++) {
		uint16_t word = (uint16_t)(bits >> ((i == 0) != turn ? 16 : 0));

		words[i] = swap ? (uint16_t)(word << 8 | word >> 8) : word;
	}
}

static void test_float_is_plausible_in_its_order_only(void **state)
{
	static const uint16_t vectors[][2] = {
		[MODBUS_ABCD] = {0x47f1, 0x2000},
		[MODBUS_CDAB] = {0x2000, 0x47f1},
		[MODBUS_BADC] = {0xf147, 0x0020},
		[MODBUS_DCBA] = {0x0020, 0xf147},
	};

	(void)state;
	for (enum modbus_order order = MODBUS_ABCD; order <= MODBUS_DCBA; order++) {
		assert_int_equal(probe_grade(MODBUS_TYPE_FLOAT32, order, vectors[order]),
				 PROBE_GOOD);
		assert_true(probe_decode(MODBUS_TYPE_FLOAT32, order, vectors[order]) == 123456);
		for (enum modbus_order other = MODBUS_ABCD; other <= MODBUS_DCBA; other++) {
			if (other != order)
				assert_int_equal(
					probe_grade(MODBUS_TYPE_FLOAT32, other, vectors[order]),
					PROBE_NO);
		}
	}
}

static void test_measured_floats_are_found_in_each_order(void **state)
{
	static const float numbers[] = {123456.f, 229.8734f, 230.1192f, 0.f,
					49.9871f, 0.937412f, 5.20331f,	-12.0817f,
					1013.25f, 1187.36f,  98123.4f};
	uint16_t words[2 * ARRAY_SIZE(numbers)];

	(void)state;
	for (enum modbus_order order = MODBUS_ABCD; order <= MODBUS_DCBA; order++) {
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			put_float(&words[2 * i], numbers[i], order);
		guess(words, ARRAY_SIZE(words));
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			assert_float(2 * i, order);
	}
}

static void test_floats_begin_where_they_begin(void **state)
{
	(void)state;
	/* 17, then 23.5 and 21.75 */
	GUESS(17, 0x41bc, 0x0000, 0x41ae, 0x0000, 3);
	assert_guess(0, MODBUS_TYPE_UINT16, 1);
	assert_float(1, MODBUS_ABCD);
	assert_float(3, MODBUS_ABCD);
	assert_guess(5, MODBUS_TYPE_UINT16, 1);
}

static void test_zeros_are_floats_between_floats_only(void **state)
{
	(void)state;
	GUESS(0, 0, 0x41bc, 0x0000, 0, 0, 0, 0, 0x41ae, 0x0000, 0, 0, 0, 0);
	for (size_t i = 0; i < 14; i++) {
		if (i < 2 || i > 9)
			assert_guess(i, MODBUS_TYPE_UINT16, 1);
		else if (i % 2 == 0)
			assert_float(i, MODBUS_ABCD);
	}
}

static void test_no_device_means_a_denormal_nan_or_giant(void **state)
{
	static const uint16_t words[][2] = {
		{0x0000, 0x0001}, {0x0012, 0x3456}, {0x7fc0, 0x0000}, {0x7f80, 0x0000},
		{0xff80, 0x0000}, {0x7f7f, 0xffff}, {0x501b, 0x1234}, {0x0000, 0x0000},
		{0x3400, 0x0000}, {0x8000, 0x0000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(probe_grade(MODBUS_TYPE_FLOAT32, MODBUS_ABCD, words[i]),
				 PROBE_NO);
}

static void test_temperatures_are_integers(void **state)
{
	(void)state;
	GUESS(235, 412, 0xffc9, 198, 0, 0, 0, 1, 66, 50, 70, 0, 66, 0, 1500);
	for (size_t i = 0; i < 15; i++)
		assert_guess(i, i == 2 ? MODBUS_TYPE_INT16 : MODBUS_TYPE_UINT16, 1);
}

static void test_neighbouring_raw_values_are_integers(void **state)
{
	(void)state;
	/* An analogue card: words that begin like floats do. */
	GUESS(16500, 16612, 16498, 16789, 17022, 17101, 16930, 16555);
	for (size_t i = 0; i < 8; i++)
		assert_guess(i, MODBUS_TYPE_UINT16, 1);
}

static void test_random_small_integers_make_few_floats(void **state)
{
	struct random random;
	size_t floats = 0;

	(void)state;
	random_init(&random, 7);
	for (int round = 0; round < 100; round++) {
		uint16_t words[100];

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = (uint16_t)random_between(&random, 0, 3000);
		guess(words, ARRAY_SIZE(words));
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			floats += guesses[i].type == MODBUS_TYPE_FLOAT32 ||
				  guesses[i].type == MODBUS_TYPE_FLOAT64;
	}
	/* of 5000 pairs */
	assert_true(floats < 100);
}

static void test_counters_of_two_registers(void **state)
{
	(void)state;
	/* 1234567, -5 */
	GUESS(0x0012, 0xd687, 0xffff, 0xfffb);
	assert_guess(0, MODBUS_TYPE_UINT32, 2);
	assert_int_equal(guesses[0].order, MODBUS_ABCD);
	assert_guess(2, MODBUS_TYPE_INT32, 2);
	/* The upper halves of a row of them are mostly 0. */
	GUESS(0, 5000, 0, 1200, 0, 77, 0, 31111);
	for (size_t i = 0; i < 8; i += 2)
		assert_guess(i, MODBUS_TYPE_UINT32, 2);
}

static void test_double_is_found(void **state)
{
	(void)state;
	/* 23.5 and 230.25 */
	GUESS(0x4037, 0x8000, 0, 0, 0x406c, 0xc800, 0, 0);
	assert_guess(0, MODBUS_TYPE_FLOAT64, 4);
	assert_guess(4, MODBUS_TYPE_FLOAT64, 4);
}

static void test_text_is_found_and_ends(void **state)
{
	(void)state;
	GUESS(0, 0x4741, 0x5547, 0x452d, 0x3132, 0x0000, 7);
	assert_guess(0, MODBUS_TYPE_UINT16, 1);
	assert_guess(1, MODBUS_TYPE_STRING, 4);
	assert_guess(6, MODBUS_TYPE_UINT16, 1);
	/* An odd length, with the NUL in the last register; then a float. */
	GUESS(0x4d65, 0x7465, 0x7200, 0x41bc, 0x0000);
	assert_guess(0, MODBUS_TYPE_STRING, 3);
	assert_float(3, MODBUS_ABCD);
}

static void test_text_by_chance_among_floats_is_none(void **state)
{
	(void)state;
	/* 7.273573, 0.72, 62.5795, 53.8915, 0.043333333: "BzQlBW" stands in it. */
	GUESS(0x40e8, 0xc11c, 0x3f38, 0x51ec, 0x427a, 0x516c, 0x4257, 0x90ef, 0x3d31, 0x7e4b);
	for (size_t i = 0; i < 10; i += 2)
		assert_float(i, MODBUS_ABCD);
}

static void test_odd_float_does_not_break_a_row(void **state)
{
	(void)state;
	/* The halves of 54.066 are alike by chance, and read from the next register on it
	 * is 62.83. */
	GUESS(0x40ed, 0x55e3, 0x3f38, 0x51ec, 0x427b, 0xb3a8, 0x4258, 0x4411, 0x3d8d, 0xfea2);
	for (size_t i = 0; i < 10; i += 2)
		assert_float(i, MODBUS_ABCD);
}

static void test_text_with_swapped_bytes_counts_from_its_other_end(void **state)
{
	static const uint16_t swapped[] = {0x654d, 0x6574, 0x0072};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		cells[i] = (struct probe_cell){PROBE_VALUE, 0, swapped[i]};
	assert_int_equal(probe_text(cells, 3, true), 3);
	/* "eMet" is too short for one. */
	assert_int_equal(probe_text(cells, 3, false), 0);
	cells[1].state = PROBE_REFUSED;
	assert_int_equal(probe_text(cells, 3, true), 0);
}

static void test_digits_in_a_row_are_bcd(void **state)
{
	(void)state;
	GUESS(0x2026, 0x1122, 0x2036, 0x1500, 0, 0x1234, 0x00a0);
	for (size_t i = 0; i < 4; i++)
		assert_guess(i, MODBUS_TYPE_BCD16, 1);
	assert_guess(5, MODBUS_TYPE_UINT16, 1);
	assert_int_equal(probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &cells[5].value),
			 PROBE_FAIR);
	assert_true(probe_decode(MODBUS_TYPE_BCD16, MODBUS_ABCD, &cells[5].value) == 1234);
	assert_int_equal(probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &cells[6].value),
			 PROBE_NO);
	/* Below ten they are what they are. */
	assert_int_equal(probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &(uint16_t){9}), PROBE_NO);
}

static void test_nothing_is_guessed_over_a_hole(void **state)
{
	(void)state;
	GUESS(0x41bc, 0x0000, 0x41ae, 0x0000);
	cells[1] = (struct probe_cell){PROBE_REFUSED, 2, 0};
	probe_guess(cells, 4, WIDEST, guesses);
	assert_guess(0, MODBUS_TYPE_UINT16, 1);
	assert_int_equal(guesses[1].registers, 0);
	assert_float(2, MODBUS_ABCD);
}

static void test_nothing_is_wider_than_the_device_gives(void **state)
{
	(void)state;
	GUESS(0x41bc, 0x0000, 0x4741, 0x5547, 0x452d, 0x3132, 0x4037, 0x8000, 0, 0);
	for (size_t widest = 1; widest <= 3; widest++) {
		probe_guess(cells, 10, widest, guesses);
		for (size_t i = 0; i < 10; i++)
			assert_true(guesses[i].registers <= widest);
	}
}

static void test_every_register_belongs_to_one_guess(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 11);
	for (int round = 0; round < 500; round++) {
		size_t next = 0, count = (size_t)random_between(&random, 1, CELLS);

		for (size_t i = 0; i < count; i++)
			cells[i] = (struct probe_cell){
				random_between(&random, 0, 9) == 0 ? PROBE_REFUSED
								   : PROBE_VALUE,
				2, (uint16_t)random_between(&random, 0, 65535)};
		probe_guess(cells, count, WIDEST, guesses);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(guesses[i].registers > 0,
					 i == next && cells[i].state == PROBE_VALUE);
			if (i == next)
				next += guesses[i].registers > 0 ? guesses[i].registers : 1;
		}
		assert_int_equal(next, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_float_is_plausible_in_its_order_only),
		cmocka_unit_test(test_measured_floats_are_found_in_each_order),
		cmocka_unit_test(test_floats_begin_where_they_begin),
		cmocka_unit_test(test_zeros_are_floats_between_floats_only),
		cmocka_unit_test(test_no_device_means_a_denormal_nan_or_giant),
		cmocka_unit_test(test_temperatures_are_integers),
		cmocka_unit_test(test_neighbouring_raw_values_are_integers),
		cmocka_unit_test(test_random_small_integers_make_few_floats),
		cmocka_unit_test(test_counters_of_two_registers),
		cmocka_unit_test(test_double_is_found),
		cmocka_unit_test(test_text_is_found_and_ends),
		cmocka_unit_test(test_text_by_chance_among_floats_is_none),
		cmocka_unit_test(test_odd_float_does_not_break_a_row),
		cmocka_unit_test(test_text_with_swapped_bytes_counts_from_its_other_end),
		cmocka_unit_test(test_digits_in_a_row_are_bcd),
		cmocka_unit_test(test_nothing_is_guessed_over_a_hole),
		cmocka_unit_test(test_nothing_is_wider_than_the_device_gives),
		cmocka_unit_test(test_every_register_belongs_to_one_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
