/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of answers to a webhook: bytes are answers (a status, a Retry-After and
 * a pause each) to messages of one outbox. Pauses stay within their limits, order holds,
 * nothing is lost.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "actions/outbox.h"
#include "io/http_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

struct reader {
	const uint8_t *bytes;
	size_t left;
};

static unsigned next(struct reader *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->bytes++;
}

/* A header's value of up to 31 bytes, as the receiver may have written it. */
static int64_t retry_after(struct reader *in)
{
	struct wall now = {INT64_C(1795367521) * NSEC_PER_SEC};
	size_t len = next(in) % 32;
	int64_t ns;

	if (len > in->left)
		len = in->left;
	ns = http_retry_after((const char *)in->bytes, len, now);
	in->bytes += len;
	in->left -= len;
	demand(ns >= -1 && ns <= INT32_MAX * NSEC_PER_SEC);
	return ns;
}

static void answer(struct outbox *outbox, struct outbox_row *row, struct reader *in,
		   struct boot now)
{
	unsigned byte = next(in);
	int status = byte < 64 ? 0 : (int)(byte * 4 + next(in) % 4) % 400 + 200;
	int64_t pause = retry_after(in);
	enum outbox_verdict verdict = outbox_answer(outbox, row, status, pause, now);
	struct boot due;

	if (verdict == OUTBOX_DONE)
		demand(status >= 200 && status < 300);
	if (verdict == OUTBOX_PARKED) {
		demand(status == 410);
		outbox_unpark(outbox);
	}
	if (verdict == OUTBOX_RETRY && outbox_deadline(outbox, &due))
		demand(boot_diff(due, now) <= 3600 * NSEC_PER_SEC);
}

static void play(struct outbox *outbox, bool strict, struct reader *in)
{
	struct outbox_row *flying[OUTBOX_IN_FLIGHT_MAX];
	struct outbox_message message = {.url = "u", .headers = "", .body = "b", .body_len = 1};
	struct outbox_identity identity;
	struct boot now = {0};
	size_t count = 0;
	uint64_t last = 0;

	while (in->left > 0) {
		unsigned what = next(in);
		struct outbox_row *row;

		if (what % 3 == 0) {
			outbox_identify(outbox, &identity);
			demand(outbox_add(outbox, &identity, &message, now) == 0);
		} else if (what % 3 == 1 && (row = outbox_take(outbox, now)) != NULL) {
			demand(count < (strict ? 1 : OUTBOX_IN_FLIGHT_MAX));
			demand(!strict || row->identity.seq >= last);
			last = row->identity.seq;
			flying[count++] = row;
		} else if (what % 3 == 2 && count > 0) {
			size_t pick = what / 3 % count;

			row = flying[pick];
			flying[pick] = flying[--count];
			answer(outbox, row, in, now);
		}
		now = boot_add(now, next(in) * NSEC_PER_SEC);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reader in = {bytes, size};
	bool strict = next(&in) % 2 == 0;
	struct outbox_policy policy = {
		.strict = strict,
		.in_flight = OUTBOX_IN_FLIGHT_MAX,
		.first_ns = NSEC_PER_SEC,
		.max_ns = 300 * NSEC_PER_SEC,
		.for_ns = 86400 * NSEC_PER_SEC,
	};
	struct outbox *outbox = outbox_new(&policy, 1, NULL);
	struct outbox_report box;

	play(outbox, strict, &in);
	outbox_report(outbox, &box);
	demand(box.accepted == box.delivered + box.dead_letters + box.waiting);
	demand(box.dead_letters == box.dead + box.dead_dropped);
	outbox_free(outbox);
	return 0;
}
