/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl queue: what waits for each webhook, and what an operator does to it. */
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

enum { ROWS_FEW = 100, ROWS_MOST = 1000 };

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static intmax_t count(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void add_count(struct table *table, const json_t *object, const char *name,
		      enum look look)
{
	if (json_object_get(object, name) == NULL)
		table_cell(table, LOOK_PLAIN, "");
	else
		table_cellf(table, count(object, name) > 0 ? look : LOOK_PLAIN, "%jd",
			    count(object, name));
}

static void add_age(struct table *table, const json_t *object, const char *name)
{
	const json_t *age = json_object_get(object, name);
	struct str cell;

	str_init(&cell);
	if (json_is_number(age))
		look_add_age(&cell, json_number_value(age));
	table_cell(table, LOOK_PLAIN, cell.s);
	str_done(&cell);
}

/* ---- the table of queues */

static void add_why(struct table *table, const json_t *queue, const char *detail)
{
	intmax_t lost = count(json_object_get(queue, "gap"), "count");
	struct str why;

	str_init(&why);
	if (lost > 0)
		str_addf(&why, "%jd lost, ", lost);
	str_adds(&why, detail);
	if (why.len > 2 && detail[0] == '\0')
		why.s[why.len -= 2] = '\0';
	table_cell(table, LOOK_PLAIN, why.s);
	str_done(&why);
}

static void add_queue(struct table *table, const json_t *queue, const char *state,
		      const char *detail)
{
	struct str size;

	str_init(&size);
	if (count(queue, "bytes") > 0)
		str_addf(&size, "%jd KiB", (count(queue, "bytes") + 1023) / 1024);
	table_cell(table, LOOK_BOLD, text(queue, "name"));
	table_cell(table, look_of_state(state), state);
	add_count(table, queue, "waiting", LOOK_WARN);
	add_count(table, queue, "alarms", LOOK_WARN);
	add_count(table, queue, "dead", LOOK_BAD);
	add_age(table, queue, "oldest_s");
	table_cell(table, LOOK_PLAIN, size.s);
	add_why(table, queue, detail != NULL ? detail : "");
	str_done(&size);
}

static void print_queues(const struct ctl *ctl, const json_t *answer)
{
	struct table *table =
		table_new(ctl, "QUEUE|STATE|>WAITING|~>ALARMS|>DEAD|>OLDEST|~>SIZE|WHY");
	const json_t *queue;
	size_t i;

	json_array_foreach (json_object_get(answer, "webhooks"), i, queue)
		add_queue(table, queue, text(queue, "state"), text(queue, "detail"));
	json_array_foreach (json_object_get(answer, "mqtt"), i, queue)
		add_queue(table, queue, text(queue, "state"), text(queue, "detail"));
	json_array_foreach (json_object_get(answer, "orphans"), i, queue)
		add_queue(table, queue, "orphan", "no such receiver is configured any more");
	table_print(table);
}

static enum ctl_status show_queues(const struct ctl *ctl)
{
	json_t *answer;
	enum ctl_status status = remote_ask(ctl, "/v1/queue", NULL, &answer, NULL);

	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		remote_print(answer);
		return CTL_OK;
	}
	print_queues(ctl, answer);
	json_decref(answer);
	return CTL_OK;
}

/* ---- the messages of one */

static enum look look_of_message(const char *state)
{
	if (state == NULL || strcmp(state, "waiting") == 0)
		return LOOK_PLAIN;
	return strcmp(state, "dead") == 0 ? LOOK_BAD : LOOK_GOOD;
}

static void add_row(struct table *table, const json_t *row)
{
	const json_t *status = json_object_get(row, "status");
	const char *why = text(row, "why");

	table_cellf(table, LOOK_PLAIN, "%jd", count(row, "seq"));
	table_cell(table, LOOK_DIM, text(row, "id"));
	table_cell(table, LOOK_PLAIN, text(row, "lane"));
	if (why != NULL)
		table_cellf(table, LOOK_BAD, "dead: %s", why);
	else
		table_cell(table, look_of_message(text(row, "state")), text(row, "state"));
	add_age(table, row, "age_s");
	add_count(table, row, "tries", LOOK_PLAIN);
	if (json_is_integer(status))
		table_cellf(table, LOOK_WARN, "%jd", (intmax_t)json_integer_value(status));
	else
		table_cell(table, LOOK_PLAIN, "");
	table_cell(table, LOOK_WARN,
		   json_is_false(json_object_get(row, "durable")) ? "no" : "");
	table_cell(table, LOOK_PLAIN, text(row, "what"));
}

