/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the control socket answers: one table of routes, from a request to JSON, whatever
 * carries it. Knows nothing of HTTP but methods, targets and status codes.
 */
#ifndef GAUGED_DAEMON_API_H
#define GAUGED_DAEMON_API_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/peer.h"

struct control;
struct daemon;
struct follower;
struct pieces;

enum { API_NAME_MAX = 200, API_PARAMS_MAX = 4 };

struct api_param {
	const char *name; /* static */
	char value[API_NAME_MAX + 1];
};

/* One request and its answer. */
struct api_call {
	struct daemon *daemon;
	const struct control *control;
	struct peer peer;
	const char *method;
	const char *target; /* as sent: path and query, percent-encoded */
	const char *body;   /* body_len bytes; valid until it is answered */
	size_t body_len;

	/* Filled by api_serve() for the one that serves the route. */
	char name[API_NAME_MAX + 1]; /* what stood for NAME in the path, decoded */
	size_t param_count;
	struct api_param params[API_PARAMS_MAX];

	/* The answer; status 0: it is not there yet. */
	int status;
	const char *type;  /* static: the content type */
	const char *allow; /* static: methods that the path takes, with 405; or NULL */
	char *text;	   /* malloc()ed, text_len bytes; taken by whoever sends it */
	size_t text_len;
	struct follower *follower; /* instead of text: lines for as long as they are read */
	struct pieces *pieces;	   /* instead of text: made as it is read */

	/* How a call that was not answered within api_serve() goes on. */
	void (*answered)(struct api_call *call); /* set by the caller: status is there now */
	void (*forget)(struct api_call *call);	 /* set by the route: nobody waits any more */
	void *pending;				 /* the route's own, while it is not answered */
};

/* Serves the call: fills the answer, or leaves status 0 and calls answered() later. */
void api_serve(struct api_call *call);
/* Frees what of the answer was not taken, and stops waiting for it. */
void api_call_done(struct api_call *call);

/* For the files that serve routes. */

/* Answers with a problem document (RFC 9457) of type about:blank; fmt is its detail. */
void api_problem(struct api_call *call, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The value of a parameter of the query, or NULL. */
const char *api_param(const struct api_call *call, const char *name);
/*
 * The whole number that the parameter is, from 1 to most; fallback where it is not there. 0
 * after the call was answered with 400.
 */
size_t api_param_count(struct api_call *call, const char *name, size_t fallback, size_t most);
/* The answer is there: on its way now, if the caller stopped waiting for api_serve(). */
void api_answered(struct api_call *call);
/* It is there, alone, or as 1 or true. */
bool api_param_is_on(const struct api_call *call, const char *name);

typedef void api_route_fn(struct api_call *call);
/*
 * In api_status.c, api_points.c, api_rules.c, api_explain.c, api_operator.c, api_changes.c,
 * api_queue.c, api_queue_change.c, api_export.c, api_history.c, api_outputs.c,
 * api_webhooks.c
 */
api_route_fn api_status, api_config, api_metrics;
api_route_fn api_buses, api_devices;
api_route_fn api_queues, api_queue, api_queue_export, api_queue_retry, api_queue_drop;
api_route_fn api_history;
api_route_fn api_points, api_point, api_point_write, api_outputs;
api_route_fn api_rules, api_rule, api_rule_explain, api_events;
api_route_fn api_rule_ack, api_rule_shelve, api_rule_unshelve;
api_route_fn api_webhooks, api_webhook_test;
api_route_fn api_reload;

#endif
