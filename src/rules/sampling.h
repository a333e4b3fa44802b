/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How often windows have to expect a sample, which decides their form and their room. Building
 * only.
 *
 * Each reading of whatever the operand reads, directly or not, makes one; points that are read
 * at one instant make one together, so there may be fewer. The operand may also change without
 * a reading, which makes a sample as well: a window in it loses its oldest one, a held() comes
 * to its end, an age is reached, a point goes stale before it is read again.
 */
#ifndef GAUGED_RULES_SAMPLING_H
#define GAUGED_RULES_SAMPLING_H

#include <stdint.h>

struct program;
struct program_use;

/* Sets the interval_ns of all nodes that sample; all outputs of all windows are known. */
void sampling_set(struct program *program);
/*
 * A point that use reads, directly or not, and whose device speaks when it likes: because of it
 * no interval is known. PROGRAM_NONE: there is none.
 */
uint32_t sampling_irregular(const struct program *program, const struct program_use *use);

#endif
