/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table that fuzz_engine makes its rules from: all that remembers, waits or is
 * guarded. */
#include "rule_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "rules/ruleset.h"

enum { RULES = 10, STATES = 3 };

static void demand(bool holds)
{
	if (!holds)
		abort();
}

const struct edition_point edition_points[EDITION_POINTS] = {
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

static struct point_table *make_points(struct arena *arena)
{
	struct point_table *points = point_table_new(arena);

	for (size_t i = 0; i < EDITION_POINTS; i++) {
		struct point point = {.name = edition_points[i].name,
				      .device = edition_points[i].device,
				      .kind = edition_points[i].kind,
				      .unit_text = edition_points[i].unit,
				      .readable = true,
				      .deadband = edition_points[i].deadband,
				      .interval_ns =
					      edition_points[i].interval_s * NSEC_PER_SEC,
				      .stale_ns = edition_points[i].stale_s * NSEC_PER_SEC};
		size_t bad, len;

		demand(edition_points[i].unit == NULL ||
		       unit_parse(edition_points[i].unit, strlen(edition_points[i].unit),
				  &point.unit, &bad, &len) == 0);
		point_table_add(points, &point);
	}
	return points;
}

void edition_read(struct edition *edition, const uint8_t *bytes, size_t size)
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

void edition_free(struct edition *edition)
{
	diags_free(edition->diags);
	arena_free(edition->arena);
}
