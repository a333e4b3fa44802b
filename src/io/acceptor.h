/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Accepting connections on the loop, also when there are no descriptors left: then the
 * acceptor rests for a second, and who waits is turned away instead of hanging.
 */
#ifndef GAUGED_IO_ACCEPTOR_H
#define GAUGED_IO_ACCEPTOR_H

#include <stdint.h>

struct acceptor;
struct loop;

/* fd is a new connection, non-blocking, the callee's to close. */
typedef void acceptor_fn(void *arg, int fd);

/* fd: listening, the caller's to close after acceptor_free(). name is for log lines. */
struct acceptor *acceptor_new(struct loop *loop, int fd, const char *name, acceptor_fn *fn,
			      void *arg);
void acceptor_free(struct acceptor *acceptor);
/* Times that it had to rest. */
uint64_t acceptor_failed(const struct acceptor *acceptor);

#endif
