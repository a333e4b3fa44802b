/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves what operators do to rules: ack, shelve, unshelve. Each is logged with who asked. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "model/value.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_rules.h"
#include "daemon/daemon.h"

enum { WHO_MAX = 64, REASON_MAX = 200, SHELVE_MAX_S = 31 * 86400 };

/* What stands in the body; each member may be absent. */
struct operator_body {
	double for_s;
	char reason[REASON_MAX + 1];
};

static bool body_refused(struct api_call *call, json_t *json, const char *expected)
{
	json_decref(json);
	api_problem(call, 400, "expected %s", expected);
	return false;
}

/* {"reason": "why"} and, where it is shelved, {"for_s": 3600}. No body is an empty one. */
static bool operator_body(struct api_call *call, bool shelves, struct operator_body *ret)
{
	const char *expected = shelves ? "{\"for_s\": seconds from 1 to 2678400, \"reason\": "
					 "\"at most 200 bytes\"}"
				       : "{\"reason\": \"at most 200 bytes\"}, or nothing";
	json_t *json, *for_s, *reason;
	struct str text;
	json_error_t why;

	*ret = (struct operator_body){0};
	if (call->body_len == 0 && !shelves)
		return true;
	json = json_loadb(call->body != NULL ? call->body : "", call->body_len,
			  JSON_REJECT_DUPLICATES, &why);
	for_s = json_object_get(json, "for_s");
	reason = json_object_get(json, "reason");
	if (!json_is_object(json) ||
	    json_object_size(json) != (size_t)(for_s != NULL) + (size_t)(reason != NULL) ||
	    (for_s != NULL) != shelves || (reason != NULL && !json_is_string(reason)))
		return body_refused(call, json, expected);
	if (for_s != NULL)
		ret->for_s = json_number_value(for_s);
	if (shelves && !(ret->for_s >= 1 && ret->for_s <= SHELVE_MAX_S))
		return body_refused(call, json, expected);
	str_init_fixed(&text, ret->reason, sizeof(ret->reason));
	if (reason != NULL)
		str_adds(&text, json_string_value(reason));
	if (text.cut)
		return body_refused(call, json, expected);
	json_decref(json);
	return true;
}

static void operator_log(const struct api_call *call, const char *what, const char *reason)
{
	char who_room[WHO_MAX], room[REASON_MAX * 4];
	struct str who, shown;

	str_init_fixed(&who, who_room, sizeof(who_room));
	str_init_fixed(&shown, room, sizeof(room));
	peer_show(&call->peer, &who);
	value_show(value_text(reason), &shown);
	log_notice("control: %s %s rule %s%s%s", who_room, what, call->name,
		   reason[0] != '\0' ? ", reason: " : "", reason[0] != '\0' ? room : "");
}

static void operator_done(struct api_call *call, uint32_t rule)
{
	api_answer(call, 200, api_json_rule(call->daemon, rule));
}

void api_rule_ack(struct api_call *call)
{
	uint32_t rule = api_find_rule(call);
	struct operator_body body;

	if (rule == UINT32_MAX || !operator_body(call, false, &body))
		return;
	switch (daemon_ack(call->daemon, rule)) {
	case 0:
		operator_log(call, "acknowledges", body.reason);
		operator_done(call, rule);
		return;
	case -EALREADY:
		api_problem(call, 409, "%s is acknowledged already", call->name);
		return;
	case -EINVAL:
		api_problem(call, 409, "%s is an instant: there is nothing to acknowledge",
			    call->name);
		return;
	default:
		api_problem(call, 409, "%s does not fire: there is nothing to acknowledge",
			    call->name);
	}
}

void api_rule_shelve(struct api_call *call)
{
	uint32_t rule = api_find_rule(call);
	struct operator_body body;
	char what[64], room[32];
	struct str text, span;
	int64_t ns;

	if (rule == UINT32_MAX || !operator_body(call, true, &body))
		return;
	ns = (int64_t)(body.for_s * (double)NSEC_PER_SEC);
	daemon_shelve(call->daemon, rule, ns);
	str_init_fixed(&text, what, sizeof(what));
	str_init_fixed(&span, room, sizeof(room));
	str_add_duration(&span, ns);
	str_addf(&text, "shelves for %s", room);
	operator_log(call, what, body.reason);
	operator_done(call, rule);
}

void api_rule_unshelve(struct api_call *call)
{
	uint32_t rule = api_find_rule(call);
	struct operator_body body;

	if (rule == UINT32_MAX || !operator_body(call, false, &body))
		return;
	if (daemon_unshelve(call->daemon, rule) != 0) {
		api_problem(call, 409, "%s is not shelved", call->name);
		return;
	}
	operator_log(call, "unshelves", body.reason);
	operator_done(call, rule);
}
