/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Our codec against libmodbus, with random requests of every function, as TCP over a socket
 * pair and as RTU over a pseudo-terminal: its client sends the same bytes, it and we read the
 * same values out of the same answer, and its server does what our request says.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "io/modbus_pdu.h"
#include "io/modbus_rtu_frame.h"

enum { UNIT = 17, TABLE = 65536, ROUNDS_TCP = 4000, ROUNDS_RTU = 1500, WAIT_MS = 10000 };

struct end {
	modbus_t *ctx;
	int ours; /* the other end of its descriptor */
};

struct oracle {
	bool rtu;
	uint16_t id; /* libmodbus's client counts from 1 */
	struct end client, server;
	modbus_mapping_t *mapping; /* the server's */
	struct random random;
};

static void end_open(struct end *end, bool rtu)
{
	if (rtu) {
		struct termios raw;
		char name[128];
		int slave;

		memset(&raw, 0, sizeof(raw));
		cfmakeraw(&raw);
		assert_int_equal(openpty(&end->ours, &slave, name, &raw, NULL), 0);
		end->ctx = modbus_new_rtu(name, 115200, 'N', 8, 1);
		assert_int_equal(modbus_connect(end->ctx), 0);
		close(slave);
	} else {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		end->ours = fds[1];
		end->ctx = modbus_new_tcp("127.0.0.1", 502);
		modbus_set_socket(end->ctx, fds[0]);
	}
	modbus_set_slave(end->ctx, UNIT);
	modbus_set_response_timeout(end->ctx, WAIT_MS / 1000, 0);
	modbus_set_byte_timeout(end->ctx, WAIT_MS / 1000, 0);
	modbus_set_indication_timeout(end->ctx, WAIT_MS / 1000, 0);
}

static void end_close(struct end *end)
{
	modbus_close(end->ctx);
	modbus_free(end->ctx);
	close(end->ours);
}

static void oracle_open(struct oracle *oracle, bool rtu)
{
	*oracle = (struct oracle){.rtu = rtu};
	random_init(&oracle->random, 20260101 + rtu);
	end_open(&oracle->client, rtu);
	end_open(&oracle->server, rtu);
	oracle->mapping = modbus_mapping_new(TABLE, TABLE, TABLE, TABLE);
	assert_non_null(oracle->mapping);
}

static void oracle_close(struct oracle *oracle)
{
	end_close(&oracle->client);
	end_close(&oracle->server);
	modbus_mapping_free(oracle->mapping);
}

/* What is on its way to us: exactly len bytes, and no more behind them. */
static void take(int fd, uint8_t *buf, size_t len)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
		n = read(fd, buf + got, len - got);
		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_int_equal(poll(&poller, 1, 0), 0);
}

static void give(int fd, const uint8_t *buf, size_t len)
{
	assert_int_equal(write(fd, buf, len), len);
}

/* Our frame of the request. */
static size_t request_frame(const struct oracle *oracle, const struct modbus_request *request,
			    uint8_t frame[MODBUS_FRAME_MAX])
{
	return oracle->rtu ? modbus_rtu_put(UNIT, request, frame)
			   : modbus_frame_put(oracle->id, UNIT, request, frame);
}

/* A device's frame around any PDU. */
static size_t answer_frame(const struct oracle *oracle, const uint8_t *pdu, size_t len,
			   uint8_t frame[MODBUS_FRAME_MAX])
{
	uint16_t crc;

	if (!oracle->rtu) {
		frame[0] = (uint8_t)(oracle->id >> 8);
		frame[1] = (uint8_t)oracle->id;
		frame[2] = frame[3] = frame[4] = 0;
		frame[5] = (uint8_t)(len + 1);
		frame[6] = UNIT;
		memcpy(frame + MODBUS_MBAP, pdu, len);
		return len + MODBUS_MBAP;
	}
	frame[0] = UNIT;
	memcpy(frame + 1, pdu, len);
	crc = modbus_crc(frame, len + 1);
	frame[len + 1] = (uint8_t)crc;
	frame[len + 2] = (uint8_t)(crc >> 8);
	return len + MODBUS_RTU_AROUND;
}

