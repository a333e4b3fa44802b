/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of the way to a receiver, and the reading of what they name. */
#include "actions/webhook_route.h"

#include <errno.h>
#include <string.h>

#include "actions/keyring.h"
#include "actions/template.h"
#include "actions/tls_ends.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "io/http_route.h"
#include "io/secret.h"
#include "io/subnet.h"

struct tls_options {
	const struct yaml_node *ca, *cert, *key;
};

static const struct option tls_rows[] = {
	{"ca", OPTION(NODE, tls_options, ca), .shape = "text",
	 .help = "A file (PEM) with the authorities to trust instead of the system's."},
	{"cert", OPTION(NODE, tls_options, cert), .shape = "text",
	 .help = "A file or secret (PEM) with the certificate to show to the receiver."},
	{"key", OPTION(NODE, tls_options, key), .shape = "text",
	 .help = "A file or secret (PEM) with its private key; absent: it stands in cert."},
};

const struct option_table webhook_tls_table = {
	.section = "tls of a webhook",
	.manual = "gauged.yaml(5)",
	.rows = tls_rows,
	.count = ARRAY_SIZE(tls_rows),
	.name = "webhook_tls",
};

/* ---- parsing ---- */

static const char *beside(struct arena *arena, const struct yaml_node *node, const char *path)
{
	const char *slash = strrchr(node->source->file, '/');

	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(arena, "%.*s/%s", (int)(slash - node->source->file),
			    node->source->file, path);
}

/* A text that is one secret, or that has no holes. */
static bool parse_pem(struct arena *arena, const struct yaml_node *node, const char *what,
		      struct webhook_pem *ret, struct diags *diags)
{
	const struct template *text;
	struct str path;

	if (node == NULL)
		return true;
	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		diag_error(diags, node, "%s: expected a file or ${secret:NAME}, got %s", what,
			   yaml_kind_words(node));
		return false;
	}
	text = template_parse(arena, node, TEMPLATE_TEXT, diags);
	if (text == NULL)
		return false;
	ret->secret = template_bare_secret(text);
	if (ret->secret != NULL)
		return true;
	if (!template_is_fixed(text) || node->len == 0 || strlen(node->text) != node->len) {
		diag_error(diags, node, "%s: expected a file or ${secret:NAME}", what);
		return false;
	}
	str_init(&path);
	template_sample(text, &path);
	ret->path = beside(arena, node, arena_text(arena, path.s, path.len));
	str_done(&path);
	return true;
}

static bool parse_tls(struct arena *arena, const struct yaml_node *map,
		      struct webhook_route *ret, struct diags *diags)
{
	struct tls_options options = {0};
	struct option_binding binding = {&webhook_tls_table, &options};
	bool ok;

	if (map == NULL)
		return true;
	ok = option_bind(arena, map, "tls", &binding, 1, diags);
	ok = parse_pem(arena, options.ca, "ca", &ret->ca, diags) && ok;
	ok = parse_pem(arena, options.cert, "cert", &ret->cert, diags) && ok;
	ok = parse_pem(arena, options.key, "key", &ret->key, diags) && ok;
	if (options.key != NULL && options.cert == NULL) {
		diag_error(diags, options.key, "tls: 'key' without 'cert'");
		ok = false;
	}
	return ok;
}

static bool parse_proxy(struct arena *arena, const struct yaml_node *map,
			const struct webhook_route_options *options, struct webhook_route *ret,
			struct diags *diags)
{
	const struct yaml_node *login = options->proxy_login;
	const struct template *text;
	struct error err;

	ret->proxy = options->proxy;
	if (options->proxy != NULL && http_proxy_check(options->proxy, &err) != 0) {
		diag_error(diags, yaml_get(map, "proxy"), "proxy: %s", err.text);
		diag_note(diags, "hint: expected something like http://proxy.example:3128");
		return false;
	}
	if (login == NULL)
		return true;
	if (options->proxy == NULL) {
		diag_error(diags, login, "'proxy_login' without 'proxy'");
		return false;
	}
	text = login->kind == YAML_SCALAR ? template_parse(arena, login, TEMPLATE_HEADER, diags)
					  : NULL;
	ret->login = text != NULL ? template_bare_secret(text) : NULL;
	if (ret->login != NULL)
		return true;
	diag_error(diags, login, "proxy_login: it has to be a secret, ${secret:NAME}");
	return false;
}

