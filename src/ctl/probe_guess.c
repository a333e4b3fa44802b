/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the judgement of what is plausible. Evidence is counted in the manner of log odds: it
 * adds up over a block, so that one float by chance does not outweigh ten counters. The weights
 * were chosen by hand on the cases of test_probe_guess.c.
 */
#include "ctl/probe_guess.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/modbus_pdu.h"

enum {
	WORDS = 4,		 /* of the widest number */
	TEXT_LEAST = 5,		 /* letters and digits */
	FEW_DIGITS = 5,		 /* decimal digits of a number that somebody chose */
	ROUND_BITS = 8,		 /* a measurement does not end in so many zero bits */
	NEAR_WORDS = 512,	 /* two raw values that are neighbours, rather than one float */
	SMALL_WORD = 4096,	 /* what a register that counts or measures seldom exceeds */
	LARGE_WORD = 10000,	 /* half of something, rather than a value of its own */
	SHORT_NEGATIVE = 0xc000, /* from here on 16 bits are more likely below zero, */
	SMALL_NEGATIVE = 0xf000, /* and from here on near it */
	WIDE_HIGH = 256,	 /* upper half of a counter of two registers */
	BCD_RUN = 4,		 /* registers in a row that make digits more than chance */
};

static const double float_least = 1e-6, float_most = 1e9;
/* Where measurements are; outside only chosen numbers count. */
static const double measured_least = 1e-3, measured_most = 1e7;
/* Below, a float that is an integer ends in many zero bits. */
static const double round_most = 2e5;

double probe_decode(enum modbus_type type, enum modbus_order order, const uint16_t *words)
{
	static const uint16_t registers[] = {
		[MODBUS_TYPE_INT16] = 1,   [MODBUS_TYPE_UINT16] = 1,  [MODBUS_TYPE_INT32] = 2,
		[MODBUS_TYPE_UINT32] = 2,  [MODBUS_TYPE_INT64] = 4,   [MODBUS_TYPE_UINT64] = 4,
		[MODBUS_TYPE_FLOAT32] = 2, [MODBUS_TYPE_FLOAT64] = 4, [MODBUS_TYPE_BCD16] = 1,
		[MODBUS_TYPE_BCD32] = 2,
	};
	struct modbus_format format = {
		.type = type, .order = order, .registers = registers[type], .scale = 1};
	char room[VALUE_TEXT_MAX + 1];
	uint8_t wire[2 * WORDS];
	struct value value;

	for (size_t i = 0; i < format.registers; i++) {
		wire[2 * i] = (uint8_t)(words[i] >> 8);
		wire[2 * i + 1] = (uint8_t)words[i];
	}
	if (modbus_decode(&format, wire, room, &value) != BAD_NONE)
		return NAN;
	return value.number;
}

static bool bytes_swapped(enum modbus_order order)
{
	return order == MODBUS_BADC || order == MODBUS_DCBA;
}

/* Word i of a number of so many registers, counted from its highest. */
static uint16_t word_of(enum modbus_order order, const uint16_t *words, size_t registers,
			size_t i)
{
	bool reversed = order == MODBUS_CDAB || order == MODBUS_DCBA;
	uint16_t word = words[reversed ? registers - 1 - i : i];

	return bytes_swapped(order) ? (uint16_t)(word << 8 | word >> 8) : word;
}

/* Decimal digits that it takes to write the number so that it reads back the same. */
static int digits_of(double number, bool narrow)
{
	char text[40];
	int digits = 1;

	for (; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, number);
		if (narrow ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number)
			break;
	}
	return digits;
}

static bool is_round(enum modbus_order order, const uint16_t *words, size_t registers)
{
	return (word_of(order, words, registers, registers - 1) & ((1u << ROUND_BITS) - 1)) ==
	       0;
}

/* The words of a measurement's fraction are noise: neither round, nor small, nor alike. */
static bool is_noisy(enum modbus_order order, const uint16_t *words, size_t registers)
{
	if (is_round(order, words, registers) ||
	    word_of(order, words, registers, registers - 1) < 2 * NEAR_WORDS)
		return false;
	for (size_t i = 1; i < registers; i++) {
		if (abs(words[i] - words[i - 1]) < NEAR_WORDS)
			return false;
	}
	return true;
}

static bool is_measured(double size)
{
	return size >= measured_least && size <= measured_most;
}

