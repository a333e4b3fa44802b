/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One value of one row: what option.c needs for each key of a map. */
#ifndef GAUGED_CONF_OPTION_VALUE_H
#define GAUGED_CONF_OPTION_VALUE_H

#include "conf/option.h"

/* What a value is read for: where messages take their words from. */
struct option_value {
	struct arena *arena;
	const struct option *row;
	const char *what; /* whose option it is, or NULL */
	struct diags *diags;
};

/* ret points to the member itself. False after an error was added; *ret is untouched then. */
bool option_value_read(const struct option_value *of, const struct yaml_node *node, void *ret);

#endif
