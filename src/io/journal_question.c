/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns questions on their way, and what an answer is. */
#include "io/journal_question.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct journal_question {
	struct journal_request request; /* first: the one leads to the other */
	LIST_ENTRY(journal_question) link;
	struct journal_fetch fetch;
	struct journal_past past;
	bool ready;
	bool forgotten;
	char *name;
	uint64_t seqs[JOURNAL_FETCH_MAX];
};

void journal_questions_init(struct journal_questions *questions)
{
	LIST_INIT(&questions->all);
	STAILQ_INIT(&questions->ready);
}

static void question_release(struct journal_request *request)
{
	struct journal_question *question = (struct journal_question *)request;

	journal_ops_done(&request->rows);
	free(question->name);
	free(question);
}

static void question_free(struct journal_question *question)
{
	LIST_REMOVE(question, link);
	question_release(&question->request);
}

void journal_questions_done(struct journal_questions *questions, bool with_writer)
{
	struct journal_question *question, *next;

	for (question = LIST_FIRST(&questions->all); question != NULL; question = next) {
		next = LIST_NEXT(question, link);
		if (question->ready || !with_writer)
			question_free(question);
	}
	LIST_INIT(&questions->all);
	STAILQ_INIT(&questions->ready);
}

void journal_questions_forget(struct journal_questions *questions, const void *arg)
{
	struct journal_question *question;

	LIST_FOREACH (question, &questions->all, link)
		if ((question->request.seqs != NULL ? question->fetch.arg
						    : question->past.arg) == arg)
			question->forgotten = true;
}

void journal_questions_mute(struct journal_questions *questions)
{
	struct journal_question *question;

	LIST_FOREACH (question, &questions->all, link)
		question->forgotten = true;
}

static struct journal_question *question_new(struct journal_questions *questions,
					     const char *name, size_t count)
{
	struct journal_question *question = xcalloc(1, sizeof(*question));

	question->name = name != NULL ? xstrdup(name) : NULL;
	question->request.name = question->name;
	question->request.count = count;
	question->request.release = question_release;
	TAILQ_INIT(&question->request.rows);
	LIST_INSERT_HEAD(&questions->all, question, link);
	return question;
}

/* ---- messages ---- */

/* The message as it will be, out of memory; *ret_gone: it will not be. */
static const struct journal_op *question_pending(const struct journal_pending *pending,
						 const char *box, uint64_t seq, bool *ret_gone)
{
	const struct journal_batch *batches[] = {pending->filling, pending->leaving};

	*ret_gone = false;
	for (size_t i = 0; i < ARRAY_SIZE(batches) && batches[i] != NULL; i++) {
		const struct journal_op *op =
			journal_batch_find(batches[i], JOURNAL_MESSAGE, box, seq);

		if (op != NULL)
			return op;
		if (journal_batch_find(batches[i], JOURNAL_REMOVE, box, seq) != NULL ||
		    journal_batch_drops(batches[i], box)) {
			*ret_gone = true;
			return NULL;
		}
	}
	return NULL;
}

/* The newest burial that comes after op, which may be of the store. */
static const struct journal_op *question_burial(const struct journal_pending *pending,
						const struct journal_op *op)
{
	const struct journal_op *burial =
		journal_batch_find(pending->filling, JOURNAL_BURY, op->name, op->seq);

	if (burial != NULL || pending->leaving == NULL ||
	    journal_batch_find(pending->filling, JOURNAL_MESSAGE, op->name, op->seq) != NULL)
		return burial;
	return journal_batch_find(pending->leaving, JOURNAL_BURY, op->name, op->seq);
}

