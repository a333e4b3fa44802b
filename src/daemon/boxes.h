/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The queues of messages by the names of their receivers. They outlive reloads, and by the
 * journal restarts; a queue whose receiver is no longer configured stays, and waits for it.
 */
#ifndef GAUGED_DAEMON_BOXES_H
#define GAUGED_DAEMON_BOXES_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct boxes;
struct journal;
struct journal_message;
struct outbox;
struct str;

struct boxes *boxes_new(void);
void boxes_free(struct boxes *boxes);
/* NULL: there is none, messages are in memory only. Before the first boxes_get(). */
void boxes_set_journal(struct boxes *boxes, struct journal *journal);

/* The queue of that name, made if there is none yet. It lives as long as boxes. */
struct outbox *boxes_get(struct boxes *boxes, const char *name);
/* In the order in which they were made; NULL behind the last. */
struct outbox *boxes_at(const struct boxes *boxes, size_t i, const char **ret_name);

/* NULL: there is none. */
struct outbox *boxes_look(const struct boxes *boxes, const char *name);
/*
 * The queue is gone for good, with all that is in it and the numbers that it used. Only one
 * that nobody uses (outbox_is_served()); state_changed() has to follow.
 */
void boxes_drop(struct boxes *boxes, const char *name);

/* What the journal found, and what it tells. */
void boxes_found_box(struct boxes *boxes, const char *name, uint64_t last_seq);
void boxes_found_message(struct boxes *boxes, const struct journal_message *message);
void boxes_committed(struct boxes *boxes, uint64_t mark);
void boxes_rebuilt(struct boxes *boxes);

/* What was lost and has not been told yet, to outlive the program. */
void boxes_save_gaps(const struct boxes *boxes, struct str *out);
void boxes_load_gaps(struct boxes *boxes, const void *bytes, size_t len);

#endif
