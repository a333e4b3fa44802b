/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The codec against the standard's own examples; test_modbus_oracle has libmodbus's view. */
#include <errno.h>
#include <modbus/modbus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/modbus_pdu.h"

/* Examples of MODBUS Application Protocol Specification V1.1b3, section 6. */
static const struct {
	struct modbus_request request;
	uint8_t data[8];
	size_t len;
	uint8_t pdu[16];
	size_t answer_len;
	uint8_t answer[16];
} vectors[] = {
	{{.function = MODBUS_READ_COILS, .address = 0x13, .count = 0x13},
	 {0},
	 5,
	 {0x01, 0x00, 0x13, 0x00, 0x13},
	 5,
	 {0x01, 0x03, 0xcd, 0x6b, 0x05}},
	{{.function = MODBUS_READ_DISCRETE, .address = 0xc4, .count = 0x16},
	 {0},
	 5,
	 {0x02, 0x00, 0xc4, 0x00, 0x16},
	 5,
	 {0x02, 0x03, 0xac, 0xdb, 0x35}},
	{{.function = MODBUS_READ_HOLDING, .address = 0x6b, .count = 3},
	 {0},
	 5,
	 {0x03, 0x00, 0x6b, 0x00, 0x03},
	 8,
	 {0x03, 0x06, 0x02, 0x2b, 0x00, 0x00, 0x00, 0x64}},
	{{.function = MODBUS_READ_INPUT, .address = 8, .count = 1},
	 {0},
	 5,
	 {0x04, 0x00, 0x08, 0x00, 0x01},
	 4,
	 {0x04, 0x02, 0x00, 0x0a}},
	{{.function = MODBUS_WRITE_COIL, .address = 0xac, .count = 1},
	 {1},
	 5,
	 {0x05, 0x00, 0xac, 0xff, 0x00},
	 5,
	 {0x05, 0x00, 0xac, 0xff, 0x00}},
	{{.function = MODBUS_WRITE_REGISTER, .address = 1, .count = 1},
	 {0, 3},
	 5,
	 {0x06, 0x00, 0x01, 0x00, 0x03},
	 5,
	 {0x06, 0x00, 0x01, 0x00, 0x03}},
	{{.function = MODBUS_WRITE_COILS, .address = 0x13, .count = 10},
	 {0xcd, 0xff},
	 8,
	 {0x0f, 0x00, 0x13, 0x00, 0x0a, 0x02, 0xcd, 0x03},
	 5,
	 {0x0f, 0x00, 0x13, 0x00, 0x0a}},
	{{.function = MODBUS_WRITE_REGISTERS, .address = 1, .count = 2},
	 {0, 0x0a, 1, 2},
	 10,
	 {0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0a, 0x01, 0x02},
	 5,
	 {0x10, 0x00, 0x01, 0x00, 0x02}},
	{{.function = MODBUS_MASK_REGISTER, .address = 4, .count = 1},
	 {0x00, 0xf2, 0x00, 0x25},
	 7,
	 {0x16, 0x00, 0x04, 0x00, 0xf2, 0x00, 0x25},
	 7,
	 {0x16, 0x00, 0x04, 0x00, 0xf2, 0x00, 0x25}},
	{{.function = MODBUS_READ_WRITE_REGISTERS,
	  .address = 3,
	  .count = 6,
	  .write_address = 0x0e,
	  .write_count = 3},
	 {0x00, 0xff, 0x00, 0xff, 0x00, 0xff},
	 16,
	 {0x17, 0x00, 0x03, 0x00, 0x06, 0x00, 0x0e, 0x00, 0x03, 0x06, 0x00, 0xff, 0x00, 0xff,
	  0x00, 0xff},
	 14,
	 {0x17, 0x0c, 0x00, 0xfe, 0x0a, 0xcd, 0x00, 0x01, 0x00, 0x03, 0x00, 0x0d, 0x00, 0xff}},
};

static struct modbus_request vector(size_t i)
{
	struct modbus_request request = vectors[i].request;

	request.data = vectors[i].data;
	return request;
}

static void test_request_and_answer_as_in_the_standard(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct modbus_request request = vector(i);
		uint8_t pdu[MODBUS_PDU_MAX];
		struct modbus_answer answer;

		assert_int_equal(modbus_request_put(&request, pdu), vectors[i].len);
		assert_memory_equal(pdu, vectors[i].pdu, vectors[i].len);
		assert_int_equal(modbus_answer_length(&request), vectors[i].answer_len);
		assert_int_equal(modbus_answer_check(&request, vectors[i].answer,
						     vectors[i].answer_len, &answer),
				 MODBUS_ANSWER);
	}
}

