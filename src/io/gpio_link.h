/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Lines of one chip that come and go: finds the chip, and again after it was unplugged, under
 * whatever number it has then; requests the lines, as many at once as the kernel takes, and
 * those that somebody else holds once he lets go of them; hands their edges on and says how
 * many were lost. Runs on the loop and allocates nothing once it is made.
 */
#ifndef GAUGED_IO_GPIO_LINK_H
#define GAUGED_IO_GPIO_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "io/gpio_chip.h"

struct error;
struct gpio_link;
struct loop;
struct report;
struct str;

enum { GPIO_LINK_LINES = 1024 };

struct gpio_link_line {
	const char *name; /* NULL: by offset */
	uint32_t offset;
	const char *shown; /* "17", "FLOW": for messages */
	struct gpio_setup setup;
	bool keep; /* an output that starts with the value that it has */
	/*
	 * Their edges are to come in the order in which they happened: it is had together with
	 * the next line, or not at all. At most GPIO_CHIP_LINES in a row.
	 */
	bool with_next;
};

struct gpio_link_config {
	const char *bus;  /* for messages */
	const char *chip; /* a path, a label or a name */
	const char *folder;
	const struct gpio_link_line *lines;
	size_t line_count; /* at most GPIO_LINK_LINES */
};

/*
 * What a link tells, by the number of the line in its configuration; none is called from
 * within gpio_link_new(), start and write. They may call gpio_link_read() and write, and may
 * not free the link.
 */
struct gpio_link_ops {
	/*
	 * The line is there, and has this value: it came, or was read again. Edges up to asked
	 * are in it; one between then and now may be, or may not.
	 */
	void (*level)(void *arg, uint32_t line, bool value, struct mono asked);
	/* An edge; lost of the line's edges are missing before it. */
	void (*edge)(void *arg, uint32_t line, const struct gpio_edge *edge, uint32_t lost);
	/*
	 * At most lost edges are missing, of this line or of others, behind its last one: its
	 * next edge says how many of them were its own. merged: those were edges in so quick a
	 * row that the kernel made one of them, around the last ones of the line, and nothing
	 * will say how many there were.
	 */
	void (*lost)(void *arg, uint32_t line, uint32_t lost, bool merged);
	/* The line is gone, or cannot be had. */
	void (*down)(void *arg, uint32_t line);
	/* All that came at once was told. */
	void (*settled)(void *arg);
};

struct gpio_link *gpio_link_new(struct loop *loop, const struct gpio_link_config *config,
				const struct gpio_link_ops *ops, void *arg);
void gpio_link_free(struct gpio_link *link);
/* Before start: what an output begins with the first time, whatever its configuration says. */
void gpio_link_begin_with(struct gpio_link *link, uint32_t line, bool value);
/*
 * Before start: takes out of before, which is freed next, the requests whose lines are all
 * wanted here, each set up in the same way. Nothing of such a line is lost: its edges go on in
 * their numbers.
 */
void gpio_link_adopt(struct gpio_link *link, struct gpio_link *before);
/* Begins, on the next turn of the loop. */
void gpio_link_start(struct gpio_link *link);
/*
 * Reads the values of all lines that are there, and tells them as levels: at the end of this
 * turn of the loop as far as a millisecond goes, and at the end of the next ones. While that
 * goes on it does nothing.
 */
void gpio_link_read(struct gpio_link *link);
/* How long the kernel took for that, the last time. */
int64_t gpio_link_cost(const struct gpio_link *link);
/* -ENODEV: the line is not there. Other errors: it was not written. */
int gpio_link_write(struct gpio_link *link, uint32_t line, bool value, struct error *err);
/* The value that the line has now; errors as above. */
int gpio_link_value(struct gpio_link *link, uint32_t line, bool *ret_value, struct error *err);

bool gpio_link_up(const struct gpio_link *link, uint32_t line);
/* Adds where the line is, or why it is not there: "line 17 (FLOW) is in use by 'hog'". */
void gpio_link_describe(const struct gpio_link *link, uint32_t line, struct str *out);
/* State, what there is to say, and the counters of the link. */
void gpio_link_report(const struct gpio_link *link, struct report *ret);

#endif
