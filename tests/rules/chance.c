/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the seeded chance of the tests of rules. */
#include "chance.h"

void chance_init(struct chance *chance, uint64_t seed)
{
	/* Neighbouring seeds must not begin alike, and 0 would stay 0. */
	chance->state =
		(seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ UINT64_C(0xd1b54a32d192ed03);
	if (chance->state == 0)
		chance->state = 1;
}

int64_t chance_between(struct chance *chance, int64_t low, int64_t high)
{
	uint64_t x = chance->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	chance->state = x;
	x *= UINT64_C(0x2545f4914f6cdd1d);
	return low + (int64_t)((x >> 11) % (uint64_t)(high - low + 1));
}

bool chance_one_in(struct chance *chance, int64_t n)
{
	return chance_between(chance, 1, n) == 1;
}
