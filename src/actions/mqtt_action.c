/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the action that publishes an event to a broker. */
#include "actions/mqtt_action.h"

#include <string.h>

#include "actions/action.h"
#include "actions/mqtt.h"
#include "base/arena.h"
#include "base/log.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"

struct action {
	size_t index; /* among the scope's brokers */
};

static struct action *mqtt_action_parse(struct arena *arena, const struct yaml_node *entry,
					const struct action_scope *scope, struct diags *diags)
{
	const struct yaml_node *name = yaml_get(entry, "mqtt");
	struct action *action = arena_take(arena, 1, sizeof(*action));

	if (name->kind != YAML_SCALAR || yaml_is_null(name)) {
		diag_error(diags, name, "mqtt: expected the name of a broker, got %s",
			   yaml_kind_words(name));
		return NULL;
	}
	for (size_t i = 0; i < scope->mqtt_count; i++) {
		if (strcmp(scope->mqtt_names[i], name->text) == 0) {
			action->index = i;
			return action;
		}
	}
	diag_error(diags, name, "unknown broker '%s'", name->text);
	if (!diag_suggest(diags, name->text, scope->mqtt_names, scope->mqtt_count) &&
	    scope->mqtt_count == 0)
		diag_note(diags, "hint: no broker is defined, they stand under 'mqtt:'");
	return NULL;
}

static void mqtt_action_run(const struct action *action, const struct action_host *host,
			    const struct event *event, const struct event_stamp *stamp)
{
	struct mqtt *mqtt = host->mqtt(host->arg, action->index);

	if (mqtt != NULL)
		mqtt_send(mqtt, event, stamp);
	else
		log_warning("rule %s: its %s is not sent, the broker is gone with the reload",
			    event->rule_name, event_type_name(event->type));
}

static void mqtt_action_tell(const struct action *action, enum event_type event, deed_fn *told,
			     void *arg)
{
	(void)event;
	told(arg, &(struct deed){.kind = DEED_MQTT, .mqtt = action->index});
}

const struct action_type mqtt_action = {
	.key = "mqtt",
	.shape = "name",
	.help = "Publishes the event to the broker of this name.",
	.parse = mqtt_action_parse,
	.run = mqtt_action_run,
	.tell = mqtt_action_tell,
};
