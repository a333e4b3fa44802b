/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the course of one rule test. */
#include "ctl/trial_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "rules/scenario.h"
#include "ctl/trial_expect.h"
#include "ctl/trial_file.h"
#include "ctl/trial_log.h"
#include "daemon/config.h"

struct input {
	const char *name;
	struct scenario_series series;
	uint32_t point; /* of the configuration in force; POINT_NONE: it has none such */
};

struct run {
	const struct trial_file *file;
	const struct trial *trial;
	struct diags *diags;
	struct arena *arena;
	struct config *config;
	const struct config *leaving; /* while a reload takes it out; otherwise NULL */
	size_t config_count;	      /* references that the run holds until its end */
	struct config **configs;
	struct engine *engine; /* NULL: the program is down */
	int64_t up_ns;	       /* until then */
	struct wall saved_at;
	struct str saved;
	struct trial_log *log;
	struct trial_coverage *coverage; /* of the first configuration */
	size_t input_count;
	struct input *inputs;
	size_t cursor_expect, cursor_act; /* into these, by time: */
	const struct trial_expect **expects;
	const struct trial_act **acts;
	uint64_t sample, samples; /* next one, and how many there are at most */
	int64_t end_ns;
};

static void run_event(void *arg, const struct event *event)
{
	struct run *run = arg;
	bool removed = event->reason != NULL && strcmp(event->reason, "removed") == 0;

	trial_log_event(run->log, removed && run->leaving != NULL ? run->leaving : run->config,
			event);
}

static struct engine *run_engine(struct run *run, struct boot now)
{
	return engine_new(run->config->rules, run->config->points,
			  (struct engine_sink){run_event, run}, now);
}

/* ---- what comes in -------------------------------------------------------------------- */

static bool run_input(struct run *run, const struct yaml_node *key,
		      const struct yaml_node *node, struct input *ret)
{
	const struct point_table *points = run->config->points;

	ret->name = key->text;
	ret->point = point_table_find(points, key->text, key->len);
	if (ret->point == POINT_NONE) {
		diag_error(run->diags, key, "unknown point '%s'", key->text);
		diag_suggest(run->diags, key->text, point_table_names(points),
			     point_table_count(points));
		return false;
	}
	return scenario_series_parse(run->arena, point_table_get(points, ret->point), node,
				     &ret->series, run->diags);
}

/* Whoever wrote the test has probably not meant that. */
static void run_note_gaps(struct run *run, const struct yaml_node *key,
			  const struct input *input)
{
	const struct point *point = point_table_get(run->config->points, input->point);
	char room[2][32];
	struct str step, stale;

	if (input->series.count < 2 || run->trial->step_ns < point->stale_ns)
		return;
	str_init_fixed(&step, room[0], sizeof(room[0]));
	str_add_duration(&step, run->trial->step_ns);
	str_init_fixed(&stale, room[1], sizeof(room[1]));
	str_add_duration(&stale, point->stale_ns);
	diag_warning(run->diags, key,
		     "'%s' is unknown between its samples: 'step' is %s, its 'stale_after' %s",
		     input->name, step.s, stale.s);
}

static bool run_inputs(struct run *run)
{
	const struct yaml_node *map = run->trial->inputs;
	bool good = true;

	if (map == NULL)
		return true;
	run->inputs = arena_take(run->arena, map->count, sizeof(*run->inputs));
	run->input_count = map->count;
	for (size_t i = 0; i < map->count; i++) {
		if (run_input(run, map->keys[i], map->values[i], &run->inputs[i]))
			run_note_gaps(run, map->keys[i], &run->inputs[i]);
		else
			good = false;
		if (run->inputs[i].series.count > run->samples)
			run->samples = run->inputs[i].series.count;
	}
	if (run->samples > 0 && (uint64_t)(INT64_MAX / run->trial->step_ns) <= run->samples) {
		diag_error(run->diags, map, "the samples reach over more than 292 years");
		diag_note(run->diags, "hint: a shorter 'step', or fewer samples");
		return false;
	}
	return good;
}

