/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Writes from a value to the registers of a device that has some, and what is told of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "io/modbus_pdu.h"
#include "modbus_case.h"
#include "peer.h"

enum { REGISTERS = 256, HEARD = 4096, WRITES = 64 };

struct heard {
	uint8_t function;
	uint16_t address, count; /* count: the word behind the address, whatever it is */
};

struct told {
	enum write_outcome outcome;
	char text[200];
	struct value value;
};

struct test {
	struct modbus_case c;
	struct peer peer;
	bool opened;
	struct told told[WRITES]; /* by the number of the write */
	unsigned told_count, order[WRITES];
	uint16_t registers[REGISTERS];
	bool coils[REGISTERS];
	struct heard heard[HEARD];
	unsigned heard_count;
	/* what is wrong with the device; 0: nothing */
	uint16_t most;		 /* it stores no more than this */
	uint8_t refuses;	 /* this function, with an illegal function */
	uint8_t silent;		 /* to this function */
	uint16_t changes, flips; /* this register changes these bits at each write */
	unsigned holds;		 /* this answer, by number, is kept back */
	uint8_t held[PEER_FRAME];
	size_t held_len;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));

	for (unsigned i = 0; i < REGISTERS; i++)
		t->registers[i] = (uint16_t)i;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->opened) {
		if (t->c.input != NULL)
			input_modbus.close(t->c.input);
		t->c.input = NULL;
		peer_done(&t->peer);
		modbus_case_done(&t->c);
	}
	free(t);
	return 0;
}

/* The device. */

static void store(struct test *t, unsigned address, uint16_t value)
{
	if (t->most > 0 && value > t->most)
		value = t->most;
	t->registers[address % REGISTERS] = value;
	if (t->flips != 0)
		t->registers[t->changes] ^= t->flips;
}

static void carry_out(struct test *t, const uint8_t *frame)
{
	unsigned address = modbus_u16(frame + 8), word = modbus_u16(frame + 10);
	uint16_t stood = t->registers[address % REGISTERS];

	switch (frame[7]) {
	case MODBUS_WRITE_COIL:
		t->coils[address % REGISTERS] = word != 0 && t->most == 0;
		break;
	case MODBUS_WRITE_COILS:
		t->coils[address % REGISTERS] = frame[13] & 1;
		break;
	case MODBUS_WRITE_REGISTER:
		store(t, address, (uint16_t)word);
		break;
	case MODBUS_WRITE_REGISTERS:
		for (unsigned i = 0; i < word; i++)
			store(t, address + i, modbus_u16(frame + 13 + 2 * i));
		break;
	case MODBUS_MASK_REGISTER:
		store(t, address,
		      (uint16_t)((stood & word) | (modbus_u16(frame + 12) & ~word)));
		break;
	}
}

static size_t answer_of(const struct test *t, const uint8_t *frame, uint8_t *answer)
{
	unsigned address = modbus_u16(frame + 8), count = modbus_u16(frame + 10);
	size_t len = peer_answer(frame, answer);

	if (frame[7] == MODBUS_READ_HOLDING) {
		for (unsigned i = 0; i < count; i++) {
			uint16_t value = t->registers[(address + i) % REGISTERS];

			answer[9 + 2 * i] = (uint8_t)(value >> 8);
			answer[10 + 2 * i] = (uint8_t)value;
		}
	} else if (frame[7] == MODBUS_READ_COILS) {
		memset(answer + 9, 0, answer[8]);
		for (unsigned i = 0; i < count; i++)
			answer[9 + i / 8] |= (uint8_t)(t->coils[address + i] << (i % 8));
	} else if (frame[7] == MODBUS_MASK_REGISTER) {
		memcpy(answer, frame, 14);
		answer[5] = 8;
		len = 14;
	}
	return len;
}

static void device(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME];
	size_t n;

	assert_true(t->heard_count < HEARD);
	t->heard[t->heard_count++] = (struct heard){
		frame[7],
		modbus_u16(frame + 8),
		modbus_u16(frame + 10),
	};
	if (frame[7] == t->silent)
		return;
	if (frame[7] == t->refuses) {
		peer_refuses(link, frame, MODBUS_ILLEGAL_FUNCTION);
		return;
	}
	carry_out(t, frame);
	n = answer_of(t, frame, answer);
	if (t->heard_count == t->holds) {
		memcpy(t->held, answer, n);
		t->held_len = n;
		return;
	}
	peer_send(link, answer, n);
}

