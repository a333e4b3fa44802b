/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns libmicrohttpd: connections, their caps and deadlines, and requests on their way to
 * api.c and back. We accept ourselves, because who comes decides whether there is a place; MHD
 * reads, parses and writes on its epoll descriptor, which our loop watches. No threads.
 */
#include "daemon/control.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "io/acceptor.h"
#include "io/loop.h"
#include "daemon/api.h"
#include "daemon/client.h"
#include "daemon/control_socket.h"
#include "daemon/follower.h"
#include "daemon/peer.h"
#include "daemon/pieces.h"

enum {
	FOLLOWERS_MAX = 16,
	EXPORTS_MAX = 4,	/* of answers that are made as they are read */
	REQUEST_MAX = 16 << 10, /* headers and body */
	POOL_SIZE = 24 << 10,	/* MHD's for a connection: a request and an answer's headers */
	FOLLOW_BLOCK = 4 << 10,
	SEND_BUFFER = 64 << 10,
};

struct request {
	struct control *control;
	struct client *client;
	struct MHD_Connection *connection;
	struct api_call call;
	struct str body;
	struct loop_watch *hangup; /* of a follower or reader: whether it is still there */
	bool served;		   /* api_serve() has it, or had it */
	bool serving;		   /* api_serve() is on the stack */
	bool suspended;
};

struct control {
	struct daemon *daemon;
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_watch *mhd_watch;
	struct loop_timer *mhd_timer;
	struct loop_defer *mhd_later;
	struct control_socket socket;
	int metrics_fd;
	struct acceptor *local, *metrics;
	gid_t admin_group;
	struct clients clients;
	struct client *adding; /* while MHD takes it */
	bool stopping;
	struct control_counters counters;
	struct complaint forbidden;
};

/* Running MHD. */

static void control_run(struct control *control)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(control->mhd);
	if (MHD_get_timeout(control->mhd, &ms) == MHD_YES)
		loop_timer_start(control->mhd_timer,
				 mono_add(clock_mono(), (int64_t)ms * NSEC_PER_MSEC));
}

static void control_mhd_due(void *arg)
{
	control_run(arg);
}

static void control_mhd_ready(void *arg, unsigned what)
{
	(void)what;
	control_run(arg);
}

/* Connections. */

/* MHD has a new connection (the one that we are adding), or closed one. */
static void control_connection(void *arg, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct control *control = arg;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = control->adding;
	else if (*context != NULL)
		client_free(*context);
}

