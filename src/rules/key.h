/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What an expression says, in words that do not depend on spaces, places or numbers of points:
 * equal keys mean equal expressions over points of equal names, also across a reload.
 */
#ifndef GAUGED_RULES_KEY_H
#define GAUGED_RULES_KEY_H

struct arena;
struct expr;

/* The key of a tree that is parsed and not yet checked. In arena. */
const char *key_make(struct arena *arena, const struct expr *tree);

#endif
