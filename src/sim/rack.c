/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns libmodbus in the simulator. modbus_reply() writes each answer into one end of a socket
 * pair; we take it from the other end at once. It is given every request as Modbus TCP, so that
 * the framing that masters see is never its own.
 */
#include "sim/rack.h"

#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "sim/exchange.h"
#include "sim/truth.h"

enum { MBAP_HEADER = 7 };

struct rack {
	struct slave *slaves;
	size_t count;
	modbus_t *modbus;
	int pair[2]; /* libmodbus writes into 0, we read from 1 */
	struct random random;
	struct truth *truth;
	const char *name;
	struct registers *told; /* what the truth has, of each slave */
};

struct rack *rack_new(struct slave *slaves, size_t count, uint64_t seed, struct error *err)
{
	struct rack *rack = xcalloc(1, sizeof(*rack));

	rack->slaves = slaves;
	rack->count = count;
	rack->pair[0] = rack->pair[1] = -1;
	random_init(&rack->random, seed);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, rack->pair) != 0) {
		error_errno(err, errno, "no socket pair");
		rack_free(rack);
		return NULL;
	}
	rack->modbus = modbus_new_tcp("127.0.0.1", 502);
	if (rack->modbus == NULL) {
		error_set(err, errno, "libmodbus: %s", modbus_strerror(errno));
		rack_free(rack);
		return NULL;
	}
	modbus_set_socket(rack->modbus, rack->pair[0]);
	/* It sleeps for this time before it answers some malformed requests. */
	modbus_set_response_timeout(rack->modbus, 0, 1);
	return rack;
}

void rack_free(struct rack *rack)
{
	if (rack == NULL)
		return;
	for (int i = 0; i < 2; i++)
		if (rack->pair[i] >= 0)
			close(rack->pair[i]);
	if (rack->modbus != NULL)
		modbus_free(rack->modbus);
	free(rack->told);
	free(rack);
}

void rack_record(struct rack *rack, struct truth *truth, const char *name)
{
	rack->truth = truth;
	rack->name = name;
	rack->told = xcalloc(rack->count, sizeof(*rack->told));
}

static void rack_tell(struct rack *rack, struct slave *slave)
{
	if (rack->truth != NULL)
		truth_tell(rack->truth, rack->name, slave->id, &slave->registers,
			   &rack->told[slave - rack->slaves]);
}

void rack_refresh(struct rack *rack, struct slave *slave)
{
	if (slave->refresh != NULL)
		slave->refresh(slave->arg, slave);
	rack_tell(rack, slave);
}

void rack_written(struct rack *rack, struct slave *slave, const char *who)
{
	if (slave->written != NULL)
		slave->written(slave->arg, slave, who);
	rack_tell(rack, slave);
}

struct slave *rack_slave(struct rack *rack, int id)
{
	for (size_t i = 0; i < rack->count; i++)
		if (rack->slaves[i].id == id)
			return &rack->slaves[i];
	return id != 0 ? rack_slave(rack, 0) : NULL;
}

struct random *rack_random(struct rack *rack)
{
	return &rack->random;
}

static unsigned word_at(const uint8_t *bytes)
{
	return (unsigned)(bytes[0] << 8 | bytes[1]);
}

/*
 * libmodbus believes the counts in a write request and reads on beyond its end: a request
 * whose length does not agree with what it says gets exception 3 before it gets there.
 */
