/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way of what an output writes: to the bus, into the log, and how it ended. */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "model/point.h"
#include "daemon/config_outputs.h"
#include "daemon/output_inside.h"

enum { OUTPUT_MAX_OPEN = 1024 };

/* ---- time -------------------------------------------------------------------------------- */

void output_changed(const struct outputs *outputs)
{
	if (outputs->started && outputs->changed != NULL)
		outputs->changed(outputs->changed_arg);
}

static void output_plan(struct outputs *outputs, const struct output *output)
{
	struct boot deadline = BOOT_NEVER;
	uint32_t first;

	if (!outlet_deadline(output->outlet, &deadline))
		deadline = BOOT_NEVER;
	timers_set(&outputs->timers, (uint32_t)(output - outputs->list), deadline.ns);
	if (!timers_first(&outputs->timers, &deadline.ns, &first))
		deadline = BOOT_NEVER;
	if (outputs->started)
		outputs->host.alarm(outputs->host.arg, deadline);
}

/* ---- one write --------------------------------------------------------------------------- */

void output_show(const struct output *output, struct value value, const char *who,
		 struct str *out)
{
	const struct point *point = outlet_point(output->outlet);

	str_addf(out, "%s = ", point->name);
	value_show(value, out);
	if (point->unit_text != NULL)
		str_addf(out, " %s", point->unit_text);
	str_addf(out, " for %s", who);
}

/* Once is nothing: at the start the bus is not there yet. */
static void output_complain(struct output *output, const char *how, const char *what,
			    const char *why)
{
	if (output->failures++ > 0)
		complaint_say(&output->complaint, clock_mono(), "%s: %s: %s; it is tried again",
			      how, what, why);
}

/* After the outlet was told: whether it is tried again is its to say. own: so was this one. */
static void output_tell_failure(const struct outputs *outputs, struct output *output, bool own,
				enum write_outcome outcome, const char *what, const char *why)
{
	static const char *const failures[] = {
		[WRITE_REFUSED] = "write refused",
		[WRITE_UNKNOWN] = "outcome of a write is unknown",
		[WRITE_DIFFERS] = "a write did not last",
	};
	const char *how = failures[outcome];

	if (output != NULL && outlet_retries(output->outlet) && !outputs->stopping) {
		if (own) {
			output_complain(output, how, what, why);
			return;
		}
		output->failures++;
		log_error("%s: %s: %s; it is tried again", how, what, why);
		return;
	}
	log_error("%s: %s: %s; it is not repeated%s", how, what, why,
		  outcome == WRITE_UNKNOWN && output != NULL &&
				  outlet_point(output->outlet)->readable
			  ? ", the point is read back"
			  : "");
}

static void output_tell_end(struct outputs *outputs, const struct output_write *write,
			    const struct write_result *result)
{
	struct output *output = write->output;

	if (result->outcome != WRITE_DONE) {
		output_tell_failure(outputs, output, write->own, result->outcome, write->what,
				    result->text);
		return;
	}
	log_notice("wrote %s", write->what);
	if (output == NULL)
		return;
	complaint_end(&output->complaint, "it could be written again");
	output->failures = 0;
}

static void output_ended(void *arg, const struct write_result *result)
{
	struct output_write *write = arg;
	struct outputs *outputs = write->outputs;
	struct output *output = write->output;
	uint64_t *const counters[] = {
		[WRITE_DONE] = &outputs->counters.done,
		[WRITE_REFUSED] = &outputs->counters.refused,
		[WRITE_UNKNOWN] = &outputs->counters.unknown,
		[WRITE_DIFFERS] = &outputs->counters.differs,
	};
	const struct outlet_end end = {
		.left = result->outcome != WRITE_REFUSED,
		.done = result->outcome == WRITE_DONE,
		.changes = write->changes,
		.value = result->value,
	};

	++*counters[result->outcome];
	LIST_REMOVE(write, next);
	outputs->open_count--;
	if (output != NULL)
		outlet_ended(output->outlet, &end, output_now(outputs));
	output_tell_end(outputs, write, result);
	if (write->done != NULL)
		write->done(write->arg, result);
	free(write);
	if (output == NULL)
		return;
	output_step(outputs, output);
	output_changed(outputs);
}

