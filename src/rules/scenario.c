/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the notation of samples. */
#include "rules/scenario.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"

/* One word of the notation, without what is behind its '*'. */
struct word {
	const struct yaml_node *node;
	struct diags *diags;
	struct arena *arena;
	const struct point *point;
	size_t from, len; /* in the scalar, with the count */
	const char *text; /* copied, ends behind the value; quotes are gone */
	bool quoted;
};

static bool word_fail(const struct word *word, const char *what, const char *expected)
{
	diag_error_in(word->diags, word->node, word->from, word->len, "%s", what);
	diag_note(word->diags, "expected: %s", expected);
	return false;
}

/* Where the word that begins at from ends: at a blank outside of quotes. */
static size_t word_end(const struct yaml_node *node, size_t from)
{
	const char *text = node->text;
	char quote = text[from] == '\'' || text[from] == '"' ? text[from] : '\0';
	size_t at = from;

	if (quote != '\0') {
		const char *close = memchr(text + from + 1, quote, node->len - from - 1);

		at = close != NULL ? (size_t)(close - text) + 1 : node->len;
	}
	while (at < node->len && !isspace((unsigned char)text[at]))
		at++;
	return at;
}

/* Splits "VALUE*COUNT"; the text of the value is copied. */
static bool word_split(struct word *word, uint64_t *ret_count)
{
	const char *text = word->node->text + word->from, *star = NULL;
	size_t len = word->len;
	int64_t count = 1;

	word->quoted = text[0] == '\'' || text[0] == '"';
	for (size_t i = word->quoted ? 1 : 0; i < len; i++) {
		if (text[i] == '*' && (!word->quoted || text[i - 1] == text[0]))
			star = text + i;
	}
	if (star != NULL) {
		const char *digits =
			arena_text(word->arena, star + 1, (size_t)(text + len - star - 1));

		len = (size_t)(star - text);
		if (str_to_int(digits, &count) != 0 || count < 1 ||
		    count > SCENARIO_SAMPLES_MAX)
			return word_fail(word, "this is no count of samples",
					 "a whole number from 1 to 10000000 behind the '*'");
	}
	if (word->quoted && (len < 2 || text[len - 1] != text[0]))
		return word_fail(word, "this text does not end", "the same quote at its end");
	word->text = arena_text(word->arena, text + word->quoted, len - 2 * word->quoted);
	*ret_count = (uint64_t)count;
	return true;
}

/* "timeout", "crc", "exc2": a reading that failed. */
static bool word_failed(const struct word *word, struct scenario_run *run)
{
	static const struct {
		const char *word;
		enum bad_reason reason;
	} words[] = {
		{"timeout", BAD_TIMEOUT}, {"crc", BAD_CRC},	    {"parse", BAD_PARSE},
		{"range", BAD_RANGE},	  {"offline", BAD_OFFLINE},
	};
	int64_t code;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word->text, words[i].word) != 0)
			continue;
		run->reason = words[i].reason;
		return true;
	}
	if (strncmp(word->text, "exc", 3) != 0 || str_to_int(word->text + 3, &code) != 0 ||
	    code < 1 || code > 255)
		return false;
	run->reason = BAD_EXCEPTION;
	run->code = (uint8_t)code;
	return true;
}

static bool word_number(const struct word *word, struct scenario_run *run)
{
	const char *dots = strstr(word->text, "..");
	double from, to;

	if (dots == NULL) {
		if (str_to_number(word->text, &from) != 0)
			return word_fail(word, "this is no sample",
					 "a number such as 81.5, a ramp such as 20..90*8, _ "
					 "for nothing, or timeout, crc, parse, range, offline, "
					 "exc2");
		run->from = value_number(from);
		return true;
	}
	if (str_to_number(arena_text(word->arena, word->text, (size_t)(dots - word->text)),
			  &from) != 0 ||
	    str_to_number(dots + 2, &to) != 0)
		return word_fail(word, "this is no ramp",
				 "two numbers with '..' between them, such as 20..90*8");
	if (run->count < 2)
		return word_fail(word, "a ramp has at least two samples",
				 "how many there are, such as 20..90*8");
	run->from = value_number(from);
	run->to = value_number(to);
	return true;
}

