/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the kernel's GPIO interface. */
#include "io/gpio_chip.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/gpio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/device_denied.h"

/* What a folder of devices may hold, and a chip. */
enum { CHIPS_MAX = 256, EDGES_AT_ONCE = 256 };

static const char gpio_consumer[] = "gauged";
static const char gpio_prefix[] = "gpiochip";

/* Chips. */

static int chip_error(const char *path, int code, struct error *err)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return error_set(err, code, "%s is not there: %s", path, strerrordesc_np(code));
	case EACCES:
	case EPERM:
		return device_denied(path, code, "gpio", err);
	case ENOTTY:
		return error_set(err, code, "%s is no GPIO chip", path);
	default:
		return error_errno(err, code, "cannot open %s", path);
	}
}

static int chip_open_path(struct gpio_chip *chip, const char *path, struct error *err)
{
	struct gpiochip_info seen = {0};
	int fd, rc;

	if (strlen(path) >= sizeof(chip->path))
		return error_set(err, ENAMETOOLONG, "%s is too long for a device", path);
	/* Not blocking, for a path may lead to a FIFO or a serial line. */
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return chip_error(path, errno, err);
	if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &seen) != 0) {
		rc = chip_error(path, errno, err);
		close(fd);
		return rc;
	}
	*chip = (struct gpio_chip){.fd = fd, .lines = seen.lines};
	snprintf(chip->path, sizeof(chip->path), "%s", path);
	snprintf(chip->name, sizeof(chip->name), "%.*s", GPIO_CHIP_NAME - 1, seen.name);
	snprintf(chip->label, sizeof(chip->label), "%.*s", GPIO_CHIP_NAME - 1, seen.label);
	return 0;
}

static int only_chips(const struct dirent *entry)
{
	return strncmp(entry->d_name, gpio_prefix, strlen(gpio_prefix)) == 0;
}

/* Of the chips that could not be opened, the reason why is worth more than that none fits. */
static int chip_none(const char *wanted, int count, const struct error *denied,
		     struct error *err)
{
	if (denied->code != 0)
		return error_set(err, denied->code, "no chip '%s' was found, and %s", wanted,
				 denied->text);
	return error_set(err, ENODEV, "there is no GPIO chip '%s' among %d", wanted, count);
}

static int chip_among(struct gpio_chip *chip, const char *wanted, const char *folder,
		      struct dirent **entries, int count, struct error *err)
{
	struct gpio_chip found = {.fd = -1}, one;
	struct error denied = {0}, why;

	for (int i = 0; i < count && i < CHIPS_MAX; i++) {
		char path[GPIO_CHIP_PATH];
		int n = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);

		if (n >= (int)sizeof(path))
			continue;
		if (chip_open_path(&one, path, &why) != 0) {
			if (why.code == EACCES || why.code == EPERM)
				denied = why;
			continue;
		}
		if (strcmp(one.label, wanted) != 0 && strcmp(one.name, wanted) != 0) {
			gpio_chip_close(&one);
			continue;
		}
		if (found.fd >= 0) {
			error_set(err, ENOTUNIQ,
				  "both %s and %s are called '%s': take a name or a path",
				  found.name, one.name, wanted);
			gpio_chip_close(&one);
			gpio_chip_close(&found);
			return -ENOTUNIQ;
		}
		found = one;
	}
	if (found.fd < 0)
		return chip_none(wanted, count, &denied, err);
	*chip = found;
	return 0;
}

int gpio_chip_open(struct gpio_chip *chip, const char *wanted, const char *folder,
		   struct error *err)
{
	struct dirent **entries;
	int count, rc;

	if (wanted[0] == '/')
		return chip_open_path(chip, wanted, err);
	count = scandir(folder, &entries, only_chips, versionsort);
	if (count < 0)
		return error_errno(err, errno, "cannot read %s", folder);
	rc = chip_among(chip, wanted, folder, entries, count, err);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return rc;
}

void gpio_chip_close(struct gpio_chip *chip)
{
	if (chip->fd >= 0)
		close(chip->fd);
	chip->fd = -1;
}

int gpio_chip_alive(const struct gpio_chip *chip)
{
	struct gpiochip_info seen;

	return ioctl(chip->fd, GPIO_GET_CHIPINFO_IOCTL, &seen) == 0 ? 0 : -errno;
}

/* Lines. */

