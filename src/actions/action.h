/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The seam between the daemon and what events do: an action is a const table of functions,
 * listed in action.c. Actions never see rules or inputs; what they need of the daemon is in
 * struct action_host.
 */
#ifndef GAUGED_ACTIONS_ACTION_H
#define GAUGED_ACTIONS_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/event.h"
#include "model/value.h"

struct action; /* an action's own: one entry of on_fire, on_clear or do; immutable */
struct arena;
struct diags;
struct error;
struct mqtt;
struct point_table;
struct template;
struct webhook;
struct yaml_node;

/* Names that an entry may refer to while it is bound. */
struct action_scope {
	const struct point_table *points;
	size_t webhook_count;
	const char *const *webhook_names;
	size_t mqtt_count;
	const char *const *mqtt_names;
};

/* What the dispatcher adds to an event: the clocks and the place. */
struct event_stamp {
	const char *site;
	struct wall wall;
	struct mono mono;
	const char *boot_id; /* of the kernel, 36 characters */
	bool synchronised;   /* whether the wall clock was set by somebody */
};

/* What a running action may use. All calls happen on the loop. */
struct action_host {
	/* The i-th webhook of the scope; NULL if a reload removed it together with the rule. */
	struct webhook *(*webhook)(void *arg, size_t index);
	struct mqtt *(*mqtt)(void *arg, size_t index); /* likewise, a broker */
	/*
	 * Asks for a write to a point, within its interlocks. How it ended, also when it was
	 * refused at once, is logged and counted by the host, with why as the reason.
	 */
	void (*write)(void *arg, uint32_t point, struct value value, const char *why);
	void *arg;
};

/* One thing that an event does, for whoever wants to know before it is done. */
enum deed_kind { DEED_WEBHOOK, DEED_WRITE, DEED_LOG, DEED_MQTT };
struct deed {
	enum deed_kind kind;
	size_t webhook;	    /* DEED_WEBHOOK: its number in the scope */
	size_t mqtt;	    /* DEED_MQTT: likewise */
	uint32_t point;	    /* DEED_WRITE */
	struct value value; /* DEED_WRITE; a text lives as long as the action */
	/* DEED_WRITE: the text has holes, value is how it is written; NULL: it has none */
	const struct template *template;
};
typedef void deed_fn(void *arg, const struct deed *deed);

struct action_type {
	const char *key; /* the key of the entry's map that selects it: "webhook" */
	/* What stands behind it, for the schema: a shape (conf/schema.h), and a sentence. */
	const char *shape, *help;
	bool switches; /* it changes the plant, rather than tell somebody */

	/* Binds one entry such as {webhook: ops}; NULL after errors were added. */
	struct action *(*parse)(struct arena *arena, const struct yaml_node *entry,
				const struct action_scope *scope, struct diags *diags);
	/* Carries the event out; never waits. */
	void (*run)(const struct action *action, const struct action_host *host,
		    const struct event *event, const struct event_stamp *stamp);
	/* Tells each thing that run() would do for this type of event; does none of them. */
	void (*tell)(const struct action *action, enum event_type event, deed_fn *told,
		     void *arg);
};

/* All actions, ending in NULL. */
extern const struct action_type *const action_types[];

/*
 * The list under on_fire, on_clear or do, bound; each entry is a map whose first known key
 * selects the type. Unknown kinds are errors. The same numbers hold for types[] and actions[].
 */
struct action_list {
	size_t count;
	const struct action_type **types;
	struct action **actions;
};
bool action_list_parse(struct arena *arena, const struct yaml_node *seq,
		       const struct action_scope *scope, struct action_list *ret,
		       struct diags *diags);

#endif
