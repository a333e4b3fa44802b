/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns randomness: getrandom() for identities, splitmix64 for jitter. */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void random_bytes(void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}

void random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
	if (seed == 0)
		random_bytes(&random->state, sizeof(random->state));
}

/* Sebastiano Vigna, splitmix64 (public domain description, 2015). */
static uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t random_between(struct random *random, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)high - (uint64_t)low + 1;
	uint64_t pick =
		span == 0 ? random_next(random)
			  : (uint64_t)(((unsigned __int128)random_next(random) * span) >> 64);

	return (int64_t)((uint64_t)low + pick);
}