static void control_refuse(struct control *control, int fd)
{
	static const char body[] =
		"{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
		"\"detail\":\"too many clients are connected, try again\"}\n";
	char answer[512];
	int len =
		snprintf(answer, sizeof(answer),
			 "HTTP/1.1 503 Service Unavailable\r\n"
			 "Content-Type: application/problem+json\r\n"
			 "Retry-After: 1\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
			 sizeof(body) - 1, body);

	control->counters.clients_refused++;
	(void)send(fd, answer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void control_take(struct control *control, int fd, const struct peer *peer)
{
	static const struct sockaddr address = {.sa_family = AF_UNIX};
	int size = SEND_BUFFER;

	if (!clients_place(&control->clients, peer)) {
		control_refuse(control, fd);
		return;
	}
	/* What the kernel holds for a slow follower counts as well. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	control->adding = client_new(&control->clients, fd, peer);
	/* It closes the descriptor if it fails, without having told us of the connection. */
	if (MHD_add_connection(control->mhd, fd, &address, sizeof(address)) != MHD_YES) {
		control->counters.accepts_failed++;
		client_free(control->adding);
	}
	control->adding = NULL;
	control_run(control);
}

static void control_local(void *arg, int fd)
{
	struct control *control = arg;
	struct peer peer;

	if (peer_of_socket(fd, geteuid(), control->admin_group, &peer) == 0) {
		control_take(control, fd, &peer);
		return;
	}
	control->counters.accepts_failed++;
	close(fd);
}

static void control_stranger(void *arg, int fd)
{
	struct peer peer = peer_of_stranger();

	control_take(arg, fd, &peer);
}

/* Requests. */

/* The target as it was sent: MHD would cut it at the query and decode it its own way. */
static void *control_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info->socket_context;

	(void)arg;
	free(client->target);
	client->target = xstrdup(target);
	return NULL;
}

static size_t control_undecoded(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

struct header_count {
	unsigned lengths, encodings;
	unsigned long long length;
};

static enum MHD_Result request_header(void *arg, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	struct header_count *count = arg;

	(void)kind;
	if (strcasecmp(name, "Content-Length") == 0) {
		count->lengths++;
		count->length = value != NULL ? strtoull(value, NULL, 10) : 0;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		count->encodings++;
	}
	return MHD_YES;
}

/* What is wrong with the headers; then the connection ends with the answer. */
static void request_check_headers(struct request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	size_t size = info != NULL ? info->header_size : 0;
	struct header_count count = {0};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, request_header, &count);
	if (count.lengths > 1 || (count.lengths > 0 && count.encodings > 0))
		api_problem(&request->call, 400, "the length of the body is given twice");
	else if (count.encodings > 0)
		api_problem(&request->call, 411,
			    "Transfer-Encoding is not taken here: send Content-Length");
	else if (size > REQUEST_MAX)
		api_problem(&request->call, 431, "a request may have %d bytes with its headers",
			    REQUEST_MAX);
	else if (count.length > REQUEST_MAX - size)
		api_problem(&request->call, 413, "a request may have %d bytes with its headers",
			    REQUEST_MAX);
}

static void request_count(struct request *request)
{
	struct control_counters *counters = &request->control->counters;
	int status = request->call.status;
	char room[64];
	struct str who;

	counters->requests++;
	if (status == 413 || status == 431) {
		counters->requests_too_large++;
	} else if (status == 403) {
		counters->requests_forbidden++;
		str_init_fixed(&who, room, sizeof(room));
		peer_show(&request->call.peer, &who);
		complaint_say(
			&request->control->forbidden, clock_mono(),
			"control: %s may not %s %s: neither root nor in group gauged-admin",
			who.s, request->call.method, request->call.target);
	} else if (status >= 400 && status < 500) {
		counters->requests_bad++;
	}
}

static void request_wake(void *arg)
{
	struct request *request = arg;

	if (!request->suspended)
		return;
	request->suspended = false;
	MHD_resume_connection(request->connection);
	/* Its descriptor does not wake us for that; and many lines become one write. */
	loop_defer_ask(request->control->mhd_later);
}

/* A follower that is gone, or speaks, is done: it would otherwise only be seen on writing. */
static void request_hangup(void *arg, unsigned what)
{
	struct request *request = arg;

	(void)what;
	loop_watch_set(request->hangup, 0);
	client_doom(request->client);
	request_wake(request);
}

/* There are lines to take, or there were too many: MHD may be stuck in writing the last ones.
 */
static void request_lines(void *arg)
{
	struct request *request = arg;

	if (follower_dropped(request->call.follower) &&
	    request->client->state != CLIENT_DOOMED) {
		request->control->counters.followers_dropped++;
		client_doom(request->client);
	}
	request_wake(request);
}

/* How many there are of its kind that stay long. */
static uint64_t *request_now(struct request *request)
{
	struct control_counters *counters = &request->control->counters;

	return request->call.pieces != NULL ? &counters->exports_now : &counters->followers_now;
}

/* Whether the answer is read in pieces. */
static bool request_streams(const struct request *request)
{
	return (request->call.follower != NULL || request->call.pieces != NULL) &&
	       strcmp(request->call.method, "HEAD") != 0;
}

/* MHD asks for more of an answer that has no end, or is made as it is read. */
static ssize_t request_more(void *arg, uint64_t pos, char *buf, size_t size)
{
	struct request *request = arg;
	struct follower *follower = request->call.follower;
	struct pieces *pieces = request->call.pieces;
	size_t len;

	(void)pos;
	if (request->control->stopping || request->client->state == CLIENT_DOOMED)
		return follower != NULL ? MHD_CONTENT_READER_END_OF_STREAM
					: MHD_CONTENT_READER_END_WITH_ERROR;
	len = follower != NULL ? follower_take(follower, buf, size)
			       : pieces_take(pieces, buf, size);
	/* Who reads an export has so long for each piece. */
	if (len > 0 && pieces != NULL)
		client_enter(request->client, CLIENT_ANSWERED);
	if (len > 0 || (pieces != NULL && pieces_ended(pieces)))
		return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return 0;
}

static struct MHD_Response *request_response(struct request *request)
{
	struct api_call *call = &request->call;
	struct MHD_Response *response;

	if (request_streams(request))
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FOLLOW_BLOCK,
							 request_more, request, NULL);
	response = MHD_create_response_from_buffer(call->text_len, call->text,
						   MHD_RESPMEM_MUST_FREE);
	if (response != NULL)
		call->text = NULL;
	return response;
}

