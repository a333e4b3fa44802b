/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Numbers in a row, as the kernel gives them to the edges of lines (<linux/gpio.h>, struct
 * gpio_v2_line_event) of one line: from 1 when it is requested, up by one for each edge, modulo
 * 2^32. A number that is left out is an edge that was lost. Pure.
 */
#ifndef GAUGED_IO_GPIO_SEQUENCE_H
#define GAUGED_IO_GPIO_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Start from all zero. */
struct gpio_sequence {
	uint32_t last;
};

/*
 * number came: *ret_lost before it did not. False, and nothing changes: it came before, or was
 * taken for lost.
 */
bool gpio_sequence_next(struct gpio_sequence *sequence, uint32_t number, uint32_t *ret_lost);

#endif
