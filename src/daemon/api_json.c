/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the look of values, times and reports in JSON, and the two forms of an answer. */
#include "daemon/api_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "daemon/api.h"
#include "daemon/timestamp.h"

/* 15 digits: every decimal that a device sends comes out as it went in, 81.3 as 81.3. */
enum { JSON_FORMAT = JSON_COMPACT | JSON_REAL_PRECISION(15) };

static const struct {
	int status;
	const char *title; /* RFC 9110 section 15 */
} status_titles[] = {
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{422, "Unprocessable Content"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
};

static const char *status_title(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_titles); i++) {
		if (status_titles[i].status == status)
			return status_titles[i].title;
	}
	return "Problem";
}

static void api_put(struct api_call *call, int status, const char *type, json_t *json)
{
	char *text = json_dumps(json, JSON_FORMAT);
	size_t len;

	json_decref(json);
	if (text == NULL)
		abort();
	len = strlen(text);
	text = xreallocarray(text, len + 2, 1);
	memcpy(text + len, "\n", 2);
	call->status = status;
	call->type = type;
	call->text = text;
	call->text_len = len + 1;
}

void api_answer(struct api_call *call, int status, json_t *json)
{
	api_put(call, status, "application/json", json);
}

void api_answer_problem(struct api_call *call, int status, json_t *json)
{
	if (json_object_get(json, "type") == NULL)
		json_object_set_new(json, "type", json_string("about:blank"));
	if (json_object_get(json, "title") == NULL)
		json_object_set_new(json, "title", json_string(status_title(status)));
	json_object_set_new(json, "status", json_integer(status));
	api_put(call, status, "application/problem+json", json);
}

void api_problem(struct api_call *call, int status, const char *fmt, ...)
{
	json_t *json = json_object();
	struct str detail;
	va_list ap;

	str_init(&detail);
	va_start(ap, fmt);
	str_vaddf(&detail, fmt, ap);
	va_end(ap);
	json_object_set_new(json, "detail", api_json_text(detail.s));
	str_done(&detail);
	api_answer_problem(call, status, json);
}

json_t *api_json_text(const char *text)
{
	struct str clean;
	json_t *json;
	size_t len, n;

	if (text == NULL)
		return json_null();
	json = json_string(text);
	if (json != NULL)
		return json;
	str_init(&clean);
	for (len = strlen(text); len > 0; text += n, len -= n) {
		n = str_utf8(text, len);
		if (n > 0) {
			str_add(&clean, text, n);
		} else {
			str_adds(&clean, "\xef\xbf\xbd"); /* U+FFFD */
			n = 1;
		}
	}
	json = json_string(clean.s);
	str_done(&clean);
	return json;
}

json_t *api_json_number(double number)
{
	if (!isfinite(number))
		return json_null();
	/* Whole numbers without a point, and counters of 64 bits with all their digits. */
	if (number == trunc(number) && fabs(number) < 9e18)
		return json_integer((json_int_t)number);
	return json_real(number);
}

json_t *api_json_value(struct value value)
{
	switch (value.kind) {
	case VALUE_NONE:
		break;
	case VALUE_NUMBER:
		return api_json_number(value.number);
	case VALUE_BOOL:
		return json_boolean(value.flag);
	case VALUE_TEXT:
		return api_json_text(value.text);
	}
	return json_null();
}

json_t *api_json_wall(struct wall at)
{
	char room[40];
	struct str text;

	if (at.ns == 0)
		return json_null();
	str_init_fixed(&text, room, sizeof(room));
	timestamp_add(&text, at);
	return json_string(text.s);
}

json_t *api_json_seconds(int64_t ns)
{
	return ns < 0 ? json_null() : json_real((double)(ns / NSEC_PER_MSEC) / 1000);
}

json_t *api_json_count(uint64_t count)
{
	return json_integer((json_int_t)(count & INT64_MAX));
}

/* Seconds to the microsecond: answers within a millisecond are usual. */
static json_t *json_trip(int64_t ns)
{
	return api_json_number((double)(ns / NSEC_PER_USEC) / 1e6);
}

void api_json_report(json_t *object, const struct report *report)
{
	json_t *counters = json_object();

	json_object_set_new(object, "state", api_json_text(report->state));
	json_object_set_new(object, "detail", api_json_text(report->detail));
	for (size_t i = 0; i < report->counter_count; i++)
		json_object_set_new(counters, report->counters[i].name,
				    api_json_count(report->counters[i].count));
	json_object_set_new(object, "counters", counters);
	if (report->use_known)
		json_object_set_new(object, "use", api_json_number(report->use));
	if (report->trip_p50_ns > 0)
		json_object_set_new(object, "round_trip",
				    json_pack("{so so}", "p50_s",
					      json_trip(report->trip_p50_ns), "p99_s",
					      json_trip(report->trip_p99_ns)));
}
