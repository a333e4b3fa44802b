/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Frames of Modbus RTU, their CRC, and what may be late. */
#include "io/modbus_rtu_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/modbus_stale.h"

static struct modbus_request reading(uint16_t address, uint16_t count)
{
	return (struct modbus_request){
		.function = MODBUS_READ_HOLDING, .address = address, .count = count};
}

static void test_crc_vectors(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint16_t crc;
	} vectors[] = {
		/* "123456789", the check value of CRC-16/MODBUS in catalogues */
		{"123456789", 9, 0x4b37},
		/* V1.02 section 6.2.2: 02 07 is followed by 41 12 on the line */
		{"\x02\x07", 2, 0x1241},
		/* unit 1, read 10 holding registers from 0: C5 CD */
		{"\x01\x03\x00\x00\x00\x0a", 6, 0xcdc5},
		/* unit 17, read 3 holding registers from 107: 76 87 */
		{"\x11\x03\x00\x6b\x00\x03", 6, 0x8776},
		{"", 0, 0xffff},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(modbus_crc((const uint8_t *)vectors[i].bytes, vectors[i].len),
				 vectors[i].crc);
}

/* The CRC as the standard describes it, bit by bit. */
static uint16_t crc_slowly(const uint8_t *bytes, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return (uint16_t)crc;
}

static void test_crc_is_the_standard_s_for_every_byte(void **state)
{
	uint8_t bytes[3];

	for (unsigned i = 0; i < 65536; i++) {
		bytes[0] = (uint8_t)(i >> 8);
		bytes[1] = (uint8_t)i;
		bytes[2] = (uint8_t)(i * 7);
		assert_int_equal(modbus_crc(bytes, 3), crc_slowly(bytes, 3));
	}
}

static void test_request_is_put_between_unit_and_crc(void **state)
{
	struct modbus_request request = reading(107, 3);
	uint8_t frame[MODBUS_RTU_MAX];

	assert_int_equal(modbus_rtu_put(17, &request, frame), 8);
	assert_memory_equal(frame, "\x11\x03\x00\x6b\x00\x03\x76\x87", 8);
	request.count = 126;
	assert_int_equal(modbus_rtu_put(17, &request, frame), 0);
}

static const uint8_t answer_2[] = {1, 3, 4, 0, 10, 0, 11, 0xda, 0x36};

static enum modbus_rtu_verdict find(const uint8_t *bytes, size_t len,
				    struct modbus_rtu_frame *frame)
{
	struct modbus_request request = reading(10, 2);
	struct modbus_answer answer;

	return modbus_rtu_find(1, &request, bytes, len, frame, &answer);
}

static void sealed(uint8_t *frame, size_t len)
{
	uint16_t crc = modbus_crc(frame, len);

	frame[len] = (uint8_t)crc;
	frame[len + 1] = (uint8_t)(crc >> 8);
}

static void test_answer_is_found_behind_any_offset_and_not_before_it_is_whole(void **state)
{
	struct modbus_rtu_frame frame;
	uint8_t bytes[64];

	for (size_t offset = 0; offset < 20; offset++) {
		memset(bytes, 0x55, sizeof(bytes));
		memcpy(bytes + offset, answer_2, sizeof(answer_2));
		sealed(bytes + offset, 7);
		for (size_t len = 0; len < offset + 9; len++)
			assert_int_equal(find(bytes, len, &frame),
					 len > offset ? MODBUS_RTU_MORE : MODBUS_RTU_NOTHING);
		assert_int_equal(find(bytes, offset + 9, &frame), MODBUS_RTU_FOUND);
		assert_int_equal(frame.at, offset);
		assert_int_equal(frame.len, 9);
		assert_int_equal(frame.pdu_len, 6);
	}
}

