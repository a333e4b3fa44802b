/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns libcurl's multi handle on our loop: sockets, the timer, and requests under way. */
#include "io/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/http_gate.h"
#include "io/http_prime.h"
#include "io/http_request.h"
#include "io/http_route.h"
#include "io/loop.h"

enum {
	CONNECTIONS_KEPT = 16, /* idle ones, over all hosts */
	REQUESTS_KEPT = 4,     /* prepared ones that wait for their next use */
};

/* A connection that stands, and whose it is. It may outlive the webhook. */
struct http_link {
	LIST_ENTRY(http_link) entry;
	int fd;
	struct http_route *route;
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct loop_defer *finish;
	TAILQ_HEAD(requests, http_request) requests, kept; /* kept: the last used first */
	size_t kept_count;
	bool bundle; /* libcurl has all authorities in one file */
	bool primed;
	struct http_route *plain; /* of requests that name none */
	struct http_gate gate;
	LIST_HEAD(, http_link) links;
	struct http_client_counters counters;
};

static void request_abort(struct http_request *request)
{
	struct http_client *client = request->client;

	if (request->ticket.state != GATE_WAITS) {
		TAILQ_REMOVE(&client->requests, request, link);
		curl_multi_remove_handle(client->multi, request->easy);
	}
	/* What was called off says nothing about the receiver. */
	http_gate_leave(&client->gate, request, request->ticket.doubtful);
	http_request_free(request);
}

static void request_keep(struct http_request *request)
{
	struct http_client *client = request->client;
	struct http_request *oldest;

	TAILQ_INSERT_HEAD(&client->kept, request, link);
	client->kept_count++;
	if (client->kept_count <= REQUESTS_KEPT)
		return;
	oldest = TAILQ_LAST(&client->kept, requests);
	TAILQ_REMOVE(&client->kept, oldest, link);
	client->kept_count--;
	http_request_free(oldest);
}

static void request_finish(struct http_request *request, CURLcode code)
{
	struct http_client *client = request->client;
	struct http_answer answer;
	http_done *done = request->done;
	void *arg = request->arg;
	char failure[HTTP_FAILURE_MAX];

	http_answer_read(request, (int)code, failure, &answer);
	/* For one try: then the name is asked for again. */
	http_route_resolved(request->route,
			    request->aimed || http_answer_resolved(request, (int)code));
	/* The body is in the request: it goes after the call, and done may not cancel it. */
	TAILQ_REMOVE(&client->requests, request, link);
	curl_multi_remove_handle(client->multi, request->easy);
	http_gate_leave(&client->gate, request, answer.status == 0 || answer.status >= 500);
	done(arg, &answer);
	/* After anything out of the ordinary the next one begins from nothing. */
	if (code == CURLE_OK && answer.status != 0)
		request_keep(request);
	else
		http_request_free(request);
}

static void request_begin(struct http_client *client, struct http_request *request)
{
	if (curl_multi_add_handle(client->multi, request->easy) != CURLM_OK)
		abort();
	TAILQ_INSERT_HEAD(&client->requests, request, link);
}

static void begin_waiting(struct http_client *client)
{
	struct http_request *request;
	int running;

	while ((request = http_gate_next(&client->gate)) != NULL) {
		request_begin(client, request);
		curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		loop_defer_ask(client->finish);
	}
}

static void link_free(struct http_link *link)
{
	http_route_traffic(link->route)->sockets--;
	http_route_unref(link->route);
	LIST_REMOVE(link, entry);
	free(link);
}

void http_client_closed(struct http_client *client, int fd)
{
	struct http_link *link;

	LIST_FOREACH (link, &client->links, entry) {
		if (link->fd != fd)
			continue;
		link_free(link);
		return;
	}
}

static void link_note(struct http_client *client, struct http_route *route, int fd)
{
	struct http_link *link;

	LIST_FOREACH (link, &client->links, entry)
		if (link->fd == fd && link->route == route)
			return;
	/* A number that is another connection's now. */
	http_client_closed(client, fd);
	link = xcalloc(1, sizeof(*link));
	link->fd = fd;
	link->route = http_route_ref(route);
	http_route_traffic(route)->sockets++;
	LIST_INSERT_HEAD(&client->links, link, entry);
}

void http_client_connected(struct http_client *client, struct http_request *request, int fd)
{
	link_note(client, request->route, fd);
	/* Not within libcurl, which calls this. */
	if (http_gate_pass(&client->gate, request) && http_gate_waiting(&client->gate) != NULL)
		loop_defer_ask(client->finish);
}

static void on_finish(void *arg)
{
	struct http_client *client = arg;
	struct http_request *request;
	struct CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		char *owner = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
		request = (struct http_request *)(void *)owner;
		request_finish(request, code);
	}
	begin_waiting(client);
}

static void client_act(struct http_client *client, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(client->multi, fd, what, &running);
	on_finish(client);
}

static void on_ready(void *arg, unsigned what);

/* What libcurl waits for on one socket. */
struct http_socket {
	struct http_client *client;
	struct loop_watch *watch;
	curl_socket_t fd;
};

