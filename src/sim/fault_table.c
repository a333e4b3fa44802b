/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of faults: what each does to an answer. */
#include "sim/fault.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "sim/exchange.h"

enum { BOTH = FAULT_ON_TCP | FAULT_ON_RTU, SPLIT_PAUSE_MS = 20, NUMBER_MS_MAX = 600000 };

enum { EXCEPTION_ADDRESS = 2, EXCEPTION_VALUE = 3, EXCEPTION_BIT = 0x80 };

/* ---- the request --------------------------------------------------------------------------
 */

static bool be_silent(struct exchange *exchange, int64_t number)
{
	exchange->silent = true;
	return true;
}

static bool answer_exception(struct exchange *exchange, int64_t number)
{
	exchange->exception = (int)number;
	return true;
}

/* What the request reads: *ret_start and its count; 0: it does not read. */
static unsigned asked_read(const struct exchange *exchange, unsigned *ret_start)
{
	const uint8_t *asked = exchange->asked;

	if (exchange->asked_len < 5 || asked[0] < 1 || (asked[0] > 4 && asked[0] != 23))
		return 0;
	*ret_start = (unsigned)(asked[1] << 8 | asked[2]);
	return (unsigned)(asked[3] << 8 | asked[4]);
}

static bool refuse_long(struct exchange *exchange, int64_t number)
{
	unsigned start;

	if (asked_read(exchange, &start) <= number)
		return false;
	exchange->exception = EXCEPTION_VALUE;
	return true;
}

static bool refuse_hole(struct exchange *exchange, int64_t number)
{
	unsigned start = 0, count = asked_read(exchange, &start);

	if (count == 0 || number < start || number >= start + count)
		return false;
	exchange->exception = EXCEPTION_ADDRESS;
	return true;
}

/* ---- the answer's PDU and fields ----------------------------------------------------------
 */

static bool is_exception(const struct exchange *exchange)
{
	return (exchange->pdu[0] & EXCEPTION_BIT) != 0;
}

static bool has_byte_count(const struct exchange *exchange)
{
	return !is_exception(exchange) && exchange->pdu_len > 2 &&
	       (exchange->pdu[0] <= 4 || exchange->pdu[0] == 23);
}

static bool set_tid(struct exchange *exchange, int64_t number)
{
	exchange->tid = (uint16_t)number;
	return true;
}

static bool add_to_tid(struct exchange *exchange, int64_t number)
{
	exchange->tid = (uint16_t)(exchange->tid + number);
	return true;
}

static bool set_protocol(struct exchange *exchange, int64_t number)
{
	exchange->protocol = (uint16_t)number;
	return true;
}

static bool set_length(struct exchange *exchange, int64_t number)
{
	exchange->length = (int)number;
	return true;
}

static bool set_unit(struct exchange *exchange, int64_t number)
{
	exchange->unit = (uint8_t)number;
	return true;
}

static bool set_function(struct exchange *exchange, int64_t number)
{
	exchange->pdu[0] = (uint8_t)number;
	return true;
}

static bool set_byte_count(struct exchange *exchange, int64_t number)
{
	if (!has_byte_count(exchange))
		return false;
	exchange->pdu[1] = (uint8_t)number;
	return true;
}

/* Only what the answer holds changes: its byte count and its frame agree with each other. */
static bool set_payload(struct exchange *exchange, int64_t number)
{
	if (!has_byte_count(exchange))
		return false;
	exchange->pdu[1] = (uint8_t)number;
	for (size_t i = exchange->pdu_len; i < 2 + (size_t)number; i++)
		exchange->pdu[i] = 0x55;
	exchange->pdu_len = 2 + (size_t)number;
	return true;
}

static bool is_echo(const struct exchange *exchange)
{
	return !is_exception(exchange) && exchange->pdu_len >= 5 &&
	       exchange_is_write(exchange->pdu[0]) && !has_byte_count(exchange);
}

static bool change_echo_address(struct exchange *exchange, int64_t number)
{
	if (!is_echo(exchange))
		return false;
	exchange->pdu[2] ^= 1;
	return true;
}

