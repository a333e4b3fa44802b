/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Another Modbus TCP master, on the test's own loop: asks gauged's server and checks answers.
 */
#ifndef GAUGED_TESTS_MASTER_H
#define GAUGED_TESTS_MASTER_H

#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

/* A connection to "127.0.0.1:1502", non-blocking; receive_buffer 0: as the system has it. */
int master_connect(const char *address, int receive_buffer);
/* Writes the frame of a read, 12 bytes. */
size_t master_put(uint8_t *to, uint16_t id, uint8_t unit, uint8_t function, uint16_t address,
		  uint16_t count);
void master_ask(int fd, uint16_t id, uint8_t unit, uint8_t function, uint16_t address,
		uint16_t count);
/* What comes, until len bytes are there; 0: the server closed before. */
size_t master_take(struct loop *loop, int fd, uint8_t *to, size_t len);
/* The next answer is this one, and its registers hold first, first + 1, ... */
void master_expect(struct loop *loop, int fd, uint16_t id, uint16_t first, uint16_t words);
void master_expect_exception(struct loop *loop, int fd, uint16_t id, uint8_t function,
			     uint8_t exception);
/* The server closes; the descriptor is closed too. */
void master_expect_closed(struct loop *loop, int fd);

#endif
