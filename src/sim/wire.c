/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the bytes of an answer and their pauses. */
#include "sim/wire.h"

#include <string.h>

void wire_add(struct wire *wire, const uint8_t *bytes, size_t len)
{
	wire_insert(wire, wire->len, bytes, len);
}

void wire_insert(struct wire *wire, size_t at, const uint8_t *bytes, size_t len)
{
	size_t rest = wire->len - at;
	uint16_t pause_ms = rest > 0 ? wire->pause_ms[at] : 0;

	if (len == 0 || wire->len + len > WIRE_MAX)
		return;
	memmove(wire->bytes + at + len, wire->bytes + at, rest);
	memmove(wire->pause_ms + at + len, wire->pause_ms + at, rest * sizeof(pause_ms));
	memcpy(wire->bytes + at, bytes, len);
	memset(wire->pause_ms + at, 0, len * sizeof(pause_ms));
	wire->pause_ms[at] = pause_ms;
	if (rest > 0)
		wire->pause_ms[at + len] = 0;
	wire->len += len;
}

void wire_cut(struct wire *wire, size_t len)
{
	if (len < wire->len)
		wire->len = len;
}

size_t wire_run(const struct wire *wire, size_t most)
{
	size_t n = wire->len > wire->sent ? 1 : 0;

	while (wire->sent + n < wire->len && n < most && wire->pause_ms[wire->sent + n] == 0)
		n++;
	return n;
}
