/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the listening socket and the connections of a test's own device. */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/modbus_pdu.h"

void peer_close(struct peer_link *link)
{
	if (link->fd < 0)
		return;
	loop_watch_free(link->watch);
	link->watch = NULL;
	close(link->fd);
	link->fd = -1;
}

void peer_reset(struct peer_link *link)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	peer_close(link);
}

static void link_frames(struct peer_link *link)
{
	struct peer *peer = link->peer;
	struct modbus_frame frame;
	int n;

	while (link->fd >= 0 && (n = modbus_frame_take(link->in, link->in_len, &frame)) > 0) {
		uint8_t bytes[PEER_FRAME];

		memcpy(bytes, link->in, (size_t)n);
		link->in_len -= (size_t)n;
		memmove(link->in, link->in + n, link->in_len);
		peer->requests++;
		peer->writes += modbus_writes(bytes[7]);
		memcpy(peer->last, bytes, (size_t)n);
		peer->last_len = (size_t)n;
		if (peer->request != NULL)
			peer->request(link, bytes, (size_t)n);
		else
			peer_answers(link, bytes);
	}
}

static void link_readable(void *arg, unsigned what)
{
	struct peer_link *link = arg;
	ssize_t n = recv(link->fd, link->in + link->in_len, sizeof(link->in) - link->in_len, 0);

	if (n <= 0) {
		peer_close(link);
		return;
	}
	link->in_len += (size_t)n;
	link_frames(link);
}

static void peer_accepts(void *arg, unsigned what)
{
	struct peer *peer = arg;
	int fd = accept4(peer->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	struct peer_link *link = peer->links;

	if (fd < 0)
		return;
	/* What is sent arrives at once, whatever was sent before. */
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	while (link->fd >= 0)
		link++;
	assert_true(link < peer->links + PEER_LINKS);
	link->peer = peer;
	link->fd = fd;
	link->in_len = 0;
	link->watch = loop_watch_new(peer->loop, fd, LOOP_READ, link_readable, link);
	peer->accepted++;
	if (peer->accept != NULL)
		peer->accept(link);
}

void peer_init(struct peer *peer, struct loop *loop)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	memset(peer, 0, sizeof(*peer));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->loop = loop;
	for (size_t i = 0; i < PEER_LINKS; i++)
		peer->links[i].fd = -1;
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->fd, 128), 0);
	assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &len), 0);
	peer->port = ntohs(address.sin_port);
	peer->watch = loop_watch_new(loop, peer->fd, LOOP_READ, peer_accepts, peer);
}

void peer_adopt(struct peer *peer, struct loop *loop)
{
	peer->loop = loop;
	peer->watch = loop_watch_new(loop, peer->fd, LOOP_READ, peer_accepts, peer);
}

void peer_deaf(struct peer *peer)
{
	loop_watch_free(peer->watch);
	peer->watch = NULL;
	close(peer->fd);
	peer->fd = -1;
}

void peer_done(struct peer *peer)
{
	for (size_t i = 0; i < PEER_LINKS; i++)
		peer_close(&peer->links[i]);
	if (peer->fd >= 0)
		peer_deaf(peer);
}

void peer_send(struct peer_link *link, const void *bytes, size_t len)
{
	if (link->fd >= 0)
		assert_int_equal(send(link->fd, bytes, len, MSG_NOSIGNAL), len);
}

size_t peer_answer(const uint8_t *frame, uint8_t answer[PEER_FRAME])
{
	uint8_t function = frame[7];
	unsigned address = modbus_u16(frame + 8), count = modbus_u16(frame + 10);
	size_t len = 12; /* writes answer with address and value or count */

	memcpy(answer, frame, 12);
	if (function == MODBUS_READ_HOLDING || function == MODBUS_READ_INPUT) {
		answer[8] = (uint8_t)(2 * count);
		for (unsigned i = 0; i < count; i++) {
			answer[9 + 2 * i] = (uint8_t)((address + i) >> 8);
			answer[10 + 2 * i] = (uint8_t)(address + i);
		}
		len = 9 + 2 * count;
	} else if (function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE) {
		answer[8] = (uint8_t)((count + 7) / 8);
		memset(answer + 9, 0x55, answer[8]);
		len = 9u + answer[8];
	}
	answer[4] = (uint8_t)((len - 6) >> 8);
	answer[5] = (uint8_t)(len - 6);
	return len;
}

void peer_answers(struct peer_link *link, const uint8_t *frame)
{
	uint8_t answer[PEER_FRAME];

	peer_send(link, answer, peer_answer(frame, answer));
}

void peer_refuses(struct peer_link *link, const uint8_t *frame, uint8_t exception)
{
	uint8_t answer[9];

	memcpy(answer, frame, 8);
	answer[4] = 0;
	answer[5] = 3;
	answer[7] |= 0x80;
	answer[8] = exception;
	peer_send(link, answer, sizeof(answer));
}

void peer_turn(struct loop *loop)
{
	loop_turn(loop);
	usleep(100);
}

void peer_wait(struct loop *loop, int64_t ns)
{
	struct mono end = mono_add(clock_mono(), ns);

	while (clock_mono().ns < end.ns)
		peer_turn(loop);
}
