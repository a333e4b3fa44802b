/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the values of points and the verdicts on their quality. */
#include "rules/store.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/point.h"
#include "rules/program.h"

enum { STORE_TEXT = VALUE_TEXT_MAX + 1 };

static uint32_t store_text_points(const struct program *program)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < program->point_count; i++)
		count += point_table_get(program->points, i)->kind == VALUE_TEXT;
	return count;
}

void store_place(struct store *store, const struct program *program, double *slots,
		 struct room *room)
{
	/* One entry more than can be held: the new text is there before the old one goes. */
	uint32_t rooms = store_text_points(program) + 1;
	uint32_t texts = program->text_count + rooms;
	char *room_bytes;

	store->program = program;
	store->text_rooms = rooms;
	store->slots = slots;
	store->points = room_take(room, program->point_count, sizeof(*store->points));
	store->held = NULL;
	if (rooms > 1)
		store->held = room_take(room, program->point_count, sizeof(*store->held));
	store->group_bad = room_take(room, program->group_count, sizeof(*store->group_bad));
	store->texts = room_take(room, texts, sizeof(*store->texts));
	store->bucket_count = 16;
	while (store->bucket_count < 2 * texts)
		store->bucket_count *= 2;
	store->buckets = room_take(room, store->bucket_count, sizeof(*store->buckets));
	room_bytes = room_take(room, rooms, STORE_TEXT);
	for (uint32_t i = 0; room_bytes != NULL && i < rooms; i++)
		store->texts[program->text_count + i].text = room_bytes + i * STORE_TEXT;
}

/* FNV-1a, 32 bit. */
static uint32_t *store_bucket(const struct store *store, const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return &store->buckets[hash & (store->bucket_count - 1)];
}

static void store_link(struct store *store, uint32_t entry)
{
	uint32_t *bucket = store_bucket(store, store->texts[entry].text);

	store->texts[entry].next = *bucket;
	*bucket = entry + 1;
}

static void store_unlink(struct store *store, uint32_t entry)
{
	uint32_t *link = store_bucket(store, store->texts[entry].text);

	while (*link != entry + 1)
		link = &store->texts[*link - 1].next;
	*link = store->texts[entry].next;
}

/* Releases one use of an entry (+ 1); the program's own texts stay for ever. */
static void store_release(struct store *store, uint32_t held)
{
	struct store_text *text;

	if (held == 0 || held <= store->program->text_count)
		return;
	text = &store->texts[held - 1];
	if (--text->refs > 0)
		return;
	store_unlink(store, held - 1);
	text->next = store->free;
	store->free = held;
}

/* The entry (+ 1) of a text, with one use more. */
static uint32_t store_intern(struct store *store, const char *bytes)
{
	size_t len = strnlen(bytes, VALUE_TEXT_MAX);
	char room[STORE_TEXT];
	uint32_t held;
	char *own;

	memcpy(room, bytes, len);
	room[len] = '\0';
	for (held = *store_bucket(store, room); held != 0; held = store->texts[held - 1].next) {
		if (strcmp(store->texts[held - 1].text, room) == 0) {
			store->texts[held - 1].refs++;
			return held;
		}
	}
	held = store->free;
	store->free = store->texts[held - 1].next;
	own = (char *)store->texts[held - 1].text;
	memcpy(own, room, len + 1);
	store->texts[held - 1].refs = 1;
	store->texts[held - 1].id = store->next_id++;
	store_link(store, held - 1);
	return held;
}

static const struct point *store_described(const struct store *store, uint32_t id)
{
	return point_table_get(store->program->points, id);
}

int64_t store_stale_ns(const struct store *store, uint32_t id)
{
	return store_described(store, id)->stale_ns;
}

void store_unguard(struct store *store, uint32_t id)
{
	store->points[id].guard_high = -INFINITY;
}

