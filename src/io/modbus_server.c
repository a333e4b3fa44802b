/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the clients of a Modbus server: who may come, who waits for whom, who has to go. */
#include "io/modbus_server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/acceptor.h"
#include "io/backoff.h"
#include "io/loop.h"

enum {
	QUESTION_READ =
		12, /* bytes of a request that has a long answer; the others' are short */
	CLIENT_IN = MODBUS_FRAME_MAX,
	/* So that all requests that are read at once can be answered. */
	CLIENT_OUT = (CLIENT_IN / QUESTION_READ + 1) * MODBUS_FRAME_MAX,
	CLIENT_SEND_BUFFER = 16 << 10, /* the kernel's, for who reads slowly */
};

static const int64_t listen_first_ns = 200 * NSEC_PER_MSEC, listen_most_ns = 30 * NSEC_PER_SEC;

struct client {
	LIST_ENTRY(client) entry;
	struct modbus_server *server;
	int fd;
	struct loop_watch *watch;
	struct mono since; /* it came, or took its last answer */
	size_t in_len, out_len, out_sent;
	uint8_t in[CLIENT_IN];
	uint8_t out[CLIENT_OUT];
};

struct modbus_server {
	struct loop *loop;
	const struct modbus_server_config *config;
	modbus_server_fn *fn;
	void *arg;
	char address[TCP_ADDRESS_TEXT]; /* as it listens; port 0 is a number by then */
	int fd;				/* -1: it does not listen */
	struct acceptor *acceptor;
	struct loop_timer *again; /* to listen */
	struct backoff backoff;
	int listen_error;
	struct loop_timer
		*idle; /* set for the first client whose time may be over, or before */
	unsigned client_count;
	LIST_HEAD(, client) clients;
	struct complaint unheard, forbidden, full, garbage;
	struct {
		uint64_t clients, refused, forbidden, idle, garbage, requests, exceptions,
			unheard;
	} count;
};

/* Clients. */

static void client_close(struct client *client)
{
	LIST_REMOVE(client, entry);
	client->server->client_count--;
	loop_watch_free(client->watch);
	close(client->fd);
	free(client);
}

static bool would_wait(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Sends what it can; false: the client is gone. */
static bool client_send(struct client *client)
{
	ssize_t n = send(client->fd, client->out + client->out_sent,
			 client->out_len - client->out_sent, MSG_NOSIGNAL);

	if (n < 0 && !would_wait(errno)) {
		client_close(client);
		return false;
	}
	client->out_sent += n > 0 ? (size_t)n : 0;
	if (client->out_sent < client->out_len) {
		loop_watch_set(client->watch, LOOP_WRITE);
		return true;
	}
	client->out_sent = client->out_len = 0;
	client->since = clock_mono();
	loop_watch_set(client->watch, LOOP_READ);
	return true;
}

static void client_answer(struct client *client, const struct modbus_frame *frame)
{
	struct modbus_server *server = client->server;
	uint8_t *out = client->out + client->out_len;
	struct modbus_question question;
	uint8_t exception;

	modbus_question_parse(frame, &question);
	exception = question.exception;
	if (exception == 0)
		exception = server->fn(server->arg, &question, out + MODBUS_QUESTION_DATA);
	server->count.requests++;
	server->count.exceptions += exception != 0;
	client->out_len +=
		exception != 0
			? modbus_question_refuse(&question, exception, out)
			: modbus_question_answer(&question, out + MODBUS_QUESTION_DATA, out);
}

/* Answers all whole requests; false: what follows is no Modbus. */
static bool client_answer_all(struct client *client)
{
	struct modbus_frame frame;
	size_t from = 0;
	int n;

	while ((n = modbus_frame_take_question(client->in + from, client->in_len - from,
					       &frame)) > 0) {
		client_answer(client, &frame);
		from += (size_t)n;
	}
	client->in_len -= from;
	memmove(client->in, client->in + from, client->in_len);
	return n == 0;
}

static void client_garbage(struct client *client)
{
	struct modbus_server *server = client->server;

	server->count.garbage++;
	complaint_say(&server->garbage, clock_mono(),
		      "bus %s: a client of %s sends what is no Modbus TCP, closing its "
		      "connection",
		      server->config->name, server->address);
	client_close(client);
}

/* Only when it has taken all its answers: so there is room for those that are read here. */
static void client_read(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_len,
			 sizeof(client->in) - client->in_len, 0);
	bool sane;

	if (n == 0 || (n < 0 && !would_wait(errno))) {
		client_close(client);
		return;
	}
	if (n < 0)
		return;
	client->in_len += (size_t)n;
	sane = client_answer_all(client);
	if (client->out_len > 0 && !client_send(client))
		return;
	if (!sane)
		client_garbage(client);
}

