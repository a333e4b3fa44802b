/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What units that do not answer cost those that do, counted on a virtual clock: dead ones on
 * connections of their own, behind gateways, and on one serial line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/modbus_case.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "inputs/modbus.h"
#include "slaves.h"

static const int64_t run_ns = 600 * NSEC_PER_SEC;

struct bus {
	struct modbus_case c;
	struct slaves slaves;
	char host[32];
	unsigned units;
};

struct plant {
	struct loop *loop;
	size_t bus_count;
	struct bus *buses;
	int64_t poll_ns;
	bool (*dead)(const struct bus *bus, unsigned unit);
};

static void put(void *arg, const struct reading *reading)
{
}

/* A dead unit says nothing, or every other one's gateway says so after half a second. */
static void asked(struct slaves *slaves, struct virtual_link *link,
		  const struct slave_request *request)
{
	const struct plant *plant = slaves->arg;
	const struct bus *bus =
		(const struct bus *)((const char *)slaves - offsetof(struct bus, slaves));

	if (plant->dead == NULL || !plant->dead(bus, request->unit))
		slave_answers(slaves, link, request, slaves->answer_ns);
	else if (!slaves->rtu && bus->units > 1 && request->unit % 2 == 0)
		slave_refuses(slaves, link, request, 11, 500 * NSEC_PER_MSEC);
}

static void plant_init(struct plant *plant, size_t buses, unsigned units, const char *scheme,
		       const char *options, unsigned poll_ms)
{
	struct error err;

	plant->loop = loop_new(&err);
	plant->bus_count = buses;
	plant->buses = xcalloc(buses, sizeof(*plant->buses));
	plant->poll_ns = poll_ms * NSEC_PER_MSEC;
	for (size_t i = 0; i < buses; i++) {
		struct bus *bus = &plant->buses[i];
		struct str yaml;

		bus->units = units;
		snprintf(bus->host, sizeof(bus->host),
			 scheme[0] == 'r' ? "/dev/ttyV%zu" : "10.0.0.%zu", i + 1);
		str_init(&yaml);
		str_addf(&yaml, "buses: {plc: {modbus: '%s%s'%s}}\ndevices:\n", scheme,
			 bus->host, options);
		for (unsigned unit = 1; unit <= units; unit++)
			str_addf(&yaml,
				 "  u%u: {bus: plc, unit: %u, poll: %ums,"
				 " points: {a: {holding: 0}, b: {holding: 9}}}\n",
				 unit, unit, poll_ms);
		modbus_case_init(&bus->c, yaml.s, 0);
		str_done(&yaml);
		bus->c.loop = plant->loop;
		bus->slaves.arg = plant;
		bus->slaves.request = asked;
		bus->slaves.answer_ns = 10 * NSEC_PER_MSEC;
	}
}

static void plant_open(struct plant *plant, bool rtu)
{
	struct error err;

	for (size_t i = 0; i < plant->bus_count; i++) {
		struct bus *bus = &plant->buses[i];

		slaves_init(&bus->slaves, rtu);
		bus->c.input = input_modbus.open(bus->c.config, plant->loop,
						 (struct input_sink){.put = put}, NULL, &err);
		assert_non_null(bus->c.input);
	}
}

static void plant_done(struct plant *plant)
{
	for (size_t i = 0; i < plant->bus_count; i++) {
		struct bus *bus = &plant->buses[i];

		bus->c.loop = NULL;
		modbus_case_done(&bus->c);
		slaves_done(&bus->slaves);
	}
	loop_free(plant->loop);
	free(plant->buses);
}

static uint64_t answers(const struct plant *plant, uint64_t *ret_least)
{
	uint64_t sum = 0;

	*ret_least = UINT64_MAX;
	for (size_t i = 0; i < plant->bus_count; i++) {
		const struct bus *bus = &plant->buses[i];

		for (unsigned unit = 1; unit <= bus->units; unit++) {
			uint64_t n;

			if (plant->dead != NULL && plant->dead(bus, unit))
				continue;
			n = modbus_case_count(&bus->c, (int)unit - 1, "answers");
			*ret_least = n < *ret_least ? n : *ret_least;
			sum += n;
		}
	}
	return sum;
}

