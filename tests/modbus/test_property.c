/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A million transactions with devices that lose, delay, repeat, reorder, cut, mix up and make
 * up answers: no value may stand at a point that is not the answer to the last request for it,
 * no write may be called done that was not, or refused that was; and when the faults end, all
 * is in step again with the first request. On a virtual clock, from seeds: each run is the
 * same.
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
#include "inputs/modbus_config.h"
#include "slaves.h"

#ifndef __SANITIZE_ADDRESS__
enum { TRANSACTIONS = 1000000 };
#else
enum { TRANSACTIONS = 100000 };
#endif

enum {
	UNITS = 4,
	ASKED = 4096,
	WRITE_ADDRESS = 300,
	WRITES = 65536,
	LAST_LOOKED_AT = 300,
	WRITES_KEPT = 1024
};

static const int64_t timeout_ns = 200 * NSEC_PER_MSEC;

struct write {
	struct bed *bed;
	uint16_t value;
};

struct bed {
	struct loop *loop;
	struct modbus_case c;
	struct slaves slaves;
	unsigned fault_percent; /* of the requests; 0: calm */
	const struct fault *only;
	size_t fault_count, faults[6]; /* kinds of this storm */
	int64_t last_fault;	       /* until then something may be wrong */
	int64_t quarantine_ns;
	struct virtual_event trouble;	   /* connects fail until then */
	bool ending;			   /* this connection can bring nothing good any more */
	bool muted;			   /* and it is left to us to see that */
	struct slave_request asked[ASKED]; /* by serial */
	uint64_t struck[64];
	/* what was seen */
	uint64_t stormy, good, bad, wrong, old, writes, done, refused, unknown, false_writes;
	uint64_t good_since[MODBUS_CASE_POINTS];
	uint8_t carried_out[WRITES];
	uint16_t next_write;
	struct write write[WRITES_KEPT];
	struct virtual_event write_event;
};

struct fault {
	const char *name;
	void (*strike)(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request);
};

/* Something of what happens now is felt until then. */
static void felt(struct bed *bed, int64_t delay_ns)
{
	int64_t until = clock_mono().ns + delay_ns;

	if (until > bed->last_fault)
		bed->last_fault = until;
}

static int64_t soon(void)
{
	return virtual_random(0, 20 * NSEC_PER_MSEC);
}

static size_t good_frame(struct bed *bed, const struct slave_request *request,
			 uint8_t frame[SLAVE_ADU])
{
	uint8_t pdu[SLAVE_ADU];
	size_t len = slave_answer(request, pdu);

	return slave_frame(&bed->slaves, request->id, request->unit, pdu, len, frame);
}

static void send_frame(struct virtual_link *link, const uint8_t *frame, size_t len)
{
	virtual_send(link, frame, len, soon());
}

/* The faults of a TCP peer. */

static void lost(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
}

static void late(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
	int64_t delay = virtual_random(timeout_ns / 2, 3 * timeout_ns);

	felt(bed, delay);
	slave_answers(&bed->slaves, link, request, delay);
}

static void at_the_deadline(struct bed *bed, struct virtual_link *link,
			    const struct slave_request *request)
{
	int64_t delay = timeout_ns + virtual_random(-2, 2);

	felt(bed, delay);
	slave_answers(&bed->slaves, link, request, delay);
}

static void twice(struct bed *bed, struct virtual_link *link,
		  const struct slave_request *request)
{
	int64_t delay = virtual_random(0, 2 * timeout_ns);

	felt(bed, delay);
	slave_answers(&bed->slaves, link, request, soon());
	slave_answers(&bed->slaves, link, request, delay);
}

/*
 * An id that can't be told from the right one is excluded: that of another request to the same
 * unit with an answer of the same shape, as long as it may be under way, or may be soon.
 */
static bool may_be_used(const struct bed *bed, uint16_t id, const struct slave_request *request)
{
	if ((uint16_t)(id - request->id) < ASKED)
		return false;
	for (size_t i = 0; i < ASKED; i++) {
		const struct slave_request *asked = &bed->asked[i];

		if (asked->serial != 0 && asked->id == id && asked->unit == request->unit &&
		    asked->function == request->function &&
		    (asked->count == request->count || asked->function <= 2))
			return false;
	}
	return true;
}

