/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns PCRE2: `match: PATTERN`, whose named or numbered groups are fields. A pattern is
 * compiled into the arena of its configuration; a match takes at most 10,000 steps and 256 KiB
 * out of memory that was set aside before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"

enum {
	MATCH_STEPS = 10000,
	MATCH_HEAP_KIB = 256,
	MATCH_GROUPS = 99,
	MATCH_PATTERN_BYTES = 4096,
	MATCH_NESTING = 32,
};

/*
 * PCRE2 keeps its backtracking points in a block that it replaces by a larger one: at most two
 * are in use. They are pages that stay untouched until a pattern needs them.
 */
struct match_block {
	bool used;
	char bytes[(MATCH_HEAP_KIB + 1) * 1024] __attribute__((aligned(16)));
};

struct serial_room {
	bool ready; /* from now on memory only comes from the blocks */
	struct match_block blocks[2];
	pcre2_general_context *memory;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct serial_decoder {
	pcre2_code *code;
	size_t count;
	int groups[SERIAL_FIELDS];
	const char **names; /* of groups, for suggestions */
	int *numbers;
	size_t name_count;
};

static void *match_take_block(size_t size, void *arg)
{
	struct serial_room *room = arg;

	if (!room->ready)
		return xmalloc(size);
	for (size_t i = 0; i < ARRAY_SIZE(room->blocks); i++) {
		struct match_block *block = &room->blocks[i];

		if (!block->used && size <= sizeof(block->bytes)) {
			block->used = true;
			return block->bytes;
		}
	}
	return NULL;
}

static void match_give_block(void *memory, void *arg)
{
	struct serial_room *room = arg;

	for (size_t i = 0; i < ARRAY_SIZE(room->blocks); i++) {
		if (memory == room->blocks[i].bytes) {
			room->blocks[i].used = false;
			return;
		}
	}
	free(memory);
}

struct serial_room *serial_room_new(void)
{
	struct serial_room *room = xcalloc(1, sizeof(*room));

