/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what an output may be told, and when. */
#include "rules/interlock.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

struct interlock {
	const struct interlock_limits *limits;
	struct value value; /* VALUE_NONE: not known. A text is only known to have changed. */
	struct boot since;
	/* The times of the last changes, a ring: limits->changes of them. */
	struct boot *changed;
	size_t room, count, next;
};

struct interlock *interlock_new(const struct interlock_limits *limits, struct boot now)
{
	struct interlock *interlock = xcalloc(1, sizeof(*interlock));
	int64_t room = limits->changes;

	interlock->limits = limits;
	interlock->since = now;
	if (room > INTERLOCK_CHANGES_MAX)
		room = INTERLOCK_CHANGES_MAX;
	interlock->room = room > 0 ? (size_t)room : 0;
	if (interlock->room > 0)
		interlock->changed = xcalloc(interlock->room, sizeof(*interlock->changed));
	return interlock;
}

void interlock_free(struct interlock *interlock)
{
	if (interlock == NULL)
		return;
	free(interlock->changed);
	free(interlock);
}

/* The i-th latest change, from 0; i < count. */
static struct boot interlock_change(const struct interlock *interlock, size_t i)
{
	return interlock
		->changed[(interlock->next + interlock->room - 1 - i) % interlock->room];
}

static void interlock_note(struct interlock *interlock, struct boot now)
{
	if (interlock->room == 0)
		return;
	interlock->changed[interlock->next] = now;
	interlock->next = (interlock->next + 1) % interlock->room;
	if (interlock->count < interlock->room)
		interlock->count++;
}

void interlock_adopt(struct interlock *interlock, const struct interlock *old)
{
	interlock->value = old->value;
	interlock->since = old->since;
	interlock->count = interlock->next = 0;
	for (size_t i = old->count; i-- > 0;)
		interlock_note(interlock, interlock_change(old, i));
}

static bool in_range(const struct interlock_limits *limits, struct value value)
{
	if (value.kind != VALUE_NUMBER)
		return value.kind != VALUE_NONE;
	if (!isfinite(value.number))
		return false;
	return limits->low > limits->high ||
	       (value.number >= limits->low && value.number <= limits->high);
}

/* The instant from which a change in this direction may go. */
static struct boot switch_from(const struct interlock *interlock, bool on)
{
	int64_t rest = on ? interlock->limits->min_off_ns : interlock->limits->min_on_ns;

	/* Not known: it may be off since the start, and nothing says that it is on. */
	if (interlock->value.kind != VALUE_BOOL && !on)
		rest = 0;
	return boot_add(interlock->since, rest);
}

static struct boot change_from(const struct interlock *interlock)
{
	if (interlock->room == 0 || interlock->count < interlock->room)
		return (struct boot){0};
	return boot_add(interlock_change(interlock, interlock->room - 1),
			interlock->limits->per_ns);
}

enum interlock_verdict interlock_ask(const struct interlock *interlock, struct value value,
				     struct boot now, struct boot *ret_until)
{
	const struct interlock_limits *limits = interlock->limits;
	struct boot from;

	if (!in_range(limits, value)) {
		*ret_until = BOOT_NEVER;
		return INTERLOCK_RANGE;
	}
	if (value_equal(value, interlock->value))
		return INTERLOCK_GO;
	if (value.kind == VALUE_BOOL) {
		from = switch_from(interlock, value.flag);
		if (now.ns < from.ns) {
			*ret_until = from;
			return value.flag ? INTERLOCK_MIN_OFF : INTERLOCK_MIN_ON;
		}
	}
	from = change_from(interlock);
	if (now.ns < from.ns &&
	    (limits->safe.kind == VALUE_NONE || !value_equal(value, limits->safe))) {
		*ret_until = from;
		return INTERLOCK_CHANGES;
	}
	return INTERLOCK_GO;
}

void interlock_wrote(struct interlock *interlock, struct value value, struct boot now)
{
	if (value_equal(value, interlock->value))
		return;
	interlock_note(interlock, now);
	interlock_saw(interlock, value, now);
}

void interlock_saw(struct interlock *interlock, struct value value, struct boot now)
{
	if (value.kind == VALUE_NONE || value_equal(value, interlock->value))
		return;
	interlock->since = now;
	/* A text is not ours to keep: any text counts as another one. */
	interlock->value =
		value.kind == VALUE_TEXT ? (struct value){.kind = VALUE_NONE} : value;
}

bool interlock_deadline(const struct interlock *interlock, struct boot *ret)
{
	if (interlock->limits->max_on_ns <= 0 || interlock->value.kind != VALUE_BOOL ||
	    !interlock->value.flag)
		return false;
	*ret = boot_add(interlock->since, interlock->limits->max_on_ns);
	return true;
}

const char *interlock_verdict_words(enum interlock_verdict verdict)
{
	static const char *const words[] = {
		"it may be written",
		"the value is out of range",
		"it has been on for less than min_on",
		"it has been off for less than min_off",
		"it was changed as often as max_changes allows",
	};

	return words[verdict];
}
