/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves outputs: who has them and what waits, and writes, each logged with who asked. */
#include "daemon/api_outputs.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/outlet.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_points.h"
#include "daemon/config.h"
#include "daemon/config_outputs.h"
#include "daemon/daemon.h"

enum { WHO_MAX = OUTLET_WHO_MAX, SHOWN_MAX = 300, REASON_MAX = 200, FOR_MAX_S = 31 * 86400 };

/* ---- who has what ------------------------------------------------------------------------ */

static json_t *json_until(struct boot now, struct boot until, bool is_there)
{
	int64_t left = boot_diff(until, now);

	return api_json_seconds(!is_there ? -1 : left > 0 ? left : 0);
}

static json_t *json_rules(const struct config_output *output)
{
	json_t *rules = json_array();

	for (size_t i = 0; output != NULL && i < output->rule_count; i++)
		json_array_append_new(rules, api_json_text(output->rules[i].name));
	return rules;
}

static json_t *json_output(const struct daemon *daemon, size_t i)
{
	struct boot now = clock_boot();
	const struct point *point;
	struct outlet_report report;
	uint32_t number;
	bool held;

	daemon_output(daemon, i, &number, &report);
	point = point_table_get(daemon_config(daemon)->points, number);
	held = report.hold_until.ns != BOOT_NEVER.ns;
	return json_pack(
		"{so so so so so so so so so so so so so sb so so so}", "name",
		api_json_text(point->name), "kind", api_json_text(value_kind_name(point->kind)),
		"unit", api_json_text(point->unit_text), "value", api_json_value(report.value),
		"since_s",
		api_json_seconds(
			report.value.kind == VALUE_NONE ? -1 : boot_diff(now, report.since)),
		"layer", api_json_text(report.layer), "wanted", api_json_value(report.wanted),
		"holder", api_json_text(report.holder), "hold_s",
		json_until(now, report.hold_until, held), "set_by",
		api_json_text(report.set_by), "set_s",
		api_json_seconds(report.set_by != NULL ? boot_diff(now, report.set_at) : -1),
		"waits_s", json_until(now, report.until, report.waits), "waits_for",
		api_json_text(report.waits ? interlock_verdict_words(report.verdict) : NULL),
		"retries", report.retries, "off_s",
		json_until(now, report.off_at, report.max_on), "changes_left",
		report.changes_left < 0 ? json_null() : json_integer(report.changes_left),
		"rules", json_rules(config_output_of(daemon_config(daemon), number)));
}

static bool is_driven_by(const struct daemon *daemon, size_t i, const char *rule)
{
	const struct config_output *output;
	struct outlet_report report;
	uint32_t number;

	daemon_output(daemon, i, &number, &report);
	output = config_output_of(daemon_config(daemon), number);
	for (size_t k = 0; output != NULL && k < output->rule_count; k++)
		if (strcmp(output->rules[k].name, rule) == 0)
			return true;
	return false;
}

json_t *api_json_outputs(const struct daemon *daemon, const char *rule)
{
	json_t *list = json_array();

	for (size_t i = 0; i < daemon_output_count(daemon); i++)
		if (rule == NULL || is_driven_by(daemon, i, rule))
			json_array_append_new(list, json_output(daemon, i));
	return list;
}

void api_outputs(struct api_call *call)
{
	api_answer(call, 200,
		   json_pack("{so}", "outputs", api_json_outputs(call->daemon, NULL)));
}

/* ---- writes ------------------------------------------------------------------------------ */

static void write_ended(void *arg, const struct write_result *result)
{
	struct api_call *call = arg;
	json_t *answer;

	switch (result->outcome) {
	case WRITE_DONE:
		answer = json_pack("{ss so}", "outcome", "done", "point",
				   api_json_text(call->name));
		/* What the device took, which may be rounded. */
		if (result->value.kind != VALUE_NONE)
			json_object_set_new(answer, "value", api_json_value(result->value));
		api_answer(call, 200, answer);
		break;
	case WRITE_REFUSED:
		api_problem(call, 409, "%s was not written: %s", call->name, result->text);
		break;
	case WRITE_DIFFERS:
		api_problem(call, 409, "%s was written, but not kept: %s", call->name,
			    result->text);
		break;
	case WRITE_UNKNOWN:
		api_problem(call, 504, "it is not known whether %s was written: %s", call->name,
			    result->text);
		break;
	}
	call->forget = NULL;
	/* On its way now, if the caller stopped waiting for api_serve(). */
	if (call->answered != NULL)
		call->answered(call);
}

