/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl reload: a new configuration, all of it or nothing; or what it would change. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

static intmax_t count(const json_t *answer, const char *group, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(answer, group), name));
}

static const char *text(const json_t *answer, const char *name)
{
	const char *value = json_string_value(json_object_get(answer, name));

	return value != NULL ? value : "";
}

/* The errors as the check prints them: the lines were made for a terminal, but not by us. */
static void print_lines(FILE *to, const char *lines)
{
	struct str clean;

	str_init(&clean);
	while (*lines != '\0') {
		const char *end = strchrnul(lines, '\n');
		char *line = strndup(lines, (size_t)(end - lines));

		str_clear(&clean);
		look_add_text(&clean, line != NULL ? line : "");
		fprintf(to, "%s\n", clean.s != NULL ? clean.s : "");
		free(line);
		lines = *end == '\n' ? end + 1 : end;
	}
	str_done(&clean);
}

/* "when, message": as the change has them. */
static void add_fields(struct str *line, const json_t *change)
{
	const json_t *fields = json_object_get(change, "fields"), *field;
	size_t i;

	json_array_foreach (fields, i, field) {
		str_adds(line, i > 0 ? ", " : "");
		look_add_text(line, json_string_value(field));
	}
}

/* What of a rule, or of a bus, does not outlive it. */
static const char *consequence(const json_t *change)
{
	const char *keeps = json_string_value(json_object_get(change, "keeps"));

	if (strcmp(text(change, "what"), "bus") == 0)
		return "opened anew";
	if (keeps == NULL)
		return "";
	return strcmp(keeps, "everything") == 0 ? "keeps its state and its timers"
	       : strcmp(keeps, "state") == 0	? "keeps its state, its time starts anew"
						: "starts anew";
}

static void print_changes(const struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(ctl, "WHAT|NAME|CHANGE|OF|THEN");
	const json_t *changes = json_object_get(answer, "changes"), *change;
	struct str cell;
	size_t i;

	str_init(&cell);
	json_array_foreach (changes, i, change) {
		const char *verb = text(change, "change");
		bool changed = strcmp(verb, "changed") == 0;

		table_cell(table, LOOK_PLAIN, text(change, "what"));
		table_cell(table, LOOK_BOLD, text(change, "name"));
		table_cell(table,
			   changed			? LOOK_WARN
			   : strcmp(verb, "added") == 0 ? LOOK_GOOD
							: LOOK_BAD,
			   verb);
		str_clear(&cell);
		add_fields(&cell, change);
		table_cell(table, LOOK_PLAIN, cell.s);
		table_cell(table, LOOK_PLAIN, changed ? consequence(change) : "");
	}
	if (json_array_size(changes) > 0)
		table_print(table);
	else
		table_free(table);
	str_done(&cell);
}

static void print_done(const struct ctl *ctl, const json_t *answer)
{
	bool dry = json_is_true(json_object_get(answer, "dry_run"));

	print_lines(stderr, text(answer, "text"));
	printf("%s: buses %jd kept, %jd opened, %jd closed; rules %jd kept, %jd changed, %jd "
	       "added, %jd removed; points %jd added, %jd removed\n",
	       dry ? "a reload would do" : "reloaded", count(answer, "buses", "kept"),
	       count(answer, "buses", "opened"), count(answer, "buses", "closed"),
	       count(answer, "rules", "kept"), count(answer, "rules", "changed"),
	       count(answer, "rules", "added"), count(answer, "rules", "removed"),
	       count(answer, "points", "added"), count(answer, "points", "removed"));
	print_changes(ctl, answer);
}

static enum ctl_status run_reload(const struct ctl *ctl)
{
	bool dry = (ctl->options & CTL_DRY_RUN) != 0;
	json_t *answer = NULL, *problem = NULL;
	enum ctl_status status = remote_ask(ctl, dry ? "/v1/reload?dry_run=1" : "/v1/reload",
					    "", &answer, &problem);

	if (ctl->json && (answer != NULL || problem != NULL)) {
		remote_print(answer != NULL ? answer : problem);
		return status;
	}
	if (answer != NULL)
		print_done(ctl, answer);
	if (problem != NULL) {
		print_lines(stderr, text(problem, "text"));
		fprintf(stderr, "gaugectl: %s: %s\n",
			dry ? "not ready for a reload" : "reload refused",
			text(problem, "detail"));
	}
	json_decref(answer);
	json_decref(problem);
	return status;
}

const struct ctl_command cmd_reload = {
	.name = "reload",
	.usage = "",
	.summary = "read the configuration again, all or nothing",
	.help = "Waits for the verdict. With an error in any file nothing changes: the errors are\n"
		"printed, and the exit status is 1. Buses and rules that did not change go on as\n"
		"they are. With --dry-run: builds it beside what runs, and says what would change, or\n"
		"what is wrong; nothing changes. Needs root or group gauged-admin.\n",
	.options = CTL_DRY_RUN,
	.run = run_reload,
};
