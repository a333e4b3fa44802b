/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns `keyvalue:`: pairs such as T=21.5 between blanks, commas and semicolons, in any order,
 * with whatever else between them; of a key that comes twice the last value counts.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"

struct keyvalue_options {
	const char *prefix;
};

struct serial_decoder {
	struct keyvalue_options options;
	struct serial_names names;
};

static const struct option keyvalue_rows[] = {
	{.name = "prefix",
	 OPTION(TEXT, keyvalue_options, prefix),
	 .help = "Only lines that start with this are the device's; the pairs follow it."},
};

const struct option_table serial_keyvalue_options = {
	.section = "keyvalue",
	.manual = "gauged.yaml(5)",
	.rows = keyvalue_rows,
	.count = ARRAY_SIZE(keyvalue_rows),
	.name = "serial_keyvalue",
};

static struct serial_decoder *keyvalue_parse(struct arena *arena, const struct yaml_node *node,
					     struct diags *diags)
{
	struct serial_decoder *pairs = arena_take(arena, 1, sizeof(*pairs));
	const struct option_binding binding = {&serial_keyvalue_options, &pairs->options};

	if (!serial_options_bind(arena, node, &binding, diags))
		return NULL;
	pairs->options.prefix = serial_text(pairs->options.prefix);
	return pairs;
}

static bool keyvalue_want(struct serial_decoder *pairs, const struct yaml_node *node,
			  struct diags *diags)
{
	return serial_names_add(&pairs->names, node, diags);
}

static bool keyvalue_separates(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';';
}

static const char *keyvalue_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

/* The value at s, perhaps in quotes; returns where it ends. */
static const char *keyvalue_value(const char *s, const char *end, struct serial_field *ret)
{
	const char *close =
		s < end && *s == '"' ? memchr(s + 1, '"', (size_t)(end - s - 1)) : NULL;

	if (close != NULL) {
		*ret = (struct serial_field){SERIAL_FIELD_TEXT, s + 1, (size_t)(close - s - 1)};
		return close + 1;
	}
	*ret = (struct serial_field){SERIAL_FIELD_TEXT, s, 0};
	while (s < end && !keyvalue_separates(*s))
		s++;
	ret->len = (size_t)(s - ret->s);
	return s;
}

static bool keyvalue_note(const struct serial_names *names, const char *key, size_t len,
			  const struct serial_field *value, struct serial_field *ret)
{
	bool noted = false;

	for (size_t i = 0; i < names->count; i++) {
		if (names->names[i].len == len && memcmp(names->names[i].s, key, len) == 0) {
			ret[i] = *value;
			noted = true;
		}
	}
	return noted;
}

static enum serial_verdict keyvalue_decode(const struct serial_decoder *pairs,
					   struct serial_room *room, const char *frame,
					   size_t len, struct serial_field *ret)
{
	struct serial_field fields[SERIAL_FIELDS] = {0};
	const char *s, *end = frame + len;
	bool any = false;

	if (!serial_prefixed(pairs->options.prefix, frame, len))
		return SERIAL_OTHER;
	for (s = frame + strlen(pairs->options.prefix); s < end;) {
		const char *key = s, *after;
		struct serial_field value;
		size_t key_len;

		while (s < end && !keyvalue_separates(*s) && *s != '=')
			s++;
		key_len = (size_t)(s - key);
		after = keyvalue_blanks(s, end);
		if (key_len == 0 || after == end || *after != '=') {
			s += key_len == 0;
			continue;
		}
		s = keyvalue_value(keyvalue_blanks(after + 1, end), end, &value);
		any |= keyvalue_note(&pairs->names, key, key_len, &value, fields);
	}
	if (!any)
		return SERIAL_OTHER;
	memcpy(ret, fields, pairs->names.count * sizeof(*fields));
	return SERIAL_FITS;
}

const struct serial_decoder_type serial_keyvalue = {
	.key = "keyvalue",
	.parse = keyvalue_parse,
	.want = keyvalue_want,
	.decode = keyvalue_decode,
};
