/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns an engine that lives through a recording. */
#include "ctl/replay.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "model/recording.h"
#include "ctl/tape.h"
#include "daemon/config.h"

/* Names are told one by one up to here. */
enum { REPLAY_DIAGS = 100, REPLAY_TOLD = 20 };

struct replay {
	const char *path;
	struct config *config;
	struct diags *diags; /* what the configuration's messages point to lives as long */
	struct engine *engine;
	json_t *unknown; /* names that were told */
	uint64_t skipped;
};

struct replay *replay_open(const char *path, struct engine_sink sink)
{
	struct replay *replay = xcalloc(1, sizeof(*replay));
	struct str text;

	replay->path = path;
	replay->diags = diags_new(REPLAY_DIAGS);
	replay->unknown = json_object();
	replay->config = config_load(path, false, replay->diags);
	if (replay->config == NULL) {
		str_init(&text);
		diags_render(replay->diags, &text);
		fputs(text.s != NULL ? text.s : "", stderr);
		str_done(&text);
		replay_close(replay);
		return NULL;
	}
	replay->engine = engine_new(replay->config->rules, replay->config->points, sink,
				    (struct boot){0});
	return replay;
}

void replay_close(struct replay *replay)
{
	if (replay == NULL)
		return;
	engine_free(replay->engine);
	diags_free(replay->diags);
	config_unref(replay->config);
	json_decref(replay->unknown);
	free(replay);
}

const struct config *replay_config(const struct replay *replay)
{
	return replay->config;
}

const struct engine *replay_engine(const struct replay *replay)
{
	return replay->engine;
}

static void replay_skip(struct replay *replay, const char *name, bool derived)
{
	size_t told = json_object_size(replay->unknown);

	replay->skipped++;
	if (json_object_get(replay->unknown, name) != NULL)
		return;
	json_object_set_new(replay->unknown, name, json_true());
	if (told < REPLAY_TOLD)
		fprintf(stderr, "gaugectl: %s %s %s, its readings are skipped\n", replay->path,
			derived ? "computes" : "has no point", name);
	else if (told == REPLAY_TOLD)
		fprintf(stderr,
			"gaugectl: %s has no point for more names, which are only "
			"counted\n",
			replay->path);
}

static enum bad_reason replay_refuses(const struct point *point, struct value value)
{
	if (value.kind != point->kind)
		return BAD_PARSE;
	if (value.kind == VALUE_NUMBER && point->low <= point->high &&
	    !(value.number >= point->low && value.number <= point->high))
		return BAD_RANGE;
	return BAD_NONE;
}

void replay_feed(struct replay *replay, const struct recording_line *line)
{
	const struct point_table *points = replay->config->points;
	struct reading reading = line->reading;
	const struct point *point;

	reading.point = point_table_find(points, line->name, strlen(line->name));
	point = reading.point != POINT_NONE ? point_table_get(points, reading.point) : NULL;
	if (point == NULL || point->device == NULL) {
		replay_skip(replay, line->name, point != NULL);
		return;
	}
	if (reading.quality == QUALITY_GOOD) {
		reading.reason = replay_refuses(point, reading.value);
		if (reading.reason != BAD_NONE) {
			reading.quality = QUALITY_BAD;
			reading.value = (struct value){0};
		}
	}
	engine_feed(replay->engine, &reading);
}

void replay_run_to(struct replay *replay, struct boot at)
{
	engine_settle(replay->engine);
	/* The engine runs what is due before: one nanosecond later that is with it. */
	engine_tick(replay->engine, boot_add(at, 1));
}

struct boot replay_play(struct replay *const *replays, size_t count, struct tape *tape,
			struct boot until)
{
	const struct recording_line *line;
	struct tape_counts counts;
	struct boot end = until;
	struct wall started;

	for (size_t i = 0; i < count && tape_started(tape, &started); i++)
		engine_set_wall(replays[i]->engine, (struct boot){0}, started, true);
	while ((line = tape_next(tape, until)) != NULL) {
		for (size_t i = 0; i < count; i++)
			replay_feed(replays[i], line);
	}
	tape_count(tape, &counts);
	if (until.ns == BOOT_NEVER.ns)
		end = counts.end;
	for (size_t i = 0; i < count; i++)
		replay_run_to(replays[i], end);
	return end;
}

uint64_t replay_skipped(const struct replay *replay, size_t *ret_names)
{
	*ret_names = json_object_size(replay->unknown);
	return replay->skipped;
}
