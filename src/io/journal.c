/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the loop's side of the journal: the batch that fills, when it leaves, what is told to
 * whom. The store and its thread are journal_writer's.
 */
#include "io/journal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "io/journal_boxes.h"
#include "io/journal_folder.h"
#include "io/journal_question.h"
#include "io/journal_room.h"
#include "io/journal_trouble.h"
#include "io/journal_writer.h"
#include "io/loop.h"

enum {
	JOURNAL_OPEN_S = 20,
	JOURNAL_RETRY_S = 5,
	JOURNAL_PACE_MS = 500,
	JOURNAL_LAZY_MS = 1000,
	JOURNAL_END_MS = 250,
};

struct journal {
	struct journal_host host;
	struct journal_found found;
	struct journal_writer *writer;
	struct journal_questions questions;
	struct journal_batch *filling;
	struct journal_batch *leaving; /* with the writer, or NULL */
	struct journal_batch *spare;   /* empty, or NULL: that one is leaving */
	struct journal_boxes boxes;
	struct loop_timer *timer;
	struct loop_defer *turn;
	struct loop_wake *wake;
	struct mono due;  /* when what is put has to leave */
	struct mono left; /* when a batch left last */
	bool opened;	  /* once */
	bool good;	  /* the store is open now */
	bool closing;
	uint64_t history_last; /* number of a line */
	int64_t time_ns;       /* journal_time() at boot */
	struct boot boot;
	int64_t created_ns; /* what the store's time is ahead of ours */
	char *path, *aside;
	struct journal_trouble trouble;
	uint64_t messages, history_dropped;
	int64_t max_bytes;
	int64_t used; /* of the store, as of the last news */
};

/* ---- marks and times ---- */

/* Odd numbers lie between those of two batches: smaller or equal, both are right then. */
uint64_t journal_mark(const struct journal *journal)
{
	return journal->filling->mark;
}

int64_t journal_time(const struct journal *journal, struct boot now)
{
	int64_t since = boot_diff(now, journal->boot);

	return journal->time_ns + (since > 0 ? since : 0);
}

uint64_t journal_first_seq(const struct journal *journal)
{
	return journal->opened ? 1 : journal_boxes_unseen();
}

static struct journal_room journal_room(const struct journal *journal)
{
	int64_t left = journal->opened ? journal->max_bytes - journal->used : INT64_MAX;

	return (struct journal_room){journal->filling, journal->leaving, left};
}

/* ---- leaving ---- */

static void journal_plan(struct journal *journal)
{
	if (journal->due.ns == MONO_NEVER.ns || journal->leaving != NULL || !journal->good)
		return;
	if (clock_mono().ns >= journal->due.ns)
		loop_defer_ask(journal->turn);
	else
		loop_timer_start(journal->timer, journal->due);
}

static void journal_due(struct journal *journal, struct mono due)
{
	if (due.ns >= journal->due.ns)
		return;
	journal->due = due;
	journal_plan(journal);
}

static void journal_put(struct journal *journal, struct journal_op *op)
{
	journal_batch_put(journal->filling, op);
	if (journal->due.ns == MONO_NEVER.ns)
		journal_due(journal, mono_add(clock_mono(), JOURNAL_LAZY_MS * NSEC_PER_MSEC));
}

void journal_commit(struct journal *journal, bool at_once)
{
	struct mono due = mono_add(journal->left, JOURNAL_PACE_MS * NSEC_PER_MSEC);

	journal_due(journal, at_once ? (struct mono){0} : due);
}

static void journal_leave(struct journal *journal)
{
	struct journal_batch *batch = journal->filling;

	if (journal->host.collect != NULL)
		journal->host.collect(journal->host.arg);
	journal->due = MONO_NEVER;
	loop_timer_stop(journal->timer);
	if (batch->count == 0)
		return;
	journal->left = clock_mono();
	journal_batch_number(batch, &journal->history_last);
	batch->boot = clock_boot();
	batch->created_ns = journal->created_ns;
	batch->time_ns = journal_time(journal, batch->boot) + journal->created_ns;
	journal->leaving = batch;
	journal->filling = journal->spare;
	journal->filling->mark = batch->mark + 2;
	journal->spare = NULL;
	journal_writer_write(journal->writer, batch);
}

