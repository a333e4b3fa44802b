/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What registers of an unknown device may mean: which decodings of them are plausible, and
 * which row of values explains a whole block best. Guesses for people to judge, never more.
 * Pure.
 */
#ifndef GAUGED_CTL_PROBE_GUESS_H
#define GAUGED_CTL_PROBE_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inputs/modbus_types.h"

/* One register, coil or discrete input. */
struct probe_cell {
	enum {
		PROBE_UNASKED,
		PROBE_VALUE,
		PROBE_REFUSED, /* with exception */
		PROBE_SILENT,  /* no proper answer to this one */
	} state;
	uint8_t exception;
	uint16_t value; /* of a coil: 0 or 1 */
};

enum probe_grade {
	PROBE_NO,   /* no device would mean that */
	PROBE_FAIR, /* may be */
	PROBE_GOOD, /* hardly by chance */
};

/* What the registers from one on hold. */
struct probe_guess {
	enum modbus_type type;
	enum modbus_order order; /* of several registers */
	uint16_t registers;	 /* 0: nothing begins here */
};

/*
 * How plausible words (as many as the type has registers) are as a number of that type and
 * order. float32 and float64: of a magnitude from 1e-6 to 1e9, no denormal, no NaN, with few
 * digits or as many as a measurement has. int32, uint32: near zero for their width. bcd16: four
 * decimal digits. int16 and uint16 are always fair; text is probe_text()'s.
 */
enum probe_grade probe_grade(enum modbus_type type, enum modbus_order order,
			     const uint16_t *words);
/* What the decoding gives; NaN if that is no number. */
double probe_decode(enum modbus_type type, enum modbus_order order, const uint16_t *words);

/*
 * How many of the count cells, from the first, are one text: printable ASCII, mostly letters
 * and digits, at least five of them, ended by NUL or something else; 0: none. swapped: the low
 * byte of each register first.
 */
size_t probe_text(const struct probe_cell *cells, size_t count, bool swapped);

/*
 * Explains all cells at once: fills ret[i] for each of them; no value is wider than widest
 * registers, at least 1. Of the ways to cut the block into
 * values, with one byte order for all, the one with the most evidence; registers that nothing
 * speaks for are uint16 (int16 if slightly below zero).
 */
void probe_guess(const struct probe_cell *cells, size_t count, size_t widest,
		 struct probe_guess *ret);

#endif
