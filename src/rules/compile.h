/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A checked tree to code. Adds the nodes of its edges to the program. Cannot fail. */
#ifndef GAUGED_RULES_COMPILE_H
#define GAUGED_RULES_COMPILE_H

#include "rules/program.h"

struct expr;

/*
 * use: what check_expr() found the tree to read; gets the numbers of the tree's edge nodes,
 * which are slots in the tree from then on.
 */
struct code compile_expr(struct program *program, struct expr *tree, struct program_use *use);

/* The kind of node that a checked call becomes whose operand is a node's. */
enum node_kind compile_node_kind(const struct expr *call);

#endif