static bool change_echo_value(struct exchange *exchange, int64_t number)
{
	if (!is_echo(exchange))
		return false;
	exchange->pdu[4] ^= 1;
	return true;
}

static bool add_trailing(struct exchange *exchange, int64_t number)
{
	if (exchange->pdu_len + (size_t)number > sizeof(exchange->pdu))
		return false;
	memset(exchange->pdu + exchange->pdu_len, 0xa5, (size_t)number);
	exchange->pdu_len += (size_t)number;
	return true;
}

static bool reflect(struct exchange *exchange, int64_t number)
{
	memcpy(exchange->pdu, exchange->asked, exchange->asked_len);
	exchange->pdu_len = exchange->asked_len;
	return true;
}

static bool set_exception_length(struct exchange *exchange, int64_t number)
{
	exchange_answer_exception(exchange, EXCEPTION_ADDRESS);
	memset(exchange->pdu + 2, 0, sizeof(exchange->pdu) - 2);
	exchange->pdu_len = (size_t)number;
	return true;
}

static bool gather(struct exchange *exchange, int64_t number)
{
	exchange->gather = (int)number;
	return true;
}

static bool reverse(struct exchange *exchange, int64_t number)
{
	exchange->reversed = true;
	return gather(exchange, number);
}

/* ---- the wire -----------------------------------------------------------------------------
 */

static bool be_slow(struct exchange *exchange, int64_t number)
{
	exchange->delay_ns += number * NSEC_PER_MSEC;
	return true;
}

static bool be_early(struct exchange *exchange, int64_t number)
{
	exchange->early = true;
	return true;
}

static bool dribble(struct exchange *exchange, int64_t number)
{
	for (size_t i = 1; i < exchange->wire.len; i++)
		exchange->wire.pause_ms[i] = (uint16_t)number;
	return true;
}

static bool split(struct exchange *exchange, int64_t number)
{
	if ((size_t)number >= exchange->wire.len)
		return false;
	exchange->wire.pause_ms[number] = SPLIT_PAUSE_MS;
	return true;
}

static void fill_random(struct exchange *exchange, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random_between(exchange->random, 0, 255);
}

static bool all_garbage(struct exchange *exchange, int64_t number)
{
	fill_random(exchange, exchange->wire.bytes, exchange->wire.len);
	return true;
}

static bool garbage_before(struct exchange *exchange, int64_t number)
{
	uint8_t bytes[256];

	fill_random(exchange, bytes, (size_t)number);
	wire_insert(&exchange->wire, 0, bytes, (size_t)number);
	return true;
}

static bool garbage_after(struct exchange *exchange, int64_t number)
{
	uint8_t bytes[256];

	fill_random(exchange, bytes, (size_t)number);
	wire_add(&exchange->wire, bytes, (size_t)number);
	return true;
}

/* The first bytes of an answer that never goes on, N times: unit, function, byte count. */
static bool false_start(struct exchange *exchange, int64_t number)
{
	uint8_t bytes[3] = {exchange->unit, exchange->asked[0], 8};

	for (int64_t i = 0; i < number; i++)
		wire_insert(&exchange->wire, 0, bytes, sizeof(bytes));
	return true;
}

static bool local_echo(struct exchange *exchange, int64_t number)
{
	wire_insert(&exchange->wire, 0, exchange->frame, exchange->frame_len);
	return true;
}

static bool wrong_crc(struct exchange *exchange, int64_t number)
{
	if (exchange->wire.len < 2)
		return false;
	exchange->wire.bytes[exchange->wire.len - 1] ^= 0x10;
	return true;
}

static bool swap_crc(struct exchange *exchange, int64_t number)
{
	size_t len = exchange->wire.len;
	uint8_t low;

	if (len < 2)
		return false;
	low = exchange->wire.bytes[len - 2];
	exchange->wire.bytes[len - 2] = exchange->wire.bytes[len - 1];
	exchange->wire.bytes[len - 1] = low;
	return true;
}

