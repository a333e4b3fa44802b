/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Names of hosts to addresses, on the loop and without waiting: a numeric address at once,
 * everything else through evdns (hosts file, then the servers of resolv.conf).
 */
#ifndef GAUGED_IO_RESOLVE_H
#define GAUGED_IO_RESOLVE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct error;
struct loop;
struct resolve; /* one question that is under way */

enum { RESOLVE_ADDRESSES = 8, RESOLVE_TIMEOUT_S = 5 };

struct resolve_address {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

struct resolve_result {
	size_t count;
	struct resolve_address addresses[RESOLVE_ADDRESSES];
};

/* 0 if host is an IPv4 or IPv6 address ("::1" or "[::1]"), -EINVAL if it is a name. */
int resolve_numeric(const char *host, uint16_t port, struct resolve_result *ret);

/* result is NULL on failure, then err says why. */
typedef void resolve_fn(void *arg, const struct resolve_result *result,
			const struct error *err);
/* fn is called once, never from within, at the latest after RESOLVE_TIMEOUT_S. */
struct resolve *resolve_start(struct loop *loop, const char *host, uint16_t port,
			      resolve_fn *fn, void *arg);
/* fn will not be called; NULL is allowed. */
void resolve_cancel(struct resolve *resolve);

/* Asks only the server at address ("127.0.0.1:5353") from now on; for tests. */
void resolve_use_server(struct loop *loop, const char *address);

#endif
