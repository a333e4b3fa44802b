/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Reloading, without what it changes: builds a configuration on a short-lived thread, hands
 * it to whoever swaps it in, and tells everybody who asked how it went. One at a time; those
 * who ask while one runs share the next.
 */
#ifndef GAUGED_DAEMON_RELOAD_H
#define GAUGED_DAEMON_RELOAD_H

#include <stdbool.h>

#include "daemon/daemon.h"

struct reload;

/*
 * Called on the loop with what was built, or NULL after errors; takes config. Fills the counts
 * of *result, may add errors to diags, and says whether it is in force now.
 */
typedef bool reload_swap(void *arg, struct config *config, struct diags *diags,
			 struct reload_result *result);

struct reload *reload_new(struct loop *loop, const char *path, reload_swap *swap, void *arg,
			  struct error *err);
/* Waits for a running thread; nobody is told any more. */
void reload_free(struct reload *reload);

/* done may be NULL. */
void reload_ask(struct reload *reload, reload_done *done, void *arg);
void reload_forget(struct reload *reload, void *arg);
bool reload_running(const struct reload *reload);

#endif