void store_guard(struct store *store, uint32_t id)
{
	struct stored *point = &store->points[id];
	double value = store->slots[program_point(id)];

	store_unguard(store, id);
	if (point->kind == VALUE_NUMBER && point->quality == QUALITY_GOOD && !point->bad &&
	    store_described(store, id)->deadband == 0)
		guards_around(&store->program->guards, id, value, &point->guard_low,
			      &point->guard_high);
}

/* The last good value, however old. */
static double store_last(const struct store *store, uint32_t id)
{
	double number = store->slots[program_point(id)];

	return isnan(number) ? store->points[id].last : number;
}

void store_init(struct store *store, struct boot now)
{
	const struct program *program = store->program;
	uint32_t rooms = store->text_rooms;

	for (uint32_t i = 0; i < program->text_count; i++) {
		store->texts[i].text = program->texts[i];
		store->texts[i].id = i;
		store->texts[i].refs = 1;
		store_link(store, i);
	}
	for (uint32_t i = program->text_count + rooms; i-- > program->text_count;) {
		store->texts[i].next = store->free;
		store->free = i + 1;
	}
	store->next_id = program->text_count;
	for (uint32_t i = 0; i < program->point_count; i++) {
		const struct point *point = point_table_get(program->points, i);

		store->points[i] = (struct stored){
			.at = now.ns,
			.guard_high = -INFINITY,
			.last = NAN,
			.kind = point->kind & 3,
			.quality = QUALITY_BAD,
			.reason = BAD_INIT,
		};
		store->slots[program_point(i)] = NAN;
	}
}

/* Writes quality and bad() where somebody reads them; the bit of a change. */
static unsigned store_judge(struct store *store, uint32_t id, enum quality quality,
			    enum bad_reason reason, uint8_t code, bool bad)
{
	const struct program *program = store->program;
	struct stored *point = &store->points[id];
	uint32_t group = program_asked(program->point_groups, id);
	uint32_t quality_slot = program_asked(program->quality_slots, id);
	uint32_t bad_slot = program_asked(program->bad_slots, id);
	unsigned changed = 0;

	point->reason = (uint8_t)reason;
	point->code = code;
	if (point->quality != quality && quality_slot != 0) {
		store->slots[quality_slot] = quality;
		changed = STORE_QUALITY;
	}
	point->quality = quality & 3;
	if (point->bad == bad)
		return changed;
	point->bad = bad;
	if (bad_slot != 0) {
		store->slots[bad_slot] = bad;
		changed = STORE_QUALITY;
	}
	if (group != 0) {
		changed = STORE_QUALITY;
		store->group_bad[group - 1] += bad ? 1 : -1u;
		store->slots[program->groups[group - 1].slot] =
			store->group_bad[group - 1] == program->groups[group - 1].size;
	}
	return changed;
}

/* The value counts no more. */
static unsigned store_lose(struct store *store, uint32_t id)
{
	struct stored *point = &store->points[id];
	double *slot = &store->slots[program_point(id)];
	unsigned changed = isnan(*slot) ? 0 : STORE_VALUE;

	store_unguard(store, id);
	if (!isnan(*slot))
		point->last = *slot;
	*slot = NAN;
	point->expired = true;
	return changed;
}

static unsigned store_put_bad(struct store *store, uint32_t id, enum bad_reason reason,
			      uint8_t code)
{
	struct stored *point = &store->points[id];
	/* The first word of a point, even a bad one: its rules begin to be looked at. */
	unsigned changed = STORE_BAD | (point->reason == BAD_INIT ? STORE_QUALITY : 0);
	bool held;

	store_unguard(store, id);
	if (point->ever && !point->expired && store_described(store, id)->unheld)
		changed |= store_lose(store, id);
	held = point->ever && !point->expired;
	return changed | store_judge(store, id, held ? QUALITY_UNCERTAIN : QUALITY_BAD, reason,
				     code, true);
}

/* The number that a good value is in its slot; NaN is none. */
static double store_number(struct store *store, uint32_t id, struct value value)
{
	uint32_t held;

	switch (value.kind) {
	case VALUE_NUMBER:
		return value.number - value.number == 0 ? value.number : NAN;
	case VALUE_BOOL:
		return value.flag;
	case VALUE_TEXT:
		held = store_intern(store, value.text);
		store_release(store, store->held[id]);
		store->held[id] = held;
		return store->texts[held - 1].id;
	case VALUE_NONE:
		break;
	}
	return NAN;
}

