/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what stands in the holes of a message and how it is shown. */
#include "rules/message.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/interpolate.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/binding.h"
#include "rules/compile.h"
#include "rules/eval.h"
#include "rules/margin.h"
#include "rules/rule.h"
#include "rules/scope.h"

enum part_kind { PART_TEXT, PART_VALUE, PART_ACTIVE_FOR };

struct message_part {
	enum part_kind kind;
	const char *text;
	size_t len;
	struct code code;
	enum value_kind value;
	bool duration;
	char form; /* 'f', 'e', 'g'; 0: as short as it is exact enough */
	int digits;
};

struct message {
	const struct program *program;
	uint32_t count;
	struct message_part *parts;
};

/* ".1f": one digit behind the point. */
static bool message_format(const struct expr_source *source, const char *format,
			   struct message_part *part)
{
	if (format == NULL)
		return true;
	if (part->value == VALUE_NUMBER && format[0] == '.' && format[1] >= '0' &&
	    format[1] <= '9' && format[2] != '\0' && strchr("feg", format[2]) != NULL &&
	    format[3] == '\0') {
		part->form = format[2];
		part->digits = format[1] - '0';
		return true;
	}
	if (part->value != VALUE_NUMBER)
		expr_error(source, 0, source->len, "the format '%s' is for numbers only",
			   format);
	else
		expr_error(source, 0, source->len, "unknown format '%s'", format);
	expr_hint(source, ".1f is one digit behind the point; .3e and .3g are known too");
	return false;
}

static void message_fixed_text(struct message_part *part, const char *text)
{
	part->kind = PART_TEXT;
	part->text = text;
	part->len = strlen(text);
}

static bool message_ends(const struct expr_source *source, const char *suffix)
{
	size_t len = strlen(suffix);

	return source->len > len && memcmp(source->text + source->len - len, suffix, len) == 0;
}

static bool message_is(const struct expr_source *source, const char *text)
{
	return source->len == strlen(text) && memcmp(source->text, text, source->len) == 0;
}

/* boiler.temp.unit, boiler.temp.name: known at load. True if it was one. */
static bool message_property(struct arena *trees, const struct expr_source *source,
			     struct message_part *part)
{
	bool unit = message_ends(source, ".unit");
	struct scope scope = {.source = source};
	struct expr_source prefix = *source;
	struct diags *quiet;
	struct expr *tree;
	uint32_t id;

	if ((!unit && !message_ends(source, ".name")) ||
	    point_table_find(source->points, source->text, source->len) != POINT_NONE)
		return false;
	quiet = diags_new(1);
	prefix.len -= strlen(".unit");
	prefix.diags = quiet;
	tree = parser_parse(trees, &prefix);
	diags_free(quiet);
	id = tree != NULL ? scope_find_point(&scope, tree) : POINT_NONE;
	if (id == POINT_NONE)
		return false;
	if (unit)
		message_fixed_text(part,
				   point_table_get(source->points, id)->unit_text != NULL
					   ? point_table_get(source->points, id)->unit_text
					   : "");
	else
		message_fixed_text(part, point_table_get(source->points, id)->name);
	return true;
}

/* A variable of for_each by its name; one that has a value is an expression. */
static bool message_variable(const struct expr_source *source, struct message_part *part)
{
	const struct binding *binding;
	size_t rest;

	binding = binding_find(source->bindings, source->text, source->len);
	if (binding != NULL && binding->kind != BINDING_DEVICE && binding->kind != BINDING_TEXT)
		return false;
	if (binding == NULL) {
		binding =
			binding_find_first(source->bindings, source->text, source->len, &rest);
		if (binding == NULL || source->len - rest != strlen(".name") ||
		    !message_ends(source, ".name"))
			return false;
	}
	message_fixed_text(part, binding->text);
	return true;
}

/* ${rule.name} and the like. True if it was one. */
static bool message_of_rule(const struct expr_source *source, const struct rule *rule,
			    struct message_part *part)
{
	if (message_is(source, "rule.name"))
		message_fixed_text(part, rule->name);
	else if (message_is(source, "rule.severity"))
		message_fixed_text(part, severity_name((enum severity)rule->severity));
	else if (message_is(source, "rule.active_for"))
		part->kind = PART_ACTIVE_FOR;
	else
		return false;
	return true;
}

/* A point or a variable of that name is meant first. */
static bool message_is_margin(const struct expr_source *source)
{
	return (message_is(source, "margin") || message_is(source, "margin.unit")) &&
	       point_table_find(source->points, source->text, source->len) == POINT_NONE &&
	       binding_find(source->bindings, source->text, strlen("margin")) == NULL;
}

static struct expr *message_margin(struct arena *trees, struct program *program,
				   const struct expr_source *source,
				   const struct check_rules *rules, const struct rule *rule,
				   struct program_use *use)
{
	struct expr_source when = *source;

	if (rule->wrong)
		return NULL;
	if (rule->instant) {
		expr_error(source, 0, source->len, "an instant has no ${margin}");
		expr_no_hint(source);
		return NULL;
	}
	when.scalar = yaml_get(rule->node, "when");
	when.text = when.scalar->text;
	when.len = when.scalar->len;
	when.from = 0;
	when.field = "when";
	return margin_tree(trees, program, &when, source, rules, use);
}

static bool message_hole(struct arena *arena, struct arena *trees, struct program *program,
			 const struct expr_source *source, const struct check_rules *rules,
			 const struct rule *rule, const char *format, struct message_part *part,
			 struct program_use *use)
{
	bool margin = message_is_margin(source);
	const char *unit;
	struct expr *tree;

