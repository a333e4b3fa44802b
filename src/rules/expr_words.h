/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* An expression in words that people read: one blank where one belongs, no needless
 * parentheses. */
#ifndef GAUGED_RULES_EXPR_WORDS_H
#define GAUGED_RULES_EXPR_WORDS_H

struct arena;
struct expr;

/* Of a tree as the parser made it, before it is checked. */
const char *expr_words(struct arena *arena, const struct expr *tree);

#endif
