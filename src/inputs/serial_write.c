/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the lines that wait to be sent on a serial bus, and what became of each. */
#include "inputs/serial_write.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "inputs/serial_config.h"
#include "io/loop.h"
#include "io/stream.h"
#include "model/report.h"

/* The others on the loop come in between. */
enum { LINES_A_TURN = 16 };

struct serial_line {
	TAILQ_ENTRY(serial_line) entry;
	const struct serial_command *command;
	size_t len, sent;
	struct mono deadline;
	write_done *done; /* NULL: its end was told, the rest of it is still to be sent */
	void *arg;
	char bytes[VALUE_TEXT_MAX + POINT_LINE_END_MAX];
};

TAILQ_HEAD(serial_lines, serial_line);

struct serial_writer {
	const struct input_config *config;
	struct stream *stream;
	struct loop_defer *send;
	struct loop_timer *timer; /* NULL, as send: there are no commands */
	struct serial_lines waiting, free;
	struct serial_line *lines;
	bool closing;
	uint64_t writes, replaced, late;
};

/* Its place is free before anybody is told, who may want to write again. */
static void line_end(struct serial_writer *writer, struct serial_line *line,
		     enum write_outcome outcome, const char *text)
{
	const struct write_result result = {.outcome = outcome, .text = text};
	write_done *done = line->done;
	void *arg = line->arg;

	TAILQ_REMOVE(&writer->waiting, line, entry);
	TAILQ_INSERT_HEAD(&writer->free, line, entry);
	if (done != NULL)
		done(arg, &result);
}

static void lines_end(struct serial_writer *writer, const char *why)
{
	struct serial_line *line;

	while ((line = TAILQ_FIRST(&writer->waiting)) != NULL)
		line_end(writer, line, line->sent > 0 ? WRITE_UNKNOWN : WRITE_REFUSED, why);
}

/* ---- time -------------------------------------------------------------------------------- */

static struct serial_line *first_due(const struct serial_writer *writer)
{
	struct serial_line *line, *first = NULL;

	TAILQ_FOREACH (line, &writer->waiting, entry) {
		if (line->done != NULL &&
		    (first == NULL || line->deadline.ns < first->deadline.ns))
			first = line;
	}
	return first;
}

static void writer_plan(struct serial_writer *writer)
{
	const struct serial_line *first = first_due(writer);

	if (first != NULL)
		loop_timer_start(writer->timer, first->deadline);
	else
		loop_timer_stop(writer->timer);
}

static void line_is_late(struct serial_writer *writer, struct serial_line *line)
{
	struct write_result result = {.outcome = WRITE_UNKNOWN};
	write_done *done = line->done;
	char room[160];
	struct str text;

	writer->late++;
	str_init_fixed(&text, room, sizeof(room));
	str_addf(&text, "the line took %zu of %zu bytes within ", line->sent, line->len);
	str_add_duration(&text, line->command->timeout_ns);
	str_adds(&text, ": its output is blocked");
	if (line->sent == 0) {
		line_end(writer, line, WRITE_REFUSED, text.s);
		return;
	}
	str_adds(&text, ", the rest follows when it can");
	result.text = text.s;
	line->done = NULL;
	done(line->arg, &result);
}

static void writer_due(void *arg)
{
	struct serial_writer *writer = arg;
	struct mono now = clock_mono();
	struct serial_line *line;

	while ((line = first_due(writer)) != NULL && line->deadline.ns <= now.ns)
		line_is_late(writer, line);
	writer_plan(writer);
}

/* ---- sending ----------------------------------------------------------------------------- */

static void writer_send(void *arg)
{
	struct serial_writer *writer = arg;
	struct serial_line *line;

	for (unsigned i = 0; i < LINES_A_TURN; i++) {
		ssize_t n;

		line = TAILQ_FIRST(&writer->waiting);
		if (line == NULL)
			break;
		n = stream_write(writer->stream, line->bytes + line->sent,
				 line->len - line->sent);
		if (n < 0)
			return;
		line->sent += (size_t)n;
		if (line->sent < line->len)
			break;
		line_end(writer, line, WRITE_DONE, "");
	}
	stream_want_write(writer->stream, !TAILQ_EMPTY(&writer->waiting));
	writer_plan(writer);
}

void serial_writer_writable(struct serial_writer *writer)
{
	if (writer->send != NULL)
		writer_send(writer);
}

void serial_writer_down(struct serial_writer *writer)
{
	if (writer->send == NULL)
		return;
	stream_want_write(writer->stream, false);
	lines_end(writer, stream_fault(writer->stream)->text);
	writer_plan(writer);
}

