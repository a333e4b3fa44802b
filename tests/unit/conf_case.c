/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the little scaffold around a YAML text in tests. */
#include "conf_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"

void conf_case_init(struct conf_case *c, const char *text, size_t len)
{
	*c = (struct conf_case){
		.arena = arena_new(),
		.diags = diags_new(50),
		.source = {"t.yaml", text, len},
	};
	str_init(&c->said);
	c->root = yaml_parse(c->arena, &c->source, c->diags);
}

void conf_case_done(struct conf_case *c)
{
	str_done(&c->said);
	diags_free(c->diags);
	arena_free(c->arena);
}

const char *conf_case_said(struct conf_case *c)
{
	str_clear(&c->said);
	diags_render(c->diags, &c->said);
	return c->said.s != NULL ? c->said.s : "";
}

const struct yaml_node *conf_case_get(const struct conf_case *c, const char *path)
{
	const struct yaml_node *node = c->root;
	char *copy = xstrdup(path), *rest = NULL;

	for (char *key = strtok_r(copy, ".", &rest); key != NULL;
	     key = strtok_r(NULL, ".", &rest))
		node = yaml_get(node, key);
	free(copy);
	assert_non_null(node);
	return node;
}