static enum probe_grade grade_float(enum modbus_order order, const uint16_t *words,
				    size_t registers, double number)
{
	double size = fabs(number);
	bool all_small = true;
	int digits;

	if (!(size >= float_least && size <= float_most))
		return PROBE_NO;
	for (size_t i = 0; i < registers; i++)
		all_small = all_small && words[i] < SMALL_WORD;
	digits = digits_of(number, registers == 2);
	if (digits <= FEW_DIGITS || (number == trunc(number) && size < round_most))
		return all_small ? PROBE_FAIR : PROBE_GOOD;
	if (!is_measured(size) || all_small)
		return PROBE_NO;
	return digits == FEW_DIGITS + 1 || is_noisy(order, words, registers) ? PROBE_FAIR
									     : PROBE_NO;
}

static enum probe_grade grade_wide(enum modbus_type type, enum modbus_order order,
				   const uint16_t *words)
{
	uint16_t high = word_of(order, words, 2, 0), low = word_of(order, words, 2, 1);

	if (type == MODBUS_TYPE_INT32)
		return high == 0xffff && low >= 0x8000 ? PROBE_FAIR : PROBE_NO;
	return high < WIDE_HIGH && (high | low) != 0 ? PROBE_FAIR : PROBE_NO;
}

static enum probe_grade grade_bcd(enum modbus_type type, enum modbus_order order,
				  const uint16_t *words)
{
	double number = probe_decode(type, order, words);

	/* Below ten, digits are what they are in binary as well. */
	return !isnan(number) && number >= 10 ? PROBE_FAIR : PROBE_NO;
}

enum probe_grade probe_grade(enum modbus_type type, enum modbus_order order,
			     const uint16_t *words)
{
	switch (type) {
	case MODBUS_TYPE_FLOAT32:
		return grade_float(order, words, 2, probe_decode(type, order, words));
	case MODBUS_TYPE_FLOAT64:
		return grade_float(order, words, 4, probe_decode(type, order, words));
	case MODBUS_TYPE_INT32:
	case MODBUS_TYPE_UINT32:
		return grade_wide(type, order, words);
	case MODBUS_TYPE_BCD16:
	case MODBUS_TYPE_BCD32:
		return grade_bcd(type, order, words);
	case MODBUS_TYPE_INT16:
	case MODBUS_TYPE_UINT16:
		return PROBE_FAIR;
	case MODBUS_TYPE_BOOL:
	case MODBUS_TYPE_INT64:
	case MODBUS_TYPE_UINT64:
	case MODBUS_TYPE_STRING:
		break;
	}
	return PROBE_NO;
}

