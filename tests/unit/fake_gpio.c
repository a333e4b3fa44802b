/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns GPIO chips that are files. */
#include "fake_gpio.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/gpio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pty.h"

enum { CHIPS = 8, LINES = 256, REQUESTS = 128, BUFFER = 1024 };

struct fake_line {
	char name[32], consumer[32];
	bool high, stuck;
	bool output; /* now, or by who had it last */
	struct fake_request *owner;
	uint64_t flags; /* of the request; 0 without one */
	uint32_t debounce, number;
};

struct fake_chip {
	bool plugged, forgets;
	int fd; /* open as long as the test: no other file gets its number */
	ino_t inode;
	char name[32], label[32];
	uint32_t count;
	struct fake_line lines[LINES];
};

struct fake_request {
	bool open;
	struct fake_chip *chip;
	int fd, bell; /* the program's end, and ours: a byte in it while events wait */
	uint32_t count, lines[64];
	uint32_t number;
	struct gpio_v2_line_event events[BUFFER];
	uint32_t first, waiting;
};

static struct {
	char folder[128];
	struct fake_chip chips[CHIPS];
	struct fake_request requests[REQUESTS];
	unsigned calls;
	int fail, slow_ms, slow_us;
	unsigned reads, most;
	struct {
		struct fake_chip *chip;
		uint32_t line;
		bool high;
	} met;
	struct fake_odd odd;
	bool holding;
	struct gpio_v2_line_event held;
	struct fake_request *held_by;
} fake;

int __real_ioctl(int fd, unsigned long request, void *arg);
ssize_t __real_read(int fd, void *room, size_t size);
int __real_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
ssize_t __wrap_read(int fd, void *room, size_t size);
int __wrap_close(int fd);

static struct fake_request *request_of(int fd)
{
	for (int i = 0; i < REQUESTS; i++)
		if (fake.requests[i].open && fake.requests[i].fd == fd)
			return &fake.requests[i];
	return NULL;
}

static struct fake_chip *chip_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	for (int i = 0; i < CHIPS; i++)
		if (fake.chips[i].inode == st.st_ino)
			return &fake.chips[i];
	return NULL;
}

static int fails(int code)
{
	errno = code;
	return -1;
}

