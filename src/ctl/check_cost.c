/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how what rules and windows cost is shown. */
#include "ctl/check_cost.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "daemon/config.h"
#include "daemon/config_memory.h"
#include "model/point.h"
#include "rules/cost.h"
#include "rules/ruleset.h"

/* Longer operands are cut; --json has all of them. */
enum { WORDS_SHOWN = 160, USERS_SHOWN = 3 };

struct shown {
	const struct ctl *ctl;
	const struct config *config;
	const struct cost *cost;
};

static const char *rule_name(const struct shown *shown, uint32_t rule)
{
	struct rule_view view;

	ruleset_view(shown->config->rules, rule, &view);
	return view.name;
}

static const char *point_name(const struct shown *shown, uint32_t point)
{
	return point_table_get(shown->config->points, point)->name;
}

static void print_memory(const struct shown *shown)
{
	struct str line;

	str_init(&line);
	str_adds(&line, "  memory: ");
	config_add_memory(shown->config, &line);
	str_adds(&line, " (fixed: it does not grow at run time)");
	puts(line.s);
	str_done(&line);
}

static void print_worst(const struct shown *shown)
{
	const struct cost *cost = shown->cost;
	const struct cost_point *point;

	if (cost->worst == UINT32_MAX)
		return;
	point = &cost->points[cost->worst];
	printf("  evaluation: a reading of %s takes most: %u %s of rules and %u of nodes, %u %s, "
	       "%s\n",
	       point_name(shown, cost->worst), point->rules,
	       str_plural(point->rules, "evaluation", "evaluations"), point->nodes,
	       point->steps, str_plural(point->steps, "step", "steps"),
	       point->guarded ? "and none between its thresholds" : "at each reading");
}

/* ---- windows ---------------------------------------------------------------------------- */

static void add_users(struct str *out, const char *what, const char *const *names,
		      uint32_t count, uint32_t all)
{
	for (uint32_t i = 0; i < count; i++)
		str_addf(out, "%s%s%s'%s'", i == 0 ? "; " : ", ", i == 0 ? what : "",
			 i == 0 ? " " : "", names[i]);
	if (all > count)
		str_addf(out, " and %u more", all - count);
}

static void add_window_users(const struct shown *shown, const struct cost_window *window,
			     struct str *out)
{
	const char *names[USERS_SHOWN];
	uint32_t n;

	for (n = 0; n < window->rule_count && n < USERS_SHOWN; n++)
		names[n] = rule_name(shown, window->rules[n]);
	add_users(out, str_plural(window->rule_count, "rule", "rules"), names, n,
		  window->rule_count);
	for (n = 0; n < window->derived_count && n < USERS_SHOWN; n++)
		names[n] = point_name(shown, window->derived[n]);
	add_users(out, str_plural(window->derived_count, "derived point", "derived points"),
		  names, n, window->derived_count);
}

static void print_window(const struct shown *shown, const struct cost_window *window)
{
	struct str words, line;
	char room[WORDS_SHOWN];

	str_init(&line);
	str_init_fixed(&words, room, sizeof(room));
	look_add_text(&words, window->words);
	str_addf(&line, "  window %s%s: %s", room, words.cut ? "..." : "", window->form);
	add_window_users(shown, window, &line);
	puts(line.s);
	str_done(&line);
}

static void print_irregular(const struct shown *shown)
{
	const struct cost *cost = shown->cost;
	uint32_t count = 0;
	const char *first = NULL;

	for (size_t i = 0; i < cost->window_count; i++) {
		if (cost->windows[i].irregular == NULL)
			continue;
		if (count++ == 0)
			first = cost->windows[i].irregular;
	}
	if (count > 0)
		printf("  hint: %u %s not exact because nobody knows how often a device speaks, "
		       "such as that of %s\n",
		       count, str_plural(count, "window is", "windows are"), first);
}