static void write_forget(struct api_call *call)
{
	daemon_write_forget(call->daemon, call);
}

/* What stands in the body. */
struct write_wish {
	json_t *json; /* of which value borrows */
	struct value value;
	int64_t for_ns; /* 0: not said */
	char reason[REASON_MAX + 1];
};

static bool write_refused(struct api_call *call, json_t *json)
{
	json_decref(json);
	api_problem(call, 400,
		    "expected {\"value\": a number, true, false or a text, \"for_s\": seconds "
		    "from 1 to %d, or absent, \"reason\": at most %d bytes, or absent}",
		    FOR_MAX_S, REASON_MAX);
	return false;
}

static bool write_value(const json_t *value, struct value *ret)
{
	if (json_is_number(value))
		*ret = value_number(json_number_value(value));
	else if (json_is_boolean(value))
		*ret = value_bool(json_is_true(value));
	else if (json_is_string(value))
		*ret = value_text(json_string_value(value));
	else
		return false;
	return true;
}

static bool write_body(struct api_call *call, struct write_wish *ret)
{
	json_t *json, *for_s, *reason;
	struct str text;
	json_error_t why;

	*ret = (struct write_wish){0};
	json = json_loadb(call->body != NULL ? call->body : "", call->body_len,
			  JSON_REJECT_DUPLICATES, &why);
	if (json == NULL) {
		api_problem(call, 400, "the body is not JSON: %s at line %d, column %d",
			    why.text, why.line, why.column);
		return false;
	}
	for_s = json_object_get(json, "for_s");
	reason = json_object_get(json, "reason");
	if (!write_value(json_object_get(json, "value"), &ret->value) ||
	    json_object_size(json) != 1u + (for_s != NULL) + (reason != NULL) ||
	    (reason != NULL && !json_is_string(reason)) ||
	    (for_s != NULL &&
	     !(json_number_value(for_s) >= 1 && json_number_value(for_s) <= FOR_MAX_S)))
		return write_refused(call, json);
	ret->for_ns = (int64_t)(json_number_value(for_s) * (double)NSEC_PER_SEC);
	str_init_fixed(&text, ret->reason, sizeof(ret->reason));
	if (reason != NULL)
		str_adds(&text, json_string_value(reason));
	if (text.cut)
		return write_refused(call, json);
	ret->json = json;
	return true;
}

static void write_log(const struct api_call *call, const struct write_wish *wish,
		      const char *who)
{
	char room[SHOWN_MAX];
	struct str shown;

	str_init_fixed(&shown, room, sizeof(room));
	value_show(wish->value, &shown);
	str_addf(&shown, " to %s", call->name);
	if (wish->for_ns > 0) {
		str_adds(&shown, " for ");
		str_add_duration(&shown, wish->for_ns);
	}
	if (wish->reason[0] != '\0') {
		str_adds(&shown, ", reason: ");
		value_show(value_text(wish->reason), &shown);
	}
	log_notice("control: %s writes %s", who, shown.s);
}

/* An interlock holds it back: it is written later. */
static void write_waits(struct api_call *call, const char *why)
{
	call->forget = NULL;
	api_answer(call, 202,
		   json_pack("{ss so so}", "outcome", "waits", "point",
			     api_json_text(call->name), "detail", api_json_text(why)));
}

static void write_start(struct api_call *call, uint32_t id, const struct write_wish *wish)
{
	char who[WHO_MAX];
	struct error err = {0};
	struct str text;
	int rc;

	str_init_fixed(&text, who, sizeof(who));
	peer_show(&call->peer, &text);
	write_log(call, wish, who);
	if (wish->reason[0] != '\0')
		str_addf(&text, ": %s", wish->reason);
	call->forget = write_forget;
	rc = daemon_write(call->daemon, id, wish->value, who, wish->for_ns, write_ended, call,
			  &err);
	if (rc == 0)
		return;
	if (rc > 0) {
		write_waits(call, err.text);
		return;
	}
	call->forget = NULL;
	api_problem(call, rc == -EINVAL || rc == -ERANGE ? 422 : 409, "%s", err.text);
}

void api_point_write(struct api_call *call)
{
	uint32_t id = api_find_point(call);
	struct write_wish wish;

	if (id == POINT_NONE || !write_body(call, &wish))
		return;
	write_start(call, id, &wish);
	json_decref(wish.json);
}
