/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Chance with a seed, for tests of rules: xorshift64*, the same on every machine. */
#ifndef GAUGED_TESTS_CHANCE_H
#define GAUGED_TESTS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

void chance_init(struct chance *chance, uint64_t seed);
/* Uniform in [low, high]. */
int64_t chance_between(struct chance *chance, int64_t low, int64_t high);
/* True once in n times, on the average. */
bool chance_one_in(struct chance *chance, int64_t n);

#endif