static void client_ready(void *arg, unsigned what)
{
	struct client *client = arg;

	if ((what & LOOP_WRITE) != 0)
		(void)client_send(client);
	else if ((what & LOOP_READ) != 0)
		client_read(client);
}

static void client_new(struct modbus_server *server, int fd)
{
	struct client *client = xcalloc(1, sizeof(*client));
	int one = 1, bytes = CLIENT_SEND_BUFFER;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	client->server = server;
	client->fd = fd;
	client->since = clock_mono();
	client->watch = loop_watch_new(server->loop, fd, LOOP_READ, client_ready, client);
	LIST_INSERT_HEAD(&server->clients, client, entry);
	server->client_count++;
	server->count.clients++;
	/* All have the same time, and it came last: if the timer runs, then for an earlier one.
	 */
	if (!loop_timer_running(server->idle))
		loop_timer_start(server->idle,
				 mono_add(client->since, server->config->idle_ns));
}

static void server_idle(void *arg)
{
	struct modbus_server *server = arg;
	struct mono now = clock_mono(), first = MONO_NEVER;
	struct client *client = LIST_FIRST(&server->clients);

	while (client != NULL) {
		struct client *next = LIST_NEXT(client, entry);
		struct mono end = mono_add(client->since, server->config->idle_ns);

		if (end.ns <= now.ns) {
			server->count.idle++;
			client_close(client);
		} else if (end.ns < first.ns) {
			first = end;
		}
		client = next;
	}
	if (first.ns != MONO_NEVER.ns)
		loop_timer_start(server->idle, first);
}

/* Who may come. */

static bool server_allows(const struct modbus_server *server, const struct tcp_address *peer)
{
	for (size_t i = 0; i < server->config->allow_count; i++) {
		if (subnet_holds(&server->config->allow[i], peer))
			return true;
	}
	return false;
}

static void server_forbid(struct modbus_server *server, const struct tcp_address *peer)
{
	char text[TCP_ADDRESS_TEXT];

	tcp_address_print(peer, text);
	server->count.forbidden++;
	complaint_say(&server->forbidden, clock_mono(),
		      "bus %s: %s may not read from %s: it is not in 'allow', closing its "
		      "connection",
		      server->config->name, text, server->address);
}

static void server_refuse(struct modbus_server *server, const struct tcp_address *peer)
{
	char text[TCP_ADDRESS_TEXT];

	tcp_address_print(peer, text);
	server->count.refused++;
	complaint_say(&server->full, clock_mono(),
		      "bus %s: no place for %s on %s: it has its %u clients, closing the new "
		      "connection",
		      server->config->name, text, server->address, server->config->clients);
}

static void server_accept(void *arg, int fd)
{
	struct modbus_server *server = arg;
	struct tcp_address peer;

	/* Who has hung up already needs no place. */
	if (tcp_address_of(fd, true, &peer) < 0) {
		close(fd);
		return;
	}
	if (!server_allows(server, &peer)) {
		server_forbid(server, &peer);
		close(fd);
		return;
	}
	if (server->client_count >= server->config->clients) {
		server_refuse(server, &peer);
		close(fd);
		return;
	}
	complaint_end(&server->full, "bus %s: %s has places for clients again",
		      server->config->name, server->address);
	client_new(server, fd);
}

