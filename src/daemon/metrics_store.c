/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the figures of the store, and of queues, those without a webhook among them. */
#include "daemon/metrics_store.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "io/journal.h"
#include "actions/outbox.h"
#include "daemon/boxes.h"
#include "daemon/daemon.h"
#include "daemon/metrics_text.h"
#include "daemon/state.h"

static double seconds(int64_t ns)
{
	return (double)(ns / NSEC_PER_USEC) / 1e6;
}

static void store_sizes(const struct journal_report *r, bool alive, struct str *out)
{
	const struct metrics_count rows[] = {
		{"gauged_store_good", "Whether the store takes what it is given.",
		 r->problem == NULL && alive, METRIC_GAUGE},
		{"gauged_store_bytes", "Size of the store.", (uint64_t)r->bytes, METRIC_GAUGE},
		{"gauged_store_max_bytes", "How large the store may get.",
		 (uint64_t)r->max_bytes, METRIC_GAUGE},
		{"gauged_store_wal_bytes", "Size of the store's log.", (uint64_t)r->wal_bytes,
		 METRIC_GAUGE},
		{"gauged_store_pending_messages", "Messages that are not in the store yet.",
		 r->pending, METRIC_GAUGE},
		{"gauged_store_pending_bytes", "What waits in memory to be stored.",
		 r->pending_bytes, METRIC_GAUGE},
	};

	metrics_counts(out, rows, ARRAY_SIZE(rows));
	metrics_single(out, "gauged_store_commit_seconds", METRIC_GAUGE,
		       "What the last commit took.", seconds(r->commit_last_ns));
	metrics_single(out, "gauged_store_commit_max_seconds", METRIC_GAUGE,
		       "What the longest commit took.", seconds(r->commit_max_ns));
}

static void store_counters(const struct journal_report *r, struct str *out)
{
	const struct metrics_count rows[] = {
		{"gauged_store_messages_total", "Messages that were put into the store.",
		 r->messages, METRIC_COUNTER},
		{"gauged_store_commits_total", "Commits.", r->commits, METRIC_COUNTER},
		{"gauged_store_checkpoints_total", "Times that the log went into the store.",
		 r->checkpoints, METRIC_COUNTER},
		{"gauged_store_failures_total", "Commits and openings that failed.",
		 r->failures, METRIC_COUNTER},
		{"gauged_store_reopened_total", "Times that the store was opened anew.",
		 r->reopened, METRIC_COUNTER},
		{"gauged_store_set_aside_total", "Damaged stores that were set aside.",
		 r->set_aside, METRIC_COUNTER},
		{"gauged_store_salvaged_total", "Rows that were taken over from these.",
		 r->salvaged, METRIC_COUNTER},
		{"gauged_store_lost_total", "Rows of these that could not be read.", r->lost,
		 METRIC_COUNTER},
		{"gauged_store_history_dropped_total",
		 "Lines of the history for which there was no room.", r->history_dropped,
		 METRIC_COUNTER},
	};

	metrics_counts(out, rows, ARRAY_SIZE(rows));
}

/* One figure of a queue. */
struct queue_figure {
	const char *name, *help;
	enum metric_type type;
	uint64_t (*get)(const struct outbox_report *box, const struct outbox_gap *gap);
};

static uint64_t get_bytes(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)gap;
	return box->bytes;
}

static uint64_t get_dead(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)gap;
	return box->dead;
}

static uint64_t get_gap(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)box;
	return gap->count;
}

static uint64_t get_unreadable(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)gap;
	return box->unreadable;
}

static uint64_t get_dropped(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)gap;
	return box->dropped_operator;
}

static uint64_t get_left(const struct outbox_report *box, const struct outbox_gap *gap)
{
	(void)gap;
	return box->left;
}

static const struct queue_figure queue_figures[] = {
	{"gauged_queue_bytes", "What waits in the queue.", METRIC_GAUGE, get_bytes},
	{"gauged_queue_dead_letters", "Messages that were given up and are kept.", METRIC_GAUGE,
	 get_dead},
	{"gauged_queue_gap_messages", "Lost messages of which the receiver was not told yet.",
	 METRIC_GAUGE, get_gap},
	{"gauged_queue_unreadable_total", "Messages that the store had lost.", METRIC_COUNTER,
	 get_unreadable},
	{"gauged_queue_dropped_by_operator_total", "Messages that an operator dropped.",
	 METRIC_COUNTER, get_dropped},
	{"gauged_queue_left_total", "Messages that went on to the fallback.", METRIC_COUNTER,
	 get_left},
};

static void queue_lanes(const struct boxes *boxes, struct str *out)
{
	static const char *const lanes[OUTBOX_LANES] = {"alarm", "telemetry"};
	const struct outbox *outbox;
	struct outbox_report box;
	const char *name;

	metrics_family(out, "gauged_queue_waiting", METRIC_GAUGE,
		       "Messages that wait, by whether they are alarms.");
	for (size_t i = 0; (outbox = boxes_at(boxes, i, &name)) != NULL; i++) {
		outbox_report(outbox, &box);
		for (int lane = 0; lane < OUTBOX_LANES; lane++)
			metrics_sample_count(out, "gauged_queue_waiting",
					     (struct metrics_label[]){{"queue", name},
								      {"lane", lanes[lane]},
								      {0}},
					     box.lanes[lane]);
	}
}

static void queue_ages(const struct boxes *boxes, struct str *out)
{
	const struct outbox *outbox;
	struct boot now = clock_boot();
	struct outbox_report box;
	const char *name;

	metrics_family(out, "gauged_queue_oldest_seconds", METRIC_GAUGE,
		       "Age of the oldest message that waits.");
	for (size_t i = 0; (outbox = boxes_at(boxes, i, &name)) != NULL; i++) {
		outbox_report(outbox, &box);
		metrics_sample_number(out, "gauged_queue_oldest_seconds",
				      (struct metrics_label[]){{"queue", name}, {0}},
				      box.waiting > 0 ? seconds(boot_diff(now, box.oldest))
						      : 0);
	}
}

static void queue_figure(const struct boxes *boxes, const struct queue_figure *figure,
			 struct str *out)
{
	const struct outbox *outbox;
	const char *name;

	metrics_family(out, figure->name, figure->type, figure->help);
	for (size_t i = 0; (outbox = boxes_at(boxes, i, &name)) != NULL; i++) {
		struct outbox_report box;
		struct outbox_gap gap = {0};

		outbox_report(outbox, &box);
		outbox_gap(outbox, &gap);
		metrics_sample_count(out, figure->name,
				     (struct metrics_label[]){{"queue", name}, {0}},
				     figure->get(&box, &gap));
	}
}

void metrics_store(const struct daemon *daemon, struct str *out)
{
	struct state *state = daemon_state(daemon);
	const struct boxes *boxes = state_boxes(state);
	struct journal_report report = {0};

	if (state_report(state, &report)) {
		store_sizes(&report, state_alive(state), out);
		store_counters(&report, out);
	}
	queue_lanes(boxes, out);
	queue_ages(boxes, out);
	for (size_t i = 0; i < ARRAY_SIZE(queue_figures); i++)
		queue_figure(boxes, &queue_figures[i], out);
}
