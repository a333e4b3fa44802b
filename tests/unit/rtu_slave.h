/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus RTU bus on a pseudo-terminal, and what stands on the other end of it, on the same
 * loop: units that hear every request and do with it whatever the test says.
 *
 * Time is the test's own (own_clock.h): it stands still while the kernel has bytes for one of
 * the two, or opens the line, and jumps to the next timer else. So an answer is late if the
 * test says so, and never because the machine was busy.
 */
#ifndef GAUGED_TESTS_RTU_SLAVE_H
#define GAUGED_TESTS_RTU_SLAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "io/loop.h"
#include "io/modbus_bus.h"
#include "io/modbus_rtu_frame.h"
#include "pty.h"

enum { RTU_ASKS = 32, RTU_LATER = 64, RTU_HEARD = 512 };

struct rtu_test;

struct rtu_ask {
	struct modbus_job job;
	struct rtu_test *test;
	unsigned done;
	enum modbus_outcome outcome;
	uint8_t exception;
	unsigned value; /* first register, or byte, of an answer */
	size_t len;
	unsigned order; /* the how manyth to be done */
	uint8_t data[4];
};

/* Bytes that leave later. */
struct rtu_later {
	struct rtu_test *test;
	struct loop_timer *timer;
	uint8_t bytes[1024];
	size_t len;
	bool used;
};

struct rtu_heard {
	struct mono at; /* when the first of its bytes was read */
	uint8_t unit, function;
	uint16_t address, count;
};

struct rtu_test {
	struct loop *loop;
	struct pty pty;
	char folder[128], path[160]; /* a link that stays the same when it is plugged anew */
	struct modbus_bus_config config;
	struct modbus_bus *bus;
	struct rtu_ask asks[RTU_ASKS];
	unsigned done, ups, downs;
	struct mono moved; /* the machine's time when ours went on */
	int listener;	   /* a serial server's */
	struct loop_watch *listening;
	unsigned accepted;
	/* the other end */
	struct loop_watch *watch;
	uint8_t in[4096];
	size_t in_len;
	struct mono began;
	uint64_t bytes_in, bytes_out; /* as the bus should count them: out and in */
	unsigned requests;
	struct rtu_heard heard[RTU_HEARD];
	struct mono sent; /* the last byte from the other end */
	uint8_t last[MODBUS_RTU_MAX];
	size_t last_len;
	/* Called for each whole request; NULL answers as good units do. */
	void (*request)(struct rtu_test *t, const uint8_t *frame, size_t len);
	struct rtu_later later[RTU_LATER];
	struct mono busy; /* a unit answers in order: not before what it has put off */
	unsigned step;
	bool echo; /* all that comes is sent back first */
};

/* cmocka's: a test with its bus, which is started by rtu_start(). */
int rtu_setup(void **state);
int rtu_teardown(void **state);
/* The line is behind a serial server: a TCP connection that passes the bytes on. */
int rtu_setup_tcp(void **state);
int rtu_teardown_tcp(void **state);
#define RTU_TEST_TCP(f) cmocka_unit_test_setup_teardown(f, rtu_setup_tcp, rtu_teardown_tcp)
#define RTU_TEST(f)	cmocka_unit_test_setup_teardown(f, rtu_setup, rtu_teardown)

void rtu_unplug(struct rtu_test *t);
void rtu_plug(struct rtu_test *t);
/*
 * Turns the loop once. If there is nothing left to do before, time goes on to the next timer,
 * but never beyond end.
 */
void rtu_turn(struct rtu_test *t, struct mono end);
void rtu_wait(struct rtu_test *t, int64_t ns);
/* Turns until condition holds; fails the test after ten seconds. */
#define RTU_UNTIL(t, condition)                                                  \
	do {                                                                     \
		struct mono rtu_end = mono_add(clock_mono(), 10 * NSEC_PER_SEC); \
		while (!(condition)) {                                           \
			rtu_turn((t), rtu_end);                                  \
			if (clock_mono().ns >= rtu_end.ns && !(condition))       \
				fail_msg("never came: %s", #condition);          \
		}                                                                \
	} while (0)
/* Opens the line and waits until it is open. */
void rtu_start(struct rtu_test *t);
/* Unit number with the timeout of all units here, 200 ms. */
struct modbus_unit *rtu_unit(struct rtu_test *t, uint8_t number);
struct rtu_ask *rtu_submit(struct rtu_test *t, unsigned i, uint8_t unit, uint8_t function,
			   uint16_t address, uint16_t count);
/* Submits and waits until it is done. */
struct rtu_ask *rtu_asked(struct rtu_test *t, unsigned i, uint8_t unit, uint8_t function,
			  uint16_t address, uint16_t count);
/* The request was answered with what stands in the registers that it asked for. */
void rtu_assert_good(const struct rtu_ask *a);
/* A read of holding registers with this outcome, and then a good one. */
void rtu_assert_case(struct rtu_test *t, enum modbus_outcome outcome);
uint64_t rtu_count(struct rtu_test *t, const char *name);

/* The other end. */
void rtu_send(struct rtu_test *t, const void *bytes, size_t len);
void rtu_send_later(struct rtu_test *t, int64_t ns, const void *bytes, size_t len);
/* What a good unit answers to the frame: register n holds n. Returns its length. */
size_t rtu_answer(const uint8_t *frame, uint8_t answer[MODBUS_RTU_MAX]);
size_t rtu_exception(const uint8_t *frame, uint8_t code, uint8_t answer[MODBUS_RTU_MAX]);
void rtu_answers(struct rtu_test *t, const uint8_t *frame, size_t len);
void rtu_ignores(struct rtu_test *t, const uint8_t *frame, size_t len);
/* Answers ns from now, and what comes until then behind it. */
void rtu_answers_late(struct rtu_test *t, const uint8_t *frame, int64_t ns);
/* Puts the CRC behind len bytes; returns the length with it. */
size_t rtu_seal(uint8_t *frame, size_t len);

#endif
