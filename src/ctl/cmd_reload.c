/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl reload: a new configuration, all of it or nothing. */
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

static void print_done(const json_t *answer)
{
	print_lines(stderr, text(answer, "text"));
	printf("reloaded: buses %jd kept, %jd opened, %jd closed; rules %jd kept, %jd added, %jd "
	       "removed\n",
	       count(answer, "buses", "kept"), count(answer, "buses", "opened"),
	       count(answer, "buses", "closed"), count(answer, "rules", "kept"),
	       count(answer, "rules", "added"), count(answer, "rules", "removed"));
}

static enum ctl_status run_reload(const struct ctl *ctl)
{
	json_t *answer = NULL, *problem = NULL;
	enum ctl_status status = remote_ask(ctl, "/v1/reload", "", &answer, &problem);

	if (ctl->json && (answer != NULL || problem != NULL)) {
		remote_print(answer != NULL ? answer : problem);
		return status;
	}
	if (answer != NULL)
		print_done(answer);
	if (problem != NULL) {
		print_lines(stderr, text(problem, "text"));
		fprintf(stderr, "gaugectl: reload refused: %s\n", text(problem, "detail"));
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
		"they are. Needs root or group gauged-admin.\n",
	.run = run_reload,
};
