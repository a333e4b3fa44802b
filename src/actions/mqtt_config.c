/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of a broker and what may stand in them. */
#include "actions/mqtt_config.h"

#include <ctype.h>
#include <string.h>

#include "actions/outbox_config.h"
#include "actions/webhook_route.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "io/secret.h"
#include "model/point.h"

enum { PORT_PLAIN = 1883, PORT_TLS = 8883 };

struct mqtt_options {
	const char *broker, *client_id, *user, *password, *base, *prefix;
	int protocol, order, discovery;
	int64_t keepalive_ns, timeout_ns, in_flight;
	bool retain_alarms;
	const struct yaml_node *tls, *topic, *body, *retry, *queue, *points;
	struct option_texts networks;
};

struct tls_options {
	const char *ca, *cert, *key;
};

struct points_options {
	const struct yaml_node *names;
	int64_t every_ns;
	double deadband;
	int64_t qos;
};

enum { PROTOCOL_V5, PROTOCOL_V311 };
static const char *const protocols[] = {"v5", "v311", NULL};
enum { DISCOVERY_NONE, DISCOVERY_HOMEASSISTANT };
static const char *const discoveries[] = {"none", "homeassistant", NULL};

static const struct option mqtt_rows[] = {
	{"broker", OPTION(TEXT, mqtt_options, broker), .required = true,
	 .help = "mqtts://HOST:PORT, or mqtt:// without TLS."},
	{"protocol", OPTION(CHOICE, mqtt_options, protocol), .fallback = "v5",
	 .choices = protocols, .help = "The version of MQTT: 5, or 3.1.1."},
	{"client_id", OPTION(TEXT, mqtt_options, client_id),
	 .help = "Who we are to the broker, unlike all others; default gauged-SITE."},
	{"user", OPTION(TEXT, mqtt_options, user), .help = "Name to log in with."},
	{"password", OPTION(TEXT, mqtt_options, password), .help = "${secret:NAME}."},
	{"tls", OPTION(MAP, mqtt_options, tls), .shape = "mqtt_tls",
	 .help = "Certificates, with mqtts."},
	{"allow_networks", OPTION(TEXTS, mqtt_options, networks),
	 .help = "Private networks and loopback that the name of the broker may lead to."},
	{"keepalive", OPTION(DURATION, mqtt_options, keepalive_ns), .fallback = "60s",
	 .min = MQTT_KEEPALIVE_MIN_S, .max = 3600,
	 .help = "Silence of the broker after which it is asked, and then given up."},
	{"timeout", OPTION(DURATION, mqtt_options, timeout_ns), .fallback = "10s", .min = 0.1,
	 .max = 300,
	 .help = "How long a connect, the greeting, or an acknowledgement may take."},
	{"base", OPTION(TEXT, mqtt_options, base),
	 .help = "The topic above status, alarms and points; default gauged/${site}."},
	{"topic", OPTION(NODE, mqtt_options, topic), .shape = "text",
	 .help = "The topic of events, with ${...}; default BASE/events/${rule}."},
	{"body", OPTION(NODE, mqtt_options, body), .shape = "text",
	 .help = "event: the built-in JSON; otherwise the JSON text to send, with ${...}."},
	{"retry", OPTION(MAP, mqtt_options, retry), .shape = "retry",
	 .help = "The pauses between tries and connects."},
	{"order", OPTION(CHOICE, mqtt_options, order), .fallback = "strict",
	 .choices = outbox_orders,
	 .help = "strict: one message at a time, oldest first; none: several at a time."},
	{"in_flight", OPTION(INT, mqtt_options, in_flight), .min = 1,
	 .max = OUTBOX_IN_FLIGHT_MAX,
	 .help = "With order none: how many messages at a time (default 4)."},
	{"queue", OPTION(MAP, mqtt_options, queue), .shape = "queue",
	 .help = "How much may wait, and what goes when that is too much."},
	{"retain_alarms", OPTION(BOOL, mqtt_options, retain_alarms), .fallback = "true",
	 .help = "Keeps the state of every rule at BASE/alarms/RULE, retained."},
	{"points", OPTION(MAP, mqtt_options, points), .shape = "mqtt_points",
	 .help = "Values to keep at BASE/points/POINT, retained."},
	{"discovery", OPTION(CHOICE, mqtt_options, discovery), .fallback = "none",
	 .choices = discoveries, .help = "Tells Home Assistant what there is."},
	{"discovery_prefix", OPTION(TEXT, mqtt_options, prefix), .fallback = "homeassistant",
	 .help = "The topic below which Home Assistant looks for that."},
};

