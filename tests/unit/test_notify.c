/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The datagrams to the service manager on a real socket, and when the watchdog is fed. */
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"

struct manager {
	int fd;
	char name[64]; /* what NOTIFY_SOCKET would be */
};

static struct manager manager_new(bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct manager manager;
	socklen_t len;

	snprintf(manager.name, sizeof(manager.name), "%s/test-notify-%d",
		 abstract ? "@gauged" : "/tmp", (int)getpid());
	strcpy(address.sun_path, manager.name);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(manager.name));
	if (abstract)
		address.sun_path[0] = '\0';
	else
		len++;
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(manager.fd >= 0);
	assert_int_equal(bind(manager.fd, (struct sockaddr *)&address, len), 0);
	return manager;
}

static void manager_done(struct manager *manager)
{
	close(manager->fd);
	if (manager->name[0] == '/')
		unlink(manager->name);
}

/* The next datagram, or "" if there is none. */
static const char *manager_read(struct manager *manager, char *room, size_t size)
{
	ssize_t n = recv(manager->fd, room, size - 1, 0);

	room[n > 0 ? n : 0] = '\0';
	return room;
}

static void test_notify_datagrams_are_those_of_sd_notify(void **state)
{
	(void)state;
	for (int abstract = 0; abstract < 2; abstract++) {
		struct manager manager = manager_new(abstract);
		struct notify *notify = notify_new(manager.name, NULL);
		char room[2048], want[64];
		struct mono now = clock_mono();

		assert_non_null(notify);
		notify_ready(notify);
		assert_string_equal(manager_read(&manager, room, sizeof(room)), "READY=1");
		notify_reloading(notify, now);
		snprintf(want, sizeof(want), "RELOADING=1\nMONOTONIC_USEC=%jd",
			 (intmax_t)(now.ns / 1000));
		assert_string_equal(manager_read(&manager, room, sizeof(room)), want);
		notify_status(notify, "%d buses\nREADY=1", 3);
		assert_string_equal(manager_read(&manager, room, sizeof(room)),
				    "STATUS=3 buses READY=1");
		notify_stopping(notify);
		assert_string_equal(manager_read(&manager, room, sizeof(room)), "STOPPING=1");
		assert_int_equal(notify_lost(notify), 0);
		notify_free(notify);
		manager_done(&manager);
	}
}

static void test_notify_does_nothing_without_a_manager(void **state)
{
	struct notify *notify = notify_new(NULL, NULL);

	(void)state;
	notify_ready(notify);
	notify_status(notify, "fine");
	assert_int_equal(notify_lost(notify), 0);
	notify_free(notify);
	notify = notify_new("", NULL);
	assert_non_null(notify);
	notify_free(notify);
	notify_free(NULL);
}

static void test_notify_refuses_names_that_are_no_address(void **state)
{
	struct error err;
	char name[200];

	(void)state;
	assert_null(notify_new("relative/path", &err));
	assert_int_equal(err.code, EINVAL);
	assert_null(notify_new("@", &err));
	assert_int_equal(err.code, EINVAL);
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	assert_null(notify_new(name, &err));
	assert_int_equal(err.code, ENAMETOOLONG);
}

/* A manager that reads nothing: datagrams are lost and counted, nobody waits. */
static void test_notify_counts_what_a_full_manager_does_not_take(void **state)
{
	struct manager manager = manager_new(true);
	struct notify *notify = notify_new(manager.name, NULL);

	(void)state;
	for (int i = 0; i < 5000; i++)
		notify_ready(notify);
	assert_true(notify_lost(notify) > 0);
	assert_true(notify_lost(notify) < 5000);
	notify_free(notify);
	manager_done(&manager);
}

