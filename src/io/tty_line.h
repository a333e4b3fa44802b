/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The settings of a serial line: which there are, how they are made, and whether the driver
 * really took them. Its calls may wait on a USB transfer: never on the loop.
 */
#ifndef GAUGED_IO_TTY_LINE_H
#define GAUGED_IO_TTY_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct stream_tty;

/* The i-th of the baud rates that exist, ascending; 0 behind the last. */
int tty_line_baud(size_t i);
bool tty_line_baud_known(int baud);

/*
 * Makes fd a raw line without flow control or a controlling terminal's powers, and reads the
 * settings back: tcsetattr(3) succeeds when any of them could be made. Drops what was received
 * or stood to be sent before. Negative errno and err otherwise.
 */
int tty_line_set(int fd, const struct stream_tty *tty, struct error *err);

/* A UNIX98 pseudo-terminal: no wire, so parity and character size mean nothing to it. */
bool tty_line_pseudo(int fd);

#endif
