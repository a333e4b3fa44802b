/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of local time: any bytes become a zone or an error, as a file and as a
 * rule, and any text becomes slots and spans or an error; what became of them keeps its
 * promises at many instants: offsets within bounds, changes that are some, slots strictly
 * behind and none between, edges where the level changes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "rules/calendar.h"
#include "rules/calendar_text.h"
#include "rules/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const int64_t instants[] = {
	INT64_MIN, -62135596800, -3000000000, -1,	  0,	      1,
	951782400, 1774746000,	 1792890000,  4102444799, 9000000000, INT64_MAX,
};

static void ask_zone(const struct zone *zone)
{
	for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
		int64_t utc = instants[i];

		for (int k = 0; k < 5; k++) {
			int64_t next, ignored;
			int32_t offset = zone_offset(zone, utc, &next);

			demand(offset >= ZONE_OFFSET_MIN && offset <= ZONE_OFFSET_MAX);
			demand(next > utc || next == ZONE_NEVER);
			if (next == ZONE_NEVER)
				break;
			demand(zone_offset(zone, next - 1, &ignored) == offset);
			demand(zone_offset(zone, next, &ignored) != offset);
			utc = next;
		}
	}
}

static void ask_slots(const struct calendar *calendar, const struct zone *zone, struct wall at)
{
	for (int k = 0; k < 5; k++) {
		struct wall next = calendar_next(calendar, zone, at), between = at;

		if (next.ns == WALL_NEVER.ns)
			return;
		demand(next.ns > at.ns);
		between.ns += (next.ns - at.ns) / 2;
		demand(between.ns == next.ns ||
		       calendar_next(calendar, zone, between).ns == next.ns);
		at = next;
	}
}

static void ask_spans(const struct calendar_spans *spans, const struct zone *zone,
		      struct wall at)
{
	for (int k = 0; k < 5; k++) {
		struct wall edge, same;
		bool holds = calendar_contains(spans, zone, at, &edge);

		if (edge.ns == WALL_NEVER.ns)
			return;
		demand(edge.ns > at.ns);
		demand(calendar_contains(spans, zone, (struct wall){edge.ns - 1}, &same) ==
		       holds);
		demand(same.ns == edge.ns);
		demand(calendar_contains(spans, zone, edge, &same) != holds);
		at = edge;
	}
}

static void ask_calendar(const struct calendar *calendar, const struct calendar_spans *spans,
			 const struct zone *zone)
{
	for (size_t i = 1; i + 1 < ARRAY_SIZE(instants); i++) {
		struct wall at = {instants[i] < -9000000000 ? INT64_MIN
							    : instants[i] * NSEC_PER_SEC};
		struct wall date;
		int weekday = calendar_weekday(zone, at, &date);

		demand(weekday >= 1 && weekday <= 7 && date.ns > at.ns);
		ask_slots(calendar, zone, at);
		ask_spans(spans, zone, at);
	}
}

static const struct calendar_slot slots[] = {
	{2 * 3600 + 30 * 60, 0x7f, 0, false},
	{0, 0, UINT32_C(1) << 31 | 2, true},
};
static const struct calendar_span span = {22 * 3600, 8 * 3600, 0x11};

static void fuzz_texts(struct arena *arena, const struct yaml_node *node, struct diags *diags)
{
	struct calendar calendar = {0, ARRAY_SIZE(slots), slots};
	struct calendar_spans spans = {1, &span};
	size_t before = diags_errors(diags);
	const struct zone *berlin = zone_from_rule(arena, "CET-1CEST,M3.5.0,M10.5.0/3", NULL);
	bool good = calendar_parse_slots(arena, node, &calendar, diags);

	demand(good == (diags_errors(diags) == before));
	before = diags_errors(diags);
	good = calendar_parse_spans(arena, node, &spans, diags);
	demand(good == (diags_errors(diags) == before));
	demand(calendar.count <= CALENDAR_MAX_ENTRIES && spans.count <= CALENDAR_MAX_ENTRIES);
	ask_calendar(&calendar, &spans, berlin);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	const struct calendar calendar = {0, ARRAY_SIZE(slots), slots};
	const struct calendar_spans spans = {1, &span};
	struct diags *diags = diags_new(1000);
	char *text = arena_text(arena, (const char *)bytes, size);
	struct diag_source source = {.file = "fuzz.yaml", .text = text, .len = size};
	const struct zone *zones[] = {zone_parse(arena, "fuzz", bytes, size, NULL),
				      zone_from_rule(arena, text, NULL)};
	const struct yaml_node *node = yaml_parse(arena, &source, diags);

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		if (zones[i] == NULL)
			continue;
		ask_zone(zones[i]);
		ask_calendar(&calendar, &spans, zones[i]);
	}
	if (node != NULL)
		fuzz_texts(arena, node, diags);
	diags_free(diags);
	arena_free(arena);
	return 0;
}
