/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * GPIO chips without a kernel's: files in a folder that answer the ioctls of <linux/gpio.h> as
 * Linux 6.1 does, with lines that a test drives. For programs that are linked with
 * --wrap=ioctl,--wrap=read,--wrap=close. One at a time.
 */
#ifndef GAUGED_TESTS_UNIT_FAKE_GPIO_H
#define GAUGED_TESTS_UNIT_FAKE_GPIO_H

#include <stdbool.h>
#include <stdint.h>

struct fake_chip;

/* Makes the folder; unplugs everything and removes it. */
const char *fake_gpio_begin(void);
void fake_gpio_end(void);

/* A device in the folder: "gpiochip0". */
struct fake_chip *fake_gpio_plug(const char *name, const char *label, uint32_t lines);
/* The device is gone, and nothing that was open of it answers. */
void fake_gpio_unplug(struct fake_chip *chip);
void fake_gpio_name(struct fake_chip *chip, uint32_t line, const char *name);
/* Somebody else has the line; NULL: lets go of it. */
void fake_gpio_hold(struct fake_chip *chip, uint32_t line, const char *consumer);

/* The voltage at the line; an edge is told to who has the line and asked for it. */
void fake_gpio_drive(struct fake_chip *chip, uint32_t line, bool high);
/* The same, at a time of the test's: nanoseconds of the monotonic clock. */
void fake_gpio_drive_at(struct fake_chip *chip, uint32_t line, bool high, int64_t ns);
/* What the line is driven to, and was told when it was requested. */
bool fake_gpio_high(const struct fake_chip *chip, uint32_t line);
bool fake_gpio_taken(const struct fake_chip *chip, uint32_t line);
uint64_t fake_gpio_flags(const struct fake_chip *chip, uint32_t line);
uint32_t fake_gpio_debounce(const struct fake_chip *chip, uint32_t line);
bool fake_gpio_same_request(const struct fake_chip *chip, uint32_t a, uint32_t b);
/* From now on a line that is let go of falls to low. */
void fake_gpio_forget(struct fake_chip *chip);
/* Requests that are open, and ioctls so far. */
unsigned fake_gpio_requests(void);
unsigned fake_gpio_calls(void);
/* An output that stays as it is, however it is written; writes that fail with the errno. */
void fake_gpio_stuck(struct fake_chip *chip, uint32_t line);
void fake_gpio_fail_writes(int code);
/* A level that changes without an edge, as of two edges at once; calls that take so long. */
void fake_gpio_sneak(struct fake_chip *chip, uint32_t line, bool high);
void fake_gpio_slow(int ms);
/* Reading takes so long for each line; calls that read so far, and the lines of the largest of
 * them since the last time that was asked. */
void fake_gpio_slow_lines(int us);
unsigned fake_gpio_reads(unsigned *ret_most);
/* What is added to the numbers and the time of the next edge alone. */
struct fake_odd {
	uint32_t number, line_number;
	bool turned; /* it is told as the other edge */
	int64_t ns;
};
void fake_gpio_be_odd(const struct fake_odd *odd);
/* The next edge gets its numbers, and comes later: others overtake it. */
void fake_gpio_hold_back(void);
void fake_gpio_let_go(void);
/* Interrupts of the line that make no edge: the next one's number in the request is higher. */
void fake_gpio_merge(struct fake_chip *chip, uint32_t line, uint32_t count);
/* An edge that happens within the next call that reads values, which has it already. */
void fake_gpio_meet(struct fake_chip *chip, uint32_t line, bool high);

#endif
