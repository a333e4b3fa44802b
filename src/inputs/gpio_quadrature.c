/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the steps of an encoder. */
#include "inputs/gpio_quadrature.h"

int gpio_quadrature_step(struct gpio_quadrature *quadrature, int line, bool level)
{
	bool differ;

	if (quadrature->level[line] == level)
		return 0;
	quadrature->level[line] = level;
	/* Forwards is 00 10 11 01: the first line moves away from the second, which follows. */
	differ = quadrature->level[0] != quadrature->level[1];
	return differ == (line == 0) ? 1 : -1;
}
