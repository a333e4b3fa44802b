/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The store of what has to outlive the program: states by key, the messages of outboxes (here:
 * boxes) and the history of what happened. One SQLite database in WAL mode with
 * synchronous=FULL, on one thread of its own, the writer, with one connection. The loop never
 * waits for it.
 *
 * What the loop puts is collected in a batch, and a batch is one transaction. At most one batch
 * is being written; the next one is filled meanwhile, however large it gets within the caps
 * (group commit). Before a batch leaves, the host is asked for the states as they are then, so
 * a state is in one transaction with the messages that it caused. A batch that fails is kept
 * and written again, whole, after the store was closed and opened anew: all of it is such that
 * writing it twice does no harm. So a committed message is in the store, and everything else
 * is still in memory.
 *
 * Trouble (full, read-only, input/output error, no such folder) makes the journal degraded, not
 * the program: it is tried again every five seconds, and the host is told of both. A store that
 * is damaged, or is no store, or has a newer schema, is renamed to
 * journal.db.corrupt-<time>; what can be read of it goes into the new one.
 * docs: gauged(8), "The state folder".
 */
#ifndef GAUGED_IO_JOURNAL_H
#define GAUGED_IO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct error;
struct journal;
struct loop;

enum {
	JOURNAL_BATCH_MESSAGES = 4096,	 /* in memory, not yet committed */
	JOURNAL_BATCH_BYTES = 8 << 20,	 /* of them and of the history with them ... */
	JOURNAL_BATCH_HISTORY = 1 << 20, /* ... of which this much is of the history */
	JOURNAL_STATE_MAX = 4 << 20,	 /* bytes under one key */
	JOURNAL_RESERVE_BYTES = 1 << 20, /* of the size of the store, not for messages */
	JOURNAL_FETCH_MAX = 64,		 /* messages at a time */
	JOURNAL_HISTORY_MAX = 10000,	 /* rows; the oldest go first */
	JOURNAL_NAME_MAX = 255,		 /* of boxes and keys */
	JOURNAL_ID_SIZE = 32,
};

enum journal_lane { JOURNAL_ALARM, JOURNAL_TELEMETRY };

/*
 * Of one box; (box, seq) is its identity here. Texts end in NUL. All of it is copied by whoever
 * takes it, and lent for the call by whoever hands it out.
 */
struct journal_message {
	const char *box;
	uint64_t seq; /* 1 .. 2^44 - 1, growing in the box; see journal_first_seq() */
	char id[JOURNAL_ID_SIZE];
	enum journal_lane lane;
	int64_t created_ns; /* of the journal's own time, see journal_time() */
	bool dead;	    /* a dead letter */
	const char *why;    /* of a dead letter; otherwise "" */
	const char *what;   /* of what it tells, for people; or "" */
	const char *url, *headers;
	const char *body; /* NULL where only what is around it was asked for */
	size_t body_len;
};

/* What was in the store when it was opened for the first time. Lent for the call. */
struct journal_found {
	/* The journal, of which only the time may be asked yet. */
	void (*begin)(void *arg, struct journal *journal);
	/* Every state, every box's last seq and every message, without bodies, in order. */
	void (*state)(void *arg, const char *key, const void *bytes, size_t len);
	void (*box)(void *arg, const char *box, uint64_t last_seq);
	void (*message)(void *arg, const struct journal_message *message);
	void *arg;
};

/* On the loop. None may free the journal. */
struct journal_host {
	/* A batch is about to leave: put the states that changed, with journal_put_state(). */
	void (*collect)(void *arg);
	/* Everything that was put with a mark (journal_mark()) up to this one is durable. */
	void (*committed)(void *arg, uint64_t mark);
	/*
	 * Degraded began, its cause changed, or it ended (problem == NULL). For people. Never
	 * from inside a call. The journal logs it, too.
	 */
	void (*trouble)(void *arg, const char *problem);
	/*
	 * A damaged store was set aside while it ran, or it vanished. Messages and states that
	 * had been committed and are not among those that could be taken over are gone from the
	 * store: whoever still has them puts them again; collect is asked soon after. aside:
	 * the new name of the old one, NULL: it vanished.
	 */
	void (*rebuilt)(void *arg, const char *aside);
	void *arg;
};

struct journal_config {
	const char *directory; /* made with mode 0700 if only the last part is missing */
	int64_t max_bytes;     /* of the database; 4 MiB at least, for there is the reserve */
	int64_t retry_ns;      /* before a store that failed is opened again; 0: 5 s */
};

/*
 * Starts the writer, waits until the store is open or has failed to (at most 20 s), and hands
 * out what is in it. A store that fails is no reason to fail: the journal is degraded then, and
 * goes on trying; what it finds later it hands out later through the same found (whose arg has
 * to live as long). NULL + err: only where it would be wrong to go on.
 * -EBUSY: another gauged has it open (the text names its pid). -EAGAIN: no thread can be
 * started. A folder that is a symbolic link, belongs to somebody else or that others may write
 * to is trouble like any other, and is not touched.
 */
