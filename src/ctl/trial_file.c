/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of rule tests. */
#include "ctl/trial_file.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "rules/calendar_text.h"
#include "rules/civil.h"
#include "daemon/config_file.h"

enum { TRIALS_MAX = 10000, LONGEST_S = 366 * 86400 };

struct file_options {
	const char *config;
	const struct yaml_node *tests;
};

struct trial_options {
	const char *name;
	int64_t step_ns, until_ns;
	const char *start;
	const struct yaml_node *inputs, *expect, *actions, *acts;
};

static const char *const states[] = {"ok", "pending", "firing", "clearing", "returned", NULL};
static const char *const conditions[] = {"false", "true", "unknown", NULL};
static const char *const qualities[] = {"good", "uncertain", "stale", "bad", NULL};
static const char *const events[] = {"pending", "calm",	    "fire",  "clearing", "refire",
				     "return",	"ack",	    "clear", "repeat",	 "instant",
				     "blind",	"flapping", NULL};

#define AT(struct_)                                                               \
	{                                                                         \
		.name = "at", OPTION(DURATION, struct_, at_ns), .max = LONGEST_S, \
		.required = true, .help = "when, from the start of the test"      \
	}

/* clang-format off */
static const struct option file_rows[] = {
	{.name = "config", OPTION(TEXT, file_options, config), .required = true,
	 .help = "the configuration that is tested, relative to this file"},
	{.name = "tests", OPTION(SEQ, file_options, tests), .required = true,
	 .shape = "[test]",
	 .help = "the tests; each starts with a fresh engine at 0 s"},
};

static const struct option trial_rows[] = {
	{.name = "name", OPTION(TEXT, trial_options, name), .required = true,
	 .help = "what is tested, in a sentence"},
	{.name = "step", OPTION(DURATION, trial_options, step_ns), .fallback = "1s", .min = 0.001,
	 .max = LONGEST_S, .help = "the k-th sample of an input arrives at k times this"},
	{.name = "until", OPTION(DURATION, trial_options, until_ns), .max = LONGEST_S,
	 .help = "the end of the test; the last sample or 'at', if that is later"},
	{.name = "start", OPTION(TEXT, trial_options, start), .fallback = "2026-01-05 00:00",
	 .help = "the local time at the start; the default is a Monday"},
	{.name = "inputs", OPTION(MAP, trial_options, inputs),
	 .shape = "{text}",
	 .help = "samples by point: 70*3 81..95*5 _*2 timeout"},
	{.name = "expect", OPTION(SEQ, trial_options, expect),
	 .shape = "[expect]",
	 .help = "what has to be so, when all that is due by then has run"},
	{.name = "actions", OPTION(SEQ, trial_options, actions),
	 .shape = "[deed]",
	 .help = "all that the rules do: an action that is not in the list fails the test"},
	{.name = "do", OPTION(SEQ, trial_options, acts),
	 .shape = "[act]",
	 .help = "what somebody does: a reload, an acknowledgement"},
};

static const struct option expect_rows[] = {
	AT(trial_expect),
	{.name = "rule", OPTION(TEXT, trial_expect, rule), .help = "the rule that is looked at"},
	{.name = "state", OPTION(CHOICE, trial_expect, state), .choices = states,
	 .help = "the state of the rule"},
	{.name = "condition", OPTION(CHOICE, trial_expect, condition), .choices = conditions,
	 .help = "what the condition of the rule is"},
	{.name = "point", OPTION(TEXT, trial_expect, point), .help = "the point that is looked at"},
	{.name = "value", OPTION(NODE, trial_expect, value),
	 .shape = "text|null",
	 .help = "the value of the point; null: it is unknown"},
	{.name = "quality", OPTION(CHOICE, trial_expect, quality), .choices = qualities,
	 .help = "the quality of the point"},
};

