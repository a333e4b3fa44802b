/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns `json:`: one JSON text (RFC 8259) a line. Fields are paths such as wind.speed or list.0.
 * A scanner of our own, because a tree of the line would have to be allocated: it checks the
 * whole text and notes where the wanted values stand. Of equal keys the last counts.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/json_string.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"

enum { JSON_DEPTH = 32, JSON_PATH = 8, JSON_KEY = 128 };

struct json_options {
	const char *prefix;
};

struct json_segment {
	const char *s;
	size_t len;
};

struct json_path {
	size_t count;
	struct json_segment segments[JSON_PATH];
};

struct serial_decoder {
	struct json_options options;
	size_t count;
	struct json_path paths[SERIAL_FIELDS];
};

struct json_scan {
	const struct serial_decoder *json;
	const char *p, *end;
	size_t depth; /* of the value at p: how many keys and indices lead to it */
	size_t matched[SERIAL_FIELDS]; /* of these, how many begin the path */
	struct serial_field fields[SERIAL_FIELDS];
	bool too_deep;
};

static const struct option json_rows[] = {
	{.name = "prefix",
	 OPTION(TEXT, json_options, prefix),
	 .help = "Only lines that start with this are the device's; the JSON text follows it."},
};

const struct option_table serial_json_options = {
	.section = "json",
	.manual = "gauged.yaml(5)",
	.rows = json_rows,
	.count = ARRAY_SIZE(json_rows),
	.name = "serial_json",
};

static struct serial_decoder *json_parse(struct arena *arena, const struct yaml_node *node,
					 struct diags *diags)
{
	struct serial_decoder *json = arena_take(arena, 1, sizeof(*json));
	const struct option_binding binding = {&serial_json_options, &json->options};

	if (!serial_options_bind(arena, node, &binding, diags))
		return NULL;
	json->options.prefix = serial_text(json->options.prefix);
	return json;
}

static bool json_want(struct serial_decoder *json, const struct yaml_node *node,
		      struct diags *diags)
{
	struct json_path path = {0};
	const char *s = node->text, *end = s + node->len;

	if (json->count == SERIAL_FIELDS)
		return serial_fields_full(node, diags);
	while (node->kind == YAML_SCALAR && path.count < JSON_PATH) {
		const char *dot = memchr(s, '.', (size_t)(end - s));
		size_t len = (size_t)((dot != NULL ? dot : end) - s);

		if (len == 0 || len >= JSON_KEY)
			break;
		path.segments[path.count++] = (struct json_segment){s, len};
		if (dot == NULL) {
			json->paths[json->count++] = path;
			return true;
		}
		s = dot + 1;
	}
	diag_error(diags, node,
		   "expected a path of at most %d keys or indices with dots between, such as "
		   "wind.speed, got '%s'",
		   JSON_PATH, node->kind == YAML_SCALAR ? node->text : yaml_kind_words(node));
	return false;
}

static void json_blanks(struct json_scan *scan)
{
	while (scan->p < scan->end &&
	       (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\r' || *scan->p == '\n'))
		scan->p++;
}

static bool json_take(struct json_scan *scan, char c)
{
	json_blanks(scan);
	if (scan->p == scan->end || *scan->p != c)
		return false;
	scan->p++;
	return true;
}

/* The paths that go on with this key, one step further down. */
static void json_enter(struct json_scan *scan, const char *key, size_t len)
{
	for (size_t i = 0; i < scan->json->count; i++) {
		const struct json_path *path = &scan->json->paths[i];
		const struct json_segment *segment = path->segments + scan->matched[i];

		if (scan->matched[i] != scan->depth || scan->depth >= path->count ||
		    segment->len != len || memcmp(segment->s, key, len) != 0)
			continue;
		scan->matched[i]++;
		scan->fields[i].kind = SERIAL_FIELD_ABSENT;
	}
	scan->depth++;
}

static void json_leave(struct json_scan *scan)
{
	scan->depth--;
	for (size_t i = 0; i < scan->json->count; i++) {
		if (scan->matched[i] > scan->depth)
			scan->matched[i] = scan->depth;
	}
}

/* The value that the keys so far lead to. */
static void json_note(struct json_scan *scan, enum serial_field_kind kind, const char *s,
		      size_t len)
{
	for (size_t i = 0; i < scan->json->count; i++) {
		if (scan->matched[i] == scan->depth &&
		    scan->json->paths[i].count == scan->depth)
			scan->fields[i] = (struct serial_field){kind, s, len};
	}
}

static bool json_digits(struct json_scan *scan)
{
	const char *from = scan->p;

	while (scan->p < scan->end && *scan->p >= '0' && *scan->p <= '9')
		scan->p++;
	return scan->p > from;
}

static bool json_is(const struct json_scan *scan, const char *chars)
{
	return scan->p < scan->end && *scan->p != '\0' && strchr(chars, *scan->p) != NULL;
}

static bool json_number(struct json_scan *scan)
{
	const char *from = scan->p;

	scan->p += json_is(scan, "-");
	if (json_is(scan, "0"))
		scan->p++;
	else if (!json_digits(scan))
		return false;
	if (json_is(scan, ".")) {
		scan->p++;
		if (!json_digits(scan))
			return false;
	}
	if (json_is(scan, "eE")) {
		scan->p++;
		scan->p += json_is(scan, "+-");
		if (!json_digits(scan))
			return false;
	}
	json_note(scan, SERIAL_FIELD_TEXT, from, (size_t)(scan->p - from));
	return true;
}

static bool json_word(struct json_scan *scan)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(scan->end - scan->p) < len || memcmp(scan->p, words[i], len) != 0)
			continue;
		json_note(scan, i < 2 ? SERIAL_FIELD_TEXT : SERIAL_FIELD_NOTHING, scan->p, len);
		scan->p += len;
		return true;
	}
	return false;
}

