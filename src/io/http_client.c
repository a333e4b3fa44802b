/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns libcurl: its multi handle on our loop, and the limits that no request may pass. */
#include "io/http_client.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/http_address.h"
#include "io/loop.h"

enum {
	CONNECTIONS_KEPT = 16, /* idle ones, over all hosts */
	IDLE_SECONDS = 90,
	REQUESTS_KEPT = 4,	    /* prepared ones that wait for their next use */
	EXPECT_BYTES = 1024 * 1024, /* longer bodies wait for "100 Continue" with libcurl */
};

/*
 * Its URL and method stay the same for as long as it lives. Preparing one costs half as much
 * as sending it does: one that went well is kept for the next request of its kind.
 */
struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_client *client;
	CURL *easy;
	CURLU *parts; /* NULL: libcurl cannot parse the URL, and will tell why */
	char *url;
	char method[8];
	struct curl_slist *lines; /* an array; the texts are the caller's */
	size_t line_room;
	http_done *done;
	void *arg;
	int status; /* of the last complete header block, 0 before one came */
	int64_t retry_after_ns;
	size_t header_bytes;
	size_t body_len;
	bool cut;
	const char *refused; /* what kind of address was not connected to */
	char address[INET6_ADDRSTRLEN];
	char failure[CURL_ERROR_SIZE];
	char body[HTTP_BODY_MAX + 1];
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct loop_defer *finish;
	TAILQ_HEAD(requests, http_request) requests, kept; /* kept: the last used first */
	size_t kept_count;
	bool bundle; /* libcurl has all authorities in one file */
	struct http_client_counters counters;
};

/* The host of the URL is an address, or this box by its usual name. */
static bool url_names_local(CURLU *parts)
{
	char *host = NULL;
	uint8_t address[16];
	size_t len;
	bool local = false;

	if (parts != NULL && curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		len = strlen(host);
		local = host[0] == '[' || inet_pton(AF_INET, host, address) == 1 ||
			strcasecmp(host, "localhost") == 0 ||
			(len > 10 && strcasecmp(host + len - 10, ".localhost") == 0);
	}
	curl_free(host);
	return local;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct http_request *request = arg;
	const void *in = addr->family == AF_INET ? (const void *)(addr->addr.sa_data + 2)
						 : (const void *)(addr->addr.sa_data + 6);
	const char *refused =
		http_address_refused(&addr->addr, url_names_local(request->parts));

	(void)purpose;
	if (refused != NULL) {
		request->refused = refused;
		inet_ntop(addr->family, in, request->address, sizeof(request->address));
		request->client->counters.refused++;
		return CURL_SOCKET_BAD;
	}
	request->client->counters.connections++;
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      addr->protocol);
}

int64_t http_retry_after(const char *value, size_t len, struct wall now)
{
	char text[64];
	int64_t seconds = 0;
	time_t date;

	while (len > 0 && isspace((unsigned char)value[0])) {
		value++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)value[len - 1]))
		len--;
	if (len == 0 || len >= sizeof(text))
		return -1;
	memcpy(text, value, len);
	text[len] = '\0';
	if (strlen(text) != len)
		return -1;
	if (strspn(text, "0123456789") == len) {
		for (size_t i = 0; i < len && seconds < INT32_MAX; i++)
			seconds = 10 * seconds + (text[i] - '0');
		return (seconds < INT32_MAX ? seconds : INT32_MAX) * NSEC_PER_SEC;
	}
	/* curl_getdate() is generous: all that HTTP allows starts with the name of a day. */
	if (!isalpha((unsigned char)text[0]) || strchr(text, ':') == NULL)
		return -1;
	date = curl_getdate(text, NULL);
	if (date < 0)
		return -1;
	if (date <= now.ns / NSEC_PER_SEC)
		return 0;
	seconds = date - now.ns / NSEC_PER_SEC;
	return (seconds < INT32_MAX ? seconds : INT32_MAX) * NSEC_PER_SEC;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	static const char retry[] = "retry-after:";
	struct http_request *request = arg;
	size_t len = size * count;
	long status = 0;

	request->header_bytes += len;
	if (request->header_bytes > HTTP_HEADERS_MAX)
		return 0;
	if (len > 5 && strncasecmp(line, "HTTP/", 5) == 0)
		request->retry_after_ns = -1;
	else if (len >= sizeof(retry) && strncasecmp(line, retry, sizeof(retry) - 1) == 0)
		request->retry_after_ns = http_retry_after(
			line + sizeof(retry) - 1, len - (sizeof(retry) - 1), clock_wall());
	else if (len == 2 && line[0] == '\r') {
		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
		if (status >= 200)
			request->status = (int)status;
	}
	return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t len = size * count, room = HTTP_BODY_MAX - request->body_len;

	memcpy(request->body + request->body_len, bytes, len < room ? len : room);
	request->body_len += len < room ? len : room;
	request->body[request->body_len] = '\0';
	if (len <= room)
		return len;
	request->cut = true;
	request->client->counters.cut++;
	return 0;
}

