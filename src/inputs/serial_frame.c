/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the cutting of a line's bytes into frames. */
#include "inputs/serial_frame.h"

#include <string.h>

enum { MARK = 0xff };

size_t serial_framer_room(const struct serial_frame_config *config)
{
	return config->max + SERIAL_DELIMITER_MAX;
}

void serial_framer_init(struct serial_framer *framer, const struct serial_frame_config *config,
			char *room)
{
	*framer = (struct serial_framer){.config = config, .room = room};
}

static void framer_clear(struct serial_framer *framer)
{
	framer->len = 0;
	framer->skipping = false;
	framer->damaged = false;
}

void serial_framer_start(struct serial_framer *framer, struct mono now)
{
	if (framer->len > 0 || framer->skipping || framer->damaged)
		framer->counts.halves++;
	framer_clear(framer);
	framer->mark = 0;
	framer->starting = true;
	framer->last = now;
}

void serial_framer_damage(struct serial_framer *framer)
{
	framer->damaged = true;
}

/* The room is full without a delimiter: only what may be the start of one is kept. */
static void framer_cut(struct serial_framer *framer)
{
	size_t keep = framer->config->delimiter_len - 1;

	if (!framer->skipping && !framer->starting)
		framer->counts.cut++;
	framer->skipping = true;
	memmove(framer->room, framer->room + framer->len - keep, keep);
	framer->len = keep;
}

static void framer_end(struct serial_framer *framer, serial_frame_fn *fn, void *arg)
{
	size_t len = framer->len - framer->config->delimiter_len;

	if (framer->damaged) {
		framer->counts.damaged++;
	} else if (framer->starting) {
		framer->counts.halves += len > 0 || framer->skipping;
	} else if (!framer->skipping) {
		if (len > 0 && framer->room[len - 1] == '\r')
			len--;
		if (len > 0) {
			framer->counts.frames++;
			fn(arg, framer->room, len);
		}
	}
	framer->starting = false;
	framer_clear(framer);
}

static bool framer_delimited(const struct serial_framer *framer)
{
	size_t len = framer->config->delimiter_len;

	return framer->len >= len &&
	       memcmp(framer->room + framer->len - len, framer->config->delimiter, len) == 0;
}

/* Bytes as the device sent them. */
static void framer_take(struct serial_framer *framer, const char *bytes, size_t len,
			serial_frame_fn *fn, void *arg)
{
	const struct serial_frame_config *config = framer->config;
	char last = config->delimiter[config->delimiter_len - 1];

	while (len > 0) {
		size_t room = config->max + config->delimiter_len - framer->len;
		size_t n = len < room ? len : room;
		const char *found = memchr(bytes, last, n);

		if (found != NULL)
			n = (size_t)(found - bytes) + 1;
		memcpy(framer->room + framer->len, bytes, n);
		framer->len += n;
		bytes += n;
		len -= n;
		if (found != NULL && framer_delimited(framer))
			framer_end(framer, fn, arg);
		else if (framer->len == config->max + config->delimiter_len)
			framer_cut(framer);
	}
}

/* One byte that belongs to a mark, or that ends one. */
static void framer_mark(struct serial_framer *framer, char byte, serial_frame_fn *fn, void *arg)
{
	if (framer->mark == 1 && byte == '\0') {
		framer->mark = 2;
		return;
	}
	if (framer->mark == 1 && (unsigned char)byte == MARK)
		framer_take(framer, &byte, 1, fn, arg);
	else
		framer->damaged = true;
	framer->mark = 0;
}

static void framer_take_marked(struct serial_framer *framer, const char *bytes, size_t len,
			       serial_frame_fn *fn, void *arg)
{
	while (len > 0) {
		const char *mark;
		size_t n;

		if (framer->mark > 0) {
			framer_mark(framer, *bytes, fn, arg);
			bytes++;
			len--;
			continue;
		}
		mark = memchr(bytes, MARK, len);
		n = mark != NULL ? (size_t)(mark - bytes) : len;
		framer_take(framer, bytes, n, fn, arg);
		if (mark != NULL) {
			framer->mark = 1;
			n++;
		}
		bytes += n;
		len -= n;
	}
}

/* A pause before these bytes: what stands there gets no end any more, and a frame starts. */
static void framer_pause(struct serial_framer *framer)
{
	if (framer->len > 0 || framer->skipping || framer->damaged)
		framer->counts.halves++;
	framer->starting = false;
	framer->mark = 0;
	framer_clear(framer);
}

void serial_framer_feed(struct serial_framer *framer, struct mono now, const char *bytes,
			size_t len, serial_frame_fn *fn, void *arg)
{
	int64_t gap_ns = framer->config->gap_ns;

	if (len == 0)
		return;
	if (gap_ns > 0 && mono_diff(now, framer->last) >= gap_ns)
		framer_pause(framer);
	framer->last = now;
	framer->counts.bytes += len;
	if (framer->config->marked)
		framer_take_marked(framer, bytes, len, fn, arg);
	else
		framer_take(framer, bytes, len, fn, arg);
}
