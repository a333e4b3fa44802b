/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Four hundred thousand transactions on serial lines with units that lose, delay, cut, damage
 * and mix up answers, among noise, echoes and collisions; see bed.h. What an RTU answer can't
 * tell, for it has neither number nor address, is not asked of it: units answer in the order in
 * which they were asked, and no later than the line is kept waiting for them.
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

enum { TRANSACTIONS = 300000, TRANSACTIONS_SERVER = 100000 };

static const int64_t timeout_ns = BED_TIMEOUT_MS * NSEC_PER_MSEC;

/* The frame leaves after delay, but behind whatever the unit has to answer before. */
static int64_t in_order(struct bed *bed, uint8_t unit, int64_t delay_ns)
{
	int64_t now = clock_mono().ns, at = now + delay_ns;

	if (at <= bed->unit_busy[unit])
		at = bed->unit_busy[unit] + NSEC_PER_MSEC;
	bed->unit_busy[unit] = at;
	return at - now;
}

static void send_in_order(struct bed *bed, struct virtual_link *link, uint8_t unit,
			  const uint8_t *bytes, size_t len)
{
	virtual_send(link, bytes, len, in_order(bed, unit, bed_soon()));
}

/* It has nothing to answer from before. */
static bool at_once(const struct bed *bed, uint8_t unit)
{
	return clock_mono().ns >= bed->unit_busy[unit];
}

/* A unit that is busy with an earlier request hears half of what it is asked. */
static bool hears(const struct bed *bed, uint8_t unit)
{
	return at_once(bed, unit) || virtual_random(0, 1);
}

static void good(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);

	if (!at_once(bed, request->unit))
		bed_felt(bed, timeout_ns);
	if (hears(bed, request->unit))
		send_in_order(bed, link, request->unit, frame, len);
}

static void lost(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
}

static void late(struct bed *bed, struct virtual_link *link,
		 const struct slave_request *request)
{
	int64_t delay = in_order(bed, request->unit,
				 virtual_random(timeout_ns / 2, 5 * timeout_ns / 2));

	bed_felt(bed, delay + timeout_ns);
	slave_answers(&bed->slaves, link, request, delay);
}

static void cut(struct bed *bed, struct virtual_link *link, const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);

	send_in_order(bed, link, request->unit, frame,
		      (size_t)virtual_random(1, (int64_t)len - 1));
}

/* What CRC-16 always finds: up to three bits, or a burst within 16. */
static void damaged(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);
	size_t bits[3] = {0};

	if (virtual_random(0, 1)) {
		size_t at = (size_t)virtual_random(0, (int64_t)len - 2);

		frame[at] ^= (uint8_t)virtual_random(1, 255);
		frame[at + 1] ^= (uint8_t)virtual_random(0, 255);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
			bits[i] = (size_t)virtual_random(0, (int64_t)(8 * len) - 1);
			if (i == 0 || (bits[i] != bits[0] && bits[i] != bits[i - 1]))
				frame[bits[i] / 8] ^= (uint8_t)(1 << bits[i] % 8);
		}
	}
	send_in_order(bed, link, request->unit, frame, len);
}

static size_t noise(uint8_t *bytes, size_t most)
{
	size_t len = (size_t)virtual_random(1, (int64_t)most);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)virtual_random(0, 255);
	return len;
}

static void noise_before(struct bed *bed, struct virtual_link *link,
			 const struct slave_request *request)
{
	uint8_t bytes[32 + SLAVE_ADU];
	size_t len = noise(bytes, 32);

	len += bed_frame(bed, request, bytes + len);
	send_in_order(bed, link, request->unit, bytes, len);
}

static void half_a_frame_before(struct bed *bed, struct virtual_link *link,
				const struct slave_request *request)
{
	uint8_t bytes[2 * SLAVE_ADU];
	size_t len = bed_frame(bed, request, bytes);

	len = (size_t)virtual_random(1, (int64_t)len - 1);
	len += bed_frame(bed, request, bytes + len);
	send_in_order(bed, link, request->unit, bytes, len);
}

