/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Totals of GPIO points over reloads and restarts: to which point they go. There is no chip,
 * and none is needed: what was counted is given and asked for as bytes.
 */
#include "daemon/totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "daemon/boxes.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/running.h"
#include "io/loop.h"
#include "model/point.h"

struct life {
	char directory[64], path[128];
	struct loop *loop;
	struct state *state;
	struct running now;
	struct totals totals;
};

static void put_nothing(void *arg, const struct reading *reading)
{
	(void)arg;
	(void)reading;
}

static void event_nothing(void *arg, const struct event *event)
{
	(void)arg;
	(void)event;
}

static struct config *life_config(struct life *life, const char *text)
{
	struct diags *diags = diags_new(10);
	struct config *config;
	struct str said;
	FILE *file = fopen(life->path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	config = config_load(life->path, false, diags);
	str_init(&said);
	diags_render(diags, &said);
	if (config == NULL)
		fail_msg("%s", said.s);
	str_done(&said);
	diags_free(diags);
	return config;
}

static struct running life_open(struct life *life, const char *text, const struct running *old)
{
	struct running_scope scope = {
		.loop = life->loop,
		.boxes = state_boxes(life->state),
		.readings = {put_nothing, NULL},
		.events = {event_nothing, NULL},
	};
	struct diags *diags = diags_new(10);
	struct running next = {0};

