/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The kernel's RS-485 mode: the driver switches the direction of the line by RTS, at the right
 * moment, which a program cannot do (serial-rs485.rst of the kernel). Never on the loop.
 */
#ifndef GAUGED_IO_TTY_RS485_H
#define GAUGED_IO_TTY_RS485_H

struct error;
struct stream_tty;

/*
 * Switches it on as tty->rs485 says and reads back what the driver took. Negative errno and err
 * otherwise.
 */
int tty_rs485_set(int fd, const struct stream_tty *tty, struct error *err);

#endif
