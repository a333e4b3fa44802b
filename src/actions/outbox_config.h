/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The options that all receivers with a queue have: 'order', 'in_flight', 'retry', 'queue'. */
#ifndef GAUGED_ACTIONS_OUTBOX_CONFIG_H
#define GAUGED_ACTIONS_OUTBOX_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct diags;
struct option_table;
struct outbox_policy;
struct yaml_node;

/* Of 'order': the numbers of the choices. */
enum { OUTBOX_ORDER_STRICT, OUTBOX_ORDER_NONE };
extern const char *const outbox_orders[];

/* As the receiver's own table has bound them; the maps may be NULL. */
struct outbox_wishes {
	const struct yaml_node *map; /* of the receiver, for messages */
	int order;
	int64_t in_flight; /* 0: not said */
	const struct yaml_node *retry, *queue;
};

/* False after errors were added. There is no fallback in the policy. */
bool outbox_policy_parse(struct arena *arena, const struct outbox_wishes *wishes,
			 struct outbox_policy *ret, struct diags *diags);

/* 'retry' and 'queue', for the schema and the manual; ends in NULL. */
extern const struct option_table *const outbox_option_tables[];

#endif
