/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rules for URLs of requests. */
#include "io/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

bool http_url_names_local(struct Curl_URL *parts)
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