static void test_answer_with_any_other_byte_is_garbled_or_other_data(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct modbus_request request = vector(i);
		bool read = request.function <= MODBUS_READ_INPUT ||
			    request.function == MODBUS_READ_WRITE_REGISTERS;
		struct modbus_answer answer;
		uint8_t pdu[MODBUS_PDU_MAX];

		for (size_t at = 0; at < vectors[i].answer_len; at++) {
			/* What a read brings may be anything: all else is checked. */
			if (read && at >= 2)
				break;
			for (unsigned flip = 1; flip < 256; flip++) {
				memcpy(pdu, vectors[i].answer, vectors[i].answer_len);
				pdu[at] ^= (uint8_t)flip;
				assert_int_equal(modbus_answer_check(&request, pdu,
								     vectors[i].answer_len,
								     &answer),
						 MODBUS_GARBLED);
				assert_non_null(answer.fault);
			}
		}
	}
}

static void test_answer_of_any_other_length_is_garbled(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct modbus_request request = vector(i);
		uint8_t pdu[MODBUS_PDU_MAX] = {0};
		struct modbus_answer answer;

		memcpy(pdu, vectors[i].answer, vectors[i].answer_len);
		for (size_t len = 0; len <= MODBUS_PDU_MAX; len++) {
			if (len != vectors[i].answer_len)
				assert_int_equal(
					modbus_answer_check(&request, pdu, len, &answer),
					MODBUS_GARBLED);
		}
	}
}

static void test_exception_of_every_code(void **state)
{
	struct modbus_request request = vector(2);
	struct modbus_answer answer;

	for (unsigned code = 0; code < 256; code++) {
		uint8_t pdu[3] = {0x83, (uint8_t)code};
		enum modbus_verdict verdict = modbus_answer_check(&request, pdu, 2, &answer);

		/* Code 0 is none; beyond the standard's eleven there are makers' own. */
		assert_int_equal(verdict, code == 0 ? MODBUS_GARBLED : MODBUS_REFUSAL);
		if (code != 0)
			assert_int_equal(answer.exception, code);
		assert_true(strlen(modbus_exception_words((uint8_t)code)) > 0);
		assert_int_equal(modbus_answer_check(&request, pdu, 3, &answer),
				 MODBUS_GARBLED);
		pdu[0] = 0x84;
		assert_int_equal(modbus_answer_check(&request, pdu, 2, &answer),
				 MODBUS_GARBLED);
	}
}

static void test_request_over_the_limits_is_refused(void **state)
{
	static const struct {
		uint8_t function;
		unsigned max;
	} limits[] = {
		{MODBUS_READ_COILS, 2000},  {MODBUS_READ_DISCRETE, 2000},
		{MODBUS_READ_HOLDING, 125}, {MODBUS_READ_INPUT, 125},
		{MODBUS_WRITE_COIL, 1},	    {MODBUS_WRITE_REGISTER, 1},
		{MODBUS_WRITE_COILS, 1968}, {MODBUS_WRITE_REGISTERS, 123},
	};
	static const uint8_t data[250];
	uint8_t pdu[MODBUS_PDU_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct modbus_request request = {.function = limits[i].function, .data = data};

		assert_int_equal(modbus_request_put(&request, pdu), 0);
		request.count = (uint16_t)limits[i].max;
		assert_int_not_equal(modbus_request_put(&request, pdu), 0);
		request.count++;
		assert_int_equal(modbus_request_put(&request, pdu), 0);
		request.count = 1;
		request.address = 65535;
		assert_int_not_equal(modbus_request_put(&request, pdu), 0);
		if (limits[i].max > 1) {
			request.count = 2;
			assert_int_equal(modbus_request_put(&request, pdu), 0);
		}
	}
	for (unsigned function = 0; function < 256; function++) {
		struct modbus_request request = {
			.function = (uint8_t)function,
			.count = 1,
			.data = data,
			.write_count = 1,
		};
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
			known = known || vectors[i].request.function == function;
		assert_int_equal(modbus_request_valid(&request), known);
	}
}