static const struct option tls_rows[] = {
	{"ca", OPTION(TEXT, tls_options, ca),
	 .help = "File of the authorities that count; otherwise those of the system."},
	{"cert", OPTION(TEXT, tls_options, cert), .help = "File of our own certificate."},
	{"key", OPTION(TEXT, tls_options, key), .help = "File of its key."},
};

static const struct option points_rows[] = {
	{"names", OPTION(NODE, points_options, names), .required = true, .shape = "text|[text]",
	 .help = "Points, DEVICE.* for all of a device, or * for all."},
	{"every", OPTION(DURATION, points_options, every_ns), .fallback = "10s", .min = 0.1,
	 .max = 86400, .help = "Values that changed are published so often."},
	{"deadband", OPTION(NUMBER, points_options, deadband), .fallback = "0", .min = 0,
	 .max = 1e300, .help = "Numbers that changed by no more than this did not change."},
	{"qos", OPTION(INT, points_options, qos), .fallback = "0", .min = 0, .max = 1,
	 .help = "1: the broker acknowledges them."},
};

static const struct option_table mqtt_table = {
	.section = "mqtt",
	.manual = "gauged.yaml(5)",
	.rows = mqtt_rows,
	.count = ARRAY_SIZE(mqtt_rows),
	.name = "mqtt",
};

static const struct option_table tls_table = {
	.section = "tls of mqtt",
	.manual = "gauged.yaml(5)",
	.rows = tls_rows,
	.count = ARRAY_SIZE(tls_rows),
	.name = "mqtt_tls",
};

static const struct option_table points_table = {
	.section = "points of mqtt",
	.manual = "gauged.yaml(5)",
	.rows = points_rows,
	.count = ARRAY_SIZE(points_rows),
	.name = "mqtt_points",
};

const struct option_table *const mqtt_option_tables[] = {&mqtt_table, &tls_table, &points_table,
							 NULL};

void mqtt_topic_add(const char *text, struct str *out)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x80 && (isalnum(c) || strchr("-_~.", c) != NULL))
			str_addc(out, (char)c);
		else
			str_addf(out, "%%%02X", c);
	}
}

static const struct yaml_node *place(const struct mqtt_config *config, const char *key)
{
	const struct yaml_node *value = yaml_get(config->node, key);

	return value != NULL ? value : config->node;
}

/* ---- whom we connect to ---- */

/* host[:port], [address]:port; false: it is none. */
static bool split_host(struct arena *arena, const char *text, struct mqtt_settings *set)
{
	bool bracket = text[0] == '[';
	const char *begin = text + bracket, *end = strpbrk(begin, bracket ? "]" : ":");
	const char *port = end;
	int64_t number;

	if (end == NULL && bracket)
		return false;
	if (end == NULL)
		end = port = begin + strlen(begin);
	if (bracket)
		port++;
	if (end == begin || end - begin > 255 ||
	    strcspn(begin, "/?#@ \t") < (size_t)(end - begin))
		return false;
	set->host = arena_text(arena, begin, (size_t)(end - begin));
	if (*port == '\0')
		return true;
	if (*port != ':' || str_to_int(port + 1, &number) != 0 || number < 1 || number > 65535)
		return false;
	set->port = (uint16_t)number;
	return true;
}

static bool parse_broker(struct arena *arena, const char *text, struct mqtt_config *config,
			 struct diags *diags)
{
	static const char plain[] = "mqtt://", tls[] = "mqtts://";
	struct mqtt_settings *set = &config->settings;
	bool bracket;

	set->tls = strncmp(text, tls, sizeof(tls) - 1) == 0;
	set->port = set->tls ? PORT_TLS : PORT_PLAIN;
	if ((!set->tls && strncmp(text, plain, sizeof(plain) - 1) != 0) ||
	    !split_host(arena, strstr(text, "://") + 3, set)) {
		diag_error(diags, place(config, "broker"),
			   "broker: '%s' is no address of a broker", text);
		diag_note(diags, "hint: mqtts://broker.example:8883; user and password stand "
				 "in options of their own");
		return false;
	}
	bracket = strchr(set->host, ':') != NULL;
	config->origin =
		arena_printf(arena, "%s%s%s%s:%u", set->tls ? tls : plain, bracket ? "[" : "",
			     set->host, bracket ? "]" : "", set->port);
	return true;
}