/* ---- news ---- */

static struct journal_pending journal_pending(const struct journal *journal)
{
	return (struct journal_pending){journal->filling, journal->leaving,
					journal->created_ns};
}

static void journal_tell_trouble(struct journal *journal)
{
	if (!journal->trouble.untold || journal->closing)
		return;
	journal->trouble.untold = false;
	if (journal->host.trouble != NULL)
		journal->host.trouble(journal->host.arg, journal->trouble.problem);
}

static void journal_degrade(struct journal *journal, const char *problem)
{
	journal_trouble_begin(&journal->trouble, problem);
	loop_defer_ask(journal->turn);
}

static void journal_recover(struct journal *journal)
{
	journal_trouble_end(&journal->trouble, journal->path);
	loop_defer_ask(journal->turn);
}

static void journal_hand_out(struct journal *journal, const struct journal_ops *ops, bool late)
{
	const struct journal_found *found = &journal->found;
	const struct journal_op *op;

	if (found->begin != NULL && !late)
		found->begin(found->arg, journal);
	TAILQ_FOREACH (op, ops, link) {
		struct journal_message message = journal_op_message(op);

		message.created_ns -= journal->created_ns;
		if (op->kind != JOURNAL_STATE)
			journal_boxes_see(&journal->boxes, op->name, op->seq);
		if (op->kind == JOURNAL_STATE && found->state != NULL)
			found->state(found->arg, op->name, op->body, op->body_len);
		else if (op->kind == JOURNAL_BOX && found->box != NULL)
			found->box(found->arg, op->name, op->seq);
		else if (op->kind == JOURNAL_MESSAGE && found->message != NULL)
			found->message(found->arg, &message);
	}
}

static void journal_note_aside(struct journal *journal, const struct journal_opened *opened)
{
	struct journal_figures figures;

	if (opened->aside == NULL)
		return;
	journal_writer_figures(journal->writer, &figures);
	log_error(
		"journal: %s; renamed to %s, and %ju rows of it were taken over into a new one",
		opened->why, opened->aside, (uintmax_t)figures.salvaged);
	free(journal->aside);
	journal->aside = xstrdup(opened->aside);
}

static void journal_measure(struct journal *journal)
{
	struct journal_figures figures;

	journal_writer_figures(journal->writer, &figures);
	journal->used = figures.used;
}

/* Of a queue that is empty just now nobody else puts anything: its numbers go on. */
static void journal_put_box(void *arg, const char *box, uint64_t last_seq)
{
	struct journal_op *op =
		journal_op_new(JOURNAL_BOX, &(struct journal_op_texts){.name = box});

	op->seq = last_seq;
	journal_put(arg, op);
}

/* late: the program runs already, on a time of its own that stays as it is. */
static void journal_opened(struct journal *journal, const struct journal_opened *opened,
			   bool late)
{
	journal->good = true;
	/* Whoever puts again what was in another one needs the room of this one. */
	journal_measure(journal);
	if (opened->history_last > journal->history_last)
		journal->history_last = opened->history_last;
	if (opened->first && late)
		journal->created_ns = opened->time_ns - journal_time(journal, opened->boot);
	if (opened->first && !late) {
		journal->time_ns = opened->time_ns;
		journal->boot = opened->boot;
	}
	journal->opened = true;
	journal_note_aside(journal, opened);
	if (opened->first && !journal->closing)
		journal_hand_out(journal, &opened->found, late);
	if (opened->rebuilt)
		journal_boxes_each(&journal->boxes, journal_put_box, journal);
	if (opened->rebuilt && !journal->closing && journal->host.rebuilt != NULL) {
		journal->host.rebuilt(journal->host.arg, opened->aside);
		journal->due = (struct mono){0};
	}
	/* Whether it can be written to is seen when there is something to write. */
	if (journal->filling->count == 0)
		journal_recover(journal);
	journal_plan(journal);
}