static void print_sketched(const struct shown *shown)
{
	const struct cost *cost = shown->cost;
	uint32_t count = 0;
	size_t bytes = 0;
	struct str text;

	for (size_t i = 0; i < cost->window_count; i++) {
		count += cost->windows[i].sketched;
		bytes += cost->windows[i].sketched ? cost->windows[i].bytes : 0;
	}
	if (count == 0)
		return;
	str_init(&text);
	cost_add_bytes(&text, bytes);
	printf("  hint: %u %s of more samples than are kept exactly %s %s\n", count,
	       str_plural(count, "window has a median or quantile",
			  "windows have a median or quantile"),
	       str_plural(count, "and takes", "and take"), text.s);
	str_done(&text);
}

/* ---- tables ------------------------------------------------------------------------------ */

static int by_steps(const void *pa, const void *pb, void *arg)
{
	const struct cost_rule *rules = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (rules[a].steps != rules[b].steps)
		return rules[a].steps > rules[b].steps ? -1 : 1;
	if (rules[a].bytes + rules[a].remembered != rules[b].bytes + rules[b].remembered)
		return rules[a].bytes + rules[a].remembered >
				       rules[b].bytes + rules[b].remembered
			       ? -1
			       : 1;
	return (a > b) - (a < b);
}

static void cell_bytes(struct table *table, size_t bytes)
{
	struct str text;

	str_init(&text);
	cost_add_bytes(&text, bytes);
	table_cell(table, LOOK_PLAIN, text.s);
	str_done(&text);
}

static void cell_guarded(struct table *table, bool guarded, uint32_t thresholds)
{
	if (guarded)
		table_cellf(table, LOOK_PLAIN, "%u", thresholds);
	else
		table_cell(table, LOOK_PLAIN, "-");
}

static void print_rules(const struct shown *shown)
{
	const struct cost *cost = shown->cost;
	struct table *table =
		table_new(shown->ctl,
			  "  RULE|>POINTS|>NODES|>STEPS|>THRESHOLDS|>MESSAGE|>OWN|>REMEMBERED");
	struct arena *scratch = arena_new();
	uint32_t *order = arena_take(scratch, cost->rule_count, sizeof(*order));

	for (uint32_t i = 0; i < cost->rule_count; i++)
		order[i] = i;
	qsort_r(order, cost->rule_count, sizeof(*order), by_steps, (void *)cost->rules);
	for (size_t i = 0; i < cost->rule_count; i++) {
		const struct cost_rule *rule = &cost->rules[order[i]];

		table_cellf(table, LOOK_PLAIN, "  %s", rule_name(shown, order[i]));
		table_cellf(table, LOOK_PLAIN, "%u", rule->points);
		table_cellf(table, LOOK_PLAIN, "%u", rule->nodes);
		table_cellf(table, LOOK_PLAIN, "%u", rule->steps);
		cell_guarded(table, rule->guarded, rule->thresholds);
		table_cellf(table, LOOK_PLAIN, "%u", rule->message);
		cell_bytes(table, rule->bytes);
		cell_bytes(table, rule->remembered);
	}
	table_print(table);
	arena_free(scratch);
}

static int by_point_steps(const void *pa, const void *pb, void *arg)
{
	const struct cost_point *points = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (points[a].steps != points[b].steps)
		return points[a].steps > points[b].steps ? -1 : 1;
	return (a > b) - (a < b);
}

static void print_points(const struct shown *shown)
{
	const struct cost *cost = shown->cost;
	struct table *table =
		table_new(shown->ctl, "  READING OF|>RULES|>NODES|>STEPS|>THRESHOLDS");
	struct arena *scratch = arena_new();
	uint32_t *order = arena_take(scratch, cost->point_count, sizeof(*order));
	size_t count = 0;

	for (uint32_t i = 0; i < cost->point_count; i++) {
		if (cost->points[i].rules + cost->points[i].nodes > 0)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), by_point_steps, (void *)cost->points);
	for (size_t i = 0; i < count; i++) {
		const struct cost_point *point = &cost->points[order[i]];

		table_cellf(table, LOOK_PLAIN, "  %s", point_name(shown, order[i]));
		table_cellf(table, LOOK_PLAIN, "%u", point->rules);
		table_cellf(table, LOOK_PLAIN, "%u", point->nodes);
		table_cellf(table, LOOK_PLAIN, "%u", point->steps);
		cell_guarded(table, point->guarded, point->thresholds);
	}
	table_print(table);
	arena_free(scratch);
}

