/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words and the JSON of replays. */
#include "ctl/replay_show.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/event.h"
#include "rules/ruleset.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"
#include "ctl/replay.h"
#include "ctl/replay_diff.h"
#include "ctl/replay_log.h"
#include "ctl/tape.h"
#include "daemon/api_json.h"
#include "daemon/config.h"

/*
 * Fires of one rule that are further apart than this are not the same alarm; and so many of
 * them are listed for people.
 */
static const int64_t show_near_ns = 60 * NSEC_PER_SEC;
enum { SHOW_PAIRS = 10 };

static double seconds(int64_t ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

static json_t *json_time(const struct replay_start *start, struct boot at)
{
	struct wall wall;

	return replay_wall(start, at, &wall) ? api_json_wall(wall) : json_null();
}

/* The fields as those of /v1/events have them. */
static void event_json(const struct replay_start *start, const struct event *event)
{
	remote_print(json_pack(
		"{ss ss so sI so ss ss ss ss so sb so so}", "type", "event", "event",
		event_type_name(event->type), "time", json_time(start, event->at), "at_ns",
		(json_int_t)event->at.ns, "at_s", json_real(seconds(event->at.ns)), "rule",
		event->rule_name, "severity", severity_name(event->severity), "from",
		rule_state_name(event->from), "state", rule_state_name(event->to), "reason",
		api_json_text(event->reason), "held", event->held, "message",
		api_json_text(event->message), "active_s", api_json_seconds(event->active_ns)));
}

void replay_show_event(const struct ctl *ctl, const struct replay_start *start,
		       const struct event *event)
{
	struct str text;

	if (ctl->json) {
		event_json(start, event);
		return;
	}
	str_init(&text);
	replay_time_add(&text, start, event->at);
	str_adds(&text, "  ");
	look_print(ctl, LOOK_DIM, text.s);
	printf("%-24s ", event->rule_name);
	look_print(ctl, look_of_event(event_type_name(event->type)),
		   event_type_name(event->type));
	printf(" (%s%s)", severity_name(event->severity), event->held ? ", held back" : "");
	str_clear(&text);
	look_add_text(&text, event->message);
	if (text.len > 0)
		printf("  %s", text.s);
	putchar('\n');
	str_done(&text);
}

static void rule_json(const struct replay_start *start, const struct rule_view *view,
		      const struct replay_log_rule *rule)
{
	const struct boot first = {rule->fire_count > 0 ? rule->fires[0].from_ns : 0};
	bool fired = rule->fire_count > 0;

	remote_print(
		json_pack("{ss ss sI so so so sb}", "type", "rule", "rule", view->name, "fires",
			  (json_int_t)rule->fire_count, "first_s",
			  fired ? json_real(seconds(first.ns)) : json_null(), "first",
			  fired ? json_time(start, first) : json_null(), "firing_s",
			  view->instant ? json_null() : json_real(seconds(rule->firing_ns)),
			  "firing", rule->firing));
}

static void rule_row(struct table *table, const struct replay_start *start,
		     const struct rule_view *view, const struct replay_log_rule *rule)
{
	struct str text;

	str_init(&text);
	table_cell(table, LOOK_BOLD, view->name);
	table_cellf(table, LOOK_PLAIN, "%zu", rule->fire_count);
	replay_time_add(&text, start, (struct boot){rule->fires[0].from_ns});
	table_cell(table, LOOK_PLAIN, text.s);
	str_clear(&text);
	if (!view->instant) {
		look_add_age(&text, seconds(rule->firing_ns));
		if (rule->firing)
			str_adds(&text, ", still firing");
	}
	table_cell(table, rule->firing ? LOOK_BAD : LOOK_PLAIN, text.s);
	str_done(&text);
}

void replay_show_rules(const struct ctl *ctl, const struct replay_start *start,
		       const struct replay *replay, const struct replay_log *log,
		       struct boot end)
{
	const struct ruleset *rules = replay_config(replay)->rules;
	struct table *table = table_new(ctl, "RULE|>FIRES|FIRST|FIRING IN ALL");
	struct str never;
	size_t fired = 0;

	str_init(&never);
	for (uint32_t i = 0; i < ruleset_count(rules); i++) {
		struct replay_log_rule rule;
		struct rule_view view;

		ruleset_view(rules, i, &view);
		replay_log_rule(log, i, end, &rule);
		fired += rule.fire_count > 0;
		if (ctl->json)
			rule_json(start, &view, &rule);
		else if (rule.fire_count > 0)
			rule_row(table, start, &view, &rule);
		else
			str_addf(&never, "%s%s", never.len > 0 ? ", " : "", view.name);
	}
	if (ctl->json || fired == 0) {
		table_free(table);
	} else {
		putchar('\n');
		table_print(table);
	}
	if (never.len > 0)
		printf("%snever fired: %s\n", fired == 0 ? "\n" : "", never.s);
	str_done(&never);
}

/* One rule in both runs; numbers UINT32_MAX where the configuration has none such. */
struct compared {
	const char *name;
	struct replay_log_rule before, after;
	size_t count;
	struct replay_pair *pairs;
	struct replay_diff diff;
	bool added, removed; /* the rule itself */
};

static void compare(const char *name, const struct replay *before,
		    const struct replay_log *before_log, const struct replay *after,
		    const struct replay_log *after_log, struct compared *ret)
{
	const uint32_t old = ruleset_find(replay_config(before)->rules, name);
	const uint32_t new = ruleset_find(replay_config(after)->rules, name);

	*ret = (struct compared){.name = name};
	ret->added = old == UINT32_MAX;
	ret->removed = new == UINT32_MAX;
	if (!ret->added)
		replay_log_rule(before_log, old, (struct boot){0}, &ret->before);
	if (!ret->removed)
		replay_log_rule(after_log, new, (struct boot){0}, &ret->after);
	ret->pairs = xcalloc(ret->before.fire_count + ret->after.fire_count + 1,
			     sizeof(*ret->pairs));
	ret->count =
		replay_diff_match(ret->before.fires, ret->before.fire_count, ret->after.fires,
				  ret->after.fire_count, show_near_ns, ret->pairs);
	replay_diff_sum(ret->before.fires, ret->after.fires, ret->pairs, ret->count,
			&ret->diff);
}

static bool pair_differs(const struct compared *rule, const struct replay_pair *pair)
{
	struct replay_diff diff;

	replay_diff_sum(rule->before.fires, rule->after.fires, pair, 1, &diff);
	return !replay_diff_same(&diff);
}

static void diff_json(const struct replay_start *start, const struct compared *rule,
		      const char *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rule->count; i++) {
		const struct replay_pair *pair = &rule->pairs[i];
		json_t *fire = json_object();

		for (int side = 0; side < 2; side++) {
			ptrdiff_t at = side == 0 ? pair->before : pair->after;
			const struct replay_fire *fires =
				side == 0 ? rule->before.fires : rule->after.fires;
			bool ended = at >= 0 && fires[at].to_ns != INT64_MAX;

			if (at < 0)
				continue;
			json_object_set_new(
				fire, side == 0 ? "before" : "after",
				json_pack("{so so so}", "from_s",
					  json_real(seconds(fires[at].from_ns)), "from",
					  json_time(start, (struct boot){fires[at].from_ns}),
					  "to_s",
					  ended ? json_real(seconds(fires[at].to_ns))
						: json_null()));
		}
		json_array_append_new(list, fire);
	}
	remote_print(json_pack(
		"{ss ss sI sI sI sI sb ss so}", "type", "difference", "rule", rule->name,
		"before", (json_int_t)rule->diff.before, "after", (json_int_t)rule->diff.after,
		"missing", (json_int_t)rule->diff.missing, "new", (json_int_t)rule->diff.added,
		"same", replay_diff_same(&rule->diff), "text", words, "fires", list));
}

