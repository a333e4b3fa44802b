/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Who else uses a serial port, as far as this user may see: through an open descriptor, as
 * the terminal of a login, by a lock (flock(2), as gauged's own) or a lock file. Reads /proc:
 * never on the loop.
 */
#ifndef GAUGED_IO_TTY_HOLDER_H
#define GAUGED_IO_TTY_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

struct tty_holder {
	pid_t pid;
	char name[32]; /* of the program; safe to show */
};

/*
 * A process other than this one whose controlling terminal is the device (a getty, a shell), or
 * which a lock or a lock file of the device names; with descriptors, also one that has it open.
 * path is the port's, for its lock file. False: nobody that can be seen.
 */
bool tty_holder_find(dev_t device, const char *path, bool descriptors, struct tty_holder *ret);
/* This process has the lock of the port. */
bool tty_holder_self(const char *path);

#endif