static void journal_batch_over(struct journal *journal, struct journal_batch *batch, bool ok)
{
	journal->leaving = NULL;
	if (ok) {
		journal_batch_clear(batch);
		journal->spare = batch;
		journal_recover(journal);
		/* Whoever hears of it may put what found no room before. */
		journal_measure(journal);
		if (journal->host.committed != NULL)
			journal->host.committed(journal->host.arg, batch->mark + 1);
	} else {
		journal_batch_merge(batch, journal->filling);
		batch->mark = journal->filling->mark;
		journal->spare = journal->filling;
		journal->filling = batch;
		journal->due = (struct mono){0};
		journal->good = false; /* until there is news of it */
	}
	journal_plan(journal);
}

static void journal_hear(struct journal *journal, struct journal_news *news)
{
	struct journal_pending pending = journal_pending(journal);

	switch (news->kind) {
	case JOURNAL_NEWS_OPENED:
		journal_opened(journal, &news->opened, true);
		break;
	case JOURNAL_NEWS_TROUBLE:
		journal->good = false;
		journal_degrade(journal, news->problem);
		break;
	case JOURNAL_NEWS_BATCH:
		journal_batch_over(journal, news->batch, news->ok);
		break;
	case JOURNAL_NEWS_REQUEST:
		journal_question_answer(news->request, &pending);
		break;
	}
}

static void journal_hear_all(void *arg)
{
	struct journal *journal = arg;
	struct journal_news *news;

	while ((news = journal_writer_news(journal->writer)) != NULL) {
		journal_hear(journal, news);
		journal_news_free(news);
	}
	journal_measure(journal);
}

static void journal_timed(void *arg)
{
	struct journal *journal = arg;

	loop_defer_ask(journal->turn);
}

/* At the end of a turn of the loop: what the turn put goes together. */
static void journal_turned(void *arg)
{
	struct journal *journal = arg;
	struct journal_pending pending = journal_pending(journal);

	journal_questions_answer_ready(&journal->questions, &pending);
	journal_tell_trouble(journal);
	if (!journal->good || journal->leaving != NULL)
		return;
	if (clock_mono().ns >= journal->due.ns)
		journal_leave(journal);
	else
		journal_plan(journal);
}

/* ---- opening and closing ---- */

static void journal_free(struct journal *journal, bool abandoned)
{
	journal_questions_done(&journal->questions, abandoned);
	journal_boxes_done(&journal->boxes);
	journal_batch_free(journal->filling);
	journal_batch_free(journal->spare);
	if (!abandoned)
		journal_batch_free(journal->leaving);
	loop_timer_free(journal->timer);
	loop_defer_free(journal->turn);
	loop_wake_free(journal->wake);
	free(journal->path);
	free(journal->aside);
	journal_trouble_done(&journal->trouble);
	free(journal);
}

static int journal_wait_open(struct journal *journal, struct error *err)
{
	struct mono until = mono_add(clock_mono(), JOURNAL_OPEN_S * NSEC_PER_SEC);
	struct journal_news *news;
	int rc = 0;

	journal_writer_wait(journal->writer, until);
	news = journal_writer_news(journal->writer);
	if (news == NULL)
		journal_degrade(journal, "the store is not open yet after 20 s");
	else if (news->kind == JOURNAL_NEWS_OPENED)
		journal_opened(journal, &news->opened, false);
	else if (news->code == EBUSY)
		rc = error_set(err, EBUSY, "%s", news->problem);
	else
		journal_degrade(journal, news->problem);
	if (news != NULL)
		journal_news_free(news);
	journal_measure(journal);
	return rc;
}