/* "- 2026-11-22 17:08:47.123", "+ ...", or what both have, moved. */
static void diff_pair(const struct ctl *ctl, const struct replay_start *start,
		      const struct compared *rule, const struct replay_pair *pair)
{
	struct replay_diff diff;
	struct str text;

	str_init(&text);
	str_adds(&text, pair->after < 0 ? "    - " : pair->before < 0 ? "    + " : "    ~ ");
	replay_time_add(&text, start,
			(struct boot){pair->before >= 0
					      ? rule->before.fires[pair->before].from_ns
					      : rule->after.fires[pair->after].from_ns});
	if (pair->before >= 0 && pair->after >= 0) {
		str_adds(&text, ": ");
		replay_diff_sum(rule->before.fires, rule->after.fires, pair, 1, &diff);
		replay_diff_words(&diff, &text);
	}
	look_print(ctl,
		   pair->after < 0    ? LOOK_BAD
		   : pair->before < 0 ? LOOK_GOOD
				      : LOOK_WARN,
		   text.s);
	putchar('\n');
	str_done(&text);
}

static void diff_print(const struct ctl *ctl, const struct replay_start *start,
		       const struct compared *rule, const char *words)
{
	size_t shown = 0, left = 0;

	printf("%-24s ", rule->name);
	look_print(ctl, replay_diff_same(&rule->diff) ? LOOK_PLAIN : LOOK_BOLD, words);
	printf(" (%zu before, %zu now)%s\n", rule->diff.before, rule->diff.after,
	       rule->added     ? ", a new rule"
	       : rule->removed ? ", the rule is gone"
			       : "");
	for (size_t i = 0; i < rule->count; i++) {
		if (!pair_differs(rule, &rule->pairs[i]))
			continue;
		if (shown++ < SHOW_PAIRS)
			diff_pair(ctl, start, rule, &rule->pairs[i]);
		else
			left++;
	}
	if (left > 0)
		printf("    and %zu more\n", left);
}

