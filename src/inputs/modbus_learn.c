/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what an open Modbus bus does with what devices teach: which blocks are on, when they are
 * asked next, and what the log is told. What is learned, modbus_lesson decides.
 */
#include "inputs/modbus_input.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

/* A search takes a step at each poll, and for slow polls at least so often. */
static const int64_t search_ns = NSEC_PER_SEC;

enum { NAMES_MOST = 3, NAMES_LEN = 200 };

static int64_t search_slot(const struct modbus_span *span)
{
	return span->interval_ns < search_ns ? span->interval_ns : search_ns;
}

int64_t modbus_learn_interval(const struct input *input, const struct modbus_block *block)
{
	const struct modbus_span *span = block->span;
	int64_t pause = modbus_lessons_pause(input->lessons, span->first);

	if (modbus_lessons_open(input->lessons, span->first))
		return search_slot(span);
	return span->interval_ns > pause ? span->interval_ns : pause;
}

/* Turns blocks on and off as the lesson says; new ones are due at once. */
static void follow(struct input *input, const struct modbus_lesson *lesson, struct mono now)
{
	for (size_t i = lesson->first; i < lesson->end; i++) {
		struct modbus_block *block = &input->blocks[i];
		bool on = block->span->items > 0;

		if (on && !block->on)
			block->due = now;
		if (on != block->on)
			block->late = false;
		block->overtaken = block->job.state != MODBUS_JOB_IDLE;
		/* It is another set of points that has to be told when nobody is there. */
		block->away = false;
		block->on = on;
	}
}

/* Two requests in each slot, of which one would have been sent anyway. */
static void follow_search(struct input *input, const struct modbus_lesson *lesson,
			  struct mono now)
{
	const struct modbus_span *span = input->blocks[lesson->first].span;
	struct modbus_open_device *device = &input->devices[span->device];
	struct mono last = device->search.ns > now.ns ? device->search : now;

	device->search = mono_add(last, search_slot(span));
	for (size_t i = lesson->first; i < lesson->end; i++)
		input->blocks[i].due = device->search;
}

/* What the log is told. */

/* By the function that reads it. */
static const char *const table_names[] = {"", "coil", "discrete", "holding", "input"};

static const char *block_name(const struct input *input, const struct modbus_span *span)
{
	return input->config->points[input->config->items[span->first].point].name;
}

static size_t add_name(char *text, size_t len, const char *name)
{
	return len + (size_t)snprintf(text + len, NAMES_LEN - len, "%s%.60s",
				      len > 0 ? ", " : "", name);
}

/* One line for all that one search has found, not one for each time it is asked. */
static void tell_absent(struct input *input, const struct modbus_lesson *lesson,
			uint32_t device, const char *why)
{
	char names[NAMES_LEN] = "", more[40] = "";
	size_t count = 0, len = 0;
	bool dots = false;

	for (struct modbus_block *block = &input->blocks[lesson->from];
	     block != NULL && block->span->first < lesson->to;
	     block = modbus_poll_next(input, block)) {
		if (modbus_lessons_pause(input->lessons, block->span->first) == 0)
			continue;
		if (count++ < NAMES_MOST) {
			len = add_name(names, len, block_name(input, block->span));
			dots = block->span->items > 1;
		}
	}
	if (count > NAMES_MOST)
		snprintf(more, sizeof(more), " and %zu more", count - NAMES_MOST);
	input->devices[device].absent = modbus_lessons_absent(input->lessons, device);
	log_warning("bus %s: device %s refuses %s%s%s: %s, asking again ever more rarely",
		    input->config->name, input->config->devices[device].unit.name, names,
		    count > 1 || !dots ? "" : "...", more, why);
}

/* Many that come back one after the other are told of when half of them are there. */
static void tell_given(struct input *input, const struct modbus_span *span)
{
	struct modbus_open_device *device = &input->devices[span->device];
	size_t absent = modbus_lessons_absent(input->lessons, span->device);
	char rest[60] = "";

	if (absent > device->absent / 2)
		return;
	device->absent = absent;
	if (absent > 0)
		snprintf(rest, sizeof(rest), ", and still refuses %zu %s", absent,
			 str_plural(absent, "request", "requests"));
	log_notice("bus %s: device %s gives %s%s again%s", input->config->name,
		   input->config->devices[span->device].unit.name, block_name(input, span),
		   span->items > 1 ? "..." : "", rest);
}

