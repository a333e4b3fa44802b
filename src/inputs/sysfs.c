/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns a bus of values below /sys that runs: when which device is read, by a thread that ends
 * with the round, and what came of it. A device whose round has not ended is not read again.
 */
#include "inputs/sysfs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "inputs/sysfs_config.h"

struct sysfs_result {
	double raw;
	enum bad_reason reason;
	struct boot at;
	char why[160]; /* it is bad */
};

/* A device as the thread has it: whoever is the last one frees it. */
struct sysfs_round {
	pthread_mutex_t lock;
	bool busy, done, abandoned; /* under lock while busy */
	size_t next;		    /* likewise: the value that is being read */
	struct loop_wake *wake;
	/* Of its own: the configuration may go while a sensor takes its time. */
	char *root, *texts;
	size_t count;
	struct sysfs_place *places;
	struct sysfs_result *results;
};

struct sysfs_state {
	struct sysfs_round *round;
	struct mono due;
	struct mono begun; /* the round */
	uint64_t polls, missed, bad, took_ns;
	struct complaint complaint;
	const char *state;
	char detail[200];
};

struct input {
	const struct input_config *config;
	struct input_sink sink;
	struct loop_timer *timer;
	struct loop_wake *wake;
	struct sysfs_state *devices;
};

/* ---- the thread -------------------------------------------------------------------------- */

static void round_free(struct sysfs_round *round)
{
	pthread_mutex_destroy(&round->lock);
	free(round->root);
	free(round->texts);
	free(round->places);
	free(round->results);
	free(round);
}

static void *round_run(void *arg)
{
	struct sysfs_round *round = arg;
	bool abandoned;

	for (size_t i = 0; i < round->count; i++) {
		struct sysfs_result *result = &round->results[i];
		struct str why;

		pthread_mutex_lock(&round->lock);
		round->next = i;
		abandoned = round->abandoned;
		pthread_mutex_unlock(&round->lock);
		if (abandoned)
			break;
		str_init_fixed(&why, result->why, sizeof(result->why));
		result->reason =
			sysfs_place_read(round->root, &round->places[i], &result->raw, &why);
		result->at = clock_boot();
	}
	pthread_mutex_lock(&round->lock);
	round->done = true;
	abandoned = round->abandoned;
	if (!abandoned)
		loop_wake_ring(round->wake);
	pthread_mutex_unlock(&round->lock);
	if (abandoned)
		round_free(round);
	return NULL;
}

/* 0 or a negative errno. Signals are the loop's. */
static int round_start(struct sysfs_round *round)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int rc;

	round->busy = true;
	round->done = false;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, &attr, round_run, round);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		round->busy = false;
	return -rc;
}

static bool round_ended(struct sysfs_round *round)
{
	bool done;

	if (!round->busy)
		return false;
	pthread_mutex_lock(&round->lock);
	done = round->done;
	pthread_mutex_unlock(&round->lock);
	round->busy = !done;
	return done;
}

static void round_abandon(struct sysfs_round *round)
{
	bool busy;

	pthread_mutex_lock(&round->lock);
	busy = round->busy && !round->done;
	round->abandoned = true;
	pthread_mutex_unlock(&round->lock);
	if (!busy)
		round_free(round);
}

/* Texts of places one behind the other. */
static const char *round_text(char **at, const char *text)
{
	char *own = *at;

	if (text == NULL)
		return NULL;
	strcpy(own, text);
	*at += strlen(text) + 1;
	return own;
}

