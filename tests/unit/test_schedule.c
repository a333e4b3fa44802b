/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of rules that go by the clock: 'at' and its slots, 'schedule' and what it does to a
 * rule's state; clocks that are set, put forward and back, or not known; reloads.
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
#include "conf/diag.h"
#include "conf/yaml.h"
#include "rules/calendar.h"
#include "rules/civil.h"
#include "rules/explain.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
static const char helsinki[] = "EET-2EEST,M3.5.0/3,M10.5.0/4";

enum { H = 3600, M = 60, D = 86400 };

/* "2026-03-29 01:00:00" of UTC. */
static struct wall utc(const char *text)
{
	int year, month, day, hour, minute, second;

	assert_int_equal(
		sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second),
		6);
	return (struct wall){
		(civil_days(year, month, day) * D + hour * H + minute * M + second) *
		NSEC_PER_SEC};
}

static void set_clock(struct rules_case *c, double at, const char *text)
{
	engine_set_wall(c->engine, (struct boot){(int64_t)(at * 1e9)}, utc(text), true);
}

static void start(struct rules_case *c, const char *text, const char *wall)
{
	rules_case_init_in(c, berlin, text);
	rules_case_start(c);
	if (wall != NULL)
		set_clock(c, 0, wall);
}

/* The next engine takes the place of the one in c, in the zone tz. */
static void reload(struct rules_case *c, double at, const char *tz, const char *text)
{
	const struct boot now = {(int64_t)(at * 1e9)};
	struct rules_case old;

	engine_tick(c->engine, now);
	assert_log(c, "");
	old = *c;
	rules_case_init_in(c, tz, text);
	rules_case_start(c);
	engine_adopt(c->engine, old.engine, now);
	rules_case_done(&old);
}

/* When 'r' ran, in the local time of Berlin, since the last call. */
static const char *runs(struct rules_case *c, double until)
{
	const char *log;
	struct str text;
	char *copy;

	tick(c, until);
	str_init(&text);
	log = rules_case_log(c);
	for (const char *line = log; *line != '\0'; line = strchr(line, '\n') + 1) {
		int64_t at = strtoll(line, NULL, 10);
		struct civil local;

		assert_true(engine_local(c->engine, (struct boot){at * NSEC_PER_SEC}, &local));
		str_addf(&text, "%s%d.%d. %02d:%02d", text.len > 0 ? ", " : "", local.day,
			 local.month, local.tod / H, local.tod / M % 60);
	}
	copy = arena_text(c->conf.arena, text.s != NULL ? text.s : "", text.len);
	str_done(&text);
	return copy;
}

/* ---- at --------------------------------------------------------------------------------- */

static void test_a_slot_is_an_instant_with_its_message(void **state)
{
	struct rules_case c;
	struct rule_view view;
	struct engine_rule rule;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  report:\n"
	      "    at: 06:00 mon-fri\n"
	      "    severity: info\n"
	      "    message: \"${x.a} at ${tod()}\"\n"
	      "    do: [{log: it}]\n",
	      "2026-06-11 22:00:00");
	ruleset_view(c.set, 0, &view);
	assert_true(view.instant);
	assert_string_equal(view.condition, "06:00 mon-fri");
	assert_int_equal(view.on_instant->count, 1);
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.planned.ns, 6 * H * NSEC_PER_SEC);
	feed_number(&c, 6 * H - 5, "x.a", 21.5);
	assert_log(&c, "");
	tick(&c, 6 * H);
	assert_log(&c, "");
	tick(&c, 6 * H + 1e-9);
	assert_log(&c, "21600.000000000 report instant ok->ok info \"21.5 at 6h\" x.a=21.5\n");
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.planned.ns, (int64_t)(3 * D + 6 * H) * NSEC_PER_SEC);
	assert_int_equal(rule.state, RULE_OK);
	rules_case_done(&c);
}

