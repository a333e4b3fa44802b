/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One entry of 'webhooks:', bound and checked: immutable. */
#ifndef GAUGED_ACTIONS_WEBHOOK_CONFIG_H
#define GAUGED_ACTIONS_WEBHOOK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/outbox.h"
#include "actions/signature.h"
#include "actions/template.h"
#include "actions/webhook_route.h"

struct arena;
struct diags;
struct event_facts;
struct option_table;
struct str;
struct yaml_node;

enum { WEBHOOK_HEADERS_MAX = 32 };

struct webhook_header {
	const char *name;
	const struct template *value;
};

struct webhook_config {
	const char *name;
	const struct yaml_node *node;
	const struct yaml_node *url_node;
	const struct template *url;
	const char *origin; /* "https://host:port" of the URL: all of it that is ever shown */
	const char *method;
	size_t header_count;
	const struct webhook_header *headers;
	int64_t timeout_ns;
	struct outbox_policy policy;
	const struct yaml_node *fallback_node; /* its name is not looked up yet; or NULL */
	const struct template *body;	       /* NULL: a built-in one */
	void (*builtin)(const struct event_facts *facts, struct str *out);
	enum template_context body_context;
	const char *content_type;
	size_t sign_count;		      /* 0: messages are not signed */
	const char *sign[SIGNATURE_KEYS_MAX]; /* names of secrets */
	struct webhook_route route;
};

/* Everything in arena; NULL after errors were added. node is the map under the name. */
struct webhook_config *webhook_config_parse(struct arena *arena, const char *name,
					    const struct yaml_node *node, struct diags *diags);

/* Whether its messages tell the margins of rules. */
bool webhook_config_tells_margins(const struct webhook_config *config);

/* The tables of the options, for the schema and the manual; ends in NULL. */
extern const struct option_table *const webhook_option_tables[];

#endif
