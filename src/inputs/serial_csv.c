/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns `csv:`: columns between separators, quoted as RFC 4180 section 2 says, by number from 1
 * or by the names that the configuration gives them. A line that repeats those names is the
 * device's heading and holds no values.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "inputs/serial_decode.h"

enum { CSV_COLUMNS = 999 };

struct csv_options {
	const char *separator;
	struct option_texts columns;
	const char *prefix;
};

struct serial_decoder {
	struct csv_options options;
	char separator; /* '\0': any number of blanks */
	size_t count;
	int columns[SERIAL_FIELDS]; /* from 1 */
};

static const struct option csv_rows[] = {
	{.name = "separator",
	 OPTION(TEXT, csv_options, separator),
	 .fallback = ",",
	 .help = "The character between two columns, tab, or blanks for any number of them."},
	{.name = "columns",
	 OPTION(TEXTS, csv_options, columns),
	 .help = "Names of the columns, from the first on; points choose theirs with field."},
	{.name = "prefix",
	 OPTION(TEXT, csv_options, prefix),
	 .help = "Only lines that start with this are the device's; columns follow it."},
};

const struct option_table serial_csv_options = {
	.section = "csv",
	.manual = "gauged.yaml(5)",
	.rows = csv_rows,
	.count = ARRAY_SIZE(csv_rows),
	.name = "serial_csv",
};

static bool csv_separator(struct serial_decoder *csv, const struct yaml_node *node,
			  struct diags *diags)
{
	const char *text = csv->options.separator;

	if (strcmp(text, "tab") == 0)
		csv->separator = '\t';
	else if (strcmp(text, "blanks") == 0)
		csv->separator = '\0';
	else if (strlen(text) == 1 && text[0] != '"' && text[0] != '\n' && text[0] != '\r')
		csv->separator = text[0];
	else {
		diag_error(diags, yaml_get(node, "separator"),
			   "expected one character, tab or blanks, got '%s'", text);
		return false;
	}
	return true;
}

static struct serial_decoder *csv_parse(struct arena *arena, const struct yaml_node *node,
					struct diags *diags)
{
	struct serial_decoder *csv = arena_take(arena, 1, sizeof(*csv));
	const struct option_binding binding = {&serial_csv_options, &csv->options};

	if (!serial_options_bind(arena, node, &binding, diags))
		return NULL;
	csv->options.prefix = serial_text(csv->options.prefix);
	return csv_separator(csv, node, diags) ? csv : NULL;
}

static bool csv_want(struct serial_decoder *csv, const struct yaml_node *node,
		     struct diags *diags)
{
	const struct option_texts *columns = &csv->options.columns;
	int column = serial_field_number(node, 1, CSV_COLUMNS);

	for (size_t i = 0; i < columns->count && column < 0 && node->kind == YAML_SCALAR; i++)
		column = strcmp(columns->texts[i], node->text) == 0 ? (int)i + 1 : -1;
	if (column < 0) {
		diag_error(diags, node, "expected a column from 1 to %d or its name, got '%s'",
			   CSV_COLUMNS,
			   node->kind == YAML_SCALAR ? node->text : yaml_kind_words(node));
		if (columns->count == 0)
			diag_note(diags, "hint: name the columns with columns: [...] of csv");
		else if (node->kind == YAML_SCALAR)
			diag_suggest(diags, node->text, columns->texts, columns->count);
		return false;
	}
	if (csv->count == SERIAL_FIELDS)
		return serial_fields_full(node, diags);
	csv->columns[csv->count++] = column;
	return true;
}

static bool csv_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool csv_separates(const struct serial_decoder *csv, char c)
{
	return csv->separator != '\0' ? c == csv->separator : csv_blank(c);
}

static const char *csv_skip(const char *s, const char *end, char separator)
{
	while (s < end && csv_blank(*s) && *s != separator)
		s++;
	return s;
}

/*
 * The column that starts at s; *ret_next is where the next one starts, NULL behind the last.
 * False if a quote has no end, or something stands behind it.
 */
static bool csv_column(const struct serial_decoder *csv, const char *s, const char *end,
		       struct serial_field *ret, const char **ret_next)
{
	const char *to;

	s = csv_skip(s, end, csv->separator);
	*ret = (struct serial_field){SERIAL_FIELD_TEXT, s, 0};
	if (s < end && *s == '"') {
		ret->s = ++s;
		while (s < end && (*s != '"' || (s + 1 < end && s[1] == '"'))) {
			if (*s == '"')
				ret->kind = SERIAL_FIELD_DOUBLED;
			s += *s == '"' ? 2 : 1;
		}
		if (s >= end)
			return false;
		to = s;
		s++;
		if (csv->separator != '\0')
			s = csv_skip(s, end, csv->separator);
		if (s < end && !csv_separates(csv, *s))
			return false;
	} else {
		while (s < end && !csv_separates(csv, *s))
			s++;
		to = s;
		while (to > ret->s && csv_blank(to[-1]))
			to--;
	}
	ret->len = (size_t)(to - ret->s);
	if (csv->separator == '\0')
		s = csv_skip(s, end, '\0');
	else if (s < end)
		s++;
	else
		s = NULL;
	*ret_next = s == end && csv->separator == '\0' ? NULL : s;
	return true;
}

static bool csv_is_name(const struct option_texts *names, size_t i,
			const struct serial_field *field)
{
	return i < names->count && strlen(names->texts[i]) == field->len &&
	       memcmp(names->texts[i], field->s, field->len) == 0;
}

static enum serial_verdict csv_decode(const struct serial_decoder *csv,
				      struct serial_room *room, const char *frame, size_t len,
				      struct serial_field *ret)
{
	size_t names = 0, column = 0;
	struct serial_field fields[SERIAL_FIELDS];
	const char *end = frame + len, *s;

	if (!serial_prefixed(csv->options.prefix, frame, len))
		return SERIAL_OTHER;
	/* A column that is not there is no number: its point becomes bad, not silent. */
	for (size_t i = 0; i < csv->count; i++)
		fields[i] = (struct serial_field){.kind = SERIAL_FIELD_NOTHING};
	for (s = frame + strlen(csv->options.prefix); s != NULL;) {
		struct serial_field field;

		if (!csv_column(csv, s, end, &field, &s))
			return SERIAL_WRONG;
		names += csv_is_name(&csv->options.columns, column, &field);
		column++;
		for (size_t i = 0; i < csv->count; i++) {
			if (csv->columns[i] == (int)column)
				fields[i] = field;
		}
	}
	if (names == column && names == csv->options.columns.count)
		return SERIAL_OTHER;
	memcpy(ret, fields, csv->count * sizeof(*fields));
	return SERIAL_FITS;
}

const struct serial_decoder_type serial_csv = {
	.key = "csv",
	.parse = csv_parse,
	.want = csv_want,
	.decode = csv_decode,
};