struct journal *journal_open(struct loop *loop, const struct journal_config *config,
			     const struct journal_host *host, const struct journal_found *found,
			     struct error *err)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));
	int64_t retry_ns =
		config->retry_ns != 0 ? config->retry_ns : JOURNAL_RETRY_S * NSEC_PER_SEC;

	journal->host = *host;
	journal->found = *found;
	journal->due = MONO_NEVER;
	journal->boot = clock_boot();
	journal->max_bytes = config->max_bytes;
	journal->path = journal_folder_path(config->directory);
	journal->filling = journal_batch_new();
	journal->filling->mark = 2;
	journal->spare = journal_batch_new();
	LIST_INIT(&journal->boxes);
	journal->timer = loop_timer_new(loop, journal_timed, journal);
	journal->turn = loop_defer_new(loop, journal_turned, journal);
	journal->wake = loop_wake_new(loop, journal_hear_all, journal);
	journal_questions_init(&journal->questions);
	if (journal->wake == NULL)
		error_errno(err, EAGAIN, "no descriptor for the journal");
	else
		journal->writer = journal_writer_start(config->directory, config->max_bytes,
						       retry_ns, journal->wake, err);
	if (journal->writer == NULL) {
		journal_free(journal, false);
		return NULL;
	}
	if (journal_wait_open(journal, err) != 0) {
		journal_writer_stop(journal->writer, MONO_NEVER);
		journal_free(journal, false);
		return NULL;
	}
	return journal;
}

bool journal_close(struct journal *journal, struct mono deadline)
{
	struct journal_room room;
	struct mono grace;
	bool all, ended;

	if (journal == NULL)
		return true;
	journal->closing = true;
	journal_writer_hurry(journal->writer);
	journal_questions_mute(&journal->questions);
	journal_hear_all(journal);
	if (journal->host.collect != NULL)
		journal->host.collect(journal->host.arg);
	if (journal->good && journal->leaving == NULL)
		journal_leave(journal);
	while ((journal->leaving != NULL || journal->filling->count > 0) &&
	       clock_mono().ns < deadline.ns) {
		journal_writer_wait(journal->writer, deadline);
		journal_hear_all(journal);
		if (journal->good && journal->leaving == NULL && journal->filling->count > 0)
			journal_leave(journal);
	}
	all = journal->leaving == NULL && journal->filling->count == 0;
	room = journal_room(journal);
	if (!all)
		log_error("journal: %zu messages could not be written to %s before the end",
			  journal_room_messages(&room), journal->path);
	grace = mono_add(clock_mono(), JOURNAL_END_MS * NSEC_PER_MSEC);
	/* What waits for trouble to pass ends at once; what waits for a disk is left to it. */
	ended = journal_writer_stop(journal->writer, deadline.ns > grace.ns ? deadline : grace);
	journal_free(journal, !ended);
	return all;
}

/* ---- putting ---- */

void journal_put_state(struct journal *journal, const char *key, const void *bytes, size_t len)
{
	assert(*key != '\0' && strlen(key) <= JOURNAL_NAME_MAX && len <= JOURNAL_STATE_MAX);
	journal_put(journal,
		    journal_op_new(JOURNAL_STATE, &(struct journal_op_texts){.name = key,
									     .body = bytes,
									     .body_len = len}));
}

int journal_put_message(struct journal *journal, const struct journal_message *message)
{
	struct journal_room room = journal_room(journal);
	struct journal_op *op;

	assert(*message->box != '\0' && strlen(message->box) <= JOURNAL_NAME_MAX);
	assert(message->seq > 0 && message->seq >> 44 == 0 && message->body != NULL);
	if (!journal_room_in_memory(&room, JOURNAL_MESSAGE, message->body_len))
		return -ENOBUFS;
	op = journal_op_of(message);
	if (!journal_room_for(&room, op)) {
		bool memory = journal_room_in_memory(&room, JOURNAL_MESSAGE, op->size);

		journal_op_free(op);
		return memory ? -ENOSPC : -ENOBUFS;
	}
	op->fresh = journal_boxes_see(&journal->boxes, op->name, op->seq);
	journal->messages++;
	journal_put(journal, op);
	return 0;
}

