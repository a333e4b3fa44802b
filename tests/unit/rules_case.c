/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the scaffold around rules in tests. */
#include "rules_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "rules/zone.h"

static const struct {
	const char *name;
	const char *device;
	enum value_kind kind;
	const char *unit;
} rows[] = {
	{"x.a", "x", VALUE_NUMBER, NULL},
	{"x.b", "x", VALUE_NUMBER, NULL},
	{"x.c", "x", VALUE_NUMBER, NULL},
	{"x.p", "x", VALUE_BOOL, NULL},
	{"x.q", "x", VALUE_BOOL, NULL},
	{"x.r", "x", VALUE_BOOL, NULL},
	{"x.s", "x", VALUE_TEXT, NULL},
	{"x.t", "x", VALUE_TEXT, NULL},
	{"boiler.temp", "boiler", VALUE_NUMBER, "degC"},
	{"boiler.return_temp", "boiler", VALUE_NUMBER, "degC"},
	{"boiler.pressure", "boiler", VALUE_NUMBER, "bar"},
	{"boiler.mode", "boiler", VALUE_TEXT, NULL},
	{"oven.temp", "oven", VALUE_NUMBER, "degF"},
	{"tank.level", "tank", VALUE_NUMBER, "m"},
	{"tank.fill", "tank", VALUE_NUMBER, "%"},
	{"meter-3.power", "meter-3", VALUE_NUMBER, "W"},
	{"meter.energy", "meter", VALUE_NUMBER, "kWh"},
	{"meter.flow", "meter", VALUE_NUMBER, "L/min"},
	{"pump.running", "pump", VALUE_BOOL, NULL},
	{"pump.runtime", "pump", VALUE_NUMBER, "h"},
	{"room.lift", "room", VALUE_NUMBER, "K"},
};

static struct point_table *points_every(struct arena *arena, int64_t interval_ns)
{
	struct point_table *points = point_table_new(arena);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct point point = {
			.name = rows[i].name,
			.device = rows[i].device,
			.kind = rows[i].kind,
			.unit_text = rows[i].unit,
			.readable = true,
			.stale_ns = 30 * NSEC_PER_SEC,
			.interval_ns = interval_ns,
		};
		size_t bad, bad_len;

		if (rows[i].unit != NULL)
			assert_int_equal(unit_parse(rows[i].unit, strlen(rows[i].unit),
						    &point.unit, &bad, &bad_len),
					 0);
		point_table_add(points, &point);
	}
	return points;
}

struct point_table *rules_points(struct arena *arena)
{
	return points_every(arena, 0);
}

static void rules_case_build(struct rules_case *c, int64_t interval_ns)
{
	const struct yaml_node *root = c->conf.root;

	str_init(&c->log);
	c->points = points_every(c->conf.arena, interval_ns);
	if (root != NULL)
		c->set = (c->margins ? ruleset_parse_margins : ruleset_parse)(
			c->conf.arena, &root, 1, c->points, c->zone, c->conf.diags);
}

void rules_case_init(struct rules_case *c, const char *text)
{
	rules_case_init_polled(c, text, 0);
}

void rules_case_init_margins(struct rules_case *c, const char *text)
{
	*c = (struct rules_case){.margins = true};
	conf_case_init(&c->conf, text, strlen(text));
	rules_case_build(c, 0);
}

void rules_case_init_polled(struct rules_case *c, const char *text, int64_t interval_ns)
{
	*c = (struct rules_case){0};
	conf_case_init(&c->conf, text, strlen(text));
	rules_case_build(c, interval_ns);
}

void rules_case_init_in(struct rules_case *c, const char *tz, const char *text)
{
	*c = (struct rules_case){0};
	conf_case_init(&c->conf, text, strlen(text));
	c->zone = zone_from_rule(c->conf.arena, tz, NULL);
	assert_non_null(c->zone);
	rules_case_build(c, 0);
}

void rules_case_init_expr(struct rules_case *c, const char *key, const char *expr,
			  const char *rest)
{
	struct arena *arena = arena_new();
	const char *text =
		arena_printf(arena, "rules:\n  r:\n    %s: |-\n      %s\n%s", key, expr, rest);

	*c = (struct rules_case){0};
	conf_case_init(&c->conf, text, strlen(text));
	diags_own(c->conf.diags, arena);
	rules_case_build(c, 0);
}