static bool cut_short(struct exchange *exchange, int64_t number)
{
	size_t len = exchange->wire.len;

	wire_cut(&exchange->wire, len > (size_t)number ? len - (size_t)number : 0);
	return true;
}

static bool twice(struct exchange *exchange, int64_t number)
{
	uint8_t bytes[WIRE_MAX];
	size_t len = exchange->wire.len;

	memcpy(bytes, exchange->wire.bytes, len);
	wire_add(&exchange->wire, bytes, len);
	return true;
}

/* The same once more after N ms; on TCP under an identifier that nobody asked with. */
static bool unsolicited(struct exchange *exchange, int64_t number)
{
	size_t len = exchange->wire.len;

	twice(exchange, number);
	if (len == 0 || exchange->wire.len == len)
		return false;
	exchange->wire.pause_ms[len] = (uint16_t)number;
	if (exchange->framing == FRAMING_MBAP)
		exchange->wire.bytes[len] ^= 0x40;
	return true;
}

static bool close_after(struct exchange *exchange, int64_t number)
{
	wire_cut(&exchange->wire, (size_t)number);
	exchange->wire.end = WIRE_CLOSES;
	return true;
}

static bool reset_after(struct exchange *exchange, int64_t number)
{
	wire_cut(&exchange->wire, (size_t)number);
	exchange->wire.end = WIRE_RESETS;
	return true;
}

static bool half_close(struct exchange *exchange, int64_t number)
{
	exchange->wire.end = WIRE_HALF_CLOSES;
	return true;
}

static bool go_deaf(struct exchange *exchange, int64_t number)
{
	exchange->wire.end = WIRE_DEAF;
	return true;
}

#define TCP	FAULT_ON_TCP
#define RTU	FAULT_ON_RTU
#define N(l, h) .numbered = true, .low = (l), .high = (h)

