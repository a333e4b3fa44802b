/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the order in which requests may look for a connection. */
#include "io/http_gate.h"

#include "io/http_request.h"

void http_gate_init(struct http_gate *gate)
{
	*gate = (struct http_gate){0};
	TAILQ_INIT(&gate->well);
	TAILQ_INIT(&gate->failed);
}

static bool has_place(const struct http_gate *gate, bool doubtful)
{
	return gate->inside < HTTP_GATE_PLACES &&
	       (!doubtful || gate->doubtful < HTTP_GATE_DOUBTFUL);
}

static void enter(struct http_gate *gate, struct http_ticket *ticket)
{
	ticket->state = GATE_INSIDE;
	ticket->traffic->begun++;
	gate->inside++;
	gate->doubtful += ticket->doubtful;
}

bool http_gate_ask(struct http_gate *gate, struct http_request *request,
		   struct http_traffic *traffic)
{
	struct http_ticket *ticket = &request->ticket;

	*ticket = (struct http_ticket){.traffic = traffic, .doubtful = traffic->failed};
	/* A connection stands and nobody uses it. */
	if (!ticket->doubtful && traffic->sockets > traffic->begun) {
		ticket->state = GATE_PASSED;
		traffic->begun++;
		return true;
	}
	if (has_place(gate, ticket->doubtful)) {
		enter(gate, ticket);
		return true;
	}
	ticket->state = GATE_WAITS;
	if (ticket->doubtful)
		TAILQ_INSERT_TAIL(&gate->failed, request, ticket.link);
	else
		TAILQ_INSERT_TAIL(&gate->well, request, ticket.link);
	return false;
}

struct http_request *http_gate_next(struct http_gate *gate)
{
	struct http_request *request = TAILQ_FIRST(&gate->well);
	struct http_waiting *queue = &gate->well;

	if (request == NULL) {
		queue = &gate->failed;
		request = TAILQ_FIRST(queue);
	}
	if (request == NULL || !has_place(gate, request->ticket.doubtful))
		return NULL;
	TAILQ_REMOVE(queue, request, ticket.link);
	enter(gate, &request->ticket);
	return request;
}

static void give_back(struct http_gate *gate, struct http_ticket *ticket)
{
	gate->inside--;
	gate->doubtful -= ticket->doubtful;
	ticket->state = GATE_PASSED;
}

bool http_gate_pass(struct http_gate *gate, struct http_request *request)
{
	if (request->ticket.state != GATE_INSIDE || request->ticket.doubtful)
		return false;
	give_back(gate, &request->ticket);
	return true;
}

void http_gate_leave(struct http_gate *gate, struct http_request *request, bool failed)
{
	struct http_ticket *ticket = &request->ticket;

	if (ticket->state == GATE_WAITS) {
		if (ticket->doubtful)
			TAILQ_REMOVE(&gate->failed, request, ticket.link);
		else
			TAILQ_REMOVE(&gate->well, request, ticket.link);
	} else if (ticket->state != GATE_NONE) {
		if (ticket->state == GATE_INSIDE)
			give_back(gate, ticket);
		ticket->traffic->begun--;
		ticket->traffic->failed = failed;
	}
	ticket->state = GATE_NONE;
}

struct http_request *http_gate_waiting(const struct http_gate *gate)
{
	struct http_request *request = TAILQ_FIRST(&gate->well);

	return request != NULL ? request : TAILQ_FIRST(&gate->failed);
}
