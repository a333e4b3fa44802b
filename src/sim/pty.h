/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A pseudo terminal under a path that stays the same when it is pulled out and plugged in
 * again, as /dev/serial/by-id does.
 */
#ifndef GAUGED_SIM_PTY_H
#define GAUGED_SIM_PTY_H

struct error;

struct pty {
	const char *path; /* borrowed; becomes a symbolic link to the terminal */
	int fd;		  /* the master, non-blocking; -1: pulled out */
	int held;	  /* the terminal itself, if we keep it open; -1 */
};

/*
 * Makes a raw terminal; an older link at path is replaced. hold: keep the terminal open, so
 * that the master sees no hang-up when nobody has it open. -errno + err, and nothing is left.
 */
int pty_plug(struct pty *pty, const char *path, int hold, struct error *err);
/* Who has the terminal open sees a hang-up, and the link is gone. */
void pty_pull(struct pty *pty);
/* What the other side set, in bit a second; 0: unknown. */
int pty_baud(const struct pty *pty);

#endif
