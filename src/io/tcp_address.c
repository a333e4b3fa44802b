/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the text form of addresses with a port, and bind(2). */
#include "io/tcp_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { LISTEN_BACKLOG = 64 };

/* Host and port of "127.0.0.1:9464" or "[::1]:9464". */
static int tcp_split(const char *text, char *ret_host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (colon == NULL || colon[1] == '\0')
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return -EINVAL;
	memcpy(ret_host, text, len);
	ret_host[len] = '\0';
	*ret_port = colon + 1;
	return 0;
}

int tcp_address_parse(const char *text, struct tcp_address *ret)
{
	struct tcp_address address = {0};
	char host[64];
	const char *digits;
	int64_t port;

	if (tcp_split(text, host, sizeof(host), &digits) < 0 || str_to_int(digits, &port) < 0 ||
	    port < 0 || port > UINT16_MAX)
		return -EINVAL;
	if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons((uint16_t)port);
		address.len = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons((uint16_t)port);
		address.len = sizeof(address.v6);
	} else {
		return -EINVAL;
	}
	*ret = address;
	return 0;
}

bool tcp_address_local(const struct tcp_address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

void tcp_address_print(const struct tcp_address *address, char ret[TCP_ADDRESS_TEXT])
{
	bool v4 = address->any.sa_family == AF_INET;
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->any.sa_family,
		  v4 ? (const void *)&address->v4.sin_addr
		     : (const void *)&address->v6.sin6_addr,
		  host, sizeof(host));
	snprintf(ret, TCP_ADDRESS_TEXT, v4 ? "%s:%u" : "[%s]:%u", host,
		 ntohs(v4 ? address->v4.sin_port : address->v6.sin6_port));
}

int tcp_address_listen(const struct tcp_address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, rc = 0;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->any, address->len) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
		rc = -errno;
	if (rc != 0)
		close(fd);
	return rc != 0 ? rc : fd;
}

int tcp_address_of(int fd, bool its_peer, struct tcp_address *ret)
{
	struct tcp_address address = {.len = sizeof(address.v6)};
	int rc = its_peer ? getpeername(fd, &address.any, &address.len)
			  : getsockname(fd, &address.any, &address.len);

	if (rc != 0)
		return -errno;
	if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	*ret = address;
	return 0;
}
