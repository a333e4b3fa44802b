/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Outputs and their model: random wishes, readings, failures, restarts and clocks that begin
 * anew. After each step both have to say the same, and what the device was told is judged by
 * the limits as well, by somebody who knows nothing of either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "chance.h"
#include "model/event.h"
#include "model/point.h"
#include "model_outlet.h"
#include "rules/outlet.h"
#include "rules/pack.h"

enum { SCHEDULES = 10000, STEPS = 60, SECONDS = 40 };

/* What the device has been told, and did. */
struct device {
	int is;
	int64_t since;
	int64_t changed[MODEL_CHANGES]; /* to what is not safe */
	size_t changes, all;
	int64_t changed_all[MODEL_CHANGES];
	bool unheard;  /* it is what gauged takes it for, and nobody could know since when */
	bool doubtful; /* it is not what gauged takes it for: nothing is judged until it is */
};

struct world {
	struct chance chance;
	uint64_t seed;
	struct model_outlet_says says;
	struct point_interlock interlock;
	struct point point;
	struct outlet_rule rules[MODEL_RULES];
	char names[MODEL_RULES][16];
	struct outlet *outlet;
	struct model_outlet model;
	struct device device;
	int64_t boot; /* what the clock of this boot showed at the time 0 */
	bool over;    /* max_on was when the last write was sent */
	uint64_t writes, waits, refusals, restarts;
};

static struct boot world_now(const struct world *w)
{
	return (struct boot){(w->model.now - w->boot) * NSEC_PER_SEC};
}

static struct value flag(int value)
{
	return value < 0 ? (struct value){0} : value_bool(value != 0);
}

#define wrong(w, ...)                                                   \
	do {                                                            \
		print_error("seed %ju, at %jd: ", (uintmax_t)(w)->seed, \
			    (intmax_t)(w)->model.now);                  \
		fail_msg(__VA_ARGS__);                                  \
	} while (0)

static int some(struct world *w, int low, int high)
{
	return (int)chance_between(&w->chance, low, high);
}

static int maybe(struct world *w, int low, int high)
{
	return chance_one_in(&w->chance, 2) ? some(w, low, high) : 0;
}

static void world_says(struct world *w)
{
	struct model_outlet_says *says = &w->says;

	*says = (struct model_outlet_says){
		.min_on = maybe(w, 1, 8),
		.min_off = maybe(w, 1, 8),
		.changes = maybe(w, 1, 4),
		.per = some(w, 5, 60),
		.unknown_after = some(w, 0, 5),
		.start = some(w, -1, 1),
		.stop = some(w, -1, 1),
		.unknown = some(w, -1, 1),
	};
	if (chance_one_in(&w->chance, 2))
		says->max_on = says->min_on + some(w, 1, 10);
	if (says->max_on > 0 && says->stop == 1)
		says->stop = -1;
	for (int i = 0; i < MODEL_RULES; i++) {
		says->priority[i] = maybe(w, 1, 2);
		says->severity[i] = some(w, 0, 2);
		snprintf(w->names[i], sizeof(w->names[i]), "r%d", i);
		w->rules[i] = (struct outlet_rule){w->names[i], w->names[i], says->priority[i],
						   says->severity[i]};
	}
	w->interlock = (struct point_interlock){
		.min_on_ns = says->min_on * NSEC_PER_SEC,
		.min_off_ns = says->min_off * NSEC_PER_SEC,
		.max_on_ns = says->max_on * NSEC_PER_SEC,
		.changes = says->changes,
		.per_ns = says->per * NSEC_PER_SEC,
		.unknown_ns = says->unknown_after * NSEC_PER_SEC,
		.on_start = flag(says->start),
		.on_stop = flag(says->stop),
		.on_unknown = flag(says->unknown),
	};
	w->point = (struct point){.name = "a.b",
				  .kind = VALUE_BOOL,
				  .writable = true,
				  .low = 1,
				  .interlock = &w->interlock};
}

/* ---- the judge --------------------------------------------------------------------------- */

static bool is_safe(const struct world *w, int value)
{
	return (w->says.max_on > 0 && value == 0) || value == w->says.stop ||
	       value == w->says.unknown;
}

static void judge_change(struct world *w, int value)
{
	struct device *device = &w->device;
	bool timed = !device->doubtful && !device->unheard;
	int64_t now = w->model.now;
	size_t recent = 0;

	/* max_on comes before min_on. */
	if (timed && value == 0 && now - device->since < w->says.min_on && !w->over)
		wrong(w, "off after %jd s, min_on", (intmax_t)(now - device->since));
	if (timed && value == 1 && now - device->since < w->says.min_off)
		wrong(w, "on after %jd s, min_off", (intmax_t)(now - device->since));
	for (size_t i = 0; i < device->all; i++)
		recent += now - device->changed_all[i] < w->says.per;
	if (w->says.changes > 0 && !is_safe(w, value) && recent >= (size_t)w->says.changes)
		wrong(w, "%zu changes before one that is not safe", recent);
	device->changed_all[device->all++] = now;
}

