/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the order in which settings and units are tried, and what an answer says of a unit. */
#include "ctl/probe_search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ctl/probe_progress.h"

/*
 * Of several settings each is tried with the first units first: most devices that were never
 * set up are unit 1, and it takes seconds instead of minutes to find them.
 */
enum { SEARCH_FIRST = 2 };

/* Devices that are slower than expected answer within this, mostly: a reason to wait longer. */
static const int64_t late_ns = 1500 * NSEC_PER_MSEC;

struct search {
	const struct probe_plan *plan;
	struct probe_progress *progress;
	struct probe_found *found;
	struct probe_line *line;
	struct probe_answer answer;
	size_t asked;	       /* units up to this one were asked at the last setting */
	struct error unopened; /* code 0, or why a setting could not be had */
};

const char *probe_setting_words(struct probe_setting setting, char room[48])
{
	room[0] = '\0';
	if (setting.baud > 0)
		snprintf(room, 48, "%d baud, parity %s", setting.baud, setting.parity);
	return room;
}

int64_t probe_search_longest(const struct probe_plan *plan)
{
	int64_t one = 0;

	for (size_t i = 0; i < plan->setting_count; i++)
		one += probe_silence(plan->settings[i].baud, plan->rtu, plan->timeout_ns);
	/* A single setting is tried twice, see search_once_more(). */
	if (plan->setting_count == 1)
		return 2 * (int64_t)plan->unit_count * one + late_ns;
	return (int64_t)plan->unit_count * one;
}

static enum probe_presence presence_of(const struct probe_answer *answer)
{
	switch (answer->outcome) {
	case MODBUS_OK:
		return PROBE_PRESENT;
	case MODBUS_EXCEPTION:
		return answer->exception == MODBUS_GATEWAY_PATH ||
				       answer->exception == MODBUS_GATEWAY_TARGET
			       ? PROBE_NOBODY
			       : PROBE_REFUSING;
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
		return PROBE_GARBLED;
	case MODBUS_TIMEOUT:
	case MODBUS_LOST:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		break;
	}
	return PROBE_NO_ANSWER;
}

/* false: the search is over before its time. */
static bool search_ask(struct search *s, size_t i, uint8_t function, const char *where)
{
	struct probe_unit *unit = &s->found->units[i];
	struct modbus_request request = {
		.function = function,
		.address = s->plan->ranges[0].first,
		.count = 1,
	};

	probe_progress_say(s->progress, "%s%sunit %u (%zu of %zu), %zu found", where,
			   where[0] != '\0' ? ": " : "", unit->number, i + 1,
			   s->found->unit_count, s->found->present);
	if (!probe_line_ask(s->line, unit->number, &request, &s->answer)) {
		s->found->stopped = probe_line_stopped(s->line);
		if (!s->found->stopped)
			error_set(&s->found->lost, ENOTCONN, "%s", s->answer.text);
		return false;
	}
	unit->presence = presence_of(&s->answer);
	unit->exception = s->answer.exception;
	unit->alive = request;
	s->found->present +=
		unit->presence == PROBE_PRESENT || unit->presence == PROBE_REFUSING;
	return true;
}

/* Asks units from..to - 1; stops at the first answer if so wanted. */
static bool search_units(struct search *s, size_t from, size_t to, uint8_t function,
			 const char *where, bool first_only)
{
	for (size_t i = from; i < to; i++) {
		if (!search_ask(s, i, function, where))
			return false;
		s->asked = i + 1;
		if (first_only && s->found->units[i].presence >= PROBE_NOBODY &&
		    s->found->units[i].presence != PROBE_GARBLED)
			break;
	}
	return true;
}

/* Nobody answered: a request may have been lost, and some devices ignore what they lack. */
static bool search_once_more(struct search *s)
{
	uint8_t function = s->plan->ranges[0].function == MODBUS_READ_HOLDING
				   ? MODBUS_READ_INPUT
				   : MODBUS_READ_HOLDING;

	for (size_t i = 0; i < s->found->unit_count; i++) {
		if (s->found->units[i].presence == PROBE_NO_ANSWER &&
		    !search_ask(s, i, function, "once more"))
			return false;
	}
	return true;
}

