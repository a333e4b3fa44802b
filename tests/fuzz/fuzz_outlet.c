/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of saved outputs: any bytes become an output that lives on within its
 * limits, and what it saves then is whole. The first byte says of which kind the output is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/outlet.h"
#include "rules/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct outlet_rule rules[] = {{"a", "rule a", 1, SEVERITY_INFO},
					   {"b", "rule b", 0, SEVERITY_CRITICAL}};

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static bool restore(struct outlet *outlet, const void *bytes, size_t size, struct boot now,
		    int64_t outage_ns)
{
	struct pack in = {.at = bytes, .end = (const unsigned char *)bytes + size};

	return outlet_restore(outlet, &in, now, outage_ns);
}

/* Steps until it rests; each step but a rest changes something, so there is an end. */
static void step(struct outlet *outlet, struct boot now)
{
	struct outlet_move move;
	unsigned steps = 0;

	for (;;) {
		demand(steps++ < 100);
		switch (outlet_step(outlet, now, &move)) {
		case OUTLET_RESTS:
		case OUTLET_WAITS:
			return;
		case OUTLET_REFUSES:
			break;
		case OUTLET_WRITES:
			demand(move.who != NULL && move.value.kind != VALUE_NONE);
			outlet_ended(outlet,
				     &(struct outlet_end){.left = steps % 3 != 0,
							  .done = steps % 3 == 1,
							  .changes = move.changes},
				     now);
			break;
		}
	}
}

static void live(struct outlet *outlet, enum value_kind kind, struct boot *now)
{
	const struct value values[][2] = {
		[VALUE_NUMBER] = {value_number(1), value_number(2)},
		[VALUE_BOOL] = {value_bool(false), value_bool(true)},
		[VALUE_TEXT] = {value_text("x"), value_text("")},
	};
	const char *holder;
	struct boot due;

	step(outlet, *now);
	for (unsigned i = 0; i < 30; i++) {
		struct value value = values[kind][i % 2];

		if (i % 5 == 3)
			outlet_operator_writes(outlet, value, "uid 0", (i % 2) * NSEC_PER_SEC,
					       *now);
		else if (i % 5 == 4)
			outlet_rule_ends(outlet, i % 2, *now);
		else
			outlet_rule_writes(outlet, i % 2, (enum outlet_moment)(i % 3), value,
					   *now, &holder);
		outlet_see(outlet, i % 7 != 0, *now);
		step(outlet, *now);
		if (outlet_deadline(outlet, &due) && due.ns > now->ns && i % 2 == 0)
			*now = due;
		else
			*now = boot_add(*now, NSEC_PER_SEC / 2);
		step(outlet, *now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct point_interlock interlock = {
		.min_on_ns = NSEC_PER_SEC,
		.min_off_ns = NSEC_PER_SEC,
		.max_on_ns = 3 * NSEC_PER_SEC,
		.changes = 3,
		.per_ns = 10 * NSEC_PER_SEC,
		.unknown_ns = NSEC_PER_SEC,
	};
	struct point point = {
		.name = "a.b", .writable = true, .low = 1, .interlock = &interlock};
	struct boot now = {1000 * NSEC_PER_SEC};
	struct outlet *outlet;
	struct str saved;

	if (size == 0)
		return 0;
	point.kind = VALUE_NUMBER + bytes[0] % 3;
	outlet = outlet_new(&point, rules, 2, now);
	restore(outlet, bytes + 1, size - 1, now,
		bytes[0] > 127 ? -1 : bytes[0] * NSEC_PER_SEC);
	live(outlet, point.kind, &now);
	str_init(&saved);
	outlet_save(outlet, now, &saved);
	outlet_free(outlet);
	outlet = outlet_new(&point, rules, 2, now);
	demand(restore(outlet, saved.s, saved.len, now, 0));
	live(outlet, point.kind, &now);
	outlet_free(outlet);
	str_done(&saved);
	return 0;
}
