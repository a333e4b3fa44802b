/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the virtual time: clocks, what happens next, and the loop that goes from one to another.
 */
#include "virtual.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/alloc.h"
#include "base/error.h"

enum { LOCALS = 8, TURNS_AT_ONE_TIME = 100000 };

static const int64_t world_begin_ns = 1000 * NSEC_PER_SEC;

static struct {
	int64_t now, wall_offset, lateness;
	struct random random;
	struct virtual_event **events; /* a heap, from 1 */
	size_t event_count, event_room;
	uint64_t order;
} world;

struct loop {
	struct {
		const void *key;
		void *thing;
		void (*release)(void *thing);
	} locals[LOCALS];
	size_t local_count;
	TAILQ_HEAD(, loop_defer) deferred;
	TAILQ_HEAD(, loop_watch) ready;
	struct loop_watch *calling;
	bool stopped;
	unsigned turns_now; /* without time going by */
};

struct loop_timer {
	struct virtual_event event;
};

struct loop_watch {
	struct loop *loop;
	loop_watch_fn *fn;
	void *arg;
	int fd;
	unsigned what;
	bool listed, this_turn;
	TAILQ_ENTRY(loop_watch) entry;
};

struct loop_defer {
	struct loop *loop;
	loop_timer_fn *fn;
	void *arg;
	bool asked, this_turn;
	TAILQ_ENTRY(loop_defer) entry;
};

/* The clocks. */

struct mono clock_mono(void)
{
	return (struct mono){world.now};
}

/* As if the box had slept for an hour before. */
struct boot clock_boot(void)
{
	return (struct boot){world.now + 3600 * NSEC_PER_SEC};
}

struct wall clock_wall(void)
{
	return (struct wall){world.now + world.wall_offset};
}

bool clock_synchronised(void)
{
	return true;
}

ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)virtual_random(0, 255);
	return (ssize_t)len;
}

void virtual_begin(uint64_t seed)
{
	/* A test that failed may have left its world behind. */
	memset(&world, 0, sizeof(world));
	virtual_wire_begin();
	world.now = world_begin_ns;
	world.wall_offset = 1700000000 * NSEC_PER_SEC;
	random_init(&world.random, seed + 1);
}

void virtual_end(void)
{
	virtual_wire_end();
	assert(world.event_count == 0);
	free(world.events);
	world.events = NULL;
}

void virtual_set_lateness(int64_t max_ns)
{
	world.lateness = max_ns;
}

void virtual_step_wall(int64_t ns)
{
	world.wall_offset += ns;
}

int64_t virtual_random(int64_t low, int64_t high)
{
	return random_between(&world.random, low, high);
}

/* What happens next: a binary heap. */

