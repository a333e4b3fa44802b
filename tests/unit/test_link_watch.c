/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Links that come and go, in a network namespace of this test's own. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "io/link_watch.h"

static int told;

static void on_link(void *arg)
{
	told++;
	loop_stop(arg);
}

static void give_up(void *arg)
{
	loop_stop(arg);
}

/* Runs until something is told, or for so long. */
static void run(struct loop *loop, int64_t ns)
{
	struct loop_timer *limit = loop_timer_new(loop, give_up, loop);

	loop_timer_start(limit, mono_add(clock_mono(), ns));
	loop_run(loop);
	loop_timer_free(limit);
}

static void set_up_lo(bool up)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};

	assert_true(fd >= 0);
	request.ifr_flags = up ? IFF_UP : 0;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void test_a_link_that_comes_up_is_told_and_one_that_goes_is_not(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct link_watch *watch = link_watch_new(loop, on_link, loop, NULL);

	(void)state;
	assert_non_null(watch);
	told = 0;
	set_up_lo(true);
	run(loop, 60 * NSEC_PER_SEC);
	assert_int_equal(told, 1);
	set_up_lo(false);
	run(loop, NSEC_PER_SEC);
	assert_int_equal(told, 1);
	set_up_lo(true);
	run(loop, 60 * NSEC_PER_SEC);
	assert_int_equal(told, 2);
	link_watch_free(watch);
	loop_free(loop);
}

static void test_a_storm_is_told_once(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct link_watch *watch = link_watch_new(loop, on_link, loop, NULL);

	(void)state;
	assert_non_null(watch);
	told = 0;
	for (int i = 0; i < 2000; i++) {
		set_up_lo(false);
		set_up_lo(true);
	}
	run(loop, 60 * NSEC_PER_SEC);
	assert_int_equal(told, 1);
	link_watch_free(watch);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_link_that_comes_up_is_told_and_one_that_goes_is_not),
		cmocka_unit_test(test_a_storm_is_told_once),
	};

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		printf("SKIP: no network namespace of our own: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
