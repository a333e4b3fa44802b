/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A reading: what an input says about one point at one instant. The only thing that goes up
 * from the inputs to the engine.
 */
#ifndef GAUGED_MODEL_READING_H
#define GAUGED_MODEL_READING_H

#include <stdint.h>

#include "base/clock.h"
#include "model/value.h"

struct str;

/* Inputs say good or bad; uncertain and stale are the store's verdicts. */
enum quality { QUALITY_GOOD, QUALITY_UNCERTAIN, QUALITY_STALE, QUALITY_BAD };

enum bad_reason {
	BAD_NONE,
	BAD_INIT,      /* nothing was read yet */
	BAD_TIMEOUT,   /* no answer in time */
	BAD_EXCEPTION, /* the device refused; code is its exception */
	BAD_CRC,       /* a damaged frame, a wrong checksum */
	BAD_PARSE,     /* an answer that is not what was agreed */
	BAD_RANGE,     /* outside the declared range, a sentinel, NaN, infinity */
	BAD_OFFLINE,   /* bus or device is not there */
	BAD_LOST,      /* something that should have been read was lost on the way */
};

struct reading {
	uint32_t point; /* from an input: its local number; to the engine: the table's */
	enum quality quality;
	enum bad_reason reason; /* BAD_NONE when good */
	uint8_t code;		/* exception code, 0 if there is none */
	struct value value;	/* VALUE_NONE when bad */
	struct boot at;
};

/* "good", "uncertain", "stale", "bad". */
const char *quality_name(enum quality quality);
/* "timeout", "exception", ... */
const char *bad_reason_name(enum bad_reason reason);
/* By name; -EINVAL if there is none such. */
int bad_reason_parse(const char *name, enum bad_reason *ret);

#endif
