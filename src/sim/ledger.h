/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The receiver's book of webhooks: judges each body that arrives against what gauged promises.
 * Valid JSON with all members; an id that is either new or an exact repeat of one that was
 * seen (deliveries are at-least-once); seq rising; for each rule fire and clear in turn. Pure.
 */
#ifndef GAUGED_SIM_LEDGER_H
#define GAUGED_SIM_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct ledger;

enum verdict {
	VERDICT_GOOD,
	VERDICT_DUPLICATE, /* seen before, with the same body: allowed, counted */
	VERDICT_BAD,	   /* not what was promised */
};

/* What the receiver prints; texts are cut to fit. */
struct ledger_line {
	enum verdict verdict;
	char type[16], rule[64], severity[16], message[256];
	int64_t seq;
	char complaint[256]; /* why it is bad; "" otherwise */
};

struct ledger_counts {
	uint64_t good, duplicates, bad;
	uint64_t fires, clears, instants, others; /* of the good ones */
};

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

/* Books one delivery. The ids of the last 4096 are remembered. */
void ledger_book(struct ledger *ledger, const char *body, size_t len, struct ledger_line *ret);
struct ledger_counts ledger_counts(const struct ledger *ledger);

#endif