static void run_samples(struct run *run, struct boot now)
{
	for (size_t i = 0; i < run->input_count; i++) {
		const struct input *input = &run->inputs[i];
		struct reading reading;

		if (run->engine == NULL || input->point == POINT_NONE ||
		    !scenario_series_at(&input->series,
					point_table_get(run->config->points, input->point),
					run->sample, &reading))
			continue;
		reading.point = input->point;
		reading.at = now;
		engine_feed(run->engine, &reading);
	}
	if (run->engine != NULL)
		engine_settle(run->engine);
	run->sample++;
}

/* ---- what is done --------------------------------------------------------------------- */

static struct config *run_other_config(struct run *run, const struct trial_act *act)
{
	struct config *config = run->config;
	struct diags *diags;
	struct str path, text;

	if (strcmp(act->reload, "true") == 0)
		return config;
	str_init(&path);
	str_addf(&path, "%s%s", act->reload[0] == '/' ? "" : run->file->directory, act->reload);
	diags = diags_new(10);
	config = config_load(arena_text(run->arena, path.s, path.len), false, diags);
	if (config == NULL) {
		str_init(&text);
		diags_render(diags, &text);
		diag_error(run->diags, yaml_get(act->node, "reload"),
			   "this configuration is refused, nothing changes");
		for (char *line, *rest = text.s; (line = strsep(&rest, "\n")) != NULL;) {
			if (line[0] != '\0')
				diag_note(run->diags, "%s", line);
		}
		str_done(&text);
	} else {
		run->configs = xreallocarray(run->configs, run->config_count + 1,
					     sizeof(struct config *));
		run->configs[run->config_count++] = config;
	}
	diags_free(diags);
	str_done(&path);
	return config;
}

static void run_reload(struct run *run, const struct trial_act *act, struct boot now)
{
	struct config *config = run_other_config(run, act);
	struct engine *old = run->engine;

	if (config == NULL)
		return;
	run->leaving = run->config;
	run->config = config;
	run->engine = run_engine(run, now);
	engine_adopt(run->engine, old, now);
	run->leaving = NULL;
	engine_free(old);
	for (size_t i = 0; i < run->input_count; i++)
		run->inputs[i].point = point_table_find(config->points, run->inputs[i].name,
							strlen(run->inputs[i].name));
}

static void run_set_wall(struct run *run, struct boot now)
{
	engine_set_wall(run->engine, now, trial_log_wall(run->log, now), true);
}

/* The program ends, and what it keeps is all that is left of it. */
static void run_down(struct run *run, const struct trial_act *act, struct boot now)
{
	run->saved_at = trial_log_wall(run->log, now);
	str_init(&run->saved);
	engine_save(run->engine, now, run->saved_at, &run->saved);
	engine_free(run->engine);
	run->engine = NULL;
	run->up_ns = boot_add(now, act->down_ns).ns;
}

/* It starts; for how long it was down the clock of the day says. */
static void run_up(struct run *run, struct boot now)
{
	struct engine_restored restored;
	int64_t outage_ns = trial_log_wall(run->log, now).ns - run->saved_at.ns;

	run->engine = run_engine(run, now);
	engine_restore(run->engine, run->saved.s, run->saved.len, now, outage_ns, &restored);
	str_done(&run->saved);
	run_set_wall(run, now);
	run->up_ns = INT64_MAX;
}

static const char *act_refusal(const struct trial_act *act, int rc)
{
	if (act->ack == NULL)
		return "it is not shelved";
	switch (rc) {
	case -EALREADY:
		return "it is acknowledged already";
	case -EINVAL:
		return "it is an instant, which has no state";
	default:
		return "there is nothing to acknowledge";
	}
}

static void run_operate(struct run *run, const struct trial_act *act, struct boot now)
{
	const char *name = act->ack != NULL	 ? act->ack
			   : act->shelve != NULL ? act->shelve
						 : act->unshelve;
	uint32_t rule = trial_find_rule(run->config, name, act->node, run->diags);
	int rc;

	if (rule == UINT32_MAX)
		return;
	if (act->ack != NULL)
		rc = engine_ack(run->engine, rule, now);
	else if (act->shelve != NULL)
		rc = engine_shelve(run->engine, rule, boot_add(now, act->for_ns), now);
	else
		rc = engine_unshelve(run->engine, rule, now);
	if (rc != 0)
		diag_error(run->diags, act->node, "this was refused: %s", act_refusal(act, rc));
}