static void wrong_id(struct bed *bed, struct virtual_link *link,
		     const struct slave_request *request)
{
	struct slave_request other = *request;

	for (int i = 0; i < 10; i++) {
		other.id =
			(uint16_t)(virtual_random(0, 1) ? virtual_random(0, UINT16_MAX)
							: request->id - virtual_random(1, 9));
		if (!may_be_used(bed, other.id, request))
			continue;
		slave_answers(&bed->slaves, link, &other, soon());
		return;
	}
}

static void id_of_an_earlier_one(struct bed *bed, struct virtual_link *link,
				 const struct slave_request *request)
{
	const struct slave_request *earlier = &bed->asked[(request->serial - 20) % ASKED];

	if (earlier->serial != 0)
		slave_answers(&bed->slaves, link, earlier, soon());
	slave_answers(&bed->slaves, link, request, soon());
}

static void wrong_unit(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request)
{
	struct slave_request other = *request;

	other.unit = (uint8_t)(request->unit % UNITS + 1);
	slave_answers(&bed->slaves, link, &other, soon());
}

static void wrong_function(struct bed *bed, struct virtual_link *link,
			   const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = good_frame(bed, request, frame);

	frame[7] =
		(uint8_t)(request->function % 4 + 1 + (virtual_random(0, 3) == 0 ? 0x80 : 0));
	send_frame(link, frame, len);
}

/* The neighbour's shape: fewer or more registers, in a frame that agrees with itself or not. */
static void wrong_count(struct bed *bed, struct virtual_link *link,
			const struct slave_request *request)
{
	struct slave_request other = *request;
	uint8_t frame[SLAVE_ADU];
	size_t len;

	if (request->function > 4)
		return;
	other.count = (uint16_t)(request->count + (virtual_random(0, 1) ? 16 : -1));
	if (other.count == 0)
		other.count = 17;
	len = good_frame(bed, &other, frame);
	if (virtual_random(0, 1))
		frame[8] = (uint8_t)(frame[8] + virtual_random(-2, 2));
	if (frame[8] ==
		    (request->function <= 2 ? (request->count + 7) / 8 : 2 * request->count) &&
	    len == 9u + frame[8])
		return;
	send_frame(link, frame, len);
}

static void refusal(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	static const uint8_t codes[] = {1, 2, 3, 4, 5, 6, 10, 11, 0, 99};

	/* The device stays busy for a moment, or is asked again then: no later than this. */
	felt(bed, NSEC_PER_SEC);
	slave_refuses(&bed->slaves, link, request,
		      codes[virtual_random(0, ARRAY_SIZE(codes) - 1)], soon());
}

static void cut(struct bed *bed, struct virtual_link *link, const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = good_frame(bed, request, frame);

	bed->ending = true;
	virtual_send(link, frame, (size_t)virtual_random(0, (int64_t)len - 1), 0);
	switch (virtual_random(0, 2)) {
	case 0:
		virtual_close(link, 1);
		break;
	case 1:
		virtual_reset(link, 1);
		break;
	default:
		/* Given up when answers have been missing for long enough. */
		virtual_mute(link, 1);
		bed->muted = true;
	}
}

static void closed(struct bed *bed, struct virtual_link *link,
		   const struct slave_request *request)
{
	slave_answers(&bed->slaves, link, request, 0);
	virtual_close(link, virtual_random(1, 30 * NSEC_PER_MSEC));
}

static void garbage(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	uint8_t bytes[64];
	size_t len = (size_t)virtual_random(7, sizeof(bytes));

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)virtual_random(0, 255);
	/* A header that says that it is none; anything else would be one. */
	bytes[2] |= 1;
	virtual_send(link, bytes, len, 0);
	virtual_mute(link, 1);
	bed->ending = bed->muted = true;
}

static void connects_fail(struct bed *bed, struct virtual_link *link,
			  const struct slave_request *request)
{
	int64_t until = virtual_random(0, 3 * NSEC_PER_SEC);

	bed->slaves.peer.connect = virtual_random(0, 1) ? VIRTUAL_REFUSES : VIRTUAL_BLACK_HOLE;
	virtual_event_start(&bed->trouble, clock_mono().ns + until);
	felt(bed, until + NSEC_PER_SEC);
	virtual_reset(link, soon());
}

static void dribble(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	bed->slaves.peer.fragment = (size_t)virtual_random(0, 3);
	bed->slaves.peer.pace_ns = virtual_random(0, 1) * virtual_random(0, NSEC_PER_MSEC);
	felt(bed, timeout_ns);
	slave_answers(&bed->slaves, link, request, soon());
}

