/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what of an output outlives the program, in bytes. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/outlet_inside.h"
#include "rules/pack.h"

enum { SAVED_VERSION = 1, CLAIMS_MAX = 100000 };
enum saved_flag {
	SAVED_OPERATED = 1,
	SAVED_TIMED = 2,
	SAVED_SET = 4,
	SAVED_BASE = 8,
	SAVED_OPEN = 16,
	SAVED_RESUMES = 32
};

static void add_value(struct str *out, struct value value)
{
	pack_add_u8(out, (uint8_t)value.kind);
	switch (value.kind) {
	case VALUE_NONE:
		return;
	case VALUE_NUMBER:
		pack_add_double(out, value.number);
		return;
	case VALUE_BOOL:
		pack_add_u8(out, value.flag);
		return;
	case VALUE_TEXT:
		pack_add_text(out, value.text);
		return;
	}
}

static void add_claims(const struct outlet *outlet, struct str *out)
{
	uint32_t count = 0;

	for (size_t i = 0; i < outlet->rule_count; i++)
		count += outlet->claims[i].holds;
	pack_add_u32(out, count);
	for (size_t i = 0; i < outlet->rule_count; i++) {
		const struct outlet_claim *claim = &outlet->claims[i];

		if (!claim->holds)
			continue;
		pack_add_text(out, outlet->rules[i].name);
		pack_add_u64(out, claim->order);
		add_value(out, claim->kept.value);
	}
}

void outlet_save(const struct outlet *outlet, struct boot now, struct str *out)
{
	bool timed = outlet->operated && outlet->hold_until.ns != BOOT_NEVER.ns;
	bool based = outlet->base.value.kind != VALUE_NONE;

	pack_add_u8(out, SAVED_VERSION);
	pack_add_u8(out,
		    (uint8_t)((outlet->operated ? SAVED_OPERATED : 0) |
			      (timed ? SAVED_TIMED : 0) | (outlet->set ? SAVED_SET : 0) |
			      (based ? SAVED_BASE : 0) | (outlet->open > 0 ? SAVED_OPEN : 0) |
			      (outlet->resumes ? SAVED_RESUMES : 0)));
	interlock_save(outlet->interlock, now, out);
	pack_add_u64(out, outlet->order);
	if (outlet->operated) {
		add_value(out, outlet->operator.value);
		pack_add_text(out, outlet->operator_who);
		/* What is left, as an age: how long now lies before the end. */
		pack_add_age(out, timed ? outlet->hold_until.ns : now.ns, now.ns);
	}
	if (based) {
		add_value(out, outlet->base.value);
		pack_add_text(out, outlet->base_who);
		pack_add_u64(out, outlet->base_order);
	}
	if (outlet->set) {
		pack_add_text(out, outlet->set_by);
		pack_add_age(out, now.ns, outlet->set_at.ns);
	}
	if (outlet->resumes)
		pack_add_age(out, now.ns, outlet->resumes_from.ns);
	add_claims(outlet, out);
}

/* ---- and back ---------------------------------------------------------------------------- */

static void take_text(struct pack *in, char *room, size_t size)
{
	size_t len;
	const char *text = pack_take_text(in, &len);

	if (len >= size) {
		in->bad = true;
		return;
	}
	memcpy(room, text, len);
	room[len] = '\0';
}

/* Of the point's kind, finite; otherwise the bytes are bad. */
static void take_value(const struct outlet *outlet, struct pack *in, struct outlet_kept *ret)
{
	char room[VALUE_TEXT_MAX + 1] = "";
	enum value_kind kind = (enum value_kind)pack_take_u8(in);
	double number;

	if (kind != outlet->point->kind || kind == VALUE_NONE) {
		in->bad = true;
	} else if (kind == VALUE_BOOL) {
		outlet_keep(ret, value_bool(pack_take_u8(in) != 0));
	} else if (kind == VALUE_NUMBER) {
		number = pack_take_double(in);
		in->bad = in->bad || !isfinite(number);
		outlet_keep(ret, value_number(number));
	} else {
		take_text(in, room, sizeof(room));
		outlet_keep(ret, value_text(room));
	}
}

static void take_order(const struct outlet *outlet, struct pack *in, uint64_t *ret)
{
	*ret = pack_take_u64(in);
	in->bad = in->bad || *ret > outlet->order;
}

