/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of decoders, and what several of them share. */
#include "inputs/serial_decode.h"

#include <string.h>

#include "base/json_string.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"

/* Bytes of a frame as UTF-8. */
static void field_add_utf8(struct str *out, const char *s, size_t len)
{
	while (len > 0) {
		size_t n = str_utf8(s, len);

		/* A NUL would end the text for whoever reads it. */
		if (n == 0 || *s == '\0') {
			str_add_utf8(out, 0xfffd);
			n = 1;
		} else {
			str_add(out, s, n);
		}
		s += n;
		len -= n;
	}
}

static void field_add_doubled(struct str *out, const char *s, size_t len)
{
	while (len > 0) {
		const char *quote = memchr(s, '"', len);
		size_t n = quote != NULL ? (size_t)(quote - s) + 1 : len;

		field_add_utf8(out, s, n);
		n += quote != NULL && n < len;
		s += n;
		len -= n;
	}
}

void serial_field_text(const struct serial_field *field, struct str *out)
{
	switch (field->kind) {
	case SERIAL_FIELD_ABSENT:
	case SERIAL_FIELD_NOTHING:
		return;
	case SERIAL_FIELD_TEXT:
		field_add_utf8(out, field->s, field->len);
		return;
	case SERIAL_FIELD_ESCAPED:
		json_string_add(out, field->s, field->len);
		return;
	case SERIAL_FIELD_DOUBLED:
		field_add_doubled(out, field->s, field->len);
		return;
	}
}

bool serial_fields_full(const struct yaml_node *node, struct diags *diags)
{
	diag_error(diags, node, "more than %d fields for one device", SERIAL_FIELDS);
	return false;
}

bool serial_names_add(struct serial_names *names, const struct yaml_node *node,
		      struct diags *diags)
{
	if (names->count == SERIAL_FIELDS)
		return serial_fields_full(node, diags);
	if (node->kind != YAML_SCALAR || node->len == 0) {
		diag_error(diags, node, "expected the name of a field, got %s",
			   node->kind == YAML_SCALAR ? "an empty one" : yaml_kind_words(node));
		return false;
	}
	names->names[names->count].s = node->text;
	names->names[names->count].len = node->len;
	names->count++;
	return true;
}

int serial_field_number(const struct yaml_node *node, int low, int high)
{
	int64_t number;

	if (node->kind != YAML_SCALAR || str_to_int(node->text, &number) != 0 || number < low ||
	    number > high)
		return -1;
	return (int)number;
}

bool serial_options_bind(struct arena *arena, const struct yaml_node *node,
			 const struct option_binding *binding, struct diags *diags)
{
	bool defaults =
		node->kind == YAML_SCALAR && node->plain && strcmp(node->text, "true") == 0;

	if (node->kind != YAML_MAP && !defaults) {
		diag_error(diags, node, "expected true or a map of options, got %s",
			   yaml_kind_words(node));
		return false;
	}
	return option_bind(arena, defaults ? NULL : node, NULL, binding, 1, diags);
}

const char *serial_text(const char *text)
{
	return text != NULL ? text : "";
}

bool serial_prefixed(const char *prefix, const char *frame, size_t len)
{
	size_t n = strlen(prefix);

	return len >= n && memcmp(frame, prefix, n) == 0;
}

const struct serial_decoder_type *const serial_decoder_types[] = {
	&serial_match, &serial_csv, &serial_keyvalue, &serial_json, &serial_nmea, NULL,
};
