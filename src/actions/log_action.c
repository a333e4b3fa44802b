/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the action that writes an event to the log. */
#include "actions/log_action.h"

#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"

struct action {
	const struct template *text; /* NULL: the rule's message */
};

static struct action *log_action_parse(struct arena *arena, const struct yaml_node *entry,
				       const struct action_scope *scope, struct diags *diags)
{
	const struct yaml_node *text = yaml_get(entry, "log");
	struct action *action = arena_take(arena, 1, sizeof(*action));

	(void)scope;
	if (text->kind != YAML_SCALAR || yaml_is_null(text) ||
	    (text->plain && strcmp(text->text, "false") == 0)) {
		diag_error(diags, text, "log: expected true or a text, got %s",
			   text->kind == YAML_SCALAR ? "nothing to write"
						     : yaml_kind_words(text));
		return NULL;
	}
	if (text->plain && strcmp(text->text, "true") == 0)
		return action;
	action->text = template_parse(arena, text, TEMPLATE_LINE, diags);
	return action->text != NULL ? action : NULL;
}

static void log_action_run(const struct action *action, const struct action_host *host,
			   const struct event *event, const struct event_stamp *stamp)
{
	/* A log line has no message id. */
	struct event_facts facts = {event, stamp, "", event->seq};
	struct str text;
	const char *said;

	(void)host;
	str_init(&text);
	if (action->text != NULL)
		template_render(action->text, &facts, &text);
	said = text.s != NULL ? text.s : event->message;
	log_notice("rule %s: %s (%s)%s%s", event->rule_name, event_type_name(event->type),
		   severity_name(event->severity), said[0] != '\0' ? ": " : "", said);
	str_done(&text);
}

static void log_action_tell(const struct action *action, enum event_type event, deed_fn *told,
			    void *arg)
{
	(void)action;
	(void)event;
	told(arg, &(struct deed){.kind = DEED_LOG});
}

const struct action_type log_action = {
	.key = "log",
	.shape = "text",
	.help = "Writes the event to the log: true, or the text to write, with ${...}.",
	.parse = log_action_parse,
	.run = log_action_run,
	.tell = log_action_tell,
};
