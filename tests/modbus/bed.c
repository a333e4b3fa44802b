/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns storms, calms, and the judgement on what was read and written in them. */
#include "bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "inputs/modbus.h"
#include "inputs/modbus_config.h"

enum { WRITE_ADDRESS = 300, LAST_LOOKED_AT = 300 };

static const int64_t timeout_ns = BED_TIMEOUT_MS * NSEC_PER_MSEC;

void bed_felt(struct bed *bed, int64_t delay_ns)
{
	int64_t until = clock_mono().ns + delay_ns;

	if (until > bed->last_fault)
		bed->last_fault = until;
}

int64_t bed_soon(void)
{
	return virtual_random(0, 20 * NSEC_PER_MSEC);
}

size_t bed_frame(struct bed *bed, const struct slave_request *request, uint8_t frame[SLAVE_ADU])
{
	uint8_t pdu[SLAVE_ADU];
	size_t len = slave_answer(request, pdu);

	return slave_frame(&bed->slaves, request->id, request->unit, pdu, len, frame);
}

void bed_mute(struct bed *bed, struct virtual_link *link)
{
	virtual_mute(link, 1);
	bed->ending = bed->muted = true;
}

/* What the devices do. */

static void carry_out(struct bed *bed, const struct slave_request *request)
{
	if (request->function == 6)
		bed->carried_out[request->count]++;
}

static void asked(struct slaves *slaves, struct virtual_link *link,
		  const struct slave_request *request)
{
	struct bed *bed = slaves->arg;
	const struct fault *fault = bed->only;

	if (bed->ending)
		return;
	bed->asked[request->serial % BED_ASKED] = *request;
	if (fault == NULL && virtual_random(0, 99) < bed->percent) {
		size_t i = bed->kinds[virtual_random(0, (int64_t)bed->kind_count - 1)];

		fault = &bed->config->faults[i];
		bed->struck[i]++;
	}
	if (fault == NULL) {
		carry_out(bed, request);
		bed->config->good(bed, link, request);
		return;
	}
	bed_felt(bed, 20 * NSEC_PER_MSEC);
	if (fault->effect == FAULT_DOES ||
	    (fault->effect == FAULT_LOSES && virtual_random(0, 1)))
		carry_out(bed, request);
	fault->strike(bed, link, request);
}

static void opened(struct virtual_link *link)
{
	struct slaves *slaves = (struct slaves *)virtual_link_peer(link);
	struct bed *bed = slaves->arg;

	slaves->in_len = 0;
	bed->ending = false;
	memset(bed->asked, 0, sizeof(bed->asked));
	memset(bed->unit_busy, 0, sizeof(bed->unit_busy));
}

static void closed_by_us(struct virtual_link *link)
{
	struct bed *bed = ((struct slaves *)virtual_link_peer(link))->arg;

	if (bed->muted)
		bed_felt(bed, 0);
	bed->muted = false;
}

static void trouble_over(void *arg)
{
	struct bed *bed = arg;

	bed->slaves.peer.connect = VIRTUAL_ACCEPTS;
}

/* What is seen of it. */

static unsigned width_of(const struct modbus_point *point)
{
	return point->format.registers > 0 ? point->format.registers : 1;
}

/* What the point holds in the answer to the request with that serial number. */
static double value_in(const struct bed *bed, const struct modbus_point *point, uint32_t serial)
{
	uint8_t unit = bed->c.config->devices[point->device].number;
	double value = 0;

	for (unsigned i = 0; i < width_of(point); i++)
		value = 65536 * value +
			slave_value(unit, point->function, point->address + i, serial);
	return value;
}

static void diagnose(struct bed *bed, const struct modbus_point *point, double got,
		     uint32_t serial)
{
	uint32_t now = bed->slaves.serial;

	for (uint32_t i = 0; point->function > 2 && i < LAST_LOOKED_AT && i < now; i++) {
		if (value_in(bed, point, now - i) == got) {
			bed->old++;
			return;
		}
	}
	if (bed->wrong++ < 3 && bed->only == NULL)
		print_message("%s: %g is not the answer to request %u\n", point->name, got,
			      serial);
}

