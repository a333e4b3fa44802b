/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What a value looks like, as a text such as "true|[name]" (the notation: conf/schema.h), in
 * JSON Schema. A text that breaks the notation is a bug of ours. Pure.
 */
#ifndef GAUGED_CONF_SCHEMA_SHAPE_H
#define GAUGED_CONF_SCHEMA_SHAPE_H

#include <stddef.h>

struct str;

/* The shape as further members of the object that out ends in; as an object of its own. */
void schema_add_members(struct str *out, const char *shape, size_t len);
void schema_add_object(struct str *out, const char *shape, size_t len);
/* The definitions that are built in, as members. */
void schema_add_built_in(struct str *out);

#endif
