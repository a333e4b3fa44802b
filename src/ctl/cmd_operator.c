/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl ack, shelve, unshelve: what an operator does to a rule. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

enum { SHELVE_MOST_DAYS = 31 };
#define DAY_NS (86400 * NSEC_PER_SEC)

/* POST of body to /v1/rules/NAME and what; body is taken. What has become of the rule, or NULL.
 */
static json_t *operate(const struct ctl *ctl, const char *what, json_t *body,
		       enum ctl_status *ret_status)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_t *answer = NULL;

	*ret_status = remote_post_to(ctl, "/v1/rules", ctl->args[0], what, text, &answer);
	free(text);
	json_decref(body);
	if (*ret_status == CTL_OK && ctl->json) {
		remote_print(answer);
		return NULL;
	}
	return answer;
}

static json_t *with_reason(const struct ctl *ctl, size_t i)
{
	return ctl->count > i ? json_pack("{ss}", "reason", ctl->args[i]) : json_object();
}

static enum ctl_status run_ack(const struct ctl *ctl)
{
	enum ctl_status status;
	json_t *rule = operate(ctl, "/ack", with_reason(ctl, 1), &status);

	if (rule == NULL)
		return status;
	if (json_is_true(json_object_get(rule, "acknowledged")))
		printf("%s is acknowledged; it still fires\n", ctl->args[0]);
	else
		printf("%s is acknowledged and over\n", ctl->args[0]);
	json_decref(rule);
	return status;
}

static enum ctl_status run_shelve(const struct ctl *ctl)
{
	enum ctl_status status;
	json_t *rule, *body;
	struct str span;
	int64_t ns;

	/* The daemon checks it again, but speaks of the JSON that it got. */
	if (str_to_duration(ctl->args[1], &ns) != 0 || ns < NSEC_PER_SEC ||
	    ns > SHELVE_MOST_DAYS * DAY_NS) {
		fprintf(stderr,
			"gaugectl: '%s' is no duration from 1s to %dd; expected one such as 30m, "
			"8h or 2d\n",
			ctl->args[1], SHELVE_MOST_DAYS);
		return CTL_USAGE;
	}
	body = with_reason(ctl, 2);
	json_object_set_new(body, "for_s", json_real((double)ns / (double)NSEC_PER_SEC));
	rule = operate(ctl, "/shelve", body, &status);
	if (rule == NULL)
		return status;
	str_init(&span);
	str_add_duration(&span, ns);
	printf("%s is shelved for %s: its actions are held back\n", ctl->args[0], span.s);
	str_done(&span);
	json_decref(rule);
	return status;
}

static enum ctl_status run_unshelve(const struct ctl *ctl)
{
	enum ctl_status status;
	json_t *rule = operate(ctl, "/unshelve", with_reason(ctl, 1), &status);

	if (rule == NULL)
		return status;
	printf("%s is not shelved any more; it is %s\n", ctl->args[0],
	       json_string_value(json_object_get(rule, "state")) != NULL
		       ? json_string_value(json_object_get(rule, "state"))
		       : "an instant");
	json_decref(rule);
	return status;
}

const struct ctl_command cmd_ack = {
	.name = "ack",
	.usage = "RULE [REASON]",
	.summary = "acknowledge an alarm",
	.help = "Says that somebody has seen it: its repeats end. A rule with 'latch: true' stays\n"
		"an alarm until this was said, even when its condition is long over. Needs root or\n"
		"group gauged-admin, and is logged with your uid and the REASON.\n",
	.least = 1,
	.most = 2,
	.run = run_ack,
};

const struct ctl_command cmd_shelve = {
	.name = "shelve",
	.usage = "RULE DURATION [REASON]",
	.summary = "hold a rule's actions back for a time",
	.help = "For maintenance. The rule lives on and is shown and logged, but it sends nothing\n"
		"and writes nothing, also not what makes a plant safe. After DURATION (1s to 31d,\n"
		"such as 8h), or 'gaugectl unshelve', what still fires is sent. Needs root or group\n"
		"gauged-admin, and is logged with your uid and the REASON.\n",
	.least = 2,
	.most = 3,
	.run = run_shelve,
};

const struct ctl_command cmd_unshelve = {
	.name = "unshelve",
	.usage = "RULE [REASON]",
	.summary = "end the shelving of a rule",
	.help = "What fires by then, or has cleared meanwhile, is sent at once. Needs root or group\n"
		"gauged-admin, and is logged with your uid and the REASON.\n",
	.least = 1,
	.most = 2,
	.run = run_unshelve,
};
