/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of serial lines: any bytes, cut into pieces in any way, give the same
 * frames, through every decoder the same fields, which lie inside of their frame and become
 * values or are bad; never a crash.
 *
 * The first byte chooses the framing, the second how many of the next bytes are the lengths of
 * the pieces.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"
#include "inputs/serial_frame.h"
#include "inputs/serial_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const struct {
	const struct serial_decoder_type *type;
	const char *yaml; /* [value of the decoder's key, fields...] */
} decoders[] = {
	{&serial_match, "['^\\$WI(?<n>\\w+),([\\d.]*),(?:R|(T))(.*)$', n, 2, 3, 4]"},
	{&serial_match, "['(a+)+$', 1]"},
	{&serial_csv, "[{columns: [time, temp]}, 1, temp, 3, 9]"},
	{&serial_csv, "[{separator: blanks, prefix: '#'}, 1, 2]"},
	{&serial_csv, "[{separator: tab}, 1, 2]"},
	{&serial_keyvalue, "[true, T, H, mode]"},
	{&serial_json, "[true, a, b.c, b.0, b.d.e]"},
	{&serial_nmea, "[true, 0, 1, 2, 9]"},
	{&serial_nmea, "[{checksum: optional, sentence: MWV}, 0, 1]"},
};

struct bench {
	struct arena *arena;
	struct diags *diags;
	struct diag_source sources[ARRAY_SIZE(decoders)];
	struct serial_decoder *decoders[ARRAY_SIZE(decoders)];
	size_t wanted[ARRAY_SIZE(decoders)];
	struct serial_room *room;
	struct str log; /* all frames, with their lengths */
};

static void bench_init(struct bench *bench)
{
	*bench = (struct bench){
		.arena = arena_new(), .diags = diags_new(5), .room = serial_room_new()};
	str_init(&bench->log);
	for (size_t i = 0; i < ARRAY_SIZE(decoders); i++) {
		const struct yaml_node *list;

		bench->sources[i] = (struct diag_source){"decoder", decoders[i].yaml,
							 strlen(decoders[i].yaml)};
		list = yaml_parse(bench->arena, &bench->sources[i], bench->diags);
		bench->decoders[i] =
			decoders[i].type->parse(bench->arena, list->values[0], bench->diags);
		for (size_t j = 1; j < list->count; j++, bench->wanted[i]++)
			demand(decoders[i].type->want(bench->decoders[i], list->values[j],
						      bench->diags));
	}
	demand(diags_errors(bench->diags) == 0);
}

static void bench_done(struct bench *bench)
{
	str_done(&bench->log);
	serial_room_free(bench->room);
	diags_free(bench->diags);
	arena_free(bench->arena);
}

static void check_value(const struct serial_field *field, const char *frame, size_t len)
{
	static const enum value_kind kinds[] = {VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT};

	if (field->kind != SERIAL_FIELD_ABSENT && field->kind != SERIAL_FIELD_NOTHING)
		demand(field->s >= frame && field->s + field->len <= frame + len);
	if (field->kind == SERIAL_FIELD_ABSENT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct point_scaling scaling = {kinds[i], 0.1, -5, true, -1e9, 1e9};
		char room[VALUE_TEXT_MAX + 1];
		struct value value = {0};
		enum bad_reason reason = serial_value_read(&scaling, field, room, &value);

		demand((reason == BAD_NONE) == (value.kind == kinds[i]));
		if (value.kind == VALUE_NUMBER)
			demand(isfinite(value.number) && fabs(value.number) <= 1e9);
		for (size_t j = 0; value.kind == VALUE_TEXT && value.text[j] != '\0';) {
			size_t n = str_utf8(value.text + j, strlen(value.text + j));

			demand(n > 0);
			j += n;
		}
	}
}

static void decode_all(void *arg, const char *frame, size_t len)
{
	struct bench *bench = arg;

	demand(len > 0);
	str_addf(&bench->log, "%zu ", len);
	str_add(&bench->log, frame, len);
	for (size_t i = 0; i < ARRAY_SIZE(decoders); i++) {
		struct serial_field fields[SERIAL_FIELDS];

		if (decoders[i].type->decode(bench->decoders[i], bench->room, frame, len,
					     fields) != SERIAL_FITS)
			continue;
		for (size_t j = 0; j < bench->wanted[i]; j++)
			check_value(&fields[j], frame, len);
	}
}

static void note_only(void *arg, const char *frame, size_t len)
{
	struct str *log = arg;

	str_addf(log, "%zu ", len);
	str_add(log, frame, len);
}

/* All bytes at once, or in the pieces whose lengths are given. */
static struct serial_frame_counts cut(const struct serial_frame_config *config,
				      const uint8_t *bytes, size_t size, const uint8_t *pieces,
				      size_t piece_count, serial_frame_fn *fn, void *arg)
{
	char *room = malloc(serial_framer_room(config));
	struct serial_framer framer;
	struct mono now = {1};
	size_t at = 0, i = 0;

	serial_framer_init(&framer, config, room);
	serial_framer_start(&framer, now);
	while (at < size) {
		size_t n = i < piece_count ? pieces[i++] : size;

		n = n < size - at ? n : size - at;
		serial_framer_feed(&framer, now, (const char *)bytes + at, n, fn, arg);
		at += n;
	}
	free(room);
	return framer.counts;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const delimiters[] = {"\n", "\r\n", "aab", ";"};
	struct serial_frame_counts whole, pieces;
	struct serial_frame_config config;
	size_t piece_count;
	struct bench bench;
	struct str log;

	if (size < 2)
		return 0;
	config = (struct serial_frame_config){
		.delimiter = delimiters[bytes[0] & 3],
		.delimiter_len = strlen(delimiters[bytes[0] & 3]),
		.max = bytes[0] & 4 ? 16 : 1024,
		.gap_ns = NSEC_PER_SEC,
		.marked = bytes[0] & 8,
	};
	piece_count = bytes[1] < size - 2 ? bytes[1] : size - 2;
	bench_init(&bench);
	str_init(&log);
	whole = cut(&config, bytes + 2 + piece_count, size - 2 - piece_count, NULL, 0,
		    decode_all, &bench);
	pieces = cut(&config, bytes + 2 + piece_count, size - 2 - piece_count, bytes + 2,
		     piece_count, note_only, &log);
	demand(bench.log.len == log.len);
	demand(log.len == 0 || memcmp(bench.log.s, log.s, log.len) == 0);
	demand(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	str_done(&log);
	bench_done(&bench);
	return 0;
}
