/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table of routes, and the way from a target as it was sent to a row of it. */
#include "daemon/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "daemon/follower.h"
#include "daemon/pieces.h"

struct api_route {
	const char *method;
	const char *path; /* NAME stands for one segment */
	enum peer_role role;
	api_route_fn *serve;
	const char *params[API_PARAMS_MAX]; /* of the query, up to NULL */
};

static const struct api_route api_routes[] = {
	{"GET", "/metrics", PEER_METRICS, api_metrics, {NULL}},
	{"GET", "/v1/status", PEER_READ, api_status, {NULL}},
	{"GET", "/v1/config", PEER_READ, api_config, {NULL}},
	{"GET", "/v1/buses", PEER_READ, api_buses, {NULL}},
	{"GET", "/v1/devices", PEER_READ, api_devices, {NULL}},
	{"GET", "/v1/queue", PEER_READ, api_queues, {NULL}},
	{"GET", "/v1/queue/NAME", PEER_READ, api_queue, {"dead", "limit"}},
	{"GET", "/v1/queue/NAME/export", PEER_READ, api_queue_export, {NULL}},
	{"POST", "/v1/queue/retry", PEER_WRITE, api_queue_retry, {NULL}},
	{"POST", "/v1/queue/drop", PEER_WRITE, api_queue_drop, {NULL}},
	{"GET", "/v1/webhooks", PEER_READ, api_webhooks, {NULL}},
	{"POST", "/v1/webhooks/NAME/test", PEER_WRITE, api_webhook_test, {NULL}},
	{"GET", "/v1/points", PEER_READ, api_points, {"follow", "changes"}},
	{"GET", "/v1/points/NAME", PEER_READ, api_point, {NULL}},
	{"POST", "/v1/points/NAME", PEER_WRITE, api_point_write, {NULL}},
	{"GET", "/v1/outputs", PEER_READ, api_outputs, {NULL}},
	{"GET", "/v1/rules", PEER_READ, api_rules, {NULL}},
	{"GET", "/v1/rules/NAME", PEER_READ, api_rule, {NULL}},
	{"GET", "/v1/rules/NAME/explain", PEER_READ, api_rule_explain, {NULL}},
	{"POST", "/v1/rules/NAME/ack", PEER_WRITE, api_rule_ack, {NULL}},
	{"POST", "/v1/rules/NAME/shelve", PEER_WRITE, api_rule_shelve, {NULL}},
	{"POST", "/v1/rules/NAME/unshelve", PEER_WRITE, api_rule_unshelve, {NULL}},
	{"GET", "/v1/events", PEER_READ, api_events, {"follow", "changes"}},
	{"GET", "/v1/history", PEER_READ, api_history, {"rule", "limit"}},
	{"POST", "/v1/reload", PEER_WRITE, api_reload, {"dry_run"}},
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/*
 * Percent-decodes len bytes (RFC 3986 section 2.1), strictly: two hexadecimal digits after
 * each '%', nothing that decodes to a control character, UTF-8 in the end. '+' is itself.
 */
static bool api_decode(const char *from, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_digit(from[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(from[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high << 4 | low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n + 1 >= size)
			return false;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	for (size_t i = 0, k; i < n; i += k) {
		k = str_utf8(ret + i, n - i);
		if (k == 0)
			return false;
	}
	return true;
}

/* The next segment of a path: where it starts and how long it is; false at the end. */
static bool path_segment(const char **path, const char *end, size_t *ret_len)
{
	const char *slash;

	if (*path >= end || **path != '/')
		return false;
	(*path)++;
	slash = memchr(*path, '/', (size_t)(end - *path));
	*ret_len = (size_t)((slash != NULL ? slash : end) - *path);
	return true;
}

enum api_match { MATCH_NO, MATCH_YES, MATCH_BAD };

/* Segment by segment, each decoded by itself: an encoded slash never becomes a separator. */
static enum api_match api_match(const char *pattern, const char *path, size_t len,
				char name[API_NAME_MAX + 1])
{
	const char *end = path + len, *pattern_end = pattern + strlen(pattern);
	char segment[API_NAME_MAX + 1];
	size_t have, want;

	for (;;) {
		bool more = path_segment(&path, end, &have);

		if (path_segment(&pattern, pattern_end, &want) != more)
			return MATCH_NO;
		if (!more)
			return path == end ? MATCH_YES : MATCH_NO;
		if (!api_decode(path, have, segment, sizeof(segment)))
			return MATCH_BAD;
		if (want == 4 && memcmp(pattern, "NAME", 4) == 0)
			strcpy(name, segment);
		else if (strlen(segment) != want || memcmp(segment, pattern, want) != 0)
			return MATCH_NO;
		path += have;
		pattern += want;
	}
}

/* Which of the route's parameters is meant; NULL if it has none such. */
static const char *route_param(const struct api_route *route, const char *name)
{
	for (size_t i = 0; i < API_PARAMS_MAX && route->params[i] != NULL; i++) {
		if (strcmp(route->params[i], name) == 0)
			return route->params[i];
	}
	return NULL;
}

/* One name=value of a query. */
static bool api_parse_param(struct api_call *call, const struct api_route *route,
			    const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	struct api_param *param = &call->params[call->param_count];
	char name[API_NAME_MAX + 1];

	if (call->param_count == API_PARAMS_MAX ||
	    !api_decode(text, name_len, name, sizeof(name)) ||
	    (equals != NULL &&
	     !api_decode(equals + 1, len - name_len - 1, param->value, sizeof(param->value)))) {
		api_problem(call, 400, "the query of the target is malformed");
		return false;
	}
	param->name = route_param(route, name);
	if (param->name == NULL || api_param(call, name) != NULL) {
		api_problem(call, 400,
			    param->name == NULL ? "%s %s knows no parameter '%s'"
						: "%s %s: parameter '%s' is given twice",
			    route->method, route->path, name);
		return false;
	}
	if (equals == NULL)
		strcpy(param->value, "1");
	call->param_count++;
	return true;
}

static bool api_parse_query(struct api_call *call, const struct api_route *route,
			    const char *query)
{
	while (*query != '\0') {
		size_t len = strcspn(query, "&");

		if (len > 0 && !api_parse_param(call, route, query, len))
			return false;
		query += len + (query[len] == '&');
	}
	return true;
}

const char *api_param(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, name) == 0)
			return call->params[i].value;
	}
	return NULL;
}

bool api_param_is_on(const struct api_call *call, const char *name)
{
	const char *value = api_param(call, name);

	return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

size_t api_param_count(struct api_call *call, const char *name, size_t fallback, size_t most)
{
	const char *text = api_param(call, name);
	int64_t number = (int64_t)fallback;

	if (text == NULL ||
	    (str_to_int(text, &number) == 0 && number >= 1 && number <= (int64_t)most))
		return (size_t)number;
	api_problem(call, 400, "%s has to be a number from 1 to %zu", name, most);
	return 0;
}

void api_answered(struct api_call *call)
{
	call->forget = NULL;
	if (call->answered != NULL)
		call->answered(call);
}

/* The row for the call, or NULL after the call was answered. */
static const struct api_route *api_find(struct api_call *call, size_t path_len)
{
	const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method;
	unsigned allowed = 0; /* 1: GET, 2: POST */
	static const char *const allows[] = {NULL, "GET, HEAD", "POST", "GET, HEAD, POST"};

	for (size_t i = 0; i < ARRAY_SIZE(api_routes); i++) {
		const struct api_route *route = &api_routes[i];
		enum api_match match =
			api_match(route->path, call->target, path_len, call->name);

		if (match == MATCH_BAD) {
			api_problem(call, 400, "the path of the target is malformed");
			return NULL;
		}
		if (match == MATCH_NO ||
		    (call->peer.role == PEER_METRICS && route->role != PEER_METRICS))
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		allowed |= route->method[0] == 'G' ? 1 : 2;
	}
	if (allowed == 0) {
		api_problem(call, 404, "there is no %.*s here",
			    (int)(path_len < API_NAME_MAX ? path_len : API_NAME_MAX),
			    call->target);
		return NULL;
	}
	call->allow = allows[allowed];
	api_problem(call, 405, "%.*s takes %s, not %.20s", (int)path_len, call->target,
		    call->allow, call->method);
	return NULL;
}

void api_serve(struct api_call *call)
{
	size_t path_len = strcspn(call->target, "?");
	const struct api_route *route;

	if (call->target[0] != '/') {
		api_problem(call, 400, "the target has to be a path");
		return;
	}
	route = api_find(call, path_len);
	if (route == NULL)
		return;
	if (call->peer.role < route->role) {
		api_problem(call, 403,
			    "%s %s needs root or membership in group gauged-admin; "
			    "group gauged may only look",
			    route->method, route->path);
		return;
	}
	if (strcmp(call->method, "POST") != 0 && call->body_len > 0) {
		api_problem(call, 400, "%s takes no body", call->method);
		return;
	}
	if (call->target[path_len] == '?' &&
	    !api_parse_query(call, route, call->target + path_len + 1))
		return;
	route->serve(call);
}

void api_call_done(struct api_call *call)
{
	if (call->forget != NULL)
		call->forget(call);
	call->forget = NULL;
	free(call->text);
	call->text = NULL;
	follower_free(call->follower);
	call->follower = NULL;
	pieces_free(call->pieces);
	call->pieces = NULL;
}