static size_t answer_frame_length(const struct oracle *oracle,
				  const struct modbus_request *request)
{
	return modbus_answer_length(request) + (oracle->rtu ? MODBUS_RTU_AROUND : MODBUS_MBAP);
}

/* What we make of a frame. */
static enum modbus_verdict judge(const struct oracle *oracle,
				 const struct modbus_request *request, const uint8_t *bytes,
				 size_t len, struct modbus_answer *ret)
{
	struct modbus_rtu_frame rtu;
	struct modbus_frame frame;

	if (oracle->rtu) {
		if (modbus_rtu_find(UNIT, request, bytes, len, &rtu, ret) != MODBUS_RTU_FOUND)
			return MODBUS_GARBLED;
		assert_int_equal(rtu.at, 0);
		assert_int_equal(rtu.len, len);
		return ret->exception != 0 ? MODBUS_REFUSAL : MODBUS_ANSWER;
	}
	assert_int_equal(modbus_frame_take(bytes, len, &frame), len);
	assert_int_equal(frame.unit, UNIT);
	assert_int_equal(frame.id, oracle->id);
	return modbus_answer_check(request, frame.pdu, frame.pdu_len, ret);
}

static void random_request(struct oracle *oracle, struct modbus_request *ret, uint8_t data[250])
{
	static const struct {
		uint8_t function;
		unsigned max;
	} kinds[] = {
		{MODBUS_READ_COILS, 2000},  {MODBUS_READ_DISCRETE, 2000},
		{MODBUS_READ_HOLDING, 125}, {MODBUS_READ_INPUT, 125},
		{MODBUS_WRITE_COIL, 1},	    {MODBUS_WRITE_REGISTER, 1},
		{MODBUS_WRITE_COILS, 1968}, {MODBUS_WRITE_REGISTERS, 123},
		{MODBUS_MASK_REGISTER, 1},  {MODBUS_READ_WRITE_REGISTERS, 125},
	};
	struct random *random = &oracle->random;
	size_t i = (size_t)random_between(random, 0, ARRAY_SIZE(kinds) - 1);

	for (size_t k = 0; k < 250; k++)
		data[k] = (uint8_t)random_between(random, 0, 255);
	*ret = (struct modbus_request){.function = kinds[i].function, .data = data};
	ret->count = (uint16_t)random_between(random, 1, kinds[i].max);
	ret->address = (uint16_t)random_between(random, 0, 65536 - ret->count);
	ret->write_count = (uint16_t)random_between(random, 1, MODBUS_RW_WRITE_MAX);
	ret->write_address = (uint16_t)random_between(random, 0, 65536 - ret->write_count);
}

static bool answer_has_data(const struct modbus_request *request)
{
	return request->function <= MODBUS_READ_INPUT ||
	       request->function == MODBUS_READ_WRITE_REGISTERS;
}

/* The right answer to the request, with random contents. */
static size_t random_answer(struct oracle *oracle, const struct modbus_request *request,
			    uint8_t answer[MODBUS_PDU_MAX])
{
	size_t len = modbus_answer_length(request);

	modbus_request_put(request, answer);
	if (answer_has_data(request)) {
		answer[1] = (uint8_t)(len - 2);
		for (size_t i = 2; i < len; i++)
			answer[i] = (uint8_t)random_between(&oracle->random, 0, 255);
	}
	return len;
}

/* libmodbus's client sends the request and reads what waits for it already. */
static int client_asks(struct oracle *oracle, const struct modbus_request *request, void *ret)
{
	modbus_t *ctx = oracle->client.ctx;
	uint16_t words[125];
	uint8_t bits[2000];

	for (unsigned i = 0; i < 125; i++)
		words[i] = modbus_u16(request->data + 2 * i);
	for (unsigned i = 0; i < 2000; i++)
		bits[i] = modbus_bit(request->data, i);
	switch (request->function) {
	case MODBUS_READ_COILS:
		return modbus_read_bits(ctx, request->address, request->count, ret);
	case MODBUS_READ_DISCRETE:
		return modbus_read_input_bits(ctx, request->address, request->count, ret);
	case MODBUS_READ_HOLDING:
		return modbus_read_registers(ctx, request->address, request->count, ret);
	case MODBUS_READ_INPUT:
		return modbus_read_input_registers(ctx, request->address, request->count, ret);
	case MODBUS_WRITE_COIL:
		return modbus_write_bit(ctx, request->address, bits[0]);
	case MODBUS_WRITE_REGISTER:
		return modbus_write_register(ctx, request->address, words[0]);
	case MODBUS_WRITE_COILS:
		return modbus_write_bits(ctx, request->address, request->count, bits);
	case MODBUS_WRITE_REGISTERS:
		return modbus_write_registers(ctx, request->address, request->count, words);
	case MODBUS_MASK_REGISTER:
		return modbus_mask_write_register(ctx, request->address, words[0], words[1]);
	case MODBUS_READ_WRITE_REGISTERS:
		return modbus_write_and_read_registers(ctx, request->write_address,
						       request->write_count, words,
						       request->address, request->count, ret);
	}
	return -1;
}

