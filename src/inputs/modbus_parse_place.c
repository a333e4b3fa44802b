/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns that a place with limits is written by one point: they count for each point by itself,
 * and another would be a way around them.
 */
#include "inputs/modbus_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/point.h"

enum { WIRE_MAX = 8 }; /* bytes of a value that can have bits */

/* What a point writes of one register, or a coil. */
struct place {
	uint8_t unit;
	bool coil;
	uint16_t address;
	uint16_t bits;
	uint32_t point;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->coil != y->coil)
		return x->coil ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->point > y->point) - (x->point < y->point);
}

static size_t place_add(const struct modbus_parse *parse, uint32_t number, struct place *out)
{
	const struct modbus_point *point = &parse->points[number];
	struct place place = {.unit = parse->devices[point->device].number,
			      .coil = point->format.registers == 0,
			      .point = number};
	bool field = point->format.width > 0;
	uint8_t mask[WIRE_MAX] = {0};

	if (place.coil) {
		place.address = point->address;
		place.bits = 1;
		*out = place;
		return 1;
	}
	if (field)
		modbus_field_mask(&point->format, mask);
	for (uint16_t i = 0; i < point->way.count; i++) {
		uint16_t from = (uint16_t)(point->way.skip + i);

		place.address = (uint16_t)(point->address + from);
		place.bits = field ? (uint16_t)(mask[2 * from] << 8 | mask[2 * from + 1])
				   : UINT16_MAX;
		out[i] = place;
	}
	return point->way.count;
}

static const struct point *place_point(const struct modbus_parse *parse,
				       const struct place *place)
{
	const char *name = parse->points[place->point].name;

	return point_table_get(parse->table,
			       point_table_find(parse->table, name, strlen(name)));
}

static bool point_is_limited(const struct point *point)
{
	const struct point_interlock *limits = point->interlock;

	return point->low <= point->high || limits->min_on_ns > 0 || limits->min_off_ns > 0 ||
	       limits->max_on_ns > 0 || limits->changes > 0 ||
	       limits->on_start.kind != VALUE_NONE || limits->on_stop.kind != VALUE_NONE ||
	       limits->on_unknown.kind != VALUE_NONE;
}

/* False: neither has limits. */
static bool place_refuse(struct modbus_parse *parse, const struct place *first,
			 const struct place *second)
{
	const struct point *other = place_point(parse, first);
	const struct point *point = place_point(parse, second);

	if (!point_is_limited(point) && !point_is_limited(other))
		return false;
	modbus_parse_error(parse, point->where,
			   "'%s' writes to %s %u of unit %u, as '%s' does, and %s has limits",
			   point->name, second->coil ? "coil" : "register", second->address,
			   second->unit, other->name, point_is_limited(point) ? "it" : "that");
	diag_note(parse->diags,
		  "expected: one point that has 'write: true' for each place with "
		  "limits, which count for each point by itself");
	return true;
}

/* Places of one register stand side by side. Each point is told of once. */
static void places_look(struct modbus_parse *parse, const struct place *places, size_t count)
{
	uint32_t told = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		const struct place *place = &places[i];

		for (size_t k = i; k-- > 0;) {
			const struct place *other = &places[k];

			if (other->unit != place->unit || other->coil != place->coil ||
			    other->address != place->address)
				break;
			if (other->point == place->point || place->point == told ||
			    (other->bits & place->bits) == 0)
				continue;
			if (place_refuse(parse, other, place))
				told = place->point;
		}
	}
}

void modbus_parse_places(struct modbus_parse *parse)
{
	size_t count = 0, room = 0;
	struct place *places;

	for (uint32_t i = 0; i < parse->config->point_count; i++)
		room += parse->points[i].write ? parse->points[i].way.count : 0;
	if (room == 0)
		return;
	places = arena_take(parse->arena, room, sizeof(*places));
	for (uint32_t i = 0; i < parse->config->point_count; i++)
		if (parse->points[i].write)
			count += place_add(parse, i, &places[count]);
	qsort(places, count, sizeof(*places), place_compare);
	places_look(parse, places, count);
}
