/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the token bucket and the queue of connects that wait for it. */
#include "io/stream_pool.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "io/loop.h"

static const int64_t pool_token_ns = NSEC_PER_SEC / STREAM_POOL_RATE;
static const int64_t pool_pause_ns = NSEC_PER_SEC;

struct stream_pool {
	struct loop_timer *timer;
	TAILQ_HEAD(, stream_ticket) waiting;
	unsigned going;
	unsigned tokens;
	struct mono filled; /* until when tokens were counted */
	struct mono paused; /* until then nobody goes */
};

static const char pool_key;

static void pool_fill(struct stream_pool *pool, struct mono now)
{
	int64_t more = mono_diff(now, pool->filled) / pool_token_ns;

	if (more >= STREAM_POOL_RATE - (int64_t)pool->tokens) {
		pool->tokens = STREAM_POOL_RATE;
		pool->filled = now;
	} else if (more > 0) {
		pool->tokens += (unsigned)more;
		pool->filled = mono_add(pool->filled, more * pool_token_ns);
	}
}

static void pool_serve(void *arg)
{
	struct stream_pool *pool = arg;
	struct mono now = clock_mono();
	struct stream_ticket *ticket;

	pool_fill(pool, now);
	while (pool->tokens > 0 && pool->going < STREAM_POOL_UNDER_WAY &&
	       now.ns >= pool->paused.ns && (ticket = TAILQ_FIRST(&pool->waiting)) != NULL) {
		TAILQ_REMOVE(&pool->waiting, ticket, entry);
		ticket->state = TICKET_GOING;
		pool->tokens--;
		pool->going++;
		ticket->go(ticket->arg);
	}
	/* When all places are taken the next one to leave serves. */
	if (TAILQ_EMPTY(&pool->waiting) || pool->going >= STREAM_POOL_UNDER_WAY)
		return;
	loop_timer_start(pool->timer, now.ns < pool->paused.ns
					      ? pool->paused
					      : mono_add(pool->filled, pool_token_ns));
}

static void pool_release(void *thing)
{
	struct stream_pool *pool = thing;

	loop_timer_free(pool->timer);
	free(pool);
}

struct stream_pool *stream_pool_of(struct loop *loop)
{
	struct stream_pool *pool = loop_local(loop, &pool_key);

	if (pool != NULL)
		return pool;
	pool = xcalloc(1, sizeof(*pool));
	pool->timer = loop_timer_new(loop, pool_serve, pool);
	pool->tokens = STREAM_POOL_RATE;
	pool->filled = clock_mono();
	TAILQ_INIT(&pool->waiting);
	loop_keep(loop, &pool_key, pool, pool_release);
	return pool;
}

void stream_pool_ask(struct stream_pool *pool, struct stream_ticket *ticket)
{
	ticket->state = TICKET_WAITING;
	TAILQ_INSERT_TAIL(&pool->waiting, ticket, entry);
	pool_serve(pool);
}

void stream_pool_leave(struct stream_pool *pool, struct stream_ticket *ticket)
{
	switch (ticket->state) {
	case TICKET_NONE:
		return;
	case TICKET_WAITING:
		TAILQ_REMOVE(&pool->waiting, ticket, entry);
		break;
	case TICKET_GOING:
		pool->going--;
		break;
	}
	ticket->state = TICKET_NONE;
	/* By the timer: whoever leaves may be in the middle of its own affairs. */
	if (!TAILQ_EMPTY(&pool->waiting))
		loop_timer_start(pool->timer, clock_mono());
}

void stream_pool_pause(struct stream_pool *pool)
{
	pool->paused = mono_add(clock_mono(), pool_pause_ns);
}
