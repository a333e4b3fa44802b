/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The receiver's book accepts what gauged promises, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/ledger.h"

static enum verdict book(struct ledger *ledger, const char *body, struct ledger_line *ret)
{
	ledger_book(ledger, body, strlen(body), ret);
	return ret->verdict;
}

static enum verdict book_event(struct ledger *ledger, const char *id, int seq, const char *type,
			       const char *rule)
{
	struct ledger_line line;
	char body[512];

	snprintf(body, sizeof(body),
		 "{\"id\":\"%s\",\"seq\":%d,\"type\":\"%s\",\"site\":\"s\",\"rule\":\"%s\","
		 "\"severity\":\"critical\",\"state\":\"firing\",\"message\":\"m\","
		 "\"labels\":{},\"values\":{},\"times\":{}}",
		 id, seq, type, rule);
	return book(ledger, body, &line);
}

static void test_fire_and_clear_in_turn_are_good(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 1, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "b", 2, "fire", "other"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "c", 5, "clear", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "d", 6, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "e", 7, "instant", "bell"), VERDICT_GOOD);
	assert_int_equal(ledger_counts(ledger).fires, 3);
	assert_int_equal(ledger_counts(ledger).clears, 1);
	assert_int_equal(ledger_counts(ledger).instants, 1);
	assert_int_equal(ledger_counts(ledger).bad, 0);
	ledger_free(ledger);
}

static void test_the_same_message_again_is_a_duplicate(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 1, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "a", 1, "fire", "r"), VERDICT_DUPLICATE);
	assert_int_equal(ledger_counts(ledger).duplicates, 1);
	assert_int_equal(ledger_counts(ledger).fires, 1);
	ledger_free(ledger);
}

static void test_an_id_with_another_body_is_bad(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 1, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "a", 2, "clear", "r"), VERDICT_BAD);
	assert_int_equal(ledger_counts(ledger).bad, 1);
	ledger_free(ledger);
}

static void test_a_falling_seq_is_bad(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 4, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "b", 3, "clear", "r"), VERDICT_BAD);
	ledger_free(ledger);
}

static void test_a_daemon_that_started_anew_counts_from_one_again(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 1, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "b", 2, "instant", "q"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "c", 1, "fire", "r"), VERDICT_GOOD);
	ledger_free(ledger);
}

static void test_clear_without_fire_and_fire_after_fire_are_bad(void **state)
{
	struct ledger *ledger = ledger_new();

	assert_int_equal(book_event(ledger, "a", 1, "clear", "r"), VERDICT_BAD);
	assert_int_equal(book_event(ledger, "b", 2, "fire", "r"), VERDICT_GOOD);
	assert_int_equal(book_event(ledger, "c", 3, "fire", "r"), VERDICT_BAD);
	ledger_free(ledger);
}

static void test_what_is_no_event_is_bad_and_says_why(void **state)
{
	static const struct {
		const char *body, *complaint;
	} cases[] = {
		{"", "no JSON: "},
		{"{\"id\": 1", "no JSON: "},
		{"[1]", "JSON, but not an object"},
		{"{\"id\": 1}", "id is of another type, expected a string"},
		{"{\"id\": \"a\"}", "type is missing, expected a string"},
		{"{\"id\":\"a\",\"id\":\"b\"}", "no JSON: duplicate object key"},
	};
	struct ledger *ledger = ledger_new();
	struct ledger_line line;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(book(ledger, cases[i].body, &line), VERDICT_BAD);
		assert_non_null(strstr(line.complaint, cases[i].complaint));
	}
	assert_int_equal(ledger_counts(ledger).bad, sizeof(cases) / sizeof(cases[0]));
	ledger_free(ledger);
}

static void test_ids_beyond_the_room_are_forgotten_oldest_first(void **state)
{
	struct ledger *ledger = ledger_new();
	char id[16];

	for (int i = 1; i <= 5000; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		assert_int_equal(book_event(ledger, id, i, "instant", "r"), VERDICT_GOOD);
	}
	assert_int_equal(book_event(ledger, "m5000", 5000, "instant", "r"), VERDICT_DUPLICATE);
	assert_int_equal(book_event(ledger, "m2000", 2000, "instant", "r"), VERDICT_DUPLICATE);
	assert_int_equal(book_event(ledger, "m2", 2, "instant", "r"), VERDICT_BAD);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fire_and_clear_in_turn_are_good),
		cmocka_unit_test(test_the_same_message_again_is_a_duplicate),
		cmocka_unit_test(test_an_id_with_another_body_is_bad),
		cmocka_unit_test(test_a_falling_seq_is_bad),
		cmocka_unit_test(test_a_daemon_that_started_anew_counts_from_one_again),
		cmocka_unit_test(test_clear_without_fire_and_fire_after_fire_are_bad),
		cmocka_unit_test(test_what_is_no_event_is_bad_and_says_why),
		cmocka_unit_test(test_ids_beyond_the_room_are_forgotten_oldest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