static void take_claims(struct outlet *outlet, struct pack *in)
{
	uint32_t count = pack_take_u32(in);

	in->bad = in->bad || count > CLAIMS_MAX;
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		size_t len, rule = SIZE_MAX;
		const char *name = pack_take_text(in, &len);
		struct outlet_claim unknown = {0}, *claim = &unknown;
		char room[VALUE_TEXT_MAX + 1];

		unknown.kept.room = room;
		for (size_t k = 0; k < outlet->rule_count && rule == SIZE_MAX; k++)
			if (strlen(outlet->rules[k].name) == len &&
			    memcmp(outlet->rules[k].name, name, len) == 0)
				rule = k;
		if (rule != SIZE_MAX)
			claim = &outlet->claims[rule];
		take_order(outlet, in, &claim->order);
		take_value(outlet, in, &claim->kept);
		claim->holds = !in->bad;
		/* The rule is gone: what it wrote stays, as if it had ended. */
		if (rule == SIZE_MAX && !in->bad && claim->order > outlet->base_order) {
			outlet_keep(&outlet->base, claim->kept.value);
			outlet->base_order = claim->order;
			outlet_say(outlet->base_who, "a rule that is gone");
		}
	}
}

static void take_operator(struct outlet *outlet, struct pack *in, bool timed, struct boot now,
			  int64_t outage_ns)
{
	int64_t left;

	take_value(outlet, in, &outlet->operator);
	take_text(in, outlet->operator_who, sizeof(outlet->operator_who));
	left = pack_take_age(in);
	outlet->hold_until = BOOT_NEVER;
	outlet->operated = true;
	if (!timed)
		return;
	outlet->hold_until = boot_add(now, left - outage_ns);
	outlet->operated = outage_ns >= 0 && left > outage_ns;
}

static bool take_outlet(struct outlet *outlet, struct pack *in, struct boot now,
			int64_t outage_ns)
{
	uint8_t version = pack_take_u8(in), flags = pack_take_u8(in);

	if (version != SAVED_VERSION ||
	    !interlock_restore(outlet->interlock, in, now, outage_ns))
		return false;
	if ((flags & SAVED_OPEN) != 0)
		interlock_doubt(outlet->interlock, true);
	outlet->order = pack_take_u64(in);
	in->bad = in->bad || outlet->order > INT64_MAX;
	if ((flags & SAVED_OPERATED) != 0)
		take_operator(outlet, in, (flags & SAVED_TIMED) != 0, now, outage_ns);
	if ((flags & SAVED_BASE) != 0) {
		take_value(outlet, in, &outlet->base);
		take_text(in, outlet->base_who, sizeof(outlet->base_who));
		take_order(outlet, in, &outlet->base_order);
	}
	if ((flags & SAVED_SET) != 0) {
		take_text(in, outlet->set_by, sizeof(outlet->set_by));
		outlet->set_at.ns =
			now.ns - pack_take_age(in) - (outage_ns > 0 ? outage_ns : 0);
		outlet->set = true;
	}
	outlet->resumes = (flags & SAVED_RESUMES) != 0;
	if (outlet->resumes)
		outlet->resumes_from.ns =
			now.ns - pack_take_age(in) - (outage_ns < 0 ? PACK_AGE_MAX : outage_ns);
	take_claims(outlet, in);
	return !in->bad && in->at == in->end;
}

bool outlet_restore(struct outlet *outlet, struct pack *in, struct boot now, int64_t outage_ns)
{
	struct outlet *saved =
		outlet_new(outlet->point, outlet->rules, outlet->rule_count, now);
	bool starting = outlet->starting, ok;
	struct boot since;
	struct value value;

	if (outage_ns > PACK_AGE_MAX)
		outage_ns = PACK_AGE_MAX;
	ok = take_outlet(saved, in, now, outage_ns);
	if (ok) {
		saved->starting = false;
		saved->dirty = false;
		outlet_layer(saved, &saved->wanted.value, &(const char *){NULL});
		value = interlock_value(saved->interlock, &since);
		/* What a text output has is not known: it has what it was told. */
		outlet_keep(&saved->asked,
			    outlet->point->kind == VALUE_TEXT ? saved->wanted.value : value);
		/* Of an off nobody knows whether it arrived. */
		if (interlock_is_doubtful(saved->interlock) &&
		    outlet_is_harmless(saved, saved->wanted.value))
			saved->asked.value = (struct value){0};
		saved->wanted.value = (struct value){0};
		outlet_adopt(outlet, saved, now);
		outlet->starting = starting;
		/* on_start is written in any case. */
		if (starting)
			outlet->asked.value = outlet->wanted.value = (struct value){0};
		outlet_turn(outlet, false);
	}
	outlet_free(saved);
	return ok;
}
