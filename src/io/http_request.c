/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what libcurl is told of a request, and the limits that none may pass. */
#include "io/http_request.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "io/http_route.h"
#include "io/http_url.h"
#include "io/tcp_address.h"

enum {
	IDLE_SECONDS = 90,
	EXPECT_BYTES = 1024 * 1024, /* longer bodies wait for "100 Continue" with libcurl */
};

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct http_request *request = arg;
	const void *in = addr->family == AF_INET ? (const void *)(addr->addr.sa_data + 2)
						 : (const void *)(addr->addr.sa_data + 6);
	const char *refused = http_route_refused(request->route, &addr->addr, request->host);
	int fd;

	(void)purpose;
	if (refused != NULL) {
		request->refused = refused;
		inet_ntop(addr->family, in, request->address, sizeof(request->address));
		request->counters->refused++;
		return CURL_SOCKET_BAD;
	}
	fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    addr->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	request->counters->connections++;
	return fd;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
	http_client_closed(arg, fd);
	return close(fd);
}

/* A connection that stands may have been opened by a route that may go where this may not. */
static bool may_use(struct http_request *request, const char *peer)
{
	bool v6 = strchr(peer, ':') != NULL;
	char text[TCP_ADDRESS_TEXT];
	struct tcp_address address;
	const char *refused = "not an internet";

	snprintf(text, sizeof(text), v6 ? "[%s]:1" : "%s:1", peer);
	if (tcp_address_parse(text, &address) == 0)
		refused = http_route_refused(request->route, &address.any, request->host);
	if (refused == NULL)
		return true;
	request->refused = refused;
	snprintf(request->address, sizeof(request->address), "%s", peer);
	request->counters->refused++;
	curl_easy_setopt(request->easy, CURLOPT_FORBID_REUSE, 1L);
	return false;
}

static int on_connected(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct http_request *request = arg;
	curl_socket_t fd = CURL_SOCKET_BAD;

	(void)own;
	(void)peer_port;
	(void)own_port;
	curl_easy_getinfo(request->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (!may_use(request, peer))
		return CURL_PREREQFUNC_ABORT;
	http_route_connected(request->route, peer);
	http_client_connected(request->client, request, (int)fd);
	return CURL_PREREQFUNC_OK;
}

void http_request_free(struct http_request *request)
{
	curl_easy_cleanup(request->easy);
	curl_url_cleanup(request->parts);
	/* It may hold a secret. */
	explicit_bzero(request->url, strlen(request->url));
	free(request->url);
	free(request->host);
	free(request->aim_line);
	free(request->lines);
	http_route_unref(request->route);
	free(request);
}

/* Written once, for every request: nothing here depends on a configuration. */
static CURLcode request_limit(struct http_request *request, bool bundle)
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
	code |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	code |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, request->client);
	code |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	code |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
	/* By TLS, where the receiver offers it. */
	code |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	code |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_answer_header);
	code |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_answer_body);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->failure);
	code |= curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	code |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
	/* Each connection is verified by itself: a session of before would be believed. */
	code |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* libcurl keeps the parsed bundle of authorities only when there is no folder beside
	 * it; without that each new connection would parse it anew, for 50 ms on the loop. */
	if (bundle)
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* Without it a request that ends while its name is being resolved waits, on our
	 * thread, until the resolver gives up. */
	code |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	return code;
}

struct http_request *http_request_new(struct http_client *client,
				      struct http_client_counters *counters, bool bundle,
				      struct http_route *route, const char *url,
				      const char *method)
{
	struct http_request *request = xcalloc(1, sizeof(*request));
	CURLcode code;

	request->client = client;
	request->counters = counters;
	request->route = http_route_ref(route);
	request->url = xstrdup(url);
	snprintf(request->method, sizeof(request->method), "%s", method);
	request->easy = curl_easy_init();
	request->parts = curl_url();
	if (request->easy == NULL || request->parts == NULL)
		abort();
	code = request_limit(request, bundle);
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
	request->host = http_url_host(request->parts);
	/* Only a lack of memory or a libcurl that is not the one we were built for. */
	if (code != CURLE_OK || !http_route_apply(route, request->easy))
		abort();
	return request;
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

static int64_t request_timeout(const struct http_call *call)
{
	int64_t beyond = (int64_t)call->body_len - HTTP_SMALL;

	return call->timeout_ns + (beyond > 0 ? beyond * NSEC_PER_SEC / HTTP_SLOWEST : 0);
}

/* While the name can't be resolved: the receiver itself is still there, and the alarm waits. */
static CURLcode request_aim(struct http_request *request)
{
	const char *address = http_route_kept_address(request->route);
	bool v6 = address != NULL && strchr(address, ':') != NULL;

	request->aimed = address != NULL;
	if (address == NULL)
		return curl_easy_setopt(request->easy, CURLOPT_CONNECT_TO, NULL);
	snprintf(request->aim, sizeof(request->aim), v6 ? "::[%s]:" : "::%s:", address);
	if (request->aim_line == NULL)
		request->aim_line = xcalloc(1, sizeof(*request->aim_line));
	request->aim_line->data = request->aim;
	return curl_easy_setopt(request->easy, CURLOPT_CONNECT_TO, request->aim_line);
}

void http_request_load(struct http_request *request, const struct http_call *call,
		       http_done *done, void *arg)
{
	int64_t timeout_ms = (request_timeout(call) + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	CURL *easy = request->easy;
	CURLcode code;

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
	code |= request_aim(request);
	if (code != CURLE_OK)
		abort();
}
