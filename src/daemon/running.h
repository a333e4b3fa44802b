/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What belongs to one configuration while it runs: its engine, its open buses, webhooks and
 * brokers. A
 * reload opens the next one beside it and moves over what the two have in common.
 */
#ifndef GAUGED_DAEMON_RUNNING_H
#define GAUGED_DAEMON_RUNNING_H

#include <stdbool.h>

#include "rules/engine.h"
#include "inputs/input.h"
#include "actions/mqtt.h"
#include "actions/webhook.h"

struct boxes;
struct bus;
struct config;
struct diags;
struct http_client;
struct loop;
struct webhook;

struct running {
	struct config *config;
	struct engine *engine;
	struct bus **buses;	   /* the n-th is the configuration's n-th */
	struct webhook **webhooks; /* likewise */
	struct mqtt **mqtts;
	struct mqtt_plant *plant; /* what brokers are told of */
};

struct running_scope {
	struct loop *loop;
	struct http_client *http;
	struct boxes *boxes; /* the queues of webhooks and brokers */
	struct webhook_host webhooks;
	struct mqtt_host mqtts;
	struct input_sink readings;
	struct engine_sink events;
};

/*
 * Takes config. Buses that old (NULL: there is none) has unchanged stay NULL in *next until
 * running_move(). False after errors were added: then nothing is open and nothing has changed.
 */
bool running_open(const struct running_scope *scope, struct config *config,
		  const struct running *old, struct running *next, struct diags *diags);
/*
 * What can be known without opening a device: whether every webhook would open, and so whether
 * its secrets are there. Nothing stays open. False after errors were added.
 */
bool running_try(const struct running_scope *scope, struct config *config, struct diags *diags);
/* Closes what is open and was not moved away. */
void running_close(struct running *running);

/* Moves unchanged buses, and what webhooks of the same name have under way. */
void running_move(struct running *old, struct running *next);
/* From here on messages go out. */
void running_start(const struct running_scope *scope, struct running *running);
/* The network may be back: what waits for it goes now. */
void running_wake(struct running *running);
/* What is retained at brokers of the rule is another now. */
void running_moved(struct running *running, uint32_t rule);

#endif