static bool word_bool(const struct word *word, struct scenario_run *run)
{
	static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(word->text, words[i]) == 0) {
			run->from = value_bool(i % 2 != 0);
			return true;
		}
	}
	return word_fail(
		word, "this is no sample",
		"on or off, _ for nothing, or timeout, crc, parse, range, offline, exc2");
}

static bool word_parse(struct word *word, struct scenario_run *run)
{
	if (!word_split(word, &run->count))
		return false;
	if (!word->quoted && strcmp(word->text, "_") == 0) {
		run->nothing = true;
		return true;
	}
	if (!word->quoted && word_failed(word, run))
		return true;
	switch (word->point->kind) {
	case VALUE_NUMBER:
		return word_number(word, run);
	case VALUE_BOOL:
		return word_bool(word, run);
	case VALUE_TEXT:
	case VALUE_NONE:
		break;
	}
	if (strlen(word->text) > VALUE_TEXT_MAX)
		return word_fail(word, "this text is too long", "at most 255 bytes");
	run->from = value_text(word->text);
	return true;
}

static size_t skip_blanks(const struct yaml_node *node, size_t at)
{
	while (at < node->len && isspace((unsigned char)node->text[at]))
		at++;
	return at;
}

static bool series_scalar(const struct yaml_node *node, struct diags *diags)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node) &&
	    skip_blanks(node, 0) < node->len)
		return true;
	diag_error(diags, node, "expected samples such as 70*3 81, got %s",
		   node->kind == YAML_SCALAR ? "nothing" : yaml_kind_words(node));
	return false;
}

bool scenario_series_parse(struct arena *arena, const struct point *point,
			   const struct yaml_node *node, struct scenario_series *ret,
			   struct diags *diags)
{
	struct word word = {.node = node, .diags = diags, .arena = arena, .point = point};
	struct scenario_run *runs;
	uint64_t count = 0;
	size_t n = 0;

	if (!series_scalar(node, diags))
		return false;
	/* A word has at least one character and a blank behind it. */
	runs = arena_take(arena, node->len / 2 + 1, sizeof(*runs));
	for (size_t at = skip_blanks(node, 0); at < node->len; at = skip_blanks(node, at)) {
		struct scenario_run *run = &runs[n++];

		word.from = at;
		at = word_end(node, at);
		word.len = at - word.from;
		run->first = count;
		if (!word_parse(&word, run))
			return false;
		count += run->count;
		if (count > SCENARIO_SAMPLES_MAX)
			return word_fail(&word, "there are too many samples",
					 "at most 10000000 for a point");
	}
	*ret = (struct scenario_series){count, n, runs};
	return true;
}

static const struct scenario_run *series_find(const struct scenario_series *series, uint64_t k)
{
	size_t low = 0, high = series->run_count;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (series->runs[middle].first <= k)
			low = middle;
		else
			high = middle;
	}
	return &series->runs[low];
}

bool scenario_series_at(const struct scenario_series *series, const struct point *point,
			uint64_t k, struct reading *ret)
{
	const struct scenario_run *run;

	if (k >= series->count)
		return false;
	run = series_find(series, k);
	if (run->nothing)
		return false;
	*ret = (struct reading){.quality = QUALITY_BAD, .reason = run->reason};
	ret->code = run->code;
	if (run->reason != BAD_NONE)
		return true;
	ret->value = run->from;
	if (run->to.kind == VALUE_NUMBER && k == run->first + run->count - 1)
		ret->value = run->to;
	else if (run->to.kind == VALUE_NUMBER)
		ret->value.number += (run->to.number - run->from.number) *
				     (double)(k - run->first) / (double)(run->count - 1);
	if (ret->value.kind == VALUE_NUMBER && point->low <= point->high &&
	    !(ret->value.number >= point->low && ret->value.number <= point->high)) {
		ret->value = (struct value){0};
		ret->reason = BAD_RANGE;
		return true;
	}
	ret->quality = QUALITY_GOOD;
	return true;
}
