/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns Jansson in the simulator, and the receiver's idea of a correct delivery. */
#include "sim/ledger.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"

enum { LEDGER_IDS = 4096, LEDGER_RULES = 1024 };

struct ledger_rule {
	char *name;
	bool fired;
	SLIST_ENTRY(ledger_rule) entry;
};

struct ledger_id {
	char *id;
	uint64_t hash; /* of the body */
};

struct ledger {
	struct ledger_counts counts;
	struct ledger_id ids[LEDGER_IDS]; /* a ring */
	size_t id_count, id_next;
	SLIST_HEAD(, ledger_rule) rules;
	size_t rule_count;
	int64_t seq;
};

struct ledger *ledger_new(void)
{
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	SLIST_INIT(&ledger->rules);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	struct ledger_rule *rule;

	if (ledger == NULL)
		return;
	while ((rule = SLIST_FIRST(&ledger->rules)) != NULL) {
		SLIST_REMOVE_HEAD(&ledger->rules, entry);
		free(rule->name);
		free(rule);
	}
	for (size_t i = 0; i < LEDGER_IDS; i++)
		free(ledger->ids[i].id);
	free(ledger);
}

struct ledger_counts ledger_counts(const struct ledger *ledger)
{
	return ledger->counts;
}

static uint64_t ledger_hash(const char *body, size_t len)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)body[i]) * UINT64_C(1099511628211);
	return hash;
}

static const struct {
	const char *name;
	json_type type;
	const char *expected;
} ledger_members[] = {
	{"id", JSON_STRING, "a string"},	 {"type", JSON_STRING, "a string"},
	{"site", JSON_STRING, "a string"},	 {"rule", JSON_STRING, "a string"},
	{"severity", JSON_STRING, "a string"},	 {"state", JSON_STRING, "a string"},
	{"message", JSON_STRING, "a string"},	 {"labels", JSON_OBJECT, "an object"},
	{"values", JSON_OBJECT, "an object"},	 {"times", JSON_OBJECT, "an object"},
	{"seq", JSON_INTEGER, "a whole number"},
};

static bool ledger_shape(const json_t *body, struct ledger_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(ledger_members); i++) {
		const json_t *member = json_object_get(body, ledger_members[i].name);

		if (member != NULL && json_typeof(member) == ledger_members[i].type)
			continue;
		snprintf(line->complaint, sizeof(line->complaint), "%s is %s, expected %s",
			 ledger_members[i].name, member == NULL ? "missing" : "of another type",
			 ledger_members[i].expected);
		return false;
	}
	return true;
}

static void ledger_text(const json_t *body, const char *name, char *room, size_t size)
{
	snprintf(room, size, "%s", json_string_value(json_object_get(body, name)));
}

static struct ledger_id *ledger_seen(struct ledger *ledger, const char *id)
{
	for (size_t i = 0; i < ledger->id_count; i++)
		if (strcmp(ledger->ids[i].id, id) == 0)
			return &ledger->ids[i];
	return NULL;
}

static void ledger_remember(struct ledger *ledger, const char *id, uint64_t hash)
{
	struct ledger_id *slot = &ledger->ids[ledger->id_next];

	free(slot->id);
	*slot = (struct ledger_id){xstrdup(id), hash};
	ledger->id_next = (ledger->id_next + 1) % LEDGER_IDS;
	if (ledger->id_count < LEDGER_IDS)
		ledger->id_count++;
}

/* NULL when the book is full: rules beyond that are not judged. */
static struct ledger_rule *ledger_rule(struct ledger *ledger, const char *name)
{
	struct ledger_rule *rule;

	SLIST_FOREACH (rule, &ledger->rules, entry)
		if (strcmp(rule->name, name) == 0)
			return rule;
	if (ledger->rule_count >= LEDGER_RULES)
		return NULL;
	rule = xcalloc(1, sizeof(*rule));
	rule->name = xstrdup(name);
	SLIST_INSERT_HEAD(&ledger->rules, rule, entry);
	ledger->rule_count++;
	return rule;
}

static bool ledger_order(struct ledger *ledger, struct ledger_line *line)
{
	struct ledger_rule *rule = ledger_rule(ledger, line->rule);
	bool fire = strcmp(line->type, "fire") == 0, clear = strcmp(line->type, "clear") == 0;

	if (line->seq <= ledger->seq) {
		snprintf(line->complaint, sizeof(line->complaint), "seq %jd after %jd",
			 (intmax_t)line->seq, (intmax_t)ledger->seq);
		return false;
	}
	ledger->seq = line->seq;
	if (rule == NULL || (!fire && !clear))
		return true;
	if (rule->fired == fire) {
		snprintf(line->complaint, sizeof(line->complaint), "%s",
			 fire ? "fire after fire, without a clear between"
			      : "clear without a fire before it");
		return false;
	}
	rule->fired = fire;
	return true;
}

/* A daemon that was started anew counts from 1 again and knows nothing of what it sent. */
static void ledger_restarted(struct ledger *ledger, int64_t seq)
{
	struct ledger_rule *rule;

	if (seq != 1 || ledger->seq == 0)
		return;
	ledger->seq = 0;
	SLIST_FOREACH (rule, &ledger->rules, entry)
		rule->fired = false;
}

static void ledger_judge(struct ledger *ledger, const json_t *body, uint64_t hash,
			 struct ledger_line *line)
{
	const char *id = json_string_value(json_object_get(body, "id"));
	struct ledger_id *seen = ledger_seen(ledger, id);

	if (seen != NULL) {
		line->verdict = seen->hash == hash ? VERDICT_DUPLICATE : VERDICT_BAD;
		if (seen->hash != hash)
			snprintf(line->complaint, sizeof(line->complaint),
				 "id %s came before with another body", id);
		return;
	}
	ledger_remember(ledger, id, hash);
	ledger_restarted(ledger, line->seq);
	line->verdict = ledger_order(ledger, line) ? VERDICT_GOOD : VERDICT_BAD;
}

static void ledger_count(struct ledger_counts *counts, const struct ledger_line *line)
{
	switch (line->verdict) {
	case VERDICT_BAD:
		counts->bad++;
		return;
	case VERDICT_DUPLICATE:
		counts->duplicates++;
		return;
	case VERDICT_GOOD:
		break;
	}
	counts->good++;
	if (strcmp(line->type, "fire") == 0)
		counts->fires++;
	else if (strcmp(line->type, "clear") == 0)
		counts->clears++;
	else if (strcmp(line->type, "instant") == 0)
		counts->instants++;
	else
		counts->others++;
}

void ledger_book(struct ledger *ledger, const char *body, size_t len, struct ledger_line *ret)
{
	json_error_t error;
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);

	*ret = (struct ledger_line){.verdict = VERDICT_BAD};
	if (root == NULL)
		snprintf(ret->complaint, sizeof(ret->complaint), "no JSON: %s", error.text);
	else if (!json_is_object(root))
		snprintf(ret->complaint, sizeof(ret->complaint), "JSON, but not an object");
	else if (ledger_shape(root, ret)) {
		ledger_text(root, "type", ret->type, sizeof(ret->type));
		ledger_text(root, "rule", ret->rule, sizeof(ret->rule));
		ledger_text(root, "severity", ret->severity, sizeof(ret->severity));
		ledger_text(root, "message", ret->message, sizeof(ret->message));
		ret->seq = json_integer_value(json_object_get(root, "seq"));
		ledger_judge(ledger, root, ledger_hash(body, len), ret);
	}
	ledger_count(&ledger->counts, ret);
	json_decref(root);
}