static bool printable(unsigned c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool alphanumeric(unsigned c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

size_t probe_text(const struct probe_cell *cells, size_t count, bool swapped)
{
	size_t n = 0, chars = 0, good = 0, letters = 0;
	bool ended = false;

	while (n < count && !ended && cells[n].state == PROBE_VALUE) {
		uint16_t word = cells[n].value;
		unsigned bytes[] = {swapped ? word & 0xffu : word >> 8u,
				    swapped ? word >> 8u : word & 0xffu};

		if (!printable(bytes[0]) || (!printable(bytes[1]) && bytes[1] != 0))
			break;
		ended = bytes[1] == 0;
		for (size_t i = 0; i < 2u - ended; i++) {
			chars++;
			good += alphanumeric(bytes[i]);
			letters += alphanumeric(bytes[i]) && bytes[i] > '9';
		}
		n++;
	}
	/* A few printable bytes are there by chance, words are not. */
	if (good < TEXT_LEAST || letters < 2 || good * 10 < chars * 7)
		return 0;
	return n;
}

/* Explaining a block. */

/* What the value before was: such a value is likelier behind one of its kind. */
enum chain { CHAIN_NONE, CHAIN_FLOAT, CHAIN_WIDE, CHAINS };

struct step {
	double evidence; /* of the best way from here to the end */
	struct probe_guess guess;
};

struct block {
	const struct probe_cell *cells;
	size_t count;
	size_t widest;
	enum modbus_order order;
	struct step *steps[CHAINS]; /* count + 1 of each */
	/* Registers of a text that begins here and not before; else 0. */
	uint16_t *texts;
};

/* Not to be considered. */
static const double never = -100;
/* The first float costs what makes one by chance unlikely; those behind it do not, and may be
 * odd. */
static const double first_float = -3, odd_float = -1, large_single = -0.5;

static double evidence_float(enum modbus_type type, enum modbus_order order,
			     const uint16_t *words, enum chain chain)
{
	size_t registers = type == MODBUS_TYPE_FLOAT64 ? 4 : 2;
	enum probe_grade grade = probe_grade(type, order, words);
	double evidence = 2;

	if (registers == 2 && (words[0] | words[1]) == 0)
		return chain == CHAIN_FLOAT ? 0 : never;
	if (grade == PROBE_NO)
		return chain == CHAIN_FLOAT &&
				       is_measured(fabs(probe_decode(type, order, words)))
			       ? odd_float
			       : never;
	/* Before a register that is 0, any half of a float makes a short number. */
	if (grade == PROBE_GOOD)
		evidence = is_round(order, words, registers) ? 2.5 : 4;
	return evidence + (double)registers / 4 + (chain == CHAIN_FLOAT ? 0 : first_float);
}

static double evidence_counter(enum probe_grade grade, uint16_t high, uint16_t low,
			       enum chain chain)
{
	if (grade == PROBE_NO)
		return never;
	/* Registers that are 0 stand before others everywhere: a row of them is a sign. */
	if (high == 0)
		return chain == CHAIN_WIDE ? 0.2 : -0.3;
	/* So do small values: but seldom before large ones. */
	if (low >= LARGE_WORD && low < SMALL_NEGATIVE)
		return 0.3;
	return chain == CHAIN_WIDE ? 0 : -0.5;
}

/* Of a number of several registers; below zero where one register each is likelier. */
static double evidence_of(enum modbus_type type, enum modbus_order order, const uint16_t *words,
			  enum chain chain)
{
	enum probe_grade grade = probe_grade(type, order, words);

	switch (type) {
	case MODBUS_TYPE_FLOAT32:
	case MODBUS_TYPE_FLOAT64:
		return evidence_float(type, order, words, chain);
	case MODBUS_TYPE_UINT32:
		return evidence_counter(grade, word_of(order, words, 2, 0),
					word_of(order, words, 2, 1), chain);
	case MODBUS_TYPE_INT32:
		return grade == PROBE_NO ? never : 0.6;
	case MODBUS_TYPE_BOOL:
	case MODBUS_TYPE_INT16:
	case MODBUS_TYPE_UINT16:
	case MODBUS_TYPE_INT64:
	case MODBUS_TYPE_UINT64:
	case MODBUS_TYPE_BCD16:
	case MODBUS_TYPE_BCD32:
	case MODBUS_TYPE_STRING:
		break;
	}
	return never;
}

static const struct {
	enum modbus_type type;
	uint16_t registers;
	enum chain chain;
} wide_types[] = {
	{MODBUS_TYPE_FLOAT32, 2, CHAIN_FLOAT},
	{MODBUS_TYPE_FLOAT64, 4, CHAIN_FLOAT},
	{MODBUS_TYPE_UINT32, 2, CHAIN_WIDE},
	{MODBUS_TYPE_INT32, 2, CHAIN_WIDE},
};

/* Whether register i stands in a row of decimal digits that is too long for chance. */
static bool in_bcd_run(const struct block *block, size_t i)
{
	size_t from = i, to = i;

	while (from > 0 && i - from < BCD_RUN && block->cells[from - 1].state == PROBE_VALUE &&
	       block->cells[from - 1].value >= 0x100 &&
	       probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &block->cells[from - 1].value))
		from--;
	while (to < block->count && to - i < BCD_RUN && block->cells[to].state == PROBE_VALUE &&
	       block->cells[to].value >= 0x100 &&
	       probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &block->cells[to].value))
		to++;
	return to > i && to - from >= BCD_RUN;
}

static struct step single(const struct block *block, size_t i)
{
	const struct probe_cell *cell = &block->cells[i];
	struct step step = {.guess = {MODBUS_TYPE_UINT16, MODBUS_ABCD, 1}};

	if (cell->state != PROBE_VALUE) {
		step.guess.registers = 0;
	} else if (in_bcd_run(block, i)) {
		step.guess.type = MODBUS_TYPE_BCD16;
		step.evidence = 0.5;
	} else if (cell->value >= SHORT_NEGATIVE && cell->value != 0xffff) {
		step.guess.type = MODBUS_TYPE_INT16;
	}
	if (cell->state == PROBE_VALUE && cell->value >= LARGE_WORD &&
	    cell->value < SMALL_NEGATIVE && step.guess.type != MODBUS_TYPE_BCD16)
		step.evidence = large_single;
	return step;
}

