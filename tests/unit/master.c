/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the client's side of a connection to a Modbus server. */
#include "master.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/modbus_pdu.h"
#include "io/tcp_address.h"
#include "peer.h"

int master_connect(const char *text, int receive_buffer)
{
	struct tcp_address address;
	int fd;

	assert_int_equal(tcp_address_parse(text, &address), 0);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (receive_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	assert_int_equal(connect(fd, &address.any, address.len), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

size_t master_put(uint8_t *to, uint16_t id, uint8_t unit, uint8_t function, uint16_t address,
		  uint16_t count)
{
	struct modbus_request request = {
		.function = function, .address = address, .count = count};

	return modbus_frame_put(id, unit, &request, to);
}

void master_ask(int fd, uint16_t id, uint8_t unit, uint8_t function, uint16_t address,
		uint16_t count)
{
	uint8_t frame[MODBUS_FRAME_MAX];
	size_t len = master_put(frame, id, unit, function, address, count);

	assert_int_equal(send(fd, frame, len, MSG_NOSIGNAL), len);
}

size_t master_take(struct loop *loop, int fd, uint8_t *to, size_t len)
{
	size_t got = 0;
	ssize_t n = -1;

	PEER_UNTIL(loop, (n = recv(fd, to + got, len - got, 0)) == 0 ||
				 (n > 0 && (got += (size_t)n) == len) ||
				 (n < 0 && errno != EAGAIN));
	return n > 0 ? got : 0;
}

void master_expect(struct loop *loop, int fd, uint16_t id, uint16_t first, uint16_t words)
{
	uint8_t frame[MODBUS_FRAME_MAX];
	size_t len = 9 + 2u * words;

	assert_int_equal(master_take(loop, fd, frame, 9), 9);
	assert_int_equal(modbus_u16(frame), id);
	if (frame[7] & 0x80)
		fail_msg("exception %u instead of an answer", frame[8]);
	assert_int_equal(modbus_u16(frame + 4), len - 6);
	assert_int_equal(master_take(loop, fd, frame + 9, len - 9), len - 9);
	for (unsigned i = 0; i < words; i++)
		assert_int_equal(modbus_u16(frame + 9 + 2 * i), first + i);
}

void master_expect_exception(struct loop *loop, int fd, uint16_t id, uint8_t function,
			     uint8_t exception)
{
	uint8_t frame[9];

	assert_int_equal(master_take(loop, fd, frame, 9), 9);
	assert_int_equal(modbus_u16(frame), id);
	assert_int_equal(frame[7], function | 0x80);
	assert_int_equal(frame[8], exception);
}

void master_expect_closed(struct loop *loop, int fd)
{
	uint8_t byte;

	assert_int_equal(master_take(loop, fd, &byte, 1), 0);
	close(fd);
}