static unsigned healthy(const struct plant *plant)
{
	unsigned n = 0;

	for (size_t i = 0; i < plant->bus_count; i++) {
		for (unsigned unit = 1; unit <= plant->buses[i].units; unit++)
			n += plant->dead == NULL || !plant->dead(&plant->buses[i], unit);
	}
	return n;
}

/* Answers that the healthy ones gave in run_ns, and what the least lucky one gave. */
static uint64_t measure(struct plant *plant, uint64_t *ret_least)
{
	uint64_t least, sum;

	/* The first minute is for finding out who is there. */
	virtual_run(plant->loop, 60 * NSEC_PER_SEC);
	sum = answers(plant, &least);
	virtual_run(plant->loop, run_ns);
	sum = answers(plant, ret_least) - sum;
	*ret_least -= least;
	return sum;
}

static void assert_share(struct plant *plant, const char *what, unsigned percent)
{
	uint64_t least, got = measure(plant, &least);
	uint64_t each = (uint64_t)(run_ns / plant->poll_ns), due = each * healthy(plant);

	print_message("%s: %u healthy units: %ju polls due, %ju answered (%.2f %%); the least "
		      "lucky one %ju of %ju\n",
		      what, healthy(plant), (uintmax_t)due, (uintmax_t)got,
		      100.0 * (double)got / (double)due, (uintmax_t)least, (uintmax_t)each);
	assert_true(100 * got >= percent * due);
	assert_true(100 * (least + 1) >= percent * each);
}

/* 30 of 100 connections: a third silent, a third refused, a third a black hole. */
static bool dead_connection(const struct bus *bus, unsigned unit)
{
	return atoi(bus->host + 7) % 10 < 3;
}

static void test_thirty_dead_of_a_hundred_connections(void **state)
{
	struct plant plant = {.dead = dead_connection};

	virtual_begin(1);
	plant_init(&plant, 100, 1, "tcp://", "", 100);
	for (size_t i = 0; i < plant.bus_count; i++) {
		struct bus *bus = &plant.buses[i];

		bus->slaves.peer.host = bus->host;
		bus->slaves.peer.port = 502;
		if (dead_connection(bus, 1))
			bus->slaves.peer.connect = (enum virtual_connect)((i + 1) % 10);
	}
	plant_open(&plant, false);
	assert_int_equal(healthy(&plant), 70);
	assert_share(&plant, "30 of 100 connections dead", 98);
	plant_done(&plant);
	virtual_end();
}

/* 30 of 100: on each of four gateways 7 or 8 of 25. */
static bool dead_behind_gateway(const struct bus *bus, unsigned unit)
{
	return unit % 3 == 0 && (unit < 24 || atoi(bus->host + 7) % 2 == 0);
}

static void gateways(const char *what, unsigned poll_ms, const char *options, unsigned percent)
{
	struct plant plant = {.dead = dead_behind_gateway};

	virtual_begin(2);
	plant_init(&plant, 4, 25, "tcp://", options, poll_ms);
	for (size_t i = 0; i < plant.bus_count; i++) {
		plant.buses[i].slaves.peer.host = plant.buses[i].host;
		plant.buses[i].slaves.peer.port = 502;
	}
	plant_open(&plant, false);
	assert_int_equal(healthy(&plant), 70);
	assert_share(&plant, what, percent);
	plant_done(&plant);
	virtual_end();
}

static void test_thirty_dead_of_a_hundred_behind_gateways(void **state)
{
	gateways("30 of 100 behind 4 gateways dead, polled each second", 1000, "", 98);
	gateways("polled every 300 ms, timeouts of 300 ms", 300, ", timeout: 300ms", 98);
	/* Each probe takes three polls' time: what is left are the nine tenths. */
	gateways("polled every 300 ms, timeouts of 1 s", 300, "", 90);
}

static bool dead_but_two(const struct bus *bus, unsigned unit)
{
	return unit > 2;
}

/* The gateway says nothing for them: what is silent so often looks like a dead connection. */
static void silent(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request)
{
	if (request->unit <= 2)
		slave_answers(slaves, link, request, slaves->answer_ns);
}

