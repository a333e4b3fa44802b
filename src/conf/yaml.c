/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns libyaml: its events become a tree, and what the tree may not hold is refused. */
#include "conf/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/source.h"
#include "conf/yaml_syntax.h"

struct level {
	struct yaml_node *node;
	size_t base; /* children before it on the stack belong to levels above */
	bool block;
};

struct builder {
	struct arena *arena;
	const struct diag_source *source;
	struct diags *diags;
	struct source_index *index;
	yaml_parser_t parser;
	size_t errors; /* of diags before we began */
	size_t nodes;
	size_t documents;
	size_t depth;
	struct level levels[YAML_MAX_DEPTH];
	/* children of the open levels; of a map, keys and values in turn */
	const struct yaml_node **stack;
	size_t stacked;
	size_t stack_cap;
	const struct yaml_node *root;
};

static void builder_at(const struct builder *builder, const yaml_mark_t *mark,
		       struct source_place *ret)
{
	source_index_at(builder->index, mark->index, ret);
}

static bool builder_key_due(const struct builder *builder)
{
	const struct level *level;

	if (builder->depth == 0)
		return false;
	level = &builder->levels[builder->depth - 1];
	return level->node->kind == YAML_MAP && (builder->stacked - level->base) % 2 == 0;
}

/* -E2BIG when there are too many; the error has been added. */
static int builder_add(struct builder *builder, const yaml_event_t *event,
		       struct yaml_node **ret)
{
	struct source_place from, to;
	struct yaml_node *node;

	builder_at(builder, &event->start_mark, &from);
	if (builder->nodes == YAML_MAX_NODES) {
		diag_error_at(builder->diags, builder->source, from.offset, 1,
			      "the file has more than %d keys and values", YAML_MAX_NODES);
		return -E2BIG;
	}
	builder->nodes++;
	builder_at(builder, &event->end_mark, &to);
	node = arena_take(builder->arena, 1, sizeof(*node));
	node->source = builder->source;
	node->line = from.line;
	node->column = from.column;
	node->from = from.offset;
	node->to = to.offset;
	if (builder->stacked == builder->stack_cap) {
		builder->stack_cap = builder->stack_cap > 0 ? 2 * builder->stack_cap : 256;
		builder->stack = xreallocarray(builder->stack, builder->stack_cap,
					       sizeof(*builder->stack));
	}
	if (builder->depth == 0)
		builder->root = node;
	else
		builder->stack[builder->stacked++] = node;
	*ret = node;
	return 0;
}

static void builder_refuse(struct builder *builder, const struct yaml_node *node,
			   const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL) {
		diag_error_at(builder->diags, builder->source, node->from, 1,
			      "anchors such as '&%.40s' are not used here", anchor);
		diag_note(builder->diags, "hint: write the value out, or put a text that "
					  "begins with '&' in quotes");
	}
	if (tag != NULL) {
		diag_error_at(builder->diags, builder->source, node->from, 1,
			      "tags, which begin with '!', are not used here");
		diag_note(builder->diags, "hint: put a text that begins with '!' in quotes");
	}
}

static int add_scalar(struct builder *builder, const yaml_event_t *event)
{
	bool key = builder_key_due(builder);
	struct yaml_node *node;
	int rc = builder_add(builder, event, &node);

	if (rc < 0)
		return rc;
	node->kind = YAML_SCALAR;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->len = event->data.scalar.length;
	node->text =
		arena_text(builder->arena, (const char *)event->data.scalar.value, node->len);
	builder_refuse(builder, node, event->data.scalar.anchor, event->data.scalar.tag);
	if (key && node->len == 0)
		diag_error(builder->diags, node, "expected a key before the ':'");
	else if (key && memchr(node->text, '\0', node->len) != NULL)
		diag_error(builder->diags, node, "a key cannot hold a NUL character");
	return 0;
}

static int add_alias(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_node *node;
	int rc = builder_add(builder, event, &node);

	if (rc < 0)
		return rc;
	node->plain = true;
	node->text = "";
	diag_error(builder->diags, node, "aliases such as '*%.40s' are not used here",
		   event->data.alias.anchor);
	diag_note(builder->diags, "hint: write the value out, or put a text that begins with "
				  "'*' in quotes");
	return 0;
}

