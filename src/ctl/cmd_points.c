/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl points: values, with quality and age. */
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* A value that does not count any more is shown in brackets, with its age. */
static void add_value(struct table *table, const json_t *point)
{
	const json_t *value = json_object_get(point, "value");
	const json_t *last = json_object_get(point, "last");
	struct str shown;

	str_init(&shown);
	look_add_value(&shown, json_is_null(value) ? last : value);
	if (json_is_null(value) && !json_is_null(last))
		table_cellf(table, LOOK_DIM, "(%s)", shown.s);
	else
		table_cell(table, LOOK_BOLD, shown.s);
	str_done(&shown);
}

static void add_quality(struct table *table, const json_t *point)
{
	const char *quality = text(point, "quality"), *reason = text(point, "reason");
	json_int_t code = json_integer_value(json_object_get(point, "code"));
	struct str shown;

	if (json_is_false(json_object_get(point, "readable"))) {
		table_cell(table, LOOK_DIM, "not read");
		return;
	}
	str_init(&shown);
	str_adds(&shown, quality != NULL ? quality : "");
	if (reason != NULL)
		str_addf(&shown, ": %s", reason);
	if (code != 0)
		str_addf(&shown, " %jd", (intmax_t)code);
	table_cell(table, look_of_quality(quality), shown.s);
	str_done(&shown);
}

static void add_point(struct table *table, const json_t *point)
{
	const json_t *age = json_object_get(point, "age_s");
	struct str shown;

	str_init(&shown);
	if (json_is_number(age))
		look_add_age(&shown, json_number_value(age));
	table_cell(table, LOOK_PLAIN, text(point, "name"));
	add_value(table, point);
	table_cell(table, LOOK_PLAIN, text(point, "unit"));
	add_quality(table, point);
	table_cell(table, LOOK_PLAIN, json_is_number(age) ? shown.s : "never");
	table_cell(table, LOOK_DIM,
		   json_is_true(json_object_get(point, "writable")) ? "writable" : "");
	str_done(&shown);
}

static bool wanted(const struct ctl *ctl, const char *name)
{
	for (size_t i = 0; i < ctl->count; i++) {
		if (fnmatch(ctl->args[i], name, 0) == 0)
			return true;
	}
	return ctl->count == 0;
}

/* Says which of the names on the command line no point has; false if there is one. */
static bool names_exist(const struct ctl *ctl, const json_t *points)
{
	bool all = true;

	for (size_t i = 0; i < ctl->count; i++) {
		const json_t *point;
		bool found = false;
		size_t k;

		json_array_foreach (points, k, point) {
			const char *name = text(point, "name");

			found = found || (name != NULL && fnmatch(ctl->args[i], name, 0) == 0);
		}
		if (!found)
			fprintf(stderr, "gaugectl: there is no point '%s'\n", ctl->args[i]);
		all = all && found;
	}
	return all;
}

static enum ctl_status show_points(const struct ctl *ctl, const json_t *points)
{
	struct table *table = table_new(ctl, "POINT|>VALUE|UNIT|QUALITY|>AGE|~");
	json_t *list = json_array(), *point;
	bool all = names_exist(ctl, points);
	size_t i;

	json_array_foreach (points, i, point) {
		if (wanted(ctl, text(point, "name") != NULL ? text(point, "name") : ""))
			json_array_append(list, point);
	}
	json_array_foreach (list, i, point)
		add_point(table, point);
	i = json_array_size(list);
	if (ctl->json || i == 0) {
		table_free(table);
		if (ctl->json)
			remote_print(json_pack("{sO}", "points", list));
	} else {
		table_print(table);
	}
	json_decref(list);
	return all ? CTL_OK : CTL_NO;
}

/* One name without a pattern: the daemon then says which name is near. */
static bool is_one_name(const struct ctl *ctl)
{
	return ctl->count == 1 && strpbrk(ctl->args[0], "*?[") == NULL;
}

static enum ctl_status run_points(const struct ctl *ctl)
{
	json_t *answer, *points;
	enum ctl_status status;

	if (is_one_name(ctl)) {
		status = remote_ask_name(ctl, "/v1/points", ctl->args[0], NULL, &answer, NULL);
		if (status == CTL_OK)
			answer = json_pack("{s[o]}", "points", answer);
	} else {
		status = remote_ask(ctl, "/v1/points", NULL, &answer, NULL);
	}
	if (status != CTL_OK)
		return status;
	points = json_object_get(answer, "points");
	status = show_points(ctl, points);
	json_decref(answer);
	return status;
}

const struct ctl_command cmd_points = {
	.name = "points",
	.usage = "[NAME...]",
	.summary = "values of points, with quality and age",
	.help = "NAME may be a pattern: 'boiler.*'. A value in brackets is the last good one and\n"
		"does not count any more. With --json: {\"points\": [...]}.\n",
	.most = 1000,
	.run = run_points,
};