static void noise_behind(struct bed *bed, struct virtual_link *link,
			 const struct slave_request *request)
{
	uint8_t bytes[32 + SLAVE_ADU];
	size_t len = bed_frame(bed, request, bytes);

	len += noise(bytes + len, 32);
	send_in_order(bed, link, request->unit, bytes, len);
}

static void noise_only(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request)
{
	uint8_t bytes[200];
	size_t len = noise(bytes, sizeof(bytes));
	int64_t delay = virtual_random(0, 2 * timeout_ns);

	bed_felt(bed, delay + NSEC_PER_SEC / 2);
	virtual_send(link, bytes, len, delay);
	if (virtual_random(0, 1))
		good(bed, link, request);
}

static void in_two_parts(struct bed *bed, struct virtual_link *link,
			 const struct slave_request *request)
{
	uint8_t frame[SLAVE_ADU];
	size_t len = bed_frame(bed, request, frame);
	size_t first = (size_t)virtual_random(1, (int64_t)len - 1);
	int64_t delay = in_order(bed, request->unit, bed_soon());
	int64_t pause =
		virtual_random(0, 4 * NSEC_PER_MSEC) + (int64_t)first * virtual_char_ns(link);

	bed->unit_busy[request->unit] += pause;
	bed_felt(bed, delay + pause);
	virtual_send(link, frame, first, delay);
	virtual_send(link, frame + first, len - first, delay + pause);
}

/*
 * Frames that are good in themselves, and not the answer. Where they could come at a time at
 * which the same unit is asked for just that, nobody could tell: the wrong one comes first, and
 * before the line is given to anybody else.
 */
static void wrong_unit(struct bed *bed, struct virtual_link *link,
		       const struct slave_request *request)
{
	struct slave_request other = *request;
	uint8_t frame[SLAVE_ADU];
	size_t len;

	if (!at_once(bed, request->unit)) {
		good(bed, link, request);
		return;
	}
	other.unit = (uint8_t)(request->unit % BED_UNITS + 1);
	len = bed_frame(bed, &other, frame);
	send_in_order(bed, link, request->unit, frame, len);
	if (virtual_random(0, 1)) {
		len = bed_frame(bed, request, frame);
		send_in_order(bed, link, request->unit, frame, len);
	}
}

static void wrong_function(struct bed *bed, struct virtual_link *link,
			   const struct slave_request *request)
{
	struct slave_request other = *request;
	uint8_t frame[SLAVE_ADU];
	size_t len;

	if (request->function > 4 || !at_once(bed, request->unit)) {
		good(bed, link, request);
		return;
	}
	other.function = (uint8_t)(request->function % 4 + 1);
	len = bed_frame(bed, &other, frame);
	send_in_order(bed, link, request->unit, frame, len);
}

static void wrong_count(struct bed *bed, struct virtual_link *link,
			const struct slave_request *request)
{
	struct slave_request other = *request;
	uint8_t frame[SLAVE_ADU];
	size_t len;

	if (request->function > 4 || !at_once(bed, request->unit)) {
		good(bed, link, request);
		return;
	}
	other.count = (uint16_t)(request->count + (virtual_random(0, 1) ? 16 : -1));
	if (other.count == 0 || (request->function <= 2 && other.count < request->count))
		other.count = (uint16_t)(request->count + 32);
	len = bed_frame(bed, &other, frame);
	send_in_order(bed, link, request->unit, frame, len);
}

static void refusal(struct bed *bed, struct virtual_link *link,
		    const struct slave_request *request)
{
	static const uint8_t codes[] = {1, 2, 3, 4, 5, 6, 10, 11, 99};

	bed_felt(bed, NSEC_PER_SEC);
	slave_refuses(&bed->slaves, link, request,
		      codes[virtual_random(0, ARRAY_SIZE(codes) - 1)],
		      in_order(bed, request->unit, bed_soon()));
}

static void unplugged(struct bed *bed, struct virtual_link *link,
		      const struct slave_request *request)
{
	int64_t until = virtual_random(0, 3 * NSEC_PER_SEC);

	bed->ending = true;
	bed->slaves.peer.connect = VIRTUAL_REFUSES;
	virtual_event_start(&bed->trouble, clock_mono().ns + until);
	bed_felt(bed, until + NSEC_PER_SEC);
	virtual_close(link, bed_soon());
}

