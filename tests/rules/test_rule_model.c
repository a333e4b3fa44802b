/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The life of a rule in the engine and in the reference model: a million random steps, after
 * each of which both have told the same events and stand in the same state.
 */
#include <errno.h>
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
#include "base/clock.h"
#include "base/str.h"
#include "chance.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "model/reading.h"
#include "model_rule.h"
#include "rules/engine.h"
#include "rules/ruleset.h"

enum { STEPS = 1000000, STEPS_OF_A_LIFE = 250, TICK = NSEC_PER_SEC / 2 };

/* The condition reads WHEN, clear CLEAR, and the inhibitor OFF. */
enum { WHEN, CLEAR, OFF, POINTS };
/* Seconds; what is for the inhibitor only never goes stale. */
static const struct {
	const char *name;
	enum value_kind kind;
	int64_t stale_s;
} points[POINTS] = {{"x.when", VALUE_NUMBER, 5},
		    {"x.clear", VALUE_NUMBER, 7},
		    {"x.off", VALUE_BOOL, 1 << 20}};

/* 1, -1 and 0 make a condition true, false and unknown: n / (n * n) > 0. */
static const char *const whens[] = {"x.when / (x.when * x.when) > 0",
				    "(x.when / (x.when * x.when)) > 0"};
static const char *const clears[] = {"x.clear / (x.clear * x.clear) > 0",
				     "not (x.clear / (x.clear * x.clear) <= 0)"};

/* What a file says of the rule. */
struct wording {
	struct model_says says;
	int when, clear;
	bool inhibited;
};

/* What the model's side knows of a point. */
struct seen {
	int value;
	bool known;
	bool stale;
	int64_t stale_at;
};

/* One configuration of the engine. */
struct plant {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	struct engine *engine;
};

struct life {
	struct chance chance;
	uint64_t seed;
	int64_t now;
	struct wording wording;
	struct plant plant;
	struct model_rule model;
	struct seen seen[POINTS];
	struct str engine_said, model_said;
	unsigned *told;	  /* events by type, over all lives */
	struct str story; /* what was done, for a failure */
};

static const char *const unknown_words[] = {"hold", "clear", "fire"};

/* ---- what is told ------------------------------------------------------------------------ */

static void engine_tells(void *arg, const struct event *event)
{
	struct life *life = arg;

	if (strcmp(event->rule_name, "r") == 0)
		str_addf(&life->engine_said, "%jd %s %s->%s active %jd %s%s\n",
			 (intmax_t)event->at.ns, event_type_name(event->type),
			 rule_state_name(event->from), rule_state_name(event->to),
			 (intmax_t)event->active_ns, event->reason != NULL ? event->reason : "",
			 event->held ? " held" : "");
}

static void model_tells(void *arg, const struct model_event *event)
{
	struct life *life = arg;

	life->told[event->type]++;
	str_addf(&life->model_said, "%jd %s %s->%s active %jd %s%s\n", (intmax_t)event->at,
		 event_type_name(event->type), rule_state_name(event->from),
		 rule_state_name(event->to), (intmax_t)event->active_ns,
		 event->reason != NULL ? event->reason : "", event->held ? " held" : "");
}

/* ---- the model's world ------------------------------------------------------------------- */

static enum model_truth truth(const struct life *life, int point)
{
	const struct seen *seen = &life->seen[point];

	if (!seen->known || seen->value == 0)
		return MODEL_UNKNOWN;
	return seen->value > 0 ? MODEL_TRUE : MODEL_FALSE;
}

static void model_looks(struct life *life, int64_t now)
{
	bool stale = life->seen[WHEN].stale ||
		     (life->wording.says.has_clear && life->seen[CLEAR].stale);
	bool off = life->wording.inhibited && truth(life, OFF) == MODEL_TRUE;

	model_rule_look(&life->model, truth(life, WHEN), truth(life, CLEAR), stale, off, now);
}

static void model_reads(struct life *life, int point, bool good, int value)
{
	struct seen *seen = &life->seen[point];

	if (!good)
		return;
	seen->value = value;
	seen->known = true;
	seen->stale = false;
	seen->stale_at = life->now + points[point].stale_s * NSEC_PER_SEC;
}

