/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Opinions on random sets of rules: the engine and the oracle, and each flavour of the engine,
 * write the same event log, whatever is read, falls silent, is acknowledged, reloaded or
 * restarted.
 *
 *   test_opinions [SETS [SEED]]    so many sets from that seed on; by default a few
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "chance.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "oracle.h"
#include "random_rules.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "rules/zone.h"

enum { SETS = 10000, STEPS = 120 };

/* One edition of a configuration, read. */
struct edition {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	const struct yaml_node *root;
	const char *tz;
	struct point_table *points; /* with those that it derives */
	struct ruleset *set;	    /* NULL: it was refused */
};

/* Somebody who runs rules. */
struct opinion {
	const char *name;
	void *(*start)(const struct edition *edition, struct str *log, int64_t now);
	void (*stop)(void *self);
	void (*act)(void *self, const struct random_step *step);
	/* step: the reload or restart at which it takes over from old. */
	void (*adopt)(void *self, void *old, const struct random_step *step);
	uint64_t (*evaluations)(void *self); /* NULL: it counts none */
};

/* ---- the engine -------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct event_point *)a)->name,
		      ((const struct event_point *)b)->name);
}

/* In which order a line shows the points is nobody's opinion. */
static void engine_writes(void *arg, const struct event *event)
{
	struct event_point points[2 * RANDOM_POINTS];
	struct event sorted = *event;

	assert_true(event->point_count <= ARRAY_SIZE(points));
	if (event->point_count > 0)
		memcpy(points, event->points, event->point_count * sizeof(*points));
	for (size_t i = 0; i < event->point_count; i++) {
		if (points[i].name[0] == 'd' && points[i].value.kind == VALUE_NUMBER)
			points[i].value.number = oracle_shown(points[i].value.number);
	}
	qsort(points, event->point_count, sizeof(*points), by_name);
	sorted.points = points;
	engine_log_line(&sorted, arg);
}

static void *engine_starts(const struct edition *edition, struct str *log, int64_t now)
{
	return engine_new(edition->set, edition->points,
			  (struct engine_sink){.event = engine_writes, .arg = log},
			  (struct boot){now});
}

static void *engine_starts_unguarded(const struct edition *edition, struct str *log,
				     int64_t now)
{
	struct engine *engine = engine_starts(edition, log, now);

	engine_set_guards(engine, false);
	return engine;
}

static void engine_stops(void *self)
{
	engine_free(self);
}

static void engine_acts(void *self, const struct random_step *step)
{
	struct boot at = {step->at};

	switch (step->kind) {
	case RANDOM_READING:
		engine_feed(self, &step->reading);
		if (step->settle)
			engine_settle(self);
		break;
	case RANDOM_SETTLE:
		engine_settle(self);
		break;
	case RANDOM_TICKS:
		engine_tick(self, at);
		break;
	case RANDOM_RELOAD:
	case RANDOM_RESTART:
		engine_tick(self, at);
		engine_settle(self);
		break;
	case RANDOM_ACK:
		engine_ack(self, step->rule, at);
		break;
	case RANDOM_SHELVE:
		engine_shelve(self, step->rule, (struct boot){step->until}, at);
		break;
	case RANDOM_UNSHELVE:
		engine_unshelve(self, step->rule, at);
		break;
	case RANDOM_STALL:
		engine_tick(self, (struct boot){step->slept_ns});
		engine_overslept(self, at);
		engine_tick(self, at);
		break;
	case RANDOM_WALL:
		engine_tick(self, (struct boot){step->slept_ns});
		engine_overslept(self, at);
		engine_set_wall(self, at, (struct wall){step->wall_ns}, step->valid);
		break;
	}
}

/* Wakes up more often than it has to, as a live run does. */
static void engine_acts_ticked(void *self, const struct random_step *step)
{
	int64_t at = step->kind == RANDOM_READING ? step->reading.at.ns : step->at;

	/* To be woken by the clock that is set is something else: see engine_set_wall(). */
	for (int64_t back = 3; back > 0 && step->kind < RANDOM_WALL; back--)
		engine_tick(self, (struct boot){at - back * RANDOM_TICK / 7});
	engine_acts(self, step);
}

static void engine_adopts(void *self, void *old, const struct random_step *step)
{
	struct engine_restored restored;
	struct str saved;

	if (step->kind == RANDOM_RELOAD) {
		engine_adopt(self, old, (struct boot){step->at});
		return;
	}
	str_init(&saved);
	engine_save(old, (struct boot){step->at}, (struct wall){0}, &saved);
	engine_restore(self, saved.s, saved.len, (struct boot){step->now_ns},
		       step->timed ? step->outage_ns : -1, &restored);
	assert_int_equal(restored.corrupt, 0);
	assert_true(restored.whole);
	str_done(&saved);
}

static uint64_t engine_evaluated(void *self)
{
	struct engine_counters counters;

	engine_counters(self, &counters);
	return counters.evaluations;
}

/* ---- the oracle -------------------------------------------------------------------------- */

