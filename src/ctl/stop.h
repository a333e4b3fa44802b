/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* When a command that goes on by itself ends: at SIGINT, at SIGTERM, or when its time is over.
 */
#ifndef GAUGED_CTL_STOP_H
#define GAUGED_CTL_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct stop;

/* From here on the two signals end nothing by themselves. after_ns <= 0: no time is set. */
struct stop *stop_new(int64_t after_ns);
void stop_free(struct stop *stop);

/* Readable once it is time, and from then on. */
int stop_fd(const struct stop *stop);
/* Waits so long at most; true if it is time. 0: only looks. */
bool stop_wait(const struct stop *stop, int64_t ns);

#endif
