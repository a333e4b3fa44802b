/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What libyaml says about text that is no YAML, in words for people. */
#ifndef GAUGED_CONF_YAML_SYNTAX_H
#define GAUGED_CONF_YAML_SYNTAX_H

#include <stddef.h>

struct diag_source;
struct diags;

struct yaml_syntax {
	const char *problem; /* libyaml's words */
	size_t problem_at;   /* bytes from the start of the source */
	const char *context; /* what it was doing, or NULL */
	size_t context_at;
};

void yaml_syntax_error(struct diags *diags, const struct diag_source *source,
		       const struct yaml_syntax *syntax);

#endif
