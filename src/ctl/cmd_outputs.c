/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl outputs and write: who has an output, and switching it. */
#include "ctl/cmd_outputs.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ctl/look.h"
#include "ctl/remote.h"

enum { HOLD_MOST_DAYS = 31 };
#define DAY_NS (86400 * NSEC_PER_SEC)

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ", off in 12 s"; nothing for null. */
static void add_left(struct str *out, const char *what, const json_t *seconds)
{
	if (!json_is_number(seconds))
		return;
	str_addf(out, "%s%s ", out->len > 0 ? ", " : "", what);
	look_add_age(out, json_number_value(seconds));
}

/* Who has it and until when: "rule cold", "uid 0 (pid 7) for another 8 s", "nobody". */
static void add_holder(struct str *out, const json_t *output)
{
	const char *holder = text(output, "holder");

	look_add_text(out, holder != NULL ? holder : "nobody");
	if (!json_is_number(json_object_get(output, "hold_s")))
		return;
	str_adds(out, " for another ");
	look_add_age(out, json_number_value(json_object_get(output, "hold_s")));
}

/* What is about to happen: "waits 3 s for off: it has been on for ...", "off in 2 min". */
static void add_next(struct str *out, const json_t *output)
{
	const json_t *left = json_object_get(output, "changes_left");

	if (json_is_number(json_object_get(output, "waits_s"))) {
		str_adds(out, "waits ");
		look_add_age(out, json_number_value(json_object_get(output, "waits_s")));
		str_adds(out, " to be ");
		look_add_value(out, json_object_get(output, "wanted"));
		str_addf(out, ": %s", text(output, "waits_for"));
	} else if (json_is_true(json_object_get(output, "retries"))) {
		str_adds(out, "tried again to be ");
		look_add_value(out, json_object_get(output, "wanted"));
	}
	add_left(out, "off in", json_object_get(output, "off_s"));
	if (json_is_integer(left))
		str_addf(out, "%s%jd change%s left", out->len > 0 ? ", " : "",
			 (intmax_t)json_integer_value(left),
			 json_integer_value(left) == 1 ? "" : "s");
}

static void add_output(struct table *table, const json_t *output)
{
	const char *set_by = text(output, "set_by");
	struct str shown;

	str_init(&shown);
	table_cell(table, LOOK_PLAIN, text(output, "name"));
	look_add_value(&shown, json_object_get(output, "value"));
	table_cell(table, LOOK_BOLD, shown.s);
	table_cell(table, LOOK_PLAIN, text(output, "unit"));
	str_clear(&shown);
	add_holder(&shown, output);
	table_cell(table, LOOK_PLAIN, shown.s);
	str_clear(&shown);
	look_add_text(&shown, set_by != NULL ? set_by : "");
	if (set_by != NULL) {
		str_adds(&shown, ", ");
		look_add_age(&shown, json_number_value(json_object_get(output, "set_s")));
		str_adds(&shown, " ago");
	}
	table_cell(table, LOOK_PLAIN, shown.len > 0 ? shown.s : "");
	str_clear(&shown);
	add_next(&shown, output);
	table_cell(table, LOOK_DIM, shown.len > 0 ? shown.s : "");
	str_done(&shown);
}

void outputs_lines(const struct ctl *ctl, const json_t *outputs)
{
	const json_t *output;
	struct str line;
	size_t i;

	json_array_foreach (outputs, i, output) {
		str_init(&line);
		str_addf(&line, "%s is ", text(output, "name"));
		look_add_value(&line, json_object_get(output, "value"));
		str_adds(&line, ", held by ");
		add_holder(&line, output);
		printf("  %-7s", i == 0 ? "output" : "");
		look_print(ctl, LOOK_PLAIN, line.s);
		str_clear(&line);
		add_next(&line, output);
		printf("%s%s\n", line.len > 0 ? ", " : "", line.len > 0 ? line.s : "");
		str_done(&line);
	}
}

static bool wanted(const struct ctl *ctl, const char *name)
{
	for (size_t i = 0; i < ctl->count; i++) {
		if (fnmatch(ctl->args[i], name != NULL ? name : "", 0) == 0)
			return true;
	}
	return ctl->count == 0;
}

static enum ctl_status run_outputs(const struct ctl *ctl)
{
	json_t *answer, *list, *output;
	struct table *table;
	size_t i;
	enum ctl_status status = remote_ask(ctl, "/v1/outputs", NULL, &answer, NULL);

	if (status != CTL_OK)
		return status;
	list = json_array();
	json_array_foreach (json_object_get(answer, "outputs"), i, output)
		if (wanted(ctl, text(output, "name")))
			json_array_append(list, output);
	if (ctl->json) {
		remote_print(json_pack("{sO}", "outputs", list));
	} else if (json_array_size(list) > 0) {
		table = table_new(ctl, "OUTPUT|>VALUE|UNIT|HELD BY|~SET BY|NEXT");
		json_array_foreach (list, i, output)
			add_output(table, output);
		table_print(table);
	}
	if (json_array_size(list) == 0 && ctl->count > 0) {
		fprintf(stderr, "gaugectl: there is no output '%s'\n", ctl->args[0]);
		status = CTL_NO;
	}
	json_decref(list);
	json_decref(answer);
	return status;
}