/* The name in ${secret:NAME}, if that is all of the text; otherwise NULL. */
static const char *bare_secret(struct arena *arena, const char *text)
{
	static const char begin[] = "${secret:";
	size_t len = strlen(text);

	if (strncmp(text, begin, sizeof(begin) - 1) != 0 || text[len - 1] != '}')
		return NULL;
	text += sizeof(begin) - 1;
	len -= sizeof(begin);
	return secret_name_valid(text, len) ? arena_text(arena, text, len) : NULL;
}

static bool parse_login(struct arena *arena, const struct mqtt_options *options,
			struct mqtt_config *config, struct diags *diags)
{
	bool ok = true;

	if (options->user != NULL) {
		config->user_secret = bare_secret(arena, options->user);
		if (config->user_secret == NULL)
			config->settings.user = options->user;
	}
	if (options->password == NULL)
		return ok;
	config->password_secret = bare_secret(arena, options->password);
	if (config->password_secret == NULL) {
		diag_error(diags, place(config, "password"),
			   "password: it has to be a secret, ${secret:NAME}");
		ok = false;
	}
	if (options->user == NULL) {
		diag_error(diags, place(config, "password"), "password: there is no 'user'");
		ok = false;
	}
	return ok;
}

static bool parse_client_id(struct arena *arena, const char *given, struct mqtt_config *config,
			    struct diags *diags)
{
	if (given == NULL && config->site[0] == '\0') {
		diag_error(diags, config->node,
			   "client_id: it has to be said where there is no 'site'");
		diag_note(diags, "hint: two boxes with the same one throw each other out");
		return false;
	}
	if (given == NULL)
		given = arena_printf(arena, "gauged-%s", config->site);
	config->settings.client_id = given;
	if (given[0] != '\0' && strlen(given) <= MQTT_CLIENT_ID_MAX)
		return true;
	diag_error(diags, place(config, "client_id"),
		   "client_id: expected 1 to %d bytes, got %zu", MQTT_CLIENT_ID_MAX,
		   strlen(given));
	return false;
}

static bool parse_tls(struct arena *arena, const struct yaml_node *node,
		      struct mqtt_config *config, struct diags *diags)
{
	struct mqtt_settings *set = &config->settings;
	struct tls_options tls = {0};
	struct option_binding binding = {&tls_table, &tls};

	if (node == NULL)
		return true;
	if (!option_bind(arena, node, "tls", &binding, 1, diags))
		return false;
	if (!set->tls) {
		diag_error(diags, node, "tls: the broker is one without TLS");
		diag_note(diags, "hint: mqtts:// in 'broker'");
		return false;
	}
	if ((tls.cert == NULL) != (tls.key == NULL)) {
		diag_error(diags, node, "tls: 'cert' and 'key' go together");
		return false;
	}
	set->ca = tls.ca;
	set->cert = tls.cert;
	set->key = tls.key;
	for (size_t i = 0; i < node->count; i++) {
		if (node->values[i]->text[0] == '/')
			continue;
		diag_error(diags, node->values[i], "tls: the path of a file begins with '/'");
		return false;
	}
	return true;
}

/* ---- topics ---- */

static bool topic_good(const char *topic, size_t len, const struct yaml_node *where,
		       const char *what, struct diags *diags)
{
	const char *why = NULL;

	if (len == 0 || len > MQTT_TOPIC_MAX)
		why = "expected a topic of 1 to 1024 bytes";
	else if (strpbrk(topic, "+#") != NULL)
		why = "'+' and '#' can't stand in a topic that is published to";
	else if (topic[0] == '$')
		why = "topics that begin with '$' are the broker's own";
	for (size_t i = 0; i < len && why == NULL; i++) {
		if ((unsigned char)topic[i] < 0x20 || topic[i] == 0x7f)
			why = "a topic has no control characters";
	}
	if (why != NULL)
		diag_error(diags, where, "%s: %s", what, why);
	return why == NULL;
}

