/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl watch: what happens, as it happens. */
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
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : "";
}

static void print_time(const struct ctl *ctl, const char *stamp)
{
	char room[LOOK_TIME];

	if (look_time(stamp, false, room)[0] == '\0')
		return;
	look_print(ctl, LOOK_DIM, room);
	printf("  ");
}

static bool wanted(const struct ctl *ctl, const char *name)
{
	for (size_t i = 0; i < ctl->count; i++) {
		if (fnmatch(ctl->args[i], name, 0) == 0)
			return true;
	}
	return ctl->count == 0;
}

static void print_reading(const struct ctl *ctl, const json_t *line)
{
	const json_t *value = json_object_get(line, "value");
	struct str shown;

	str_init(&shown);
	printf("%-24s ", text(line, "point"));
	if (json_is_null(value)) {
		str_addf(&shown, "%s: %s", text(line, "quality"), text(line, "reason"));
		look_print(ctl, LOOK_BAD, shown.s);
	} else {
		look_add_value(&shown, value);
		look_print(ctl, LOOK_BOLD, shown.s);
		str_clear(&shown);
		look_add_text(&shown, text(line, "unit"));
		if (shown.len > 0)
			printf(" %s", shown.s);
	}
	putchar('\n');
	str_done(&shown);
}

static void print_event(const struct ctl *ctl, const json_t *line)
{
	const char *event = text(line, "event");
	struct str shown;

	str_init(&shown);
	printf("%-24s ", text(line, "rule"));
	look_print(ctl, look_of_event(event), event);
	printf(" (%s)", text(line, "severity"));
	look_add_text(&shown, text(line, "message"));
	if (shown.len > 0)
		printf("  %s", shown.s);
	putchar('\n');
	str_done(&shown);
}

static void show_line(const struct ctl *ctl, const char *raw, size_t len, const json_t *line)
{
	const char *type = text(line, "type");
	bool event = strcmp(type, "event") == 0, reading = strcmp(type, "reading") == 0;

	if ((event && !wanted(ctl, text(line, "rule"))) ||
	    (reading && !wanted(ctl, text(line, "point"))))
		return;
	if (ctl->json) {
		fwrite(raw, 1, len, stdout);
		putchar('\n');
		return;
	}
	print_time(ctl, text(line, "time"));
	if (event)
		print_event(ctl, line);
	else if (reading)
		print_reading(ctl, line);
	else
		printf("%-24s the configuration was reloaded\n", "gauged");
}

static void watch_line(void *arg, const char *raw, size_t len)
{
	const struct ctl *ctl = arg;
	json_t *line = json_loadb(raw, len, 0, NULL);

	if (line == NULL)
		return;
	show_line(ctl, raw, len, line);
	fflush(stdout);
	json_decref(line);
}

static bool has_name(const json_t *list, const char *pattern)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		if (fnmatch(pattern, text(entry, "name"), 0) == 0)
			return true;
	}
	return false;
}

/* Nobody is to wait for what cannot come: names that nothing has are told first. */
static enum ctl_status check_names(const struct ctl *ctl)
{
	json_t *points = NULL, *rules = NULL;
	enum ctl_status status = remote_ask(ctl, "/v1/points", NULL, &points, NULL);

	if (status == CTL_OK)
		status = remote_ask(ctl, "/v1/rules", NULL, &rules, NULL);
	for (size_t i = 0; i < ctl->count && rules != NULL; i++) {
		if (has_name(json_object_get(points, "points"), ctl->args[i]) ||
		    has_name(json_object_get(rules, "rules"), ctl->args[i]))
			continue;
		fprintf(stderr, "gaugectl: there is no point or rule '%s'\n", ctl->args[i]);
		status = CTL_NO;
	}
	json_decref(points);
	json_decref(rules);
	return status;
}

static enum ctl_status run_watch(const struct ctl *ctl)
{
	static const char *const paths[] = {
		"/v1/events?follow=1&changes=1",
		"/v1/events?follow=1",
		"/v1/points?follow=1&changes=1",
		"/v1/events?follow=1&changes=1",
	};

	enum ctl_status status = ctl->count > 0 ? check_names(ctl) : CTL_OK;

	if (status != CTL_OK)
		return status;
	return remote_follow(ctl, paths[ctl->options & (CTL_EVENTS | CTL_READINGS)], watch_line,
			     (void *)ctl);
}

const struct ctl_command cmd_watch = {
	.name = "watch",
	.usage = "[NAME...]",
	.summary = "events and changing values, as they happen",
	.help = "Prints a line for each event of a rule, and for each reading that differs from\n"
		"the one before it, until Ctrl-C. NAME is a point or a rule, or a pattern of them.\n"
		"With --json: the lines as gauged sends them. Times are those of this machine.\n",
	.options = CTL_EVENTS | CTL_READINGS,
	.most = 1000,
	.run = run_watch,
};
