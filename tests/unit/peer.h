/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The other side of a Modbus TCP connection, on the test's own loop: hears every request and
 * does with it whatever the test says, good or evil.
 */
#ifndef GAUGED_TESTS_PEER_H
#define GAUGED_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

enum { PEER_LINKS = 64, PEER_FRAME = 260 };

struct peer;

/* One accepted connection. */
struct peer_link {
	struct peer *peer;
	int fd; /* -1: closed */
	struct loop_watch *watch;
	uint8_t in[8192];
	size_t in_len;
};

struct peer {
	struct loop *loop;
	int fd;
	uint16_t port;
	struct loop_watch *watch;
	struct peer_link links[PEER_LINKS];
	unsigned accepted, requests, writes;
	/* Called on each connection, NULL to do nothing. */
	void (*accept)(struct peer_link *link);
	/* Called for each whole request; NULL answers as a good device does. */
	void (*request)(struct peer_link *link, const uint8_t *frame, size_t len);
	void *arg;
	uint8_t last[PEER_FRAME]; /* the last request */
	size_t last_len;
};

/* Listens on a free port of 127.0.0.1. */
void peer_init(struct peer *peer, struct loop *loop);
void peer_done(struct peer *peer);
/* Goes on on another loop, in a child process; its watch has been freed, there is no link. */
void peer_adopt(struct peer *peer, struct loop *loop);

void peer_send(struct peer_link *link, const void *bytes, size_t len);
/* What a good device answers; returns the length of the frame. Register n holds n. */
size_t peer_answer(const uint8_t *frame, uint8_t answer[PEER_FRAME]);
void peer_answers(struct peer_link *link, const uint8_t *frame);
void peer_refuses(struct peer_link *link, const uint8_t *frame, uint8_t exception);
void peer_close(struct peer_link *link);
/* Closes with RST instead of FIN. */
void peer_reset(struct peer_link *link);
/* Stops listening: connects are refused. */
void peer_deaf(struct peer *peer);

/* Turns the loop until condition holds; fails the test after ten seconds. */
#define PEER_UNTIL(loop, condition)                                               \
	do {                                                                      \
		struct mono peer_end = mono_add(clock_mono(), 10 * NSEC_PER_SEC); \
		while (!(condition)) {                                            \
			peer_turn(loop);                                          \
			if (clock_mono().ns > peer_end.ns)                        \
				fail_msg("never came: %s", #condition);           \
		}                                                                 \
	} while (0)
void peer_turn(struct loop *loop);
/* Turns the loop for so long. */
void peer_wait(struct loop *loop, int64_t ns);

#endif
