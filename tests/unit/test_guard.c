/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests that guards leave nothing out, whenever they come and go. */
#include "rules/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules_case.h"

static void test_guards_that_are_switched_off_hold_nothing_back_later(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 1", "");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 0);
	/* Guarded below 1 from here on; and then it goes beyond that unguarded. */
	engine_set_guards(c.engine, false);
	feed_number(&c, 2, "x.a", 5);
	feed_number(&c, 3, "x.a", 0);
	engine_set_guards(c.engine, true);
	feed_number(&c, 4, "x.a", 5);
	feed_number(&c, 5, "x.a", 0);
	assert_log(&c,
		   "2.000000000 r fire ok->firing warning \"\" x.a=5\n"
		   "3.000000000 r clear firing->ok warning active=1.000000000 \"\" x.a=0\n"
		   "4.000000000 r fire ok->firing warning \"\" x.a=5\n"
		   "5.000000000 r clear firing->ok warning active=1.000000000 \"\" x.a=0\n");
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guards_that_are_switched_off_hold_nothing_back_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
