/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the opening of what a configuration describes, and the move of what stays. */
#include "daemon/running.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/diag.h"
#include "io/secret.h"
#include "rules/ruleset.h"
#include "actions/mqtt_config.h"
#include "actions/webhook_config.h"
#include "daemon/boxes.h"
#include "daemon/bus.h"
#include "daemon/config.h"

/* Mostly at the same place as before: hint is where to look first. */
static struct bus *running_kept_bus(const struct running *old, const struct config_bus *entry,
				    size_t hint, size_t *ret_index)
{
	size_t count = old != NULL ? old->config->bus_count : 0;

	for (size_t n = 0; n < count; n++) {
		size_t i = (hint + n) % count;

		if (old->buses[i] != NULL && bus_unchanged(old->buses[i], entry)) {
			*ret_index = i;
			return old->buses[i];
		}
	}
	return NULL;
}

/* The open bus that an entry which changed takes the place of. */
static const struct bus *running_before(const struct running *old,
					const struct config_bus *entry)
{
	for (size_t i = 0; old != NULL && i < old->config->bus_count; i++) {
		if (old->config->buses[i].type == entry->type &&
		    strcmp(old->config->buses[i].name, entry->name) == 0)
			return old->buses[i];
	}
	return NULL;
}

static bool running_open_buses(const struct running_scope *scope, struct running *next,
			       const struct running *old, struct diags *diags)
{
	for (size_t i = 0; i < next->config->bus_count; i++) {
		const struct config_bus *entry = &next->config->buses[i];
		struct error err;
		size_t index;

		if (running_kept_bus(old, entry, i, &index) != NULL)
			continue;
		next->buses[i] = bus_open(next->config, entry, scope->loop, scope->readings,
					  running_before(old, entry), &err);
		if (next->buses[i] == NULL) {
			diag_error(diags, entry->source.node, "%s", err.text);
			return false;
		}
	}
	return true;
}

static struct secret_dirs running_secrets(const struct config *config)
{
	return (struct secret_dirs){
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
		.configured = config->secrets_dir,
	};
}

/* real: they are to run, and have queues. */
static bool running_open_webhooks(const struct running_scope *scope, struct running *next,
				  bool real, struct diags *diags)
{
	struct secret_dirs secrets = running_secrets(next->config);
	bool ok = true;

	for (size_t i = 0; i < next->config->webhook_count; i++) {
		const struct config_webhook *entry = &next->config->webhooks[i];
		struct error err;

		next->webhooks[i] = webhook_open(
			entry->webhook, scope->http, scope->loop,
			real ? boxes_get(scope->boxes, entry->name) : NULL, &secrets, &err);
		if (next->webhooks[i] == NULL) {
			diag_error(diags, entry->node, "%s", err.text);
			ok = false;
		}
	}
	return ok;
}

/* Rules that happen, rather than last, have no state. */
static void running_describe(struct running *running)
{
	size_t count = ruleset_count(running->config->rules);
	const char **names = xcalloc(count, sizeof(*names));
	struct rule_view view;

	for (uint32_t i = 0; i < count; i++) {
		ruleset_view(running->config->rules, i, &view);
		names[i] = view.instant ? NULL : view.name;
	}
	running->plant = xcalloc(1, sizeof(*running->plant));
	*running->plant = (struct mqtt_plant){
		.points = running->config->points,
		.rule_count = count,
		.rules = names,
	};
}

/* real: see above. */
static bool running_open_mqtts(const struct running_scope *scope, struct running *next,
			       bool real, struct diags *diags)
{
	struct secret_dirs secrets = running_secrets(next->config);
	bool ok = true;

	running_describe(next);
	for (size_t i = 0; i < next->config->mqtt_count; i++) {
		const struct config_mqtt *entry = &next->config->mqtts[i];
		struct error err;

		next->mqtts[i] =
			mqtt_open(entry->mqtt, next->plant, scope->loop,
				  real ? boxes_get(scope->boxes, entry->mqtt->queue) : NULL,
				  &secrets, &err);
		if (next->mqtts[i] == NULL) {
			diag_error(diags, entry->node, "%s", err.text);
			ok = false;
		}
	}
	return ok;
}

bool running_try(const struct running_scope *scope, struct config *config, struct diags *diags)
{
	struct running tried = {.config = config_ref(config)};
	bool ok;

	tried.buses = xcalloc(config->bus_count, sizeof(*tried.buses));
	tried.webhooks = xcalloc(config->webhook_count, sizeof(*tried.webhooks));
	tried.mqtts = xcalloc(config->mqtt_count, sizeof(struct mqtt *));
	ok = running_open_webhooks(scope, &tried, false, diags);
	ok = running_open_mqtts(scope, &tried, false, diags) && ok;
	running_close(&tried);
	return ok;
}

