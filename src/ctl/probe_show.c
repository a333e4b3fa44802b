/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the tables of a probe. */
#include "ctl/probe_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"

enum {
	SHOW_BITS = 16,
	SHOW_NARROW = 5,
	SHOW_INTEGERS = 2, /* orders: ABCD and CDAB; no other is usual */
	SHOW_TEXT_BYTES = 2 * MODBUS_WRITE_REGISTERS_MAX
};

static const char *const orders[] = {
	[MODBUS_ABCD] = "ABCD",
	[MODBUS_CDAB] = "CDAB",
	[MODBUS_BADC] = "BADC",
	[MODBUS_DCBA] = "DCBA",
};

void probe_add_span(struct str *out, const struct probe_block *block, size_t from, size_t to)
{
	str_addf(out, "%zu", block->first + from);
	if (to > from)
		str_addf(out, "..%zu", block->first + to);
}

/* A float32 as short as it reads back: 23.1, not 23.100000381. */
static void add_float(struct str *out, double number)
{
	char text[40];

	for (int digits = 1; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtof(text, NULL) == (float)number)
			break;
	}
	str_adds(out, text);
}

static void add_text(struct str *out, const struct probe_cell *cells,
		     const struct probe_guess *guess)
{
	struct modbus_format format = {
		.type = MODBUS_TYPE_STRING,
		.order = guess->order,
		.registers = guess->registers,
	};
	uint8_t wire[SHOW_TEXT_BYTES];
	char room[VALUE_TEXT_MAX + 1];
	struct value value;

	for (size_t i = 0; i < guess->registers; i++) {
		wire[2 * i] = (uint8_t)(cells[i].value >> 8);
		wire[2 * i + 1] = (uint8_t)cells[i].value;
	}
	if (modbus_decode(&format, wire, room, &value) == BAD_NONE)
		value_show(value, out);
}

static double number_of(const struct probe_cell *cells, const struct probe_guess *guess)
{
	uint16_t words[4] = {0};

	for (size_t i = 0; i < guess->registers && i < ARRAY_SIZE(words); i++)
		words[i] = cells[i].value;
	return probe_decode(guess->type, guess->order, words);
}

void probe_add_value(struct str *out, const struct probe_cell *cells,
		     const struct probe_guess *guess)
{
	if (guess->type == MODBUS_TYPE_STRING)
		add_text(out, cells, guess);
	else if (guess->type == MODBUS_TYPE_FLOAT32)
		add_float(out, number_of(cells, guess));
	else
		str_add_number(out, number_of(cells, guess));
}

void probe_add_type(struct str *out, const struct probe_guess *guess)
{
	if (guess->type == MODBUS_TYPE_STRING)
		str_addf(out, "string(%u)", guess->registers);
	else
		str_adds(out, modbus_type_names[guess->type]);
}

const char *probe_order_name(const struct probe_guess *guess)
{
	bool swapped = guess->order == MODBUS_BADC || guess->order == MODBUS_DCBA;

	if (guess->type == MODBUS_TYPE_STRING)
		return swapped ? orders[MODBUS_BADC] : NULL;
	return guess->registers > 1 ? orders[guess->order] : NULL;
}

size_t probe_alike(const struct probe_block *block, const struct probe_guess *guesses,
		   size_t from)
{
	const struct probe_cell *first = &block->cells[from], *cell;
	size_t n = 1;

	for (; from + n < block->count; n++) {
		cell = &block->cells[from + n];
		if (cell->state != first->state || cell->exception != first->exception)
			break;
		if (first->state == PROBE_VALUE &&
		    (cell->value != first->value || guesses == NULL ||
		     guesses[from].registers != 1 || guesses[from + n].registers != 1))
			break;
	}
	return n;
}

void probe_add_why(struct str *out, const struct probe_block *block,
		   const struct probe_cell *cell)
{
	switch (cell->state) {
	case PROBE_VALUE:
		break;
	case PROBE_UNASKED:
		str_addf(out, "not asked: %s", block->ended != NULL ? block->ended : "stopped");
		break;
	case PROBE_REFUSED:
		str_addf(out, "refused: %s", modbus_exception_words(cell->exception));
		break;
	case PROBE_SILENT:
		str_adds(out, "no answer");
		break;
	}
}

/* Who answers. */

static void add_presence(struct str *out, const struct probe_unit *unit)
{
	const char *table = probe_table_name(unit->alive.function);

	switch (unit->presence) {
	case PROBE_PRESENT:
		str_addf(out, "gives %s %u", table, unit->alive.address);
		break;
	case PROBE_REFUSING:
		str_addf(out, "is there, and refuses %s %u: %s", table, unit->alive.address,
			 modbus_exception_words(unit->exception));
		break;
	case PROBE_GARBLED:
		str_adds(out, "answers, but not what was asked: two units with one number?");
		break;
	case PROBE_NOBODY:
		str_addf(out, "nobody, says the gateway: %s",
			 modbus_exception_words(unit->exception));
		break;
	case PROBE_NO_ANSWER:
		str_adds(out, "no answer");
		break;
	case PROBE_NOT_ASKED:
		str_adds(out, "not asked");
		break;
	}
}