/* span: what was asked for. */
static void tell(struct input *input, const struct modbus_lesson *lesson,
		 const struct modbus_span *span, const struct modbus_result *result)
{
	const char *bus = input->config->name;
	const char *device = input->config->devices[span->device].unit.name;
	const char *table = table_names[span->function];
	unsigned last = span->address + span->count - 1u;

	switch (lesson->kind) {
	case MODBUS_LESSON_NONE:
		break;
	case MODBUS_LESSON_HOLES:
		log_notice("bus %s: device %s refuses %s %u to %u at once (%s), reading only "
			   "what points ask for",
			   bus, device, table, span->address, last, result->text);
		break;
	case MODBUS_LESSON_COUNT:
		log_notice("bus %s: device %s %s %s %u to %u at once%s%s%s, asking for at most "
			   "%u at once",
			   bus, device,
			   result->outcome == MODBUS_EXCEPTION ? "refuses"
							       : "does not answer to",
			   table, span->address, last, result->text[0] != '\0' ? " (" : "",
			   result->text, result->text[0] != '\0' ? ")" : "", lesson->most);
		break;
	case MODBUS_LESSON_SEARCH:
		log_info("bus %s: device %s refuses %s %u to %u at once (%s), searching for "
			 "what is refused",
			 bus, device, table, span->address, last, result->text);
		break;
	case MODBUS_LESSON_PARTS:
		log_notice("bus %s: device %s takes %s around %u only in parts, reading it so",
			   bus, device, table, span->address);
		break;
	case MODBUS_LESSON_ABSENT:
		tell_absent(input, lesson, span->device, result->text);
		break;
	case MODBUS_LESSON_GIVEN:
		tell_given(input, span);
		break;
	case MODBUS_LESSON_JOINED:
		log_notice("bus %s: device %s gives %s %u to %u at once again", bus, device,
			   table, span->address, last);
		break;
	}
}

/* What a refusal changes about the blocks; whether others take the place of the refused one. */
static bool follow_refusal(struct input *input, struct modbus_block *block,
			   const struct modbus_lesson *lesson, struct mono now)
{
	switch (lesson->kind) {
	case MODBUS_LESSON_SEARCH:
		follow_search(input, lesson, now);
		break;
	case MODBUS_LESSON_HOLES:
	case MODBUS_LESSON_COUNT:
	case MODBUS_LESSON_PARTS:
		block->due = now;
		break;
	case MODBUS_LESSON_ABSENT:
		block->due = mono_add(now, modbus_learn_interval(input, block));
		return false;
	case MODBUS_LESSON_NONE:
	case MODBUS_LESSON_GIVEN:
	case MODBUS_LESSON_JOINED:
		return false;
	}
	input->splits++;
	return true;
}

static void learn(struct input *input, struct modbus_block *block,
		  const struct modbus_result *result, bool whole, struct mono now,
		  struct modbus_lesson *ret)
{
	size_t first = block->span->first;

	switch (result->outcome) {
	case MODBUS_OK:
		if (whole)
			modbus_lessons_answered(input->lessons, first, now, ret);
		else
			modbus_lessons_tasted(input->lessons, first, true, ret);
		break;
	case MODBUS_EXCEPTION:
		if (whole)
			modbus_lessons_refused(input->lessons, first, result->exception, now,
					       ret);
		else
			modbus_lessons_tasted(input->lessons, first, false, ret);
		break;
	case MODBUS_TIMEOUT:
		if (whole)
			modbus_lessons_silent(input->lessons, first);
		else
			modbus_lessons_tasted(input->lessons, first, false, ret);
		break;
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
	case MODBUS_LOST:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		break;
	}
}

bool modbus_learn_outcome(struct input *input, struct modbus_block *block,
			  const struct modbus_result *result, struct mono now)
{
	const struct modbus_span span = *block->span;
	bool whole = block->asked == span.items, replaced = false;
	int64_t interval = modbus_learn_interval(input, block);
	struct modbus_lesson lesson = {0};

	/* It was asked for as another span: nothing follows for this one. */
	if (!block->on || block->asked != modbus_lessons_ask(input->lessons, span.first))
		return false;
	learn(input, block, result, whole, now, &lesson);
	if (lesson.news)
		tell(input, &lesson, &span, result);
	follow(input, &lesson, now);
	if (result->outcome == MODBUS_EXCEPTION)
		replaced = follow_refusal(input, block, &lesson, now);
	else if (block->on && modbus_learn_interval(input, block) != interval)
		block->due = mono_add(now, modbus_learn_interval(input, block));
	if (lesson.kind != MODBUS_LESSON_NONE)
		modbus_poll_arm(input);
	return replaced;
}

void modbus_learn_ask(struct input *input, struct modbus_block *block, struct mono now)
{
	struct modbus_lesson lesson;

	modbus_lessons_retry(input->lessons, block->span->first, now, &lesson);
	follow(input, &lesson, now);
}

void modbus_learn_link(struct input *input)
{
	modbus_lessons_reconnected(input->lessons, clock_mono());
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether the same devices are to be expected on both. */
static bool same_place(const struct stream_config *a, const struct stream_config *b)
{
	return text_equal(a->host, b->host) && a->port == b->port &&
	       text_equal(a->tty.path, b->tty.path);
}

void modbus_learn_open(struct input *input, const struct input *before)
{
	const struct input_config *config = input->config;

	input->lessons =
		modbus_lessons_new(config->items, config->item_count, config->device_count);
	if (before == NULL || !same_place(&config->bus.stream, &before->config->bus.stream))
		return;
	for (uint32_t i = 0; i < config->device_count; i++) {
		const struct modbus_device *device = &config->devices[i];

		for (uint32_t k = 0; k < before->config->device_count; k++) {
			const struct modbus_device *old = &before->config->devices[k];

			if (device->number == old->number &&
			    strcmp(device->unit.name, old->unit.name) == 0)
				modbus_lessons_adopt(input->lessons, i, before->lessons, k);
		}
	}
}
