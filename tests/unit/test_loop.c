/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The loop keeps its promises, and keeps them with few system calls. */
#include "io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

/* libevent calls these instead of the C library's: they count. */
static struct {
	size_t waits;
	size_t controls;
	size_t timers;
} calls;

int epoll_wait(int epfd, struct epoll_event *events, int count, int timeout)
{
	calls.waits++;
	return (int)syscall(SYS_epoll_pwait, epfd, events, count, timeout, NULL, 8);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	calls.controls++;
	return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	calls.timers++;
	return (int)syscall(SYS_timerfd_settime, fd, flags, when, old);
}

static struct mono in_ms(int64_t ms)
{
	return mono_add(clock_mono(), ms * NSEC_PER_MSEC);
}

static void spin_ms(int64_t ms)
{
	struct mono end = in_ms(ms);

	while (clock_mono().ns < end.ns)
		;
}

static struct loop *start(void)
{
	struct loop *loop = loop_new(NULL);

	assert_non_null(loop);
	return loop;
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static uint64_t turns(const struct loop *loop)
{
	struct loop_report report;

	loop_report(loop, &report);
	return report.turns;
}

/* Timers. */

enum { TIMERS = 40 };

struct timer_case {
	struct loop *loop;
	struct loop_timer *timer;
	struct mono deadline;
	int64_t early_ns;
	int place;
	int *fired;
};

static void note_firing(void *arg)
{
	struct timer_case *c = arg;

	c->early_ns = mono_diff(c->deadline, clock_mono());
	c->place = (*c->fired)++;
	if (*c->fired == TIMERS)
		loop_stop(c->loop);
}

static void test_timers_fire_in_order_and_never_early(void **state)
{
	struct timer_case cases[TIMERS];
	struct loop *loop = start();
	struct mono now = clock_mono();
	int fired = 0;

	(void)state;
	for (int i = 0; i < TIMERS; i++) {
		/* 7 and 40 have no common divisor: every place once, in no order */
		int place = i * 7 % TIMERS;

		cases[i] = (struct timer_case){.loop = loop, .fired = &fired};
		cases[i].timer = loop_timer_new(loop, note_firing, &cases[i]);
		cases[i].deadline = mono_add(now, place * NSEC_PER_MSEC + i * 100);
		loop_timer_start(cases[i].timer, cases[i].deadline);
		assert_true(loop_timer_running(cases[i].timer));
	}
	assert_int_equal(loop_run(loop), 0);
	for (int i = 0; i < TIMERS; i++) {
		assert_int_equal(cases[i].place, i * 7 % TIMERS);
		assert_true(cases[i].early_ns <= 0);
		assert_false(loop_timer_running(cases[i].timer));
		loop_timer_free(cases[i].timer);
	}
	loop_free(loop);
}

static void test_timer_moved_later_costs_no_system_call(void **state)
{
	struct loop *loop = start();
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);
	struct mono deadline = in_ms(20);

	(void)state;
	loop_timer_start(timer, deadline);
	loop_turn(loop);
	calls.waits = calls.controls = calls.timers = 0;
	for (int i = 1; i <= 1000; i++)
		loop_timer_start(timer, mono_add(deadline, i * 20 * NSEC_PER_USEC));
	assert_int_equal(calls.waits + calls.controls + calls.timers, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_true(clock_mono().ns >= deadline.ns + 20 * NSEC_PER_MSEC);
	/* woken at the first deadline, and at the last */
	assert_in_range(calls.waits, 1, 3);
	loop_timer_free(timer);
	loop_free(loop);
}

static void test_timer_moved_earlier_fires_then(void **state)
{
	struct loop *loop = start();
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);
	struct mono before = clock_mono();

	(void)state;
	loop_timer_start(timer, in_ms(3600 * 1000));
	loop_timer_start(timer, in_ms(1));
	assert_int_equal(loop_run(loop), 0);
	assert_true(mono_diff(clock_mono(), before) < 1800 * NSEC_PER_SEC);
	loop_timer_free(timer);
	loop_free(loop);
}