static void search_count(struct search *s)
{
	struct probe_traffic traffic;

	probe_line_traffic(s->line, &traffic);
	s->found->traffic.bytes_in += traffic.bytes_in;
	s->found->traffic.late += traffic.late;
	s->found->traffic.strangers += traffic.strangers;
}

static void search_close(struct search *s)
{
	if (s->line == NULL)
		return;
	search_count(s);
	probe_line_close(s->line);
	s->line = NULL;
}

/* Whether anybody spoke at this setting: a unit, a gateway, or somebody to somebody else. */
static bool search_heard(const struct search *s)
{
	struct probe_traffic traffic;

	probe_line_traffic(s->line, &traffic);
	if (traffic.late > 0 || traffic.strangers > 0)
		return true;
	for (size_t i = 0; i < s->found->unit_count; i++) {
		if (s->found->units[i].presence == PROBE_NOBODY)
			return true;
	}
	return s->found->present > 0;
}

/* 0 to go on, 1 when the search is over, or a negative errno. */
static int search_setting(struct search *s, size_t number, size_t from, size_t to,
			  struct error *err)
{
	const struct probe_plan *plan = s->plan;
	bool several = plan->setting_count > 1;
	uint8_t function = plan->ranges[0].function;
	char where[48];
	int rc;

	probe_setting_words(plan->settings[number], where);
	probe_progress_say(s->progress, "%s: opening", plan->address);
	rc = probe_line_open(plan->address, plan->settings[number], plan->timeout_ns, &s->line,
			     err);
	if (rc == -EINTR) {
		s->found->stopped = true;
		return 1;
	}
	/* What one adapter can't do is no reason not to try the rest. */
	if (rc == -EINVAL && several) {
		s->unopened = *err;
		return 0;
	}
	if (rc != 0)
		return rc;
	s->found->settings_tried++;
	s->found->setting = plan->settings[number];
	if (!search_units(s, from, to, function, where, several))
		return 1;
	if (several && !search_heard(s)) {
		search_close(s);
		return 0;
	}
	/* The setting is right: now the others, at this one. */
	if (several && !search_units(s, s->asked, s->found->unit_count, function, where, false))
		return 1;
	if (!several && s->found->present == 0 && search_once_more(s) && s->found->present == 0)
		probe_line_listen(s->line, late_ns);
	return 1;
}

static int search_settings(struct search *s, struct error *err)
{
	size_t count = s->found->unit_count, settings = s->plan->setting_count;
	size_t first = settings > 1 && count > SEARCH_FIRST ? SEARCH_FIRST : count;
	int rc = 0;

	for (size_t i = 0; i < settings && rc == 0; i++)
		rc = search_setting(s, i, 0, first, err);
	for (size_t i = 0; first < count && i < settings && rc == 0; i++)
		rc = search_setting(s, i, first, count, err);
	if (rc == 0 && s->found->settings_tried == 0 && s->unopened.code != 0) {
		*err = s->unopened;
		return -err->code;
	}
	return rc < 0 ? rc : 0;
}

int probe_search(const struct probe_plan *plan, struct probe_progress *progress,
		 struct probe_found *ret, struct probe_line **ret_line, struct error *err)
{
	struct search *s = xcalloc(1, sizeof(*s));
	int rc;

	*ret = (struct probe_found){
		.unit_count = plan->unit_count,
		.units = xcalloc(plan->unit_count, sizeof(*ret->units)),
	};
	for (size_t i = 0; i < plan->unit_count; i++)
		ret->units[i].number = plan->units[i];
	s->plan = plan;
	s->progress = progress;
	s->found = ret;
	rc = search_settings(s, err);
	probe_progress_clear(progress);
	if (rc == 0 && ret->present > 0 && !ret->stopped) {
		search_count(s);
		*ret_line = s->line;
	} else {
		search_close(s);
		*ret_line = NULL;
	}
	free(s);
	return rc;
}

void probe_found_done(struct probe_found *found)
{
	for (size_t i = 0; i < found->unit_count; i++) {
		for (size_t k = 0; k < found->units[i].block_count; k++)
			probe_block_done(&found->units[i].blocks[k]);
	}
	free(found->units);
	found->units = NULL;
}
