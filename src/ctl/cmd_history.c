/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl history: what rules did, and on which values. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

enum { LINES_FEW = 100, LINES_MOST = 1000 };

struct history {
	const struct ctl *ctl;
	struct table *table;
	size_t count; /* of rows in it */
	uintmax_t left_out;
};

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value != NULL ? value : "";
}

/* "boiler.temp = 81.3 degC, pump.running: bad (timeout)" */
static void add_values(struct str *out, json_t *values)
{
	const char *name;
	json_t *value;

	json_object_foreach (values, name, value) {
		str_adds(out, out->len > 0 ? ", " : "");
		look_add_text(out, name);
		if (json_is_null(json_object_get(value, "value"))) {
			str_addf(out, ": %s", text(value, "quality"));
			if (text(value, "reason")[0] != '\0')
				str_addf(out, " (%s)", text(value, "reason"));
			continue;
		}
		str_adds(out, " = ");
		look_add_value(out, json_object_get(value, "value"));
		if (text(value, "unit")[0] != '\0')
			str_addf(out, " %s", text(value, "unit"));
		if (strcmp(text(value, "quality"), "good") != 0)
			str_addf(out, " (%s)", text(value, "quality"));
	}
}

static enum look look_of_severity(const char *severity)
{
	if (strcmp(severity, "critical") == 0)
		return LOOK_BAD;
	return strcmp(severity, "warning") == 0 ? LOOK_WARN : LOOK_PLAIN;
}

static void add_event(struct history *history, const json_t *line)
{
	const json_t *synchronised =
		json_object_get(json_object_get(line, "times"), "synchronised");
	char shown[LOOK_TIME];
	struct str values;

	history->count++;
	/* A clock that nobody had set says little. */
	table_cellf(history->table, LOOK_DIM, "%s%s",
		    look_time(text(json_object_get(line, "times"), "wall"), true, shown),
		    json_is_false(synchronised) ? "?" : "");
	table_cell(history->table, LOOK_BOLD, text(line, "rule"));
	table_cell(history->table, look_of_event(text(line, "type")), text(line, "type"));
	table_cell(history->table, LOOK_PLAIN, text(line, "state"));
	table_cell(history->table, look_of_severity(text(line, "severity")),
		   text(line, "severity"));
	table_cell(history->table, LOOK_PLAIN, text(line, "message"));
	if ((history->ctl->options & CTL_VERBOSE) == 0)
		return;
	str_init(&values);
	add_values(&values, json_object_get(line, "values"));
	table_cell(history->table, LOOK_PLAIN, values.s);
	str_done(&values);
}

static void history_line(void *arg, const char *raw, size_t len)
{
	struct history *history = arg;
	json_t *line;

	if (history->ctl->json) {
		fwrite(raw, 1, len, stdout);
		putchar('\n');
		return;
	}
	line = json_loadb(raw, len, 0, NULL);
	if (strcmp(text(line, "type"), "left_out") == 0)
		history->left_out =
			(uintmax_t)json_integer_value(json_object_get(line, "count"));
	else if (line != NULL)
		add_event(history, line);
	json_decref(line);
}

static enum ctl_status run_history(const struct ctl *ctl)
{
	bool verbose = (ctl->options & CTL_VERBOSE) != 0;
	const char *limit = ctl_value(ctl, CTL_LIMIT);
	struct history history = {.ctl = ctl};
	int64_t count = LINES_FEW;
	enum ctl_status status;
	char path[64];

	if (limit != NULL &&
	    (str_to_int(limit, &count) != 0 || count < 1 || count > LINES_MOST)) {
		fprintf(stderr, "gaugectl: -n has to be a number from 1 to %d\n", LINES_MOST);
		return CTL_USAGE;
	}
	snprintf(path, sizeof(path), "/v1/history?limit=%jd%s", (intmax_t)count,
		 ctl->count > 0 ? "&rule=" : "");
	history.table =
		table_new(ctl, verbose ? "TIME|RULE|EVENT|~STATE|SEVERITY|MESSAGE|VALUES"
				       : "TIME|RULE|EVENT|~STATE|SEVERITY|MESSAGE");
	status = remote_follow_of(ctl, path, ctl->count > 0 ? ctl->args[0] : "", "",
				  history_line, &history);
	if (history.count > 0)
		table_print(history.table);
	else
		table_free(history.table);
	if (status == CTL_OK && !ctl->json && history.count == 0)
		printf("nothing is known%s\n", ctl->count > 0 ? " of it yet" : " yet");
	if (history.left_out > 0)
		printf("%ju more were too large to be shown: ask for fewer with -n\n",
		       history.left_out);
	return status;
}

const struct ctl_command cmd_history = {
	.name = "history",
	.usage = "[RULE]",
	.summary = "what rules did, the newest first",
	.help = "What is in the store: the last 10,000 events, over restarts. TIME is that of this\n"
		"machine; a '?' behind it says that nobody had set the clock then.\n"
		"-v: the values that decided it as well. -n: how many, 100 if absent.\n"
		"With --json: the lines as gauged keeps them.\n",
	.options = CTL_LIMIT | CTL_VERBOSE,
	.most = 1,
	.run = run_history,
};
