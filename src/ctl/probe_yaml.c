/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the configuration that a probe proposes. */
#include "ctl/probe_yaml.h"

#include <string.h>

#include "base/str.h"
#include "ctl/probe_show.h"

enum { YAML_COMMENT_COLUMN = 56 };

/* A key is the table's first letter and the address: h100, i20, c7, d3. */
static void add_key(struct str *out, const struct probe_block *block, size_t i)
{
	str_addf(out, "      %c%zu: {%s: %zu", probe_table_name(block->function)[0],
		 block->first + i, probe_table_name(block->function), block->first + i);
}

/* Comments stand below each other where there is room. */
static void add_comment(struct str *out, size_t line)
{
	do
		str_addc(out, ' ');
	while (out->len - line < YAML_COMMENT_COLUMN);
	str_adds(out, "# ");
}

static void add_register(struct str *out, const struct probe_block *block,
			 const struct probe_guess *guess, size_t i)
{
	const struct probe_cell *cell = &block->cells[i];
	const char *order = probe_order_name(guess);
	size_t line = out->len;

	add_key(out, block, i);
	str_adds(out, ", type: ");
	probe_add_type(out, guess);
	if (order != NULL && guess->order != MODBUS_ABCD)
		str_addf(out, ", order: %s", order);
	str_addc(out, '}');
	add_comment(out, line);
	probe_add_value(out, cell, guess);
	if (guess->registers == 1 &&
	    (cell->value == 0xffff || cell->value == 0x8000 || cell->value == 0x7fff))
		str_addf(out, "; perhaps 0x%04X means that there is no value", cell->value);
	str_addc(out, '\n');
}

static void add_left_out(struct str *out, const struct probe_block *block, size_t from,
			 size_t count, const char *why)
{
	str_addf(out, "      # %s ", probe_table_name(block->function));
	probe_add_span(out, block, from, from + count - 1);
	str_addf(out, ": %s\n", why);
}

/* Returns how many points were written. */
static size_t add_registers(struct str *out, const struct probe_block *block,
			    const struct probe_guess *guesses)
{
	size_t points = 0;

	for (size_t i = 0, n; i < block->count; i += n) {
		struct str why;

		n = probe_alike(block, guesses, i);
		if (block->cells[i].state != PROBE_VALUE) {
			str_init(&why);
			probe_add_why(&why, block, &block->cells[i]);
			add_left_out(out, block, i, n, why.s);
			str_done(&why);
		} else if (block->cells[i].value == 0 && guesses[i].registers == 1) {
			add_left_out(out, block, i, n, "0 when it was probed");
		} else {
			add_register(out, block, &guesses[i], i);
			n = guesses[i].registers;
			points++;
		}
	}
	return points;
}

static size_t add_bits(struct str *out, const struct probe_block *block)
{
	size_t points = 0;

	for (size_t i = 0, n; i < block->count; i += n) {
		size_t line = out->len;
		struct str why;

		n = 1;
		if (block->cells[i].state == PROBE_VALUE) {
			add_key(out, block, i);
			str_addc(out, '}');
			add_comment(out, line);
			str_adds(out, block->cells[i].value != 0 ? "on\n" : "off\n");
			points++;
			continue;
		}
		n = probe_alike(block, NULL, i);
		str_init(&why);
		probe_add_why(&why, block, &block->cells[i]);
		add_left_out(out, block, i, n, why.s);
		str_done(&why);
	}
	return points;
}

/* A device needs a point, and all that was read is 0. */
static void add_any(struct str *out, const struct probe_unit *unit)
{
	for (size_t k = 0; k < unit->block_count; k++) {
		const struct probe_block *block = &unit->blocks[k];

		for (size_t i = 0; i < block->count; i++) {
			if (block->cells[i].state != PROBE_VALUE)
				continue;
			add_key(out, block, i);
			str_adds(out, "}\n");
			return;
		}
	}
}

/* Whether something is refused between what is given. */
static bool has_holes(const struct probe_block *block)
{
	bool hole = false, known = false;

	for (size_t i = 0; i < block->count; i++) {
		if (block->cells[i].state != PROBE_VALUE)
			hole = known;
		else if (hole)
			return true;
		else
			known = true;
	}
	return false;
}

void probe_yaml_bus(struct str *out, const struct probe_plan *plan,
		    const struct probe_found *found)
{
	str_adds(out, "buses:\n  probed: {modbus: '");
	for (const char *p = plan->address; *p != '\0'; p++)
		str_addf(out, *p == '\'' ? "''" : "%c", *p);
	str_addc(out, '\'');
	if (found->setting.baud > 0)
		str_addf(out, ", baud: %d, parity: %s", found->setting.baud,
			 found->setting.parity);
	str_adds(out, "}\n");
}

bool probe_yaml_known(const struct probe_unit *unit)
{
	size_t known = 0;

	for (size_t k = 0; k < unit->block_count; k++)
		known += unit->blocks[k].known;
	return known > 0;
}

void probe_yaml_unit(struct str *out, const struct probe_unit *unit,
		     struct probe_guess *const *guesses)
{
	uint16_t registers = 0, bits = 0;
	size_t points = 0, line;
	bool holes = false;

	for (size_t k = 0; k < unit->block_count; k++) {
		const struct probe_block *block = &unit->blocks[k];
		uint16_t *limit = probe_table_bits(block->function) ? &bits : &registers;

		holes = holes || has_holes(block);
		if (block->limit > 0 && (*limit == 0 || block->limit < *limit))
			*limit = block->limit;
	}
	if (!probe_yaml_known(unit)) {
		str_addf(out, "  # unit %u gave nothing of what it was asked for\n",
			 unit->number);
		return;
	}
	str_addf(out, "  unit-%u:\n    bus: probed\n    unit: %u\n", unit->number,
		 unit->number);
	if (registers > 0)
		str_addf(out, "    max_regs: %u\n", registers);
	if (bits > 0)
		str_addf(out, "    max_bits: %u\n", bits);
	if (holes) {
		line = out->len;
		str_adds(out, "    max_hole: 0");
		add_comment(out, line);
		str_adds(out, "it refuses what lies between\n");
	}
	str_adds(out, "    points:\n");
	for (size_t k = 0; k < unit->block_count; k++) {
		const struct probe_block *block = &unit->blocks[k];

		points += guesses[k] != NULL ? add_registers(out, block, guesses[k])
					     : add_bits(out, block);
	}
	if (points == 0)
		add_any(out, unit);
}