static void *oracle_starts(const struct edition *edition, struct str *log, int64_t now)
{
	return oracle_new(edition->root, edition->points, edition->tz, log, now);
}

static void oracle_stops(void *self)
{
	oracle_free(self);
}

static void oracle_acts(void *self, const struct random_step *step)
{
	switch (step->kind) {
	case RANDOM_READING:
		oracle_feed(self, &step->reading);
		if (step->settle)
			oracle_settle(self);
		break;
	case RANDOM_SETTLE:
		oracle_settle(self);
		break;
	case RANDOM_TICKS:
		oracle_tick(self, step->at);
		break;
	case RANDOM_RELOAD:
	case RANDOM_RESTART:
		oracle_tick(self, step->at);
		oracle_settle(self);
		break;
	case RANDOM_ACK:
		oracle_ack(self, step->rule, step->at);
		break;
	case RANDOM_SHELVE:
		oracle_shelve(self, step->rule, step->until, step->at);
		break;
	case RANDOM_UNSHELVE:
		oracle_unshelve(self, step->rule, step->at);
		break;
	case RANDOM_STALL:
		oracle_tick(self, step->slept_ns);
		oracle_overslept(self, step->at);
		oracle_tick(self, step->at);
		break;
	case RANDOM_WALL:
		oracle_tick(self, step->slept_ns);
		oracle_overslept(self, step->at);
		oracle_set_wall(self, step->at, step->wall_ns, step->valid);
		break;
	}
}

static void oracle_adopts(void *self, void *old, const struct random_step *step)
{
	struct oracle_outage outage = {step->at, step->now_ns,
				       step->timed ? step->outage_ns : -1};

	if (step->kind == RANDOM_RELOAD)
		oracle_adopt(self, old, step->at);
	else
		oracle_restart(self, old, &outage);
}

/* The first is what the others are compared with. */
static const struct opinion opinions[] = {
	{"oracle", oracle_starts, oracle_stops, oracle_acts, oracle_adopts, NULL},
	{"engine", engine_starts, engine_stops, engine_acts, engine_adopts, engine_evaluated},
	{"ticked", engine_starts, engine_stops, engine_acts_ticked, engine_adopts, NULL},
	{"unguarded", engine_starts_unguarded, engine_stops, engine_acts, engine_adopts,
	 engine_evaluated},
};
enum { ENGINE = 1, UNGUARDED = 3 };
enum { OPINIONS = sizeof(opinions) / sizeof(opinions[0]) };

/* ---- one case ---------------------------------------------------------------------------- */

struct trial {
	uint64_t seed;
	struct chance chance;
	struct random_set set;
	struct edition edition;
	void *selves[OPINIONS];
	struct str logs[OPINIONS];
	struct str story;
	struct random_life life;
	uint64_t *evaluations; /* by opinion, of all trials */
};

static bool edition_read(struct edition *edition, const struct random_set *set)
{
	const struct zone *zone;
	struct str text;

	*edition = (struct edition){.arena = arena_new(), .diags = diags_new(20)};
	str_init(&text);
	random_rules_write(set, &text);
	edition->source = (struct diag_source){
		"t.yaml", arena_text(edition->arena, text.s, text.len), text.len};
	str_done(&text);
	edition->points = random_rules_points(edition->arena);
	edition->root = yaml_parse(edition->arena, &edition->source, edition->diags);
	assert_non_null(edition->root);
	edition->tz = set->clock.tz;
	zone = zone_from_rule(edition->arena, edition->tz, NULL);
	assert_non_null(zone);
	edition->set = ruleset_parse(edition->arena, &edition->root, 1, edition->points, zone,
				     edition->diags);
	return edition->set != NULL;
}

static void edition_free(struct edition *edition)
{
	diags_free(edition->diags);
	arena_free(edition->arena);
}

static void write_edition(const struct edition *edition, struct str *out)
{
	str_addf(out, "# TZ=%s\n%s", edition->tz, edition->source.text);
}

/* The first line in which two logs differ, with what happened before it. */
static void complain(const struct trial *trial, int which)
{
	const char *a = trial->logs[0].s != NULL ? trial->logs[0].s : "";
	const char *b = trial->logs[which].s != NULL ? trial->logs[which].s : "";
	const char *line_a = a, *line_b = b;

	for (; *a != '\0' && *a == *b; a++, b++) {
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	}
	fprintf(stderr, "seed %ju\n%s%s: %.*s\n%s: %.*s\n", (uintmax_t)trial->seed,
		trial->story.s, opinions[0].name, (int)strcspn(line_a, "\n"), line_a,
		opinions[which].name, (int)strcspn(line_b, "\n"), line_b);
	fail();
}

/* Whoever wakes up more often is ahead in between: all: nobody may be any more. */
static void compare(const struct trial *trial, bool all)
{
	size_t len = trial->logs[0].len;

	for (int i = 1; i < OPINIONS; i++) {
		size_t other = trial->logs[i].len, both = other < len ? other : len;

		if ((all && other != len) ||
		    (both > 0 && memcmp(trial->logs[i].s, trial->logs[0].s, both) != 0))
			complain(trial, i);
	}
}

