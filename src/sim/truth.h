/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What really stood in the registers, for tests that compare it with what they were told. One
 * line in a file for each change that a master could see, from the moment on at which it could:
 *
 *	1795372800123456789 rtu 8 holding 20 7
 *
 * nanoseconds since 1970, the rack, the unit, the table, the address, the value. What has no
 * line is 0.
 */
#ifndef GAUGED_SIM_TRUTH_H
#define GAUGED_SIM_TRUTH_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct registers;
struct truth;

enum truth_table { TRUTH_COIL, TRUTH_DISCRETE, TRUTH_HOLDING, TRUTH_INPUT, TRUTH_TABLES };

/* The file is emptied. NULL + err. */
struct truth *truth_open(const char *path, struct error *err);
void truth_close(struct truth *truth);

/* Writes down where now differs from told, and makes told the same. */
void truth_tell(struct truth *truth, const char *rack, int unit, const struct registers *now,
		struct registers *told);

/* "coil", "discrete", "holding", "input": -1 if it is none of them. */
int truth_table_by_name(const char *name);
size_t truth_table_size(enum truth_table table);
/* at < truth_table_size(table) */
uint16_t truth_get(const struct registers *registers, enum truth_table table, size_t at);
void truth_set(struct registers *registers, enum truth_table table, size_t at, uint16_t value);

#endif
