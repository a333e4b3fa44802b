/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Units of the oracle's expressions: what rules.md section 2 says of them. */
#ifndef GAUGED_TESTS_ORACLE_UNITS_H
#define GAUGED_TESTS_ORACLE_UNITS_H

#include "oracle_tree.h"

/* Brings kids from first on to one unit, a bare one to that of the others; it is expr's too. */
void oracle_units_same(struct arena *arena, struct oracle_expr *expr, size_t first);
/* Units of a sum or difference, a product or quotient, a power, a root; may wrap expr. */
struct oracle_expr *oracle_units_sum(struct arena *arena, struct oracle_expr *expr);
struct oracle_expr *oracle_units_product(struct arena *arena, struct oracle_expr *expr);
void oracle_units_power(struct oracle_expr *expr, double exponent);

#endif