static void test_frame_taken_only_when_it_is_whole(void **state)
{
	static const uint8_t bytes[] = {0x12, 0x34, 0, 0, 0, 5, 9, 3, 2, 0, 7, 0xff};
	struct modbus_frame frame;

	for (size_t len = 0; len < 11; len++)
		assert_int_equal(modbus_frame_take(bytes, len, &frame), 0);
	for (size_t len = 11; len <= sizeof(bytes); len++) {
		assert_int_equal(modbus_frame_take(bytes, len, &frame), 11);
		assert_int_equal(frame.id, 0x1234);
		assert_int_equal(frame.unit, 9);
		assert_int_equal(frame.pdu_len, 4);
		assert_ptr_equal(frame.pdu, bytes + 7);
	}
}

static void test_fault_B3_header_that_is_none_is_refused(void **state)
{
	uint8_t bytes[300] = {0, 1, 0, 0, 0, 5, 1};
	struct modbus_frame frame;

	for (unsigned length = 0; length < 65536; length++) {
		bool fine = length >= 3 && length <= 254;
		int n;

		bytes[4] = (uint8_t)(length >> 8);
		bytes[5] = (uint8_t)length;
		n = modbus_frame_take(bytes, sizeof(bytes), &frame);
		assert_int_equal(n, fine ? (int)length + 6 : -EPROTO);
		/* A bad length shows before the rest of the frame has come. */
		assert_int_equal(modbus_frame_take(bytes, 6, &frame), fine ? 0 : -EPROTO);
	}
	bytes[4] = 0;
	bytes[5] = 5;
	for (unsigned protocol = 1; protocol < 65536; protocol++) {
		bytes[2] = (uint8_t)(protocol >> 8);
		bytes[3] = (uint8_t)protocol;
		assert_int_equal(modbus_frame_take(bytes, 4, &frame), -EPROTO);
	}
}

static void test_constants_are_those_of_libmodbus(void **state)
{
	assert_int_equal(MODBUS_READ_BITS_MAX, MODBUS_MAX_READ_BITS);
	assert_int_equal(MODBUS_READ_REGISTERS_MAX, MODBUS_MAX_READ_REGISTERS);
	assert_int_equal(MODBUS_WRITE_BITS_MAX, MODBUS_MAX_WRITE_BITS);
	assert_int_equal(MODBUS_WRITE_REGISTERS_MAX, MODBUS_MAX_WRITE_REGISTERS);
	assert_int_equal(MODBUS_RW_WRITE_MAX, MODBUS_MAX_WR_WRITE_REGISTERS);
	assert_int_equal(MODBUS_PDU_MAX, MODBUS_MAX_PDU_LENGTH);
	assert_int_equal(MODBUS_READ_COILS, MODBUS_FC_READ_COILS);
	assert_int_equal(MODBUS_READ_DISCRETE, MODBUS_FC_READ_DISCRETE_INPUTS);
	assert_int_equal(MODBUS_READ_HOLDING, MODBUS_FC_READ_HOLDING_REGISTERS);
	assert_int_equal(MODBUS_READ_INPUT, MODBUS_FC_READ_INPUT_REGISTERS);
	assert_int_equal(MODBUS_WRITE_COIL, MODBUS_FC_WRITE_SINGLE_COIL);
	assert_int_equal(MODBUS_WRITE_REGISTER, MODBUS_FC_WRITE_SINGLE_REGISTER);
	assert_int_equal(MODBUS_WRITE_COILS, MODBUS_FC_WRITE_MULTIPLE_COILS);
	assert_int_equal(MODBUS_WRITE_REGISTERS, MODBUS_FC_WRITE_MULTIPLE_REGISTERS);
	assert_int_equal(MODBUS_MASK_REGISTER, MODBUS_FC_MASK_WRITE_REGISTER);
	assert_int_equal(MODBUS_READ_WRITE_REGISTERS, MODBUS_FC_WRITE_AND_READ_REGISTERS);
	assert_int_equal(MODBUS_GATEWAY_TARGET, MODBUS_EXCEPTION_GATEWAY_TARGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_and_answer_as_in_the_standard),
		cmocka_unit_test(test_answer_with_any_other_byte_is_garbled_or_other_data),
		cmocka_unit_test(test_answer_of_any_other_length_is_garbled),
		cmocka_unit_test(test_exception_of_every_code),
		cmocka_unit_test(test_request_over_the_limits_is_refused),
		cmocka_unit_test(test_frame_taken_only_when_it_is_whole),
		cmocka_unit_test(test_fault_B3_header_that_is_none_is_refused),
		cmocka_unit_test(test_constants_are_those_of_libmodbus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
