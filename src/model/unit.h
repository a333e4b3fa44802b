/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Units of measurement: a name such as degC, L/min or kW*h as a dimension, a scale and an
 * offset to the SI unit. Source of the factors: The International System of Units, 9th edition.
 */
#ifndef GAUGED_MODEL_UNIT_H
#define GAUGED_MODEL_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNIT_DIMENSIONS = 8, UNIT_EXPONENT_MAX = 12, UNIT_TIME = 2 };

/* length, mass, time, current, temperature, amount, light, information */
struct unit {
	bool known; /* false: no unit was given; checks are off */
	int8_t dimension[UNIT_DIMENSIONS];
	bool absolute; /* a temperature on a scale, not a difference: degC, degF, degK; not K */
	double scale;  /* SI = value * scale + offset */
	double offset;
};

/*
 * Reads "degC", "L/min", "m^3/h", "%". -EINVAL when a part is no unit: *ret_bad is then the
 * byte offset of that part and *ret_bad_len its length.
 */
int unit_parse(const char *text, size_t len, struct unit *ret, size_t *ret_bad,
	       size_t *ret_bad_len);
bool unit_same_dimension(const struct unit *a, const struct unit *b);
/*
 * A value in from is value * *ret_factor + *ret_offset in to. Both are of the same dimension
 * and both absolute or both not.
 */
void unit_conversion(const struct unit *from, const struct unit *to, double *ret_factor,
		     double *ret_offset);
/*
 * "temperature", "temperature difference", "pressure", ...; "quantity" if the dimension has no
 * name of its own. Static text.
 */
const char *unit_dimension_name(const struct unit *unit);
/* Names of all base units, for suggestions; the count goes to *ret_count. */
const char *const *unit_names(size_t *ret_count);
/*
 * Each name without a prefix, and each prefix; NULL behind the last. For whoever has to have
 * something for all of them.
 */
const char *unit_name(size_t i);
const char *unit_prefix(size_t i);

#endif