static void put(void *arg, const struct reading *reading)
{
	struct bed *bed = arg;
	const struct modbus_point *point = &bed->c.config->points[reading->point];
	uint8_t unit = bed->c.config->devices[point->device].number;
	uint32_t serial = bed->slaves.last[unit][point->function - 1][point->address];
	double got;

	if (reading->quality != QUALITY_GOOD) {
		bed->bad++;
		return;
	}
	bed->good++;
	bed->good_since[reading->point]++;
	got = reading->value.kind == VALUE_BOOL ? reading->value.flag : reading->value.number;
	if (serial == SLAVE_UNHEARD || got != value_in(bed, point, serial))
		diagnose(bed, point, got, serial);
}

static void write_ended(void *arg, const struct write_result *result)
{
	struct bed_write *write = arg;
	struct bed *bed = write->bed;
	unsigned carried_out = bed->carried_out[write->value];

	switch (result->outcome) {
	case WRITE_DONE:
		bed->done++;
		bed->false_writes += carried_out != 1;
		break;
	case WRITE_REFUSED:
		bed->refused++;
		bed->false_writes += carried_out != 0;
		break;
	case WRITE_UNKNOWN:
		bed->unknown++;
		bed->false_writes += carried_out > 1;
		break;
	case WRITE_DIFFERS: /* nothing is verified here */
		bed->false_writes++;
		break;
	}
}

static void write_something(void *arg)
{
	struct bed *bed = arg;
	struct bed_write *write = &bed->write[bed->next_write % BED_WRITES_KEPT];
	struct error err;
	char name[16];

	snprintf(name, sizeof(name), "u%d.set", (int)virtual_random(1, BED_UNITS));
	*write = (struct bed_write){bed, bed->next_write++};
	bed->carried_out[write->value] = 0;
	if (input_modbus.write(bed->c.input, modbus_case_point(&bed->c, name),
			       value_number(write->value), write_ended, write, &err) == 0)
		bed->writes++;
	virtual_event_start(&bed->write_event,
			    clock_mono().ns + virtual_random(0, 400 * NSEC_PER_MSEC));
}

/* Two blocks of one shape in each table, and single values, of each of the units. */
static void make_yaml(struct str *out, const char *bus)
{
	static const char *const tables[] = {"coil", "discrete", "holding", "input"};

	str_addf(out, "buses: {plc: {%s}}\ndevices:\n", bus);
	for (int unit = 1; unit <= BED_UNITS; unit++) {
		str_addf(
			out,
			"  u%d:\n    {bus: plc, unit: %d, poll: 100ms, max_hole: 4, points: {\n",
			unit, unit);
		for (int table = 0; table < 4; table++) {
			for (int i = 0; i < 16; i++)
				str_addf(out, "      %s%d: {%s: %d%s},\n", tables[table], i,
					 tables[table], i % 8 + 100 * (i / 8),
					 i % 8 == 7 && table > 1 ? ", type: uint32" : "");
			str_addf(out, "      %s-far: {%s: 250, poll: 70ms},\n", tables[table],
				 tables[table]);
		}
		str_addf(out, "      set: {holding: %d, write: true}}}\n", WRITE_ADDRESS);
	}
}

struct bed *bed_new(uint64_t seed, const struct bed_config *config, const char *bus,
		    void (*prepare)(struct bed *bed))
{
	struct bed *bed = xcalloc(1, sizeof(*bed));
	struct error err;
	struct str yaml;

	virtual_begin(seed);
	bed->config = config;
	bed->loop = loop_new(&err);
	bed->slaves.peer.host = config->host;
	bed->slaves.peer.port = 502;
	bed->slaves.peer.path = config->path;
	bed->slaves.arg = bed;
	bed->slaves.request = asked;
	slaves_init(&bed->slaves, config->rtu);
	bed->slaves.peer.opened = opened;
	bed->slaves.peer.closed = closed_by_us;
	bed->write_event = (struct virtual_event){.fn = write_something, .arg = bed};
	bed->trouble = (struct virtual_event){.fn = trouble_over, .arg = bed};
	str_init(&yaml);
	make_yaml(&yaml, bus);
	modbus_case_init(&bed->c, yaml.s, 502);
	str_done(&yaml);
	if (bed->c.config == NULL)
		fail_msg("%s", conf_case_said(&bed->c.conf));
	if (prepare != NULL)
		prepare(bed);
	bed->c.input =
		input_modbus.open(bed->c.config, bed->loop,
				  (struct input_sink){.put = put, .arg = bed}, NULL, &err);
	assert_non_null(bed->c.input);
	return bed;
}

