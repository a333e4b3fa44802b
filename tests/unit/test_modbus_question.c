/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What clients ask, at the borders of the protocol, and the frames that answer them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/modbus_question.h"

static struct modbus_question parse(const uint8_t *pdu, size_t len)
{
	struct modbus_frame frame = {.id = 0x1234, .unit = 9, .pdu = pdu, .pdu_len = len};
	struct modbus_question question;

	modbus_question_parse(&frame, &question);
	assert_int_equal(question.id, 0x1234);
	assert_int_equal(question.unit, 9);
	assert_int_equal(question.function, pdu[0]);
	return question;
}

static void test_reads_at_the_borders(void **state)
{
	static const struct {
		uint8_t function;
		unsigned address, count;
		uint8_t exception;
	} rows[] = {
		{1, 0, 1, 0},
		{1, 0, 2000, 0},
		{1, 0, 2001, MODBUS_ILLEGAL_VALUE},
		{2, 65535, 1, 0},
		{2, 63536, 2000, 0},
		{2, 63537, 2000, MODBUS_ILLEGAL_ADDRESS},
		{3, 0, 0, MODBUS_ILLEGAL_VALUE},
		{3, 0, 125, 0},
		{3, 0, 126, MODBUS_ILLEGAL_VALUE},
		{3, 0, 65535, MODBUS_ILLEGAL_VALUE},
		{3, 65535, 1, 0},
		{3, 65535, 2, MODBUS_ILLEGAL_ADDRESS},
		{4, 65411, 125, 0},
		{4, 65412, 125, MODBUS_ILLEGAL_ADDRESS},
		/* The value is judged before the address. */
		{4, 65535, 126, MODBUS_ILLEGAL_VALUE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint8_t pdu[] = {
			rows[i].function,	  (uint8_t)(rows[i].address >> 8),
			(uint8_t)rows[i].address, (uint8_t)(rows[i].count >> 8),
			(uint8_t)rows[i].count,
		};
		struct modbus_question question = parse(pdu, sizeof(pdu));

		assert_int_equal(question.exception, rows[i].exception);
		assert_int_equal(question.address, rows[i].address);
		assert_int_equal(question.count, rows[i].count);
	}
}

static void test_every_other_function_is_refused(void **state)
{
	for (unsigned function = 0; function < 256; function++) {
		const uint8_t pdu[] = {(uint8_t)function, 0, 1, 0, 1};
		bool reads = function >= 1 && function <= 4;

		assert_int_equal(parse(pdu, sizeof(pdu)).exception,
				 reads ? 0 : MODBUS_ILLEGAL_FUNCTION);
		/* Also where nothing follows the function. */
		assert_int_equal(parse(pdu, 1).exception,
				 reads ? MODBUS_ILLEGAL_VALUE : MODBUS_ILLEGAL_FUNCTION);
	}
}

static void test_a_read_of_another_length_is_refused(void **state)
{
	static const uint8_t pdu[MODBUS_PDU_MAX] = {3, 0, 1, 0, 1};

	for (size_t len = 1; len <= sizeof(pdu); len++)
		assert_int_equal(parse(pdu, len).exception,
				 len == 5 ? 0 : MODBUS_ILLEGAL_VALUE);
}

static void test_answers_are_what_a_master_takes(void **state)
{
	static const struct {
		uint8_t function;
		uint16_t count;
		size_t bytes;
	} rows[] = {
		{1, 1, 1}, {1, 8, 1}, {1, 9, 2}, {2, 2000, 250}, {3, 1, 2}, {4, 125, 250},
	};
	uint8_t data[250], frame[MODBUS_FRAME_MAX];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_question question = {
			.id = 0xabcd,
			.unit = 3,
			.function = rows[i].function,
			.count = rows[i].count,
		};
		struct modbus_request request = {.function = rows[i].function,
						 .count = rows[i].count};
		struct modbus_frame got;
		struct modbus_answer answer;
		size_t len;

		assert_int_equal(modbus_question_bytes(&question), rows[i].bytes);
		len = modbus_question_answer(&question, data, frame);
		assert_int_equal(modbus_frame_take(frame, len, &got), len);
		assert_int_equal(got.id, 0xabcd);
		assert_int_equal(got.unit, 3);
		assert_int_equal(modbus_answer_check(&request, got.pdu, got.pdu_len, &answer),
				 MODBUS_ANSWER);
		assert_int_equal(answer.len, rows[i].bytes);
		assert_memory_equal(answer.data, data, rows[i].bytes);
	}
}

static void test_data_in_its_place_stays_there(void **state)
{
	struct modbus_question question = {.function = 3, .count = 2};
	uint8_t frame[MODBUS_FRAME_MAX] = {[MODBUS_QUESTION_DATA] = 1, 2, 3, 4};
	static const uint8_t whole[] = {0, 0, 0, 0, 0, 7, 0, 3, 4, 1, 2, 3, 4};

	assert_int_equal(modbus_question_answer(&question, frame + MODBUS_QUESTION_DATA, frame),
			 sizeof(whole));
	assert_memory_equal(frame, whole, sizeof(whole));
}

static void test_exceptions_are_what_a_master_takes(void **state)
{
	for (unsigned function = 0; function < 256; function++) {
		struct modbus_question question = {
			.id = 7, .unit = 255, .function = (uint8_t)function};
		uint8_t frame[MODBUS_FRAME_MAX];
		struct modbus_frame got;
		size_t len = modbus_question_refuse(&question, 11, frame);

		assert_int_equal(modbus_frame_take(frame, len, &got), len);
		assert_int_equal(got.unit, 255);
		assert_int_equal(got.pdu_len, 2);
		assert_int_equal(got.pdu[0], function | 0x80);
		assert_int_equal(got.pdu[1], 11);
	}
}

static void test_frames_of_questions(void **state)
{
	static const struct {
		uint8_t bytes[8];
		int rc;
	} rows[] = {
		{{0, 1, 0, 0, 0, 2, 9, 7}, 8},	       {{0, 1, 0, 0, 0, 1, 9, 7}, -EPROTO},
		{{0, 1, 0, 0, 0, 0, 9, 7}, -EPROTO},   {{0, 1, 0, 0, 0, 254, 9, 7}, 0},
		{{0, 1, 0, 0, 0, 255, 9, 7}, -EPROTO}, {{0, 1, 0, 0, 1, 2, 9, 7}, -EPROTO},
		{{0, 1, 0, 1, 0, 2, 9, 7}, -EPROTO},   {"GET / HT", -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_frame frame;

		assert_int_equal(modbus_frame_take_question(rows[i].bytes, 8, &frame),
				 rows[i].rc);
		assert_int_equal(modbus_frame_take_question(rows[i].bytes, 3, &frame), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_at_the_borders),
		cmocka_unit_test(test_every_other_function_is_refused),
		cmocka_unit_test(test_a_read_of_another_length_is_refused),
		cmocka_unit_test(test_answers_are_what_a_master_takes),
		cmocka_unit_test(test_data_in_its_place_stays_there),
		cmocka_unit_test(test_exceptions_are_what_a_master_takes),
		cmocka_unit_test(test_frames_of_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
