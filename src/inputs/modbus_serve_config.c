/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the map 'serve' of a Modbus bus is turned into. */
#include "inputs/modbus_serve_config.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/modbus_options.h"
#include "io/tcp_address.h"

enum { ALLOW_MAX = 64 };

/* The loopback networks (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
static const char *const loopback[] = {"127.0.0.0/8", "::1"};

struct serve_parse {
	struct arena *arena;
	struct diags *diags;
	const struct yaml_node *map;
	struct modbus_serve_config *config;
};

/* The item of 'allow' number i, for errors: it may be a single text. */
static const struct yaml_node *allow_node(const struct serve_parse *parse, size_t i)
{
	const struct yaml_node *node = yaml_get(parse->map, "allow");

	return node->kind == YAML_SEQ ? node->values[i] : node;
}

static bool parse_subnet(const struct serve_parse *parse, size_t i, const char *text,
			 struct subnet *ret)
{
	int rc = subnet_parse(text, ret);

	if (rc == 0)
		return true;
	if (rc == -EDOM)
		diag_error(parse->diags, allow_node(parse, i),
			   "'%s' has bits set behind its prefix: is it one address or a "
			   "network?",
			   text);
	else
		diag_error(parse->diags, allow_node(parse, i),
			   "'%s' is no address and no network", text);
	diag_note(parse->diags, "expected: an address or a network in numbers, such as "
				"192.0.2.7, 10.0.0.0/8 or 2001:db8::/32");
	return false;
}

static bool parse_allow(const struct serve_parse *parse, size_t count, const char *const *texts)
{
	struct subnet *allow;
	bool ok = true;

	if (count > ALLOW_MAX) {
		diag_error(parse->diags, yaml_get(parse->map, "allow"),
			   "'allow' has %zu entries, at most %d can be", count, ALLOW_MAX);
		return false;
	}
	allow = arena_take(parse->arena, count, sizeof(*allow));
	for (size_t i = 0; i < count; i++)
		ok = parse_subnet(parse, i, texts[i], &allow[i]) && ok;
	parse->config->server.allow = allow;
	parse->config->server.allow_count = count;
	return ok;
}

/* Whoever can reach the listener has to have been named: Modbus asks nobody for a password. */
static bool parse_who(const struct serve_parse *parse, const char *bus,
		      const struct modbus_serve_settings *options)
{
	const struct yaml_node *node = yaml_get(parse->map, "allow");

	if (node != NULL && options->allow.count > 0)
		return parse_allow(parse, options->allow.count, options->allow.texts);
	if (node != NULL) {
		diag_error(parse->diags, node, "'allow' is empty: nobody could read");
		diag_note(parse->diags, "expected: addresses or networks, such as "
					"[192.0.2.7, 10.0.0.0/8]");
		return false;
	}
	if (tcp_address_local(&parse->config->server.listen))
		return parse_allow(parse, ARRAY_SIZE(loopback), loopback);
	diag_error(parse->diags, yaml_get(parse->map, "listen"),
		   "'%s' can be reached from other machines: 'allow' has to say who may read "
		   "bus '%s'",
		   options->listen, bus);
	diag_note(parse->diags,
		  "expected: allow: [192.0.2.7, 10.0.0.0/8], or an address of this "
		  "machine alone, such as 127.0.0.1:502");
	return false;
}

bool modbus_serve_parse(struct arena *arena, const char *bus, const struct yaml_node *map,
			struct modbus_serve_config *ret, struct diags *diags)
{
	struct serve_parse parse = {arena, diags, map, ret};
	struct modbus_serve_settings options = {0};
	bool ok;

	ok = option_bind(arena, map, arena_printf(arena, "'serve' of bus '%s'", bus),
			 &(struct option_binding){&modbus_serve_options, &options}, 1, diags);
	if (options.listen == NULL)
		return false;
	ret->on = true;
	ret->server.name = bus;
	ret->server.clients = (unsigned)options.clients;
	ret->server.idle_ns = options.idle_timeout_ns;
	if (tcp_address_parse(options.listen, &ret->server.listen) == 0)
		return parse_who(&parse, bus, &options) && ok;
	diag_error(diags, yaml_get(map, "listen"), "'%s' is no address to listen on",
		   options.listen);
	diag_note(diags, "expected: an address in numbers and a port, such as 127.0.0.1:1502 "
			 "or [::1]:1502");
	return false;
}