const struct ctl_command cmd_outputs = {
	.name = "outputs",
	.usage = "[NAME...]",
	.summary = "who has which output, and what waits",
	.help = "Points with 'write: true': what they are as far as is known, which rule or person\n"
		"has them and until when, who wrote last, and what comes next: a write that an\n"
		"interlock holds back, the end of max_on, and changes that are left. NAME may be a\n"
		"pattern: 'boiler.*'. With --json: {\"outputs\": [...]}.\n",
	.most = 1000,
	.run = run_outputs,
};

/* ---- write ------------------------------------------------------------------------------- */

static json_t *parse_bool(const char *text_value)
{
	static const char *const on[] = {"on", "true", "yes", "1"};
	static const char *const off[] = {"off", "false", "no", "0"};

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcasecmp(text_value, on[i]) == 0)
			return json_true();
		if (strcasecmp(text_value, off[i]) == 0)
			return json_false();
	}
	fprintf(stderr, "gaugectl: '%s' is neither on nor off\n", text_value);
	return NULL;
}

static json_t *parse_number(const char *text_value, const char *unit)
{
	double number;

	if (str_to_number(text_value, &number) == 0)
		return json_real(number);
	fprintf(stderr, "gaugectl: '%s' is no number%s%s%s\n", text_value,
		unit != NULL ? "; give it in " : "", unit != NULL ? unit : "",
		unit != NULL ? ", without the unit" : "");
	return NULL;
}

static json_t *parse_value(const json_t *point, const char *text_value)
{
	const char *kind = text(point, "kind");

	if (kind != NULL && strcmp(kind, "bool") == 0)
		return parse_bool(text_value);
	if (kind != NULL && strcmp(kind, "number") == 0)
		return parse_number(text_value, text(point, "unit"));
	return json_string(text_value);
}

/* Adds --for and --reason; false after it was said what is wrong. */
static bool add_options(const struct ctl *ctl, json_t *body)
{
	const char *span = ctl_value(ctl, CTL_FOR), *reason = ctl_value(ctl, CTL_REASON);
	int64_t ns;

	if (reason != NULL)
		json_object_set_new(body, "reason", json_string(reason));
	if (span == NULL)
		return true;
	if (str_to_duration(span, &ns) != 0 || ns < NSEC_PER_SEC ||
	    ns > HOLD_MOST_DAYS * DAY_NS) {
		fprintf(stderr,
			"gaugectl: '%s' is no duration from 1s to %dd; expected one such as 10s or "
			"30m\n",
			span, HOLD_MOST_DAYS);
		return false;
	}
	json_object_set_new(body, "for_s", json_real((double)ns / (double)NSEC_PER_SEC));
	return true;
}

static void print_written(const struct ctl *ctl, const json_t *point, const json_t *body,
			  const json_t *answer)
{
	const char *unit = text(point, "unit"), *span = ctl_value(ctl, CTL_FOR);
	const json_t *taken = json_object_get(answer, "value");
	const char *detail = text(answer, "detail");
	struct str shown;

	str_init(&shown);
	if (detail != NULL) {
		look_add_text(&shown, detail);
		printf("it waits: %s\n", shown.s);
	} else {
		/* It may have been rounded to what the device can hold. */
		look_add_value(&shown, taken != NULL ? taken : json_object_get(body, "value"));
		printf("%s is now %s%s%s%s%s\n", ctl->args[0], shown.s, unit != NULL ? " " : "",
		       unit != NULL ? unit : "", span != NULL ? ", for " : "",
		       span != NULL ? span : "");
	}
	str_done(&shown);
}

static enum ctl_status send_value(const struct ctl *ctl, const json_t *point, json_t *value)
{
	json_t *body = json_pack("{so}", "value", value), *answer;
	enum ctl_status status = CTL_USAGE;
	char *body_text;

	if (!add_options(ctl, body)) {
		json_decref(body);
		return CTL_USAGE;
	}
	body_text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(17));
	status = remote_ask_name(ctl, "/v1/points", ctl->args[0], body_text, &answer, NULL);
	if (status == CTL_OK && ctl->json) {
		remote_print(answer);
	} else if (status == CTL_OK) {
		print_written(ctl, point, body, answer);
		json_decref(answer);
	}
	free(body_text);
	json_decref(body);
	return status;
}

static enum ctl_status run_write(const struct ctl *ctl)
{
	json_t *point, *value;
	enum ctl_status status =
		remote_ask_name(ctl, "/v1/points", ctl->args[0], NULL, &point, NULL);

	if (status != CTL_OK)
		return status;
	value = parse_value(point, ctl->args[1]);
	status = value != NULL ? send_value(ctl, point, value) : CTL_USAGE;
	json_decref(point);
	return status;
}

const struct ctl_command cmd_write = {
	.name = "write",
	.usage = "POINT VALUE",
	.summary = "write a value to a point",
	.help = "VALUE is on or off (true, false) for a point that is one of the two, a number\n"
		"in the point's unit, or a text. The point has to be configured with 'write: true',\n"
		"and its limits hold. It stands until a rule writes the point, or with --for for that\n"
		"time, after which the point goes back to what counts then. Waits until the device has\n"
		"confirmed it; exits with 1 if it did not, and with 0 if the write itself has to wait\n"
		"for min_on or min_off, which is said. Needs root or group gauged-admin, and is logged\n"
		"with your uid and the reason.\n",
	.options = CTL_FOR | CTL_REASON,
	.least = 2,
	.most = 2,
	.run = run_write,
};
