/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How things look to people: tables whose columns stand below each other, ages, values and
 * states. Text from the daemon may come from a device: control characters never reach the
 * terminal.
 */
#ifndef GAUGED_CTL_LOOK_H
#define GAUGED_CTL_LOOK_H

#include <stdbool.h>
#include <stddef.h>

struct ctl;
struct json_t;
struct str;
struct table;

enum look { LOOK_PLAIN, LOOK_GOOD, LOOK_WARN, LOOK_BAD, LOOK_DIM, LOOK_BOLD };

/*
 * Starts a table; columns is one text of headings: "POINT|>VALUE|UNIT", '>' means right, '~' in
 * front of it that the column is left out where the terminal is too narrow. At most 12.
 */
struct table *table_new(const struct ctl *ctl, const char *columns);
/* Cells from left to right; after the last column the next row begins. NULL is empty. */
void table_cell(struct table *table, enum look look, const char *text);
void table_cellf(struct table *table, enum look look, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Prints it, without the columns in which nothing stands, and frees it. On a terminal the last
 * column is cut where the line ends, or stands below its row if hardly any of it had room.
 */
void table_print(struct table *table);
void table_free(struct table *table);

/* The parts of a sentence on standard output. */
void look_print(const struct ctl *ctl, enum look look, const char *text);
/* Bytes from outside as text: control characters become \xNN, what is no UTF-8 as well. */
void look_add_text(struct str *out, const char *text);

/* Columns that text takes on a terminal. */
unsigned look_width(const char *text);

/* "0.3 s", "12 s", "2 min 5 s", "3 h 20 min", "4 d 2 h". */
void look_add_age(struct str *out, double seconds);
/*
 * A time that gauged sent (RFC 3339 in UTC), in the zone of this machine: with its date
 * "2026-11-22 17:08:47", otherwise "17:08:47.123". "" if it is none.
 */
enum { LOOK_TIME = 32 };
const char *look_time(const char *stamp, bool date, char room[LOOK_TIME]);
/* "81.3", "on", "auto", "-" for null. */
void look_add_value(struct str *out, const struct json_t *value);
enum look look_of_state(const char *state);	/* of a bus, device, webhook */
enum look look_of_quality(const char *quality); /* of a point */
enum look look_of_rule(const char *state);	/* of a rule */
enum look look_of_event(const char *event);	/* of an event: what the rule did */

#endif