void check_cost_print(const struct ctl *ctl, const struct config *config, bool tables)
{
	struct arena *arena = arena_new();
	const struct shown shown = {ctl, config, cost_new(arena, config->rules)};

	print_memory(&shown);
	print_worst(&shown);
	for (size_t i = 0; i < shown.cost->window_count; i++)
		print_window(&shown, &shown.cost->windows[i]);
	print_irregular(&shown);
	print_sketched(&shown);
	if (tables && shown.cost->rule_count > 0) {
		print_rules(&shown);
		print_points(&shown);
		if (shown.cost->worst != UINT32_MAX)
			puts("  THRESHOLDS: between two of them a reading costs nothing; -: each "
			     "reading counts");
	}
	arena_free(arena);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static json_t *window_json(const struct shown *shown, const struct cost_window *window)
{
	json_t *rules = json_array(), *derived = json_array();

	for (uint32_t i = 0; i < window->rule_count; i++)
		json_array_append_new(rules, json_string(rule_name(shown, window->rules[i])));
	for (uint32_t i = 0; i < window->derived_count; i++)
		json_array_append_new(derived,
				      json_string(point_name(shown, window->derived[i])));
	return json_pack("{ss ss sb sb sI ss* so so}", "window", window->words, "form",
			 window->form, "exact", window->exact, "sketched", window->sketched,
			 "bytes", (json_int_t)window->bytes, "irregular", window->irregular,
			 "rules", rules, "derived", derived);
}

static json_t *rule_json(const struct shown *shown, uint32_t i)
{
	const struct cost_rule *rule = &shown->cost->rules[i];

	return json_pack("{ss sI sI sI sI sb sI sI sI}", "rule", rule_name(shown, i), "points",
			 (json_int_t)rule->points, "nodes", (json_int_t)rule->nodes, "steps",
			 (json_int_t)rule->steps, "thresholds", (json_int_t)rule->thresholds,
			 "guarded", rule->guarded, "message_steps", (json_int_t)rule->message,
			 "bytes", (json_int_t)rule->bytes, "remembered_bytes",
			 (json_int_t)rule->remembered);
}

static json_t *point_json(const struct shown *shown, uint32_t i)
{
	const struct cost_point *point = &shown->cost->points[i];

	return json_pack("{ss sI sI sI sI sb}", "point", point_name(shown, i), "rules",
			 (json_int_t)point->rules, "nodes", (json_int_t)point->nodes, "steps",
			 (json_int_t)point->steps, "thresholds", (json_int_t)point->thresholds,
			 "guarded", point->guarded);
}

static void add_tables_json(const struct shown *shown, json_t *json)
{
	json_t *rules = json_array(), *points = json_array();

	for (uint32_t i = 0; i < shown->cost->rule_count; i++)
		json_array_append_new(rules, rule_json(shown, i));
	for (uint32_t i = 0; i < shown->cost->point_count; i++) {
		if (shown->cost->points[i].rules + shown->cost->points[i].nodes > 0)
			json_array_append_new(points, point_json(shown, i));
	}
	json_object_set_new(json, "rules", rules);
	json_object_set_new(json, "points", points);
}

json_t *check_cost_json(const struct config *config, bool tables)
{
	struct arena *arena = arena_new();
	const struct shown shown = {NULL, config, cost_new(arena, config->rules)};
	const struct cost_memory *memory = &shown.cost->memory;
	json_t *windows = json_array();
	json_t *json;

	for (size_t i = 0; i < shown.cost->window_count; i++)
		json_array_append_new(windows, window_json(&shown, &shown.cost->windows[i]));
	json = json_pack("{s{sI sI sI sI} so}", "memory", "rules", (json_int_t)memory->rules,
			 "values", (json_int_t)memory->values, "windows",
			 (json_int_t)memory->windows, "total",
			 (json_int_t)config_memory(config), "windows", windows);
	if (shown.cost->worst != UINT32_MAX)
		json_object_set_new(json, "worst", point_json(&shown, shown.cost->worst));
	if (tables)
		add_tables_json(&shown, json);
	arena_free(arena);
	return json;
}
