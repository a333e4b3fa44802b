/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the life cycle: every cell of the table in rules.md section 4, and its timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rules/rule.h"

#define F CONDITION_FALSE
#define T CONDITION_TRUE
#define U CONDITION_UNKNOWN

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * NSEC_PER_SEC};
}

static const struct rule_extra delays = {.for_ns = 30 * NSEC_PER_SEC,
					 .clear_for_ns = 10 * NSEC_PER_SEC};
static const struct rule delayed = {.more = &delays};
static const struct rule instant = {.more = &rule_plain};
static const struct rule latched = {.more = &delays, .latch = true};

/* A machine in the given state since second 100 with the delays above. */
static struct rule_machine in_state(enum rule_state state)
{
	struct rule_machine machine;

	rule_machine_init(&machine, at(0));
	if (state == RULE_OK)
		return machine;
	rule_machine_feed(&machine, &delayed, T, at(100));
	if (state == RULE_PENDING)
		return machine;
	rule_machine_expire(&machine, &delayed, at(130));
	if (state == RULE_CLEARING || state == RULE_RETURNED)
		rule_machine_feed(&machine, &delayed, F, at(140));
	if (state == RULE_RETURNED)
		rule_machine_expire(&machine, &latched, at(150));
	return machine;
}

static void test_every_cell_of_the_table_with_delays(void **state)
{
	static const struct {
		enum rule_state from;
		enum condition condition;
		enum rule_state to;
		bool happens;
		enum event_type type;
	} cells[] = {
		{RULE_OK, F, RULE_OK, false, 0},
		{RULE_OK, T, RULE_PENDING, true, EVENT_PENDING},
		{RULE_OK, U, RULE_OK, false, 0},
		{RULE_PENDING, F, RULE_OK, true, EVENT_CALM},
		{RULE_PENDING, T, RULE_PENDING, false, 0},
		{RULE_PENDING, U, RULE_PENDING, false, 0},
		{RULE_FIRING, F, RULE_CLEARING, true, EVENT_CLEARING},
		{RULE_FIRING, T, RULE_FIRING, false, 0},
		{RULE_FIRING, U, RULE_FIRING, false, 0},
		{RULE_CLEARING, F, RULE_CLEARING, false, 0},
		{RULE_CLEARING, T, RULE_FIRING, true, EVENT_REFIRE},
		{RULE_CLEARING, U, RULE_CLEARING, false, 0},
		{RULE_RETURNED, F, RULE_RETURNED, false, 0},
		{RULE_RETURNED, T, RULE_FIRING, true, EVENT_REFIRE},
		{RULE_RETURNED, U, RULE_RETURNED, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		struct rule_machine machine = in_state(cells[i].from);
		struct rule_step step;

		assert_int_equal(machine.state, cells[i].from);
		step = rule_machine_feed(&machine, &latched, cells[i].condition, at(155));
		assert_int_equal(step.happened, cells[i].happens);
		assert_int_equal(machine.state, cells[i].to);
		assert_int_equal(step.from, cells[i].from);
		assert_int_equal(step.to, cells[i].to);
		if (cells[i].happens)
			assert_int_equal(step.type, cells[i].type);
	}
}

static void test_without_delays_a_rule_fires_and_clears_at_once(void **state)
{
	struct rule_machine machine;
	struct rule_step step;

	(void)state;
	rule_machine_init(&machine, at(0));
	step = rule_machine_feed(&machine, &instant, T, at(5));
	assert_true(step.happened);
	assert_int_equal(step.type, EVENT_FIRE);
	assert_int_equal(step.from, RULE_OK);
	assert_int_equal(step.to, RULE_FIRING);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
	assert_true(machine.fired.ns == at(5).ns && machine.active.ns == at(5).ns);
	step = rule_machine_feed(&machine, &instant, U, at(6));
	assert_false(step.happened);
	step = rule_machine_feed(&machine, &instant, F, at(7));
	assert_int_equal(step.type, EVENT_CLEAR);
	assert_int_equal(step.from, RULE_FIRING);
	assert_int_equal(step.to, RULE_OK);
}

static void test_pending_counts_only_time_known_true(void **state)
{
	struct rule_machine machine;
	struct rule_step step;

	(void)state;
	rule_machine_init(&machine, at(0));
	rule_machine_feed(&machine, &delayed, T, at(100));
	assert_true(machine.deadline.ns == at(130).ns);
	rule_machine_feed(&machine, &delayed, U, at(110));
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
	rule_machine_feed(&machine, &delayed, U, at(120));
	rule_machine_feed(&machine, &delayed, T, at(200));
	assert_true(machine.deadline.ns == at(220).ns);
	rule_machine_feed(&machine, &delayed, T, at(210));
	assert_true(machine.deadline.ns == at(220).ns);
	rule_machine_feed(&machine, &delayed, U, at(215));
	rule_machine_feed(&machine, &delayed, T, at(300));
	assert_true(machine.deadline.ns == at(305).ns);
	step = rule_machine_expire(&machine, &delayed, at(305));
	assert_int_equal(step.type, EVENT_FIRE);
	assert_true(machine.active.ns == at(100).ns);
	assert_true(machine.fired.ns == at(305).ns);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
}

static void test_a_false_condition_starts_pending_anew(void **state)
{
	struct rule_machine machine;

	(void)state;
	rule_machine_init(&machine, at(0));
	rule_machine_feed(&machine, &delayed, T, at(100));
	rule_machine_feed(&machine, &delayed, F, at(129));
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
	rule_machine_feed(&machine, &delayed, T, at(131));
	assert_true(machine.deadline.ns == at(161).ns);
}

static void test_clearing_ends_even_when_the_condition_is_unknown(void **state)
{
	struct rule_machine machine = in_state(RULE_CLEARING);
	struct rule_step step;

	(void)state;
	assert_true(machine.deadline.ns == at(150).ns);
	rule_machine_feed(&machine, &delayed, U, at(145));
	assert_true(machine.deadline.ns == at(150).ns);
	step = rule_machine_expire(&machine, &delayed, at(150));
	assert_int_equal(step.type, EVENT_CLEAR);
	assert_int_equal(machine.state, RULE_OK);
}

static void test_refire_keeps_the_time_of_fire(void **state)
{
	struct rule_machine machine = in_state(RULE_CLEARING);

	(void)state;
	rule_machine_feed(&machine, &delayed, T, at(145));
	assert_int_equal(machine.state, RULE_FIRING);
	assert_true(machine.fired.ns == at(130).ns);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
}

static void test_new_delays_move_the_deadline_and_not_the_state(void **state)
{
	struct rule_machine machine = in_state(RULE_PENDING);
	struct rule_extra others = {.for_ns = 60 * NSEC_PER_SEC,
				    .clear_for_ns = 3 * NSEC_PER_SEC};
	const struct rule other = {.more = &others};

	(void)state;
	rule_machine_retime(&machine, &other, at(110));
	assert_true(machine.deadline.ns == at(160).ns);
	others.for_ns = 5 * NSEC_PER_SEC;
	rule_machine_retime(&machine, &other, at(110));
	assert_true(machine.deadline.ns == at(110).ns);
	assert_int_equal(machine.state, RULE_PENDING);
	machine = in_state(RULE_CLEARING);
	rule_machine_retime(&machine, &other, at(141));
	assert_true(machine.deadline.ns == at(143).ns);
	machine = in_state(RULE_FIRING);
	rule_machine_retime(&machine, &other, at(141));
	assert_int_equal(machine.state, RULE_FIRING);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
}

static void test_a_new_condition_restarts_the_timers(void **state)
{
	struct rule_machine machine = in_state(RULE_PENDING);

	(void)state;
	rule_machine_restart(&machine, &delayed, at(120));
	assert_int_equal(machine.state, RULE_PENDING);
	assert_true(machine.deadline.ns == at(150).ns);
	machine = in_state(RULE_FIRING);
	rule_machine_restart(&machine, &delayed, at(150));
	assert_int_equal(machine.state, RULE_FIRING);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
}

static void test_ack_in_every_state(void **state)
{
	static const struct {
		enum rule_state from, to;
		bool happens;
		enum event_type type;
	} rows[] = {
		{RULE_OK, RULE_OK, false, 0},
		{RULE_PENDING, RULE_PENDING, false, 0},
		{RULE_FIRING, RULE_FIRING, true, EVENT_ACK},
		{RULE_CLEARING, RULE_CLEARING, true, EVENT_ACK},
		{RULE_RETURNED, RULE_OK, true, EVENT_CLEAR},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rule_machine machine = in_state(rows[i].from);
		struct boot deadline = machine.deadline;
		struct rule_step step = rule_machine_ack(&machine, at(160));

		assert_int_equal(step.happened, rows[i].happens);
		assert_int_equal(machine.state, rows[i].to);
		assert_int_equal(step.from, rows[i].from);
		assert_int_equal(step.to, rows[i].to);
		assert_true(machine.deadline.ns == deadline.ns);
		if (rows[i].happens)
			assert_int_equal(step.type, rows[i].type);
		/* Once is enough. */
		assert_false(rule_machine_ack(&machine, at(161)).happened);
	}
}

static void test_a_latched_alarm_ends_with_its_condition_once_acknowledged(void **state)
{
	struct rule_machine machine = in_state(RULE_FIRING);
	struct rule_step step;

	(void)state;
	rule_machine_ack(&machine, at(135));
	rule_machine_feed(&machine, &latched, F, at(140));
	step = rule_machine_expire(&machine, &latched, at(150));
	assert_int_equal(step.type, EVENT_CLEAR);
	assert_int_equal(machine.state, RULE_OK);
	/* The next time it fires it is to be acknowledged anew. */
	rule_machine_feed(&machine, &latched, T, at(200));
	rule_machine_expire(&machine, &latched, at(230));
	assert_false(machine.acked);
	rule_machine_feed(&machine, &latched, F, at(240));
	step = rule_machine_expire(&machine, &latched, at(250));
	assert_int_equal(step.type, EVENT_RETURN);
	assert_int_equal(machine.state, RULE_RETURNED);
}

static void test_without_delays_a_latched_alarm_returns_at_once(void **state)
{
	const struct rule rule = {.more = &rule_plain, .latch = true};
	struct rule_machine machine;
	struct rule_step step;

	(void)state;
	rule_machine_init(&machine, at(0));
	rule_machine_feed(&machine, &rule, T, at(5));
	step = rule_machine_feed(&machine, &rule, F, at(6));
	assert_int_equal(step.type, EVENT_RETURN);
	assert_int_equal(step.to, RULE_RETURNED);
	assert_true(machine.deadline.ns == BOOT_NEVER.ns);
	step = rule_machine_feed(&machine, &rule, T, at(7));
	assert_int_equal(step.type, EVENT_REFIRE);
	assert_true(machine.fired.ns == at(5).ns);
}

static void test_a_returned_alarm_is_over_when_its_latch_is_gone(void **state)
{
	struct rule_machine machine = in_state(RULE_RETURNED);
	struct rule_step step;

	(void)state;
	step = rule_machine_feed(&machine, &delayed, U, at(160));
	assert_false(step.happened);
	step = rule_machine_feed(&machine, &delayed, F, at(161));
	assert_int_equal(step.type, EVENT_CLEAR);
	assert_int_equal(machine.state, RULE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell_of_the_table_with_delays),
		cmocka_unit_test(test_without_delays_a_rule_fires_and_clears_at_once),
		cmocka_unit_test(test_pending_counts_only_time_known_true),
		cmocka_unit_test(test_a_false_condition_starts_pending_anew),
		cmocka_unit_test(test_clearing_ends_even_when_the_condition_is_unknown),
		cmocka_unit_test(test_refire_keeps_the_time_of_fire),
		cmocka_unit_test(test_new_delays_move_the_deadline_and_not_the_state),
		cmocka_unit_test(test_a_new_condition_restarts_the_timers),
		cmocka_unit_test(test_ack_in_every_state),
		cmocka_unit_test(
			test_a_latched_alarm_ends_with_its_condition_once_acknowledged),
		cmocka_unit_test(test_without_delays_a_latched_alarm_returns_at_once),
		cmocka_unit_test(test_a_returned_alarm_is_over_when_its_latch_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
