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

struct program;

/* Sets the interval_ns of all nodes that sample; all outputs of all windows are known. */
void sampling_set(struct program *program);

#endif
