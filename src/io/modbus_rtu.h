/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of the RTU machine, for the two files that own it together: modbus_rtu (what is
 * sent when, and the silences) and modbus_rtu_answer (what comes back, and what it says).
 */
#ifndef GAUGED_IO_MODBUS_RTU_H
#define GAUGED_IO_MODBUS_RTU_H

#include "io/modbus_link.h"
#include "io/modbus_rtu_frame.h"

/* Bytes kept of what comes. */
enum { MODBUS_RTU_ROOM = 1024 };

/* A line that is not silent for so long is used all the same. */
extern const int64_t modbus_rtu_disturbed_ns;

enum rtu_state { RTU_GAP, RTU_TX, RTU_WAIT, RTU_TURN, RTU_QUAR };

struct modbus_rtu {
	enum rtu_state state;
	bool fresh; /* nothing happened since the line was opened */
	const struct modbus_line *line;
	int64_t gap_ns, idle_ns, quarantine_ns;
	struct modbus_job *job; /* TX, WAIT, TURN: what is asked, or the probe was sent for */
	bool probing;
	struct modbus_request probe;
	struct mono deadline; /* TX, WAIT, TURN */
	struct mono idle_at;  /* WAIT: what came until then is no answer */
	struct mono quiet_at; /* GAP, QUAR: when it has been silent for long enough */
	struct mono cap_at;   /* GAP, QUAR: it ends, silent or not */
	struct mono heard;    /* the last byte */
	unsigned babble_row;
	unsigned silent_row; /* unanswered, all over the bus */
	const struct modbus_unit *silent_unit;
	bool silent_many; /* of several units */
	bool echoed;	  /* what is asked now came back as it was sent */
	bool echoes;	  /* so did what was asked before */
	uint64_t noise, quarantines, collisions, babbling, broadcasts, probes;
	size_t out_len, out_sent, echo_left, in_len;
	uint8_t out[MODBUS_RTU_MAX];
	uint8_t answer[MODBUS_RTU_MAX];
	uint8_t in[MODBUS_RTU_ROOM];
};

/* What is on the line: the job's request or a probe for it. */
const struct modbus_request *modbus_rtu_request(const struct modbus_rtu *rtu);
/* Drops the first len bytes of what came. */
void modbus_rtu_drop(struct modbus_rtu *rtu, size_t len);
/*
 * Drops the first len bytes of what came, which answer nothing that is asked now, and counts
 * what they were; true if there was a good frame among them.
 */
bool modbus_rtu_sweep(struct modbus_bus *bus, size_t len, struct mono now);
/* The job is not on the line any more, nor is a probe for it; the line is free at end. */
struct modbus_job *modbus_rtu_release(struct modbus_bus *bus, struct mono end);
/* The unit owes no answer any more. */
void modbus_rtu_through(struct modbus_unit *unit);
/*
 * The unit is not asked what could be mistaken until late answers must have come; then it owes
 * none any more.
 */
void modbus_rtu_hush(struct modbus_unit *unit, const struct modbus_job *job, struct mono now);

/* These tell the job; see modbus_link.h. */
/* Looks for the answer in what came. */
void modbus_rtu_search(struct modbus_bus *bus, struct mono now);
void modbus_rtu_timed_out(struct modbus_bus *bus, struct mono now);
/* Noise came instead of an answer. */
void modbus_rtu_damaged(struct modbus_bus *bus, const char *why, struct mono now);

#endif