static void test_slots_of_many_forms(void **state)
{
	static const struct {
		const char *at, *runs;
	} rows[] = {
		/* From Friday, 2026-06-12 00:00, for six days. */
		{"06:00 mon-fri", "12.6. 06:00, 15.6. 06:00, 16.6. 06:00, 17.6. 06:00"},
		{"06:00,18:30 sat", "13.6. 06:00, 13.6. 18:30"},
		{"[06:00 sat, '07:00 sat; 08:00 sun']",
		 "13.6. 06:00, 13.6. 07:00, 14.6. 08:00"},
		{"00:00 15", "15.6. 00:00"},
		{"'00:00 fri'", ""},
		{"[06:00 mon, 06:00 15]", "15.6. 06:00"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rules_case c;
		struct arena *arena = arena_new();

		start(&c, arena_printf(arena, "rules:\n  r:\n    at: %s\n", rows[i].at),
		      "2026-06-11 22:00:00");
		diags_own(c.conf.diags, arena);
		assert_string_equal(runs(&c, 6 * D), rows[i].runs);
		rules_case_done(&c);
	}
}

static void test_fault_G4_each_slot_once_where_clocks_go_forward_and_back(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n  r:\n    at: 02:30\n", "2026-03-27 23:00:00");
	/* The gap: at its end, which is 03:00. */
	assert_string_equal(runs(&c, 3 * D), "28.3. 02:30, 29.3. 03:00, 30.3. 02:30");
	rules_case_done(&c);
	start(&c, "rules:\n  r:\n    at: 02:30\n", "2026-10-23 22:00:00");
	/* The hour that comes twice: the first time. */
	tick(&c, 3 * D);
	assert_log(&c, "9000.000000000 r instant ok->ok warning \"\"\n"
		       "95400.000000000 r instant ok->ok warning \"\"\n"
		       "185400.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_every_goes_by_boot_time_alone(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	start(&c, "rules:\n  r:\n    at: every 10m\n", NULL);
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.planned.ns, 600 * NSEC_PER_SEC);
	tick(&c, 601);
	assert_log(&c, "600.000000000 r instant ok->ok warning \"\"\n");
	set_clock(&c, 700, "2026-06-11 22:00:00");
	set_clock(&c, 800, "1990-06-11 22:00:00");
	tick(&c, 1801);
	assert_log(&c, "1200.000000000 r instant ok->ok warning \"\"\n"
		       "1800.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_fault_G2_slots_wait_until_the_clock_is_set(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	start(&c, "rules:\n  r:\n    at: ['00:00', '06:00']\n", NULL);
	engine_set_wall(c.engine, (struct boot){0}, (struct wall){0}, false);
	tick(&c, 2 * D);
	assert_log(&c, "");
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.planned.ns, BOOT_NEVER.ns);
	/* What was before that is no slot that it missed. */
	set_clock(&c, 2 * D, "2026-06-12 04:10:00");
	assert_log(&c, "");
	assert_string_equal(runs(&c, 3 * D), "13.6. 00:00, 13.6. 06:00");
	/* And lost again, and found, with the one between late by ten minutes. */
	engine_set_wall(c.engine, (struct boot){3 * D * NSEC_PER_SEC}, (struct wall){0}, false);
	tick(&c, 3 * D + 1000);
	assert_log(&c, "");
	set_clock(&c, 3 * D + 1000, "2026-06-13 22:10:00");
	assert_log(&c, "260200.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_fault_G1_steps_of_the_clock_plan_anew(void **state)
{
	static const char rule[] = "rules:\n  r:\n    at: 06:00\n";
	struct rules_case c;

	(void)state;
	/* Friday 05:00 in Berlin; ten years on: not one of 3,653 slots. */
	start(&c, rule, "2026-06-12 03:00:00");
	set_clock(&c, 60, "2036-06-12 05:30:00");
	assert_log(&c, "");
	assert_string_equal(runs(&c, D), "13.6. 06:00");
	/* Ten years back: it goes on from there. */
	set_clock(&c, D, "2016-06-12 03:59:00");
	assert_log(&c, "");
	assert_string_equal(runs(&c, D + H), "12.6. 06:00");
	/* A step over a slot: by at most an hour it is late, and runs. */
	set_clock(&c, D + 2 * H, "2016-06-13 04:40:00");
	assert_log(&c, "93600.000000000 r instant ok->ok warning \"\"\n");
	/* Back before it: it has run. */
	set_clock(&c, D + 2 * H + 60, "2016-06-13 03:50:00");
	assert_string_equal(runs(&c, 2 * D), "");
	rules_case_done(&c);
	/* By more than an hour: left out, and then made up for by a step back. */
	start(&c, rule, "2026-06-12 03:00:00");
	set_clock(&c, 60, "2026-06-12 05:00:01");
	assert_log(&c, "");
	set_clock(&c, 120, "2026-06-12 03:50:00");
	assert_string_equal(runs(&c, H), "12.6. 06:00");
	rules_case_done(&c);
}

static void test_a_box_that_slept_makes_up_for_the_last_hour(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  hours: {at: ['01:00', '02:00', '03:00', '04:00']}\n"
	      "  ticks: {at: every 10m}\n"
	      "  morning: {at: '06:00'}\n",
	      "2026-06-12 22:30:00");
	tick(&c, 601);
	assert_log(&c, "600.000000000 ticks instant ok->ok warning \"\"\n");
	/* It is 04:20 local time when it wakes. */
	set_clock(&c, 4 * H - 10 * M, "2026-06-13 02:20:00");
	assert_log(&c, "13200.000000000 ticks instant ok->ok warning \"\"\n"
		       "13800.000000000 hours instant ok->ok warning \"\"\n");
	tick(&c, 4 * H);
	assert_log(&c, "13800.000000000 ticks instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_a_reload_neither_repeats_nor_forgets_a_slot(void **state)
{
	static const char rule[] = "rules:\n  r: {at: '06:00'}\n  t: {at: every 1h}\n";
	struct rules_case c;

	(void)state;
	start(&c, rule, "2026-06-12 03:30:00");
	reload(&c, 10 * M, berlin, rule);
	reload(&c, 30 * M, berlin, rule);
	tick(&c, 30 * M + 1);
	assert_log(&c, "1800.000000000 r instant ok->ok warning \"\"\n");
	reload(&c, 31 * M, berlin, rule);
	tick(&c, 61 * M);
	assert_log(&c, "3600.000000000 t instant ok->ok warning \"\"\n");
	/* Another text is another plan: 05:45 of today is over, 06:45 is not. */
	reload(&c, 61 * M, berlin, "rules:\n  r: {at: ['05:45', '06:45']}\n");
	assert_string_equal(runs(&c, D), "12.6. 06:45");
	/* Another zone: 06:00 in Helsinki is 05:00 in Berlin, and runs tomorrow. */
	reload(&c, D, berlin, rule);
	reload(&c, D + 60, helsinki, rule);
	tick(&c, 2 * D - 30 * M + 1);
	/* 2026-06-14 03:00:00 of UTC. */
	assert_log(&c, "90000.000000000 t instant ok->ok warning \"\"\n"
		       "93600.000000000 t instant ok->ok warning \"\"\n"
		       "97200.000000000 t instant ok->ok warning \"\"\n"
		       "100800.000000000 t instant ok->ok warning \"\"\n"
		       "104400.000000000 t instant ok->ok warning \"\"\n"
		       "108000.000000000 t instant ok->ok warning \"\"\n"
		       "111600.000000000 t instant ok->ok warning \"\"\n"
		       "115200.000000000 t instant ok->ok warning \"\"\n"
		       "118800.000000000 t instant ok->ok warning \"\"\n"
		       "122400.000000000 t instant ok->ok warning \"\"\n"
		       "126000.000000000 t instant ok->ok warning \"\"\n"
		       "129600.000000000 t instant ok->ok warning \"\"\n"
		       "133200.000000000 t instant ok->ok warning \"\"\n"
		       "136800.000000000 t instant ok->ok warning \"\"\n"
		       "140400.000000000 t instant ok->ok warning \"\"\n"
		       "144000.000000000 t instant ok->ok warning \"\"\n"
		       "147600.000000000 t instant ok->ok warning \"\"\n"
		       "151200.000000000 t instant ok->ok warning \"\"\n"
		       "154800.000000000 t instant ok->ok warning \"\"\n"
		       "158400.000000000 t instant ok->ok warning \"\"\n"
		       "162000.000000000 t instant ok->ok warning \"\"\n"
		       "165600.000000000 t instant ok->ok warning \"\"\n"
		       "169200.000000000 t instant ok->ok warning \"\"\n"
		       "171000.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_a_slot_can_be_held_back(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  r: {at: '06:00', inhibited_by: [down]}\n"
	      "  down: {when: x.p}\n",
	      "2026-06-12 03:59:50");
	feed_bool(&c, 1, "x.p", true);
	assert_log(&c, "1.000000000 down fire ok->firing warning \"\" x.p=true\n");
	tick(&c, 11);
	assert_log(&c, "10.000000000 r instant ok->ok warning held \"\"\n");
	assert_int_equal(engine_ack(c.engine, 0, (struct boot){12 * NSEC_PER_SEC}), -EINVAL);
	rules_case_done(&c);
}

/* ---- schedule --------------------------------------------------------------------------- */

static void test_outside_its_schedule_a_rule_is_inactive(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  r:\n"
	      "    when: x.a > 5\n"
	      "    for: 30s\n"
	      "    clear_for: 10m\n"
	      "    schedule: mon..fri 06:00..22:00\n",
	      "2026-06-12 19:59:00");
	engine_rule(c.engine, 0, &rule);
	assert_false(rule.inactive);
	assert_int_equal(rule.planned.ns, 60 * NSEC_PER_SEC);
	feed_number(&c, 0, "x.a", 6);
	feed_number(&c, 25, "x.a", 6);
	tick(&c, 31);
	assert_log(&c, "0.000000000 r pending ok->pending warning \"\" x.a=6\n"
		       "30.000000000 r fire pending->firing warning \"\" x.a=6\n");
	feed_number(&c, 50, "x.a", 6);
	tick(&c, 61);
	/* At once, whatever clear_for says. */
	assert_log(&c, "60.000000000 r clear firing->ok warning active=30.000000000 "
		       "reason=schedule \"\" x.a=6\n");
	engine_rule(c.engine, 0, &rule);
	assert_true(rule.inactive);
	assert_int_equal(rule.condition, 0);
	assert_int_equal(rule.planned.ns, (int64_t)(60 + 2 * D + 8 * H) * NSEC_PER_SEC);
	feed_number(&c, 70, "x.a", 7);
	tick(&c, 2 * D);
	assert_log(&c, "");
	feed_number(&c, 60 + 2 * D + 8 * H - 10, "x.a", 8);
	assert_log(&c, "");
	tick(&c, 60 + 2 * D + 8 * H + 1);
	assert_log(&c, "201660.000000000 r pending ok->pending warning \"\" x.a=8\n");
	rules_case_done(&c);
}

static void test_what_pends_or_is_latched_when_the_schedule_ends(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  pends: {when: x.p, for: 30s, schedule: '06:00..22:00'}\n"
	      "  clears: {when: x.q, clear_for: 30s, schedule: '06:00..22:00'}\n"
	      "  latched: {when: x.p, latch: true, schedule: '06:00..22:00'}\n"
	      "  acked: {when: x.p, latch: true, schedule: '06:00..22:00'}\n",
	      "2026-06-12 19:59:00");
	feed_bool(&c, 20, "x.q", true);
	feed_bool(&c, 30, "x.p", true);
	feed_bool(&c, 31, "x.q", false);
	assert_int_equal(engine_ack(c.engine, 3, (struct boot){32 * NSEC_PER_SEC}), 0);
	feed_bool(&c, 45, "x.p", true);
	feed_bool(&c, 45, "x.q", false);
	assert_non_null(strstr(rules_case_log(&c), "acked ack firing->firing"));
	/* What ends with the schedule does not fire. */
	tick(&c, 61);
	assert_log(&c, "60.000000000 pends calm pending->ok warning reason=schedule \"\" "
		       "x.p=true\n"
		       "60.000000000 clears clear clearing->ok warning active=40.000000000 "
		       "reason=schedule \"\" x.q=false\n"
		       "60.000000000 latched return firing->returned warning "
		       "active=30.000000000 reason=schedule \"\" x.p=true\n"
		       "60.000000000 acked clear firing->ok warning active=30.000000000 "
		       "reason=schedule \"\" x.p=true\n");
	feed_bool(&c, 62, "x.p", true);
	assert_log(&c, "");
	assert_int_equal(engine_ack(c.engine, 2, (struct boot){63 * NSEC_PER_SEC}), 0);
	assert_log(&c, "63.000000000 latched clear returned->ok warning active=33.000000000 "
		       "reason=acknowledged \"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_a_latched_alarm_fires_again_in_the_next_schedule(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  r: {when: x.a > 5, clear: x.a < 3, latch: true, schedule: '06:00..22:00'}\n",
	      "2026-06-12 19:59:55");
	feed_number(&c, 1, "x.a", 6);
	tick(&c, 6);
	assert_log(&c, "1.000000000 r fire ok->firing warning \"\" x.a=6\n"
		       "5.000000000 r return firing->returned warning active=4.000000000 "
		       "reason=schedule \"\" x.a=6\n");
	feed_number(&c, 8 * H, "x.a", 6);
	assert_log(&c, "");
	tick(&c, 8 * H + 6);
	assert_log(&c, "28805.000000000 r refire returned->firing warning "
		       "active=28804.000000000 \"\" x.a=6\n");
	rules_case_done(&c);
}

static void test_nobody_is_blind_outside_the_schedule(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  r: {when: x.a > 5, blind_after: 1m, schedule: '06:00..22:00'}\n",
	      "2026-06-12 19:59:30");
	/* Unknown from the start, but inactive before the minute is over. */
	tick(&c, 8 * H);
	assert_log(&c, "");
	tick(&c, 8 * H + 30 + 61);
	assert_log(&c, "28890.000000000 r blind ok->ok warning \"\" x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_fault_G2_without_a_clock_a_rule_is_active(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n  r: {when: x.p, schedule: '06:00..22:00'}\n", NULL);
	engine_set_wall(c.engine, (struct boot){0}, (struct wall){0}, false);
	feed_bool(&c, 1, "x.p", true);
	assert_log(&c, "1.000000000 r fire ok->firing warning \"\" x.p=true\n");
	set_clock(&c, 2, "2026-06-12 22:00:00");
	assert_log(&c, "2.000000000 r clear firing->ok warning active=1.000000000 "
		       "reason=schedule \"\" x.p=true\n");
	engine_set_wall(c.engine, (struct boot){3 * NSEC_PER_SEC}, (struct wall){0}, false);
	assert_log(&c, "3.000000000 r fire ok->firing warning \"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_a_reload_with_another_schedule(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n  r: {when: x.a > 5, for: 60s, schedule: '06:00..22:00'}\n",
	      "2026-06-12 12:00:00");
	feed_number(&c, 1, "x.a", 6);
	assert_log(&c, "1.000000000 r pending ok->pending warning \"\" x.a=6\n");
	/* The condition is the same: it goes on, in the schedule. */
	reload(&c, 10, berlin, "rules:\n  r: {when: x.a > 5, for: 60s, schedule: mon-fri}\n");
	feed_number(&c, 30, "x.a", 6);
	feed_number(&c, 55, "x.a", 6);
	tick(&c, 60);
	assert_log(&c, "");
	tick(&c, 62);
	assert_log(&c, "61.000000000 r fire pending->firing warning \"\" x.a=6\n");
	reload(&c, 70, berlin, "rules:\n  r: {when: x.a > 5, for: 60s, schedule: 'sat,sun'}\n");
	assert_log(&c, "70.000000000 r clear firing->ok warning active=9.000000000 "
		       "reason=schedule \"\" x.a=6\n");
	reload(&c, 71, berlin, "rules:\n  r: {when: x.a > 5, for: 60s}\n");
	assert_log(&c, "71.000000000 r pending ok->pending warning \"\" x.a=6\n");
	rules_case_done(&c);
}

static void test_a_reload_ends_an_alarm_that_nobody_has_looked_at(void **state)
{
	struct engine_restored restored;
	struct rules_case c;
	struct str bytes;

	(void)state;
	start(&c, "rules:\n  r: {when: x.a > 5}\n", "2026-03-27 10:00:00");
	feed_number(&c, 1, "x.a", 9);
	rules_case_log(&c);
	str_init(&bytes);
	engine_save(c.engine, (struct boot){2 * NSEC_PER_SEC}, (struct wall){0}, &bytes);
	engine_free(c.engine);
	rules_case_start(&c);
	engine_restore(c.engine, bytes.s, bytes.len, (struct boot){2 * NSEC_PER_SEC}, 0,
		       &restored);
	set_clock(&c, 2, "2026-03-27 10:00:02");
	/* Read for the last time before it began to fire again: nothing says how it is now. */
	reload(&c, 10, berlin, "rules:\n  r: {when: x.a > 5, schedule: 'sat,sun'}\n");
	assert_log(&c, "10.000000000 r clear firing->ok warning active=9.000000000 "
		       "reason=schedule \"\" x.a=unknown(bad)\n");
	str_done(&bytes);
	rules_case_done(&c);
}

static void test_a_reload_in_another_zone_wakes_what_remembers_the_clock(void **state)
{
	static const char text[] = "rules:\n  r: {when: 'since(tod() < 10:30) > 5s'}\n"
				   "  s: {on: falls(tod() < 10:30)}\n";
	struct rules_case c;

	(void)state;
	start(&c, text, "2026-03-27 08:40:00");
	tick(&c, 10);
	assert_log(&c, "5.000000001 r fire ok->firing warning \"\"\n");
	reload(&c, 20, helsinki, text);
	assert_log(&c, "20.000000000 r clear firing->ok warning active=14.999999999 \"\"\n"
		       "20.000000000 s instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_a_new_rule_is_looked_at_that_reads_the_clock_through_a_point(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "derived: {night: {value: 'between(22:00, 06:00)'}}\n"
	      "rules: {q: {when: x.a > 1}}\n",
	      "2026-03-27 23:00:00");
	reload(&c, 20, berlin,
	       "derived: {night: {value: 'between(22:00, 06:00)'}}\n"
	       "rules: {r: {when: night}}\n");
	assert_log(&c, "20.000000000 r fire ok->firing warning \"\" night=true\n");
	rules_case_done(&c);
}

static void test_a_default_schedule_is_for_states_only(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	start(&c,
	      "defaults: {rules: {schedule: '06:00..22:00'}}\n"
	      "rules:\n"
	      "  r: {when: x.p}\n"
	      "  bell: {on: rises(x.p)}\n"
	      "  report: {at: '06:00'}\n",
	      "2026-06-12 22:00:00");
	engine_rule(c.engine, 0, &rule);
	assert_true(rule.inactive);
	feed_bool(&c, 1, "x.p", false);
	feed_bool(&c, 2, "x.p", true);
	assert_log(&c, "2.000000000 bell instant ok->ok warning \"\" x.p=true\n");
	rules_case_done(&c);
}

/* ---- errors, explanations --------------------------------------------------------------- */

static void test_what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *rule, *message;
		unsigned line;
	} rows[] = {
		{"at: '06:00'\n    when: x.p", "a rule has either 'when' or 'at'", 3},
		{"on: rises(x.p)\n    at: '06:00'", "a rule has either 'on' or 'at'", 4},
		{"at: '06:00'\n    for: 10s",
		 "'for' belongs to 'when'; an instant has no state", 4},
		{"at: '06:00'\n    schedule: mon-fri",
		 "'schedule' belongs to 'when'; an instant has no state", 4},
		{"on: rises(x.p)\n    schedule: mon-fri",
		 "'schedule' belongs to 'when'; an instant has no state", 4},
		{"at: '25:00'", "there is no such time of day", 3},
		{"at: 06:00..22:00", "this is a span of time, and a slot is an instant", 3},
		{"at: '06:00 mox'", "unknown day 'mox'", 3},
		{"at: x.p", "unknown day 'x'", 3},
		{"at: {}", "expected slots such as 06:00 mon-fri, or every 10m, got a map", 3},
		{"at: '06:00'\n    message: '${margin}'", "an instant has no ${margin}", 4},
		{"when: x.p\n    schedule: '06:00'", "this span has no end", 4},
		{"when: x.p\n    schedule: 06:00..06:00", "this span is empty", 4},
		{"when: x.p\n    schedule: 1..5 06:00..22:00",
		 "a span has no days of the month", 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rules_case c;
		struct arena *arena = arena_new();
		const struct diag *diag;

		rules_case_init_in(&c, berlin,
				   arena_printf(arena, "rules:\n  r:\n    %s\n", rows[i].rule));
		diags_own(c.conf.diags, arena);
		assert_null(c.set);
		assert_int_equal(diags_errors(c.conf.diags), 1);
		diag = diags_get(c.conf.diags, 0);
		if (strcmp(diag->message, rows[i].message) != 0)
			print_error("%s\n%s", rows[i].rule, conf_case_said(&c.conf));
		assert_string_equal(diag->message, rows[i].message);
		assert_int_equal(diag->line, rows[i].line);
		rules_case_done(&c);
	}
}

