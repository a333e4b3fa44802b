/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns a GPIO bus that runs: its timers, its outputs, its totals over time, its report. */
#include "inputs/gpio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "inputs/gpio_options.h"
#include "inputs/gpio_plan.h"
#include "inputs/gpio_state.h"
#include "io/loop.h"

/* So long without a loss, and a complaint about it is over. */
static const int64_t gpio_calm_ns = 60 * NSEC_PER_SEC;
/* Reading the lines takes one part of so many. */
static const int64_t gpio_cost_share = 10;

/* Lines that are slow have a share of the loop's time, and no more, however short 'poll' is. */
static int64_t gpio_pause(const struct input *input)
{
	int64_t least = gpio_cost_share * gpio_link_cost(input->link);

	return input->config->poll_ns > least ? input->config->poll_ns : least;
}

static void gpio_poll(void *arg)
{
	struct input *input = arg;

	loop_timer_start(input->poll, mono_add(clock_mono(), gpio_pause(input)));
	gpio_link_read(input->link);
	gpio_reading_begin(input);
	for (uint32_t i = 0; i < input->config->point_count; i++) {
		struct gpio_state *state = &input->states[i];
		enum gpio_kind kind = input->config->points[i].kind;

		if (mono_diff(input->now, state->lost_at) >= gpio_calm_ns)
			complaint_end(&state->loss, "bus %s: %s: no edges lost for a minute",
				      input->config->name, input->config->points[i].name);
		/* Levels were told as they were read; what waits has its time. */
		if (kind != GPIO_LEVEL && kind != GPIO_OUTPUT && !state->owed)
			gpio_reading_put(input, i);
	}
	input->timed = false;
}

/* Outputs. */

/* Whether it is known what the output is. One that cannot be asked waits for the next poll. */
static bool gpio_is_sure(struct input *input, uint32_t number)
{
	struct gpio_state *state = &input->states[number];
	struct error err;

	if (state->unsure &&
	    gpio_link_value(input->link, input->config->points[number].lines[0], &state->level,
			    &err) != 0)
		return false;
	state->unsure = false;
	return true;
}

static void gpio_written(void *arg)
{
	struct input *input = arg;

	gpio_reading_begin(input);
	for (uint32_t i = 0; i < input->config->point_count; i++)
		if (input->config->points[i].kind == GPIO_OUTPUT && input->states[i].owed &&
		    gpio_is_sure(input, i))
			gpio_reading_put(input, i);
	input->timed = false;
}

static struct write_result gpio_verified(struct input *input, uint32_t number, bool wanted,
					 struct error *err)
{
	struct write_result result = {.outcome = WRITE_DONE, .text = ""};
	bool holds;
	int rc = gpio_link_value(input->link, input->config->points[number].lines[0], &holds,
				 err);

	if (rc == 0 && holds == wanted)
		return result;
	result.outcome = rc == 0 ? WRITE_DIFFERS : WRITE_UNKNOWN;
	result.text = rc != 0 ? err->text
		      : holds ? "the line is on all the same"
			      : "the line is off all the same";
	if (rc == 0)
		input->states[number].level = holds;
	return result;
}

static int gpio_write(struct input *input, uint32_t number, struct value value,
		      write_done *done, void *arg, struct error *err)
{
	const struct gpio_point *point = &input->config->points[number];
	struct write_result result = {.outcome = WRITE_DONE, .text = ""};
	struct error why;
	int rc;

	if (point->kind != GPIO_OUTPUT)
		return error_set(err, EPERM, "%s cannot be written: it is no output",
				 point->name);
	if (value.kind != VALUE_BOOL)
		return error_set(err, EINVAL, "%s takes true or false", point->name);
	rc = gpio_link_write(input->link, point->lines[0], value.flag, &why);
	if (rc == -ENODEV || rc == -EPERM)
		return error_set(err, why.code, "%s: %s", point->name, why.text);
	if (rc == 0)
		input->states[number].level = value.flag;
	if (rc != 0)
		result = (struct write_result){.outcome = WRITE_UNKNOWN, .text = why.text};
	else if (point->verify)
		result = gpio_verified(input, number, value.flag, &why);
	input->states[number].unsure = result.outcome == WRITE_UNKNOWN;
	/* Not from within the write: who writes may be in the middle of a reading. */
	input->states[number].owed = true;
	loop_defer_ask(input->written);
	done(arg, &result);
	return 0;
}

/* Totals that go on. */

static bool gpio_has_total(const struct gpio_point *point)
{
	return point->kind == GPIO_TOTAL || point->kind == GPIO_POSITION;
}

static void gpio_save(struct input *input, struct input_keeper keeper)
{
	for (uint32_t i = 0; i < input->config->point_count; i++) {
		struct gpio_state *state = &input->states[i];
		uint8_t bytes[GPIO_COUNTER_BYTES];

		if (keeper.anew)
			state->told = (struct gpio_counter){0};
		if (!gpio_has_total(&input->config->points[i]) ||
		    (state->counter.count == state->told.count &&
		     state->counter.lost == state->told.lost))
			continue;
		gpio_counter_save(&state->counter, bytes);
		keeper.keep(keeper.arg, i, bytes, sizeof(bytes));
		state->told = state->counter;
	}
}

