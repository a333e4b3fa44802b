/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One configuration on the virtual clock of a recording: its engine gets the readings as the
 * daemon's got them, and nothing is opened. Two of them can run side by side.
 */
#ifndef GAUGED_CTL_REPLAY_H
#define GAUGED_CTL_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine.h"

struct config;
struct recording_line;
struct replay;
struct tape;

/* The configuration at path; NULL after its errors were told. */
struct replay *replay_open(const char *path, struct engine_sink sink);
void replay_close(struct replay *replay);

const struct config *replay_config(const struct replay *replay);
const struct engine *replay_engine(const struct replay *replay);

/*
 * A reading of the recording. A value that the point of this configuration cannot have, or not
 * any more, is a failed reading, as it is from a device. What the configuration has no point
 * for, or computes itself, is told once and counted.
 */
void replay_feed(struct replay *replay, const struct recording_line *line);
/* Everything that happens up to and with this instant. */
void replay_run_to(struct replay *replay, struct boot at);

/*
 * Plays the tape to all of them, which have local time if it says when it started, up to and
 * with until, or with BOOT_NEVER to the end of what
 * was recorded. Returns when that is.
 */
struct boot replay_play(struct replay *const *replays, size_t count, struct tape *tape,
			struct boot until);

/* Readings that there was no point for, and of how many names. */
uint64_t replay_skipped(const struct replay *replay, size_t *ret_names);

#endif
