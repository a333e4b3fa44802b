/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of a webhook and what may stand in them. */
#include "actions/webhook_config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "actions/cloudevent.h"
#include "actions/event_body.h"
#include "actions/outbox_config.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "io/http_url.h"

struct webhook_options {
	const struct yaml_node *url;
	int method;
	const struct yaml_node *headers;
	int64_t timeout_ns;
	const struct yaml_node *retry;
	int order;
	int64_t in_flight;
	const struct yaml_node *body;
	const struct yaml_node *content_type;
	const struct yaml_node *sign;
	struct webhook_route_options route;
	const struct yaml_node *fallback;
	const struct yaml_node *queue;
};

static const char *const methods[] = {"POST", "PUT", "PATCH", NULL};

static const struct option webhook_rows[] = {
	{"url", OPTION(NODE, webhook_options, url), .required = true, .shape = "text",
	 .help = "Where messages go: http or https; ${...} only behind the host."},
	{"method", OPTION(CHOICE, webhook_options, method), .fallback = "POST",
	 .choices = methods, .help = "The HTTP method."},
	{"headers", OPTION(MAP, webhook_options, headers), .shape = "{text}",
	 .help = "Header fields to send, with ${...}."},
	{"timeout", OPTION(DURATION, webhook_options, timeout_ns), .fallback = "10s",
	 .min = 0.1, .max = 300,
	 .help = "How long one try may take, from resolving the name to the answer."},
	{"retry", OPTION(MAP, webhook_options, retry), .shape = "retry",
	 .help = "The pauses between tries."},
	{"order", OPTION(CHOICE, webhook_options, order), .fallback = "strict",
	 .choices = outbox_orders,
	 .help = "strict: one message at a time, oldest first; none: several at a time."},
	{"in_flight", OPTION(INT, webhook_options, in_flight), .min = 1,
	 .max = OUTBOX_IN_FLIGHT_MAX,
	 .help = "With order none: how many messages at a time (default 4)."},
	{"body", OPTION(NODE, webhook_options, body), .shape = "text",
	 .help = "event or cloudevents: a built-in JSON; else the text to send, with ${...}."},
	{"content_type", OPTION(NODE, webhook_options, content_type), .shape = "text",
	 .help = "Of the body; default application/json."},
	{"sign", OPTION(NODE, webhook_options, sign), .shape = "text|[text]",
	 .help = "The secret whose key signs each message (Standard Webhooks), or two."},
	{"tls", OPTION(MAP, webhook_options, route.tls), .shape = "webhook_tls",
	 .help = "Whom to trust, and who we are."},
	{"proxy", OPTION(TEXT, webhook_options, route.proxy),
	 .help = "The URL of a proxy: http, https or socks5, with its port."},
	{"proxy_login", OPTION(NODE, webhook_options, route.proxy_login), .shape = "text",
	 .help = "The secret with user:password for the proxy."},
	{"allow_networks", OPTION(TEXTS, webhook_options, route.allow_networks),
	 .help = "Private networks and loopback that the name in the URL may lead to."},
	{"fallback", OPTION(NODE, webhook_options, fallback), .shape = "name",
	 .help = "The webhook that gets what this one gives up."},
	{"queue", OPTION(MAP, webhook_options, queue), .shape = "queue",
	 .help = "How much may wait, and what goes when that is too much."},
};

static const struct option_table webhook_table = {
	.section = "webhook",
	.manual = "gauged.yaml(5)",
	.rows = webhook_rows,
	.count = ARRAY_SIZE(webhook_rows),
	.name = "webhook",
};

const struct option_table *const webhook_option_tables[] = {&webhook_table, &webhook_tls_table,
							    NULL};

/* Ours or the transport's: set by somebody else they would be wrong, or split a request. */
static const struct {
	const char *name;
	const char *why;
} reserved_headers[] = {
	{"content-type", "use 'content_type'"},
	{"content-length", "it is counted"},
	{"transfer-encoding", "gauged sets it"},
	{"connection", "gauged sets it"},
	{"expect", "gauged sets it"},
	{"host", "it comes from the URL"},
	{"webhook-id", "gauged sets it"},
	{"webhook-timestamp", "gauged sets it"},
	{"webhook-signature", "gauged sets it"},
};

static bool is_scalar(const struct yaml_node *node, const char *what, struct diags *diags)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node))
		return true;
	diag_error(diags, node, "%s: expected text, got %s", what, yaml_kind_words(node));
	return false;
}