static void try_step(const struct block *block, size_t i, enum chain next, struct step step,
		     struct step *best)
{
	size_t registers = step.guess.registers > 0 ? step.guess.registers : 1;

	step.evidence += block->steps[next][i + registers].evidence;
	if (best->guess.registers == UINT16_MAX || step.evidence > best->evidence)
		*best = step;
}

static void try_wide(const struct block *block, size_t i, enum chain chain, struct step *best)
{
	uint16_t words[WORDS];
	size_t known = 0;

	while (known < WORDS && i + known < block->count &&
	       block->cells[i + known].state == PROBE_VALUE) {
		words[known] = block->cells[i + known].value;
		known++;
	}
	for (size_t k = 0; k < ARRAY_SIZE(wide_types); k++) {
		enum modbus_type type = wide_types[k].type;
		double evidence;

		if (wide_types[k].registers > known || wide_types[k].registers > block->widest)
			continue;
		evidence = evidence_of(type, block->order, words, chain);
		if (evidence > never)
			try_step(block, i, wide_types[k].chain,
				 (struct step){evidence,
					       {type, block->order, wide_types[k].registers}},
				 best);
	}
}

static struct step best_step(const struct block *block, size_t i, enum chain chain)
{
	struct step best = {.guess.registers = UINT16_MAX};
	uint16_t text = block->texts[i];

	try_step(block, i, CHAIN_NONE, single(block, i), &best);
	try_wide(block, i, chain, &best);
	/* Long ones are no chance; the bytes of floats make short ones. */
	if (text > 0)
		try_step(block, i, CHAIN_NONE,
			 (struct step){1.6 * text - 1.8,
				       {MODBUS_TYPE_STRING, block->order, text}},
			 &best);
	return best;
}

/* Long texts are cut, for a request has an end. */
static void find_texts(struct block *block)
{
	memset(block->texts, 0, block->count * sizeof(*block->texts));
	for (size_t i = 0; i < block->count;) {
		size_t left = block->count - i, n;

		n = probe_text(block->cells + i, left < block->widest ? left : block->widest,
			       bytes_swapped(block->order));
		block->texts[i] = (uint16_t)n;
		i += n == 0 ? 1 : n;
	}
}

/* From the last register to the first: what is behind is explained already. */
static double explain(struct block *block)
{
	find_texts(block);
	for (size_t chain = 0; chain < CHAINS; chain++)
		block->steps[chain][block->count] = (struct step){0};
	for (size_t i = block->count; i > 0; i--) {
		for (enum chain chain = CHAIN_NONE; chain < CHAINS; chain++)
			block->steps[chain][i - 1] = best_step(block, i - 1, chain);
	}
	return block->steps[CHAIN_NONE][0].evidence;
}

static void tell(const struct block *block, struct probe_guess *ret)
{
	enum chain chain = CHAIN_NONE;

	memset(ret, 0, block->count * sizeof(*ret));
	for (size_t i = 0; i < block->count;) {
		ret[i] = block->steps[chain][i].guess;
		chain = CHAIN_NONE;
		for (size_t k = 0; k < ARRAY_SIZE(wide_types); k++) {
			if (ret[i].type == wide_types[k].type)
				chain = wide_types[k].chain;
		}
		i += ret[i].registers > 0 ? ret[i].registers : 1;
	}
}

void probe_guess(const struct probe_cell *cells, size_t count, size_t widest,
		 struct probe_guess *ret)
{
	/* How common the orders are: swapped bytes need more than one value that fits. */
	static const double prior[] = {
		[MODBUS_ABCD] = 0, [MODBUS_CDAB] = -1, [MODBUS_BADC] = -2, [MODBUS_DCBA] = -2};
	struct block block = {.cells = cells,
			      .count = count,
			      .widest = widest < MODBUS_WRITE_REGISTERS_MAX
						? widest
						: MODBUS_WRITE_REGISTERS_MAX};
	double best = -INFINITY;

	for (size_t i = 0; i < CHAINS; i++)
		block.steps[i] = xcalloc(count + 1, sizeof(*block.steps[i]));
	block.texts = xcalloc(count, sizeof(*block.texts));
	for (enum modbus_order order = MODBUS_ABCD; order <= MODBUS_DCBA; order++) {
		double evidence;

		block.order = order;
		evidence = explain(&block) + prior[order];
		if (evidence > best) {
			best = evidence;
			tell(&block, ret);
		}
	}
	for (size_t i = 0; i < CHAINS; i++)
		free(block.steps[i]);
	free(block.texts);
}