/* Shown if it fired in either; true if it fired as before. */
static bool diff_rule(const struct ctl *ctl, const struct replay_start *start,
		      const struct compared *rule)
{
	struct str words;

	str_init(&words);
	replay_diff_words(&rule->diff, &words);
	if (rule->count > 0 && ctl->json)
		diff_json(start, rule, words.s);
	else if (rule->count > 0)
		diff_print(ctl, start, rule, words.s);
	str_done(&words);
	return replay_diff_same(&rule->diff);
}

bool replay_show_diff(const struct ctl *ctl, const struct replay_start *start,
		      const struct replay *before, const struct replay_log *before_log,
		      const struct replay *after, const struct replay_log *after_log)
{
	const struct ruleset *now = replay_config(after)->rules;
	const struct ruleset *old = replay_config(before)->rules;
	size_t count = ruleset_count(now) + ruleset_count(old), differing = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct compared rule;
		struct rule_view view;
		bool gone = i >= ruleset_count(now);

		ruleset_view(gone ? old : now, gone ? i - (uint32_t)ruleset_count(now) : i,
			     &view);
		/* Those that both have were told with the new ones. */
		if (gone && ruleset_find(now, view.name) != UINT32_MAX)
			continue;
		compare(view.name, before, before_log, after, after_log, &rule);
		differing += !diff_rule(ctl, start, &rule);
		free(rule.pairs);
	}
	if (!ctl->json && differing == 0)
		printf("all rules fire as before\n");
	else if (!ctl->json)
		printf("%zu %s otherwise than before\n", differing,
		       str_plural(differing, "rule fires", "rules fire"));
	return differing == 0;
}

void replay_show_end(const struct ctl *ctl, const struct replay_start *start,
		     const struct replay *replay, const struct tape_counts *counts,
		     struct boot end)
{
	size_t names;
	uint64_t skipped = replay_skipped(replay, &names);
	struct str text;

	if (ctl->json) {
		remote_print(json_pack(
			"{ss sI sI sI sI so sI so so}", "type", "end", "readings",
			(json_int_t)counts->readings, "skipped", (json_int_t)skipped,
			"broken_lines", (json_int_t)counts->broken, "gaps",
			(json_int_t)counts->gaps, "missing_s",
			json_real(seconds(counts->missing_ns)), "at_ns", (json_int_t)end.ns,
			"at_s", json_real(seconds(end.ns)), "time", json_time(start, end)));
		return;
	}
	str_init(&text);
	str_addf(&text, "%" PRIu64 " readings in ", counts->readings);
	look_add_age(&text, seconds(end.ns));
	if (skipped > 0)
		str_addf(&text, ", %" PRIu64 " of them of %zu %s that %s not there", skipped,
			 names, str_plural(names, "point", "points"),
			 str_plural(names, "is", "are"));
	if (counts->gaps > 0) {
		str_addf(&text, "; %zu %s, in which ", counts->gaps,
			 str_plural(counts->gaps, "gap", "gaps"));
		look_add_age(&text, seconds(counts->missing_ns));
		str_adds(&text, " are missing");
	}
	if (counts->broken > 0)
		str_addf(&text, "; %" PRIu64 " broken %s skipped", counts->broken,
			 str_plural((size_t)counts->broken, "line", "lines"));
	printf("%s\n", text.s);
	str_done(&text);
}
