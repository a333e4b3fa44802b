/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Bytes of a line to frames: cuts at the delimiter, drops what is too long, damaged, or only
 * half there, and counts each. Pure: the same bytes give the same frames however they arrive,
 * as long as no pause between them reaches the gap.
 */
#ifndef GAUGED_INPUTS_SERIAL_FRAME_H
#define GAUGED_INPUTS_SERIAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum { SERIAL_DELIMITER_MAX = 8 };

struct serial_frame_config {
	const char *delimiter; /* 1..SERIAL_DELIMITER_MAX bytes */
	size_t delimiter_len;
	size_t max;	/* bytes of a frame without its delimiter */
	int64_t gap_ns; /* silence that ends a half frame; 0: none does */
	/*
	 * The bytes come from a tty with PARMRK: \377\0x is a character x that arrived with a
	 * parity or framing error, or a break; \377\377 is the byte \377 (termios(3)).
	 */
	bool marked;
};

struct serial_frame_counts {
	uint64_t bytes;
	uint64_t frames;  /* handed out */
	uint64_t cut;	  /* longer than max: dropped up to the next delimiter */
	uint64_t damaged; /* frames dropped for a marked character in them */
	uint64_t halves;  /* half frames dropped at a gap or at a new start */
};

struct serial_framer {
	const struct serial_frame_config *config;
	char *room; /* max + SERIAL_DELIMITER_MAX bytes */
	size_t len;
	bool skipping;	  /* what comes up to the next delimiter is no frame */
	bool damaged;	  /* a marked character since the last delimiter */
	bool starting;	  /* no delimiter, and no gap before a byte, was seen yet */
	int mark;	  /* bytes of a PARMRK sequence that were seen: 0, 1 or 2 */
	struct mono last; /* when the last byte came, or the start */
	struct serial_frame_counts counts;
};

typedef void serial_frame_fn(void *arg, const char *frame, size_t len);

/* The bytes of room that a framer needs. */
size_t serial_framer_room(const struct serial_frame_config *config);
/* config and room are borrowed for the life of the framer. */
void serial_framer_init(struct serial_framer *framer, const struct serial_frame_config *config,
			char *room);
/*
 * The line was opened anew: what was collected is dropped. The first frame is dropped too,
 * because its beginning may have been missed, unless the line is silent for a gap before it.
 */
void serial_framer_start(struct serial_framer *framer, struct mono now);
/*
 * Takes bytes and hands out every frame that ends in them, without the delimiter and without
 * one CR before it; empty ones are not handed out. The frame is borrowed for the call of fn,
 * which may not call the framer.
 */
void serial_framer_feed(struct serial_framer *framer, struct mono now, const char *bytes,
			size_t len, serial_frame_fn *fn, void *arg);
/* The frame that is being collected has lost characters: it will be dropped and counted. */
void serial_framer_damage(struct serial_framer *framer);

#endif
