/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which lines can be had, and how they are requested. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "io/gpio_link_part.h"
#include "io/loop.h"

void gpio_request_why(struct gpio_line *line, const char *why)
{
	struct str text;

	str_init_fixed(&text, line->why, sizeof(line->why));
	str_adds(&text, why);
}

static bool request_same_line(struct gpio_link *link, uint32_t line)
{
	for (uint32_t i = 0; i < link->config->line_count; i++)
		if (i != line &&
		    (link->lines[i].request != LINE_NONE || link->lines[i].wanted) &&
		    link->lines[i].offset == link->lines[line].offset)
			return true;
	return false;
}

/* Where the lines are that are told by name: all of the chip are asked, once. */
static int request_survey(struct gpio_link *link, struct error *err)
{
	bool named = false;

	for (uint32_t i = 0; i < link->config->line_count; i++) {
		link->lines[i].found = 0;
		link->lines[i].wanted = false;
		named |= link->config->lines[i].name != NULL &&
			 link->lines[i].request == LINE_NONE;
	}
	for (uint32_t offset = 0; offset < link->chip.lines && named; offset++) {
		struct gpio_seen seen;
		int rc = gpio_chip_look(&link->chip, offset, &seen, err);

		if (rc != 0)
			return rc;
		for (uint32_t i = 0; i < link->config->line_count; i++) {
			const char *name = link->config->lines[i].name;
			struct gpio_line *line = &link->lines[i];

			if (name != NULL && line->request == LINE_NONE &&
			    strcmp(name, seen.name) == 0 && line->found++ == 0)
				line->offset = offset;
		}
	}
	return 0;
}

static int request_place(struct gpio_link *link, uint32_t number, struct gpio_seen *ret,
			 struct error *err)
{
	const struct gpio_link_line *config = &link->config->lines[number];
	struct gpio_line *line = &link->lines[number];

	if (config->name == NULL)
		line->offset = config->offset;
	else if (line->found == 0)
		return error_set(err, EINVAL, "%s has no line of that name", link->chip.name);
	else if (line->found > 1)
		return error_set(err, EINVAL, "%u lines of %s have that name: take a number",
				 line->found, link->chip.name);
	return gpio_chip_look(&link->chip, line->offset, ret, err);
}

/* Whether the line can be had; *ret_gone: the chip cannot be asked. */
static bool request_free(struct gpio_link *link, uint32_t number, bool *ret_gone)
{
	const struct gpio_link_line *config = &link->config->lines[number];
	struct gpio_line *line = &link->lines[number];
	struct gpio_seen seen;
	struct error err;
	int rc = request_place(link, number, &seen, &err);

	if (rc != 0) {
		*ret_gone = rc != -EINVAL;
		gpio_request_why(line, err.text);
		return false;
	}
	memcpy(line->name, seen.name, sizeof(line->name));
	if (!line->given)
		line->value = config->setup.value;
	if (request_same_line(link, number)) {
		gpio_request_why(line, "it is a line of this bus already");
		return false;
	}
	line->kept = config->keep && config->setup.output && seen.output && !line->given;
	if (!seen.used)
		return true;
	snprintf(line->why, sizeof(line->why), "is in use by '%s'", seen.consumer);
	return false;
}

void gpio_request_readable(void *arg, unsigned what)
{
	(void)what;
	(void)gpio_batch_read(arg);
}

/* One request for count of the lines in numbers. */
static int request_lines(struct gpio_link *link, const uint32_t *numbers,
			 const struct gpio_want *wants, size_t count, struct error *err)
{
	struct gpio_request *request = &link->requests[link->request_count];
	struct mono began = clock_mono();
	int fd, rc = gpio_chip_request(&link->chip, wants, count, &fd, err);

	gpio_link_took(link, began);
	if (rc != 0)
		return rc;
	*request = (struct gpio_request){.link = link, .fd = fd, .count = count, .round = 1};
	for (size_t i = 0; i < count; i++) {
		struct gpio_line *line = &link->lines[numbers[i]];

		request->lines[i] = numbers[i];
		line->request = (uint32_t)link->request_count;
		line->bit = (uint8_t)i;
		line->sequence = (struct gpio_sequence){0};
		line->told = true;
		line->heard = 0;
		line->given = false;
	}
	request->watch =
		loop_watch_new(link->loop, fd, LOOP_READ, gpio_request_readable, request);
	link->request_count++;
	return 0;
}