static bool event_before(const struct virtual_event *a, const struct virtual_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void event_put(struct virtual_event *event, size_t place)
{
	world.events[place] = event;
	event->place = place;
}

/* Finds the place of an event that belongs somewhere near place. */
static void event_settle(struct virtual_event *event, size_t place)
{
	size_t child;

	for (; place > 1 && event_before(event, world.events[place / 2]); place /= 2)
		event_put(world.events[place / 2], place);
	while ((child = 2 * place) <= world.event_count) {
		if (child < world.event_count &&
		    event_before(world.events[child + 1], world.events[child]))
			child++;
		if (!event_before(world.events[child], event))
			break;
		event_put(world.events[child], place);
		place = child;
	}
	event_put(event, place);
}

void virtual_event_start(struct virtual_event *event, int64_t at)
{
	event->at = at < world.now ? world.now : at;
	event->order = ++world.order;
	if (event->place == 0) {
		if (++world.event_count >= world.event_room) {
			world.event_room = 2 * world.event_room + 64;
			world.events = xreallocarray(world.events, world.event_room,
						     sizeof(struct virtual_event *));
		}
		event->place = world.event_count;
	}
	event_settle(event, event->place);
}

void virtual_event_stop(struct virtual_event *event)
{
	size_t place = event->place;
	struct virtual_event *last;

	if (place == 0)
		return;
	event->place = 0;
	last = world.events[world.event_count--];
	if (last != event)
		event_settle(last, place);
}

/* All that is due by now; what that starts happens in the next turn. */
static void events_run(void)
{
	uint64_t until = world.order;

	while (world.event_count > 0) {
		struct virtual_event *event = world.events[1];

		if (event->at > world.now || event->order > until)
			return;
		virtual_event_stop(event);
		event->fn(event->arg);
	}
}

/* The loop. */

struct loop *loop_new(struct error *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	TAILQ_INIT(&loop->deferred);
	TAILQ_INIT(&loop->ready);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->local_count > 0) {
		loop->local_count--;
		loop->locals[loop->local_count].release(loop->locals[loop->local_count].thing);
	}
	free(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

void *loop_local(const struct loop *loop, const void *key)
{
	for (size_t i = 0; i < loop->local_count; i++) {
		if (loop->locals[i].key == key)
			return loop->locals[i].thing;
	}
	return NULL;
}

void loop_keep(struct loop *loop, const void *key, void *thing, void (*release)(void *thing))
{
	assert(loop->local_count < LOCALS);
	loop->locals[loop->local_count].key = key;
	loop->locals[loop->local_count].thing = thing;
	loop->locals[loop->local_count].release = release;
	loop->local_count++;
}

/* Level-triggered: a watch is called in each turn in which its descriptor is ready. */
static void watches_run(struct loop *loop)
{
	struct loop_watch *watch;
	unsigned what;

	TAILQ_FOREACH (watch, &loop->ready, entry)
		watch->this_turn = true;
	while ((watch = TAILQ_FIRST(&loop->ready)) != NULL && watch->this_turn) {
		TAILQ_REMOVE(&loop->ready, watch, entry);
		watch->listed = watch->this_turn = false;
		what = watch->what & virtual_ready(watch->fd);
		if (what == 0)
			continue;
		loop->calling = watch;
		watch->fn(watch->arg, what);
		if (loop->calling != NULL)
			virtual_wake(watch);
		loop->calling = NULL;
	}
}

static void defers_run(struct loop *loop)
{
	struct loop_defer *defer;

	TAILQ_FOREACH (defer, &loop->deferred, entry)
		defer->this_turn = true;
	while ((defer = TAILQ_FIRST(&loop->deferred)) != NULL && defer->this_turn) {
		TAILQ_REMOVE(&loop->deferred, defer, entry);
		defer->asked = defer->this_turn = false;
		defer->fn(defer->arg);
	}
}

int loop_turn(struct loop *loop)
{
	events_run();
	watches_run(loop);
	defers_run(loop);
	return 0;
}

/* Whether there is something to do before time goes on. */
static bool loop_busy(struct loop *loop)
{
	bool busy = !TAILQ_EMPTY(&loop->ready) || !TAILQ_EMPTY(&loop->deferred) ||
		    (world.event_count > 0 && world.events[1]->at <= world.now);

	if (busy && ++loop->turns_now > TURNS_AT_ONE_TIME) {
		fprintf(stderr, "the loop turns and turns without waiting\n");
		abort();
	}
	return busy;
}

bool virtual_step(struct loop *loop, struct mono end)
{
	if (!loop_busy(loop)) {
		int64_t next = world.event_count > 0 ? world.events[1]->at : INT64_MAX;

		if (next > end.ns) {
			world.now = end.ns;
			return false;
		}
		world.now = next;
		if (world.lateness > 0)
			world.now += virtual_random(0, world.lateness);
		if (world.now > end.ns)
			world.now = end.ns;
		loop->turns_now = 0;
	}
	loop_turn(loop);
	return true;
}

void virtual_run(struct loop *loop, int64_t ns)
{
	struct mono end = mono_add(clock_mono(), ns);

	while (virtual_step(loop, end))
		;
}

int loop_run(struct loop *loop)
{
	while (!loop->stopped && virtual_step(loop, MONO_NEVER))
		;
	loop->stopped = false;
	return 0;
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->event.fn = fn;
	timer->event.arg = arg;
	return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	virtual_event_stop(&timer->event);
	free(timer);
}

void loop_timer_start(struct loop_timer *timer, struct mono deadline)
{
	if (deadline.ns == INT64_MAX)
		virtual_event_stop(&timer->event);
	else if (timer->event.place == 0 || timer->event.at != deadline.ns)
		virtual_event_start(&timer->event, deadline.ns);
}

void loop_timer_stop(struct loop_timer *timer)
{
	virtual_event_stop(&timer->event);
}

bool loop_timer_running(const struct loop_timer *timer)
{
	return timer->event.place != 0;
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what, loop_watch_fn *fn,
				  void *arg)
{
	struct loop_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->fn = fn;
	watch->arg = arg;
	watch->fd = fd;
	watch->what = what;
	virtual_watch(fd, watch);
	virtual_wake(watch);
	return watch;
}

void loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->listed)
		TAILQ_REMOVE(&watch->loop->ready, watch, entry);
	if (watch->loop->calling == watch)
		watch->loop->calling = NULL;
	virtual_watch(watch->fd, NULL);
	free(watch);
}

void loop_watch_set(struct loop_watch *watch, unsigned what)
{
	watch->what = what;
	virtual_wake(watch);
}

void virtual_wake(struct loop_watch *watch)
{
	if (watch->listed || (watch->what & virtual_ready(watch->fd)) == 0)
		return;
	watch->listed = true;
	watch->this_turn = false;
	TAILQ_INSERT_TAIL(&watch->loop->ready, watch, entry);
}

struct loop_defer *loop_defer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_defer *defer = xcalloc(1, sizeof(*defer));

	defer->loop = loop;
	defer->fn = fn;
	defer->arg = arg;
	return defer;
}

void loop_defer_free(struct loop_defer *defer)
{
	if (defer == NULL)
		return;
	if (defer->asked)
		TAILQ_REMOVE(&defer->loop->deferred, defer, entry);
	free(defer);
}

void loop_defer_ask(struct loop_defer *defer)
{
	if (defer->asked)
		return;
	defer->asked = true;
	TAILQ_INSERT_TAIL(&defer->loop->deferred, defer, entry);
}
