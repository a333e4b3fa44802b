/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The way to a receiver of HTTP requests: whom TLS trusts, who we are, a proxy, and networks
 * that are meant. Shared by the requests that go it, for as long as any of
 * them or of their connections is there.
 */
#ifndef GAUGED_IO_HTTP_ROUTE_H
#define GAUGED_IO_HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct http_route;
struct http_traffic;
struct sockaddr;
struct subnet;

/* Bytes that somebody else owns; bytes NULL: not given. */
struct http_bytes {
	const char *bytes;
	size_t len;
};

/* All of it is copied. */
struct http_route_spec {
	struct http_bytes ca;	/* PEM: trusted instead of the authorities of the system */
	struct http_bytes cert; /* PEM: our certificate, and those above it */
	struct http_bytes key;	/* PEM: of cert; not given: it stands in cert */
	/*
	 * http, https or socks5, host and port, without a user; it resolves the names of the
	 * receivers. NULL: none. login: "user:password", or NULL.
	 */
	const char *proxy, *login;
	size_t network_count;
	const struct subnet *networks; /* see http_address.h */
	bool shared;		       /* it leads to more than one receiver */
};

/* NULL + err: what should be PEM is not, or a key is encrypted. */
struct http_route *http_route_new(const struct http_route_spec *spec, struct error *err);
struct http_route *http_route_ref(struct http_route *route);
/* Overwrites the key and the login with the last one. NULL is allowed. */
void http_route_unref(struct http_route *route);

/* Whether url can be that of a proxy. */
int http_proxy_check(const char *url, struct error *err);

/* ---- for http_request.c and http_answer.c ---- */

/* Tells libcurl; easy is a CURL. False: it will not. */
bool http_route_apply(const struct http_route *route, void *easy);
/* The URL of the proxy; NULL: none. */
const char *http_route_proxy(const struct http_route *route);
/*
 * What kind of address it is, if it may not be connected to for a receiver on the host; else
 * NULL.
 */
const char *http_route_refused(const struct http_route *route, const struct sockaddr *sa,
			       const char *host);
struct http_traffic *http_route_traffic(struct http_route *route);
/*
 * The receiver's address, which is used while its name can't be resolved: connected notes it,
 * and resolved whether the last request got as far. Kept for routes to one receiver only.
 */
void http_route_connected(struct http_route *route, const char *address);
void http_route_resolved(struct http_route *route, bool resolved);
/* What to connect to instead of asking for the name, or NULL. */
const char *http_route_kept_address(const struct http_route *route);

#endif
