/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reading of templates: holes, what may stand in them, and where. */
#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/event_field.h"
#include "actions/template.h"
#include "actions/template_map.h"
#include "actions/template_part.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/interpolate.h"
#include "conf/yaml.h"
#include "io/secret.h"
#include "model/event.h"

/* Walks the literal pieces of a JSON text: is a hole inside a string, outside, or amiss? */
struct json_place {
	bool string;
	bool escape;  /* a backslash came */
	int hex_left; /* of \uXXXX */
};

static void json_walk(struct json_place *place, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (place->hex_left > 0) {
			place->hex_left--;
		} else if (place->escape) {
			place->escape = false;
			place->hex_left = text[i] == 'u' ? 4 : 0;
		} else if (text[i] == '"') {
			place->string = !place->string;
		} else if (text[i] == '\\') {
			place->escape = place->string;
		}
	}
}

static bool parse_format(const struct yaml_node *scalar, const struct interpolate_part *hole,
			 struct part *part, struct diags *diags)
{
	const char *format = hole->format;

	part->digits = -1;
	if (format == NULL)
		return true;
	if (part->field->kind != EVENT_FIELD_POINT && part->field->kind != EVENT_FIELD_NUMBER) {
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "'%.*s' takes no format, only values do", (int)hole->len,
			      hole->text);
		return false;
	}
	if (format[0] != '.' || !isdigit((unsigned char)format[1]) || format[2] != 'f' ||
	    format[3] != '\0') {
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "unknown format '%s', expected .0f to .9f", format);
		return false;
	}
	part->digits = format[1] - '0';
	return true;
}

static bool parse_secret(struct arena *arena, const struct yaml_node *scalar,
			 const struct interpolate_part *hole, struct part *part,
			 enum template_context context, struct diags *diags)
{
	if (context == TEMPLATE_LINE || context == TEMPLATE_COMMAND) {
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "a secret may not be written to %s",
			      context == TEMPLATE_LINE ? "the log"
						       : "a point, whose writes are logged");
		return false;
	}
	if (hole->format == NULL || !secret_name_valid(hole->format, strlen(hole->format))) {
		diag_error_in(
			diags, scalar, hole->from, hole->len,
			"expected the name of a secret's file: ${secret:NAME}, of letters, "
			"digits, '_', '-' and '.'");
		return false;
	}
	part->kind = PART_SECRET;
	part->len = strlen(hole->format);
	part->text = arena_text(arena, hole->format, part->len);
	return true;
}

static bool unknown_field(const struct yaml_node *scalar, const struct interpolate_part *hole,
			  size_t len, struct diags *diags)
{
	const char *const *names;
	size_t count;
	char word[80];

	snprintf(word, sizeof(word), "%.*s", (int)len, hole->text);
	diag_error_in(diags, scalar, hole->from, len, "unknown field '%.*s' of an event",
		      (int)len, hole->text);
	names = event_field_names(&count);
	if (!diag_suggest(diags, word, names, count))
		diag_note(
			diags,
			"hint: message, summary, rule, severity, priority, state, status, type, site, "
			"time, since, ended, margin, id, seq, labels, labels.NAME, values, "
			"values.POINT, secret:NAME");
	return false;
}

/* Behind the field; a ':' in it is none of a format. */
static bool parse_map(struct arena *arena, const struct yaml_node *scalar,
		      const struct interpolate_part *hole, size_t field_len, struct part *part,
		      struct diags *diags)
{
	size_t from = hole->from + field_len + 1;
	const char *end = memchr(scalar->text + hole->from + hole->len, '}',
				 scalar->len - hole->from - hole->len);

	if (part->field->kind == EVENT_FIELD_OBJECT) {
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "'%.*s' is an object, nothing is said instead of it",
			      (int)field_len, hole->text);
		return false;
	}
	part->digits = -1;
	part->map = template_map_parse(arena, scalar, from, (size_t)(end - scalar->text) - from,
				       part->field->word, diags);
	return part->map != NULL;
}

static bool parse_hole(struct arena *arena, const struct yaml_node *scalar,
		       const struct interpolate_part *hole, struct part *part,
		       enum template_context context, struct diags *diags)
{
	const char *bar = memchr(hole->text, '|', hole->len);
	size_t len = bar != NULL ? (size_t)(bar - hole->text) : hole->len, trimmed = len, key;

	part->digits = -1;
	if (hole->len == 6 && memcmp(hole->text, "secret", 6) == 0)
		return parse_secret(arena, scalar, hole, part, context, diags);
	while (trimmed > 0 && strchr(" \t\n", hole->text[trimmed - 1]) != NULL)
		trimmed--;
	part->kind = PART_FIELD;
	part->field = event_field_find(hole->text, trimmed, &key);
	if (part->field == NULL)
		return unknown_field(scalar, hole, trimmed, diags);
	part->len = trimmed - key;
	part->text = arena_text(arena, hole->text + key, part->len);
	return bar != NULL ? parse_map(arena, scalar, hole, len, part, diags)
			   : parse_format(scalar, hole, part, diags);
}