static const struct option deed_rows[] = {
	AT(trial_deed),
	{.name = "webhook", OPTION(TEXT, trial_deed, webhook), .help = "the webhook that is called"},
	{.name = "mqtt", OPTION(TEXT, trial_deed, mqtt), .help = "the broker that is told"},
	{.name = "write", OPTION(MAP, trial_deed, write),
	 .shape = "{text}",
	 .help = "the points that are written, and their values"},
	{.name = "log", OPTION(BOOL, trial_deed, log), .help = "true: a line is written to the log"},
	{.name = "rule", OPTION(TEXT, trial_deed, rule), .help = "the rule that does it"},
	{.name = "event", OPTION(CHOICE, trial_deed, event), .choices = events,
	 .help = "the event that it is done for"},
	{.name = "body", OPTION(MAP, trial_deed, body),
	 .shape = "{any}",
	 .help = "what the body of the message has to hold, at least"},
};

static const struct option act_rows[] = {
	AT(trial_act),
	{.name = "reload", OPTION(TEXT, trial_act, reload),
	 .help = "true, or the path of another configuration"},
	{.name = "restart", OPTION(TEXT, trial_act, restart),
	 .help = "true, or how long the program is down: its readings are lost"},
	{.name = "clock_step", OPTION(TEXT, trial_act, clock_step),
	 .help = "by how much the clock of the day is set forward or back: +2h, -1h"},
	{.name = "ack", OPTION(TEXT, trial_act, ack), .help = "the rule that is acknowledged"},
	{.name = "shelve", OPTION(TEXT, trial_act, shelve), .help = "the rule that is shelved"},
	{.name = "for", OPTION(DURATION, trial_act, for_ns), .min = 1, .max = 31 * 86400,
	 .help = "how long the rule is shelved, or the webhook answers so"},
	{.name = "unshelve", OPTION(TEXT, trial_act, unshelve),
	 .help = "the rule that is shelved no longer"},
	{.name = "webhook_reply", OPTION(MAP, trial_act, webhook_reply),
	 .shape = "{any}",
	 .help = "webhooks, and what they answer from then on: a status, or none"},
};
/* clang-format on */

static const struct option_table file_table = {
	.section = "file of tests",
	.manual = "gauged-rules(5)",
	.rows = file_rows,
	.count = ARRAY_SIZE(file_rows),
	.name = "file",
};
static const struct option_table trial_table = {
	.section = "test",
	.manual = "gauged-rules(5)",
	.rows = trial_rows,
	.count = ARRAY_SIZE(trial_rows),
	.name = "test",
};
static const struct option_table expect_table = {
	.section = "expectation",
	.manual = "gauged-rules(5)",
	.rows = expect_rows,
	.count = ARRAY_SIZE(expect_rows),
	.name = "expect",
	.one_of = "rule|point",
};
static const struct option_table deed_table = {
	.section = "expected action",
	.manual = "gauged-rules(5)",
	.rows = deed_rows,
	.count = ARRAY_SIZE(deed_rows),
	.name = "deed",
	.one_of = "webhook|mqtt|write|log",
};
static const struct option_table act_table = {
	.section = "deed of a test",
	.manual = "gauged-rules(5)",
	.rows = act_rows,
	.count = ARRAY_SIZE(act_rows),
	.name = "act",
	.one_of = "reload|restart|clock_step|ack|shelve|unshelve|webhook_reply",
};

const struct option_table *const trial_option_tables[] = {
	&file_table, &trial_table, &expect_table, &deed_table, &act_table, NULL};

struct reading_file {
	struct arena *arena;
	struct diags *diags;
};

static bool bind(const struct reading_file *file, const struct option_table *table,
		 const struct yaml_node *node, void *dst)
{
	if (node->kind != YAML_MAP) {
		diag_error(file->diags, node, "expected a map, got %s", yaml_kind_words(node));
		return false;
	}
	return option_bind(file->arena, node, NULL, &(struct option_binding){table, dst}, 1,
			   file->diags);
}

/* True if exactly one of the keys stands in the map, which keys the error names in words. */
static bool one_of(const struct reading_file *file, const struct yaml_node *map,
		   const char *const *keys, const char *words)
{
	size_t found = 0;

	for (; *keys != NULL; keys++)
		found += yaml_get(map, *keys) != NULL;
	if (found == 1)
		return true;
	diag_error(file->diags, map, "expected one of %s", words);
	return false;
}

