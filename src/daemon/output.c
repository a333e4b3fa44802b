/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of outputs: what is asked of them, and what a start, a reload and a stop are.
 */
#include "daemon/output.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "model/point.h"
#include "model/point_line.h"
#include "daemon/config.h"
#include "daemon/config_outputs.h"
#include "daemon/output_inside.h"

struct boot output_now(const struct outputs *outputs)
{
	return outputs->host.now(outputs->host.arg);
}

/* ---- the list ---------------------------------------------------------------------------- */

static bool output_has_unknown(const struct point *point)
{
	return point->interlock != NULL && point->interlock->on_unknown.kind != VALUE_NONE;
}

static void output_build(struct outputs *outputs, const struct config *config)
{
	size_t count = config->output_count;

	outputs->config = config;
	outputs->count = count;
	outputs->looks = false;
	outputs->list = xcalloc(count, sizeof(*outputs->list));
	outputs->timers = (struct timers){
		.heap = xcalloc(count, sizeof(*outputs->timers.heap)),
		.places = xcalloc(count, sizeof(*outputs->timers.places)),
	};
	timers_init(&outputs->timers, (uint32_t)count, 0, 0);
	for (size_t i = 0; i < count; i++) {
		const struct config_output *entry = &config->outputs[i];
		const struct point *point = point_table_get(config->points, entry->point);

		outputs->list[i].config = entry;
		outputs->list[i].outlet =
			outlet_new(point, entry->rules, entry->rule_count, output_now(outputs));
		outputs->looks |= output_has_unknown(point);
	}
}

static void output_drop(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++)
		outlet_free(outputs->list[i].outlet);
	free(outputs->list);
	free(outputs->timers.heap);
	free(outputs->timers.places);
}

struct outputs *outputs_new(const struct config *config, const struct outputs_host *host)
{
	struct outputs *outputs = xcalloc(1, sizeof(*outputs));

	LIST_INIT(&outputs->open);
	outputs->host = *host;
	output_build(outputs, config);
	return outputs;
}

void outputs_free(struct outputs *outputs)
{
	if (outputs == NULL)
		return;
	while (!LIST_EMPTY(&outputs->open)) {
		struct output_write *write = LIST_FIRST(&outputs->open);

		LIST_REMOVE(write, next);
		free(write);
	}
	output_drop(outputs);
	free(outputs);
}

static struct output *output_of(struct outputs *outputs, uint32_t point)
{
	const struct config_output *entry = config_output_of(outputs->config, point);

	return entry != NULL ? &outputs->list[entry - outputs->config->outputs] : NULL;
}

/* ---- what is asked ----------------------------------------------------------------------- */

/* Before it is kept: what comes to its turn later is tried until it is written. */
static int output_check_text(const struct point *point, const char *text, struct error *err)
{
	struct error why;
	int rc;

	if (strlen(text) > VALUE_TEXT_MAX)
		return error_set(err, EINVAL, "%s takes texts of at most %d bytes", point->name,
				 VALUE_TEXT_MAX);
	if (point->line == NULL)
		return 0;
	rc = point_line_check(point->line, text, &why);
	return rc != 0 ? error_set(err, -rc, "%s: %s", point->name, why.text) : 0;
}

static int output_check(const struct point *point, struct value value, struct error *err)
{
	if (!point->writable)
		return error_set(err, EACCES, "%s cannot be written: it has no 'write: true'",
				 point->name);
	if (value.kind != point->kind)
		return error_set(err, EINVAL, "%s takes a %s, not a %s", point->name,
				 value_kind_name(point->kind), value_kind_name(value.kind));
	if (value.kind == VALUE_TEXT)
		return output_check_text(point, value.text, err);
	if (value.kind != VALUE_NUMBER)
		return 0;
	if (!isfinite(value.number))
		return error_set(err, EINVAL, "%s takes finite numbers only", point->name);
	if (point->low <= point->high &&
	    (value.number < point->low || value.number > point->high))
		return error_set(err, ERANGE, "%g is outside the range %g..%g of %s",
				 value.number, point->low, point->high, point->name);
	return 0;
}

/* The output, or NULL after it was refused. */
static struct output *output_admit(struct outputs *outputs, uint32_t point, struct value value,
				   const char *who, struct error *err)
{
	const struct point *target = point_table_get(outputs->config->points, point);
	int rc = output_check(target, value, err);

	if (rc == 0 && outputs->stopping)
		rc = error_set(err, ESHUTDOWN, "%s: gauged stops", target->name);
	if (rc == 0)
		return output_of(outputs, point);
	outputs->counters.refused++;
	log_error("write refused for %s: %s", who, err->text);
	return NULL;
}

