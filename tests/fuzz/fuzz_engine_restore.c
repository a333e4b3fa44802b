/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of saved engines: any bytes, as they are and with the sums of their
 * records made right, become an engine that lives: it takes readings, yields no infinite
 * numbers, and what it saves then is whole.
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
#include "rules/engine_saved.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* All states and all memories, windows exact and paned. */
static const char rules[] =
	"derived: {total: {value: (prev(total) ?? 0) + x.a}}\n"
	"rules:\n"
	"  a: {when: x.a > 1, repeat: 10s, latch: true, flap: {changes: 4, in: 2m}}\n"
	"  b: {when: x.b > 1, for: 1m, clear_for: 1m, blind_after: 1m, inhibited_by: [a]}\n"
	"  c: {when: 'held(x.p, 5m) or once(x.p, 1h)', on_unknown: clear}\n"
	"  d: {when: 'ewma(x.a, 1m) > 1 and since(x.p) > 1m'}\n"
	"  e: {when: 'stddev(x.a, 5m) + tavg(x.a, 5m) + slope(x.a, 5m) > 3'}\n"
	"  f: {when: 'quantile(x.a, 0.9, 1h) + increase(x.a, 1h) > 4'}\n"
	"  g: {when: 'min(x.b, 6m) + rate(x.b, 6m) + share(x.p, 1h) > 4'}\n"
	"  h: {when: 'quantile(x.b, 0.5, 6m) + integral(x.b, 6m) + changes(x.b, 6m) > 4'}\n"
	"  i: {when: \"firing('a')\", for: 1m}\n"
	"  j: {on: changed(x.a), min_interval: 20s, max_rate: 3/1m}\n";

static void demand(bool holds)
{
	if (!holds)
		abort();
}

struct world {
	struct arena *arena;
	struct diags *diags;
	struct point_table *points;
	struct ruleset *set;
	uint64_t seq;
};

static void world_init(struct world *world)
{
	static const struct diag_source source = {"t.yaml", rules, sizeof(rules) - 1};
	static const struct point points[] = {
		{.name = "x.a", .device = "x", .kind = VALUE_NUMBER, .stale_ns = NSEC_PER_SEC},
		{.name = "x.b",
		 .device = "x",
		 .kind = VALUE_NUMBER,
		 .stale_ns = 20 * NSEC_PER_SEC,
		 .interval_ns = 10 * NSEC_PER_SEC},
		{.name = "x.p", .device = "x", .kind = VALUE_BOOL, .stale_ns = NSEC_PER_SEC},
	};
	const struct yaml_node *root;

	*world = (struct world){.arena = arena_new(), .diags = diags_new(10)};
	world->points = point_table_new(world->arena);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		point_table_add(world->points, &points[i]);
	root = yaml_parse(world->arena, &source, world->diags);
	demand(root != NULL);
	world->set = ruleset_parse(world->arena, &root, 1, world->points, NULL, world->diags);
	demand(world->set != NULL);
}

static void world_done(struct world *world)
{
	diags_free(world->diags);
	arena_free(world->arena);
}

static void take_event(void *arg, const struct event *event)
{
	struct world *world = arg;

	demand(event->seq > world->seq && event->rule_name != NULL && event->active_ns >= 0);
	world->seq = event->seq;
}

static struct engine *start(struct world *world, struct boot now)
{
	world->seq = 0;
	return engine_new(world->set, world->points, (struct engine_sink){take_event, world},
			  now);
}

static void live(struct engine *engine, struct boot *now)
{
	for (unsigned i = 0; i < 60; i++) {
		struct reading reading = {.point = i % 3, .at = *now};

		reading.value = i % 3 == 2 ? value_bool(i % 5 != 0) : value_number(i % 7);
		engine_feed(engine, &reading);
		engine_settle(engine);
		*now = boot_add(*now, (i % 11) * NSEC_PER_SEC);
		engine_tick(engine, *now);
	}
	engine_ack(engine, 0, *now);
	*now = boot_add(*now, 300 * NSEC_PER_SEC);
	engine_tick(engine, *now);
	engine_settle(engine);
}

static void try(const void *bytes, size_t size, int64_t outage_ns)
{
	struct boot now = {1000 * NSEC_PER_SEC};
	struct engine_restored restored;
	struct engine_point total;
	struct engine *engine;
	struct world world;
	struct wall wall;
	struct str saved;

	world_init(&world);
	engine = start(&world, now);
	engine_restore(engine, bytes, size, now, outage_ns, &restored);
	live(engine, &now);
	engine_point(engine, 3, now, &total);
	demand(total.last.kind != VALUE_NUMBER || isfinite(total.last.number));
	str_init(&saved);
	engine_save(engine, now, (struct wall){1}, &saved);
	engine_free(engine);
	engine = start(&world, now);
	engine_restore(engine, saved.s, saved.len, now, 0, &restored);
	demand(restored.whole && restored.corrupt == 0 && restored.changed == 0 &&
	       restored.unknown == 0 && restored.removed == 0 && restored.dropped == 0);
	demand(engine_saved_at(saved.s, saved.len, &wall) && wall.ns == 1);
	live(engine, &now);
	engine_free(engine);
	str_done(&saved);
	world_done(&world);
}

static void put(uint8_t *at, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

/* Each record ends where the next mark begins, and its sum is right. */
static void mend(uint8_t *bytes, size_t size)
{
	uint8_t *end = bytes + size, *at = memmem(bytes, size, SAVED_MARK, 4);

	while (at != NULL && end - at >= SAVED_HEAD_BYTES) {
		uint8_t *body = at + SAVED_HEAD_BYTES;
		uint8_t *next = memmem(body, (size_t)(end - body), SAVED_MARK, 4);
		size_t len = (size_t)((next != NULL ? next : end) - body);

		put(at + 4, len, 4);
		put(at + 8, pack_hash(pack_hash(PACK_HASH_START, at + 4, 4), body, len), 8);
		at = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = xmalloc(size + (size == 0));

	memcpy(copy, bytes, size);
	try(bytes, size, 0);
	mend(copy, size);
	try(copy, size, size % 2 == 0 ? 100 * NSEC_PER_SEC : -1);
	free(copy);
	return 0;
}
