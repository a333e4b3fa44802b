/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of a link, for the files that own it together: gpio_link (lines come and go),
 * gpio_request (which can be had), gpio_batch (what a request says), gpio_sweep (reads all
 * lines) and gpio_handover (what one link takes over of another).
 */
#ifndef GAUGED_IO_GPIO_LINK_PART_H
#define GAUGED_IO_GPIO_LINK_PART_H

#include "base/log.h"
#include "io/backoff.h"
#include "io/gpio_link.h"
#include "io/gpio_sequence.h"

enum { LINE_NONE = UINT32_MAX };

struct gpio_line {
	uint32_t request; /* LINE_NONE: it is not there */
	uint8_t bit;	  /* in the request */
	bool told;	  /* it had an edge since numbers of the request were left out */
	bool value;	  /* what an output begins with */
	bool given;	  /* by gpio_link_begin_with() */
	bool kept;	  /* it begins with what it has */
	uint32_t offset;
	uint32_t found; /* lines of the chip that have its name */
	bool wanted;	/* in this attempt */
	struct gpio_sequence sequence;
	uint32_t heard; /* the round of the request in which it had its last edge */
	char name[GPIO_CHIP_NAME];
	char why[200]; /* it is not there */
};

struct gpio_request {
	struct gpio_link *link;
	int fd; /* -1: handed over */
	struct loop_watch *watch;
	size_t count;
	/* Numbers of edges, modulo 2^32: the highest that came, and how many are accounted for.
	 */
	uint32_t highest, accounted;
	uint32_t vague; /* of those: lost, and no line has said yet that it was its own */
	uint32_t burst; /* edges since none waited */
	uint32_t round; /* since no number was missing */
	struct mono odd_since; /* numbers are missing that cannot be lost; 0: they are not */
	bool gapped;	       /* some were lost in this burst */
	bool reread;	       /* the values, once no edge waits any more */
	uint32_t lines[GPIO_CHIP_LINES];
};

/* Reading all lines, in as many calls and turns of the loop as it takes. */
struct gpio_sweep {
	struct loop_defer *defer;
	bool running;
	size_t request, line; /* what comes next */
	size_t piece;	      /* lines in one call */
	int64_t cost_ns;      /* of this one, or the last */
};

struct gpio_link {
	struct loop *loop;
	const struct gpio_link_config *config;
	const struct gpio_link_ops *ops;
	void *arg;
	struct gpio_chip chip;
	struct gpio_line *lines;
	struct gpio_request *requests;
	size_t request_count;
	struct gpio_want *wants; /* room for an attempt */
	uint32_t *numbers;
	struct backoff backoff;
	struct loop_timer *timer;
	struct gpio_watch *watch;
	struct tty_watch *path; /* NULL: the chip is told by label or name */
	struct complaint trouble, slowness;
	struct gpio_sweep sweep;
	uint64_t took_ns, slow, opened, failures, losses, busy_tries, edges, edges_lost, gaps,
		merged;
};

/* The chip does not answer any more, with the errno code: all lines go down. */
void gpio_link_lost_chip(struct gpio_link *link, int code);

/* A call of the kernel that began then is over: whether it held the loop up. */
void gpio_link_took(struct gpio_link *link, struct mono began);
/* Why the line is not there, for people. */
void gpio_request_why(struct gpio_line *line, const char *why);
/* The request has edges to be read; arg: it. */
void gpio_request_readable(void *arg, unsigned what);
/* Requests all lines that are not there and can be had. -ENODEV: the chip went away meanwhile.
 */
int gpio_request_all(struct gpio_link *link);

/*
 * Takes edges that wait in the request. True: there are no more. May end in
 * gpio_link_lost_chip(): the request is gone then, and it is false.
 */
bool gpio_batch_read(struct gpio_request *request);
/* Tells the values of count of the request's lines. < 0: the chip was lost. */
int gpio_batch_levels(struct gpio_request *request, size_t first, size_t count);

/* See gpio_link_read(); it is over when the chip is lost. */
void gpio_sweep_start(struct gpio_link *link);
/* A turn's part of it; arg: the link. */
void gpio_sweep_go_on(void *arg);

#endif
