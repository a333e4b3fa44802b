/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of evaluation: bytes choose rules out of a table, and what is read,
 * falls silent, is acknowledged, shelved and reloaded while they run. Engines that are guarded
 * or not, that are woken too often or only when they ask for it, tell the same and end up
 * alike; none of them takes memory once it is made, and no value of a point is infinite. One
 * byte says which of them live beside the plain one: mostly two, so that more is tried in a
 * second.
 *
 * The bytes: rules (see rule_table.h), 0xff, the rules of another edition, 0xff, what happens.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "rule_table.h"

enum { OPS = 400, RELOADS = 10, PAIRS = 12, LOG = 40000, LINE = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* ---- memory that is taken (the linker leads all calls here) --------------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool forbidden;

void *__wrap_malloc(size_t size)
{
	demand(!forbidden);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	demand(!forbidden);
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	demand(!forbidden);
	return __real_realloc(old, size);
}

/* ---- engines -------------------------------------------------------------------------- */

enum way { PLAIN, UNGUARDED, TICKED, LIVE, WAVERING, WAYS };
static const char *const names[] = {"plain", "unguarded", "ticked", "live", "wavering"};

struct runner {
	bool lives;
	struct engine *engine;
	struct str log;
	char *room;
	unsigned turn;
	bool fresh; /* a reading has come that has to be settled */
};

static void writes(void *arg, const struct event *event)
{
	struct str *log = arg;

	/* Enough to compare, whatever repeats. */
	if (log->len < LOG - LINE)
		engine_log_line(event, log);
}

static struct engine *starts(struct runner *runner, const struct edition *edition, int64_t now)
{
	bool before = forbidden;
	struct engine *engine;

	forbidden = false;
	engine = engine_new(edition->set, edition->points,
			    (struct engine_sink){.event = writes, .arg = &runner->log},
			    (struct boot){now});
	forbidden = before;
	return engine;
}

/* All that was read at this instant is there; the daemon asks only if there is need to. */
static void settles(struct runner *runner, enum way way)
{
	if (way != LIVE || runner->fresh)
		engine_settle(runner->engine);
	runner->fresh = false;
}

static void wakes(struct runner *runner, enum way way, int64_t at, int64_t was)
{
	struct boot due;

	switch (way) {
	case TICKED:
		/* More often than there is need to. */
		for (int64_t part = 1; part < 4; part++)
			engine_tick(runner->engine, (struct boot){was + (at - was) / 4 * part});
		break;
	case LIVE:
		/* As the daemon: when it is time, and then a nanosecond late. */
		settles(runner, way);
		while (engine_deadline(runner->engine, &due) && due.ns < at)
			engine_tick(runner->engine, (struct boot){due.ns + 1});
		break;
	case WAVERING:
		engine_set_guards(runner->engine, runner->turn++ % 3 == 0);
		break;
	case PLAIN:
	case UNGUARDED:
	case WAYS:
		break;
	}
}

struct world {
	struct edition editions[2];
	const uint8_t
		*others; /* the bytes of the second one, which is read when it is needed */
	size_t others_size;
	int current, reloads;
	struct runner runners[WAYS];
	int64_t now;
};

/* The next one that lives; PLAIN does. */
static enum way living(const struct world *world, enum way way)
{
	do
		way++;
	while (way < WAYS && !world->runners[way].lives);
	return way;
}

/* Two of the four, or all of them. */
static void choose(struct world *world, unsigned byte)
{
	unsigned first = byte % 4, second = byte / 4 % 3;

	for (enum way way = PLAIN; way < WAYS; way++)
		world->runners[way].lives = way == PLAIN || byte >= PAIRS;
	world->runners[UNGUARDED + first].lives = true;
	world->runners[UNGUARDED + (second < first ? second : second + 1)].lives = true;
}

static void read_others(struct world *world)
{
	if (world->editions[1].arena != NULL)
		return;
	forbidden = false;
	edition_read(&world->editions[1], world->others, world->others_size);
	forbidden = true;
}

static void reload(struct world *world, int to)
{
	const struct boot now = {world->now};

	/* New engines take more time than all that happens to them. */
	if (++world->reloads > RELOADS)
		return;
	read_others(world);
	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		struct runner *runner = &world->runners[way];
		struct engine *old = runner->engine;

		settles(runner, way);
		engine_tick(old, now);
		runner->engine = starts(runner, &world->editions[to], world->now);
		if (way == UNGUARDED)
			engine_set_guards(runner->engine, false);
		engine_adopt(runner->engine, old, now);
		engine_free(old);
	}
	world->current = to;
}

