/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Bytes on their way to a master, with the pauses between them and what becomes of the
 * connection after the last one. What doesn't fit is dropped.
 */
#ifndef GAUGED_SIM_WIRE_H
#define GAUGED_SIM_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum { WIRE_MAX = 1280, WIRE_PAUSE_MS_MAX = UINT16_MAX };

enum wire_end {
	WIRE_STAYS,
	WIRE_CLOSES,
	WIRE_RESETS,	  /* TCP: ends with RST; a terminal hangs up */
	WIRE_HALF_CLOSES, /* TCP: FIN, and goes on reading */
	WIRE_DEAF,	  /* stays open and is never read again */
};

struct wire {
	size_t len, sent;
	enum wire_end end;
	uint8_t bytes[WIRE_MAX];
	uint16_t pause_ms[WIRE_MAX]; /* before each byte */
};

/* At the end of the wire; the bytes follow one another without a pause. */
void wire_add(struct wire *wire, const uint8_t *bytes, size_t len);
/* at <= wire->len. A pause before the byte that stood there goes to the first new one. */
void wire_insert(struct wire *wire, size_t at, const uint8_t *bytes, size_t len);
/* Drops what stands behind the first len bytes. */
void wire_cut(struct wire *wire, size_t len);
/* How many of the bytes not yet sent leave together, at most most. */
size_t wire_run(const struct wire *wire, size_t most);

#endif
