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

/* The i-th of the baud rates that every driver knows by name, ascending; 0 behind the last. */
int tty_line_baud(size_t i);
bool tty_line_baud_known(int baud);
/* The one that is nearest to baud. */
int tty_line_baud_near(int baud);

/*
 * Makes fd a raw line without flow control or a controlling terminal's powers, and reads the
 * settings back: tcsetattr(3) succeeds when any of them could be made. Any baud rate will do
 * that the driver can make with an error of at most 2 %. Drops what was received or stood to be
 * sent before. Negative errno and err otherwise.
 */
int tty_line_set(int fd, const struct stream_tty *tty, struct error *err);

/*
 * Has a driver that collects what it receives (FTDI's: for 16 ms) hand it over at once, where
 * it knows how to.
 */
void tty_line_low_latency(int fd);

/* A UNIX98 pseudo-terminal: no wire, so parity and character size mean nothing to it. */
bool tty_line_pseudo(int fd);

#endif
