/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves the history: events of rules as the store has them, the newest first, a line each. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "io/journal.h"
#include "daemon/api.h"
#include "daemon/api_rules.h"
#include "daemon/daemon.h"
#include "daemon/state.h"

enum { LINES_FEW = 100, LINES_MOST = 1000, HISTORY_BYTES = 4 << 20 };

struct history {
	struct api_call *call;
	struct str text;
	size_t count, left_out;
};

static void history_free(struct history *history)
{
	str_done(&history->text);
	free(history);
}

static void history_line(void *arg, struct wall at, const char *rule, const char *line,
			 size_t len)
{
	struct history *history = arg;

	(void)at;
	(void)rule;
	history->count++;
	/* A line break would make two of it; none is in JSON as we write it. */
	if (history->text.len + len > HISTORY_BYTES || memchr(line, '\n', len) != NULL) {
		history->left_out++;
		return;
	}
	str_add(&history->text, line, len);
	str_addc(&history->text, '\n');
}

/* Whether the call is for a rule that neither is nor ever was; then it is answered. */
static bool history_of_nobody(struct api_call *call)
{
	const char *rule = api_param(call, "rule");

	if (rule == NULL)
		return false;
	strcpy(call->name, rule);
	return api_find_rule(call) == UINT32_MAX;
}

static void history_answer(struct history *history)
{
	struct api_call *call = history->call;

	if (history->left_out > 0)
		str_addf(&history->text, "{\"type\":\"left_out\",\"count\":%zu}\n",
			 history->left_out);
	call->status = 200;
	call->type = "application/x-ndjson";
	call->text_len = history->text.len;
	call->text = history->text.len > 0 ? str_steal(&history->text) : xstrdup("");
}

static void history_done(void *arg, bool ok)
{
	struct history *history = arg;
	struct api_call *call = history->call;

	call->pending = NULL;
	if (!ok)
		api_problem(call, 503, "the store can't be read now, see 'gaugectl status'");
	else if (history->count > 0 || !history_of_nobody(call))
		history_answer(history);
	history_free(history);
	api_answered(call);
}

static void history_forget(struct api_call *call)
{
	state_forget(daemon_state(call->daemon), call->pending);
	history_free(call->pending);
	call->pending = NULL;
}

void api_history(struct api_call *call)
{
	size_t limit = api_param_count(call, "limit", LINES_FEW, LINES_MOST);
	const struct journal_past past = {history_line, history_done, NULL};
	struct journal_past mine = past;
	struct history *history;

	if (limit == 0)
		return;
	history = xcalloc(1, sizeof(*history));
	history->call = call;
	str_init(&history->text);
	mine.arg = history;
	call->pending = history;
	call->forget = history_forget;
	if (state_past(daemon_state(call->daemon), api_param(call, "rule"), limit, &mine))
		return;
	call->forget = NULL;
	call->pending = NULL;
	history_free(history);
	api_problem(call, 409,
		    "no history is kept: no state folder is configured (state: {dir: ...})");
}