static void request_start_streaming(struct request *request)
{
	bool follows = request->call.follower != NULL;

	if (follows)
		follower_on_wake(request->call.follower, request_lines, request);
	else
		pieces_on_wake(request->call.pieces, request_wake, request);
	*request_now(request) += 1;
	request->hangup = loop_watch_new(request->control->loop, request->client->fd, LOOP_READ,
					 request_hangup, request);
	client_enter(request->client, follows ? CLIENT_FOLLOWING : CLIENT_ANSWERED);
}

/* There is a limit to those who stay long; above it they are sent away. */
static void request_limit(struct request *request)
{
	struct api_call *call = &request->call;
	unsigned most = call->pieces != NULL ? EXPORTS_MAX : FOLLOWERS_MAX;

	if (!request_streams(request) || *request_now(request) < most)
		return;
	request->control->counters.exports_refused += call->pieces != NULL;
	api_call_done(call);
	api_problem(call, 503, "%u clients do that already, try again later", most);
}

static enum MHD_Result request_answer(struct request *request)
{
	struct api_call *call = &request->call;
	struct MHD_Response *response;
	enum MHD_Result queued;

	request_limit(request);
	response = request_response(request);
	if (response == NULL)
		return MHD_NO;
	request_count(request);
	MHD_add_response_header(response, "Content-Type", call->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (call->allow != NULL)
		MHD_add_response_header(response, "Allow", call->allow);
	if (call->status == 400 || call->status == 411 || call->status == 413 ||
	    call->status == 431)
		MHD_add_response_header(response, "Connection", "close");
	if (request_streams(request))
		request_start_streaming(request);
	else
		client_enter(request->client, CLIENT_ANSWERED);
	queued = MHD_queue_response(request->connection, (unsigned)call->status, response);
	MHD_destroy_response(response);
	return queued;
}

/* The answer came later: MHD asks control_request() again, which finds it there. */
static void request_answered(struct api_call *call)
{
	struct request *request =
		(struct request *)((char *)call - offsetof(struct request, call));

	if (!request->serving)
		request_wake(request);
}

static enum MHD_Result request_serve(struct request *request)
{
	if (!request->served) {
		request->call.body = request->body.s;
		request->call.body_len = request->body.len;
		client_enter(request->client, CLIENT_SERVED);
		request->served = request->serving = true;
		api_serve(&request->call);
		request->serving = false;
	}
	if (request->call.status != 0)
		return request_answer(request);
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

static enum MHD_Result request_begin(struct control *control, struct MHD_Connection *connection,
				     const char *method, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info->socket_context;
	struct request *request = xcalloc(1, sizeof(*request));

	*context = client->request = request;
	request->control = control;
	request->client = client;
	request->connection = connection;
	str_init(&request->body);
	request->call = (struct api_call){
		.daemon = control->daemon,
		.control = control,
		.peer = client->peer,
		.method = method,
		.target = client->target,
		.answered = request_answered,
	};
	request_check_headers(request);
	return request->call.status != 0 ? request_answer(request) : MHD_YES;
}

/* MHD's view of a request: once with its headers, then for each piece of body, then whole. */
static enum MHD_Result control_request(void *arg, struct MHD_Connection *connection,
				       const char *url, const char *method, const char *version,
				       const char *upload, size_t *upload_size, void **context)
{
	struct request *request = *context;

	(void)url;
	(void)version;
	if (request == NULL)
		return request_begin(arg, connection, method, context);
	if (*upload_size > 0) {
		/* The length was checked with the headers; this is for what cannot be. */
		if (request->body.len + *upload_size > REQUEST_MAX)
			return MHD_NO;
		str_add(&request->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (request->control->stopping)
		return MHD_NO;
	if (request->call.status != 0)
		return request_answer(request);
	return request_serve(request);
}

static void control_completed(void *arg, struct MHD_Connection *connection, void **context,
			      enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)arg;
	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	*context = NULL;
	if (request->hangup != NULL)
		*request_now(request) -= 1;
	loop_watch_free(request->hangup);
	request->client->request = NULL;
	client_enter(request->client, CLIENT_IDLE);
	api_call_done(&request->call);
	str_done(&request->body);
	free(request);
}

/* Making and ending. */

static int control_start_mhd(struct control *control, struct error *err)
{
	const union MHD_DaemonInfo *info;

	control->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, control_request, control, MHD_OPTION_CONNECTION_LIMIT, 2u * CLIENTS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, control_target, control,
		MHD_OPTION_UNESCAPE_CALLBACK, control_undecoded, control,
		MHD_OPTION_NOTIFY_CONNECTION, control_connection, control,
		MHD_OPTION_NOTIFY_COMPLETED, control_completed, control, MHD_OPTION_END);
	if (control->mhd == NULL)
		return error_set(err, ENOMEM, "control: libmicrohttpd does not start");
	info = MHD_get_daemon_info(control->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0)
		return error_set(err, ENOSYS, "control: libmicrohttpd was built without epoll");
	control->mhd_watch = loop_watch_new(control->loop, info->epoll_fd, LOOP_READ,
					    control_mhd_ready, control);
	control->mhd_timer = loop_timer_new(control->loop, control_mhd_due, control);
	control->mhd_later = loop_defer_new(control->loop, control_mhd_due, control);
	return 0;
}

struct control *control_new(struct daemon *daemon, struct loop *loop,
			    const struct control_config *config, struct error *err)
{
	struct control *control = xcalloc(1, sizeof(*control));

	control->daemon = daemon;
	control->loop = loop;
	control->socket = (struct control_socket){.fd = -1, .dir = -1};
	control->metrics_fd = -1;
	control->admin_group = peer_admin_group("gauged-admin");
	clients_init(&control->clients, loop);
	if (control_socket_open(&control->socket, config->socket, err) < 0 ||
	    control_start_mhd(control, err) < 0)
		goto fail;
	control->local = acceptor_new(loop, control->socket.fd, "control socket", control_local,
				      control);
	if (config->metrics_listen == NULL)
		return control;
	control->metrics_fd = control_socket_listen_tcp(config->metrics_listen, err);
	if (control->metrics_fd < 0)
		goto fail;
	control->metrics = acceptor_new(loop, control->metrics_fd, "metrics listener",
					control_stranger, control);
	return control;
fail:
	control_free(control);
	return NULL;
}

/* MHD wants nobody suspended when it stops; each then finds that we are stopping. */
static void control_end_clients(struct control *control)
{
	struct client *client;

	control->stopping = true;
	TAILQ_FOREACH (client, &control->clients.list, entry) {
		client_doom(client);
		if (client->request != NULL)
			request_wake(client->request);
	}
	MHD_run(control->mhd);
	MHD_stop_daemon(control->mhd);
}

void control_free(struct control *control)
{
	if (control == NULL)
		return;
	acceptor_free(control->local);
	acceptor_free(control->metrics);
	loop_watch_free(control->mhd_watch);
	if (control->mhd != NULL)
		control_end_clients(control);
	loop_timer_free(control->mhd_timer);
	loop_defer_free(control->mhd_later);
	clients_done(&control->clients);
	if (control->socket.fd >= 0)
		control_socket_close(&control->socket);
	if (control->metrics_fd >= 0)
		close(control->metrics_fd);
	free(control);
}

void control_count(const struct control *control, struct control_counters *ret)
{
	*ret = control->counters;
	ret->clients = control->clients.all;
	ret->clients_now = control->clients.now;
	ret->clients_evicted = control->clients.evicted;
	ret->clients_timed_out = control->clients.timed_out;
	ret->accepts_failed +=
		acceptor_failed(control->local) + acceptor_failed(control->metrics);
}
