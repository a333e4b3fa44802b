/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns when lines are requested and given up; what becomes of their edges is gpio_batch's. */
#include "io/gpio_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "io/gpio_link_part.h"
#include "io/gpio_watch.h"
#include "io/loop.h"
#include "io/tty_watch.h"
#include "model/report.h"

static const int64_t link_backoff_min_ns = NSEC_PER_SEC;
static const int64_t link_backoff_max_ns = 30 * NSEC_PER_SEC;
/* A call that takes so long is told: the lines stand behind I2C, or USB, or worse. */
static const int64_t link_slow_ns = 10 * NSEC_PER_MSEC;

static void link_watch_path(struct gpio_link *link)
{
	if (link->path != NULL)
		tty_watch_start(link->path);
}

/* Down. */

void gpio_link_lost_chip(struct gpio_link *link, int code)
{
	struct error err;

	error_errno(&err, code, "lost %s", link->chip.name);
	for (size_t i = 0; i < link->request_count; i++) {
		loop_watch_free(link->requests[i].watch);
		close(link->requests[i].fd);
	}
	link->request_count = 0;
	link->sweep.running = false;
	gpio_chip_close(&link->chip);
	link->losses++;
	complaint_say(&link->trouble, clock_mono(),
		      "bus %s: %s, its lines are bad until it is back", link->config->bus,
		      err.text);
	link_watch_path(link);
	loop_timer_start(link->timer, mono_add(clock_mono(), backoff_next(&link->backoff)));
	for (uint32_t i = 0; i < link->config->line_count; i++) {
		if (link->lines[i].request == LINE_NONE)
			continue;
		link->lines[i].request = LINE_NONE;
		gpio_request_why(&link->lines[i], err.text);
		link->ops->down(link->arg, i);
	}
	link->ops->settled(link->arg);
}

/* Up. */

static size_t link_missing(const struct gpio_link *link, uint32_t *ret_first)
{
	size_t missing = 0;

	for (uint32_t i = link->config->line_count; i-- > 0;) {
		if (link->lines[i].request != LINE_NONE)
			continue;
		*ret_first = i;
		missing++;
	}
	return missing;
}

static void link_retry(struct gpio_link *link, const char *why)
{
	int64_t pause = backoff_next(&link->backoff);
	struct str text;
	char room[32];

	str_init_fixed(&text, room, sizeof(room));
	str_add_duration(&text, pause);
	complaint_say(&link->trouble, clock_mono(), "bus %s: %s, trying again in %s",
		      link->config->bus, why, room);
	loop_timer_start(link->timer, mono_add(clock_mono(), pause));
}

static void link_missing_lines(struct gpio_link *link, size_t missing, uint32_t first)
{
	char room[400];
	struct str text;

	str_init_fixed(&text, room, sizeof(room));
	gpio_link_describe(link, first, &text);
	if (missing > 1)
		str_addf(&text, ", and %zu more", missing - 1);
	link_retry(link, room);
}

static int link_find(struct gpio_link *link, struct error *err)
{
	int rc = gpio_chip_open(&link->chip, link->config->chip, link->config->folder, err);

	if (rc != 0) {
		link->chip.fd = -1;
		link->failures++;
		return rc;
	}
	link->opened++;
	log_info("bus %s: %s [%s], %u lines", link->config->bus, link->chip.name,
		 link->chip.label, link->chip.lines);
	return 0;
}

static void link_tell_down(struct gpio_link *link, const struct error *err)
{
	for (uint32_t i = 0; i < link->config->line_count; i++) {
		if (link->lines[i].request != LINE_NONE)
			continue;
		if (err != NULL)
			gpio_request_why(&link->lines[i], err->text);
		link->ops->down(link->arg, i);
	}
}

/* Of requests that are new, and of those that were handed over. False: the chip was lost. */
static bool link_tell_levels(struct gpio_link *link, size_t before)
{
	for (size_t i = 0; i < link->request_count; i++) {
		struct gpio_request *request = &link->requests[i];

		if (i >= before && gpio_batch_levels(request, 0, request->count) != 0)
			return false;
		if (i < before && request->reread && !gpio_batch_read(request) &&
		    link->chip.fd < 0)
			return false;
	}
	return true;
}