unsigned store_put(struct store *store, const struct reading *reading)
{
	uint32_t id = reading->point;
	struct stored *point = &store->points[id];
	double *slot = &store->slots[program_point(id)], number;
	unsigned changed = STORE_GOOD;

	if (reading->quality != QUALITY_GOOD)
		return store_put_bad(store, id, reading->reason, reading->code);
	if (reading->value.kind != point->kind)
		return store_put_bad(store, id, BAD_PARSE, 0);
	number = store_number(store, id, reading->value);
	if (isnan(number))
		return store_put_bad(store, id, BAD_RANGE, 0);
	point->at = reading->at.ns;
	point->ever = true;
	point->expired = false;
	if (*slot != number && !(fabs(*slot - number) < store_described(store, id)->deadband)) {
		*slot = number;
		changed |= STORE_VALUE;
	}
	if (point->quality != QUALITY_GOOD || point->bad)
		changed |= store_judge(store, id, QUALITY_GOOD, BAD_NONE, 0, false);
	return changed;
}

/* The worst of them; of equal ones the first says why. */
void store_judge_inputs(const struct store *store, const uint32_t *points, uint32_t count,
			struct store_verdict *ret)
{
	*ret = (struct store_verdict){.quality = QUALITY_GOOD};
	for (uint32_t i = 0; i < count; i++) {
		const struct stored *point = &store->points[points[i]];

		ret->expired = ret->expired || point->expired;
		ret->heard = ret->heard || point->heard || point->expired ||
			     point->reason != BAD_INIT;
		if (point->quality <= ret->quality)
			continue;
		ret->quality = (enum quality)point->quality;
		ret->reason = (enum bad_reason)point->reason;
		ret->code = point->code;
	}
}

/* A value that is there is never stale: another input has stood in for the one that is. */
unsigned store_derive(struct store *store, uint32_t id, double value,
		      const struct store_verdict *verdict, bool reported, struct boot now)
{
	struct stored *point = &store->points[id];
	double *slot = &store->slots[program_point(id)];
	bool known = !isnan(value), expired = !known && verdict->expired;
	unsigned changed = 0;

	/* As of other points: its rules begin to be looked at, and hear of silence. */
	if (!known && ((verdict->heard && !point->heard) || expired != point->expired))
		changed |= STORE_QUALITY;
	point->heard = point->heard || verdict->heard || known;
	if (known && reported) {
		point->at = now.ns;
		point->ever = true;
		changed |= STORE_GOOD;
	}
	point->expired = expired;
	if (isnan(*slot) ? known
			 : *slot != value && !(fabs(*slot - value) <
					       store_described(store, id)->deadband)) {
		if (!known)
			point->last = *slot;
		*slot = value;
		changed |= STORE_VALUE;
	}
	if (known && verdict->quality == QUALITY_GOOD)
		return changed | store_judge(store, id, QUALITY_GOOD, BAD_NONE, 0, false);
	if (known)
		return changed | store_judge(store, id, QUALITY_UNCERTAIN, verdict->reason,
					     verdict->code, false);
	/* All inputs are good, and there is no result: a division by zero, a root of -1. */
	if (verdict->quality == QUALITY_GOOD)
		return changed | store_judge(store, id, QUALITY_BAD, BAD_RANGE, 0, true);
	/* Until all have spoken it is not bad, only not there. */
	return changed |
	       store_judge(store, id,
			   verdict->quality == QUALITY_STALE ? QUALITY_STALE : QUALITY_BAD,
			   verdict->reason, verdict->code,
			   verdict->expired || verdict->reason != BAD_INIT);
}