/* Of a text in which only ${site} may stand. */
static bool parse_base(struct arena *arena, const char *given, struct mqtt_config *config,
		       struct diags *diags)
{
	static const char site[] = "${site}";
	const char *text = given, *at;
	struct str out;
	bool ok;

	if (given == NULL)
		text = config->site[0] != '\0' ? "gauged/${site}" : "gauged";
	str_init(&out);
	for (; (at = strstr(text, site)) != NULL; text = at + sizeof(site) - 1) {
		str_add(&out, text, (size_t)(at - text));
		mqtt_topic_add(config->site, &out);
	}
	str_adds(&out, text);
	ok = strstr(out.s, "${") == NULL && (out.len == 0 || out.s[out.len - 1] != '/');
	if (!ok)
		diag_error(diags, place(config, "base"),
			   "base: only ${site} can be filled in, and no '/' stands at its end");
	ok = ok && topic_good(out.s, out.len, place(config, "base"), "base", diags);
	config->base = arena_text(arena, out.s != NULL ? out.s : "", out.len);
	str_done(&out);
	return ok;
}

static bool no_secret(const struct template *template, const struct yaml_node *node,
		      const char *what, struct diags *diags)
{
	if (template_secret(template, 0) == NULL)
		return true;
	diag_error(diags, node, "%s: a secret is nothing to publish", what);
	return false;
}

static bool is_text(const struct yaml_node *node, const char *what, struct diags *diags)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node))
		return true;
	diag_error(diags, node, "%s: expected text, got %s", what, yaml_kind_words(node));
	return false;
}

static bool parse_topic(struct arena *arena, const struct yaml_node *node,
			struct mqtt_config *config, struct diags *diags)
{
	struct str sample;
	bool ok;

	if (node == NULL)
		return true;
	if (!is_text(node, "topic", diags))
		return false;
	config->topic = template_parse(arena, node, TEMPLATE_URL, diags);
	if (config->topic == NULL || !no_secret(config->topic, node, "topic", diags))
		return false;
	str_init(&sample);
	template_sample(config->topic, &sample);
	ok = topic_good(sample.s != NULL ? sample.s : "", sample.len, node, "topic", diags);
	str_done(&sample);
	return ok;
}

static bool parse_body(struct arena *arena, const struct yaml_node *node,
		       struct mqtt_config *config, struct diags *diags)
{
	if (node == NULL)
		return true;
	if (!is_text(node, "body", diags))
		return false;
	if (node->plain && strcmp(node->text, "event") == 0)
		return true;
	config->body = template_parse(arena, node, TEMPLATE_JSON, diags);
	return config->body != NULL && no_secret(config->body, node, "body", diags);
}

/* ---- values ---- */

static bool parse_points(struct arena *arena, const struct yaml_node *node,
			 struct mqtt_config *config, struct diags *diags)
{
	struct points_options points = {0};
	struct option_binding binding = {&points_table, &points};

	if (node == NULL)
		return true;
	if (!option_bind(arena, node, "points", &binding, 1, diags))
		return false;
	config->points = (struct mqtt_points){
		.names = points.names,
		.every_ns = points.every_ns,
		.deadband = points.deadband,
		.qos = (int)points.qos,
	};
	return true;
}

/* "*": all; "boiler.*": those of a device; otherwise the one of that name. */
static bool name_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*' && (len == 1 || pattern[len - 2] == '.'))
		return strncmp(pattern, name, len - 1) == 0;
	return strcmp(pattern, name) == 0;
}

struct point_choice {
	const struct point_table *points;
	bool *chosen;
	size_t count;
};

static bool choose_points(struct point_choice *choice, const struct yaml_node *pattern,
			  struct diags *diags)
{
	size_t total = point_table_count(choice->points), found = 0;

	if (!is_text(pattern, "names", diags))
		return false;
	for (uint32_t i = 0; i < total; i++) {
		const struct point *point = point_table_get(choice->points, i);

		/* What is never read has no value to tell. */
		if (point->line != NULL || !name_matches(pattern->text, point->name))
			continue;
		found++;
		choice->count += !choice->chosen[i];
		choice->chosen[i] = true;
	}
	if (found > 0 || point_table_is_broken(choice->points, pattern->text, pattern->len))
		return true;
	diag_error(diags, pattern, "names: there is no point '%s'", pattern->text);
	diag_suggest(diags, pattern->text, point_table_names(choice->points), total);
	return false;
}

