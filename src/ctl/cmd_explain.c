/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl explain: why a rule stands where it stands, or stood in a recording, as a tree. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ctl/cmd_outputs.h"
#include "ctl/ctl.h"
#include "ctl/explain_replay.h"
#include "ctl/look.h"
#include "ctl/remote.h"
#include "ctl/rule_words.h"

/* The column of values begins behind the longest text, but not further to the right. */
enum { VALUES_FROM_MAX = 56 };

struct line {
	char *text, *value, *detail; /* of a point: text only */
	enum look look;
};

struct lines {
	size_t count, room;
	struct line *lines;
};

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static struct line *lines_add(struct lines *lines, const char *indent, const char *what)
{
	struct line *line;
	struct str clean;

	if (lines->count == lines->room) {
		lines->room = lines->room > 0 ? 2 * lines->room : 32;
		lines->lines = xreallocarray(lines->lines, lines->room, sizeof(*lines->lines));
	}
	str_init(&clean);
	str_adds(&clean, indent);
	look_add_text(&clean, what);
	line = &lines->lines[lines->count++];
	*line = (struct line){.text = str_steal(&clean)};
	return line;
}

static void lines_print(const struct ctl *ctl, const struct lines *lines)
{
	unsigned from = 0;

	for (size_t i = 0; i < lines->count; i++) {
		unsigned width = look_width(lines->lines[i].text);

		if (lines->lines[i].value != NULL && width > from && width <= VALUES_FROM_MAX)
			from = width;
	}
	for (size_t i = 0; i < lines->count; i++) {
		const struct line *line = &lines->lines[i];
		unsigned width = look_width(line->text);

		look_print(ctl, line->value != NULL ? LOOK_PLAIN : LOOK_DIM, line->text);
		if (line->value != NULL) {
			printf("%*s", (int)(width < from ? from - width : 0) + 2, "");
			look_print(ctl, line->look, line->value);
			if (line->detail != NULL)
				printf("%*s%s",
				       look_width(line->value) < 7
					       ? (int)(7 - look_width(line->value)) + 2
					       : 2,
				       "", line->detail);
		}
		putchar('\n');
	}
}

static void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->lines[i].text);
		free(lines->lines[i].value);
		free(lines->lines[i].detail);
	}
	free(lines->lines);
}

/* "81.3 degC", "true", "unknown" */
static void add_value(struct str *out, const json_t *value, const char *unit)
{
	if (json_is_boolean(value))
		str_adds(out, json_is_true(value) ? "true" : "false");
	else if (json_is_null(value))
		str_adds(out, "unknown");
	else
		look_add_value(out, value);
	if (json_is_number(value) && unit != NULL) {
		str_addc(out, ' ');
		look_add_text(out, unit);
	}
}

/* "boiler.temp = 81.3 degC, good, 0.1 s old" */
static void add_point(struct lines *lines, const char *indent, const json_t *point)
{
	const json_t *age = json_object_get(point, "age_s");
	struct str line;

	str_init(&line);
	str_addf(&line, "%s = ", text(point, "name"));
	add_value(&line, json_object_get(point, "value"), text(point, "unit"));
	str_addf(&line, ", %s", text(point, "quality"));
	if (text(point, "reason") != NULL)
		str_addf(&line, " (%s)", text(point, "reason"));
	if (json_is_number(age)) {
		str_adds(&line, ", ");
		look_add_age(&line, json_number_value(age));
		str_adds(&line, " old");
	} else {
		str_adds(&line, ", never read");
	}
	lines_add(lines, indent, line.s);
	str_done(&line);
}

/* A number or a text straight from a point: its line says it all. */
static bool is_reading(const json_t *node)
{
	return json_is_object(json_object_get(node, "point")) &&
	       !json_is_boolean(json_object_get(node, "value")) &&
	       text(node, "compared") == NULL;
}

static void add_detail(struct line *line, const json_t *node)
{
	const json_t *changes = json_object_get(node, "changes_s");
	struct str detail;

	str_init(&detail);
	if (text(node, "compared") != NULL)
		look_add_text(&detail, text(node, "compared"));
	if (json_is_number(changes)) {
		str_adds(&detail, detail.len > 0 ? ", changes in " : "changes in ");
		look_add_age(&detail, json_number_value(changes));
	}
	if (detail.len > 0)
		line->detail = str_steal(&detail);
	str_done(&detail);
}

/* The node's own line begins with first, those of what it is made of with rest. */
static void add_node(struct lines *lines, const char *first, const char *rest,
		     const json_t *node)
{
	const json_t *operands = json_object_get(node, "operands"), *kid, *last = NULL;
	struct line *line = lines_add(lines, first, text(node, "text"));
	struct str value, branch, below;
	size_t i;

	str_init(&value);
	str_init(&branch);
	str_init(&below);
	add_value(&value, json_object_get(node, "value"), text(node, "unit"));
	line->value = str_steal(&value);
	line->look = json_is_null(json_object_get(node, "value"))     ? LOOK_WARN
		     : json_is_true(json_object_get(node, "decides")) ? LOOK_BOLD
								      : LOOK_DIM;
	add_detail(line, node);
	str_addf(&below, "%s  ", rest);
	if (json_is_object(json_object_get(node, "point")))
		add_point(lines, below.s, json_object_get(node, "point"));
	json_array_foreach (operands, i, kid) {
		if (is_reading(kid))
			add_point(lines, below.s, json_object_get(kid, "point"));
		else
			last = kid;
	}
	json_array_foreach (operands, i, kid) {
		if (is_reading(kid))
			continue;
		str_clear(&branch);
		str_clear(&below);
		str_addf(&branch, "%s%s ", rest, kid == last ? "`-" : "|-");
		str_addf(&below, "%s%s ", rest, kid == last ? "  " : "| ");
		add_node(lines, branch.s, below.s, kid);
	}
	str_done(&value);
	str_done(&branch);
	str_done(&below);
}