static bool gpio_restore(struct input *input, uint32_t point, const void *bytes, size_t len)
{
	struct gpio_state *state = &input->states[point];
	struct gpio_counter kept = {0};

	if (!gpio_has_total(&input->config->points[point]) ||
	    !gpio_counter_restore(&kept, bytes, len) ||
	    !gpio_counter_restore(&state->counter, bytes, len))
		return false;
	state->told = kept;
	return true;
}

/* The bus. */

static void gpio_close(struct input *input)
{
	gpio_link_free(input->link);
	loop_timer_free(input->poll);
	loop_timer_free(input->owed);
	loop_defer_free(input->written);
	free(input->states);
	free(input->rates);
	free(input->devices);
	free(input);
}

static bool gpio_has_rate(const struct gpio_point *point)
{
	return point->kind == GPIO_SPEED || point->kind == GPIO_FREQUENCY;
}

static void gpio_make_rates(struct input *input)
{
	const struct input_config *config = input->config;
	size_t count = 0;

	for (uint32_t i = 0; i < config->point_count; i++)
		count += gpio_has_rate(&config->points[i]);
	input->rates = xcalloc(count + 1, sizeof(*input->rates));
	count = 0;
	for (uint32_t i = 0; i < config->point_count; i++) {
		if (!gpio_has_rate(&config->points[i]))
			continue;
		input->states[i].rate = &input->rates[count++];
		gpio_rate_init(input->states[i].rate, config->points[i].over_ns, clock_mono());
	}
}

static struct input *gpio_open(const struct input_config *config, struct loop *loop,
			       struct input_sink sink, const struct input *before,
			       struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));

	(void)before;
	(void)err;
	input->config = config;
	input->sink = sink;
	input->states = xcalloc(config->point_count + 1, sizeof(*input->states));
	input->devices = xcalloc(config->device_count + 1, sizeof(*input->devices));
	gpio_make_rates(input);
	input->poll = loop_timer_new(loop, gpio_poll, input);
	input->owed = loop_timer_new(loop, gpio_reading_owed, input);
	input->written = loop_defer_new(loop, gpio_written, input);
	input->link = gpio_link_new(loop, &config->link, &gpio_reading_ops, input);
	gpio_link_start(input->link);
	loop_timer_start(input->poll, mono_add(clock_mono(), config->poll_ns));
	return input;
}

static void gpio_show_lines(const struct input *input, const struct gpio_device *device,
			    struct str *out)
{
	const struct gpio_link_line *lines = input->config->link.lines;

	for (uint32_t i = 0; i < device->point_count; i++) {
		const uint32_t *own = input->config->points[device->first_point + i].lines;

		str_addf(out, "%s%s", i == 0 ? "lines " : " ", lines[own[0]].shown);
		if (own[1] != own[0])
			str_addf(out, " %s", lines[own[1]].shown);
	}
}

static void gpio_report_device(const struct input *input, size_t number, struct report *ret)
{
	const struct gpio_device *device = &input->config->devices[number];
	const struct gpio_counters *counters = &input->devices[number];
	uint32_t up = 0, first = UINT32_MAX;
	struct str detail;

	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	for (uint32_t i = 0; i < device->point_count; i++) {
		const struct gpio_point *point =
			&input->config->points[device->first_point + i];

		for (int j = 0; j < 2; j++) {
			bool there = gpio_link_up(input->link, point->lines[j]);

			up += there;
			if (!there && first == UINT32_MAX)
				first = point->lines[j];
		}
	}
	ret->state = up == 2 * device->point_count ? "up" : up > 0 ? "partial" : "offline";
	if (first != UINT32_MAX)
		gpio_link_describe(input->link, first, &detail);
	else
		gpio_show_lines(input, device, &detail);
	report_count(ret, "edges_lost",
		     "Edges that its points missed, as the kernel numbers them.",
		     counters->lost);
	report_count(ret, "edges_merged",
		     "Pulses that were over before the kernel looked at the line.",
		     counters->merged);
	report_count(ret, "unwatched",
		     "Times that a point was not watched while a reload took its line anew.",
		     counters->unwatched);
	report_count(ret, "readings_held", "Readings that waited for exceeding max_readings.",
		     counters->held);
	report_count(ret, "edges_skipped", "Edges that no reading tells, for the same reason.",
		     counters->skipped);
}

static void gpio_report(const struct input *input, struct report *ret_bus,
			struct report *ret_devices)
{
	gpio_link_report(input->link, ret_bus);
	for (size_t i = 0; i < input->config->device_count; i++)
		gpio_report_device(input, i, &ret_devices[i]);
}

const struct input_type input_gpio = {
	.key = "gpio",
	.parse = gpio_config_parse,
	.open = gpio_open,
	.adopt = gpio_adopt,
	.write = gpio_write,
	.report = gpio_report,
	.plan = gpio_plan,
	.save = gpio_save,
	.restore = gpio_restore,
	.close = gpio_close,
	.bus_options = &gpio_bus_options,
	.device_options = &gpio_device_options,
};
