/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How commands come in: lines on standard input, and lines on a Unix socket, each answered by
 * one line there.
 */
#ifndef GAUGED_SIM_CONSOLE_H
#define GAUGED_SIM_CONSOLE_H

struct console;
struct error;
struct site;

/* path NULL: no socket. Standard input is left alone if it can't be watched or is at its end.
 */
struct console *console_open(struct site *site, const char *path, struct error *err);
void console_close(struct console *console);

/*
 * The other side, for a program of its own: sends one command and prints its answer. Waits. 0,
 * or 1 when the answer was an error or none came.
 */
int console_send(const char *path, const char *command);

#endif
