/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of evaluation: bytes choose rules out of a table, and what is read,
 * falls silent, is acknowledged, shelved and reloaded while they run. Engines that are guarded
 * or not, that are woken too often or only when they ask for it, tell the same and end up
 * alike; none of them takes memory once it is made, and no value of a point is infinite.
 *
 * The bytes: rules, 0xff, the rules of another edition, 0xff, what happens. Of each edition
 * three bytes make a rule: its condition, how it lives, what holds it back.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
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

enum { RULES = 10, STATES = 3, OPS = 400, LOG = 200000, LINE = 8192, TEXT = 20000 };

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

/* ---- points and rules ------------------------------------------------------------------ */

static const struct {
	const char *name, *device, *unit;
	enum value_kind kind;
	int64_t stale_s, interval_s;
	double deadband;
} rows[] = {
	{"x.a", "x", NULL, VALUE_NUMBER, 10, 1, 0},
	{"x.b", "x", NULL, VALUE_NUMBER, 30, 0, 0},
	{"x.c", "x", NULL, VALUE_NUMBER, 5, 1, 0.5},
	{"x.p", "x", NULL, VALUE_BOOL, 10, 1, 0},
	{"x.q", "x", NULL, VALUE_BOOL, 60, 0, 0},
	{"x.s", "x", NULL, VALUE_TEXT, 10, 1, 0},
	{"boiler.temp", "boiler", "degC", VALUE_NUMBER, 10, 1, 0},
	{"oven.temp", "oven", "degF", VALUE_NUMBER, 10, 1, 0},
	{"tank.level", "tank", "m", VALUE_NUMBER, 3600, 60, 0},
};

/* All that remembers, waits or is guarded, in every mixture. */
static const char *const conditions[] = {
	"x.a > 1",
	"x.a >= x.b",
	"x.a in (0, 1, 81.5)",
	"-1 <= x.a < 3",
	"abs(x.b - 1) > 2",
	"not (x.a > 1 or x.c <= 0)",
	"x.a > 1 and x.p",
	"x.s == 'auto' or x.q",
	"x.s in ('a', 'manual')",
	"boiler.temp > 80 degC",
	"oven.temp - boiler.temp > 5[K]",
	"tank.level < 120[cm]",
	"x.a / x.b > 1",
	"x.a * x.b ^ 2 != 0",
	"(x.a ?? 5) > 3",
	"known(x.a) and x.a != x.c",
	"age(x.a) > 3s",
	"1s < age(x.p) <= 2s",
	"quality(x.a) == 'uncertain'",
	"bad(x.a) or bad(x)",
	"ok(x.p)",
	"held(x.a > 1, 3s)",
	"once(x.p, 5s)",
	"since(x.a > 0) > 2s",
	"since(x.p) < 4s",
	"avg(x.a, 5s) > 1",
	"min(x.a, 10s) < 0 or max(x.a, 10s) > 80",
	"count(x.b, 1m) > 3",
	"stddev(x.c, 8s) > 1",
	"slope(x.a, 20s) > 0.1",
	"quantile(x.b, 0.9, 1m) > 2",
	"median(x.a, 8s) > 1",
	"changes(x.s, 1m) > 2",
	"increase(x.a, 10m) > 5",
	"tavg(x.a, 10s) > 1 or integral(x.a, 10s) > 20",
	"share(x.p, 10s) > 0.5",
	"delta(x.a, 5s) > 1 or rate(x.b, 5m) > 1",
	"ewma(x.a, 5s) > 1",
	"prev(x.a) > x.a",
	"first(x.a, 1h) != x.a",
	"spread(x.a - x.c, 15s) > 3",
	"d.sum > 3",
	"d.total > 10",
	"d.calm",
	"avg(d.sum, 5s) > d.mean",
	"rule.r0.firing",
	"firing('r1') and x.p",
	"firing('r2') or not firing('r0')",
	"rises(x.p)",
	"falls(x.a > 1)",
	"changed(x.s) and x.q",
	"changed(d.sum)",
	"rises(held(x.p, 2s))",
	"if(x.p, x.a, x.b) > 1",
	"mod(x.a, 3) > 1 or exp(x.b) > 1e300",
};