/* Of one that is neither under way nor kept. */
static void request_free(struct http_request *request)
{
	curl_easy_cleanup(request->easy);
	curl_url_cleanup(request->parts);
	/* It may hold a secret. */
	explicit_bzero(request->url, strlen(request->url));
	free(request->url);
	free(request->lines);
	free(request);
}

static void request_abort(struct http_request *request)
{
	TAILQ_REMOVE(&request->client->requests, request, link);
	curl_multi_remove_handle(request->client->multi, request->easy);
	request_free(request);
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
	request_free(oldest);
}

/* Why there was no answer. */
static void request_tell(const struct http_request *request, CURLcode code, char *room,
			 size_t size)
{
	long cause = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &cause);
	if (request->refused != NULL)
		snprintf(room, size, "%s is a %s address and is never connected to",
			 request->address, request->refused);
	else if (request->header_bytes > HTTP_HEADERS_MAX)
		snprintf(room, size, "the answer's headers are longer than %d bytes",
			 HTTP_HEADERS_MAX);
	else if (code == CURLE_COULDNT_CONNECT && cause > 0)
		/* libcurl's text leaves the cause out. */
		snprintf(room, size, "%s", strerrordesc_np((int)cause));
	else
		snprintf(room, size, "%s",
			 request->failure[0] != '\0' ? request->failure
			 : code == CURLE_OK	     ? "not an HTTP answer"
						     : curl_easy_strerror(code));
}

/*
 * Once the headers are whole the peer has answered, whatever becomes of the rest: a body that
 * does not end or that is cut off changes nothing about what was said.
 */
static void request_finish(struct http_request *request, CURLcode code)
{
	struct http_answer answer = {
		.status = request->status,
		.retry_after_ns = request->status != 0 ? request->retry_after_ns : -1,
		.body = request->body,
		.body_len = request->body_len,
		.cut = request->cut,
	};
	http_done *done = request->done;
	void *arg = request->arg;
	char failure[CURL_ERROR_SIZE + 2 * INET6_ADDRSTRLEN];

	if (answer.status == 0) {
		request_tell(request, code, failure, sizeof(failure));
		answer.failure = failure;
	}
	/* The body is in the request: it goes after the call, and done may not cancel it. */
	TAILQ_REMOVE(&request->client->requests, request, link);
	curl_multi_remove_handle(request->client->multi, request->easy);
	done(arg, &answer);
	/* After anything out of the ordinary the next one begins from nothing. */
	if (code == CURLE_OK && answer.status != 0)
		request_keep(request);
	else
		request_free(request);
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

	if (client == NULL)
		return;
	while ((request = TAILQ_FIRST(&client->requests)) != NULL)
		request_abort(request);
	while ((request = TAILQ_FIRST(&client->kept)) != NULL) {
		TAILQ_REMOVE(&client->kept, request, link);
		request_free(request);
	}
	/* Closes the connections that stand, through on_socket(). */
	curl_multi_cleanup(client->multi);
	loop_timer_free(client->timer);
	loop_defer_free(client->finish);
	curl_global_cleanup();
	free(client);
}

/* Written once, for every request: nothing here depends on a configuration. */
static CURLcode request_limit(struct http_request *request)
{
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;

	code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	code |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request);
	code |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	code |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->failure);
	code |= curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	code |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
	/* Each connection is verified by itself: a session of before would be believed. */
	code |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* libcurl keeps the parsed bundle of authorities only when there is no folder beside
	 * it; without that each new connection would parse it anew, for 50 ms on the loop. */
	if (request->client->bundle)
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* Without it a request that ends while its name is being resolved waits, on our
	 * thread, until the resolver gives up. */
	code |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	return code;
}