static int open_level(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind)
{
	bool key = builder_key_due(builder), map = kind == YAML_MAP;
	struct yaml_node *node;
	int rc;

	if (builder->depth == YAML_MAX_DEPTH) {
		struct source_place from;

		builder_at(builder, &event->start_mark, &from);
		diag_error_at(builder->diags, builder->source, from.offset, 1,
			      "maps and lists are nested more than %d deep", YAML_MAX_DEPTH);
		return -E2BIG;
	}
	rc = builder_add(builder, event, &node);
	if (rc < 0)
		return rc;
	node->kind = kind;
	if (key) {
		diag_error(builder->diags, node, "a key must be a text, not a %s",
			   map ? "map" : "list");
		diag_note(builder->diags, "hint: put a text that begins with '%c' in quotes",
			  map ? '{' : '[');
		return -EINVAL;
	}
	builder_refuse(builder, node,
		       map ? event->data.mapping_start.anchor
			   : event->data.sequence_start.anchor,
		       map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
	builder->levels[builder->depth++] = (struct level){
		.node = node,
		.base = builder->stacked,
		.block = map ? event->data.mapping_start.style != YAML_FLOW_MAPPING_STYLE
			     : event->data.sequence_start.style != YAML_FLOW_SEQUENCE_STYLE,
	};
	return 0;
}

static int key_compare(const struct yaml_node *a, const struct yaml_node *b)
{
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, shorter);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Equal keys in the order of the file. */
static int key_sort(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int order = key_compare(x, y);

	return order != 0 ? order : (x->from > y->from) - (x->from < y->from);
}

static void refuse_twice(struct builder *builder, const struct yaml_node *map)
{
	const struct yaml_node **keys = xcalloc(map->count + 1, sizeof(*keys));
	size_t count = 0, first = 0;

	for (size_t i = 0; i < map->count; i++) {
		if (map->keys[i]->kind == YAML_SCALAR && map->keys[i]->len > 0)
			keys[count++] = map->keys[i];
	}
	qsort(keys, count, sizeof(*keys), key_sort);
	for (size_t i = 1; i < count; i++) {
		if (key_compare(keys[first], keys[i]) != 0) {
			first = i;
			continue;
		}
		diag_error(builder->diags, keys[i], "'%.64s' stands twice in this map",
			   keys[i]->text);
		diag_note(builder->diags, "first at %s:%u:%u", builder->source->file,
			  keys[first]->line, keys[first]->column);
	}
	free(keys);
}

static void close_level(struct builder *builder, const yaml_event_t *event)
{
	struct level *level = &builder->levels[--builder->depth];
	struct yaml_node *node = level->node;
	const struct yaml_node **children = builder->stack + level->base;
	size_t count = builder->stacked - level->base;
	struct source_place to;

	/* The end of a block is noticed at the next token, which may be far below. */
	builder_at(builder, &event->end_mark, &to);
	node->to = level->block && count > 0 ? children[count - 1]->to : to.offset;
	builder->stacked = level->base;
	if (node->kind == YAML_SEQ) {
		node->count = count;
		node->values = arena_take(builder->arena, count, sizeof(*node->values));
		if (count > 0)
			memcpy(node->values, children, count * sizeof(*node->values));
		return;
	}
	node->count = count / 2;
	node->keys = arena_take(builder->arena, node->count, sizeof(*node->keys));
	node->values = arena_take(builder->arena, node->count, sizeof(*node->values));
	for (size_t i = 0; i < node->count; i++) {
		node->keys[i] = children[2 * i];
		node->values[i] = children[2 * i + 1];
	}
	refuse_twice(builder, node);
}

static int start_document(struct builder *builder, const yaml_event_t *event)
{
	struct source_place from;

	if (builder->documents++ == 0)
		return 0;
	builder_at(builder, &event->start_mark, &from);
	diag_error_at(builder->diags, builder->source, from.offset, 3,
		      "a second document begins here, and a file holds only one");
	diag_note(builder->diags, "hint: delete the '---', or put the rest in a file of its "
				  "own");
	return -EINVAL;
}

/* 1 when there is more to come, 0 at the end, negative when it makes no sense to go on. */
static int builder_take(struct builder *builder, const yaml_event_t *event)
{
	int rc = 0;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		rc = add_scalar(builder, event);
		break;
	case YAML_ALIAS_EVENT:
		rc = add_alias(builder, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		rc = open_level(builder, event, YAML_SEQ);
		break;
	case YAML_MAPPING_START_EVENT:
		rc = open_level(builder, event, YAML_MAP);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_level(builder, event);
		break;
	case YAML_DOCUMENT_START_EVENT:
		rc = start_document(builder, event);
		break;
	case YAML_STREAM_END_EVENT:
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return rc < 0 ? rc : 1;
}

static void builder_complain(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	struct source_place problem, context;

	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	builder_at(builder, &parser->problem_mark, &problem);
	builder_at(builder, &parser->context_mark, &context);
	yaml_syntax_error(builder->diags, builder->source,
			  &(struct yaml_syntax){
				  .problem = parser->problem != NULL ? parser->problem : "",
				  .problem_at = problem.offset,
				  .context = parser->context,
				  .context_at = context.offset,
			  });
}

static void builder_run(struct builder *builder)
{
	size_t mark = source_mark(builder->source);
	int more = 1;

	if (yaml_parser_initialize(&builder->parser) == 0)
		abort();
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder->parser,
				     (const unsigned char *)builder->source->text + mark,
				     builder->source->len - mark);
	while (more > 0) {
		yaml_event_t event;

		if (yaml_parser_parse(&builder->parser, &event) == 0) {
			builder_complain(builder);
			break;
		}
		more = builder_take(builder, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&builder->parser);
}

/* The map that a file without any content is. */
static const struct yaml_node *empty_map(struct builder *builder)
{
	struct yaml_node *node = arena_take(builder->arena, 1, sizeof(*node));

	*node = (struct yaml_node){
		.kind = YAML_MAP, .source = builder->source, .line = 1, .column = 1};
	return node;
}

const struct yaml_node *yaml_parse(struct arena *arena, const struct diag_source *source,
				   struct diags *diags)
{
	struct builder builder = {
		.arena = arena,
		.source = source,
		.diags = diags,
		.errors = diags_errors(diags),
	};

	if (source->len > YAML_MAX_BYTES) {
		diag_error_at(diags, source, YAML_MAX_BYTES, 1,
			      "the file has %zu bytes, and more than %d are not read",
			      source->len, YAML_MAX_BYTES);
		return NULL;
	}
	builder.index = source_index_new(source, diags);
	if (builder.index == NULL)
		return NULL;
	builder_run(&builder);
	source_index_free(builder.index);
	free(builder.stack);
	if (diags_errors(diags) > builder.errors)
		return NULL;
	if (builder.root == NULL || yaml_is_null(builder.root))
		return empty_map(&builder);
	return builder.root;
}

static size_t map_find(const struct yaml_node *map, const char *key)
{
	size_t len = strlen(key), i;

	for (i = 0; i < map->count; i++) {
		if (map->keys[i]->len == len && memcmp(map->keys[i]->text, key, len) == 0)
			break;
	}
	return i;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	size_t i;

	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	i = map_find(map, key);
	return i < map->count ? map->values[i] : NULL;
}

const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key)
{
	size_t i;

	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	i = map_find(map, key);
	return i < map->count ? map->keys[i] : NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (node->len == 0 || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0 || strcmp(node->text, "Null") == 0 ||
		strcmp(node->text, "NULL") == 0);
}

bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->len != b->len || a->count != b->count)
		return false;
	if (a->kind == YAML_SCALAR)
		return memcmp(a->text, b->text, a->len) == 0 &&
		       yaml_is_null(a) == yaml_is_null(b);
	for (size_t i = 0; i < a->count; i++) {
		if (a->kind == YAML_MAP && !yaml_equal(a->keys[i], b->keys[i]))
			return false;
		if (!yaml_equal(a->values[i], b->values[i]))
			return false;
	}
	return true;
}

static bool scalar_is_number(const struct yaml_node *node)
{
	double number;
	int64_t whole;

	return str_to_int(node->text, &whole) != -EINVAL ||
	       str_to_number(node->text, &number) != -EINVAL;
}

const char *yaml_kind_words(const struct yaml_node *node)
{
	if (node->kind == YAML_MAP)
		return "a map";
	if (node->kind == YAML_SEQ)
		return "a list";
	if (yaml_is_null(node))
		return "nothing";
	if (node->plain &&
	    (strcasecmp(node->text, "true") == 0 || strcasecmp(node->text, "false") == 0))
		return "true or false";
	return node->plain && scalar_is_number(node) ? "a number" : "a text";
}
