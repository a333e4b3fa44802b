/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What every subcommand of gaugectl gets and gives back. */
#ifndef GAUGED_CTL_CTL_H
#define GAUGED_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

enum ctl_status {
	CTL_OK = 0,
	CTL_NO = 1,	     /* the answer is no: refused, unhealthy, unknown, broken */
	CTL_USAGE = 2,	     /* the command line cannot be carried out */
	CTL_UNREACHABLE = 3, /* the daemon does not answer */
	CTL_FORBIDDEN = 4,   /* the user may not */
};

/* Options that a subcommand may take beside --json, --socket and --help; bits of a set. */
enum ctl_option {
	CTL_EVENTS = 1 << 0,
	CTL_READINGS = 1 << 1,
	/* with a value: */
	CTL_UNIT = 1 << 2,
	CTL_COIL = 1 << 3,
	CTL_DISCRETE = 1 << 4,
	CTL_HOLDING = 1 << 5,
	CTL_INPUT = 1 << 6,
	CTL_BAUD = 1 << 7,
	CTL_PARITY = 1 << 8,
	CTL_TIMEOUT = 1 << 9,
	CTL_JUNIT = 1 << 10,
	/* without one: */
	CTL_COVERAGE = 1 << 11,
	CTL_PLAN = 1 << 12,
	CTL_TESTS = 1 << 13,
	CTL_DRY_RUN = 1 << 14,
	/* with a value: */
	CTL_OUTPUT = 1 << 15,
	CTL_FOR = 1 << 16,
	CTL_CONFIG = 1 << 17,
	CTL_DIFF = 1 << 18,
	CTL_UNTIL = 1 << 19,
	CTL_AT = 1 << 20,
	CTL_REPLAY = 1 << 21,
	/* without one: */
	CTL_COST = 1 << 22,
	CTL_DEAD = 1 << 23,
	CTL_ALL = 1 << 24,
	CTL_YES = 1 << 25,
	CTL_VERBOSE = 1 << 26,
	/* with a value: */
	CTL_LIMIT = 1 << 27,
	CTL_REASON = 1 << 28,
};
enum { CTL_OPTIONS = 29 };

struct ctl {
	const char *socket;
	bool json;
	bool colour;	  /* standard output is a terminal and NO_COLOR is not set */
	unsigned width;	  /* of the terminal in columns; 0: no terminal, nothing is cut */
	unsigned options; /* enum ctl_option */
	const char *values[CTL_OPTIONS]; /* of the options that have one: see ctl_value() */
	size_t count; /* of arguments after the subcommand, options taken out */
	char *const *args;
};

/* What stands behind the option; NULL if it was not given. */
static inline const char *ctl_value(const struct ctl *ctl, enum ctl_option option)
{
	return ctl->values[__builtin_ctz(option)];
}

struct ctl_command {
	const char *name;
	const char *usage; /* of arguments: "[NAME...]" */
	const char *summary;
	const char *help;   /* sentences for --help, ending in a newline */
	unsigned options;   /* enum ctl_option that it knows */
	size_t least, most; /* number of arguments */
	enum ctl_status (*run)(const struct ctl *ctl);
};

extern const struct ctl_command cmd_ack, cmd_buses, cmd_check, cmd_explain, cmd_health,
	cmd_history, cmd_outputs, cmd_points, cmd_probe, cmd_queue, cmd_record, cmd_reload,
	cmd_replay, cmd_rules, cmd_schema, cmd_shelve, cmd_status, cmd_test, cmd_unshelve,
	cmd_watch, cmd_webhook, cmd_webhooks, cmd_write;

#endif
