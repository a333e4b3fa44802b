/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a probe found, for people: who answers, and what a block may mean. */
#ifndef GAUGED_CTL_PROBE_SHOW_H
#define GAUGED_CTL_PROBE_SHOW_H

#include "ctl/probe_guess.h"
#include "ctl/probe_read.h"
#include "ctl/probe_search.h"

struct ctl;
struct str;

void probe_show_units(const struct ctl *ctl, const struct probe_plan *plan,
		      const struct probe_found *found);
/* guesses has an entry for each cell; NULL for coils and discrete inputs. */
void probe_show_block(const struct ctl *ctl, const struct probe_unit *unit,
		      const struct probe_block *block, const struct probe_guess *guesses);

/* "3..20": the cells from the first on up to the second, as addresses. */
void probe_add_span(struct str *out, const struct probe_block *block, size_t from, size_t to);
/* The value of the cells that the guess is about: 23.5, "text", -5. */
void probe_add_value(struct str *out, const struct probe_cell *cells,
		     const struct probe_guess *guess);
/* "string(4)", "float32". */
void probe_add_type(struct str *out, const struct probe_guess *guess);
/* "ABCD", ... where the order means something; NULL elsewhere. */
const char *probe_order_name(const struct probe_guess *guess);
/* The cells after from that are as it is (nothing known, or the same single value), and from.
 */
size_t probe_alike(const struct probe_block *block, const struct probe_guess *guesses,
		   size_t from);
/* "refused: illegal data address" and the like for a cell without a value. */
void probe_add_why(struct str *out, const struct probe_block *block,
		   const struct probe_cell *cell);

#endif
