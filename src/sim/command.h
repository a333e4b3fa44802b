/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What can be asked of a running simulation: a line of words in, one line back. */
#ifndef GAUGED_SIM_COMMAND_H
#define GAUGED_SIM_COMMAND_H

struct site;
struct str;

/*
 * Carries line out (no newline) and adds the answer, without a newline: "ok: ..." or
 * "error: ...". -EINVAL for the latter.
 */
int command_run(struct site *site, const char *line, struct str *answer);
/* One line for each command, how it is written, and one for each fault. */
void command_help(struct str *out);

#endif
