/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what becomes of a template: its fields filled in, each escaped for its place. */
#include "actions/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/event_field.h"
#include "actions/template_map.h"
#include "actions/template_part.h"
#include "base/alloc.h"
#include "base/str.h"
#include "io/secret.h"
#include "model/event.h"

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

/* What the part says: in words, and as a value. */
static struct value part_value(const struct template *template, const struct part *part,
			       const struct event_facts *facts, struct str *room,
			       struct str *words)
{
	struct value value = part->field->get(facts, part->text, room);
	const struct template_word *said;

	value_words(value, part->digits, words);
	if (part->map == NULL)
		return value;
	said = template_map_find(part->map, value, words->s != NULL ? words->s : "");
	if (template->trying > 0 && template_map_said(part->map, template->trying - 1) != NULL)
		said = template_map_said(part->map, template->trying - 1);
	if (said == NULL)
		return value;
	str_clear(words);
	if (said->text != NULL)
		str_adds(words, said->text);
	else
		value_words(said->value, -1, words);
	return said->value;
}

static int add_words(enum template_context context, const struct str *words, struct str *out)
{
	if (words->len == 0)
		return 0;
	switch (context) {
	case TEMPLATE_JSON:
		add_json_text(words->s, out);
		return 0;
	case TEMPLATE_URL:
		add_percent(words->s, out);
		return 0;
	case TEMPLATE_HEADER:
		if (!header_clean(words->s, words->len))
			return -EINVAL;
		str_add(out, words->s, words->len);
		return 0;
	case TEMPLATE_TEXT:
	case TEMPLATE_LINE:
		add_text(words->s, out);
		return 0;
	case TEMPLATE_COMMAND:
		str_add(out, words->s, words->len);
		return 0;
	}
	return 0;
}

static int add_field(const struct template *template, const struct part *part,
		     const struct event_facts *facts, struct str *out)
{
	struct str room, words;
	struct value value;
	int rc = 0;

	str_init(&room);
	str_init(&words);
	value = part_value(template, part, facts, &room, &words);
	if (template->context != TEMPLATE_JSON || part->in_string)
		rc = add_words(template->context, &words, out);
	else if (part->field->kind == EVENT_FIELD_OBJECT)
		str_add(out, words.s, words.len);
	else
		add_json_value(value, part->digits, out);
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

bool template_names(const struct template *template, const char *field)
{
	for (size_t i = 0; i < template->count; i++)
		if (template->parts[i].kind == PART_FIELD &&
		    strcmp(template->parts[i].field->name, field) == 0)
			return true;
	return false;
}

const char *template_secret(const struct template *template, size_t i)
{
	for (size_t k = 0; k < template->count; k++)
		if (template->parts[k].kind == PART_SECRET && i-- == 0)
			return template->parts[k].text;
	return NULL;
}
