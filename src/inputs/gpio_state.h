/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * An open GPIO bus, for the files that own it together: gpio (the bus as the daemon sees it),
 * gpio_adopt (what goes on over a reload) and gpio_reading (what edges and levels do to points,
 * and when a point has a reading).
 */
#ifndef GAUGED_INPUTS_GPIO_STATE_H
#define GAUGED_INPUTS_GPIO_STATE_H

#include "base/log.h"
#include "inputs/gpio_config.h"
#include "inputs/gpio_quadrature.h"
#include "inputs/gpio_rate.h"

struct gpio_state {
	uint8_t up;	      /* a bit for each of its lines: 3 is all */
	uint8_t adrift;	      /* lines of an encoder whose level is to be taken anew */
	bool level;	      /* of a level or an output */
	bool last_rising;     /* the last edge of its line, or what the level was before */
	bool begun, measured; /* of a pulse: its beginning is known, its width is */
	bool owed;	      /* a reading, once the rate allows it */
	bool untold;	      /* taken over, and not told yet */
	bool spoiled;	      /* bad until all that came at once is told */
	bool unsure;	      /* of an output: what a write came to is not known */
	struct mono from;     /* where the pulse began; the levels of an encoder: asked for, */
	struct mono until;    /* and told */
	double width;	      /* seconds */
	struct gpio_counter counter, told; /* told: to who keeps it */
	struct gpio_quadrature quadrature;
	struct gpio_rate *rate; /* of a speed or a frequency */
	struct mono full;	/* when the readings told so far are paid for */
	struct complaint loss;
	struct mono lost_at;
	struct mono unwatched; /* since when, if its line is taken anew; 0: it is not */
};

struct gpio_counters {
	uint64_t held;	  /* readings that had to wait */
	uint64_t skipped; /* edges of levels and instants that no reading tells */
	uint64_t lost;
	uint64_t merged;    /* edges that came twice, as a pulse was over before the look */
	uint64_t unwatched; /* times that a reload took a point's line anew */
};

struct input {
	const struct input_config *config;
	struct input_sink sink;
	struct gpio_link *link;
	struct gpio_state *states;
	struct gpio_rate *rates;
	struct gpio_counters *devices;
	struct loop_timer *poll, *owed;
	struct mono owed_due;
	struct loop_defer *written;
	bool spoiled; /* some state is */
	/* of this batch: points whose lines were taken anew, and since when the first one was
	 */
	uint32_t unwatched;
	struct mono unwatched_from;
	/* of this batch of edges: the clocks, once it is known that there is one */
	bool timed;
	struct mono now;
	struct boot at, last; /* last: no reading may be older */
};

extern const struct gpio_link_ops gpio_reading_ops;

/* See adopt() of struct input_type. */
void gpio_adopt(struct input *input, struct input *before);

/* Both clocks, anew. */
void gpio_reading_begin(struct input *input);
/* Tells what the point is now, whatever the rate; nothing if that is not known. */
void gpio_reading_put(struct input *input, uint32_t point);
/* Tells all readings that are owed and may be told, and plans the rest. */
void gpio_reading_owed(void *arg);

#endif
