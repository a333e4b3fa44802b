/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The four tables of one Modbus unit, and how values are laid into 16-bit registers. Word
 * orders are written out here: libmodbus's float setters are wrong in Debian 12.
 */
#ifndef GAUGED_SIM_REGISTERS_H
#define GAUGED_SIM_REGISTERS_H

#include <stdint.h>

enum { REGISTERS_BITS = 64, REGISTERS_WORDS = 256 };

struct registers {
	uint8_t coils[REGISTERS_BITS]; /* one byte for each, 0 or 1 */
	uint8_t discretes[REGISTERS_BITS];
	uint16_t holding[REGISTERS_WORDS];
	uint16_t input[REGISTERS_WORDS];
};

/* value rounded to the nearest step, limited to int16. */
uint16_t registers_scaled(double value, double step);
/* Two registers, the low word first: order CDAB. */
void registers_float_cdab(uint16_t *words, float value);
/* Two registers, the high word first: order ABCD. */
void registers_float_abcd(uint16_t *words, float value);
void registers_uint32_abcd(uint16_t *words, uint32_t value);
void registers_uint64_abcd(uint16_t *words, uint64_t value);
/* count registers, two characters each, the first in the high byte, filled up with NUL. */
void registers_string(uint16_t *words, int count, const char *text);

#endif
