/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A journal in a folder of its own with a loop and a host that notes what it is told. */
#ifndef GAUGED_TESTS_JOURNAL_RIG_H
#define GAUGED_TESTS_JOURNAL_RIG_H

#include "base/error.h"
#include "io/journal.h"

enum { RIG_FOUND = 8192 };

struct rig_message {
	char box[32];
	uint64_t seq;
	char id[JOURNAL_ID_SIZE];
	bool dead;
	char why[64];
	int64_t created_ns;
	size_t body_len;
	char body[32]; /* its beginning */
	bool has_body;
};

struct rig {
	struct loop *loop;
	struct journal *journal;
	struct journal_config config;
	char folder[64]; /* with everything */
	char state[96];	 /* in it, the journal's */
	struct error err;
	/* Told by the journal. */
	uint64_t committed;
	unsigned commits, began, ended, rebuilt;
	char problem[512];
	/* Put when it collects: "count" is this number, if it changed. */
	int64_t count, collected;
	/* Put box "a", 1 when it is rebuilt, and what came of it. */
	bool again;
	int again_rc;
	/* Found, or fetched. */
	struct rig_message *messages;
	size_t found, fetched, done, done_well;
	uint64_t last_seq; /* of the box "a" */
	int64_t state_count;
	size_t states, boxes;
	char lines[16][64];
	size_t line_count;
};

void rig_init(struct rig *rig);
void rig_done(struct rig *rig);
/* Opens; forgets what was found and told before. */
bool rig_open(struct rig *rig);
/* Closes; true when all of it was durable. */
bool rig_close(struct rig *rig);
/* Box, seq; the id and body tell the seq. */
int rig_put(struct rig *rig, const char *box, uint64_t seq);
/* Turns the loop until it is so; fails after a minute. */
void rig_until(struct rig *rig, bool (*so)(const struct rig *rig));
/* Commits at once and turns until it is durable. */
void rig_commit(struct rig *rig);
const struct rig_message *rig_message(const struct rig *rig, const char *box, uint64_t seq);
/* The bodies of these; waits for done. */
bool rig_fetch(struct rig *rig, const char *box, const uint64_t *seqs, size_t count);
bool rig_past(struct rig *rig, const char *rule, size_t limit);
/* The path of the store, in a room that lives as long as rig. */
const char *rig_store(struct rig *rig);
/* How many files of the folder have such a name. */
size_t rig_files(const struct rig *rig, const char *part);

#endif
