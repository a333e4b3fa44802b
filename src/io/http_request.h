/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One HTTP request as libcurl is told of it: for the files of the HTTP client only, see
 * http_client.h. http_request.c asks, http_answer.c listens, http_client.c lets them run.
 */
#ifndef GAUGED_IO_HTTP_REQUEST_H
#define GAUGED_IO_HTTP_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "io/http_client.h"
#include "io/http_gate.h"

struct Curl_URL;
struct curl_slist;
struct http_route;

enum { HTTP_FAILURE_MAX = 256 + 2 * INET6_ADDRSTRLEN }; /* CURL_ERROR_SIZE, an address */

/*
 * Its URL and method stay the same for as long as it lives. Preparing one costs half as much
 * as sending it does: one that went well is kept for the next request of its kind.
 */
struct http_request {
	TAILQ_ENTRY(http_request) link; /* the client's */
	struct http_ticket ticket;
	struct http_client *client;
	struct http_route *route;
	struct http_client_counters *counters;
	void *easy;		/* CURL */
	struct Curl_URL *parts; /* NULL: libcurl cannot parse the URL, and will tell why */
	char *url, *host;
	char method[8];
	struct curl_slist *lines; /* an array; the texts are the caller's */
	size_t line_room;
	bool aimed; /* at an address of before, as the name can't be resolved */
	struct curl_slist *aim_line;
	char aim[INET6_ADDRSTRLEN + 8];
	http_done *done;
	void *arg;
	int status; /* of the last complete header block, 0 before one came */
	int64_t retry_after_ns;
	size_t header_bytes;
	size_t body_len;
	bool cut;
	const char *refused; /* what kind of address was not connected to */
	char address[INET6_ADDRSTRLEN];
	char failure[256]; /* CURL_ERROR_SIZE */
	char body[HTTP_BODY_MAX + 1];
};

/* bundle: libcurl has all authorities in one file. A reference of route is taken. */
struct http_request *http_request_new(struct http_client *client,
				      struct http_client_counters *counters, bool bundle,
				      struct http_route *route, const char *url,
				      const char *method);
/* http_client.c: the connection stands on fd, and what is asked for is sent now. */
void http_client_connected(struct http_client *client, struct http_request *request, int fd);
/* http_client.c: fd is about to be closed. Not told of sockets that were never connected. */
void http_client_closed(struct http_client *client, int fd);
/* Of one that is not under way. */
void http_request_free(struct http_request *request);
/* Gives it all that call says, for its next use. */
void http_request_load(struct http_request *request, const struct http_call *call,
		       http_done *done, void *arg);

/* ---- http_answer.c ---- */

/* Callbacks of libcurl: CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; arg is the request.
 */
size_t http_answer_header(char *line, size_t size, size_t count, void *arg);
/* Whether the name of the host was resolved, or did not have to be. */
bool http_answer_resolved(const struct http_request *request, int code);
size_t http_answer_body(char *bytes, size_t size, size_t count, void *arg);
/* What was answered; code is libcurl's verdict. The failure stands in room. */
void http_answer_read(const struct http_request *request, int code, char room[HTTP_FAILURE_MAX],
		      struct http_answer *ret);

#endif
