/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the action that sends an event to a webhook. */
#include "actions/webhook_action.h"

#include <string.h>

#include "actions/action.h"
#include "actions/webhook.h"
#include "base/arena.h"
#include "base/log.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"

struct action {
	size_t index; /* among the scope's webhooks */
};

static struct action *webhook_action_parse(struct arena *arena, const struct yaml_node *entry,
					   const struct action_scope *scope,
					   struct diags *diags)
{
	const struct yaml_node *name = yaml_get(entry, "webhook");
	struct action *action = arena_take(arena, 1, sizeof(*action));

	if (name->kind != YAML_SCALAR || yaml_is_null(name)) {
		diag_error(diags, name, "webhook: expected the name of a webhook, got %s",
			   yaml_kind_words(name));
		return NULL;
	}
	for (size_t i = 0; i < scope->webhook_count; i++) {
		if (strcmp(scope->webhook_names[i], name->text) == 0) {
			action->index = i;
			return action;
		}
	}
	diag_error(diags, name, "unknown webhook '%s'", name->text);
	if (!diag_suggest(diags, name->text, scope->webhook_names, scope->webhook_count) &&
	    scope->webhook_count == 0)
		diag_note(diags, "hint: no webhook is defined, they stand under 'webhooks:'");
	return NULL;
}

static void webhook_action_run(const struct action *action, const struct action_host *host,
			       const struct event *event, const struct event_stamp *stamp)
{
	struct webhook *webhook = host->webhook(host->arg, action->index);

	if (webhook != NULL)
		webhook_send(webhook, event, stamp);
	else
		log_warning("rule %s: its %s is not sent, the webhook is gone with the reload",
			    event->rule_name, event_type_name(event->type));
}

static void webhook_action_tell(const struct action *action, enum event_type event,
				deed_fn *told, void *arg)
{
	(void)event;
	told(arg, &(struct deed){.kind = DEED_WEBHOOK, .webhook = action->index});
}

const struct action_type webhook_action = {
	.key = "webhook",
	.shape = "name",
	.help = "Sends the event to the webhook of this name.",
	.parse = webhook_action_parse,
	.run = webhook_action_run,
	.tell = webhook_action_tell,
};