const struct fault fault_table[] = {
	/* The first words are also those of the command "unit". */
	{"silent", BOTH, FAULT_REQUEST, .apply = be_silent,
	 .help = "takes requests and never answers"},
	{"exception", BOTH, FAULT_REQUEST, N(0, 255), .apply = answer_exception,
	 .help = "refuses with exception N: 5 acknowledge, 6 busy, 0 and 12.. are none"},
	{"limit", BOTH, FAULT_REQUEST, N(1, 2000), .apply = refuse_long,
	 .help = "exception 3 for a read of more than N registers or bits"},
	{"hole", BOTH, FAULT_REQUEST, N(0, 65535), .apply = refuse_hole,
	 .help = "exception 2 for a read over the address N"},

	{"function", BOTH, FAULT_ANSWER, N(0, 255), .apply = set_function,
	 .help = "answers with the function N"},
	{"from", BOTH, FAULT_ANSWER, N(0, 255), .apply = set_unit,
	 .help = "answers as the unit N: a foreign answer"},
	{"byte-count", BOTH, FAULT_ANSWER, N(0, 255), .apply = set_byte_count,
	 .help = "says that N bytes follow, whatever follows"},
	{"payload", BOTH, FAULT_ANSWER, N(0, 250), .apply = set_payload,
	 .help = "answers N bytes of values, and says so"},
	{"echo-address", BOTH, FAULT_ANSWER, .apply = change_echo_address,
	 .help = "confirms a write of another address"},
	{"echo-value", BOTH, FAULT_ANSWER, .apply = change_echo_value,
	 .help = "confirms a write of another value or count"},
	{"exception-length", BOTH, FAULT_ANSWER, N(1, 250), .apply = set_exception_length,
	 .help = "an exception of N bytes instead of 2"},
	{"trailing", BOTH, FAULT_ANSWER, N(1, 100), .apply = add_trailing,
	 .help = "N bytes more inside of the frame"},
	{"reflect", BOTH, FAULT_ANSWER, .apply = reflect,
	 .help = "sends the request back as the answer"},
	{"tid", TCP, FAULT_ANSWER, N(0, 65535), .apply = set_tid,
	 .help = "answers with transaction identifier N, such as always 0"},
	{"tid-add", TCP, FAULT_ANSWER, N(1, 65535), .apply = add_to_tid,
	 .help = "answers with an identifier that is N too high"},
	{"protocol", TCP, FAULT_ANSWER, N(1, 65535), .apply = set_protocol,
	 .help = "protocol identifier N instead of 0"},
	{"length", TCP, FAULT_ANSWER, N(0, 65535), .apply = set_length,
	 .help = "length field N, whatever follows"},
	{"gather", TCP, FAULT_ANSWER, N(2, 32), .apply = gather,
	 .help = "collects N answers (or 100 ms) and sends them in one segment"},
	{"reverse", TCP, FAULT_ANSWER, N(2, 32), .apply = reverse,
	 .help = "as gather, the last answer first"},

	{"crc", RTU, FAULT_WIRE, .apply = wrong_crc, .help = "a wrong checksum"},
	{"crc-swapped", RTU, FAULT_WIRE, .apply = swap_crc,
	 .help = "the two bytes of the checksum in the wrong order"},
	{"cut-short", BOTH, FAULT_WIRE, N(1, 255), .apply = cut_short,
	 .help = "the last N bytes never come"},
	{"duplicate", BOTH, FAULT_WIRE, .apply = twice, .help = "the answer comes twice"},
	{"unsolicited", BOTH, FAULT_WIRE, N(1, 60000), .apply = unsolicited,
	 .help = "N ms later an answer comes that nobody asked for"},
	{"garbage", BOTH, FAULT_WIRE, .apply = all_garbage,
	 .help = "random bytes instead of the answer"},
	{"garbage-before", BOTH, FAULT_WIRE, N(1, 255), .apply = garbage_before,
	 .help = "N random bytes, then the answer"},
	{"garbage-after", BOTH, FAULT_WIRE, N(1, 255), .apply = garbage_after,
	 .help = "the answer, then N random bytes"},
	{"false-start", RTU, FAULT_WIRE, N(1, 80), .apply = false_start,
	 .help = "N times the beginning of an answer, then the answer"},
	{"echo", RTU, FAULT_WIRE, .apply = local_echo,
	 .help = "the master hears its own request, then the answer"},
	{"slow", BOTH, FAULT_WIRE, N(1, NUMBER_MS_MAX), .apply = be_slow,
	 .help = "answers N ms late"},
	{"early", RTU, FAULT_WIRE, .apply = be_early,
	 .help = "answers before the request has ended on the line"},
	{"dribble", BOTH, FAULT_WIRE, N(1, 60000), .apply = dribble,
	 .help = "sends one byte every N ms"},
	{"split", BOTH, FAULT_WIRE, N(1, 255), .apply = split,
	 .help = "sends N bytes, and the rest 20 ms later"},
	{"close", TCP | FAULT_ON_LINK, FAULT_WIRE, N(0, 1000), .apply = close_after,
	 .help = "closes the connection after N bytes of the answer"},
	{"reset", BOTH, FAULT_WIRE, N(0, 1000), .apply = reset_after,
	 .help = "resets the connection after N bytes; a terminal hangs up and comes back"},
	{"half-close", TCP | FAULT_ON_LINK, FAULT_WIRE, .apply = half_close,
	 .help = "answers and closes its side only"},
	{"deaf", TCP | FAULT_ON_LINK, FAULT_WIRE, .apply = go_deaf,
	 .help = "answers and never reads from this connection again"},

	{"accept-close", FAULT_ON_BUS, FAULT_ACCEPT, .accept = WIRE_CLOSES,
	 .help = "closes each connection at once (not of a unit)"},
	{"accept-reset", FAULT_ON_BUS, FAULT_ACCEPT, .accept = WIRE_RESETS,
	 .help = "resets each connection at once (not of a unit)"},
	{"accept-deaf", FAULT_ON_BUS, FAULT_ACCEPT, .accept = WIRE_DEAF,
	 .help = "takes connections and never reads from them (not of a unit)"},
};

const size_t fault_count = ARRAY_SIZE(fault_table);