/* A string whose opening quote is at p. */
static bool json_string(struct json_scan *scan, struct serial_field *ret)
{
	bool escaped;
	ssize_t len =
		json_string_scan(scan->p + 1, (size_t)(scan->end - scan->p - 1), &escaped);

	if (len < 0)
		return false;
	*ret = (struct serial_field){escaped ? SERIAL_FIELD_ESCAPED : SERIAL_FIELD_TEXT,
				     scan->p + 1, (size_t)len};
	scan->p += len + 2;
	return true;
}

static bool json_value(struct json_scan *scan);

static bool json_member(struct json_scan *scan)
{
	char room[JSON_KEY];
	struct serial_field key;
	struct str text;
	bool fine;

	json_blanks(scan);
	if (!json_is(scan, "\"") || !json_string(scan, &key) || !json_take(scan, ':'))
		return false;
	str_init_fixed(&text, room, sizeof(room));
	json_string_add(&text, key.s, key.len);
	/* A key that does not fit is longer than any that is wanted. */
	json_enter(scan, room, text.cut ? JSON_KEY : text.len);
	fine = json_value(scan);
	json_leave(scan);
	return fine;
}

static bool json_element(struct json_scan *scan, size_t index)
{
	char room[24];
	struct str text;
	bool fine;

	str_init_fixed(&text, room, sizeof(room));
	str_addf(&text, "%zu", index);
	json_enter(scan, room, text.len);
	fine = json_value(scan);
	json_leave(scan);
	return fine;
}

static bool json_inside(struct json_scan *scan, bool object)
{
	char close = object ? '}' : ']';
	size_t index = 0;

	if (json_take(scan, close))
		return true;
	do {
		if (!(object ? json_member(scan) : json_element(scan, index++)))
			return false;
	} while (json_take(scan, ','));
	return json_take(scan, close);
}

static bool json_value(struct json_scan *scan)
{
	struct serial_field field;

	json_blanks(scan);
	if (json_is(scan, "{[")) {
		/* Bounds the recursion, which is this function's through json_inside(). */
		scan->too_deep = scan->too_deep || scan->depth >= JSON_DEPTH;
		if (scan->too_deep)
			return false;
		json_note(scan, SERIAL_FIELD_NOTHING, scan->p, 0);
		return json_inside(scan, *scan->p++ == '{');
	}
	if (json_is(scan, "\"")) {
		if (!json_string(scan, &field))
			return false;
		json_note(scan, field.kind, field.s, field.len);
		return true;
	}
	return json_is(scan, "-0123456789") ? json_number(scan) : json_word(scan);
}

static enum serial_verdict json_decode(const struct serial_decoder *json,
				       struct serial_room *room, const char *frame, size_t len,
				       struct serial_field *ret)
{
	struct json_scan scan = {.json = json, .p = frame, .end = frame + len};
	bool any = false;

	if (!serial_prefixed(json->options.prefix, frame, len))
		return SERIAL_OTHER;
	scan.p += strlen(json->options.prefix);
	json_blanks(&scan);
	if (!json_is(&scan, "{["))
		return SERIAL_OTHER;
	if (!json_value(&scan))
		return scan.too_deep ? SERIAL_TOO_DEEP : SERIAL_WRONG;
	json_blanks(&scan);
	if (scan.p < scan.end)
		return SERIAL_WRONG;
	for (size_t i = 0; i < json->count; i++)
		any = any || scan.fields[i].kind != SERIAL_FIELD_ABSENT;
	if (!any)
		return SERIAL_OTHER;
	memcpy(ret, scan.fields, json->count * sizeof(*ret));
	return SERIAL_FITS;
}

const struct serial_decoder_type serial_json = {
	.key = "json",
	.parse = json_parse,
	.want = json_want,
	.decode = json_decode,
};
