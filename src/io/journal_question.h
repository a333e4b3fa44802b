/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the loop asked the journal for and waits for: answers are put together from the store's
 * rows and from what is in memory, not committed yet. No I/O.
 */
#ifndef GAUGED_IO_JOURNAL_QUESTION_H
#define GAUGED_IO_JOURNAL_QUESTION_H

#include "io/journal_writer.h"

struct journal_question;

struct journal_questions {
	LIST_HEAD(, journal_question) all;
	STAILQ_HEAD(, journal_request) ready; /* need nothing of the store */
};

/* What is not in the store yet, the newer one first. */
struct journal_pending {
	const struct journal_batch *filling, *leaving; /* leaving may be NULL */
	int64_t created_ns;			       /* what the store's time is ahead */
};

void journal_questions_init(struct journal_questions *questions);
/* with_writer: those that are not ready are the writer's now, and are not freed. */
void journal_questions_done(struct journal_questions *questions, bool with_writer);
void journal_questions_forget(struct journal_questions *questions, const void *arg);
/* Nobody waits for an answer any more. */
void journal_questions_mute(struct journal_questions *questions);

/* NULL: it is ready, which journal_questions_answer_ready() has to be called for. */
struct journal_request *journal_question_fetch(struct journal_questions *questions,
					       const char *box, const uint64_t *seqs,
					       size_t count, const struct journal_fetch *fetch,
					       const struct journal_pending *pending);
struct journal_request *journal_question_past(struct journal_questions *questions,
					      const char *rule, size_t limit,
					      const struct journal_past *past);
/* Calls got or line, and done, and frees it. */
void journal_question_answer(struct journal_request *request,
			     const struct journal_pending *pending);
void journal_questions_answer_ready(struct journal_questions *questions,
				    const struct journal_pending *pending);

#endif
