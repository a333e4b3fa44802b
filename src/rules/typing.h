/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What types are called, and the complaints that every operator may have about an operand.
 */
#ifndef GAUGED_RULES_TYPING_H
#define GAUGED_RULES_TYPING_H

#include <stdbool.h>

#include "rules/parser.h"
#include "rules/scope.h"

enum { TYPING_WORDS = 120 };

/* "temperature [degC]", "a number", "true or false", "a text"; room: TYPING_WORDS bytes. */
const char *typing_words(const struct expr_type *type, char *room);
/* Adds an error at the node, with a hint unless that is NULL. Returns false. */
bool typing_fail(struct scope *scope, const struct expr *at, const char *hint, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
/* False after an error. */
bool typing_number(struct scope *scope, const struct expr *expr);
bool typing_bool(struct scope *scope, const struct expr *expr);

/* The i-th operand, and the pointer to it, where another node can be put in between. */
struct expr *expr_kid(const struct expr *expr, uint32_t i);
struct expr **expr_link(struct expr *expr, uint32_t i);

#endif