struct journal_request *journal_question_fetch(struct journal_questions *questions,
					       const char *box, const uint64_t *seqs,
					       size_t count, const struct journal_fetch *fetch,
					       const struct journal_pending *pending)
{
	struct journal_question *question = question_new(questions, box, count);
	bool gone;

	memcpy(question->seqs, seqs, count * sizeof(*seqs));
	question->request.seqs = question->seqs;
	question->fetch = *fetch;
	question->ready = true;
	for (size_t i = 0; i < count && question->ready; i++)
		question->ready =
			question_pending(pending, box, seqs[i], &gone) != NULL || gone;
	if (!question->ready)
		return &question->request;
	question->request.ok = true;
	STAILQ_INSERT_TAIL(&questions->ready, &question->request, link);
	return NULL;
}

static const struct journal_op *question_row(const struct journal_request *request,
					     uint64_t seq)
{
	const struct journal_op *op;

	TAILQ_FOREACH (op, &request->rows, link)
		if (op->seq == seq)
			break;
	return op;
}

static void question_answer_fetch(struct journal_question *question,
				  const struct journal_pending *pending)
{
	const struct journal_request *request = &question->request;
	bool ok = true;

	for (size_t i = 0; i < request->count && !question->forgotten; i++) {
		bool gone;
		const struct journal_op *op =
			question_pending(pending, question->name, question->seqs[i], &gone);
		const struct journal_op *row =
			op == NULL && !gone ? question_row(request, question->seqs[i]) : NULL;
		const struct journal_op *burial;
		struct journal_message message;

		if (op == NULL && row == NULL) {
			ok = ok && (gone || request->ok);
			continue;
		}
		message = journal_op_message(op != NULL ? op : row);
		message.created_ns -= row != NULL ? pending->created_ns : 0;
		burial = question_burial(pending, op != NULL ? op : row);
		if (burial != NULL) {
			message.dead = burial->dead;
			message.why = burial->why;
		}
		question->fetch.got(question->fetch.arg, &message);
	}
	if (!question->forgotten)
		question->fetch.done(question->fetch.arg, ok);
}

/* ---- history ---- */

struct journal_request *journal_question_past(struct journal_questions *questions,
					      const char *rule, size_t limit,
					      const struct journal_past *past)
{
	struct journal_question *question = question_new(questions, rule, limit);

	question->past = *past;
	return &question->request;
}

static void question_line(struct journal_question *question, const struct journal_op *op,
			  size_t *left)
{
	const char *rule = question->name;

	if (op->kind != JOURNAL_HISTORY || *left == 0 || question->forgotten ||
	    (rule != NULL && strcmp(rule, op->name) != 0))
		return;
	(*left)--;
	question->past.line(question->past.arg, (struct wall){op->at_ns}, op->name, op->body,
			    op->body_len);
}

static void question_answer_past(struct journal_question *question,
				 const struct journal_pending *pending)
{
	const struct journal_batch *batches[] = {pending->filling, pending->leaving};
	const struct journal_op *op;
	size_t left = question->request.count;

	for (size_t i = 0; i < ARRAY_SIZE(batches) && batches[i] != NULL; i++)
		TAILQ_FOREACH_REVERSE(op, &batches[i]->ops, journal_ops, link)
	question_line(question, op, &left);
	TAILQ_FOREACH (op, &question->request.rows, link)
		question_line(question, op, &left);
	if (!question->forgotten)
		question->past.done(question->past.arg, question->request.ok);
}

void journal_question_answer(struct journal_request *request,
			     const struct journal_pending *pending)
{
	struct journal_question *question = (struct journal_question *)request;

	if (request->seqs != NULL)
		question_answer_fetch(question, pending);
	else
		question_answer_past(question, pending);
	question_free(question);
}

void journal_questions_answer_ready(struct journal_questions *questions,
				    const struct journal_pending *pending)
{
	STAILQ_HEAD(, journal_request) ready = STAILQ_HEAD_INITIALIZER(ready);
	struct journal_request *request;

	/* An answer may lead to the next question: that one has its own turn. */
	STAILQ_CONCAT(&ready, &questions->ready);
	while ((request = STAILQ_FIRST(&ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&ready, link);
		journal_question_answer(request, pending);
	}
}
