/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the variables of a rule and their elements. */
#include "rules/for_each.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "rules/lexer.h"

/* What one parse has in common. */
struct reading_each {
	struct arena *arena;
	const struct point_table *points;
	struct diags *diags;
	const char *rule;
};

/* ---- elements ------------------------------------------------------------------------- */

/* '*' is any characters, '?' is one. */
static bool for_each_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *again = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			again = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* False if the element was there. */
static bool for_each_add(struct reading_each *reading, struct for_each_variable *variable,
			 const struct binding *element)
{
	struct binding *more;

	for (size_t i = 0; i < variable->count; i++) {
		if (strcmp(variable->elements[i].text, element->text) == 0)
			return false;
	}
	if (variable->count == variable->cap) {
		variable->cap = variable->cap > 0 ? 2 * variable->cap : 8;
		more = arena_take(reading->arena, variable->cap, sizeof(*more));
		if (variable->count > 0)
			memcpy(more, variable->elements, variable->count * sizeof(*more));
		variable->elements = more;
	}
	variable->elements[variable->count++] = *element;
	return true;
}

static struct binding for_each_point(const struct for_each_variable *variable,
				     const struct point *point)
{
	return (struct binding){
		.variable = variable->name,
		.kind = BINDING_POINT,
		.text = point->name,
		.point = point,
	};
}

static bool for_each_glob(struct reading_each *reading, struct for_each_variable *variable,
			  const struct yaml_node *node)
{
	size_t matches = 0;

	for (uint32_t i = 0; i < point_table_count(reading->points); i++) {
		const struct point *point = point_table_get(reading->points, i);
		struct binding element = for_each_point(variable, point);

		if (!point->readable || !for_each_matches(node->text, point->name))
			continue;
		matches++;
		if (variable->count <= FOR_EACH_MAX)
			for_each_add(reading, variable, &element);
	}
	if (matches > 0)
		return true;
	diag_error(reading->diags, node, "no point matches '%s'", node->text);
	diag_note(reading->diags, "in 'for_each' of rule '%s'", reading->rule);
	return false;
}

static bool for_each_is_device(const struct point_table *points, const char *text)
{
	for (uint32_t i = 0; i < point_table_count(points); i++) {
		const char *device = point_table_get(points, i)->device;

		if (device != NULL && strcmp(device, text) == 0)
			return true;
	}
	return false;
}

/* It becomes part of a rule's name, which stands in addresses, logs and labels. */
static bool for_each_is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && (c == '\0' || strchr("_.+-", c) == NULL))
			return false;
	}
	return len > 0 && len <= NAME_MAX_BYTES;
}

static bool for_each_unknown_point(struct reading_each *reading, const struct yaml_node *node)
{
	if (point_table_is_broken(reading->points, node->text, node->len))
		return false;
	diag_error(reading->diags, node, "unknown point '%s'", node->text);
	if (!diag_suggest(reading->diags, node->text, point_table_names(reading->points),
			  point_table_count(reading->points)))
		diag_note(reading->diags, "in 'for_each' of rule '%s'", reading->rule);
	return false;
}

static bool for_each_element(struct reading_each *reading, struct for_each_variable *variable,
			     const struct yaml_node *node)
{
	struct binding element = {.variable = variable->name};
	uint32_t point;

	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		diag_error(reading->diags, node,
			   "expected a point, a device, a word or a number, got %s",
			   yaml_kind_words(node));
		return false;
	}
	element.text = node->text;
	point = point_table_find(reading->points, node->text, node->len);
	if (memchr(node->text, '*', node->len) != NULL ||
	    memchr(node->text, '?', node->len) != NULL)
		return for_each_glob(reading, variable, node);
	if (point != POINT_NONE) {
		element = for_each_point(variable, point_table_get(reading->points, point));
	} else if (!for_each_is_word(node->text, node->len)) {
		diag_error(reading->diags, node, "'%s' cannot be part of a rule's name",
			   node->text);
		diag_note(reading->diags, "expected: letters, digits, _ . + and -, at most %d",
			  NAME_MAX_BYTES);
		return false;
	} else if (node->plain && str_to_number(node->text, &element.number) == 0) {
		element.kind = BINDING_NUMBER;
	} else if (memchr(node->text, '.', node->len) != NULL) {
		return for_each_unknown_point(reading, node);
	} else {
		element.kind = for_each_is_device(reading->points, node->text) ? BINDING_DEVICE
									       : BINDING_TEXT;
	}
	if (for_each_add(reading, variable, &element))
		return true;
	diag_error(reading->diags, node, "'%s' stands here twice", node->text);
	return false;
}

