/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Units in expressions (rules.md section 2): operands of one dimension are brought to one unit,
 * constants at load, values by one multiplication; a bare number takes the unit of the other
 * side. Temperatures on a scale and differences of temperatures are two kinds.
 */
#ifndef GAUGED_RULES_DIMENSION_H
#define GAUGED_RULES_DIMENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/parser.h"
#include "rules/scope.h"

/* Brings *link to the unit of to, which is of the same dimension and kind. */
void dimension_convert(struct scope *scope, struct expr **link, const struct expr_type *to);
/*
 * Brings the operands i and j of expr to one unit, which goes to *ret. "cannot VERB a WITH b"
 * if that can't be; false then.
 */
bool dimension_same(struct scope *scope, struct expr *expr, uint32_t i, uint32_t j,
		    const char *verb, const char *with, struct expr_type *ret);
/* Percent and the like become plain numbers before they meet another dimension. */
void dimension_plain(struct scope *scope, struct expr *expr, uint32_t i);
/* A temperature on a scale has no double and no half: false after that error. */
bool dimension_no_degrees(struct scope *scope, const struct expr *expr, const struct expr *kid,
			  const char *verb);
/* A temperature on a scale becomes a difference of two; other types stay what they are. */
void dimension_difference(struct scope *scope, struct expr_type *type);
/* The type of expr times seconds (1), or by seconds (-1); false after an error. */
bool dimension_with_time(struct scope *scope, struct expr *expr, int exponent);
/* The types of + -, * /, ^ and pow(), sqrt(); false after an error. */
bool dimension_sum(struct scope *scope, struct expr *expr);
bool dimension_product(struct scope *scope, struct expr *expr);
bool dimension_power(struct scope *scope, struct expr *expr);
bool dimension_root(struct scope *scope, struct expr *expr);
/* kW over W: the quotient becomes a plain number, by a node around it if need be. */
void dimension_plain_result(struct scope *scope, struct expr **link);

#endif
