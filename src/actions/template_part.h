/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a template is made of: for template.c, which fills it in, and template_parse.c alone. */
#ifndef GAUGED_ACTIONS_TEMPLATE_PART_H
#define GAUGED_ACTIONS_TEMPLATE_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "actions/template.h"

struct event_field;
struct template_map;

/* The marks of a secret in a rendered text. */
enum { SECRET_BEGIN = 0x01, SECRET_END = 0x02 };

enum part_kind { PART_LITERAL, PART_FIELD, PART_SECRET };

struct part {
	enum part_kind kind;
	const char *text; /* the literal; the name of a label, point or secret, with a NUL */
	size_t len;
	const struct event_field *field; /* of PART_FIELD */
	const struct template_map *map;	 /* of PART_FIELD; NULL: said as it is */
	int digits;	/* behind the point, of a number; -1: as many as needed */
	bool in_string; /* of JSON */
};

struct template
{
	enum template_context context;
	size_t count;
	struct part *parts;
	size_t trying; /* while it is parsed: all maps say their thing of this number - 1 */
};

#endif