static void compare_rules(const struct world *world, const struct engine *a,
			  const struct engine *b)
{
	for (uint32_t i = 0; i < ruleset_count(world->editions[world->current].set); i++) {
		struct engine_rule x, y;

		engine_rule(a, i, &x);
		engine_rule(b, i, &y);
		demand(x.state == y.state && x.since.ns == y.since.ns);
		demand(x.has_deadline == y.has_deadline && x.deadline.ns == y.deadline.ns);
		demand(x.condition == y.condition && x.acked == y.acked);
		demand(x.shelved == y.shelved && x.inhibitor == y.inhibitor);
		demand(x.quiet == y.quiet && x.left_out == y.left_out);
		demand(x.fired == y.fired && x.cleared == y.cleared);
	}
}

static void compare_points(const struct world *world, const struct engine *a,
			   const struct engine *b)
{
	const struct point_table *points = world->editions[world->current].points;

	for (uint32_t i = 0; i < point_table_count(points); i++) {
		struct engine_point x, y;

		engine_point(a, i, (struct boot){world->now}, &x);
		engine_point(b, i, (struct boot){world->now}, &y);
		demand(x.quality == y.quality && x.reason == y.reason && x.at.ns == y.at.ns);
		demand(x.value.kind == y.value.kind);
		if (x.value.kind != VALUE_NUMBER)
			continue;
		demand(isfinite(x.value.number));
		demand(x.value.number == y.value.number);
	}
}

/* The first line in which two logs differ, with the rules that wrote them. */
static void compare_logs(const struct world *world, enum way way)
{
	const struct str *one = &world->runners[PLAIN].log, *other = &world->runners[way].log;
	size_t line = 0, at = 0;

	for (; at < one->len && at < other->len && one->s[at] == other->s[at]; at++)
		line = one->s[at] == '\n' ? at + 1 : line;
	if (at == one->len && at == other->len)
		return;
	fprintf(stderr, "%s%s%s: %.*s\n%s: %.*s\n", world->editions[0].source.text,
		world->reloads > 0 ? world->editions[1].source.text : "", names[PLAIN],
		(int)strcspn(one->s + line, "\n"), one->s + line, names[way],
		(int)strcspn(other->s + line, "\n"), other->s + line);
	abort();
}

/* At a time behind all timers that were due. */
static void compare(struct world *world)
{
	const struct runner *plain = &world->runners[PLAIN];

	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		settles(&world->runners[way], way);
		engine_tick(world->runners[way].engine, (struct boot){world->now});
	}
	for (enum way way = living(world, PLAIN); way < WAYS; way = living(world, way)) {
		const struct runner *other = &world->runners[way];

		compare_logs(world, way);
		compare_rules(world, plain->engine, other->engine);
		compare_points(world, plain->engine, other->engine);
	}
}

/* ---- what happens --------------------------------------------------------------------- */

struct reader {
	const uint8_t *bytes;
	size_t left;
};

static unsigned next(struct reader *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->bytes++;
}

static struct value some_value(struct reader *in, enum value_kind kind)
{
	static const double numbers[] = {0,
					 1,
					 2,
					 81.5,
					 -3,
					 1e308,
					 -1e308,
					 NAN,
					 INFINITY,
					 0.1,
					 -1e-300,
					 -0.,
					 3,
					 300,
					 -40.,
					 5e-324,
					 1.0000000000000002};
	static const char *const texts[] = {"auto", "a", "\xff", "manual", "", "off"};
	unsigned byte = next(in);
	uint64_t bits = 0;
	double number;

	if (kind == VALUE_BOOL)
		return value_bool(byte % 2 != 0);
	if (kind == VALUE_TEXT)
		return value_text(texts[byte % ARRAY_SIZE(texts)]);
	if (byte < 200)
		return value_number(byte < 100 ? numbers[byte % ARRAY_SIZE(numbers)]
					       : ((double)byte - 150) / 4);
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | next(in);
	memcpy(&number, &bits, sizeof(number));
	return value_number(number);
}

static void read_one(struct world *world, struct reader *in, bool good, int64_t at)
{
	static const int64_t steps[] = {0, 0, 0, 0, 0, 0, 0, 1, NSEC_PER_SEC};
	struct reading reading = {.point = next(in) % EDITION_POINTS, .at = {at}};

	if (good) {
		reading.value = some_value(in, edition_points[reading.point].kind);
	} else {
		reading.quality = QUALITY_BAD;
		reading.reason = (enum bad_reason)(BAD_TIMEOUT + next(in) % 6);
	}
	/* One that is late came in behind what all engines have seen. */
	reading.at.ns -= steps[next(in) % ARRAY_SIZE(steps)];
	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		struct runner *runner = &world->runners[way];

		runner->fresh |= engine_feed(runner->engine, &reading);
	}
}

