/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Members of a JSON object as text, one after the other: what a schema is made of. Pure. */
#ifndef GAUGED_CONF_SCHEMA_JSON_H
#define GAUGED_CONF_SCHEMA_JSON_H

#include <stddef.h>

struct str;

/* The key of the next member of the object that out ends in; its value has to follow. */
void schema_add_key(struct str *out, const char *key);
/* A comma, unless out ends in the beginning of a list. */
void schema_add_comma(struct str *out);
/* Whole members. */
void schema_add_text(struct str *out, const char *key, const char *text);
void schema_add_number(struct str *out, const char *key, double number);
/* A JSON string; what stands between its quotes. The text is UTF-8. */
void schema_add_quoted(struct str *out, const char *text, size_t len);
void schema_add_inside(struct str *out, const char *text, size_t len);

#endif