/* Our side. */

#define BUS "buses: {plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 200ms, in_flight: "

/* Nothing is polled but once, so that the log of the device is what the writes do. */
static const char plant[] = BUS
	"1}}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    poll: 1h\n"
	"    write_bits: rmw\n"
	"    points:\n"
	"      set: {holding: 10, scale: 0.1, write: true, range: [0, 90]}\n"
	"      sure: {holding: 11, write: true, verify: true}\n"
	"      text: {holding: 12, type: string(2), write: true, verify: true}\n"
	"      coil: {coil: 3, write: true, verify: true}\n"
	"      many: {coil: 4, write: true, write_function: multiple}\n"
	"      one: {holding: 20, write: true, write_function: multiple}\n"
	"      whole: {holding: 40, write: true}\n"
	"      ctl: {holding: 40, write: true, bits: {run: 0, last: 15, mode: 4..6}}\n"
	"      mask: {holding: 41, write: true, write_bits: mask, verify: true, bits: {run: "
	"0, mode: 4..6}}\n"
	"      wide: {holding: 42, type: uint32, order: CDAB, write: true, verify: true, "
	"bits: {low: 3, cut: 12..19}}\n"
	"      full: {holding: 44, write: true, bits: {all: 0..15}}\n";

static struct modbus_seen *seen(struct test *t, const char *name)
{
	return modbus_case_seen(&t->c, name);
}

static void start(struct test *t, const char *yaml)
{
	struct error err;
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	peer_init(&t->peer, loop);
	t->peer.arg = t;
	t->peer.request = device;
	modbus_case_init(&t->c, yaml, t->peer.port);
	t->c.loop = loop;
	t->opened = true;
	modbus_case_open(&t->c);
}

/* All is read once, and the log of the device is empty. */
static void start_quiet(struct test *t, const char *yaml)
{
	start(t, yaml);
	PEER_UNTIL(t->c.loop, seen(t, "a.set")->good > 0 && seen(t, "a.coil")->good > 0);
	peer_wait(t->c.loop, 20 * NSEC_PER_MSEC);
	t->heard_count = 0;
}

struct ask {
	struct test *t;
	unsigned number;
};

static void ended(void *arg, const struct write_result *result)
{
	struct ask *ask = arg;
	struct test *t = ask->t;
	struct told *told = &t->told[ask->number];

	assert_int_equal(told->text[0], 0);
	assert_int_equal(result->text[0] == '\0', result->outcome == WRITE_DONE);
	told->outcome = result->outcome;
	told->value = result->value;
	strncpy(told->text, result->outcome == WRITE_DONE ? "done" : result->text,
		sizeof(told->text) - 1);
	t->order[t->told_count++] = ask->number;
	free(ask);
}

/* Returns 0 or a negative errno; the write has this number. */
static int ask(struct test *t, unsigned number, const char *name, struct value value)
{
	struct ask *ask = xcalloc(1, sizeof(*ask));
	struct error err = {0};
	int rc;

	*ask = (struct ask){t, number};
	rc = input_modbus.write(t->c.input, modbus_case_point(&t->c, name), value, ended, ask,
				&err);
	if (rc != 0)
		free(ask);
	return rc;
}

/* Writes and waits until it has ended. */
static const struct told *write_point(struct test *t, const char *name, struct value value)
{
	unsigned number = t->told_count;

	assert_int_equal(ask(t, number, name, value), 0);
	PEER_UNTIL(t->c.loop, t->told_count == number + 1);
	return &t->told[number];
}

static void assert_heard(const struct test *t, unsigned i, uint8_t function, unsigned address,
			 unsigned count)
{
	assert_true(i < t->heard_count);
	assert_int_equal(t->heard[i].function, function);
	assert_int_equal(t->heard[i].address, address);
	assert_int_equal(t->heard[i].count, count);
}

/* Bits. */

static void test_bits_are_written_by_mask_where_the_device_can(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->registers[41] = 0xffff;
	assert_int_equal(write_point(t, "a.mask.mode", value_number(5))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[41], 0xffdf);
	assert_heard(t, 0, MODBUS_MASK_REGISTER, 41, 0xff8f);
	assert_heard(t, 1, MODBUS_READ_HOLDING, 41, 1);
	t->registers[41] = 0;
	assert_int_equal(write_point(t, "a.mask.run", value_bool(true))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[41], 1);
	assert_int_equal(write_point(t, "a.mask.run", value_bool(false))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[41], 0);
	PEER_UNTIL(t->c.loop, seen(t, "a.mask.run")->last.value.flag == false);
}

