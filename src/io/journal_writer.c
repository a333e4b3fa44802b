/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the writer's thread, and the order of its work. */
#include "io/journal_writer.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/loop.h"

enum { WRITER_STACK = 256 << 10, WRITER_REST_S = 2, WRITER_BACKLOG_MAX = 1000 };

STAILQ_HEAD(journal_requests, journal_request);
STAILQ_HEAD(journal_newses, journal_news);

struct journal_writer {
	pthread_t thread;
	pthread_mutex_t mutex; /* for what stands from here ... */
	pthread_cond_t work, told;
	struct loop_wake *wake;
	struct journal_batch *batch;
	struct journal_requests requests;
	struct journal_newses newses;
	struct journal_figures figures;
	int64_t retry_ns;
	bool hurried;
	bool stop;
	bool ended;
	bool abandoned; /* ... to here */
	atomic_uint_fast64_t turns;
	atomic_int_fast64_t busy_since; /* 0: waiting */
	/* The thread's own. */
	struct journal_store *store;
	bool open;
	struct mono retry_at, rest_at;
};

enum writer_work { WRITER_OPEN, WRITER_ANSWER, WRITER_WRITE, WRITER_REST, WRITER_END };

/* ---- on the thread ---- */

static struct journal_news *writer_news(enum journal_news_kind kind)
{
	struct journal_news *news = xcalloc(1, sizeof(*news));

	TAILQ_INIT(&news->opened.found);
	news->kind = kind;
	return news;
}

static void writer_show_figures(struct journal_writer *writer)
{
	struct journal_figures figures;

	journal_store_figures(writer->store, &figures);
	pthread_mutex_lock(&writer->mutex);
	writer->figures = figures;
	pthread_mutex_unlock(&writer->mutex);
}

static void writer_tell(struct journal_writer *writer, struct journal_news *news)
{
	writer_show_figures(writer);
	pthread_mutex_lock(&writer->mutex);
	STAILQ_INSERT_TAIL(&writer->newses, news, link);
	if (writer->wake != NULL)
		loop_wake_ring(writer->wake);
	pthread_cond_signal(&writer->told);
	pthread_mutex_unlock(&writer->mutex);
}

static int64_t writer_retry_ns(struct journal_writer *writer)
{
	int64_t ns;

	pthread_mutex_lock(&writer->mutex);
	ns = writer->retry_ns;
	pthread_mutex_unlock(&writer->mutex);
	return ns;
}

static void writer_trouble(struct journal_writer *writer, int rc)
{
	struct journal_news *news = writer_news(JOURNAL_NEWS_TROUBLE);

	news->code = -rc;
	news->problem = xstrdup(journal_store_problem(writer->store));
	writer_tell(writer, news);
}

/* A store that is damaged or gone has a successor at once; trouble has to pass by itself. */
static void writer_failed(struct journal_writer *writer, int rc)
{
	bool anew = rc == -EUCLEAN || rc == -ESTALE;

	journal_store_close(writer->store);
	writer->open = false;
	writer->retry_at = mono_add(clock_mono(), anew ? 0 : writer_retry_ns(writer));
	if (!anew)
		writer_trouble(writer, rc);
}

static void writer_open(struct journal_writer *writer)
{
	struct journal_news *news = writer_news(JOURNAL_NEWS_OPENED);
	int rc = journal_store_open(writer->store, &news->opened);

	if (rc == 0) {
		writer->open = true;
		writer->rest_at = mono_add(clock_mono(), WRITER_REST_S * NSEC_PER_SEC);
		writer_tell(writer, news);
		return;
	}
	journal_news_free(news);
	writer->retry_at = mono_add(clock_mono(), writer_retry_ns(writer));
	writer_trouble(writer, rc);
}

static void writer_rest(struct journal_writer *writer)
{
	int rc = journal_store_rest(writer->store);

	/* A reader cannot be in the way, so what is left over stays for a while, not for ever.
	 */
	writer->rest_at = mono_add(clock_mono(), WRITER_REST_S * NSEC_PER_SEC);
	writer_show_figures(writer);
	if (rc != 0)
		writer_failed(writer, rc);
}

static void writer_write(struct journal_writer *writer, struct journal_batch *batch)
{
	struct journal_news *news = writer_news(JOURNAL_NEWS_BATCH);
	int rc = writer->open ? journal_store_write(writer->store, batch) : -EIO;

	news->batch = batch;
	news->ok = rc == 0;
	if (rc != 0 && writer->open)
		writer_failed(writer, rc);
	writer_tell(writer, news);
	if (rc != 0)
		return;
	writer->rest_at = mono_add(clock_mono(), WRITER_REST_S * NSEC_PER_SEC);
	if (journal_store_backlog(writer->store) >= WRITER_BACKLOG_MAX)
		writer_rest(writer);
}