static void print_rows(const struct ctl *ctl, const json_t *queue, bool dead)
{
	struct table *table =
		table_new(ctl, ">SEQ|ID|~LANE|STATE|>AGE|~>TRIES|>STATUS|~STORED|WHAT");
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(queue, "rows"), i, row)
		add_row(table, row);
	if (i > 0)
		table_print(table);
	else
		table_free(table);
	if (i == 0)
		printf("%s\n", dead ? "no dead letters" : "nothing waits");
	if (count(queue, "left_out") > 0)
		printf("%jd more: see --limit\n", count(queue, "left_out"));
	if (!dead && count(queue, "dead") > 0)
		printf("%jd dead %s: see --dead\n", count(queue, "dead"),
		       str_plural((size_t)count(queue, "dead"), "letter", "letters"));
}

static bool find_limit(const struct ctl *ctl, int64_t *ret)
{
	const char *limit = ctl_value(ctl, CTL_LIMIT);

	*ret = ROWS_FEW;
	if (limit == NULL || (str_to_int(limit, ret) == 0 && *ret >= 1 && *ret <= ROWS_MOST))
		return true;
	fprintf(stderr, "gaugectl: --limit has to be a number from 1 to %d\n", ROWS_MOST);
	return false;
}

static enum ctl_status show_queue(const struct ctl *ctl, const char *name)
{
	bool dead = (ctl->options & CTL_DEAD) != 0;
	enum ctl_status status;
	json_t *answer;
	char rest[64];
	int64_t limit;

	if (!find_limit(ctl, &limit))
		return CTL_USAGE;
	snprintf(rest, sizeof(rest), "?limit=%jd%s", (intmax_t)limit, dead ? "&dead=1" : "");
	status = remote_ask_of(ctl, "/v1/queue", name, rest, &answer);
	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		remote_print(answer);
		return CTL_OK;
	}
	print_rows(ctl, answer, dead);
	json_decref(answer);
	return CTL_OK;
}

/* ---- what an operator does */

static enum ctl_status queue_usage(const char *usage)
{
	fprintf(stderr, "usage: gaugectl queue %s\n", usage);
	return CTL_USAGE;
}

/* Which messages are meant: by number, by id, all, or the dead ones. */
static json_t *which(const struct ctl *ctl, bool all)
{
	json_t *body = json_pack("{ss}", "webhook", ctl->args[1]);
	const char *id = ctl->count > 2 ? ctl->args[2] : NULL;
	int64_t seq;

	if (id != NULL && isdigit((unsigned char)id[0]) && str_to_int(id, &seq) == 0)
		json_object_set_new(body, "seq", json_integer(seq));
	else if (id != NULL)
		json_object_set_new(body, "id", json_string(id));
	else
		json_object_set_new(body, all ? "all" : "dead", json_true());
	return body;
}

/* POST of body, which is taken; tells how many it were, in words for that. */
static enum ctl_status change(const struct ctl *ctl, const char *path, json_t *body,
			      const char *name, const char *words)
{
	char *body_text = json_dumps(body, JSON_COMPACT);
	enum ctl_status status;
	json_t *answer = NULL;

	status = remote_ask(ctl, path, body_text != NULL ? body_text : "", &answer, NULL);
	free(body_text);
	json_decref(body);
	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		remote_print(answer);
		return CTL_OK;
	}
	printf("%jd %s %s\n", count(answer, name),
	       str_plural((size_t)count(answer, name), "message", "messages"), words);
	json_decref(answer);
	return CTL_OK;
}

static enum ctl_status queue_retry(const struct ctl *ctl)
{
	bool dead = (ctl->options & CTL_DEAD) != 0;