unsigned store_expire(struct store *store, uint32_t id)
{
	struct stored *point = &store->points[id];
	/* The last reading failed: it has told why. Otherwise there was silence. */
	bool told = point->reason != BAD_NONE && point->reason != BAD_INIT;
	unsigned changed = store_lose(store, id);

	return changed | store_judge(store, id, told ? QUALITY_BAD : QUALITY_STALE,
				     point->reason, point->code, true);
}

void store_adopt(struct store *store, uint32_t id, const struct store *old, uint32_t other,
		 struct boot now)
{
	const struct stored *from = &old->points[other];
	struct stored *point = &store->points[id];
	double number = store_last(old, other);
	bool known = !isnan(old->slots[program_point(other)]);

	point->at = from->at;
	point->ever = from->ever;
	point->heard = from->heard;
	/* What was never there is not held over a longer time either. */
	point->expired = from->expired &&
			 (!from->ever || (from->bad && store_described(store, id)->unheld) ||
			  boot_diff(now, (struct boot){from->at}) >= store_stale_ns(store, id));
	if (from->kind == VALUE_TEXT && old->held[other] != 0) {
		store->held[id] = store_intern(store, old->texts[old->held[other] - 1].text);
		number = store->texts[store->held[id] - 1].id;
	}
	point->last = number;
	store->slots[program_point(id)] =
		!point->expired && (known || from->expired) ? number : NAN;
	if (from->expired && !point->expired) {
		/* A longer stale_after brings a value back that had been given up. */
		store_judge(store, id,
			    from->reason == BAD_NONE ? QUALITY_GOOD : QUALITY_UNCERTAIN,
			    from->reason, from->code, from->reason != BAD_NONE);
		return;
	}
	store_judge(store, id, from->quality, from->reason, from->code, from->bad);
}

const char *store_text(const struct store *store, double id)
{
	if (id < store->program->text_count)
		return store->program->texts[(uint32_t)id];
	for (uint32_t i = 0; i < store->text_rooms; i++) {
		const struct store_text *text = &store->texts[store->program->text_count + i];

		if (text->refs > 0 && text->id == id)
			return text->text;
	}
	return "";
}

double store_text_number(const struct store *store, const char *text)
{
	for (uint32_t held = *store_bucket(store, text); held != 0;
	     held = store->texts[held - 1].next) {
		if (strcmp(store->texts[held - 1].text, text) == 0)
			return store->texts[held - 1].id;
	}
	return -1;
}

struct value store_value(const struct store *store, enum value_kind kind, double slot)
{
	if (isnan(slot))
		return (struct value){.kind = VALUE_NONE};
	switch (kind) {
	case VALUE_NUMBER:
		return value_number(slot);
	case VALUE_BOOL:
		return value_bool(slot != 0);
	case VALUE_TEXT:
		return value_text(store_text(store, slot));
	case VALUE_NONE:
		break;
	}
	return (struct value){.kind = VALUE_NONE};
}

static struct value store_own_value(const struct store *store, const struct stored *point,
				    double number)
{
	uint32_t held = point->kind == VALUE_TEXT ? store->held[point - store->points] : 0;

	if (held != 0 && !isnan(number))
		return value_text(store->texts[held - 1].text);
	return store_value(store, (enum value_kind)point->kind, number);
}

void store_point(const struct store *store, uint32_t id, struct boot now,
		 struct engine_point *ret)
{
	const struct stored *point = &store->points[id];
	double slot = store->slots[program_point(id)];

	*ret = (struct engine_point){
		.value = store_own_value(store, point, slot),
		.quality = (enum quality)point->quality,
		.reason = (enum bad_reason)point->reason,
		.code = point->code,
		.ever = point->ever,
		.at = {point->at},
		.last = store_own_value(store, point, store_last(store, id)),
	};
	/* The engine may not have been told yet that the time is over. */
	if (!point->expired && now.ns - point->at >= store_stale_ns(store, id)) {
		ret->value = (struct value){.kind = VALUE_NONE};
		ret->quality = point->reason == BAD_NONE || point->reason == BAD_INIT
				       ? QUALITY_STALE
				       : QUALITY_BAD;
	}
}