static size_t text_room(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static struct sysfs_round *round_new(const char *root, const struct sysfs_device *device,
				     struct loop_wake *wake)
{
	struct sysfs_round *round = xcalloc(1, sizeof(*round));
	size_t room = 1;
	char *at;

	pthread_mutex_init(&round->lock, NULL);
	round->wake = wake;
	round->root = xstrdup(root);
	round->count = device->point_count;
	round->places = xcalloc(round->count, sizeof(*round->places));
	round->results = xcalloc(round->count, sizeof(*round->results));
	for (size_t i = 0; i < round->count; i++) {
		const struct sysfs_place *place = &device->points[i].place;

		room += text_room(place->name) + text_room(place->label) +
			text_room(place->channel) + text_room(place->device);
	}
	at = round->texts = xcalloc(room, 1);
	for (size_t i = 0; i < round->count; i++) {
		const struct sysfs_place *place = &device->points[i].place;

		round->places[i] = (struct sysfs_place){
			.kind = place->kind,
			.name = round_text(&at, place->name),
			.label = round_text(&at, place->label),
			.channel = round_text(&at, place->channel),
			.device = round_text(&at, place->device),
		};
	}
	return round;
}

/* ---- the loop ---------------------------------------------------------------------------- */

static bool sysfs_put(struct input *input, const struct sysfs_device *device, size_t i,
		      const struct sysfs_result *result)
{
	struct reading reading = {
		.point = device->first_point + (uint32_t)i,
		.reason = result->reason,
		.at = result->at,
	};

	if (reading.reason == BAD_NONE)
		reading.reason = point_scaling_apply(&device->points[i].scaling, result->raw,
						     &reading.value);
	if (reading.reason != BAD_NONE) {
		reading.quality = QUALITY_BAD;
		reading.value = (struct value){0};
	}
	input->sink.put(input->sink.arg, &reading);
	return reading.reason == BAD_NONE;
}

/* The first that could not be read is named. */
static void sysfs_describe(struct sysfs_state *state, const struct sysfs_device *device)
{
	struct str text;

	str_init_fixed(&text, state->detail, sizeof(state->detail));
	for (size_t i = 0; i < device->point_count; i++) {
		const struct sysfs_result *result = &state->round->results[i];

		if (result->reason == BAD_NONE)
			continue;
		str_addf(&text, "%s: %s", device->points[i].name, result->why);
		return;
	}
}

static void sysfs_take(struct input *input, size_t number)
{
	const struct sysfs_device *device = &input->config->devices[number];
	struct sysfs_state *state = &input->devices[number];
	struct mono now = clock_mono();
	size_t bad = 0;

	for (size_t i = 0; i < device->point_count; i++)
		bad += !sysfs_put(input, device, i, &state->round->results[i]);
	state->bad += bad;
	state->took_ns += (uint64_t)mono_diff(now, state->begun);
	sysfs_describe(state, device);
	state->state = bad > 0 ? "failing" : "up";
	if (bad > 0)
		complaint_say(
			&state->complaint, now,
			"bus %s: %zu of the %zu values of %s could not be read%s%s, trying "
			"again with the next poll",
			input->config->name, bad, device->point_count, device->name,
			state->detail[0] != '\0' ? ", " : "", state->detail);
	else
		complaint_end(&state->complaint, "bus %s: all values of %s can be read again",
			      input->config->name, device->name);
}

/* A sensor that does not answer, and will not: nothing else of the device is read either. */
static void sysfs_hangs(struct input *input, size_t number, int64_t since_ns)
{
	const struct sysfs_device *device = &input->config->devices[number];
	struct sysfs_state *state = &input->devices[number];
	const struct sysfs_result timeout = {.reason = BAD_TIMEOUT, .at = clock_boot()};
	struct str text;
	size_t next;

	pthread_mutex_lock(&state->round->lock);
	next = state->round->next;
	pthread_mutex_unlock(&state->round->lock);
	for (size_t i = 0; i < device->point_count; i++)
		(void)sysfs_put(input, device, i, &timeout);
	state->bad += device->point_count;
	state->state = "stuck";
	str_init_fixed(&text, state->detail, sizeof(state->detail));
	str_addf(&text, "%s is being read for ", device->points[next].name);
	str_add_duration(&text, since_ns);
	complaint_say(&state->complaint, clock_mono(),
		      "bus %s: %s, and no value of %s is read meanwhile", input->config->name,
		      state->detail, device->name);
}

static void sysfs_miss(struct input *input, size_t number, struct mono now)
{
	struct sysfs_state *state = &input->devices[number];
	int64_t since_ns = mono_diff(now, state->begun);

	state->missed++;
	/* Until then the values of the last round count. */
	if (since_ns > input->config->devices[number].stale_ns)
		sysfs_hangs(input, number, since_ns);
}

static void sysfs_ended(void *arg)
{
	struct input *input = arg;

	for (size_t i = 0; i < input->config->device_count; i++)
		if (round_ended(input->devices[i].round))
			sysfs_take(input, i);
}

static void sysfs_poll(struct input *input, size_t number, struct mono now)
{
	struct sysfs_state *state = &input->devices[number];
	int rc = 0;

	state->due = mono_add(state->due, input->config->devices[number].poll_ns);
	if (state->due.ns <= now.ns)
		state->due = mono_add(now, input->config->devices[number].poll_ns);
	if (state->round->busy) {
		sysfs_miss(input, number, now);
		return;
	}
	state->polls++;
	state->begun = now;
	rc = round_start(state->round);
	if (rc < 0)
		complaint_say(&state->complaint, now,
			      "bus %s: cannot start the thread that reads %s: %s, trying again "
			      "with the next poll",
			      input->config->name, input->config->devices[number].name,
			      strerror(-rc));
}

static void sysfs_due(void *arg)
{
	struct input *input = arg;
	struct mono now = clock_mono(), next = MONO_NEVER;

	for (size_t i = 0; i < input->config->device_count; i++) {
		if (input->devices[i].due.ns <= now.ns)
			sysfs_poll(input, i, now);
		if (input->devices[i].due.ns < next.ns)
			next = input->devices[i].due;
	}
	if (input->config->device_count > 0)
		loop_timer_start(input->timer, next);
}

static void sysfs_close(struct input *input)
{
	for (size_t i = 0; i < input->config->device_count; i++)
		round_abandon(input->devices[i].round);
	loop_timer_free(input->timer);
	loop_wake_free(input->wake);
	free(input->devices);
	free(input);
}

static struct input *sysfs_open(const struct input_config *config, struct loop *loop,
				struct input_sink sink, const struct input *before,
				struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));
	struct mono now = clock_mono();

	(void)before;
	input->config = config;
	input->sink = sink;
	input->wake = loop_wake_new(loop, sysfs_ended, input);
	if (input->wake == NULL) {
		error_set(err, EMFILE, "bus %s: no descriptor left", config->name);
		free(input);
		return NULL;
	}
	input->timer = loop_timer_new(loop, sysfs_due, input);
	input->devices = xcalloc(config->device_count, sizeof(*input->devices));
	for (size_t i = 0; i < config->device_count; i++) {
		input->devices[i].round =
			round_new(config->root, &config->devices[i], input->wake);
		input->devices[i].due = now;
		input->devices[i].state = "up";
	}
	loop_timer_start(input->timer, now);
	return input;
}

static void sysfs_report(const struct input *input, struct report *ret_bus,
			 struct report *ret_devices)
{
	*ret_bus = (struct report){.state = "up"};
	for (size_t i = 0; i < input->config->device_count; i++) {
		const struct sysfs_state *state = &input->devices[i];

		ret_devices[i] = (struct report){.state = state->state};
		strcpy(ret_devices[i].detail, state->detail);
		report_count(&ret_devices[i], "polls", "Rounds of reading.", state->polls);
		report_count(&ret_devices[i], "polls_missed",
			     "Rounds left out, as the one before had not ended.",
			     state->missed);
		report_count(&ret_devices[i], "polls_ms", "Milliseconds that rounds took.",
			     state->took_ns / (uint64_t)NSEC_PER_MSEC);
		report_count(&ret_devices[i], "bad_values", "Values that could not be read.",
			     state->bad);
	}
}

const struct input_type input_sysfs = {
	.key = "sysfs",
	.parse = sysfs_config_parse,
	.open = sysfs_open,
	.report = sysfs_report,
	.close = sysfs_close,
	.bus_options = &sysfs_bus_options,
	.device_options = &sysfs_device_options,
};
