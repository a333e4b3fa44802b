/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Random numbers: unguessable bytes for identities, and a small seeded generator for jitter,
 * which tests can start from a known seed.
 */
#ifndef GAUGED_BASE_RANDOM_H
#define GAUGED_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills buf with bytes of the kernel's generator; never blocks after boot. */
void random_bytes(void *buf, size_t len);

struct random {
	uint64_t state;
};

/* seed 0 takes a seed from the kernel. */
void random_init(struct random *random, uint64_t seed);
/* Uniform in [low, high], both included; high >= low. */
int64_t random_between(struct random *random, int64_t low, int64_t high);

#endif
