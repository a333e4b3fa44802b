/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * HTTP requests on the loop: one libcurl multi handle with its connections. Peer and host are
 * always verified, redirects are not followed, proxies of the environment are not used, an
 * answer is read up to 4 KiB and never decompressed, names are resolved on libcurl's own
 * threads. The program has to ignore SIGPIPE.
 *
 * Never connected to, whatever a name resolves to: link-local and metadata addresses,
 * multicast, reserved and unspecified ones; and loopback, unless the URL's host is an address
 * or localhost (a public name that resolves to this box is DNS rebinding). That holds for a
 * connection that another route has opened as well.
 */
#ifndef GAUGED_IO_HTTP_CLIENT_H
#define GAUGED_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct error;
struct http_client;
struct http_request;
struct http_route;
struct loop;

enum {
	HTTP_BODY_MAX = 4096,
	HTTP_HEADERS_MAX = 16384,
	HTTP_SMALL = 4096,  /* bytes of a body that the timeout is meant for, */
	HTTP_SLOWEST = 512, /* and those a second that a line has to manage beyond */
};

/* All of it stays the caller's and is borrowed until done was called or the request cancelled.
 */
struct http_call {
	const char *method; /* POST, PUT or PATCH */
	const char *url;
	const char *const *headers; /* "Name: value", ending in NULL; no line breaks inside */
	const char *body;
	size_t body_len;
	/*
	 * For all of it: resolving, connecting, sending, the answer. A line may be slow: it is
	 * longer by what a body takes at HTTP_SLOWEST beyond HTTP_SMALL. It begins when the
	 * request does, after it waited for others.
	 */
	int64_t timeout_ns;
	struct http_route *route; /* NULL: no proxy, the authorities of the system */
};

/* Borrowed for the call. */
struct http_answer {
	int status;		/* 200..599; 0: there was no answer */
	const char *failure;	/* with status 0: why, for people, without path and secrets */
	int64_t retry_after_ns; /* -1: not given, or not to be understood */
	const char *body;	/* the first HTTP_BODY_MAX bytes; NUL behind them */
	size_t body_len;
	bool cut; /* there was more, and the connection was closed for it */
};
typedef void http_done(void *arg, const struct http_answer *answer);

/* NULL + err when libcurl lacks what we need (a resolver that does not block). */
struct http_client *http_client_new(struct loop *loop, struct error *err);
/* Cancels what is under way. NULL is allowed. */
void http_client_free(struct http_client *client);

/*
 * For whoever will be connecting by TLS with the authorities of the system: reads them now,
 * once, if that can be (http_prime.h). Waits for a file: not where something waits for the
 * loop.
 */
void http_client_prime(struct http_client *client);
/*
 * Starts now: on a connection that stands, the request is written within this call. Otherwise
 * it may have to wait for others that look for a connection (http_gate.h). done is called
 * once, from the loop and never from inside this call; the request is gone afterwards.
 * done may start and cancel other requests.
 */
struct http_request *http_client_start(struct http_client *client, const struct http_call *call,
				       http_done *done, void *arg);
/* For an owner of route that ends: nothing is kept for its next request. */
void http_client_forget(struct http_client *client, const struct http_route *route);
/* done will not be called. Whether the peer got the request is unknown. */
void http_request_cancel(struct http_request *request);

struct http_client_counters {
	uint64_t requests;
	uint64_t connections; /* opened */
	uint64_t refused;     /* addresses not connected to */
	uint64_t waited;      /* requests that had to wait for others */
	uint64_t cut;	      /* answers longer than HTTP_BODY_MAX */
};
void http_client_counters(const struct http_client *client, struct http_client_counters *ret);

/*
 * The value of a Retry-After header as a pause: seconds, or a date against now (a date that is
 * over gives 0). -1 for anything else. Not clamped. RFC 9110, section 10.2.3.
 */
int64_t http_retry_after(const char *value, size_t len, struct wall now);

#endif
