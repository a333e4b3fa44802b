/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What URLs of HTTP requests may look like, by libcurl's own parser. */
#ifndef GAUGED_IO_HTTP_URL_H
#define GAUGED_IO_HTTP_URL_H

#include <stdbool.h>

struct Curl_URL; /* libcurl's CURLU */
struct error;

/* Whether url is absolute, http or https, with a host and without a user or password. */
int http_url_check(const char *url, struct error *err);
/* The host is an address, or this box by its usual name. parts may be NULL. */
bool http_url_names_local(struct Curl_URL *parts);

#endif
