/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The speed of a serial line as a number, through struct termios2 of the kernel (tty_ioctl(2)),
 * which the header of the C library's termios cannot stand beside. May wait on a USB transfer:
 * never on the loop.
 */
#ifndef GAUGED_IO_TTY_BAUD_H
#define GAUGED_IO_TTY_BAUD_H

/* Any rate, not only those with a constant (BOTHER). The driver may take another: see get. */
int tty_baud_set(int fd, int baud);
/* What the driver made of it, both ways; negative errno if it does not tell. */
int tty_baud_get(int fd, int *ret_input, int *ret_output);

#endif
