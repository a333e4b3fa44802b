/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The thread that has the store: one piece of work at a time, handed over by the loop, and the
 * news of it handed back. Neither side ever waits for the other but where it says so below; the
 * mutex between them is held for the exchange of pointers only. It never logs.
 */
#ifndef GAUGED_IO_JOURNAL_WRITER_H
#define GAUGED_IO_JOURNAL_WRITER_H

#include "io/journal_store.h"

struct journal_writer;
struct loop_wake;

/* A question to the store. The asker's, but between journal_writer_ask() and the news of it. */
struct journal_request {
	STAILQ_ENTRY(journal_request) link;
	const char *name;	 /* a box; or, of the history, a rule or NULL */
	const uint64_t *seqs;	 /* NULL: of the history */
	size_t count;		 /* of seqs, or of lines at most */
	struct journal_ops rows; /* the answer */
	/* Frees it, on whichever thread, when the asker is gone. */
	void (*release)(struct journal_request *request);
	bool ok;
};

enum journal_news_kind {
	JOURNAL_NEWS_OPENED,
	JOURNAL_NEWS_TROUBLE, /* it is closed, and will be opened again */
	JOURNAL_NEWS_BATCH,   /* ok: it is durable */
	JOURNAL_NEWS_REQUEST,
};

struct journal_news {
	STAILQ_ENTRY(journal_news) link;
	enum journal_news_kind kind;
	struct journal_opened opened;
	int code; /* of trouble: positive errno */
	char *problem;
	struct journal_batch *batch;
	bool ok;
	struct journal_request *request;
};

/*
 * Starts the thread, which opens the store. wake is rung for news; NULL + err (EAGAIN): no
 * thread. retry_ns: the pause before a store that failed is opened again.
 */
struct journal_writer *journal_writer_start(const char *directory, int64_t max_bytes,
					    int64_t retry_ns, struct loop_wake *wake,
					    struct error *err);
/*
 * Ends the thread when it has done what it has, waiting until deadline at most. False: it was
 * left to itself, with the batch and the requests that it has: neither they nor the writer are
 * the caller's any more. wake is not rung after this. NULL is allowed.
 */
bool journal_writer_stop(struct journal_writer *writer, struct mono deadline);

/* One batch at a time; the writer reads it until its news. */
void journal_writer_write(struct journal_writer *writer, struct journal_batch *batch);
void journal_writer_ask(struct journal_writer *writer, struct journal_request *request);
/* The oldest news, which is the caller's then; NULL: none. */
struct journal_news *journal_writer_news(struct journal_writer *writer);
void journal_news_free(struct journal_news *news);
/* Waits for news until deadline. */
void journal_writer_wait(struct journal_writer *writer, struct mono deadline);
/* The pause ends, and from now on they are short: the program is about to end. */
void journal_writer_hurry(struct journal_writer *writer);

void journal_writer_figures(struct journal_writer *writer, struct journal_figures *ret);
/* Grows with every piece of work. */
uint64_t journal_writer_turns(const struct journal_writer *writer);
/* How long it has been at the same piece of work, 0: it waits for some. */
int64_t journal_writer_busy_ns(const struct journal_writer *writer, struct mono now);

#endif