/* A program that is down looks at the clock when it starts. */
static void run_step_clock(struct run *run, const struct trial_act *act, struct boot now)
{
	trial_log_step(run->log, act->step_ns);
	if (run->engine != NULL)
		run_set_wall(run, now);
}

/* A status, or none. -1: something else. */
static int reply_status(const struct yaml_node *node)
{
	char *end = NULL;
	long status;

	if (node->kind != YAML_SCALAR || node->len == 0)
		return -1;
	if (strcmp(node->text, "none") == 0)
		return 0;
	status = strtol(node->text, &end, 10);
	return *end == '\0' && status >= 200 && status <= 599 ? (int)status : -1;
}

static bool find_webhook(struct run *run, const struct yaml_node *key)
{
	const struct config *config = run->config;
	const char **names = arena_take(run->arena, config->webhook_count, sizeof(*names));

	for (size_t i = 0; i < config->webhook_count; i++) {
		names[i] = config->webhooks[i].name;
		if (strcmp(names[i], key->text) == 0)
			return true;
	}
	diag_error(run->diags, key, "unknown webhook '%s'", key->text);
	diag_suggest(run->diags, key->text, names, config->webhook_count);
	return false;
}

static void run_reply(struct run *run, const struct trial_act *act, struct boot now)
{
	const struct yaml_node *map = act->webhook_reply;
	struct boot until = act->for_ns > 0 ? boot_add(now, act->for_ns) : BOOT_NEVER;

	for (size_t i = 0; i < map->count; i++) {
		const char *name = map->keys[i]->text;
		int status = reply_status(map->values[i]);

		if (!find_webhook(run, map->keys[i]))
			continue;
		if (status < 0)
			diag_error(run->diags, map->values[i],
				   "expected a status from 200 to 599, or none");
		else
			trial_log_reply(run->log, name, status, until);
	}
}

static void run_act(struct run *run, const struct trial_act *act, struct boot now)
{
	if (act->clock_step != NULL)
		run_step_clock(run, act, now);
	else if (act->webhook_reply != NULL)
		run_reply(run, act, now);
	else if (run->engine == NULL)
		diag_error(run->diags, act->node, "the program is down at this time");
	else if (act->reload != NULL)
		run_reload(run, act, now);
	else if (act->restart != NULL)
		run_down(run, act, now);
	else
		run_operate(run, act, now);
}

static void run_tick(struct run *run, struct boot now)
{
	if (run->engine != NULL)
		engine_tick(run->engine, now);
}

/* ---- time ----------------------------------------------------------------------------- */

static int by_time(int64_t a, int64_t b, const void *pa, const void *pb)
{
	/* Equal instants stay in the order of the file, in which they lie in memory. */
	return a != b ? (a > b) - (a < b) : (pa > pb) - (pa < pb);
}

static int expect_compare(const void *pa, const void *pb)
{
	const struct trial_expect *a = *(const struct trial_expect *const *)pa;
	const struct trial_expect *b = *(const struct trial_expect *const *)pb;

	return by_time(a->at_ns, b->at_ns, a, b);
}

static int act_compare(const void *pa, const void *pb)
{
	const struct trial_act *a = *(const struct trial_act *const *)pa;
	const struct trial_act *b = *(const struct trial_act *const *)pb;

	return by_time(a->at_ns, b->at_ns, a, b);
}

static void run_sort(struct run *run)
{
	const struct trial *trial = run->trial;

	run->expects = arena_take(run->arena, trial->expect_count + 1, sizeof(*run->expects));
	run->acts = arena_take(run->arena, trial->act_count + 1, sizeof(*run->acts));
	for (size_t i = 0; i < trial->expect_count; i++)
		run->expects[i] = &trial->expects[i];
	for (size_t i = 0; i < trial->act_count; i++)
		run->acts[i] = &trial->acts[i];
	qsort(run->expects, trial->expect_count, sizeof(*run->expects), expect_compare);
	qsort(run->acts, trial->act_count, sizeof(*run->acts), act_compare);
}