static enum outlet_moment output_moment(const struct event *event)
{
	return event->type == EVENT_INSTANT ? OUTLET_HAPPENS
	       : event->type == EVENT_CLEAR ? OUTLET_CLEARS
					    : OUTLET_FIRES;
}

static int output_held(struct outputs *outputs, const struct output *output, struct value value,
		       const char *who, const char *holder, struct error *err)
{
	struct str what;

	outputs->counters.held++;
	str_init_fixed(&what, err->text, sizeof(err->text));
	output_show(output, value, who, &what);
	str_addf(&what, ": %s has it", holder);
	log_warning("write held back: %s", err->text);
	err->code = EPERM;
	return -EPERM;
}

int outputs_rule_writes(struct outputs *outputs, uint32_t point, struct value value,
			const struct event *event, struct error *err)
{
	enum outlet_moment moment = output_moment(event);
	char who[OUTLET_WHO_MAX];
	struct output *output;
	const char *holder;
	struct str text;
	size_t rule;
	int rc = 0;

	str_init_fixed(&text, who, sizeof(who));
	str_addf(&text, "rule %s", event->rule_name);
	output = output_admit(outputs, point, value, who, err);
	if (output == NULL)
		return -err->code;
	rule = outlet_find_rule(output->outlet, event->rule_name);
	if (rule == SIZE_MAX)
		moment = OUTLET_CLEARS;
	if (!outlet_rule_writes(output->outlet, rule, moment, value, output_now(outputs),
				&holder)) {
		rc = output_held(outputs, output, value, who, holder, err);
		output_step(outputs, output);
	} else if (outputs->started) {
		rc = output_carry_out(outputs, output, NULL, NULL, err);
	}
	output_changed(outputs);
	return rc < 0 ? rc : 0;
}

void outputs_rule_ends(struct outputs *outputs, uint32_t point, const char *rule)
{
	struct output *output = output_of(outputs, point);
	size_t number = output != NULL ? outlet_find_rule(output->outlet, rule) : SIZE_MAX;

	if (number == SIZE_MAX || !outlet_rule_holds(output->outlet, number))
		return;
	outlet_rule_ends(output->outlet, number, output_now(outputs));
	output_step(outputs, output);
	output_changed(outputs);
}

int outputs_operator_writes(struct outputs *outputs, uint32_t point, struct value value,
			    const char *who, int64_t for_ns, write_done *done, void *arg,
			    struct error *err)
{
	struct output *output = output_admit(outputs, point, value, who, err);
	struct outlet_report before;
	int rc;

	if (output == NULL)
		return -err->code;
	/* What is due by now comes first. */
	output_step(outputs, output);
	outlet_report(output->outlet, output_now(outputs), &before);
	if (before.holder != NULL)
		log_warning("%s takes %s from %s", who, outlet_point(output->outlet)->name,
			    before.holder);
	outlet_operator_writes(output->outlet, value, who, for_ns, output_now(outputs));
	rc = output_carry_out(outputs, output, done, arg, err);
	if (rc < 0) {
		outlet_operator_leaves(output->outlet);
		output_step(outputs, output);
	}
	output_changed(outputs);
	return rc;
}

void outputs_forget(struct outputs *outputs, void *arg)
{
	struct output_write *write;

	LIST_FOREACH (write, &outputs->open, next) {
		if (write->arg == arg)
			write->done = NULL;
	}
}

/* Somebody else may switch it all the time: that is only worth the store where times run. */
static bool output_is_timed(const struct output *output)
{
	const struct point_interlock *options = outlet_point(output->outlet)->interlock;

	return options != NULL &&
	       (options->min_on_ns > 0 || options->min_off_ns > 0 || options->max_on_ns > 0);
}

void outputs_saw(struct outputs *outputs, const struct reading *reading)
{
	struct output *output;

	output = output_of(outputs, reading->point);
	if (output == NULL)
		return;
	if (reading->quality == QUALITY_GOOD) {
		if (!outlet_saw(output->outlet, reading->value, reading->at))
			return;
		output_step(outputs, output);
	} else if (reading->reason != BAD_OFFLINE ||
		   !outlet_lost(output->outlet, reading->at)) {
		return;
	}
	if (output_is_timed(output))
		output_changed(outputs);
}