static void operate(struct world *world, unsigned what, unsigned byte)
{
	const struct boot now = {world->now};
	uint32_t rule = byte % (uint32_t)ruleset_count(world->editions[world->current].set);
	int first = 0;

	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		struct engine *engine = world->runners[way].engine;
		struct boot until = {world->now + (int64_t)(byte / 16) * NSEC_PER_SEC};
		int rc;

		settles(&world->runners[way], way);
		rc = what == 0	 ? engine_ack(engine, rule, now)
		     : what == 1 ? engine_shelve(engine, rule, until, now)
				 : engine_unshelve(engine, rule, now);
		demand(way == PLAIN || rc == first);
		first = rc;
	}
}

static void go_on(struct world *world, int64_t ns)
{
	int64_t was = world->now;

	world->now += ns;
	for (enum way way = 0; way < WAYS && ns > 0; way = living(world, way)) {
		wakes(&world->runners[way], way, world->now, was);
		engine_tick(world->runners[way].engine, (struct boot){world->now});
	}
}

static void settle(struct world *world)
{
	for (enum way way = 0; way < WAYS; way = living(world, way))
		settles(&world->runners[way], way);
}

static void step(struct world *world, struct reader *in)
{
	static const int64_t pauses[] = {0,
					 0,
					 1,
					 1000000,
					 100000000,
					 500000000,
					 1000000000,
					 1000000001,
					 2000000000,
					 3000000000,
					 7000000000,
					 10000000000,
					 15000000000,
					 60000000000,
					 600000000000,
					 3600000000000};
	unsigned byte = next(in);

	go_on(world, pauses[byte >> 4]);
	switch (byte & 15) {
	case 10:
	case 11:
		read_one(world, in, false, world->now);
		break;
	case 12:
		settle(world);
		break;
	case 13:
		operate(world, next(in) % 3, next(in));
		break;
	case 14:
		reload(world, world->current);
		break;
	case 15:
		reload(world, !world->current);
		break;
	default:
		read_one(world, in, true, world->now);
		break;
	}
}

/* Also where milliseconds or seconds of 32 bits are over. */
static const int64_t beginnings[] = {
	0,
	1,
	INT64_C(4294967296) * 1000000,	  /* 2^32 ms: 49.7 days */
	INT64_C(2147483648) * 1000000000, /* 2^31 s */
	INT64_C(4294967296) * 1000000000 - 5,
	INT64_C(9007199254740992), /* 2^53 ns, a double's last odd number */
};

static void live(struct world *world, struct reader *in)
{
	unsigned byte = next(in);

	world->now = beginnings[byte % ARRAY_SIZE(beginnings)];
	choose(world, byte / ARRAY_SIZE(beginnings));
	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		struct runner *runner = &world->runners[way];

		runner->room = xmalloc(LOG);
		str_init_fixed(&runner->log, runner->room, LOG);
		runner->engine = starts(runner, &world->editions[0], world->now);
		if (way == UNGUARDED)
			engine_set_guards(runner->engine, false);
	}
	forbidden = true;
	for (int i = 0; i < OPS && in->left > 0; i++) {
		step(world, in);
		if (i % 64 == 63)
			compare(world);
	}
	go_on(world, 100 * NSEC_PER_SEC);
	compare(world);
	forbidden = false;
	for (enum way way = 0; way < WAYS; way = living(world, way)) {
		engine_free(world->runners[way].engine);
		free(world->runners[way].room);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct world world = {0};
	struct reader in = {bytes, size};
	const uint8_t *rules[2];
	size_t sizes[2];

	for (int i = 0; i < 2; i++) {
		const uint8_t *end = in.left > 0 ? memchr(in.bytes, 0xff, in.left) : NULL;
		size_t len = end != NULL ? (size_t)(end - in.bytes) : in.left;

		rules[i] = in.bytes;
		sizes[i] = len;
		in.bytes += len + (end != NULL);
		in.left -= len + (end != NULL);
	}
	edition_read(&world.editions[0], rules[0], sizes[0]);
	world.others = rules[1];
	world.others_size = sizes[1];
	live(&world, &in);
	for (int i = 0; i < 2; i++) {
		if (world.editions[i].arena != NULL)
			edition_free(&world.editions[i]);
	}
	return 0;
}