static void assert_same_data(const struct modbus_request *request,
			     const struct modbus_answer *answer, const uint8_t *bits,
			     const uint16_t *words)
{
	for (size_t i = 0; i < request->count; i++) {
		if (request->function <= MODBUS_READ_DISCRETE)
			assert_int_equal(modbus_bit(answer->data, i), bits[i]);
		else
			assert_int_equal(modbus_u16(answer->data + 2 * i), words[i]);
	}
}

/* One request to libmodbus's client: what it sends, and what it and we read in one answer. */
static void client_round(struct oracle *oracle, uint8_t exception)
{
	uint8_t data[250], pdu[MODBUS_PDU_MAX], answer[MODBUS_FRAME_MAX];
	uint8_t ours[MODBUS_FRAME_MAX], sent[MODBUS_FRAME_MAX];
	union {
		uint8_t bits[2000];
		uint16_t words[2000];
	} theirs;
	struct modbus_request request;
	struct modbus_answer read;
	size_t len, frame_len;
	int rc;

	random_request(oracle, &request, data);
	oracle->id++;
	len = random_answer(oracle, &request, pdu);
	if (exception != 0) {
		pdu[0] = request.function | 0x80;
		pdu[1] = exception;
		len = 2;
	}
	len = answer_frame(oracle, pdu, len, answer);
	give(oracle->client.ours, answer, len);
	errno = 0;
	rc = client_asks(oracle, &request, &theirs);
	frame_len = request_frame(oracle, &request, ours);
	take(oracle->client.ours, sent, frame_len);
	assert_memory_equal(ours, sent, frame_len);
	if (exception != 0) {
		assert_int_equal(rc, -1);
		assert_int_equal(errno, MODBUS_ENOBASE + exception);
		assert_int_equal(judge(oracle, &request, answer, len, &read), MODBUS_REFUSAL);
		assert_int_equal(read.exception, exception);
		return;
	}
	assert_int_not_equal(rc, -1);
	assert_int_equal(judge(oracle, &request, answer, len, &read), MODBUS_ANSWER);
	if (answer_has_data(&request))
		assert_same_data(&request, &read, theirs.bits, theirs.words);
}

static void client_rounds(bool rtu, unsigned rounds)
{
	struct oracle oracle;

	oracle_open(&oracle, rtu);
	for (unsigned i = 0; i < rounds; i++)
		client_round(&oracle, 0);
	/* Those that the standard has: libmodbus takes others for none. */
	for (unsigned i = 0; i < rounds / 10; i++)
		client_round(&oracle, (uint8_t)(i % 8 + 1));
	oracle_close(&oracle);
}

static void test_client_of_libmodbus_sends_and_reads_the_same_by_tcp(void **state)
{
	client_rounds(false, ROUNDS_TCP);
}

static void test_client_of_libmodbus_sends_and_reads_the_same_by_rtu(void **state)
{
	client_rounds(true, ROUNDS_RTU);
}

