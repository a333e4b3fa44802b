/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Reloading, without what it changes: builds a configuration on a short-lived thread, hands
 * it to whoever swaps it in, and tells everybody who asked how it went. One at a time; those
 * who ask while one runs share the next. Or a dry run, which takes the same way and swaps
 * nothing: it waits for reloads and never takes one's place.
 */
#ifndef GAUGED_DAEMON_RELOAD_H
#define GAUGED_DAEMON_RELOAD_H

#include <stdbool.h>

#include "daemon/daemon.h"

struct reload;

/* Whose configuration it is. All is called on the loop. */
struct reload_host {
	struct config *(*in_force)(void *arg); /* borrowed */
	/*
	 * With what was built, or NULL after errors; takes config. May add errors to diags, and
	 * says whether it is in force now.
	 */
	bool (*swap)(void *arg, struct config *config, struct diags *diags);
	/* For a dry run: false after errors that a swap would find. Changes nothing. */
	bool (*would)(void *arg, struct config *config, struct diags *diags);
	void *arg;
};

struct reload *reload_new(struct loop *loop, const char *path, const struct reload_host *host,
			  struct error *err);
/* Waits for a running thread; nobody is told any more. */
void reload_free(struct reload *reload);

/* done may be NULL. */
void reload_ask(struct reload *reload, bool dry, reload_done *done, void *arg);
void reload_forget(struct reload *reload, void *arg);
/* One that changes something runs, or is the next to run. */
bool reload_running(const struct reload *reload);

#endif
