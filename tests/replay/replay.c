/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Plays a recording through rules and prints the event log:
 *
 *   replay RULES.yaml RECORDING.txt [TICK]
 *
 * RULES.yaml has two sections: points (name: {type, unit, stale_after, deadband}) and rules.
 * TICK is a duration: the engine is ticked that often between the readings, which must change
 * nothing. A line "# end SECONDS" in the recording lets the time run on to that second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/recording.h"
#include "rules/engine.h"
#include "rules/ruleset.h"

struct point_options {
	int type;
	const char *unit;
	int64_t stale_ns;
	double deadband;
};

static const char *const types[] = {"number", "bool", "text", NULL};

static const struct option point_rows[] = {
	{"type", OPTION(CHOICE, point_options, type), .fallback = "number", .choices = types},
	{"unit", OPTION(TEXT, point_options, unit)},
	{"stale_after", OPTION(DURATION, point_options, stale_ns), .fallback = "30s"},
	{"deadband", OPTION(NUMBER, point_options, deadband)},
};
static const struct option_table point_table_options = {
	.section = "point",
	.manual = "replay",
	.rows = point_rows,
	.count = ARRAY_SIZE(point_rows),
};

struct replay {
	struct arena *arena;
	struct diags *diags;
	struct point_table *points;
	struct ruleset *set;
	struct engine *engine;
	int64_t tick_ns;
	int64_t now_ns;
};

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	struct str text;
	char room[4096];
	size_t n;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	str_init(&text);
	while ((n = fread(room, 1, sizeof(room), file)) > 0)
		str_add(&text, room, n);
	fclose(file);
	*ret_len = text.len;
	return str_steal(&text);
}

static void add_point(struct replay *replay, const struct yaml_node *key,
		      const struct yaml_node *map)
{
	struct point_options options = {0};
	struct option_binding binding = {&point_table_options, &options};
	struct point point = {.name = key->text, .readable = true};
	const char *dot = strchr(key->text, '.');
	size_t bad, bad_len;

	option_bind(replay->arena, map, NULL, &binding, 1, replay->diags);
	point.device = dot != NULL
			       ? arena_text(replay->arena, key->text, (size_t)(dot - key->text))
			       : NULL;
	point.kind = (enum value_kind)(VALUE_NUMBER + options.type);
	point.unit_text = options.unit;
	point.stale_ns = options.stale_ns;
	point.deadband = options.deadband;
	if (options.unit != NULL &&
	    unit_parse(options.unit, strlen(options.unit), &point.unit, &bad, &bad_len) != 0)
		diag_error(replay->diags, yaml_get(map, "unit"), "unknown unit");
	if (point_table_add(replay->points, &point) == POINT_NONE)
		diag_error(replay->diags, key, "defined twice");
}

static void load(struct replay *replay, const struct diag_source *source)
{
	const struct yaml_node *root = yaml_parse(replay->arena, source, replay->diags);
	const struct yaml_node *points = root != NULL ? yaml_get(root, "points") : NULL;
	const struct yaml_node *rules = root != NULL ? yaml_get(root, "rules") : NULL;

	replay->points = point_table_new(replay->arena);
	for (size_t i = 0; points != NULL && i < points->count; i++)
		add_point(replay, points->keys[i], points->values[i]);
	if (rules != NULL)
		replay->set = ruleset_parse(replay->arena, &root, 1, replay->points, NULL,
					    replay->diags);
	if (rules == NULL || diags_errors(replay->diags) > 0) {
		struct str out;

		str_init(&out);
		diags_render(replay->diags, &out);
		fprintf(stderr, "%s", out.len > 0 ? out.s : "no rules\n");
		exit(1);
	}
}

static void print_event(void *arg, const struct event *event)
{
	struct str line;

	(void)arg;
	str_init(&line);
	engine_log_line(event, &line);
	fputs(line.s, stdout);
	str_done(&line);
}

static void run_to(struct replay *replay, int64_t ns)
{
	while (replay->tick_ns > 0 && replay->now_ns + replay->tick_ns < ns) {
		replay->now_ns += replay->tick_ns;
		engine_tick(replay->engine, (struct boot){replay->now_ns});
	}
	replay->now_ns = ns;
}

static void feed_line(struct replay *replay, const char *path, unsigned number,
		      const char *text, size_t len)
{
	struct recording_line line;
	struct error err;
	double end;
	int got;

	if (sscanf(text, "# end %lf", &end) == 1) {
		run_to(replay, (int64_t)(end * 1e9));
		engine_tick(replay->engine, (struct boot){replay->now_ns});
		return;
	}
	got = recording_parse(text, len, &line, &err);
	if (got == 0)
		return;
	if (got > 0) {
		line.reading.point =
			point_table_find(replay->points, line.name, strlen(line.name));
		if (line.reading.point == POINT_NONE)
			got = error_set(&err, 22, "there is no point '%s'", line.name);
	}
	if (got < 0) {
		fprintf(stderr, "%s:%u: %s\n", path, number, err.text);
		exit(1);
	}
	run_to(replay, line.reading.at.ns);
	engine_feed(replay->engine, &line.reading);
}

int main(int argc, char **argv)
{
	struct replay replay = {.arena = arena_new(), .diags = diags_new(50)};
	struct diag_source source = {.file = argc > 1 ? argv[1] : ""};
	char *recording, *line, *rest;
	unsigned number = 0;
	size_t len;

	if (argc < 3 || argc > 4 ||
	    (argc == 4 && str_to_duration(argv[3], &replay.tick_ns) != 0)) {
		fprintf(stderr, "usage: replay RULES.yaml RECORDING.txt [TICK]\n");
		return 2;
	}
	source.text = read_file(argv[1], &source.len);
	load(&replay, &source);
	replay.engine =
		engine_new(replay.set, replay.points,
			   (struct engine_sink){.event = print_event}, (struct boot){0});
	recording = read_file(argv[2], &len);
	for (rest = recording; (line = strsep(&rest, "\n")) != NULL;)
		feed_line(&replay, argv[2], ++number, line, strlen(line));
	engine_settle(replay.engine);
	engine_free(replay.engine);
	diags_free(replay.diags);
	arena_free(replay.arena);
	free(recording);
	free((char *)source.text);
	return 0;
}
