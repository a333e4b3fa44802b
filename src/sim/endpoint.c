/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the simulator's sockets are opened. */
#include "sim/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

int endpoint_tcp(uint16_t port, uint16_t *ret_port, struct error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, code;

	if (fd < 0)
		return error_errno(err, errno, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, SOMAXCONN) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		*ret_port = ntohs(address.sin_port);
		return fd;
	}
	code = errno;
	close(fd);
	return error_errno(err, code, "can't listen on 127.0.0.1:%d", port);
}

int endpoint_unix(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ENAMETOOLONG, "the path %s is too long for a socket",
				 path);
	strcpy(address.sun_path, path);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, errno, "no socket");
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 8) == 0) {
		umask(mask);
		return fd;
	}
	code = errno;
	umask(mask);
	close(fd);
	return error_errno(err, code, "can't listen on %s", path);
}

int endpoint_accept(int fd, char *peer, size_t size)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_storage room;
	} address;
	socklen_t len = sizeof(address);
	char host[INET_ADDRSTRLEN];
	int one = 1, got;

	got = accept4(fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (got < 0)
		return -errno;
	peer[0] = '\0';
	if (address.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host));
		snprintf(peer, size, "%s:%d", host, ntohs(address.in.sin_port));
		setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	return got;
}

void endpoint_reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}
