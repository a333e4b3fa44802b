/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The plan of a bus as it is at the moment, items in spans of which each is one request, and
 * what devices taught about it by refusing: holes that may not be read, how much is taken in
 * one request, values that are not there. Pure: the caller asks, and tells what came of it. All
 * memory is taken by modbus_lessons_new().
 *
 * A refusal (exceptions 1 to 4) teaches, in this order:
 * - what was joined on trial is parted again;
 * - a span with holes is read without them; each hole is tried again a day later;
 * - exception 3 on more than was ever answered: the device takes less at once;
 * - exceptions 2 and 3: the span is cut in two, and the parts again where they are refused,
 *   until the values that the device has not stand alone; the others are then read together;
 * - what is refused by itself is asked ever more rarely, once a minute in the end.
 * No answer teaches nothing, except where a span was never answered and its first value alone
 * is, twice in turn: the device takes less at once.
 */
#ifndef GAUGED_INPUTS_MODBUS_LESSON_H
#define GAUGED_INPUTS_MODBUS_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "inputs/modbus_plan.h"

struct modbus_lessons;

enum modbus_lesson_kind {
	MODBUS_LESSON_NONE,
	MODBUS_LESSON_HOLES,  /* the span is read without its holes from now on */
	MODBUS_LESSON_COUNT,  /* the device takes 'most' at once by this function */
	MODBUS_LESSON_SEARCH, /* the span was cut in two; both parts have to be asked */
	MODBUS_LESSON_PARTS,  /* what was joined is read in parts from now on */
	MODBUS_LESSON_ABSENT, /* spans from 'from' to before 'to' that are refused are known */
	MODBUS_LESSON_GIVEN,  /* what was refused by itself is answered */
	MODBUS_LESSON_JOINED, /* what was read in parts is read at once again */
};

struct modbus_lesson {
	enum modbus_lesson_kind kind;
	bool news; /* not known before, or forgotten in between: to be told */
	/* Spans that begin from first to before end may be new, or gone; equal: none is. */
	size_t first, end;
	size_t from, to; /* MODBUS_LESSON_ABSENT */
	unsigned most;	 /* MODBUS_LESSON_COUNT */
};

/*
 * items: sorted (modbus_plan_sort), borrowed; devices: how many their device numbers are below.
 * The plan is that of modbus_plan_merge().
 */
struct modbus_lessons *modbus_lessons_new(const struct modbus_item *items, size_t count,
					  size_t devices);
void modbus_lessons_free(struct modbus_lessons *lessons);

/* The span that begins with this item; its items are 0 if none does. */
const struct modbus_span *modbus_lessons_span(const struct modbus_lessons *lessons,
					      size_t first);
/* The first item of the span that the item is in. */
size_t modbus_lessons_first(const struct modbus_lessons *lessons, size_t item);
/* How many of the span's items to ask for: all, or those of its first place to see if any. */
size_t modbus_lessons_ask(const struct modbus_lessons *lessons, size_t first);
/* Whether it is not known yet if the span is refused: part of a search. */
bool modbus_lessons_open(const struct modbus_lessons *lessons, size_t first);
/* How long a span that is refused by itself is left alone; 0 if it is not. */
int64_t modbus_lessons_pause(const struct modbus_lessons *lessons, size_t first);
/* How many spans of the device are refused by themselves. */
size_t modbus_lessons_absent(const struct modbus_lessons *lessons, uint32_t device);

/*
 * What came of asking for all of the span: an exception, or an answer. *ret is what was
 * learned.
 */
void modbus_lessons_refused(struct modbus_lessons *lessons, size_t first, uint8_t exception,
			    struct mono now, struct modbus_lesson *ret);
void modbus_lessons_answered(struct modbus_lessons *lessons, size_t first, struct mono now,
			     struct modbus_lesson *ret);
/* No answer came to as many items as modbus_lessons_ask() said. */
void modbus_lessons_silent(struct modbus_lessons *lessons, size_t first);
/* Its first place alone was answered, or not: see modbus_lessons_ask(). */
void modbus_lessons_tasted(struct modbus_lessons *lessons, size_t first, bool answered,
			   struct modbus_lesson *ret);
/* Before the span is asked for: it may be time to try once more what is behind it. */
void modbus_lessons_retry(struct modbus_lessons *lessons, size_t first, struct mono now,
			  struct modbus_lesson *ret);

/*
 * The connection is new, and perhaps the device: what was not tried for an hour is tried once
 * more. Not at each connection, for there are devices that close after every answer.
 */
void modbus_lessons_reconnected(struct modbus_lessons *lessons, struct mono now);
/*
 * Takes over what old knows about its device 'from' if that one has the same items with the
 * same limits as 'device' here. False, and nothing taken, if not.
 */
bool modbus_lessons_adopt(struct modbus_lessons *lessons, uint32_t device,
			  const struct modbus_lessons *old, uint32_t from);

#endif