void outputs_look(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count && outputs->looks; i++) {
		struct output *output = &outputs->list[i];
		const struct point *point = outlet_point(output->outlet);
		bool decided = true;

		if (!output_has_unknown(point))
			continue;
		for (size_t k = 0; k < output->config->rule_count && decided; k++)
			decided = outputs->host.decided(outputs->host.arg,
							output->config->ids[k]);
		if (outlet_see(output->outlet, decided, output_now(outputs)))
			output_step(outputs, output);
	}
}

void outputs_due(struct outputs *outputs)
{
	struct boot now = output_now(outputs);
	int64_t deadline;
	uint32_t first;

	while (timers_first(&outputs->timers, &deadline, &first) && deadline <= now.ns) {
		timers_clear(&outputs->timers, first);
		output_step(outputs, &outputs->list[first]);
		/* What is due again at once would keep the loop. */
		if (timers_get(&outputs->timers, first) <= now.ns)
			timers_set(&outputs->timers, first, now.ns + NSEC_PER_MSEC);
	}
	outputs->host.alarm(outputs->host.arg, timers_first(&outputs->timers, &deadline, &first)
						       ? (struct boot){deadline}
						       : BOOT_NEVER);
	output_changed(outputs);
}

/* ---- start, reload, stop ----------------------------------------------------------------- */

void outputs_start(struct outputs *outputs)
{
	outputs->started = true;
	outputs_look(outputs);
	for (size_t i = 0; i < outputs->count; i++)
		output_step(outputs, &outputs->list[i]);
}

static struct output *output_before(const struct outputs *old, const struct point *point)
{
	uint32_t number =
		point_table_find(old->config->points, point->name, strlen(point->name));
	const struct config_output *entry =
		number != POINT_NONE ? config_output_of(old->config, number) : NULL;

	if (entry == NULL || point_table_get(old->config->points, number)->kind != point->kind)
		return NULL;
	return &old->list[entry - old->config->outputs];
}

void outputs_adopt(struct outputs *outputs, const struct config *config)
{
	struct outputs old = *outputs;
	struct boot now = output_now(outputs);
	struct output_write *write;

	output_build(outputs, config);
	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->list[i];
		struct output *before = output_before(&old, outlet_point(output->outlet));

		if (before == NULL)
			continue;
		outlet_adopt(output->outlet, before->outlet, now);
		output->complaint = before->complaint;
		output->failures = before->failures;
		before->after = output;
	}
	LIST_FOREACH (write, &outputs->open, next)
		write->output = write->output != NULL ? write->output->after : NULL;
	for (size_t i = 0; i < old.count; i++)
		if (old.list[i].after == NULL)
			log_notice("%s is no output any more: it stays as it is",
				   outlet_point(old.list[i].outlet)->name);
	output_drop(&old);
}

void output_settle(struct outputs *outputs, struct output *output)
{
	const struct config_output *config = output->config;
	struct boot now = output_now(outputs);

	for (size_t i = 0; i < config->rule_count; i++)
		if (outlet_rule_holds(output->outlet, i) &&
		    !outputs->host.fires(outputs->host.arg, config->rules[i].name))
			outlet_rule_ends(output->outlet, i, now);
}

void outputs_settle(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		output_settle(outputs, &outputs->list[i]);
		output_step(outputs, &outputs->list[i]);
	}
}

void outputs_stop(struct outputs *outputs)
{
	struct boot now = output_now(outputs);
	struct outlet_move move;
	struct error err;

	outputs->stopping = true;
	for (size_t i = 0; i < outputs->count; i++) {
		struct output *output = &outputs->list[i];

		if (outlet_stop(output->outlet, now, &move))
			output_send(outputs, output, &move, NULL, NULL, &err);
	}
	output_changed(outputs);
}

void outputs_halt(struct outputs *outputs)
{
	outputs->stopping = true;
	outputs->started = false;
}

size_t outputs_open(const struct outputs *outputs)
{
	return outputs->open_count;
}

void outputs_on_change(struct outputs *outputs, void (*changed)(void *arg), void *arg)
{
	outputs->changed = changed;
	outputs->changed_arg = arg;
}

/* ---- reports ----------------------------------------------------------------------------- */

void outputs_count(const struct outputs *outputs, struct output_counters *ret)
{
	*ret = outputs->counters;
}

size_t outputs_number(const struct outputs *outputs)
{
	return outputs->count;
}

void outputs_report(const struct outputs *outputs, size_t i, uint32_t *ret_point,
		    struct outlet_report *ret)
{
	*ret_point = outputs->list[i].config->point;
	outlet_report(outputs->list[i].outlet, output_now(outputs), ret);
}
