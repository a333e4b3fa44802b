/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which total goes to which point, and those that have none. */
#include "daemon/totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "io/journal.h"
#include "model/point.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/running.h"

static const int64_t totals_ns = 60 * NSEC_PER_SEC;
static const char totals_prefix[] = "total:";

/* One that has no point. */
struct total {
	struct total *next;
	char *name;
	bool saved;
	size_t len;
	unsigned char bytes[];
};

/* ---- those that wait */

static void total_free(struct total *total)
{
	free(total->name);
	free(total);
}

/* Takes the one of the name out of the list; NULL: none waits. */
static struct total *waiting_take(struct totals *totals, const char *name)
{
	struct total **at = &totals->waiting, *total;

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	total = *at;
	if (total == NULL)
		return NULL;
	*at = total->next;
	totals->waiting_count--;
	totals->full = false;
	return total;
}

/* saved: the store has it. */
static void waiting_add(struct totals *totals, const char *name, const void *bytes, size_t len,
			bool saved)
{
	struct total *total, *before = waiting_take(totals, name);

	if (before != NULL)
		total_free(before);
	if (totals->waiting_count == TOTALS_WAITING_MAX) {
		if (!totals->full)
			log_warning("%d totals wait for their points: that of %s, and others "
				    "that come, are not kept",
				    TOTALS_WAITING_MAX, name);
		totals->full = true;
		return;
	}
	total = xcalloc(1, sizeof(*total) + len);
	total->name = xstrdup(name);
	total->saved = saved;
	total->len = len;
	memcpy(total->bytes, bytes, len);
	total->next = totals->waiting;
	totals->waiting = total;
	totals->waiting_count++;
}

/* ---- points */

/* False: there is no such point, or it has no total. */
static bool totals_give(const struct totals *totals, const char *name, const void *bytes,
			size_t len)
{
	const struct running *now = totals->now;
	uint32_t point = point_table_find(now->config->points, name, strlen(name));

	for (size_t i = 0; point != POINT_NONE && i < now->config->bus_count; i++) {
		if (bus_owns(now->buses[i], point))
			return bus_restore(now->buses[i], point, bytes, len);
	}
	return false;
}

void totals_found(struct totals *totals, const char *key, const void *bytes, size_t len)
{
	const char *name;

	if (strncmp(key, totals_prefix, strlen(totals_prefix)) != 0)
		return;
	name = key + strlen(totals_prefix);
	if (totals_give(totals, name, bytes, len))
		return;
	if (point_table_find(totals->now->config->points, name, strlen(name)) != POINT_NONE)
		log_warning("%s begins anew: what was kept of it fits no more", name);
	waiting_add(totals, name, bytes, len, true);
}

static void totals_found_one(void *arg, const char *key, const void *bytes, size_t len)
{
	totals_found(arg, key, bytes, len);
}

/* ---- saving */

struct totals_keeper {
	struct totals *totals;
	const struct running *running;
};

static void totals_put(struct totals *totals, const char *name, const void *bytes, size_t len)
{
	char room[JOURNAL_NAME_MAX + 1];
	struct str key;

	str_init_fixed(&key, room, sizeof(room));
	str_addf(&key, "%s%s", totals_prefix, name);
	state_put(totals->state, key.s, bytes, len);
}

static void totals_keep(void *arg, uint32_t point, const void *bytes, size_t len)
{
	const struct totals_keeper *keeper = arg;

	totals_put(keeper->totals,
		   point_table_get(keeper->running->config->points, point)->name, bytes, len);
}

static void totals_save(void *arg, struct boot now, struct str *out)
{
	struct totals *totals = arg;
	struct totals_keeper keeper = {totals, totals->now};

	(void)now;
	(void)out;
	/* First: what a point has by now counts, whatever else goes by its name. */
	for (struct total *total = totals->waiting; total != NULL; total = total->next) {
		if (!total->saved || totals->lost)
			totals_put(totals, total->name, total->bytes, total->len);
		total->saved = true;
	}
	for (size_t i = 0; i < keeper.running->config->bus_count; i++)
		bus_save(keeper.running->buses[i],
			 (struct input_keeper){totals_keep, &keeper, totals->lost});
	totals->lost = false;
}

bool totals_busy(struct totals *totals, struct mono now)
{
	const struct running *running = totals->now;

	if (now.ns < totals->due.ns)
		return false;
	totals->due = mono_add(now, totals_ns);
	for (size_t i = 0; i < running->config->bus_count; i++) {
		if (running->config->buses[i].type->save != NULL)
			return true;
	}
	return false;
}

void totals_lost(struct totals *totals)
{
	totals->lost = true;
}

/* ---- its life */

void totals_start(struct totals *totals, const struct running *now, struct state *state)
{
	totals->now = now;
	totals->state = state;
	state_found_each(state, totals_prefix, totals_found_one, totals);
	totals->part = (struct state_part){.key = "totals", .save = totals_save, .arg = totals};
	state_add(state, &totals->part);
	totals->due = mono_add(clock_mono(), totals_ns);
}

static void totals_moved(void *arg, uint32_t point, const void *bytes, size_t len)
{
	const struct totals_keeper *keeper = arg;
	const char *name = point_table_get(keeper->running->config->points, point)->name;

	if (!totals_give(keeper->totals, name, bytes, len))
		waiting_add(keeper->totals, name, bytes, len, false);
}

void totals_move(struct totals *totals, const struct running *old)
{
	struct totals_keeper keeper = {totals, old};
	struct total *total, *next;

	/* Before those that leave, which may have to wait. */
	for (total = totals->waiting; total != NULL; total = next) {
		next = total->next;
		if (!totals_give(totals, total->name, total->bytes, total->len))
			continue;
		log_notice("%s goes on from the total that was kept of it", total->name);
		total_free(waiting_take(totals, total->name));
	}
	for (size_t i = 0; i < old->config->bus_count; i++) {
		if (old->buses[i] != NULL)
			bus_save(old->buses[i],
				 (struct input_keeper){totals_moved, &keeper, true});
	}
	/* Inputs take what is brought back for saved. */
	totals->lost = true;
}

void totals_done(struct totals *totals)
{
	struct total *total;

	while ((total = totals->waiting) != NULL) {
		totals->waiting = total->next;
		total_free(total);
	}
}
