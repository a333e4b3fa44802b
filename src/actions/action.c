/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of the actions, and binds lists of them. */
#include "actions/action.h"

#include "actions/log_action.h"
#include "actions/mqtt_action.h"
#include "actions/webhook_action.h"
#include "actions/write_action.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"

const struct action_type *const action_types[] = {&webhook_action, &mqtt_action, &write_action,
						  &log_action, NULL};

static void suggest_type(struct diags *diags, const char *word)
{
	const char *names[ARRAY_SIZE(action_types)];
	size_t count = 0;

	for (; action_types[count] != NULL; count++)
		names[count] = action_types[count]->key;
	if (!diag_suggest(diags, word, names, count))
		diag_note(diags, "hint: webhook, mqtt, write or log");
}

/* The type that an entry asks for; NULL after an error was added. */
static const struct action_type *entry_type(const struct yaml_node *entry, struct diags *diags)
{
	const struct action_type *type = NULL;

	if (entry->kind != YAML_MAP || entry->count == 0) {
		diag_error(diags, entry, "expected an action such as {webhook: NAME}, got %s",
			   entry->kind == YAML_MAP ? "an empty map" : yaml_kind_words(entry));
		return NULL;
	}
	for (size_t i = 0; action_types[i] != NULL; i++)
		if (yaml_get(entry, action_types[i]->key) != NULL) {
			type = action_types[i];
			break;
		}
	if (type == NULL) {
		diag_error(diags, entry->keys[0], "unknown action '%s'", entry->keys[0]->text);
		suggest_type(diags, entry->keys[0]->text);
		return NULL;
	}
	if (entry->count == 1)
		return type;
	for (size_t i = 0; i < entry->count; i++) {
		if (yaml_get(entry, type->key) == entry->values[i])
			continue;
		diag_error(diags, entry->keys[i], "'%s' stands beside '%s' in one action",
			   entry->keys[i]->text, type->key);
		diag_note(diags, "hint: several actions are several entries of the list");
		return NULL;
	}
	return type;
}

bool action_list_parse(struct arena *arena, const struct yaml_node *seq,
		       const struct action_scope *scope, struct action_list *ret,
		       struct diags *diags)
{
	struct action_list list = {0};
	bool ok = true;

	if (seq == NULL) {
		*ret = list;
		return true;
	}
	if (seq->kind != YAML_SEQ) {
		diag_error(diags, seq, "expected a list of actions, got %s",
			   yaml_kind_words(seq));
		diag_note(diags, "hint: [{webhook: NAME}, {write: {POINT: VALUE}}]");
		return false;
	}
	list.count = seq->count;
	list.types = arena_take(arena, seq->count + 1, sizeof(*list.types));
	list.actions = arena_take(arena, seq->count + 1, sizeof(*list.actions));
	for (size_t i = 0; i < seq->count; i++) {
		list.types[i] = entry_type(seq->values[i], diags);
		if (list.types[i] == NULL) {
			ok = false;
			continue;
		}
		list.actions[i] = list.types[i]->parse(arena, seq->values[i], scope, diags);
		ok = list.actions[i] != NULL && ok;
	}
	if (ok)
		*ret = list;
	return ok;
}
