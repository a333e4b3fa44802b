/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Opens the simulator's listening sockets: loopback only, non-blocking, close-on-exec. */
#ifndef GAUGED_SIM_ENDPOINT_H
#define GAUGED_SIM_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* A descriptor that listens on 127.0.0.1 and, in *ret_port, where; -errno + err. */
int endpoint_tcp(uint16_t port, uint16_t *ret_port, struct error *err);
/* The same on a Unix socket, mode 0600; a stale socket of that name is replaced. */
int endpoint_unix(const char *path, struct error *err);
/* A connection and, in peer, "127.0.0.1:40022" (or "" on a Unix socket); -EAGAIN: none waits.
 */
int endpoint_accept(int fd, char *peer, size_t size);
/* Makes close(fd) end the connection with a reset. */
void endpoint_reset(int fd);

#endif