/* What the server holds has to be after the request. */
static void assert_carried_out(const modbus_mapping_t *before, const modbus_mapping_t *after,
			       const struct modbus_request *request)
{
	uint16_t word = modbus_u16(request->data), mask;

	switch (request->function) {
	case MODBUS_WRITE_COIL:
	case MODBUS_WRITE_COILS:
		for (size_t i = 0; i < request->count; i++)
			assert_int_equal(after->tab_bits[request->address + i],
					 modbus_bit(request->data, i));
		break;
	case MODBUS_WRITE_REGISTER:
	case MODBUS_WRITE_REGISTERS:
		for (size_t i = 0; i < request->count; i++)
			assert_int_equal(after->tab_registers[request->address + i],
					 modbus_u16(request->data + 2 * i));
		break;
	case MODBUS_MASK_REGISTER:
		/* V1.1b3 section 6.16: (contents AND and) OR (or AND NOT and) */
		mask = modbus_u16(request->data + 2);
		assert_int_equal(after->tab_registers[request->address],
				 (before->tab_registers[request->address] & word) |
					 (mask & ~word & 0xffff));
		break;
	case MODBUS_READ_WRITE_REGISTERS:
		for (size_t i = 0; i < request->write_count; i++)
			assert_int_equal(after->tab_registers[request->write_address + i],
					 modbus_u16(request->data + 2 * i));
		break;
	}
}

static void fill(struct oracle *oracle)
{
	for (size_t i = 0; i < TABLE; i++) {
		uint64_t bits = (uint64_t)random_between(&oracle->random, 0, INT64_MAX);

		oracle->mapping->tab_bits[i] = bits & 1;
		oracle->mapping->tab_input_bits[i] = bits >> 1 & 1;
		oracle->mapping->tab_registers[i] = (uint16_t)(bits >> 16);
		oracle->mapping->tab_input_registers[i] = (uint16_t)(bits >> 32);
	}
}

/* One request of ours to libmodbus's server: what it does, and what it says. */
static void server_round(struct oracle *oracle, modbus_mapping_t *before)
{
	uint8_t data[250], frame[MODBUS_FRAME_MAX], query[MODBUS_TCP_MAX_ADU_LENGTH];
	const modbus_mapping_t *mapping = oracle->mapping;
	struct modbus_request request;
	struct modbus_answer read;
	size_t len;
	int rc;

	random_request(oracle, &request, data);
	oracle->id++;
	memcpy(before->tab_registers, mapping->tab_registers, TABLE * sizeof(uint16_t));
	len = request_frame(oracle, &request, frame);
	give(oracle->server.ours, frame, len);
	rc = modbus_receive(oracle->server.ctx, query);
	assert_int_equal(rc, len);
	assert_memory_equal(query, frame, len);
	rc = modbus_reply(oracle->server.ctx, query, rc, oracle->mapping);
	assert_int_equal(rc, answer_frame_length(oracle, &request));
	take(oracle->server.ours, frame, (size_t)rc);
	assert_int_equal(judge(oracle, &request, frame, (size_t)rc, &read), MODBUS_ANSWER);
	assert_carried_out(before, mapping, &request);
	if (answer_has_data(&request))
		assert_same_data(&request, &read,
				 request.address + (request.function == MODBUS_READ_COILS
							    ? mapping->tab_bits
							    : mapping->tab_input_bits),
				 request.address + (request.function == MODBUS_READ_INPUT
							    ? mapping->tab_input_registers
							    : mapping->tab_registers));
}

static void server_rounds(bool rtu, unsigned rounds)
{
	modbus_mapping_t *before = modbus_mapping_new(0, 0, TABLE, 0);
	struct oracle oracle;

	oracle_open(&oracle, rtu);
	fill(&oracle);
	for (unsigned i = 0; i < rounds; i++)
		server_round(&oracle, before);
	modbus_mapping_free(before);
	oracle_close(&oracle);
}

static void test_server_of_libmodbus_does_what_is_asked_by_tcp(void **state)
{
	server_rounds(false, ROUNDS_TCP);
}

static void test_server_of_libmodbus_does_what_is_asked_by_rtu(void **state)
{
	server_rounds(true, ROUNDS_RTU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_of_libmodbus_sends_and_reads_the_same_by_tcp),
		cmocka_unit_test(test_client_of_libmodbus_sends_and_reads_the_same_by_rtu),
		cmocka_unit_test(test_server_of_libmodbus_does_what_is_asked_by_tcp),
		cmocka_unit_test(test_server_of_libmodbus_does_what_is_asked_by_rtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