void running_close(struct running *running)
{
	if (running->config == NULL)
		return;
	for (size_t i = 0; i < running->config->bus_count; i++)
		bus_close(running->buses[i]);
	for (size_t i = 0; i < running->config->webhook_count; i++)
		webhook_close(running->webhooks[i]);
	for (size_t i = 0; i < running->config->mqtt_count; i++)
		mqtt_close(running->mqtts[i]);
	engine_free(running->engine);
	free(running->buses);
	free(running->webhooks);
	free(running->mqtts);
	if (running->plant != NULL)
		free((void *)running->plant->rules);
	free(running->plant);
	config_unref(running->config);
	*running = (struct running){0};
}

bool running_open(const struct running_scope *scope, struct config *config,
		  const struct running *old, struct running *next, struct diags *diags)
{
	next->config = config;
	next->buses = xcalloc(config->bus_count, sizeof(*next->buses));
	next->webhooks = xcalloc(config->webhook_count, sizeof(*next->webhooks));
	next->mqtts = xcalloc(config->mqtt_count, sizeof(struct mqtt *));
	next->engine = engine_new(config->rules, config->points, scope->events, clock_boot());
	if (running_open_webhooks(scope, next, true, diags) &&
	    running_open_mqtts(scope, next, true, diags) &&
	    running_open_buses(scope, next, old, diags))
		return true;
	running_close(next);
	return false;
}

/* What leaves hands over to what was opened, under whatever name. */
static void running_hand_over(struct running *old, struct bus *opened)
{
	for (size_t i = 0; i < old->config->bus_count; i++) {
		if (old->buses[i] != NULL)
			bus_adopt(opened, old->buses[i]);
	}
}

static void running_move_buses(struct running *old, struct running *next)
{
	struct bus **opened = xcalloc(next->config->bus_count, sizeof(struct bus *));

	for (size_t i = 0; i < next->config->bus_count; i++) {
		const struct config_bus *entry = &next->config->buses[i];
		size_t index;

		opened[i] = next->buses[i];
		if (next->buses[i] != NULL)
			continue;
		next->buses[i] = running_kept_bus(old, entry, i, &index);
		bus_renumber(next->buses[i], entry);
		old->buses[index] = NULL;
	}
	for (size_t i = 0; i < next->config->bus_count; i++) {
		if (opened[i] != NULL)
			running_hand_over(old, opened[i]);
	}
	free(opened);
}

static void running_move_webhooks(struct running *old, struct running *next)
{
	for (size_t i = 0; i < next->config->webhook_count; i++) {
		for (size_t k = 0; k < old->config->webhook_count; k++) {
			if (strcmp(old->config->webhooks[k].name,
				   next->config->webhooks[i].name) == 0)
				webhook_adopt(next->webhooks[i], old->webhooks[k]);
		}
	}
}

static void running_move_mqtts(struct running *old, struct running *next)
{
	for (size_t i = 0; i < next->config->mqtt_count; i++) {
		for (size_t k = 0; k < old->config->mqtt_count; k++) {
			if (strcmp(old->config->mqtts[k].name, next->config->mqtts[i].name) ==
			    0)
				mqtt_adopt(next->mqtts[i], old->mqtts[k]);
		}
	}
}

static void running_warn_fixed(const struct config *old, const struct config *next)
{
	const char *was = old->metrics_listen != NULL ? old->metrics_listen : "";
	const char *is = next->metrics_listen != NULL ? next->metrics_listen : "";

	if (strcmp(old->control_socket, next->control_socket) != 0)
		log_warning("the control socket stays at %s until a restart",
			    old->control_socket);
	if (strcmp(was, is) != 0)
		log_warning("the metrics listener stays as it is until a restart");
}

void running_move(struct running *old, struct running *next)
{
	running_move_buses(old, next);
	running_move_webhooks(old, next);
	running_move_mqtts(old, next);
	running_warn_fixed(old->config, next->config);
}

void running_start(const struct running_scope *scope, struct running *running)
{
	for (size_t i = 0; i < running->config->webhook_count; i++) {
		size_t fallback = running->config->webhooks[i].fallback;

		webhook_start(running->webhooks[i], &scope->webhooks,
			      fallback != SIZE_MAX ? running->webhooks[fallback] : NULL);
	}
	for (size_t i = 0; i < running->config->mqtt_count; i++)
		mqtt_start(running->mqtts[i], &scope->mqtts);
}

void running_wake(struct running *running)
{
	for (size_t i = 0; i < running->config->webhook_count; i++)
		webhook_wake(running->webhooks[i]);
	for (size_t i = 0; i < running->config->mqtt_count; i++)
		mqtt_wake(running->mqtts[i]);
}

void running_moved(struct running *running, uint32_t rule)
{
	for (size_t i = 0; i < running->config->mqtt_count; i++)
		mqtt_alarm_moved(running->mqtts[i], rule);
}
