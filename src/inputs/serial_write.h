/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The commands that an open serial bus sends: one line after the other, whole and in the order
 * of asking, as fast as the line takes them and no faster. A line that was begun is brought to
 * its end before anything else, however long that takes: no command is ever cut off and
 * continued by another.
 */
#ifndef GAUGED_INPUTS_SERIAL_WRITE_H
#define GAUGED_INPUTS_SERIAL_WRITE_H

#include "inputs/input.h"

struct error;
struct input_config;
struct loop;
struct report;
struct serial_command;
struct serial_writer;
struct stream;

/* All are borrowed, and must outlive the writer. */
struct serial_writer *serial_writer_new(struct loop *loop, const struct input_config *config,
					struct stream *stream);
/* What is open is done with WRITE_UNKNOWN when a part of it was sent, or WRITE_REFUSED. */
void serial_writer_free(struct serial_writer *writer);
/*
 * As write() of struct input_type; the command is one of config's. -ENOTCONN: the line is not
 * open. There is room for a line of each command, beside one that is being sent. Nothing is
 * sent within the call.
 */
int serial_writer_put(struct serial_writer *writer, const struct serial_command *command,
		      struct value value, write_done *done, void *arg, struct error *err);
/* For the stream's owner, from its callbacks: */
void serial_writer_writable(struct serial_writer *writer);
void serial_writer_down(struct serial_writer *writer);
void serial_writer_report(const struct serial_writer *writer, struct report *ret);

#endif