/* Only where JSON has a place for a whole value. */
static bool object_fits(const struct yaml_node *scalar, const struct interpolate_part *hole,
			const struct part *part, enum template_context context,
			struct diags *diags)
{
	if (part->kind != PART_FIELD || part->field == NULL ||
	    part->field->kind != EVENT_FIELD_OBJECT ||
	    (context == TEMPLATE_JSON && !part->in_string))
		return true;
	diag_error_in(
		diags, scalar, hole->from, hole->len,
		"'%.*s' is an object: it may stand in a JSON body only, outside of quotes",
		(int)hole->len, hole->text);
	return false;
}

static const char *sample_secret(void *arg, const char *name, size_t *ret_len)
{
	(void)arg;
	(void)name;
	*ret_len = 1;
	return "s";
}

/* The template with every point at value, as a receiver would parse it. */
static bool sample_valid(const struct template *template, struct value value, uint64_t seq,
			 json_error_t *ret)
{
	static const struct event_stamp stamp = {.site = "s", .boot_id = "b"};
	struct event_point *points = xcalloc(template->count + 1, sizeof(*points));
	struct event event = {
		.rule_name = "r", .message = "m", .points = points, .margin = value};
	struct event_facts facts = {&event, &stamp, "msg_0", seq};
	struct str text, whole;
	json_t *json;

	str_init(&text);
	str_init(&whole);
	for (size_t i = 0; i < template->count; i++) {
		const struct part *part = &template->parts[i];

		if (part->kind != PART_FIELD || part->field->kind != EVENT_FIELD_POINT)
			continue;
		points[event.point_count] =
			(struct event_point){.name = part->text, .value = value};
		event.point_count++;
	}
	template_render(template, &facts, &text);
	template_expand(text.s != NULL ? text.s : "", text.len, TEMPLATE_JSON, sample_secret,
			NULL, &whole);
	json = json_loadb(whole.s != NULL ? whole.s : "", whole.len, JSON_DECODE_ANY, ret);
	free(points);
	str_done(&text);
	str_done(&whole);
	if (json == NULL)
		return false;
	json_decref(json);
	return true;
}

/*
 * A hole in a string gives escaped characters and every other hole gives one JSON value, so
 * that only the kinds of values matter, not the values: one sample of each decides for all.
 */
static bool sample_check(const struct template *template, const struct yaml_node *scalar,
			 struct diags *diags)
{
	const struct value samples[] = {
		{.kind = VALUE_NONE},	value_number(21.5),   value_number(-7),
		value_number(2.5e-300), value_number(3e+300), value_bool(true),
		value_text("t"),
	};
	json_error_t why;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		if (sample_valid(template, samples[i], i % 2 == 0 ? 1 : 20, &why))
			continue;
		diag_error(diags, scalar, "the body is not valid JSON: %s (line %d of it)",
			   why.text, why.line);
		if (i > 0 || template->trying > 0)
			diag_note(diags, "hint: it has to be valid for every value: put "
					 "${values...} in quotes, or where a whole value "
					 "may stand");
		return false;
	}
	return true;
}

/* Whether any of its maps has a thing of this number to say. */
static bool says(const struct template *template, size_t i)
{
	for (size_t k = 0; k < template->count; k++)
		if (template->parts[k].map != NULL &&
		    template_map_said(template->parts[k].map, i) != NULL)
			return true;
	return false;
}

/* As it is, and with each thing that words are replaced by. */
static bool json_check(struct template *template, const struct yaml_node *scalar,
		       struct diags *diags)
{
	bool ok = sample_check(template, scalar, diags);

	for (template->trying = 1; ok && says(template, template->trying - 1);
	     template->trying++)
		ok = sample_check(template, scalar, diags);
	template->trying = 0;
	return ok;
}

struct template *template_parse(struct arena *arena, const struct yaml_node *scalar,
				enum template_context context, struct diags *diags)
{
	struct template *template = arena_take(arena, 1, sizeof(*template));
	struct json_place place = {0};
	struct interpolate holes;
	bool ok = true;

	if (interpolate_parse(arena, scalar, &holes, diags) != 0)
		return NULL;
	template->context = context;
	template->count = holes.count;
	template->parts = arena_take(arena, holes.count + 1, sizeof(*template->parts));
	for (size_t i = 0; i < holes.count; i++) {
		struct part *part = &template->parts[i];

		if (holes.parts[i].hole == 0) {
			part->text = holes.parts[i].text;
			part->len = holes.parts[i].len;
			json_walk(&place, part->text, part->len);
			continue;
		}
		ok = parse_hole(arena, scalar, &holes.parts[i], part, context, diags) && ok;
		part->in_string = place.string;
		ok = object_fits(scalar, &holes.parts[i], part, context, diags) && ok;
		if (context == TEMPLATE_JSON && (place.escape || place.hex_left > 0)) {
			diag_error_in(diags, scalar, holes.parts[i].from, holes.parts[i].len,
				      "no hole may stand inside an escape sequence of JSON");
			ok = false;
		}
	}
	for (size_t i = 0; ok && i < template->count; i++)
		if (template->parts[i].kind == PART_LITERAL &&
		    (memchr(template->parts[i].text, SECRET_BEGIN, template->parts[i].len) ||
		     memchr(template->parts[i].text, '\0', template->parts[i].len))) {
			diag_error(diags, scalar, "control characters may not stand here");
			ok = false;
		}
	if (ok && context == TEMPLATE_JSON)
		ok = json_check(template, scalar, diags);
	return ok ? template : NULL;
}