static void test_timer_stopped_does_not_fire(void **state)
{
	struct loop *loop = start();
	int stopped = 0, freed = 0, ran = 0;
	struct loop_timer *a = loop_timer_new(loop, count, &stopped);
	struct loop_timer *b = loop_timer_new(loop, count, &freed);
	struct loop_timer *c = loop_timer_new(loop, count, &ran);
	struct loop_timer *end = loop_timer_new(loop, stop, loop);

	(void)state;
	loop_timer_start(a, in_ms(1));
	loop_timer_start(b, in_ms(1));
	loop_timer_start(c, in_ms(1));
	loop_timer_start(end, in_ms(5));
	loop_timer_stop(a);
	assert_false(loop_timer_running(a));
	loop_timer_free(b);
	loop_timer_stop(c);
	loop_timer_start(c, in_ms(2));
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(stopped, 0);
	assert_int_equal(freed, 0);
	assert_int_equal(ran, 1);
	loop_timer_free(a);
	loop_timer_free(c);
	loop_timer_free(end);
	loop_timer_free(NULL);
	loop_free(loop);
}

struct restart {
	struct loop *loop;
	struct loop_timer *timer;
	int left;
};

static void restart(void *arg)
{
	struct restart *r = arg;

	if (--r->left > 0) {
		loop_timer_start(r->timer, in_ms(1));
		return;
	}
	loop_timer_free(r->timer);
	loop_stop(r->loop);
}

static void test_timer_may_restart_and_free_itself(void **state)
{
	struct restart r = {.loop = start(), .left = 5};

	(void)state;
	r.timer = loop_timer_new(r.loop, restart, &r);
	loop_timer_start(r.timer, (struct mono){0});
	assert_int_equal(loop_run(r.loop), 0);
	assert_int_equal(r.left, 0);
	loop_free(r.loop);
}

struct late {
	struct loop_timer *armed;
	uint64_t armed_at_turn;
	struct loop *loop;
};

static void arm_late(void *arg)
{
	struct late *late = arg;

	/* A clock read at the start of the turn is old by now. */
	spin_ms(10);
	loop_timer_start(late->armed, in_ms(20));
	late->armed_at_turn = turns(late->loop);
}

static void test_timer_armed_late_in_a_turn_wakes_once(void **state)
{
	struct late late = {.loop = start()};
	struct loop_timer *first = loop_timer_new(late.loop, arm_late, &late);

	(void)state;
	late.armed = loop_timer_new(late.loop, stop, late.loop);
	loop_timer_start(first, in_ms(0));
	assert_int_equal(loop_run(late.loop), 0);
	/* the turn it was armed in ends, and the next is the one it fires in */
	assert_int_equal(turns(late.loop) - late.armed_at_turn, 2);
	loop_timer_free(first);
	loop_timer_free(late.armed);
	loop_free(late.loop);
}

/* Alarms. */

static void test_alarm_fires_on_boot_time_and_never_early(void **state)
{
	struct loop *loop = start();
	struct loop_alarm *alarm = loop_alarm_new(loop, stop, loop);
	struct boot deadline = boot_add(clock_boot(), 5 * NSEC_PER_MSEC);
	struct boot later = boot_add(deadline, 10 * NSEC_PER_MSEC);
	size_t armed;

	(void)state;
	loop_alarm_start(alarm, boot_add(deadline, 3600 * NSEC_PER_SEC));
	loop_alarm_start(alarm, deadline);
	armed = calls.timers;
	/* later costs nothing, and still it is not early */
	loop_alarm_start(alarm, later);
	assert_int_equal(calls.timers, armed);
	assert_int_equal(loop_run(loop), 0);
	assert_true(clock_boot().ns >= later.ns);
	/* long past is now */
	loop_alarm_start(alarm, (struct boot){-5});
	assert_int_equal(loop_run(loop), 0);
	loop_alarm_free(alarm);
	loop_alarm_free(NULL);
	loop_free(loop);
}