static void link_attempt(void *arg)
{
	struct gpio_link *link = arg;
	struct error err;
	uint32_t first = 0;
	size_t missing, before = link->request_count;

	loop_timer_stop(link->timer);
	/* Before the attempt, so that what happens after it is not missed. */
	link_watch_path(link);
	if (link->chip.fd < 0 && link_find(link, &err) != 0) {
		link_tell_down(link, &err);
		link->ops->settled(link->arg);
		link_retry(link, err.text);
		return;
	}
	if (gpio_request_all(link) != 0) {
		gpio_link_lost_chip(link, ENODEV);
		return;
	}
	if (!link_tell_levels(link, before))
		return;
	link_tell_down(link, NULL);
	link->ops->settled(link->arg);
	missing = link_missing(link, &first);
	if (missing > 0) {
		link->busy_tries++;
		link_missing_lines(link, missing, first);
		return;
	}
	if (link->path != NULL)
		tty_watch_stop(link->path);
	backoff_reset(&link->backoff);
	complaint_end(&link->trouble, "bus %s: all lines are there", link->config->bus);
}

/* Chips came or went; or the path that is missing may be there. */
static void link_changed(void *arg)
{
	struct gpio_link *link = arg;
	uint32_t first;

	if (link->chip.fd >= 0 && gpio_chip_alive(&link->chip) != 0)
		gpio_link_lost_chip(link, ENODEV);
	else if (link_missing(link, &first) > 0)
		link_attempt(link);
}

void gpio_link_took(struct gpio_link *link, struct mono began)
{
	struct mono now = clock_mono();
	int64_t took = mono_diff(now, began);

	link->took_ns += (uint64_t)took;
	if (took < link_slow_ns)
		return;
	link->slow++;
	complaint_say(&link->slowness, now,
		      "bus %s: %s took %jd ms for a call, in which nothing else ran: lines "
		      "behind a slow bus are not for a short 'poll'",
		      link->config->bus, link->chip.name, (intmax_t)(took / NSEC_PER_MSEC));
}

/* What others call. */

struct gpio_link *gpio_link_new(struct loop *loop, const struct gpio_link_config *config,
				const struct gpio_link_ops *ops, void *arg)
{
	struct gpio_link *link = xcalloc(1, sizeof(*link));

	link->loop = loop;
	link->config = config;
	link->ops = ops;
	link->arg = arg;
	link->chip.fd = -1;
	link->lines = xcalloc(config->line_count + 1, sizeof(*link->lines));
	link->requests = xcalloc(config->line_count + 1, sizeof(*link->requests));
	link->wants = xcalloc(config->line_count + 1, sizeof(*link->wants));
	link->numbers = xcalloc(config->line_count + 1, sizeof(*link->numbers));
	for (size_t i = 0; i < config->line_count; i++) {
		link->lines[i].request = LINE_NONE;
		gpio_request_why(&link->lines[i], "was not looked for yet");
	}
	backoff_init(&link->backoff, link_backoff_min_ns, link_backoff_max_ns, 0);
	link->timer = loop_timer_new(loop, link_attempt, link);
	link->sweep.defer = loop_defer_new(loop, gpio_sweep_go_on, link);
	link->sweep.piece = GPIO_CHIP_LINES;
	link->watch = gpio_watch_new(loop, config->folder, link_changed, link);
	if (config->chip[0] == '/')
		link->path = tty_watch_new(loop, config->chip, link_changed, link);
	return link;
}

void gpio_link_free(struct gpio_link *link)
{
	if (link == NULL)
		return;
	for (size_t i = 0; i < link->request_count; i++) {
		loop_watch_free(link->requests[i].watch);
		if (link->requests[i].fd >= 0)
			close(link->requests[i].fd);
	}
	gpio_chip_close(&link->chip);
	gpio_watch_free(link->watch);
	tty_watch_free(link->path);
	loop_timer_free(link->timer);
	loop_defer_free(link->sweep.defer);
	free(link->lines);
	free(link->requests);
	free(link->wants);
	free(link->numbers);
	free(link);
}

void gpio_link_begin_with(struct gpio_link *link, uint32_t line, bool value)
{
	link->lines[line].given = true;
	link->lines[line].value = value;
}

void gpio_link_start(struct gpio_link *link)
{
	loop_timer_start(link->timer, clock_mono());
}

void gpio_link_read(struct gpio_link *link)
{
	gpio_sweep_start(link);
}