/* Nothing left: the outlet is told, and what is to be done about it is the caller's. */
static int output_failed(struct outputs *outputs, struct output *output,
			 const struct outlet_move *move, const char *what,
			 const struct error *why)
{
	const struct outlet_end end = {.changes = move->changes};

	outputs->counters.refused++;
	outlet_ended(output->outlet, &end, output_now(outputs));
	output_tell_failure(outputs, output, move->own, WRITE_REFUSED, what, why->text);
	return -why->code;
}

int output_send(struct outputs *outputs, struct output *output, const struct outlet_move *move,
		write_done *done, void *arg, struct error *err)
{
	struct output_write *write = xcalloc(1, sizeof(*write));
	struct str what;
	int rc;

	*write = (struct output_write){
		.outputs = outputs,
		.output = output,
		.changes = move->changes,
		.own = move->own,
		.done = done,
		.arg = arg,
	};
	str_init_fixed(&what, write->what, sizeof(write->what));
	output_show(output, move->value, move->who, &what);
	outputs->counters.retried += move->own && output->failures > 0;
	LIST_INSERT_HEAD(&outputs->open, write, next);
	outputs->open_count++;
	if (outputs->open_count > OUTPUT_MAX_OPEN)
		rc = error_set(err, EBUSY, "%d writes wait already", OUTPUT_MAX_OPEN);
	else
		rc = outputs->host.write(outputs->host.arg, output->config->point, move->value,
					 output_ended, write, err);
	if (rc == 0)
		return 0;
	LIST_REMOVE(write, next);
	outputs->open_count--;
	rc = output_failed(outputs, output, move, write->what, err);
	free(write);
	return rc;
}

/* ---- what the outlet says ---------------------------------------------------------------- */

static void output_add_until(const struct outputs *outputs, struct boot until, struct str *out)
{
	int64_t ns = boot_diff(until, output_now(outputs));

	if (until.ns == BOOT_NEVER.ns)
		return;
	str_adds(out, ", for another ");
	str_add_duration(out, ns > 0 ? ns : 0);
}

/* "boiler.burner = true for rule cold: it has been off for less than min_off, ..." */
static void output_say(struct outputs *outputs, const struct output *output,
		       const struct outlet_move *move, struct error *err)
{
	struct str text;

	str_init_fixed(&text, err->text, sizeof(err->text));
	output_show(output, move->value, move->who, &text);
	str_addf(&text, ": %s", interlock_verdict_words(move->verdict));
	output_add_until(outputs, move->until, &text);
}

int output_carry_out(struct outputs *outputs, struct output *output, write_done *done,
		     void *arg, struct error *err)
{
	struct boot now = output_now(outputs);
	struct outlet_move move;
	int rc = 0, first = 0;

	for (unsigned i = 0;; i++, done = NULL, arg = NULL) {
		switch (outlet_step(output->outlet, now, &move)) {
		case OUTLET_RESTS:
			output_plan(outputs, output);
			return i == 0 && done != NULL
				       ? error_set(err, EAGAIN, "something else came first")
				       : first;
		case OUTLET_WAITS:
			if (move.news) {
				output_say(outputs, output, &move, err);
				log_notice("write waits: %s", err->text);
				outputs->counters.delayed++;
			}
			output_plan(outputs, output);
			return i == 0 ? 1 : first;
		case OUTLET_WRITES:
			rc = output_send(outputs, output, &move, done, arg, err);
			break;
		case OUTLET_REFUSES:
			output_say(outputs, output, &move, err);
			log_error("write refused: %s; it is not repeated", err->text);
			outputs->counters.refused++;
			err->code = move.verdict == INTERLOCK_RANGE ? ERANGE : EAGAIN;
			rc = -err->code;
			break;
		}
		first = i == 0 ? rc : first;
	}
}

void output_step(struct outputs *outputs, struct output *output)
{
	struct error err;

	if (outputs->started)
		output_carry_out(outputs, output, NULL, NULL, &err);
}
