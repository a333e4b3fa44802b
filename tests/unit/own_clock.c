/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the time of a test, and the timers that wait for it. */
#include "own_clock.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "io/loop.h"

struct loop_timer {
	loop_timer_fn *fn;
	void *arg;
	struct mono deadline; /* MONO_NEVER: stopped */
	uint64_t order;	      /* of starting */
	LIST_ENTRY(loop_timer) entry;
};

static struct {
	struct mono now;
	uint64_t order;
	LIST_HEAD(, loop_timer) timers;
} own = {.now = {1000 * NSEC_PER_SEC}};

struct mono __real_clock_mono(void);
struct mono __wrap_clock_mono(void);
struct boot __wrap_clock_boot(void);
struct loop_timer *__wrap_loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void __wrap_loop_timer_free(struct loop_timer *timer);
void __wrap_loop_timer_start(struct loop_timer *timer, struct mono deadline);
void __wrap_loop_timer_stop(struct loop_timer *timer);
bool __wrap_loop_timer_running(const struct loop_timer *timer);

struct mono __wrap_clock_mono(void)
{
	return own.now;
}

/* As if the box had slept for an hour before. */
struct boot __wrap_clock_boot(void)
{
	return (struct boot){own.now.ns + 3600 * NSEC_PER_SEC};
}

struct loop_timer *__wrap_loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->fn = fn;
	timer->arg = arg;
	timer->deadline = MONO_NEVER;
	LIST_INSERT_HEAD(&own.timers, timer, entry);
	return timer;
}

void __wrap_loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	LIST_REMOVE(timer, entry);
	free(timer);
}

void __wrap_loop_timer_start(struct loop_timer *timer, struct mono deadline)
{
	timer->deadline = deadline;
	timer->order = ++own.order;
}

void __wrap_loop_timer_stop(struct loop_timer *timer)
{
	timer->deadline = MONO_NEVER;
}

bool __wrap_loop_timer_running(const struct loop_timer *timer)
{
	return timer->deadline.ns != INT64_MAX;
}

/* The next to ring of those started until then; NULL: none is running. */
static struct loop_timer *next_timer(uint64_t until)
{
	struct loop_timer *timer, *next = NULL;

	LIST_FOREACH (timer, &own.timers, entry) {
		if (timer->deadline.ns == INT64_MAX || timer->order > until)
			continue;
		if (next == NULL || timer->deadline.ns < next->deadline.ns ||
		    (timer->deadline.ns == next->deadline.ns && timer->order < next->order))
			next = timer;
	}
	return next;
}

bool own_clock_ring(void)
{
	/* What is started by what rings waits for the next turn, as on the loop. */
	uint64_t until = own.order;
	struct loop_timer *timer;
	bool rang = false;

	while ((timer = next_timer(until)) != NULL && timer->deadline.ns <= own.now.ns) {
		timer->deadline = MONO_NEVER;
		timer->fn(timer->arg);
		rang = true;
	}
	return rang;
}

void own_clock_skip(int64_t ns)
{
	own.now = mono_add(own.now, ns);
}

bool own_clock_advance(struct mono end)
{
	const struct loop_timer *next = next_timer(own.order);

	if (next != NULL && next->deadline.ns < end.ns)
		end = next->deadline;
	if (end.ns <= own.now.ns)
		return false;
	own.now = end;
	return true;
}

struct mono own_clock_real(void)
{
	return __real_clock_mono();
}