/* What the program sees of a line. */
static bool line_value(const struct fake_line *line)
{
	return line->high != ((line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
}

static void line_set(struct fake_line *line, bool value)
{
	if (!line->stuck)
		line->high = value != ((line->flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
}

static int get_chip(const struct fake_chip *chip, struct gpiochip_info *ret)
{
	memcpy(ret->name, chip->name, sizeof(ret->name));
	memcpy(ret->label, chip->label, sizeof(ret->label));
	ret->lines = chip->count;
	return 0;
}

static int get_line(const struct fake_chip *chip, struct gpio_v2_line_info *ret)
{
	const struct fake_line *line = &chip->lines[ret->offset];

	if (ret->offset >= chip->count)
		return fails(EINVAL);
	memcpy(ret->name, line->name, sizeof(ret->name));
	memcpy(ret->consumer, line->consumer, sizeof(ret->consumer));
	ret->flags = line->consumer[0] != '\0' ? GPIO_V2_LINE_FLAG_USED : 0;
	ret->flags |= line->output ? GPIO_V2_LINE_FLAG_OUTPUT : GPIO_V2_LINE_FLAG_INPUT;
	return 0;
}

/* The attribute of the line, or NULL; the first one that has its bit counts. */
static const struct gpio_v2_line_attribute *attribute(const struct gpio_v2_line_config *config,
						      uint32_t bit, uint32_t id)
{
	assert_true(config->num_attrs <= GPIO_V2_LINE_NUM_ATTRS_MAX);
	for (uint32_t i = 0; i < config->num_attrs; i++)
		if (config->attrs[i].attr.id == id && (config->attrs[i].mask >> bit & 1) != 0)
			return &config->attrs[i].attr;
	return NULL;
}

static void take_line(struct fake_request *own, const struct gpio_v2_line_request *request,
		      uint32_t bit)
{
	struct fake_line *line = &own->chip->lines[request->offsets[bit]];
	const struct gpio_v2_line_attribute *flags, *values, *debounce;

	flags = attribute(&request->config, bit, GPIO_V2_LINE_ATTR_ID_FLAGS);
	values = attribute(&request->config, bit, GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);
	debounce = attribute(&request->config, bit, GPIO_V2_LINE_ATTR_ID_DEBOUNCE);
	memcpy(line->consumer, request->consumer, sizeof(line->consumer));
	line->owner = own;
	line->flags = flags != NULL ? flags->flags : request->config.flags;
	line->debounce = debounce != NULL ? debounce->debounce_period_us : 0;
	line->number = 0;
	if ((line->flags & GPIO_V2_LINE_FLAG_INPUT) != 0)
		line->output = false;
	if ((line->flags & GPIO_V2_LINE_FLAG_OUTPUT) == 0)
		return;
	line->output = true;
	line_set(line, values != NULL && (values->values >> bit & 1) != 0);
}

static int take_lines(struct fake_chip *chip, struct gpio_v2_line_request *request)
{
	struct fake_request *own = NULL;
	int ends[2];

	for (int i = 0; i < REQUESTS && own == NULL; i++)
		own = fake.requests[i].open ? NULL : &fake.requests[i];
	assert_non_null(own);
	assert_in_range(request->num_lines, 1, 64);
	for (uint32_t i = 0; i < request->num_lines; i++) {
		if (request->offsets[i] >= chip->count)
			return fails(EINVAL);
		if (chip->lines[request->offsets[i]].consumer[0] != '\0')
			return fails(EBUSY);
		for (uint32_t j = 0; j < i; j++)
			if (request->offsets[j] == request->offsets[i])
				return fails(EBUSY);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*own = (struct fake_request){
		.open = true, .chip = chip, .fd = ends[0], .bell = ends[1]};
	own->count = request->num_lines;
	memcpy(own->lines, request->offsets, sizeof(own->lines));
	for (uint32_t i = 0; i < own->count; i++)
		take_line(own, request, i);
	request->fd = own->fd;
	return 0;
}

static int values(struct fake_request *own, struct gpio_v2_line_values *values, bool set)
{
	unsigned lines = (unsigned)__builtin_popcountll(values->mask);
	const struct timespec nap = {.tv_nsec =
					     fake.slow_ms * NSEC_PER_MSEC +
					     (set ? 0 : lines * fake.slow_us * NSEC_PER_USEC)};

	nanosleep(&nap, NULL);
	if (!set) {
		fake.reads++;
		fake.most = lines > fake.most ? lines : fake.most;
	}
	if (!set && fake.met.chip == own->chip) {
		fake_gpio_drive(fake.met.chip, fake.met.line, fake.met.high);
		fake.met.chip = NULL;
	}
	if (!own->chip->plugged)
		return fails(ENODEV);
	if (set && fake.fail != 0)
		return fails(fake.fail);
	for (uint32_t i = 0; i < own->count; i++) {
		struct fake_line *line = &own->chip->lines[own->lines[i]];
		uint64_t bit = UINT64_C(1) << i;

		if ((values->mask & bit) == 0)
			continue;
		if (set && !line->output)
			return fails(EPERM);
		if (set)
			line_set(line, (values->bits & bit) != 0);
		else if (line_value(line))
			values->bits |= bit;
		else
			values->bits &= ~bit;
	}
	return 0;
}

/* Of lines that were taken as they are. */
static int set_config(struct fake_request *own, const struct gpio_v2_line_config *config)
{
	struct gpio_v2_line_request request = {.config = *config};

	if (!own->chip->plugged)
		return fails(ENODEV);
	for (uint32_t i = 0; i < own->count; i++) {
		request.offsets[i] = own->lines[i];
		memcpy(request.consumer, own->chip->lines[own->lines[i]].consumer,
		       sizeof(request.consumer));
		take_line(own, &request, i);
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	struct fake_request *own = request_of(fd);
	struct fake_chip *chip = own == NULL ? chip_of(fd) : NULL;

	if (own == NULL && chip == NULL)
		return __real_ioctl(fd, request, arg);
	fake.calls++;
	if (own != NULL && request == GPIO_V2_LINE_GET_VALUES_IOCTL)
		return values(own, arg, false);
	if (own != NULL && request == GPIO_V2_LINE_SET_VALUES_IOCTL)
		return values(own, arg, true);
	if (own != NULL && request == GPIO_V2_LINE_SET_CONFIG_IOCTL)
		return set_config(own, arg);
	if (own != NULL || !chip->plugged)
		return fails(own != NULL ? EINVAL : ENODEV);
	if (request == GPIO_GET_CHIPINFO_IOCTL)
		return get_chip(chip, arg);
	if (request == GPIO_V2_GET_LINEINFO_IOCTL)
		return get_line(chip, arg);
	if (request == GPIO_V2_GET_LINE_IOCTL)
		return take_lines(chip, arg);
	return fails(EINVAL);
}

ssize_t __wrap_read(int fd, void *room, size_t size)
{
	struct fake_request *own = request_of(fd);
	struct gpio_v2_line_event *events = room;
	size_t n = 0;
	char byte;

	if (own == NULL)
		return __real_read(fd, room, size);
	if (!own->chip->plugged)
		return fails(ENODEV);
	if (own->waiting == 0)
		return fails(EAGAIN);
	while (n < size / sizeof(*events) && own->waiting > 0) {
		events[n++] = own->events[own->first];
		own->first = (own->first + 1) % BUFFER;
		own->waiting--;
	}
	if (own->waiting == 0)
		assert_int_equal(__real_read(fd, &byte, 1), 1);
	return (ssize_t)(n * sizeof(*events));
}

int __wrap_close(int fd)
{
	struct fake_request *own = request_of(fd);

	for (uint32_t i = 0; own != NULL && i < own->count; i++) {
		struct fake_line *line = &own->chip->lines[own->lines[i]];

		if (line->owner != own)
			continue;
		line->owner = NULL;
		line->consumer[0] = '\0';
		/* As chips that reset a pin that nobody has. */
		if (own->chip->forgets)
			line->high = false;
	}
	if (own != NULL) {
		own->open = false;
		__real_close(own->bell);
	}
	return __real_close(fd);
}

const char *fake_gpio_begin(void)
{
	memset(&fake, 0, sizeof(fake));
	pty_folder_make(fake.folder, sizeof(fake.folder));
	return fake.folder;
}

void fake_gpio_end(void)
{
	for (int i = 0; i < REQUESTS; i++)
		assert_false(fake.requests[i].open);
	for (int i = 0; i < CHIPS; i++)
		if (fake.chips[i].name[0] != '\0')
			__real_close(fake.chips[i].fd);
	pty_folder_remove(fake.folder);
}

struct fake_chip *fake_gpio_plug(const char *name, const char *label, uint32_t lines)
{
	struct fake_chip *chip = NULL;
	char path[256];
	struct stat st;

	for (int i = 0; i < CHIPS && chip == NULL; i++)
		chip = fake.chips[i].name[0] == '\0' ? &fake.chips[i] : NULL;
	assert_non_null(chip);
	assert_in_range(lines, 1, LINES);
	snprintf(chip->name, sizeof(chip->name), "%s", name);
	snprintf(chip->label, sizeof(chip->label), "%s", label);
	chip->count = lines;
	chip->plugged = true;
	snprintf(path, sizeof(path), "%s/%s", fake.folder, name);
	chip->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(chip->fd >= 0);
	assert_int_equal(fstat(chip->fd, &st), 0);
	chip->inode = st.st_ino;
	return chip;
}

void fake_gpio_unplug(struct fake_chip *chip)
{
	char path[256];

	chip->plugged = false;
	snprintf(path, sizeof(path), "%s/%s", fake.folder, chip->name);
	assert_int_equal(unlink(path), 0);
}

void fake_gpio_name(struct fake_chip *chip, uint32_t line, const char *name)
{
	snprintf(chip->lines[line].name, sizeof(chip->lines[line].name), "%s", name);
}

void fake_gpio_hold(struct fake_chip *chip, uint32_t line, const char *consumer)
{
	snprintf(chip->lines[line].consumer, sizeof(chip->lines[line].consumer), "%s",
		 consumer != NULL ? consumer : "");
}

static void push(struct fake_request *own, const struct gpio_v2_line_event *event)
{
	if (own->waiting == BUFFER) {
		own->first = (own->first + 1) % BUFFER;
		own->waiting--;
	}
	own->events[(own->first + own->waiting++) % BUFFER] = *event;
	if (own->waiting == 1)
		assert_int_equal(write(own->bell, "!", 1), 1);
}

void fake_gpio_drive_at(struct fake_chip *chip, uint32_t number, bool high, int64_t ns)
{
	struct fake_line *line = &chip->lines[number];
	struct gpio_v2_line_event event = {.timestamp_ns = (uint64_t)ns, .offset = number};
	bool rising;

	if (line->high == high)
		return;
	line->high = high;
	rising = line_value(line);
	if (line->owner == NULL ||
	    (line->flags &
	     (rising ? GPIO_V2_LINE_FLAG_EDGE_RISING : GPIO_V2_LINE_FLAG_EDGE_FALLING)) == 0)
		return;
	event.id = rising ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE;
	event.line_seqno = ++line->number;
	event.seqno = line->owner->count == 1 ? event.line_seqno : ++line->owner->number;
	if (fake.odd.turned)
		event.id = rising ? GPIO_V2_LINE_EVENT_FALLING_EDGE
				  : GPIO_V2_LINE_EVENT_RISING_EDGE;
	event.seqno += fake.odd.number;
	event.line_seqno += fake.odd.line_number;
	event.timestamp_ns += (uint64_t)fake.odd.ns;
	fake.odd = (struct fake_odd){0};
	if (fake.holding) {
		fake.held = event;
		fake.held_by = line->owner;
		fake.holding = false;
	} else {
		push(line->owner, &event);
	}
}

void fake_gpio_drive(struct fake_chip *chip, uint32_t line, bool high)
{
	fake_gpio_drive_at(chip, line, high, clock_mono().ns);
}

bool fake_gpio_high(const struct fake_chip *chip, uint32_t line)
{
	return chip->lines[line].high;
}

bool fake_gpio_taken(const struct fake_chip *chip, uint32_t line)
{
	return chip->lines[line].owner != NULL;
}

uint64_t fake_gpio_flags(const struct fake_chip *chip, uint32_t line)
{
	return chip->lines[line].flags;
}

uint32_t fake_gpio_debounce(const struct fake_chip *chip, uint32_t line)
{
	return chip->lines[line].debounce;
}

unsigned fake_gpio_requests(void)
{
	unsigned open = 0;

	for (int i = 0; i < REQUESTS; i++)
		open += fake.requests[i].open;
	return open;
}

unsigned fake_gpio_calls(void)
{
	return fake.calls;
}

void fake_gpio_stuck(struct fake_chip *chip, uint32_t line)
{
	chip->lines[line].stuck = true;
}

void fake_gpio_fail_writes(int code)
{
	fake.fail = code;
}

void fake_gpio_sneak(struct fake_chip *chip, uint32_t line, bool high)
{
	chip->lines[line].high = high;
}

void fake_gpio_slow(int ms)
{
	fake.slow_ms = ms;
}

void fake_gpio_meet(struct fake_chip *chip, uint32_t line, bool high)
{
	fake.met.chip = chip;
	fake.met.line = line;
	fake.met.high = high;
}

bool fake_gpio_same_request(const struct fake_chip *chip, uint32_t a, uint32_t b)
{
	return chip->lines[a].owner != NULL && chip->lines[a].owner == chip->lines[b].owner;
}

void fake_gpio_hold_back(void)
{
	fake.holding = true;
}

void fake_gpio_let_go(void)
{
	push(fake.held_by, &fake.held);
	fake.held_by = NULL;
}

void fake_gpio_merge(struct fake_chip *chip, uint32_t line, uint32_t count)
{
	chip->lines[line].owner->number += count;
}

void fake_gpio_be_odd(const struct fake_odd *odd)
{
	fake.odd = *odd;
}

void fake_gpio_slow_lines(int us)
{
	fake.slow_us = us;
}

unsigned fake_gpio_reads(unsigned *ret_most)
{
	*ret_most = fake.most;
	fake.most = 0;
	return fake.reads;
}

void fake_gpio_forget(struct fake_chip *chip)
{
	chip->forgets = true;
}
