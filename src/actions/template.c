/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the templates of messages: their fields, and escaping by context. */
#include "actions/template.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/event_field.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/interpolate.h"
#include "conf/yaml.h"
#include "io/secret.h"
#include "model/event.h"

enum { SECRET_BEGIN = 0x01, SECRET_END = 0x02 };

enum part_kind { PART_LITERAL, PART_FIELD, PART_SECRET };

struct part {
	enum part_kind kind;
	const char *text; /* the literal; the name of a label, point or secret, with a NUL */
	size_t len;
	const struct event_field *field; /* of PART_FIELD */
	int digits;	/* behind the point, of a number; -1: as many as needed */
	bool in_string; /* of JSON */
};

struct template
{
	enum template_context context;
	size_t count;
	struct part *parts;
};

/* ---- escaping ---- */

static void add_json_text(const char *text, struct str *out)
{
	struct str quoted;

	str_init(&quoted);
	value_show(value_text(text), &quoted);
	str_add(out, quoted.s + 1, quoted.len - 2);
	str_done(&quoted);
}

static void add_percent(const char *text, struct str *out)
{
	/* A segment of dots alone would be a step in the path. */
	bool dots = text[0] != '\0' && strspn(text, ".") == strlen(text);

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 0x80 && isalnum(c)) || (strchr("-_~.", c) != NULL && !dots))
			str_addc(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

static void add_text(const char *text, struct str *out)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i<len; i += n> 0 ? n : 1) {
		unsigned char c = (unsigned char)text[i];

		n = str_utf8(text + i, len - i);
		if (n == 0 || (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			str_adds(out, "\xef\xbf\xbd");
		else
			str_add(out, text + i, n);
	}
}

static bool header_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

/* ---- rendering ---- */

/* As people read it: no quotes, "unknown" for what is not known. */
static void value_words(struct value value, int digits, struct str *out)
{
	if (value.kind == VALUE_TEXT)
		str_adds(out, value.text);
	else if (value.kind == VALUE_NUMBER && digits >= 0)
		str_addf(out, "%.*f", digits, value.number);
	else
		value_show(value, out);
}

static void add_json_value(struct value value, int digits, struct str *out)
{
	if (value.kind == VALUE_NONE)
		str_adds(out, "null");
	else if (value.kind == VALUE_TEXT)
		value_show(value, out);
	else
		value_words(value, digits, out);
}

static void add_secret_mark(const struct part *part, bool quoted, struct str *out)
{
	str_adds(out, quoted ? "\"" : "");
	str_addc(out, SECRET_BEGIN);
	str_add(out, part->text, part->len);
	str_addc(out, SECRET_END);
	str_adds(out, quoted ? "\"" : "");
}

static int add_field(const struct template *template, const struct part *part,
		     const struct event_facts *facts, struct str *out)
{
	struct str room, words;
	struct value value;
	int rc = 0;

	str_init(&room);
	str_init(&words);
	value = part->field->get(facts, part->text, &room);
	if (template->context == TEMPLATE_JSON && !part->in_string) {
		add_json_value(value, part->digits, out);
		goto done;
	}
	value_words(value, part->digits, &words);
	if (words.len == 0)
		goto done;
	switch (template->context) {
	case TEMPLATE_JSON:
		add_json_text(words.s, out);
		break;
	case TEMPLATE_URL:
		add_percent(words.s, out);
		break;
	case TEMPLATE_HEADER:
		if (header_clean(words.s, words.len))
			str_add(out, words.s, words.len);
		else
			rc = -EINVAL;
		break;
	case TEMPLATE_TEXT:
	case TEMPLATE_LINE:
		add_text(words.s, out);
		break;
	}
done:
	str_done(&room);
	str_done(&words);
	return rc;
}

int template_render(const struct template *template, const struct event_facts *facts,
		    struct str *out)
{
	struct str text;
	int rc = 0;

	str_init(&text);
	for (size_t i = 0; rc == 0 && i < template->count; i++) {
		const struct part *part = &template->parts[i];

		if (part->kind == PART_LITERAL)
			str_add(&text, part->text, part->len);
		else if (part->kind == PART_SECRET)
			add_secret_mark(part,
					template->context == TEMPLATE_JSON && !part->in_string,
					&text);
		else
			rc = add_field(template, part, facts, &text);
	}
	if (rc == 0 && text.len > 0)
		str_add(out, text.s, text.len);
	str_done(&text);
	return rc;
}

int template_expand(const char *text, size_t len, enum template_context context,
		    template_secret_fn *secret, void *arg, struct str *out)
{
	const char *end = text + len, *begin, *close;
	struct str whole;
	int rc = 0;

	str_init(&whole);
	while ((begin = memchr(text, SECRET_BEGIN, (size_t)(end - text))) != NULL) {
		char name[SECRET_NAME_MAX + 1];
		const char *value;
		size_t name_len, value_len;

		close = memchr(begin, SECRET_END, (size_t)(end - begin));
		name_len = close != NULL ? (size_t)(close - begin - 1) : sizeof(name);
		if (name_len >= sizeof(name))
			break;
		memcpy(name, begin + 1, name_len);
		name[name_len] = '\0';
		value = secret(arg, name, &value_len);
		if (value == NULL) {
			rc = -ENOENT;
			break;
		}
		str_add(&whole, text, (size_t)(begin - text));
		if (context == TEMPLATE_JSON)
			add_json_text(value, &whole);
		else
			str_add(&whole, value, value_len);
		text = close + 1;
	}
	if (rc == 0) {
		str_add(&whole, text, (size_t)(end - text));
		str_add(out, whole.s, whole.len);
	}
	if (whole.s != NULL)
		explicit_bzero(whole.s, whole.len);
	str_done(&whole);
	return rc;
}

/* ---- parsing ---- */

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
	if (part->field->kind != EVENT_FIELD_POINT) {
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
	if (context == TEMPLATE_LINE) {
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "a secret may not be written to the log");
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

static bool parse_hole(struct arena *arena, const struct yaml_node *scalar,
		       const struct interpolate_part *hole, struct part *part,
		       enum template_context context, struct diags *diags)
{
	const char *const *names;
	size_t key, count;

	part->digits = -1;
	if (hole->len == 6 && memcmp(hole->text, "secret", 6) == 0)
		return parse_secret(arena, scalar, hole, part, context, diags);
	part->kind = PART_FIELD;
	part->field = event_field_find(hole->text, hole->len, &key);
	if (part->field == NULL) {
		char word[80];

		snprintf(word, sizeof(word), "%.*s", (int)hole->len, hole->text);
		diag_error_in(diags, scalar, hole->from, hole->len,
			      "unknown field '%.*s' of an event", (int)hole->len, hole->text);
		names = event_field_names(&count);
		if (!diag_suggest(diags, word, names, count))
			diag_note(diags,
				  "hint: message, rule, severity, priority, state, type, site, "
				  "time, id, seq, labels.NAME, values.POINT, "
				  "secret:NAME");
		return false;
	}
	part->len = hole->len - key;
	part->text = arena_text(arena, hole->text + key, part->len);
	return parse_format(scalar, hole, part, diags);
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
	struct event event = {.rule_name = "r", .message = "m", .points = points};
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
static bool json_check(const struct template *template, const struct yaml_node *scalar,
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
		if (i > 0)
			diag_note(diags, "hint: it has to be valid for every value: put "
					 "${values...} in quotes, or where a whole value "
					 "may stand");
		return false;
	}
	return true;
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

void template_show(const char *text, size_t len, struct str *out)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == SECRET_BEGIN)
			str_adds(out, "${secret:");
		else
			str_addc(out, text[i] == SECRET_END ? '}' : text[i]);
	}
}

size_t template_sample(const struct template *template, struct str *out)
{
	size_t fixed = SIZE_MAX;

	for (size_t i = 0; i < template->count; i++) {
		const struct part *part = &template->parts[i];

		if (part->kind == PART_LITERAL) {
			str_add(out, part->text, part->len);
			continue;
		}
		if (fixed == SIZE_MAX)
			fixed = out->len;
		str_addc(out, 'x');
	}
	return fixed == SIZE_MAX ? out->len : fixed;
}

bool template_is_fixed(const struct template *template)
{
	for (size_t i = 0; i < template->count; i++)
		if (template->parts[i].kind != PART_LITERAL)
			return false;
	return true;
}

const char *template_bare_secret(const struct template *template)
{
	return template->count == 1 ? template_secret(template, 0) : NULL;
}

const char *template_secret(const struct template *template, size_t i)
{
	for (size_t k = 0; k < template->count; k++)
		if (template->parts[k].kind == PART_SECRET && i-- == 0)
			return template->parts[k].text;
	return NULL;
}