/* The earliest that is due before now, points first; false: nothing. */
static bool model_runs_one(struct life *life, int64_t now)
{
	int64_t first = now;
	int what = -1;

	for (int i = 0; i < POINTS; i++) {
		if (life->seen[i].stale_at < first) {
			first = life->seen[i].stale_at;
			what = i;
		}
	}
	for (int i = 0; i < MODEL_TIMERS; i++) {
		int64_t at = model_rule_due(&life->model, (enum model_timer)i);

		if (at < first) {
			first = at;
			what = POINTS + i;
		}
	}
	if (what >= POINTS) {
		model_rule_run(&life->model, (enum model_timer)(what - POINTS), first);
	} else if (what >= 0) {
		life->seen[what].stale_at = MODEL_NEVER;
		life->seen[what].stale = true;
		life->seen[what].known = false;
	}
	if (what >= 0)
		model_looks(life, first);
	return what >= 0;
}

static void model_runs_to(struct life *life, int64_t now)
{
	while (model_runs_one(life, now))
		;
}

/* ---- the engine's world ------------------------------------------------------------------ */

static void add_duration(struct str *text, const char *key, int64_t ns)
{
	if (ns > 0)
		str_addf(text, ", %s: %jdms", key, (intmax_t)(ns / NSEC_PER_MSEC));
}

static void write_rules(const struct wording *wording, struct str *text)
{
	str_addf(text, "rules:\n  r: {when: %s", whens[wording->when]);
	if (wording->says.has_clear)
		str_addf(text, ", clear: %s", clears[wording->clear]);
	add_duration(text, "for", wording->says.for_ns);
	add_duration(text, "clear_for", wording->says.clear_for_ns);
	add_duration(text, "repeat", wording->says.repeat_ns);
	add_duration(text, "blind_after", wording->says.blind_ns);
	str_addf(text, ", on_unknown: %s, latch: %s", unknown_words[wording->says.on_unknown],
		 wording->says.latch ? "true" : "false");
	str_addf(text, "%s}\n  off: {when: x.off}\n",
		 wording->inhibited ? ", inhibited_by: [off]" : "");
}

static struct plant plant_new(struct life *life, const struct wording *wording)
{
	struct plant plant = {.arena = arena_new(), .diags = diags_new(5)};
	struct diag_source *source = arena_take(plant.arena, 1, sizeof(*source));
	struct point_table *table = point_table_new(plant.arena);
	const struct yaml_node *root;
	const struct ruleset *set;
	struct str text;

	str_init(&text);
	write_rules(wording, &text);
	*source = (struct diag_source){"t.yaml", arena_text(plant.arena, text.s, text.len),
				       text.len};
	str_done(&text);
	for (size_t i = 0; i < POINTS; i++)
		point_table_add(table,
				&(struct point){.name = points[i].name,
						.device = "x",
						.kind = points[i].kind,
						.readable = true,
						.stale_ns = points[i].stale_s * NSEC_PER_SEC});
	root = yaml_parse(plant.arena, source, plant.diags);
	set = ruleset_parse(plant.arena, &root, 1, table, NULL, plant.diags);
	if (set == NULL)
		fail_msg("%s", source->text);
	plant.engine =
		engine_new(set, table, (struct engine_sink){.event = engine_tells, .arg = life},
			   (struct boot){life->now});
	return plant;
}

static void plant_free(struct plant *plant)
{
	engine_free(plant->engine);
	diags_free(plant->diags);
	arena_free(plant->arena);
}

/* ---- steps ------------------------------------------------------------------------------- */

static int64_t some_time(struct chance *chance, int64_t ticks)
{
	return chance_one_in(chance, 3) ? 0 : chance_between(chance, 1, ticks) * TICK;
}

static void some_wording(struct chance *chance, struct wording *wording)
{
	*wording = (struct wording){
		.says = {.for_ns = some_time(chance, 12),
			 .clear_for_ns = some_time(chance, 12),
			 .repeat_ns = some_time(chance, 20),
			 .blind_ns = some_time(chance, 40),
			 .on_unknown = (enum model_unknown)chance_between(chance, 0, 2),
			 .has_clear = chance_one_in(chance, 2),
			 .latch = chance_one_in(chance, 2)},
		.inhibited = chance_one_in(chance, 2),
	};
	/* repeat is at least 1s */
	if (wording->says.repeat_ns == TICK)
		wording->says.repeat_ns *= 3;
}

