/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A byte stream to a device that comes and goes: a TCP connection or a serial line. Opens
 * without waiting, notices that it broke, backs off with jitter and opens again for ever.
 * Whoever owns the stream reads and writes directly, with plain system calls.
 *
 *   CLOSED -> OPENING -> UP -> (broken) -> BACKOFF -> OPENING ...
 */
#ifndef GAUGED_IO_STREAM_H
#define GAUGED_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "model/report.h"

struct loop;
struct stream;

enum stream_parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD };

/* How the kernel switches the direction of an RS-485 line: struct serial_rs485. */
struct stream_rs485 {
	bool on; /* false: the port is left as it is */
	bool rts_on_send, rts_after_send;
	bool rx_during_tx, termination;
	int before_ms, after_ms; /* 0..100, between RTS and the characters */
};

struct stream_tty {
	const char *path; /* as configured: a by-id link is followed anew at each opening */
	int baud;
	enum stream_parity parity;
	int data_bits;	   /* 5..8 */
	int stop_bits;	   /* 1 or 2 */
	bool check_parity; /* mark damaged characters (PARMRK); see stream_read() */
	bool low_latency;  /* ask the driver to hand over at once what it received */
	struct stream_rs485 rs485;
};

struct stream_config {
	const char *name; /* of the bus, for log lines */
	/* One of the two: */
	const char *host; /* a name or an address; NULL: a serial line */
	uint16_t port;
	struct stream_tty tty;
	int64_t connect_timeout_ns; /* for one address */
	int64_t backoff_min_ns, backoff_max_ns;
	int64_t user_timeout_ns; /* TCP_USER_TIMEOUT; 0: the system's */
};

enum stream_state { STREAM_CLOSED, STREAM_OPENING, STREAM_UP, STREAM_BACKOFF };

/*
 * All are called on the loop. Any of them may call any stream function; after stream_free() it
 * has to return without touching the stream again.
 */
struct stream_ops {
	void (*up)(void *arg);
	/* It was up and is no longer, or an attempt failed; err says why. */
	void (*down)(void *arg, const struct error *err);
	void (*readable)(void *arg);
	/* Asked for by stream_want_write() */
	void (*writable)(void *arg);
};

/* config is borrowed and must outlive the stream. Nothing is opened before stream_start(). */
struct stream *stream_new(struct loop *loop, const struct stream_config *config,
			  const struct stream_ops *ops, void *arg);
void stream_free(struct stream *stream);

/* Opens after delay (a random spread at start), then keeps it open for ever. */
void stream_start(struct stream *stream, int64_t delay_ns);
/*
 * Gives the connection up, says down with the reason, and opens anew after the backoff. Backoff
 * grows until stream_good() was called on a connection that lived for 10 s.
 */
void stream_break(struct stream *stream, const struct error *err);
/* The peer gave a sensible answer. */
void stream_good(struct stream *stream);

enum stream_state stream_state(const struct stream *stream);
/* Why it is down, or was the last time; code 0 if it never was. */
const struct error *stream_fault(const struct stream *stream);

/*
 * Reads what is there, at most len bytes. > 0: bytes. -EAGAIN: nothing now. Other negative
 * errnos: the stream broke, down was said, the buffer holds nothing. The end of the stream is
 * -ECONNRESET.
 */
ssize_t stream_read(struct stream *stream, void *buf, size_t len);
/*
 * Sends what fits. >= 0: bytes taken, perhaps fewer than len (then use stream_want_write()).
 * Negative errno: the stream broke, as above.
 */
ssize_t stream_write(struct stream *stream, const void *buf, size_t len);
void stream_want_write(struct stream *stream, bool want);
/* false: leave bytes in the kernel until it is set to true again. */
void stream_want_read(struct stream *stream, bool want);
/*
 * Serial: how many characters the port and its driver have lost since they were there, for
 * nobody fetched them in time (TIOCGICOUNT); 0 where that is not counted. A system call.
 */
uint64_t stream_overruns(const struct stream *stream);
/* Serial: throws away what stands in the kernel's queues, both ways. */
void stream_flush(struct stream *stream);

/* Fills state, detail ("connection refused, next try in 4 s") and the counters of the stream.
 */
void stream_report(const struct stream *stream, struct report *ret);

#endif
