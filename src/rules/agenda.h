/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Numbers that wait for their turn, each once, the lowest first: the nodes and the rules of a
 * pass. Memory is the caller's and fixed.
 */
#ifndef GAUGED_RULES_AGENDA_H
#define GAUGED_RULES_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/room.h"

struct agenda {
	uint32_t *heap;
	uint8_t *reasons; /* by number; 0: it does not wait */
	uint32_t count;
};

/* Takes the memory of an agenda of the numbers below numbers. */
void agenda_place(struct agenda *agenda, uint32_t numbers, struct room *room);
/* reason: bits that are added to those it waits with; not 0. */
void agenda_add(struct agenda *agenda, uint32_t number, uint8_t reason);
/* The lowest number, which waits no more, and its reasons. count is not 0. */
uint32_t agenda_take(struct agenda *agenda, uint8_t *ret_reasons);

#endif
