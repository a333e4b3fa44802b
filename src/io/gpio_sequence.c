/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of sequence numbers. */
#include "io/gpio_sequence.h"

uint32_t gpio_sequence_next(struct gpio_sequence *sequence, uint32_t number)
{
	uint32_t ahead = number - sequence->last;

	if (ahead == 0 || ahead > UINT32_MAX / 2)
		return 0;
	sequence->last = number;
	return ahead - 1;
}

void gpio_sequence_skip(struct gpio_sequence *sequence, uint32_t count)
{
	sequence->last += count;
}
