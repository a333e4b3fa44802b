/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The codec against the standard's own examples, and byte by byte against libmodbus. */
#include <errno.h>
#include <modbus/modbus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
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

/* libmodbus as the other side of a socket pair: what it sends, and what it makes of bytes. */
struct oracle {
	modbus_t *ctx;
	int fd;
	uint16_t id;
};

static void oracle_open(struct oracle *oracle)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	oracle->ctx = modbus_new_tcp("127.0.0.1", 502);
	oracle->fd = fds[1];
	oracle->id = 0;
	modbus_set_socket(oracle->ctx, fds[0]);
	modbus_set_slave(oracle->ctx, 17);
}

static void oracle_close(struct oracle *oracle)
{
	modbus_close(oracle->ctx);
	modbus_free(oracle->ctx);
	close(oracle->fd);
}

/* Has libmodbus send the request with the answer waiting; returns its verdict. */
static int oracle_ask(struct oracle *oracle, const struct modbus_request *request,
		      const uint8_t *answer, size_t answer_len, void *ret, uint8_t *sent,
		      ssize_t *sent_len)
{
	uint8_t frame[MODBUS_FRAME_MAX] = {0};
	uint16_t words[125];
	uint8_t bits[2000];
	int rc = -1;

	oracle->id++;
	frame[0] = (uint8_t)(oracle->id >> 8);
	frame[1] = (uint8_t)oracle->id;
	frame[4] = (uint8_t)((answer_len + 1) >> 8);
	frame[5] = (uint8_t)(answer_len + 1);
	frame[6] = 17;
	memcpy(frame + 7, answer, answer_len);
	assert_int_equal(write(oracle->fd, frame, answer_len + 7), answer_len + 7);
	for (unsigned i = 0; i < 123; i++)
		words[i] = modbus_u16(request->data + 2 * i);
	for (unsigned i = 0; i < 1968; i++)
		bits[i] = modbus_bit(request->data, i);
	switch (request->function) {
	case MODBUS_READ_COILS:
		rc = modbus_read_bits(oracle->ctx, request->address, request->count, ret);
		break;
	case MODBUS_READ_DISCRETE:
		rc = modbus_read_input_bits(oracle->ctx, request->address, request->count, ret);
		break;
	case MODBUS_READ_HOLDING:
		rc = modbus_read_registers(oracle->ctx, request->address, request->count, ret);
		break;
	case MODBUS_READ_INPUT:
		rc = modbus_read_input_registers(oracle->ctx, request->address, request->count,
						 ret);
		break;
	case MODBUS_WRITE_COIL:
		rc = modbus_write_bit(oracle->ctx, request->address, bits[0]);
		break;
	case MODBUS_WRITE_REGISTER:
		rc = modbus_write_register(oracle->ctx, request->address, words[0]);
		break;
	case MODBUS_WRITE_COILS:
		rc = modbus_write_bits(oracle->ctx, request->address, request->count, bits);
		break;
	case MODBUS_WRITE_REGISTERS:
		rc = modbus_write_registers(oracle->ctx, request->address, request->count,
					    words);
		break;
	case MODBUS_MASK_REGISTER:
		rc = modbus_mask_write_register(oracle->ctx, request->address, words[0],
						words[1]);
		break;
	case MODBUS_READ_WRITE_REGISTERS:
		rc = modbus_write_and_read_registers(oracle->ctx, request->write_address,
						     request->write_count, words,
						     request->address, request->count, ret);
		break;
	}
	*sent_len = recv(oracle->fd, sent, MODBUS_FRAME_MAX, MSG_DONTWAIT);
	return rc;
}

static void random_request(struct random *random, struct modbus_request *ret, uint8_t data[250])
{
	static const unsigned max[] = {2000, 2000, 125, 125, 1, 1, 1968, 123, 1, 125};
	size_t i = (size_t)random_between(random, 0, ARRAY_SIZE(max) - 1);

	for (size_t k = 0; k < 250; k++)
		data[k] = (uint8_t)random_between(random, 0, 255);
	ret->function = vectors[i].request.function;
	ret->count = (uint16_t)random_between(random, 1, max[i]);
	ret->address = (uint16_t)random_between(random, 0, 65536 - ret->count);
	ret->write_count = (uint16_t)random_between(random, 1, 121);
	ret->write_address = (uint16_t)random_between(random, 0, 65536 - ret->write_count);
	ret->data = data;
}

/* The right answer to request, with random contents. */
static size_t random_answer(struct random *random, const struct modbus_request *request,
			    uint8_t answer[MODBUS_PDU_MAX])
{
	size_t len = modbus_answer_length(request);

	modbus_request_put(request, answer);
	if (request->function <= MODBUS_READ_INPUT ||
	    request->function == MODBUS_READ_WRITE_REGISTERS) {
		answer[1] = (uint8_t)(len - 2);
		for (size_t i = 2; i < len; i++)
			answer[i] = (uint8_t)random_between(random, 0, 255);
	}
	return len;
}

static void assert_same_data(const struct modbus_request *request,
			     const struct modbus_answer *answer, const void *theirs)
{
	const uint8_t *bits = theirs;
	const uint16_t *words = theirs;

	for (size_t i = 0; i < request->count; i++) {
		if (request->function <= MODBUS_READ_DISCRETE)
			assert_int_equal(modbus_bit(answer->data, i), bits[i]);
		else
			assert_int_equal(modbus_u16(answer->data + 2 * i), words[i]);
	}
}

static void test_requests_and_answers_are_those_of_libmodbus(void **state)
{
	struct oracle oracle;
	struct random random;
	unsigned asked = 0;

	random_init(&random, 20260101);
	oracle_open(&oracle);
	for (; asked < 4000; asked++) {
		struct modbus_request request;
		struct modbus_answer answer;
		uint8_t data[250], pdu[MODBUS_PDU_MAX], ours[MODBUS_FRAME_MAX];
		uint8_t sent[MODBUS_FRAME_MAX], theirs[2 * 2000];
		ssize_t sent_len;
		size_t len;
		int rc;

		random_request(&random, &request, data);
		len = random_answer(&random, &request, pdu);
		rc = oracle_ask(&oracle, &request, pdu, len, theirs, sent, &sent_len);
		assert_int_equal(modbus_frame_put(oracle.id, 17, &request, ours), sent_len);
		assert_memory_equal(ours, sent, (size_t)sent_len);
		assert_int_not_equal(rc, -1);
		assert_int_equal(modbus_answer_check(&request, pdu, len, &answer),
				 MODBUS_ANSWER);
		if (answer.data != NULL)
			assert_same_data(&request, &answer, theirs);
	}
	oracle_close(&oracle);
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
		cmocka_unit_test(test_requests_and_answers_are_those_of_libmodbus),
		cmocka_unit_test(test_constants_are_those_of_libmodbus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