static void on_ready(void *arg, unsigned what)
{
	struct http_socket *socket = arg;

	/* The call may close the socket, and with it end *socket. */
	client_act(socket->client, socket->fd,
		   (what & LOOP_READ ? CURL_CSELECT_IN : 0) |
			   (what & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct http_client *client = arg;
	struct http_socket *socket = assigned;
	unsigned bits = (what == CURL_POLL_OUT ? 0u : (unsigned)LOOP_READ) |
			(what == CURL_POLL_IN ? 0u : (unsigned)LOOP_WRITE);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (socket != NULL) {
			curl_multi_assign(client->multi, fd, NULL);
			loop_watch_free(socket->watch);
			free(socket);
		}
		return 0;
	}
	if (socket != NULL) {
		loop_watch_set(socket->watch, bits);
		return 0;
	}
	socket = xcalloc(1, sizeof(*socket));
	socket->client = client;
	socket->fd = fd;
	socket->watch = loop_watch_new(client->loop, fd, bits, on_ready, socket);
	curl_multi_assign(client->multi, fd, socket);
	return 0;
}

static void on_time(void *arg)
{
	client_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(client->timer);
	else
		loop_timer_start(client->timer,
				 mono_add(clock_mono(), timeout_ms * NSEC_PER_MSEC));
	return 0;
}

struct http_client *http_client_new(struct loop *loop, struct error *err)
{
	struct http_client *client = xcalloc(1, sizeof(*client));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		error_set(err, ENOMEM, "cannot start the HTTP client: libcurl does not start");
		free(client);
		return NULL;
	}
	if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0) {
		error_set(err, ENOTSUP,
			  "cannot start the HTTP client: this libcurl waits for DNS answers "
			  "(built without the threaded resolver)");
		goto fail;
	}
	client->multi = curl_multi_init();
	if (client->multi == NULL) {
		error_set(err, ENOMEM, "cannot start the HTTP client: out of memory");
		goto fail;
	}
	client->loop = loop;
	client->bundle = curl_version_info(CURLVERSION_NOW)->cainfo != NULL;
	TAILQ_INIT(&client->requests);
	TAILQ_INIT(&client->kept);
	http_gate_init(&client->gate);
	LIST_INIT(&client->links);
	client->plain = http_route_new(&(struct http_route_spec){.shared = true}, err);
	client->timer = loop_timer_new(loop, on_time, client);
	client->finish = loop_defer_new(loop, on_finish, client);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return client;
fail:
	curl_global_cleanup();
	free(client);
	return NULL;
}

void http_client_free(struct http_client *client)
{
	struct http_request *request;
	struct http_link *link;

	if (client == NULL)
		return;
	while ((request = TAILQ_FIRST(&client->requests)) != NULL)
		request_abort(request);
	while ((request = http_gate_waiting(&client->gate)) != NULL)
		request_abort(request);
	while ((request = TAILQ_FIRST(&client->kept)) != NULL) {
		TAILQ_REMOVE(&client->kept, request, link);
		http_request_free(request);
	}
	/* Closes the connections that stand, through on_socket(). */
	curl_multi_cleanup(client->multi);
	while ((link = LIST_FIRST(&client->links)) != NULL)
		link_free(link);
	loop_timer_free(client->timer);
	loop_defer_free(client->finish);
	http_route_unref(client->plain);
	curl_global_cleanup();
	free(client);
}

void http_client_prime(struct http_client *client)
{
	if (client->bundle && !client->primed)
		http_prime(client->multi);
	client->primed = true;
}

/* One of its kind that is kept, or a new one. */
static struct http_request *request_take(struct http_client *client,
					 const struct http_call *call)
{
	struct http_route *route = call->route != NULL ? call->route : client->plain;
	struct http_request *request;

	TAILQ_FOREACH (request, &client->kept, link) {
		if (request->route != route || strcmp(request->url, call->url) != 0 ||
		    strcmp(request->method, call->method) != 0)
			continue;
		TAILQ_REMOVE(&client->kept, request, link);
		client->kept_count--;
		return request;
	}
	return http_request_new(client, &client->counters, client->bundle, route, call->url,
				call->method);
}

struct http_request *http_client_start(struct http_client *client, const struct http_call *call,
				       http_done *done, void *arg)
{
	struct http_request *request = request_take(client, call);
	int running;

	http_request_load(request, call, done, arg);
	client->counters.requests++;
	if (!http_gate_ask(&client->gate, request, http_route_traffic(request->route))) {
		client->counters.waited++;
		return request;
	}
	request_begin(client, request);
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	loop_defer_ask(client->finish);
	return request;
}

/* What a route that is gone would leave behind: its key, until others are kept instead. */
void http_client_forget(struct http_client *client, const struct http_route *route)
{
	struct http_request *request, *next;

	for (request = TAILQ_FIRST(&client->kept); request != NULL; request = next) {
		next = TAILQ_NEXT(request, link);
		if (request->route != route)
			continue;
		TAILQ_REMOVE(&client->kept, request, link);
		client->kept_count--;
		http_request_free(request);
	}
}

void http_request_cancel(struct http_request *request)
{
	if (request != NULL)
		request_abort(request);
}

void http_client_counters(const struct http_client *client, struct http_client_counters *ret)
{
	*ret = client->counters;
}
