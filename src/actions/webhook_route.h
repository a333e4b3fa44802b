/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The options of the way to a webhook's receiver: tls, proxy, allow_networks. */
#ifndef GAUGED_ACTIONS_WEBHOOK_ROUTE_H
#define GAUGED_ACTIONS_WEBHOOK_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/option.h"

struct arena;
struct diags;
struct error;
struct http_route;
struct keyring;
struct secret_dirs;
struct subnet;
struct tls_ends;
struct yaml_node;

enum { WEBHOOK_NETWORKS_MAX = 32 };

/* Where PEM comes from: one of them, or neither. */
struct webhook_pem {
	const char *secret; /* its name */
	const char *path;
};

struct webhook_route {
	struct webhook_pem ca, cert, key;
	const char *proxy; /* NULL: none */
	const char *login; /* the name of a secret; NULL: the proxy asks for none */
	size_t network_count;
	const struct subnet *networks;
};

/* What stands in a webhook's map: its rows are in webhook_config.c. */
struct webhook_route_options {
	const struct yaml_node *tls;
	const char *proxy;
	const struct yaml_node *proxy_login;
	struct option_texts allow_networks;
};

/* The map under tls. */
extern const struct option_table webhook_tls_table;

/* map: the webhook's, for the places of errors. Everything in arena; false: errors were added.
 */
bool webhook_route_parse(struct arena *arena, const struct yaml_node *map,
			 const struct webhook_route_options *options, struct webhook_route *ret,
			 struct diags *diags);

/* The networks of an 'allow_networks' that stands in map; false: errors were added. */
bool webhook_networks_parse(struct arena *arena, const struct yaml_node *map,
			    const struct option_texts *texts, const struct subnet **ret,
			    size_t *ret_count, struct diags *diags);

/* Reads secrets and files; NULL + err. */
struct http_route *webhook_route_open(const struct webhook_route *route,
				      struct keyring *secrets, const struct secret_dirs *dirs,
				      struct tls_ends *ret_ends, struct error *err);

#endif