void bed_free(struct bed *bed)
{
	virtual_event_stop(&bed->write_event);
	virtual_event_stop(&bed->trouble);
	modbus_case_done(&bed->c);
	loop_free(bed->loop);
	slaves_done(&bed->slaves);
	virtual_end();
	free(bed);
}

/* Calm. */

enum { TROUBLES = 8 };

/* Counters that stand still in the calm: by framing. */
static const char *const troubles[2][TROUBLES] = {
	{"timeouts", "garbled", "late_answers", "exceptions", "disconnects", "given_up",
	 "unknown_answers", "bad_headers"},
	{"timeouts", "garbled", "late_answers", "exceptions", "disconnects", "given_up",
	 "quarantines", "collisions"},
};

static void look(struct bed *bed, uint64_t ret[TROUBLES])
{
	for (size_t i = 0; i < TROUBLES; i++)
		ret[i] = modbus_case_count(&bed->c, -1, troubles[bed->config->rtu][i]);
}

static bool all_seen(const struct bed *bed)
{
	for (size_t i = 0; i < bed->c.config->point_count; i++) {
		if (bed->good_since[i] < 2)
			return false;
	}
	return true;
}

/*
 * From the first request on that is sent a timeout after the last fault each is answered, until
 * every point has had two more values, however long a unit or the connection is left alone.
 */
void bed_calm(struct bed *bed)
{
	uint64_t before[TROUBLES], after[TROUBLES];

	bed->percent = 0;
	virtual_event_stop(&bed->write_event);
	bed->slaves.peer.fragment = 0;
	bed->slaves.peer.pace_ns = 0;
	VIRTUAL_UNTIL(bed->loop, !bed->muted && bed->trouble.place == 0, 20 * NSEC_PER_SEC);
	while (clock_mono().ns <= bed->last_fault + timeout_ns + bed->config->quarantine_ns)
		virtual_step(bed->loop, (struct mono){bed->last_fault + timeout_ns +
						      bed->config->quarantine_ns + 1});
	look(bed, before);
	memset(bed->good_since, 0, sizeof(bed->good_since));
	VIRTUAL_UNTIL(bed->loop, all_seen(bed), 130 * NSEC_PER_SEC);
	look(bed, after);
	for (size_t i = 0; i < TROUBLES; i++) {
		if (before[i] != after[i])
			fail_msg("%s in calm: %ju", troubles[bed->config->rtu][i],
				 (uintmax_t)(after[i] - before[i]));
	}
}

void bed_storm(struct bed *bed, unsigned percent, int64_t ns)
{
	uint32_t before = bed->slaves.serial;

	/* A few kinds at a time: where all come together, hardly a connection lives long. */
	bed->kind_count = (size_t)virtual_random(1, BED_KINDS);
	for (size_t i = 0; i < bed->kind_count; i++)
		bed->kinds[i] =
			(size_t)virtual_random(0, (int64_t)bed->config->fault_count - 1);
	bed->percent = percent;
	virtual_event_start(&bed->write_event, 0);
	virtual_run(bed->loop, ns);
	bed->stormy += bed->slaves.serial - before;
}