static void test_alarm_stopped_does_not_fire(void **state)
{
	struct loop *loop = start();
	int fired = 0;
	struct loop_alarm *alarm = loop_alarm_new(loop, count, &fired);
	struct loop_timer *end = loop_timer_new(loop, stop, loop);

	(void)state;
	loop_alarm_start(alarm, boot_add(clock_boot(), NSEC_PER_MSEC));
	loop_alarm_stop(alarm);
	loop_timer_start(end, in_ms(5));
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(fired, 0);
	loop_alarm_free(alarm);
	loop_timer_free(end);
	loop_free(loop);
}

/* Deferred work. */

struct order {
	struct loop *loop;
	struct loop_defer *defer;
	int fd;
	int reads;
	int deferred;
	int reads_before_defer;
};

static void order_read(void *arg, unsigned what)
{
	struct order *order = arg;

	assert_int_equal(what, LOOP_READ);
	order->reads++;
	loop_defer_ask(order->defer);
	loop_defer_ask(order->defer);
}

static void order_deferred(void *arg)
{
	struct order *order = arg;

	order->deferred++;
	order->reads_before_defer = order->reads;
}

static void test_defer_runs_once_at_the_end_of_the_turn_it_was_asked_in(void **state)
{
	struct order order = {.loop = start()};
	struct loop_watch *a, *b;
	int fds[2];

	(void)state;
	order.defer = loop_defer_new(order.loop, order_deferred, &order);
	assert_return_code(pipe(fds), errno);
	assert_int_equal(write(fds[1], "x", 1), 1);
	/* Always ready, as under a flood: deferred work must not wait for calm. */
	a = loop_watch_new(order.loop, fds[0], LOOP_READ, order_read, &order);
	b = loop_watch_new(order.loop, dup(fds[0]), LOOP_READ, order_read, &order);
	for (int i = 1; i <= 100; i++) {
		calls.waits = 0;
		assert_int_equal(loop_turn(order.loop), 0);
		assert_int_equal(order.reads, 2 * i);
		assert_int_equal(order.deferred, i);
		assert_int_equal(order.reads_before_defer, 2 * i);
		/* and costs no look at the descriptors of its own */
		assert_int_equal(calls.waits, 1);
	}
	loop_watch_free(a);
	loop_watch_free(b);
	loop_defer_free(order.defer);
	loop_free(order.loop);
	close(fds[0]);
	close(fds[1]);
}

struct chain {
	struct loop *loop;
	struct loop_defer *defer;
	struct loop_defer *other;
	int left;
};

static void chain_next(void *arg)
{
	struct chain *chain = arg;

	if (--chain->left > 0)
		loop_defer_ask(chain->defer);
	else
		loop_stop(chain->loop);
}

static void test_defer_asked_while_deferred_runs_in_the_next_turn_at_once(void **state)
{
	struct chain chain = {.loop = start(), .left = 5};
	uint64_t before;

	(void)state;
	chain.defer = loop_defer_new(chain.loop, chain_next, &chain);
	loop_defer_ask(chain.defer);
	before = turns(chain.loop);
	/* nothing else would wake the loop */
	assert_int_equal(loop_run(chain.loop), 0);
	assert_int_equal(chain.left, 0);
	assert_int_equal(turns(chain.loop) - before, 5);
	loop_defer_free(chain.defer);
	loop_free(chain.loop);
}

static void free_other(void *arg)
{
	struct chain *chain = arg;

	chain->left++;
	loop_defer_free(chain->other);
	loop_defer_free(chain->defer);
}