/* prev() in a loop, a chain, and a deadband. */
static const char derived[] = "derived:\n"
			      "  d.sum: {value: x.a + x.b}\n"
			      "  d.total: {value: (prev(d.total) ?? 0) + x.c, unit: count}\n"
			      "  d.mean: {value: 'avg(d.sum, 30s)', deadband: 0.5}\n"
			      "  d.calm: {value: not (x.p or d.sum > 2)}\n";

static void add_life(struct str *out, unsigned byte)
{
	static const char *const unknowns[] = {"hold", "clear", "fire", "hold"};

	if (byte & 1)
		str_adds(out, ", for: 2s");
	if (byte & 2)
		str_adds(out, ", clear_for: 3s");
	if (byte & 4)
		str_adds(out, ", clear: x.a < 0");
	if (byte & 8)
		str_adds(out, ", latch: true");
	str_addf(out, ", on_unknown: %s", unknowns[byte >> 4 & 3]);
	if (byte & 64)
		str_adds(out, ", repeat: 10m");
	if (byte & 128)
		str_adds(out, ", blind_after: 7s");
}

static void add_limits(struct str *out, unsigned byte, unsigned number)
{
	if (byte & 1)
		str_adds(out, ", min_interval: 5s");
	if (byte & 2)
		str_adds(out, ", max_rate: 3/20s");
	if (byte & 4)
		str_adds(out, ", flap: {changes: 4, in: 15s}");
	if (byte & 8 && number >= STATES)
		str_addf(out, ", inhibited_by: [r%u]", byte / 16 % STATES);
}

static bool is_instant(const char *condition)
{
	return strstr(condition, "rises(") != NULL || strstr(condition, "falls(") != NULL ||
	       strstr(condition, "changed(") != NULL;
}

static void add_rule(struct str *out, const uint8_t *bytes, unsigned number)
{
	const char *condition = conditions[bytes[0] % ARRAY_SIZE(conditions)];

	/* The first ones are states that depend on no other rule. */
	if (strstr(condition, "r0") != NULL || strstr(condition, "r1") != NULL ||
	    strstr(condition, "r2") != NULL)
		condition = number >= STATES ? condition : "x.q";
	if (number >= STATES && is_instant(condition) && bytes[1] & 1) {
		str_addf(out, "  r%u: {on: \"%s\", message: \"${x.a} ${x.s}\"", number,
			 condition);
		add_limits(out, bytes[2] & ~4u, number);
	} else {
		str_addf(out, "  r%u: {when: \"%s\", message: \"${x.a} ${rule.active_for}\"",
			 number, condition);
		add_life(out, bytes[1]);
		add_limits(out, bytes[2], number);
	}
	str_adds(out, "}\n");
}

/* One edition, read. */
struct edition {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	struct point_table *points;
	struct ruleset *set;
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
				      .deadband = rows[i].deadband,
				      .interval_ns = rows[i].interval_s * NSEC_PER_SEC,
				      .stale_ns = rows[i].stale_s * NSEC_PER_SEC};
		size_t bad, len;

		demand(rows[i].unit == NULL || unit_parse(rows[i].unit, strlen(rows[i].unit),
							  &point.unit, &bad, &len) == 0);
		point_table_add(points, &point);
	}
	return points;
}

