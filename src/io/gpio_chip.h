/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * GPIO chips as the kernel shows them: the character device with the second version of its
 * interface (<linux/gpio.h>, Documentation/userspace-api/gpio in later kernels). Finds chips
 * and lines, requests lines, reads edges, gets and sets values. Remembers nothing and never
 * waits for an edge; lines behind a slow bus (I2C) take as long as a transfer on it takes.
 */
#ifndef GAUGED_IO_GPIO_CHIP_H
#define GAUGED_IO_GPIO_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

struct error;

enum {
	GPIO_CHIP_LINES = 64,	 /* in one request */
	GPIO_CHIP_BUFFER = 1024, /* edges that the kernel keeps for a request */
	GPIO_CHIP_NAME = 32,	 /* bytes of a name, with the NUL */
	GPIO_CHIP_PATH = 64,
};

struct gpio_chip {
	int fd; /* -1: not open */
	char path[GPIO_CHIP_PATH];
	char name[GPIO_CHIP_NAME];  /* "gpiochip0" */
	char label[GPIO_CHIP_NAME]; /* "pinctrl-bcm2711" */
	uint32_t lines;
};

enum gpio_bias { GPIO_BIAS_KEEP, GPIO_BIAS_OFF, GPIO_BIAS_UP, GPIO_BIAS_DOWN };
enum gpio_drive { GPIO_DRIVE_BOTH, GPIO_DRIVE_DRAIN, GPIO_DRIVE_SOURCE };

/* How a line is requested. Values and edges are those after active_low. */
struct gpio_setup {
	bool output, active_low;
	bool rising, falling; /* edges of an input that are told */
	enum gpio_bias bias;
	enum gpio_drive drive; /* of an output */
	bool value;	       /* of an output, from the start */
	uint32_t debounce_us;  /* of an input; 0: none. The kernel's grain is its tick */
};

struct gpio_want {
	uint32_t offset;
	struct gpio_setup setup;
	bool with_next; /* belongs into one request with the next one */
	bool keep;	/* an output that starts with the value that the line has */
};

/* What is known of a line that nobody has to hold for it. */
struct gpio_seen {
	char name[GPIO_CHIP_NAME];     /* "" without one */
	char consumer[GPIO_CHIP_NAME]; /* who holds it, by its own words */
	bool used, output;
};

struct gpio_edge {
	struct mono at;
	uint32_t offset;
	bool rising;
	uint32_t number;      /* among all edges of the request, from 1 */
	uint32_t line_number; /* among those of the line, from 1 */
};

/*
 * Opens the chip that wanted says: a path if it begins with '/', otherwise a label or a name
 * among the chips in folder ("/dev"). -ENODEV: there is none such; -ENOTUNIQ: several have the
 * label.
 */
int gpio_chip_open(struct gpio_chip *chip, const char *wanted, const char *folder,
		   struct error *err);
void gpio_chip_close(struct gpio_chip *chip);
/* 0, or why the chip does not answer any more. */
int gpio_chip_alive(const struct gpio_chip *chip);

/* -EINVAL: there is no such line. Other errors: the chip is gone. */
int gpio_chip_look(const struct gpio_chip *chip, uint32_t offset, struct gpio_seen *ret,
		   struct error *err);

/*
 * How many of the wants, from the first one on, fit into one request: at least 1 of count > 0.
 * An output has a request of its own.
 */
size_t gpio_chip_fit(const struct gpio_want *wants, size_t count);
/*
 * A descriptor for the lines, non-blocking; the n-th want is bit n of values. -EBUSY: held. A
 * line that is kept is driven all the while; if its value cannot be read, setup.value counts.
 */
int gpio_chip_request(const struct gpio_chip *chip, const struct gpio_want *wants, size_t count,
		      int *ret_fd, struct error *err);
/* Of a request. Edges that wait, at most count: how many, -EAGAIN for none, or why not. */
ssize_t gpio_chip_edges(int fd, struct gpio_edge *ret, size_t count);
int gpio_chip_get(int fd, uint64_t lines, uint64_t *ret_values);
int gpio_chip_set(int fd, uint64_t lines, uint64_t values);

#endif
