/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus bus with four units on a virtual line, storms of faults over it, and the calm
 * between them: what is read and written is held against what the units were asked last. No
 * value may stand at a point that is not the answer to the last request for it, no write may be
 * called done that was not, or refused that was; and in the calm all is in step again with the
 * first request.
 */
#ifndef GAUGED_TESTS_BED_H
#define GAUGED_TESTS_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../unit/modbus_case.h"
#include "slaves.h"

enum {
	BED_UNITS = 4,
	BED_ASKED = 4096,
	BED_WRITES = 65536,
	BED_WRITES_KEPT = 1024,
	BED_FAULTS = 32,
	BED_KINDS = 6,
	BED_TIMEOUT_MS = 200, /* what the bus is to be configured with */
};

struct bed;

typedef void bed_answer(struct bed *bed, struct virtual_link *link,
			const struct slave_request *request);

struct fault {
	const char *name;
	bed_answer *strike;
	enum {
		FAULT_DOES,    /* it carries out what it is asked to write */
		FAULT_REFUSES, /* it does not, and says so */
		FAULT_LOSES,   /* it says nothing, and perhaps heard nothing */
	} effect;
};

struct bed_config {
	const char *name; /* of the framing */
	bool rtu;
	const char *host, *path; /* one of them */
	bed_answer *good;
	const struct fault *faults;
	size_t fault_count;
	int64_t quarantine_ns; /* how long the bus is out of step behind a timeout */
};

struct bed_write {
	struct bed *bed;
	uint16_t value;
};

struct bed {
	const struct bed_config *config;
	struct loop *loop;
	struct modbus_case c;
	struct slaves slaves;
	unsigned percent;	  /* of the requests that are struck; 0: calm */
	const struct fault *only; /* by this, all of them */
	size_t kind_count, kinds[BED_KINDS];
	int64_t last_fault;	      /* until then something may be wrong */
	struct virtual_event trouble; /* connects fail until then */
	bool ending;		      /* this connection can bring nothing good any more */
	bool muted;		      /* and it is left to the bus to see that */
	struct slave_request asked[BED_ASKED]; /* on this connection, by serial */
	int64_t unit_busy[SLAVE_UNITS];	       /* RTU: until when it deals with others */
	uint64_t struck[BED_FAULTS];
	/* What was seen: */
	uint64_t stormy, good, bad, wrong, old, writes, done, refused, unknown, false_writes;
	uint64_t good_since[MODBUS_CASE_POINTS];
	uint8_t carried_out[BED_WRITES];
	uint16_t next_write;
	struct bed_write write[BED_WRITES_KEPT];
	struct virtual_event write_event;
};

struct bed_totals {
	uint64_t requests, calm, good, bad, wrong, old, writes, done, refused, unknown,
		false_writes;
	uint64_t struck[BED_FAULTS];
	unsigned storms;
};

/* bus is the text of the bus's options; prepare may change the peer before it is opened. */
struct bed *bed_new(uint64_t seed, const struct bed_config *config, const char *bus,
		    void (*prepare)(struct bed *bed));
void bed_free(struct bed *bed);
void bed_storm(struct bed *bed, unsigned percent, int64_t ns);
/* Fails the test if anything at all goes wrong. */
void bed_calm(struct bed *bed);
/* Storms and calms; adds up what was seen, and frees the bed. */
void bed_live(struct bed *bed, unsigned storms, struct bed_totals *totals);
/* Prints what was seen, and fails the test if any of it must not be. */
void bed_judge(const struct bed_config *config, const struct bed_totals *totals);
/* Has every request answered by a liar, and fails the test if that is not seen. */
void bed_show_lies(const struct bed_config *config, const char *bus);

/* For faults: something of what happens now is felt for so long. */
void bed_felt(struct bed *bed, int64_t delay_ns);
/* 0 to 20 ms */
int64_t bed_soon(void);
/* The frame of a good answer. */
size_t bed_frame(struct bed *bed, const struct slave_request *request,
		 uint8_t frame[SLAVE_ADU]);
/* No value can be: the connection says nothing any more. */
void bed_mute(struct bed *bed, struct virtual_link *link);

#endif
