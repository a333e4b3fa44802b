/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of sequence numbers. */
#include "io/gpio_sequence.h"

bool gpio_sequence_next(struct gpio_sequence *sequence, uint32_t number, uint32_t *ret_lost)
{
	uint32_t ahead = number - sequence->last;

	if (ahead == 0 || ahead > UINT32_MAX / 2)
		return false;
	sequence->last = number;
	*ret_lost = ahead - 1;
	return true;
}