	if (message_of_rule(source, rule, part) || message_variable(source, part) ||
	    message_property(trees, source, part))
		return message_format(source, format, part);
	tree = margin ? message_margin(trees, program, source, rules, rule, use)
		      : parser_parse(trees, source);
	if (tree == NULL || (!margin && !check_expr(trees, program, source, rules,
						    CHECK_MESSAGE, VALUE_NONE, &tree, use)))
		return false;
	if (margin && message_ends(source, ".unit")) {
		unit = tree->type.unit_text != NULL ? tree->type.unit_text : "";
		message_fixed_text(part, arena_text(arena, unit, strlen(unit)));
		return message_format(source, format, part);
	}
	part->kind = PART_VALUE;
	part->code = compile_expr(program, tree, use);
	part->value = tree->type.kind;
	part->duration = tree->type.kind == VALUE_NUMBER && tree->type.duration;
	return message_format(source, format, part);
}

/* for_each makes a thousand of what one line says: each has to be small. */
static bool message_fits(const struct expr_source *source, const struct interpolate *parts)
{
	size_t holes = 0;

	for (size_t i = 0; i < parts->count; i++) {
		if (parts->parts[i].hole == 0 || ++holes <= MESSAGE_MAX_HOLES)
			continue;
		expr_error(source, parts->parts[i].from, parts->parts[i].len,
			   "the message has more than %d expressions", MESSAGE_MAX_HOLES);
		expr_no_hint(source);
		return false;
	}
	if (source->scalar->len <= MESSAGE_MAX_TEXT)
		return true;
	expr_error(source, MESSAGE_MAX_TEXT, 1, "the message is longer than %d bytes",
		   MESSAGE_MAX_TEXT);
	expr_no_hint(source);
	return false;
}

const struct message *message_compile(struct arena *arena, struct arena *trees,
				      struct program *program, const struct expr_source *source,
				      const struct check_rules *rules, const struct rule *rule,
				      struct program_use *use)
{
	struct message *message = arena_take(arena, 1, sizeof(*message));
	struct interpolate parts;
	bool good = true;

	if (interpolate_parse(arena, source->scalar, &parts, source->diags) != 0 ||
	    !message_fits(source, &parts))
		return NULL;
	message->program = program;
	message->count = (uint32_t)parts.count;
	message->parts = arena_take(arena, parts.count, sizeof(*message->parts));
	for (size_t i = 0; i < parts.count; i++) {
		struct expr_source hole = *source;

		message->parts[i].text = parts.parts[i].text;
		message->parts[i].len = parts.parts[i].len;
		if (parts.parts[i].hole == 0)
			continue;
		hole.text = arena_text(arena, parts.parts[i].text, parts.parts[i].len);
		hole.len = parts.parts[i].len;
		hole.from = parts.parts[i].from;
		good = message_hole(arena, trees, program, &hole, rules, rule,
				    parts.parts[i].format, &message->parts[i], use) &&
		       good;
	}
	return good ? message : NULL;
}

bool message_code(const struct message *message, uint32_t i, struct code *ret)
{
	for (uint32_t k = 0; k < message->count; k++) {
		if (message->parts[k].kind != PART_VALUE || i-- > 0)
			continue;
		*ret = message->parts[k].code;
		return true;
	}
	return false;
}

size_t message_size(const struct message *message)
{
	return sizeof(*message) + message->count * sizeof(*message->parts);
}

/* Bytes of a sensor: what is not UTF-8 becomes U+FFFD, so that all readers agree on it. */
static void message_add_text(struct str *out, const char *text)
{
	size_t len = strlen(text), i = 0;

	while (i < len) {
		size_t n = str_utf8(text + i, len - i);

		if (n == 0)
			str_adds(out, "\xef\xbf\xbd");
		else
			str_add(out, text + i, n);
		i += n > 0 ? n : 1;
	}
}

static void message_add_number(const struct message_part *part, double number, struct str *out)
{
	if (number == 0)
		number = 0; /* no "-0" */
	if (part->form == 'f' && fabs(number) < 1e15)
		str_addf(out, "%.*f", part->digits, number);
	else if (part->form == 'e')
		str_addf(out, "%.*e", part->digits, number);
	else if (part->form == 'g')
		str_addf(out, "%.*g", part->digits, number);
	else if (part->duration && fabs(number) < 9e9)
		str_add_duration(out, (int64_t)nearbyint(number * (double)NSEC_PER_SEC));
	else
		str_addf(out, "%.10g", number);
}

static void message_add_value(const struct message_part *part, const struct store *store,
			      double result, struct str *out)
{
	struct value value = store_value(store, part->value, result);

	switch (value.kind) {
	case VALUE_NONE:
		str_adds(out, "unknown");
		return;
	case VALUE_NUMBER:
		message_add_number(part, result, out);
		return;
	case VALUE_BOOL:
		str_adds(out, value.flag ? "true" : "false");
		return;
	case VALUE_TEXT:
		message_add_text(out, value.text);
		return;
	}
}

void message_render(const struct message *message, const struct store *store, int64_t active_ns,
		    struct str *out)
{
	size_t end;

	for (uint32_t i = 0; i < message->count && !out->cut; i++) {
		const struct message_part *part = &message->parts[i];

		switch (part->kind) {
		case PART_TEXT:
			str_add(out, part->text, part->len);
			break;
		case PART_ACTIVE_FOR:
			str_add_duration(out, active_ns);
			break;
		case PART_VALUE:
			message_add_value(part, store,
					  eval_run(message->program, part->code, store->slots),
					  out);
			break;
		}
	}
	if (!out->cut)
		return;
	/* Back to the start of the last character; it stays if it is whole. */
	end = out->len;
	while (end > 0 && ((unsigned char)out->s[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && str_utf8(out->s + end - 1, out->len - (end - 1)) == 0) {
		out->len = end - 1;
		out->s[out->len] = '\0';
	}
}