/* Named only where it is not the whole. */
static void add_decided(struct lines *lines, const json_t *part)
{
	const json_t *decided = json_object_get(part, "decided_by"), *one;
	const char *whole = text(json_object_get(part, "tree"), "text");
	struct str line;
	size_t i;

	if (json_array_size(decided) == 1 && whole != NULL &&
	    strcmp(json_string_value(json_array_get(decided, 0)), whole) == 0)
		return;
	str_init(&line);
	json_array_foreach (decided, i, one)
		str_addf(&line, "%s%s", i == 0 ? "decided by " : ", ", json_string_value(one));
	lines_add(lines, "         ", line.s);
	str_done(&line);
}

static void print_head(const struct ctl *ctl, const json_t *rule)
{
	const char *state = text(rule, "state");
	struct str line;

	str_init(&line);
	look_add_text(&line, text(rule, "name"));
	look_print(ctl, LOOK_BOLD, line.s);
	printf(" (%s)  ", text(rule, "severity"));
	str_clear(&line);
	rule_words_state(&line, rule, true);
	if (json_is_number(json_object_get(rule, "deadline_s")))
		str_addf(&line, " if this stays %s",
			 strcmp(state, "pending") == 0 ? "true" : "so");
	if (json_is_true(json_object_get(rule, "frozen")))
		str_adds(&line, ", its time stands still while this is unknown");
	look_print(ctl, look_of_rule(state), line.s);
	putchar('\n');
	str_done(&line);
}

static void print_foot(const json_t *rule)
{
	const json_t *condition = json_object_get(rule, "condition");
	struct str hold;

	str_init(&hold);
	rule_words_hold(&hold, rule);
	if (hold.len > 0)
		printf("  held   %s\n", hold.s + strlen(", "));
	str_done(&hold);
	if (json_is_true(json_object_get(rule, "latch")))
		printf("  latch  an alarm until somebody acknowledges it\n");
	if (!json_is_true(json_object_get(rule, "instant")) &&
	    !json_is_true(json_object_get(rule, "inactive")) &&
	    !json_equal(condition, json_object_get(rule, "seen")))
		printf("  note   taken for %s until something that it reads changes\n",
		       json_is_null(condition)	 ? "unknown"
		       : json_is_true(condition) ? "true"
						 : "false");
	if (!json_is_true(json_object_get(rule, "instant")))
		printf("  fired  %jd, cleared %jd\n",
		       (intmax_t)json_integer_value(json_object_get(rule, "fired")),
		       (intmax_t)json_integer_value(json_object_get(rule, "cleared")));
}

static void print_explained(const struct ctl *ctl, const json_t *rule)
{
	const json_t *part;
	struct lines lines;
	size_t i;

	print_head(ctl, rule);
	if (json_array_size(json_object_get(rule, "expressions")) == 0)
		printf("  at     %s\n", text(rule, "when"));
	json_array_foreach (json_object_get(rule, "expressions"), i, part) {
		struct str first;

		lines = (struct lines){0};
		str_init(&first);
		str_addf(&first, "  %-7s", text(part, "field"));
		add_node(&lines, first.s, "         ", json_object_get(part, "tree"));
		add_decided(&lines, part);
		lines_print(ctl, &lines);
		lines_done(&lines);
		str_done(&first);
	}
	print_foot(rule);
	outputs_lines(ctl, json_object_get(rule, "outputs"));
}

static void show_explained(const struct ctl *ctl, json_t *answer)
{
	if (ctl->json) {
		remote_print(answer);
		return;
	}
	print_explained(ctl, answer);
	json_decref(answer);
}

static enum ctl_status run_explain(const struct ctl *ctl)
{
	json_t *answer = NULL;
	enum ctl_status status =
		ctl->options != 0
			? explain_replay(ctl, &answer)
			: remote_ask_of(ctl, "/v1/rules", ctl->args[0], "/explain", &answer);

	if (answer != NULL)
		show_explained(ctl, answer);
	return status;
}

const struct ctl_command cmd_explain = {
	.name = "explain",
	.usage = "RULE",
	.summary = "why a rule stands where it stands",
	.help = "Draws the rule's condition as a tree with the value of each part now, the points\n"
		"that it reads, and the operands that decide; and says where the rule stands and\n"
		"when that will change if nothing else does.\n"
		"With --replay and --config: as it was in a recording, at --at or at its end.\n",
	.options = CTL_REPLAY | CTL_CONFIG | CTL_AT,
	.least = 1,
	.most = 1,
	.run = run_explain,
};
