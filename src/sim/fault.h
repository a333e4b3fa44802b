/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What can go wrong with an answer, by name. Faults are armed on a unit or on a whole bus, for
 * the next few answers, by chance, or until they are cleared.
 */
#ifndef GAUGED_SIM_FAULT_H
#define GAUGED_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/wire.h"

struct error;
struct exchange;
struct random;
struct str;

/*
 * A unit or a whole bus of that framing; FAULT_ON_BUS: a bus that takes connections;
 * FAULT_ON_LINK: RTU over TCP.
 */
enum { FAULT_ON_TCP = 1, FAULT_ON_RTU = 2, FAULT_ON_BUS = 4, FAULT_ON_LINK = 8 };

enum fault_stage {
	FAULT_ACCEPT,  /* a connection came in; there is no exchange yet */
	FAULT_REQUEST, /* before the request is carried out */
	FAULT_ANSWER,  /* the answer's PDU and the fields of its frame */
	FAULT_WIRE,    /* the answer's bytes and what follows them */
};

struct fault {
	const char *name;
	unsigned on;
	enum fault_stage stage;
	bool numbered; /* takes a number */
	int64_t low, high;
	/* False: this exchange has nothing that the fault could change. */
	bool (*apply)(struct exchange *exchange, int64_t number);
	enum wire_end accept; /* FAULT_ACCEPT: what becomes of the connection */
	const char *help;     /* N is the number */
};

/* fault_table.c */
extern const struct fault fault_table[];
extern const size_t fault_count;

enum { FAULTS_MAX = 16 };

struct fault_armed {
	const struct fault *fault;
	int64_t number;
	int64_t left;	 /* so many times more; -1: until cleared */
	int64_t percent; /* 1..100 */
};

/* Embedded in what it is armed on; all zero: none. */
struct faults {
	struct fault_armed armed[FAULTS_MAX];
	size_t count;
};

/*
 * words: NAME [NUMBER] [next N | chance PERCENT], where NAME is a fault on (FAULT_ON_...); the
 * name ok alone clears all. The same fault with the same number replaces the armed one.
 */
int faults_command(struct faults *faults, unsigned on, const char *const *words, size_t count,
		   struct error *err);
void faults_clear(struct faults *faults);
void faults_apply(struct faults *faults, enum fault_stage stage, struct exchange *exchange);
/* What becomes of a connection that comes in. */
enum wire_end faults_accept(struct faults *faults, struct random *random);
/* A line for each fault: where, name, number, what it does. */
void faults_list(struct str *out);

#endif