static void test_notify_watchdog_interval_is_of_this_process_only(void **state)
{
	struct error err;
	int64_t ns = 7;

	(void)state;
	assert_int_equal(notify_watchdog_interval(NULL, NULL, 10, &ns, &err), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(notify_watchdog_interval("20000000", NULL, 10, &ns, &err), 0);
	assert_int_equal(ns, 20 * NSEC_PER_SEC);
	assert_int_equal(notify_watchdog_interval("20000000", "10", 10, &ns, &err), 0);
	assert_int_equal(ns, 20 * NSEC_PER_SEC);
	assert_int_equal(notify_watchdog_interval("20000000", "11", 10, &ns, &err), 0);
	assert_int_equal(ns, 0);
	ns = 7;
	assert_int_equal(notify_watchdog_interval("soon", NULL, 10, &ns, &err), -EINVAL);
	assert_int_equal(notify_watchdog_interval("0", NULL, 10, &ns, &err), -EINVAL);
	assert_int_equal(notify_watchdog_interval("-5", NULL, 10, &ns, &err), -EINVAL);
	assert_int_equal(notify_watchdog_interval("5", "me", 10, &ns, &err), -EINVAL);
	assert_int_equal(ns, 7);
}

static bool source_alive(void *arg)
{
	bool *alive = arg;

	return *alive;
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

/* Runs the loop until the watchdog had time for some 20 feeds; how many came. */
static int feeds(struct loop *loop, struct manager *manager)
{
	struct loop_timer *end = loop_timer_new(loop, stop_loop, loop);
	char room[64];
	int count = 0;

	loop_timer_start(end, mono_add(clock_mono(), 200 * NSEC_PER_MSEC));
	loop_run(loop);
	while (strcmp(manager_read(manager, room, sizeof(room)), "WATCHDOG=1") == 0)
		count++;
	loop_timer_free(end);
	return count;
}

static void run_watchdog(bool first, bool second, int *ret_feeds)
{
	struct manager manager = manager_new(true);
	struct notify *notify = notify_new(manager.name, NULL);
	struct loop *loop = loop_new(NULL);
	struct notify_watchdog *watchdog =
		notify_watchdog_new(notify, loop, 20 * NSEC_PER_MSEC);

	notify_watchdog_add(watchdog, "first", source_alive, &first);
	notify_watchdog_add(watchdog, "second", source_alive, &second);
	*ret_feeds = feeds(loop, &manager);
	notify_watchdog_free(watchdog);
	loop_free(loop);
	notify_free(notify);
	manager_done(&manager);
}

static void test_fault_E3_watchdog_is_fed_only_while_every_source_makes_progress(void **state)
{
	int count;

	(void)state;
	run_watchdog(true, true, &count);
	assert_true(count >= 1 && count <= 20);
	run_watchdog(true, false, &count);
	assert_int_equal(count, 0);
	run_watchdog(false, true, &count);
	assert_int_equal(count, 0);
}

/* A handler that hangs hangs the feeding with it: there is no thread that feeds on its own. */
static void test_fault_E3_watchdog_is_not_fed_while_the_loop_hangs(void **state)
{
	struct manager manager = manager_new(true);
	struct notify *notify = notify_new(manager.name, NULL);
	struct loop *loop = loop_new(NULL);
	struct notify_watchdog *watchdog = notify_watchdog_new(notify, loop, 2 * NSEC_PER_MSEC);
	char room[64];

	(void)state;
	assert_int_equal(poll(NULL, 0, 100), 0);
	assert_string_equal(manager_read(&manager, room, sizeof(room)), "");
	assert_true(feeds(loop, &manager) > 0);
	notify_watchdog_free(watchdog);
	loop_free(loop);
	notify_free(notify);
	manager_done(&manager);
}

static void test_watchdog_never_feeds_when_nobody_watches(void **state)
{
	struct manager manager = manager_new(true);
	struct notify *notify = notify_new(manager.name, NULL);
	struct loop *loop = loop_new(NULL);
	struct notify_watchdog *watchdog = notify_watchdog_new(notify, loop, 0);

	(void)state;
	assert_int_equal(feeds(loop, &manager), 0);
	notify_watchdog_free(watchdog);
	loop_free(loop);
	notify_free(notify);
	manager_done(&manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify_datagrams_are_those_of_sd_notify),
		cmocka_unit_test(test_notify_does_nothing_without_a_manager),
		cmocka_unit_test(test_notify_refuses_names_that_are_no_address),
		cmocka_unit_test(test_notify_counts_what_a_full_manager_does_not_take),
		cmocka_unit_test(test_notify_watchdog_interval_is_of_this_process_only),
		cmocka_unit_test(
			test_fault_E3_watchdog_is_fed_only_while_every_source_makes_progress),
		cmocka_unit_test(test_fault_E3_watchdog_is_not_fed_while_the_loop_hangs),
		cmocka_unit_test(test_watchdog_never_feeds_when_nobody_watches),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
