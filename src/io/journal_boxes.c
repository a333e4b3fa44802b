/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of boxes on the loop's side. */
#include "io/journal_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"

struct journal_seen {
	LIST_ENTRY(journal_seen) link;
	uint64_t last_seq;
	char box[];
};

bool journal_boxes_see(struct journal_boxes *boxes, const char *box, uint64_t seq)
{
	size_t size = strlen(box) + 1;
	struct journal_seen *seen;
	bool fresh;

	LIST_FOREACH (seen, boxes, link)
		if (strcmp(seen->box, box) == 0)
			break;
	if (seen == NULL) {
		seen = xcalloc(1, sizeof(*seen) + size);
		memcpy(seen->box, box, size);
		LIST_INSERT_HEAD(boxes, seen, link);
	}
	fresh = seq > seen->last_seq;
	if (fresh)
		seen->last_seq = seq;
	return fresh;
}

void journal_boxes_forget(struct journal_boxes *boxes, const char *box)
{
	struct journal_seen *seen;

	LIST_FOREACH (seen, boxes, link)
		if (strcmp(seen->box, box) == 0)
			break;
	if (seen == NULL)
		return;
	LIST_REMOVE(seen, link);
	free(seen);
}

void journal_boxes_each(const struct journal_boxes *boxes,
			void (*tell)(void *arg, const char *box, uint64_t last_seq), void *arg)
{
	const struct journal_seen *seen;

	LIST_FOREACH (seen, boxes, link)
		tell(arg, seen->box, seen->last_seq);
}

void journal_boxes_done(struct journal_boxes *boxes)
{
	struct journal_seen *seen;

	while ((seen = LIST_FIRST(boxes)) != NULL) {
		LIST_REMOVE(seen, link);
		free(seen);
	}
}

uint64_t journal_boxes_unseen(void)
{
	static const uint64_t early = UINT64_C(1) << 40; /* 2^40 ms after 1970: in 2004 */
	uint64_t bits;

	if (clock_plausible())
		return (uint64_t)(clock_wall().ns / NSEC_PER_MSEC);
	random_bytes(&bits, sizeof(bits));
	return early - bits % (early / 2);
}