static bool read_expect(const struct reading_file *file, const struct yaml_node *node,
			struct trial_expect *ret)
{
	static const char *const keys[] = {"rule", "point", NULL};
	bool of_rule, of_point;

	ret->node = node;
	if (!bind(file, &expect_table, node, ret) || !one_of(file, node, keys, "rule, point"))
		return false;
	if (ret->value != NULL && ret->value->kind != YAML_SCALAR) {
		diag_error(
			file->diags, ret->value,
			"'value' of expectation must be a value such as 81.5, on or null, not %s",
			yaml_kind_words(ret->value));
		return false;
	}
	ret->has_state = yaml_get(node, "state") != NULL;
	ret->has_condition = yaml_get(node, "condition") != NULL;
	ret->has_quality = yaml_get(node, "quality") != NULL;
	of_rule = ret->has_state || ret->has_condition;
	of_point = ret->has_quality || ret->value != NULL;
	if (ret->rule != NULL ? of_rule && !of_point : of_point && !of_rule)
		return true;
	diag_error(file->diags, node,
		   ret->rule != NULL ? "expected 'state' or 'condition' of the rule"
				     : "expected 'value' or 'quality' of the point");
	return false;
}

static bool read_deed(const struct reading_file *file, const struct yaml_node *node,
		      struct trial_deed *ret)
{
	static const char *const keys[] = {"webhook", "mqtt", "write", "log", NULL};

	ret->node = node;
	if (!bind(file, &deed_table, node, ret) ||
	    !one_of(file, node, keys, "webhook, mqtt, write, log"))
		return false;
	ret->has_event = yaml_get(node, "event") != NULL;
	if (ret->body == NULL || ret->webhook != NULL || ret->mqtt != NULL)
		return true;
	diag_error(file->diags, yaml_key(node, "body"),
		   "only a webhook and a broker get a body");
	return false;
}

/* "true" is at once; "+2h" and "-1h" are steps. */
static bool read_act_times(const struct reading_file *file, const struct yaml_node *node,
			   struct trial_act *ret)
{
	const char *step = ret->clock_step;

	if (ret->restart != NULL && strcmp(ret->restart, "true") != 0 &&
	    (str_to_duration(ret->restart, &ret->down_ns) != 0 ||
	     ret->down_ns > LONGEST_S * NSEC_PER_SEC)) {
		diag_error(file->diags, yaml_get(node, "restart"),
			   "expected true, or a duration such as 10m");
		return false;
	}
	if (step == NULL)
		return true;
	if ((step[0] != '+' && step[0] != '-') ||
	    str_to_duration(step + 1, &ret->step_ns) != 0 ||
	    ret->step_ns > LONGEST_S * NSEC_PER_SEC) {
		diag_error(file->diags, yaml_get(node, "clock_step"),
			   "expected a sign and a duration, such as +2h or -1h");
		return false;
	}
	if (step[0] == '-')
		ret->step_ns = -ret->step_ns;
	return true;
}

/* "2026-03-29 00:00", with seconds if need be. */
static bool read_start(const struct reading_file *file, const struct yaml_node *node,
		       const char *text, int64_t *ret)
{
	int year, month, day, len = 0;
	int32_t tod = -1;
	size_t rest = strlen(text);

	if (sscanf(text, "%4d-%2d-%2d%*[ T]%n", &year, &month, &day, &len) == 3 && len > 0 &&
	    year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day >= 1 &&
	    day <= civil_month_days(year, month) &&
	    calendar_time(text + len, rest - (size_t)len, &tod) == rest - (size_t)len &&
	    tod >= 0) {
		*ret = civil_days(year, month, day) * CIVIL_DAY_S + tod;
		return true;
	}
	diag_error(file->diags, yaml_get(node, "start"), "'%s' is no date with a time", text);
	diag_note(file->diags, "expected: local time such as 2026-03-29 00:00");
	return false;
}