static void count_evaluations(struct trial *trial, int which)
{
	if (opinions[which].evaluations != NULL)
		trial->evaluations[which] += opinions[which].evaluations(trial->selves[which]);
}

/* With another edition or the same one. */
static void reload(struct trial *trial, const struct random_step *step)
{
	struct random_set set = trial->set;
	struct edition next;

	random_rules_edit(&trial->chance, &set);
	if (!edition_read(&next, &set)) {
		edition_free(&next);
		set = trial->set;
		assert_true(edition_read(&next, &set));
	}
	write_edition(&next, &trial->story);
	for (int i = 0; i < OPINIONS; i++) {
		void *self = opinions[i].start(&next, &trial->logs[i], trial->life.now);

		opinions[i].adopt(self, trial->selves[i], step);
		/* A reload takes the count over. */
		if (step->kind == RANDOM_RESTART)
			count_evaluations(trial, i);
		opinions[i].stop(trial->selves[i]);
		trial->selves[i] = self;
	}
	edition_free(&trial->edition);
	trial->edition = next;
	trial->set = set;
}

static void live(struct trial *trial)
{
	for (int i = 0; i < STEPS; i++) {
		int64_t ahead_ns = trial->life.ahead_ns;
		struct random_step step;

		random_rules_step(&trial->chance, &trial->life, &step);
		if (step.kind == RANDOM_RESTART && trial->set.paned) {
			step.kind = RANDOM_RELOAD;
			trial->life.now = step.at;
			trial->life.ahead_ns = ahead_ns;
		}
		step.rule %= (uint32_t)ruleset_count(trial->edition.set);
		random_step_write(&step, trial->edition.points, &trial->story);
		for (int k = 0; k < OPINIONS; k++)
			opinions[k].act(trial->selves[k], &step);
		if (step.kind == RANDOM_RELOAD || step.kind == RANDOM_RESTART)
			reload(trial, &step);
		compare(trial, false);
	}
	for (int k = 0; k < OPINIONS; k++)
		opinions[k].act(
			trial->selves[k],
			&(struct random_step){.kind = RANDOM_TICKS,
					      .at = trial->life.now + 100 * RANDOM_TICK});
}

/* Bytes of log; 0: the set was refused. */
static size_t try(uint64_t seed, uint64_t evaluations[OPINIONS])
{
	struct trial *trial = xcalloc(1, sizeof(*trial));
	size_t len = 0;

	trial->seed = seed;
	trial->evaluations = evaluations;
	chance_init(&trial->chance, seed);
	random_rules_grow(&trial->chance, &trial->set);
	trial->life.ahead_ns = trial->set.clock.wall_ns;
	str_init(&trial->story);
	if (edition_read(&trial->edition, &trial->set)) {
		write_edition(&trial->edition, &trial->story);
		for (int i = 0; i < OPINIONS; i++) {
			str_init(&trial->logs[i]);
			trial->selves[i] =
				opinions[i].start(&trial->edition, &trial->logs[i], 0);
		}
		live(trial);
		compare(trial, true);
		len = trial->logs[0].len;
		for (int i = 0; i < OPINIONS; i++) {
			count_evaluations(trial, i);
			opinions[i].stop(trial->selves[i]);
			str_done(&trial->logs[i]);
		}
	} else if (getenv("SAY_REFUSED") != NULL) {
		struct str said;

		str_init(&said);
		diags_render(trial->edition.diags, &said);
		fprintf(stderr, "%s", said.s);
		str_done(&said);
	}
	edition_free(&trial->edition);
	str_done(&trial->story);
	free(trial);
	return len;
}

static void try_many(uint64_t first, uint64_t count)
{
	uint64_t refused = 0, bytes = 0, evaluations[OPINIONS] = {0};

	for (uint64_t seed = first; seed < first + count; seed++) {
		size_t len = try(seed, evaluations);

		refused += len == 0;
		bytes += len;
	}
	print_message("%ju sets, %ju of them refused or mute, %ju bytes of events\n",
		      (uintmax_t)count, (uintmax_t)refused, (uintmax_t)bytes);
	assert_true(refused < count / 5);
	assert_true(bytes > count * 1000);
	/* The guards have been tried: there was much that was passed over. */
	print_message("%ju evaluations, %ju without guards\n", (uintmax_t)evaluations[ENGINE],
		      (uintmax_t)evaluations[UNGUARDED]);
	assert_true(evaluations[ENGINE] + count / 2 < evaluations[UNGUARDED]);
}

static void test_all_opinions_agree_on_random_sets_of_rules(void **state)
{
	uint64_t *range = *state;

	try_many(range[0], range[1]);
}

int main(int argc, char **argv)
{
	uint64_t range[2] = {argc > 2 ? strtoull(argv[2], NULL, 10) : 1,
			     argc > 1 ? strtoull(argv[1], NULL, 10) : SETS};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_all_opinions_agree_on_random_sets_of_rules,
					  range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
