/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What URLs of HTTP requests may look like, by libcurl's own parser. */
#ifndef GAUGED_IO_HTTP_URL_H
#define GAUGED_IO_HTTP_URL_H

struct Curl_URL; /* libcurl's CURLU */
struct error;

/* Whether url is absolute, http or https, with a host and without a user or password. */
int http_url_check(const char *url, struct error *err);
/* The host, malloc()ed; "" where there is none. parts may be NULL. */
char *http_url_host(struct Curl_URL *parts);
/* What kind of address the host is, if none such is ever connected to; NULL: it is not. */
const char *http_url_refused(const char *url);

#endif