static void writer_answer(struct journal_writer *writer, struct journal_request *request)
{
	struct journal_news *news = writer_news(JOURNAL_NEWS_REQUEST);
	int rc = -EIO;

	if (writer->open && request->seqs != NULL)
		rc = journal_store_fetch(writer->store, request->name, request->seqs,
					 request->count, &request->rows);
	else if (writer->open)
		rc = journal_store_history(writer->store, request->name, request->count,
					   &request->rows);
	request->ok = rc == 0;
	news->request = request;
	if (rc != 0 && writer->open)
		writer_failed(writer, rc);
	writer_tell(writer, news);
}

/* What is to be done next, or until when there is nothing. Under the mutex. */
static bool writer_choose(struct journal_writer *writer, enum writer_work *ret_work,
			  struct mono *ret_until)
{
	struct mono now = clock_mono();
	bool rests = writer->open && journal_store_backlog(writer->store) > 0;
	bool due = writer->hurried || now.ns >= writer->retry_at.ns;
	const struct {
		bool due;
		enum writer_work work;
	} choices[] = {
		{writer->abandoned, WRITER_END},
		{!writer->open && !writer->stop && due, WRITER_OPEN},
		{!STAILQ_EMPTY(&writer->requests), WRITER_ANSWER},
		{writer->batch != NULL, WRITER_WRITE},
		{writer->stop, WRITER_END},
		{rests && now.ns >= writer->rest_at.ns, WRITER_REST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (choices[i].due) {
			*ret_work = choices[i].work;
			return true;
		}
	*ret_until = rests ? writer->rest_at : !writer->open ? writer->retry_at : MONO_NEVER;
	return false;
}

static void writer_sleep(struct journal_writer *writer, pthread_cond_t *cond, struct mono until)
{
	struct timespec ts = {until.ns / NSEC_PER_SEC, until.ns % NSEC_PER_SEC};

	if (until.ns == MONO_NEVER.ns)
		pthread_cond_wait(cond, &writer->mutex);
	else
		pthread_cond_timedwait(cond, &writer->mutex, &ts);
}

static enum writer_work writer_next(struct journal_writer *writer,
				    struct journal_batch **ret_batch,
				    struct journal_request **ret_request)
{
	enum writer_work work;
	struct mono until;

	pthread_mutex_lock(&writer->mutex);
	writer->busy_since = 0;
	while (!writer_choose(writer, &work, &until))
		writer_sleep(writer, &writer->work, until);
	writer->hurried = false;
	if (work == WRITER_WRITE) {
		*ret_batch = writer->batch;
		writer->batch = NULL;
	} else if (work == WRITER_ANSWER) {
		*ret_request = STAILQ_FIRST(&writer->requests);
		STAILQ_REMOVE_HEAD(&writer->requests, link);
	}
	writer->busy_since = clock_mono().ns;
	writer->turns++;
	pthread_mutex_unlock(&writer->mutex);
	return work;
}

static void writer_free(struct journal_writer *writer)
{
	struct journal_news *news;

	while ((news = STAILQ_FIRST(&writer->newses)) != NULL) {
		STAILQ_REMOVE_HEAD(&writer->newses, link);
		journal_news_free(news);
	}
	journal_store_free(writer->store);
	pthread_cond_destroy(&writer->work);
	pthread_cond_destroy(&writer->told);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

/* Nobody waits for this one: what it has is lost with the program, which ends. */
static void writer_free_abandoned(struct journal_writer *writer)
{
	struct journal_request *request;
	struct journal_news *news;

	while ((request = STAILQ_FIRST(&writer->requests)) != NULL) {
		STAILQ_REMOVE_HEAD(&writer->requests, link);
		request->release(request);
	}
	STAILQ_FOREACH (news, &writer->newses, link) {
		if (news->kind == JOURNAL_NEWS_REQUEST)
			news->request->release(news->request);
		journal_batch_free(news->batch);
	}
	journal_batch_free(writer->batch);
	writer_free(writer);
}

static void *writer_main(void *arg)
{
	struct journal_writer *writer = arg;
	struct journal_batch *batch = NULL;
	struct journal_request *request = NULL;
	enum writer_work work;
	bool abandoned;

	while ((work = writer_next(writer, &batch, &request)) != WRITER_END) {
		if (work == WRITER_OPEN)
			writer_open(writer);
		else if (work == WRITER_ANSWER)
			writer_answer(writer, request);
		else if (work == WRITER_WRITE)
			writer_write(writer, batch);
		else
			writer_rest(writer);
	}
	journal_store_close(writer->store);
	pthread_mutex_lock(&writer->mutex);
	abandoned = writer->abandoned;
	writer->ended = true;
	pthread_cond_signal(&writer->told);
	pthread_mutex_unlock(&writer->mutex);
	if (abandoned)
		writer_free_abandoned(writer);
	return NULL;
}

/* ---- on the loop ---- */

void journal_news_free(struct journal_news *news)
{
	journal_opened_done(&news->opened);
	free(news->problem);
	free(news);
}

static int writer_start_thread(struct journal_writer *writer)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WRITER_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&writer->thread, &attr, writer_main, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		pthread_setname_np(writer->thread, "gauged-journal");
	return rc;
}

struct journal_writer *journal_writer_start(const char *directory, int64_t max_bytes,
					    int64_t retry_ns, struct loop_wake *wake,
					    struct error *err)
{
	struct journal_writer *writer = xcalloc(1, sizeof(*writer));
	pthread_condattr_t attr;
	int rc;

	STAILQ_INIT(&writer->requests);
	STAILQ_INIT(&writer->newses);
	writer->wake = wake;
	writer->retry_ns = retry_ns;
	writer->store = journal_store_new(directory, max_bytes);
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->work, &attr);
	pthread_cond_init(&writer->told, &attr);
	pthread_condattr_destroy(&attr);
	rc = writer_start_thread(writer);
	if (rc != 0) {
		writer_free(writer);
		error_errno(err, EAGAIN, "no thread can be started for the journal in %s",
			    directory);
		return NULL;
	}
	return writer;
}

bool journal_writer_stop(struct journal_writer *writer, struct mono deadline)
{
	pthread_t thread;

	if (writer == NULL)
		return true;
	thread = writer->thread;
	pthread_mutex_lock(&writer->mutex);
	writer->stop = true;
	writer->wake = NULL;
	pthread_cond_signal(&writer->work);
	while (!writer->ended && clock_mono().ns < deadline.ns)
		writer_sleep(writer, &writer->told, deadline);
	writer->abandoned = !writer->ended;
	if (writer->abandoned) {
		pthread_mutex_unlock(&writer->mutex);
		pthread_detach(thread);
		return false;
	}
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(thread, NULL);
	writer_free(writer);
	return true;
}

void journal_writer_write(struct journal_writer *writer, struct journal_batch *batch)
{
	pthread_mutex_lock(&writer->mutex);
	writer->batch = batch;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
}

void journal_writer_ask(struct journal_writer *writer, struct journal_request *request)
{
	TAILQ_INIT(&request->rows);
	pthread_mutex_lock(&writer->mutex);
	STAILQ_INSERT_TAIL(&writer->requests, request, link);
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
}

struct journal_news *journal_writer_news(struct journal_writer *writer)
{
	struct journal_news *news;

