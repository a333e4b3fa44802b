/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One line on standard error that says what a probe is at; nothing where that is no terminal.
 */
#ifndef GAUGED_CTL_PROBE_PROGRESS_H
#define GAUGED_CTL_PROBE_PROGRESS_H

#include <stdbool.h>

struct probe_progress {
	bool terminal;
	unsigned width;
	bool shown;
};

struct probe_progress probe_progress_start(void);
/* In place of what it said before. */
void probe_progress_say(struct probe_progress *progress, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes the line away: something else is printed. */
void probe_progress_clear(struct probe_progress *progress);

#endif
