/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A pseudo-terminal that plays a serial device for tests, and a folder for links to it. */
#ifndef GAUGED_TESTS_UNIT_PTY_H
#define GAUGED_TESTS_UNIT_PTY_H

#include <stddef.h>

struct loop;

struct pty {
	int master; /* non-blocking; -1 when unplugged */
	char device[64];
	/*
	 * A link to the device that goes when it is unplugged: the number of a pseudo-terminal
	 * is given to the next one at once, perhaps to another test's.
	 */
	char path[160];
	char folder[128];
};

void pty_plug(struct pty *pty);
void pty_unplug(struct pty *pty);
/* All of it, turning the loop (NULL: none) while the line is full. */
void pty_send(struct pty *pty, struct loop *loop, const void *bytes, size_t len);

/* A temporary folder; removed with what is in it. */
void pty_folder_make(char *room, size_t size);
void pty_folder_remove(const char *folder);
/* Makes folder/name a link to target, in place of another, in one step. */
void pty_link(const char *folder, const char *name, const char *target);

/* Turns the loop until *flag reaches at least want; fails the test after 20 s. */
void pty_wait(struct loop *loop, const unsigned *flag, unsigned want);
/* Turns the loop for so long. */
void pty_idle(struct loop *loop, int ms);

#endif
