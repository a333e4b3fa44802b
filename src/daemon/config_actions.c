/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the binding of rules to their actions. */
#include "daemon/config_actions.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "daemon/config.h"
#include "rules/ruleset.h"

/* A list that many rules have by default stands in the file once and is bound once. */
struct shared_list {
	const struct yaml_node *node; /* NULL: the end */
	struct action_list list;
};

struct binding_actions {
	struct arena *arena;
	struct diags *diags;
	struct action_scope scope;
	struct shared_list shared[3];
};

static void config_actions_list(const struct binding_actions *binding,
				const struct yaml_node *node, struct action_list *ret)
{
	for (const struct shared_list *s = binding->shared; s->node != NULL; s++) {
		if (s->node == node) {
			*ret = s->list;
			return;
		}
	}
	action_list_parse(binding->arena, node, &binding->scope, ret, binding->diags);
}

static void config_actions_share(struct binding_actions *binding,
				 const struct yaml_node *const *roots, size_t root_count)
{
	static const char *const keys[] = {"on_fire", "on_clear"};
	struct shared_list *shared = binding->shared;

	for (size_t i = 0; i < root_count; i++) {
		const struct yaml_node *rules =
			yaml_get(yaml_get(roots[i], "defaults"), "rules");

		for (size_t k = 0; k < ARRAY_SIZE(keys) && rules != NULL; k++) {
			const struct yaml_node *node = yaml_get(rules, keys[k]);

			if (node == NULL)
				continue;
			action_list_parse(binding->arena, node, &binding->scope, &shared->list,
					  binding->diags);
			shared++->node = node;
		}
	}
}

static void config_actions_rules(const struct binding_actions *binding, struct config *config)
{
	size_t count = ruleset_count(config->rules);
	struct config_rule *rules = arena_take(binding->arena, count, sizeof(*rules));
	const struct yaml_node *node = NULL;

	for (uint32_t i = 0; i < count; i++) {
		struct rule_view view;

		ruleset_view(config->rules, i, &view);
		if (i > 0 && view.node == node) {
			rules[i] = rules[i - 1]; /* of one for_each */
			continue;
		}
		node = view.node;
		config_actions_list(binding, view.on_fire, &rules[i].on_fire);
		config_actions_list(binding, view.on_clear, &rules[i].on_clear);
		config_actions_list(binding, view.on_instant, &rules[i].on_instant);
	}
	config->rule_actions = rules;
}

static void config_actions_tell(const struct binding_actions *binding,
				const struct yaml_node *list, struct action_list *ret)
{
	if (list == NULL || list->kind != YAML_SEQ ||
	    !action_list_parse(binding->arena, list, &binding->scope, ret, binding->diags))
		return;
	for (size_t i = 0; i < ret->count; i++) {
		if (ret->types[i]->switches)
			diag_error(binding->diags, list->values[i],
				   "the store switches nothing: expected webhook, mqtt or log");
	}
}

/* Of the store: there is one 'state', wherever it stands. */
static void config_actions_store(const struct binding_actions *binding, struct config *config,
				 const struct yaml_node *const *roots, size_t root_count)
{
	for (size_t i = 0; i < root_count; i++) {
		const struct yaml_node *state = yaml_get(roots[i], "state");

		if (state == NULL || state->kind != YAML_MAP)
			continue;
		config_actions_tell(binding, yaml_get(state, "on_fire"),
				    &config->store_actions.on_fire);
		config_actions_tell(binding, yaml_get(state, "on_clear"),
				    &config->store_actions.on_clear);
	}
}

/* The lists in the maps of a section whose rules could not be compiled. */
static void config_actions_check(const struct binding_actions *binding,
				 const struct yaml_node *section)
{
	static const char *const keys[] = {"on_fire", "on_clear", "do"};

	for (size_t i = 0; section != NULL && i < section->count; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			const struct yaml_node *list = yaml_get(section->values[i], keys[k]);
			struct action_list unused;

			if (list != NULL && list->kind == YAML_SEQ)
				action_list_parse(binding->arena, list, &binding->scope,
						  &unused, binding->diags);
		}
	}
}

void config_actions_bind(struct config *config, const struct yaml_node *const *roots,
			 size_t root_count, struct diags *diags)
{
	const char **names = arena_take(config->arena, config->webhook_count, sizeof(*names));
	const char **mqtt = arena_take(config->arena, config->mqtt_count, sizeof(*mqtt));
	struct binding_actions binding = {
		.arena = config->arena,
		.diags = diags,
		.scope = {.points = config->points,
			  .webhook_count = config->webhook_count,
			  .webhook_names = names,
			  .mqtt_count = config->mqtt_count,
			  .mqtt_names = mqtt},
	};

	for (size_t i = 0; i < config->webhook_count; i++)
		names[i] = config->webhooks[i].name;
	for (size_t i = 0; i < config->mqtt_count; i++)
		mqtt[i] = config->mqtts[i].name;
	config_actions_store(&binding, config, roots, root_count);
	for (size_t i = 0; config->rules == NULL && i < root_count; i++) {
		config_actions_check(&binding, yaml_get(roots[i], "rules"));
		config_actions_check(&binding, yaml_get(roots[i], "defaults"));
	}
	if (config->rules == NULL)
		return;
	config_actions_share(&binding, roots, root_count);
	config_actions_rules(&binding, config);
}
