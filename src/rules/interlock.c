/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what an output may be told, and when. */
#include "rules/interlock.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "rules/pack.h"

struct interlock {
	const struct interlock_limits *limits;
	struct value value; /* VALUE_NONE: not known. A text is only known to have changed. */
	struct boot since;  /* when the last change was there at the latest */
	struct boot from;   /* when it came on at the earliest, if it is on or may be */
	/* Whether the last write was carried out is not known; may_be_on: and it was on. */
	bool doubt, may_be_on;
	/* Neither sent nor seen since then: somebody may have switched it meanwhile ... */
	bool unseen;
	struct boot unseen_since;
	struct boot off_since; /* ... and what was on have gone off, in this instant even */
	/* The times of the last changes, a ring: limits->changes of them. */
	struct boot *changed;
	size_t room, count, next;
};

struct interlock *interlock_new(const struct interlock_limits *limits, struct boot now)
{
	struct interlock *interlock = xcalloc(1, sizeof(*interlock));
	int64_t room = limits->changes;

	interlock->limits = limits;
	interlock->since = interlock->from = now;
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
	interlock->from = old->from;
	interlock->doubt = old->doubt;
	interlock->may_be_on = old->may_be_on;
	interlock->unseen = old->unseen;
	interlock->unseen_since = old->unseen_since;
	interlock->off_since = old->off_since;
	interlock->count = interlock->next = 0;
	for (size_t i = old->count; i-- > 0;)
		interlock_note(interlock, interlock_change(old, i));
}