static void test_defer_may_be_freed_while_it_waits_or_runs(void **state)
{
	struct chain chain = {.loop = start()};

	(void)state;
	chain.defer = loop_defer_new(chain.loop, free_other, &chain);
	chain.other = loop_defer_new(chain.loop, chain_next, &chain);
	loop_defer_ask(chain.defer);
	loop_defer_ask(chain.other);
	loop_turn(chain.loop);
	assert_int_equal(chain.left, 1);
	loop_turn(chain.loop);
	assert_int_equal(chain.left, 1);
	loop_defer_free(NULL);
	loop_free(chain.loop);
}

/* Descriptors. */

struct seen {
	int reads;
	int writes;
};

static void see(void *arg, unsigned what)
{
	struct seen *seen = arg;

	seen->reads += (what & LOOP_READ) != 0;
	seen->writes += (what & LOOP_WRITE) != 0;
}

static void test_watch_tells_what_is_ready_and_pauses(void **state)
{
	struct loop *loop = start();
	struct seen in = {0}, out = {0};
	struct loop_watch *reader, *writer;
	char byte;
	int fds[2];

	(void)state;
	assert_return_code(pipe(fds), errno);
	reader = loop_watch_new(loop, fds[0], LOOP_READ, see, &in);
	writer = loop_watch_new(loop, fds[1], 0, see, &out);
	loop_turn(loop);
	assert_int_equal(in.reads + out.writes, 0);
	loop_watch_set(writer, LOOP_WRITE);
	loop_turn(loop);
	assert_int_equal(out.writes, 1);
	loop_watch_set(writer, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(loop);
	loop_turn(loop);
	/* level-triggered: as long as it is not read */
	assert_int_equal(in.reads, 2);
	assert_int_equal(out.writes, 1);
	calls.controls = 0;
	loop_watch_set(writer, 0);
	loop_watch_set(reader, LOOP_READ);
	assert_int_equal(calls.controls, 0);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	/* the other end's end is something to read */
	close(fds[1]);
	loop_turn(loop);
	assert_int_equal(in.reads, 3);
	loop_watch_free(reader);
	loop_watch_free(writer);
	loop_watch_free(NULL);
	loop_free(loop);
	close(fds[0]);
}

struct closing {
	struct loop_watch *watch;
	int calls;
};

static void close_itself(void *arg, unsigned what)
{
	struct closing *closing = arg;

	(void)what;
	closing->calls++;
	loop_watch_set(closing->watch, LOOP_READ | LOOP_WRITE);
	loop_watch_free(closing->watch);
}

static void test_watch_may_be_changed_and_freed_by_its_own_call(void **state)
{
	struct loop *loop = start();
	struct closing closing = {0};
	int fds[2];

	(void)state;
	assert_return_code(pipe(fds), errno);
	closing.watch = loop_watch_new(loop, fds[1], LOOP_WRITE, close_itself, &closing);
	loop_turn(loop);
	loop_turn(loop);
	assert_int_equal(closing.calls, 1);
	loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

/* Threads and signals. */

enum { RINGS = 1000 };

struct rings {
	struct loop *loop;
	struct loop_wake *wake;
	atomic_int rung;
	int calls;
};

static void on_wake(void *arg)
{
	struct rings *rings = arg;

	rings->calls++;
	if (rings->rung == RINGS)
		loop_stop(rings->loop);
}

static void *ring(void *arg)
{
	struct rings *rings = arg;

	for (int i = 0; i < RINGS; i++) {
		rings->rung++;
		loop_wake_ring(rings->wake);
	}
	return NULL;
}

static void test_wake_from_a_thread_is_never_lost(void **state)
{
	struct rings rings = {.loop = start()};
	pthread_t thread;

	(void)state;
	rings.wake = loop_wake_new(rings.loop, on_wake, &rings);
	assert_int_equal(pthread_create(&thread, NULL, ring, &rings), 0);
	/* would wait for ever if the last one were */
	assert_int_equal(loop_run(rings.loop), 0);
	pthread_join(thread, NULL);
	assert_in_range(rings.calls, 1, RINGS);
	loop_wake_free(rings.wake);
	loop_wake_free(NULL);
	loop_free(rings.loop);
}

static void test_signals_arrive_on_the_loop(void **state)
{
	struct loop *loop = start();
	int caught = 0;
	struct loop_signal *signal = loop_signal_new(loop, SIGUSR1, count, &caught);

	(void)state;
	raise(SIGUSR1);
	assert_int_equal(caught, 0);
	loop_turn(loop);
	assert_in_range(caught, 1, 1);
	loop_signal_free(signal);
	loop_signal_free(NULL);
	loop_free(loop);
}

/* The loop itself. */

static void test_run_ends_when_stopped_and_can_begin_again(void **state)
{
	struct loop *loop = start();
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);

	(void)state;
	for (int i = 0; i < 3; i++) {
		loop_timer_start(timer, in_ms(1));
		assert_int_equal(loop_run(loop), 0);
		assert_false(loop_timer_running(timer));
	}
	/* asked before it began */
	loop_stop(loop);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_free(timer);
	loop_free(loop);
	loop_free(NULL);
}

static void test_lag_is_measured_and_reset(void **state)
{
	struct loop *loop = start();
	struct loop_timer *slow = loop_timer_new(loop, stop, loop);
	struct loop_report report;

	(void)state;
	loop_measure_lag(loop, true);
	loop_measure_lag(loop, true);
	/* a turn of 150 ms makes the sample that is due in 100 ms at least 50 ms late */
	spin_ms(150);
	loop_timer_start(slow, in_ms(20));
	assert_int_equal(loop_run(loop), 0);
	loop_report(loop, &report);
	assert_in_range(report.lag_samples, 1, 1000);
	assert_true(report.lag_max_ns >= 50 * NSEC_PER_MSEC);
	assert_true(report.lag_last_ns <= report.lag_max_ns);
	loop_reset_lag(loop);
	loop_report(loop, &report);
	assert_int_equal(report.lag_max_ns, 0);
	loop_measure_lag(loop, false);
	loop_timer_free(slow);
	loop_free(loop);
}

static void release(void *thing)
{
	int *order = thing;

	*order += order[1]++;
}

static void test_kept_things_are_found_and_released_with_the_loop(void **state)
{
	static const char key = 0, other = 0;
	struct loop *loop = start();
	int thing[2] = {10, 1};

	(void)state;
	assert_null(loop_local(loop, &key));
	loop_keep(loop, &key, thing, release);
	assert_ptr_equal(loop_local(loop, &key), thing);
	assert_null(loop_local(loop, &other));
	loop_free(loop);
	assert_int_equal(thing[0], 11);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_fire_in_order_and_never_early),
		cmocka_unit_test(test_timer_moved_later_costs_no_system_call),
		cmocka_unit_test(test_timer_moved_earlier_fires_then),
		cmocka_unit_test(test_timer_stopped_does_not_fire),
		cmocka_unit_test(test_timer_may_restart_and_free_itself),
		cmocka_unit_test(test_timer_armed_late_in_a_turn_wakes_once),
		cmocka_unit_test(test_alarm_fires_on_boot_time_and_never_early),
		cmocka_unit_test(test_alarm_stopped_does_not_fire),
		cmocka_unit_test(test_defer_runs_once_at_the_end_of_the_turn_it_was_asked_in),
		cmocka_unit_test(test_defer_asked_while_deferred_runs_in_the_next_turn_at_once),
		cmocka_unit_test(test_defer_may_be_freed_while_it_waits_or_runs),
		cmocka_unit_test(test_watch_tells_what_is_ready_and_pauses),
		cmocka_unit_test(test_watch_may_be_changed_and_freed_by_its_own_call),
		cmocka_unit_test(test_wake_from_a_thread_is_never_lost),
		cmocka_unit_test(test_signals_arrive_on_the_loop),
		cmocka_unit_test(test_run_ends_when_stopped_and_can_begin_again),
		cmocka_unit_test(test_lag_is_measured_and_reset),
		cmocka_unit_test(test_kept_things_are_found_and_released_with_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