/* Up to the '/', '?' or '#' behind the host; the whole text if there is none. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? strlen(url) : (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
}

static bool parse_url(struct arena *arena, const struct yaml_node *node,
		      struct webhook_config *config, struct diags *diags)
{
	struct str sample;
	struct error err;
	size_t fixed, origin;
	bool ok = false;

	config->url_node = node;
	if (!is_scalar(node, "url", diags))
		return false;
	config->url = template_parse(arena, node, TEMPLATE_URL, diags);
	if (config->url == NULL)
		return false;
	str_init(&sample);
	fixed = template_sample(config->url, &sample);
	origin = origin_length(sample.s != NULL ? sample.s : "");
	if (sample.s == NULL || http_url_check(sample.s, &err) != 0) {
		diag_error(diags, node, "url: %s", sample.s == NULL ? "it is empty" : err.text);
		diag_note(diags, "hint: expected something like https://host.example/path");
	} else if (http_url_refused(sample.s) != NULL) {
		diag_error(diags, node, "url: a %s address is never connected to",
			   http_url_refused(sample.s));
	} else if (fixed < sample.len && origin >= fixed) {
		diag_error(diags, node,
			   "url: scheme, host and port are fixed, ${...} may only stand behind "
			   "the first '/' of the path");
	} else {
		config->origin = arena_text(arena, sample.s, origin);
		ok = true;
	}
	str_done(&sample);
	return ok;
}

/* RFC 9110, section 5.6.2: the characters of a token. */
static bool is_token(const struct yaml_node *key)
{
	if (key->len == 0)
		return false;
	for (size_t i = 0; i < key->len; i++)
		if (key->text[i] == '\0' || (!isalnum((unsigned char)key->text[i]) &&
					     strchr("!#$%&'*+-.^_`|~", key->text[i]) == NULL))
			return false;
	return true;
}

static bool header_name_good(const struct yaml_node *key, struct diags *diags)
{
	if (!is_token(key)) {
		diag_error(diags, key, "'%s' is no name of a header", key->text);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reserved_headers); i++) {
		if (strcasecmp(key->text, reserved_headers[i].name) != 0)
			continue;
		diag_error(diags, key, "the header '%s' can't be set here: %s", key->text,
			   reserved_headers[i].why);
		return false;
	}
	return true;
}

static bool has_control(const struct yaml_node *node)
{
	for (size_t i = 0; i < node->len; i++)
		if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7f)
			return true;
	return false;
}

static bool parse_headers(struct arena *arena, const struct yaml_node *map,
			  struct webhook_config *config, struct diags *diags)
{
	struct webhook_header *headers;
	bool ok = true;

	if (map == NULL)
		return true;
	if (map->count > WEBHOOK_HEADERS_MAX) {
		diag_error(diags, map, "%zu headers, at most %d are possible", map->count,
			   WEBHOOK_HEADERS_MAX);
		return false;
	}
	headers = arena_take(arena, map->count + 1, sizeof(*headers));
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *value = map->values[i];

		headers[i].name = map->keys[i]->text;
		if (!header_name_good(map->keys[i], diags) ||
		    !is_scalar(value, map->keys[i]->text, diags)) {
			ok = false;
		} else if (has_control(value)) {
			diag_error(diags, value,
				   "a header is one line, without control characters");
			ok = false;
		} else {
			headers[i].value = template_parse(arena, value, TEMPLATE_HEADER, diags);
			ok = headers[i].value != NULL && ok;
		}
	}
	config->headers = headers;
	config->header_count = map->count;
	return ok;
}

static bool type_is_json(const char *type, size_t len)
{
	return (len == 16 && strncasecmp(type, "application/json", 16) == 0) ||
	       (len > 5 && strncasecmp(type + len - 5, "+json", 5) == 0);
}

/* How values have to be escaped in a body of the type; -1: that is not known. */
static int body_context(const char *type)
{
	static const struct {
		const char *type;
		enum template_context context;
	} contexts[] = {
		{"application/x-www-form-urlencoded", TEMPLATE_URL},
		{"text/plain", TEMPLATE_TEXT},
	};
	size_t len = strcspn(type, "; ");

	if (type_is_json(type, len))
		return TEMPLATE_JSON;
	for (size_t i = 0; i < ARRAY_SIZE(contexts); i++)
		if (strlen(contexts[i].type) == len &&
		    strncasecmp(contexts[i].type, type, len) == 0)
			return (int)contexts[i].context;
	return -1;
}

/* Bodies that are not written down: by the word that stands for them. */
static const struct builtin {
	const char *word, *content_type;
	void (*add)(const struct event_facts *facts, struct str *out);
} builtins[] = {
	{"event", "application/json", event_body_add},
	{"cloudevents", CLOUDEVENT_CONTENT_TYPE, cloudevent_add},
};

static const struct builtin *find_builtin(const struct yaml_node *body)
{
	if (body == NULL)
		return &builtins[0];
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (body->plain && strcmp(body->text, builtins[i].word) == 0)
			return &builtins[i];
	return NULL;
}