bool interlock_is_safe(const struct interlock_limits *limits, struct value value)
{
	return value.kind != VALUE_NONE &&
	       (value_equal(value, limits->safe) || value_equal(value, limits->safe_too));
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

static bool is_value(struct value value, bool flag)
{
	return value.kind == VALUE_BOOL && value.flag == flag;
}

/* The instant from which it may be switched in this direction. */
static struct boot switch_from(const struct interlock *interlock, bool on)
{
	const struct interlock_limits *limits = interlock->limits;

	if (on)
		return boot_add(is_value(interlock->value, true) ? interlock->off_since
								 : interlock->since,
				limits->min_off_ns);
	/* Where nothing says that it is on it may go. */
	return boot_add(interlock->since,
			is_value(interlock->value, true) ? limits->min_on_ns : 0);
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
	struct boot from, over;

	if (!in_range(limits, value)) {
		*ret_until = BOOT_NEVER;
		return INTERLOCK_RANGE;
	}
	if (value_equal(value, interlock->value) && !interlock->unseen)
		return INTERLOCK_GO;
	if (value.kind == VALUE_BOOL) {
		from = switch_from(interlock, value.flag);
		/* What is known late to be on may be both: max_on comes before min_on. */
		if (!value.flag && interlock_deadline(interlock, &over) && over.ns < from.ns)
			from = over;
		if (now.ns < from.ns) {
			*ret_until = from;
			return value.flag ? INTERLOCK_MIN_OFF : INTERLOCK_MIN_ON;
		}
	}
	from = change_from(interlock);
	if (now.ns < from.ns && !interlock_is_safe(limits, value)) {
		*ret_until = from;
		return INTERLOCK_CHANGES;
	}
	return INTERLOCK_GO;
}

static bool is_on(const struct interlock *interlock)
{
	return is_value(interlock->value, true) || (interlock->doubt && interlock->may_be_on);
}

static void interlock_turn(struct interlock *interlock, struct value value, struct boot now)
{
	bool was_on = is_on(interlock);

	interlock->since = now;
	if (!was_on)
		interlock->from = now;
	interlock->may_be_on = was_on && value.kind == VALUE_BOOL && !value.flag;
	/* A text is not ours to keep: any text counts as another one. */
	interlock->value =
		value.kind == VALUE_TEXT ? (struct value){.kind = VALUE_NONE} : value;
}

bool interlock_wrote(struct interlock *interlock, struct value value, struct boot now)
{
	bool same = value_equal(value, interlock->value);

	if (same && !interlock->doubt && !interlock->unseen)
		return false;
	interlock->unseen = false;
	interlock_note(interlock, now);
	if (!same)
		interlock_turn(interlock, value, now);
	return true;
}

bool interlock_saw(struct interlock *interlock, struct value value, struct boot now)
{
	bool news = !value_equal(value, interlock->value) || interlock->unseen;

	if (value.kind == VALUE_NONE)
		return false;
	if (!value_equal(value, interlock->value)) {
		bool was_on = is_on(interlock);

		interlock_turn(interlock, value, now);
		if (interlock->unseen && !was_on)
			interlock->from = interlock->unseen_since;
	} else if (interlock->doubt) {
		interlock->since = now; /* it may have changed only now */
	}
	interlock->doubt = interlock->may_be_on = interlock->unseen = false;
	return news;
}

bool interlock_lost(struct interlock *interlock, struct boot now)
{
	bool news = !interlock->unseen;

	if (news)
		interlock->unseen_since = now;
	interlock->unseen = true;
	interlock->off_since = now;
	return news;
}

void interlock_landed(struct interlock *interlock, struct value value, struct boot now)
{
	interlock->since = now;
	if (value.kind == VALUE_NUMBER && interlock->value.kind == VALUE_NUMBER)
		interlock->value = value;
}

void interlock_doubt(struct interlock *interlock, bool doubt)
{
	interlock->doubt = doubt;
	if (!doubt)
		interlock->may_be_on = false;
}

bool interlock_is_doubtful(const struct interlock *interlock)
{
	return interlock->doubt;
}

bool interlock_on_from(const struct interlock *interlock, struct boot *ret)
{
	if (!is_on(interlock))
		return false;
	*ret = interlock->from;
	return true;
}

void interlock_goes_on(struct interlock *interlock, struct boot from)
{
	interlock->from = from;
}

bool interlock_deadline(const struct interlock *interlock, struct boot *ret)
{
	if (interlock->limits->max_on_ns <= 0 || !is_on(interlock))
		return false;
	*ret = boot_add(interlock->from, interlock->limits->max_on_ns);
	return true;
}

struct value interlock_value(const struct interlock *interlock, struct boot *ret_since)
{
	*ret_since = interlock->since;
	return interlock->value;
}

int64_t interlock_left(const struct interlock *interlock, struct boot now)
{
	int64_t left = (int64_t)interlock->room;

	if (interlock->room == 0)
		return -1;
	for (size_t i = 0; i < interlock->count; i++) {
		struct boot until =
			boot_add(interlock_change(interlock, i), interlock->limits->per_ns);

		left -= now.ns < until.ns;
	}
	return left;
}

/* ---- bytes ------------------------------------------------------------------------------- */

void interlock_save(const struct interlock *interlock, struct boot now, struct str *out)
{
	const struct value *value = &interlock->value;

	pack_add_u8(out, (uint8_t)value->kind);
	pack_add_double(out, value->kind == VALUE_BOOL	   ? value->flag
			     : value->kind == VALUE_NUMBER ? value->number
							   : 0);
	pack_add_age(out, now.ns, interlock->since.ns);
	pack_add_age(out, now.ns, interlock->from.ns);
	pack_add_u8(out, (uint8_t)(interlock->doubt | interlock->may_be_on << 1 |
				   interlock->unseen << 2));
	if (interlock->unseen)
		pack_add_age(out, now.ns, interlock->unseen_since.ns);
	pack_add_u32(out, (uint32_t)interlock->count);
	for (size_t i = interlock->count; i-- > 0;)
		pack_add_age(out, now.ns, interlock_change(interlock, i).ns);
}

/* An instant that lies age before the save. */
static struct boot before(struct boot now, int64_t age, int64_t outage_ns)
{
	if (outage_ns > PACK_AGE_MAX)
		outage_ns = PACK_AGE_MAX;
	return (struct boot){now.ns - age - outage_ns};
}

static bool value_load(struct pack *in, struct value *ret)
{
	uint8_t kind = pack_take_u8(in);
	double number = pack_take_double(in);

	if (in->bad || !isfinite(number))
		return false;
	switch (kind) {
	case VALUE_NONE:
		*ret = (struct value){0};
		return true;
	case VALUE_NUMBER:
		*ret = value_number(number);
		return true;
	case VALUE_BOOL:
		*ret = value_bool(number != 0);
		return true;
	default:
		return false;
	}
}

bool interlock_restore(struct interlock *interlock, struct pack *in, struct boot now,
		       int64_t outage_ns)
{
	int64_t known_ns = outage_ns > 0 ? outage_ns : 0;
	struct value value;
	int64_t since, from, unseen, older = PACK_AGE_MAX;
	int64_t away_ns = outage_ns < 0 ? PACK_AGE_MAX : outage_ns;
	struct pack changes;
	uint32_t count;
	uint8_t flags;

	if (!value_load(in, &value))
		return false;
	since = pack_take_age(in);
	from = pack_take_age(in);
	flags = pack_take_u8(in);
	unseen = (flags & 4) != 0 ? pack_take_age(in) : 0;
	count = pack_take_u32(in);
	if (in->bad || count > INTERLOCK_CHANGES_MAX)
		return false;
	changes = *in;
	for (uint32_t i = 0; i < count; i++) {
		int64_t age = pack_take_age(in);

		if (in->bad || age > older)
			return false;
		older = age;
	}
	for (uint32_t i = 0; i < count; i++)
		interlock_note(interlock, before(now, pack_take_age(&changes), known_ns));
	interlock->value = value;
	interlock->doubt = (flags & 1) != 0;
	interlock->may_be_on = (flags & 2) != 0;
	interlock->since = before(now, since, known_ns);
	interlock->from = before(now, from, away_ns);
	interlock->unseen = true;
	interlock->unseen_since = before(now, unseen, away_ns);
	interlock->off_since = now;
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