static void test_bits_are_written_by_reading_and_writing_else(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->registers[40] = 0x5a5a;
	assert_int_equal(write_point(t, "a.ctl.run", value_bool(true))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[40], 0x5a5b);
	assert_heard(t, 0, MODBUS_READ_HOLDING, 40, 1);
	assert_heard(t, 1, MODBUS_WRITE_REGISTER, 40, 0x5a5b);
	assert_int_equal(write_point(t, "a.ctl.last", value_bool(true))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[40], 0xda5b);
	assert_int_equal(write_point(t, "a.ctl.mode", value_number(2))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[40], 0xda2b);
	PEER_UNTIL(t->c.loop, seen(t, "a.ctl.mode")->last.value.number == 2 &&
				      seen(t, "a.whole")->last.value.number == 0xda2b);
}

static void test_bits_across_registers_touch_only_those(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	/* CDAB: 42 is the low word, 43 the high one. */
	t->registers[42] = t->registers[43] = 0xffff;
	assert_int_equal(write_point(t, "a.wide.low", value_bool(false))->outcome, WRITE_DONE);
	assert_heard(t, 0, MODBUS_READ_HOLDING, 42, 1);
	assert_heard(t, 1, MODBUS_WRITE_REGISTER, 42, 0xfff7);
	assert_heard(t, 2, MODBUS_READ_HOLDING, 42, 1);
	PEER_UNTIL(t->c.loop, t->heard_count == 4);
	assert_int_equal(write_point(t, "a.wide.cut", value_number(0xa5))->outcome, WRITE_DONE);
	assert_heard(t, 4, MODBUS_READ_HOLDING, 42, 2);
	assert_heard(t, 5, MODBUS_WRITE_REGISTERS, 42, 2);
	assert_int_equal(t->registers[42], 0x5ff7);
	assert_int_equal(t->registers[43], 0xfffa);
	/* All bits of a register are that register. */
	PEER_UNTIL(t->c.loop, t->heard_count == 8);
	assert_int_equal(write_point(t, "a.full.all", value_number(77))->outcome, WRITE_DONE);
	assert_heard(t, 8, MODBUS_WRITE_REGISTER, 44, 77);
}