bool mqtt_config_points(struct arena *arena, struct mqtt_config *config,
			const struct point_table *points, struct diags *diags)
{
	const struct yaml_node *names = config->points.names;
	size_t total = point_table_count(points), count = 0;
	struct point_choice choice = {.points = points};
	uint32_t *ids;
	bool ok = true;

	if (names == NULL)
		return true;
	choice.chosen = arena_take(arena, total + 1, sizeof(*choice.chosen));
	if (names->kind != YAML_SEQ)
		ok = choose_points(&choice, names, diags);
	for (size_t i = 0; names->kind == YAML_SEQ && i < names->count; i++)
		ok = choose_points(&choice, names->values[i], diags) && ok;
	if (choice.count > MQTT_POINTS_MAX) {
		diag_error(diags, names, "names: %zu points, at most %d are possible",
			   choice.count, MQTT_POINTS_MAX);
		return false;
	}
	ids = arena_take(arena, choice.count + 1, sizeof(*ids));
	for (uint32_t i = 0; i < total; i++) {
		if (choice.chosen[i])
			ids[count++] = i;
	}
	config->points.ids = ids;
	config->points.count = count;
	return ok;
}

/* ---- all of it ---- */

static bool parse_discovery(const struct mqtt_options *options, struct mqtt_config *config,
			    struct diags *diags)
{
	if (options->discovery == DISCOVERY_NONE)
		return true;
	config->discovery = options->prefix;
	return topic_good(options->prefix, strlen(options->prefix),
			  place(config, "discovery_prefix"), "discovery_prefix", diags);
}

static bool parse_rest(struct arena *arena, const struct mqtt_options *options,
		       struct mqtt_config *config, struct diags *diags)
{
	const struct outbox_wishes wishes = {
		.map = config->node,
		.order = options->order,
		.in_flight = options->in_flight,
		.retry = options->retry,
		.queue = options->queue,
	};
	struct mqtt_settings *set = &config->settings;
	bool ok = outbox_policy_parse(arena, &wishes, &config->policy, diags);

	ok = parse_login(arena, options, config, diags) && ok;
	ok = parse_client_id(arena, options->client_id, config, diags) && ok;
	ok = parse_tls(arena, options->tls, config, diags) && ok;
	ok = webhook_networks_parse(arena, config->node, &options->networks, &set->networks,
				    &set->network_count, diags) &&
	     ok;
	ok = parse_base(arena, options->base, config, diags) && ok;
	ok = parse_topic(arena, options->topic, config, diags) && ok;
	ok = parse_body(arena, options->body, config, diags) && ok;
	ok = parse_points(arena, options->points, config, diags) && ok;
	ok = parse_discovery(options, config, diags) && ok;
	set->v5 = options->protocol == PROTOCOL_V5;
	set->keepalive_s = (int)(options->keepalive_ns / NSEC_PER_SEC);
	set->connect_ns = set->ack_ns = options->timeout_ns;
	set->pause_min_ns = config->policy.first_ns;
	set->pause_max_ns = config->policy.max_ns;
	set->will_topic = arena_printf(arena, "%s/status", config->base);
	set->will = "offline";
	config->retain_alarms = options->retain_alarms;
	return ok;
}

struct mqtt_config *mqtt_config_parse(struct arena *arena, const char *name,
				      const struct yaml_node *node, const char *site,
				      struct diags *diags)
{
	struct mqtt_config *config = arena_take(arena, 1, sizeof(*config));
	struct mqtt_options options = {0};
	struct option_binding binding = {&mqtt_table, &options};
	char *what = arena_printf(arena, "mqtt '%s'", name);

	config->name = name;
	config->queue = arena_printf(arena, "mqtt:%s", name);
	config->node = node;
	config->site = site;
	if (!option_bind(arena, node, what, &binding, 1, diags))
		return NULL;
	if (!parse_broker(arena, options.broker, config, diags))
		return NULL;
	return parse_rest(arena, &options, config, diags) ? config : NULL;
}

static bool names_margin(const struct template *template)
{
	return template != NULL &&
	       (template_names(template, "margin") || template_names(template, "margin.unit"));
}

bool mqtt_config_tells_margins(const struct mqtt_config *config)
{
	return names_margin(config->topic) || names_margin(config->body);
}
