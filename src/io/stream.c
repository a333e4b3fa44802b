/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the life of a stream: its states, the pauses between attempts, the watched descriptor,
 * and what is said in the log about them. How a descriptor is got is the opener's.
 */
#include "io/stream.h"

#include <errno.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/backoff.h"
#include "io/loop.h"
#include "io/stream_opener.h"

/* A connection that lived so long and gave a good answer ends the growth of the pauses. */
static const int64_t stream_settled_ns = 10 * NSEC_PER_SEC;

/*
 * A peer that answers and then closes, so often in a row, is one that wants a new connection
 * for each request: it gets one at once, but no more often than the shortest pause here.
 */
enum { STREAM_POLITE = 3 };
static const int64_t stream_polite_ns = 20 * NSEC_PER_MSEC;

/*
 * Whoever answered and then broke gets its next attempt so soon, however long the pauses had
 * grown before it answered: until that attempt ends nobody knows whether it is gone.
 */
static const int64_t stream_soon_ns = 500 * NSEC_PER_MSEC;

struct stream {
	struct loop *loop;
	const struct stream_config *config;
	const struct stream_ops *ops;
	void *arg;
	const struct stream_opener_type *type;
	struct stream_opener *opener;
	enum stream_state state;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer; /* the next attempt */
	struct mono next_try;
	struct backoff backoff;
	bool want_read, want_write;
	bool good; /* this connection gave a good answer */
	unsigned polite;
	struct mono up_since;
	struct error last; /* why it is not up */
	struct complaint complaint;
	uint64_t opened, failures, breaks, bytes_in, bytes_out;
	unsigned calls; /* callbacks that are running */
	bool freed;	/* by one of them: the memory goes when the last has returned */
};

static void stream_enter(struct stream *stream)
{
	stream->calls++;
}

/* False if the stream was freed meanwhile and is gone. */
static bool stream_leave(struct stream *stream)
{
	stream->calls--;
	if (!stream->freed)
		return true;
	if (stream->calls == 0)
		free(stream);
	return false;
}

static void stream_try(void *arg)
{
	struct stream *stream = arg;

	stream->state = STREAM_OPENING;
	stream->type->start(stream->opener);
}

struct stream *stream_new(struct loop *loop, const struct stream_config *config,
			  const struct stream_ops *ops, void *arg)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	stream->loop = loop;
	stream->config = config;
	stream->ops = ops;
	stream->arg = arg;
	stream->type = config->host != NULL ? &stream_opener_tcp : &stream_opener_tty;
	stream->state = STREAM_CLOSED;
	stream->fd = -1;
	stream->want_read = true;
	stream->timer = loop_timer_new(loop, stream_try, stream);
	backoff_init(&stream->backoff, config->backoff_min_ns, config->backoff_max_ns, 0);
	stream->opener = stream->type->create(stream, loop, config);
	return stream;
}

static void stream_close(struct stream *stream)
{
	loop_watch_free(stream->watch);
	stream->watch = NULL;
	if (stream->fd >= 0)
		stream->type->close(stream->opener, stream->fd);
	stream->fd = -1;
	stream->want_write = false;
}

void stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	stream_close(stream);
	stream->type->destroy(stream->opener);
	loop_timer_free(stream->timer);
	stream->state = STREAM_CLOSED;
	stream->freed = true;
	if (stream->calls == 0)
		free(stream);
}

void stream_start(struct stream *stream, int64_t delay_ns)
{
	stream->state = STREAM_BACKOFF;
	stream->next_try = mono_add(clock_mono(), delay_ns);
	loop_timer_start(stream->timer, stream->next_try);
}

static int64_t stream_pause(struct stream *stream, struct mono now, bool was_up)
{
	int64_t soon = stream->config->backoff_min_ns > stream_soon_ns
			       ? stream->config->backoff_min_ns
			       : stream_soon_ns;
	int64_t pause;

	if (was_up && stream->good) {
		if (mono_diff(now, stream->up_since) >= stream_settled_ns)
			backoff_reset(&stream->backoff);
		if (stream->polite < STREAM_POLITE)
			stream->polite++;
		if (stream->polite == STREAM_POLITE) {
			backoff_reset(&stream->backoff);
			return stream_polite_ns;
		}
	} else {
		stream->polite = 0;
	}
	pause = backoff_next(&stream->backoff);
	return was_up && stream->good && pause > soon ? soon : pause;
}

/* Into the pause before the next attempt, with one line in the log about it. */
static void stream_back_off(struct stream *stream, const struct error *err, bool was_up)
{
	struct mono now = clock_mono();
	int64_t pause = stream_pause(stream, now, was_up);
	char room[32];
	struct str text;

	stream->state = STREAM_BACKOFF;
	stream->last = *err;
	stream->good = false;
	stream->next_try = mono_add(now, pause);
	loop_timer_start(stream->timer, stream->next_try);
	str_init_fixed(&text, room, sizeof(room));
	str_add_duration(&text, pause);
	if (!was_up || stream->polite < STREAM_POLITE)
		complaint_say(&stream->complaint, now, "bus %s: %s, retrying in %s",
			      stream->config->name, err->text, room);
	stream_enter(stream);
	stream->ops->down(stream->arg, err);
	stream_leave(stream);
}

void stream_break(struct stream *stream, const struct error *err)
{
	if (stream->state != STREAM_UP)
		return;
	stream_close(stream);
	stream->breaks++;
	stream_back_off(stream, err, true);
}

