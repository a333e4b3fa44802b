/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of what is written, and by which rules. */
#include "daemon/config_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/outlet.h"
#include "rules/ruleset.h"
#include "actions/action.h"
#include "daemon/config.h"

/* A write of one rule; those of a rule stand one behind the other. */
struct write_use {
	uint32_t point, rule;
	size_t place; /* in the order of the lists */
	bool fires;
	struct value value;
};

struct write_uses {
	struct arena *arena;
	struct write_use *list;
	size_t count, room;
	uint32_t rule;
	bool fires;
};

static void use_add(void *arg, const struct deed *deed)
{
	struct write_uses *uses = arg;

	if (deed->kind != DEED_WRITE)
		return;
	if (uses->count == uses->room) {
		size_t room = uses->room > 0 ? 2 * uses->room : 64;
		struct write_use *list = arena_take(uses->arena, room, sizeof(*list));

		if (uses->count > 0)
			memcpy(list, uses->list, uses->count * sizeof(*list));
		uses->list = list;
		uses->room = room;
	}
	uses->list[uses->count] = (struct write_use){deed->point, uses->rule, uses->count,
						     uses->fires, deed->value};
	uses->count++;
}

static void uses_of(struct write_uses *uses, const struct action_list *list,
		    enum event_type event)
{
	uses->fires = event == EVENT_FIRE;
	for (size_t i = 0; i < list->count; i++)
		list->types[i]->tell(list->actions[i], event, use_add, uses);
}

static void uses_take(struct write_uses *uses, const struct config *config)
{
	for (uint32_t i = 0; i < ruleset_count(config->rules); i++) {
		const struct config_rule *rule = &config->rule_actions[i];

		uses->rule = i;
		uses_of(uses, &rule->on_fire, EVENT_FIRE);
		uses_of(uses, &rule->on_clear, EVENT_CLEAR);
		uses_of(uses, &rule->on_instant, EVENT_INSTANT);
	}
}

static int use_compare(const void *a, const void *b)
{
	const struct write_use *x = a, *y = b;

	if (x->point != y->point)
		return x->point < y->point ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void warn_pair(const struct config *config, const struct write_use *a,
		      const struct write_use *b, struct diags *diags)
{
	const char *point = point_table_get(config->points, a->point)->name;
	struct rule_view first, second;
	struct str text;

	ruleset_view(config->rules, a->rule, &first);
	ruleset_view(config->rules, b->rule, &second);
	str_init(&text);
	str_addf(&text, "rule '%s' writes ", second.name);
	value_show(b->value, &text);
	str_addf(&text, " to '%s' as it fires, and rule '%s' writes ", point, first.name);
	value_show(a->value, &text);
	diag_warning(diags, second.on_fire != NULL ? second.on_fire : second.node, "%s",
		     text.s);
	diag_note(diags, "hint: when both fire the later one has it; a 'priority', or another "
			 "'severity', says which");
	str_done(&text);
}

/* One warning for each rule, with the first one that it contradicts. */
static void warn_pairs(const struct config *config, const struct config_output *output,
		       const struct write_use *const *fires, struct diags *diags)
{
	for (size_t i = 0; i < output->rule_count; i++) {
		const struct outlet_rule *b = &output->rules[i];

		for (size_t k = 0; k < i && fires[i] != NULL; k++) {
			const struct outlet_rule *a = &output->rules[k];

			if (fires[k] == NULL || a->priority != b->priority ||
			    a->severity != b->severity ||
			    value_equal(fires[i]->value, fires[k]->value) ||
			    ruleset_apart(config->rules, output->ids[i], output->ids[k]))
				continue;
			warn_pair(config, fires[k], fires[i], diags);
			break;
		}
	}
}

/* The rules of count uses of one point. */
static void output_rules(const struct config *config, const struct write_use *uses,
			 size_t count, struct config_output *output, struct diags *diags)
{
	struct outlet_rule *rules = arena_take(config->arena, count, sizeof(*rules));
	const struct write_use **fires = arena_take(config->arena, count, sizeof(*fires));
	uint32_t *ids = arena_take(config->arena, count, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct rule_view view;

		if (i == 0 || uses[i].rule != uses[i - 1].rule) {
			ruleset_view(config->rules, uses[i].rule, &view);
			rules[n] = (struct outlet_rule){
				view.name, arena_printf(config->arena, "rule %s", view.name),
				view.priority, (int)view.severity};
			ids[n++] = uses[i].rule;
		}
		/* Of several in one list the last one stays. */
		if (uses[i].fires)
			fires[n - 1] = &uses[i];
	}
	output->rules = rules;
	output->ids = ids;
	output->rule_count = n;
	warn_pairs(config, output, fires, diags);
}

void config_outputs_bind(struct config *config, struct diags *diags)
{
	size_t points = point_table_count(config->points), count = 0, at = 0;
	struct write_uses uses = {.arena = config->arena};
	struct config_output *outputs;

	if (config->rules != NULL)
		uses_take(&uses, config);
	if (uses.count > 0)
		qsort(uses.list, uses.count, sizeof(*uses.list), use_compare);
	for (uint32_t i = 0; i < points; i++)
		count += point_table_get(config->points, i)->writable;
	outputs = arena_take(config->arena, count, sizeof(*outputs));
	count = 0;
	for (uint32_t i = 0; i < points; i++) {
		size_t from = at;

		while (at < uses.count && uses.list[at].point == i)
			at++;
		if (!point_table_get(config->points, i)->writable)
			continue;
		outputs[count].point = i;
		if (at > from)
			output_rules(config, &uses.list[from], at - from, &outputs[count],
				     diags);
		count++;
	}
	config->outputs = outputs;
	config->output_count = count;
}

const struct config_output *config_output_of(const struct config *config, uint32_t point)
{
	size_t low = 0, high = config->output_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (config->outputs[middle].point == point)
			return &config->outputs[middle];
		if (config->outputs[middle].point < point)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