static void device_told(struct world *w, int value, bool judged)
{
	if (w->device.is == value)
		return;
	if (judged)
		judge_change(w, value);
	w->device.is = value;
	w->device.since = w->model.now;
	w->device.unheard = false;
}

static void judge_time(const struct world *w)
{
	const struct device *device = &w->device;

	if (w->says.max_on > 0 && device->is == 1 && !device->doubtful && !w->model.retrying &&
	    w->model.now - device->since > w->says.max_on)
		wrong(w, "on for %jd s", (intmax_t)(w->model.now - device->since));
}

/* ---- steps ------------------------------------------------------------------------------- */

static void compare_layers(const struct world *w)
{
	static const char *const names[] = {"start", "operator", "unknown",
					    "rule",  "base",	 "nobody"};
	struct outlet_report report;
	int wanted;
	enum model_layer layer = model_outlet_counts(&w->model, &wanted);

	outlet_report(w->outlet, world_now(w), &report);
	if (!value_equal(report.wanted, flag(wanted)) ||
	    strcmp(report.layer != NULL ? report.layer : "nobody", names[layer]) != 0)
		wrong(w, "%s has it, and the model says %s (%d)",
		      report.layer != NULL ? report.layer : "nobody", names[layer], wanted);
	if (layer == MODEL_START && !w->model.pending)
		wrong(w, "on_start has it and is not written");
	if (!value_equal(report.value, flag(w->model.is)))
		wrong(w, "it is taken for another than %d", w->model.is);
}

/* A write ends: done, never left, or without an answer; then it was carried out or not. */
static void end(struct world *w, int value, bool changes)
{
	bool left = !chance_one_in(&w->chance, 8);
	bool done = left && !chance_one_in(&w->chance, 8);

	if (done || (left && chance_one_in(&w->chance, 2))) {
		device_told(w, value, true);
		w->device.doubtful = false;
	} else if (left) {
		w->device.doubtful = w->device.is != value;
	}
	outlet_ended(w->outlet,
		     &(struct outlet_end){.left = left, .done = done, .changes = changes},
		     world_now(w));
	model_outlet_ended(&w->model, left, done);
}

static void step(struct world *w)
{
	for (int i = 0;; i++) {
		struct outlet_move move;
		int64_t until = 0;
		int value = -1;
		enum outlet_step said = outlet_step(w->outlet, world_now(w), &move);
		bool over = model_outlet_is_over(&w->model);
		enum model_act expected = model_outlet_step(&w->model, &value, &until);

		if ((int)said != (int)expected)
			wrong(w, "step %d, the model says %d", (int)said, (int)expected);
		if (i == 100)
			wrong(w, "no end");
		if (said == OUTLET_WRITES) {
			w->writes++;
			w->over = over;
			if (!value_equal(move.value, flag(value)))
				wrong(w, "not %d is written", value);
			end(w, value, move.changes);
			continue;
		}
		if (said == OUTLET_WAITS) {
			w->waits++;
			if (move.until.ns != (until - w->boot) * NSEC_PER_SEC)
				wrong(w, "it waits until another time than %jd",
				      (intmax_t)until);
		}
		w->refusals += said == OUTLET_REFUSES;
		if (said != OUTLET_REFUSES)
			break;
	}
	compare_layers(w);
}

/* Second by second; whenever the model has something to do the output has to be up. */
static void pass(struct world *w, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		struct model_outlet copy;
		struct boot due = BOOT_NEVER;
		int64_t until;
		int value;

		w->model.now++;
		if (!outlet_deadline(w->outlet, &due))
			due = BOOT_NEVER;
		copy = w->model;
		if (due.ns > world_now(w).ns) {
			enum model_act act = model_outlet_step(&copy, &value, &until);

			if (act == MODEL_WRITES || act == MODEL_REFUSES)
				wrong(w, "the model wakes up");
			continue;
		}
		step(w);
		judge_time(w);
	}
}

static void wish(struct world *w, enum model_wish kind)
{
	struct model_entry entry = {.wish = kind,
				    .rule = some(w, 0, MODEL_RULES - 1),
				    .value = some(w, 0, 1),
				    .time = maybe(w, 1, 20)};
	const size_t rule = (size_t)entry.rule;
	bool counts = true, expected = model_outlet_wish(&w->model, entry);
	const char *holder;

	switch (kind) {
	case WISH_FIRE:
	case WISH_CLEAR:
	case WISH_HAPPEN:
		counts = outlet_rule_writes(w->outlet, rule,
					    kind == WISH_FIRE	 ? OUTLET_FIRES
					    : kind == WISH_CLEAR ? OUTLET_CLEARS
								 : OUTLET_HAPPENS,
					    flag(entry.value), world_now(w), &holder);
		break;
	case WISH_END:
		outlet_rule_ends(w->outlet, rule, world_now(w));
		break;
	case WISH_OPERATOR:
		outlet_operator_writes(w->outlet, flag(entry.value), "uid 0",
				       entry.time * NSEC_PER_SEC, world_now(w));
		break;
	case WISH_SEE:
		outlet_see(w->outlet, entry.value != 0, world_now(w));
		break;
	case WISH_LEAVES:
	case WISH_STARTED:
	case WISH_MAX_ON:
	case WISH_RESTART:
		return;
	}
	if (counts != expected)
		wrong(w, "wish %d of rule %d counts otherwise than in the model", (int)kind,
		      entry.rule);
}