	if (ctl->count < 2 || (ctl->options & ~(unsigned)CTL_DEAD) != 0 ||
	    (ctl->count > 2 && dead))
		return queue_usage("retry NAME [ID | --dead]");
	return change(ctl, "/v1/queue/retry", which(ctl, !dead), "retried",
		      dead ? "wait again" : "tried again now");
}

static enum ctl_status queue_drop(const struct ctl *ctl)
{
	bool dead = (ctl->options & CTL_DEAD) != 0, all = (ctl->options & CTL_ALL) != 0;

	if (ctl->count < 2 || (ctl->options & CTL_LIMIT) != 0 ||
	    (ctl->count > 2) + dead + all != 1)
		return queue_usage("drop NAME (ID | --dead | --all) --yes");
	if ((ctl->options & CTL_YES) == 0) {
		fprintf(stderr, "gaugectl: nothing was dropped. What is dropped is gone and "
				"nobody is told of it: say --yes if that is meant,\nand keep a "
				"copy before with 'gaugectl queue export'\n");
		return CTL_USAGE;
	}
	return change(ctl, "/v1/queue/drop", which(ctl, all), "dropped", "dropped");
}

struct export
{
	size_t unreadable;
};

static void export_line(void *arg, const char *line, size_t len)
{
	struct export *export = arg;
	json_t *json = json_loadb(line, len, 0, NULL);

	fwrite(line, 1, len, stdout);
	putchar('\n');
	export->unreadable += json_is_string(json_object_get(json, "problem"));
	json_decref(json);
}

static enum ctl_status queue_export(const struct ctl *ctl)
{
	struct export export = {0};
	enum ctl_status status;

	if (ctl->count != 2 || ctl->options != 0)
		return queue_usage("export NAME");
	status = remote_follow_of(ctl, "/v1/queue/", ctl->args[1], "/export", export_line,
				  &export);
	if (status != CTL_OK || export.unreadable == 0)
		return status;
	fprintf(stderr,
		"gaugectl: the bodies of %zu %s could not be read; each line says why\n",
		export.unreadable, str_plural(export.unreadable, "message", "messages"));
	return CTL_NO;
}

static const struct {
	const char *name;
	enum ctl_status (*run)(const struct ctl *ctl);
} queue_verbs[] = {
	{"retry", queue_retry},
	{"drop", queue_drop},
	{"export", queue_export},
};

static enum ctl_status run_queue(const struct ctl *ctl)
{
	for (size_t i = 0; ctl->count > 0 && i < ARRAY_SIZE(queue_verbs); i++) {
		if (strcmp(ctl->args[0], queue_verbs[i].name) == 0)
			return queue_verbs[i].run(ctl);
	}
	if (ctl->count > 1 || (ctl->options & (CTL_ALL | CTL_YES)) != 0 ||
	    (ctl->count == 0 && ctl->options != 0))
		return queue_usage("[NAME [--dead] [--limit N]]");
	return ctl->count == 0 ? show_queues(ctl) : show_queue(ctl, ctl->args[0]);
}

const struct ctl_command cmd_queue = {
	.name = "queue",
	.usage = "[[VERB] NAME [ID]]",
	.summary = "what waits for webhooks",
	.help = "Without NAME: each webhook's queue, and those whose webhook is no longer configured:\n"
		"how many messages wait, how many of them are alarms, how many were given up (dead\n"
		"letters), how old the oldest is, and why it waits. With NAME: its messages in the\n"
		"order in which they go; with --dead its dead letters. STORED says which messages a\n"
		"crash would take along. VERB is retry, drop or export:\n"
		"retry: tries now what waits, also if it is parked or backing off; with --dead, or\n"
		"with the ID or SEQ of a dead letter, dead letters wait again as if they were new.\n"
		"drop: an ID or SEQ, --dead or --all; the receiver is not told. A queue whose webhook\n"
		"is gone is forgotten with --all. Needs --yes.\n"
		"export: every message with its body, one document of JSON a line.\n"
		"retry and drop need root or group gauged-admin, and are logged with your uid.\n",
	.options = CTL_DEAD | CTL_ALL | CTL_YES | CTL_LIMIT,
	.most = 3,
	.run = run_queue,
};
