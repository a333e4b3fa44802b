/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The last seq of each box that was seen: what is larger cannot be in the store. */
#ifndef GAUGED_IO_JOURNAL_BOXES_H
#define GAUGED_IO_JOURNAL_BOXES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct journal_seen;
LIST_HEAD(journal_boxes, journal_seen);

/* Notes it; true when it is larger than all that were seen of the box. */
bool journal_boxes_see(struct journal_boxes *boxes, const char *box, uint64_t seq);
void journal_boxes_forget(struct journal_boxes *boxes, const char *box);
void journal_boxes_each(const struct journal_boxes *boxes,
			void (*tell)(void *arg, const char *box, uint64_t last_seq), void *arg);
void journal_boxes_done(struct journal_boxes *boxes);
/* A seq above all that a store may have that nobody could look into. */
uint64_t journal_boxes_unseen(void);

#endif