/* The next instant at which the test itself does something; INT64_MAX: none. */
static int64_t run_next(const struct run *run)
{
	int64_t next = run->up_ns;
	struct boot due;

	if (run->sample < run->samples && (int64_t)run->sample * run->trial->step_ns < next)
		next = (int64_t)run->sample * run->trial->step_ns;
	if (run->cursor_act < run->trial->act_count && run->acts[run->cursor_act]->at_ns < next)
		next = run->acts[run->cursor_act]->at_ns;
	if (run->cursor_expect < run->trial->expect_count &&
	    run->expects[run->cursor_expect]->at_ns < next)
		next = run->expects[run->cursor_expect]->at_ns;
	if (run->engine != NULL && trial_log_deadline(run->log, &due) &&
	    due.ns <= run->end_ns && due.ns < next)
		next = due.ns;
	return next;
}

static void run_note_coverage(struct run *run)
{
	if (run->engine == NULL || run->config != run->configs[0])
		return;
	for (uint32_t i = 0; i < ruleset_count(run->config->rules); i++) {
		struct engine_rule rule;

		engine_rule(run->engine, i, &rule);
		run->coverage[i].was_true |= rule.condition == 1 || rule.fired > 0;
		run->coverage[i].was_false |= rule.condition == 0 || rule.cleared > 0;
	}
}

static void run_expect(struct run *run, const struct trial_expect *expect)
{
	if (run->engine == NULL)
		diag_error(run->diags, expect->node, "the program is down at this time");
	else
		trial_expect_check(run->config, run->engine, expect, run->diags);
}

/* Everything of one instant: samples, timers that are due with it, deeds, and a look. */
static void run_instant(struct run *run, int64_t at)
{
	const struct boot now = {at};

	if (run->up_ns == at)
		run_up(run, now);
	if (run->sample < run->samples && (int64_t)run->sample * run->trial->step_ns == at)
		run_samples(run, now);
	run_tick(run, boot_add(now, 1));
	while (run->cursor_act < run->trial->act_count &&
	       run->acts[run->cursor_act]->at_ns == at) {
		run_act(run, run->acts[run->cursor_act++], now);
		if (run->up_ns == at)
			run_up(run, now);
		run_tick(run, boot_add(now, 1));
	}
	if (run->engine != NULL)
		trial_log_deliver(run->log, now);
	run_note_coverage(run);
	while (run->cursor_expect < run->trial->expect_count &&
	       run->expects[run->cursor_expect]->at_ns == at)
		run_expect(run, run->expects[run->cursor_expect++]);
}

/* The end: also what the rules have to do lies in it. */
static int64_t run_end(const struct trial *trial)
{
	int64_t end = trial->until_ns;

	for (size_t i = 0; i < trial->deed_count; i++) {
		if (trial->deeds[i].at_ns > end)
			end = trial->deeds[i].at_ns;
	}
	return end;
}

bool trial_run(const struct trial_file *file, const struct trial *trial, struct config *config,
	       struct trial_coverage *coverage, struct diags *diags)
{
	size_t errors = diags_errors(diags);
	struct run run = {
		.file = file,
		.trial = trial,
		.diags = diags,
		.arena = arena_new(),
		.config = config,
		.coverage = coverage,
		.log = trial_log_new(calendar_first(config->zone, trial->start_s)),
		.up_ns = INT64_MAX,
		.config_count = 1,
		.end_ns = run_end(trial),
		.configs = xcalloc(1, sizeof(struct config *)),
	};
	int64_t at;

	run.configs[0] = config_ref(config);
	if (run_inputs(&run)) {
		run.engine = run_engine(&run, (struct boot){0});
		run_set_wall(&run, (struct boot){0});
		run_sort(&run);
		while ((at = run_next(&run)) != INT64_MAX)
			run_instant(&run, at);
		engine_tick(run.engine, (struct boot){run.end_ns + 1});
		trial_log_deliver(run.log, (struct boot){run.end_ns});
		run_note_coverage(&run);
		trial_log_compare(run.log, trial, diags);
		engine_free(run.engine);
	}
	trial_log_free(run.log);
	for (size_t i = 0; i < run.config_count; i++)
		config_unref(run.configs[i]);
	free(run.configs);
	arena_free(run.arena);
	return diags_errors(diags) == errors;
}
