/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is to be checked of webhooks and brokers together. */
#include "daemon/config_receivers.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "daemon/config.h"
#include "actions/mqtt_config.h"
#include "actions/webhook_config.h"

static void config_find_fallback(struct config *config, struct config_webhook *webhooks,
				 size_t count, size_t i, struct diags *diags)
{
	const struct yaml_node *node =
		webhooks[i].webhook != NULL ? webhooks[i].webhook->fallback_node : NULL;
	const char **names = arena_take(config->arena, count, sizeof(*names));

	webhooks[i].fallback = SIZE_MAX;
	for (size_t k = 0; k < count && node != NULL; k++) {
		names[k] = webhooks[k].name;
		if (strcmp(webhooks[k].name, node->text) == 0)
			webhooks[i].fallback = k;
	}
	if (node == NULL || webhooks[i].fallback != SIZE_MAX)
		return;
	diag_error(diags, node, "fallback: unknown webhook '%s'", node->text);
	diag_suggest(diags, node->text, names, count);
}

/* A message must not go round for ever. */
static void config_check_fallback(const struct config_webhook *webhooks, size_t count, size_t i,
				  struct diags *diags)
{
	size_t at = webhooks[i].fallback;

	for (size_t steps = 0; at != SIZE_MAX && steps < count; steps++) {
		if (at == i) {
			diag_error(diags, webhooks[i].webhook->fallback_node,
				   "fallback: webhook '%s' would come back to itself",
				   webhooks[i].name);
			return;
		}
		at = webhooks[at].fallback;
	}
}

void config_build_webhooks(struct config *config, const struct config_entry *entries,
			   size_t count, struct diags *diags)
{
	struct config_webhook *built = arena_take(config->arena, count, sizeof(*built));

	for (size_t i = 0; i < count; i++) {
		built[i].name = entries[i].name;
		built[i].node = entries[i].node;
		built[i].webhook = webhook_config_parse(config->arena, entries[i].name,
							entries[i].node, diags);
	}
	for (size_t i = 0; i < count; i++)
		config_find_fallback(config, built, count, i, diags);
	for (size_t i = 0; i < count; i++)
		config_check_fallback(built, count, i, diags);
	config->webhooks = built;
	config->webhook_count = count;
}

/* Two of one client would throw each other out, again and again. */
static void config_check_clients(const struct config_mqtt *mqtts, size_t i, struct diags *diags)
{
	const struct mqtt_config *mqtt = mqtts[i].mqtt;

	for (size_t k = 0; k < i && mqtt != NULL; k++) {
		if (mqtts[k].mqtt == NULL || strcmp(mqtts[k].mqtt->origin, mqtt->origin) != 0 ||
		    strcmp(mqtts[k].mqtt->settings.client_id, mqtt->settings.client_id) != 0)
			continue;
		diag_error(diags, mqtts[i].node,
			   "mqtt '%s' is the same client of the same broker as '%s'",
			   mqtts[i].name, mqtts[k].name);
		diag_note(diags, "hint: give one of them another 'client_id'");
	}
}

void config_build_mqtt(struct config *config, const struct config_entry *entries, size_t count,
		       struct diags *diags)
{
	struct config_mqtt *built = arena_take(config->arena, count, sizeof(*built));
	const char *site = config->site != NULL ? config->site : "";

	for (size_t i = 0; i < count; i++) {
		built[i].name = entries[i].name;
		built[i].node = entries[i].node;
		built[i].mqtt = mqtt_config_parse(config->arena, entries[i].name,
						  entries[i].node, site, diags);
		config_check_clients(built, i, diags);
	}
	config->mqtts = built;
	config->mqtt_count = count;
}

void config_build_mqtt_points(struct config *config, struct diags *diags)
{
	for (size_t i = 0; i < config->mqtt_count; i++) {
		if (config->mqtts[i].mqtt != NULL)
			mqtt_config_points(config->arena, config->mqtts[i].mqtt, config->points,
					   diags);
	}
}

bool config_tells_margins(const struct config *config)
{
	for (size_t i = 0; i < config->webhook_count; i++)
		if (config->webhooks[i].webhook != NULL &&
		    webhook_config_tells_margins(config->webhooks[i].webhook))
			return true;
	for (size_t i = 0; i < config->mqtt_count; i++)
		if (config->mqtts[i].mqtt != NULL &&
		    mqtt_config_tells_margins(config->mqtts[i].mqtt))
			return true;
	return false;
}