/* Every set that the table makes is right. */
static void edition_read(struct edition *edition, const uint8_t *bytes, size_t size)
{
	struct str text;
	const struct yaml_node *root;

	*edition = (struct edition){.arena = arena_new(), .diags = diags_new(20)};
	str_init(&text);
	str_adds(&text, derived);
	str_adds(&text, "rules:\n  last: {when: 'x.a > 0'}\n");
	for (unsigned i = 0; i < RULES && (i + 1) * 3 <= size; i++)
		add_rule(&text, bytes + (size_t)i * 3, i);
	edition->source = (struct diag_source){
		"t.yaml", arena_text(edition->arena, text.s, text.len), text.len};
	str_done(&text);
	edition->points = make_points(edition->arena);
	root = yaml_parse(edition->arena, &edition->source, edition->diags);
	demand(root != NULL);
	edition->set =
		ruleset_parse(edition->arena, &root, 1, edition->points, NULL, edition->diags);
	if (edition->set == NULL) {
		str_init(&text);
		diags_render(edition->diags, &text);
		fprintf(stderr, "%s", text.s);
		abort();
	}
}

static void edition_free(struct edition *edition)
{
	diags_free(edition->diags);
	arena_free(edition->arena);
}

/* ---- engines -------------------------------------------------------------------------- */

enum way { PLAIN, UNGUARDED, TICKED, LIVE, WAVERING, WAYS };
static const char *const names[] = {"plain", "unguarded", "ticked", "live", "wavering"};

struct runner {
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
	int current;
	struct runner runners[WAYS];
	int64_t now;
};

static void reload(struct world *world, int to)
{
	const struct boot now = {world->now};

	for (enum way way = 0; way < WAYS; way++) {
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
		world->editions[1].source.text, names[PLAIN], (int)strcspn(one->s + line, "\n"),
		one->s + line, names[way], (int)strcspn(other->s + line, "\n"),
		other->s + line);
	abort();
}

/* At a time behind all timers that were due. */
static void compare(struct world *world)
{
	const struct runner *plain = &world->runners[PLAIN];

	for (enum way way = 0; way < WAYS; way++) {
		settles(&world->runners[way], way);
		engine_tick(world->runners[way].engine, (struct boot){world->now});
	}
	for (enum way way = PLAIN + 1; way < WAYS; way++) {
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
	struct reading reading = {.point = next(in) % ARRAY_SIZE(rows), .at = {at}};

	if (good) {
		reading.value = some_value(in, rows[reading.point].kind);
	} else {
		reading.quality = QUALITY_BAD;
		reading.reason = (enum bad_reason)(BAD_TIMEOUT + next(in) % 6);
	}
	/* One that is late came in behind what all engines have seen. */
	reading.at.ns -= steps[next(in) % ARRAY_SIZE(steps)];
	for (enum way way = 0; way < WAYS; way++) {
		struct runner *runner = &world->runners[way];

		runner->fresh |= engine_feed(runner->engine, &reading);
	}
}

static void operate(struct world *world, unsigned what, unsigned byte)
{
	const struct boot now = {world->now};
	uint32_t rule = byte % (uint32_t)ruleset_count(world->editions[world->current].set);
	int first = 0;

	for (enum way way = 0; way < WAYS; way++) {
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
	for (enum way way = 0; way < WAYS && ns > 0; way++) {
		wakes(&world->runners[way], way, world->now, was);
		engine_tick(world->runners[way].engine, (struct boot){world->now});
	}
}

static void settle(struct world *world)
{
	for (enum way way = 0; way < WAYS; way++)
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
	world->now = beginnings[next(in) % ARRAY_SIZE(beginnings)];
	for (enum way way = 0; way < WAYS; way++) {
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
	for (enum way way = 0; way < WAYS; way++) {
		engine_free(world->runners[way].engine);
		free(world->runners[way].room);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct world world = {0};
	struct reader in = {bytes, size};

	for (int i = 0; i < 2; i++) {
		const uint8_t *end = in.left > 0 ? memchr(in.bytes, 0xff, in.left) : NULL;
		size_t len = end != NULL ? (size_t)(end - in.bytes) : in.left;

		edition_read(&world.editions[i], in.bytes, len);
		in.bytes += len + (end != NULL);
		in.left -= len + (end != NULL);
	}
	live(&world, &in);
	for (int i = 0; i < 2; i++)
		edition_free(&world.editions[i]);
	return 0;
}