void stream_failed(struct stream *stream, const struct error *err)
{
	stream->failures++;
	stream_back_off(stream, err, false);
}

void stream_hint(struct stream *stream)
{
	if (stream->state != STREAM_BACKOFF)
		return;
	stream->next_try = clock_mono();
	loop_timer_start(stream->timer, stream->next_try);
}

static void stream_event(void *arg, unsigned what)
{
	struct stream *stream = arg;
	int fd = stream->fd;

	stream_enter(stream);
	if (what & LOOP_WRITE)
		stream->ops->writable(stream->arg);
	/* The stream may have been broken, and even be up again with another descriptor. */
	if ((what & LOOP_READ) && stream->fd == fd && !stream->freed)
		stream->ops->readable(stream->arg);
	stream_leave(stream);
}

static unsigned stream_watched(const struct stream *stream)
{
	return (stream->want_read ? LOOP_READ : 0u) | (stream->want_write ? LOOP_WRITE : 0u);
}

void stream_opened(struct stream *stream, int fd)
{
	stream->fd = fd;
	stream->state = STREAM_UP;
	stream->good = false;
	stream->up_since = clock_mono();
	stream->opened++;
	stream->want_read = true;
	stream->watch = loop_watch_new(stream->loop, fd, LOOP_READ, stream_event, stream);
	stream_enter(stream);
	stream->ops->up(stream->arg);
	stream_leave(stream);
}

void stream_good(struct stream *stream)
{
	if (stream->good)
		return;
	stream->good = true;
	/* Said here and not on opening: a peer that accepts and closes is no better yet. */
	complaint_end(&stream->complaint, "bus %s: answers again", stream->config->name);
}

enum stream_state stream_state(const struct stream *stream)
{
	return stream->state;
}

const struct error *stream_fault(const struct stream *stream)
{
	return &stream->last;
}

/* Breaks the stream for what a system call said, and returns it. */
static ssize_t stream_lost(struct stream *stream, int code, const char *what)
{
	struct error err;

	/* A terminal that hung up ends like a file, or says EIO; a USB adapter may say ENODEV.
	 */
	if (!stream->type->socket && (code == 0 || code == EIO || code == ENODEV)) {
		code = ECONNRESET;
		error_set(&err, code, "%s hung up: unplugged, or its driver reset it",
			  stream->config->tty.path);
	} else if (code == 0) {
		code = ECONNRESET;
		error_set(&err, code, "%s: the other side closed the connection", what);
	} else {
		error_errno(&err, code, "%s", what);
	}
	stream_break(stream, &err);
	return -code;
}

ssize_t stream_read(struct stream *stream, void *buf, size_t len)
{
	ssize_t n;

	if (stream->state != STREAM_UP)
		return -ENOTCONN;
	do
		n = stream->type->socket ? recv(stream->fd, buf, len, 0)
					 : read(stream->fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		stream->bytes_in += (uint64_t)n;
		return n;
	}
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	return stream_lost(stream, n < 0 ? errno : 0, "reading failed");
}

ssize_t stream_write(struct stream *stream, const void *buf, size_t len)
{
	ssize_t n;

	if (stream->state != STREAM_UP)
		return -ENOTCONN;
	do
		n = stream->type->socket ? send(stream->fd, buf, len, MSG_NOSIGNAL)
					 : write(stream->fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		stream->bytes_out += (uint64_t)n;
		return n;
	}
	if (errno == EAGAIN)
		return 0;
	return stream_lost(stream, errno, "writing failed");
}

void stream_want_write(struct stream *stream, bool want)
{
	stream->want_write = want;
	if (stream->watch != NULL)
		loop_watch_set(stream->watch, stream_watched(stream));
}

void stream_want_read(struct stream *stream, bool want)
{
	stream->want_read = want;
	if (stream->watch != NULL)
		loop_watch_set(stream->watch, stream_watched(stream));
}

uint64_t stream_overruns(const struct stream *stream)
{
	struct serial_icounter_struct counts;

	if (stream->fd < 0 || stream->type->socket ||
	    ioctl(stream->fd, TIOCGICOUNT, &counts) != 0)
		return 0;
	return (uint64_t)counts.overrun + (uint64_t)counts.buf_overrun;
}

void stream_flush(struct stream *stream)
{
	if (stream->fd >= 0 && !stream->type->socket)
		tcflush(stream->fd, TCIOFLUSH);
}

void stream_report(const struct stream *stream, struct report *ret)
{
	static const char *const names[] = {"closed", "connecting", "up", "backoff"};
	struct str detail;

	ret->state = names[stream->state];
	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	if (stream->state == STREAM_BACKOFF && stream->last.code != 0) {
		int64_t left = mono_diff(stream->next_try, clock_mono());

		str_addf(&detail, "%s, next try in ", stream->last.text);
		str_add_duration(&detail, left > 0 ? left : 0);
	} else if (stream->state == STREAM_OPENING && stream->last.code != 0) {
		str_addf(&detail, "last try: %s", stream->last.text);
	}
	report_count(ret, "connects", "Times that the bus was opened.", stream->opened);
	report_count(ret, "connect_failures", "Attempts to open the bus that failed.",
		     stream->failures);
	report_count(ret, "disconnects", "Times that an open bus broke.", stream->breaks);
	report_count(ret, "bytes_in", "Bytes received.", stream->bytes_in);
	report_count(ret, "bytes_out", "Bytes sent.", stream->bytes_out);
}
