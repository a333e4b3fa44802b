/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Texts with holes that are filled from an event: ${message}, ${values.boiler.temp:.1f},
 * ${labels.area}. What is filled in is escaped for the place where it stands, so that no value
 * from a wire can end a string, a line, a path segment or a header. Parsed at load.
 *
 * ${secret:NAME} leaves a mark in the rendered text, which template_expand() replaces when
 * the text is sent: queued messages hold no secret. No value can contain a mark.
 */
#ifndef GAUGED_ACTIONS_TEMPLATE_H
#define GAUGED_ACTIONS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diags;
struct event_facts;
struct str;
struct template;
struct yaml_node;

enum template_context {
	/*
	 * A JSON text. Inside a string a hole is escaped text; elsewhere it is a whole JSON
	 * value (a number, true, a string with its quotes, null when not known).
	 */
	TEMPLATE_JSON,
	TEMPLATE_URL,	 /* percent-encoded, all but the unreserved characters of RFC 3986 */
	TEMPLATE_HEADER, /* as it is; control characters are refused, see template_render() */
	TEMPLATE_TEXT,	 /* as it is; control characters but tab and newline become U+FFFD */
	TEMPLATE_LINE,	 /* as TEMPLATE_TEXT, and no secrets: for logs */
	/* As it is, and no secrets: whoever takes it refuses it whole for what may not be in
	   it. */
	TEMPLATE_COMMAND,
};

/*
 * Binds the holes. Unknown fields, holes where the context has no place for one, and bodies
 * that are no valid JSON for every value are errors; NULL after one was added.
 */
struct template *template_parse(struct arena *arena, const struct yaml_node *scalar,
				enum template_context context, struct diags *diags);
/*
 * Adds the text with an x in every hole, and returns how much of it stands before the first
 * hole, where nothing can change it.
 */
size_t template_sample(const struct template *template, struct str *out);
/* No holes at all. */
bool template_is_fixed(const struct template *template);

/* Adds the text. -EINVAL (out is as before): a control character for a header. */
int template_render(const struct template *template, const struct event_facts *facts,
		    struct str *out);

/* Adds a rendered text for people: ${secret:NAME} where a secret will go. */
void template_show(const char *text, size_t len, struct str *out);

/* The name of the secret that the text consists of; NULL: there is more, or something else. */
const char *template_bare_secret(const struct template *template);
/* Whether the template says the field of this name. */
bool template_names(const struct template *template, const char *field);
/* The i-th name of a secret in the template, or NULL. */
const char *template_secret(const struct template *template, size_t i);
/* What a mark stands for; NULL: there is no such secret any more. */
typedef const char *template_secret_fn(void *arg, const char *name, size_t *ret_len);
/*
 * Adds a rendered text with its secrets: as JSON needs it in a JSON text, as they are
 * elsewhere. -ENOENT (out is as before) when one is not there.
 */
int template_expand(const char *text, size_t len, enum template_context context,
		    template_secret_fn *secret, void *arg, struct str *out);

#endif