static enum look look_of_presence(enum probe_presence presence)
{
	if (presence == PROBE_GARBLED)
		return LOOK_WARN;
	return presence >= PROBE_PRESENT ? LOOK_GOOD : LOOK_DIM;
}

static bool units_alike(const struct probe_unit *a, const struct probe_unit *b)
{
	return a->presence == b->presence && a->exception == b->exception &&
	       a->presence < PROBE_GARBLED;
}

void probe_show_units(const struct ctl *ctl, const struct probe_plan *plan,
		      const struct probe_found *found)
{
	struct table *table = table_new(ctl, ">UNIT|ANSWER");
	char words[48];

	probe_setting_words(found->setting, words);
	printf("%s%s%s: %zu %s, of %zu asked\n\n", plan->address,
	       words[0] != '\0' && found->present > 0 ? " at " : "",
	       found->present > 0 ? words : "", found->present,
	       str_plural(found->present, "unit answers", "units answer"), found->unit_count);
	for (size_t i = 0, n; i < found->unit_count; i += n) {
		const struct probe_unit *unit = &found->units[i];
		struct str text;

		n = 1;
		while (i + n < found->unit_count && units_alike(unit, unit + n) &&
		       unit[n].number == unit->number + n)
			n++;
		str_init(&text);
		add_presence(&text, unit);
		if (n > 1)
			table_cellf(table, LOOK_PLAIN, "%u..%u", unit->number,
				    unit[n - 1].number);
		else
			table_cellf(table, LOOK_PLAIN, "%u", unit->number);
		table_cell(table, look_of_presence(unit->presence), text.s);
		str_done(&text);
	}
	table_print(table);
}

/* What a block may mean. */

static void cell_of(struct table *table, enum look look, struct str *text)
{
	table_cell(table, look, text->s);
	str_done(text);
}

/*
 * The plausible numbers of two registers, those that are hardly chance first. order_count: how
 * many of the orders are common for the types.
 */
static void add_wide(struct str *out, const struct probe_cell *cells,
		     const enum modbus_type *types, size_t count, size_t order_count)
{
	for (enum probe_grade grade = PROBE_GOOD; grade > PROBE_NO; grade--) {
		for (size_t k = 0; k < count * order_count; k++) {
			struct probe_guess guess = {types[k / order_count], k % order_count, 2};
			const uint16_t words[] = {cells[0].value, cells[1].value};

			if (probe_grade(guess.type, guess.order, words) != grade)
				continue;
			str_adds(out, out->len > 0 ? ", " : "");
			/* What people compare with a display has no more digits. */
			if (guess.type == MODBUS_TYPE_FLOAT32)
				str_addf(out, "%.6g", number_of(cells, &guess));
			else
				probe_add_value(out, cells, &guess);
			str_addf(out, " %s", orders[guess.order]);
		}
	}
}

static void wide_cells(struct table *table, const struct probe_block *block, size_t i)
{
	static const enum modbus_type floats[] = {MODBUS_TYPE_FLOAT32},
				      integers[] = {MODBUS_TYPE_UINT32, MODBUS_TYPE_INT32};
	const struct probe_cell *cells = &block->cells[i];
	bool pair = i + 1 < block->count && cells[1].state == PROBE_VALUE;
	struct str text;

	str_init(&text);
	if (pair)
		add_wide(&text, cells, floats, ARRAY_SIZE(floats), ARRAY_SIZE(orders));
	cell_of(table, LOOK_PLAIN, &text);
	str_init(&text);
	if (pair)
		add_wide(&text, cells, integers, ARRAY_SIZE(integers), SHOW_INTEGERS);
	cell_of(table, LOOK_PLAIN, &text);
}

static void narrow_cells(struct table *table, uint16_t value)
{
	char text[] = {(char)(value >> 8), (char)(value & 0xff), '\0'};
	bool printable = text[0] >= 0x20 && text[0] < 0x7f && text[1] < 0x7f &&
			 (text[1] >= 0x20 || text[1] == '\0');

	table_cellf(table, LOOK_PLAIN, "%04X", value);
	table_cellf(table, LOOK_PLAIN, "%u", value);
	if (value >= 0x8000)
		table_cellf(table, LOOK_PLAIN, "%d", (int16_t)value);
	else
		table_cell(table, LOOK_PLAIN, NULL);
	if (probe_grade(MODBUS_TYPE_BCD16, MODBUS_ABCD, &value) != PROBE_NO)
		table_cellf(table, LOOK_PLAIN, "%.0f",
			    probe_decode(MODBUS_TYPE_BCD16, MODBUS_ABCD, &value));
	else
		table_cell(table, LOOK_PLAIN, NULL);
	table_cell(table, LOOK_PLAIN, printable ? text : NULL);
}

