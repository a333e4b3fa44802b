/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is read of an answer, and the words for why there was none. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "io/http_client.h"
#include "io/http_request.h"

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

/* Why there was no answer. */
static void answer_tell(const struct http_request *request, CURLcode code, char *room,
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
void http_answer_read(const struct http_request *request, int code, char room[HTTP_FAILURE_MAX],
		      struct http_answer *ret)
{
	*ret = (struct http_answer){
		.status = request->status,
		.retry_after_ns = request->status != 0 ? request->retry_after_ns : -1,
		.body = request->body,
		.body_len = request->body_len,
		.cut = request->cut,
	};
	if (ret->status == 0) {
		answer_tell(request, (CURLcode)code, room, HTTP_FAILURE_MAX);
		ret->failure = room;
	}
}