static void rules_case_event(void *arg, const struct event *event)
{
	struct rules_case *c = arg;

	c->events++;
	c->margin = event->margin;
	snprintf(c->margin_unit, sizeof(c->margin_unit), "%s",
		 event->margin_unit != NULL ? event->margin_unit : "");
	engine_log_line(event, &c->log);
}

void rules_case_start(struct rules_case *c)
{
	if (c->set == NULL)
		print_error("%s", conf_case_said(&c->conf));
	assert_non_null(c->set);
	c->engine = engine_new(c->set, c->points,
			       (struct engine_sink){.event = rules_case_event, .arg = c},
			       (struct boot){0});
}

void rules_case_done(struct rules_case *c)
{
	engine_free(c->engine);
	str_done(&c->log);
	conf_case_done(&c->conf);
}

static void feed(struct rules_case *c, double at, const char *name, struct reading reading)
{
	reading.point = point_table_find(c->points, name, strlen(name));
	assert_int_not_equal(reading.point, POINT_NONE);
	reading.at = (struct boot){(int64_t)(at * 1e9 + 0.5)};
	engine_feed(c->engine, &reading);
	engine_settle(c->engine);
}

void feed_number(struct rules_case *c, double at, const char *name, double number)
{
	feed(c, at, name, (struct reading){.value = value_number(number)});
}

void feed_bool(struct rules_case *c, double at, const char *name, bool flag)
{
	feed(c, at, name, (struct reading){.value = value_bool(flag)});
}

void feed_text(struct rules_case *c, double at, const char *name, const char *text)
{
	feed(c, at, name, (struct reading){.value = value_text(text)});
}

void feed_bad(struct rules_case *c, double at, const char *name, enum bad_reason reason)
{
	feed(c, at, name, (struct reading){.quality = QUALITY_BAD, .reason = reason});
}

void feed_both(struct rules_case *c, double at, double a, double b)
{
	struct reading reading = {.quality = QUALITY_GOOD, .at = {(int64_t)(at * 1e9 + 0.5)}};

	reading.point = point_table_find(c->points, "x.a", 3);
	reading.value = value_number(a);
	engine_feed(c->engine, &reading);
	reading.point = point_table_find(c->points, "x.b", 3);
	reading.value = value_number(b);
	engine_feed(c->engine, &reading);
	engine_settle(c->engine);
}

void tick(struct rules_case *c, double at)
{
	engine_tick(c->engine, (struct boot){(int64_t)(at * 1e9 + 0.5)});
}

const char *rules_case_log(struct rules_case *c)
{
	char *copy = arena_printf(c->conf.arena, "%s", c->log.s != NULL ? c->log.s : "");

	str_clear(&c->log);
	return copy;
}

int rules_case_condition(const struct rules_case *c)
{
	struct engine_rule rule;

	engine_rule(c->engine, 0, &rule);
	return rule.condition;
}

enum rule_state rules_case_state(const struct rules_case *c)
{
	struct engine_rule rule;

	engine_rule(c->engine, 0, &rule);
	return rule.state;
}

void assert_wrong(const char *key, const struct wrong_expr *wrong)
{
	struct rules_case c;
	const struct diag *diag;
	char in[80];

	snprintf(in, sizeof(in), "in '%s' of rule 'r'", key);
	rules_case_init_expr(&c, key, wrong->expr, "");
	if (c.set != NULL)
		print_error("no error in: %s\n", wrong->expr);
	assert_null(c.set);
	diag = diags_get(c.conf.diags, 0);
	if (strcmp(diag->message, wrong->message) != 0 || diag->column != 7 + wrong->at ||
	    strcmp(diag->notes != NULL ? diag->notes : "",
		   wrong->notes != NULL ? wrong->notes : in) != 0)
		print_error("%s", conf_case_said(&c.conf));
	assert_string_equal(diag->message, wrong->message);
	assert_int_equal(diag->column, 7 + wrong->at);
	assert_string_equal(diag->notes != NULL ? diag->notes : "",
			    wrong->notes != NULL ? wrong->notes : in);
	rules_case_done(&c);
}
