/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A command cut into words, and words out of a list of choices. */
#ifndef GAUGED_SIM_WORDS_H
#define GAUGED_SIM_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { WORDS_MAX = 8 };

struct words {
	size_t count;
	const char *word[WORDS_MAX];
};

/* Cuts line, which is changed and outlives the words; those beyond WORDS_MAX are left out. */
void words_split(char *line, struct words *ret);

struct choice {
	const char *word;
	int value;
	bool numbered; /* a number follows */
	int64_t low, high;
};

/*
 * The choice that words->word[at] names, with its number in *ret_number; NULL + err. At most 16
 * choices.
 */
const struct choice *words_choose(const struct choice *choices, size_t count,
				  const struct words *words, size_t at, int *ret_number,
				  struct error *err);
/* The number that words->word[at] is, from low to high; -EINVAL + err, which calls it what. */
int words_number(const struct words *words, size_t at, const char *what, int64_t low,
		 int64_t high, int64_t *ret, struct error *err);

#endif
