/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What is wrong with the store now, said in the log when it begins, goes on and ends. */
#ifndef GAUGED_IO_JOURNAL_TROUBLE_H
#define GAUGED_IO_JOURNAL_TROUBLE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/log.h"

/* Starts from all zero. */
struct journal_trouble {
	char *problem; /* NULL: none */
	struct boot since;
	bool untold; /* to the host */
	struct complaint complaint;
};

void journal_trouble_begin(struct journal_trouble *trouble, const char *problem);
void journal_trouble_end(struct journal_trouble *trouble, const char *path);
void journal_trouble_done(struct journal_trouble *trouble);

#endif
