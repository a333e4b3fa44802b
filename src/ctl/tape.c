/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the file of a recording while it is read. */
#include "ctl/tape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "model/recording.h"
#include "model/recording_remark.h"

/* As the playback input has it; and so many broken lines are told one by one. */
enum { TAPE_LINE = 4096, TAPE_TOLD = 20 };

struct tape {
	const char *path;
	FILE *file;
	uint64_t number;
	struct recording_line line;
	bool opened; /* up to the first reading */
	bool ahead;  /* line is there and was not handed out yet */
	bool start_known;
	struct wall start;
	struct boot last;
	struct tape_counts counts;
	char text[TAPE_LINE + 2];
};

static void tape_complain(struct tape *tape, const char *why)
{
	tape->counts.broken++;
	if (tape->counts.broken <= TAPE_TOLD)
		fprintf(stderr, "%s:%" PRIu64 ": %s\n", tape->path, tape->number, why);
	else if (tape->counts.broken == TAPE_TOLD + 1)
		fprintf(stderr,
			"%s:%" PRIu64 ": and so on; what else is broken is only counted\n",
			tape->path, tape->number);
}

static void tape_remark(struct tape *tape, const char *line, size_t len)
{
	struct recording_remark remark;

	if (!recording_remark_parse(line, len, &remark))
		return;
	switch (remark.kind) {
	case REMARK_STARTED:
		if (!tape->opened) {
			tape->start_known = true;
			tape->start = remark.started;
		}
		return;
	case REMARK_GAP:
		tape->counts.gaps++;
		tape->counts.missing_ns += boot_diff(remark.to, remark.from);
		return;
	case REMARK_END:
		if (remark.to.ns > tape->counts.end.ns)
			tape->counts.end = remark.to;
		return;
	}
}

/* The next line, without its newline; false at the end of the file. */
static bool tape_line(struct tape *tape, size_t *ret_len)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(tape->file)) != EOF && c != '\n') {
		if (len <= TAPE_LINE)
			tape->text[len++] = (char)c;
	}
	if (c == EOF && len == 0)
		return false;
	tape->number++;
	*ret_len = len;
	return true;
}

static bool tape_read(struct tape *tape)
{
	struct error err;
	size_t len;

	while (tape_line(tape, &len)) {
		int rc = len > TAPE_LINE ? error_set(&err, EINVAL,
						     "a line of more than %d bytes", TAPE_LINE)
					 : recording_parse(tape->text, len, &tape->line, &err);

		if (rc == 0)
			tape_remark(tape, tape->text, len);
		if (rc > 0 && tape->line.reading.at.ns < tape->last.ns)
			rc = error_set(&err, EINVAL,
				       "the time goes back; expected %" PRId64 ".%09" PRId64
				       " or later",
				       tape->last.ns / NSEC_PER_SEC,
				       tape->last.ns % NSEC_PER_SEC);
		if (rc < 0)
			tape_complain(tape, err.text);
		if (rc <= 0)
			continue;
		tape->last = tape->line.reading.at;
		return true;
	}
	if (ferror(tape->file)) {
		error_errno(&err, errno, "cannot read on");
		tape_complain(tape, err.text);
	}
	return false;
}

struct tape *tape_open(const char *path)
{
	struct tape *tape = xcalloc(1, sizeof(*tape));

	tape->path = strcmp(path, "-") == 0 ? "standard input" : path;
	tape->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (tape->file == NULL) {
		fprintf(stderr, "gaugectl: cannot read %s: %s\n", path, strerror(errno));
		free(tape);
		return NULL;
	}
	tape->ahead = tape_read(tape);
	tape->opened = true;
	return tape;
}

void tape_close(struct tape *tape)
{
	if (tape == NULL)
		return;
	if (tape->file != stdin)
		fclose(tape->file);
	free(tape);
}

const struct recording_line *tape_next(struct tape *tape, struct boot until)
{
	tape->ahead = tape->ahead || tape_read(tape);
	if (!tape->ahead || tape->line.reading.at.ns > until.ns)
		return NULL;
	tape->ahead = false;
	tape->counts.readings++;
	if (tape->last.ns > tape->counts.end.ns)
		tape->counts.end = tape->last;
	return &tape->line;
}

bool tape_started(const struct tape *tape, struct wall *ret)
{
	if (tape->start_known)
		*ret = tape->start;
	return tape->start_known;
}

void tape_count(const struct tape *tape, struct tape_counts *ret)
{
	*ret = tape->counts;
}
