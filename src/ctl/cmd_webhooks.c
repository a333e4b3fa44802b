/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl webhooks and webhook test: how receivers stand, and asking one. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void add_count(struct table *table, const json_t *webhook, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(webhook, name));

	table_cellf(table, count > 0 ? LOOK_WARN : LOOK_PLAIN, "%jd", (intmax_t)count);
}

/* "HTTP 200, 3 s ago" */
static void add_last(struct table *table, const json_t *webhook)
{
	struct str words;

	str_init(&words);
	if (text(webhook, "last_answer") != NULL) {
		str_addf(&words, "%s, ", text(webhook, "last_answer"));
		look_add_age(&words,
			     json_number_value(json_object_get(webhook, "last_answer_age_s")));
		str_adds(&words, " ago");
	}
	table_cell(table, LOOK_PLAIN, words.s);
	str_done(&words);
}

static void add_next(struct table *table, const json_t *webhook)
{
	const json_t *next = json_object_get(webhook, "next_try_s");
	struct str words;

	str_init(&words);
	if (json_is_number(next)) {
		str_adds(&words, "in ");
		look_add_age(&words, json_number_value(next));
	}
	table_cell(table, LOOK_PLAIN, words.s);
	str_done(&words);
}

static void print_webhooks(const struct ctl *ctl, const json_t *webhooks)
{
	struct table *table = table_new(
		ctl, "WEBHOOK|STATE|>WAITING|>DEAD|~>DELIVERED|NEXT TRY|~URL|LAST ANSWER");
	const json_t *webhook;
	size_t i;

	json_array_foreach (webhooks, i, webhook) {
		table_cell(table, LOOK_BOLD, text(webhook, "name"));
		table_cell(table, look_of_state(text(webhook, "state")),
			   text(webhook, "state"));
		add_count(table, webhook, "waiting");
		add_count(table, webhook, "dead");
		table_cellf(
			table, LOOK_PLAIN, "%jd",
			(intmax_t)json_integer_value(json_object_get(webhook, "delivered")));
		add_next(table, webhook);
		table_cell(table, LOOK_PLAIN, text(webhook, "url"));
		add_last(table, webhook);
	}
	table_print(table);
}

static enum ctl_status run_webhooks(const struct ctl *ctl)
{
	json_t *answer;
	enum ctl_status status = remote_ask(ctl, "/v1/webhooks", NULL, &answer, NULL);

	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		remote_print(answer);
		return CTL_OK;
	}
	print_webhooks(ctl, json_object_get(answer, "webhooks"));
	json_decref(answer);
	return CTL_OK;
}

static void print_answer(const struct ctl *ctl, const json_t *answer)
{
	struct str words;

	str_init(&words);
	str_addf(&words, "webhook %s: ", ctl->args[1]);
	if (text(answer, "failure") != NULL)
		look_add_text(&words, text(answer, "failure"));
	else
		str_addf(&words, "HTTP %jd",
			 (intmax_t)json_integer_value(json_object_get(answer, "status")));
	str_adds(&words, ", after ");
	look_add_age(&words, json_number_value(json_object_get(answer, "took_s")));
	str_addf(&words, "; webhook-id %s\n",
		 text(answer, "id") != NULL ? text(answer, "id") : "");
	if (text(answer, "body") != NULL && text(answer, "body")[0] != '\0') {
		look_add_text(&words, text(answer, "body"));
		str_addc(&words, '\n');
	}
	fputs(words.s, stdout);
	str_done(&words);
}

/* The daemon's answer as the answer to the question: did the receiver take it? */
static enum ctl_status run_test(const struct ctl *ctl)
{
	json_t *body = ctl->count > 2 ? json_pack("{ss}", "type", ctl->args[2]) : NULL, *answer;
	char *sent = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	enum ctl_status status = remote_post_to(ctl, "/v1/webhooks", ctl->args[1], "/test",
						sent != NULL ? sent : "", &answer);

	free(sent);
	json_decref(body);
	if (status != CTL_OK)
		return status;
	status = json_is_true(json_object_get(answer, "delivered")) ? CTL_OK : CTL_NO;
	if (ctl->json) {
		remote_print(answer);
		return status;
	}
	print_answer(ctl, answer);
	json_decref(answer);
	return status;
}

static enum ctl_status run_webhook(const struct ctl *ctl)
{
	if (strcmp(ctl->args[0], "test") == 0)
		return run_test(ctl);
	fprintf(stderr, "gaugectl: there is no 'webhook %s', only 'webhook test NAME [TYPE]'\n",
		ctl->args[0]);
	return CTL_USAGE;
}

const struct ctl_command cmd_webhooks = {
	.name = "webhooks",
	.usage = "",
	.summary = "webhooks: what waits, and what the receivers say",
	.help = "WAITING messages are not delivered yet, DEAD ones were given up. STATE is up, backoff\n"
		"(the receiver does not answer: everything waits), rejected (it refuses a message) or\n"
		"parked (it said 410: nothing is sent until its URL is changed).\n"
		"With --json: {\"webhooks\": [...]}.\n",
	.run = run_webhooks,
};

const struct ctl_command cmd_webhook = {
	.name = "webhook",
	.usage = "test NAME [TYPE]",
	.summary = "send a test message, and tell the answer",
	.help = "The message is made, signed and sent as any other, of a rule gauged-test, and says that\n"
		"TYPE happened: instant (if absent), fire, clear or repeat; for a receiver that keeps\n"
		"alarms test fire, and then clear. It is tried once and does not stand in the queue: also\n"
		"a webhook that is parked or pauses is asked. Exit status 1: the receiver did not take it.\n"
		"Needs root or group gauged-admin, and is logged with your uid.\n",
	.least = 2,
	.most = 3,
	.run = run_webhook,
};