int64_t gpio_link_cost(const struct gpio_link *link)
{
	return link->sweep.cost_ns;
}

static int link_line_fails(const struct gpio_link *link, uint32_t line, int code,
			   struct error *err)
{
	return error_errno(err, code, "line %s of %s", link->config->lines[line].shown,
			   link->chip.fd >= 0 ? link->chip.name : link->config->chip);
}

int gpio_link_write(struct gpio_link *link, uint32_t line, bool value, struct error *err)
{
	const struct gpio_line *own = &link->lines[line];
	uint64_t bit = UINT64_C(1) << own->bit;
	struct mono began = clock_mono();
	int rc;

	if (own->request == LINE_NONE)
		return error_set(err, ENODEV, "line %s is not there: %s",
				 link->config->lines[line].shown, own->why);
	rc = gpio_chip_set(link->requests[own->request].fd, bit, value ? bit : 0);
	gpio_link_took(link, began);
	return rc == 0 ? 0 : link_line_fails(link, line, -rc, err);
}

int gpio_link_value(struct gpio_link *link, uint32_t line, bool *ret_value, struct error *err)
{
	const struct gpio_line *own = &link->lines[line];
	uint64_t bit = UINT64_C(1) << own->bit, values;
	struct mono began = clock_mono();
	int rc;

	if (own->request == LINE_NONE)
		return error_set(err, ENODEV, "line %s is not there: %s",
				 link->config->lines[line].shown, own->why);
	rc = gpio_chip_get(link->requests[own->request].fd, bit, &values);
	gpio_link_took(link, began);
	if (rc != 0)
		return link_line_fails(link, line, -rc, err);
	*ret_value = (values & bit) != 0;
	return 0;
}

bool gpio_link_up(const struct gpio_link *link, uint32_t line)
{
	return link->lines[line].request != LINE_NONE;
}

void gpio_link_describe(const struct gpio_link *link, uint32_t line, struct str *out)
{
	const struct gpio_line *own = &link->lines[line];
	const char *shown = link->config->lines[line].shown;

	str_addf(out, "line %s", shown);
	if (own->name[0] != '\0' && strcmp(own->name, shown) != 0)
		str_addf(out, " (%s)", own->name);
	else if (own->request != LINE_NONE && link->config->lines[line].name != NULL)
		str_addf(out, " (%u)", own->offset);
	if (own->request == LINE_NONE)
		str_addf(out, "%s %s", strncmp(own->why, "is ", 3) == 0 ? "" : ":", own->why);
}

void gpio_link_report(const struct gpio_link *link, struct report *ret)
{
	uint32_t first = 0;
	size_t missing = link_missing(link, &first);
	struct str detail;

	ret->state = missing == 0 ? "up" : link->request_count > 0 ? "partial" : "offline";
	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	if (link->chip.fd >= 0)
		str_addf(&detail, "%s [%s], %zu of %zu lines", link->chip.name,
			 link->chip.label, link->config->line_count - missing,
			 link->config->line_count);
	if (missing > 0) {
		str_adds(&detail, link->chip.fd >= 0 ? "; " : "");
		if (link->chip.fd >= 0)
			gpio_link_describe(link, first, &detail);
		else
			str_adds(&detail, link->lines[first].why);
	}
	report_count(ret, "opens", "Times that the chip was found.", link->opened);
	report_count(ret, "open_failures", "Times that the chip was looked for in vain.",
		     link->failures);
	report_count(ret, "disconnects", "Times that the chip went away.", link->losses);
	report_count(ret, "busy_tries", "Times that some lines could not be had.",
		     link->busy_tries);
	report_count(ret, "edges", "Edges that came.", link->edges);
	report_count(ret, "edges_lost", "Edges that the kernel dropped, as its numbers say.",
		     link->edges_lost);
	report_count(ret, "edges_merged",
		     "Edges that seem to have been too close together for the kernel.",
		     link->merged);
	report_count(ret, "slow_calls",
		     "Calls of the kernel that held everything up for 10 ms.", link->slow);
	report_count(ret, "calls_ms",
		     "Milliseconds that calls of the kernel held everything up, all together.",
		     link->took_ns / (uint64_t)NSEC_PER_MSEC);
	report_count(ret, "gaps", "Times that edges were missing.", link->gaps);
}
