/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of rules: any text under 'rules:' becomes a rule set or errors that have
 * a place; a set runs over some readings, is adopted by a second engine, and gives the same
 * events with and without extra ticks, guarded or not; never a crash, never a result that is
 * infinite, in derived points neither.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const struct {
	const char *name, *device, *unit;
	enum value_kind kind;
} rows[] = {
	{"x.a", "x", NULL, VALUE_NUMBER},
	{"x.p", "x", NULL, VALUE_BOOL},
	{"x.s", "x", NULL, VALUE_TEXT},
	{"boiler.temp", "boiler", "degC", VALUE_NUMBER},
	{"oven.temp", "oven", "degF", VALUE_NUMBER},
	{"meter-3.power", "meter-3", "kW", VALUE_NUMBER},
	{"tank.level", "tank", "m", VALUE_NUMBER},
	{"tank.fill", "tank", "%", VALUE_NUMBER},
};

static struct point_table *make_points(struct arena *arena)
{
	struct point_table *points = point_table_new(arena);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct point point = {.name = rows[i].name,
				      .device = rows[i].device,
				      .kind = rows[i].kind,
				      .unit_text = rows[i].unit,
				      .readable = true,
				      .interval_ns = i % 2 * NSEC_PER_SEC,
				      .stale_ns = 10 * NSEC_PER_SEC};
		size_t bad, len;

		demand(rows[i].unit == NULL || unit_parse(rows[i].unit, strlen(rows[i].unit),
							  &point.unit, &bad, &len) == 0);
		point_table_add(points, &point);
	}
	return points;
}

static void add_event(void *arg, const struct event *event)
{
	struct str *log = arg;

	/* Enough to compare, whatever repeats. */
	if (log->len < 100000)
		engine_log_line(event, log);
}

static struct value some_value(uint32_t point, unsigned step)
{
	static const double numbers[] = {0, 81.5, -3, 1e308, NAN, 0.1, -1e-300};
	static const char *const texts[] = {"auto", "a", "\xff", "manual"};

	switch (rows[point].kind) {
	case VALUE_BOOL:
		return value_bool(step % 3 == 0);
	case VALUE_TEXT:
		return value_text(texts[step % ARRAY_SIZE(texts)]);
	case VALUE_NONE:
	case VALUE_NUMBER:
		break;
	}
	return value_number(numbers[(step + point) % ARRAY_SIZE(numbers)]);
}

/* The night of a day without clock changes, 40 minutes on, and a clock that is lost. */
static void set_clock(struct engine *engine, struct boot now, unsigned step)
{
	const int64_t evening = INT64_C(1781294390) * NSEC_PER_SEC;

	engine_set_wall(engine, now, (struct wall){evening + step * 160 * NSEC_PER_SEC},
			step % 3 != 1);
}

static void live(struct engine *engine, int64_t from, bool ticks)
{
	for (unsigned step = 0; step < 40; step++) {
		struct reading reading = {.point = step * 5 % ARRAY_SIZE(rows),
					  .at = {from + step * 700 * NSEC_PER_MSEC}};

		reading.value = some_value(reading.point, step);
		if (step % 7 == 3) {
			reading.quality = QUALITY_BAD;
			reading.reason = BAD_TIMEOUT;
			reading.value.kind = VALUE_NONE;
		}
		if (ticks)
			engine_tick(engine, reading.at);
		if (step % 15 == 4)
			set_clock(engine, reading.at, step);
		engine_feed(engine, &reading);
		engine_settle(engine);
	}
	engine_tick(engine, (struct boot){from + 60 * NSEC_PER_SEC});
}

static void run(const struct ruleset *set, const struct point_table *points, bool ticks,
		bool guards, struct str *log)
{
	struct engine_sink sink = {.event = add_event, .arg = log};
	struct engine *engine = engine_new(set, points, sink, (struct boot){0}), *next;
	struct boot deadline;

	engine_set_guards(engine, guards);
	live(engine, 0, ticks);
	next = engine_new(set, points, sink, (struct boot){61 * NSEC_PER_SEC});
	engine_set_guards(next, guards);
	engine_adopt(next, engine, (struct boot){61 * NSEC_PER_SEC});
	engine_free(engine);
	if (engine_deadline(next, &deadline))
		demand(deadline.ns >= 60 * NSEC_PER_SEC);
	live(next, 61 * NSEC_PER_SEC, ticks);
	for (uint32_t i = 0; i < point_table_count(points); i++) {
		struct engine_point point;

		engine_point(next, i, (struct boot){130 * NSEC_PER_SEC}, &point);
		demand(point.value.kind != VALUE_NUMBER || isfinite(point.value.number));
	}
	engine_free(next);
}

static void run_again(const struct ruleset *set, const struct point_table *points, bool ticks,
		      bool guards, const struct str *once)
{
	struct str again;

	str_init(&again);
	run(set, points, ticks, guards, &again);
	demand(once->len == again.len);
	demand(once->len == 0 || memcmp(once->s, again.s, once->len) == 0);
	str_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(100);
	struct diag_source source = {
		.file = "fuzz.yaml", .text = (const char *)bytes, .len = size};
	struct str once;
	const struct yaml_node *root = yaml_parse(arena, &source, diags);
	struct point_table *points = make_points(arena);
	struct ruleset *set = NULL;

	str_init(&once);
	if (root != NULL && root->kind == YAML_MAP) {
		set = ruleset_parse(arena, &root, 1, points, NULL, diags);
		demand((set == NULL) == (diags_errors(diags) > 0));
	}
	if (set != NULL) {
		run(set, points, false, true, &once);
		run_again(set, points, true, true, &once);
		run_again(set, points, false, false, &once);
	}
	diags_render(diags, &once);
	str_done(&once);
	diags_free(diags);
	arena_free(arena);
	return 0;
}
