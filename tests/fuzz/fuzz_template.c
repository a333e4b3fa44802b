/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of message templates: a context, a template and a hostile value, with a
 * byte 0xff between the two. Whatever is accepted at load gives valid JSON, one line in a
 * header and the same origin of a URL, for every value.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const char *secret(void *arg, const char *name, size_t *ret_len)
{
	const char *text = arg;

	(void)name;
	*ret_len = strlen(text);
	return text;
}

/* The message as it would be sent, with text in every place where a text can come from. */
static int make(const struct template *template, enum template_context context,
		const char *text, struct value value, struct str *out)
{
	struct event_label label = {"a", text};
	struct event_point point = {.name = "d.p", .value = value};
	struct event event = {
		.rule_name = "r",
		.message = text,
		.labels = &label,
		.label_count = 1,
		.points = &point,
		.point_count = 1,
	};
	struct event_stamp stamp = {.site = text, .boot_id = "b"};
	struct event_facts facts = {&event, &stamp, "msg_0", 1};
	char hidden[] = "s\"\\e";
	struct str queued;
	int rc;

	str_init(&queued);
	str_init(out);
	rc = template_render(template, &facts, &queued);
	if (rc == 0 && queued.len > 0)
		demand(template_expand(queued.s, queued.len, context, secret, hidden, out) ==
		       0);
	str_done(&queued);
	return rc;
}

static size_t count(const struct str *text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->s[i] == c;
	return n;
}

static void check(const struct template *template, enum template_context context,
		  const char *text, struct value value)
{
	struct str out, plain, sample;
	size_t fixed;
	json_t *json;

	str_init(&sample);
	fixed = template_sample(template, &sample);
	demand(make(template, context, "x", value_text("x"), &plain) == 0);
	if (make(template, context, text, value, &out) != 0) {
		demand(context == TEMPLATE_HEADER);
		goto done;
	}
	if (fixed > 0)
		demand(out.len >= fixed && memcmp(out.s, sample.s, fixed) == 0);
	switch (context) {
	case TEMPLATE_JSON:
		json = json_loadb(out.s, out.len, JSON_DECODE_ANY, NULL);
		demand(json != NULL);
		json_decref(json);
		break;
	case TEMPLATE_URL:
		demand(count(&out, '/') == count(&plain, '/'));
		demand(count(&out, '?') == count(&plain, '?'));
		demand(count(&out, '@') == count(&plain, '@'));
		break;
	case TEMPLATE_HEADER:
		demand(count(&out, '\n') == count(&plain, '\n'));
		demand(count(&out, '\r') == count(&plain, '\r'));
		break;
	case TEMPLATE_COMMAND:
		/* As it is: the output that it is for refuses what it can't take. */
		demand(out.len >= fixed);
		break;
	case TEMPLATE_TEXT:
	case TEMPLATE_LINE:
		demand(count(&out, '\r') == count(&plain, '\r'));
		demand(count(&out, 0x1b) == count(&plain, 0x1b));
		break;
	}
done:
	str_done(&out);
	str_done(&plain);
	str_done(&sample);
}

static void fuzz(enum template_context context, const char *yaml, size_t len, const char *text)
{
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(5);
	struct diag_source source = {.file = "f", .text = yaml, .len = len};
	const struct yaml_node *scalar = yaml_parse(arena, &source, diags);
	const struct template *template;

	if (scalar != NULL && scalar->kind == YAML_SCALAR) {
		template = template_parse(arena, scalar, context, diags);
		demand((template == NULL) == (diags_errors(diags) > 0));
		if (template != NULL) {
			check(template, context, text, value_text(text));
			check(template, context, text, value_number(strtod(text, NULL)));
			check(template, context, text, (struct value){.kind = VALUE_NONE});
		}
	}
	diags_free(diags);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *end;
	char *yaml, *text;

	if (size < 2 || size > 2000)
		return 0;
	end = memchr(bytes + 1, 0xff, size - 1);
	if (end == NULL)
		end = bytes + size;
	yaml = xstrndup((const char *)bytes + 1, (size_t)(end - bytes - 1));
	text = end < bytes + size
		       ? xstrndup((const char *)end + 1, (size_t)(bytes + size - end - 1))
		       : xstrdup("");
	fuzz((enum template_context)(bytes[0] % 5), yaml, strlen(yaml), text);
	free(yaml);
	free(text);
	return 0;
}
