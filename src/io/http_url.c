/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rules for URLs of requests. */
#include "io/http_url.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/http_address.h"
#include "io/tcp_address.h"

char *http_url_host(struct Curl_URL *parts)
{
	char *host = NULL, *copy;

	if (parts == NULL || curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		host = NULL;
	copy = xstrdup(host != NULL ? host : "");
	curl_free(host);
	return copy;
}

/* True: host is an address. */
static bool host_address(const char *host, struct tcp_address *ret)
{
	char text[TCP_ADDRESS_TEXT];

	return snprintf(text, sizeof(text), "%s:1", host) < (int)sizeof(text) &&
	       tcp_address_parse(text, ret) == 0;
}

const char *http_url_refused(const char *url)
{
	CURLU *parts = curl_url();
	const char *refused = NULL;
	struct tcp_address address;
	char *host = NULL;

	if (parts == NULL)
		abort();
	/* libcurl turns 2852039166 and 0xa9.254.0251.254 into the usual form. */
	if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
		host = http_url_host(parts);
		if (host_address(host, &address))
			refused = http_address_refused(&address.any, host, NULL, 0);
	}
	free(host);
	curl_url_cleanup(parts);
	return refused;
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