/* The item of 'allow_networks' number i, for errors: it may be a single text. */
static const struct yaml_node *network_node(const struct yaml_node *map, size_t i)
{
	const struct yaml_node *node = yaml_get(map, "allow_networks");

	return node->kind == YAML_SEQ ? node->values[i] : node;
}

bool webhook_networks_parse(struct arena *arena, const struct yaml_node *map,
			    const struct option_texts *texts, const struct subnet **ret,
			    size_t *ret_count, struct diags *diags)
{
	struct subnet *networks;
	bool ok = true;

	if (texts->count > WEBHOOK_NETWORKS_MAX) {
		diag_error(diags, yaml_get(map, "allow_networks"),
			   "'allow_networks' has %zu entries, at most %d can be", texts->count,
			   WEBHOOK_NETWORKS_MAX);
		return false;
	}
	networks = arena_take(arena, texts->count + 1, sizeof(*networks));
	for (size_t i = 0; i < texts->count; i++) {
		int rc = subnet_parse(texts->texts[i], &networks[i]);

		if (rc == 0)
			continue;
		ok = false;
		diag_error(diags, network_node(map, i),
			   rc == -EDOM ? "'%s' has bits behind its prefix"
				       : "'%s' is no network, such as 10.0.0.0/8",
			   texts->texts[i]);
	}
	*ret = networks;
	*ret_count = texts->count;
	return ok;
}

bool webhook_route_parse(struct arena *arena, const struct yaml_node *map,
			 const struct webhook_route_options *options, struct webhook_route *ret,
			 struct diags *diags)
{
	bool ok = parse_tls(arena, options->tls, ret, diags);

	ok = parse_proxy(arena, map, options, ret, diags) && ok;
	return webhook_networks_parse(arena, map, &options->allow_networks, &ret->networks,
				      &ret->network_count, diags) &&
	       ok;
}

/* ---- opening ---- */

/* What a spec borrows until the route has been made. */
struct pem_text {
	char *text; /* read from a file */
	size_t len;
};

static int read_pem(const struct webhook_pem *pem, struct keyring *secrets,
		    const struct secret_dirs *dirs, struct pem_text *room,
		    struct http_bytes *ret, struct error *err)
{
	int rc = 0;

	if (pem->secret != NULL) {
		rc = keyring_add(secrets, dirs, pem->secret, err);
		if (rc == 0)
			ret->bytes = keyring_find(secrets, pem->secret, &ret->len);
	} else if (pem->path != NULL) {
		rc = secret_read_path(pem->path, &room->text, &room->len, err);
		*ret = (struct http_bytes){room->text, room->len};
	}
	return rc;
}

static int read_login(const char *name, struct keyring *secrets, const struct secret_dirs *dirs,
		      const char **ret, struct error *err)
{
	size_t len;
	int rc = name != NULL ? keyring_add(secrets, dirs, name, err) : 0;

	if (rc != 0 || name == NULL)
		return rc;
	*ret = keyring_find(secrets, name, &len);
	if (strlen(*ret) != len || memchr(*ret, ':', len) == NULL)
		return error_set(err, EINVAL,
				 "the secret '%s' is not of the form user:password", name);
	return 0;
}

struct http_route *webhook_route_open(const struct webhook_route *route,
				      struct keyring *secrets, const struct secret_dirs *dirs,
				      struct tls_ends *ret_ends, struct error *err)
{
	struct http_route_spec spec = {
		.proxy = route->proxy,
		.network_count = route->network_count,
		.networks = route->networks,
	};
	struct pem_text ca = {0}, cert = {0}, key = {0};
	struct http_route *made = NULL;

	if (read_pem(&route->ca, secrets, dirs, &ca, &spec.ca, err) == 0 &&
	    read_pem(&route->cert, secrets, dirs, &cert, &spec.cert, err) == 0 &&
	    read_pem(&route->key, secrets, dirs, &key, &spec.key, err) == 0 &&
	    read_login(route->login, secrets, dirs, &spec.login, err) == 0)
		made = http_route_new(&spec, err);
	if (made != NULL)
		tls_ends_read(&spec, ret_ends);
	secret_free(ca.text, ca.len);
	secret_free(cert.text, cert.len);
	secret_free(key.text, key.len);
	return made;
}
