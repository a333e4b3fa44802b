/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the simulator lays numbers and text into registers. */
#include "sim/registers.h"

#include <math.h>
#include <string.h>

uint16_t registers_scaled(double value, double step)
{
	double raw = fmin(fmax(round(value / step), INT16_MIN), INT16_MAX);

	return (uint16_t)(int16_t)raw;
}

void registers_uint32_abcd(uint16_t *words, uint32_t value)
{
	words[0] = (uint16_t)(value >> 16);
	words[1] = (uint16_t)value;
}

void registers_uint64_abcd(uint16_t *words, uint64_t value)
{
	registers_uint32_abcd(words, (uint32_t)(value >> 32));
	registers_uint32_abcd(words + 2, (uint32_t)value);
}

void registers_float_abcd(uint16_t *words, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	registers_uint32_abcd(words, bits);
}

void registers_float_cdab(uint16_t *words, float value)
{
	uint16_t high_first[2];

	registers_float_abcd(high_first, value);
	words[0] = high_first[1];
	words[1] = high_first[0];
}

void registers_string(uint16_t *words, int count, const char *text)
{
	size_t len = strlen(text);

	for (int i = 0; i < count; i++) {
		size_t at = 2 * (size_t)i;
		unsigned high = at < len ? (unsigned char)text[at] : 0;
		unsigned low = at + 1 < len ? (unsigned char)text[at + 1] : 0;

		words[i] = (uint16_t)(high << 8 | low);
	}
}
