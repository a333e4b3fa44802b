/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is read of an answer, and the words for why there was none. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/http_address.h"
#include "io/http_client.h"
#include "io/http_request.h"
#include "io/http_route.h"

enum { PROXY_LOGIN = 407 };

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

size_t http_answer_header(char *line, size_t size, size_t count, void *arg)
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

size_t http_answer_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t len = size * count, room = HTTP_BODY_MAX - request->body_len;

	memcpy(request->body + request->body_len, bytes, len < room ? len : room);
	request->body_len += len < room ? len : room;
	request->body[request->body_len] = '\0';
	if (len <= room)
		return len;
	request->cut = true;
	request->counters->cut++;
	return 0;
}

/* The certificate is of a time to come, and the box has nobody who told it the time. */
static bool answer_too_early(const struct http_request *request)
{
	enum { NOT_YET_VALID = 9 }; /* X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL */
	long verdict = 0;

	curl_easy_getinfo(request->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	return verdict == NOT_YET_VALID && !clock_plausible();
}

static void tell_refused(const struct http_request *request, struct str *out)
{
	str_addf(out, "%s is a %s address", request->address, request->refused);
	if (http_address_can_be_meant(request->refused))
		str_adds(out, ", and not in allow_networks: not connected to");
	else
		str_adds(out, " and is never connected to");
}

/* Why there was no answer. */
static void answer_tell(const struct http_request *request, CURLcode code, struct str *out)
{
	long cause = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &cause);
	if (request->refused != NULL)
		tell_refused(request, out);
	else if (request->header_bytes > HTTP_HEADERS_MAX)
		str_addf(out, "the answer's headers are longer than %d bytes",
			 HTTP_HEADERS_MAX);
	else if (request->status == PROXY_LOGIN)
		str_adds(out, "the proxy asks for a login (407)");
	else if (answer_too_early(request))
		str_adds(out, "clock not set: the certificate of the receiver is not valid yet "
			      "at the time that this box believes in");
	else if (code == CURLE_COULDNT_CONNECT && cause > 0)
		/* libcurl's text leaves the cause out. */
		str_addf(out, "%s%s",
			 http_route_proxy(request->route) != NULL ? "the proxy: " : "",
			 strerrordesc_np((int)cause));
	else
		str_adds(out, request->failure[0] != '\0' ? request->failure
			      : code == CURLE_OK	  ? "not an HTTP answer"
							  : curl_easy_strerror(code));
}

bool http_answer_resolved(const struct http_request *request, int code)
{
	curl_off_t looked_up_us = 0;

	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return false;
	curl_easy_getinfo(request->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up_us);
	return code != CURLE_OPERATION_TIMEDOUT || looked_up_us > 0;
}

/*
 * Once the headers are whole the peer has answered, whatever becomes of the rest: a body that
 * does not end or that is cut off changes nothing about what was said.
 */
void http_answer_read(const struct http_request *request, int code, char room[HTTP_FAILURE_MAX],
		      struct http_answer *ret)
{
	struct str text;

	*ret = (struct http_answer){
		.status = request->status,
		.retry_after_ns = request->status != 0 ? request->retry_after_ns : -1,
		.body = request->body,
		.body_len = request->body_len,
		.cut = request->cut,
	};
	/* The receiver has not heard of it. */
	if (ret->status == PROXY_LOGIN)
		ret->status = 0;
	if (ret->status == 0) {
		str_init_fixed(&text, room, HTTP_FAILURE_MAX);
		answer_tell(request, (CURLcode)code, &text);
		ret->failure = room;
	}
}