static void guess_cell(struct table *table, const struct probe_block *block,
		       const struct probe_guess *guesses, size_t i)
{
	const char *order = probe_order_name(&guesses[i]);
	struct str text;

	str_init(&text);
	if (guesses[i].registers > 0) {
		probe_add_type(&text, &guesses[i]);
		str_addf(&text, "%s%s ", order != NULL ? " " : "", order != NULL ? order : "");
		probe_add_value(&text, &block->cells[i], &guesses[i]);
	}
	cell_of(table, guesses[i].type == MODBUS_TYPE_UINT16 ? LOOK_PLAIN : LOOK_BOLD, &text);
}

static void show_registers(const struct ctl *ctl, const struct probe_block *block,
			   const struct probe_guess *guesses)
{
	struct table *table =
		table_new(ctl, ">ADDRESS|HEX|>UINT16|>INT16|>BCD|TEXT|FLOAT32|INT32|GUESS");

	for (size_t i = 0, n; i < block->count; i += n) {
		const struct probe_cell *cell = &block->cells[i];
		struct str text;

		n = probe_alike(block, guesses, i);
		/* Two of a kind are shown one by one: nothing is saved. */
		if (cell->state == PROBE_VALUE && n < 3)
			n = 1;
		str_init(&text);
		probe_add_span(&text, block, i, i + n - 1);
		cell_of(table, LOOK_PLAIN, &text);
		if (cell->state == PROBE_VALUE) {
			narrow_cells(table, cell->value);
			wide_cells(table, block, i);
			guess_cell(table, block, guesses, i);
			continue;
		}
		for (int k = 0; k < SHOW_NARROW; k++)
			table_cell(table, LOOK_PLAIN, NULL);
		str_init(&text);
		probe_add_why(&text, block, cell);
		cell_of(table, LOOK_DIM, &text);
		table_cell(table, LOOK_PLAIN, NULL);
		table_cell(table, LOOK_PLAIN, NULL);
	}
	table_print(table);
}

/* Rows of sixteen: 1, 0, and - for one that is not given. */
static void show_bits(const struct ctl *ctl, const struct probe_block *block)
{
	struct table *table = table_new(ctl, ">ADDRESS|VALUES");
	const struct probe_cell *bad = NULL;
	struct str text;

	for (size_t i = 0; i < block->count; i += SHOW_BITS) {
		size_t end = i + SHOW_BITS < block->count ? i + SHOW_BITS : block->count;

		str_init(&text);
		probe_add_span(&text, block, i, end - 1);
		cell_of(table, LOOK_PLAIN, &text);
		str_init(&text);
		for (size_t k = i; k < end; k++) {
			const struct probe_cell *cell = &block->cells[k];
			bool known = cell->state == PROBE_VALUE;

			str_adds(&text, k > i && (k - i) % 4 == 0 ? " " : "");
			str_addc(&text, known ? (char)('0' + cell->value) : '-');
			if (!known && bad == NULL)
				bad = cell;
		}
		cell_of(table, LOOK_PLAIN, &text);
	}
	table_print(table);
	if (bad == NULL)
		return;
	str_init(&text);
	probe_add_why(&text, block, bad);
	printf("-: %s\n", text.s);
	str_done(&text);
}

/* 40101 or 400101, as manuals count: the table's digit, and one more than the address. */
static void add_reference(struct str *out, uint8_t function, size_t address)
{
	static const int digits[] = {
		[MODBUS_READ_COILS] = 0,
		[MODBUS_READ_DISCRETE] = 1,
		[MODBUS_READ_HOLDING] = 4,
		[MODBUS_READ_INPUT] = 3,
	};

	str_addf(out, address < 9999 ? "%d%04zu" : "%d%05zu", digits[function], address + 1);
}

void probe_show_block(const struct ctl *ctl, const struct probe_unit *unit,
		      const struct probe_block *block, const struct probe_guess *guesses)
{
	size_t last = block->count - 1;
	struct str head;

	str_init(&head);
	str_addf(&head, "unit %u, %s ", unit->number, probe_table_name(block->function));
	probe_add_span(&head, block, 0, last);
	str_adds(&head, " (in manuals: ");
	add_reference(&head, block->function, block->first);
	str_adds(&head, " to ");
	add_reference(&head, block->function, block->first + last);
	str_adds(&head, ")");
	if (block->limit > 0)
		str_addf(&head, ", at most %u in one request", block->limit);
	printf("\n");
	look_print(ctl, LOOK_BOLD, head.s);
	printf("\n");
	str_done(&head);
	if (guesses != NULL)
		show_registers(ctl, block, guesses);
	else
		show_bits(ctl, block);
}
