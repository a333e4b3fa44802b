/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the document of a probe. */
#include "ctl/probe_json.h"

#include <jansson.h>

#include "base/str.h"
#include "ctl/probe_show.h"

static const char *const presences[] = {
	[PROBE_NOT_ASKED] = "not asked", [PROBE_NO_ANSWER] = "silent",
	[PROBE_NOBODY] = "nobody",	 [PROBE_GARBLED] = "garbled",
	[PROBE_PRESENT] = "answers",	 [PROBE_REFUSING] = "refuses",
};

static const char *const states[] = {
	[PROBE_UNASKED] = "not asked",
	[PROBE_VALUE] = "value",
	[PROBE_REFUSED] = "refused",
	[PROBE_SILENT] = "silent",
};

static json_t *cell_json(const struct probe_block *block, size_t i)
{
	const struct probe_cell *cell = &block->cells[i];
	json_t *json = json_object();

	json_object_set_new(json, "address", json_integer((json_int_t)(block->first + i)));
	if (cell->state == PROBE_VALUE) {
		json_object_set_new(json, "value", json_integer(cell->value));
		return json;
	}
	json_object_set_new(json, "error", json_string(states[cell->state]));
	if (cell->state == PROBE_REFUSED)
		json_object_set_new(json, "exception", json_integer(cell->exception));
	return json;
}

static json_t *guess_json(const struct probe_block *block, const struct probe_guess *guess,
			  size_t i)
{
	const char *order = probe_order_name(guess);
	struct str type, value;
	json_t *json;

	str_init(&type);
	str_init(&value);
	probe_add_type(&type, guess);
	probe_add_value(&value, &block->cells[i], guess);
	json = json_pack("{sI ss}", "address", (json_int_t)(block->first + i), "type", type.s);
	if (order != NULL)
		json_object_set_new(json, "order", json_string(order));
	json_object_set_new(json, "value",
			    json_loads(value.s, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
	str_done(&type);
	str_done(&value);
	return json;
}

static json_t *block_json(const struct probe_block *block, const struct probe_guess *guesses)
{
	json_t *cells = json_array(), *list = json_array(), *json;

	for (size_t i = 0; i < block->count; i++)
		json_array_append_new(cells, cell_json(block, i));
	for (size_t i = 0; guesses != NULL && i < block->count; i++) {
		if (guesses[i].registers > 0)
			json_array_append_new(list, guess_json(block, &guesses[i], i));
	}
	json = json_pack("{ss so so}", "table", probe_table_name(block->function), "cells",
			 cells, "guesses", list);
	if (block->limit > 0)
		json_object_set_new(json, "most_in_one_request", json_integer(block->limit));
	if (block->ended != NULL)
		json_object_set_new(json, "ended", json_string(block->ended));
	return json;
}

static json_t *unit_json(const struct probe_unit *unit, struct probe_guess *const *guesses)
{
	json_t *blocks = json_array(), *json;

	for (size_t k = 0; k < unit->block_count; k++)
		json_array_append_new(blocks, block_json(&unit->blocks[k], guesses[k]));
	json = json_pack("{si ss so}", "unit", unit->number, "presence",
			 presences[unit->presence], "blocks", blocks);
	if (unit->presence == PROBE_REFUSING || unit->presence == PROBE_NOBODY)
		json_object_set_new(json, "exception", json_integer(unit->exception));
	return json;
}

json_t *probe_json(const struct probe_plan *plan, const struct probe_found *found,
		   struct probe_guess *(*guesses)[PROBE_TABLES + 1], const char *yaml)
{
	json_t *units = json_array(), *json;

	for (size_t i = 0; i < found->unit_count; i++)
		json_array_append_new(units, unit_json(&found->units[i], guesses[i]));
	json = json_pack("{ss sb so ss}", "address", plan->address, "stopped", found->stopped,
			 "units", units, "yaml", yaml);
	if (found->setting.baud > 0 && found->present > 0)
		json_object_set_new(json, "line",
				    json_pack("{si ss}", "baud", found->setting.baud, "parity",
					      found->setting.parity));
	if (found->lost.code != 0)
		json_object_set_new(json, "lost", json_string(found->lost.text));
	return json;
}