static void test_a_rule_with_at_has_nothing_to_explain(void **state)
{
	struct rules_case c;
	struct explain explain;

	(void)state;
	start(&c, "rules:\n  r:\n    at: 06:00 mon-fri\n", "2026-06-12 22:00:00");
	explain_rule(c.conf.arena, c.set, c.engine, 0, (struct boot){0}, &explain);
	assert_int_equal(explain.part_count, 0);
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slot_is_an_instant_with_its_message),
		cmocka_unit_test(test_slots_of_many_forms),
		cmocka_unit_test(test_fault_G4_each_slot_once_where_clocks_go_forward_and_back),
		cmocka_unit_test(test_every_goes_by_boot_time_alone),
		cmocka_unit_test(test_fault_G2_slots_wait_until_the_clock_is_set),
		cmocka_unit_test(test_fault_G1_steps_of_the_clock_plan_anew),
		cmocka_unit_test(test_a_box_that_slept_makes_up_for_the_last_hour),
		cmocka_unit_test(test_a_reload_neither_repeats_nor_forgets_a_slot),
		cmocka_unit_test(test_a_slot_can_be_held_back),
		cmocka_unit_test(test_outside_its_schedule_a_rule_is_inactive),
		cmocka_unit_test(test_what_pends_or_is_latched_when_the_schedule_ends),
		cmocka_unit_test(test_a_latched_alarm_fires_again_in_the_next_schedule),
		cmocka_unit_test(test_nobody_is_blind_outside_the_schedule),
		cmocka_unit_test(test_fault_G2_without_a_clock_a_rule_is_active),
		cmocka_unit_test(test_a_reload_with_another_schedule),
		cmocka_unit_test(test_a_reload_ends_an_alarm_that_nobody_has_looked_at),
		cmocka_unit_test(test_a_reload_in_another_zone_wakes_what_remembers_the_clock),
		cmocka_unit_test(
			test_a_new_rule_is_looked_at_that_reads_the_clock_through_a_point),
		cmocka_unit_test(test_a_default_schedule_is_for_states_only),
		cmocka_unit_test(test_what_is_wrong_is_told),
		cmocka_unit_test(test_a_rule_with_at_has_nothing_to_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