void journal_remove(struct journal *journal, const char *box, uint64_t seq)
{
	struct journal_op *op =
		journal_op_new(JOURNAL_REMOVE, &(struct journal_op_texts){.name = box});

	op->seq = seq;
	journal_put(journal, op);
}

void journal_bury(struct journal *journal, const char *box, uint64_t seq, bool dead,
		  const char *why)
{
	struct journal_op *op = journal_op_new(
		JOURNAL_BURY, &(struct journal_op_texts){.name = box, .why = why});

	op->seq = seq;
	op->dead = dead;
	op->at_ns = journal_time(journal, clock_boot());
	journal_put(journal, op);
}

void journal_drop_box(struct journal *journal, const char *box)
{
	journal_boxes_forget(&journal->boxes, box);
	journal_put(journal,
		    journal_op_new(JOURNAL_DROP, &(struct journal_op_texts){.name = box}));
}

void journal_put_history(struct journal *journal, struct wall at, const char *rule,
			 const char *line, size_t len)
{
	struct journal_room room = journal_room(journal);
	struct journal_op *op;

	if (!journal_room_in_memory(&room, JOURNAL_HISTORY, len)) {
		journal->history_dropped++;
		return;
	}
	op = journal_op_new(
		JOURNAL_HISTORY,
		&(struct journal_op_texts){.name = rule, .body = line, .body_len = len});
	op->at_ns = at.ns;
	if (!journal_room_for(&room, op)) {
		journal_op_free(op);
		journal->history_dropped++;
		return;
	}
	journal_put(journal, op);
}

/* ---- asking ---- */

void journal_fetch(struct journal *journal, const char *box, const uint64_t *seqs, size_t count,
		   const struct journal_fetch *fetch)
{
	struct journal_pending pending = journal_pending(journal);
	struct journal_request *request;

	assert(count <= JOURNAL_FETCH_MAX);
	request =
		journal_question_fetch(&journal->questions, box, seqs, count, fetch, &pending);
	if (request != NULL)
		journal_writer_ask(journal->writer, request);
	else
		loop_defer_ask(journal->turn);
}

void journal_history(struct journal *journal, const char *rule, size_t limit,
		     const struct journal_past *past)
{
	journal_writer_ask(journal->writer,
			   journal_question_past(&journal->questions, rule, limit, past));
}

void journal_forget(struct journal *journal, const void *arg)
{
	journal_questions_forget(&journal->questions, arg);
}

/* ---- reporting ---- */

void journal_report(const struct journal *journal, struct journal_report *ret)
{
	struct journal_room room = journal_room(journal);
	struct journal_figures figures;

	journal_writer_figures(journal->writer, &figures);
	*ret = (struct journal_report){
		.path = journal->path,
		.problem = journal->trouble.problem,
		.since = journal->trouble.since,
		.aside = journal->aside,
		.commits = figures.commits,
		.failures = figures.failures,
		.reopened = figures.reopened,
		.set_aside = figures.set_aside,
		.salvaged = figures.salvaged,
		.lost = figures.lost,
		.messages = journal->messages,
		.history_dropped = journal->history_dropped,
		.checkpoints = figures.checkpoints,
		.pending = journal_room_messages(&room),
		.pending_bytes = journal_room_bytes(&room),
		.bytes = figures.bytes,
		.max_bytes = journal->max_bytes,
		.wal_bytes = figures.wal_bytes,
		.commit_last_ns = figures.commit_last_ns,
		.commit_max_ns = figures.commit_max_ns,
		.writer_turns = journal_writer_turns(journal->writer),
	};
}

bool journal_stuck(const struct journal *journal, struct mono now, int64_t limit_ns)
{
	return journal_writer_busy_ns(journal->writer, now) > limit_ns;
}