	assert_true(running_open(&scope, life_config(life, text), old, &next, diags));
	diags_free(diags);
	return next;
}

static void life_begin(struct life *life, const char *text)
{
	const struct state_config config = {
		.directory = life->directory, .max_bytes = 64 << 20, .boot_id = "b"};
	const struct state_host host = {0};
	struct error err;

	life->loop = loop_new(NULL);
	life->totals = (struct totals){0};
	life->state = state_open(life->loop, &config, &host, &err);
	assert_non_null(life->state);
	life->now = life_open(life, text, NULL);
	totals_start(&life->totals, &life->now, life->state);
	state_forget_found(life->state);
}

static void life_reload(struct life *life, const char *text)
{
	struct running old = life->now, next = life_open(life, text, &old);

	running_move(&old, &next);
	life->now = next;
	totals_move(&life->totals, &old);
	running_close(&old);
	/* As the daemon has it: they are saved at once. */
	state_changed(life->state, true);
}

static void life_end(struct life *life)
{
	state_stop(life->state, mono_add(clock_mono(), 60 * NSEC_PER_SEC));
	running_close(&life->now);
	state_free(life->state);
	totals_done(&life->totals);
	loop_free(life->loop);
}

static int set_up(void **state)
{
	struct life *life = calloc(1, sizeof(*life));

	strcpy(life->directory, "/tmp/gauged-totals-XXXXXX");
	assert_non_null(mkdtemp(life->directory));
	snprintf(life->path, sizeof(life->path), "%s/gauged.yaml", life->directory);
	*state = life;
	return 0;
}

static int tear_down(void **state)
{
	struct life *life = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", life->directory);
	assert_int_equal(system(command), 0);
	free(life);
	return 0;
}

/* ---- what a point has counted */

static struct bus *life_bus(const struct life *life, const char *name, uint32_t *ret_point)
{
	*ret_point = point_table_find(life->now.config->points, name, strlen(name));
	for (size_t i = 0; i < life->now.config->bus_count; i++)
		if (bus_owns(life->now.buses[i], *ret_point))
			return life->now.buses[i];
	fail_msg("there is no point %s", name);
	return NULL;
}

static void life_count(const struct life *life, const char *name, uint8_t more)
{
	const uint8_t bytes[17] = {1, more};
	uint32_t point;
	struct bus *bus = life_bus(life, name, &point);

	assert_true(bus_restore(bus, point, bytes, sizeof(bytes)));
}

struct asked {
	uint32_t point;
	int count;
};

static void asked_keep(void *arg, uint32_t point, const void *bytes, size_t len)
{
	struct asked *asked = arg;

	assert_int_equal(len, 17);
	if (point == asked->point)
		asked->count = ((const uint8_t *)bytes)[1];
}

static int counted(const struct life *life, const char *name)
{
	struct asked asked = {0};
	struct bus *bus = life_bus(life, name, &asked.point);

	bus_save(bus, (struct input_keeper){asked_keep, &asked, true});
	return asked.count;
}

#define BUS(bus, device, points)                                                        \
	"buses: {" bus ": {gpio: {chip: none-such}}}\ndevices: {" device ": {bus: " bus \
	", points: {" points "}}}\n"
#define NONE \
	"buses: {x: {gpio: {chip: none-such}}}\ndevices: {e: {bus: x, points: {l: {line: 1}}}}\n"

static void test_total_goes_on_under_a_bus_of_another_name(void **state)
{
	struct life *life = *state;

	life_begin(life, BUS("old", "d", "n: {line: 1, count: rising}"));
	life_count(life, "d.n", 42);
	life_reload(life, BUS("new", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 42);
	life_count(life, "d.n", 1);
	life_end(life);
	life_begin(life, BUS("newer", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 43);
	life_end(life);
}

static void test_total_goes_on_when_the_bus_changes(void **state)
{
	struct life *life = *state;

	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}, p: {quadrature: [2, 3]}"));
	life_count(life, "d.n", 9);
	life_count(life, "d.p", 5);
	life_reload(life, BUS("b", "d", "p: {quadrature: [2, 3]}, n: {line: 7, count: both}"));
	assert_int_equal(counted(life, "d.n"), 9);
	assert_int_equal(counted(life, "d.p"), 5);
	life_end(life);
	/* As it was at the end, though nothing was counted since the reload. */
	life_begin(life, BUS("b", "d", "n: {line: 7, count: both}"));
	assert_int_equal(counted(life, "d.n"), 9);
	life_end(life);
}

static void test_total_waits_for_its_point(void **state)
{
	struct life *life = *state;

	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	life_count(life, "d.n", 42);
	life_reload(life, NONE);
	life_reload(life, NONE);
	life_reload(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 42);
	/* Not twice. */
	life_reload(life, BUS("c", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 42);
	life_end(life);
}

static void test_total_waits_over_a_restart(void **state)
{
	struct life *life = *state;

	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	life_count(life, "d.n", 42);
	life_reload(life, NONE);
	life_end(life);
	life_begin(life, NONE);
	life_reload(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 42);
	life_count(life, "d.n", 2);
	life_end(life);
	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 44);
	life_end(life);
}

static void test_total_waits_while_its_point_counts_nothing(void **state)
{
	struct life *life = *state;

	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	life_count(life, "d.n", 7);
	life_reload(life, BUS("b", "d", "n: {line: 1}"));
	assert_int_equal(counted(life, "d.n"), 0);
	life_reload(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 7);
	life_end(life);
}

/* Something else in its place, before totals are saved: as if the store had lost it. */
static void spoil(void *arg, struct boot now, struct str *out)
{
	static const uint8_t bytes[17] = {1, 99};

	(void)now;
	(void)out;
	state_put(arg, "total:d.n", bytes, sizeof(bytes));
}

static void test_total_that_waits_is_written_anew_with_the_store(void **state)
{
	struct state_part part = {.key = "spoil", .save = spoil};
	struct life *life = *state;

	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	life_count(life, "d.n", 42);
	life_reload(life, NONE);
	life_end(life);
	life_begin(life, NONE);
	part.arg = life->state;
	state_add(life->state, &part);
	totals_lost(&life->totals);
	life_end(life);
	life_begin(life, BUS("b", "d", "n: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n"), 42);
	life_end(life);
}

static void test_totals_that_wait_have_a_limit(void **state)
{
	static const uint8_t bytes[17] = {1, 1};
	struct life *life = *state;

	life_begin(life, NONE);
	for (int i = 0; i < TOTALS_WAITING_MAX + 3; i++) {
		char key[32];

		snprintf(key, sizeof(key), "total:d.n%d", i);
		totals_found(&life->totals, key, bytes, sizeof(bytes));
		totals_found(&life->totals, key, bytes, sizeof(bytes));
	}
	assert_int_equal(life->totals.waiting_count, TOTALS_WAITING_MAX);
	totals_found(&life->totals, "engine", bytes, sizeof(bytes));
	totals_found(&life->totals, "t", bytes, sizeof(bytes));
	assert_int_equal(life->totals.waiting_count, TOTALS_WAITING_MAX);
	life_reload(life, BUS("b", "d", "n0: {line: 1, count: rising}"));
	assert_int_equal(counted(life, "d.n0"), 1);
	assert_int_equal(life->totals.waiting_count, TOTALS_WAITING_MAX - 1);
	life_end(life);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_total_goes_on_under_a_bus_of_another_name),
		TEST(test_total_goes_on_when_the_bus_changes),
		TEST(test_total_waits_for_its_point),
		TEST(test_total_waits_over_a_restart),
		TEST(test_total_waits_while_its_point_counts_nothing),
		TEST(test_total_that_waits_is_written_anew_with_the_store),
		TEST(test_totals_that_wait_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