static const struct fault tcp_faults[] = {
	{"lost", lost},
	{"late", late},
	{"late", late},
	{"at the deadline", at_the_deadline},
	{"twice", twice},
	{"twice", twice},
	{"wrong id", wrong_id},
	{"id of an earlier one", id_of_an_earlier_one},
	{"wrong unit", wrong_unit},
	{"wrong function", wrong_function},
	{"wrong count", wrong_count},
	{"refusal", refusal},
	{"cut", cut},
	{"closed", closed},
	{"garbage", garbage},
	{"connects fail", connects_fail},
	{"dribble", dribble},
	{"dribble", dribble},
};

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
	bed->asked[request->serial % ASKED] = *request;
	if (fault == NULL && virtual_random(0, 99) < bed->fault_percent) {
		size_t i = bed->faults[virtual_random(0, (int64_t)bed->fault_count - 1)];

		fault = &tcp_faults[i];
		bed->struck[i]++;
	}
	if (fault == NULL) {
		slaves->peer.fragment = 0;
		slaves->peer.pace_ns = 0;
		carry_out(bed, request);
		slave_answers(slaves, link, request, soon());
		return;
	}
	felt(bed, 20 * NSEC_PER_MSEC);
	if (fault->strike != refusal && (fault->strike != lost || virtual_random(0, 1)))
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
}

