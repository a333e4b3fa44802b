/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A YAML text, what it became and what was said about it: for the tests of configuration. */
#ifndef GAUGED_TESTS_CONF_CASE_H
#define GAUGED_TESTS_CONF_CASE_H

#include <stddef.h>

#include "base/str.h"
#include "conf/diag.h"

struct yaml_node;

struct conf_case {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	const struct yaml_node *root;
	struct str said;
};

/* Parses text, which is "t.yaml" in messages and has to live as long. */
void conf_case_init(struct conf_case *c, const char *text, size_t len);
void conf_case_done(struct conf_case *c);
/* All that was said so far, rendered; "" for nothing. */
const char *conf_case_said(struct conf_case *c);
/* The value at "a.b" below the root; fails the test if there is none. */
const struct yaml_node *conf_case_get(const struct conf_case *c, const char *path);

#endif