int gpio_chip_look(const struct gpio_chip *chip, uint32_t offset, struct gpio_seen *ret,
		   struct error *err)
{
	struct gpio_v2_line_info seen = {.offset = offset};

	if (offset >= chip->lines)
		return error_set(err, EINVAL, "%s has no line %u, it has %u", chip->name,
				 offset, chip->lines);
	if (ioctl(chip->fd, GPIO_V2_GET_LINEINFO_IOCTL, &seen) != 0)
		return error_errno(err, errno, "cannot ask %s for line %u", chip->name, offset);
	*ret = (struct gpio_seen){
		.used = (seen.flags & GPIO_V2_LINE_FLAG_USED) != 0,
		.output = (seen.flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0,
	};
	memcpy(ret->name, seen.name, sizeof(ret->name) - 1);
	memcpy(ret->consumer, seen.consumer, sizeof(ret->consumer) - 1);
	return 0;
}

/* Requests. */

static uint64_t setup_flags(const struct gpio_setup *setup)
{
	static const uint64_t biases[] = {
		[GPIO_BIAS_KEEP] = 0,
		[GPIO_BIAS_OFF] = GPIO_V2_LINE_FLAG_BIAS_DISABLED,
		[GPIO_BIAS_UP] = GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
		[GPIO_BIAS_DOWN] = GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN,
	};
	static const uint64_t drives[] = {
		[GPIO_DRIVE_BOTH] = 0,
		[GPIO_DRIVE_DRAIN] = GPIO_V2_LINE_FLAG_OPEN_DRAIN,
		[GPIO_DRIVE_SOURCE] = GPIO_V2_LINE_FLAG_OPEN_SOURCE,
	};
	uint64_t flags = biases[setup->bias];

	if (setup->active_low)
		flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
	if (setup->output)
		return flags | drives[setup->drive] | GPIO_V2_LINE_FLAG_OUTPUT;
	if (setup->rising)
		flags |= GPIO_V2_LINE_FLAG_EDGE_RISING;
	if (setup->falling)
		flags |= GPIO_V2_LINE_FLAG_EDGE_FALLING;
	return flags | GPIO_V2_LINE_FLAG_INPUT;
}

/* Adds line to the attribute of this kind and value; false when there is no room for it. */
static bool config_attribute(struct gpio_v2_line_config *config, size_t line, uint32_t id,
			     uint64_t value)
{
	struct gpio_v2_line_attribute wanted = {.id = id};
	struct gpio_v2_line_config_attribute *slot;
	uint32_t i;

	/* A union: what of it counts goes by id. */
	if (id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE)
		wanted.debounce_period_us = (uint32_t)value;
	else
		wanted.flags = value;
	for (i = 0; i < config->num_attrs; i++) {
		slot = &config->attrs[i];
		if (memcmp(&slot->attr, &wanted, sizeof(wanted)) == 0)
			break;
	}
	if (i == GPIO_V2_LINE_NUM_ATTRS_MAX)
		return false;
	slot = &config->attrs[i];
	slot->attr = wanted;
	slot->mask |= UINT64_C(1) << line;
	config->num_attrs += i == config->num_attrs;
	return true;
}

/* The last attribute is kept for the values of outputs. */
static bool config_line(struct gpio_v2_line_config *config, size_t line,
			const struct gpio_setup *setup)
{
	uint64_t flags = setup_flags(setup);

	if (line == 0)
		config->flags = flags;
	if (flags != config->flags &&
	    !config_attribute(config, line, GPIO_V2_LINE_ATTR_ID_FLAGS, flags))
		return false;
	return (setup->output || setup->debounce_us == 0 ||
		config_attribute(config, line, GPIO_V2_LINE_ATTR_ID_DEBOUNCE,
				 setup->debounce_us)) &&
	       config->num_attrs < GPIO_V2_LINE_NUM_ATTRS_MAX;
}

size_t gpio_chip_fit(const struct gpio_want *wants, size_t count)
{
	struct gpio_v2_line_config config = {0};
	size_t fit = 0;

	/* Whatever becomes of other lines, it is not let go of with them. */
	if (count > 0 && wants[0].setup.output)
		return 1;
	while (fit < count && fit < GPIO_CHIP_LINES && !wants[fit].setup.output &&
	       config_line(&config, fit, &wants[fit].setup))
		fit++;
	assert(fit > 0 || count == 0);
	while (fit > 1 && fit < count && wants[fit - 1].with_next)
		fit--;
	return fit;
}

static void config_values(struct gpio_v2_line_config *config, uint64_t outputs, uint64_t values)
{
	struct gpio_v2_line_config_attribute *slot = &config->attrs[config->num_attrs++];

	slot->attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
	slot->attr.values = values;
	slot->mask = outputs;
}

static int request_take(const struct gpio_chip *chip, struct gpio_v2_line_request *request)
{
	memcpy(request->consumer, gpio_consumer, sizeof(gpio_consumer));
	if (ioctl(chip->fd, GPIO_V2_GET_LINE_IOCTL, request) != 0)
		return -errno;
	fcntl(request->fd, F_SETFD, FD_CLOEXEC);
	fcntl(request->fd, F_SETFL, O_RDONLY | O_NONBLOCK);
	return 0;
}

/*
 * Without a direction the line is left as it is. It then becomes an output with its own value,
 * and is never let go of in between: some chips reset a pin that nobody has.
 */
static int request_kept(const struct gpio_chip *chip, const struct gpio_want *want, int *ret_fd)
{
	struct gpio_v2_line_request request = {.num_lines = 1};
	struct gpio_v2_line_config config = {0};
	uint64_t value = want->setup.value;
	int rc;

	request.offsets[0] = want->offset;
	request.config.flags = want->setup.active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0;
	rc = request_take(chip, &request);
	if (rc != 0)
		return rc;
	(void)gpio_chip_get(request.fd, 1, &value);
	(void)config_line(&config, 0, &want->setup);
	config_values(&config, 1, value);
	if (ioctl(request.fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config) != 0) {
		rc = -errno;
		close(request.fd);
		return rc;
	}
	*ret_fd = request.fd;
	return 0;
}

static int request_lines(const struct gpio_chip *chip, const struct gpio_want *wants,
			 size_t count, int *ret_fd)
{
	struct gpio_v2_line_request request = {
		.num_lines = (uint32_t)count,
		.event_buffer_size = GPIO_CHIP_BUFFER,
	};
	uint64_t outputs = 0, values = 0;
	int rc;

	for (size_t i = 0; i < count; i++) {
		const struct gpio_setup *setup = &wants[i].setup;

		request.offsets[i] = wants[i].offset;
		if (!config_line(&request.config, i, setup))
			return -E2BIG;
		outputs |= (uint64_t)setup->output << i;
		values |= (uint64_t)(setup->output && setup->value) << i;
	}
	if (outputs != 0)
		config_values(&request.config, outputs, values);
	rc = request_take(chip, &request);
	if (rc == 0)
		*ret_fd = request.fd;
	return rc;
}

int gpio_chip_request(const struct gpio_chip *chip, const struct gpio_want *wants, size_t count,
		      int *ret_fd, struct error *err)
{
	int rc;

	assert(count > 0 && count <= GPIO_CHIP_LINES);
	assert(!wants[0].keep || (count == 1 && wants[0].setup.output));
	rc = wants[0].keep ? request_kept(chip, wants, ret_fd)
			   : request_lines(chip, wants, count, ret_fd);
	return rc == 0 ? 0
		       : error_errno(err, -rc, "cannot have line %u of %s", wants[0].offset,
				     chip->name);
}

/* What a request is asked. */

ssize_t gpio_chip_edges(int fd, struct gpio_edge *ret, size_t count)
{
	struct gpio_v2_line_event events[EDGES_AT_ONCE];
	size_t most = count < ARRAY_SIZE(events) ? count : ARRAY_SIZE(events);
	ssize_t n = read(fd, events, most * sizeof(*events));

	if (n < 0)
		return -errno;
	n /= (ssize_t)sizeof(*events);
	for (ssize_t i = 0; i < n; i++)
		ret[i] = (struct gpio_edge){
			.at = {(int64_t)events[i].timestamp_ns},
			.offset = events[i].offset,
			.rising = events[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE,
			.number = events[i].seqno,
			.line_number = events[i].line_seqno,
		};
	return n > 0 ? n : -ENODEV;
}

int gpio_chip_get(int fd, uint64_t lines, uint64_t *ret_values)
{
	struct gpio_v2_line_values values = {.mask = lines};

	if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) != 0)
		return -errno;
	*ret_values = values.bits;
	return 0;
}

int gpio_chip_set(int fd, uint64_t lines, uint64_t values)
{
	struct gpio_v2_line_values wanted = {.mask = lines, .bits = values};

	return ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &wanted) == 0 ? 0 : -errno;
}
