/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * An IP address and a port in numbers, and the listening on it. Never a name: those would have
 * to be asked for.
 */
#ifndef GAUGED_IO_TCP_ADDRESS_H
#define GAUGED_IO_TCP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { TCP_ADDRESS_TEXT = INET6_ADDRSTRLEN + 10 };

struct tcp_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* "127.0.0.1:9464", "[::1]:9464"; -EINVAL otherwise. Port 0: any that is free. Pure. */
int tcp_address_parse(const char *text, struct tcp_address *ret);
/* Whether only this machine can reach it. Pure. */
bool tcp_address_local(const struct tcp_address *address);
/* As it is parsed. Pure. */
void tcp_address_print(const struct tcp_address *address, char ret[TCP_ADDRESS_TEXT]);
/* A non-blocking socket that listens, the caller's to close; or a negative errno. */
int tcp_address_listen(const struct tcp_address *address);
/* The address that a socket has (its_peer: that its peer has); -errno. */
int tcp_address_of(int fd, bool its_peer, struct tcp_address *ret);

#endif
