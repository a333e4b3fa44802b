/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns how a TCP connection is made: name to addresses, one address after the other, each with
 * its own time, within the limits that all connections share.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "io/loop.h"
#include "io/resolve.h"
#include "io/stream.h"
#include "io/stream_opener.h"
#include "io/stream_pool.h"

/* Seconds idle before the first probe, between probes, and probes without an answer. */
enum { TCP_KEEP_IDLE = 10, TCP_KEEP_INTERVAL = 5, TCP_KEEP_COUNT = 3 };

struct stream_opener {
	struct stream *stream;
	struct loop *loop;
	const struct stream_config *config;
	struct stream_pool *pool;
	struct stream_ticket ticket;
	struct resolve *resolve;
	/* What the name meant last: kept, because a name server may be away as well. */
	struct resolve_result known;
	size_t next; /* address to try */
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
};

static void tcp_ask(struct stream_opener *tcp);

/* Ends this address's try; the descriptor is handed on (keep) or closed. */
static int tcp_stop(struct stream_opener *tcp, bool keep)
{
	int fd = tcp->fd;

	loop_watch_free(tcp->watch);
	tcp->watch = NULL;
	loop_timer_stop(tcp->timer);
	stream_pool_leave(tcp->pool, &tcp->ticket);
	tcp->fd = -1;
	if (!keep && fd >= 0)
		close(fd);
	return fd;
}

static void tcp_next(struct stream_opener *tcp, int code)
{
	struct error err;

	tcp_stop(tcp, false);
	tcp->next++;
	/* Without a descriptor another address fares no better. */
	if (code == EMFILE || code == ENFILE || code == ENOBUFS)
		stream_pool_pause(tcp->pool);
	else if (tcp->next < tcp->known.count) {
		tcp_ask(tcp);
		return;
	}
	error_errno(&err, code, "cannot connect to %s port %u", tcp->config->host,
		    tcp->config->port);
	stream_failed(tcp->stream, &err);
}

static void tcp_connected(struct stream_opener *tcp)
{
	stream_opened(tcp->stream, tcp_stop(tcp, true));
}

static void tcp_writable(void *arg, unsigned what)
{
	struct stream_opener *tcp = arg;
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
		code = errno;
	if (code != 0)
		tcp_next(tcp, code);
	else
		tcp_connected(tcp);
}

static void tcp_late(void *arg)
{
	tcp_next(arg, ETIMEDOUT);
}

static void tcp_options(const struct stream_opener *tcp)
{
	const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEP_IDLE},
		{IPPROTO_TCP, TCP_KEEPINTVL, TCP_KEEP_INTERVAL},
		{IPPROTO_TCP, TCP_KEEPCNT, TCP_KEEP_COUNT},
		{IPPROTO_TCP, TCP_USER_TIMEOUT,
		 (int)(tcp->config->user_timeout_ns / NSEC_PER_MSEC)},
	};

	/* A connection without one of them still works, only less well. */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(tcp->fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value));
}

static void tcp_go(void *arg)
{
	struct stream_opener *tcp = arg;
	const struct resolve_address *address = &tcp->known.addresses[tcp->next];

	tcp->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tcp->fd < 0) {
		tcp_next(tcp, errno);
		return;
	}
	tcp_options(tcp);
	if (connect(tcp->fd, &address->any, address->len) == 0) {
		tcp_connected(tcp);
	} else if (errno == EINPROGRESS) {
		tcp->watch = loop_watch_new(tcp->loop, tcp->fd, LOOP_WRITE, tcp_writable, tcp);
		loop_timer_start(tcp->timer,
				 mono_add(clock_mono(), tcp->config->connect_timeout_ns));
	} else {
		tcp_next(tcp, errno);
	}
}

static void tcp_ask(struct stream_opener *tcp)
{
	stream_pool_ask(tcp->pool, &tcp->ticket);
}

static void tcp_resolved(void *arg, const struct resolve_result *result,
			 const struct error *err)
{
	struct stream_opener *tcp = arg;

	tcp->resolve = NULL;
	if (result != NULL)
		tcp->known = *result;
	if (tcp->known.count > 0)
		tcp_ask(tcp);
	else
		stream_failed(tcp->stream, err);
}

static void tcp_start(struct stream_opener *tcp)
{
	tcp->next = 0;
	if (resolve_numeric(tcp->config->host, tcp->config->port, &tcp->known) == 0)
		tcp_ask(tcp);
	else
		tcp->resolve = resolve_start(tcp->loop, tcp->config->host, tcp->config->port,
					     tcp_resolved, tcp);
}

static struct stream_opener *tcp_create(struct stream *stream, struct loop *loop,
					const struct stream_config *config)
{
	struct stream_opener *tcp = xcalloc(1, sizeof(*tcp));

	tcp->stream = stream;
	tcp->loop = loop;
	tcp->config = config;
	tcp->pool = stream_pool_of(loop);
	tcp->ticket.go = tcp_go;
	tcp->ticket.arg = tcp;
	tcp->fd = -1;
	tcp->timer = loop_timer_new(loop, tcp_late, tcp);
	return tcp;
}

static void tcp_destroy(struct stream_opener *tcp)
{
	resolve_cancel(tcp->resolve);
	tcp_stop(tcp, false);
	loop_timer_free(tcp->timer);
	free(tcp);
}

static void tcp_close(struct stream_opener *tcp, int fd)
{
	close(fd);
}

const struct stream_opener_type stream_opener_tcp = {
	.socket = true,
	.create = tcp_create,
	.destroy = tcp_destroy,
	.start = tcp_start,
	.close = tcp_close,
};