static void test_answer_of_another_is_not_found(void **state)
{
	struct modbus_rtu_frame frame;
	uint8_t bytes[16];

	memcpy(bytes, answer_2, sizeof(answer_2));
	sealed(bytes, 7);
	assert_int_equal(find(bytes, 9, &frame), MODBUS_RTU_FOUND);
	for (size_t i = 0; i < 3; i++) {
		/* Unit, function, byte count. */
		bytes[i] ^= 8;
		sealed(bytes, 7);
		assert_int_not_equal(find(bytes, 9, &frame), MODBUS_RTU_FOUND);
		bytes[i] ^= 8;
	}
	for (size_t bit = 0; bit < 72; bit++) {
		sealed(bytes, 7);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(find(bytes, 9, &frame), MODBUS_RTU_FOUND);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_exception_is_found(void **state)
{
	uint8_t bytes[] = {9, 1, 0x83, 2, 0, 0};
	struct modbus_request request = reading(10, 2);
	struct modbus_rtu_frame frame;
	struct modbus_answer answer;

	sealed(bytes + 1, 3);
	assert_int_equal(modbus_rtu_find(1, &request, bytes, 5, &frame, &answer),
			 MODBUS_RTU_MORE);
	assert_int_equal(modbus_rtu_find(1, &request, bytes, 6, &frame, &answer),
			 MODBUS_RTU_FOUND);
	assert_int_equal(answer.exception, 2);
	assert_int_equal(frame.at, 1);
}

static void test_any_frame_tells_answers_from_requests(void **state)
{
	struct modbus_request request = reading(0x0410, 2);
	struct modbus_rtu_frame frame;
	uint8_t bytes[1 + MODBUS_RTU_MAX] = {0xff};

	assert_int_equal(modbus_rtu_put(7, &request, bytes + 1), 8);
	assert_true(modbus_rtu_any(bytes, 9, &frame));
	assert_int_equal(frame.unit, 7);
	assert_int_equal(frame.at, 1);
	assert_false(frame.answer);
	memcpy(bytes + 1, answer_2, 7);
	sealed(bytes + 1, 7);
	assert_true(modbus_rtu_any(bytes, 10, &frame));
	assert_true(frame.answer);
	assert_false(modbus_rtu_any(bytes, 9, &frame));
	bytes[4]++;
	assert_false(modbus_rtu_any(bytes, 10, &frame));
}

static void test_stale_answer_clashes_by_function_and_length(void **state)
{
	struct modbus_request a = reading(10, 2), b = reading(500, 2), c = reading(10, 3);
	struct modbus_stale stale;

	modbus_stale_clear(&stale);
	assert_false(modbus_stale_clashes(&stale, &a));
	assert_false(modbus_stale_doubts(&stale, a.function));
	modbus_stale_add(&stale, &a);
	assert_true(modbus_stale_clashes(&stale, &b));
	assert_false(modbus_stale_clashes(&stale, &c));
	assert_true(modbus_stale_doubts(&stale, a.function));
	assert_false(modbus_stale_doubts(&stale, MODBUS_READ_INPUT));
	b.function = MODBUS_READ_INPUT;
	assert_false(modbus_stale_clashes(&stale, &b));
	assert_true(modbus_stale_take(&stale, answer_2 + 1, 6));
	assert_false(modbus_stale_take(&stale, answer_2 + 1, 6));
	assert_false(modbus_stale_clashes(&stale, &a));
}

static void test_stale_writes_are_told_by_their_address(void **state)
{
	static const uint8_t data[8];
	struct modbus_request one = {
		.function = MODBUS_WRITE_REGISTER, .address = 5, .count = 1, .data = data};
	struct modbus_request many = {
		.function = MODBUS_WRITE_REGISTERS, .address = 5, .count = 2, .data = data};
	struct modbus_request good = {0}, probe;
	struct modbus_stale stale;

	modbus_stale_clear(&stale);
	modbus_stale_add(&stale, &one);
	modbus_stale_add(&stale, &many);
	/* The answer repeats all of it. */
	assert_false(modbus_stale_clashes(&stale, &one));
	assert_true(modbus_stale_clashes(&stale, &many));
	assert_true(modbus_stale_probe(&stale, &many, &good, &probe));
	assert_int_equal(probe.function, MODBUS_READ_HOLDING);
	assert_int_equal(probe.address, 5);
	many.address = 6;
	assert_false(modbus_stale_clashes(&stale, &many));
}

static void test_stale_probe_can_not_be_mistaken(void **state)
{
	struct modbus_request good = {.function = MODBUS_READ_INPUT, .address = 9, .count = 3};
	struct modbus_request none = {0}, probe, a = reading(10, 2), b = reading(10, 1);
	struct modbus_stale stale;

	modbus_stale_clear(&stale);
	modbus_stale_add(&stale, &a);
	assert_true(modbus_stale_probe(&stale, &a, &none, &probe));
	assert_int_equal(probe.address, 10);
	assert_int_equal(probe.count, 1);
	modbus_stale_add(&stale, &b);
	/* Both lengths are taken: what is known to be good, or else more. */
	assert_true(modbus_stale_probe(&stale, &b, &good, &probe));
	assert_int_equal(probe.function, MODBUS_READ_INPUT);
	assert_int_equal(probe.address, 9);
	assert_true(modbus_stale_probe(&stale, &b, &none, &probe));
	assert_int_equal(probe.count, 3);
	/* At the end of the addresses there is no more. */
	a = reading(65535, 1);
	assert_false(modbus_stale_probe(&stale, &a, &none, &probe));
}

static void test_stale_answers_beyond_count_make_all_doubtful(void **state)
{
	struct modbus_request a = reading(10, 2), none = {0}, probe;
	struct modbus_stale stale;

	modbus_stale_clear(&stale);
	for (uint16_t i = 0; i <= MODBUS_STALE_MAX; i++) {
		a.count = (uint16_t)(20 + i);
		modbus_stale_add(&stale, &a);
	}
	a.count = 1;
	assert_true(modbus_stale_clashes(&stale, &a));
	assert_false(modbus_stale_probe(&stale, &a, &none, &probe));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_vectors),
		cmocka_unit_test(test_crc_is_the_standard_s_for_every_byte),
		cmocka_unit_test(test_request_is_put_between_unit_and_crc),
		cmocka_unit_test(
			test_answer_is_found_behind_any_offset_and_not_before_it_is_whole),
		cmocka_unit_test(test_answer_of_another_is_not_found),
		cmocka_unit_test(test_exception_is_found),
		cmocka_unit_test(test_any_frame_tells_answers_from_requests),
		cmocka_unit_test(test_stale_answer_clashes_by_function_and_length),
		cmocka_unit_test(test_stale_writes_are_told_by_their_address),
		cmocka_unit_test(test_stale_probe_can_not_be_mistaken),
		cmocka_unit_test(test_stale_answers_beyond_count_make_all_doubtful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
