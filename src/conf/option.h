/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Options as rows: a table binds the keys of a YAML map to the members of a struct. From the
 * same rows come parsing, defaults, range checks, the JSON Schema and the check that the
 * manual names every option.
 */
#ifndef GAUGED_CONF_OPTION_H
#define GAUGED_CONF_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diags;
struct str;
struct yaml_node;

enum option_type {
	OPTION_BOOL,	 /* bool: true false on off yes no */
	OPTION_INT,	 /* int64_t */
	OPTION_NUMBER,	 /* double */
	OPTION_TEXT,	 /* const char *, in the tree */
	OPTION_NAME,	 /* const char *: letters, digits, _ and -, as names of things */
	OPTION_DURATION, /* int64_t nanoseconds */
	OPTION_SIZE,	 /* int64_t bytes */
	OPTION_CHOICE,	 /* int: index into choices */
	OPTION_RATE,	 /* struct option_rate: "20/h" */
	OPTION_LIMITS,	 /* struct option_limits: [low, high] */
	OPTION_TEXTS,	 /* struct option_texts: one text or a list of them */
	OPTION_NODE,	 /* const struct yaml_node *: bound by somebody else */
	OPTION_MAP,	 /* const struct yaml_node *: must be a map */
	OPTION_SEQ,	 /* const struct yaml_node *: must be a list */
};

struct option_rate {
	int64_t count;
	int64_t per_ns; /* 0: not set */
};

struct option_limits {
	bool set;
	double low;
	double high;
};

struct option_texts {
	size_t count;
	const char **texts;
};

struct option {
	const char *name;
	enum option_type type;
	size_t offset;	      /* of the member in the bound struct */
	const char *fallback; /* default, written as in YAML; NULL: the member stays zero */
	/*
	 * INT, NUMBER, DURATION (seconds), SIZE (bytes); both 0: no bounds; -INFINITY and
	 * INFINITY leave one side open
	 */
	double min, max;
	const char *const *choices; /* CHOICE: NULL-terminated */
	bool required;
	const char *help; /* one sentence for the reference and the schema */
	/*
	 * What the schema says of the value (the notation: conf/schema.h). NODE, MAP and SEQ
	 * need it, the others where they take less than their type.
	 */
	const char *shape;
};

struct option_table {
	const char *section; /* what the map is, for messages: "bus", "webhook 'ops'" ... */
	const char *manual;  /* the page that documents it: "gauged.yaml(5)" */
	const struct option *rows;
	size_t count;
	/* For the schema: */
	const char *name;		 /* of the definition: "modbus_bus" */
	const struct option_table *also; /* its rows stand in the same map */
	const char *one_of;		 /* "when|on": exactly one of these keys stands there */
};

#define OPTION(type_, struct_, member_) \
	.type = OPTION_##type_, .offset = offsetof(struct struct_, member_)

/*
 * Fills dst from map: defaults first (map may be NULL, or a section with nothing in it: only
 * defaults and complaints about what is required), then every key. A member whose value is
 * wrong keeps its default. Keys that no table of the list knows are errors with the nearest
 * known word. Several tables may bind the same map to several structs: pass all of them at
 * once; a key that more than one knows is bound in each. what names the map in messages ("bus
 * 'plc'"; NULL: the first table's section). Lists go to arena. Returns true if it added no
 * error.
 */
struct option_binding {
	const struct option_table *table;
	void *dst;
};
bool option_bind(struct arena *arena, const struct yaml_node *map, const char *what,
		 const struct option_binding *bindings, size_t count, struct diags *diags);

/*
 * One value by itself, with the same messages; the result goes to *ret, whose type belongs
 * to row->type. Returns true if it added no error.
 */
bool option_parse(struct arena *arena, const struct option *row, const struct yaml_node *node,
		  void *ret, struct diags *diags);

/*
 * Adds what a row takes, as messages, the schema and the manual say it: "a duration from 10ms
 * to 1h", "one of even, odd or none".
 */
void option_expected(const struct option *row, struct str *out);

#endif