static void closed_by_us(struct virtual_link *link)
{
	struct bed *bed = ((struct slaves *)virtual_link_peer(link))->arg;

	if (bed->muted)
		felt(bed, 0);
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
	struct write *write = arg;
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
	struct write *write = &bed->write[bed->next_write % WRITES_KEPT];
	struct error err;
	char name[16];

	snprintf(name, sizeof(name), "u%d.set", (int)virtual_random(1, UNITS));
	*write = (struct write){bed, bed->next_write++};
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
	for (int unit = 1; unit <= UNITS; unit++) {
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

static struct bed *bed_new(uint64_t seed, const char *bus, const char *host)
{
	struct bed *bed = xcalloc(1, sizeof(*bed));
	struct error err;
	struct str yaml;

	virtual_begin(seed);
	bed->loop = loop_new(&err);
	bed->slaves.peer.host = host;
	bed->slaves.peer.port = 502;
	bed->slaves.peer.arg = bed;
	bed->slaves.arg = bed;
	bed->slaves.request = asked;
	slaves_init(&bed->slaves, false);
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
	bed->c.input =
		input_modbus.open(bed->c.config, bed->loop,
				  (struct input_sink){.put = put, .arg = bed}, NULL, &err);
	assert_non_null(bed->c.input);
	return bed;
}

static void bed_free(struct bed *bed)
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

static const char *const trouble_counters[] = {"timeouts",	  "garbled",	 "late_answers",
					       "unknown_answers", "bad_headers", "given_up",
					       "exceptions",	  "disconnects"};

static void look(struct bed *bed, uint64_t ret[ARRAY_SIZE(trouble_counters)])
{
	for (size_t i = 0; i < ARRAY_SIZE(trouble_counters); i++)
		ret[i] = modbus_case_count(&bed->c, -1, trouble_counters[i]);
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
static void calm(struct bed *bed)
{
	uint64_t before[ARRAY_SIZE(trouble_counters)], after[ARRAY_SIZE(trouble_counters)];

	bed->fault_percent = 0;
	virtual_event_stop(&bed->write_event);
	bed->slaves.peer.fragment = 0;
	bed->slaves.peer.pace_ns = 0;
	VIRTUAL_UNTIL(bed->loop, !bed->muted && bed->trouble.place == 0, 20 * NSEC_PER_SEC);
	while (clock_mono().ns <= bed->last_fault + timeout_ns + bed->quarantine_ns)
		virtual_step(bed->loop, (struct mono){bed->last_fault + timeout_ns +
						      bed->quarantine_ns + 1});
	look(bed, before);
	memset(bed->good_since, 0, sizeof(bed->good_since));
	VIRTUAL_UNTIL(bed->loop, all_seen(bed), 130 * NSEC_PER_SEC);
	look(bed, after);
	for (size_t i = 0; i < ARRAY_SIZE(trouble_counters); i++) {
		if (before[i] != after[i])
			fail_msg("%s in calm: %ju", trouble_counters[i],
				 (uintmax_t)(after[i] - before[i]));
	}
}

static void storm(struct bed *bed, unsigned percent, int64_t ns)
{
	uint32_t before = bed->slaves.serial;

	/* A few kinds at a time: where all come together, hardly a connection lives long. */
	bed->fault_count = (size_t)virtual_random(1, ARRAY_SIZE(bed->faults));
	for (size_t i = 0; i < bed->fault_count; i++)
		bed->faults[i] = (size_t)virtual_random(0, ARRAY_SIZE(tcp_faults) - 1);
	bed->fault_percent = percent;
	virtual_event_start(&bed->write_event, 0);
	virtual_run(bed->loop, ns);
	bed->stormy += bed->slaves.serial - before;
}

struct totals {
	uint64_t requests, calm, good, bad, wrong, old, writes, done, refused, unknown,
		false_writes;
	uint64_t struck[64];
	unsigned storms;
};

static void add_up(struct totals *totals, const struct bed *bed)
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

static void test_no_value_goes_astray_on_tcp(void **state)
{
	static const unsigned percents[] = {2, 5, 10, 30};
	static const int depths[] = {1, 4, 16, 2};
	struct totals t = {0};
	char bus[200];

	for (uint64_t seed = 1; t.requests < TRANSACTIONS; seed++) {
		struct bed *bed;

		snprintf(bus, sizeof(bus),
			 "modbus: 'tcp://10.0.0.1', timeout: 200ms, connect_timeout: 300ms, "
			 "reconnect_min: 50ms, reconnect_max: 1s, in_flight: %d",
			 depths[seed % ARRAY_SIZE(depths)]);
		bed = bed_new(seed, bus, "10.0.0.1");
		for (int i = 0; i < 4; i++, t.storms++) {
			storm(bed, percents[virtual_random(0, 3)],
			      virtual_random(5, 60) * NSEC_PER_SEC);
			calm(bed);
		}
		add_up(&t, bed);
		bed_free(bed);
	}
	print_message(
		"TCP: %ju requests in %u storms, %ju between them: %ju values, %ju wrong, %ju old, %ju bad; "
		"%ju writes: %ju done, %ju refused, %ju unknown, %ju told wrongly\n",
		(uintmax_t)t.requests, t.storms, (uintmax_t)t.calm, (uintmax_t)t.good,
		(uintmax_t)t.wrong, (uintmax_t)t.old, (uintmax_t)t.bad, (uintmax_t)t.writes,
		(uintmax_t)t.done, (uintmax_t)t.refused, (uintmax_t)t.unknown,
		(uintmax_t)t.false_writes);
	for (size_t i = 0; i < ARRAY_SIZE(tcp_faults); i++) {
		print_message("  %s %ju", tcp_faults[i].name, (uintmax_t)t.struck[i]);
		assert_true(t.struck[i] > 0);
	}
	print_message("\n");
	assert_int_equal(t.wrong, 0);
	assert_int_equal(t.old, 0);
	assert_int_equal(t.false_writes, 0);
	assert_true(t.good > 2 * t.requests);
	assert_true(t.done > 0 && t.refused > 0 && t.unknown > 0);
}

/* Whether the test would see it: devices that give, well-formed, what was not asked for. */

static void next_address(struct bed *bed, struct virtual_link *link,
			 const struct slave_request *request)
{
	struct slave_request other = *request;

	other.address++;
	slave_answers(&bed->slaves, link, &other, soon());
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
	virtual_send(link, frame, len, soon());
}

static void the_last_ones(struct bed *bed, struct virtual_link *link,
			  const struct slave_request *request)
{
	struct slave_request other = *request;

	other.serial--;
	slave_answers(&bed->slaves, link, &other, soon());
}

static void test_values_that_are_wrong_are_seen(void **state)
{
	static const struct fault liars[] = {
		{"next address", next_address},
		{"other unit", other_unit},
		{"the last answer", the_last_ones},
	};

	for (size_t i = 0; i < ARRAY_SIZE(liars); i++) {
		struct bed *bed = bed_new(i, "modbus: 'tcp://10.0.0.1'", "10.0.0.1");

		bed->only = &liars[i];
		virtual_run(bed->loop, 10 * NSEC_PER_SEC);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_value_goes_astray_on_tcp),
		cmocka_unit_test(test_values_that_are_wrong_are_seen),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
