/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how commands are cut into words. */
#include "sim/words.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

void words_split(char *line, struct words *ret)
{
	char *rest = line, *word;

	*ret = (struct words){0};
	while ((word = strsep(&rest, " \t\r\n")) != NULL)
		if (*word != '\0' && ret->count < WORDS_MAX)
			ret->word[ret->count++] = word;
}

const struct choice *words_choose(const struct choice *choices, size_t count,
				  const struct words *words, size_t at, int *ret_number,
				  struct error *err)
{
	const char *names[16];
	int64_t number = 0;

	for (size_t i = 0; i < count; i++) {
		const struct choice *choice = &choices[i];

		names[i] = choice->word;
		if (strcmp(choice->word, words->word[at]) != 0)
			continue;
		if (choice->numbered &&
		    (words->count < at + 2 || str_to_int(words->word[at + 1], &number) != 0 ||
		     number < choice->low || number > choice->high)) {
			error_set(err, EINVAL, "'%s' needs a number from %jd to %jd",
				  choice->word, (intmax_t)choice->low, (intmax_t)choice->high);
			return NULL;
		}
		*ret_number = (int)number;
		return choice;
	}
	const char *near = str_nearest(words->word[at], names, count);

	error_set(err, EINVAL, "'%s' is not known here%s%s%s", words->word[at],
		  near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
		  near != NULL ? "'" : "");
	return NULL;
}

int words_number(const struct words *words, size_t at, const char *what, int64_t low,
		 int64_t high, int64_t *ret, struct error *err)
{
	int64_t number;

	if (str_to_int(words->word[at], &number) != 0 || number < low || number > high)
		return error_set(err, EINVAL, "'%s' is no %s from %jd to %jd", words->word[at],
				 what, (intmax_t)low, (intmax_t)high);
	*ret = number;
	return 0;
}