/* Listening. */

static void server_unheard(struct modbus_server *server, int error)
{
	int64_t pause_ns = backoff_next(&server->backoff);

	server->listen_error = error;
	server->count.unheard++;
	complaint_say(&server->unheard, clock_mono(),
		      "bus %s: cannot listen on %s: %s, trying again in %.1f s",
		      server->config->name, server->address, strerrordesc_np(error),
		      (double)pause_ns / (double)NSEC_PER_SEC);
	loop_timer_start(server->again, mono_add(clock_mono(), pause_ns));
}

static void server_listen(void *arg)
{
	struct modbus_server *server = arg;
	int fd = tcp_address_listen(&server->config->listen);
	struct tcp_address own;

	if (fd < 0) {
		server_unheard(server, -fd);
		return;
	}
	if (tcp_address_of(fd, false, &own) == 0)
		tcp_address_print(&own, server->address);
	server->fd = fd;
	server->listen_error = 0;
	complaint_end(&server->unheard, "bus %s: listening on %s at last", server->config->name,
		      server->address);
	log_info("bus %s: others may read it on %s", server->config->name, server->address);
	server->acceptor =
		acceptor_new(server->loop, fd, server->address, server_accept, server);
}

struct modbus_server *modbus_server_new(struct loop *loop,
					const struct modbus_server_config *config,
					modbus_server_fn *fn, void *arg)
{
	struct modbus_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->config = config;
	server->fn = fn;
	server->arg = arg;
	server->fd = -1;
	LIST_INIT(&server->clients);
	tcp_address_print(&config->listen, server->address);
	backoff_init(&server->backoff, listen_first_ns, listen_most_ns, 0);
	server->idle = loop_timer_new(loop, server_idle, server);
	server->again = loop_timer_new(loop, server_listen, server);
	loop_timer_start(server->again, clock_mono());
	return server;
}

void modbus_server_free(struct modbus_server *server)
{
	struct client *client;

	if (server == NULL)
		return;
	while ((client = LIST_FIRST(&server->clients)) != NULL)
		client_close(client);
	acceptor_free(server->acceptor);
	if (server->fd >= 0)
		close(server->fd);
	loop_timer_free(server->again);
	loop_timer_free(server->idle);
	free(server);
}

void modbus_server_report(const struct modbus_server *server, struct report *ret)
{
	struct report_server *told = &ret->server;

	snprintf(told->address, sizeof(told->address), "%s", server->address);
	told->state = server->fd >= 0		  ? "up"
		      : server->listen_error != 0 ? "backoff"
						  : "opening";
	told->clients = server->client_count;
	if (server->listen_error != 0)
		snprintf(told->detail, sizeof(told->detail), "cannot listen: %s, trying again",
			 strerrordesc_np(server->listen_error));
	else
		snprintf(told->detail, sizeof(told->detail), "%u of %u clients",
			 server->client_count, server->config->clients);
	report_count(ret, "serve_clients", "Connections of clients that were taken.",
		     server->count.clients);
	report_count(ret, "serve_clients_refused",
		     "Connections of clients for which there was no place.",
		     server->count.refused);
	report_count(ret, "serve_clients_forbidden",
		     "Connections of clients that 'allow' does not name.",
		     server->count.forbidden);
	report_count(ret, "serve_clients_idle",
		     "Clients closed because they asked nothing, or took no answer, for long.",
		     server->count.idle);
	report_count(ret, "serve_clients_garbage",
		     "Clients closed because they sent what is no Modbus.",
		     server->count.garbage);
	report_count(ret, "serve_accepts_failed",
		     "Connections that could not be taken for want of descriptors or memory.",
		     acceptor_failed(server->acceptor));
	report_count(ret, "serve_listens_failed", "Attempts to listen for clients that failed.",
		     server->count.unheard);
	report_count(ret, "serve_requests", "Requests of clients that were answered.",
		     server->count.requests);
	report_count(ret, "serve_exceptions",
		     "Of these, the ones that were answered with an exception.",
		     server->count.exceptions);
}
