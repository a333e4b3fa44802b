/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Two lines a quarter of a period apart, as encoders have them: each edge is a step, forwards
 * where the first line leads. Pure.
 */
#ifndef GAUGED_INPUTS_GPIO_QUADRATURE_H
#define GAUGED_INPUTS_GPIO_QUADRATURE_H

#include <stdbool.h>

struct gpio_quadrature {
	bool level[2]; /* of the first and the second line */
};

/*
 * A line (0 or 1) has an edge to level: 1 forwards, -1 backwards, 0 if it had this level
 * already: an edge before it is missing.
 */
int gpio_quadrature_step(struct gpio_quadrature *quadrature, int line, bool level);

#endif
