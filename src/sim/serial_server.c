/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the TCP connections to a serial line. */
#include "sim/serial_server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sim/endpoint.h"
#include "sim/fault.h"
#include "sim/poller.h"
#include "sim/rack.h"

enum { CALLERS_MAX = 64 };

/* Who is connected. */
struct caller {
	struct serial_server *server;
	int fd;
	char peer[32];
	bool deaf;
	struct poller_watch *watch;
	struct serial_line *line;
	LIST_ENTRY(caller) entry;
};

struct serial_server {
	struct poller *poller;
	int fd;
	uint16_t port;
	struct poller_watch *watch;
	struct rack *rack;
	struct faults *bus;
	struct serial_line_options options;
	struct serial_line_counts counts;
	LIST_HEAD(, caller) callers;
	size_t count;
};

static void caller_close(struct caller *caller)
{
	poller_unwatch(caller->watch);
	close(caller->fd);
	serial_line_free(caller->line);
	LIST_REMOVE(caller, entry);
	caller->server->count--;
	free(caller);
}

static ssize_t caller_hear(void *arg, const uint8_t *bytes, size_t len)
{
	struct caller *caller = arg;
	ssize_t n = send(caller->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

static void caller_end(void *arg, enum wire_end end)
{
	struct caller *caller = arg;

	switch (end) {
	case WIRE_RESETS:
		endpoint_reset(caller->fd);
		caller_close(caller);
		return;
	case WIRE_CLOSES:
		caller_close(caller);
		return;
	case WIRE_HALF_CLOSES:
		shutdown(caller->fd, SHUT_WR);
		return;
	case WIRE_DEAF:
		caller->deaf = true;
		poller_set(caller->watch, 0);
		return;
	case WIRE_STAYS:
		return;
	}
}

static void caller_ready(void *arg, unsigned what)
{
	struct caller *caller = arg;
	uint8_t bytes[1024];
	/* To the deaf only a hang-up gets through. */
	ssize_t n = caller->deaf ? 0 : recv(caller->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		caller_close(caller);
	else
		serial_line_say(caller->line, bytes, (size_t)n, caller->peer);
}

static void server_accept(void *arg, unsigned what)
{
	static const struct serial_line_ops ops = {.hear = caller_hear, .end = caller_end};
	struct serial_server *server = arg;
	struct caller *caller;
	char peer[32];
	int fd = endpoint_accept(server->fd, peer, sizeof(peer));

	if (fd < 0)
		return;
	if (server->count >= CALLERS_MAX) {
		close(fd);
		return;
	}
	caller = xcalloc(1, sizeof(*caller));
	caller->server = server;
	caller->fd = fd;
	snprintf(caller->peer, sizeof(caller->peer), "%s", peer);
	caller->line = serial_line_new(server->poller, server->rack, server->bus,
				       &server->options, &server->counts, &ops, caller);
	caller->watch = poller_watch(server->poller, fd, POLLER_READ, caller_ready, caller);
	LIST_INSERT_HEAD(&server->callers, caller, entry);
	server->count++;
	caller_end(caller, faults_accept(server->bus, rack_random(server->rack)));
}

struct serial_server *serial_server_open(struct poller *poller, uint16_t port,
					 struct rack *rack, struct faults *bus,
					 const struct serial_line_options *options,
					 struct error *err)
{
	struct serial_server *server = xcalloc(1, sizeof(*server));

	server->poller = poller;
	server->rack = rack;
	server->bus = bus;
	server->options = *options;
	LIST_INIT(&server->callers);
	server->fd = endpoint_tcp(port, &server->port, err);
	if (server->fd < 0) {
		serial_server_close(server);
		return NULL;
	}
	server->watch = poller_watch(poller, server->fd, POLLER_READ, server_accept, server);
	return server;
}

void serial_server_close(struct serial_server *server)
{
	struct caller *caller;

	if (server == NULL)
		return;
	while ((caller = LIST_FIRST(&server->callers)) != NULL)
		caller_close(caller);
	poller_unwatch(server->watch);
	if (server->fd >= 0)
		close(server->fd);
	free(server);
}

uint16_t serial_server_port(const struct serial_server *server)
{
	return server->port;
}

size_t serial_server_connections(const struct serial_server *server)
{
	return server->count;
}

struct serial_line_counts serial_server_counts(const struct serial_server *server)
{
	return server->counts;
}
