/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the configuration thread and the queue of those who wait for it. */
#include "daemon/reload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "daemon/config.h"
#include "daemon/config_memory.h"
#include "io/loop.h"

enum { RELOAD_DIAGS = 200 };

struct reload_waiter {
	TAILQ_ENTRY(reload_waiter) next;
	reload_done *done;
	void *arg;
};
TAILQ_HEAD(reload_waiters, reload_waiter);

struct reload {
	const char *path;
	reload_swap *swap;
	void *arg;
	struct loop_wake *wake;
	pthread_t thread;
	bool running;
	bool again;
	struct reload_waiters served; /* by the thread that runs */
	struct reload_waiters next;
	/* The thread's until it rings. */
	struct config *config;
	struct diags *diags;
};

static void *reload_build(void *arg)
{
	struct reload *reload = arg;

	reload->config = config_load(reload->path, true, reload->diags);
	loop_wake_ring(reload->wake);
	return NULL;
}

static int reload_thread(struct reload *reload)
{
	sigset_t all, old;
	int rc;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&reload->thread, NULL, reload_build, reload);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static void reload_tell(struct reload *reload, const struct reload_result *result)
{
	struct reload_waiters told;
	struct reload_waiter *waiter;

	TAILQ_INIT(&told);
	TAILQ_CONCAT(&told, &reload->served, next);
	while ((waiter = TAILQ_FIRST(&told)) != NULL) {
		TAILQ_REMOVE(&told, waiter, next);
		if (waiter->done != NULL)
			waiter->done(waiter->arg, result);
		free(waiter);
	}
}

static void reload_note(const struct reload_result *result, const struct config *config)
{
	struct str memory;

	str_init(&memory);
	config_add_memory(config, &memory);
	log_notice("configuration reloaded: %zu %s kept, %zu opened, %zu closed; %zu %s "
		   "kept, %zu added, %zu removed; memory: %s",
		   result->buses_kept, str_plural(result->buses_kept, "bus", "buses"),
		   result->buses_opened, result->buses_closed, result->rules_kept,
		   str_plural(result->rules_kept, "rule", "rules"), result->rules_added,
		   result->rules_removed, memory.s);
	str_done(&memory);
}

static void reload_finish(struct reload *reload)
{
	/* Ours until the end: whoever is told may ask for the next reload. */
	struct diags *diags = reload->diags;
	struct reload_result result = {.diags = diags};
	struct config *config = reload->config;

	reload->config = NULL;
	reload->diags = NULL;
	/* What the diags point into stays until they are gone, whatever becomes of it. */
	if (config != NULL)
		config_ref(config);
	result.ok = reload->swap(reload->arg, config, diags, &result);
	if (result.ok)
		reload_note(&result, config);
	else
		log_error(
			"reload refused, the old configuration stays in force: %zu %s, see the "
			"answer of gaugectl reload or gaugectl check %s",
			diags_errors(diags), str_plural(diags_errors(diags), "error", "errors"),
			reload->path);
	reload_tell(reload, &result);
	diags_free(diags);
	config_unref(config);
}

static void reload_start(struct reload *reload)
{
	struct error err;
	int rc;

	TAILQ_CONCAT(&reload->served, &reload->next, next);
	reload->again = false;
	reload->diags = diags_new(RELOAD_DIAGS);
	rc = reload_thread(reload);
	if (rc == 0) {
		reload->running = true;
		return;
	}
	error_errno(&err, rc, "cannot start the configuration thread");
	diag_error(reload->diags, NULL, "%s", err.text);
	reload_finish(reload);
}

static void reload_rung(void *arg)
{
	struct reload *reload = arg;

	if (!reload->running)
		return;
	pthread_join(reload->thread, NULL);
	reload->running = false;
	reload_finish(reload);
	if (reload->again)
		reload_start(reload);
}

struct reload *reload_new(struct loop *loop, const char *path, reload_swap *swap, void *arg,
			  struct error *err)
{
	struct reload *reload = xcalloc(1, sizeof(*reload));

	reload->path = xstrdup(path);
	reload->swap = swap;
	reload->arg = arg;
	TAILQ_INIT(&reload->served);
	TAILQ_INIT(&reload->next);
	reload->wake = loop_wake_new(loop, reload_rung, reload);
	if (reload->wake == NULL) {
		error_errno(err, errno, "cannot make an eventfd for reloads");
		reload_free(reload);
		return NULL;
	}
	return reload;
}

static void reload_drop(struct reload_waiters *waiters)
{
	struct reload_waiter *waiter;

	while ((waiter = TAILQ_FIRST(waiters)) != NULL) {
		TAILQ_REMOVE(waiters, waiter, next);
		free(waiter);
	}
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	if (reload->running)
		pthread_join(reload->thread, NULL);
	config_unref(reload->config);
	diags_free(reload->diags);
	reload_drop(&reload->served);
	reload_drop(&reload->next);
	loop_wake_free(reload->wake);
	free((char *)reload->path);
	free(reload);
}

void reload_ask(struct reload *reload, reload_done *done, void *arg)
{
	/* A signal that nobody waits for needs no entry: a storm of them stays one reload. */
	if (done != NULL) {
		struct reload_waiter *waiter = xcalloc(1, sizeof(*waiter));

		waiter->done = done;
		waiter->arg = arg;
		TAILQ_INSERT_TAIL(&reload->next, waiter, next);
	}
	if (reload->running)
		reload->again = true;
	else
		reload_start(reload);
}

void reload_forget(struct reload *reload, void *arg)
{
	struct reload_waiter *waiter;

	TAILQ_FOREACH (waiter, &reload->served, next)
		waiter->done = waiter->arg == arg ? NULL : waiter->done;
	TAILQ_FOREACH (waiter, &reload->next, next)
		waiter->done = waiter->arg == arg ? NULL : waiter->done;
}

bool reload_running(const struct reload *reload)
{
	return reload->running;
}
