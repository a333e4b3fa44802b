/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How many requests of one client are on their way to a connection at a time: resolving its
 * name takes a thread, and connecting a socket, each for as long as the request may last when
 * the network is away. For the files of the HTTP client only.
 *
 * A place is taken by each request that finds no connection standing, and given back when it
 * is connected. A request to a receiver that failed last keeps its place until the end, and
 * such requests never have all places: those of a receiver that is well go first.
 */
#ifndef GAUGED_IO_HTTP_GATE_H
#define GAUGED_IO_HTTP_GATE_H

#include <stdbool.h>
#include <sys/queue.h>

struct http_request;

enum {
	HTTP_GATE_PLACES = 4,
	HTTP_GATE_DOUBTFUL = 3, /* of them for receivers that failed last */
};

/* What the gate knows of the way to one receiver. */
struct http_traffic {
	unsigned sockets; /* connections that stand */
	unsigned begun;	  /* requests under way */
	bool failed;	  /* the last one did */
};

/* A request's stand with the gate; all zero: it has not asked. */
struct http_ticket {
	TAILQ_ENTRY(http_request) link;
	struct http_traffic *traffic;
	enum { GATE_NONE, GATE_WAITS, GATE_INSIDE, GATE_PASSED } state;
	bool doubtful;
};

struct http_gate {
	unsigned inside, doubtful;
	TAILQ_HEAD(http_waiting, http_request) well, failed;
};

void http_gate_init(struct http_gate *gate);
/*
 * Asks for request, whose way is traffic: true: it may begin now; false: it waits until
 * http_gate_next() has it.
 */
bool http_gate_ask(struct http_gate *gate, struct http_request *request,
		   struct http_traffic *traffic);
/* The next one that may begin now, or NULL. */
struct http_request *http_gate_next(struct http_gate *gate);
/* It is connected. Returns whether a place became free. */
bool http_gate_pass(struct http_gate *gate, struct http_request *request);
/* It is over, or called off; in any state. failed: whether the receiver did. */
void http_gate_leave(struct http_gate *gate, struct http_request *request, bool failed);
/* Any that waits; NULL: none. */
struct http_request *http_gate_waiting(const struct http_gate *gate);

#endif