	room->memory = pcre2_general_context_create(match_take_block, match_give_block, room);
	if (room->memory != NULL) {
		room->data = pcre2_match_data_create(MATCH_GROUPS + 1, room->memory);
		room->limits = pcre2_match_context_create(room->memory);
	}
	if (room->data == NULL || room->limits == NULL)
		abort(); /* out of memory, which xmalloc() does not survive either */
	pcre2_set_match_limit(room->limits, MATCH_STEPS);
	pcre2_set_heap_limit(room->limits, MATCH_HEAP_KIB);
	room->ready = true;
	return room;
}

void serial_room_free(struct serial_room *room)
{
	if (room == NULL)
		return;
	pcre2_match_data_free(room->data);
	pcre2_match_context_free(room->limits);
	pcre2_general_context_free(room->memory);
	free(room);
}

static void *match_take_arena(size_t size, void *arg)
{
	return arena_take(arg, 1, size);
}

static void match_give_arena(void *memory, void *arg)
{
	(void)memory;
	(void)arg;
}

/* Named groups as lists of their own: PCRE2's table has the number in front of each name. */
static void match_list_names(struct serial_decoder *match, struct arena *arena)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(match->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(match->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(match->code, PCRE2_INFO_NAMETABLE, &table);
	match->names = arena_take(arena, count + 1, sizeof(*match->names));
	match->numbers = arena_take(arena, count + 1, sizeof(*match->numbers));
	match->name_count = count;
	for (uint32_t i = 0; i < count; i++, table += size) {
		match->numbers[i] = table[0] << 8 | table[1];
		match->names[i] = (const char *)table + 2;
	}
}

static bool match_names_unique(const struct serial_decoder *match, const struct yaml_node *node,
			       struct diags *diags)
{
	/* The table is sorted by name. */
	for (size_t i = 1; i < match->name_count; i++) {
		if (strcmp(match->names[i - 1], match->names[i]) != 0)
			continue;
		diag_error(diags, node, "two groups of the pattern are named '%s'",
			   match->names[i]);
		return false;
	}
	return true;
}

static pcre2_code *match_compile(struct arena *arena, const struct yaml_node *node,
				 struct diags *diags)
{
	pcre2_general_context *memory =
		pcre2_general_context_create(match_take_arena, match_give_arena, arena);
	pcre2_compile_context *limits = pcre2_compile_context_create(memory);
	PCRE2_UCHAR text[200];
	size_t at = 0;
	pcre2_code *code;
	int rc;

	pcre2_set_max_pattern_length(limits, MATCH_PATTERN_BYTES);
	pcre2_set_parens_nest_limit(limits, MATCH_NESTING);
	code = pcre2_compile((PCRE2_SPTR)node->text, node->len,
			     PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &rc,
			     &at, limits);
	if (code != NULL)
		return code;
	pcre2_get_error_message(rc, text, sizeof(text));
	if (at > node->len)
		at = node->len;
	diag_error_in(diags, node, at, at < node->len ? 1 : 0, "bad pattern: %s",
		      (const char *)text);
	diag_note(diags,
		  "hint: patterns are Perl-compatible regular expressions, pcre2pattern(3)");
	return NULL;
}

static struct serial_decoder *match_parse(struct arena *arena, const struct yaml_node *node,
					  struct diags *diags)
{
	struct serial_decoder *match = arena_take(arena, 1, sizeof(*match));
	uint32_t groups = 0;

	if (node->kind != YAML_SCALAR) {
		diag_error(diags, node, "expected a pattern, got %s", yaml_kind_words(node));
		return NULL;
	}
	match->code = match_compile(arena, node, diags);
	if (match->code == NULL)
		return NULL;
	pcre2_pattern_info(match->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > MATCH_GROUPS) {
		diag_error(diags, node, "the pattern has %u groups, more than %d", groups,
			   MATCH_GROUPS);
		return NULL;
	}
	match_list_names(match, arena);
	return match_names_unique(match, node, diags) ? match : NULL;
}

static int match_group(const struct serial_decoder *match, const struct yaml_node *node)
{
	uint32_t groups = 0;

	if (node->kind != YAML_SCALAR)
		return -1;
	for (size_t i = 0; i < match->name_count; i++) {
		if (strcmp(match->names[i], node->text) == 0)
			return match->numbers[i];
	}
	pcre2_pattern_info(match->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	return serial_field_number(node, 0, (int)groups);
}

static bool match_want(struct serial_decoder *match, const struct yaml_node *node,
		       struct diags *diags)
{
	int group = match_group(match, node);

	if (group < 0) {
		diag_error(diags, node, "the pattern has no group '%s'",
			   node->kind == YAML_SCALAR ? node->text : yaml_kind_words(node));
		if (match->name_count == 0)
			diag_note(diags, "hint: a group with a name is written (?<name>...)");
		else if (node->kind == YAML_SCALAR)
			diag_suggest(diags, node->text, match->names, match->name_count);
		return false;
	}
	if (match->count == SERIAL_FIELDS)
		return serial_fields_full(node, diags);
	match->groups[match->count++] = group;
	return true;
}

static enum serial_verdict match_decode(const struct serial_decoder *match,
					struct serial_room *room, const char *frame, size_t len,
					struct serial_field *ret)
{
	int rc = pcre2_match(match->code, (PCRE2_SPTR)frame, len, 0, 0, room->data,
			     room->limits);
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(room->data);

	if (rc == PCRE2_ERROR_NOMATCH)
		return SERIAL_OTHER;
	if (rc < 0)
		return SERIAL_TOO_DEEP;
	for (size_t i = 0; i < match->count; i++) {
		int group = match->groups[i];
		PCRE2_SIZE from, to;

		ret[i] = (struct serial_field){.kind = SERIAL_FIELD_ABSENT};
		if (group >= rc)
			continue;
		from = places[2 * group];
		to = places[2 * group + 1];
		/* \K in a lookahead can move the start of group 0 behind its end. */
		if (from != PCRE2_UNSET && from <= to)
			ret[i] = (struct serial_field){SERIAL_FIELD_TEXT, frame + from,
						       to - from};
	}
	return SERIAL_FITS;
}

const struct serial_decoder_type serial_match = {
	.key = "match",
	.parse = match_parse,
	.want = match_want,
	.decode = match_decode,
};
