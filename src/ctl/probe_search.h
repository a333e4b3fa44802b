/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Which units answer, and on a serial line at which setting: each is asked for one register,
 * one after another, until the first good answer tells the setting; then the others at that
 * one.
 */
#ifndef GAUGED_CTL_PROBE_SEARCH_H
#define GAUGED_CTL_PROBE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ctl/probe_plan.h"
#include "ctl/probe_read.h"

struct probe_progress;

enum probe_presence {
	PROBE_NOT_ASKED,
	PROBE_NO_ANSWER,
	PROBE_NOBODY,	/* a gateway says that there is none behind it (exceptions 10 and 11) */
	PROBE_GARBLED,	/* something answers, but not to what was asked */
	PROBE_PRESENT,	/* gave what it was asked for */
	PROBE_REFUSING, /* is there, and refused it */
};

struct probe_unit {
	uint8_t number;
	enum probe_presence presence;
	uint8_t exception;
	struct modbus_request alive; /* what it answered */
	size_t block_count;
	struct probe_block blocks[PROBE_TABLES + 1];
	bool twin; /* its blocks are like those of the first unit that answers */
};

struct probe_found {
	struct probe_setting setting; /* that units were found at; or the only one there is */
	size_t unit_count;	      /* all that were to be asked */
	struct probe_unit *units;
	size_t present;	       /* PROBE_PRESENT and PROBE_REFUSING */
	size_t settings_tried; /* that the line could be set to */
	bool stopped;	       /* by the user */
	struct error lost;     /* code 0, or why it ended early */
	struct probe_traffic traffic;
};

/*
 * Opens the line and searches. 0: *ret_line is open, for whoever wants to read more, or NULL if
 * nobody was found or it was stopped. Negative errno and err: it could not be opened. *ret is
 * to be freed with probe_found_done() in any case.
 */
int probe_search(const struct probe_plan *plan, struct probe_progress *progress,
		 struct probe_found *ret, struct probe_line **ret_line, struct error *err);
void probe_found_done(struct probe_found *found);

/* How long it takes at most, if nobody answers. */
int64_t probe_search_longest(const struct probe_plan *plan);

/* "9600 baud, parity even"; "" for a setting that says nothing. */
const char *probe_setting_words(struct probe_setting setting, char room[48]);

#endif
