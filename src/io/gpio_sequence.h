/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Numbers in a row, as the kernel gives them to the edges of lines (<linux/gpio.h>, struct
 * gpio_v2_line_event): from 1 when the lines are requested, up by one for each edge, modulo
 * 2^32. A number that is left out is an edge that was lost. Pure.
 */
#ifndef GAUGED_IO_GPIO_SEQUENCE_H
#define GAUGED_IO_GPIO_SEQUENCE_H

#include <stdint.h>

/* Start from all zero. */
struct gpio_sequence {
	uint32_t last;
};

/*
 * number came: how many before it did not. A number that came before, or is far behind, loses
 * nothing and changes nothing: that is no sequence of the kernel's.
 */
uint32_t gpio_sequence_next(struct gpio_sequence *sequence, uint32_t number);
/* count more are known to be lost. */
void gpio_sequence_skip(struct gpio_sequence *sequence, uint32_t count);

#endif
