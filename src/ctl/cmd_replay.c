/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl replay: a recording through the rules of a configuration, and what they make of it.
 */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/replay.h"
#include "ctl/replay_log.h"
#include "ctl/replay_show.h"
#include "ctl/replay_time.h"
#include "ctl/tape.h"

struct side {
	const struct ctl *ctl; /* NULL: events are counted and not shown */
	const struct replay_start *start;
	struct replay_log *log;
	struct replay *replay;
};

static void side_event(void *arg, const struct event *event)
{
	struct side *side = arg;

	replay_log_event(side->log, event);
	if (side->ctl != NULL)
		replay_show_event(side->ctl, side->start, event);
}

static bool side_open(struct side *side, const char *path)
{
	side->log = replay_log_new();
	side->replay = replay_open(path, (struct engine_sink){side_event, side});
	return side->replay != NULL;
}

static void side_close(struct side *side)
{
	replay_close(side->replay);
	replay_log_free(side->log);
}

static enum ctl_status play(const struct ctl *ctl, struct tape *tape,
			    const struct replay_start *start, struct boot until)
{
	const char *path = ctl_value(ctl, CTL_CONFIG), *old = ctl_value(ctl, CTL_DIFF);
	struct side now = {.ctl = old == NULL ? ctl : NULL, .start = start}, before = now;
	enum ctl_status status = CTL_USAGE;
	struct tape_counts counts;
	struct boot end;

	if (!side_open(&now, path) || (old != NULL && !side_open(&before, old)))
		goto out;
	end = replay_play((struct replay *[]){now.replay, before.replay}, old != NULL ? 2 : 1,
			  tape, until);
	tape_count(tape, &counts);
	status = CTL_OK;
	if (old == NULL)
		replay_show_rules(ctl, start, now.replay, now.log, end);
	else if (!replay_show_diff(ctl, start, before.replay, before.log, now.replay, now.log))
		status = CTL_NO;
	replay_show_end(ctl, start, now.replay, &counts, end);
	if (counts.broken > 0)
		status = CTL_USAGE;
out:
	side_close(&now);
	side_close(&before);
	return status;
}

static enum ctl_status run_replay(const struct ctl *ctl)
{
	const char *until = ctl_value(ctl, CTL_UNTIL);
	struct replay_start start = {0};
	enum ctl_status status = CTL_USAGE;
	struct boot end = BOOT_NEVER;
	struct tape *tape;

	if (ctl_value(ctl, CTL_CONFIG) == NULL) {
		fprintf(stderr, "gaugectl: replay needs --config FILE: the configuration whose "
				"rules are tried\n");
		return CTL_USAGE;
	}
	tape = tape_open(ctl->args[0]);
	if (tape == NULL)
		return CTL_USAGE;
	start.known = tape_started(tape, &start.wall);
	if (until == NULL || replay_time_parse(&start, "--until", until, &end))
		status = play(ctl, tape, &start, end);
	tape_close(tape);
	return status;
}

const struct ctl_command cmd_replay = {
	.name = "replay",
	.usage = "--config FILE RECORDING",
	.summary = "what rules make of a recording, or how two differ",
	.help = "Plays what 'gaugectl record' wrote, or '-' for standard input, to the rules of a\n"
		"configuration on a clock of its own: a day takes seconds, and nothing is opened.\n"
		"Prints each event, and for each rule how often it fired, when first, how long.\n"
		"With --diff OLD: plays it to both, and says for each rule which fires are missing\n"
		"or new, and how much earlier or later the others are.\n"
		"Exit status: 0 it was played, and with --diff all rules fire as before; 1 they do\n"
		"not; 2 a configuration or a line of the recording cannot be read.\n",
	.options = CTL_CONFIG | CTL_DIFF | CTL_UNTIL,
	.least = 1,
	.most = 1,
	.run = run_replay,
};
