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
#include "daemon/config_diff.h"
#include "daemon/config_memory.h"
#include "io/loop.h"

enum { RELOAD_DIAGS = 200 };

struct reload_waiter {
	TAILQ_ENTRY(reload_waiter) next;
	bool dry;
	reload_done *done;
	void *arg;
};
TAILQ_HEAD(reload_waiters, reload_waiter);

struct reload {
	const char *path;
	struct reload_host host;
	struct loop_wake *wake;
	pthread_t thread;
	bool running;
	bool dry;   /* what runs */
	bool again; /* a reload follows */
	bool again_dry;
	struct reload_waiters served; /* by the thread that runs */
	struct reload_waiters next;
	struct config *before; /* in force when it began, and so until it ends */
	/* The thread's until it rings. */
	struct config *config;
	struct diags *diags;
	struct config_diff *diff;
};

static void *reload_build(void *arg)
{
	struct reload *reload = arg;

	reload->config = config_load(reload->path, true, reload->diags);
	if (reload->config != NULL)
		reload->diff = config_diff_new(reload->before, reload->config);
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

static void reload_note(const struct config_diff *diff, const struct config *config)
{
	struct str memory;

	str_init(&memory);
	config_add_memory(config, &memory);
	log_notice("configuration reloaded: %zu %s kept, %zu opened, %zu closed; %zu %s "
		   "kept, %zu changed, %zu added, %zu removed; memory: %s",
		   diff->kept[CONFIG_BUS], str_plural(diff->kept[CONFIG_BUS], "bus", "buses"),
		   diff->added[CONFIG_BUS] + diff->changed[CONFIG_BUS],
		   diff->removed[CONFIG_BUS] + diff->changed[CONFIG_BUS],
		   diff->kept[CONFIG_RULE],
		   str_plural(diff->kept[CONFIG_RULE], "rule", "rules"),
		   diff->changed[CONFIG_RULE], diff->added[CONFIG_RULE],
		   diff->removed[CONFIG_RULE], memory.s);
	str_done(&memory);
}

/* Of a dry run there is nothing to tell: nothing has happened. */
static void reload_log(const struct reload *reload, const struct reload_result *result,
		       const struct config *config)
{
	size_t errors = diags_errors(result->diags);

	if (result->ok && !result->dry_run)
		reload_note(result->diff, config);
	else if (!result->dry_run)
		log_error(
			"reload refused, the old configuration stays in force: %zu %s, see the "
			"answer of gaugectl reload or gaugectl check %s",
			errors, str_plural(errors, "error", "errors"), reload->path);
}

static void reload_finish(struct reload *reload)
{
	/* Ours until the end: whoever is told may ask for the next reload. */
	struct diags *diags = reload->diags;
	struct config_diff *diff = reload->diff;
	struct reload_result result = {.diags = diags, .dry_run = reload->dry};
	struct config *config = reload->config, *before = reload->before;

	reload->config = reload->before = NULL;
	reload->diags = NULL;
	reload->diff = NULL;
	/* What the diags point into stays until they are gone, whatever becomes of it. */
	if (config != NULL)
		config_ref(config);
	if (!result.dry_run) {
		result.ok = reload->host.swap(reload->host.arg, config, diags);
	} else if (config != NULL) {
		result.ok = reload->host.would(reload->host.arg, config, diags);
		config_unref(config);
	}
	result.diff = result.ok ? diff : NULL;
	reload_log(reload, &result, config);
	reload_tell(reload, &result);
	diags_free(diags);
	config_diff_free(diff);
	config_unref(config);
	config_unref(before);
}

/* Those who wait for this kind. */
static void reload_serve(struct reload *reload)
{
	struct reload_waiter *waiter, *following;

	for (waiter = TAILQ_FIRST(&reload->next); waiter != NULL; waiter = following) {
		following = TAILQ_NEXT(waiter, next);
		if (waiter->dry != reload->dry)
			continue;
		TAILQ_REMOVE(&reload->next, waiter, next);
		TAILQ_INSERT_TAIL(&reload->served, waiter, next);
	}
}

/* A reload goes before what is only tried. */
static void reload_start(struct reload *reload)
{
	struct error err;
	int rc;

	reload->dry = !reload->again;
	if (reload->dry)
		reload->again_dry = false;
	else
		reload->again = false;
	reload_serve(reload);
	reload->diags = diags_new(RELOAD_DIAGS);
	reload->before = config_ref(reload->host.in_force(reload->host.arg));
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
	/* Whoever was told may have started the next one. */
	if (!reload->running && (reload->again || reload->again_dry))
		reload_start(reload);
}

struct reload *reload_new(struct loop *loop, const char *path, const struct reload_host *host,
			  struct error *err)
{
	struct reload *reload = xcalloc(1, sizeof(*reload));

	reload->path = xstrdup(path);
	reload->host = *host;
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
	config_unref(reload->before);
	diags_free(reload->diags);
	config_diff_free(reload->diff);
	reload_drop(&reload->served);
	reload_drop(&reload->next);
	loop_wake_free(reload->wake);
	free((char *)reload->path);
	free(reload);
}

void reload_ask(struct reload *reload, bool dry, reload_done *done, void *arg)
{
	/* A signal that nobody waits for needs no entry: a storm of them stays one reload. */
	if (done != NULL) {
		struct reload_waiter *waiter = xcalloc(1, sizeof(*waiter));

		waiter->dry = dry;
		waiter->done = done;
		waiter->arg = arg;
		TAILQ_INSERT_TAIL(&reload->next, waiter, next);
	}
	if (dry)
		reload->again_dry = true;
	else
		reload->again = true;
	if (!reload->running)
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
	return reload->again || (reload->running && !reload->dry);
}
