/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* How the nouns of the program look in JSON. Every json_t is a new reference. */
#ifndef GAUGED_DAEMON_API_JSON_H
#define GAUGED_DAEMON_API_JSON_H

#include <stdint.h>

#include "base/clock.h"
#include "model/report.h"
#include "model/value.h"

struct api_call;
struct json_t; /* of jansson.h, which calls it json_t as well */

/* Answers with json, which it takes. */
void api_answer(struct api_call *call, int status, struct json_t *json);
/* Answers with a problem document, which it takes: status and title are added. */
void api_answer_problem(struct api_call *call, int status, struct json_t *json);

struct json_t *api_json_value(struct value value); /* null for none */
struct json_t *api_json_text(
	const char *text);		       /* null for NULL; what is no UTF-8 is replaced */
struct json_t *api_json_wall(struct wall at);  /* null for 0 */
struct json_t *api_json_number(double number); /* null for what is not finite */
struct json_t *api_json_seconds(int64_t ns);   /* null for what is below 0 */
struct json_t *api_json_count(uint64_t count);
/* All of a report goes into object. */
void api_json_report(struct json_t *object, const struct report *report);

#endif