	pthread_mutex_lock(&writer->mutex);
	news = STAILQ_FIRST(&writer->newses);
	if (news != NULL)
		STAILQ_REMOVE_HEAD(&writer->newses, link);
	pthread_mutex_unlock(&writer->mutex);
	return news;
}

void journal_writer_wait(struct journal_writer *writer, struct mono deadline)
{
	pthread_mutex_lock(&writer->mutex);
	while (STAILQ_EMPTY(&writer->newses) && clock_mono().ns < deadline.ns)
		writer_sleep(writer, &writer->told, deadline);
	pthread_mutex_unlock(&writer->mutex);
}

void journal_writer_hurry(struct journal_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	writer->retry_ns = 50 * NSEC_PER_MSEC;
	writer->hurried = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
}

void journal_writer_figures(struct journal_writer *writer, struct journal_figures *ret)
{
	pthread_mutex_lock(&writer->mutex);
	*ret = writer->figures;
	pthread_mutex_unlock(&writer->mutex);
}

uint64_t journal_writer_turns(const struct journal_writer *writer)
{
	return writer->turns;
}

int64_t journal_writer_busy_ns(const struct journal_writer *writer, struct mono now)
{
	int64_t since = writer->busy_since;

	return since == 0 ? 0 : now.ns - since;
}