static void step_reading(struct life *life)
{
	int point = (int)chance_between(&life->chance, 0, POINTS - 1);
	int value = (int)chance_between(&life->chance, -1, 1);
	bool good = !chance_one_in(&life->chance, 6);
	struct reading reading = {.point = (uint32_t)point, .at = {life->now}};

	if (!good) {
		reading.quality = QUALITY_BAD;
		reading.reason = BAD_CRC;
	} else if (point == OFF) {
		reading.value = value_bool(value > 0);
	} else {
		reading.value = value_number(value);
	}
	str_addf(&life->story, "%s %s %d", points[point].name, good ? "good" : "bad", value);
	engine_feed(life->plant.engine, &reading);
	engine_settle(life->plant.engine);
	model_runs_to(life, life->now);
	model_reads(life, point, good, value);
	model_looks(life, life->now);
}

static void step_tick(struct life *life)
{
	str_adds(&life->story, "tick");
	engine_tick(life->plant.engine, (struct boot){life->now});
	model_runs_to(life, life->now);
}

static void step_ack(struct life *life)
{
	int got = engine_ack(life->plant.engine, 0, (struct boot){life->now});

	str_addf(&life->story, "ack %d", got);
	model_runs_to(life, life->now);
	assert_int_equal(got, model_rule_ack(&life->model, life->now));
}

static void step_shelve(struct life *life)
{
	int64_t until = life->now + chance_between(&life->chance, 1, 30) * TICK;

	str_addf(&life->story, "shelve to %jd", (intmax_t)until);
	assert_int_equal(engine_shelve(life->plant.engine, 0, (struct boot){until},
				       (struct boot){life->now}),
			 0);
	model_runs_to(life, life->now);
	model_rule_shelve(&life->model, until, life->now);
}

static void step_unshelve(struct life *life)
{
	int got = engine_unshelve(life->plant.engine, 0, (struct boot){life->now});

	str_addf(&life->story, "unshelve %d", got);
	model_runs_to(life, life->now);
	assert_int_equal(got, model_rule_unshelve(&life->model, life->now));
}

/* Another file: some of its words are others. */
static void step_reload(struct life *life)
{
	struct wording old = life->wording, wanted;
	struct plant next;
	bool same;

	/* Two in one instant: the engine takes what the first made due now for planned then. */
	if (life->model.reloaded == life->now)
		return;
	engine_tick(life->plant.engine, (struct boot){life->now});
	model_runs_to(life, life->now);
	some_wording(&life->chance, &wanted);
	switch (chance_between(&life->chance, 0, 5)) {
	case 0:
		life->wording.says.for_ns = wanted.says.for_ns;
		life->wording.says.clear_for_ns = wanted.says.clear_for_ns;
		break;
	case 1:
		life->wording.says.repeat_ns = wanted.says.repeat_ns;
		life->wording.says.blind_ns = wanted.says.blind_ns;
		break;
	case 2:
		life->wording.says.latch = wanted.says.latch;
		life->wording.inhibited = wanted.inhibited;
		break;
	case 3:
		life->wording.when = !life->wording.when;
		life->wording.says.on_unknown = wanted.says.on_unknown;
		break;
	case 4:
		life->wording.clear = !life->wording.clear;
		life->wording.says.has_clear = wanted.says.has_clear;
		break;
	default:
		break;
	}
	same = old.when == life->wording.when &&
	       old.says.on_unknown == life->wording.says.on_unknown &&
	       old.says.has_clear == life->wording.says.has_clear &&
	       (!old.says.has_clear || old.clear == life->wording.clear);
	str_adds(&life->story, "reload ");
	write_rules(&life->wording, &life->story);
	next = plant_new(life, &life->wording);
	engine_adopt(next.engine, life->plant.engine, (struct boot){life->now});
	plant_free(&life->plant);
	life->plant = next;
	model_rule_reload(&life->model, &life->wording.says, same, life->now);
	model_looks(life, life->now);
}

static void (*const steps[])(struct life *life) = {
	step_reading, step_reading, step_reading, step_reading, step_reading,  step_reading,
	step_reading, step_tick,    step_ack,	  step_shelve,	step_unshelve, step_reload,
};

