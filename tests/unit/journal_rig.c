/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include "journal_rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "io/loop.h"

enum { RIG_PATIENCE_S = 60 };

static void rig_collect(void *arg)
{
	struct rig *rig = arg;
	char text[24];

	if (rig->count == rig->collected)
		return;
	snprintf(text, sizeof(text), "%jd", (intmax_t)rig->count);
	journal_put_state(rig->journal, "count", text, strlen(text));
	rig->collected = rig->count;
}

static void rig_committed(void *arg, uint64_t mark)
{
	struct rig *rig = arg;

	assert_true(mark > rig->committed);
	rig->committed = mark;
	rig->commits++;
}

static void rig_trouble(void *arg, const char *problem)
{
	struct rig *rig = arg;

	rig->began += problem != NULL;
	rig->ended += problem == NULL;
	snprintf(rig->problem, sizeof(rig->problem), "%s", problem != NULL ? problem : "");
}

static void rig_rebuilt(void *arg, const char *aside)
{
	struct rig *rig = arg;

	rig->rebuilt++;
	if (rig->again)
		rig->again_rc = rig_put(rig, "a", 1);
	rig->collected = -1;
}

static void rig_found_state(void *arg, const char *key, const void *bytes, size_t len)
{
	struct rig *rig = arg;

	rig->states++;
	if (strcmp(key, "count") == 0 && len < 24)
		rig->state_count = strtol(bytes, NULL, 10);
}

static void rig_found_box(void *arg, const char *box, uint64_t last_seq)
{
	struct rig *rig = arg;

	rig->boxes++;
	if (strcmp(box, "a") == 0)
		rig->last_seq = last_seq;
}

static void rig_found_message(void *arg, const struct journal_message *message)
{
	struct rig *rig = arg;
	struct rig_message *mine = &rig->messages[rig->found++];

	assert_true(rig->found < RIG_FOUND);
	*mine = (struct rig_message){
		.seq = message->seq,
		.dead = message->dead,
		.created_ns = message->created_ns,
		.body_len = message->body_len,
		.has_body = message->body != NULL,
	};
	snprintf(mine->box, sizeof(mine->box), "%s", message->box);
	snprintf(mine->why, sizeof(mine->why), "%s", message->why);
	memcpy(mine->id, message->id, sizeof(mine->id));
	if (message->body != NULL)
		snprintf(mine->body, sizeof(mine->body), "%.*s", (int)message->body_len,
			 message->body);
}

void rig_init(struct rig *rig)
{
	const char *fast = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	*rig = (struct rig){.messages = xcalloc(RIG_FOUND, sizeof(struct rig_message))};
	snprintf(rig->folder, sizeof(rig->folder), "%s/gauged-journal-XXXXXX", fast);
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->state, sizeof(rig->state), "%s/state", rig->folder);
	rig->config = (struct journal_config){rig->state, 64 << 20, 2 * NSEC_PER_MSEC};
	rig->loop = loop_new(&rig->err);
	assert_non_null(rig->loop);
}

void rig_done(struct rig *rig)
{
	char command[96];

	if (rig->journal != NULL)
		rig_close(rig);
	loop_free(rig->loop);
	snprintf(command, sizeof(command), "rm -rf %s", rig->folder);
	assert_int_equal(system(command), 0);
	free(rig->messages);
}

bool rig_open(struct rig *rig)
{
	const struct journal_host host = {rig_collect, rig_committed, rig_trouble, rig_rebuilt,
					  rig};
	const struct journal_found found = {NULL, rig_found_state, rig_found_box,
					    rig_found_message, rig};

	rig->committed = 0;
	rig->commits = rig->began = rig->ended = rig->rebuilt = 0;
	rig->found = rig->states = rig->boxes = 0;
	rig->last_seq = 0;
	rig->state_count = 0;
	rig->journal = journal_open(rig->loop, &rig->config, &host, &found, &rig->err);
	return rig->journal != NULL;
}