/* Somebody else may have switched it meanwhile. */
static void saw(struct world *w)
{
	if (chance_one_in(&w->chance, 4))
		device_told(w, some(w, 0, 1), false);
	if (w->model.is != w->device.is)
		w->device.since = w->model.now;
	else if (w->device.since == w->model.now)
		w->device.unheard = true;
	w->device.doubtful = false;
	outlet_saw(w->outlet, flag(w->device.is), world_now(w));
	model_outlet_saw(&w->model, w->device.is);
}

/* What loses its power goes off, and nobody sees it. */
static void power_fails(struct world *w, int64_t at)
{
	if (w->device.is != 1 || !chance_one_in(&w->chance, 2))
		return;
	w->device.is = 0;
	w->device.since = at;
}

/* The device is out of reach from now on. */
static void lose(struct world *w)
{
	power_fails(w, w->model.now);
	outlet_lost(w->outlet, world_now(w));
	model_outlet_lost(&w->model);
}

static void restart(struct world *w)
{
	int64_t outage = some(w, 0, 30);
	bool known = !chance_one_in(&w->chance, 3);
	struct str bytes;
	struct pack in;

	w->restarts++;
	str_init(&bytes);
	outlet_save(w->outlet, world_now(w), &bytes);
	outlet_free(w->outlet);
	model_outlet_restart(&w->model, outage, known);
	power_fails(w, w->model.now - some(w, 0, (int)outage));
	/* Another boot, or the same one. */
	if (chance_one_in(&w->chance, 2))
		w->boot = w->model.now - some(w, 0, 100000);
	w->outlet = outlet_new(&w->point, w->rules, MODEL_RULES, world_now(w));
	in = (struct pack){(unsigned char *)bytes.s, (unsigned char *)bytes.s + bytes.len,
			   false};
	if (!outlet_restore(w->outlet, &in, world_now(w), known ? outage * NSEC_PER_SEC : -1))
		wrong(w, "it was not restored");
	str_done(&bytes);
}

static void reload(struct world *w)
{
	struct outlet *next = outlet_new(&w->point, w->rules, MODEL_RULES, world_now(w));

	outlet_adopt(next, w->outlet, world_now(w));
	outlet_free(w->outlet);
	w->outlet = next;
}

static void life(struct world *w, uint64_t seed)
{
	static const enum model_wish wishes[] = {
		WISH_FIRE, WISH_FIRE, WISH_FIRE, WISH_CLEAR,	WISH_CLEAR,
		WISH_END,  WISH_END,  WISH_SEE,	 WISH_OPERATOR, WISH_HAPPEN};

	chance_init(&w->chance, seed);
	w->seed = seed;
	world_says(w);
	w->boot = -some(w, 0, 1000);
	w->device = (struct device){.since = -1000};
	model_outlet_init(&w->model, &w->says, 0);
	w->outlet = outlet_new(&w->point, w->rules, MODEL_RULES, world_now(w));
	step(w);
	for (int i = 0; i < STEPS; i++) {
		int what = some(w, 0, 19);

		if (what < 14)
			wish(w, wishes[some(w, 0, 9)]);
		else if (what < 17)
			saw(w);
		else if (what < 18)
			restart(w);
		else if (chance_one_in(&w->chance, 2))
			lose(w);
		else
			reload(w);
		step(w);
		pass(w, some(w, 0, chance_one_in(&w->chance, 3) ? SECONDS : 3));
	}
	outlet_free(w->outlet);
	w->outlet = NULL;
}

static void test_outputs_are_what_their_model_is(void **state)
{
	static struct world w;
	uint64_t from = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 0) : 1;
	uint64_t count = getenv("SEED") != NULL ? 1 : SCHEDULES;

	(void)state;
	for (uint64_t seed = from; seed < from + count; seed++)
		life(&w, seed);
	print_message("%ju writes, %ju waits, %ju refusals, %ju restarts\n",
		      (uintmax_t)w.writes, (uintmax_t)w.waits, (uintmax_t)w.refusals,
		      (uintmax_t)w.restarts);
	if (count > 1) {
		assert_true(w.writes > count && w.waits > count);
		assert_true(w.refusals > count / 10 && w.restarts > count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs_are_what_their_model_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