static bool parse_type(const struct yaml_node *type, struct webhook_config *config,
		       struct diags *diags)
{
	if (type == NULL)
		return true;
	if (!is_scalar(type, "content_type", diags))
		return false;
	if (has_control(type) || strchr(type->text, '/') == NULL) {
		diag_error(diags, type, "content_type: expected type/subtype");
		return false;
	}
	config->content_type = type->text;
	return true;
}

static bool parse_body(struct arena *arena, const struct webhook_options *options,
		       struct webhook_config *config, struct diags *diags)
{
	const struct yaml_node *type = options->content_type, *body = options->body;
	const struct builtin *builtin;
	int context;

	if (body != NULL && !is_scalar(body, "body", diags))
		return false;
	builtin = find_builtin(body);
	config->content_type = builtin != NULL ? builtin->content_type : "application/json";
	if (!parse_type(type, config, diags))
		return false;
	context = body_context(config->content_type);
	if (builtin != NULL) {
		config->builtin = builtin->add;
		if (context == TEMPLATE_JSON)
			return true;
		diag_error(diags, type, "the built-in body is JSON, not %s",
			   config->content_type);
		return false;
	}
	if (context < 0) {
		diag_error(diags, type, "no way to escape values is known for %s",
			   config->content_type);
		diag_note(diags, "hint: application/json, text/plain or "
				 "application/x-www-form-urlencoded");
		return false;
	}
	config->body_context = (enum template_context)context;
	config->body = template_parse(arena, body, config->body_context, diags);
	return config->body != NULL;
}

static bool parse_key(struct arena *arena, const struct yaml_node *node,
		      struct webhook_config *config, struct diags *diags)
{
	const struct template *key;

	if (!is_scalar(node, "sign", diags))
		return false;
	key = template_parse(arena, node, TEMPLATE_HEADER, diags);
	if (key == NULL)
		return false;
	if (template_bare_secret(key) == NULL) {
		diag_error(diags, node, "sign: the key has to be a secret, ${secret:NAME}");
		return false;
	}
	config->sign[config->sign_count++] = template_bare_secret(key);
	return true;
}

static bool parse_sign(struct arena *arena, const struct yaml_node *node,
		       struct webhook_config *config, struct diags *diags)
{
	bool ok = true;

	if (node == NULL)
		return true;
	if (node->kind != YAML_SEQ)
		return parse_key(arena, node, config, diags);
	if (node->count == 0 || node->count > SIGNATURE_KEYS_MAX) {
		diag_error(diags, node,
			   "sign: %zu keys, expected one, or two while they are "
			   "exchanged",
			   node->count);
		return false;
	}
	for (size_t i = 0; i < node->count; i++)
		ok = parse_key(arena, node->values[i], config, diags) && ok;
	return ok;
}

static bool parse_policy(struct arena *arena, const struct webhook_options *options,
			 struct webhook_config *config, struct diags *diags)
{
	const struct outbox_wishes wishes = {
		.map = config->node,
		.order = options->order,
		.in_flight = options->in_flight,
		.retry = options->retry,
		.queue = options->queue,
	};

	config->fallback_node = options->fallback;
	if (options->fallback != NULL && !is_scalar(options->fallback, "fallback", diags))
		return false;
	if (!outbox_policy_parse(arena, &wishes, &config->policy, diags))
		return false;
	config->policy.fallback = options->fallback != NULL;
	return true;
}

struct webhook_config *webhook_config_parse(struct arena *arena, const char *name,
					    const struct yaml_node *node, struct diags *diags)
{
	struct webhook_config *config = arena_take(arena, 1, sizeof(*config));
	struct webhook_options options = {0};
	struct option_binding binding = {&webhook_table, &options};
	char *what = arena_printf(arena, "webhook '%s'", name);
	bool ok = option_bind(arena, node, what, &binding, 1, diags);

	config->name = name;
	config->node = node;
	config->method = methods[options.method];
	config->timeout_ns = options.timeout_ns;
	if (options.url != NULL)
		ok = parse_url(arena, options.url, config, diags) && ok;
	ok = parse_headers(arena, options.headers, config, diags) && ok;
	ok = parse_body(arena, &options, config, diags) && ok;
	ok = parse_sign(arena, options.sign, config, diags) && ok;
	ok = parse_policy(arena, &options, config, diags) && ok;
	ok = webhook_route_parse(arena, node, &options.route, &config->route, diags) && ok;
	return ok ? config : NULL;
}

static bool names_margin(const struct template *template)
{
	return template_names(template, "margin") || template_names(template, "margin.unit");
}

bool webhook_config_tells_margins(const struct webhook_config *config)
{
	for (size_t i = 0; i < config->header_count; i++)
		if (names_margin(config->headers[i].value))
			return true;
	return names_margin(config->url) ||
	       (config->body != NULL && names_margin(config->body));
}
