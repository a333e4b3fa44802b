/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A field of a frame to the value of a point: its type, scale, offset and range. Pure. What
 * cannot be read is bad with a reason and never a number.
 */
#ifndef GAUGED_INPUTS_SERIAL_VALUE_H
#define GAUGED_INPUTS_SERIAL_VALUE_H

#include "inputs/point_entry.h"
#include "inputs/serial_decode.h"
#include "model/reading.h"

/*
 * BAD_NONE and *ret; BAD_PARSE for what is no such value (an empty field, null, "12x" for a
 * number); BAD_RANGE for what is outside of the range, not finite, or a text longer than
 * VALUE_TEXT_MAX. room is where a text goes, VALUE_TEXT_MAX + 1 bytes. field is not absent.
 */
enum bad_reason serial_value_read(const struct point_scaling *point,
				  const struct serial_field *field, char *room,
				  struct value *ret);

#endif
