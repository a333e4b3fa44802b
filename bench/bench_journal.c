/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Writes messages through gauged's journal, so many in a commit, each with the state that
 * caused it, and removes them once they are committed, as if they had been delivered at once.
 * bench_journal FOLDER MESSAGES BATCH BYTES STATE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "io/journal.h"
#include "io/loop.h"

enum { STATE_MAX = 65536, BODY_MAX = 65536 };

struct bench {
	struct loop *loop;
	struct journal *journal;
	uint64_t committed;
	unsigned char state[STATE_MAX];
	size_t state_len;
};

static void bench_collect(void *arg)
{
	struct bench *bench = arg;

	if (bench->state_len > 0)
		journal_put_state(bench->journal, "rules", bench->state, bench->state_len);
	bench->state[0]++;
}

static void bench_committed(void *arg, uint64_t mark)
{
	struct bench *bench = arg;

	bench->committed = mark;
	loop_stop(bench->loop);
}

static void bench_fail(const char *what)
{
	fprintf(stderr, "bench_journal: %s\n", what);
	exit(1);
}

static void bench_write(struct bench *bench, uint64_t first, uint64_t count, const char *body,
			size_t len)
{
	struct journal_message message = {.box = "ops",
					  .lane = JOURNAL_ALARM,
					  .why = "",
					  .what = "hot fire",
					  .url = "http://127.0.0.1/alarms",
					  .headers = "Content-Type: application/json\n",
					  .body = body,
					  .body_len = len};
	uint64_t mark = 0;

	for (uint64_t seq = first; seq < first + count; seq++) {
		message.seq = seq;
		snprintf(message.id, sizeof(message.id), "msg_%022ju", (uintmax_t)seq);
		message.created_ns = journal_time(bench->journal, clock_boot());
		if (journal_put_message(bench->journal, &message) != 0)
			bench_fail("there is no room in the store");
		mark = journal_mark(bench->journal);
	}
	journal_commit(bench->journal, true);
	while (bench->committed < mark)
		if (loop_run(bench->loop) != 0)
			bench_fail("the loop failed");
	for (uint64_t seq = first; seq < first + count; seq++)
		journal_remove(bench->journal, "ops", seq);
}

int main(int argc, char **argv)
{
	static char body[BODY_MAX];
	static struct bench bench;
	struct journal_host host = {
		.collect = bench_collect, .committed = bench_committed, .arg = &bench};
	struct journal_config config = {.max_bytes = 64 << 20};
	struct journal_report report;
	struct error err;
	uint64_t messages, batch;
	size_t len;

	if (argc != 6)
		bench_fail("usage: bench_journal FOLDER MESSAGES BATCH BYTES STATE");
	log_init(2, LOG_LEVEL_WARNING);
	config.directory = argv[1];
	messages = strtoull(argv[2], NULL, 10);
	batch = strtoull(argv[3], NULL, 10);
	len = strtoull(argv[4], NULL, 10);
	bench.state_len = strtoull(argv[5], NULL, 10);
	if (batch == 0 || bench.state_len > sizeof(bench.state) || len > sizeof(body))
		bench_fail("a batch of none, or too large a body or state");
	memset(body, 'x', len);
	bench.loop = loop_new(&err);
	bench.journal =
		journal_open(bench.loop, &config, &host, &(struct journal_found){0}, &err);
	if (bench.journal == NULL)
		bench_fail(err.text);
	for (uint64_t seq = 1; seq <= messages; seq += batch)
		bench_write(&bench, seq, batch, body, len);
	journal_report(bench.journal, &report);
	if (report.problem != NULL)
		bench_fail(report.problem);
	if (!journal_close(bench.journal, mono_add(clock_mono(), 10 * NSEC_PER_SEC)))
		bench_fail("not all of it was written");
	loop_free(bench.loop);
	printf("%ju\n", (uintmax_t)report.commits);
	return 0;
}