static void test_ten_silent_of_twelve_behind_a_gateway(void **state)
{
	struct plant plant = {.dead = dead_but_two};

	virtual_begin(6);
	plant_init(&plant, 1, 12, "tcp://", "", 1000);
	plant.buses[0].slaves.peer.host = plant.buses[0].host;
	plant.buses[0].slaves.peer.port = 502;
	plant.buses[0].slaves.request = silent;
	plant_open(&plant, false);
	assert_share(&plant, "10 of 12 behind a gateway silent, polled each second", 98);
	/* Found out in the first minute, and no reason to connect anew from then on. */
	assert_true(modbus_case_count(&plant.buses[0].c, -1, "given_up") <= 10);
	plant_done(&plant);
	virtual_end();
}

/* All of them, until the power of the line behind the gateway is back. */
static bool dead_all(const struct bus *bus, unsigned unit)
{
	return true;
}

/* A minute at most, and not one unit after another. */
static void test_all_dead_units_are_found_again_together(void **state)
{
	struct plant plant = {.dead = dead_all};
	uint64_t least;

	virtual_begin(3);
	plant_init(&plant, 1, 25, "tcp://", "", 300);
	plant.buses[0].slaves.peer.host = plant.buses[0].host;
	plant.buses[0].slaves.peer.port = 502;
	plant_open(&plant, false);
	virtual_run(plant.loop, run_ns);
	plant.dead = NULL;
	assert_int_equal(answers(&plant, &least), 0);
	virtual_run(plant.loop, 65 * NSEC_PER_SEC);
	answers(&plant, &least);
	assert_true(least > 0);
	plant_done(&plant);
	virtual_end();
}

/* Eight on a line at 19200 baud. */

static bool dead_third_and_sixth(const struct bus *bus, unsigned unit)
{
	return unit == 3 || unit == 6;
}

static void line_init(struct plant *plant, unsigned units, unsigned poll_ms,
		      const char *options)
{
	plant_init(plant, 1, units, "rtu://", options, poll_ms);
	plant->buses[0].slaves.peer.path = plant->buses[0].host;
	plant->buses[0].slaves.peer.arrival = ARRIVES_BY_FIFO;
	plant_open(plant, true);
}

static void test_fault_B11_two_dead_of_eight_on_a_line(void **state)
{
	struct plant plant = {.dead = dead_third_and_sixth};

	virtual_begin(4);
	line_init(&plant, 8, 1000, ", baud: 19200");
	assert_share(&plant, "2 of 8 on a line at 19200 baud dead, polled each second", 90);
	plant_done(&plant);
	virtual_end();
}

/* As fast as the line is: what the six get against what they get where they are alone. */
static void test_fault_B11_two_dead_of_eight_on_a_full_line(void **state)
{
	static const char *const options[] = {", baud: 19200", ", baud: 19200, timeout: 200ms"};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		uint64_t alone, beside, least;
		struct plant plant = {.dead = NULL};

		virtual_begin(5);
		line_init(&plant, 6, 50, options[i]);
		alone = measure(&plant, &least);
		plant_done(&plant);
		virtual_end();

		plant = (struct plant){.dead = dead_third_and_sixth};
		virtual_begin(5);
		line_init(&plant, 8, 50, options[i]);
		beside = measure(&plant, &least);
		plant_done(&plant);
		virtual_end();
		print_message("a full line%s: 6 units alone %ju, beside 2 dead %ju (%.2f %%)\n",
			      options[i], (uintmax_t)alone, (uintmax_t)beside,
			      100.0 * (double)beside / (double)alone);
		assert_true(100 * beside >= 90 * alone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thirty_dead_of_a_hundred_connections),
		cmocka_unit_test(test_thirty_dead_of_a_hundred_behind_gateways),
		cmocka_unit_test(test_ten_silent_of_twelve_behind_a_gateway),
		cmocka_unit_test(test_all_dead_units_are_found_again_together),
		cmocka_unit_test(test_fault_B11_two_dead_of_eight_on_a_line),
		cmocka_unit_test(test_fault_B11_two_dead_of_eight_on_a_full_line),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