static bool request_is_whole(const uint8_t *pdu, size_t len)
{
	switch (pdu[0]) {
	case MODBUS_FC_WRITE_MULTIPLE_COILS:
		return len >= 6 && len == 6U + pdu[5] && pdu[5] == (word_at(pdu + 3) + 7) / 8;
	case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
		return len >= 6 && len == 6U + pdu[5] && pdu[5] == 2 * word_at(pdu + 3);
	case MODBUS_FC_WRITE_AND_READ_REGISTERS:
		return len >= 10 && len == 10U + pdu[9] && pdu[9] == 2 * word_at(pdu + 7);
	case MODBUS_FC_MASK_WRITE_REGISTER:
		return len == 7;
	case MODBUS_FC_READ_EXCEPTION_STATUS:
	case MODBUS_FC_REPORT_SLAVE_ID:
		return len == 1;
	case MODBUS_FC_READ_COILS:
	case MODBUS_FC_READ_DISCRETE_INPUTS:
	case MODBUS_FC_READ_HOLDING_REGISTERS:
	case MODBUS_FC_READ_INPUT_REGISTERS:
	case MODBUS_FC_WRITE_SINGLE_COIL:
	case MODBUS_FC_WRITE_SINGLE_REGISTER:
		return len == 5;
	default:
		return true;
	}
}

static void answer_take(struct rack *rack, struct exchange *exchange)
{
	uint8_t frame[MODBUS_TCP_MAX_ADU_LENGTH];
	ssize_t n = recv(rack->pair[1], frame, sizeof(frame), MSG_DONTWAIT);

	exchange->silent = n <= MBAP_HEADER;
	if (exchange->silent)
		return;
	exchange->pdu_len = (size_t)n - MBAP_HEADER;
	memcpy(exchange->pdu, frame + MBAP_HEADER, exchange->pdu_len);
}

static void answer_honestly(struct rack *rack, struct exchange *exchange, struct slave *slave)
{
	struct registers *registers = &slave->registers;
	modbus_mapping_t mapping = {.nb_bits = REGISTERS_BITS,
				    .nb_input_bits = REGISTERS_BITS,
				    .nb_input_registers = REGISTERS_WORDS,
				    .nb_registers = REGISTERS_WORDS,
				    .tab_bits = registers->coils,
				    .tab_input_bits = registers->discretes,
				    .tab_input_registers = registers->input,
				    .tab_registers = registers->holding};
	/* libmodbus is given a full-sized buffer: what it might read beyond the end is zero. */
	uint8_t room[MODBUS_TCP_MAX_ADU_LENGTH] = {0};

	if (!request_is_whole(exchange->asked, exchange->asked_len)) {
		exchange_answer_exception(exchange, MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE);
		return;
	}
	rack_refresh(rack, slave);
	room[MBAP_HEADER - 1] = (uint8_t)slave->id;
	memcpy(room + MBAP_HEADER, exchange->asked, exchange->asked_len);
	modbus_reply(rack->modbus, room, (int)(MBAP_HEADER + exchange->asked_len), &mapping);
	answer_take(rack, exchange);
	if (exchange_is_write(exchange->asked[0]))
		rack_written(rack, slave, exchange->peer);
}

static void answer_all(struct rack *rack, struct exchange *exchange)
{
	for (size_t i = 0; i < rack->count; i++)
		if (exchange_is_write(exchange->asked[0]))
			answer_honestly(rack, exchange, &rack->slaves[i]);
	exchange->silent = true;
}

static void answer_make(struct rack *rack, struct exchange *exchange, struct slave *slave)
{
	if (exchange->silent)
		return;
	if (exchange->exception >= 0)
		exchange_answer_exception(exchange, exchange->exception);
	else if (slave != NULL)
		answer_honestly(rack, exchange, slave);
	else if (exchange->framing == FRAMING_RTU)
		exchange->silent = true;
	else
		exchange_answer_exception(exchange, MODBUS_EXCEPTION_GATEWAY_TARGET);
}

void rack_answer(struct rack *rack, struct exchange *exchange, struct faults *bus)
{
	struct slave *slave = rack_slave(rack, exchange_asked_unit(exchange));

	exchange->random = &rack->random;
	exchange->faults[0] = bus;
	if (exchange->framing == FRAMING_RTU && exchange_asked_unit(exchange) == 0) {
		answer_all(rack, exchange);
	} else {
		if (slave != NULL) {
			slave->requests++;
			slave->writes += exchange_is_write(exchange->asked[0]);
			exchange->faults[1] = &slave->faults;
		}
		exchange_begin(exchange);
		answer_make(rack, exchange, slave);
	}
	exchange_finish(exchange);
}