bool rig_close(struct rig *rig)
{
	struct journal *journal = rig->journal;
	bool all = journal_close(journal, mono_add(clock_mono(), 60 * NSEC_PER_SEC));

	rig->journal = NULL;
	return all;
}

int rig_put(struct rig *rig, const char *box, uint64_t seq)
{
	char body[32];
	struct journal_message message = {
		.box = box,
		.seq = seq,
		.lane = JOURNAL_TELEMETRY,
		.created_ns = journal_time(rig->journal, clock_boot()),
		.why = "",
		.what = "a test",
		.url = "http://h/",
		.headers = "X: y\n",
		.body = body,
	};

	snprintf(message.id, sizeof(message.id), "msg_%s_%ju", box, (uintmax_t)seq);
	message.body_len = (size_t)snprintf(body, sizeof(body), "body %ju", (uintmax_t)seq);
	return journal_put_message(rig->journal, &message);
}

static void rig_fail(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	fail_msg("it never came to that: %zu pending, %ju commits, %ju failures, %ju reopened, "
		 "%u began, %u ended: %s",
		 report.pending, (uintmax_t)report.commits, (uintmax_t)report.failures,
		 (uintmax_t)report.reopened, rig->began, rig->ended,
		 report.problem != NULL ? report.problem : "no problem");
}

void rig_until(struct rig *rig, bool (*so)(const struct rig *rig))
{
	struct mono end = mono_add(clock_mono(), RIG_PATIENCE_S * NSEC_PER_SEC);

	while (!so(rig)) {
		if (clock_mono().ns >= end.ns)
			rig_fail(rig);
		loop_turn(rig->loop);
		if (!so(rig))
			usleep(200);
	}
}

static bool rig_idle(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return rig->committed >= journal_mark(rig->journal) - 2 && report.pending == 0 &&
	       rig->count == rig->collected;
}

void rig_commit(struct rig *rig)
{
	unsigned commits = rig->commits;

	journal_commit(rig->journal, true);
	while (rig->commits == commits) {
		loop_turn(rig->loop);
		usleep(100);
	}
	rig_until(rig, rig_idle);
}

const struct rig_message *rig_message(const struct rig *rig, const char *box, uint64_t seq)
{
	for (size_t i = 0; i < rig->found; i++)
		if (rig->messages[i].seq == seq && strcmp(rig->messages[i].box, box) == 0)
			return &rig->messages[i];
	return NULL;
}

static void rig_got(void *arg, const struct journal_message *message)
{
	rig_found_message(arg, message);
}

static void rig_answered(void *arg, bool ok)
{
	struct rig *rig = arg;

	rig->done++;
	rig->done_well += ok;
}

static bool rig_has_answer(const struct rig *rig)
{
	return rig->done == 1;
}

bool rig_fetch(struct rig *rig, const char *box, const uint64_t *seqs, size_t count)
{
	rig->found = rig->done = rig->done_well = 0;
	journal_fetch(rig->journal, box, seqs, count,
		      &(struct journal_fetch){rig_got, rig_answered, rig});
	assert_int_equal(rig->done, 0);
	rig_until(rig, rig_has_answer);
	return rig->done_well == 1;
}

static void rig_line(void *arg, struct wall at, const char *rule, const char *line, size_t len)
{
	struct rig *rig = arg;

	if (rig->line_count < ARRAY_SIZE(rig->lines))
		snprintf(rig->lines[rig->line_count], sizeof(rig->lines[0]), "%s %.*s", rule,
			 (int)len, line);
	rig->line_count++;
}

bool rig_past(struct rig *rig, const char *rule, size_t limit)
{
	rig->line_count = rig->done = rig->done_well = 0;
	journal_history(rig->journal, rule, limit,
			&(struct journal_past){rig_line, rig_answered, rig});
	rig_until(rig, rig_has_answer);
	return rig->done_well == 1;
}

const char *rig_store(struct rig *rig)
{
	snprintf(rig->problem, sizeof(rig->problem), "%s/journal.db", rig->state);
	return rig->problem;
}

size_t rig_files(const struct rig *rig, const char *part)
{
	DIR *dir = opendir(rig->state);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return count;
}