/* ---- whether both agree ------------------------------------------------------------------ */

static void describe(const struct life *life, bool model, struct str *out)
{
	const struct model_rule *m = &life->model;
	struct engine_rule e;
	int64_t due = model_rule_due(m, MODEL_STATE);

	engine_rule(life->plant.engine, 0, &e);
	if (model)
		str_addf(out,
			 "%s since %jd due %jd condition %d acked %d shelved %jd "
			 "inhibited %d fired %ju cleared %ju\n",
			 rule_state_name(m->state), (intmax_t)m->since,
			 (intmax_t)(due == MODEL_NEVER ? -1 : due),
			 m->condition == MODEL_UNKNOWN ? -1 : m->condition == MODEL_TRUE,
			 m->acked,
			 (intmax_t)(m->shelved_until == MODEL_NEVER ? -1 : m->shelved_until),
			 m->inhibited, (uintmax_t)m->fires, (uintmax_t)m->clears);
	else
		str_addf(out,
			 "%s since %jd due %jd condition %d acked %d shelved %jd "
			 "inhibited %d fired %ju cleared %ju\n",
			 rule_state_name(e.state), (intmax_t)e.since.ns,
			 (intmax_t)(e.has_deadline ? e.deadline.ns : -1), e.condition, e.acked,
			 (intmax_t)(e.shelved ? e.shelved_until.ns : -1),
			 e.inhibitor != UINT32_MAX, (uintmax_t)e.fired, (uintmax_t)e.cleared);
}

static void compare(struct life *life)
{
	describe(life, false, &life->engine_said);
	describe(life, true, &life->model_said);
	if (strcmp(life->engine_said.s, life->model_said.s) != 0) {
		fprintf(stderr, "seed %ju\n%s--- engine\n%s--- model\n%s",
			(uintmax_t)life->seed, life->story.s, life->engine_said.s,
			life->model_said.s);
		fail();
	}
	str_clear(&life->engine_said);
	str_clear(&life->model_said);
}

static void live(uint64_t seed, int count, unsigned *told)
{
	struct life *life = xcalloc(1, sizeof(*life));

	life->seed = seed;
	life->told = told;
	chance_init(&life->chance, seed);
	str_init(&life->engine_said);
	str_init(&life->model_said);
	str_init(&life->story);
	some_wording(&life->chance, &life->wording);
	write_rules(&life->wording, &life->story);
	life->plant = plant_new(life, &life->wording);
	life->model.tell = model_tells;
	life->model.arg = life;
	model_rule_init(&life->model, &life->wording.says, 0);
	for (int i = 0; i < POINTS; i++)
		life->seen[i].stale_at = points[i].stale_s * NSEC_PER_SEC;
	for (int i = 0; i < count; i++) {
		life->now += chance_one_in(&life->chance, 3)
				     ? 0
				     : chance_between(&life->chance, 1, 5) * TICK;
		if (chance_one_in(&life->chance, 25))
			life->now += chance_between(&life->chance, 1, 60) * TICK;
		str_addf(&life->story, "%jd ", (intmax_t)life->now);
		steps[chance_between(&life->chance, 0, ARRAY_SIZE(steps) - 1)](life);
		str_addc(&life->story, '\n');
		compare(life);
	}
	plant_free(&life->plant);
	str_done(&life->engine_said);
	str_done(&life->model_said);
	str_done(&life->story);
	free(life);
}

static void test_the_engine_agrees_with_the_model_on_a_million_steps(void **state)
{
	unsigned told[EVENT_BLIND + 1] = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= STEPS / STEPS_OF_A_LIFE; seed++)
		live(seed, STEPS_OF_A_LIFE, told);
	/* None of it is worth much if a transition was never seen. */
	for (int i = 0; i <= EVENT_BLIND; i++)
		assert_true(i == EVENT_INSTANT || told[i] > STEPS / 1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_engine_agrees_with_the_model_on_a_million_steps),
	};
	unsigned told[EVENT_BLIND + 1] = {0};

	/* One life again: test_rule_model SEED */
	if (argc > 1) {
		live(strtoull(argv[1], NULL, 10), STEPS_OF_A_LIFE, told);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