static bool read_act(const struct reading_file *file, const struct yaml_node *node,
		     struct trial_act *ret)
{
	static const char *const keys[] = {"reload", "restart",	 "clock_step",	  "ack",
					   "shelve", "unshelve", "webhook_reply", NULL};

	ret->node = node;
	if (!bind(file, &act_table, node, ret) ||
	    !one_of(file, node, keys,
		    "reload, restart, clock_step, ack, shelve, unshelve, webhook_reply") ||
	    !read_act_times(file, node, ret))
		return false;
	if (ret->webhook_reply != NULL || (ret->shelve != NULL) == (ret->for_ns > 0))
		return true;
	diag_error(file->diags, node, "'shelve' and 'for' belong together");
	return false;
}

static bool read_lists(const struct reading_file *file, const struct trial_options *options,
		       struct trial *ret)
{
	static const struct yaml_node none = {.kind = YAML_SEQ};
	const struct yaml_node *expect = options->expect != NULL ? options->expect : &none;
	const struct yaml_node *deed = options->actions != NULL ? options->actions : &none;
	const struct yaml_node *act = options->acts != NULL ? options->acts : &none;
	struct trial_expect *expects = arena_take(file->arena, expect->count, sizeof(*expects));
	struct trial_deed *deeds = arena_take(file->arena, deed->count, sizeof(*deeds));
	struct trial_act *acts = arena_take(file->arena, act->count, sizeof(*acts));
	bool good = true;

	for (size_t i = 0; i < expect->count; i++)
		good = read_expect(file, expect->values[i], &expects[i]) && good;
	for (size_t i = 0; i < deed->count; i++)
		good = read_deed(file, deed->values[i], &deeds[i]) && good;
	for (size_t i = 0; i < act->count; i++)
		good = read_act(file, act->values[i], &acts[i]) && good;
	ret->expects = expects;
	ret->expect_count = expect->count;
	ret->deeds = deeds;
	ret->deed_count = deed->count;
	ret->acts = acts;
	ret->act_count = act->count;
	return good;
}

static bool read_trial(const struct reading_file *file, const struct yaml_node *node,
		       struct trial *ret)
{
	struct trial_options options = {0};

	if (!bind(file, &trial_table, node, &options))
		return false;
	*ret = (struct trial){
		.name = options.name,
		.node = node,
		.step_ns = options.step_ns,
		.until_ns = options.until_ns,
		.inputs = options.inputs,
		.deeds_node = options.actions != NULL ? yaml_key(node, "actions") : NULL,
	};
	if (options.expect == NULL && options.actions == NULL) {
		diag_error(file->diags, node, "the test '%s' looks at nothing", options.name);
		diag_note(file->diags, "hint: add 'expect:' or 'actions:'");
		return false;
	}
	return read_start(file, node, options.start, &ret->start_s) &&
	       read_lists(file, &options, ret);
}

bool trial_file_read(struct arena *arena, const char *path, struct trial_file *ret,
		     struct diags *diags)
{
	const struct reading_file file = {arena, diags};
	const struct diag_source *source = config_file_read(arena, path, false, NULL, diags);
	const struct yaml_node *root = source != NULL ? yaml_parse(arena, source, diags) : NULL;
	const char *slash = strrchr(path, '/');
	struct file_options options = {0};
	struct trial *trials;
	bool good = true;

	if (root == NULL || !bind(&file, &file_table, root, &options))
		return false;
	if (options.tests->count > TRIALS_MAX) {
		diag_error(diags, options.tests, "a file has at most %d tests", TRIALS_MAX);
		diag_note(diags, "hint: put the rest into a file of its own");
		return false;
	}
	trials = arena_take(arena, options.tests->count, sizeof(*trials));
	for (size_t i = 0; i < options.tests->count; i++)
		good = read_trial(&file, options.tests->values[i], &trials[i]) && good;
	*ret = (struct trial_file){
		.path = path,
		.directory = slash != NULL ? arena_text(arena, path, (size_t)(slash - path) + 1)
					   : "",
		.config = options.config,
		.config_node = yaml_get(root, "config"),
		.count = options.tests->count,
		.trials = trials,
	};
	return good;
}
