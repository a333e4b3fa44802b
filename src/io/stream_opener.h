/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The seam inside a stream: how it gets its descriptor. stream.c owns the states, the backoff
 * and the watching; an opener (stream_tcp.c, stream_tty.c) makes one attempt at a time.
 */
#ifndef GAUGED_IO_STREAM_OPENER_H
#define GAUGED_IO_STREAM_OPENER_H

#include <stdbool.h>

struct error;
struct loop;
struct stream;
struct stream_config;
struct stream_opener; /* an opener's own state, one for each stream */

struct stream_opener_type {
	/* recv() and send() instead of read() and write(). */
	bool socket;
	/* Opens nothing yet. config outlives the opener. */
	struct stream_opener *(*create)(struct stream *stream, struct loop *loop,
					const struct stream_config *config);
	/* Abandons an attempt that is under way; there is no open descriptor any more. */
	void (*destroy)(struct stream_opener *opener);
	/*
	 * Begins an attempt: exactly one of stream_opened() and stream_failed() follows, on the
	 * loop, perhaps from within the call.
	 */
	void (*start)(struct stream_opener *opener);
	/* Takes the descriptor back, which is not watched any more, and closes it. */
	void (*close)(struct stream_opener *opener, int fd);
};

extern const struct stream_opener_type stream_opener_tcp;
extern const struct stream_opener_type stream_opener_tty;

/* The attempt succeeded: fd is non-blocking and close-on-exec, and the stream's from now on. */
void stream_opened(struct stream *stream, int fd);
/* The attempt failed; the stream backs off and calls start() again. */
void stream_failed(struct stream *stream, const struct error *err);
/* What was missing may be there again: a stream that backs off makes its next attempt now. */
void stream_hint(struct stream *stream);

#endif