static void add_up(struct bed_totals *totals, const struct bed *bed)
{
	totals->requests += bed->stormy;
	totals->calm += bed->slaves.serial - bed->stormy;
	totals->good += bed->good;
	totals->bad += bed->bad;
	totals->wrong += bed->wrong;
	totals->old += bed->old;
	totals->writes += bed->writes;
	totals->done += bed->done;
	totals->refused += bed->refused;
	totals->unknown += bed->unknown;
	totals->false_writes += bed->false_writes;
	for (size_t i = 0; i < ARRAY_SIZE(bed->struck); i++)
		totals->struck[i] += bed->struck[i];
}

void bed_live(struct bed *bed, unsigned storms, struct bed_totals *totals)
{
	static const unsigned percents[] = {2, 5, 10, 30};

	for (unsigned i = 0; i < storms; i++) {
		bed_storm(bed, percents[virtual_random(0, ARRAY_SIZE(percents) - 1)],
			  virtual_random(5, 60) * NSEC_PER_SEC);
		bed_calm(bed);
	}
	totals->storms += storms;
	add_up(totals, bed);
	bed_free(bed);
}

void bed_judge(const struct bed_config *config, const struct bed_totals *t)
{
	print_message("%s: %ju requests in %u storms, %ju between them: %ju values, %ju wrong, "
		      "%ju old, %ju bad; %ju writes: %ju done, %ju refused, %ju unknown, "
		      "%ju told wrongly\n",
		      config->name, (uintmax_t)t->requests, t->storms, (uintmax_t)t->calm,
		      (uintmax_t)t->good, (uintmax_t)t->wrong, (uintmax_t)t->old,
		      (uintmax_t)t->bad, (uintmax_t)t->writes, (uintmax_t)t->done,
		      (uintmax_t)t->refused, (uintmax_t)t->unknown, (uintmax_t)t->false_writes);
	for (size_t i = 0; i < config->fault_count; i++) {
		print_message("  %s %ju", config->faults[i].name, (uintmax_t)t->struck[i]);
		assert_true(t->struck[i] > 0);
	}
	print_message("\n");
	assert_int_equal(t->wrong, 0);
	assert_int_equal(t->old, 0);
	assert_int_equal(t->false_writes, 0);
	assert_true(t->good > 2 * t->requests);
	assert_true(t->done > 0 && t->refused > 0 && t->unknown > 0);
}

/* Whether the test would see it: devices that give, well-formed, what was not asked for. */

static void next_address(struct bed *bed, struct virtual_link *link,
			 const struct slave_request *request)
{
	struct slave_request other = *request;

	other.address++;
	slave_answers(&bed->slaves, link, &other, bed_soon());
}

static void other_unit(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request)
{
	struct slave_request other = *request;
	uint8_t pdu[SLAVE_ADU], frame[SLAVE_ADU];
	size_t len;

	other.unit++;
	len = slave_answer(&other, pdu);
	len = slave_frame(&bed->slaves, request->id, request->unit, pdu, len, frame);
	virtual_send(link, frame, len, bed_soon());
}

static void the_last_ones(struct bed *bed, struct virtual_link *link,
			  const struct slave_request *request)
{
	struct slave_request other = *request;

	other.serial--;
	slave_answers(&bed->slaves, link, &other, bed_soon());
}

void bed_show_lies(const struct bed_config *config, const char *bus)
{
	static const struct fault liars[] = {
		{"next address", next_address, FAULT_DOES},
		{"other unit", other_unit, FAULT_DOES},
		{"the last answer", the_last_ones, FAULT_DOES},
	};

	for (size_t i = 0; i < ARRAY_SIZE(liars); i++) {
		struct bed *bed = bed_new(i, config, bus, NULL);

		bed->only = &liars[i];
		virtual_run(bed->loop, 20 * NSEC_PER_SEC);
		print_message("%s: %ju values, %ju wrong, %ju old\n", liars[i].name,
			      (uintmax_t)bed->good, (uintmax_t)bed->wrong, (uintmax_t)bed->old);
		/* Of single bits half are right by chance. */
		assert_true(bed->good > 1000);
		assert_true(bed->wrong + bed->old > bed->good / 2);
		if (liars[i].strike == the_last_ones)
			assert_true(bed->old > bed->good / 4);
		bed_free(bed);
	}
}