static bool for_each_elements(struct reading_each *reading, struct for_each_variable *variable,
			      const struct yaml_node *node)
{
	bool good = true;

	if (node->kind == YAML_SCALAR)
		return for_each_element(reading, variable, node);
	if (node->kind != YAML_SEQ || node->count == 0) {
		diag_error(reading->diags, node, "expected a list of elements for '%s', got %s",
			   variable->name,
			   node->kind == YAML_SEQ ? "an empty one" : yaml_kind_words(node));
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		good = for_each_element(reading, variable, node->values[i]) && good;
	return good;
}

/* ---- variables ------------------------------------------------------------------------ */

/* A word of expressions that means something already cannot mean an element as well. */
static bool for_each_check_variable(struct reading_each *reading, const struct yaml_node *key)
{
	static const char *const taken[] = {"and", "or", "not", "in", "true", "false", "rule"};
	bool good = name_valid(key->text, key->len) && memchr(key->text, '-', key->len) == NULL;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		good = good && strcmp(key->text, taken[i]) != 0;
	if (!good) {
		diag_error(reading->diags, key, "'%s' is no name for a variable", key->text);
		diag_note(reading->diags,
			  "expected: a letter, then letters, digits and _, at most %d; not "
			  "and, or, not, in, true, false, rule",
			  NAME_MAX_BYTES);
		return false;
	}
	for (uint32_t i = 0; i < point_table_count(reading->points); i++) {
		const struct point *point = point_table_get(reading->points, i);

		if (strcmp(point->name, key->text) != 0 &&
		    (strncmp(point->name, key->text, key->len) != 0 ||
		     point->name[key->len] != '.'))
			continue;
		diag_error(reading->diags, key,
			   "the variable '%s' would hide the point '%s' in rule '%s'",
			   key->text, point->name, reading->rule);
		diag_note(reading->diags, "hint: give the variable another name");
		return false;
	}
	return true;
}

static bool for_each_variables(struct reading_each *reading, const struct yaml_node *node,
			       struct for_each *each)
{
	bool good = true;

	if (node->kind != YAML_MAP || node->count == 0) {
		diag_error(reading->diags, node,
			   "expected a map of variables and elements, got %s",
			   node->kind == YAML_MAP ? "an empty one" : yaml_kind_words(node));
		diag_note(reading->diags, "hint: for_each: {p: [freezer.temp, cellar.temp]}");
		return false;
	}
	if (node->count > FOR_EACH_VARIABLES) {
		diag_error(reading->diags, node->keys[FOR_EACH_VARIABLES],
			   "a rule has at most %d variables", FOR_EACH_VARIABLES);
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		struct for_each_variable *variable = &each->variables[i];

		variable->name = node->keys[i]->text;
		good = for_each_check_variable(reading, node->keys[i]) && good;
		good = for_each_elements(reading, variable, node->values[i]) && good;
	}
	each->variable_count = node->count;
	return good;
}

/* How many rules there will be, and that the longest name of them is not too long. */
static bool for_each_measure(struct reading_each *reading, const struct yaml_node *node,
			     struct for_each *each)
{
	size_t len = strlen(reading->rule);

	each->count = 1;
	for (size_t i = 0; i < each->variable_count; i++) {
		const struct for_each_variable *variable = &each->variables[i];
		size_t longest = 0;

		for (size_t k = 0; k < variable->count; k++) {
			size_t own = strlen(variable->elements[k].text);

			longest = own > longest ? own : longest;
		}
		len += 1 + longest;
		each->count *= variable->count;
		if (each->count <= FOR_EACH_MAX)
			continue;
		diag_error(reading->diags, node->keys[i],
			   "for_each makes more than %d rules of '%s'", FOR_EACH_MAX,
			   reading->rule);
		return false;
	}
	if (len <= FOR_EACH_NAME_BYTES)
		return true;
	diag_error(reading->diags, node->keys[0],
		   "the names of the rules that for_each makes of '%s' have more than %d "
		   "characters",
		   reading->rule, FOR_EACH_NAME_BYTES);
	return false;
}

struct for_each *for_each_parse(struct arena *arena, const struct yaml_node *node,
				const char *rule, const struct point_table *points,
				struct diags *diags)
{
	struct reading_each reading = {arena, points, diags, rule};
	struct for_each *each = arena_take(arena, 1, sizeof(*each));

	if (!for_each_variables(&reading, node, each) ||
	    !for_each_measure(&reading, node, each))
		return NULL;
	return each;
}

struct bindings for_each_bindings(struct arena *arena, const struct for_each *each, size_t i)
{
	struct binding *list = arena_take(arena, each->variable_count, sizeof(*list));

	for (size_t k = each->variable_count; k > 0; k--) {
		const struct for_each_variable *variable = &each->variables[k - 1];

		list[k - 1] = variable->elements[i % variable->count];
		i /= variable->count;
	}
	return (struct bindings){each->variable_count, list};
}

const char *for_each_name(struct arena *arena, const char *rule,
			  const struct bindings *bindings)
{
	struct str name;
	const char *copy;

	str_init(&name);
	str_adds(&name, rule);
	for (size_t i = 0; i < bindings->count; i++)
		str_addf(&name, ":%s", bindings->list[i].text);
	copy = arena_text(arena, name.s, name.len);
	str_done(&name);
	return copy;
}