/* How many of the wants belong together with the first one. */
static size_t request_group(const struct gpio_want *wants, size_t count)
{
	size_t n = 1;

	while (n < count && wants[n - 1].with_next)
		n++;
	return n;
}

/* All together, or if one of them cannot be had, each by itself, as far as that goes. */
static void request_some(struct gpio_link *link, const uint32_t *numbers,
			 const struct gpio_want *wants, size_t count)
{
	struct error err;
	size_t n;

	if (request_lines(link, numbers, wants, count, &err) == 0)
		return;
	for (size_t at = 0; at < count; at += n) {
		n = request_group(&wants[at], count - at);
		if (n < count && request_lines(link, &numbers[at], &wants[at], n, &err) == 0)
			continue;
		for (size_t i = at; i < at + n; i++)
			gpio_request_why(&link->lines[numbers[i]], err.text);
	}
}

static void request_want(struct gpio_link *link, uint32_t line, size_t *count)
{
	const struct gpio_link_line *config = &link->config->lines[line];
	struct gpio_want *want = &link->wants[*count];

	link->numbers[(*count)++] = line;
	*want = (struct gpio_want){link->lines[line].offset, config->setup, config->with_next,
				   false};
	want->setup.value = link->lines[line].value;
	want->keep = link->lines[line].kept;
}

/* Some of the lines that belong together cannot be had, and so none of them. */
static void request_wait(struct gpio_link *link, uint32_t first, uint32_t end, uint32_t missing)
{
	char why[sizeof(link->lines->why)];
	struct str text;

	str_init_fixed(&text, why, sizeof(why));
	str_addf(&text, "waits for line %s%s %s", link->config->lines[missing].shown,
		 strncmp(link->lines[missing].why, "is ", 3) == 0 ? ", which" : ":",
		 link->lines[missing].why);
	for (uint32_t i = first; i < end; i++) {
		if (!link->lines[i].wanted)
			continue;
		link->lines[i].wanted = false;
		gpio_request_why(&link->lines[i], why);
	}
}

/* Lines of a group that can be had become wants, or none of them. False: the chip is gone. */
static bool request_look(struct gpio_link *link, uint32_t first, uint32_t end, size_t *count)
{
	uint32_t missing = LINE_NONE;
	bool gone = false;

	for (uint32_t i = first; i < end; i++) {
		if (link->lines[i].request != LINE_NONE)
			continue;
		link->lines[i].wanted = request_free(link, i, &gone);
		if (gone)
			return false;
		if (!link->lines[i].wanted && missing == LINE_NONE)
			missing = i;
	}
	if (missing != LINE_NONE)
		request_wait(link, first, end, missing);
	for (uint32_t i = first; i < end; i++)
		if (link->lines[i].wanted)
			request_want(link, i, count);
	return true;
}

int gpio_request_all(struct gpio_link *link)
{
	const struct gpio_link_line *lines = link->config->lines;
	struct gpio_want *wants = link->wants;
	uint32_t *numbers = link->numbers;
	struct error err;
	size_t count = 0;

	if (request_survey(link, &err) != 0)
		return -ENODEV;
	for (uint32_t first = 0, end; first < link->config->line_count; first = end) {
		end = first + 1;
		while (end < link->config->line_count && lines[end - 1].with_next)
			end++;
		if (!request_look(link, first, end, &count))
			return -ENODEV;
	}
	for (size_t at = 0; at < count;) {
		size_t fit = gpio_chip_fit(&wants[at], count - at);

		request_some(link, &numbers[at], &wants[at], fit);
		at += fit;
	}
	return 0;
}
