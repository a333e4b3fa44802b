/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A million transactions with a TCP device that loses, delays, repeats, reorders, cuts, mixes
 * up and makes up answers; see bed.h. On a virtual clock, from seeds: each run is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "bed.h"

enum { TRANSACTIONS = 1000000 };

static const int64_t timeout_ns = BED_TIMEOUT_MS * NSEC_PER_MSEC;

static void good(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
	bed->slaves.peer.fragment = 0;
	bed->slaves.peer.pace_ns = 0;
	slave_answers(&bed->slaves, link, request, bed_soon());
}

static void send_frame(struct virtual_link *link, const uint8_t *frame, size_t len)
{
	virtual_send(link, frame, len, bed_soon());
}

static void lost(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
}

static void late(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
	int64_t delay = virtual_random(timeout_ns / 2, 3 * timeout_ns);

	bed_felt(bed, delay);
	slave_answers(&bed->slaves, link, request, delay);
}

static void at_the_deadline(struct bed *bed, struct virtual_link *link,
			    const struct slave_request *request)
{
	int64_t delay = timeout_ns + virtual_random(-2, 2) * NSEC_PER_USEC;

	bed_felt(bed, delay);
	slave_answers(&bed->slaves, link, request, delay);
}

static void twice(struct bed *bed, struct virtual_link *link,
		  const struct slave_request *request)
{
	int64_t delay = virtual_random(0, 2 * timeout_ns);

	bed_felt(bed, delay);
	slave_answers(&bed->slaves, link, request, bed_soon());
	slave_answers(&bed->slaves, link, request, delay);
}

/*
 * An id that can't be told from the right one is excluded: that of another request to the same
 * unit with an answer of the same shape, as long as it may be under way, or may be soon.
 */
static bool may_be_used(const struct bed *bed, uint16_t id, const struct slave_request *request)
{
	if ((uint16_t)(id - request->id) < BED_ASKED)
		return false;
	for (size_t i = 0; i < BED_ASKED; i++) {
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
		slave_answers(&bed->slaves, link, &other, bed_soon());
		return;
	}
}

static void id_of_an_earlier_one(struct bed *bed, struct virtual_link *link,
				 const struct slave_request *request)
{
	const struct slave_request *earlier = &bed->asked[(request->serial - 20) % BED_ASKED];

	if (earlier->serial != 0)
		slave_answers(&bed->slaves, link, earlier, bed_soon());
	slave_answers(&bed->slaves, link, request, bed_soon());
}

static void wrong_unit(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request)
{
	struct slave_request other = *request;

	other.unit = (uint8_t)(request->unit % BED_UNITS + 1);
	slave_answers(&bed->slaves, link, &other, bed_soon());
}

static void wrong_function(struct bed *bed, struct virtual_link *link,
			   const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);

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
	len = bed_frame(bed, &other, frame);
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
	bed_felt(bed, NSEC_PER_SEC);
	slave_refuses(&bed->slaves, link, request,
		      codes[virtual_random(0, ARRAY_SIZE(codes) - 1)], bed_soon());
}

static void cut(struct bed *bed, struct virtual_link *link, const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);

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
		bed_mute(bed, link);
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
	bed_mute(bed, link);
}

static void connects_fail(struct bed *bed, struct virtual_link *link,
			  const struct slave_request *request)
{
	int64_t until = virtual_random(0, 3 * NSEC_PER_SEC);

	bed->slaves.peer.connect = virtual_random(0, 1) ? VIRTUAL_REFUSES : VIRTUAL_BLACK_HOLE;
	virtual_event_start(&bed->trouble, clock_mono().ns + until);
	bed_felt(bed, until + NSEC_PER_SEC);
	virtual_reset(link, bed_soon());
}

static void dribble(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	bed->slaves.peer.fragment = (size_t)virtual_random(0, 3);
	bed->slaves.peer.pace_ns = virtual_random(0, 1) * virtual_random(0, NSEC_PER_MSEC);
	bed_felt(bed, timeout_ns);
	slave_answers(&bed->slaves, link, request, bed_soon());
}

static const struct fault faults[] = {
	{"lost", lost, FAULT_LOSES},
	{"late", late, FAULT_DOES},
	{"late", late, FAULT_DOES},
	{"at the deadline", at_the_deadline, FAULT_DOES},
	{"twice", twice, FAULT_DOES},
	{"twice", twice, FAULT_DOES},
	{"wrong id", wrong_id, FAULT_DOES},
	{"id of an earlier one", id_of_an_earlier_one, FAULT_DOES},
	{"wrong unit", wrong_unit, FAULT_DOES},
	{"wrong function", wrong_function, FAULT_DOES},
	{"wrong count", wrong_count, FAULT_DOES},
	{"refusal", refusal, FAULT_REFUSES},
	{"cut", cut, FAULT_DOES},
	{"closed", closed, FAULT_DOES},
	{"garbage", garbage, FAULT_DOES},
	{"connects fail", connects_fail, FAULT_DOES},
	{"dribble", dribble, FAULT_DOES},
	{"dribble", dribble, FAULT_DOES},
};

static const struct bed_config config = {
	.name = "TCP",
	.host = "10.0.0.1",
	.good = good,
	.faults = faults,
	.fault_count = ARRAY_SIZE(faults),
};

static void test_no_value_goes_astray_on_tcp(void **state)
{
	static const int depths[] = {1, 4, 16, 2};
	struct bed_totals totals = {0};
	char bus[200];

	for (uint64_t seed = 1; totals.requests < TRANSACTIONS; seed++) {
		snprintf(bus, sizeof(bus),
			 "modbus: 'tcp://10.0.0.1', timeout: 200ms, connect_timeout: 300ms, "
			 "reconnect_min: 50ms, reconnect_max: 1s, in_flight: %d",
			 depths[seed % ARRAY_SIZE(depths)]);
		bed_live(bed_new(seed, &config, bus, NULL), 4, &totals);
	}
	bed_judge(&config, &totals);
}

/* Whether the test would see it: devices that give, well-formed, what was not asked for. */
static void test_values_that_are_wrong_are_seen(void **state)
{
	bed_show_lies(&config, "modbus: 'tcp://10.0.0.1'");
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