static const struct fault faults[] = {
	{"lost", lost, FAULT_LOSES},
	{"late", late, FAULT_DOES},
	{"late", late, FAULT_DOES},
	{"cut", cut, FAULT_DOES},
	{"damaged", damaged, FAULT_DOES},
	{"noise before", noise_before, FAULT_DOES},
	{"half a frame before", half_a_frame_before, FAULT_DOES},
	{"noise behind", noise_behind, FAULT_DOES},
	{"noise only", noise_only, FAULT_DOES},
	{"in two parts", in_two_parts, FAULT_DOES},
	{"wrong unit", wrong_unit, FAULT_DOES},
	{"wrong function", wrong_function, FAULT_DOES},
	{"wrong count", wrong_count, FAULT_DOES},
	{"refusal", refusal, FAULT_REFUSES},
	{"unplugged", unplugged, FAULT_DOES},
};

static const struct bed_config config = {
	.name = "RTU",
	.rtu = true,
	.path = "/dev/ttyV0",
	.good = good,
	.faults = faults,
	.fault_count = ARRAY_SIZE(faults),
	/* and the longest frame at 9600 baud */
	.quarantine_ns = 50 * NSEC_PER_MSEC + 300 * NSEC_PER_MSEC,
};

/* How the line is: by seed. */
static const struct {
	const char *options;
	enum virtual_arrival arrival;
	bool echo;
} lines[] = {
	{"baud: 19200", ARRIVES_BY_CHARS, false},
	{"baud: 115200", ARRIVES_BY_FIFO, false},
	{"baud: 9600", ARRIVES_WHOLE, false},
	{"baud: 38400, adapter: usb", ARRIVES_BY_USB, false},
	{"baud: 19200, echo: true", ARRIVES_BY_FIFO, true},
};

static void prepare(struct bed *bed)
{
	bed->slaves.peer.damage = true;
}

static void test_no_value_goes_astray_on_a_line(void **state)
{
	struct bed_totals totals = {0};
	char bus[200];

	for (uint64_t seed = 1; totals.requests < TRANSACTIONS; seed++) {
		size_t i = seed % ARRAY_SIZE(lines);
		struct bed *bed;

		snprintf(bus, sizeof(bus),
			 "modbus: 'rtu:///dev/ttyV0', timeout: 200ms, reconnect_min: 50ms, "
			 "reconnect_max: 1s, %s",
			 lines[i].options);
		bed = bed_new(seed, &config, bus, prepare);
		bed->slaves.peer.arrival = lines[i].arrival;
		bed->slaves.peer.echo = lines[i].echo;
		bed_live(bed, 4, &totals);
	}
	bed_judge(&config, &totals);
}

/* A serial server: RTU frames in a TCP stream, from a line that is not seen. */
static void test_no_value_goes_astray_behind_a_serial_server(void **state)
{
	struct bed_config server = config;
	struct bed_totals totals = {0};

	server.name = "RTU behind a serial server";
	server.path = NULL;
	server.host = "10.0.0.1";
	for (uint64_t seed = 1; totals.requests < TRANSACTIONS_SERVER; seed++) {
		struct bed *bed = bed_new(seed, &server,
					  "modbus: 'rtu+tcp://10.0.0.1:502', timeout: 200ms, "
					  "reconnect_min: 50ms, reconnect_max: 1s",
					  NULL);

		bed->slaves.peer.fragment = (size_t)(seed % 3) * 4;
		bed_live(bed, 4, &totals);
	}
	bed_judge(&server, &totals);
}

static void test_values_that_are_wrong_are_seen(void **state)
{
	bed_show_lies(&config, "modbus: 'rtu:///dev/ttyV0', baud: 115200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_value_goes_astray_on_a_line),
		cmocka_unit_test(test_no_value_goes_astray_behind_a_serial_server),
		cmocka_unit_test(test_values_that_are_wrong_are_seen),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