static struct http_request *request_new(struct http_client *client, const char *url,
					const char *method)
{
	struct http_request *request = xcalloc(1, sizeof(*request));
	CURLcode code;

	request->client = client;
	request->url = xstrdup(url);
	snprintf(request->method, sizeof(request->method), "%s", method);
	request->easy = curl_easy_init();
	request->parts = curl_url();
	if (request->easy == NULL || request->parts == NULL)
		abort();
	code = request_limit(request);
	code |= curl_easy_setopt(request->easy, CURLOPT_PATH_AS_IS, 1L);
	code |= curl_easy_setopt(request->easy, CURLOPT_USERAGENT, "gauged/" PACKAGE_VERSION);
	code |= curl_easy_setopt(request->easy, CURLOPT_POST, 1L);
	code |= curl_easy_setopt(request->easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (curl_url_set(request->parts, CURLUPART_URL, url,
			 CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) == CURLUE_OK) {
		code |= curl_easy_setopt(request->easy, CURLOPT_CURLU, request->parts);
	} else {
		curl_url_cleanup(request->parts);
		request->parts = NULL;
		code |= curl_easy_setopt(request->easy, CURLOPT_URL, url);
	}
	/* Only a lack of memory or a libcurl that is not the one we were built for. */
	if (code != CURLE_OK)
		abort();
	return request;
}

/* One of its kind that is kept, or a new one. */
static struct http_request *request_take(struct http_client *client, const char *url,
					 const char *method)
{
	struct http_request *request;

	TAILQ_FOREACH (request, &client->kept, link) {
		if (strcmp(request->url, url) != 0 || strcmp(request->method, method) != 0)
			continue;
		TAILQ_REMOVE(&client->kept, request, link);
		client->kept_count--;
		return request;
	}
	return request_new(client, url, method);
}

/* NULL: it has none. libcurl only reads the texts. */
static struct curl_slist *request_lines(struct http_request *request,
					const struct http_call *call)
{
	size_t count = 0, given = 0;

	while (call->headers != NULL && call->headers[given] != NULL)
		given++;
	if (request->line_room < given + 1) {
		request->line_room = given + 1;
		request->lines = xreallocarray(request->lines, request->line_room,
					       sizeof(*request->lines));
	}
	for (; count < given; count++)
		request->lines[count].data = (char *)call->headers[count];
	/* No "100 Continue" round trip. */
	if (call->body_len > EXPECT_BYTES)
		request->lines[count++].data = (char *)"Expect:";
	for (size_t i = 0; i < count; i++)
		request->lines[i].next = i + 1 < count ? &request->lines[i + 1] : NULL;
	return count > 0 ? request->lines : NULL;
}

struct http_request *http_client_start(struct http_client *client, const struct http_call *call,
				       http_done *done, void *arg)
{
	struct http_request *request = request_take(client, call->url, call->method);
	int64_t timeout_ms = (call->timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	CURL *easy = request->easy;
	CURLcode code;
	int running;

	request->done = done;
	request->arg = arg;
	request->status = 0;
	request->retry_after_ns = -1;
	request->header_bytes = 0;
	request->body_len = 0;
	request->body[0] = '\0';
	request->cut = false;
	request->refused = NULL;
	request->failure[0] = '\0';
	code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request_lines(request, call));
	code |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
	code |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
	code |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (code != CURLE_OK || curl_multi_add_handle(client->multi, easy) != CURLM_OK)
		abort();
	TAILQ_INSERT_HEAD(&client->requests, request, link);
	client->counters.requests++;
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	loop_defer_ask(client->finish);
	return request;
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

int http_url_check(const char *url, struct error *err)
{
	CURLU *parts = curl_url();
	CURLUcode code;
	char *text = NULL;
	int rc = 0;

	if (parts == NULL)
		abort();
	code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OK)
		code = curl_url_get(parts, CURLUPART_SCHEME, &text, 0);
	if (code != CURLUE_OK)
		rc = error_set(err, EINVAL, "not a URL that can be used: %s",
			       curl_url_strerror(code));
	else if (strcmp(text, "http") != 0 && strcmp(text, "https") != 0)
		rc = error_set(err, EINVAL, "'%s' URLs are not supported, only http and https",
			       text);
	curl_free(text);
	text = NULL;
	if (rc == 0 &&
	    (curl_url_get(parts, CURLUPART_HOST, &text, 0) != CURLUE_OK || text[0] == '\0'))
		rc = error_set(err, EINVAL, "the URL has no host");
	curl_free(text);
	text = NULL;
	if (rc == 0 && (curl_url_get(parts, CURLUPART_USER, &text, 0) == CURLUE_OK ||
			curl_url_get(parts, CURLUPART_PASSWORD, &text, 0) == CURLUE_OK))
		rc = error_set(err, EINVAL,
			       "a user or password may not stand in a URL: use a header with "
			       "${secret:NAME}");
	curl_free(text);
	curl_url_cleanup(parts);
	return rc;
}