struct journal *journal_open(struct loop *loop, const struct journal_config *config,
			     const struct journal_host *host, const struct journal_found *found,
			     struct error *err);
/*
 * Writes what is left, at most until deadline, and ends the writer; collect and committed are
 * still called, and nothing else is. What was asked for and is not answered stays so. NULL is
 * allowed. False: not all of it is durable.
 */
bool journal_close(struct journal *journal, struct mono deadline);

/*
 * Nanoseconds that gauged ran for since the store was made, by CLOCK_BOOTTIME where the kernel
 * was not started anew in between; never goes back, and does not know the wall clock. Ages of
 * messages are differences of it. A new start of the kernel may take up to a minute of it away,
 * but not of what came before the youngest message that waits.
 */
int64_t journal_time(const struct journal *journal, struct boot now);

/*
 * The mark of what is put now: to be asked for in the same breath. It is durable once committed
 * was told this one or a larger one.
 */
uint64_t journal_mark(const struct journal *journal);

/*
 * The smallest seq that a box may begin with that was not found: 1 or, as long as the store
 * could not be opened and may have the box after all, one above all that are in use.
 */
uint64_t journal_first_seq(const struct journal *journal);

/* Copied. The last one of a key in a batch counts; an empty one deletes. Never fails. */
void journal_put_state(struct journal *journal, const char *key, const void *bytes, size_t len);
/*
 * Copied. -ENOBUFS: there is no room in memory (JOURNAL_BATCH_*). -ENOSPC: there is not enough
 * left in the store (max_bytes less the reserve): what is removed makes room at the next commit
 * if it was committed, at once if not. A message that was put before is replaced.
 */
int journal_put_message(struct journal *journal, const struct journal_message *message);
/* It was delivered, or dropped. In the next batch, which this alone lets wait up to a second.
 */
void journal_remove(struct journal *journal, const char *box, uint64_t seq);
/* It is a dead letter, or (dead false) waits again, as if it were created now. */
void journal_bury(struct journal *journal, const char *box, uint64_t seq, bool dead,
		  const char *why);
/* A box is gone for good, with all that is in it. */
void journal_drop_box(struct journal *journal, const char *box);
/*
 * A line of JSON. Dropped and counted when there is no room: it never takes that of messages.
 */
void journal_put_history(struct journal *journal, struct wall at, const char *rule,
			 const char *line, size_t len);

/*
 * Write what was put: at once (an alarm), or when half a second of rest is over. Collect is
 * asked even if nothing was put. What nobody commits is written within a second.
 */
void journal_commit(struct journal *journal, bool at_once);

/*
 * Messages with their bodies; also those that are not committed yet. count at most
 * JOURNAL_FETCH_MAX. got is called for each that is there, in order, then done once (ok false:
 * the store can't be read now); from the loop, never from inside the call. What got is lent is
 * gone once it removes that message or puts it again.
 */
struct journal_fetch {
	void (*got)(void *arg, const struct journal_message *message);
	void (*done)(void *arg, bool ok);
	void *arg;
};
void journal_fetch(struct journal *journal, const char *box, const uint64_t *seqs, size_t count,
		   const struct journal_fetch *fetch);
/* Of one rule (NULL: all), the newest first, at most limit; lines as they were put. */
struct journal_past {
	void (*line)(void *arg, struct wall at, const char *rule, const char *line, size_t len);
	void (*done)(void *arg, bool ok);
	void *arg;
};
void journal_history(struct journal *journal, const char *rule, size_t limit,
		     const struct journal_past *past);
/* Neither got, line nor done will be called for this arg any more. */
void journal_forget(struct journal *journal, const void *arg);

struct journal_report {
	const char *path;
	const char *problem; /* NULL: it is good */
	struct boot since;   /* of the problem */
	const char *aside;   /* the last store that was set aside since the start, or NULL */
	uint64_t commits, failures, reopened, set_aside, salvaged, lost;
	uint64_t messages; /* put */
	uint64_t history_dropped;
	uint64_t checkpoints;
	size_t pending; /* messages in memory that are not committed */
	size_t pending_bytes;
	int64_t bytes, max_bytes; /* of the database; wal_bytes of its log */
	int64_t wal_bytes;
	int64_t commit_last_ns, commit_max_ns; /* how long a commit took */
	uint64_t writer_turns; /* grows while the writer lives: for the watchdog */
};
void journal_report(const struct journal *journal, struct journal_report *ret);
/* Whether the writer is stuck in one piece of work for longer than limit_ns. */
bool journal_stuck(const struct journal *journal, struct mono now, int64_t limit_ns);

#endif