/* ---- what is asked ----------------------------------------------------------------------- */

static int writer_check(const struct serial_writer *writer,
			const struct serial_command *command, struct value value,
			struct error *err)
{
	struct error why;
	int rc;

	if (writer->closing)
		return error_set(err, ESHUTDOWN, "%s: its bus closes", command->name);
	if (value.kind != VALUE_TEXT)
		return error_set(err, EINVAL, "%s takes a text, not a %s", command->name,
				 value_kind_name(value.kind));
	rc = point_line_check(&writer->config->line, value.text, &why);
	if (rc != 0)
		return error_set(err, -rc, "%s: %s", command->name, why.text);
	if (stream_state(writer->stream) == STREAM_UP)
		return 0;
	why = *stream_fault(writer->stream);
	return error_set(err, ENOTCONN, "%s: bus %s is not open%s%s", command->name,
			 writer->config->name, why.code != 0 ? ": " : " yet",
			 why.code != 0 ? why.text : "");
}

/* One of the same command of which nothing was sent; NULL: there is none. */
static struct serial_line *line_before(const struct serial_writer *writer,
				       const struct serial_command *command)
{
	struct serial_line *line;

	TAILQ_FOREACH (line, &writer->waiting, entry) {
		if (line->command == command && line->sent == 0)
			return line;
	}
	return NULL;
}

static void line_fill(struct serial_line *line, const struct point_line *format,
		      const char *text)
{
	size_t len = strlen(text);

	memcpy(line->bytes, text, len);
	memcpy(line->bytes + len, format->end, format->end_len);
	line->len = len + format->end_len;
	line->sent = 0;
}

int serial_writer_put(struct serial_writer *writer, const struct serial_command *command,
		      struct value value, write_done *done, void *arg, struct error *err)
{
	static const struct write_result replaced = {
		.outcome = WRITE_REFUSED,
		.text = "a later write of the point took its place",
	};
	struct serial_line *before, *line;
	write_done *before_done = NULL;
	void *before_arg = NULL;
	int rc = writer_check(writer, command, value, err);

	if (rc != 0)
		return rc;
	before = line_before(writer, command);
	line = before != NULL ? before : TAILQ_FIRST(&writer->free);
	assert(line != NULL);
	TAILQ_REMOVE(before != NULL ? &writer->waiting : &writer->free, line, entry);
	if (before != NULL) {
		before_done = before->done;
		before_arg = before->arg;
		writer->replaced++;
	}
	line_fill(line, &writer->config->line, value.text);
	line->command = command;
	line->deadline = mono_add(clock_mono(), command->timeout_ns);
	line->done = done;
	line->arg = arg;
	TAILQ_INSERT_TAIL(&writer->waiting, line, entry);
	writer->writes++;
	writer_plan(writer);
	/* Not now: it may find the line broken, which gives readings. */
	loop_defer_ask(writer->send);
	if (before_done != NULL)
		before_done(before_arg, &replaced);
	return 0;
}

/* ---- the writer -------------------------------------------------------------------------- */

struct serial_writer *serial_writer_new(struct loop *loop, const struct input_config *config,
					struct stream *stream)
{
	struct serial_writer *writer = xcalloc(1, sizeof(*writer));

	writer->config = config;
	writer->stream = stream;
	TAILQ_INIT(&writer->waiting);
	TAILQ_INIT(&writer->free);
	if (config->command_count == 0)
		return writer;
	writer->send = loop_defer_new(loop, writer_send, writer);
	writer->timer = loop_timer_new(loop, writer_due, writer);
	/* One of each command, of which the next takes the place, and the one on its way. */
	writer->lines = xcalloc(config->command_count + 1, sizeof(*writer->lines));
	for (size_t i = 0; i < config->command_count + 1; i++)
		TAILQ_INSERT_TAIL(&writer->free, &writer->lines[i], entry);
	return writer;
}

void serial_writer_free(struct serial_writer *writer)
{
	if (writer == NULL)
		return;
	writer->closing = true;
	lines_end(writer, "the bus was closed");
	if (writer->send != NULL) {
		loop_defer_free(writer->send);
		loop_timer_free(writer->timer);
	}
	free(writer->lines);
	free(writer);
}

void serial_writer_report(const struct serial_writer *writer, struct report *ret)
{
	if (writer->send == NULL)
		return;
	report_count(ret, "writes", "Lines to be sent.", writer->writes);
	report_count(ret, "writes_replaced",
		     "Lines of which nothing was sent when a later one took their place.",
		     writer->replaced);
	report_count(ret, "writes_late", "Lines that a blocked output did not take in time.",
		     writer->late);
}