static void test_bits_of_one_register_written_at_once_all_arrive(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->registers[40] = 0;
	assert_int_equal(ask(t, 0, "a.ctl.run", value_bool(true)), 0);
	assert_int_equal(ask(t, 1, "a.ctl.mode", value_number(7)), 0);
	assert_int_equal(ask(t, 2, "a.whole", value_number(0x0100)), 0);
	assert_int_equal(ask(t, 3, "a.ctl.last", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->told_count == 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(t->told[i].outcome, WRITE_DONE);
		assert_int_equal(t->order[i], i);
	}
	assert_heard(t, 1, MODBUS_WRITE_REGISTER, 40, 0x0001);
	assert_heard(t, 3, MODBUS_WRITE_REGISTER, 40, 0x0071);
	assert_heard(t, 4, MODBUS_WRITE_REGISTER, 40, 0x0100);
	assert_heard(t, 6, MODBUS_WRITE_REGISTER, 40, 0x8100);
}

static void test_nothing_of_ours_comes_between_reading_and_writing(void **state)
{
	static const char busy[] = BUS
		"8}}\n"
		"devices:\n"
		"  a:\n"
		"    bus: plc\n"
		"    poll: 1ms\n"
		"    write_bits: rmw\n"
		"    points:\n"
		"      set: {holding: 10}\n"
		"      far: {holding: 90, poll: 2ms}\n"
		"      coil: {coil: 3, write: true}\n"
		"      x: {holding: 60, poll: 1h, write: true}\n"
		"      ctl: {holding: 200, poll: 1h, write: true, bits: {run: 0, two: 1}}\n";
	struct test *t = *state;
	unsigned pairs = 0;

	start_quiet(t, busy);
	for (unsigned turn = 0; turn < 16; turn++) {
		assert_int_equal(ask(t, 3 * turn, "a.ctl.run", value_bool(turn % 2)), 0);
		assert_int_equal(ask(t, 3 * turn + 1, "a.x", value_number(turn)), 0);
		assert_int_equal(ask(t, 3 * turn + 2, "a.ctl.two", value_bool(turn % 2)), 0);
		PEER_UNTIL(t->c.loop, t->told_count == 3 * turn + 3);
	}
	for (unsigned i = 1; i < t->heard_count; i++) {
		if (t->heard[i].function != MODBUS_WRITE_REGISTER || t->heard[i].address != 200)
			continue;
		assert_heard(t, i - 1, MODBUS_READ_HOLDING, 200, 1);
		pairs++;
	}
	assert_int_equal(pairs, 32);
}

static void test_bits_are_not_written_when_they_can_not_be_read(void **state)
{
	struct test *t = *state;
	const struct told *told;

	start_quiet(t, plant);
	t->refuses = MODBUS_READ_HOLDING;
	told = write_point(t, "a.ctl.run", value_bool(true));
	assert_int_equal(told->outcome, WRITE_REFUSED);
	assert_string_equal(told->text,
			    "its register could not be read first: illegal function");
	t->refuses = 0;
	t->silent = MODBUS_READ_HOLDING;
	told = write_point(t, "a.ctl.run", value_bool(true));
	assert_int_equal(told->outcome, WRITE_REFUSED);
	assert_string_equal(told->text,
			    "its register could not be read first: no answer in time");
	assert_int_equal(t->peer.writes, 0);
	assert_int_equal(t->registers[40], 40);
}

static void test_write_of_bits_without_an_answer_is_unknown(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->silent = MODBUS_WRITE_REGISTER;
	assert_int_equal(write_point(t, "a.ctl.run", value_bool(true))->outcome, WRITE_UNKNOWN);
	assert_int_equal(t->peer.writes, 1);
	t->silent = MODBUS_MASK_REGISTER;
	assert_int_equal(write_point(t, "a.mask.run", value_bool(true))->outcome,
			 WRITE_UNKNOWN);
	peer_wait(t->c.loop, 300 * NSEC_PER_MSEC);
	assert_int_equal(t->peer.writes, 2);
}

/* Verifying. */

static void test_write_is_done_when_it_was_read_back(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	assert_int_equal(write_point(t, "a.sure", value_number(77))->outcome, WRITE_DONE);
	assert_heard(t, 0, MODBUS_WRITE_REGISTER, 11, 77);
	assert_heard(t, 1, MODBUS_READ_HOLDING, 11, 1);
	assert_int_equal(write_point(t, "a.coil", value_bool(true))->outcome, WRITE_DONE);
	assert_int_equal(write_point(t, "a.text", value_text("ab"))->outcome, WRITE_DONE);
	assert_int_equal(t->registers[12], 'a' << 8 | 'b');
	PEER_UNTIL(t->c.loop, seen(t, "a.sure")->last.value.number == 77);
}

static void test_write_that_the_device_did_not_keep_differs(void **state)
{
	struct test *t = *state;
	const struct told *told;

	start_quiet(t, plant);
	t->most = 12;
	told = write_point(t, "a.sure", value_number(77));
	assert_int_equal(told->outcome, WRITE_DIFFERS);
	assert_string_equal(told->text, "the device confirmed it, but holds 12");
	assert_int_equal(t->peer.writes, 1);
	told = write_point(t, "a.coil", value_bool(true));
	assert_int_equal(told->outcome, WRITE_DIFFERS);
	assert_string_equal(told->text, "the device confirmed it, but holds false");
	told = write_point(t, "a.text", value_text("abc"));
	assert_int_equal(told->outcome, WRITE_DIFFERS);
	told = write_point(t, "a.mask.mode", value_number(7));
	assert_int_equal(told->outcome, WRITE_DIFFERS);
	assert_string_equal(told->text, "the device confirmed it, but holds 0");
	told = write_point(t, "a.wide.cut", value_number(255));
	assert_int_equal(told->outcome, WRITE_DIFFERS);
	/* What it holds is read, and nothing is written again. */
	PEER_UNTIL(t->c.loop, seen(t, "a.sure")->last.value.number == 12);
	assert_int_equal(t->peer.writes, 5);
}

static void test_other_bits_may_change_beside_a_verified_one(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->changes = 41;
	t->flips = 0x8100;
	assert_int_equal(write_point(t, "a.mask.mode", value_number(3))->outcome, WRITE_DONE);
	t->flips = 0x10;
	assert_int_equal(write_point(t, "a.mask.mode", value_number(3))->outcome,
			 WRITE_DIFFERS);
}

static void test_write_that_can_not_be_read_back_is_unknown(void **state)
{
	struct test *t = *state;
	const struct told *told;

	start_quiet(t, plant);
	t->refuses = MODBUS_READ_HOLDING;
	told = write_point(t, "a.sure", value_number(77));
	assert_int_equal(told->outcome, WRITE_UNKNOWN);
	assert_string_equal(
		told->text,
		"the device confirmed it, but could not be read back: illegal function");
	assert_int_equal(t->registers[11], 77);
	assert_int_equal(t->peer.writes, 1);
	/* Refused, it is not read back at all. */
	t->refuses = MODBUS_WRITE_REGISTER;
	assert_int_equal(write_point(t, "a.sure", value_number(78))->outcome, WRITE_REFUSED);
}

/* Reading what was written. */

static void test_answer_asked_for_before_a_write_says_nothing_of_it(void **state)
{
	static const char two[] = BUS "4}}\n"
				      "devices:\n"
				      "  a:\n"
				      "    bus: plc\n"
				      "    timeout: 5s\n"
				      "    poll: 20ms\n"
				      "    points:\n"
				      "      set: {holding: 10, write: true}\n"
				      "      beside: {holding: 11}\n"
				      "      coil: {coil: 3, poll: 1h}\n";
	struct test *t = *state;
	unsigned good, beside, polls;

	start_quiet(t, two);
	t->holds = 1;
	PEER_UNTIL(t->c.loop, t->held_len > 0);
	good = seen(t, "a.set")->good;
	beside = seen(t, "a.beside")->good;
	assert_int_equal(write_point(t, "a.set", value_number(500))->outcome, WRITE_DONE);
	polls = t->heard_count;
	t->registers[10] = 600;
	t->registers[11] = 601;
	/* Now the answer with the value before the write comes. */
	peer_send(&t->peer.links[0], t->held, t->held_len);
	PEER_UNTIL(t->c.loop, seen(t, "a.beside")->good == beside + 1);
	assert_true(seen(t, "a.beside")->last.value.number == 11);
	assert_int_equal(seen(t, "a.set")->good, good);
	/* It is read anew at once. */
	PEER_UNTIL(t->c.loop, seen(t, "a.set")->good == good + 1);
	assert_true(seen(t, "a.set")->last.value.number == 600);
	assert_true(seen(t, "a.beside")->last.value.number == 601);
	assert_heard(t, polls, MODBUS_READ_HOLDING, 10, 2);
	/* From then on as before. */
	PEER_UNTIL(t->c.loop, seen(t, "a.set")->good == good + 3);
}

static void test_value_that_was_sent_is_told(void **state)
{
	struct test *t = *state;
	const struct told *told;

	start_quiet(t, plant);
	told = write_point(t, "a.set", value_number(55.57));
	assert_int_equal(told->value.kind, VALUE_NUMBER);
	assert_true(told->value.number == 55.6);
	assert_int_equal(t->registers[10], 556);
	told = write_point(t, "a.ctl.mode", value_number(4.6));
	assert_true(told->value.number == 5);
	told = write_point(t, "a.coil", value_number(1));
	assert_int_equal(told->value.kind, VALUE_BOOL);
	assert_true(told->value.flag);
}

/* Several writes of a point. */

static void test_last_value_wins_while_writes_wait(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->holds = 1;
	assert_int_equal(ask(t, 0, "a.sure", value_number(1)), 0);
	PEER_UNTIL(t->c.loop, t->held_len > 0);
	/* One is on its way: it is not replaced. The others wait. */
	assert_int_equal(ask(t, 1, "a.sure", value_number(2)), 0);
	assert_int_equal(ask(t, 2, "a.whole", value_number(3)), 0);
	assert_int_equal(ask(t, 3, "a.ctl.run", value_bool(true)), 0);
	assert_int_equal(t->told_count, 0);
	assert_int_equal(ask(t, 4, "a.sure", value_number(5)), 0);
	assert_int_equal(t->told_count, 1);
	assert_int_equal(t->told[1].outcome, WRITE_REFUSED);
	assert_string_equal(t->told[1].text, "a later write of the point took its place");
	assert_int_equal(ask(t, 5, "a.ctl.run", value_bool(false)), 0);
	assert_int_equal(t->told[3].outcome, WRITE_REFUSED);
	assert_int_equal(modbus_case_count(&t->c, -1, "replaced_writes"), 2);
	peer_send(&t->peer.links[0], t->held, t->held_len);
	PEER_UNTIL(t->c.loop, t->told_count == 6);
	assert_int_equal(t->told[0].outcome, WRITE_DONE);
	assert_int_equal(t->told[2].outcome, WRITE_DONE);
	assert_int_equal(t->told[4].outcome, WRITE_DONE);
	assert_int_equal(t->told[5].outcome, WRITE_DONE);
	/* In the order in which they were asked for. */
	assert_int_equal(t->order[3], 2);
	assert_int_equal(t->order[4], 4);
	assert_int_equal(t->order[5], 5);
	assert_int_equal(t->registers[11], 5);
	assert_int_equal(t->registers[40], 2);
	assert_int_equal(t->peer.writes, 4);
}

/* As gauged stops, all outputs of a board of relays go off in the same instant. */
static void test_all_points_of_a_bus_may_be_written_at_once(void **state)
{
	enum { RELAYS = 40 };
	char yaml[4096], name[16];
	struct test *t = *state;
	size_t len;

	snprintf(yaml, sizeof(yaml), "%s",
		 BUS "1}}\n"
		     "devices:\n"
		     "  a:\n"
		     "    bus: plc\n"
		     "    poll: 1h\n"
		     "    points:\n"
		     "      set: {holding: 10}\n"
		     "      coil: {coil: 3}\n");
	for (unsigned i = 0; i < RELAYS; i++) {
		len = strlen(yaml);
		snprintf(yaml + len, sizeof(yaml) - len, "      r%u: {coil: %u, write: true}\n",
			 i, 10 + i);
	}
	start_quiet(t, yaml);
	for (unsigned i = 0; i < RELAYS; i++) {
		snprintf(name, sizeof(name), "a.r%u", i);
		assert_int_equal(ask(t, i, name, value_bool(true)), 0);
	}
	PEER_UNTIL(t->c.loop, t->told_count == RELAYS);
	for (unsigned i = 0; i < RELAYS; i++) {
		assert_int_equal(t->told[i].outcome, WRITE_DONE);
		assert_true(t->coils[10 + i]);
	}
}

static void test_write_that_is_not_accepted_replaces_nothing(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->holds = 1;
	assert_int_equal(ask(t, 0, "a.coil", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->held_len > 0);
	assert_int_equal(ask(t, 1, "a.set", value_number(20)), 0);
	assert_int_equal(ask(t, 2, "a.set", value_number(91)), -ERANGE);
	assert_int_equal(ask(t, 2, "a.set", value_text("off")), -EINVAL);
	assert_int_equal(t->told_count, 0);
	peer_send(&t->peer.links[0], t->held, t->held_len);
	PEER_UNTIL(t->c.loop, t->told_count == 2);
	assert_int_equal(t->told[1].outcome, WRITE_DONE);
	assert_int_equal(t->registers[10], 200);
}

static void test_waiting_write_is_told_once_when_the_connection_breaks(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->holds = 1;
	assert_int_equal(ask(t, 0, "a.sure", value_number(1)), 0);
	PEER_UNTIL(t->c.loop, t->held_len > 0);
	assert_int_equal(ask(t, 1, "a.ctl.run", value_bool(true)), 0);
	assert_int_equal(ask(t, 2, "a.ctl.run", value_bool(false)), 0);
	peer_deaf(&t->peer);
	for (unsigned i = 0; i < PEER_LINKS; i++)
		peer_reset(&t->peer.links[i]);
	PEER_UNTIL(t->c.loop, t->told_count == 3);
	assert_int_equal(t->told[0].outcome, WRITE_UNKNOWN);
	assert_int_equal(t->told[1].outcome, WRITE_REFUSED);
	assert_int_equal(t->told[2].outcome, WRITE_REFUSED);
}

static void test_writes_that_wait_are_told_when_the_bus_is_closed(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	t->holds = 2;
	assert_int_equal(ask(t, 0, "a.sure", value_number(1)), 0);
	PEER_UNTIL(t->c.loop, t->held_len > 0); /* of reading it back */
	assert_int_equal(ask(t, 1, "a.ctl.run", value_bool(true)), 0);
	assert_int_equal(ask(t, 2, "a.whole", value_number(1)), 0);
	input_modbus.close(t->c.input);
	t->c.input = NULL;
	assert_int_equal(t->told_count, 3);
	assert_int_equal(t->told[0].outcome, WRITE_UNKNOWN);
	assert_int_equal(t->told[1].outcome, WRITE_REFUSED);
	assert_int_equal(t->told[2].outcome, WRITE_REFUSED);
}

/* Functions. */

static void test_one_value_is_written_by_the_functions_for_many(void **state)
{
	struct test *t = *state;

	start_quiet(t, plant);
	assert_int_equal(write_point(t, "a.many", value_bool(true))->outcome, WRITE_DONE);
	assert_heard(t, 0, MODBUS_WRITE_COILS, 4, 1);
	assert_true(t->coils[4]);
	PEER_UNTIL(t->c.loop, t->heard_count == 2);
	assert_int_equal(write_point(t, "a.one", value_number(9))->outcome, WRITE_DONE);
	assert_heard(t, 2, MODBUS_WRITE_REGISTERS, 20, 1);
	assert_int_equal(t->registers[20], 9);
}

static void test_functions_are_those_of_the_device_unless_the_point_says_otherwise(void **state)
{
	static const char multiple[] =
		BUS "1}}\n"
		    "devices:\n"
		    "  a:\n"
		    "    bus: plc\n"
		    "    poll: 1h\n"
		    "    write_function: multiple\n"
		    "    write_bits: rmw\n"
		    "    points:\n"
		    "      set: {holding: 10, write: true}\n"
		    "      coil: {coil: 3, write: true, write_function: single}\n"
		    "      auto: {holding: 20, write: true, write_function: auto}\n"
		    "      ctl: {holding: 30, write: true, bits: {run: 0}}\n";
	static const struct {
		const char *point;
		uint8_t function;
	} rows[] = {
		{"a.set", MODBUS_WRITE_REGISTERS},
		{"a.coil", MODBUS_WRITE_COIL},
		{"a.auto", MODBUS_WRITE_REGISTER},
		{"a.ctl.run", MODBUS_WRITE_REGISTERS},
	};
	struct test *t = *state;

	start_quiet(t, multiple);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t written = 0;

		t->heard_count = 0;
		assert_int_equal(write_point(t, rows[i].point, value_number(1))->outcome,
				 WRITE_DONE);
		for (unsigned k = 0; k < t->heard_count; k++)
			if (modbus_writes(t->heard[k].function))
				written = t->heard[k].function;
		assert_int_equal(written, rows[i].function);
	}
}

#define WRITE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TEST(test_bits_are_written_by_mask_where_the_device_can),
		WRITE_TEST(test_bits_are_written_by_reading_and_writing_else),
		WRITE_TEST(test_bits_across_registers_touch_only_those),
		WRITE_TEST(test_bits_of_one_register_written_at_once_all_arrive),
		WRITE_TEST(test_nothing_of_ours_comes_between_reading_and_writing),
		WRITE_TEST(test_bits_are_not_written_when_they_can_not_be_read),
		WRITE_TEST(test_write_of_bits_without_an_answer_is_unknown),
		WRITE_TEST(test_write_is_done_when_it_was_read_back),
		WRITE_TEST(test_write_that_the_device_did_not_keep_differs),
		WRITE_TEST(test_other_bits_may_change_beside_a_verified_one),
		WRITE_TEST(test_write_that_can_not_be_read_back_is_unknown),
		WRITE_TEST(test_answer_asked_for_before_a_write_says_nothing_of_it),
		WRITE_TEST(test_value_that_was_sent_is_told),
		WRITE_TEST(test_last_value_wins_while_writes_wait),
		WRITE_TEST(test_all_points_of_a_bus_may_be_written_at_once),
		WRITE_TEST(test_write_that_is_not_accepted_replaces_nothing),
		WRITE_TEST(test_waiting_write_is_told_once_when_the_connection_breaks),
		WRITE_TEST(test_writes_that_wait_are_told_when_the_bus_is_closed),
		WRITE_TEST(test_one_value_is_written_by_the_functions_for_many),
		WRITE_TEST(
			test_functions_are_those_of_the_device_unless_the_point_says_otherwise),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
